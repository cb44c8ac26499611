"""Slices at the resolution they were stored in, on the scale that upscalers work on."""

from __future__ import annotations

import numpy as np

from UnifiedViTLib.imaging.intensity import measure_foreground
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.slicing import slice_view
from UnifiedViTLib.models.upscaler import FACTOR

from ..data.dataset import Dataset
from .degradation import DEGRADATIONS

#: Patches that a step takes from each slice it reads.
PATCHES = 4
#: A patch is drawn anew, so many times at most, where less than this share of it is body.
_LEAST_BODY, _TRIES = 0.3, 8
#: Top of the noise (standard deviation, bright tissue 1) that coarse patches get.
_NOISE = 0.02


def stored_slice(dataset: Dataset, index: int) -> tuple[np.ndarray, np.ndarray]:
    """The slice at `index` of a dataset as it was stored, before it was prepared.

    Returns:
        (h, w) float32, air 0 and bright tissue (the 99.5th percentile of the volume) 1; (h, w) bool, body.
    """
    item, position = dataset.items[dataset.slices.items[index]], int(dataset.slices.positions[index])
    volume = read(item.image)
    foreground = measure_foreground(volume.array)
    image = slice_view(volume, dataset.recipe.get("data", {}).get("plane", "auto")).of(volume.array)[position]
    image = image.astype(np.float32)
    return (image - foreground.air) / (foreground.ceiling - foreground.air), image > foreground.threshold


def patches(dataset: Dataset, index: int, side: int, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """`PATCHES` patches of a slice, mirrored and turned at random, made coarse in one of the ways at random.

    Args:
        dataset: whose slice it is.
        index: the number of the slice.
        side: pixels along a side of a fine patch, a multiple of 4. Smaller slices are continued at their borders.
        chance: draws places and ways.

    Returns:
        coarse (n, side / 4, side / 4) with some noise, and fine (n, side, side), float32.
    """
    image, body = stored_slice(dataset, index)
    missing = [(0, max(0, side - length)) for length in image.shape]
    image, body = np.pad(image, missing, mode="edge"), np.pad(body, missing)
    coarse, fine = [], []
    for _ in range(PATCHES):
        for _ in range(_TRIES):
            top, left = (int(chance.integers(0, length - side + 1)) for length in image.shape)
            place = slice(top, top + side), slice(left, left + side)
            if body[place].mean() >= _LEAST_BODY:
                break
        patch = np.rot90(image[place], int(chance.integers(4)))
        patch = np.ascontiguousarray(patch[:, ::-1] if chance.random() < 0.5 else patch)
        small = list(DEGRADATIONS.values())[int(chance.integers(len(DEGRADATIONS)))](patch)
        noise = chance.normal(0, chance.uniform(0, _NOISE), small.shape)
        coarse.append((small + noise).astype(np.float32))
        fine.append(patch)
    return np.stack(coarse), np.stack(fine)


def cut_to_multiple(image: np.ndarray) -> np.ndarray:
    """(h, w) without the last rows and columns that a multiple of 4 leaves over."""
    h, w = (length // FACTOR * FACTOR for length in image.shape)
    return image[:h, :w]
