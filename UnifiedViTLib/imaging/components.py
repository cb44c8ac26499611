"""Connected components of a mask."""

from __future__ import annotations

from typing import Any

import numpy as np


def label_components(mask: np.ndarray, structure: np.ndarray | None = None) -> tuple[np.ndarray, int]:
    """The components of `mask`, numbered from 1 on an array of its shape (int32, 0 outside), and how many there are.

    Args:
        mask: of any shape; 0 or False outside.
        structure: which neighbours are connected; None for those that share a face.
    """
    from scipy import ndimage  # here as everywhere: a program that computes nothing starts a third sooner without SciPy

    numbers = np.empty(mask.shape, np.int32)
    count: Any = ndimage.label(mask, structure, output=numbers)  # with `output`, it is the count alone
    return numbers, int(count)
