"""The frame of a safetensors file checked before anything is read: a header of a sensible size that accounts for every
byte. And weights stored as int8 made floats again. On the standard library alone, as models are imported where
`safetensors` need not be there."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

from .errors import WeightsError

#: After the name of an int8 tensor: what its rows are to be multiplied with.
SCALE = ".scale"
_LARGEST_HEADER, _MOST_TENSORS = 16 << 20, 100_000
_ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


class _Malformed(Exception):
    """What is wrong with the file, as the end of a sentence that begins with its name."""


def check_tensors(path: Path) -> None:
    """See that a file is what safetensors says it should be.

    Raises:
        WeightsError: it is not; says why.
    """
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            data_bytes = path.stat().st_size - 8 - length
            if length > _LARGEST_HEADER or data_bytes < 0:
                raise _Malformed(f"has a header of {length} bytes")
            header = json.loads(file.read(length))
        _check_header(header, data_bytes)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}). Get or export the model again.") from error
    except (_Malformed, ValueError, RecursionError) as error:  # ValueError: no JSON, or a number of thousands of digits
        reason = str(error) if isinstance(error, _Malformed) else "has a header that is no JSON"
        raise WeightsError(
            f"{path.name} is no safetensors file: it {reason}. Get or export the model again."
        ) from error


def _check_header(header: Any, data_bytes: int) -> None:
    if not isinstance(header, dict) or len(header) > _MOST_TENSORS:
        raise _Malformed("has a header that is no table of tensors")
    spans = []
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        entry = entry if isinstance(entry, dict) else {}
        kind = entry.get("dtype")
        if not isinstance(kind, str) or kind not in _ITEM_BYTES:
            raise _Malformed("holds numbers of an unknown type")
        shape, span = _whole(entry.get("shape")), _whole(entry.get("data_offsets"))
        if shape is None or span is None or len(shape) > 8 or len(span) != 2:
            raise _Malformed("does not say where its numbers lie")
        if max(shape, default=0) > data_bytes or span[1] - span[0] != prod(shape) * _ITEM_BYTES[kind]:
            raise _Malformed("holds a tensor with more or fewer numbers than its shape says")
        spans.append((span[0], span[1]))
    end = 0
    for start, stop in sorted(spans):
        if start != end:
            raise _Malformed("has gaps or overlaps between its tensors")
        end = stop
    if end != data_bytes:
        raise _Malformed(f"holds {data_bytes} bytes of numbers where its header tells of {end}")


def _whole(values: Any) -> list[int] | None:
    """The list of whole numbers from 0 that `values` is; None if it is none."""
    return values if isinstance(values, list) and all(type(value) is int and value >= 0 for value in values) else None


def dequantised(tensors: dict[str, Any]) -> dict[str, Any]:
    """Tensors with those stored as int8 made floats: each row times its scale. Others are left as they are.

    Args:
        tensors: by name, of torch or of numpy. Beside an int8 tensor (C, ...) lies, named with `SCALE`, one of shape
            (C, 1, ...) in float32.

    Raises:
        ValueError: an int8 tensor has no scale, or one of another shape.
    """
    rows = {name: value for name, value in tensors.items() if str(value.dtype) in ("int8", "torch.int8")}
    floats = {}
    for name, value in rows.items():
        scale = tensors.get(name + SCALE)
        # Another shape could ask for far more memory than the file has bytes.
        if scale is None or tuple(scale.shape) != (*value.shape[:1], *(1,) * (len(value.shape) - 1)):
            raise ValueError(f"the int8 weights {name} lack the scale of their rows")
        floats[name] = value * scale
    scales = {name + SCALE for name in rows}
    return {name: floats.get(name, value) for name, value in tensors.items() if name not in scales}
