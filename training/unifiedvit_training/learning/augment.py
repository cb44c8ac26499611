"""Augmentation of a whole batch at once, all channels and the mask by the same deformation.

MONAI's transforms work image by image; on two CPU cores they would take longer than the network. Here crop, rotation,
flip, scale, shift and elastic deformation are one `grid_sample`. Chance is drawn sample by sample, so that a sample
is changed in the same way however a batch is shared between devices.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from UnifiedViTLib.models.channels import missing_channels
from UnifiedViTLib.spec import MISSING

from ..config import IGNORE, Augmentation
from .artefacts import add_artefacts
from .burnt_in import burn_in
from .skull_strip import RANDOM_NUMBERS, skull_strip, smooth_field

#: Sides of the coarse grids of elastic deformation and of the bias field.
_BEND, _FIELD = 6, 4
#: Pieces of the tone curve.
_TONES = 6
#: Single numbers drawn for the deformation and for the intensity.
_MOVES, _COLOURS = 12, 6


def augment(images: torch.Tensor, masks: torch.Tensor, size: int, strength: Augmentation,
            generators: list[torch.Generator]) -> tuple[torch.Tensor, torch.Tensor]:
    """Strip of the skull, deform, recolour each channel by itself, paint marks in, and take channels away.

    Args:
        images: (B, C, H, W) float32, normalised (body at zero mean, unit variance), missing channels `spec.MISSING`.
        masks: (B, H, W) uint8, mask class, `IGNORE` what nobody labelled.
        size: side of what comes out; the network's input.
        strength: the top of each range.
        generators: B sources of chance (on the CPU), one a sample.

    Returns:
        images (B, C, size, size) float32, masks (B, size, size) int64.
    """
    device, channels = images.device, images.shape[1]
    count = _MOVES + _COLOURS + _TONES + 2 * _BEND**2 + _FIELD**2
    chance = torch.stack([
        torch.rand(count, generator=generator) for generator in generators
    ]).to(device)
    moves, colours, tones, bend, field = chance.split([_MOVES, _COLOURS, _TONES, 2 * _BEND**2, _FIELD**2], dim=1)
    zoom = torch.ones(len(images), device=device)
    if strength.skull_strip:
        numbers = torch.stack([torch.rand(RANDOM_NUMBERS, generator=generator) for generator in generators])
        images, masks, zoom = skull_strip(images, masks, strength.skull_strip, numbers)
    grid = _grid(moves, bend.view(-1, 2, _BEND, _BEND) * 2 - 1, size, strength, zoom)
    unlabelled = masks == IGNORE
    classes = int(masks.masked_fill(unlabelled, 0).max()) + 1
    lesions = [(masks == label)[:, None].float() for label in range(1, classes)]
    if partial := bool(unlabelled.any()):
        lesions.append(unlabelled[:, None].float())
    both = F.grid_sample(torch.cat([images, *lesions], dim=1), grid, padding_mode="border", align_corners=False)
    image, drawn = both[:, :channels], both[:, channels:]
    background = 1 - drawn.sum(dim=1, keepdim=True)
    mask = torch.cat([background, drawn], dim=1).argmax(dim=1)
    if partial:
        mask.masked_fill_(mask == classes, IGNORE)
    if channels > 1:  # the first channel's is drawn already
        rest = torch.stack([torch.rand(channels - 1, _COLOURS + _TONES + _FIELD**2, generator=g) for g in generators])
        first = torch.cat([colours, tones, field], dim=1)[:, None]
        each = torch.cat([first, rest.to(device)], dim=1).flatten(0, 1)
        colours, tones, field = each.split([_COLOURS, _TONES, _FIELD**2], dim=1)
    noise = torch.stack([torch.randn(channels, size, size, generator=g) for g in generators]).to(device)
    # Each channel as an image of its own.
    image = _recolour(image.reshape(-1, 1, size, size), colours, tones, field.view(-1, 1, _FIELD, _FIELD) * 2 - 1,
                      noise.view(-1, 1, size, size), strength).view(-1, channels, size, size)
    if strength.artefacts:
        image = add_artefacts(image, strength.artefacts, generators)
    if strength.burnt_in:
        image = burn_in(image, strength.burnt_in, generators)
    if channels > 1:
        image = image.masked_fill(_gone(images, strength.drop_channel, generators), MISSING)
    return image, mask


def _gone(images: torch.Tensor, share: float, generators: list[torch.Generator]) -> torch.Tensor:
    """Channels that are missing, and of the others each with the probability `share`, but one of a sample at least;
    (B, C, 1, 1) bool."""
    missing = missing_channels(images)
    draws = torch.stack([torch.rand(images.shape[1], generator=g) for g in generators])
    draws = draws.to(images.device)[..., None, None].masked_fill(missing, -1.0)
    return missing | ((draws < share) & (draws < draws.amax(dim=1, keepdim=True)))


def _grid(chance: torch.Tensor, bend: torch.Tensor, size: int, strength: Augmentation, zoom: torch.Tensor
          ) -> torch.Tensor:
    """Where each new pixel comes from, (B, size, size, 2) in [-1, 1]; `chance` (B, 12) in [0, 1), `zoom` (B,) the
    share of each frame that is to fill the new one."""
    spread = chance * 2 - 1
    angle = math.radians(strength.rotation) * spread[:, 0]
    scale = zoom * torch.exp(strength.scale * spread[:, 1])
    anisotropy = torch.exp(strength.anisotropic_scale * spread[:, 2])
    flip = torch.where(chance[:, 3] < strength.flip, -1.0, 1.0)
    # Margins cut on each side, in half of the samples: the field of view differs from scanner to scanner.
    cut = strength.crop * chance[:, 4:8] * (chance[:, 8:9] < 0.5)
    width, height = 1 - cut[:, 0] - cut[:, 1], 1 - cut[:, 2] - cut[:, 3]
    shift = strength.shift * spread[:, 9:11] + torch.stack([cut[:, 0] - cut[:, 1], cut[:, 2] - cut[:, 3]], dim=1)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    theta = torch.stack([
        torch.stack([cos * flip * anisotropy * width, -sin * height, shift[:, 0]], dim=1),
        torch.stack([sin * flip * width, cos / anisotropy * height, shift[:, 1]], dim=1),
    ], dim=1)
    grid = F.affine_grid(theta, [len(chance), 1, size, size], align_corners=False)
    smooth = smooth_field(bend, size)
    half = (chance[:, 11] < 0.5).to(grid.dtype).view(-1, 1, 1, 1)
    return grid + (strength.elastic * half * smooth).permute(0, 2, 3, 1)


def _recolour(image: torch.Tensor, chance: torch.Tensor, tones: torch.Tensor, field: torch.Tensor,
              noise: torch.Tensor, strength: Augmentation) -> torch.Tensor:
    """A tone curve and gamma on the range, a smooth bias field and a gain, an offset, loss of resolution, noise;
    `chance` (B, 6), `tones` (B, 6)."""
    size = image.shape[-1]
    draws = chance.view(-1, 6, 1, 1, 1).unbind(dim=1)
    low = image.amin(dim=(1, 2, 3), keepdim=True)
    span = (image.amax(dim=(1, 2, 3), keepdim=True) - low).clamp_min(1e-3)
    smooth = smooth_field(field, size)
    gain = torch.exp(strength.bias_field * smooth * draws[0] + strength.gain * (draws[1] * 2 - 1))
    gamma = torch.exp(strength.gamma * (draws[2] * 2 - 1))
    offset = strength.offset * (draws[3] * 2 - 1)
    toned = _curve(((image - low) / span).clamp(0, 1), torch.exp(strength.tone_curve * (tones * 2 - 1)))
    image = (toned**gamma * span) * gain + low + offset
    blurred = F.interpolate(F.avg_pool2d(image, 2), size=(size, size), mode="bilinear", align_corners=False)
    image = torch.where(draws[4] < strength.blur, blurred, image)
    return image + strength.noise * draws[5] ** 2 * noise


def _curve(image: torch.Tensor, slopes: torch.Tensor) -> torch.Tensor:
    """(B, 1, H, W) in 0..1 through a rising curve of straight pieces from 0 to 1, with `slopes` (B, _TONES)."""
    rises = slopes / slopes.sum(dim=1, keepdim=True)
    starts = rises.cumsum(dim=1) - rises
    place = image.flatten(1) * _TONES
    piece = place.long().clamp(0, _TONES - 1)
    return (starts.gather(1, piece) + (place - piece) * rises.gather(1, piece)).view_as(image)
