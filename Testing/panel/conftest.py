"""What several files of the panel's tests begin with."""

from __future__ import annotations

import pytest

#: The sequences of the model of `several`.
SEQUENCES = ("t1c", "t2", "flair")


@pytest.fixture
def shown(desk):
    """A result with drawn segments, shown in the panel: volume and segmentation."""
    import scenes
    from panels import head_node

    from UnifiedViTLib.outputs.mrml import add_to_scene

    volume = head_node(desk.scene)
    segmentation, _ = add_to_scene(scenes.predict(volume), volume)
    desk.choose(inputVolume=volume, outputSegmentation=segmentation)
    return volume, segmentation


@pytest.fixture
def several(desk, tmp_path):
    """A model of the three sequences `SEQUENCES` is installed and chosen."""
    from builders import spec_data, tiny_model

    from UnifiedViTLib.service.store.catalogue import find_model
    from UnifiedViTLib.service.store.download import import_model, remove_model

    channels = [{"name": name, "expects": f"{name} of the head"} for name in SEQUENCES]
    tiny_model(tmp_path / "model", input=spec_data()["input"] | {"channels": channels})
    import_model(tmp_path / "model")
    desk.panel.models.refresh()
    desk.panel.onModelsChanged("tiny")
    yield find_model("tiny")
    remove_model("tiny")


@pytest.fixture
def sequence(desk, monkeypatch):
    """Three heads over time, the second of them without a body, played by a browser."""
    import numpy as np
    import scenes
    import slicer
    from panels import head_node

    logic = slicer.vtkSlicerSequencesLogic()
    logic.SetMRMLScene(desk.scene)
    monkeypatch.setattr(slicer.modules, "sequences", type("Module", (), {"logic": staticmethod(lambda: logic)}),
                        raising=False)
    sequence = desk.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "perfusion")
    for item, value in enumerate(("0.5", "1.5", "4")):
        node = head_node(desk.scene)
        if item == 1:
            slicer.util.arrayFromVolume(node)[:] = 7
        sequence.SetDataNodeAtValue(node, value)
        desk.scene.RemoveNode(node)
    browser = desk.scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    logic.UpdateProxyNodesFromSequences(browser)
    moved = scenes.add_transform(desk.scene, np.diag([-1.0, 1.0, 1.0, 1.0]))
    browser.GetProxyNode(sequence).SetAndObserveTransformNodeID(moved.GetID())
    return sequence


@pytest.fixture
def play(desk, sequence):
    """Shows an item of `sequence`, counted from 0; returns the volume node that shows it. The last item is turned."""
    import slicer

    logic = slicer.modules.sequences.logic()
    browser = logic.GetFirstBrowserNodeForSequenceNode(sequence)
    voxels = slicer.util.arrayFromVolume(sequence.GetNthDataNode(2))
    voxels[:] = voxels[:, ::-1, ::-1].copy()

    def show(item):
        browser.SetSelectedItemNumber(item)
        logic.UpdateProxyNodesFromSequences(browser)
        return browser.GetProxyNode(sequence)

    return show
