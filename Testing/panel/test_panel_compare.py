"""The section Compare: segmentations of a real scene, on other grids and under transforms, and what is added to it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import scenes
import slicer
from builders import grid, oblique
from panels import contents

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.outputs.mrml import add_to_scene

SHAPE = (6, 40, 44)
#: Voxels of 1 x 2 x 5 mm: 0.01 mL.
SPACING = (1.0, 2.0, 5.0)


def box(k: slice, j: slice, i: slice, value: int = 1) -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    labels[k, j, i] = value
    return labels


BEFORE = box(slice(1, 4), slice(10, 20), slice(10, 20))
#: Of twice as many voxels, all those of before among them.
AFTER = box(slice(1, 4), slice(10, 30), slice(10, 20))


def volume_node(scene, name: str = "head", to_ras: np.ndarray | None = None) -> slicer.vtkMRMLScalarVolumeNode:
    node = scenes.add_volume(scene, np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE),
                             grid(oblique(), SPACING, SHAPE) if to_ras is None else to_ras)
    node.SetName(name)
    return node


def result_node(volume, labels: np.ndarray, name: str) -> slicer.vtkMRMLSegmentationNode:
    """A result as a run leaves it, of segments Glioma, oedema and Meningioma by label."""
    segmentation, _ = add_to_scene(scenes.predict(volume, labels), volume)
    segmentation.SetName(name)
    return segmentation


def drawn_node(scene, volume, labels: np.ndarray, name: str, segment: str) -> slicer.vtkMRMLSegmentationNode:
    """A segmentation as somebody draws it with Slicer's own logic, without a result."""
    label_node = scenes.add_volume(scene, labels, scenes.to_numpy(_ijk_to_ras(volume)), "vtkMRMLLabelMapVolumeNode")
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(label_node, node)
    node.GetSegmentation().GetNthSegment(0).SetName(segment)
    scene.RemoveNode(label_node)
    return node


def _ijk_to_ras(volume):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return matrix


@pytest.fixture
def dates(desk):
    """A lesion of two dates on one grid: 3 mL, then 6 mL."""
    volumes = [volume_node(desk.scene, name) for name in ("march", "june")]
    nodes = [result_node(volume, labels, f"{volume.GetName()} result")
             for volume, labels in zip(volumes, (BEFORE, AFTER), strict=True)]
    return SimpleNamespace(volumes=volumes, a=nodes[0], b=nodes[1])


def press_compare(desk, a, b) -> str:
    desk.ui.compareASelector.setCurrentNode(a)
    desk.ui.compareBSelector.setCurrentNode(b)
    desk.ui.compareButton.click()
    desk.wait(lambda: not desk.panel.compare._client.running)
    return desk.ui.statusLabel.text


def test_growth_of_two_dates_is_told_in_ml_and_percent_with_a_warning_about_registration(desk, dates):
    row, = (comparison := desk.widget.logic.compare(dates.a, dates.b)).segments
    assert row.name == "Glioma" and (row.volume_a_ml, row.volume_b_ml) == pytest.approx((3.0, 6.0))
    assert (row.change_ml, row.change_percent) == pytest.approx((3.0, 100.0))
    assert row.dice == pytest.approx(2 / 3) and row.hd95_mm > 10
    warning, = comparison.warnings
    assert "different images (march, june)" in warning and "registered" in warning
    assert "Glioma (70%) in march result, Glioma (70%) in june result: the same" in comparison.diagnoses


def test_two_results_of_one_volume_have_no_such_warning_and_the_scene_is_not_changed_by_a_script(desk, dates):
    other = result_node(dates.volumes[0], AFTER, "other model")
    before = contents(desk.scene)
    comparison = desk.widget.logic.compare(dates.a, other)
    assert comparison.warnings == () and contents(desk.scene) == before
    assert [int(np.count_nonzero(comparison.difference == label)) for label in (1, 2, 3)] == [0, 300, 300]
    assert np.allclose(comparison.ijk_to_ras, grid(oblique(), SPACING, SHAPE))


