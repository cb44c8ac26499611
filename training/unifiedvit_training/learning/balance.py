"""How the two losses are weighed against each other, so that neither task drowns the other ([Kassar], eq. 8)."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn


class FixedBalance(nn.Module):
    """lambda_cls * L_cls + lambda_seg * L_seg, as in [Kassar], eq. 8."""

    def __init__(self, weights: dict[str, float]) -> None:
        super().__init__()
        self._weights = weights

    def forward(self, losses: dict[str, torch.Tensor]) -> torch.Tensor:
        """The weighted sum."""
        return cast("torch.Tensor", sum(self._weights[task] * loss for task, loss in losses.items()))

    def weights(self) -> dict[str, float]:
        """What each task's loss is multiplied with now."""
        return dict(self._weights)


class UncertaintyBalance(nn.Module):
    """sum of exp(-s_i) L_i + s_i / 2 with learnt s_i = log sigma_i^2 (Kendall, Gal and Cipolla 2018, eq. 10)."""

    def __init__(self, tasks: tuple[str, ...]) -> None:
        super().__init__()
        self.log_variance = nn.ParameterDict({task: nn.Parameter(torch.zeros(())) for task in tasks})

    def forward(self, losses: dict[str, torch.Tensor]) -> torch.Tensor:
        """The weighted sum with its regulariser."""
        return cast("torch.Tensor", sum(
            torch.exp(-self.log_variance[task]) * loss + 0.5 * self.log_variance[task]
            for task, loss in losses.items()
        ))

    def weights(self) -> dict[str, float]:
        """What each task's loss is multiplied with now."""
        return {task: float(torch.exp(-s.detach())) for task, s in self.log_variance.items()}


class GradientNormBalance(nn.Module):
    """GradNorm (Chen et al. 2018): weights that make the tasks pull equally hard at the last shared layer, the one
    that learns more slowly a little harder.

    The gradient of their eq. 2 by a weight is sign(G_i - target_i) times the norm of the task's own gradient, as the
    target is held constant: no second backward pass is needed.

    Args:
        tasks: names of the losses.
        asymmetry: alpha of the paper; 0 makes all gradients equal.
        rate: step of the weights.
        interval: steps between two updates; each costs a backward pass through the decoders.
    """

    now: torch.Tensor
    first: torch.Tensor
    steps: torch.Tensor

    def __init__(self, tasks: tuple[str, ...], asymmetry: float = 0.5, rate: float = 0.025, interval: int = 8) -> None:
        super().__init__()
        self.tasks, self.asymmetry, self.rate, self.interval = tasks, asymmetry, rate, interval
        self.register_buffer("now", torch.ones(len(tasks)))
        self.register_buffer("first", torch.zeros(len(tasks)))
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    def forward(self, losses: dict[str, torch.Tensor]) -> torch.Tensor:
        """The weighted sum."""
        return cast("torch.Tensor", sum(
            self.now[self.tasks.index(task)].clone() * loss for task, loss in losses.items()))

    def observe(self, losses: dict[str, torch.Tensor], shared: nn.Parameter) -> None:
        """Adapt the weights to the gradients of `losses` by `shared`; before the backward pass frees the graph."""
        self.steps += 1
        if len(losses) < 2 or (int(self.steps) - 1) % self.interval:
            return
        values = torch.stack([losses[task].detach() for task in self.tasks])
        if not values.all():  # a batch without masks or without labels says nothing of the balance
            return
        if not self.first.any():
            self.first.copy_(values)
        norms = torch.stack([
            torch.autograd.grad(losses[task], shared, retain_graph=True)[0].float().norm() for task in self.tasks
        ])
        pull = self.now * norms
        slowness = values / self.first
        target = pull.mean() * (slowness / slowness.mean()) ** self.asymmetry
        # Norms only point the way; their size, which falls during training, does not set the pace.
        self.now -= self.rate * torch.sign(pull - target) * norms / norms.mean().clamp_min(1e-12)
        self.now.clamp_(min=0.05)
        self.now *= len(self.tasks) / self.now.sum()

    def weights(self) -> dict[str, float]:
        """What each task's loss is multiplied with now."""
        return dict(zip(self.tasks, self.now.tolist(), strict=True))
