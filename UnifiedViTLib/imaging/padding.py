"""Voxels that hold no intensity: NaN, infinities, and the values that scanners and tools write where they measured
nothing. Around the body they become air; within it there is nothing to go by."""

from __future__ import annotations

import numpy as np

from ..errors import UnsupportedImageError
from .components import label_components
from .intensity import measure_foreground

#: No intensity is as large (the least of a 32-bit integer is), unless the rest of the image is of that order too.
_HUGE, _TIMES_THE_REST = 1e9, 1e4
#: CT values end at -1024; what lies at or below this, apart from all others by so much, is padding.
_LOWEST, _LEAST_GAP = -1500.0, 400.0
#: The ends of 16-bit integers, which also stand in images that were converted to floating point.
_ENDS = (-32768.0, 32767.0, 65535.0)
#: A share of voxels with exactly the same extreme value, below which it is an outlier.
_LEAST_SHARE = 0.001
#: Several tools in a row may each pad with a value of their own.
_MOST_VALUES = 4
#: A hole is in the body where so much of what touches it is body; single voxels beside the skin touch little else.
_SMALL, _AROUND_SMALL, _AROUND_LARGE = 27, 0.8, 0.35
#: Largest magnitude, and least range, whose squares single precision holds.
_LARGEST, _LEAST_RANGE = 1e15, 1e-15
#: Fewer steps than this between the least and the largest value are not an image in single precision.
_LEAST_STEPS = 64
#: Of the filled rows of the fullest among so many slices before a slice, and after it, it has at least this share.
_BESIDE, _EMPTIED = 3, 0.5
#: And the nearest of those that are filled has at least this share of the next: anatomy grows narrower before it ends.
_ABRUPT = 0.75


