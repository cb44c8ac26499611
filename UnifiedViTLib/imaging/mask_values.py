"""What the values of a mask file mean, where compression, smoothing or arithmetic has been at them."""

from __future__ import annotations

import numpy as np

#: Floats this near to whole numbers are these: what is left of scaling there and back.
_ROUNDING = 1e-3
#: Whole numbers up to here are labels; masks with soft edges are pictures, or probabilities.
_LABELS = 8
#: So many values between nothing and the largest may be labels spread over the greys.
_LEVELS = 2
#: Up to this share of the largest value, and from that on, values may be nothing or the largest one, compressed.
_BOTTOM, _TOP = 0.1, 0.9
#: In a label map, more than this share of the voxels between these lie amid their like; in edges, none do.
_AMID = 0.05


def whole_numbers(values: np.ndarray) -> np.ndarray:
    """Floats that are whole numbers but for rounding, as such; others as they are."""
    if values.dtype.kind != "f":
        return values
    nearest = np.rint(values)
    return nearest if np.abs(values - nearest).max(initial=0) < _ROUNDING else values


def soft_share(values: np.ndarray) -> float:
    """How much of a mask lies between nothing and its largest value, because its edges are soft.

    JPEG, smoothing and interpolation leave values around what was drawn that nobody drew: counted as drawn, they
    enlarge small lesions by half. Label maps, where each value is a region of its own, have none.

    Args:
        values: (K, J, I), 0 for nothing.

    Returns:
        share of the voxels above 0; 0.0 for a mask of one value and for a label map.
    """
    largest = values.max(initial=0)
    if largest <= _LABELS and (values.dtype.kind != "f" or (values == np.rint(values)).all()):
        return 0.0
    between = (values > 0) & (values < _TOP * largest)
    if len(np.unique(values[between])) <= _LEVELS:
        return 0.0
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)), mode="edge")
    amid = between.copy()
    for rows, columns in ((slice(0, -2), slice(1, -1)), (slice(2, None), slice(1, -1)),
                          (slice(1, -1), slice(0, -2)), (slice(1, -1), slice(2, None))):
        amid &= padded[:, rows, columns] == values
    middle = between & (values > _BOTTOM * largest)
    judged = middle if middle.any() else between
    if np.count_nonzero(amid & judged) > _AMID * np.count_nonzero(judged):
        return 0.0
    return np.count_nonzero(between) / np.count_nonzero(values > 0)
