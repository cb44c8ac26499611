"""FedProx (Li et al. 2020): what holds a site's steps near the weights that its round began with."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import nn


class ProximalTerm:
    """mu / 2 times the squared distance of a network's parameters from what they are now.

    Args:
        network: whose weights have just been loaded; frozen parameters are left out, they stay where they are.
        mu: weight of the term.
        local: names of parameters that stay at the site, and are held by nothing.
    """

    def __init__(self, network: nn.Module, mu: float, local: Collection[str] = ()) -> None:
        self._mu = mu
        self._pairs = [(value, value.detach().clone()) for name, value in network.named_parameters()
                       if value.requires_grad and name not in local]

    def __call__(self) -> torch.Tensor:
        """The term, a scalar with a gradient."""
        return self._mu / 2 * torch.stack([(now - begun).square().sum() for now, begun in self._pairs]).sum()
