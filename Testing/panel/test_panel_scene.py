"""The panel and the scene: whose parameters it shows, in which order it hears of them, what a result replaces."""

from __future__ import annotations

import json

import numpy as np
import pytest
import scenes
import slicer
import slicer.util
from panels import contents, head_node
from standin.application import enter, leave, show_panel
from vtk.util.numpy_support import vtk_to_numpy

from UnifiedViTLib.errors import WorkerError
from UnifiedViTLib.outputs.mrml import result_of
from UnifiedViTLib.service.store.download import remove_model
from UnifiedViTLib.service.store.importing import import_model


def segmentation(scene):
    return scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")


def names(scene, class_name="vtkMRMLScalarVolumeNode"):
    return sorted(scene.GetNthNodeByClass(n, class_name).GetName()
                  for n in range(scene.GetNumberOfNodesByClass(class_name)))


def parameters_in(scene):
    return scene.GetSingletonNode("UnifiedViT", "vtkMRMLScriptedModuleNode")


def test_a_loaded_scene_shows_the_volume_of_every_channel(desk, several):
    volume, t2 = head_node(desk.scene), head_node(desk.scene)
    desk.choose(inputVolume=volume)
    (_, selector), _ = [row for row in desk.panel.channels._rows if row[1].visible]
    selector.setCurrentNode(t2)
    text = scenes.xml(desk.scene)
    desk.clear()
    desk.scene.SetLoadFromXMLString(1)
    desk.scene.SetSceneXMLString(text)
    desk.scene.Import()
    chosen = desk.widget._parameterNode.parameterNode.GetNodeReference("channel.t2")
    assert chosen is not None and selector.currentNode() is chosen
    assert desk.ui.inputSelector.currentNode() is desk.widget._parameterNode.inputVolume is not None


@pytest.fixture
def elsewhere(desk):
    """The user looks at another module, and the scene knows nothing of this one."""
    leave(desk.widget)
    desk.scene.Clear(0)
    desk.scene.RemoveNode(parameters_in(desk.scene))
    yield
    enter(desk.widget)


def test_a_parameter_node_is_made_when_the_module_is_opened_and_not_before(desk, elsewhere):
    second, _window = show_panel(desk.module, desk.scene, isEntered=False)
    head_node(desk.scene)
    desk.scene.InvokeEvent(desk.scene.EndImportEvent)
    assert parameters_in(desk.scene) is None
    enter(second)
    assert parameters_in(desk.scene) is not None
    assert second._parameterNode.inputVolume.GetName() == "head" and second.ui.runButton.enabled
    second.cleanup()


def test_what_was_said_ends_with_its_scene(desk):
    desk.panel.status.say("Something is wrong with this volume.", isBad=True)
    desk.scene.Clear(0)
    assert desk.ui.statusLabel.text == "" and desk.ui.statusLabel.styleSheet == ""
    desk.choose(inputVolume=head_node(desk.scene, (60, 64, 60)), batchSize=1)
    desk.press_run()
    desk.scene.Clear(0)
    desk.wait(lambda: not desk.panel._running)
    assert desk.ui.statusLabel.text == ""


def test_cancel_is_pressed_once_whatever_happens_to_the_parameters_meanwhile(desk):
    desk.choose(inputVolume=head_node(desk.scene, (60, 64, 60)), batchSize=1)
    desk.press_run()
    desk.press_run()
    desk.choose(tta=True)
    desk.widget.enter()
    assert desk.ui.runButton.text == "Cancelling..." and not desk.ui.runButton.enabled
    desk.wait(lambda: not desk.panel._running)
    assert desk.ui.runButton.text == "Run" and desk.ui.runButton.enabled


def test_voxels_that_change_during_a_run_are_said_in_the_result(desk):
    volume = head_node(desk.scene, (20, 64, 60))
    desk.choose(inputVolume=volume)
    desk.press_run()
    slicer.util.arrayFromVolume(volume)[:5] += 1
    desk.wait(lambda: not desk.panel._running)
    assert desk.ui.statusLabel.text.startswith("Done")
    assert "The voxels of head were changed" in desk.ui.warningsLabel.text
    assert "voxels as they were" in result_of(segmentation(desk.scene))["warnings"][0]
    assert desk.run().startswith("Done")
    assert "The voxels of head" not in desk.ui.warningsLabel.text


