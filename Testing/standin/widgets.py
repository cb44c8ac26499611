"""The few widgets of CTK and Slicer that the panel uses, and the loader that puts them into a .ui file's places."""

from __future__ import annotations

import types
from pathlib import Path
from xml.etree import ElementTree

import shiboken6
import slicer
from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtUiTools import QUiLoader

from .exposed import ShownClass
from .pythonqt import PythonQtWays, pythonqt_class


class ctkCollapsibleButton(PythonQtWays, QtWidgets.QAbstractButton, metaclass=ShownClass):
    """A heading that folds what lies under it, by the mouse or the space bar. What is folded takes no room, and what is
    told meanwhile to show itself does so when it is unfolded."""

    contentsCollapsed = QtCore.Signal(bool)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._collapsed = False
        self._folded: list[QtWidgets.QWidget] = []
        self._folding = False
        self._header = QtGui.QFontMetrics(QtWidgets.QWidget.font(self)).height() + 10
        # As the real one: where a .ui file says no other, it is as wide as it would like to be, or wider.
        self.setSizePolicy(QtWidgets.QSizePolicy.Minimum, QtWidgets.QSizePolicy.Preferred)
        self.setCheckable(True)
        self.setChecked(True)
        self.setContentsMargins(0, self._header, 0, 0)
        self.toggled.connect(lambda checked: self._set_collapsed(not checked))

    def _get_collapsed(self) -> bool:
        return self._collapsed

    def _set_collapsed(self, collapsed: bool) -> None:
        if collapsed != self._collapsed:
            self._collapsed = collapsed
            self.setChecked(not collapsed)
            self.setMaximumHeight(self._header if collapsed else 16777215)
            self._fold()
            self.contentsCollapsed.emit(collapsed)

    def _fold(self) -> None:
        self._folding = True
        if self._collapsed:
            for child in self.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindDirectChildrenOnly):
                child.installEventFilter(self)
                if not child.isHidden():
                    self._folded.append(child)
                    child.setVisible(False)
        else:
            for child in self._folded:
                child.setVisible(True)
            self._folded = []
        self._folding = False

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        self._fold()  # children come after the property of a .ui file
        super().showEvent(event)

    def eventFilter(self, child: QtWidgets.QWidget, event: QtCore.QEvent) -> bool:
        if self._collapsed and not self._folding and event.type() == QtCore.QEvent.ShowToParent:
            self._fold()
        elif not self._folding and event.type() == QtCore.QEvent.HideToParent and child in self._folded:
            self._folded.remove(child)
        return False

    def hitButton(self, where: QtCore.QPoint) -> bool:
        return where.y() < self._header

    def sizeHint(self) -> QtCore.QSize:
        return self._at_least(QtWidgets.QWidget.sizeHint(self))

    def minimumSizeHint(self) -> QtCore.QSize:
        return self._at_least(QtWidgets.QWidget.minimumSizeHint(self))

    def _at_least(self, size: QtCore.QSize) -> QtCore.QSize:
        return size.expandedTo(QtCore.QSize(0, self._header))

    collapsed = QtCore.Property(bool, _get_collapsed, _set_collapsed)

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        head = QtCore.QRect(0, 0, QtWidgets.QWidget.width(self), self._header - 2)
        painter.fillRect(head, self.palette.button())
        painter.setPen(self.palette.color(QtGui.QPalette.ButtonText))
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        arrow = "▸" if self._collapsed else "▾"
        painter.drawText(head.adjusted(8, 0, 0, 0), QtCore.Qt.AlignVCenter, f"{arrow} {self.text}")
        if self.hasFocus():
            painter.drawRect(head.adjusted(0, 0, -1, 0))
        painter.end()


