"""Which names PythonQt shows of the classes of Qt, CTK and Slicer; the module under test is refused all others.

PySide shows more than PythonQt does: methods of C++ that are neither slots nor invokable, getters of properties,
arguments by name. `exposed.json` has the names that are there in every Slicer from 5.10 on: of Qt's classes the
properties, slots and signals of Qt 5.15, and the methods that PythonQt wraps and can return; of CTK's and Slicer's the
properties, slots, `Q_INVOKABLE` methods and signals of their headers. What Qt 6 no longer has is refused by PySide,
which is Qt 6. A class that is not in the table is one that nobody has looked up: find its header in Slicer at its tags,
and in CTK and PythonQt at the revisions that Slicer's superbuild names, then add it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

from PySide6 import QtCore

ROOT = Path(__file__).resolve().parents[2]
CLASSES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "exposed.json").read_text(encoding="utf-8"))
#: Folders of what runs in Slicer; the stand-in itself and the tests may call what they like.
_OURS = tuple(str(ROOT / name) + "/" for name in ("UnifiedViT", "UnifiedViTLib"))


def is_module_asking() -> bool:
    """Whether the code that uses the object, two frames up, is the module's."""
    return sys._getframe(2).f_code.co_filename.startswith(_OURS)


def check(class_name: str, name: str) -> None:
    """Raise AttributeError unless PythonQt shows a name of a class."""
    if not any(name in kind for cls in _chain(class_name) for kind in (cls["properties"], cls["methods"], _names(cls))):
        raise AttributeError(f"PythonQt shows no '{name}' of {class_name} in every Slicer from 5.10 on (exposed.json)")


def is_property(class_name: str, name: str) -> bool:
    """Whether a name is a property of a class."""
    return any(name in cls["properties"] for cls in _chain(class_name))


def is_signal(class_name: str, signature: str) -> bool:
    """Whether a class has a signal of exactly this signature."""
    return any(signature in cls["signals"] for cls in _chain(class_name))


def class_of(obj: Any) -> str:
    """The nearest class of an object that is in the table.

    Raises:
        AttributeError: none is.
    """
    cls = obj if isinstance(obj, type) else type(obj)
    for one in cls.__mro__:
        if one.__name__ in CLASSES:
            return one.__name__
    raise AttributeError(f"{cls.__name__} is not among the classes that were looked up (exposed.json)")


def called(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method as PythonQt calls it: arguments by place alone, and what it returns is shown likewise."""
    def call(*arguments: Any, **named: Any) -> Any:
        if named:
            raise TypeError(f"PythonQt takes no arguments by name: {', '.join(named)}")
        return shown(method(*map(_bare, arguments)))

    return call


def shown(value: Any) -> Any:
    """What a method has returned, in PythonQt's manner; values of Python, and objects that are so already, as they
    are."""
    if getattr(type(value), "__module__", "").startswith("PySide6.") and type(value).__name__ in CLASSES:
        return Shown(value)
    return value


class Refusing:
    """Mixed into what stands for an object of the application: the module is refused what PythonQt does not show of
    the real one, which is of the class `shown_as`."""

    shown_as = ""

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if name.startswith("_") or not is_module_asking():
            return value
        class_name = object.__getattribute__(self, "shown_as")
        check(class_name, name)
        return value if is_property(class_name, name) or not callable(value) else called(value)


class ShownClass(type(QtCore.QObject)):
    """The class of Qt's classes as the module sees them: static methods and constructors take no arguments by name."""

    def __getattribute__(cls, name: str) -> Any:
        value = super().__getattribute__(name)
        if name.startswith("_") or not is_module_asking() or isinstance(value, (type, Enum)):
            return value
        check(class_of(cls), name)
        return called(value)

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        if named and is_module_asking():
            raise TypeError(f"PythonQt takes no arguments by name: {', '.join(named)}")
        return super().__call__(*map(_bare, arguments), **named)


class ValueWays:
    """Mixed into Qt's classes of values: the module is refused what PythonQt does not show."""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name.startswith("_") or not is_module_asking() or not callable(value):
            return value
        check(class_of(self), name)
        return called(value)


class Shown:
    """An object of PySide's own classes, shown to the module in PythonQt's manner."""

    def __init__(self, bare: Any) -> None:
        object.__setattr__(self, "_bare", bare)

    def __getattr__(self, name: str) -> Any:
        bare = self._bare
        check(class_of(bare), name)
        if is_property(class_of(bare), name):
            return QtCore.QObject.property(bare, name)
        value = getattr(bare, name)
        return value if isinstance(value, QtCore.SignalInstance) else called(value)

    def __setattr__(self, name: str, value: Any) -> None:
        if not is_property(class_of(self._bare), name):
            raise AttributeError(f"'{name}' is no property of {class_of(self._bare)}")
        QtCore.QObject.setProperty(self._bare, name, value)


def _bare(value: Any) -> Any:
    return object.__getattribute__(value, "_bare") if isinstance(value, Shown) else value


def _chain(class_name: str | None) -> list[dict[str, Any]]:
    chain = []
    while class_name:
        if class_name not in CLASSES:
            raise AttributeError(f"{class_name} is not among the classes that were looked up (exposed.json)")
        chain.append(CLASSES[class_name])
        class_name = CLASSES[class_name]["base"]
    return chain


def _names(cls: dict[str, Any]) -> set[str]:
    return {signature.partition("(")[0] for signature in cls["signals"]}
