"""Volumes in a real scene: grey ones in colours, heat maps, super-resolved ones."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import slicer
import slicer.util
from builders import grid, oblique
from scenes import SHAPE, add_transform, add_volume, application, predict, world, xml
from vtk.util.numpy_support import vtk_to_numpy

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.inference.prediction import Heatmap, Uncertainty
from UnifiedViTLib.inference.superres.super_resolution import super_resolve
from UnifiedViTLib.inference.superres.upscalers import Lanczos
from UnifiedViTLib.outputs.mrml import volume_from_node
from UnifiedViTLib.outputs.mrml_volumes import SYNTHETIC_ROLE, MapOverlay, add_heatmap, add_superres, add_uncertainty


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
    node, overlay = add_heatmap(prediction, volume), MapOverlay()
    for opacity in (0.6, 0.3):
        overlay.show(node, opacity)
        assert [(view.GetForegroundVolumeID(), view.GetForegroundOpacity()) for view in views] == 2 * [
            (node.GetID(), opacity)]
    overlay.hide(scene)
    assert [(view.GetForegroundVolumeID(), view.GetForegroundOpacity()) for view in views] == before
    overlay.hide(scene)
    assert views[0].GetForegroundVolumeID() == volume.GetID(), "what was not shown takes nothing away"
    overlay.show(node, 0.5)
    views[1].SetForegroundVolumeID(volume.GetID())  # somebody has chosen another foreground
    overlay.hide(scene)
    assert [view.GetForegroundVolumeID() for view in views] == 2 * [volume.GetID()]


@pytest.fixture
def super_resolved(explained):
    """The oblique volume, and a result with a super-resolved volume of a region in the middle."""
    volume, prediction = explained
    percent = np.zeros(SHAPE, np.uint8)
    percent[2, 12:20, 14:24] = 80
    made = super_resolve(
        prepare(volume_from_node(volume), 32), Heatmap("relevance", "glioma", "Glioma", percent), Lanczos()
    )
    return volume, replace(prediction, superres=made)


def test_a_super_resolved_volume_lies_beside_its_volume_and_says_that_it_is_synthetic(scene, super_resolved):
    volume, prediction = super_resolved
    before = volume_from_node(volume)
    fine, mask = add_superres(prediction, volume)
    made, found = prediction.superres, volume_from_node(fine)
    np.testing.assert_array_equal(found.array, made.array)
    np.testing.assert_allclose(found.ijk_to_ras, made.ijk_to_ras, atol=1e-9)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(mask), made.synthetic)
    assert (fine.GetName(), mask.GetName()) == ("brain super-resolution (synthetic)", "brain synthetic voxels")
    assert json.loads(fine.GetAttribute("UnifiedViT.Synthetic"))["upscaler"] == "Lanczos"
    assert fine.GetNodeReference(SYNTHETIC_ROLE) is mask and mask.IsA("vtkMRMLLabelMapVolumeNode")
    assert {fine.GetTransformNodeID(), mask.GetTransformNodeID()} == {volume.GetTransformNodeID()}
    np.testing.assert_array_equal(volume_from_node(volume).array, before.array)
    # The middle of a coarse voxel is that of the sixteen finer ones in it, parent transform included.
    k, j, i = np.argwhere(made.synthetic)[0] // (1, 4, 4)
    np.testing.assert_allclose(world(fine, made.ijk_to_ras, (k, 4 * j + 1.5, 4 * i + 1.5)),
                               world(volume, before.ijk_to_ras, (k, j, i)), atol=1e-6)


def test_a_result_without_a_super_resolved_volume_or_for_a_changed_volume_adds_none(scene, super_resolved):
    volume, prediction = super_resolved
    assert add_superres(replace(prediction, superres=None), volume) == []
    volume.SetSpacing(3.0, 3.0, 3.0)
    changed = xml(scene)
    with pytest.raises(UnsupportedImageError, match="changed"):
        add_superres(prediction, volume)
    assert changed == xml(scene)


def test_uncertainty_lies_where_its_volume_lies_in_colours_of_its_own(scene, explained):
    volume, prediction = explained
    percent = prediction.heatmap.percent
    found = Uncertainty(("as it is", "mirrored"), 0.5, {"passes": 0.5, "mask": 1.0}, None, {}, np.zeros(5), percent)
    heatmap, node = (add(replace(prediction, uncertainty=found), volume) for add in (add_heatmap, add_uncertainty))
    np.testing.assert_array_equal(volume_from_node(node).array, percent)
    np.testing.assert_array_equal(volume_from_node(node).ijk_to_ras, volume_from_node(volume).ijk_to_ras)
    assert node.GetName() == "brain uncertainty" and node.GetTransformNodeID() == volume.GetTransformNodeID()
    names = [one.GetDisplayNode().GetColorNode().GetName() for one in (heatmap, node)]
    assert names == ["UnifiedViT heat", "UnifiedViT uncertainty"]
    before = xml(scene)
    assert add_uncertainty(prediction, volume) is None and xml(scene) == before


@pytest.mark.parametrize("tint", [(1.0, 1.0, 1.0), (1.0, 0.93, 0.85)])
def test_a_picture_that_came_in_colours_but_is_grey_is_taken_as_grey(scene, tint):
    grey = np.linspace(0, 255, 1600).reshape(1, 40, 40).astype(np.uint8)
    node = add_volume(scene, (grey[..., None] * tint).astype(np.uint8), class_name="vtkMRMLVectorVolumeNode")
    volume = volume_from_node(node)
    assert volume.array.shape == (1, 40, 40) and np.corrcoef(volume.array.ravel(), grey.ravel())[0, 1] > 0.999
    assert "was read as grey" in volume.notes[0]
