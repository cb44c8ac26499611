"""The panel as a user works it: choose, Run, Cancel, and everything that may happen meanwhile."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest
import scenes
import slicer
from panels import contents, head_node
from standin.pythonqt import FileDialog

from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.native import c_numeric_locale
from UnifiedViTLib.outputs.mrml import result_of, volume_from_node
from UnifiedViTLib.service.store.cache import compiled_folder
from UnifiedViTLib.service.store.catalogue import find_model


def segmentation(scene):
    return scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")


def child(desk):
    """Process ID of the worker."""
    return desk.panel.runner.client._child._process.pid


def test_run_waits_for_a_volume_and_says_so(desk):
    assert not desk.ui.runButton.enabled
    assert desk.ui.runButton.toolTip == "Choose a volume and a model first."
    desk.choose(inputVolume=head_node(desk.scene))
    assert desk.ui.runButton.enabled


def test_the_notice_is_always_visible_and_the_model_tells_what_it_expects_and_its_licence(desk):
    assert desk.ui.noticeLabel.visible and "Research use only" in desk.ui.noticeLabel.text
    assert "T1-weighted contrast-enhanced MR" in desk.ui.modelInfoLabel.text
    assert "CC BY-NC-SA" in desk.ui.modelInfoLabel.text
    assert "accuracy" in desk.ui.modelInfoLabel.text


def test_a_run_gives_what_the_library_gives_and_tells_how_far_it_is(desk):
    volume = head_node(desk.scene)
    desk.choose(inputVolume=volume, batchSize=1)
    said = []
    desk.press_run()
    assert desk.ui.runButton.text == "Cancel"

    def ended():
        said.append((desk.ui.statusLabel.text, desk.ui.progressBar.value))
        return not desk.panel._running

    desk.wait(ended)
    assert desk.ui.statusLabel.text.startswith("Done in ")
    assert any("slice" in text and value > 0 for text, value in said)
    direct = Predictor(find_model("brain-t1ce"), "cpu", cache=compiled_folder()).predict(volume_from_node(volume))
    np.testing.assert_array_equal(scenes.exported(desk.scene, segmentation(desk.scene), volume), direct.labelmap)
    assert result_of(segmentation(desk.scene))["diagnosis"]["label"] == direct.diagnosis.label
    assert direct.diagnosis.display in desk.ui.diagnosisLabel.text
    assert f"{direct.diagnosis.probability:.0%}" in desk.ui.diagnosisLabel.text
    for warning in direct.warnings:
        assert warning.split("(")[0] in desk.ui.warningsLabel.text
    assert desk.app.questions == []


def test_the_result_follows_the_volume_into_its_transform_and_lists_every_class(desk):
    volume = head_node(desk.scene)
    moved = scenes.add_transform(desk.scene, np.diag([-1.0, 1.0, 1.0, 1.0]))
    volume.SetAndObserveTransformNodeID(moved.GetID())
    desk.choose(inputVolume=volume)
    assert desk.run().startswith("Done")
    assert segmentation(desk.scene).GetTransformNodeID() == moved.GetID()
    assert desk.scene.GetFirstNodeByClass("vtkMRMLTableNode").GetNumberOfRows() == 4


@pytest.mark.parametrize("moment", ["at once", "while it starts", "while the network looks"])
def test_cancel_at_every_stage_leaves_the_scene_as_it_was(desk, moment):
    desk.choose(inputVolume=head_node(desk.scene, (60, 64, 60)), batchSize=1)
    if moment == "while it starts":
        desk.panel.runner.client.close()
    before = contents(desk.scene)
    desk.press_run()
    if moment == "while it starts":
        desk.wait(lambda: desk.panel.runner.client._child is not None)
    elif moment == "while the network looks":
        desk.wait(lambda: desk.ui.progressBar.value > 50)
    desk.press_run()
    assert desk.ui.runButton.text == "Cancelling..." and not desk.ui.runButton.enabled
    desk.wait(lambda: not desk.panel._running)
    assert desk.ui.statusLabel.text == "Cancelled. The scene is as it was."
    assert contents(desk.scene) == before
    assert desk.ui.runButton.text == "Run" and desk.ui.runButton.enabled


def test_a_worker_that_is_killed_costs_a_repeat_of_the_volume(desk):
    desk.choose(inputVolume=head_node(desk.scene, (30, 64, 60)), batchSize=1)
    desk.press_run()
    desk.wait(lambda: desk.ui.progressBar.value > 50)
    os.kill(child(desk), signal.SIGKILL)
    desk.wait(lambda: not desk.panel._running)
    assert desk.ui.statusLabel.text.startswith("Done")
    assert desk.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1


def test_a_volume_deleted_while_it_is_looked_at_ends_the_run(desk):
    volume = head_node(desk.scene, (60, 64, 60))
    desk.choose(inputVolume=volume, batchSize=1)
    desk.press_run()
    desk.wait(lambda: desk.ui.progressBar.value > 50)
    desk.scene.RemoveNode(volume)
    desk.wait(lambda: not desk.panel._running)
    assert segmentation(desk.scene) is None
    assert not desk.ui.runButton.enabled


def test_a_volume_changed_while_it_is_looked_at_gets_no_mask_in_the_wrong_place(desk):
    volume = head_node(desk.scene, (30, 64, 60))
    desk.choose(inputVolume=volume)
    desk.press_run()
    desk.wait(lambda: desk.ui.progressBar.value > 50)
    volume.SetSpacing(1.0, 1.0, 1.0)
    desk.wait(lambda: not desk.panel._running)
    assert "changed" in desk.ui.statusLabel.text and "Run again" in desk.ui.statusLabel.text
    assert segmentation(desk.scene) is None


def test_closing_the_scene_during_a_run_is_safe_and_the_panel_serves_the_next_scene(desk):
    desk.choose(inputVolume=head_node(desk.scene, (60, 64, 60)), batchSize=1)
    desk.press_run()
    desk.wait(lambda: desk.ui.progressBar.value > 50)
    desk.scene.Clear(0)
    desk.wait(lambda: not desk.panel._running)
    assert segmentation(desk.scene) is None
    desk.choose(inputVolume=head_node(desk.scene))
    assert desk.run().startswith("Done")


def test_bad_input_is_refused_in_a_sentence_and_nothing_is_asked(desk):
    photograph = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), np.uint8)
    colour = scenes.add_volume(desk.scene, photograph, class_name="vtkMRMLVectorVolumeNode")
    broken = head_node(desk.scene)
    values = slicer.util.arrayFromVolume(broken)
    values[:] = 7
    for node, words in ((colour, "colour"), (broken, "same value")):
        desk.choose(inputVolume=node)
        before = contents(desk.scene)
        said = desk.run()
        assert words in said and said.endswith(".")
        assert contents(desk.scene) == before
    assert desk.app.questions == []


def test_choices_are_kept_in_the_scene_and_come_back_with_it(desk, tmp_path):
    desk.choose(inputVolume=head_node(desk.scene, (40, 44, 42)), batchSize=3)
    desk.ui.planeComboBox.setCurrentIndex(desk.ui.planeComboBox.findData("coronal"))
    desk.ui.ttaCheckBox.click()
    assert desk.run().startswith("Done")
    said = desk.ui.diagnosisLabel.text
    with c_numeric_locale():  # Qt has set the user's, in which Slicer's writer and reader of NRRD fail
        assert desk.scene.WriteToMRB(str(tmp_path / "scene.mrb"))
    desk.clear()
    assert not desk.ui.ttaCheckBox.checked and not desk.ui.resultCollapsibleButton.visible

    (tmp_path / "unpacked").mkdir()
    application_logic = slicer.vtkSlicerApplicationLogic()
    application_logic.SetMRMLScene(desk.scene)
    with c_numeric_locale():
        assert application_logic.OpenSlicerDataBundle(str(tmp_path / "scene.mrb"), str(tmp_path / "unpacked"))
    assert desk.ui.batchSizeSpinBox.value == 3 and desk.ui.ttaCheckBox.checked
    assert desk.ui.planeComboBox.currentText == "coronal"
    assert desk.ui.inputSelector.currentNode().GetName() == "head"
    assert desk.ui.diagnosisLabel.text == said


def test_an_existing_segmentation_is_replaced_and_undo_brings_it_back(desk):
    volume = head_node(desk.scene)
    mine = desk.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "mine")
    mine.GetSegmentation().AddEmptySegment("by hand", "by hand")
    desk.choose(inputVolume=volume, outputSegmentation=mine)
    assert desk.run().startswith("Done")
    assert result_of(mine) is not None and mine.GetSegmentation().GetSegment("by hand") is None
    assert desk.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    desk.ui.undoButton.click()
    assert mine.GetSegmentation().GetSegment("by hand") is not None and result_of(mine) is None
    assert desk.scene.GetFirstNodeByClass("vtkMRMLTableNode") is None
    assert not desk.ui.undoButton.enabled


def test_a_second_run_into_the_same_segmentation_uses_the_same_table_and_undo_of_a_new_one_removes_it(desk):
    desk.choose(inputVolume=head_node(desk.scene))
    before = [node[0] for node in contents(desk.scene)]
    assert desk.run().startswith("Done")
    assert desk.run().startswith("Done")
    assert desk.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    assert desk.scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 1
    desk.choose(outputSegmentation=None)
    assert desk.run().startswith("Done")
    assert desk.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 2
    desk.ui.undoButton.click()
    assert desk.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    assert set(before) <= {node[0] for node in contents(desk.scene)}


def test_probability_maps_lie_on_the_volume_and_go_with_undo(desk):
    volume = head_node(desk.scene)
    desk.choose(inputVolume=volume, keepProbabilities=True)
    assert desk.run().startswith("Done")
    kept = slicer.util.getNode("head Tumour probability")
    values = slicer.util.arrayFromVolume(kept)
    assert values.dtype == np.uint8 and values.max() <= 100
    np.testing.assert_allclose(volume_from_node(kept).ijk_to_ras, volume_from_node(volume).ijk_to_ras, atol=1e-9)
    desk.ui.undoButton.click()
    assert desk.scene.GetFirstNodeByName("head Tumour probability") is None


def test_a_heat_map_lies_over_the_slices_as_the_slider_says_and_goes_with_undo(desk):
    volume, other = head_node(desk.scene), head_node(desk.scene)
    view = desk.scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    view.SetForegroundVolumeID(other.GetID())
    view.SetForegroundOpacity(0.25)
    desk.choose(inputVolume=volume, heatmap="auto")
    assert desk.ui.heatmapComboBox.itemData(desk.ui.heatmapComboBox.currentIndex) == "auto"
    assert desk.run().startswith("Done")
    shown = segmentation(desk.scene).GetNodeReference("UnifiedViT.heatmap")
    explained = json.loads(segmentation(desk.scene).GetAttribute("UnifiedViT.Result"))["heatmap"]
    assert shown.GetName() == f"head {explained['display']} heat map"
    assert slicer.util.arrayFromVolume(shown).max() > 20
    assert view.GetForegroundVolumeID() == shown.GetID() and view.GetForegroundOpacity() == pytest.approx(0.6)
    assert desk.ui.heatmapCheckBox.visible and explained["display"] in desk.ui.heatmapCheckBox.text
    desk.ui.mapSlider.value = 30
    assert view.GetForegroundOpacity() == pytest.approx(0.3)
    desk.ui.heatmapCheckBox.checked = False
    assert view.GetForegroundVolumeID() == other.GetID() and view.GetForegroundOpacity() == 0.25
    desk.ui.heatmapCheckBox.checked = True
    assert view.GetForegroundVolumeID() == shown.GetID()
    desk.ui.undoButton.click()
    assert desk.scene.GetFirstNodeByName(shown.GetName()) is None
    assert view.GetForegroundVolumeID() == other.GetID() and not desk.ui.heatmapCheckBox.visible
    desk.choose(heatmap="meningioma")
    assert desk.run().startswith("Done")
    other_class = segmentation(desk.scene).GetNodeReference("UnifiedViT.heatmap")
    assert other_class.GetName().startswith("head Meningioma heat map")
    assert view.GetForegroundVolumeID() == other_class.GetID()


def test_a_super_resolved_volume_lies_beside_the_input_and_in_the_report_and_goes_with_undo(desk, tmp_path):
    volume = head_node(desk.scene)
    before = volume_from_node(volume)
    desk.choose(inputVolume=volume, superres="lanczos")
    assert desk.ui.superresComboBox.itemData(desk.ui.superresComboBox.currentIndex) == "lanczos"
    assert desk.run().startswith("Done")
    fine = segmentation(desk.scene).GetNodeReference("UnifiedViT.superres")
    assert fine.GetName() == "head super-resolution (synthetic)"
    assert slicer.util.arrayFromVolume(fine).shape == (6, 256, 240)
    np.testing.assert_array_equal(volume_from_node(volume).array, before.array)
    FileDialog.answers = [str(tmp_path / "report.html")]
    desk.ui.saveReportButton.click()
    assert "Four times as fine" in (tmp_path / "report.html").read_text(encoding="utf-8")
    desk.ui.undoButton.click()
    for name in (fine.GetName(), "head synthetic voxels"):
        assert desk.scene.GetFirstNodeByName(name) is None
    assert desk.scene.IsNodePresent(volume)


def test_uncertainty_is_shown_in_words_and_as_a_map_in_place_of_the_heat_map(desk, tmp_path):
    view = desk.scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    desk.choose(inputVolume=head_node(desk.scene))
    desk.ui.uncertaintyCheckBox.checked = True
    assert desk.widget._parameterNode.uncertainty
    assert desk.run().startswith("Done")
    node = segmentation(desk.scene).GetNodeReference("UnifiedViT.uncertainty")
    result = result_of(segmentation(desk.scene))
    assert node.GetName() == "head uncertainty" and slicer.util.arrayFromVolume(node).max() > 20
    assert desk.ui.confidenceLabel.visible
    assert f"Confidence {result['confidence']['value']:.0%}" in desk.ui.confidenceLabel.text
    assert ("review" in desk.ui.diagnosisLabel.text) == result["confidence"]["review"]
    assert desk.ui.uncertaintyMapCheckBox.checked and not desk.ui.heatmapCheckBox.visible
    assert view.GetForegroundVolumeID() == node.GetID()
    desk.ui.mapSlider.value = 40
    assert view.GetForegroundOpacity() == pytest.approx(0.4)

    desk.choose(heatmap="auto")
    assert desk.run().startswith("Done")
    heat, node = (segmentation(desk.scene).GetNodeReference(f"UnifiedViT.{name}")
                  for name in ("heatmap", "uncertainty"))
    assert view.GetForegroundVolumeID() == heat.GetID() and not desk.ui.uncertaintyMapCheckBox.checked
    desk.ui.uncertaintyMapCheckBox.checked = True
    assert view.GetForegroundVolumeID() == node.GetID() and not desk.ui.heatmapCheckBox.checked
    FileDialog.answers = [str(tmp_path / "report.html")]
    desk.ui.saveReportButton.click()
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Where the outline is uncertain" in page and page.count("<img") == 18
    desk.ui.undoButton.click()
    assert view.GetForegroundVolumeID() not in (heat.GetID(), node.GetID())
    assert desk.scene.GetNodeByID(heat.GetID()) is None and desk.ui.confidenceLabel.visible, "the first result is back"
    desk.choose(uncertainty=False, heatmap="")
    assert desk.run().startswith("Done")
    assert not any(box.visible for box in (desk.ui.confidenceLabel, desk.ui.uncertaintyMapCheckBox, desk.ui.mapSlider))


def test_the_item_that_a_sequence_browser_shows_is_named(desk):
    sequences = slicer.vtkSlicerSequencesLogic()
    sequences.SetMRMLScene(desk.scene)
    slicer.modules.sequences = type("Module", (), {"logic": staticmethod(lambda: sequences)})
    sequence = desk.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "perfusion")
    for item in range(3):
        node = head_node(desk.scene)
        sequence.SetDataNodeAtValue(node, str(item))
        desk.scene.RemoveNode(node)
    browser = desk.scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    browser.SetSelectedItemNumber(1)
    sequences.UpdateProxyNodesFromSequences(browser)
    desk.choose(inputVolume=browser.GetProxyNode(sequence))
    assert desk.run().startswith("Done")
    del slicer.modules.sequences
    assert segmentation(desk.scene).GetName().endswith("(item 2)")
    assert "item 2" in desk.ui.diagnosisLabel.text


def test_the_device_that_auto_means_is_shown_after_the_check(desk):
    desk.wait(lambda: desk.panel.setup._report is not None)
    assert desk.ui.deviceComboBox.itemText(0).startswith("auto: CPU")
    assert not desk.ui.setupFrame.visible


def test_a_run_with_all_options_says_in_its_result_what_was_used(desk):
    desk.choose(inputVolume=head_node(desk.scene, (40, 44, 42)), plane="sagittal", device="cpu", tta=True)
    assert desk.run().startswith("Done")
    result = json.loads(segmentation(desk.scene).GetAttribute("UnifiedViT.Result"))
    assert result["plane"] == "sagittal" and result["device"] == "cpu"
