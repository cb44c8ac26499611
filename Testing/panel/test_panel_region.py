"""A region of interest in the panel and in the console: a Markups ROI, or around a segment; parent transforms count."""

from __future__ import annotations

import json

import numpy as np
import pytest
import scenes
import slicer
import slicer.util
from panels import contents, head_node
from PySide6 import QtWidgets
from standin.pythonqt import FileDialog

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.outputs.mrml import add_to_scene, result_of, volume_from_node

SCOPE = "slices of the region only"
#: Turned, stretched and moved.
TRANSFORM = np.array([[0.8, -0.6, 0, 12], [0.6, 0.8, 0, -5], [0, 0, 1.5, 3], [0, 0, 0, 1]])


@pytest.fixture
def logic(desk):
    """A script's own logic object, beside the panel's."""
    made = desk.module.UnifiedViTLogic()
    yield made
    made.close()


def add_roi(scene, centre=(18.0, 2.0, 14.0), size=(50.0, 44.0, 16.0)):
    """A ROI on one side of the head of `panels.head_node`, touching some of its slices."""
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "R")
    node.SetSize(*size)
    node.SetCenter(*centre)
    return node


def add_drawing(volume):
    """A segmentation of two segments in one labelmap: a box, and far from it a voxel."""
    labelmap = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    labelmap[2:4, 20:30, 35:45] = 1
    labelmap[5, 50, 10] = 3
    return add_to_scene(scenes.predict(volume, labelmap), volume)[0], labelmap


def region_of(prediction, volume):
    """The voxels of the region of a result."""
    return prediction.region.box.mask(volume_from_node(volume))


def in_world(roi, volume):
    """(K, J, I) bool: voxels whose middle lies in a ROI as Slicer has it, parent transforms of both included."""
    matrix, shape = volume_from_node(volume).ijk_to_ras, slicer.util.arrayFromVolume(volume).shape
    inside = [roi.IsPointInROIWorld(scenes.world(volume, matrix, index)) for index in np.ndindex(shape)]
    return np.array(inside).reshape(shape)


def test_which_model_looks_at_slices_of_the_region_and_what_it_found_is_of_that_region(desk, logic):
    volume, roi = head_node(desk.scene, (14, 64, 60)), add_roi(desk.scene)
    desk.choose(inputVolume=volume, device="cpu")
    desk.ui.regionSelector.setCurrentNode(roi)
    desk.ui.whichModelButton.click()
    desk.wait(lambda: not desk.panel.whichModel._client.running)
    assert "Only slices of the region were looked at: 50 x 44 x 16 mm" in desk.ui.whichModelLabel.text
    assert desk.ui.whichModelFrame.visible
    desk.ui.regionSelector.setCurrentNode(None)
    assert not desk.ui.whichModelFrame.visible, "it is not of the whole volume"
    slices = {fit.model_id: fit.slices for fit in logic.whichModel(volume, "cpu", region=roi).fits}
    touched = int(region_of(logic.process(volume, device="cpu", region=roi), volume).any(axis=(1, 2)).sum())
    assert slices["brain-t1ce"] == touched < 12
    roi.SetCenter(900.0, 900.0, 900.0)
    with pytest.raises(UnsupportedImageError, match="lies outside"):
        logic.whichModel(volume, region=roi)


def test_a_roi_is_looked_at_alone_and_the_panel_says_so(desk):
    volume, roi = head_node(desk.scene, (14, 64, 60)), add_roi(desk.scene)
    desk.choose(inputVolume=volume, device="cpu")
    desk.ui.regionSelector.setCurrentNode(roi)
    assert desk.ui.regionCollapsibleButton.text == "Region of interest: R"
    assert desk.run().startswith("Done in")
    node = desk.widget._parameterNode.outputSegmentation
    result = result_of(node)
    assert "(ROI R)" in result["region"]["description"] and SCOPE in desk.ui.diagnosisLabel.text
    assert node.GetAttribute("UnifiedViT.Region") == result["region"]["description"]
    assert SCOPE in node.GetAttribute("UnifiedViT.DiagnosisDisplay")
    assert "Only a region of interest was looked at" in desk.ui.segmentsLabel.text
    touched = RegionOfInterest.from_box_to_ras(np.array(result["region"]["box_to_ras"])).mask(volume_from_node(volume))
    assert not scenes.exported(desk.scene, node, volume)[~touched].any()
    assert len(result["slices"]) == touched.any(axis=(1, 2)).sum() < len(touched)
    desk.ui.copyButton.click()
    assert SCOPE in desk.app.clipboard().text()
    desk.ui.regionSelector.setCurrentNode(None)
    assert desk.ui.regionCollapsibleButton.text == "Region of interest"
    assert desk.run().startswith("Done in") and SCOPE not in desk.ui.diagnosisLabel.text
    assert node.GetAttribute("UnifiedViT.Region") is None


