"""What the two architectures with a token a task have behind their tokens."""

from __future__ import annotations

from torch import nn

from .decoders import MaskProduct, ProgressiveDecoder
from .encoders import ViTEncoder


def token_heads(
    encoder: ViTEncoder, diagnosis_classes: int, decoder_widths: list[int] | None, dropout: float, task: str
) -> tuple[ProgressiveDecoder | None, MaskProduct | None, nn.Sequential | None]:
    """The decoder that gives each pixel its embedding, the product with the masks' tokens, and the linear classifier.

    Args:
        encoder: whose patch embeddings are decoded; tokens are as wide as they are.
        diagnosis_classes: of the classifier.
        decoder_widths: as for `ProgressiveDecoder`; the last is the width of a pixel's embedding, by default an eighth
            of the encoder's.
        dropout: before the classifier.
        task: "both", "classification" or "segmentation"; what a single-task baseline lacks is None.
    """
    decoder = product = classifier = None
    if task != "classification":
        pixel_width = decoder_widths[-1] if decoder_widths else encoder.width // 8
        decoder = ProgressiveDecoder(encoder.width, encoder.stem_channels, pixel_width, decoder_widths)
        product = MaskProduct(encoder.width, pixel_width)
    if task != "segmentation":
        classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(encoder.width, diagnosis_classes))
    return decoder, product, classifier
