"""What a user reads and can choose: never another choice than the parameter's, no markup, nothing cut off."""

from __future__ import annotations

import json
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest
import slicer
from panels import head_node
from PySide6 import QtWidgets
from standin.pythonqt import FileDialog, as_read

from UnifiedViTLib.service.store.cache import COMPILED

NOTHING = {name: f"{name} is not installed." for name in ("torch", "torchvision", "timm", "safetensors", "openvino")}


@pytest.fixture
def report(desk):
    """Has the panel believe that its check has found this; the true report comes back at the end."""
    setup = desk.panel.setup
    desk.wait(lambda: setup._report is not None and not setup._client.running)
    before = setup._report

    def assume(**changes):
        setup._report = replace(before, **changes)
        setup._show()
        desk.panel.onReady()

    yield assume
    assume()


def pick(box, text):
    """The user chooses an entry; of the one that is shown already, a combo box says nothing."""
    box.setCurrentIndex(box.findText(text))


def read(label):
    return as_read(label.text, QtWidgets.QLabel.textFormat(label))


@pytest.mark.parametrize(("name", "value", "shows"), [
    ("model", "gone", "gone (not installed)"), ("device", "tpu", "tpu (not available here)"),
    ("plane", "oblique", "oblique"), ("superres", "/a/folder", "/a/folder"),
    ("heatmap", "cyst", "for cyst (not of this model)"),
])
def test_a_choice_that_is_not_offered_is_shown_and_can_be_left(desk, name, value, shows):
    box = getattr(desk.ui, f"{name}ComboBox")
    offered = box.itemText(0), box.itemData(0)
    desk.choose(**{name: value})
    assert box.currentText == shows
    desk.widget.exit()
    desk.widget.enter()
    assert box.currentText == shows and getattr(desk.widget._parameterNode, name) == value
    pick(box, offered[0])
    assert getattr(desk.widget._parameterNode, name) == offered[1] and box.findText(shows) < 0


def test_a_device_that_is_not_here_any_more_is_refused_in_words_and_can_be_left(desk, report):
    head = head_node(desk.scene)
    desk.choose(inputVolume=head, device="mps")
    report(devices={"cpu": "CPU, 2 threads"}, auto="cpu")
    assert desk.ui.deviceComboBox.currentText == "mps (not available here)"
    assert "Device 'mps' is not available" in desk.run()
    pick(desk.ui.deviceComboBox, "auto: CPU, 2 threads")
    assert desk.widget._parameterNode.device == "auto"


def test_charts_are_as_wide_as_their_place_also_when_the_panel_becomes_narrower(desk, shown):
    for width in (700, 420, 520):
        desk.window.resize(width, 900)
        desk.app.wait(lambda: desk.ui.classesChart.pixmap.width() == desk.ui.classesChart.width)
        assert desk.ui.slicesChart.pixmap.width() == desk.ui.slicesChart.width < width
    desk.window.resize(460, 900)


def test_no_section_makes_the_panel_wider(desk, shown):
    sections = [getattr(desk.ui, f"{name}CollapsibleButton")
                for name in ("inputs", "advanced", "models", "batch", "log")]
    before = [section.collapsed for section in sections]
    for section in sections:
        section.collapsed = False
        desk.app.processEvents()
        assert QtWidgets.QWidget.minimumSizeHint(desk.window).width() <= 400, section.text
    for section, collapsed in zip(sections, before, strict=True):
        section.collapsed = collapsed


def test_what_is_missing_is_read_as_it_was_written(desk, report):
    problem = "timm is installed but cannot be loaded (ImportError: can't import 'x' >= 3 & y)."
    report(problems=NOTHING | {"timm": problem})
    desk.ui.engineComboBox.setCurrentIndex(1)
    assert problem in read(desk.ui.setupLabel)
    desk.ui.engineComboBox.setCurrentIndex(0)
    desk.app.consent = False
    desk.ui.installButton.click()
    assert "Packages are put into" in as_read(desk.app.questions[0]) and "&#" not in as_read(desk.app.questions[0])