class qMRMLWidget(PythonQtWays, QtWidgets.QWidget, metaclass=ShownClass):
    """Tells its children which scene they show."""

    mrmlSceneChanged = QtCore.Signal(object)

    def setMRMLScene(self, scene: slicer.vtkMRMLScene) -> None:
        self._scene = scene
        self.mrmlSceneChanged.emit(scene)


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """What the application makes around a module's widgets."""

    isEntered = QtCore.Property(bool, lambda s: s._entered, lambda s, v: s._put_entered(v))

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._entered = False

    def _put_entered(self, entered: bool) -> None:
        self._entered = entered


class qMRMLNodeComboBox(PythonQtWays, QtWidgets.QComboBox, metaclass=ShownClass):
    """Chooses a node of the scene, or none, or makes a new one."""

    currentNodeChanged = QtCore.Signal(object)
    currentNodeIDChanged = QtCore.Signal(str)
    nodeAddedByUser = QtCore.Signal(object)

    nodeTypes = QtCore.Property("QStringList", lambda s: s._types, lambda s, v: s._put("_types", list(v)))
    noneEnabled = QtCore.Property(bool, lambda s: s._none, lambda s, v: s._put("_none", v))
    addEnabled = QtCore.Property(bool, lambda s: s._add, lambda s, v: s._put("_add", v))
    removeEnabled = QtCore.Property(bool, lambda s: s._remove, lambda s, v: s._put("_remove", v))
    renameEnabled = QtCore.Property(bool, lambda s: s._rename, lambda s, v: s._put("_rename", v))
    showChildNodeTypes = QtCore.Property(bool, lambda s: s._children, lambda s, v: s._put("_children", v))
    hideChildNodeTypes = QtCore.Property(
        "QStringList", lambda s: s._hidden_types, lambda s, v: s._put("_hidden_types", list(v)))
    noneDisplay = QtCore.Property(str, lambda s: s._none_text, lambda s, v: s._put("_none_text", v))
    currentNodeID = QtCore.Property(str, lambda s: s._id or "")

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: slicer.vtkMRMLScene | None = None
        self._types, self._hidden_types, self._none, self._none_text = [], [], False, "None"
        self._add = self._remove = self._rename = self._children = True
        self._id: str | None = None
        self._ids: list[str | None] = []
        self._observers: list[int] = []
        self._filling = False
        # As the real one, which elides long names.
        self.setSizeAdjustPolicy(QtWidgets.QComboBox.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self._activated)
        self.destroyed.connect(self._unobserve)

    def _put(self, name: str, value: object) -> None:
        setattr(self, name, value)
        self._fill()

    def setMRMLScene(self, scene: slicer.vtkMRMLScene) -> None:
        self._unobserve()
        self._scene = scene
        # As the real one, nodes of a scene that is read are listed at its end; observers of one priority hear of it in
        # the order in which they were added.
        events = (slicer.vtkMRMLScene.NodeAddedEvent, slicer.vtkMRMLScene.NodeRemovedEvent,
                  slicer.vtkMRMLScene.EndImportEvent, slicer.vtkMRMLScene.EndCloseEvent)
        self._observers = [scene.AddObserver(event, self._scene_changed) for event in events]
        self._fill()

    def mrmlScene(self) -> slicer.vtkMRMLScene | None:
        return self._scene

    def currentNode(self) -> slicer.vtkMRMLNode | None:
        return self._scene.GetNodeByID(self._id) if self._scene and self._id else None

    def setCurrentNode(self, node: slicer.vtkMRMLNode | None) -> None:
        self.setCurrentNodeID(node.GetID() if node else "")

    def setCurrentNodeID(self, node_id: str) -> None:
        # As the real one: in place of a node that is not listed, as while a scene is read, there is none.
        wanted = node_id if node_id in self._ids else None
        if wanted != self._id:
            self._id = wanted
            self._fill()
            self.currentNodeChanged.emit(self.currentNode())
            self.currentNodeIDChanged.emit(self._id or "")

    def addNode(self) -> slicer.vtkMRMLNode:
        node = self._scene.AddNewNodeByClass(self._types[0])
        self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def _unobserve(self, *_ignored: object) -> None:
        for observer in self._observers:
            self._scene.RemoveObserver(observer)
        self._observers = []

    def _scene_changed(self, *_ignored: object) -> None:
        if not shiboken6.isValid(self):  # PySide tells the Python half nothing of the other's end
            self._unobserve()
        elif not self._scene.IsImporting() and not self._scene.IsClosing():
            self._fill()

    def _nodes(self) -> list[slicer.vtkMRMLNode]:
        found = []
        for n in range(self._scene.GetNumberOfNodes() if self._scene else 0):
            node = self._scene.GetNthNode(n)
            if node.GetHideFromEditors() or any(node.IsA(name) for name in self._hidden_types):
                continue
            if any(node.IsA(name) if self._children else node.GetClassName() == name for name in self._types):
                found.append(node)
        return found

    def _fill(self) -> None:
        if self._filling or self._scene is None:
            return
        self._filling = True
        before, nodes = self._id, self._nodes()
        ids = [node.GetID() for node in nodes]
        if self._id not in ids:
            self._id = None if self._none or not ids else ids[0]
        self.clear()
        self._ids = ([None] if self._none else []) + ids
        self.addItems(([self._none_text] if self._none else []) + [node.GetName() for node in nodes])
        if self._add:
            self.addItem(f"Create new {self._types[0].removeprefix('vtkMRML').removesuffix('Node')}")
        self.setCurrentIndex(self._ids.index(self._id) if self._id in self._ids else -1)
        self._filling = False
        if self._id != before:
            self.currentNodeChanged.emit(self.currentNode())
            self.currentNodeIDChanged.emit(self._id or "")

    def _activated(self, index: int) -> None:
        if index < len(self._ids):
            self.setCurrentNodeID(self._ids[index] or "")
        else:
            self.addNode()


