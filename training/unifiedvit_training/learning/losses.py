"""The two losses of [Kassar], eq. 8, for slices that may lack a mask or a label."""

from __future__ import annotations

import torch
from monai.losses import DiceCELoss
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from UnifiedViTLib.models import UnifiedOutput

TASKS = ("mask", "class")


class UnifiedLoss(nn.Module):
    """Dice + cross-entropy of the mask, (binary) cross-entropy of the diagnosis.

    A slice without a mask, or without a label, teaches the other head alone; a batch without any gives a loss of
    zero that every weight still hangs on, as processes that share the work must all take part.

    Args:
        multi_label: several diagnoses may be true at once.
        label_smoothing: share of certainty given away (0..1).
    """

    def __init__(self, multi_label: bool, label_smoothing: float) -> None:
        super().__init__()
        self.masking = DiceCELoss(softmax=True, to_onehot_y=True, include_background=False, batch=True)
        self.multi_label = multi_label
        self.label_smoothing = label_smoothing

    def forward(self, output: UnifiedOutput, masks: torch.Tensor, has_mask: torch.Tensor, labels: torch.Tensor
                ) -> dict[str, torch.Tensor]:
        """The losses of the tasks that the network has, by name ("mask", "class").

        Args:
            output: the network's.
            masks: (B, H, W) int64, mask class.
            has_mask: (B,) bool.
            labels: (B,) int64, -1 where not known; multi-label: (B, C) of 0, 1 and -1.
        """
        losses = {}
        if output.mask_logits is not None:
            losses["mask"] = self._mask(output.mask_logits.float(), masks, has_mask)
        if output.class_logits is not None:
            losses["class"] = self._class(output.class_logits.float(), labels)
        return losses

    def _mask(self, logits: torch.Tensor, masks: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        if not known.any():
            return logits.sum() * 0
        return self.masking(logits[known], masks[known][:, None])

    def _class(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        known = labels >= 0
        if not known.any():
            return logits.sum() * 0
        if not self.multi_label:
            return cross_entropy(logits[known], labels[known], label_smoothing=self.label_smoothing)
        target = labels[known].float() * (1 - self.label_smoothing) + self.label_smoothing / 2
        return binary_cross_entropy_with_logits(logits[known], target)
