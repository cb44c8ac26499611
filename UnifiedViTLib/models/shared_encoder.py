"""Shared encoder, dual decoder: section 2.2 of [Kassar]."""

from __future__ import annotations

from .decoders import ProgressiveDecoder
from .dual_decoder import DualDecoder
from .encoders import ViTEncoder


class SharedEncoderDualDecoder(DualDecoder):
    """One ViT looks once; a convolutional decoder reads the patches, a linear classifier reads [CLS].

    Equations of [Kassar]: patch embedding (1) and position (2), attention (3, 4) and feed-forward (5) in the
    encoder; for the decoders (6, 7) see `DualDecoder`.

    Args:
        mask_classes: S, background included.
        diagnosis_classes: C.
        encoder: a ViT of timm with patch 16.
        in_channels: of the image.
        image_size: side that the position embeddings are made for.
        stem_width: channels of the convolutional stem's first step; None for the paper's linear patch embedding.
        decoder_widths: channels at 1/8, 1/4, 1/2; None follows the encoder's width.
        mask_attended_pooling: give the classifier the patches under the mask; see `DualDecoder`.
        drop_path, dropout: regularisation, in training alone.
        task: "both", or the single-task baseline "classification" or "segmentation"; see `DualDecoder`.
    """

    def __init__(self, mask_classes: int, diagnosis_classes: int, encoder: str = "vit_tiny_patch16_224",
                 in_channels: int = 1, image_size: int = 224, stem_width: int | None = None,
                 decoder_widths: list[int] | None = None, mask_attended_pooling: bool = False,
                 drop_path: float = 0.0, dropout: float = 0.0, task: str = "both") -> None:
        shared = ViTEncoder(encoder, in_channels, image_size, stem_width, drop_path)
        segmentation = None
        if task != "classification":
            segmentation = ProgressiveDecoder(shared.width, shared.stem_channels, mask_classes, decoder_widths)
        super().__init__(shared, segmentation, diagnosis_classes, task, mask_attended_pooling, dropout)
