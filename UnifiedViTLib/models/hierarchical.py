"""Hierarchical: the dual decoder of [Kassar] on a pyramid of windowed attention (its section on Swin)."""

from __future__ import annotations

from typing import Any

import timm
import torch
from torch import nn

from .channels import channel_gate
from .decoders import PyramidDecoder
from .dual_decoder import DualDecoder
from .encoders import ConvolutionalStem, Features, check_image_size

#: Pixels along a side of a cell of the deepest map.
STRIDE = 32
#: Blocks of a stage: a description from elsewhere must not make us build without end.
MOST_BLOCKS = 64


class SwinEncoder(nn.Module):
    """A Swin Transformer of timm: attention within windows, shifted by half a window in every second block; patches
    merged two by two between its four stages (Liu et al. 2021). Its cost grows with the image's area, not its square.

    Windows have a 32nd of the image's side, as in the published models (7 at 224), and at least 4 cells. Images of
    another size are seen through the same windows; what does not fill them is padded.

    Args:
        name: timm's name, for example "swin_tiny_patch4_window7_224", "swin_small_patch4_window7_224".
        in_channels: of the image; of several, some may be missing (`MissingChannels`).
        image_size: side that the windows are made for.
        width: channels of the first stage, doubled by each further one; None: the published ones.
        depths: blocks of the four stages; None: the published ones.
        stem_width: None for the linear embedding of patches of 4 pixels; a number for a convolutional stem that
            begins with that many channels and whose map at 1/4 is embedded instead.
        drop_path: stochastic depth, in training alone.
    """

    swin: Any  # timm's
    width: int

    def __init__(self, name: str, in_channels: int, image_size: int, width: int | None = None,
                 depths: list[int] | None = None, stem_width: int | None = None, drop_path: float = 0.0) -> None:
        super().__init__()
        if not name.startswith("swin_"):
            raise ValueError(f"{name} is not a Swin Transformer; timm's names for them begin with swin_.")
        if depths and (len(depths) != 4 or not all(1 <= depth <= MOST_BLOCKS for depth in depths)):
            raise ValueError(f"depths: four numbers from 1 to {MOST_BLOCKS} are needed, not {depths}.")
        self.in_channels, self.gate = in_channels, channel_gate(in_channels)
        self.stem = ConvolutionalStem(in_channels, stem_width, steps=2) if stem_width else None
        side = STRIDE * max(-(-image_size // STRIDE), 2)  # a window of one cell would have nothing to attend to
        reading: dict[str, Any] = (
            {"img_size": side // 4, "patch_size": 1, "in_chans": self.stem.out_channels}
            if self.stem
            else {"img_size": side, "patch_size": 4, "in_chans": in_channels}
        )
        sizes: dict[str, Any] = {"embed_dim": width, "depths": depths}
        self.swin = timm.create_model(
            name, pretrained=False, num_classes=0, window_size=max(side // STRIDE, 4), strict_img_size=False,
            drop_path_rate=drop_path, **reading, **{key: value for key, value in sizes.items() if value},
        )
        self.channels = [stage["num_chs"] for stage in self.swin.feature_info]
        self.width = self.channels[-1]
        self.stem_channels = self.stem.stem_channels if self.stem else []

    def forward(self, image: torch.Tensor) -> Features:
        """Look at the image once: (B, in_channels, H, W), H and W multiples of 16 -> Features.

        `patch_maps` are the maps (B, D/8, H/4, W/4), (B, D/4, H/8, W/8), (B, D/2, H/16, W/16), (B, D, H/32, W/32), the
        last one's sides rounded up. There is no [CLS] token: as in the paper, `cls` is the mean of the last map.
        `stem_maps` is the stem's map at 1/2, if there is a stem.
        """
        check_image_size(image)
        image = self.gate(image)
        maps = self.stem(image) if self.stem else [image]
        depths = self.swin.forward_intermediates(maps[-1], norm=True, intermediates_only=True)
        return Features(cls=depths[-1].mean(dim=(2, 3)), patch_maps=depths, stem_maps=maps[:-1])


class HierarchicalDualDecoder(DualDecoder):
    """One Swin Transformer looks once; a convolutional decoder climbs its pyramid from 1/32 with skips at 1/16, 1/8
    and 1/4 (Hatamizadeh et al. 2022, "Swin UNETR"), and at 1/2 from the stem; a linear classifier reads the mean of
    the deepest map.

    Args:
        encoder: a Swin Transformer of timm.
        width, depths: of the encoder; see `SwinEncoder`. A width of 48 halves Swin-T to the size of a ViT-Tiny.
        decoder_widths: channels at 1/16, 1/8, 1/4, 1/2; None follows the encoder's width.
        mask_classes, diagnosis_classes, in_channels, image_size, stem_width, mask_attended_pooling, drop_path, dropout,
            task: as in `SharedEncoderDualDecoder`.
    """

    early, stride = 1, STRIDE

    def __init__(self, mask_classes: int, diagnosis_classes: int, encoder: str = "swin_tiny_patch4_window7_224",
                 in_channels: int = 1, image_size: int = 224, width: int | None = None,
                 depths: list[int] | None = None, stem_width: int | None = None,
                 decoder_widths: list[int] | None = None, mask_attended_pooling: bool = False,
                 drop_path: float = 0.0, dropout: float = 0.0, task: str = "both") -> None:
        pyramid = SwinEncoder(encoder, in_channels, image_size, width, depths, stem_width, drop_path)
        segmentation = None
        if task != "classification":
            channels = [*reversed(pyramid.channels), *pyramid.stem_channels]
            segmentation = PyramidDecoder(channels, 4, mask_classes, decoder_widths)
        super().__init__(pyramid, segmentation, diagnosis_classes, task, mask_attended_pooling, dropout)

    def decode_mask(self, features: Features) -> torch.Tensor:
        """See `DualDecoder.decode_mask`."""
        return self.segmentation([*reversed(features.patch_maps), *features.stem_maps])
