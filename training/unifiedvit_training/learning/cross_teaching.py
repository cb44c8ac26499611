"""Cross teaching (Luo et al. 2022): a CNN learns beside the network, and what one says of an image without a mask or a
label is what the other learns."""

from __future__ import annotations

import torch
from torch import nn

from UnifiedViTLib.models import UnifiedOutput

from ..config import Initial, Model
from ..runs.networks import build_network
from .initialise import load_initial_weights
from .losses import UnifiedLoss


def build_other_learner(model: Model, initial: Initial, dropout: float) -> nn.Module:
    """The CNN that learns beside a network: a U-Net with a classifier, on the pre-trained CNN where the run begins from
    one.

    Args:
        model: the network's; the other has the same questions.
        initial: what the run begins from.
        dropout: before its classifier.

    Raises:
        ConfigError: the extra `peers` is not installed.
        RunError: weights of that CNN cannot be had.
    """
    arguments = {"encoder": f"tu-{initial.timm}"} if initial.timm else {}
    other = build_network(model.model_copy(update={"architecture": "peer_unet", "arguments": arguments}),
                          dropout=dropout)
    load_initial_weights(other, Initial(timm=initial.timm))
    return other


def cross_teaching_losses(loss: UnifiedLoss, answer: UnifiedOutput, said: UnifiedOutput, has_mask: torch.Tensor,
                          labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """How far answers are from what the other network is most sure of, by task, on the images alone that have no mask
    (of the task "mask") or no label (of "class"): equation 3 of Luo et al., for the diagnosis as well.

    Args:
        loss: as for masks and labels.
        answer: of the network that learns.
        said: of the other one, for the same images.
        has_mask: (B,) bool.
        labels: (B,) int64, -1 where not known; multi-label: (B, C).
    """
    masks, named = said.mask_logits, said.class_logits
    drawn = has_mask.new_zeros((*has_mask.shape, 1, 1), dtype=torch.int64) if masks is None else masks.argmax(dim=1)
    if named is None:
        guessed = torch.full_like(labels, -1)
    else:
        guessed = ((named > 0).to(labels.dtype) if loss.multi_label else named.argmax(dim=1)).where(labels < 0, -1)
    return loss(answer, drawn, ~has_mask, guessed)
