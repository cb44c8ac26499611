"""The network with its losses: what one forward pass in training computes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from UnifiedViTLib.models import UnifiedNetwork, UnifiedOutput

from ..config import Fit, Model
from ..errors import RunError
from ..runs.networks import build_network
from .bags import GatedAttention
from .balance import FixedBalance, GradientNormBalance, UncertaintyBalance
from .distillation import distillation_losses
from .losses import TASKS, UnifiedLoss


def find_classifier(network: UnifiedNetwork) -> nn.Linear:
    """The linear layer that gives a network's class logits.

    Raises:
        RunError: it is none of the library's, and has none that is known.
    """
    layers = [layer for layer in getattr(network, "classifier", None) or () if isinstance(layer, nn.Linear)]
    if len(layers) != 1:
        raise RunError(f"fit.bags: {type(network).__name__} is not an architecture whose slices can be weighed. Choose "
                       "one of the library's.")
    return layers[0]


def _remembering(read: list[torch.Tensor]) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
    """A hook that keeps what a layer reads in training. Of the network's average, a copy that never trains, too, the
    layer has it; a function, so that the copy does not copy what it hangs on."""

    def remember(layer: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if layer.training:
            read.append(inputs[0])

    return remember


class TrainingModule(nn.Module):
    """Network, losses and their balance as one module, so that all of it is shared between processes alike."""

    def __init__(self, model: Model, fit: Fit) -> None:
        super().__init__()
        self.network = build_network(model, drop_path=fit.drop_path, dropout=fit.dropout)
        self.loss = UnifiedLoss(model.multi_label, fit.label_smoothing)
        self.teacher = fit.teacher
        self.bag_size, self.attention, self._read = fit.bag_size, None, []
        if fit.bags and model.task != "segmentation":
            classifier = find_classifier(self.network)
            self.attention = GatedAttention(classifier.in_features)
            classifier.register_forward_pre_hook(_remembering(self._read))
        tasks = TASKS if model.task == "both" else ("class",) if model.task == "classification" else ("mask",)
        if fit.loss_balance == "fixed" or len(tasks) == 1:
            self.balance = FixedBalance({"mask": fit.mask_weight, "class": fit.class_weight})
        elif fit.loss_balance == "uncertainty":
            self.balance = UncertaintyBalance(tasks)
        else:
            self.balance = GradientNormBalance(tasks)

    def forward(self, images: torch.Tensor, masks: torch.Tensor, has_mask: torch.Tensor, labels: torch.Tensor,
                taught: UnifiedOutput | None = None, taught_weight: float = 0.0,
                bag_labels: torch.Tensor | None = None
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
            bag_labels: (B / bag_size,) the diagnosis of each block of slices that is a bag, -1 of others; None: there
                are no bags.
        """
        self._read.clear()
        every_layer = getattr(self.network, "forward_every_layer", None) if self.training else None
        answers = every_layer(images) if every_layer else [self.network(images)]
        labelled = [(answer, labels) for answer in answers]
        if self.attention is not None and bag_labels is not None:
            labelled = [self._with_bags(answer, labels, read, bag_labels)
                        for answer, read in zip(answers, self._read, strict=True)]
        each = []
        for answer, (all_answers, all_labels) in zip(answers, labelled, strict=True):
            losses = self.loss(all_answers, masks, has_mask, all_labels)
            each.append(self._with_teacher(losses, answer, taught, taught_weight))
        losses = {task: torch.stack([layer[task] for layer in each]).mean() for task in each[0]}
        shared = self._last_shared()
        if isinstance(self.balance, GradientNormBalance) and self.training and shared is not None:
            self.balance.observe(losses, shared)
        return self.balance(losses), {task: loss.detach() for task, loss in losses.items()}

    def _with_bags(self, answer: UnifiedOutput, labels: torch.Tensor, read: torch.Tensor, bag_labels: torch.Tensor
                   ) -> tuple[UnifiedOutput, torch.Tensor]:
        """The answer and labels with those of the bags after them. The logits of a bag are the mean of its slices' by
        attention, as the classifier is linear: what it says of a slice is that slice's part in what is said of the
        volume."""
        assert self.attention is not None and answer.class_logits is not None, "bags are of the diagnosis"
        attention = self.attention(read.unflatten(0, (-1, self.bag_size)))
        of_bags = (attention * answer.class_logits.unflatten(0, (-1, self.bag_size))).sum(dim=1)
        # A bag counts as much as its slices would, or a few that are labelled one by one would drown it.
        logits = torch.cat([answer.class_logits, of_bags.repeat_interleave(self.bag_size, dim=0)])
        return answer._replace(class_logits=logits), torch.cat([labels, bag_labels.repeat_interleave(self.bag_size)])

    def _with_teacher(self, losses: dict[str, torch.Tensor], answer: UnifiedOutput, taught: UnifiedOutput | None,
                      taught_weight: float) -> dict[str, torch.Tensor]:
        if taught is None or self.teacher is None:
            return losses
        soft = distillation_losses(answer, taught, self.teacher.temperature, self.loss.multi_label)
        return {task: torch.lerp(loss, soft[task], taught_weight) for task, loss in losses.items()}

    def _last_shared(self) -> nn.Parameter | None:
        """The last weight matrix of the encoder: both decoders read what it gives. None if all of it is frozen."""
        learning = [p for p in self.network.encoder.parameters() if p.ndim > 1 and p.requires_grad]
        return learning[-1] if learning else None
