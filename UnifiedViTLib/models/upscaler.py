"""The learned upscaler: a small residual network that draws an image four times as fine. Needs torch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

#: Times as many pixels along a side.
FACTOR = 4


class ResidualBlock(nn.Module):
    """Two convolutions beside a way around them, without normalisation (EDSR, Lim et al. 2017)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(B, channels, H, W) -> the same."""
        return maps + self.second(F.relu(self.first(maps)))


class ResidualUpscaler(nn.Module):
    """Adds to a bicubic enlargement what convolutions on the coarse grid know of fine structure.

    The convolutions are those of EDSR (Lim et al. 2017), the last one gives the pixels of a finer grid (pixel shuffle,
    Shi et al. 2016). It begins as the bicubic enlargement itself: the last convolution is zero.

    Args:
        channels, blocks: width and depth.
    """

    def __init__(self, channels: int, blocks: int) -> None:
        super().__init__()
        self.head = nn.Conv2d(1, channels, 3, padding=1)
        self.blocks = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        self.tail = nn.Conv2d(channels, FACTOR**2, 3, padding=1)
        for parameter in self.tail.parameters():
            nn.init.zeros_(parameter)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 1, H, W), air 0 and bright tissue 1 -> (B, 1, 4 H, 4 W), the same scale."""
        maps = self.head(images)
        finer = F.pixel_shuffle(self.tail(maps + self.blocks(maps)), FACTOR)
        return F.interpolate(images, scale_factor=FACTOR, mode="bicubic") + finer
