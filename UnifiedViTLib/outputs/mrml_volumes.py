"""Further volumes of a result in the scene: probability maps, and the heat map over the image."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from ..inference.prediction import Prediction
from .heat import heat_colours
from .mrml import ATTRIBUTE, all_or_nothing, check_belongs, place_beside

#: Node reference from a segmentation to the heat map of its diagnosis.
HEATMAP_ROLE = f"{ATTRIBUTE}heatmap"
COLOURS_NAME = "UnifiedViT heat"
#: Below so many percent a heat map fades away.
_FAINT = 25


def add_probability_maps(
    prediction: Prediction, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """Add a volume a segment with its probability in percent (uint8, 0-100), on the grid of `volume_node`.

    They lie under the volume's transform and beside it in the subject hierarchy. Nothing is added where the
    prediction was made without maps.

    Raises:
        UnsupportedImageError: the volume has changed since; the scene is then as it was.
    """
    if prediction.probability_maps is None:
        return []
    check_belongs(prediction, volume_node)
    with all_or_nothing(volume_node.GetScene(), []):
        return [_add_percent(values, f"{segment.name} probability", volume_node)
                for segment, values in zip(prediction.spec.segments, prediction.probability_maps, strict=True)]


def add_heatmap(
    prediction: Prediction, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> slicer.vtkMRMLScalarVolumeNode | None:
    """Add the heat map in percent (uint8, 0-100), on the grid of `volume_node` and in colours that fade to nothing.

    It lies under the volume's transform and beside it in the subject hierarchy; all heat maps of a scene share one
    colour table. None where the prediction was made without one.

    Raises:
        UnsupportedImageError: the volume has changed since; the scene is then as it was.
    """
    heatmap = prediction.heatmap
    if heatmap is None:
        return None
    check_belongs(prediction, volume_node)
    with all_or_nothing(volume_node.GetScene(), []):
        node = _add_percent(heatmap.percent, f"{heatmap.display} heat map", volume_node)
        node.GetDisplayNode().SetAndObserveColorNodeID(_colours(volume_node.GetScene()).GetID())
    return node


class HeatOverlay:
    """A heat map as the foreground of all slice views, and what was there before."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[str | None, float]] = {}

    def show(self, node: slicer.vtkMRMLScalarVolumeNode, opacity: float) -> None:
        """Lay `node` over the background; `opacity` 0 to 1."""
        for view in _views(node.GetScene()):
            if view.GetID() not in self._before:
                self._before[view.GetID()] = (view.GetForegroundVolumeID(), view.GetForegroundOpacity())
            view.SetForegroundVolumeID(node.GetID())
            view.SetForegroundOpacity(opacity)

    def hide(self, scene: slicer.vtkMRMLScene) -> None:
        """Bring back what each view showed; a volume that has gone since is left out."""
        for view in _views(scene):
            volume, opacity = self._before.get(view.GetID(), (view.GetForegroundVolumeID(),
                                                              view.GetForegroundOpacity()))
            view.SetForegroundVolumeID(volume if volume and scene.GetNodeByID(volume) else None)
            view.SetForegroundOpacity(opacity)
        self._before = {}


def _add_percent(values: np.ndarray, name: str, volume_node: slicer.vtkMRMLScalarVolumeNode
                 ) -> slicer.vtkMRMLScalarVolumeNode:
    """A volume of percents (K, J, I) uint8 beside and on the grid of `volume_node`."""
    scene, image = volume_node.GetScene(), vtk.vtkImageData()
    image.SetExtent(volume_node.GetImageData().GetExtent())
    scalars = numpy_to_vtk(values.ravel(), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
    scalars.SetName("Percent")
    image.GetPointData().SetScalars(scalars)
    node = slicer.vtkMRMLScalarVolumeNode()
    node.SetName(scene.GenerateUniqueName(f"{volume_node.GetName()} {name}"))
    node.CopyOrientation(volume_node)
    node.SetAndObserveImageData(image)
    scene.AddNode(node)
    node.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetAutoWindowLevel(False)
    node.GetDisplayNode().SetWindowLevelMinMax(0, 100)
    place_beside(volume_node, node)
    return node


def _colours(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLColorTableNode:
    """The scene's colour table for heat maps."""
    node = scene.GetFirstNode(COLOURS_NAME, "vtkMRMLColorTableNode")
    if node is None:
        node = slicer.vtkMRMLColorTableNode()
        node.SetName(COLOURS_NAME)
        node.SetTypeToUser()
        node.SetNumberOfColors(101)
        for percent, rgb in enumerate(heat_colours(np.arange(101)) / 255):
            node.SetColor(percent, f"{percent} %", *rgb, min(1.0, percent / _FAINT))
        scene.AddNode(node)
    return node


def _views(scene: slicer.vtkMRMLScene) -> list[slicer.vtkMRMLSliceCompositeNode]:
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    return [scene.GetNthNodeByClass(n, "vtkMRMLSliceCompositeNode") for n in range(count)]
