"""Test-time adaptation: batch normalisation by what is being looked at, not by training alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

#: Training counts as so many images beside those of a batch.
PRIOR = 16


def adaptable(network: nn.Module) -> int:
    """How many layers of batch normalisation there are: what `adapted` changes."""
    return sum(isinstance(module, _BatchNorm) for module in network.modules())


@contextmanager
def adapted(network: nn.Module) -> Iterator[None]:
    """Within the block, every layer of batch normalisation takes, for each batch of n images, the mean of its own
    statistics and the batch's, weighted `PRIOR` and n (Schneider et al. 2020, eq. 3); after it, the network is as it
    was. Answers then depend on which images are looked at together; layer normalisation has nothing to adapt.

    Args:
        network: in evaluation mode.
    """
    with ExitStack() as undo:
        for layer in network.modules():
            if isinstance(layer, _BatchNorm):
                mean, variance = layer.running_mean, layer.running_var
                assert mean is not None and variance is not None, "layers in these networks keep statistics"
                undo.callback(_put_back, layer, mean, variance)
                undo.callback(layer.register_forward_pre_hook(_mixing(mean, variance)).remove)
        yield


def _put_back(layer: _BatchNorm, mean: torch.Tensor, variance: torch.Tensor) -> None:
    layer.running_mean, layer.running_var = mean, variance


def _mixing(mean: torch.Tensor, variance: torch.Tensor):
    """What a layer with these statistics of training does before it looks at a batch."""

    def mix(layer: _BatchNorm, inputs: tuple[torch.Tensor]) -> None:
        batch = inputs[0]
        over = [axis for axis in range(batch.ndim) if axis != 1]
        own = PRIOR / (PRIOR + len(batch))
        layer.running_mean = own * mean + (1 - own) * batch.mean(over)
        layer.running_var = own * variance + (1 - own) * batch.var(over, unbiased=False)

    return mix
