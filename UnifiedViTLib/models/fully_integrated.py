"""Fully integrated multi-task: task tokens travel with the patch tokens through the encoder ([Kassar], table 1)."""

from __future__ import annotations

import torch

from .dual_decoder import check_task
from .encoders import ViTEncoder
from .output import UnifiedNetwork, UnifiedOutput
from .token_heads import token_heads


class FullyIntegrated(UnifiedNetwork):
    """One ViT whose sequence holds a diagnosis token ([CLS]), one token a mask class, and the patch tokens, all
    attending to each other from the first block to the last.

    The diagnosis token is read by a linear classifier; the mask tokens are multiplied with the patch tokens upsampled
    to the image's size (Strudel et al. 2021, "Segmenter", whose class tokens join the patches only behind the encoder).

    Args:
        encoder: a ViT of timm with patch 16.
        decoder_widths: channels of the upsampled patch tokens at 1/8, 1/4, 1/2 (and at full size as at 1/2); None
            follows the encoder's width.
        dropout: before the linear classifier, in training alone.
        mask_classes, diagnosis_classes, in_channels, image_size, stem_width, drop_path, task: as in
            `SharedEncoderDualDecoder`. A single-task baseline has the tokens of its task alone.
    """

    def __init__(self, mask_classes: int, diagnosis_classes: int, encoder: str = "vit_tiny_patch16_224",
                 in_channels: int = 1, image_size: int = 224, stem_width: int | None = None,
                 decoder_widths: list[int] | None = None, drop_path: float = 0.0, dropout: float = 0.0,
                 task: str = "both") -> None:
        super().__init__()
        check_task(task)
        self.encoder = ViTEncoder(
            encoder, in_channels, image_size, stem_width, drop_path,
            mask_tokens=mask_classes if task != "classification" else 0, class_token=task != "segmentation",
        )
        self.segmentation, self.product, self.classifier = token_heads(
            self.encoder, diagnosis_classes, decoder_widths, dropout, task)

    def forward(self, image: torch.Tensor) -> UnifiedOutput:
        """(B, in_channels, H, W), H and W multiples of 16, normalised -> UnifiedOutput."""
        features = self.encoder(image)
        mask_logits = self.product(features.mask_tokens, self.segmentation(features)) if self.product else None
        class_logits = self.classifier(features.cls) if self.classifier else None
        return UnifiedOutput(mask_logits, class_logits, features.patch_maps[0].mean(dim=(2, 3)))
