"""The section Batch: a folder into a folder while the window stays alive, and a finished case into the scene."""

from __future__ import annotations

import csv
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from batches import COLUMNS, load, press, rows, wait, write_head
from panels import contents, head, head_node
from PySide6 import QtCore, QtGui
from standin.pythonqt import FileDialog, as_read

from UnifiedViTLib.outputs.mrml import result_of, volume_from_node
from UnifiedViTLib.outputs.results_table import CSV_FIELDS
from UnifiedViTLib.service.worker.protocol import InputEnded


class Browser(QtCore.QObject):
    """The system's browser of files."""

    opened = ""

    @QtCore.Slot(QtCore.QUrl)
    def open(self, url: QtCore.QUrl) -> None:
        self.opened = url.toLocalFile()


@pytest.fixture
def scans(tmp_path) -> Path:
    """Two heads, one of them in a subfolder, and a file that is none."""
    for name in ("b.nrrd", "patient <1>/a.nii.gz"):
        write_head(tmp_path / "scans" / name)
    (tmp_path / "scans" / "broken.nrrd").write_bytes(b"NRRD0004\nnothing")
    return tmp_path / "scans"


@pytest.fixture
def batch(desk, scans, tmp_path):
    """Both folders are chosen, and the section is unfolded."""
    desk.ui.batchCollapsibleButton.collapsed = False
    FileDialog.answers = [str(scans), str(tmp_path / "out")]
    desk.ui.batchInputButton.click()
    desk.ui.batchOutputButton.click()
    desk.ui.batchPatternEdit.text = ""
    desk.ui.batchRecursiveCheckBox.checked = True
    yield desk.panel.batch
    if desk.panel.batch.isRunning:
        press(desk)
        wait(desk)
    desk.ui.batchTable.horizontalHeader().setSortIndicator(-1, QtCore.Qt.AscendingOrder)
    desk.ui.batchCollapsibleButton.collapsed = True


def tips(desk, name: str) -> list[str]:
    """What the pointer reads on an image's row."""
    table = desk.ui.batchTable
    row = [one["image"] for one in rows(desk)].index(name)
    return [as_read(table.item(row, column).toolTip()) for column in range(len(COLUMNS))]


def nodes(desk) -> list[str]:
    return [node[0] for node in contents(desk.scene)]


def test_a_folder_is_done_with_the_scene_untouched_and_a_second_run_goes_on(desk, batch, scans, tmp_path):
    before, spoken = contents(desk.scene), []
    press(desk)
    assert desk.ui.batchRunButton.text == "Cancel batch" and not desk.ui.batchInputEdit.enabled
    desk.wait(lambda: spoken.append(desk.ui.batchProgressBar.format) or not batch.isRunning)
    assert "0 of 3" in spoken and {"1 of 3", "2 of 3"} & set(spoken) and contents(desk.scene) == before
    said = desk.ui.batchStatusLabel.text
    assert said.startswith("2 done, 1 failed") and "results.csv in the results folder lists all" in said
    inner = str(Path("patient <1>", "a.nii.gz"))
    assert {one["image"]: one["status"] for one in rows(desk)} == {
        "b.nrrd": "uncertain", "broken.nrrd": "failed", inner: "uncertain"}
    shown = next(one for one in rows(desk) if one["image"] == inner)
    with open(tmp_path / "out" / "results.csv", newline="", encoding="utf-8") as file:
        written = next(row for row in csv.DictReader(file) if row["input"].endswith("a.nii.gz"))
    displays = {one.name: one.display for one in desk.panel.spec().classes}
    assert shown["diagnosis"] == displays[written["diagnosis"]]
    assert shown["percent"] == round(100 * float(written["probability"]))
    assert written["volume_ml"].endswith(f": {shown['ml']:.2f}")
    assert written["warnings"] and shown["warnings"] == len(written["warnings"].split(" | "))
    assert tips(desk, inner)[0] == str(scans / inner)
    assert tips(desk, inner)[5].split("\n") == written["warnings"].split(" | ")
    failed = desk.ui.batchTable.item([one["image"] for one in rows(desk)].index("broken.nrrd"), 0)
    assert "damaged" in tips(desk, "broken.nrrd")[1] and failed.foreground().color().name() == "#b3261e"

    write_head(scans / "c.nrrd")
    stamp = (tmp_path / "out" / "b.seg.nrrd").stat().st_mtime_ns
    press(desk)
    assert wait(desk).startswith("3 done (2 of them before), 1 failed")
    assert {one["image"]: one["status"] for one in rows(desk)} == {
        "b.nrrd": "uncertain (before)", inner: "uncertain (before)", "broken.nrrd": "failed",
        "c.nrrd": "uncertain"}
    assert (tmp_path / "out" / "b.seg.nrrd").stat().st_mtime_ns == stamp

    browser = Browser()
    QtGui.QDesktopServices.setUrlHandler("file", browser, "open")
    desk.ui.batchFolderButton.click()
    QtGui.QDesktopServices.unsetUrlHandler("file")
    assert browser.opened == str(tmp_path / "out") and desk.app.questions == []


