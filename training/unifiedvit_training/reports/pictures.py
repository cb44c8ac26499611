"""Slices as small pictures, with what is drawn on them outlined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import binary_erosion

from ..config import IGNORE


def overlay(image: np.ndarray, mask: np.ndarray | None, colours: Sequence[tuple[int, int, int]]) -> np.ndarray:
    """A slice in grey with the outline of each mask class in its colour.

    Args:
        image: (H, W), any unit.
        mask: (H, W) mask class, 0 background, `IGNORE` (shown darker) what nobody labelled; or None.
        colours: RGB, 0-255, of classes 1, 2, ...

    Returns:
        (H, W, 3) uint8.
    """
    image = np.asarray(image, np.float32)
    low, high = np.percentile(image, (0.5, 99.8))
    grey = np.clip((image - low) / max(high - low, 1e-6), 0, 1) * 255
    picture = np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)
    if mask is not None:
        picture[mask == IGNORE] //= 2
    for number, colour in enumerate(colours if mask is not None else (), start=1):
        inside = mask == number
        picture[inside & ~np.asarray(binary_erosion(inside), bool)] = colour
    return picture
