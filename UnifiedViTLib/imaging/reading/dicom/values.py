"""Values of a DICOM data set, whatever stands in it: what is missing, empty or malformed is None, or an empty list."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset


def text(dataset: Dataset, keyword: str) -> str:
    """The value as text, several joined as DICOM does ("ORIGINAL\\PRIMARY"); "" if there is none."""
    values = _values(dataset, keyword)
    return "\\".join(str(value).strip() for value in values)


def numbers(dataset: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """Exactly `count` finite numbers.

    Args:
        dataset: of pydicom.
        keyword: of the element.
        count: how many numbers are needed; None is given where there are more, fewer or others.
    """
    values = _values(dataset, keyword)
    try:
        parsed = tuple(float(value) for value in values)
    except (TypeError, ValueError, OverflowError):
        return None
    return parsed if len(parsed) == count and all(map(math.isfinite, parsed)) else None


def number(dataset: Dataset, keyword: str) -> float | None:
    """One finite number."""
    values = numbers(dataset, keyword, 1)
    return values[0] if values else None


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence."""
    return [item for item in _values(dataset, keyword) if hasattr(item, "get_item")]


def item(datasets: Sequence[Dataset], keyword: str) -> Dataset | None:
    """The first item of the first sequence of this name in `datasets`."""
    return next((sequence[0] for dataset in datasets if (sequence := items(dataset, keyword))), None)


def is_uid(text: str) -> bool:
    """Whether a text is a unique identifier of DICOM: digits and points, at most 64."""
    return 0 < len(text) <= 64 and not set(text) - set("0123456789.") and text[0] != "." != text[-1]


def _values(dataset: Dataset, keyword: str) -> list[Any]:
    try:
        value = dataset.get(keyword)
    except Exception:  # pydicom converts on access, and raises of many kinds for what is malformed
        return []
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else [value]
