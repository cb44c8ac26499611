"""Dataclasses that go through JSON and come back the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

RecordType = TypeVar("RecordType", bound="Record")
#: Takes an array by the name under which it is to be found again.
Save = Callable[[str, np.ndarray], None]
#: Gives the array of a name.
Load = Callable[[str], np.ndarray]


class Record:
    """Base of dataclasses whose fields are numbers, texts, paths, arrays, other dataclasses, and tuples, lists,
    dictionaries and optionals of these: each knows the way to JSON and back, so that nobody lists its fields again.

    Attributes:
        unwritten: fields that are not written, as the reader has them.
    """

    unwritten: ClassVar[tuple[str, ...]] = ()

    def to_dict(self, save: Save | None = None) -> dict[str, Any]:
        """As JSON has it: tuples as lists, paths as texts, arrays by their names.

        Args:
            save: takes the arrays; needed where there are any.
        """
        return _to_plain(self, "", save)

    @classmethod
    def from_dict(cls: type[RecordType], data: Mapping[str, Any], load: Load | None = None, **missing: Any
                  ) -> RecordType:
        """The same record. Neither a field too few, whose default may not be what was meant, nor one too many or of
        another type is taken: `data` may come from another version, or from a file that somebody edited.

        Args:
            data: from `to_dict`.
            load: gives the arrays that `save` took.
            missing: the fields of `unwritten`.

        Raises:
            TypeError, ValueError: it is none.
        """
        return _from_plain(cls, data, load, missing)


@cache
def _types(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _to_plain(value: Any, name: str, save: Save | None) -> Any:
    if is_dataclass(value):
        return {one.name: _to_plain(getattr(value, one.name), f"{name}.{one.name}" if name else one.name, save)
                for one in fields(value) if one.name not in getattr(value, "unwritten", ())}
    if isinstance(value, np.ndarray):
        if save is None:
            raise TypeError(f"{name} is an array, which JSON does not know")
        save(name, value)
        return name
    if isinstance(value, Mapping):
        return {key: _to_plain(item, f"{name}.{key}", save) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_to_plain(item, f"{name}.{n}", save) for n, item in enumerate(value)]
    return str(value) if isinstance(value, Path) else value


def _from_plain(kind: Any, data: Any, load: Load | None, missing: Mapping[str, Any] | None = None) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        types, unwritten = _types(kind), getattr(kind, "unwritten", ())
        names = [one.name for one in fields(kind) if one.name not in unwritten]
        if _checked(data, Mapping).keys() != set(names):
            raise ValueError(f"{kind.__name__} has other fields than {', '.join(map(str, data))}")
        return kind(**{name: _from_plain(types[name], data[name], load) for name in names}, **(missing or {}))
    if get_origin(kind) in (Union, UnionType):
        return None if data is None else _from_plain(next(k for k in get_args(kind) if k is not NoneType), data, load)
    if kind is np.ndarray:
        if load is None:
            raise TypeError(f"{data} is the name of an array, and there is nothing to load it with")
        return load(_checked(data, str))
    if kind is Path:
        return Path(_checked(data, str))
    origin, parts = get_origin(kind) or kind, get_args(kind)
    if origin is tuple:
        several = len(parts) == 2 and parts[1] is Ellipsis
        kinds = [parts[0]] * len(_checked(data, list)) if several else parts
        return tuple(_from_plain(one, item, load) for one, item in zip(kinds, _checked(data, list), strict=True))
    if origin is list:
        return [_from_plain(parts[0], item, load) for item in _checked(data, list)]
    if origin is dict:
        return {_checked(key, parts[0]): _from_plain(parts[1], item, load)
                for key, item in _checked(data, Mapping).items()}
    return data if kind is Any else _checked(data, kind)


def _checked(data: Any, kind: Any) -> Any:
    """`data`, if it is of this kind; whole numbers are floats too, but truth values no numbers."""
    kinds = (float, int) if kind is float else kind
    if not isinstance(data, kinds) or (isinstance(data, bool) and kind is not bool):
        raise TypeError(f"{data!r:.80} is no {kind.__name__}")
    return data