def test_a_damaged_result_in_a_scene_counts_as_none_and_the_panel_can_be_used(desk, shown):
    _volume, node = shown
    good = result_of(node)
    for key, value in (("diagnosis", {"label": "x"}), ("diagnosis", None), ("segments", [{}]), ("slices", []),
                       ("slices", [{}]), ("warnings", None), ("model", {}), ("timings_s", {"total": "x"}),
                       ("name", None), ("region", {}), ("heatmap", {})):
        node.SetAttribute("UnifiedViT.Result", json.dumps({**good, key: value}))
        desk.panel.showParameters()
        assert not desk.ui.resultCollapsibleButton.visible, key
    text = scenes.xml(desk.scene)
    desk.scene.Clear(0)
    desk.scene.SetLoadFromXMLString(1)
    desk.scene.SetSceneXMLString(text)
    desk.scene.Import()
    desk.scene.SetLoadFromXMLString(0)
    assert desk.ui.inputSelector.currentNode().GetName() == "head" and desk.ui.runButton.enabled
    assert not desk.ui.resultCollapsibleButton.visible


def test_a_result_names_the_item_that_its_sequence_showed_when_the_run_began(desk, play):
    desk.choose(inputVolume=play(0), device="cpu")
    desk.press_run()
    play(2)
    desk.wait(lambda: not desk.panel._running)
    node = segmentation(desk.scene)
    assert node.GetName().endswith("(item 1)") and "item 1" in desk.ui.diagnosisLabel.text
    assert "voxels as they were" in result_of(node)["warnings"][0]
    assert desk.run().startswith("Done")
    assert node.GetAttribute("UnifiedViT.SequenceItem") == "3"


def test_a_call_that_is_refused_leaves_the_run_under_way_as_it_is(desk, proven, lesion):
    volume = head_node(desk.scene, (40, 64, 60))
    desk.choose(inputVolume=volume, model="brain-t1ce", furtherModels=proven.id, batchSize=1)
    desk.press_run()
    for model in ("brain-t1ce", ["brain-t1ce", proven.id]):
        with pytest.raises(WorkerError, match="A run is under way"):
            desk.widget.logic.process(head_node(desk.scene), model=model, device="cpu")
    slicer.util.arrayFromVolume(volume)[:5] += 1
    desk.wait(lambda: not desk.panel._running)
    assert desk.ui.statusLabel.text.startswith("Done")
    shown = [desk.scene.GetNthNodeByClass(n, "vtkMRMLSegmentationNode") for n in (1, 2)]
    assert [node.GetName() for node in shown] == ["head - brain-t1ce", "head - proven"]
    assert all("The voxels of head were changed" in result_of(node)["warnings"][0] for node in shown)


def test_run_pressed_while_a_script_waits_is_refused_and_the_script_hears_of_changed_voxels(desk, proven):
    volume, other = head_node(desk.scene, (20, 64, 60)), head_node(desk.scene)
    desk.choose(inputVolume=other)
    said = []

    def press(_stage, _fraction):
        if not said:
            slicer.util.arrayFromVolume(volume)[:5] += 1
            desk.press_run()
            said.append(desk.ui.statusLabel.text)

    prediction = desk.widget.logic.process(volume, model=proven.folder, device="cpu", progress=press)
    assert said[0].startswith("A run is under way") and prediction.labelmap.shape == (20, 64, 60)
    assert "The voxels of head were changed" in result_of(segmentation(desk.scene))["warnings"][0]


def test_a_result_for_which_the_scene_has_no_room_ends_in_a_sentence_and_the_panel_goes_on(desk, monkeypatch):
    desk.choose(inputVolume=head_node(desk.scene))
    before = [node[0] for node in contents(desk.scene)]
    with monkeypatch.context() as patch:
        patch.setattr(slicer, "vtkMRMLTableNode", scenes.TableThatTakesNoAttributes)
        said = desk.run()
    assert "could not be put into the scene, which is as it was (RuntimeError: no attribute" in said
    assert [node[0] for node in contents(desk.scene)] == before
    assert desk.ui.runButton.text == "Run" and desk.ui.inputSelector.enabled and not desk.ui.progressBar.visible
    assert desk.run().startswith("Done")


