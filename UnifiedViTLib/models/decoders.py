"""The segmentation decoders: patch embeddings back to a map of the image's size ([Kassar], eq. 7)."""

from __future__ import annotations

from itertools import pairwise

import torch
from timm.layers import ConvNormAct, Mlp
from torch import nn

from .encoders import Features


def _upsample(in_channels: int, out_channels: int) -> nn.ConvTranspose2d:
    """Twice the size, by a transposed convolution without overlap (no checkerboard)."""
    return nn.ConvTranspose2d(in_channels, out_channels, kernel_size=2, stride=2)


def _fuse(in_channels: int, out_channels: int) -> nn.Sequential:
    """Two convolutions over what came from below and the skip."""
    return nn.Sequential(ConvNormAct(in_channels, out_channels, 3), ConvNormAct(out_channels, out_channels, 3))


class ProgressiveDecoder(nn.Module):
    """Transposed convolutions from 1/16 of the image's size to all of it, with skips at 1/8, 1/4 and 1/2. The last
    one gives the logits, or the pixel embeddings that `MaskProduct` makes logits of.

    The skips are the patch embeddings of earlier blocks, brought to size by transposed convolutions of their own
    (as in UNETR), and where the encoder has a stem, the stem's map of that size added to it.

    Args:
        encoder_width: D, channels of the patch embeddings.
        stem_channels: of the stem's maps at 1/2, 1/4, 1/8; empty without a stem.
        out_channels: of what is given: S mask classes, background included, or E of an embedding.
        widths: channels at 1/8, 1/4 and 1/2. None: D/2, D/4, D/8, so that the decoder's share of the work stays
            the same whatever the encoder.
    """

    def __init__(self, encoder_width: int, stem_channels: list[int], out_channels: int,
                 widths: list[int] | None = None) -> None:
        super().__init__()
        widths = list(widths or [encoder_width // 2, encoder_width // 4, encoder_width // 8])
        inputs = [encoder_width, *widths]
        self.up = nn.ModuleList(_upsample(a, b) for a, b in zip(inputs, widths, strict=False))
        self.tokens = nn.ModuleList(
            nn.Sequential(*(_upsample(a, b) for a, b in zip(inputs[: n + 1], widths[: n + 1], strict=True)))
            for n in range(3)
        )
        self.details = nn.ModuleList(
            nn.Conv2d(channels, width, 1) for channels, width in zip(reversed(stem_channels), widths, strict=False)
        )
        self.fuse = nn.ModuleList(_fuse(2 * w, w) for w in widths)
        self.head = _upsample(widths[2], out_channels)

    def forward(self, features: Features) -> torch.Tensor:
        """Features -> (B, out_channels, H, W)."""
        *earlier, x = features.patch_maps
        for n, patches in enumerate(reversed(earlier)):
            skip = self.tokens[n](patches)
            if self.details:
                skip = skip + self.details[n](features.stem_maps[-1 - n])
            x = self.fuse[n](torch.cat([self.up[n](x), skip], dim=1))
        return self.head(x)


class AttentionGate(nn.Module):
    """What comes from below weighs the places of a skip (Oktay et al. 2018, "Attention U-Net", eqs. 1 and 2).

    Args:
        channels: of each of the two.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(ConvNormAct(2 * channels, channels // 2, 1), nn.Conv2d(channels // 2, 1, 1))

    def forward(self, below: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Two maps (B, C, H, W) -> the skip, each place times 0 to 1."""
        return skip * self.weigh(torch.cat([below, skip], dim=1)).sigmoid()


class PyramidDecoder(nn.Module):
    """The steps of `ProgressiveDecoder` over maps that already have the sizes of its skips: a pyramid's, or a CNN's.

    Args:
        channels: of the maps, the deepest first, each map twice the size of the one before.
        steps: transposed convolutions from the deepest map to half the image's size; those beyond the maps have no
            skip.
        out_channels: S mask classes, background included.
        widths: channels after each step. None: half as many each time.
        gates: with an `AttentionGate` at each skip.
    """

    def __init__(self, channels: list[int], steps: int, out_channels: int, widths: list[int] | None = None,
                 gates: bool = False) -> None:
        super().__init__()
        widths = list(widths or [channels[0] // 2 ** (step + 1) for step in range(steps)])
        if len(widths) != steps:
            raise ValueError(f"decoder_widths: {steps} numbers are needed, not {len(widths)}.")
        self.up = nn.ModuleList(_upsample(a, b) for a, b in pairwise([channels[0], *widths]))
        self.skips = nn.ModuleList(nn.Conv2d(c, w, 1) for c, w in zip(channels[1:], widths, strict=False))
        self.gates = nn.ModuleList(AttentionGate(w) for _, w in zip(self.skips, widths, strict=False) if gates)
        self.fuse = nn.ModuleList(_fuse(2 * w if n < len(self.skips) else w, w) for n, w in enumerate(widths))
        self.head = _upsample(widths[-1], out_channels)

    def forward(self, maps: list[torch.Tensor]) -> torch.Tensor:
        """Maps, the deepest first -> mask logits (B, out_channels, H, W).

        A map may be one row or column larger than half the next one, where a pyramid rounded up: that is cut off.
        """
        x = maps[0]
        for n, (up, fuse) in enumerate(zip(self.up, self.fuse, strict=True)):
            x = up(x)
            if n < len(self.skips):
                skip = self.skips[n](maps[n + 1])
                x = x[..., : skip.shape[-2], : skip.shape[-1]]
                x = torch.cat([x, self.gates[n](x, skip) if self.gates else skip], dim=1)
            x = fuse(x)
        return self.head(x)


class MaskProduct(nn.Module):
    """Mask logits as products: how well what a mask's token looks for fits what each pixel is (Cheng et al. 2021,
    "MaskFormer"; Strudel et al. 2021, "Segmenter").

    Args:
        token_width: D.
        pixel_width: E, which the tokens are brought to.
    """

    def __init__(self, token_width: int, pixel_width: int) -> None:
        super().__init__()
        self.embed = Mlp(token_width, token_width, pixel_width)
        self.scale = pixel_width**-0.5  # as in attention: logits begin small, whatever the width

    def forward(self, tokens: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
        """Tokens (B, S, D), one a mask class, and pixel embeddings (B, E, H, W) -> mask logits (B, S, H, W)."""
        products = self.embed(tokens) @ pixels.flatten(2) * self.scale
        return products.unflatten(2, pixels.shape[-2:])