def test_parent_transforms_of_roi_and_volume_count(desk, logic):
    volume, roi = head_node(desk.scene), add_roi(desk.scene)
    transform = scenes.add_transform(desk.scene, TRANSFORM)
    for of_roi, of_volume in ((transform, None), (None, transform), (transform, transform)):
        for node, parent in ((roi, of_roi), (volume, of_volume)):
            node.SetAndObserveTransformNodeID(parent.GetID() if parent else None)
        touched = region_of(logic.process(volume, device="cpu", region=roi), volume)
        inside = in_world(roi, volume)
        assert inside.any() and touched[inside].all()
        around = np.zeros_like(inside)
        for shift in np.ndindex(5, 5, 5):  # voxels may be touched whose middle lies outside
            around |= np.roll(inside, np.array(shift) - 2, (0, 1, 2))
        assert not touched[~around].any()


def test_around_a_segment_parent_transforms_count_and_the_drawing_stays_as_it_is(desk, logic):
    volume = head_node(desk.scene)
    node, labelmap = add_drawing(volume)
    before = scenes.exported(desk.scene, node, volume)
    prediction = logic.process(volume, device="cpu", region=(node, "Segment_1"), regionMargin=0.0)
    np.testing.assert_array_equal(region_of(prediction, volume), labelmap == 1)
    assert "(Glioma and 0 mm around)" in str(prediction.region.box)
    wider = region_of(logic.process(volume, device="cpu", region=(node, "Segment_1")), volume)
    k, j, i = (np.flatnonzero(wider.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1)))
    # Voxels of 2.5 x 2.4 x 7 mm: 10 mm are 4, 4.2 and 1.4 of them.
    assert [(line[0], line[-1]) for line in (k, j, i)] == [(0, 5), (15, 34), (31, 48)]
    transform = scenes.add_transform(desk.scene, TRANSFORM)
    for one in (node, volume):
        one.SetAndObserveTransformNodeID(transform.GetID())
    again = logic.process(volume, device="cpu", region=(node, "Segment_1"), regionMargin=0.0)
    np.testing.assert_array_equal(region_of(again, volume), labelmap == 1)
    np.testing.assert_array_equal(scenes.exported(desk.scene, node, volume), before)


def test_around_a_segment_that_is_a_surface_alone(desk, logic):
    volume = head_node(desk.scene)
    node, labelmap = add_drawing(volume)
    assert node.CreateClosedSurfaceRepresentation()
    node.GetSegmentation().SetSourceRepresentationName("Closed surface")
    node.GetSegmentation().RemoveRepresentation("Binary labelmap")
    touched = region_of(logic.process(volume, device="cpu", region=(node, "Segment_1"), regionMargin=2.0), volume)
    assert touched[labelmap == 1].all() and touched.sum() < 4 * (labelmap == 1).sum()
    assert not node.GetSegmentation().ContainsRepresentation("Binary labelmap")


def test_a_choice_of_segment_and_margin_is_saved_with_the_scene_and_shown_again(desk):
    volume = head_node(desk.scene)
    node, _ = add_drawing(volume)
    desk.choose(inputVolume=volume)
    ui = desk.ui
    ui.regionSelector.setCurrentNode(node)
    assert [ui.regionSegmentComboBox.itemText(n) for n in range(ui.regionSegmentComboBox.count)] == [
        "Glioma", "Meningioma"]
    assert ui.regionSegmentComboBox.currentText == "Glioma" and ui.regionMarginSpinBox.value == 10.0
    ui.regionSegmentComboBox.setCurrentIndex(1)
    ui.regionMarginSpinBox.value = 4.5
    text = scenes.xml(desk.scene)
    desk.clear()
    assert ui.regionCollapsibleButton.text == "Region of interest"
    desk.scene.SetLoadFromXMLString(1)
    desk.scene.SetSceneXMLString(text)
    desk.scene.Import()
    parameters = desk.widget._parameterNode.parameterNode
    assert parameters.GetNodeReference("region") is ui.regionSelector.currentNode() is not None
    assert parameters.GetParameter("regionSegment") == "Segment_3" and ui.regionMarginSpinBox.value == 4.5
    assert ui.regionCollapsibleButton.text == f"Region of interest: {node.GetName()}"


