"""Masked-image modelling: hide most of an image, let the encoder see the rest, and paint back what was hidden.

Two ways with one interface: `MaskedAutoencoder` (He et al. 2022) for a ViT, whose hidden patches cost nothing, and
`SimMIM` (Xie et al. 2022) for any other encoder. `masked_model` chooses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
import torch.nn.functional as F
from timm.layers import build_sincos2d_pos_embed
from timm.models.vision_transformer import Block
from torch import nn

from UnifiedViTLib.models.channels import missing_channels
from UnifiedViTLib.models.encoders import PATCH, ViTEncoder

from ..errors import RunError

#: Added to a block's variance (the body's is 1), so that the noise of air is not blown up into something to paint.
_FLOOR = 0.01
#: Channels of one attention head of the light decoder.
_HEAD = 32


class MaskedModel(nn.Module, ABC):
    """An encoder that is to paint back hidden blocks; subclasses say how.

    Attributes:
        encoder: what is to learn. Its `forward` gives features whose `patch_maps` are maps, the deepest last, of images
            of `in_channels`.
        block: side of a hidden block in pixels.
    """

    encoder: Any

    def __init__(self, encoder: nn.Module, block: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.block = block

    @abstractmethod
    def reconstruct(self, seen: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """Paint the whole image: (B, C, H, W) with hidden pixels at 0, and (B, h, w) bool -> (B, C, H, W)."""

    def forward(self, images: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Hide, paint, compare.

        Args:
            images: (B, C, H, W), normalised (body at zero mean, unit variance); sides are multiples of `block`.
                Of a missing channel nothing is to be painted.
            hidden: (B, H / block, W / block) bool, the same number in each image.

        Returns:
            the mean squared error over the hidden pixels, where each block has zero mean and unit variance (He et
            al. 2022, section 4.1: of use for what is learnt); painted (B, C, H, W) in the images' own scale, which
            takes each block's true mean and variance.
        """
        reconstructed = self.reconstruct(hide(images, hidden, self.block), hidden).float()
        mean, deviation = self._statistics(images)
        error = (reconstructed - (images - mean) / deviation) ** 2
        asked = hidden[:, None] & ~missing_channels(images)
        loss = F.avg_pool2d(error, self.block)[asked].mean()
        return loss, reconstructed.detach() * deviation + mean

    def _statistics(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and standard deviation of the block that each pixel is in, (B, C, H, W) each."""
        mean = _spread(F.avg_pool2d(images, self.block), self.block)
        variance = _spread(F.avg_pool2d((images - mean) ** 2, self.block), self.block)
        return mean, (variance + _FLOOR).sqrt()


class MaskedAutoencoder(MaskedModel):
    """Only what is visible goes through the ViT; a light transformer paints the rest (He et al. 2022).

    Pixels are hidden before the stem, so that its convolutions cannot carry them to visible patches.

    Args:
        encoder: with or without a convolutional stem.
        decoder_width, decoder_depth: channels and blocks of the light transformer.
    """

    def __init__(self, encoder: ViTEncoder, decoder_width: int, decoder_depth: int) -> None:
        super().__init__(encoder, PATCH)
        self.narrow = nn.Linear(encoder.width, decoder_width)
        self.mask_token = nn.Parameter(torch.randn(decoder_width) * 0.02)
        self.blocks = nn.Sequential(*(
            Block(decoder_width, decoder_width // _HEAD, qkv_bias=True) for _ in range(decoder_depth)
        ))
        self.norm = nn.LayerNorm(decoder_width)
        self.pixels = nn.Linear(decoder_width, encoder.in_channels * PATCH**2)

    def reconstruct(self, seen: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """See `MaskedModel.reconstruct`."""
        batch, height, width = hidden.shape
        visible = (~hidden).flatten(1).nonzero()[:, 1].view(batch, -1)  # (B, V), row by row
        vit, seen = self.encoder.vit, self.encoder.gate(seen)
        tokens = vit._pos_embed(vit.patch_embed(self.encoder.stem(seen)[-1] if self.encoder.stem else seen))
        prefix = vit.num_prefix_tokens
        kept = torch.cat([tokens[:, :prefix], _rows(tokens[:, prefix:], visible)], dim=1)
        kept = self.narrow(vit.norm(vit.blocks(vit.norm_pre(kept)))).float()

        patches = self.mask_token.expand(batch, height * width, -1)
        patches = patches.scatter(1, visible[:, :, None].expand(-1, -1, kept.shape[2]), kept[:, prefix:])
        places = build_sincos2d_pos_embed([height, width], kept.shape[2], device=kept.device)
        reconstructed = self.norm(self.blocks(torch.cat([kept[:, :prefix], patches + places], dim=1)))
        return F.pixel_shuffle(
            self.pixels(reconstructed[:, prefix:]).transpose(1, 2).unflatten(2, (height, width)), PATCH
        )


class SimMIM(MaskedModel):
    """The whole image, hidden blocks filled, goes through the encoder; a linear head on the deepest map paints
    (Xie et al. 2022). A block is a cell of that map: of 32 pixels for a pyramid of four levels.

    Args:
        encoder: of any kind.
        size: side of the images.

    Raises:
        RunError: the deepest map does not divide images of that size.
    """

    def __init__(self, encoder: Any, size: int) -> None:
        with torch.no_grad():  # not as in training: batch normalisation would remember the empty image
            _, channels, side, _ = encoder.eval()(torch.zeros(1, encoder.in_channels, size, size)).patch_maps[-1].shape
        encoder.train()
        # A pyramid rounds up where the size does not fit its cells of 2^n pixels; one cell alone cannot be hidden.
        if side == 1 or size % side or (size // side) & (size // side - 1):
            raise RunError(
                f"pretrain.size: {size} pixels a side become {side} cells in this encoder. Choose a multiple of 32, "
                "64 or more."
            )
        super().__init__(encoder, max(size // side, PATCH))
        self.stride = size // side
        self.pixels = nn.Conv2d(channels, encoder.in_channels * self.stride**2, 1)

    def reconstruct(self, seen: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """See `MaskedModel.reconstruct`; where pixels were hidden is for the encoder to see."""
        return F.pixel_shuffle(self.pixels(self.encoder(seen).patch_maps[-1]), self.stride)


def masked_model(encoder: nn.Module, size: int, decoder_width: int, decoder_depth: int) -> MaskedModel:
    """The way of masking that suits `encoder` and images of `size` pixels a side; the decoder's width and depth are
    for a ViT alone.

    Args:
        encoder: to be trained.
        size: pixels along a side of an image.
        decoder_width, decoder_depth: of what fills in the hidden patches of a ViT.
    """
    if isinstance(encoder, ViTEncoder):
        return MaskedAutoencoder(encoder, decoder_width, decoder_depth)
    return SimMIM(encoder, size)


def random_mask(rows: int, columns: int, share: float, generators: list[torch.Generator]) -> torch.Tensor:
    """Which blocks to hide: (B, rows, columns) bool, the same number in each, at least one hidden and one not.

    Args:
        rows, columns: how many blocks an image has.
        share: of them to hide, 0..1.
        generators: B sources of chance (on the CPU), one an image.
    """
    count = rows * columns
    hidden = torch.zeros(len(generators), count, dtype=torch.bool)
    for row, generator in zip(hidden, generators, strict=True):
        row[torch.randperm(count, generator=generator)[: min(max(round(share * count), 1), count - 1)]] = True
    return hidden.view(-1, rows, columns)


def hide(images: torch.Tensor, hidden: torch.Tensor, block: int) -> torch.Tensor:
    """Images (B, C, H, W) with the pixels of hidden blocks, (B, H / block, W / block) bool, at 0: the body's mean. A
    missing channel stays one.

    Args:
        images: (B, C, H, W).
        hidden: (B, H / block, W / block) bool.
        block: pixels along a side of a block.
    """
    return images.masked_fill(_spread(hidden[:, None], block) & ~missing_channels(images), 0.0)


def _spread(blocks: torch.Tensor, block: int) -> torch.Tensor:
    """(B, C, h, w) -> (B, C, h * block, w * block), each value all over its block."""
    return blocks.repeat_interleave(block, dim=2).repeat_interleave(block, dim=3)


def _rows(tokens: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Tokens (B, N, D) at `places` (B, V) -> (B, V, D)."""
    return tokens.gather(1, places[:, :, None].expand(-1, -1, tokens.shape[2]))
