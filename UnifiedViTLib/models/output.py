"""What every architecture returns."""

from __future__ import annotations

from typing import NamedTuple

import torch


class UnifiedOutput(NamedTuple):
    """Two answers from one look.

    Attributes:
        mask_logits: (B, S, H, W), one channel a mask class, background first; H, W as the input's.
        class_logits: (B, C), one a diagnosis.
    """

    mask_logits: torch.Tensor
    class_logits: torch.Tensor
