"""Further volumes of a result in the scene: probability maps, the maps that lie over the image in colours, the
super-resolved volume."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from ..imaging.volume import Volume
from ..inference.prediction import Prediction
from .colour_maps import HEATMAP, UNCERTAINTY, colours_of
from .files import SYNTHETIC, superres_as_json
from .mrml import ATTRIBUTE, check_belongs
from .mrml_scene import all_or_nothing, place_beside, unused_name

#: Node references from a segmentation to the probability maps of its segments; there are several of this role.
PROBABILITY_ROLE = f"{ATTRIBUTE}probability"
#: To the heat map of its diagnosis, and to the map of where it is uncertain.
HEATMAP_ROLE, UNCERTAINTY_ROLE = f"{ATTRIBUTE}heatmap", f"{ATTRIBUTE}uncertainty"
#: From a segmentation to the super-resolved volume, and from that to the label map of its synthetic voxels.
SUPERRES_ROLE, SYNTHETIC_ROLE = f"{ATTRIBUTE}superres", f"{ATTRIBUTE}synthetic"
#: Names of the scene's colour tables for maps, and their colours.
COLOURS = {"UnifiedViT heat": HEATMAP, "UnifiedViT uncertainty": UNCERTAINTY}
SYNTHETIC_COLOURS_NAME = "UnifiedViT synthetic"
#: Below so many percent a map fades away.
_FAINT = 25


def add_volume(volume: Volume, scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a volume that was read from files, on its own grid and under a name that no node has."""
    values = volume.array.ravel()
    image, matrix = vtk.vtkImageData(), vtk.vtkMatrix4x4()
    image.SetDimensions(volume.array.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(values.astype(values.dtype.newbyteorder("=")), deep=True))
    matrix.DeepCopy(volume.ijk_to_ras.ravel().tolist())
    node = slicer.vtkMRMLScalarVolumeNode()
    node.SetName(unused_name(scene, volume.name))
    node.SetAndObserveImageData(image)
    node.SetIJKToRASMatrix(matrix)
    scene.AddNode(node)
    node.CreateDefaultDisplayNodes()
    return node


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
    return _add_coloured(heatmap.percent, f"{heatmap.display} heat map", volume_node, "UnifiedViT heat")


