"""Attention where a decoder joins a skip to what comes from below: of channels, of places, or of both."""

from __future__ import annotations

import torch
from timm.layers.create_attn import create_attn
from torch import nn

#: By timm: CBAM (Woo et al. 2018), SK (Li et al. 2019), coordinate attention (Hou et al. 2021).
TIMM = ("cbam", "sk", "coord")
NAMES = (*TIMM, "scse", "axial", "reverse")


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


class GatedAxis(nn.Module):
    """Attention along rows with gated relative positions (Valanarasu et al. 2021, "Medical Transformer", eq. 3).

    Args:
        channels: of the map, a multiple of `heads`.
        heads: each with its own attention.
        reach: places to either side that have a position of their own.
    """

    def __init__(self, channels: int, heads: int = 4, reach: int = 56) -> None:
        super().__init__()
        self.heads, self.reach = heads, reach
        self.qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(3 * channels)
        self.positions = nn.Parameter(torch.randn(3, 2 * reach + 1, channels // heads) * 0.02)
        self.gates = nn.Parameter(torch.tensor([0.1, 0.1, 0.1, 1.0]))  # of r_q, r_k, r_v and v, as its authors begin
        self.scale = (channels // heads) ** -0.5

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> the same."""
        b, c, h, w = x.shape
        q, k, v = self.norm(self.qkv(x)).reshape(b, 3, self.heads, -1, h, w).permute(1, 0, 4, 2, 5, 3)  # B, H, N, W, D
        place = torch.arange(w, device=x.device)
        offset = (place[None] - place[:, None]).clamp(-self.reach, self.reach) + self.reach
        of_q, of_k, of_v = self.positions[:, offset]  # (W, W, D) each
        logits = q @ k.mT + self.gates[0] * torch.einsum("bhnid,ijd->bhnij", q, of_q)
        logits = logits + self.gates[1] * torch.einsum("bhnjd,ijd->bhnij", k, of_k)
        weights = (logits * self.scale).softmax(dim=-1)
        seen = self.gates[3] * (weights @ v) + self.gates[2] * torch.einsum("bhnij,ijd->bhnid", weights, of_v)
        return seen.permute(0, 2, 4, 1, 3).reshape(b, c, h, w)


class GatedAxial(nn.Module):
    """`GatedAxis` along columns, then along rows, added to what it saw.

    Args:
        channels: of the map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.columns, self.rows = GatedAxis(channels), GatedAxis(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> the same."""
        return x + self.rows(self.columns(x.mT).mT)


class AttentionJoin(nn.Module):
    """A skip beside what comes from below, attended to as one map.

    Args:
        name: of `TIMM`, "scse" or "axial".
        width: channels of each of the two.
    """

    def __init__(self, name: str, width: int) -> None:
        super().__init__()
        self.attention = (SpatialChannelExcitation(2 * width) if name == "scse" else
                          GatedAxial(2 * width) if name == "axial" else create_attn(name, 2 * width))

    def forward(self, below: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Two maps (B, C, H, W) -> (B, 2C, H, W)."""
        return self.attention(torch.cat([below, skip], dim=1))


class ReverseJoin(nn.Module):
    """Axial reverse attention (Lou et al. 2022, "CaraNet"): a skip is looked at along both axes and weighed by what the
    coarser mask has left out, so that what is added is what was missed, and outlines.

    Args:
        width: channels of each of the two.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.axial, self.coarse = GatedAxial(width), nn.Conv2d(width, 1, 1)

    def forward(self, below: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Two maps (B, C, H, W) -> (B, 2C, H, W)."""
        return torch.cat([below, self.axial(skip) * (1 - self.coarse(below).sigmoid())], dim=1)


class PlainJoin(nn.Module):
    """No attention."""

    def forward(self, below: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Two maps (B, C, H, W) -> (B, 2C, H, W)."""
        return torch.cat([below, skip], dim=1)


def create_join(name: str, width: int) -> nn.Module:
    """How a skip and what comes from below, of `width` channels each, are joined.

    Args:
        name: of `NAMES`; "plain": without attention.
        width: channels of each of the two.

    Raises:
        ValueError: the name is not known.
    """
    if name == "plain":
        return PlainJoin()
    if name not in NAMES:
        raise ValueError(f"skip_attention: {name!r} is not one of {', '.join(NAMES)}.")
    return ReverseJoin(width) if name == "reverse" else AttentionJoin(name, width)
