"""The section Teach: results of a real scene, corrected as the Segment Editor does, into datasets on the disk."""

from __future__ import annotations

import csv
import json
import time

import numpy as np
import pytest
import scenes
import slicer
import vtk
from panels import contents, head_node
from PySide6 import QtWidgets
from standin.pythonqt import FileDialog

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.reading import read, read_labels
from UnifiedViTLib.outputs.mrml import add_to_scene, result_of


@pytest.fixture
def corrected(desk, shown):
    """The result of `shown`, its first segment drawn further: volume, segmentation, labels as they are now."""
    volume, segmentation = shown
    labels = scenes.boxes(volume.GetImageData().GetDimensions()[::-1])
    labels[labels == 1] = 0
    labels[:5, 3:9, 20:34] = 1
    scenes.draw(volume, segmentation, "Segment_1", labels == 1)
    return volume, segmentation, labels


def rows(folder) -> list[dict[str, str]]:
    with open(folder / "labels.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(folder, row: dict[str, str]):
    """Image and mask of a case."""
    return read(folder / "images" / row["image"]), read_labels(folder / "masks" / row["mask"])


def fill(desk, folder, reviewer: str = "AB", patient: str = "") -> None:
    desk.ui.teachFolderLineEdit.text = str(folder)
    desk.ui.teachReviewerLineEdit.text = reviewer
    desk.ui.teachPatientLineEdit.text = patient


def press(desk, button) -> str:
    """Press a button of the section and wait; what the panel says then."""
    button.click()
    desk.wait(lambda: not desk.panel.teach._client.running)
    return desk.ui.statusLabel.text


def test_a_correction_is_added_as_it_is_now_and_undo_takes_it_out_again(desk, corrected, tmp_path):
    volume, _segmentation, labels = corrected
    ui, before = desk.ui, contents(desk.scene)
    fill(desk, tmp_path / "mine")
    assert ui.teachCollapsibleButton.collapsed
    assert QtWidgets.QWidget.minimumSizeHint(ui.teachCollapsibleButton).width() <= 300
    assert [ui.teachDiagnosisComboBox.itemText(n) for n in range(4)] == [
        "Glioma: as the model says", "Nothing found", "Meningioma", "Not known"]
    ui.teachDiagnosisComboBox.currentIndex = 2
    assert "Added to the dataset" in press(desk, ui.teachButton)
    row, = rows(tmp_path / "mine")
    assert (row["label"], row["proposed_label"], row["reviewer"]) == ("meningioma", "glioma", "AB")
    assert (row["model"], row["model_version"]) == ("tiny", "1.2.3") and float(row["seconds"]) < 300
    image, mask = written(tmp_path / "mine", row)
    assert np.array_equal(image.array, slicer.util.arrayFromVolume(volume)) and np.array_equal(mask.array, labels)
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    assert np.allclose(image.ijk_to_ras, scenes.to_numpy(matrix), atol=1e-4)
    assert "diagnosis changed from glioma to meningioma" in ui.teachLabel.text and "Dice 0.9" in ui.teachLabel.text
    assert contents(desk.scene) == before
    assert "taken out" in press(desk, ui.undoTeachButton)
    assert not rows(tmp_path / "mine") and not ui.undoTeachButton.enabled and not ui.teachLabel.visible


def test_a_case_is_of_the_image_that_was_looked_at_whatever_grid_the_segments_have_by_now(desk, corrected, tmp_path):
    """As after "Specify geometry" of the Segment Editor with another volume of the patient."""
    volume, segmentation, labels = corrected
    other = head_node(desk.scene)
    slicer.util.updateVolumeFromArray(other, slicer.util.arrayFromVolume(volume)[::-1] * 3)
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(other)
    fill(desk, tmp_path / "mine")
    assert "Added to the dataset" in press(desk, desk.ui.teachButton)
    row, = rows(tmp_path / "mine")
    image, mask = written(tmp_path / "mine", row)
    assert np.array_equal(image.array, slicer.util.arrayFromVolume(volume)) and np.array_equal(mask.array, labels)
    desk.scene.RemoveNode(volume)
    assert "no longer in the scene" in press(desk, desk.ui.teachButton)


def test_an_image_other_than_the_one_that_was_looked_at_is_not_added_with_its_mask(desk, play, tmp_path):
    desk.choose(inputVolume=(volume := play(0)), device="cpu")
    assert desk.run().startswith("Done")
    looked_at = slicer.util.arrayFromVolume(volume).copy()
    fill(desk, tmp_path / "mine")
    play(2)
    assert "no longer has the voxels that" in press(desk, desk.ui.teachButton)
    assert not (tmp_path / "mine").exists()
    play(0)
    assert "Added to the dataset" in press(desk, desk.ui.teachButton)
    row, = rows(tmp_path / "mine")
    assert np.array_equal(written(tmp_path / "mine", row)[0].array, looked_at)


def test_what_was_changed_while_it_was_looked_at_or_later_is_not_added(desk, shown, tmp_path):
    volume, segmentation = shown
    as_it_was = slicer.util.arrayFromVolume(volume).copy()
    slicer.util.updateVolumeFromArray(volume, as_it_was[:, ::-1, ::-1])
    with pytest.raises(UnsupportedImageError, match="no longer has the voxels"):
        desk.widget.logic.addToDataset(volume, tmp_path / "mine", "AB")
    segmentation.RemoveAttribute("UnifiedViT.ImageSHA256")  # a scene that was saved before this was noted
    assert desk.widget.logic.addToDataset(volume, tmp_path / "mine", "AB").case
    slicer.util.updateVolumeFromArray(volume, as_it_was)
    desk.choose(outputSegmentation=None)
    desk.press_run()
    slicer.util.updateVolumeFromArray(volume, as_it_was[:, ::-1, ::-1])
    desk.wait(lambda: not desk.panel._running)
    with pytest.raises(UnsupportedImageError, match="no longer has the voxels"):
        desk.widget.logic.addToDataset(volume, tmp_path / "other", "AB",
                                       segmentationNode=desk.widget._parameterNode.outputSegmentation)


def test_a_clone_of_a_result_is_of_its_volume_as_long_as_the_scene_knows_it(desk, tmp_path):
    for scene in scenes.application(slicer.vtkMRMLScene()):
        volume = head_node(scene)
        original, _ = add_to_scene(scenes.predict(volume), volume)
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        clone = hierarchy.GetItemDataNode(slicer.vtkSlicerSubjectHierarchyModuleLogic.CloneSubjectHierarchyItem(
            hierarchy, hierarchy.GetItemByDataNode(original), "kept"))
        add = desk.widget.logic.addToDataset
        assert add(volume, tmp_path / "mine", "AB", segmentationNode=clone).case.dice == 1.0
        scene.RemoveNode(original)
        with pytest.raises(UnsupportedImageError, match=r"kept does not know its volume.*kept is a copy"):
            add(volume, tmp_path / "mine", "AB", segmentationNode=clone)


def test_the_time_that_a_result_was_shown_in_a_scene_that_was_closed_does_not_count(desk, shown, tmp_path, monkeypatch):
    real, later = time.monotonic, 5000.0
    desk.scene.Clear(0)
    monkeypatch.setattr(time, "monotonic", lambda: real() + later)
    volume = head_node(desk.scene)
    desk.choose(inputVolume=volume, outputSegmentation=add_to_scene(scenes.predict(volume), volume)[0])
    fill(desk, tmp_path / "mine")
    press(desk, desk.ui.teachButton)
    row, = rows(tmp_path / "mine")
    assert float(row["seconds"]) < later / 2


def test_nothing_can_be_added_without_a_result_a_folder_and_a_reviewer(desk, shown, tmp_path):
    fill(desk, "", "")
    assert not desk.ui.teachButton.enabled and "needed first" in desk.ui.teachButton.toolTip
    FileDialog.answers.append(str(tmp_path))
    desk.ui.teachFolderButton.click()
    assert desk.ui.teachFolderLineEdit.text == str(tmp_path) and not desk.ui.teachButton.enabled
    desk.ui.teachReviewerLineEdit.text = "AB"
    assert desk.ui.teachButton.enabled
    desk.scene.Clear(0)
    assert not desk.ui.teachButton.enabled and not desk.ui.teachDiagnosisComboBox.enabled


def test_what_is_wrong_is_said_in_a_sentence_and_no_folder_is_made(desk, shown, tmp_path):
    volume, segmentation = shown
    fill(desk, tmp_path / "mine")
    segmentation.GetSegmentation().GetSegment("Segment_1").SetName("tumour")
    assert "'tumour' is none of the model's (Glioma" in press(desk, desk.ui.teachButton)
    desk.scene.RemoveNode(volume)
    assert "no longer in the scene" in press(desk, desk.ui.teachButton)
    assert not (tmp_path / "mine").exists()


def test_a_scene_that_was_saved_and_loaded_still_knows_what_the_model_drew(desk, corrected, tmp_path):
    _volume, segmentation, _labels = corrected
    text = segmentation.GetAttribute("UnifiedViT.Proposal")
    assert text and text.replace('"', "&quot;") in scenes.xml(desk.scene)
    addition = desk.widget.logic.addToDataset(_volume, tmp_path / "mine", "AB")
    assert 0.8 < addition.case.dice < 1 and addition.case.seconds is None
    segmentation.RemoveAttribute("UnifiedViT.Proposal")
    addition = desk.widget.logic.addToDataset(_volume, tmp_path / "mine", "AB")
    assert addition.case.dice is None and addition.replaced is not None


def test_a_script_adds_what_lies_under_a_transform_and_names_one_of_several_results(desk, shown, tmp_path):
    volume, segmentation = shown
    shift = np.eye(4)
    shift[:3, 3] = 40, 5, -7
    transform = scenes.add_transform(desk.scene, shift)
    for node in (volume, segmentation):
        node.SetAndObserveTransformNodeID(transform.GetID())
    logic = desk.widget.logic
    case = logic.addToDataset(volume, tmp_path / "mine", "AB", label="").case
    image, mask = written(tmp_path / "mine", rows(tmp_path / "mine")[0])
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    assert np.allclose(image.ijk_to_ras, scenes.to_numpy(matrix), atol=1e-4) and case.dice == 1.0 and case.label == ""
    assert np.array_equal(mask.array, scenes.boxes(mask.array.shape))
    other, _ = add_to_scene(scenes.predict(volume), volume)
    with pytest.raises(UnsupportedImageError, match="has several results"):
        logic.addToDataset(volume, tmp_path / "mine", "AB")
    assert logic.addToDataset(volume, tmp_path / "mine", "AB", segmentationNode=other).replaced.name == case.name
    with pytest.raises(UnsupportedImageError, match="no result of UnifiedViT"):
        logic.addToDataset(None, tmp_path / "mine", "AB")


def test_patients_are_told_apart_by_dicom_and_named_nowhere(desk, tmp_path):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(desk.scene)
    for number, (patient, name) in enumerate((("PID-1", "Muster^A"), ("PID-1", "Muster^A"), ("PID-2", "Muster^B"))):
        array = np.random.default_rng(number).integers(0, 900, scenes.SHAPE).astype(np.int16)
        volume = scenes.add_volume(desk.scene, array)
        volume.SetName(f"{name} t1")
        item = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), name)
        hierarchy.SetItemAttribute(item, "DICOM.PatientID", patient)
        hierarchy.CreateItem(item, volume)
        add_to_scene(scenes.predict(volume), volume)
        desk.widget.logic.addToDataset(volume, tmp_path / "mine", "AB")
    groups = [row["group"] for row in rows(tmp_path / "mine")]
    assert groups[0] == groups[1] != groups[2]
    for file in (tmp_path / "mine").rglob("*"):
        content = str(file).encode() + (file.read_bytes() if file.is_file() else b"")
        assert b"PID-" not in content and b"Muster" not in content


def test_a_result_of_a_region_alone_is_refused(desk, tmp_path):
    volume = scenes.add_volume(desk.scene)
    segmentation, _ = add_to_scene(scenes.predict(volume), volume)
    result = result_of(segmentation)
    segmentation.SetAttribute("UnifiedViT.Result", json.dumps(result | {"region": {
        "description": "a box", "first_slice": 1, "box_to_ras": np.eye(4).tolist()}}))
    with pytest.raises(UnsupportedImageError, match="Only a region"):
        desk.widget.logic.addToDataset(volume, tmp_path / "mine", "AB")
    assert not (tmp_path / "mine").exists()


def test_the_panel_remembers_who_and_where_and_a_lost_folder_is_told(desk, corrected, tmp_path):
    (tmp_path / "labels.csv").write_text("image,label\n")
    fill(desk, tmp_path)
    assert "holds other data" in press(desk, desk.ui.teachButton)
    assert str(desk.app.userSettings().value("UnifiedViT/DatasetFolder")) == str(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["labels.csv"]
