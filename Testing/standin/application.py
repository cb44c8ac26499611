"""`slicer.app`, `slicer.modules` and what of `slicer.util` needs the application."""

from __future__ import annotations

import atexit
import importlib
import os
import sys
import tempfile
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import shiboken6
import slicer
import slicer.util
from pydicom import dcmread
from PySide6 import QtCore, QtWidgets
from translations import context_of

from . import parameters, scripted
from .exposed import Refusing, is_property, is_signal
from .pythonqt import FileDialog, pythonqt_class, qt_module
from .widgets import OWN, child_widget_variables, ctk_module, load_ui

ROOT = Path(__file__).resolve().parents[2]


class Application(Refusing):
    """The application. `questions` are what the user was asked; `consent` is the answer."""

    shown_as = "qSlicerApplication"

    def __init__(self) -> None:
        self.qt = QtWidgets.QApplication.instance() or pythonqt_class(QtWidgets.QApplication)([])
        atexit.register(_delete_windows)
        self.questions, self.consent = [], True
        self._connected: list[tuple[str, Callable[..., Any]]] = []
        self._settings_folder = tempfile.TemporaryDirectory(prefix="settings-")
        self._settings = pythonqt_class(QtCore.QSettings)(
            f"{self._settings_folder.name}/Slicer.ini", QtCore.QSettings.Format.IniFormat)

    def connect(self, signal: str, receiver: Callable[..., Any]) -> bool:
        if not is_signal(self.shown_as, signal):
            raise ValueError(f"The application has no signal {signal}")
        self._connected.append((signal, receiver))
        return True

    def emit(self, signal: str) -> None:
        """Call what was connected to a signal."""
        for name, receiver in list(self._connected):
            if name == signal:
                receiver()

    def processEvents(self) -> None:
        self.qt.processEvents()

    def palette(self) -> Any:
        return self.qt.palette()

    def devicePixelRatio(self) -> float:
        return self.qt.devicePixelRatio()

    def clipboard(self) -> Any:
        return self.qt.clipboard()

    def userSettings(self) -> QtCore.QSettings:
        return self._settings

    def layoutManager(self) -> None:
        """As under --no-main-window."""

    def wait(self, until: Callable[[], bool], seconds: float = 120.0) -> None:
        """Run the event loop until something is so, as while a user looks on."""
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                raise TimeoutError(f"not so after {seconds} s")
            self.qt.processEvents()
            time.sleep(0.01)

    def ask(self, text: str, windowTitle: str | None = None, parent: Any = None, **_options: Any) -> bool:
        self.questions.append(text)
        return self.consent


def _delete_windows() -> None:
    """As the application does when it ends. What is left to PySide calls event filters when half of Python has gone."""
    for window in QtWidgets.QApplication.topLevelWidgets():
        if shiboken6.isValid(window):
            shiboken6.delete(window)


class DicomDatabase(Refusing):
    """`slicer.dicomDatabase`: where the file of each image is. Indexes the files that are inserted where they lie; the
    real one keeps copies."""

    shown_as = "ctkDICOMDatabase"

    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def insert(self, path: str) -> None:
        self.files[str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)] = path

    def fileForInstance(self, uid: str) -> str:
        return self.files.get(uid, "")


class Module:
    """What the application makes for a module: `parent` of its Python object."""

    def __init__(self, path: str) -> None:
        vars(self)["path"] = path

    def __setattr__(self, name: str, value: Any) -> None:
        if not is_property("qSlicerScriptedLoadableModule", name):
            raise AttributeError(f"A module has no property '{name}'")
        super().__setattr__(name, value)


def install(scene: slicer.vtkMRMLScene) -> Application:
    """Give `slicer` what the application would, around a scene that has its logics (`scenes.application`)."""
    app = Application()
    slicer.app, slicer.mrmlScene, slicer.dicomDatabase = app, scene, DicomDatabase()
    # The logics themselves are real; of Slicer's many modules only these are there.
    slicer.modules = types.SimpleNamespace(
        segmentations=_module(slicer.vtkSlicerSegmentationsModuleLogic(), scene),
        terminologies=_module(slicer.vtkSlicerTerminologiesModuleLogic(), scene),
    )
    for cls in OWN.values():
        setattr(slicer, cls.__name__, cls)
    util = slicer.util
    util.loadUI, util.childWidgetVariables = load_ui, child_widget_variables
    util.modulePath = lambda name: str(ROOT / name / f"{name}.py")
    util.confirmOkCancelDisplay = util.confirmYesNoDisplay = app.ask
    i18n = types.ModuleType("slicer.i18n")
    i18n.tr, i18n.translate = _tr, QtCore.QCoreApplication.translate
    for name, made in {
        "qt": qt_module(), "ctk": ctk_module(), "slicer.i18n": i18n,
        "slicer.ScriptedLoadableModule": scripted.module(), "slicer.parameterNodeWrapper": parameters.module(),
    }.items():
        sys.modules[name] = made
        if name.startswith("slicer."):
            setattr(slicer, name.removeprefix("slicer."), made)
    FileDialog.answers, FileDialog.proposed = [], []
    return app


def _tr(text: str) -> str:
    """`slicer.i18n.tr`: looks in the context that is named after the file of the caller, and its package if any."""
    return QtCore.QCoreApplication.translate(context_of(Path(sys._getframe(1).f_code.co_filename)), text)


def _module(logic: Any, scene: slicer.vtkMRMLScene) -> types.SimpleNamespace:
    logic.SetMRMLScene(scene)
    return types.SimpleNamespace(logic=lambda: logic)


def load_module() -> tuple[Any, Module]:
    """Import the module file as the application's factory does; returns the Python module and its `parent`."""
    path = ROOT / "UnifiedViT" / "UnifiedViT.py"
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    module = importlib.import_module("UnifiedViT")
    parent = Module(str(path))
    slicer.modules.unifiedvit = types.SimpleNamespace(path=str(path))
    module.UnifiedViT(parent)
    return module, parent


def show_panel(module: Any, scene: slicer.vtkMRMLScene, width: int = 460, isEntered: bool = True) -> tuple[Any, Any]:
    """The module's panel as the application makes it, and opens it; returns the widget object and the Qt widget around
    it."""
    parent = OWN["qSlicerScriptedLoadableModuleWidget"]()
    parent.setLayout(QtWidgets.QVBoxLayout())
    parent.setMRMLScene(scene)
    panel = module.UnifiedViTWidget(parent)
    panel.setup()
    parent.resize(width, 900)
    if isEntered:
        enter(panel)
    return panel, parent


def enter(panel: Any) -> None:
    """The user opens the module."""
    panel.parent.show()
    panel.parent.isEntered = True
    panel.enter()


def leave(panel: Any) -> None:
    """The user opens another module."""
    panel.parent.isEntered = False
    panel.exit()
    panel.parent.hide()
    # Qt's offscreen platform never again gives the keyboard to a window that was hidden, unless another had it.
    other = QtWidgets.QWidget()
    other.show()
    other.activateWindow()
    QtWidgets.QApplication.processEvents()
    other.close()
