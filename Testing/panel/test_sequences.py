"""A sequence of volumes: every item looked at, segmentations that play with it, a table over time and a plot."""

from __future__ import annotations

import numpy as np
import pytest
import scenes
import slicer
from panels import contents, head_node

from UnifiedViTLib.errors import Cancelled, UnsupportedImageError
from UnifiedViTLib.outputs.mrml import result_of


@pytest.fixture
def sequence(desk, monkeypatch):
    """Three heads over time, the second of them without a body, played by a browser."""
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


def column(table, name: str) -> list:
    values = table.GetTable().GetColumnByName(name)
    return [values.GetValue(row) for row in range(table.GetNumberOfRows())]


def test_every_item_has_a_segmentation_a_row_and_a_point_of_the_plot(desk, sequence):
    told = []
    made = desk.widget.logic.processSequence(sequence, device="cpu",
                                             progress=lambda stage, done: told.append((stage, done)))
    assert [made.segmentations.GetNthIndexValue(n) for n in range(2)] == ["0.5", "4"]
    assert column(made.table, "time (s)") == [0.5, 1.5, 4.0]
    errors, amounts = column(made.table, "Error"), column(made.table, "Tumour (mL)")
    assert errors[0] == errors[2] == "" and "same value" in errors[1] and np.isnan(amounts[1])
    result = result_of(made.segmentations.GetNthDataNode(1))
    assert result["segments"][0]["volume_ml"] == pytest.approx(amounts[2])
    assert column(made.table, "Diagnosis")[2] == result["diagnosis"]["display"]
    series = made.chart.GetNthPlotSeriesNode(0)
    assert series.GetTableNode() is made.table
    assert (series.GetXColumnName(), series.GetYColumnName()) == ("time (s)", "Tumour (mL)")
    shares = [done for _stage, done in told]
    assert shares == sorted(shares) and told[-1][0].startswith("item 3 of 3: ") and shares[-1] == 1.0
    assert desk.scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 1 and desk.app.questions == []

    browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForSequenceNode(sequence)
    browser.SetSelectedItemNumber(2)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    shown = browser.GetProxyNode(made.segmentations)
    assert result_of(shown) == result
    assert shown.GetTransformNodeID() == browser.GetProxyNode(sequence).GetTransformNodeID()
    desk.choose(outputSegmentation=shown)
    assert result["diagnosis"]["display"] in desk.ui.diagnosisLabel.text


def test_cancel_between_items_keeps_what_is_done(desk, sequence):
    def stop_at_the_third(stage, done):
        if "3 of 3" in stage:
            raise Cancelled("Enough.")

    with pytest.raises(Cancelled, match="Enough"):
        desk.widget.logic.processSequence(sequence, device="cpu", progress=stop_at_the_third)
    table = desk.scene.GetFirstNodeByName("perfusion over time")
    assert column(table, "Item") == [1.0, 2.0]
    assert desk.scene.GetFirstNodeByName("perfusion segmentations").GetNumberOfDataNodes() == 1


def test_what_is_no_sequence_is_refused_and_the_scene_stays(desk):
    empty = desk.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "nothing")
    before = contents(desk.scene)
    for node, words in ((None, "No sequence is chosen"), (slicer.vtkMRMLScalarVolumeNode(), "No sequence"),
                        (empty, "nothing has no items")):
        with pytest.raises(UnsupportedImageError, match=words):
            desk.widget.logic.processSequence(node)
    assert contents(desk.scene) == before
