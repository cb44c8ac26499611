"""Shared encoder, dual decoder: section 2.2 of [Kassar]."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import avg_pool2d

from .decoders import ProgressiveDecoder
from .encoders import PATCH, ViTEncoder
from .output import UnifiedOutput

TASKS = ("both", "classification", "segmentation")


class SharedEncoderDualDecoder(nn.Module):
    """One ViT looks once; a convolutional decoder reads the patches, a linear classifier reads [CLS].

    Equations of [Kassar]: patch embedding (1) and position (2), attention (3, 4) and feed-forward (5) in the
    encoder; diagnosis softmax(W_cls z_0^(L) + b_cls) (6); mask by progressive upsampling (7). Both are returned as
    logits; the softmax belongs to the loss (8) and to calibration.

    With `look_where_drawn` the classifier reads, beside [CLS], the mean of the patch embeddings weighted by how much
    of a lesion the decoder drew on each (no gradient flows back through the weights, so that the mask is shaped by
    its own loss alone). In the paper the tasks meet only in the encoder; this lets the diagnosis look where the
    mask is.

    Args:
        mask_classes: S, background included.
        diagnosis_classes: C.
        task: "both", or "classification" or "segmentation" for the single-task twin: the same encoder and the one
            decoder. A classification twin draws nothing, so it cannot look where something is drawn.
        encoder: a ViT of timm with patch 16.
        in_channels: of the image.
        image_size: side that the position embeddings are made for.
        stem_width: channels of the convolutional stem's first step; None for the paper's linear patch embedding.
        decoder_widths: channels at 1/8, 1/4, 1/2; None follows the encoder's width.
        look_where_drawn: give the classifier the patches under the mask.
        drop_path, dropout: regularisation, in training alone.
    """

    def __init__(self, mask_classes: int, diagnosis_classes: int, encoder: str = "vit_tiny_patch16_224",
                 in_channels: int = 1, image_size: int = 224, stem_width: int | None = None,
                 decoder_widths: list[int] | None = None, look_where_drawn: bool = False,
                 drop_path: float = 0.0, dropout: float = 0.0, task: str = "both") -> None:
        super().__init__()
        if task not in TASKS:
            raise ValueError(f"task: {task!r} is not one of {', '.join(TASKS)}.")
        self.encoder = ViTEncoder(encoder, in_channels, image_size, stem_width, drop_path)
        self.segmentation = self.classifier = None
        if task != "classification":
            self.segmentation = ProgressiveDecoder(
                self.encoder.width, self.encoder.detail_channels, mask_classes, decoder_widths
            )
        self.look_where_drawn = look_where_drawn and task == "both"
        if task != "segmentation":
            read = 2 * self.encoder.width if self.look_where_drawn else self.encoder.width
            self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(read, diagnosis_classes))

    def forward(self, image: torch.Tensor) -> UnifiedOutput:
        """(B, in_channels, H, W), H and W multiples of 16, normalised -> UnifiedOutput."""
        features = self.encoder(image)
        mask_logits = self.segmentation(features) if self.segmentation else None
        embedding = features.depths[0].mean(dim=(2, 3))
        if not self.classifier:
            return UnifiedOutput(mask_logits, None, embedding)
        read = features.cls
        if self.look_where_drawn:
            read = torch.cat([read, patches_where_drawn(features.depths[-1], mask_logits)], dim=1)
        return UnifiedOutput(mask_logits, self.classifier(read), embedding)


def patches_where_drawn(patches: torch.Tensor, mask_logits: torch.Tensor) -> torch.Tensor:
    """Mean patch embedding, weighted by the probability that a patch shows anything but background.

    Args:
        patches: (B, D, h, w).
        mask_logits: (B, S, H, W), H / h = W / w = 16.

    Returns:
        (B, D); close to the plain mean where nothing is drawn.
    """
    drawn = 1 - mask_logits.detach().float().softmax(dim=1)[:, :1]
    weight = avg_pool2d(drawn, PATCH) + 1e-3
    return ((patches * weight).sum(dim=(2, 3)) / weight.sum(dim=(2, 3))).to(patches.dtype)
