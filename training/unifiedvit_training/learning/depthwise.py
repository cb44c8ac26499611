"""Depthwise convolutions in float32 on the CPU, where bfloat16 would learn more slowly and not faster.

oneDNN has no fast backward pass for them in bfloat16 where they have strides or kernels of 5 x 5: three to ten times
the time of float32 (torch 2.14, on a processor with AMX), which was half of a step of an EfficientNet.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class _InFloat32:
    """What goes before a convolution's own class."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        with torch.autocast(image.device.type, enabled=False):
            convolution: Any = super()
            return convolution.forward(image.float()).to(image.dtype)


def depthwise_in_float32(network: nn.Module) -> None:
    """Let the depthwise convolutions of `network` compute in float32 whatever autocast says; weights and their names
    stay as they are."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1:
            kind = type(module)
            module.__class__ = type(kind.__name__, (_InFloat32, kind), {})
