"""Intensity: what is body and what is air, and zero mean and unit variance over the body.

[Kassar] asks for grey images of zero mean and unit variance, standardised between scanners. The statistics are
those of the body in each slice: air, whose share differs from scanner to scanner, does not enter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Values are clipped to this range (in standard deviations) so that vessels, fat and artefacts do not dominate.
CLIP = (-4.0, 5.0)


@dataclass(frozen=True)
class Foreground:
    """Intensity statistics of the body in a whole volume, in the volume's own unit.

    Attributes:
        air: a low percentile, what air looks like.
        threshold: above it is body.
        mean, deviation: of the voxels above the threshold, winsorised at the 99.5th percentile.
        ceiling: that percentile.
    """

    air: float
    threshold: float
    mean: float
    deviation: float
    ceiling: float

    def grey(self, image: np.ndarray) -> np.ndarray:
        """(H, W), in the volume's unit -> (H, W, 3) uint8: air black, the ceiling white."""
        shown = (image.astype(np.float32) - self.air) / (self.ceiling - self.air)
        return np.repeat((255 * np.clip(shown, 0, 1)).astype(np.uint8)[..., None], 3, axis=2)


def measure_foreground(array: np.ndarray) -> Foreground:
    """Statistics of the body in `array` (any shape, any unit); at most a million voxels are looked at."""
    values = array.reshape(-1) if array.flags.c_contiguous else array.ravel()
    # An odd step meets every column of a grid whose side is a power of two.
    values = values[:: (values.size // 1_000_000) | 1].astype(np.float32)
    air, ceiling = (float(v) for v in np.percentile(values, (1, 99.5)))
    if ceiling <= air:  # nearly everything is air: a few bright voxels in a sea of one value
        air, ceiling = float(values.min()), float(max(values.max(), values.min() + 1e-6))
    threshold = air + 0.1 * (ceiling - air)
    body = np.minimum(values[values > threshold], ceiling)
    if body.size < 2:
        body = np.array([air, ceiling])
    # In float64, and with a floor in the image's own unit: diffusion maps have values of 1e-9.
    deviation = max(body.std(dtype=np.float64), 1e-6 * (ceiling - air))
    return Foreground(air, threshold, float(body.mean(dtype=np.float64)), float(deviation), ceiling)


def normalise(slices: np.ndarray, foreground: Foreground) -> np.ndarray:
    """Zero mean and unit variance over the body of each slice.

    Args:
        slices: (N, H, W) float32, in the volume's unit.
        foreground: statistics of the volume. They hold up slices with little body: a slice's own statistics count
            by the share of body in it, and its deviation never falls under a third of the volume's, so that the
            noise of an empty slice is not blown up into a picture.

    Returns:
        (N, H, W) float32 within `CLIP`.
    """
    # Counted from the volume's mean: squares of values far from zero would lose their last digits.
    centred = np.minimum(slices, np.float32(foreground.ceiling)) - np.float32(foreground.mean)
    body = slices > foreground.threshold
    count = np.array([np.count_nonzero(one) for one in body], np.float64)
    inside = np.where(body, centred, np.float32(0))
    total = inside.sum(axis=(1, 2), dtype=np.float64)
    square = np.square(inside, out=inside).sum(axis=(1, 2), dtype=np.float64)
    safe = np.maximum(count, 1)
    mean = total / safe
    deviation = np.sqrt(np.maximum(square / safe - mean**2, 0))
    own = np.clip(count / (0.1 * body[0].size), 0, 1)
    mean = own * mean
    deviation = np.maximum(own * deviation + (1 - own) * foreground.deviation, foreground.deviation / 3)
    centred -= mean.astype(np.float32)[:, None, None]
    centred /= deviation.astype(np.float32)[:, None, None]
    return np.clip(centred, *CLIP, out=centred)
