"""Shared encoder, dual decoder: section 2.2 of [Kassar]."""

from __future__ import annotations

import torch
from torch import nn

from .decoders import ProgressiveDecoder
from .encoders import ViTEncoder
from .output import UnifiedOutput


class SharedEncoderDualDecoder(nn.Module):
    """One ViT looks once; a linear classifier reads [CLS], a convolutional decoder reads the patches.

    Equations of [Kassar]: patch embedding (1) and position (2), attention (3, 4) and feed-forward (5) in the
    encoder; diagnosis softmax(W_cls z_0^(L) + b_cls) (6); mask by progressive upsampling (7). Both are returned as
    logits; the softmax belongs to the loss (8) and to calibration.

    Args:
        mask_classes: S, background included.
        diagnosis_classes: C.
        encoder: a ViT of timm with patch 16.
        in_channels: of the image.
        image_size: side that the position embeddings are made for.
        stem_width: channels of the convolutional stem's first step; None for the paper's linear patch embedding.
        decoder_widths: channels at 1/8, 1/4, 1/2; None follows the encoder's width.
        drop_path, dropout: regularisation, in training alone.
    """

    def __init__(self, mask_classes: int, diagnosis_classes: int, encoder: str = "vit_tiny_patch16_224",
                 in_channels: int = 1, image_size: int = 224, stem_width: int | None = None,
                 decoder_widths: list[int] | None = None, drop_path: float = 0.0, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = ViTEncoder(encoder, in_channels, image_size, stem_width, drop_path)
        self.segmentation = ProgressiveDecoder(
            self.encoder.width, self.encoder.detail_channels, mask_classes, decoder_widths
        )
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.encoder.width, diagnosis_classes))

    def forward(self, image: torch.Tensor) -> UnifiedOutput:
        """(B, in_channels, H, W), H and W multiples of 16, normalised -> UnifiedOutput."""
        features = self.encoder(image)
        return UnifiedOutput(self.segmentation(features), self.classifier(features.cls))