def test_a_case_is_loaded_as_after_a_run_and_undo_takes_it_away(desk, batch, scans, tmp_path):
    desk.ui.uncertaintyCheckBox.checked = True
    press(desk)
    wait(desk)
    mine, view = head_node(desk.scene), desk.scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    view.SetBackgroundVolumeID(mine.GetID())
    before = [node for node in nodes(desk) if "Color" not in node]
    assert load(desk, "b.nrrd", QtCore.Qt.Key_Return) == (
        "b is loaded with its result, as after a run; Undo takes both away.")
    volume, segmentation = desk.ui.inputSelector.currentNode(), desk.ui.outputSelector.currentNode()
    assert view.GetBackgroundVolumeID() == volume.GetID() != mine.GetID()
    np.testing.assert_array_equal(volume_from_node(volume).array, head())
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / "b.seg.nrrd")))
    result = result_of(segmentation)
    assert [one["voxels"] for one in result["segments"]] == np.bincount(mask.ravel(), minlength=2)[1:].tolist()
    assert desk.scene.GetFirstNodeByClass("vtkMRMLTableNode").GetNumberOfRows() == len(desk.panel.spec().classes)
    assert result["diagnosis"]["display"] in desk.ui.diagnosisLabel.text and desk.ui.uncertaintyMapCheckBox.visible
    there = contents(desk.scene)
    assert load(desk, "b.nrrd") == "b is in the scene already." and contents(desk.scene) == there
    desk.ui.undoButton.click()
    assert [node for node in nodes(desk) if "Color" not in node] == before
    assert view.GetBackgroundVolumeID() == mine.GetID() and not desk.ui.resultCollapsibleButton.visible
    assert load(desk, "b.nrrd").startswith("b is loaded")


def test_a_case_whose_image_has_changed_or_that_failed_is_told_and_not_loaded(desk, batch, scans, tmp_path):
    desk.ui.batchPatternEdit.text = "b*.nrrd"
    desk.ui.batchRecursiveCheckBox.checked = False
    press(desk)
    assert wait(desk).startswith("1 done, 1 failed")
    before = contents(desk.scene)
    assert load(desk, "broken.nrrd").startswith("broken.nrrd: ") and "damaged" in desk.ui.batchCaseLabel.text
    write_head(scans / "b.nrrd", (6, 64, 58))
    assert "b.nrrd is not the file that it was" in load(desk, "b.nrrd")
    assert contents(desk.scene) == before and desk.ui.batchCaseLabel.styleSheet


def test_a_result_that_was_edited_or_lost_is_listed_as_such(desk, batch, tmp_path):
    press(desk)
    wait(desk)
    mask, out = tmp_path / "out" / "b.seg.nrrd", tmp_path / "out"
    sitk.WriteImage(sitk.ReadImage(str(mask)) * 0, str(mask))
    next(out.rglob("a.seg.nrrd")).unlink()
    desk.ui.batchListButton.click()
    wait(desk)
    listed = {Path(one["image"]).name: one for one in rows(desk)}
    assert (listed["b.nrrd"]["status"], listed["a.nii.gz"]["status"]) == ("changed", "incomplete")
    assert "b.seg.nrrd was changed, or cut, after it was written" in load(desk, "b.nrrd")


