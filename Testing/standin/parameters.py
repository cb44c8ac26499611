"""`slicer.parameterNodeWrapper`, as far as the module uses it: typed properties kept in a scripted-module node."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import slicer
import vtk
from PySide6 import QtCore, QtWidgets


@dataclass(frozen=True)
class WithinRange:
    """Annotation: the value's bounds, both allowed."""

    minimum: float
    maximum: float


class _Parameter:
    """One typed value in a parameter node: nodes as references, all else as text."""

    def __init__(self, name: str, annotated: Any, default: Any) -> None:
        self.name = name
        self.type, *self.notes = typing.get_args(annotated) if hasattr(annotated, "__metadata__") else (annotated,)
        self.is_node = isinstance(self.type, type) and issubclass(self.type, slicer.vtkMRMLNode)
        self.default = default if default is not None else (None if self.is_node else self.type())
        if not self.is_node and self.type not in (bool, int, str):
            raise TypeError(f"The stand-in has no parameters of type {self.type}.")

    def read(self, node: slicer.vtkMRMLNode) -> Any:
        if self.is_node:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        return text == "true" if self.type is bool else self.type(text)

    def write(self, node: slicer.vtkMRMLNode, value: Any) -> None:
        for note in self.notes:
            if isinstance(note, WithinRange) and not note.minimum <= value <= note.maximum:
                raise ValueError(f"Value must be within range [{note.minimum}, {note.maximum}], is {value}")
        if self.is_node:
            node.SetNodeReferenceID(self.name, value.GetID() if value else None)
        elif type(value) is not self.type:
            raise TypeError(f"Value must be of type {self.type}, is {type(value)}")
        else:
            node.SetParameter(self.name, str(value).lower() if self.type is bool else str(value))

    def there(self, node: slicer.vtkMRMLNode) -> bool:
        return self.is_node or self.name in node.GetParameterNames()


def parameterNodeWrapper(cls: type) -> type:
    """Class decorator: annotated members become properties over the node given to the constructor."""
    parameters = {
        name: _Parameter(name, annotated, getattr(cls, name, None))
        for name, annotated in typing.get_type_hints(cls, include_extras=True).items()
    }

    def construct(self: Any, parameterNode: slicer.vtkMRMLNode) -> None:
        self.parameterNode, self._guis, self._connections, self._writing = parameterNode, {}, 0, False
        for parameter in parameters.values():
            if not parameter.there(parameterNode):
                parameter.write(parameterNode, parameter.default)

    def connect_gui(self: Any, gui: Any) -> int:
        return connect_parameters(self, {
            str(QtCore.QObject.property(widget, "SlicerParameterName")): widget for widget in vars(gui).values()
            if QtCore.QObject.property(widget, "SlicerParameterName")
        })

    def connect_parameters(self: Any, widgets: dict[str, Any]) -> int:
        """As in Slicer 5.10: the observer stays for good."""
        connectors = [_Connector(self, parameters[name], widget) for name, widget in widgets.items()]
        tag, self._connections = self._connections, self._connections + 1  # as in Slicer, the first is 0
        self._guis[tag] = connectors
        self.parameterNode.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: _show(self))
        _show(self)
        return tag

    def disconnect_gui(self: Any, tag: int | None) -> None:
        for connector in self._guis.pop(tag, []):
            connector.disconnect()

    for name, parameter in parameters.items():
        setattr(cls, name, property(lambda self, p=parameter: p.read(self.parameterNode),
                                    lambda self, value, p=parameter: p.write(self.parameterNode, value)))
    cls.__init__ = construct
    cls.connectGui, cls.connectParametersToGui, cls.disconnectGui = connect_gui, connect_parameters, disconnect_gui
    cls.AddObserver = lambda self, event, callback: self.parameterNode.AddObserver(event, callback)
    cls.RemoveObserver = lambda self, tag: self.parameterNode.RemoveObserver(tag)
    cls.StartModify = lambda self: self.parameterNode.StartModify()
    cls.EndModify = lambda self, was: self.parameterNode.EndModify(was)
    return cls


def _show(wrapper: Any) -> None:
    if not wrapper._writing:
        wrapper._writing = True
        for connectors in wrapper._guis.values():
            for connector in connectors:
                connector.show()
        wrapper._writing = False


class _Connector:
    """Keeps one widget and one parameter alike."""

    def __init__(self, wrapper: Any, parameter: _Parameter, widget: QtWidgets.QWidget) -> None:
        self.wrapper, self.parameter, self.widget = wrapper, parameter, widget
        self.signal, self.read, self.write = self._ways(widget)
        for note in parameter.notes:
            if isinstance(note, WithinRange):
                widget.setRange(note.minimum, note.maximum)
        self.signal.connect(self._changed)

    @staticmethod
    def _ways(widget: Any) -> tuple[Any, Callable[[], Any], Callable[[Any], None]]:
        if hasattr(widget, "currentNodeChanged"):
            return widget.currentNodeChanged, widget.currentNode, widget.setCurrentNode
        if isinstance(widget, QtWidgets.QCheckBox):
            return widget.stateChanged, lambda: widget.checked, lambda value: setattr(widget, "checked", value)
        if isinstance(widget, QtWidgets.QSpinBox):
            return widget.valueChanged, lambda: widget.value, lambda value: setattr(widget, "value", value)
        raise RuntimeError(f"The stand-in has no connector for {type(widget).__name__}.")

    def _changed(self, *_ignored: Any) -> None:
        if not self.wrapper._writing:
            self.parameter.write(self.wrapper.parameterNode, self.read())

    def show(self) -> None:
        self.write(self.parameter.read(self.wrapper.parameterNode))

    def disconnect(self) -> None:
        self.signal.disconnect(self._changed)


def module() -> types.ModuleType:
    """The module `slicer.parameterNodeWrapper`."""
    made = types.ModuleType("slicer.parameterNodeWrapper")
    made.parameterNodeWrapper, made.WithinRange = parameterNodeWrapper, WithinRange
    return made