def test_parent_transforms_are_counted(desk, dates):
    """What was registered to A lies as A does; a shift of one slice is one slice."""
    shift = np.eye(4)
    shift[:3, 3] = grid(oblique(), SPACING, SHAPE)[:3, 2]  # one slice
    other = result_node(dates.volumes[0], BEFORE, "shifted")
    other.SetAndObserveTransformNodeID(scenes.add_transform(desk.scene, shift).GetID())
    comparison = desk.widget.logic.compare(dates.a, other)
    assert comparison.segments[0].dice == pytest.approx(2 / 3) and comparison.segments[0].hd95_mm == pytest.approx(5.0)
    dates.a.SetAndObserveTransformNodeID(other.GetTransformNodeID())
    comparison = desk.widget.logic.compare(dates.a, other)
    assert comparison.segments[0].dice == 1.0 and comparison.segments[0].hd95_mm == 0.0


def test_a_transform_that_bends_space_is_counted_too(desk, dates):
    """A thin-plate spline that moves everything one slice on."""
    import vtk

    step = grid(oblique(), SPACING, SHAPE)[:3, 2]
    source, target = vtk.vtkPoints(), vtk.vtkPoints()
    for point in np.random.default_rng(0).uniform(-60, 60, (12, 3)):
        source.InsertNextPoint(point)
        target.InsertNextPoint(point + step)
    spline = vtk.vtkThinPlateSplineTransform()
    spline.SetSourceLandmarks(source)
    spline.SetTargetLandmarks(target)
    spline.SetBasisToR()
    transform = desk.scene.AddNewNodeByClass("vtkMRMLTransformNode", "bent")
    transform.SetAndObserveTransformToParent(spline)
    other = result_node(dates.volumes[0], BEFORE, "bent")
    other.SetAndObserveTransformNodeID(transform.GetID())
    row, = desk.widget.logic.compare(dates.a, other).segments
    assert row.dice == pytest.approx(2 / 3, abs=0.1) and row.hd95_mm == pytest.approx(5.0, abs=1.0)


def test_an_experts_segmentation_on_a_finer_grid_is_compared_in_space(desk, dates):
    fine = grid(oblique(), SPACING, SHAPE)
    fine[:3, 2] /= 2
    fine[:3, 3] -= fine[:3, 2] / 2  # the same box, twice as many slices
    volume = volume_node(desk.scene, "thin", grid(oblique(), SPACING, SHAPE))
    volume.SetIJKToRASMatrix(scenes.to_vtk(fine))
    expert = drawn_node(desk.scene, volume, np.repeat(BEFORE, 2, axis=0), "expert", "glioma")
    comparison = desk.widget.logic.compare(dates.a, expert)
    row, = comparison.segments
    assert row.name_b == "glioma" and row.dice == 1.0 and row.hd95_mm == pytest.approx(0.0)
    assert row.volume_a_ml == pytest.approx(row.volume_b_ml)
    assert any("march result was resampled" in note for note in comparison.notes)


def test_a_segmentation_with_only_a_surface_is_compared_and_stays_as_it_is(desk, dates):
    surface = drawn_node(desk.scene, dates.volumes[0], BEFORE, "surface", "Glioma")
    surface.CreateClosedSurfaceRepresentation()
    surface.GetSegmentation().SetSourceRepresentationName("Closed surface")
    surface.GetSegmentation().RemoveRepresentation("Binary labelmap")
    comparison = desk.widget.logic.compare(dates.a, surface)
    assert comparison.segments[0].dice > 0.8
    assert not surface.GetSegmentation().ContainsRepresentation("Binary labelmap")


