"""What a result that lies in a scene must hold to be shown and reported: a scene may come from anywhere.

Less than `Resources/prediction.schema.json`, which describes the results of this version alone: a scene may be older.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    """A finite one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number_or_none(value: Any) -> bool:
    return value is None or _number(value)


def _list_of(kind: Any, least: int = 0) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and len(value) >= least and all(_fits(one, kind) for one in value)


def _matrix(value: Any) -> bool:
    """4x4."""
    return _list_of(_list_of(_number, 4), 4)(value) and [len(row) for row in value] == [4] * 4


def _by_name(kind: Any, least: int = 0) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and len(value) >= least and all(
        _fits(one, kind) for one in value.values())


#: By name; what may be missing ends in "?".
_RESULT = {
    "name": _text,
    "diagnosis": {"label": _text, "display": _text, "probability": _number, "probabilities": _by_name(_number, 1),
                  "display_names?": _by_name(_text), "findings?": _list_of(_text), "thresholds?": _by_name(_number)},
    "confidence?": {"value": _number},
    "report?": _list_of(_text),
    "segments": _list_of({"name": _text, "label": _count, "voxels": _count, "volume_ml": _number_or_none}),
    "slices": _list_of({"probabilities": _by_name(_number)}, 1),
    "region?": {"description": _text, "first_slice": _count, "box_to_ras": _matrix},
    "heatmap?": {"method": _text, "display": _text},
    "uncertainty?": {"passes": _list_of(_text), "components": _by_name(_number), "mask_dice": _number_or_none},
    "warnings": _list_of(_text),
    "model": {"id": _text, "name?": _text, "version": _text, "sha256": _text},
    "device": _text,
    "backend": _text,
    "plane": _text,
    "timings_s": _by_name(_number),
    "software?": _by_name(_text),
    "notes?": _list_of(_text),
}


def is_result(value: Any) -> bool:
    """Whether something from JSON can be shown and reported as `files.as_json` gives it."""
    if not _fits(value, _RESULT):
        return False
    diagnosis = value["diagnosis"]
    classes = diagnosis["probabilities"].keys()
    found, thresholds = diagnosis.get("findings"), diagnosis.get("thresholds")
    if (found is None) != (thresholds is None) or not set(found or ()) <= classes:
        return False
    named = [one["probabilities"] for one in value["slices"]] + ([thresholds] if thresholds is not None else [])
    return all(one.keys() >= classes for one in named) and ("uncertainty" not in value or "confidence" in value)


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a kind: a function that says so, or a dictionary of what must be in one."""
    if not isinstance(kind, dict):
        return kind(value)
    return isinstance(value, dict) and all(
        _fits(value[key], part) if (key := name.removesuffix("?")) in value else name.endswith("?")
        for name, part in kind.items())
