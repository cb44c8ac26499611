"""What every architecture returns."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn


class UnifiedNetwork(nn.Module):
    """Base of every architecture: image in, `UnifiedOutput` out. Its parts are modules of timm and ours, whose types
    torch does not tell; a part that the task does not need is None.

    Attributes:
        encoder: a `ViTEncoder` or `SwinEncoder`.
        segmentation: the decoder.
        classifier: the layers that give the class logits.
    """

    encoder: Any
    segmentation: Any
    classifier: Any

    def forward(self, image: torch.Tensor) -> UnifiedOutput:
        """(B, in_channels, H, W), H and W multiples of 16, normalised -> UnifiedOutput."""
        raise NotImplementedError


class UnifiedOutput(NamedTuple):
    """Two answers from one look. The answer that a single-task network does not give is None.

    Attributes:
        mask_logits: (B, S, H, W), one channel a mask class, background first; H, W as the input's.
        class_logits: (B, C), one a diagnosis.
        embedding: (B, E), what the image looks like: the mean patch embedding after the first quarter of the blocks
            (after two of a pyramid's four stages). Later ones know only what tells the diagnoses apart, and take
            noise or another part of the body for one.
    """

    mask_logits: torch.Tensor | None
    class_logits: torch.Tensor | None
    embedding: torch.Tensor