def test_segments_that_overlap_are_counted_each_in_full(desk, dates):
    overlapping = result_node(dates.volumes[0], BEFORE, "overlapping")
    layered = drawn_node(desk.scene, dates.volumes[0], AFTER, "other", "whole")
    segmentation = overlapping.GetSegmentation()
    segmentation.CopySegmentFromSegmentation(layered.GetSegmentation(), layered.GetSegmentation().GetNthSegmentID(0))
    assert segmentation.GetNumberOfLayers() == 2
    rows = desk.widget.logic.compare(overlapping, overlapping).segments
    assert [(row.name, row.voxels_a, row.dice) for row in rows] == [("Glioma", 300, 1.0), ("whole", 600, 1.0)]


def test_what_cannot_be_compared_is_refused_in_a_sentence(desk, dates):
    empty = desk.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "nothing")
    with pytest.raises(UnsupportedImageError, match="nothing is empty: draw a segment in it first"):
        desk.widget.logic.compare(dates.a, empty)
    with pytest.raises(UnsupportedImageError, match="Choose two segmentations"):
        desk.widget.logic.compare(dates.a, dates.volumes[0])
    before = contents(desk.scene)
    assert "nothing is empty" in press_compare(desk, dates.a, empty)
    assert contents(desk.scene) == before and not desk.ui.compareTable.visible


def test_the_panel_shows_the_table_and_adds_it_to_the_scene(desk, dates):
    ui = desk.ui
    assert not ui.compareButton.enabled and ui.compareCollapsibleButton.collapsed
    assert "The table is in the scene" in press_compare(desk, dates.a, dates.b)
    texts = [ui.compareTable.item(0, column).text() for column in range(7)]
    assert texts[:2] == ["Glioma", "0.667"] and texts[3:] == ["3.00", "6.00", "+3.00", "+100.0"]
    assert "Glioma: 3.00 mL, then 6.00 mL (+3.00 mL, +100.0 %)" in ui.compareLabel.text
    assert "registered" in ui.compareLabel.text and "Diagnosis: Glioma" in ui.compareLabel.text
    table, = (node for node in scenes_nodes(desk.scene, "vtkMRMLTableNode") if "comparison" in node.GetName())
    assert table.GetTable().GetValueByName(0, "Change mL").ToDouble() == pytest.approx(3.0)
    stored = json.loads(table.GetAttribute("UnifiedViT.Comparison"))
    assert stored["segments"][0]["change_percent"] == pytest.approx(100.0) and stored["a"]["name"] == "march result"


def test_the_difference_is_a_segmentation_in_three_colours_and_undo_takes_all_back(desk, dates):
    before = contents(desk.scene)
    shifted = result_node(dates.volumes[0], np.roll(BEFORE, 5, axis=2), "shifted")
    with_shifted = contents(desk.scene)
    press_compare(desk, dates.a, shifted)
    desk.ui.showDifferenceButton.click()
    difference, = (node for node in scenes_nodes(desk.scene, "vtkMRMLSegmentationNode")
                   if "difference" in node.GetName())
    segments = [difference.GetSegmentation().GetNthSegment(n) for n in range(3)]
    assert [segment.GetName() for segment in segments] == ["only A", "both", "only B"]
    assert len({segment.GetColor() for segment in segments}) == 3
    for label, labels in ((1, np.roll(BEFORE, 5, axis=2) < BEFORE), (2, BEFORE & np.roll(BEFORE, 5, axis=2))):
        mask, to_ras, _ = scenes.shown(difference, f"Segment_{label}")
        k, j, i = np.argwhere(mask)[0]
        place = np.linalg.inv(grid(oblique(), SPACING, SHAPE)) @ to_ras @ [i, j, k, 1]
        assert labels[tuple(np.rint(place[2::-1]).astype(int))] and mask.sum() == labels.sum()
    assert not desk.ui.showDifferenceButton.enabled
    table, = (node for node in scenes_nodes(desk.scene, "vtkMRMLTableNode") if "comparison" in node.GetName())
    desk.app.consent = False
    for change, back in ((lambda: table.SetName("mine"), lambda: table.SetName("march result - shifted comparison")),
                         (lambda: table.SetCellText(0, 0, "mine"), lambda: table.SetCellText(0, 0, "Glioma")),
                         (lambda: segments[0].SetName("mine"), lambda: segments[0].SetName("only A"))):
        change()
        desk.ui.undoCompareButton.click()
        assert desk.ui.statusLabel.text == "Not taken back: the result was changed since the run."
        assert desk.scene.IsNodePresent(table) and desk.scene.IsNodePresent(difference)
        back()
    desk.ui.undoCompareButton.click()
    assert len(desk.app.questions) == 3, "nothing of the user's is lost"
    assert contents(desk.scene) == with_shifted and len(before) < len(with_shifted)
    assert not desk.ui.undoCompareButton.enabled and not desk.ui.compareTable.visible


