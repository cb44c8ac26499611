"""The segmentation decoder: patch embeddings back to a map of the image's size ([Kassar], eq. 7)."""

from __future__ import annotations

import torch
from timm.layers import ConvNormAct
from torch import nn

from .encoders import Features


def _upsample(in_channels: int, out_channels: int) -> nn.ConvTranspose2d:
    """Twice the size, by a transposed convolution without overlap (no checkerboard)."""
    return nn.ConvTranspose2d(in_channels, out_channels, kernel_size=2, stride=2)


class ProgressiveDecoder(nn.Module):
    """Transposed convolutions from 1/16 of the image's size to all of it, with skips at 1/8, 1/4 and 1/2. The last
    one gives the logits.

    The skips are the patch embeddings of earlier blocks, brought to size by transposed convolutions of their own
    (as in UNETR), and where the encoder has a stem, the stem's map of that size added to it.

    Args:
        encoder_width: D, channels of the patch embeddings.
        detail_channels: of the stem's maps at 1/2, 1/4, 1/8; empty without a stem.
        mask_classes: S, background included.
        widths: channels at 1/8, 1/4 and 1/2. None: D/2, D/4, D/8, so that the decoder's share of the work stays
            the same whatever the encoder.
    """

    def __init__(self, encoder_width: int, detail_channels: list[int], mask_classes: int,
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
            nn.Conv2d(channels, width, 1) for channels, width in zip(reversed(detail_channels), widths, strict=False)
        )
        self.fuse = nn.ModuleList(
            nn.Sequential(ConvNormAct(2 * w, w, 3), ConvNormAct(w, w, 3))
            for w in widths
        )
        self.head = _upsample(widths[2], mask_classes)

    def forward(self, features: Features) -> torch.Tensor:
        """Features -> mask logits (B, mask_classes, H, W)."""
        *earlier, x = features.depths
        for n, patches in enumerate(reversed(earlier)):
            skip = self.tokens[n](patches)
            if self.details:
                skip = skip + self.details[n](features.details[-1 - n])
            x = self.fuse[n](torch.cat([self.up[n](x), skip], dim=1))
        return self.head(x)
