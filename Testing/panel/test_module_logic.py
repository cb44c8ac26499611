"""The module from a script: one volume, a folder, Slicer's own self-test. Never a dialog."""

from __future__ import annotations

import csv
import inspect
from pathlib import Path

import pytest
import scenes
import SimpleITK as sitk
import slicer
import slicer.util
from builders import to_sitk
from panels import contents, head, head_node
from standin.application import enter, leave

from UnifiedViTLib.errors import ModelSpecError, UnifiedViTError, UnsupportedImageError
from UnifiedViTLib.native import c_numeric_locale
from UnifiedViTLib.outputs.mrml import result_of, volume_from_node


@pytest.fixture
def logic(desk):
    """A script's own logic object, beside the panel's."""
    made = desk.module.UnifiedViTLogic()
    yield made
    made.close()


def test_process_adds_the_result_and_returns_the_prediction(desk, logic):
    volume = head_node(desk.scene)
    segmentation = desk.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "mine")
    told = []
    prediction = logic.process(volume, segmentation, device="cpu", progress=lambda stage, done: told.append(done))
    assert result_of(segmentation)["diagnosis"]["label"] == prediction.diagnosis.label
    assert prediction.labelmap.shape == (6, 64, 60)
    assert told == sorted(told) and told[-1] == 1.0
    assert desk.app.questions == []


def test_a_model_may_be_named_by_the_path_of_its_folder(desk, logic, proven):
    assert logic.process(head_node(desk.scene), model=proven.folder, device="cpu").spec.id == proven.id


def test_a_volume_of_another_scene_is_not_confused_with_one_of_this(desk, logic, proven):
    others = scenes.application(slicer.vtkMRMLScene())
    other = next(others)
    here, there = head_node(desk.scene), head_node(other)
    slicer.util.arrayFromVolume(here)[:] += 5
    assert here.GetID() == there.GetID()
    logic.process(there, model=proven.folder, device="cpu")
    warnings = result_of(other.GetFirstNodeByClass("vtkMRMLSegmentationNode"))["warnings"]
    assert not [text for text in warnings if "were changed" in text]
    for _ in others:  # takes the scene down
        pass


def test_process_refuses_in_a_sentence_and_leaves_the_scene_as_it_was(desk, logic):
    volume = head_node(desk.scene)
    before = contents(desk.scene)
    with pytest.raises(UnsupportedImageError, match="No volume is chosen"):
        logic.process(None)
    with pytest.raises(ModelSpecError, match="There is no model 'nothing'"):
        logic.process(volume, model="nothing")
    assert contents(desk.scene) == before


@pytest.mark.parametrize(("what", "several", "words"), [
    ("volume", False, "The volume was removed"), ("volume", True, "The volume was removed"),
    ("scene", False, "The volume was removed"), ("scene", True, "The volume was removed"),
    ("segmentation", False, "The output mine is no longer in the scene")])
def test_nodes_that_go_while_a_script_waits_are_told_in_a_sentence(desk, logic, proven, what, several, words):
    volume = head_node(desk.scene)
    mine = desk.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "mine")
    gone = []

    def progress(_stage, _fraction):
        if not gone:
            gone.append(what)
            desk.scene.Clear(0) if what == "scene" else desk.scene.RemoveNode(volume if what == "volume" else mine)

    with pytest.raises(UnifiedViTError, match=words):
        logic.process(volume, None if several else mine, [proven.folder] if several else proven.folder, "cpu",
                      progress=progress)
    left = desk.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")
    assert left == (1 if what == "volume" else 0) and desk.scene.GetFirstNodeByClass("vtkMRMLTableNode") is None


def test_help_tells_all_options_and_others_are_refused(desk, logic):
    module = desk.module.UnifiedViTLogic
    for method, alone in ((module.process, True), (module.processFolder, False)):
        arguments = inspect.getdoc(method).partition("Args:\n")[2].partition("\nReturns:")[0]
        told = {name for line in arguments.splitlines() if line[:4] == " " * 4 and line[4:5] not in ("", " ")
                for name in line.partition(":")[0].strip().split(", ")}
        assert told == set(inspect.signature(method).parameters) - {"self"}
        assert ("keepProbabilities" in told) is alone
    with pytest.raises(TypeError, match="keepProbabilities"):
        logic.processFolder("in", "out", keepProbabilities=True)


