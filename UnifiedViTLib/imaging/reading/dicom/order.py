"""The order of frames that state no position: by numbers in their stack, or by a vector with one value a frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ....errors import UnsupportedImageError
from . import values

if TYPE_CHECKING:
    from pydicom import Dataset

#: FrameIncrementPointer of frames that are slices, and the element that it points at.
SLICE_ORDERS = {"(0054,0080)": "SliceVector", "(0018,2005)": "SliceLocationVector"}
#: Dimensions along which the slices of a stack follow each other: InStackPositionNumber, ImagePositionPatient.
_STACK_DIMENSIONS = ("(0020,9057)", "(0020,0032)")


def places_by_vector(dataset: Dataset, count: int, path: Path) -> Sequence[float | None]:
    """The place of each frame, by the vector that says how they follow each other; None without one.

    Args:
        dataset: the image.
        count: of its frames.
        path: its file.

    Raises:
        UnsupportedImageError: the vector does not have a number for each frame.
    """
    keyword = SLICE_ORDERS.get(values.text(dataset, "FrameIncrementPointer"), "")
    if not keyword or not values.text(dataset, keyword):
        return [None] * count
    places = values.numbers(dataset, keyword, count)
    if places is None:
        raise UnsupportedImageError(
            f"{path.name} does not say of each of its {count} frames where it lies ({keyword}): it is damaged. "
            "Export it again."
        )
    return places


def place_in_stack(groups: Sequence[Dataset], dataset: Dataset) -> float | None:
    """The number of a frame in its stack, by itself or among its dimensions; None if neither is stated.

    Args:
        groups: its functional groups, its own first.
        dataset: the image.
    """
    content = values.item(groups, "FrameContentSequence")
    if content is None:
        return None
    number = values.number(content, "InStackPositionNumber")
    if number is not None:
        return number
    pointers = [values.text(one, "DimensionIndexPointer") for one in values.items(dataset, "DimensionIndexSequence")]
    indices = values.numbers(content, "DimensionIndexValues", len(pointers)) or ()
    return next((index for pointer, index in zip(pointers, indices, strict=False) if pointer in _STACK_DIMENSIONS),
                None)
