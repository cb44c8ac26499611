"""Heat maps as volumes of a real scene."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import slicer
from builders import grid, oblique
from scenes import SHAPE, add_transform, add_volume, application, predict, xml
from vtk.util.numpy_support import vtk_to_numpy

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.inference.prediction import Heatmap
from UnifiedViTLib.outputs.mrml import volume_from_node
from UnifiedViTLib.outputs.mrml_volumes import HeatOverlay, add_heatmap


@pytest.fixture
def scene():
    yield from application(slicer.vtkMRMLScene())


@pytest.fixture
def explained(scene):
    """An oblique volume under a transform, and a result with a heat map in which every column differs."""
    volume = add_volume(scene, ijk_to_ras=grid(oblique(), (1.5, 1.2, 6.0), SHAPE))
    volume.SetAndObserveTransformNodeID(add_transform(scene, np.diag([1.0, -1.0, 1.0, 1.0])).GetID())
    percent = (np.arange(np.prod(SHAPE)) % 101).astype(np.uint8).reshape(SHAPE)
    return volume, replace(predict(volume), heatmap=Heatmap("relevance", "glioma", "Glioma", percent))


def test_a_heat_map_lies_where_its_volume_lies(explained):
    volume, prediction = explained
    node = add_heatmap(prediction, volume)
    found = volume_from_node(node)
    np.testing.assert_array_equal(found.array, prediction.heatmap.percent)
    np.testing.assert_array_equal(found.ijk_to_ras, volume_from_node(volume).ijk_to_ras)
    assert node.GetTransformNodeID() == volume.GetTransformNodeID()
    assert node.GetName() == "brain Glioma heat map"


def test_its_colours_fade_to_nothing_and_are_the_same_for_all_heat_maps_of_a_scene(scene, explained):
    volume, prediction = explained
    one, other = add_heatmap(prediction, volume), add_heatmap(prediction, volume)
    assert one.GetDisplayNode().GetColorNode() is other.GetDisplayNode().GetColorNode()
    display = one.GetDisplayNode()
    display.SetInputImageDataConnection(one.GetImageDataConnection())
    display.GetOutputImageDataConnection().GetProducer().Update()
    pixels = vtk_to_numpy(display.GetOutputImageData().GetPointData().GetScalars())
    percent = prediction.heatmap.percent.ravel()
    assert pixels.shape == (percent.size, 4)
    assert (pixels[percent == 0, 3] == 0).all() and (pixels[percent >= 30, 3] == 255).all()
    brightness = [pixels[percent == level, :3].mean() for level in (5, 50, 100)]
    assert brightness == sorted(brightness) and brightness[2] > 200


def test_a_result_without_a_heat_map_or_for_a_changed_volume_adds_nothing(scene, explained):
    volume, prediction = explained
    before = xml(scene)
    assert add_heatmap(replace(prediction, heatmap=None), volume) is None
    volume.SetSpacing(3.0, 3.0, 3.0)
    changed = xml(scene)
    with pytest.raises(UnsupportedImageError, match="changed"):
        add_heatmap(prediction, volume)
    assert before != changed == xml(scene)


def test_an_overlay_brings_back_what_each_view_showed(scene, explained):
    volume, prediction = explained
    views = [scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode") for _ in range(2)]
    views[0].SetForegroundVolumeID(volume.GetID())
    views[0].SetForegroundOpacity(0.25)
    before = [(view.GetForegroundVolumeID(), view.GetForegroundOpacity()) for view in views]
    node, overlay = add_heatmap(prediction, volume), HeatOverlay()
    for opacity in (0.6, 0.3):
        overlay.show(node, opacity)
        assert [(view.GetForegroundVolumeID(), view.GetForegroundOpacity()) for view in views] == 2 * [
            (node.GetID(), opacity)]
    overlay.hide(scene)
    assert [(view.GetForegroundVolumeID(), view.GetForegroundOpacity()) for view in views] == before
    overlay.hide(scene)
    assert views[0].GetForegroundVolumeID() == volume.GetID(), "what was not shown takes nothing away"
