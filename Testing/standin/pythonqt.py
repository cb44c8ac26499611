"""PySide6 in the manner of PythonQt: Qt properties are attributes, signals are connected by their signature."""

from __future__ import annotations

import ctypes
import sys
import types
from typing import Any, ClassVar

from PySide6 import QtCore, QtGui, QtWidgets

if sys.version_info < (3, 12):
    # PySide 6.12 gives a reference to None away with each call that returns nothing, which ends a Python in which None
    # is not immortal after some hundred thousand of them.
    ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40

#: Objects, by their ids, and properties that are being read.
_reading: set[tuple[int, str]] = set()


class PythonQtWays:
    """Mixed into Qt classes: `button.enabled = True`, `label.text`, `button.connect("clicked(bool)", f)`."""

    def __getattribute__(self, name: str) -> Any:
        # Where Qt reads a property by a virtual function, PySide looks in the middle of it for one written in Python.
        if not name.startswith("_") and _is_property(self, name) and (id(self), name) not in _reading:
            _reading.add((id(self), name))
            try:
                return QtCore.QObject.property(self, name)
            finally:
                _reading.discard((id(self), name))
        if name in ("connect", "disconnect"):  # PySide finds its own before those of a class in Python
            return types.MethodType(vars(PythonQtWays)[name], self)
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        # Of the stand-in itself; and the loader of .ui files makes children attributes, as PythonQt does.
        if name.startswith("_") or isinstance(value, QtCore.QObject):
            super().__setattr__(name, value)
        elif not _is_property(self, name):
            raise AttributeError(f"'{name}' does not exist on {type(self).__name__} and creating new attributes on C++ "
                                 "objects is not allowed")
        elif not QtCore.QObject.setProperty(self, name, value):
            raise AttributeError(f"Property '{name}' of {type(self).__name__} does not accept {value!r}")

    def connect(self, signal: str, receiver: Any) -> bool:
        _signal(self, signal).connect(receiver)
        return True

    def disconnect(self, signal: str, receiver: Any) -> bool:
        _signal(self, signal).disconnect(receiver)
        return True


def _is_property(obj: QtCore.QObject, name: str) -> bool:
    return QtCore.QObject.metaObject(obj).indexOfProperty(name) >= 0


def _signal(obj: QtCore.QObject, signature: str) -> Any:
    """The signal of exactly this signature."""
    if QtCore.QObject.metaObject(obj).indexOfSignal(signature) < 0:
        raise ValueError(f"{type(obj).__name__} has no signal {signature}")
    return getattr(obj, signature.partition("(")[0])


class Painter(QtGui.QPainter):
    """PythonQt cannot return what has neither a meta type nor a default constructor."""

    def fontMetrics(self) -> None:
        raise ValueError("return type 'QFontMetrics' is ignored because it is unknown to PythonQt")


def as_read(text: str, text_format: Any = QtCore.Qt.AutoText) -> str:
    """What a user reads where Qt shows this text: in a label of this format; a tool tip and a message box are as
    `AutoText`."""
    if text_format == QtCore.Qt.AutoText:
        text_format = QtCore.Qt.RichText if QtGui.Qt.mightBeRichText(text) else QtCore.Qt.PlainText
    if text_format == QtCore.Qt.PlainText:
        return text
    document = QtGui.QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


class FileDialog:
    """Where the user would choose a file: the test's answers in turn; "" is Cancel. Returns texts, as PythonQt.

    Attributes:
        answers: what the user chooses.
        proposed: the file or folder that each dialog opened with.
    """

    answers: ClassVar[list[str]] = []
    proposed: ClassVar[list[str]] = []

    @classmethod
    def _answer(cls, _parent: Any, _title: str, proposed: str = "", _filter: str = "") -> str:
        cls.proposed.append(proposed)
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
    module.QFileDialog, module.QPainter = FileDialog, Painter
    return module


_made: dict[type, type] = {}


def pythonqt_class(cls: type) -> type:
    """The class in PythonQt's manner; the same one every time."""
    if issubclass(cls, PythonQtWays):
        return cls
    if cls not in _made:
        _made[cls] = type(cls.__name__, (PythonQtWays, cls), {})
    return _made[cls]
