"""Several channels (sequences of one patient), of which some may be missing: a learned token stands in for each."""

from __future__ import annotations

import torch
from torch import nn

from ..spec import MISSING

#: Side of a token; the sides of every image are multiples of it.
TILE = 16


class MissingChannels(nn.Module):
    """Puts a learned patch, side by side, in the place of each missing channel.

    A patch of pixels and not one value: through the linear patch embedding ([Kassar], eq. 1) it becomes any vector
    that the encoder may want to be told "not known" by, as the mask token of masked-image modelling is (He et al.
    2022). The tokens begin at 0, the body's mean.

    Attributes:
        token: (C, 16, 16), one patch a channel.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(channels, TILE, TILE))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W), missing channels filled with `MISSING`; H and W multiples of 16 -> the same, without gaps."""
        rows, columns = (side // TILE for side in image.shape[-2:])
        return torch.where(missing_channels(image), self.token.repeat(1, rows, columns).to(image.dtype), image)


def channel_gate(channels: int) -> nn.Module:
    """What an encoder of that many channels looks through: nothing at all for one, which cannot be missing."""
    return MissingChannels(channels) if channels > 1 else nn.Identity()


def missing_channels(image: torch.Tensor) -> torch.Tensor:
    """Which channels of (B, C, H, W) are missing, (B, C, 1, 1) bool: those nowhere above half of `MISSING`.

    Normalised intensities, also augmented ones, stay within some tens of standard deviations. A maximum and a
    threshold, and no comparison with the very value, so that half precision and resampling change nothing.
    """
    return image.amax(dim=(2, 3), keepdim=True) < MISSING / 2