def ctk_module() -> types.ModuleType:
    """The module `ctk`."""
    module = types.ModuleType("ctk")
    module.ctkCollapsibleButton = ctkCollapsibleButton
    return module


OWN = {cls.__name__: cls for cls in (ctkCollapsibleButton, qMRMLWidget, qSlicerScriptedLoadableModuleWidget,
                                     qMRMLNodeComboBox)}


class _Loader(QUiLoader):
    def createWidget(self, class_name: str, parent: QtWidgets.QWidget | None = None,
                     name: str = "") -> QtWidgets.QWidget:
        if class_name in OWN:
            cls = OWN[class_name]
        elif hasattr(QtWidgets, class_name):
            cls = pythonqt_class(getattr(QtWidgets, class_name))
        else:
            raise LookupError(f"The .ui file asks for {class_name}, which neither Qt nor the stand-in has.")
        widget = cls(parent)
        widget.setObjectName(name)
        return widget


def load_ui(path: str) -> QtWidgets.QWidget:
    """What `slicer.util.loadUI` does: the widgets of the file, its connections made."""
    tree = ElementTree.parse(Path(path)).getroot()
    connections = tree.find("connections")
    tree.remove(connections)  # of signals that Qt's own loader does not know
    content = QtCore.QBuffer()
    content.setData(ElementTree.tostring(tree))
    loader = _Loader()
    root = loader.load(content)
    root._loader = loader  # else the Python halves of its widgets go with it
    for connection in connections:
        sender, signal, receiver, slot = (connection.find(tag).text for tag in ("sender", "signal", "receiver", "slot"))
        getattr(_named(root, sender), signal.partition("(")[0]).connect(
            getattr(_named(root, receiver), slot.partition("(")[0]))
    return root


def _named(root: QtWidgets.QWidget, name: str) -> QtWidgets.QWidget:
    return root if root.objectName == name else root.findChild(QtWidgets.QWidget, name)


def child_widget_variables(root: QtWidgets.QWidget) -> types.SimpleNamespace:
    """What `slicer.util.childWidgetVariables` does: the widgets by their names."""
    named = {QtCore.QObject.property(child, "objectName"): child for child in root.findChildren(QtCore.QObject)}
    return types.SimpleNamespace(**{name: child for name, child in named.items() if name})
