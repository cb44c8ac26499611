"""PySide6 in the manner of PythonQt: Qt properties are attributes, signals are connected by their signature."""

from __future__ import annotations

import types
from typing import Any, ClassVar

from PySide6 import QtCore, QtGui, QtWidgets


class PythonQtWays:
    """Mixed into Qt classes: `button.enabled = True`, `label.text`, `button.connect("clicked(bool)", f)`."""

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and _is_property(self, name):
            return QtCore.QObject.property(self, name)
        if name in ("connect", "disconnect"):  # PySide finds its own before those of a class in Python
            return types.MethodType(vars(PythonQtWays)[name], self)
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and _is_property(self, name):
            if not QtCore.QObject.setProperty(self, name, value):
                raise TypeError(f"{type(self).__name__}.{name} does not take {value!r}")
        else:
            super().__setattr__(name, value)

    def connect(self, signal: str, receiver: Any) -> bool:
        getattr(self, signal.partition("(")[0]).connect(receiver)
        return True

    def disconnect(self, signal: str, receiver: Any) -> bool:
        getattr(self, signal.partition("(")[0]).disconnect(receiver)
        return True


def _is_property(obj: QtCore.QObject, name: str) -> bool:
    return QtCore.QObject.metaObject(obj).indexOfProperty(name) >= 0


class FileDialog:
    """Where the user would choose a file: the test's answers in turn; "" is Cancel. Returns texts, as PythonQt."""

    answers: ClassVar[list[str]] = []

    @classmethod
    def _answer(cls, *_arguments: Any) -> str:
        return cls.answers.pop(0)

    getOpenFileName = getSaveFileName = getExistingDirectory = _answer


def qt_module() -> types.ModuleType:
    """The module `qt`: all of QtCore, QtGui and QtWidgets, classes of objects in PythonQt's manner."""
    module = types.ModuleType("qt")
    for source in (QtCore, QtGui, QtWidgets):
        for name in dir(source):
            value = getattr(source, name)
            if isinstance(value, type) and issubclass(value, QtCore.QObject) and not name.startswith("Q_"):
                value = pythonqt_class(value)
            setattr(module, name, value)
    module.QFileDialog = FileDialog
    return module


_made: dict[type, type] = {}


def pythonqt_class(cls: type) -> type:
    """The class in PythonQt's manner; the same one every time."""
    if issubclass(cls, PythonQtWays):
        return cls
    if cls not in _made:
        _made[cls] = type(cls.__name__, (PythonQtWays, cls), {})
    return _made[cls]