def test_torch_is_offered_where_openvino_suffices_and_the_choices_need_more(desk, report, monkeypatch):
    report(problems={name: NOTHING[name] for name in ("torch", "torchvision", "timm")})
    assert not desk.ui.setupFrame.visible
    for choice, words in ({"heatmap": "auto"}, "A heat map needs PyTorch"), (
            {"heatmap": "", "superres": "lanczos"}, "A super-resolved volume needs PyTorch"):
        desk.choose(**choice)
        assert desk.ui.setupFrame.visible and words in read(desk.ui.setupLabel)
        assert "torch is not installed." in read(desk.ui.setupLabel)
    assert not desk.ui.engineComboBox.visible and desk.ui.installButton.enabled
    monkeypatch.delitem(sys.modules, "torch", raising=False)  # of other tests
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    desk.app.consent = False
    desk.ui.installButton.click()
    (question,) = map(as_read, desk.app.questions)
    assert "torch>=2.10,!=2.13.*" in question and "torchvision>=0.25,!=0.28.*" in question
    assert desk.ui.statusLabel.text == "Nothing was installed."
    desk.choose(superres="")
    assert not desk.ui.setupFrame.visible


def test_torch_can_be_had_without_a_choice_that_needs_it(desk, report):
    desk.ui.advancedCollapsibleButton.collapsed = False
    assert not desk.ui.installTorchButton.visible
    report(problems={name: NOTHING[name] for name in ("torch", "torchvision", "timm")})
    desk.ui.installTorchButton.click()
    assert desk.ui.setupFrame.visible and "torch is not installed." in read(desk.ui.setupLabel)
    assert not desk.ui.installTorchButton.visible
    desk.panel.setup._isTorchWanted = False
    desk.ui.advancedCollapsibleButton.collapsed = True


def test_nothing_is_installed_while_slicer_installs_for_another_module(desk, report, monkeypatch):
    module = types.ModuleType("slicer.packaging")
    module.isPipInstallInProgress = lambda: True
    monkeypatch.setitem(sys.modules, "slicer.packaging", module)
    report(problems=NOTHING)
    desk.ui.engineComboBox.setCurrentIndex(0)
    desk.ui.installButton.click()
    assert "installing packages for another module" in desk.ui.statusLabel.text and desk.app.questions == []


def test_a_torch_that_another_module_has_loaded_is_not_replaced_under_it(desk, report, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", types.ModuleType("torch"))
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)  # of other tests
    report(problems=NOTHING | {"torch": "torch 2.5.0 is too old; 2.9 or newer is needed."})
    desk.ui.engineComboBox.setCurrentIndex(1)
    desk.ui.installButton.click()
    assert "torch cannot be installed anew" in desk.ui.statusLabel.text
    assert "Start Slicer again" in desk.ui.statusLabel.text and desk.app.questions == []


def test_a_gpu_that_torch_cannot_use_is_said(desk, report):
    report(gpu=True, devices={"cpu": "CPU, 2 threads"}, auto="cpu", versions={"torch": "2.10.0+cpu"})
    desk.ui.advancedCollapsibleButton.collapsed = False
    assert desk.ui.gpuLabel.visible and "torch (2.10.0+cpu) cannot use it" in read(desk.ui.gpuLabel)
    report(gpu=True, devices={"cpu": "CPU, 2 threads", "cuda": "a card"}, auto="cuda")
    assert not desk.ui.gpuLabel.visible
    desk.ui.advancedCollapsibleButton.collapsed = True


def test_check_again_says_what_it_found_in_place_of_an_error(desk):
    desk.panel.status.say("torch is missing.", isBad=True)
    desk.wait(lambda: not desk.panel.setup._client.running)
    desk.ui.checkAgainButton.click()
    desk.wait(lambda: not desk.panel.setup._client.running)
    assert desk.ui.statusLabel.text == "All packages that are needed are here." and not desk.ui.statusLabel.styleSheet


