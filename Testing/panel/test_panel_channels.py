"""The panel with a model that looks at several sequences: a selector for each, empty ones missing."""

from __future__ import annotations

import numpy as np
import pytest
import scenes
import slicer.util
from panels import contents, head_node

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.mrml import volume_from_node
from UnifiedViTLib.service.store.cache import compiled_folder


def selectors(desk):
    return [(label.text, selector) for label, selector in desk.panel.channels._rows if selector.visible]


def other_node(desk, name="t2"):
    """Another sequence: a finer grid, other intensities."""
    node = head_node(desk.scene, (9, 70, 66))
    slicer.util.arrayFromVolume(node)[:] = np.sqrt(1000 - slicer.util.arrayFromVolume(node).clip(0, 999)) * 30
    node.SetName(name)
    return node


def segmentation(scene):
    return scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")


def test_selectors_appear_for_a_model_with_several_channels_and_go_with_another_model(desk, several):
    assert [text for text, _ in selectors(desk)] == ["t2:", "flair:"]
    assert desk.ui.inputLabel.text == "Volume (t1c):"
    assert "t2 of the head" in selectors(desk)[0][1].toolTip
    desk.choose(model="brain-t1ce")
    assert not desk.ui.channelsFrame.visible and selectors(desk) == [] and desk.ui.inputLabel.text == "Volume:"
    desk.choose(model="tiny")
    assert len(selectors(desk)) == 2


def test_a_run_gives_what_the_library_gives_for_the_chosen_volumes(desk, several):
    volume, t2 = head_node(desk.scene), other_node(desk)
    desk.choose(inputVolume=volume, device="cpu")
    selectors(desk)[0][1].setCurrentNode(t2)
    assert desk.run().startswith("Done in")
    here = Predictor(several, "cpu", cache=compiled_folder())
    direct = here.predict({"t1c": volume_from_node(volume), "t2": volume_from_node(t2)})
    np.testing.assert_array_equal(scenes.exported(desk.scene, segmentation(desk.scene), volume), direct.labelmap)
    assert "Without flair" in desk.ui.warningsLabel.text and "Without flair" in direct.warnings[0]


def test_what_is_chosen_is_saved_with_the_scene_and_an_empty_selector_is_missing(desk, several):
    volume, t2 = head_node(desk.scene), other_node(desk)
    desk.choose(inputVolume=volume, device="cpu")
    selectors(desk)[1][1].setCurrentNode(t2)
    node = desk.widget._parameterNode.parameterNode
    assert node.GetNodeReference("channel.flair") is t2 and node.GetNodeReference("channel.t2") is None
    desk.choose(model="brain-t1ce")
    desk.choose(model="tiny")
    assert [selector.currentNode() for _, selector in selectors(desk)] == [None, t2]
    selectors(desk)[1][1].setCurrentNode(None)
    assert node.GetNodeReference("channel.flair") is None
    assert desk.run().startswith("Done in") and "Without t2, flair" in desk.ui.warningsLabel.text


def test_sequences_of_two_patients_are_refused(desk, several):
    volume, t2 = head_node(desk.scene), other_node(desk)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(desk.scene)
    for node, patient in ((volume, "P01"), (t2, "P02")):
        item = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "somebody")
        hierarchy.SetItemAttribute(item, "DICOM.PatientID", patient)
        hierarchy.CreateItem(item, node)
    from UnifiedViTPanel.channels import volumesBeside

    with pytest.raises(UnsupportedImageError, match=f"t2 is of another patient than {volume.GetName()}"):
        volumesBeside(volume, {"t2": t2})
    hierarchy.SetItemAttribute(item, "DICOM.PatientID", "p1 ")
    assert list(volumesBeside(volume, {"t2": t2})) == ["t2"]


def test_different_parent_transforms_count_and_such_as_are_not_linear_are_refused(desk, several):
    volume, t2 = head_node(desk.scene), other_node(desk)
    logic = desk.module.UnifiedViTLogic()
    try:
        plain = logic.process(volume, model="tiny", device="cpu", channels={"t2": t2})
        moved = scenes.add_transform(desk.scene, np.array([[1, 0, 0, 300], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
        t2.SetAndObserveTransformNodeID(moved.GetID())
        before = contents(desk.scene)
        with pytest.raises(UnsupportedImageError, match="t2 covers only 0%"):
            logic.process(volume, model="tiny", device="cpu", channels={"t2": t2})
        volume.SetAndObserveTransformNodeID(moved.GetID())
        same = logic.process(volume, model="tiny", device="cpu", channels={"t2": t2})
        np.testing.assert_array_equal(same.slice_probabilities, plain.slice_probabilities)
        bent = desk.scene.AddNewNodeByClass("vtkMRMLBSplineTransformNode", "bent")
        t2.SetAndObserveTransformNodeID(bent.GetID())
        for channels, words in (({"t2": t2}, "not linear"), ({"t9": volume}, "knows no sequence called t9"),
                                ({"t2": None}, "No volume is chosen")):
            before = contents(desk.scene)
            with pytest.raises(UnsupportedImageError, match=words):
                logic.process(volume, model="tiny", device="cpu", channels=channels)
            assert contents(desk.scene) == before
    finally:
        logic.close()
