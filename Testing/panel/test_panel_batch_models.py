"""A batch of the panel with several models and further sequences; results of a folder listed, those of a region too."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from batches import load, press, rows, wait, write_head
from builders import spec_data, tiny_model
from model_pairs import BIASES, SMALL, check
from PySide6 import QtCore, QtWidgets

from UnifiedViTLib.errors import UnsupportedImageError, WeightsError
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.outputs.mrml import result_of
from UnifiedViTLib.service.store.download import import_model, remove_model
from UnifiedViTLib.service.worker.protocol import FileRequest

CHANNELS = [{"name": "t1c", "expects": "T1 with contrast"}, {"name": "flair", "expects": "FLAIR of the head"}]


@pytest.fixture
def two(desk, tmp_path):
    """A model of two sequences is chosen, and a plain one is checked besides."""
    specs = {}
    for name, changes in {"one": {"input": spec_data()["input"] | {"channels": CHANNELS}}, "two": {}}.items():
        folder = tiny_model(tmp_path / name, id=name, name=name.title(), biases=BIASES[name], **SMALL, **changes).folder
        specs[name] = import_model(folder)
    desk.panel.models.refresh()
    desk.panel.onModelsChanged("one")
    desk.choose(device="cpu")
    check(desk, "two")
    yield specs
    desk.choose(furtherModels="")
    for name in specs:
        with suppress(WeightsError):  # the test has removed it
            remove_model(name)


@pytest.fixture
def folders(desk, tmp_path):
    """Two patients, one of them with a FLAIR; the section is unfolded."""
    for name in ("a_t1c.nrrd", "a_flair.nrrd", "b_t1c.nrrd"):
        write_head(tmp_path / "scans" / name)
    ui = desk.ui
    ui.batchCollapsibleButton.collapsed = False
    ui.batchInputEdit.text, ui.batchOutputEdit.text = str(tmp_path / "scans"), str(tmp_path / "out")
    ui.batchPatternEdit.text, ui.batchRecursiveCheckBox.checked = "*_t1c.nrrd", False
    yield tmp_path / "scans", tmp_path / "out"
    if desk.panel.batch.isRunning:
        press(desk)
        wait(desk)
    ui.batchPatternEdit.text = ""
    ui.batchTable.horizontalHeader().setSortIndicator(-1, QtCore.Qt.AscendingOrder)
    ui.batchCollapsibleButton.collapsed = True


def flair(desk):
    """The field for the names of the FLAIR's files."""
    return desk.panel.batch._channels._rows["flair"][1]


def models(desk) -> list[str]:
    return [desk.ui.batchTable.item(row, 6).text() for row in range(desk.ui.batchTable.rowCount)]