@pytest.mark.parametrize("is_deleted", [False, True], ids=["moved", "deleted"])
def test_the_result_names_the_box_that_was_looked_at_whatever_becomes_of_the_roi(desk, is_deleted):
    volume, roi = head_node(desk.scene, (20, 64, 60)), add_roi(desk.scene)
    desk.choose(inputVolume=volume, device="cpu")
    desk.ui.regionSelector.setCurrentNode(roi)
    desk.press_run()
    if is_deleted:
        desk.scene.RemoveNode(roi)
    else:
        roi.SetCenter(-20.0, 0.0, 0.0)
    desk.wait(lambda: not desk.panel._running)
    assert desk.ui.statusLabel.text.startswith("Done")
    result = result_of(desk.widget._parameterNode.outputSegmentation)
    assert result["region"]["description"] == "50 x 44 x 16 mm around R 18.0, A 2.0, S 14.0 (ROI R)"


def test_what_is_no_region_is_refused_in_a_sentence_and_the_scene_stays_as_it_was(desk, logic):
    volume, roi, far = head_node(desk.scene), add_roi(desk.scene), add_roi(desk.scene, (900.0, 0.0, 0.0))
    inside_out, bent = add_roi(desk.scene), add_roi(desk.scene)
    inside_out.SetInsideOut(True)
    unplaced = desk.scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "unplaced")
    bent.SetAndObserveTransformNodeID(desk.scene.AddNewNodeByClass("vtkMRMLBSplineTransformNode", "bent").GetID())
    node, _ = add_drawing(volume)
    node.GetSegmentation().AddEmptySegment("empty", "empty")
    before = contents(desk.scene)
    for region, words in ((unplaced, "unplaced is not placed yet"), (inside_out, "R is inside out"),
                          (bent, "not linear"), (far, "lies outside head"), (volume, "is a Markups ROI or a segm"),
                          ((node, "Segment_9"), "has no segment 'Segment_9'"), (node, "has no segment ''"),
                          ((node, "empty"), "Nothing is drawn in empty")):
        with pytest.raises(UnsupportedImageError, match=words) as error:
            logic.process(volume, device="cpu", region=region)
        assert str(error.value).endswith(".")
    with pytest.raises(UnsupportedImageError, match="A margin of -1 mm"):
        logic.process(volume, device="cpu", region=(node, "Segment_1"), regionMargin=-1.0)
    assert contents(desk.scene) == before
    desk.choose(inputVolume=volume)
    desk.ui.regionSelector.setCurrentNode(far)
    assert "lies outside head" in desk.run() and roi.GetSize() == (50.0, 44.0, 16.0)


def test_under_a_transform_that_flattens_space_a_sentence_says_so_and_the_scene_stays(desk, logic, tmp_path):
    volume, roi = head_node(desk.scene), add_roi(desk.scene)
    node, _ = add_drawing(volume)
    flat = scenes.add_transform(desk.scene, np.diag([1.0, 1.0, 0.0, 1.0])).GetID()
    for moved, attempt in ((volume, lambda: logic.process(volume, device="cpu", region=roi)),
                           (roi, lambda: logic.process(volume, device="cpu", region=roi)),
                           (volume, lambda: logic.addToDataset(volume, tmp_path, "me", segmentationNode=node)),
                           (node, lambda: logic.compare(node, node))):
        moved.SetAndObserveTransformNodeID(flat)
        before = contents(desk.scene)
        with pytest.raises(UnsupportedImageError, match=f"{moved.GetName()} lies under a transform that flattens"):
            attempt()
        assert contents(desk.scene) == before and not any(tmp_path.iterdir())
        moved.SetAndObserveTransformNodeID(None)


def test_a_report_of_a_scene_whose_region_is_no_box_ends_in_a_sentence_and_writes_nothing(desk, shown, tmp_path):
    _volume, node = shown
    result, flat = result_of(node), np.diag([50.0, 50.0, 0.0, 1.0]).tolist()
    for box, is_shown in ((flat, True), ([flat[0] + [7.0], *flat[1:]], False)):
        region = {"description": "x", "first_slice": 1, "box_to_ras": box}
        node.SetAttribute("UnifiedViT.Result", json.dumps(result | {"region": region}))
        desk.panel.showParameters()
        assert desk.ui.resultCollapsibleButton.visible == is_shown
        FileDialog.answers = [str(tmp_path / "report.html")]
        desk.ui.saveReportButton.click()
        assert "The region of interest is empty" in desk.ui.statusLabel.text and not any(tmp_path.iterdir())


def test_the_section_fits_a_narrow_panel(desk):
    volume = head_node(desk.scene)
    node, _ = add_drawing(volume)
    node.SetName("A segmentation with a name that is far too long for a narrow panel")
    desk.choose(inputVolume=volume)
    desk.ui.regionCollapsibleButton.collapsed = False
    desk.ui.regionSelector.setCurrentNode(node)
    desk.app.processEvents()
    assert QtWidgets.QWidget.minimumSizeHint(desk.ui.regionCollapsibleButton).width() <= 300
    desk.ui.regionCollapsibleButton.collapsed = True