def test_a_run_into_a_segmentation_replaces_its_maps_and_undo_brings_them_back(desk):
    volume = head_node(desk.scene)
    desk.choose(inputVolume=volume, heatmap="glioma", keepProbabilities=True)
    assert desk.run().startswith("Done")
    first = names(desk.scene)
    heatmap = segmentation(desk.scene).GetNodeReference("UnifiedViT.heatmap")
    before = slicer.util.arrayFromVolume(heatmap).copy()
    assert len(first) == 3 and heatmap.GetName() in first
    heatmap.AddDefaultStorageNode()
    assert desk.run().startswith("Done")
    assert names(desk.scene) == first, "none with a number, none of the result that is gone"
    assert desk.scene.GetFirstNodeByClass("vtkMRMLVolumeArchetypeStorageNode") is None
    replacement = segmentation(desk.scene).GetNodeReference("UnifiedViT.heatmap")
    assert replacement is not heatmap
    desk.choose(heatmap="", keepProbabilities=False)
    assert desk.run().startswith("Done")
    assert names(desk.scene) == ["head"]
    desk.ui.undoButton.click()
    assert names(desk.scene) == first
    restored = segmentation(desk.scene).GetNodeReference("UnifiedViT.heatmap")
    assert restored is replacement and restored.GetDisplayNode() is not None
    assert slicer.util.arrayFromVolume(restored).shape == before.shape
    assert desk.ui.heatmapCheckBox.visible


@pytest.fixture


def lesion(desk, proven):
    """A run that has drawn a segment of the head; another gives the same."""
    import_model(proven.folder)
    desk.panel.models.refresh()
    desk.panel.onModelsChanged(proven.id)
    desk.choose(inputVolume=head_node(desk.scene), device="cpu")
    assert desk.run().startswith("Done")
    yield
    remove_model(proven.id)


def change(segmentation, how):
    """What a user may do with the Segment Editor."""
    drawn = segmentation.GetSegmentation()
    first = drawn.GetNthSegmentID(0)
    if how == "added":
        drawn.AddEmptySegment("mine", "by hand")
    elif how == "renamed":
        drawn.GetSegment(first).SetName("renamed")
    elif how == "removed":
        drawn.RemoveSegment(first)
    else:
        image = drawn.GetSegment(first).GetRepresentation("Binary labelmap")
        vtk_to_numpy(image.GetPointData().GetScalars())[0] ^= drawn.GetSegment(first).GetLabelValue()
        drawn.GetSegment(first).Modified()


def segments(segmentation):
    """Names and voxels of all segments."""
    drawn = segmentation.GetSegmentation()
    return {drawn.GetSegment(one).GetName(): scenes.shown(segmentation, one)[0].tobytes()
            if not drawn.GetSegment(one).GetRepresentation("Binary labelmap").IsEmpty() else b""
            for one in drawn.GetSegmentIDs()}


def test_a_run_on_another_volume_leaves_the_result_of_the_first(desk):
    first, second = head_node(desk.scene), head_node(desk.scene)
    second.SetName("second")
    desk.choose(inputVolume=first, heatmap="auto")
    assert desk.run().startswith("Done")
    kept = segmentation(desk.scene)
    text, maps = kept.GetAttribute("UnifiedViT.Result"), names(desk.scene)
    desk.choose(inputVolume=second, heatmap="")
    said = desk.run()
    assert said.startswith("Done") and "head segmentation holds the result of another volume, and stays" in said
    assert kept.GetAttribute("UnifiedViT.Result") == text and names(desk.scene) == maps
    assert names(desk.scene, "vtkMRMLSegmentationNode") == ["head segmentation", "second segmentation"]
    assert names(desk.scene, "vtkMRMLTableNode") == ["head diagnosis", "second diagnosis"]
    assert result_of(desk.widget._parameterNode.outputSegmentation)["name"] == "second"
    assert "stays" not in desk.run(), "into its own"
    assert desk.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 2
    desk.widget.logic.process(second, kept, device="cpu")
    assert result_of(kept)["name"] == "second", "a script says what it wants"