def add_uncertainty(
    prediction: Prediction, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> slicer.vtkMRMLScalarVolumeNode | None:
    """As `add_heatmap`, where the outline is uncertain, in colours of its own."""
    uncertainty = prediction.uncertainty
    if uncertainty is None:
        return None
    check_belongs(prediction, volume_node)
    return _add_coloured(uncertainty.percent, "uncertainty", volume_node, "UnifiedViT uncertainty")


def add_superres(
    prediction: Prediction, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """Add the super-resolved volume on its finer grid, and a label map of which of its voxels are synthetic.

    Both lie under the volume's transform and beside it in the subject hierarchy; the volume itself is not touched. The
    super-resolved volume says so in its name, and in the attribute `UnifiedViT.Synthetic` how it was made; its node
    reference `SYNTHETIC_ROLE` leads to the label map. Nothing is added where the prediction was made without.

    Raises:
        UnsupportedImageError: the volume has changed since; the scene is then as it was.
    """
    made = prediction.superres
    if made is None:
        return []
    check_belongs(prediction, volume_node)
    with all_or_nothing(volume_node.GetScene(), []):
        volume = _add_volume(slicer.vtkMRMLScalarVolumeNode(), made.array, "super-resolution (synthetic)", volume_node)
        mask = _add_volume(slicer.vtkMRMLLabelMapVolumeNode(), made.synthetic, "synthetic voxels", volume_node)
        matrix = vtk.vtkMatrix4x4()
        matrix.DeepCopy(made.ijk_to_ras.ravel().tolist())
        for node in (volume, mask):
            node.SetIJKToRASMatrix(matrix)
            node.SetAttribute(f"{ATTRIBUTE}Synthetic", json.dumps(superres_as_json(made)))
        display, shown = volume.GetDisplayNode(), volume_node.GetDisplayNode()
        if shown:
            display.SetAutoWindowLevel(False)
            display.SetWindowLevel(shown.GetWindow(), shown.GetLevel())
        mask.GetDisplayNode().SetAndObserveColorNodeID(_synthetic_colours(volume_node.GetScene()).GetID())
        volume.SetNodeReferenceID(SYNTHETIC_ROLE, mask.GetID())
    return [volume, mask]


def result_volumes(segmentation_node: slicer.vtkMRMLSegmentationNode | None) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """The further volumes of the result that a segmentation carries, those that are still in the scene."""
    if segmentation_node is None:
        return []
    volumes = [segmentation_node.GetNthNodeReference(PROBABILITY_ROLE, n)
               for n in range(segmentation_node.GetNumberOfNodeReferences(PROBABILITY_ROLE))]
    volumes += [segmentation_node.GetNodeReference(role) for role in (HEATMAP_ROLE, UNCERTAINTY_ROLE, SUPERRES_ROLE)]
    volumes += [volume.GetNodeReference(SYNTHETIC_ROLE) for volume in volumes[-1:] if volume]
    return [volume for volume in volumes if volume]


class MapOverlay:
    """A map as the foreground of all slice views, and what was there before. What a user has put there since stays."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[str | None, float]] = {}
        self._shown_id = ""

    def show(self, node: slicer.vtkMRMLScalarVolumeNode, opacity: float) -> None:
        """Lay `node` over the background; `opacity` 0 to 1."""
        for view in _views(node.GetScene()):
            if view.GetID() not in self._before or view.GetForegroundVolumeID() not in (None, self._shown_id):
                self._before[view.GetID()] = (view.GetForegroundVolumeID(), view.GetForegroundOpacity())
            view.SetForegroundVolumeID(node.GetID())
            view.SetForegroundOpacity(opacity)
        self._shown_id = node.GetID()

    def hide(self, scene: slicer.vtkMRMLScene) -> None:
        """Bring back what each view showed; a volume that has gone since is left out."""
        for view in _views(scene):
            # A map that has gone has left nothing.
            if view.GetForegroundVolumeID() != (self._shown_id if scene.GetNodeByID(self._shown_id) else None):
                continue
            volume, opacity = self._before.get(view.GetID(), (view.GetForegroundVolumeID(),
                                                              view.GetForegroundOpacity()))
            view.SetForegroundVolumeID(volume if volume and scene.GetNodeByID(volume) else None)
            view.SetForegroundOpacity(opacity)
        self._before = {}


def _add_percent(values: np.ndarray, name: str, volume_node: slicer.vtkMRMLScalarVolumeNode
                 ) -> slicer.vtkMRMLScalarVolumeNode:
    """A volume of percents (K, J, I) uint8 beside and on the grid of `volume_node`."""
    node = _add_volume(slicer.vtkMRMLScalarVolumeNode(), values, name, volume_node)
    node.GetImageData().SetExtent(volume_node.GetImageData().GetExtent())
    node.GetImageData().GetPointData().GetScalars().SetName("Percent")
    node.GetDisplayNode().SetAutoWindowLevel(False)
    node.GetDisplayNode().SetWindowLevelMinMax(0, 100)
    return node


def _add_volume(node: slicer.vtkMRMLScalarVolumeNode, values: np.ndarray, name: str,
                volume_node: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLScalarVolumeNode:
    """Fill a new node with voxels (K, J, I) and add it beside `volume_node`, oriented as that is."""
    scene, image = volume_node.GetScene(), vtk.vtkImageData()
    image.SetDimensions(values.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(values.ravel(), deep=True))
    node.SetName(unused_name(scene, f"{volume_node.GetName()} {name}"))
    node.CopyOrientation(volume_node)
    node.SetAndObserveImageData(image)
    scene.AddNode(node)
    node.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
    node.CreateDefaultDisplayNodes()
    place_beside(volume_node, node)
    return node


def _synthetic_colours(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLColorTableNode:
    """The scene's colour table for label maps of synthetic voxels."""
    return _colour_table(scene, SYNTHETIC_COLOURS_NAME, lambda: [
        ("measured or interpolated", 0, 0, 0, 0), (SYNTHETIC.name, *(part / 255 for part in SYNTHETIC.colour), 1)])


def _add_coloured(percent: np.ndarray, name: str, volume_node: slicer.vtkMRMLScalarVolumeNode, colours: str
                  ) -> slicer.vtkMRMLScalarVolumeNode:
    """A volume of percents in one of `COLOURS`."""
    with all_or_nothing(volume_node.GetScene(), []):
        node = _add_percent(percent, name, volume_node)
        node.GetDisplayNode().SetAndObserveColorNodeID(_colours(volume_node.GetScene(), colours).GetID())
    return node


def _colours(scene: slicer.vtkMRMLScene, name: str) -> slicer.vtkMRMLColorTableNode:
    """The scene's colour table for percents in this one of `COLOURS`."""
    return _colour_table(scene, name, lambda: [
        (f"{percent} %", *rgb, min(1.0, percent / _FAINT))
        for percent, rgb in enumerate(colours_of(np.arange(101), COLOURS[name]) / 255)])


def _colour_table(scene: slicer.vtkMRMLScene, name: str, entries: Callable[[], list[tuple]]
                  ) -> slicer.vtkMRMLColorTableNode:
    """The scene's colour table of this name; made of entries (name, red, green, blue, opacity) if it has none."""
    node = scene.GetFirstNode(name, "vtkMRMLColorTableNode")
    if node is None:
        node, rows = slicer.vtkMRMLColorTableNode(), entries()
        node.SetName(name)
        node.SetTypeToUser()
        node.SetNumberOfColors(len(rows))
        for number, row in enumerate(rows):
            node.SetColor(number, *row)
        scene.AddNode(node)
    return node


def _views(scene: slicer.vtkMRMLScene) -> list[slicer.vtkMRMLSliceCompositeNode]:
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    return [scene.GetNthNodeByClass(n, "vtkMRMLSliceCompositeNode") for n in range(count)]