def test_an_error_goes_when_the_next_step_works(desk, shown):
    desk.panel.status.say("Nothing is drawn in this segmentation.", isBad=True)
    desk.ui.jumpButton.click()
    assert desk.ui.statusLabel.text == "" and desk.ui.statusLabel.styleSheet == ""
    desk.panel.status.say("Done in 3.0 s.")
    desk.ui.show3DButton.click()
    assert desk.ui.statusLabel.text == "Done in 3.0 s."


def test_compiled_networks_are_counted_as_such_and_can_be_removed(desk, tmp_path, monkeypatch):
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path))
    desk.panel.models.refresh()
    assert not desk.ui.clearCacheButton.enabled
    (tmp_path / COMPILED / "brain").mkdir(parents=True)
    (tmp_path / COMPILED / "brain" / "network.blob").write_bytes(bytes(2_000_000))
    desk.panel.models.refresh()
    assert "models: 0.0 MB" in read(desk.ui.cacheLabel) and "compiled for this computer: 2.0 MB" in read(
        desk.ui.cacheLabel)
    desk.ui.clearCacheButton.click()
    assert "2.0 MB" in as_read(desk.app.questions[0]) and not (tmp_path / COMPILED).exists()
    assert not desk.ui.clearCacheButton.enabled


def test_a_report_is_offered_beside_the_volume_else_where_the_last_one_went(desk, shown, tmp_path):
    volume, _ = shown
    for folder in ("scans", "reports"):
        (tmp_path / folder).mkdir()
    FileDialog.answers = [str(tmp_path / "reports" / "a.html"), "", ""]
    desk.ui.saveReportButton.click()
    desk.ui.saveReportButton.click()
    assert FileDialog.proposed[-1] == str(tmp_path / "reports" / "head-report.html")
    storage = desk.scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(tmp_path / "scans" / "head.nrrd"))
    volume.SetAndObserveStorageNodeID(storage.GetID())
    desk.ui.saveReportButton.click()
    assert Path(FileDialog.proposed[-1]).parent == tmp_path / "scans"


def test_texts_of_models_and_files_are_read_letter_by_letter(desk, shown):
    _, segmentation = shown
    result = json.loads(segmentation.GetAttribute("UnifiedViT.Result"))
    odd = "<b>5 < 6</b> & more"
    result["diagnosis"]["display_names"] = dict.fromkeys(result["diagnosis"]["probabilities"], odd)
    result["diagnosis"]["display"] = result["name"] = result["segments"][0]["name"] = odd
    result["warnings"], result["report"] = [odd], [odd]
    segmentation.SetAttribute("UnifiedViT.Result", json.dumps(result))
    desk.panel.showParameters()
    for label in (desk.ui.diagnosisLabel, desk.ui.warningsLabel, desk.ui.segmentsLabel):
        assert odd in read(label)
    assert odd in as_read(desk.ui.slicesChart.toolTip)


def test_sample_data_have_a_thumbnail_where_slicer_has_one(desk, tmp_path, monkeypatch):
    registered = []
    module = types.ModuleType("SampleData")
    module.__file__ = str(tmp_path / "SampleData.py")
    module.SampleDataLogic = types.SimpleNamespace(
        registerCustomSampleDataSource=lambda **sample: registered.append(sample))
    monkeypatch.setitem(sys.modules, "SampleData", module)
    icon = tmp_path / "Resources" / "Icons" / "MRBrainTumor1.png"
    icon.parent.mkdir(parents=True)
    icon.write_bytes(b"")
    desk.app.emit("startupCompleted()")
    assert [(one["sampleName"], one["category"], one["thumbnailFileName"]) for one in registered] == [
        ("MRBrainTumor1", "UnifiedViT", str(icon)), ("MRBrainTumor2", "UnifiedViT", None)]
    assert slicer.mrmlScene is desk.scene