def test_a_comparison_is_saved_with_the_scene_and_gone_from_the_panel_with_it(desk, dates, tmp_path):
    press_compare(desk, dates.a, dates.b)
    assert "UnifiedViT.Comparison" in scenes.xml(desk.scene)
    desk.scene.Clear(0)
    assert not desk.ui.compareTable.visible and not desk.ui.undoCompareButton.enabled


def test_numbers_of_a_segmentation_that_was_changed_since_are_not_shown_as_if_they_were_current(desk, dates):
    press_compare(desk, dates.a, dates.b)
    before, ui, volume = slicer.vtkSegmentation(), desk.ui, dates.volumes[1]
    before.DeepCopy(dates.b.GetSegmentation())
    turned = scenes.add_transform(desk.scene, np.diag([1.0, 1.0, -1.0, 1.0])).GetID()
    for how, change in (("drawn", lambda: scenes.draw(volume, dates.b, "Segment_1", BEFORE)),
                        ("moved", lambda: dates.b.SetAndObserveTransformNodeID(turned)),
                        ("emptied", lambda: dates.b.GetSegmentation().RemoveAllSegments()),
                        ("run again", lambda: add_to_scene(scenes.predict(volume), volume, dates.b))):
        change()
        desk.widget.enter()
        assert "june result: changed since the comparison" in ui.compareLabel.text, how
        assert "march result: " not in ui.compareLabel.text and not ui.showDifferenceButton.enabled
        dates.b.SetAndObserveTransformNodeID(None)
        dates.b.GetSegmentation().DeepCopy(before)
        dates.b.CreateClosedSurfaceRepresentation()
        desk.widget.enter()
        assert "changed since" not in ui.compareLabel.text and ui.showDifferenceButton.enabled, "it is as it was"


def test_a_segmentation_that_is_changed_while_it_is_compared_is_named_at_the_end(desk, dates):
    for selector, node in ((desk.ui.compareASelector, dates.a), (desk.ui.compareBSelector, dates.b)):
        selector.setCurrentNode(node)
    desk.ui.compareButton.click()
    scenes.draw(dates.volumes[0], dates.a, "Segment_1", AFTER)
    desk.wait(lambda: not desk.panel.compare._client.running)
    assert "march result: changed since the comparison" in desk.ui.compareLabel.text


def test_a_segmentation_that_is_removed_meanwhile_ends_in_a_sentence(desk, dates):
    desk.ui.compareASelector.setCurrentNode(dates.a)
    desk.ui.compareBSelector.setCurrentNode(dates.b)
    desk.ui.compareButton.click()
    desk.scene.RemoveNode(dates.b)
    desk.wait(lambda: not desk.panel.compare._client.running)
    assert "removed meanwhile" in desk.ui.statusLabel.text
    assert not [node for node in scenes_nodes(desk.scene, "vtkMRMLTableNode") if "comparison" in node.GetName()]


def scenes_nodes(scene, class_name: str) -> list:
    return [scene.GetNthNodeByClass(n, class_name) for n in range(scene.GetNumberOfNodesByClass(class_name))]