def test_the_result_of_another_volume_that_is_deleted_during_a_run_leaves_its_table_as_it_is(desk):
    first, second = head_node(desk.scene), head_node(desk.scene, (20, 64, 60))
    desk.choose(inputVolume=first)
    assert desk.run().startswith("Done")
    table = desk.scene.GetFirstNodeByClass("vtkMRMLTableNode")
    text = table.GetAttribute("UnifiedViT.Result")
    desk.choose(inputVolume=second)
    desk.press_run()
    desk.scene.RemoveNode(segmentation(desk.scene))
    desk.wait(lambda: not desk.panel._running)
    assert table.GetAttribute("UnifiedViT.Result") == text
    assert segmentation(desk.scene).GetNodeReference("UnifiedViT.table") is not table


@pytest.mark.parametrize("edit", ["added", "renamed", "removed", "painted"])


def test_segments_that_were_edited_stay_when_the_volume_is_run_again(desk, lesion, edit):
    kept = segmentation(desk.scene)
    change(kept, edit)
    before = segments(kept)
    said = desk.run()
    assert said.startswith("Done")
    assert f"The segments of {kept.GetName()} were changed since its run, and stay" in said
    assert segments(kept) == before and desk.app.questions == []
    assert names(desk.scene, "vtkMRMLTableNode") == ["head diagnosis", "head diagnosis_1"]
    assert desk.widget._parameterNode.outputSegmentation is not kept
    assert "stay" not in desk.run(), "into one that is as the model drew it"
    assert desk.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 2


def test_undo_asks_before_it_takes_edits_away(desk, lesion):
    assert desk.run().startswith("Done")
    shown = segmentation(desk.scene)
    drawn = segments(shown)
    change(shown, "added")
    edited = segments(shown)
    desk.app.consent = False
    desk.ui.undoButton.click()
    assert desk.ui.statusLabel.text == "Not taken back: the result was changed since the run."
    assert segments(shown) == edited and desk.ui.undoButton.enabled
    desk.app.consent = True
    desk.ui.undoButton.click()
    assert segments(shown) == drawn and not desk.ui.undoButton.enabled
    assert ["takes these changes away" in question for question in desk.app.questions] == [True, True]


def test_undo_asks_before_it_takes_a_name_or_cells_of_a_table_away(desk, lesion):
    desk.choose(heatmap="auto")
    assert desk.run().startswith("Done")
    shown = segmentation(desk.scene)
    table, heatmap = (shown.GetNodeReference(f"UnifiedViT.{role}") for role in ("table", "heatmap"))
    cells = table.GetTable().GetColumnByName("Diagnosis")
    desk.app.consent = False
    for node, name in [(node, node.GetName()) for node in (shown, table, heatmap)]:
        node.SetName("read by me")
        desk.ui.undoButton.click()
        assert desk.scene.IsNodePresent(heatmap) and node.GetName() == "read by me"
        node.SetName(name)
    cell = cells.GetValue(1)
    cells.SetValue(1, "glioma, read by me")
    desk.ui.undoButton.click()
    assert desk.scene.IsNodePresent(heatmap) and len(desk.app.questions) == 4
    cells.SetValue(1, cell)
    desk.ui.undoButton.click()
    assert len(desk.app.questions) == 4 and not desk.scene.IsNodePresent(heatmap), "nothing of the user's is lost"


def test_a_map_that_is_looked_at_itself_stays(desk):
    volume = head_node(desk.scene)
    desk.choose(inputVolume=volume, superres="lanczos")
    assert desk.run().startswith("Done")
    fine = segmentation(desk.scene).GetNodeReference("UnifiedViT.superres")
    desk.choose(inputVolume=fine, superres="")
    assert desk.run().startswith("Done")
    assert desk.scene.IsNodePresent(fine)


def test_a_segmentation_deleted_during_a_run_leaves_no_second_table(desk):
    desk.choose(inputVolume=head_node(desk.scene, (20, 64, 60)))
    assert desk.run().startswith("Done")
    table = desk.scene.GetFirstNodeByClass("vtkMRMLTableNode")
    desk.press_run()
    desk.scene.RemoveNode(segmentation(desk.scene))
    desk.wait(lambda: not desk.panel._running)
    assert desk.ui.statusLabel.text.startswith("Done")
    assert desk.scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 1
    assert segmentation(desk.scene).GetNodeReference("UnifiedViT.table") is table
    assert np.isfinite(float(table.GetAttribute("UnifiedViT.Probability")))
