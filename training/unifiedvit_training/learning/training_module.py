"""The network with its losses: what one forward pass in training computes."""

from __future__ import annotations

import torch
from torch import nn

from UnifiedViTLib.models import UnifiedOutput

from ..config import Fit, Model
from ..runs.networks import build_network
from .balance import FixedBalance, GradientNormBalance, UncertaintyBalance
from .distillation import distillation_losses
from .losses import TASKS, UnifiedLoss


class TrainingModule(nn.Module):
    """Network, losses and their balance as one module, so that all of it is shared between processes alike."""

    def __init__(self, model: Model, fit: Fit) -> None:
        super().__init__()
        self.network = build_network(model, drop_path=fit.drop_path, dropout=fit.dropout)
        self.loss = UnifiedLoss(model.multi_label, fit.label_smoothing)
        self.teacher = fit.teacher
        tasks = TASKS if model.task == "both" else ("class",) if model.task == "classification" else ("mask",)
        if fit.loss_balance == "fixed" or len(tasks) == 1:
            self.balance = FixedBalance({"mask": fit.mask_weight, "class": fit.class_weight})
        elif fit.loss_balance == "uncertainty":
            self.balance = UncertaintyBalance(tasks)
        else:
            self.balance = GradientNormBalance(tasks)

    def forward(self, images: torch.Tensor, masks: torch.Tensor, has_mask: torch.Tensor, labels: torch.Tensor,
                taught: UnifiedOutput | None = None, taught_weight: float = 0.0
                ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """(B, C, H, W) images and what is known of them (see `UnifiedLoss`) -> the loss, and each task's own.

        Where a network answers after every layer, a task's loss is the mean over the layers, so that the balance of
        the tasks does not hang on their number.

        Args:
            images: (B, C, H, W).
            masks: as of `UnifiedLoss`.
            has_mask: likewise.
            labels: likewise.
            taught: what the teacher says of the images, where there is one.
            taught_weight: share of each task's loss that is the distance from that.
        """
        every_layer = getattr(self.network, "forward_every_layer", None) if self.training else None
        answers = every_layer(images) if every_layer else [self.network(images)]
        each = [self._losses(answer, masks, has_mask, labels, taught, taught_weight) for answer in answers]
        losses = {task: torch.stack([layer[task] for layer in each]).mean() for task in each[0]}
        shared = self._last_shared()
        if isinstance(self.balance, GradientNormBalance) and self.training and shared is not None:
            self.balance.observe(losses, shared)
        return self.balance(losses), {task: loss.detach() for task, loss in losses.items()}

    def _losses(self, answer: UnifiedOutput, masks: torch.Tensor, has_mask: torch.Tensor, labels: torch.Tensor,
                taught: UnifiedOutput | None, taught_weight: float) -> dict[str, torch.Tensor]:
        losses = self.loss(answer, masks, has_mask, labels)
        if taught is None or self.teacher is None:
            return losses
        soft = distillation_losses(answer, taught, self.teacher.temperature, self.loss.multi_label)
        return {task: torch.lerp(loss, soft[task], taught_weight) for task, loss in losses.items()}

    def _last_shared(self) -> nn.Parameter | None:
        """The last weight matrix of the encoder: both decoders read what it gives. None if all of it is frozen."""
        learning = [p for p in self.network.encoder.parameters() if p.ndim > 1 and p.requires_grad]
        return learning[-1] if learning else None
