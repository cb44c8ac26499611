"""Augmentation of a whole batch at once, image and mask by the same deformation.

MONAI's transforms work image by image; on two CPU cores they would take longer than the network. Here rotation,
flip, scale, shift and elastic deformation are one `grid_sample`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F


def augment(images: torch.Tensor, masks: torch.Tensor, size: int, strength: float,
            generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Deform and recolour.

    Args:
        images: (B, 1, H, W) float32, normalised (body at zero mean, unit variance).
        masks: (B, H, W) uint8, mask class (two classes).
        size: side of what comes out; the network's input.
        strength: 0 leaves all as it is, 1 is the default.
        generator: source of chance, so that a run can be repeated.

    Returns:
        images (B, 1, size, size) float32, masks (B, size, size) int64.
    """
    batch = len(images)

    def chance(*shape: int) -> torch.Tensor:
        return torch.rand(shape, generator=generator)

    def spread(*shape: int) -> torch.Tensor:
        return chance(*shape) * 2 - 1

    grid = _grid(batch, size, strength, chance, spread)
    both = torch.cat([images, masks[:, None].float()], dim=1)
    both = F.grid_sample(both, grid, mode="bilinear", padding_mode="border", align_corners=False)
    image, mask = both[:, :1], (both[:, 1] > 0.5).long()

    # Intensity: a smooth bias field and a gain, an offset, a gamma on the range, noise, loss of resolution.
    low = image.amin(dim=(1, 2, 3), keepdim=True)
    span = (image.amax(dim=(1, 2, 3), keepdim=True) - low).clamp_min(1e-3)
    field = F.interpolate(spread(batch, 1, 4, 4), size=(size, size), mode="bicubic", align_corners=True)
    gain = torch.exp(strength * (0.35 * field * chance(batch, 1, 1, 1) + 0.2 * spread(batch, 1, 1, 1)))
    gamma = torch.exp(0.35 * strength * spread(batch, 1, 1, 1))
    image = (((image - low) / span).clamp(0, 1) ** gamma * span) * gain + low + 0.25 * strength * spread(batch, 1, 1, 1)
    blurred = F.interpolate(F.avg_pool2d(image, 2), size=(size, size), mode="bilinear", align_corners=False)
    image = torch.where(chance(batch, 1, 1, 1) < 0.15 * strength, blurred, image)
    noise = torch.randn(image.shape, generator=generator)
    return image + 0.12 * strength * chance(batch, 1, 1, 1) ** 2 * noise, mask


def _grid(batch: int, size: int, strength: float, chance, spread) -> torch.Tensor:
    """Where each new pixel comes from: (B, size, size, 2) in [-1, 1]."""
    angle = strength * math.radians(25) * spread(batch)
    scale = torch.exp(strength * 0.25 * spread(batch))
    squeeze = torch.exp(strength * 0.08 * spread(batch))
    flip = torch.where(chance(batch) < 0.5 * min(strength, 1), -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    shift = 0.12 * strength * spread(batch, 2)
    theta = torch.stack([
        torch.stack([cos * flip * squeeze, -sin, shift[:, 0]], dim=1),
        torch.stack([sin * flip, cos / squeeze, shift[:, 1]], dim=1),
    ], dim=1)
    grid = F.affine_grid(theta, [batch, 1, size, size], align_corners=False)
    bend = F.interpolate(spread(batch, 2, 6, 6), size=(size, size), mode="bicubic", align_corners=True)
    bend = bend * 0.05 * strength * (chance(batch, 1, 1, 1) < 0.5)
    return grid + bend.permute(0, 2, 3, 1)
