"""The shared encoder: a ViT of timm, reading the image directly or through a small convolutional stem."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import timm
import torch
from timm.layers import ConvNormAct
from torch import nn

PATCH = 16


class Features(NamedTuple):
    """What the encoder hands to both decoders.

    Attributes:
        cls: (B, D), the [CLS] token after the last block and norm, z_0^(L) of [Kassar].
        depths: four maps (B, D, H/16, W/16), the patch embeddings after a quarter, half, three quarters and all
            of the blocks.
        details: maps (B, c, H/2, W/2), (B, 2c, H/4, W/4), (B, 4c, H/8, W/8) of the stem; empty without one.
    """

    cls: torch.Tensor
    depths: list[torch.Tensor]
    details: list[torch.Tensor]


class ConvolutionalStem(nn.Module):
    """Image to a map of one sixteenth its size, in four steps of two, a residual pair of convolutions after each
    of the middle two. Early convolutions make a ViT learn faster from few images (Xiao et al. 2021)."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        widths = [in_channels, width, 2 * width, 4 * width, 8 * width]
        self.down = nn.ModuleList(
            ConvNormAct(a, b, 3, stride=2) for a, b in pairwise(widths)
        )
        self.refine = nn.ModuleList(
            nn.Sequential(
                ConvNormAct(w, w, 3), ConvNormAct(w, w, 3, apply_act=False)
            )
            for w in widths[2:4]
        )
        self.out_channels = widths[-1]
        self.detail_channels = widths[1:4]

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        """(B, in_channels, H, W) -> maps at strides 2, 4, 8, 16."""
        half = self.down[0](image)
        quarter = self.down[1](half)
        quarter = quarter + self.refine[0](quarter)
        eighth = self.down[2](quarter)
        eighth = eighth + self.refine[1](eighth)
        return [half, quarter, eighth, self.down[3](eighth)]


class ViTEncoder(nn.Module):
    """A timm ViT with patch 16 as in [Kassar], eq. 1-5, its position embeddings interpolated to the input's size.

    Args:
        name: timm's name, for example "vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224".
        in_channels: of the image.
        image_size: side that the position embeddings are made for; other multiples of 16 are interpolated to.
        stem_width: None for the linear patch embedding of eq. 1; a number for a convolutional stem that begins
            with that many channels and whose map at 1/16 is embedded instead.
        drop_path: stochastic depth, in training alone.
    """

    def __init__(self, name: str, in_channels: int, image_size: int, stem_width: int | None = None,
                 drop_path: float = 0.0) -> None:
        super().__init__()
        self.stem = ConvolutionalStem(in_channels, stem_width) if stem_width else None
        reading = (
            {"img_size": image_size // PATCH, "patch_size": 1, "in_chans": self.stem.out_channels}
            if self.stem
            else {"img_size": image_size, "patch_size": PATCH, "in_chans": in_channels}
        )
        self.vit = timm.create_model(
            name, pretrained=False, num_classes=0, dynamic_img_size=True, drop_path_rate=drop_path, **reading
        )
        if not self.vit.has_class_token:
            raise ValueError(f"{name} has no [CLS] token, which the diagnosis is read from.")
        blocks = len(self.vit.blocks)
        self.indices = [round(blocks * quarter / 4) - 1 for quarter in (1, 2, 3, 4)]
        self.width = self.vit.embed_dim
        self.detail_channels = self.stem.detail_channels if self.stem else []

    def forward(self, image: torch.Tensor) -> Features:
        """Look at the image once: (B, in_channels, H, W), H and W multiples of 16 -> Features."""
        height, width = image.shape[-2:]
        if height % PATCH or width % PATCH:
            raise ValueError(f"The input is {height} x {width}; both sides must be multiples of {PATCH}.")
        maps = self.stem(image) if self.stem else [image]
        _, depths = self.vit.forward_intermediates(
            maps[-1], indices=self.indices, return_prefix_tokens=True, norm=True
        )
        return Features(cls=depths[-1][1][:, 0], depths=[patches for patches, _ in depths], details=maps[:-1])
