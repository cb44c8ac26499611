"""How a fine slice becomes a coarse one: the two ideal cases of how scanners lose resolution in plane.

Neither is a whole scanner. Real images lie between the two, with noise, and their finer truth is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.fft import dctn, idctn

from UnifiedViTLib.models.upscaler import FACTOR


def average(fine: np.ndarray) -> np.ndarray:
    """A large voxel sees the mean of the small ones in it: (h, w), sides multiples of 4 -> (h / 4, w / 4)."""
    h, w = fine.shape
    return fine.reshape(h // FACTOR, FACTOR, w // FACTOR, FACTOR).mean(axis=(1, 3))


def truncate(fine: np.ndarray) -> np.ndarray:
    """An MR scan that ends early knows the low spatial frequencies alone, and rings at edges: sides as in `average`.

    By the cosine transform, whose mirrored borders add no edges that the Fourier transform of a patch would have.
    """
    h, w = fine.shape
    waves: Any = dctn(fine, norm="ortho")
    coarse: Any = idctn(waves[:h // FACTOR, :w // FACTOR], norm="ortho")
    return coarse.astype(fine.dtype) / FACTOR


#: By name.
DEGRADATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"average": average, "truncate": truncate}
