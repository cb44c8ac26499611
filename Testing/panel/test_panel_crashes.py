"""In Slicer too, a backend that kills the worker in the middle of a volume costs a repeat of that volume alone."""

from __future__ import annotations

import json

import pytest
import SimpleITK as sitk
from faulty_backends import spoil_openvino
from once import give_verdicts
from panels import contents, head, head_node

from UnifiedViTLib.outputs.mrml import result_of
from UnifiedViTLib.service.store.download import import_model


@pytest.fixture
def new_worker(desk, tmp_path, tmp_path_factory, monkeypatch):
    """The panel's worker starts anew within the test, and once more after it; what crashes here is not remembered."""
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "models"))
    give_verdicts(tmp_path_factory, tmp_path / "models")
    monkeypatch.setattr(desk.widget.logic.runner.client, "_excluded", {})
    desk.widget.logic.runner.client.close()
    yield
    desk.widget.logic.runner.client.close()


@pytest.mark.openvino
def test_run_goes_on_in_another_worker_and_the_result_says_why(desk, new_worker, proven, tmp_path, monkeypatch):
    failed = spoil_openvino(monkeypatch, tmp_path / "bad day", "SIGSEGV", process="worker", after=1, once=True)
    import_model(proven.folder)
    desk.panel.models.refresh()
    desk.panel.onModelsChanged("proven")
    volume = head_node(desk.scene, (20, 64, 60))
    desk.choose(inputVolume=volume, device="cpu")
    desk.run()
    assert failed.exists() and desk.app.questions == []
    segmentation = desk.scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    assert "it crashed (SIGSEGV)" in " ".join(result_of(segmentation)["notes"])
    assert "Fatal Python error: Segmentation fault" in desk.ui.logText.toPlainText(), "the log has the details"


@pytest.mark.openvino
def test_a_folder_is_done_whole_though_its_worker_is_killed(desk, new_worker, proven, tmp_path, monkeypatch):
    failed = spoil_openvino(monkeypatch, tmp_path / "bad day", "SIGKILL", process="worker", after=1, once=True)
    (tmp_path / "scans").mkdir()
    for number in range(3):
        sitk.WriteImage(sitk.GetImageFromArray(head((20, 64, 60))), str(tmp_path / "scans" / f"{number}.nrrd"))
    before = contents(desk.scene)
    rows = desk.widget.logic.processFolder(tmp_path / "scans", tmp_path / "out", model=str(proven.folder), device="cpu")
    assert failed.exists() and [row["status"] for row in rows] == ["done"] * 3
    notes = [" ".join(json.loads((tmp_path / "out" / f"{number}.json").read_text())["notes"]) for number in range(3)]
    assert sum("ended from outside" in note for note in notes) == 1
    assert contents(desk.scene) == before