def test_cancel_keeps_what_is_done_and_lists_it(desk, batch, scans, tmp_path):
    for number in range(3):
        write_head(scans / f"z{number}.nrrd", (40, 64, 60))
    press(desk)
    desk.wait(lambda: any(one["diagnosis"] for one in rows(desk)))
    press(desk)
    assert desk.ui.batchRunButton.text == "Cancelling..." and not desk.ui.batchRunButton.enabled
    assert wait(desk) == "Cancelled. What is done is kept: Run batch goes on from there."
    done = [one["image"] for one in rows(desk) if one["diagnosis"]]
    with open(tmp_path / "out" / "results.csv", newline="", encoding="utf-8") as file:
        listed = [row for row in csv.DictReader(file) if row["status"] == "done"]
    assert len(done) < 5 and len(listed) >= len(done)
    assert desk.ui.batchRunButton.text == "Run batch" and desk.ui.batchRunButton.enabled


def test_the_batch_goes_on_when_the_scene_is_closed_and_when_its_process_is_killed(desk, batch):
    press(desk)
    desk.wait(lambda: len(rows(desk)) > 0)
    desk.scene.Clear(0)
    os.kill(batch._client._child._process.pid, signal.SIGKILL)
    assert wait(desk).startswith("2 done")
    assert sorted(one["status"].split(" (")[0] for one in rows(desk)) == ["failed", "uncertain", "uncertain"]


def test_what_is_missing_is_said_before_anything_begins(desk, batch, tmp_path):
    desk.ui.batchOutputEdit.text = " "
    press(desk)
    assert not batch.isRunning and "one for the results" in desk.ui.batchStatusLabel.text
    desk.ui.batchOutputEdit.text = str(tmp_path / "out")
    desk.ui.batchInputEdit.text = str(tmp_path / "nowhere")
    press(desk)
    assert "nowhere does not exist" in wait(desk) and not (tmp_path / "out").exists()
    desk.app.userSettings().remove("UnifiedViT/NonCommercialUse/brain-t1ce")
    desk.app.consent = False
    press(desk)
    assert desk.ui.batchStatusLabel.text == "Not run: the licence of the weights was not agreed to."
    assert len(desk.app.questions) == 1


def test_columns_sort_by_number_and_folders_are_remembered(desk, batch, scans, tmp_path):
    from UnifiedViTPanel.batch import BatchView

    desk.ui.batchPatternEdit.text = "*.none"
    press(desk)
    assert wait(desk) == "There is no image of this pattern in the folder."
    line = dict.fromkeys(CSV_FIELDS, "") | {"status": "done", "diagnosis": "glioma", "confidence": "0.5"}
    for name, probability, review in (("x", "0.0900", "yes"), ("y", "1.0000", "no"), ("z", "0.1100", "no")):
        row = line | {"input": str(scans / name), "probability": probability, "review": review}
        batch._table.add([InputEnded(row, "told")])
    desk.ui.batchTable.sortByColumn(3, QtCore.Qt.AscendingOrder)
    assert [(one["image"], one["percent"], one["status"]) for one in rows(desk)] == [
        ("x", 9, "uncertain"), ("z", 11, "done"), ("y", 100, "done")]
    assert tips(desk, "x")[1] == "Confidence 50%: to be reviewed"
    later = slicer.util.loadUI(desk.widget.resourcePath("UI/UnifiedViT.ui"))
    ui = slicer.util.childWidgetVariables(later)
    BatchView(ui, desk.panel).close()
    assert (ui.batchInputEdit.text, ui.batchOutputEdit.text) == (str(scans), str(tmp_path / "out"))
    assert ui.batchRecursiveCheckBox.checked and ui.batchPatternEdit.text == "*.none"


def test_the_time_that_is_left_counts_what_is_still_to_be_computed(desk):
    from UnifiedViTPanel.batch import _Timing

    timing, before = _Timing(300), InputEnded(dict.fromkeys(CSV_FIELDS, ""), "")
    for _ in range(100):
        timing.ended(before)
    timing.progress(100 / 300)
    assert timing.left() == ""
    timing._started -= 60.0  # a minute has passed
    for done, words in ((110, "19 min"), (290, "3 s"), (100.6, "5 h 32 min"), (300, "")):
        timing.progress(done / 300)
        assert timing.left() == words