def replace_padding(array: np.ndarray, name: str, through: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Put air where the background holds no intensity.

    Background is what hangs together with the rim of the slices, and holes whose surroundings are air.

    Args:
        array: voxels (K, J, I) of integers or floating point; left as it is.
        name: of the image, for messages.
        through: the axis of `array` across the slices, whose two ends are not rims: a hole through all slices
            is a hole.

    Returns:
        `array` itself where nothing is to be replaced, else a copy of the same type; and notes for the user.

    Raises:
        UnsupportedImageError: voxels within the body hold no intensity, or none does, or the intensities are too large
            or too close together for single precision.
    """
    padding, words = _find_padding(array)
    if padding is None:
        _check_range(array, name)
        return array, ()
    kept = array[~padding]
    if kept.size == 0:
        raise UnsupportedImageError(
            f"{name} holds no intensities at all ({words}). Check that the right file was loaded."
        )
    _check_range(kept, name)
    foreground = measure_foreground(kept)
    holes = _count_holes(padding, array > foreground.threshold, through)
    if holes:
        raise UnsupportedImageError(
            f"{name} holds no intensity ({words}) in {holes} voxels within the body. What belongs there is not known: "
            "export the image again, or fill them in by hand, and run again."
        )
    replaced = array.copy()
    replaced[padding] = np.rint(foreground.air) if array.dtype.kind in "iu" else foreground.air
    share = np.count_nonzero(padding) / padding.size
    return replaced, (
        f"{share:.1%} of the voxels hold no intensity ({words}); they lie around the body and were taken for air.",
    )


def blank_slices(array: np.ndarray, across: int) -> list[int]:
    """Numbers, from 1, of slices that hold one value alone in half of their rows (or columns) or more, where those
    before and after them do not, abruptly: an interrupted transfer may leave them so.

    Args:
        array: voxels (K, J, I).
        across: the axis of `array` across the slices.
    """
    if array.shape[across] < 3:
        return []
    rows, columns = (axis for axis in range(3) if axis != across)
    filled = np.minimum(_filled(array, rows, columns, across), _filled(array, columns, rows, across))
    return [number + 1 for number in range(1, len(filled) - 1)
            if filled[number] < _EMPTIED * min(filled[max(0, number - _BESIDE):number].max(),
                                               filled[number + 1:number + 1 + _BESIDE].max())
            and _ends_abruptly(filled[number - 1::-1]) and _ends_abruptly(filled[number + 1:])]


def _filled(array: np.ndarray, along: int, other: int, across: int) -> np.ndarray:
    """Of each slice the share of its lines along one axis, side by side along the other, that hold several values."""
    return (array.max(axis=along) != array.min(axis=along)).mean(axis=int(other > across))


def _ends_abruptly(filled: np.ndarray) -> bool:
    """Whether what is drawn ends before an empty slice as it does not in anatomy; slices from there on, the nearest
    first."""
    nearest = int(np.argmax(filled >= _EMPTIED * filled[:_BESIDE].max()))
    return bool(filled[nearest] >= _ABRUPT * filled[nearest:nearest + _BESIDE].max())


def _find_padding(array: np.ndarray) -> tuple[np.ndarray | None, str]:
    """Which voxels hold no intensity (None for none), and what they hold, in words."""
    low, high = float(array.min()), float(array.max())  # NaN, if there is any
    ordinary = low > -_HUGE and high < _HUGE
    if array.dtype.itemsize == 1 or (ordinary and low > _LOWEST and high not in _ENDS):
        return None, ""
    padding, words = np.zeros(array.shape, bool), []
    if array.dtype.kind == "f" and not ordinary:
        for flags, word in ((np.isnan(array), "not a number, NaN"), (np.isinf(array), "infinite")):
            if flags.any():
                padding |= flags
                words.append(word)
    # The least 64-bit integer has no absolute value of its own type: compared from both sides.
    huge = ((array >= _HUGE) | (array <= -_HUGE)) & ~padding if not ordinary and array.dtype.itemsize > 2 else padding
    if huge is not padding and huge.any():
        rest = np.abs(array[~(huge | padding)].astype(np.float64))
        values = array[huge]
        least = float(np.abs(values.astype(np.float64)).min())
        if rest.size and rest.min() < rest.max() and least >= _TIMES_THE_REST * np.percentile(rest, 99.9):
            padding |= huge
            words.append(f"the fill value {float(values[len(values) // 2]):.10g}")
    for _ in range(_MOST_VALUES):
        value = _end_value(array, padding)
        if value is None:
            break
        padding |= array == value
        words.append(f"the fill value {value:.10g}")
    return (padding, ", ".join(words)) if words else (None, "")


def _end_value(array: np.ndarray, padding: np.ndarray) -> float | None:
    """The least or largest value, if it is one that stands for nothing; voxels of `padding` do not count."""
    rest = array[~padding] if padding.any() else array
    if rest.size == 0:
        return None
    for value, others_end in ((rest.min(), np.min), (rest.max(), np.max)):
        low = others_end is np.min
        if not (value <= _LOWEST if low else float(value) in _ENDS):
            continue
        others = rest[rest != value]
        if others.size == 0 or rest.size - others.size < _LEAST_SHARE * rest.size:
            continue
        gap = abs(float(others_end(others)) - float(value))
        spread = float(np.subtract(*np.percentile(others.astype(np.float64), (99.5, 0.5))))
        if gap >= (max(_LEAST_GAP, 0.1 * spread) if low else max(_LEAST_GAP, spread)):
            return float(value)
    return None


def _count_holes(padding: np.ndarray, body: np.ndarray, through: int) -> int:
    """How many voxels of `padding` are surrounded by `body`."""
    pieces, count = label_components(padding)
    rims = [pieces.take(end, axis=axis) for axis in range(3) if axis != through for end in (0, -1)]
    enclosed = np.ones(count + 1, bool)
    enclosed[np.unique(np.concatenate([rim.ravel() for rim in rims]))] = False
    enclosed[0] = False
    if not enclosed.any():
        return 0
    places = np.nonzero(enclosed[pieces])
    numbers = pieces[places]
    bodies, neighbours = np.zeros(count + 1), np.zeros(count + 1)
    for axis in range(3):
        for step in (-1, 1):
            moved = places[axis] + step
            inside = (moved >= 0) & (moved < padding.shape[axis])
            beside = tuple((moved if other == axis else place)[inside] for other, place in enumerate(places))
            outside_piece = ~padding[beside]
            number = numbers[inside][outside_piece]
            neighbours += np.bincount(number, minlength=count + 1)
            bodies += np.bincount(number, weights=body[beside][outside_piece], minlength=count + 1)
    sizes = np.bincount(numbers, minlength=count + 1)
    needed = np.where(sizes < _SMALL, _AROUND_SMALL, _AROUND_LARGE)
    return int(sizes[bodies > needed * neighbours].sum())


def _check_range(values: np.ndarray, name: str) -> None:
    """See that single precision tells these intensities apart; equal ones are somebody else's business."""
    low, high = float(values.min()), float(values.max())
    largest = max(abs(low), abs(high))
    if largest > _LARGEST:
        raise UnsupportedImageError(
            f"{name} holds values up to {largest:.3g}, which are no intensities. Export it again, or rescale it."
        )
    if low == high:
        return
    if high - low < _LEAST_RANGE:
        raise UnsupportedImageError(
            f"{name} holds values from {low:.6g} to {high:.6g}, too close together to compute with. Multiply them, for "
            "example by 1e12, and run again."
        )
    if high - low < _LEAST_STEPS * float(np.spacing(np.float32(largest))):
        raise UnsupportedImageError(
            f"{name} holds values from {low:.9g} to {high:.9g}: beside so large an offset, their differences are lost "
            "in single precision. Subtract the offset and run again."
        )
