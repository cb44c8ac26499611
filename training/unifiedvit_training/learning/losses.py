"""The two losses of [Kassar], eq. 8, for slices that may lack a mask, a part of it, or a label."""

from __future__ import annotations

import torch
from monai.losses import DiceLoss
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from UnifiedViTLib.models import UnifiedOutput

from ..config import IGNORE

TASKS = ("mask", "class")


class UnifiedLoss(nn.Module):
    """Dice + cross-entropy of the mask, (binary) cross-entropy of the diagnosis.

    A slice without a mask, or without a label, teaches the other head alone, and of a partial mask what is labelled
    (partial cross-entropy, Tang et al. 2018); a batch without any gives a loss of
    zero that every weight still hangs on, as processes that share the work must all take part.

    Args:
        multi_label: several diagnoses may be true at once.
        label_smoothing: share of certainty given away (0..1).
    """

    def __init__(self, multi_label: bool, label_smoothing: float) -> None:
        super().__init__()
        self.dice = DiceLoss(to_onehot_y=True, include_background=False, batch=True)
        self.multi_label = multi_label
        self.label_smoothing = label_smoothing

    def forward(self, output: UnifiedOutput, masks: torch.Tensor, has_mask: torch.Tensor, labels: torch.Tensor
                ) -> dict[str, torch.Tensor]:
        """The losses of the tasks that the network has, by name ("mask", "class").

        Args:
            output: the network's.
            masks: (B, H, W) int64, mask class, `IGNORE` what nobody labelled.
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
        labelled = (masks != IGNORE) & known[:, None, None]
        if not labelled.any():
            return logits.sum() * 0
        logits, masks, labelled = logits[known], masks[known], labelled[known]
        # What is not labelled is background of which nothing is drawn, and of the background there is no Dice.
        dice = self.dice(logits.softmax(dim=1) * labelled[:, None], masks.where(labelled, 0)[:, None])
        return dice + cross_entropy(logits, masks, ignore_index=IGNORE)

    def _class(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        known = labels >= 0
        if not known.any():
            return logits.sum() * 0
        if not self.multi_label:
            return cross_entropy(logits[known], labels[known], label_smoothing=self.label_smoothing)
        target = labels[known].float() * (1 - self.label_smoothing) + self.label_smoothing / 2
        return binary_cross_entropy_with_logits(logits[known], target)
