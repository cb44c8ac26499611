"""PySide6 in the manner of PythonQt: Qt properties are attributes, signals are connected by their signature."""

from __future__ import annotations

import ctypes
import sys
import types
from typing import Any, ClassVar

from PySide6 import QtCore, QtGui, QtWidgets

from .exposed import (
    CLASSES,
    ShownClass,
    ValueWays,
    called,
    check,
    class_of,
    is_module_asking,
    is_property,
    is_signal,
    shown,
)

if sys.version_info < (3, 12):
    # PySide 6.12 gives a reference to None away with each call that returns nothing, which ends a Python in which None
    # is not immortal after some hundred thousand of them.
    ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40

#: Virtual functions of which Qt, through PySide, asks the objects themselves whether Python has written one: where the
#: module drops an object, its own code is what asks, to all appearance.
_ASKED_BY_QT = {"childEvent", "connectNotify", "customEvent", "disconnectNotify", "timerEvent"}
#: Objects, by their ids, and properties that are being read.
_reading: set[tuple[int, str]] = set()


class PythonQtWays:
    """Mixed into Qt classes: `button.enabled = True`, `label.text`, `button.connect("clicked(bool)", f)`. The module is
    refused what PythonQt does not show (`exposed`)."""

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_") or name in _ASKED_BY_QT or not is_module_asking() or _is_own(self, name):
            return PythonQtWays._read(self, name)
        check(class_of(self), name)
        value = PythonQtWays._read(self, name)
        is_method = callable(value) and not isinstance(value, (QtCore.SignalInstance, type))
        return called(value) if is_method and not _is_property(self, name) else shown(value)

    def _read(self, name: str) -> Any:
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
        elif not _is_property(self, name) or (is_module_asking() and not is_property(class_of(self), name)):
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
    name = signature.partition("(")[0]
    if not is_signal(class_of(obj), signature) or not hasattr(obj, name):
        raise ValueError(f"{type(obj).__name__} has no signal {signature}")
    return getattr(obj, name)


def _is_own(obj: Any, name: str) -> bool:
    """Whether a class of the module, which is derived from one of Qt's, has the name itself."""
    return any(name in vars(cls) for cls in type(obj).__mro__ if cls.__module__.startswith("UnifiedViT"))


class Painter(ValueWays, QtGui.QPainter, metaclass=ShownClass):
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
    """The module `qt`: those classes of QtCore, QtGui and QtWidgets that were looked up, in PythonQt's manner."""
    module = types.ModuleType("qt")
    module.Qt = QtCore.Qt
    for source in (QtCore, QtGui, QtWidgets):
        for name in CLASSES:
            if hasattr(source, name):
                setattr(module, name, pythonqt_class(getattr(source, name)))
    module.QFileDialog, module.QPainter, module.QEvent = FileDialog, Painter, QtCore.QEvent
    return module


_made: dict[type, type] = {}


def pythonqt_class(cls: type) -> type:
    """The class in PythonQt's manner; the same one every time."""
    if issubclass(cls, (PythonQtWays, ValueWays)):
        return cls
    if cls not in _made:
        ways = PythonQtWays if issubclass(cls, QtCore.QObject) else ValueWays
        _made[cls] = ShownClass(cls.__name__, (ways, cls), {})
    return _made[cls]
