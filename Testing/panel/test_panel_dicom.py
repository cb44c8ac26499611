"""Save as DICOM: what the panel writes of a result that is shown, and what it refuses."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import scenes
import slicer
from dicom_files import series
from panels import contents, dicom_node, head, head_node
from standin.pythonqt import FileDialog, as_read

from UnifiedViTLib import cli
from UnifiedViTLib.errors import OutputError, UnsupportedImageError
from UnifiedViTLib.outputs.mrml import add_to_scene

pytest.importorskip("highdicom", reason="results as DICOM need highdicom, which is not installed")

SEGMENTATION, REPORT, UNCERTAINTY, PICTURE = (
    f"head.{kind}.dcm" for kind in ("seg", "sr", "uncertainty", "picture"))


@pytest.fixture
def images(tmp_path) -> Path:
    """A folder with the head as a DICOM series."""
    return series(tmp_path / "head", pixels=head().astype(np.uint16))


@pytest.fixture
def loaded(desk, images) -> slicer.vtkMRMLScalarVolumeNode:
    """The series as Slicer's DICOM module loads it: in the database, the images' UIDs on the volume."""
    return dicom_node(desk.scene, images, "head")


@pytest.fixture
def output(tmp_path) -> Path:
    folder = tmp_path / "objects"
    folder.mkdir()
    return folder


@pytest.fixture
def show(desk, proven):
    """Shows a result of a volume, as a run that has just ended does; gives the segmentation."""

    def shown(volume, segmentation=None, **changes):
        runner = desk.panel.runner
        request = runner.request(volume, str(proven.folder), "cpu", 8, None)
        assert np.array_equal(request.volume.array, slicer.util.arrayFromVolume(volume))
        segmentation = runner.addToScene(scenes.predict(volume, **changes), volume, segmentation)
        runner.release()
        desk.choose(inputVolume=volume, outputSegmentation=segmentation)
        desk.panel.results.show(segmentation)
        return segmentation

    return shown


def save(desk, folder: Path) -> str:
    """Press the button, choose the folder, and wait; what the panel says then."""
    FileDialog.answers = [str(folder)]
    desk.ui.saveAsDicomButton.click()
    desk.wait(lambda: not desk.panel.dicom._client.running)
    return desk.ui.statusLabel.text


def told(dataset: pydicom.Dataset, known: set[str]) -> dict[str, Any]:
    """All that an object tells but dates, times, and UIDs that are not those of the images."""
    plain: dict[str, Any] = {}
    for element in dataset:
        if element.VR == "SQ":
            plain[element.keyword] = [told(item, known) for item in element.value]
        elif element.VR == "UI":
            plain[element.keyword] = [uid if uid in known else "new" for uid in [element.value]]
        elif element.VR not in ("DA", "TM", "DT"):
            plain[str(element.tag)] = element.value
    return plain


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_the_panel_writes_the_objects_that_predict_writes(desk, loaded, images, proven, output, tmp_path, monkeypatch):
    logic, client = desk.widget.logic, desk.panel.runner.client
    logic.process(loaded, model=str(proven.folder), device="cpu", uncertainty=True)
    desk.choose(inputVolume=loaded, outputSegmentation=desk.scene.GetFirstNodeByClass("vtkMRMLSegmentationNode"))
    before = contents(desk.scene)
    assert desk.ui.saveAsDicomButton.enabled
    assert "4 DICOM objects are written and in Slicer's DICOM database" in save(desk, output)
    assert contents(desk.scene) == before and desk.ui.saveAsDicomButton.text == "Save as DICOM..."
    assert names(output) == sorted([SEGMENTATION, REPORT, UNCERTAINTY, PICTURE])

    monkeypatch.setattr(cli, "WorkerClient", lambda: client)
    monkeypatch.setattr(client, "close", lambda: None)
    assert cli.main(["predict", str(images), "-m", str(proven.folder), "--device", "cpu", "--dicom", "--uncertainty",
                     "-o", str(tmp_path / "out")]) == 0
    originals = [pydicom.dcmread(file) for file in images.iterdir()]
    known = {str(one[keyword].value) for one in originals
             for keyword in ("SOPInstanceUID", "SOPClassUID", "SeriesInstanceUID", "StudyInstanceUID",
                             "FrameOfReferenceUID")}
    for name in names(output):
        written = pydicom.dcmread(output / name)
        known |= {written.SOPClassUID}
        assert told(written, known) == told(pydicom.dcmread(tmp_path / "out" / name), known), name
        assert slicer.dicomDatabase.fileForInstance(written.SOPInstanceUID) == str(output / name)


def test_a_script_saves_too_and_no_file_of_others_is_replaced(desk, loaded, show, output):
    (output / "HEAD.sr.dcm").write_text("mine")
    show(loaded)
    stages = []
    paths = desk.widget.logic.saveAsDicom(loaded, output, lambda stage, done: stages.append(done))
    assert sorted(path.name for path in paths) == ["head-2.picture.dcm", "head-2.seg.dcm", "head-2.sr.dcm"]
    assert names(output) == ["HEAD.sr.dcm", *sorted(path.name for path in paths)]
    assert (output / "HEAD.sr.dcm").read_text() == "mine" and stages == sorted(stages)
    mask = pydicom.dcmread(output / "head-2.seg.dcm").pixel_array
    assert mask.sum() == np.count_nonzero(scenes.boxes(head().shape))
    with pytest.raises(OutputError, match="Choose another folder"):
        desk.widget.logic.saveAsDicom(loaded, output / "HEAD.sr.dcm" / "objects")
    assert desk.app.questions == []


@pytest.mark.parametrize(("change", "words"), [
    ("edited", "its voxels have other values"), ("moved", "mm from where the images lie"),
    ("cropped", "its grid has 60 x 64 x 5 voxels, that of the images 60 x 64 x 6"),
])
def test_a_volume_that_was_changed_before_the_run_is_refused(desk, loaded, show, output, change, words):
    array = slicer.util.arrayFromVolume(loaded)
    if change == "edited":
        array[2, 30, 30] += 1
    elif change == "moved":
        loaded.SetOrigin(0.0, 0.0, 1.0)
    else:
        slicer.util.updateVolumeFromArray(loaded, array[:5].copy())
    show(loaded)
    assert words in save(desk, output) and "Load the images again" in desk.ui.statusLabel.text
    assert desk.ui.statusLabel.styleSheet and names(output) == []


def test_a_volume_that_is_changed_after_the_run_leaves_the_result_as_it_was(desk, loaded, show, output):
    show(loaded)
    slicer.util.arrayFromVolume(loaded)[:] = 7
    desk.app.consent = False
    assert save(desk, output).startswith("3 DICOM objects are written: ")
    assert len(slicer.dicomDatabase.files) == len(head())


def test_segments_that_were_edited_are_not_saved_as_the_models_without_a_yes(desk, loaded, show, output):
    segmentation = show(loaded)
    segmentation.GetSegmentation().RemoveSegment("Segment_1")
    desk.app.consent = False
    assert save(desk, output) == "Not saved: the segments were changed since the run." and names(output) == []
    assert "without these changes" in desk.app.questions[-1]
    desk.app.consent = True
    assert "DICOM objects are written" in save(desk, output)


def test_images_that_left_the_database_are_told(desk, loaded, images, show, output):
    show(loaded)
    Path(next(iter(slicer.dicomDatabase.files.values()))).unlink()
    assert "1 of the 6 images of head are no longer in Slicer's DICOM database" in save(desk, output)
    slicer.dicomDatabase.files.clear()
    with pytest.raises(UnsupportedImageError, match="6 of the 6 images"):
        desk.widget.logic.saveAsDicom(loaded, output)
    assert names(output) == []


def test_the_button_says_why_it_cannot_be_pressed(desk, loaded, show):
    button = desk.ui.saveAsDicomButton
    show(head_node(desk.scene))
    assert not button.enabled and "loaded with Slicer's DICOM module" in as_read(button.toolTip)
    with pytest.raises(UnsupportedImageError, match="loaded with Slicer's DICOM module"):
        desk.widget.logic.saveAsDicom(desk.widget._parameterNode.inputVolume, "objects")
    restored, _table = add_to_scene(scenes.predict(loaded), loaded)  # as from a scene: nothing but the nodes
    desk.choose(inputVolume=loaded, outputSegmentation=restored)
    assert not button.enabled and "loaded with a scene" in as_read(button.toolTip)
    show(loaded, restored)
    assert button.enabled and "refer to the original images" in as_read(button.toolTip)


def test_undo_brings_back_the_result_that_is_saved(desk, loaded, show, output):
    segmentation = show(loaded)
    show(loaded, segmentation, labelmap=np.zeros(head().shape, np.uint8))
    desk.ui.undoButton.click()
    save(desk, output)
    assert SEGMENTATION in names(output)
    desk.scene.Clear(0)
    assert desk.panel.runner.results._kept == {}


def test_a_script_never_saves_a_result_of_an_earlier_scene_as_that_of_a_volume_of_this_one(desk, images, proven, output,
                                                                                          tmp_path):
    logic = desk.module.UnifiedViTLogic()
    first = dicom_node(desk.scene, images, "patient 1")
    logic.process(first, model=proven.folder, device="cpu")
    node_id, files = first.GetID(), dict(slicer.dicomDatabase.files)
    for folder in (series(tmp_path / "next", pixels=head()[:, ::-1].astype(np.uint16)), images):
        desk.scene.Clear(0)
        volume = dicom_node(desk.scene, folder, "patient 2")
        slicer.dicomDatabase.files |= files
        assert volume.GetID() == node_id
        with pytest.raises(UnsupportedImageError, match="results of this session alone, and there is none"):
            logic.saveAsDicom(volume, output)
    assert names(output) == []
    logic.close()


def test_results_of_two_scenes_are_kept_and_taken_back_each_in_its_own(desk, loaded, images, show, output, proven):
    other, mine = slicer.vtkMRMLScene(), show(loaded)
    theirs = dicom_node(other, images, "theirs")
    desk.widget.logic.process(theirs, model=str(proven.folder), device="cpu")
    segmentation = other.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    for volume in (loaded, theirs):
        assert desk.widget.logic.saveAsDicom(volume, output / volume.GetName())
    mine.SetName("read by me")
    desk.panel.showParameters()
    desk.ui.undoButton.click()
    assert desk.scene.IsNodePresent(mine) and not other.IsNodePresent(segmentation) and desk.app.questions == []
    desk.widget.logic.process(theirs, model=str(proven.folder), device="cpu")
    show(loaded)
    assert desk.widget.logic.saveAsDicom(theirs, output / "again"), "what is shown in one says nothing about the other"


def test_a_result_that_was_taken_back_is_not_saved_by_a_script(desk, loaded, show, output):
    logic = desk.widget.logic
    drawn = show(loaded)
    show(loaded, drawn, labelmap=np.zeros(head().shape, np.uint8))
    desk.ui.undoButton.click()
    assert "head.seg.dcm" in [path.name for path in logic.saveAsDicom(loaded, output)], "what is shown has segments"
    desk.scene.RemoveNode(drawn)
    with pytest.raises(UnsupportedImageError, match="Run again"):
        logic.saveAsDicom(loaded, output)


def test_saving_can_be_cancelled_and_begins_with_a_question_where_the_package_is_missing(desk, loaded, show, output,
                                                                                       monkeypatch):
    show(loaded)
    FileDialog.answers = [str(output), ""]
    desk.ui.saveAsDicomButton.click()
    assert desk.ui.saveAsDicomButton.text == "Cancel saving"
    desk.ui.saveAsDicomButton.click()
    assert not desk.ui.saveAsDicomButton.enabled
    desk.wait(lambda: not desk.panel.dicom._client.running)
    assert desk.ui.statusLabel.text == "Saving was cancelled." and names(output) == []
    desk.ui.saveAsDicomButton.click()  # and the dialog is closed without a folder
    assert not desk.panel.dicom._client.running
    monkeypatch.setitem(sys.modules, "highdicom", None)
    desk.app.consent = False
    assert save(desk, output) == "Not saved: nothing was installed."
    assert "need the package highdicom" in desk.app.questions[-1]


def test_saving_ends_with_the_scene_and_leaves_nothing_behind(desk, loaded, show, output):
    show(loaded)
    FileDialog.answers = [str(output / "new")]
    desk.ui.saveAsDicomButton.click()
    desk.scene.Clear(0)
    assert desk.panel.dicom._cancelling
    desk.wait(lambda: not desk.panel.dicom._client.running)
    assert desk.ui.statusLabel.text == "Saving was cancelled." and names(output) == []
    assert len(slicer.dicomDatabase.files) == len(head()) and not desk.ui.saveAsDicomButton.enabled