def result(folder: Path, name: str) -> dict:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def test_each_model_has_a_row_for_each_image_with_the_sequences_that_lie_beside_it(desk, two, folders):
    scans, out = folders
    assert desk.ui.batchChannelsFrame.visible
    flair(desk).text = "*_flair.nrrd"
    assert desk.panel.batch._channels.names(desk.panel.specs()) == {"flair": "*_flair.nrrd"}
    press(desk)
    assert wait(desk).startswith("4 done")
    assert result(out, "a_t1c-one")["manifest"]["request"]["channels"] == {"flair": str(scans / "a_flair.nrrd")}
    assert sorted(zip((one["image"] for one in rows(desk)), models(desk), strict=True)) == [
        ("a_t1c.nrrd", "one"), ("a_t1c.nrrd", "two"), ("b_t1c.nrrd", "one"), ("b_t1c.nrrd", "two")]
    assert {one["diagnosis"] for one in rows(desk)} == {"Glioma", "Meningioma"}
    assert not desk.ui.batchTable.isColumnHidden(6)
    desk.window.resize(320, 900)
    desk.app.processEvents()
    header = desk.ui.batchTable.horizontalHeader()
    end = header.sectionViewportPosition(2) + header.sectionSize(2)
    assert end <= QtWidgets.QWidget.width(header), "what a model says is read in a narrow panel, too"
    desk.window.resize(460, 900)
    beside = {name: [file["path"] for file in result(out, name)["manifest"]["inputs"]] for name in
              ("a_t1c-one", "b_t1c-one", "a_t1c-two")}
    assert beside == {"a_t1c-one": [str(scans / "a_t1c.nrrd"), str(scans / "a_flair.nrrd")],
                      "b_t1c-one": [str(scans / "b_t1c.nrrd")], "a_t1c-two": [str(scans / "a_t1c.nrrd")]}
    assert any("Without flair" in warning for warning in result(out, "b_t1c-one")["warnings"])

    row = models(desk).index("two")
    desk.ui.batchTable.cellDoubleClicked.emit(row, 0)
    desk.wait(lambda: not desk.panel.batch._cases._client.running)
    assert desk.ui.batchCaseLabel.text.startswith(f"{rows(desk)[row]['image'][:5]}-two is loaded with its result")
    shown = desk.ui.outputSelector.currentNode()
    assert result_of(shown)["model"]["id"] == "two"

    write_head(scans / "b_flair.nrrd")
    press(desk)
    assert wait(desk).startswith("4 done (3 of them before)"), "a sequence came: that result is another"
    flair(desk).text = "*_flare.nrrd"
    press(desk)
    assert "No image has a flair called *_flare.nrrd beside it (looked for a_flare.nrrd)" in wait(desk)
    flair(desk).text = "flair.nrrd"
    press(desk)
    assert "Write both with the same number of *" in desk.ui.batchStatusLabel.text
    flair(desk).text = ""


def test_a_script_does_the_same(desk, two, folders):
    scans, out = folders
    seen = []
    made = desk.widget.logic.processFolder(scans, out, "*_t1c.nrrd", model=["one", "two"], device="cpu",
                                           channels={"flair": "*_flair.nrrd"},
                                           progress=lambda stage, done: seen.append(done))
    assert [row["result"] for row in made] == ["a_t1c-one", "b_t1c-one", "a_t1c-two", "b_t1c-two"]
    assert seen == sorted(seen)
    with pytest.raises(UnsupportedImageError, match="t2"):
        desk.widget.logic.processFolder(scans, out, model="two", channels={"t2": "*_t2.nrrd"})


def test_results_of_a_folder_are_listed_and_one_of_a_region_is_loaded_as_such(desk, two, folders):
    scans, out = folders
    out.mkdir()
    image = scans / "a_t1c.nrrd"
    region = RegionOfInterest.from_bounds((slice(1, 5), slice(10, 50), slice(20, 55)), read(image).ijk_to_ras, "ROI R")
    request = FileRequest(image, out, "part", two["two"], Options(region=region), "cpu")
    desk.panel.runner.client.run(request)
    desk.ui.batchListButton.click()
    assert wait(desk) == "Results in the folder: 1."
    (row,) = rows(desk)
    assert (row["diagnosis"], models(desk)) == ("Meningioma", ["two"]) and row["status"].endswith(", region only")
    assert load(desk, "a_t1c.nrrd").startswith("part is loaded with its result")
    assert "slices of the region only" in desk.ui.diagnosisLabel.text
    shown = result_of(desk.ui.outputSelector.currentNode())
    assert shown["region"]["description"] == str(region)
    desk.ui.undoButton.click()
    remove_model("two")
    desk.panel.models.refresh()
    desk.ui.batchListButton.click()
    wait(desk)
    assert "part is of two 1.2.3, which is not installed in this version" in load(desk, "a_t1c.nrrd")
    desk.ui.batchOutputEdit.text = str(out / "nowhere")
    desk.ui.batchListButton.click()
    assert desk.ui.batchStatusLabel.text == "Choose the folder with the results."
