"""Attention where a decoder joins a skip to what comes from below: of channels, of places, or of both."""

from __future__ import annotations

import torch
from timm.layers.create_attn import create_attn
from torch import nn

#: By timm: SE (Hu et al. 2018), ECA (Wang et al. 2020), CBAM (Woo et al. 2018), SK (Li et al. 2019), coordinate
#: attention (Hou et al. 2021: along both axes, the nearest to axial attention that costs as little).
TIMM = ("se", "eca", "cbam", "sk", "coord")


class SpatialChannelExcitation(nn.Module):
    """scSE: channels and places are weighed apart, and both added (Roy et al. 2018, eq. 4).

    Args:
        channels: of the map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channel = create_attn("se", channels)
        self.place = nn.Conv2d(channels, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> the same."""
        return self.channel(x) + x * self.place(x).sigmoid()


class AttentionJoin(nn.Module):
    """A skip beside what comes from below, attended to as one map.

    Args:
        name: of `TIMM`, or "scse".
        width: channels of each of the two.
    """

    def __init__(self, name: str, width: int) -> None:
        super().__init__()
        self.attention = SpatialChannelExcitation(2 * width) if name == "scse" else create_attn(name, 2 * width)

    def forward(self, below: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Two maps (B, C, H, W) -> (B, 2C, H, W)."""
        return self.attention(torch.cat([below, skip], dim=1))


class GatedJoin(nn.Module):
    """The attention gate of Attention U-Net (Oktay et al. 2018, eqs. 1 and 2): what comes from below weighs the places
    of the skip.

    Args:
        width: channels of each of the two.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduce = nn.Sequential(nn.Conv2d(2 * width, width // 2, 1, bias=False), nn.BatchNorm2d(width // 2),
                                    nn.ReLU(inplace=True), nn.Conv2d(width // 2, 1, 1))

    def forward(self, below: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Two maps (B, C, H, W) -> (B, 2C, H, W)."""
        weights = self.reduce(torch.cat([below, skip], dim=1)).sigmoid()
        return torch.cat([below, skip * weights], dim=1)


class PlainJoin(nn.Module):
    """No attention."""

    def forward(self, below: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Two maps (B, C, H, W) -> (B, 2C, H, W)."""
        return torch.cat([below, skip], dim=1)


def create_join(name: str | None, width: int) -> nn.Module:
    """How a skip and what comes from below, of `width` channels each, are joined.

    Args:
        name: "se", "eca", "cbam", "sk", "coord", "scse", "gate"; None: without attention.
        width: channels of each of the two.

    Raises:
        ValueError: the name is not known.
    """
    if name is None:
        return PlainJoin()
    if name == "gate":
        return GatedJoin(width)
    if name in (*TIMM, "scse"):
        return AttentionJoin(name, width)
    raise ValueError(f"skip_attention: {name!r} is not one of {', '.join((*TIMM, 'scse', 'gate'))}.")