def test_panel_scene_and_console_offer_the_same_options_with_the_same_defaults(desk, logic):
    from UnifiedViTPanel.options import slicerOptions

    for method, folder in ((logic.process, False), (logic.processFolder, True)):
        named = inspect.signature(method).parameters.values()
        assert {one.name: one.default for one in named if one.kind is one.KEYWORD_ONLY} == slicerOptions(folder)
    assert {name: getattr(desk.widget._parameterNode, name) for name in slicerOptions()} == slicerOptions()


def test_process_folder_does_what_it_can_and_goes_on_where_it_ended(desk, logic, tmp_path):
    scans = tmp_path / "scäns" / "patient 1"
    scans.mkdir(parents=True)
    for name in ("a.nrrd", "b.nii.gz"):
        sitk.WriteImage(sitk.GetImageFromArray(head()), str(scans / name))
    (scans / "broken.nrrd").write_bytes(b"NRRD0004\nnothing")
    (scans / "notes.txt").write_text("not an image")
    before = contents(desk.scene)
    told = []
    rows = logic.processFolder(tmp_path / "scäns", tmp_path / "out", recursive=True,
                               progress=lambda stage, done: told.append((stage, done)))
    assert [(Path(row["input"]).name, row["status"]) for row in rows] == [
        ("a.nrrd", "done"), ("b.nii.gz", "done"), ("broken.nrrd", "failed")]
    assert rows[2]["error"].endswith("]") and "damaged" in rows[2]["error"]
    assert told[-1][1] == pytest.approx(1.0, abs=0.4) and any("1 of 3, a.nrrd" in stage for stage, _done in told)
    assert contents(desk.scene) == before
    made = sitk.ReadImage(str(tmp_path / "out" / "a.seg.nrrd"))
    assert made.GetSize() == (60, 64, 6)

    stamp = (tmp_path / "out" / "a.seg.nrrd").stat().st_mtime_ns
    (tmp_path / "out" / "b.seg.nrrd").unlink()
    again = logic.processFolder(tmp_path / "scäns", tmp_path / "out", recursive=True)
    assert (tmp_path / "out" / "a.seg.nrrd").stat().st_mtime_ns == stamp
    assert (tmp_path / "out" / "b.seg.nrrd").exists()
    assert [row["status"] for row in again] == ["done", "done", "failed"]
    with open(tmp_path / "out" / "results.csv", newline="", encoding="utf-8") as file:
        assert [row["input"] for row in csv.DictReader(file)] == [row["input"] for row in again]

    only = logic.processFolder(tmp_path / "scäns", tmp_path / "other", "*.nii.gz", recursive=True, heatmap="auto",
                               superres="lanczos")
    assert [Path(row["input"]).name for row in only] == ["b.nii.gz"]
    assert sitk.ReadImage(str(tmp_path / "other" / "b.heatmap.nrrd")).GetPixelIDValue() == sitk.sitkUInt8
    with c_numeric_locale():  # ITK reads a spacing of 0.25 as 0 under a decimal comma
        assert sitk.ReadImage(str(tmp_path / "other" / "b.superres.nrrd")).GetSize() == (240, 256, 6)
    assert logic.processFolder(tmp_path / "scäns", tmp_path / "none") == []


def test_a_folder_that_is_not_there_is_refused_in_a_sentence(logic, desk, tmp_path):
    with pytest.raises(UnsupportedImageError, match="does not exist"):
        logic.processFolder(tmp_path / "nowhere", tmp_path / "out")


def test_the_self_test_of_the_module_presses_every_button_and_tells_each_step(desk, monkeypatch, capsys):
    def add_volume(array):
        node = head_node(desk.scene, array.shape)
        slicer.util.arrayFromVolume(node)[:] = array
        return node

    def save(node, path):
        sitk.WriteImage(to_sitk(volume_from_node(node)), path)
        return True

    from UnifiedViTPanel import selftest

    for name, function in (("addVolumeFromArray", add_volume), ("saveNode", save),
                           ("getModuleWidget", lambda name: desk.widget),
                           ("selectModule", lambda name: enter(desk.widget))):
        monkeypatch.setattr(slicer.util, name, function, raising=False)
    leave(desk.widget)  # as ctest starts it
    # Of this one it is known already which backend is right.
    monkeypatch.setattr(selftest.everyButton, "__defaults__", (desk.module.DEFAULT_MODEL,))
    desk.module.UnifiedViTTest().runTest()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("UnifiedViT self-test")]
    assert len(lines) == 17 and not [line for line in lines if "FAILED" in line], "\n".join(lines)
    assert [line.split(": ")[1] for line in lines if "left out" in line] == ["saveAndLoad"]
