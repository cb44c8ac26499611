"""Tiny encoders and pictures for the tests of how a run begins."""

from __future__ import annotations

import timm
import torch
from torch import nn

from UnifiedViTLib.models.encoders import Features

TINY = {"encoder": "test_vit", "decoder_widths": [8, 8, 8]}  # timm's own for tests: width 64, six blocks


class SwinEncoder(nn.Module):
    """A pyramid in the form that the library's encoders have, its deepest map at 1/32."""

    in_channels = 1

    def __init__(self) -> None:
        super().__init__()
        self.swin = timm.create_model(
            "swin_tiny_patch4_window7_224", img_size=64, in_chans=1, num_classes=0, embed_dim=16, depths=(1, 1, 1, 1),
            num_heads=(1, 1, 2, 2), window_size=2,
        )

    def forward(self, image: torch.Tensor) -> Features:
        depths = self.swin.forward_intermediates(image, output_fmt="NCHW", intermediates_only=True)
        return Features(depths[-1].mean((2, 3)), depths, [])


class SwinNetwork(nn.Module):
    """An architecture of another encoder, as `build_model` makes it."""

    def __init__(self, **arguments) -> None:
        super().__init__()
        self.encoder = SwinEncoder()


def pictures(count: int, size: int = 64) -> torch.Tensor:
    """Blurred noise (count, 1, size, size)."""
    coarse = torch.randn(count, 1, 8, 8, generator=torch.Generator().manual_seed(5))
    return nn.functional.interpolate(coarse, size=(size, size), mode="bicubic")
