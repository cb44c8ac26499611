"""The panel on its stand-in, and heads for it to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scenes
import slicer
import slicer.util
from builders import grid, oblique
from standin.application import Application, install, load_module, show_panel

from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.service.store.catalogue import list_models


class Desk:
    """The application with the module open, and a user in front of it.

    Attributes:
        app, scene: the stand-in, and its real scene.
        module, widget: the Python module, and the object of `UnifiedViTWidget`.
        ui: the panel's widgets by name.
    """

    def __init__(self) -> None:
        self._logics = scenes.application(slicer.vtkMRMLScene())
        self.scene = next(self._logics)
        self.app: Application = install(self.scene)
        self.module, self.parent = load_module()
        self.widget, self.window = show_panel(self.module, self.scene)

    @property
    def ui(self) -> Any:
        return self.widget.ui

    @property
    def panel(self) -> Any:
        return self.widget.panel

    def clear(self) -> None:
        """A new, empty scene, and the list of models as it is now; nothing asked, nothing said."""
        self.app.wait(lambda: not self.panel._running)
        self.scene.Clear(0)
        self.panel.models.refresh()
        self.panel.onModelsChanged(self.module.DEFAULT_MODEL)
        for entry in list_models():  # as somebody who has used these before
            self.app.userSettings().setValue(f"UnifiedViT/NonCommercialUse/{entry.id}", entry.licence)
        self.app.questions.clear()
        self.app.consent = True
        self.panel.status.clear()

    def wait(self, until, seconds: float = 120.0) -> None:
        self.app.wait(until, seconds)

    def press_run(self) -> None:
        self.ui.runButton.click()

    def run(self, seconds: float = 120.0) -> str:
        """Press Run and wait; what the panel says then."""
        self.press_run()
        self.wait(lambda: not self.panel._running, seconds)
        return self.ui.statusLabel.text

    def choose(self, **parameters: Any) -> None:
        for name, value in parameters.items():
            setattr(self.widget._parameterNode, name, value)

    def close(self) -> None:
        self.widget.cleanup()
        self.window.close()
        for _ in self._logics:  # takes the scene down
            pass


def head(shape: tuple[int, int, int] = (6, 64, 60)) -> np.ndarray:
    """A head with a bright lesion on one side, (K, J, I) int16."""
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    body = 400.0 * (k**2 / 4 + j**2 + i**2 < 0.8) * (1 + 0.2 * np.cos(7 * i) * np.cos(5 * j))
    return (body + 500.0 * ((i - 0.35) ** 2 + (j - 0.2) ** 2 + k**2 < 0.05)).astype(np.int16)


def head_node(scene: slicer.vtkMRMLScene, shape: tuple[int, int, int] = (6, 64, 60)) -> slicer.vtkMRMLScalarVolumeNode:
    """The head as a volume node, oblique and anisotropic."""
    node = scenes.add_volume(scene, head(shape), grid(oblique(), (2.5, 2.4, 7.0), shape))
    node.SetName("head")
    node.CreateDefaultDisplayNodes()
    return node


def contents(scene: slicer.vtkMRMLScene) -> list[tuple[str, str, int]]:
    """All nodes but the panel's own parameters: class, name, and when their data changed last."""
    nodes = (scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes()))
    return [(node.GetID(), node.GetName(), node.GetMTime()) for node in nodes
            if not node.IsA("vtkMRMLScriptedModuleNode")]


def dicom_node(scene: slicer.vtkMRMLScene, folder: Path, name: str) -> slicer.vtkMRMLScalarVolumeNode:
    """A volume of a DICOM series as Slicer's DICOM module loads it: the images in the database, their UIDs on it."""
    slicer.dicomDatabase.files.clear()
    volume = read(folder)
    for file in volume.files:
        slicer.dicomDatabase.insert(str(file))
    node = scenes.add_volume(scene, volume.array, volume.ijk_to_ras)
    node.SetName(name)
    node.SetAttribute("DICOM.instanceUIDs", " ".join(slicer.dicomDatabase.files))
    return node
