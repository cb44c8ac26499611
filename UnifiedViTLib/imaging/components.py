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


def largest_component(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Indices (n, D) of the largest connected piece of a mask of D dimensions that is not empty, and how many pieces
    there are."""
    corner = np.array([np.flatnonzero(mask.any(axis=tuple({*range(mask.ndim)} - {axis})))[[0, -1]]
                       for axis in range(mask.ndim)])
    pieces, count = label_components(mask[tuple(slice(first, last + 1) for first, last in corner)])
    number = 1 + np.bincount(pieces.ravel())[1:].argmax()
    return np.argwhere(pieces == number) + corner[:, 0], count
