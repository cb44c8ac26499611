"""The shared encoder: a ViT of timm, reading the image directly or through convolutions."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import timm
import torch
from timm.layers import ConvNormAct
from torch import nn

from .channels import channel_gate

PATCH = 16


class Features(NamedTuple):
    """What the encoder hands to both decoders.

    Attributes:
        cls: (B, D), the [CLS] token after the last block and norm, z_0^(L) of [Kassar].
        patch_maps: four maps (B, D, H/16, W/16), the patch embeddings after a quarter, half, three quarters and all
            of the blocks.
        stem_maps: maps (B, c, H/2, W/2), (B, 2c, H/4, W/4), (B, 4c, H/8, W/8) of the stem; empty without one.
        mask_tokens: (B, S, D), the task tokens of the masks, where they travelled with the patches.
    """

    cls: torch.Tensor | None
    patch_maps: list[torch.Tensor]
    stem_maps: list[torch.Tensor]
    mask_tokens: torch.Tensor | None = None


def check_image_size(image: torch.Tensor) -> None:
    """Raise a ValueError for an image (B, in_channels, H, W) whose sides are not multiples of 16."""
    height, width = image.shape[-2:]
    if height % PATCH or width % PATCH:
        raise ValueError(f"The input is {height} x {width}; both sides must be multiples of {PATCH}.")


class ConvolutionalStem(nn.Module):
    """Image to a smaller map in steps of two, a residual pair of convolutions after the second and third. Early
    convolutions make a ViT learn faster from few images (Xiao et al. 2021).

    Args:
        in_channels: of the image.
        width: channels after the first step; every further step doubles them.
        steps: 4 for a map of one sixteenth the image's size.
    """

    def __init__(self, in_channels: int, width: int, steps: int = 4) -> None:
        super().__init__()
        widths = [in_channels, *(width * 2**step for step in range(steps))]
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
        self.stem_channels = widths[1:-1]

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        """(B, in_channels, H, W) -> maps at strides 2, 4, ..., 2^steps."""
        maps = [self.down[0](image)]
        for step, down in enumerate(self.down[1:]):
            x = down(maps[-1])
            maps.append(x + self.refine[step](x) if step < len(self.refine) else x)
        return maps


class ViTEncoder(nn.Module):
    """A timm ViT with patch 16 as in [Kassar], eq. 1-5, its position embeddings interpolated to the input's size.

    Args:
        name: timm's name, for example "vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224".
        in_channels: of the image; of several, some may be missing (`MissingChannels`).
        image_size: side that the position embeddings are made for; other multiples of 16 are interpolated to.
        stem_width: None for the linear patch embedding of eq. 1; a number for a convolutional stem that begins
            with that many channels and whose map at 1/16 is embedded instead.
        drop_path: stochastic depth, in training alone.
        stem: in place of `stem_width`, a module that gives maps at strides 2, 4, 8 and 16, with `out_channels` (of
            the last) and `stem_channels` (of the others).
        mask_tokens: S task tokens for the masks that travel with the patches through all blocks.
        class_token: False for a network that gives no diagnosis; else [CLS] is needed.
        depth: blocks, at least four; None: as many as `name` has.
    """

    vit: Any  # timm's
    stem: Any
    width: int

    def __init__(self, name: str, in_channels: int, image_size: int, stem_width: int | None = None,
                 drop_path: float = 0.0, stem: nn.Module | None = None, mask_tokens: int = 0,
                 class_token: bool = True, depth: int | None = None) -> None:
        super().__init__()
        self.in_channels, self.gate = in_channels, channel_gate(in_channels)
        self.stem = ConvolutionalStem(in_channels, stem_width) if stem_width else stem
        reading: dict[str, Any] = (
            {"img_size": image_size // PATCH, "patch_size": 1, "in_chans": self.stem.out_channels}
            if self.stem
            else {"img_size": image_size, "patch_size": PATCH, "in_chans": in_channels}
        )
        if not class_token:  # timm's pooling by the class token would ask for one
            reading |= {"class_token": False, "global_pool": ""}
        if mask_tokens:  # timm calls tokens beside [CLS] registers
            reading["reg_tokens"] = mask_tokens
        if depth is not None:
            if depth < 4:
                raise ValueError(f"depth: {depth} blocks; at least 4 are needed, whose maps the decoders read.")
            reading["depth"] = depth
        self.vit = timm.create_model(
            name, pretrained=False, num_classes=0, dynamic_img_size=True, drop_path_rate=drop_path, **reading
        )
        if class_token and not self.vit.has_class_token:
            raise ValueError(f"{name} has no [CLS] token, which the diagnosis is read from.")
        self.mask_tokens = mask_tokens
        blocks = len(self.vit.blocks)
        self.indices = [round(blocks * quarter / 4) - 1 for quarter in (1, 2, 3, 4)]
        self.width = self.vit.embed_dim
        self.stem_channels = self.stem.stem_channels if self.stem else []

    def forward(self, image: torch.Tensor) -> Features:
        """Look at the image once: (B, in_channels, H, W), H and W multiples of 16 -> Features."""
        check_image_size(image)
        image = self.gate(image)
        maps = self.stem(image) if self.stem else [image]
        _, depths = self.vit.forward_intermediates(
            maps[-1], indices=self.indices, return_prefix_tokens=True, norm=True
        )
        tokens = depths[-1][1]
        return Features(
            cls=tokens[:, 0] if self.vit.has_class_token else None, patch_maps=[patches for patches, _ in depths],
            stem_maps=maps[:-1], mask_tokens=tokens[:, -self.mask_tokens:] if self.mask_tokens else None,
        )
