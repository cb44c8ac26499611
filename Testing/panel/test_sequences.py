"""A sequence of volumes: every item looked at, segmentations that play with it, a table over time and a plot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scenes
import slicer
from builders import multi_label_data
from panels import contents, head_node
from standin.pythonqt import FileDialog

from UnifiedViTLib.errors import Cancelled, UnsupportedImageError
from UnifiedViTLib.inference.decision import diagnose
from UnifiedViTLib.outputs.mrml import result_of, volume_from_node, volume_of
from UnifiedViTLib.outputs.mrml_changes import has_voxels_of, is_as_drawn
from UnifiedViTLib.spec import parse_spec


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


def test_of_several_findings_each_has_its_probability_and_of_none_there_is_none(desk, sequence):
    from UnifiedViTPanel.sequences import SequenceItem, _tableOf

    spec, volume = parse_spec(multi_label_data(), Path()), head_node(desk.scene)
    items = [SequenceItem("0.5", scenes.predict(volume, spec=spec, diagnosis=diagnose(np.array(probabilities), spec)))
             for probabilities in ((0.1, 0.1, 0.1), (0.95, 0.1, 0.78))]
    table = slicer.vtkMRMLTableNode()
    table.SetAndObserveTable(_tableOf(items, sequence, spec))
    assert column(table, "Diagnosis") == ["No finding", "Glioma, Thick skull"]
    assert column(table, "Probability") == ["", "0.9500;0.7800"]


def test_an_item_that_is_played_knows_its_volume_also_in_a_scene_that_was_loaded(desk, sequence, tmp_path):
    made = desk.widget.logic.processSequence(sequence, device="cpu")
    logic = slicer.modules.sequences.logic()
    browser = logic.GetFirstBrowserNodeForSequenceNode(sequence)
    shown, volume = browser.GetProxyNode(made.segmentations), browser.GetProxyNode(sequence)
    for item in (2, 0):
        browser.SetSelectedItemNumber(item)
        logic.UpdateProxyNodesFromSequences(browser)
        assert volume_of(shown) is volume and has_voxels_of(volume_from_node(volume), shown) and is_as_drawn(shown)
    text = shown.GetAttribute("UnifiedViT.Result")
    desk.choose(inputVolume=volume, outputSegmentation=shown, device="cpu")
    FileDialog.answers = [str(tmp_path / "report.html")]
    desk.ui.saveReportButton.click()
    assert (tmp_path / "report.html").read_text(encoding="utf-8").count("data:image/png") == 6
    assert "and stays" in desk.run() and shown.GetAttribute("UnifiedViT.Result") == text
    names, saved = (shown.GetName(), volume.GetName()), scenes.xml(desk.scene)
    desk.scene.Clear(0)
    desk.scene.SetLoadFromXMLString(1)
    desk.scene.SetSceneXMLString(saved)
    desk.scene.Import()
    desk.scene.SetLoadFromXMLString(0)
    browser = desk.scene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode")
    shown, volume = (browser.GetProxyNode(desk.scene.GetFirstNodeByName(name)) for name in names)
    assert volume_of(shown) is volume is not None


def test_nothing_is_shown_over_an_item_that_failed(desk, sequence):
    made = desk.widget.logic.processSequence(sequence, device="cpu")
    for number in range(made.segmentations.GetNumberOfDataNodes()):  # whatever the model drew
        made.segmentations.GetNthDataNode(number).GetSegmentation().AddEmptySegment("drawn")
    logic = slicer.modules.sequences.logic()
    browser = logic.GetFirstBrowserNodeForSequenceNode(sequence)
    shown = browser.GetProxyNode(made.segmentations)
    for item, is_done in ((0, True), (1, False), (2, True), (1, False), (0, True)):
        browser.SetSelectedItemNumber(item)
        logic.UpdateProxyNodesFromSequences(browser)
        assert (result_of(shown) is not None) == bool(shown.GetSegmentation().GetNumberOfSegments()) == is_done
        assert shown.GetTransformNodeID() == browser.GetProxyNode(sequence).GetTransformNodeID()
    assert made.segmentations.GetNumberOfDataNodes() == 2


def test_cancel_between_items_keeps_what_is_done(desk, sequence):
    def stop_at_the_third(stage, done):
        if "3 of 3" in stage:
            raise Cancelled("Enough.")

    with pytest.raises(Cancelled, match="Enough"):
        desk.widget.logic.processSequence(sequence, device="cpu", progress=stop_at_the_third)
    table = desk.scene.GetFirstNodeByName("perfusion over time")
    assert column(table, "Item") == [1.0, 2.0]
    assert desk.scene.GetFirstNodeByName("perfusion segmentations").GetNumberOfDataNodes() == 1


def run_in_panel(desk, sequence) -> None:
    """The user chooses the sequence and presses the button."""
    desk.choose(device="cpu")
    desk.ui.sequenceSelector.setCurrentNode(sequence)
    desk.ui.sequenceRunButton.click()


def over(desk) -> str:
    """Until it has ended; what is said then."""
    desk.wait(lambda: not desk.panel.sequence._client.running)
    return desk.ui.sequenceStatusLabel.text


def cells(desk) -> list[list[str]]:
    table = desk.ui.sequenceTable
    return [[table.item(row, column).text() for column in range(4)] for row in range(table.rowCount)]


def test_the_panel_looks_at_every_item_while_the_window_lives_and_shows_item_and_plot(desk, sequence, monkeypatch):
    plots = slicer.vtkSlicerPlotsLogic()
    plots.SetMRMLScene(desk.scene)
    monkeypatch.setattr(slicer.modules, "plots", type("Module", (), {"logic": staticmethod(lambda: plots)}),
                        raising=False)
    layout = desk.scene.AddNewNodeByClass("vtkMRMLLayoutNode")
    before = contents(desk.scene)
    run_in_panel(desk, sequence)
    assert desk.ui.sequenceRunButton.text == "Cancel sequence" and not desk.ui.sequenceSelector.enabled
    assert contents(desk.scene) == before, "nothing is added before the end"
    assert over(desk).startswith("2 of 3 items are done")
    table = desk.scene.GetFirstNodeByName("perfusion over time")
    shown = cells(desk)
    assert [row[0] for row in shown] == ["0.5", "1.5", "4"] and shown[1][1] == "failed"
    assert shown[2][1] == column(table, "Diagnosis")[2] and shown[2][3] == f"{column(table, 'Tumour (mL)')[2]:.1f}"
    assert "same value" in desk.ui.sequenceTable.item(1, 0).toolTip()
    browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForSequenceNode(sequence)
    desk.ui.sequenceTable.cellDoubleClicked.emit(2, 0)
    assert browser.GetSelectedItemNumber() == 2
    desk.ui.sequencePlotButton.click()
    shown = layout.GetViewArrangement()
    assert shown == plots.GetLayoutWithPlot(shown) == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotView
    segmentations = desk.scene.GetFirstNodeByName("perfusion segmentations")
    run_in_panel(desk, segmentations)
    assert "perfusion segmentations is no sequence of volumes" in desk.ui.sequenceStatusLabel.text

    desk.app.consent, item = False, segmentations.GetNthDataNode(1).GetSegmentation()
    for change, back in ((lambda: table.SetName("mine"), lambda: table.SetName("perfusion over time")),
                         (lambda: item.AddEmptySegment("mine"), lambda: item.RemoveSegment("mine"))):
        change()
        desk.ui.undoSequenceButton.click()
        assert desk.ui.sequenceStatusLabel.text == "Not taken back: the result was changed since the run."
        assert desk.scene.IsNodePresent(segmentations)
        back()
    for number in (1, 0, 2):  # what the browser shows is no change
        browser.SetSelectedItemNumber(number)
        slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    desk.ui.undoSequenceButton.click()
    assert len(desk.app.questions) == 2
    assert names(desk.scene) == [name for _id, name, _time in before]
    assert not browser.IsSynchronizedSequenceNode(segmentations)
    assert desk.ui.sequenceStatusLabel.text == "The run of the sequence was taken back."
    assert not desk.ui.undoSequenceButton.enabled and not desk.ui.sequenceTable.visible


def names(scene) -> list[str]:
    return [name for _id, name, _time in contents(scene)]


def test_what_the_user_has_removed_already_is_no_matter_where_the_rest_is_taken_back(desk, sequence):
    before = names(desk.scene)
    made = desk.widget.logic.processSequence(sequence, device="cpu")
    desk.scene.RemoveNode(made.chart)
    desk.scene.RemoveNode(made.table)
    made.removeFromScene()
    made.removeFromScene()
    assert names(desk.scene) == before


def test_cancel_in_the_panel_keeps_the_items_that_are_done(desk, sequence):
    run_in_panel(desk, sequence)
    desk.wait(lambda: len(cells(desk)) >= 1)
    desk.ui.sequenceRunButton.click()
    assert desk.ui.sequenceRunButton.text == "Cancelling..."
    said, done = over(desk), len(cells(desk))
    assert said == "Cancelled. Items that are done and in the scene: 1 of 3."
    assert column(desk.scene.GetFirstNodeByName("perfusion over time"), "Item") == [float(n + 1) for n in range(done)]


@pytest.mark.parametrize(("change", "words"), [
    (lambda sequence: sequence.RemoveDataNodeAtValue("0.5"), "item 0.5 was taken out"),
    (lambda sequence: sequence.UpdateIndexValue("0.5", "0.7"), "item 0.5 was taken out"),
    (lambda sequence: sequence.GetNthDataNode(0).SetSpacing(1.0, 1.0, 9.0), "was changed while"),
    (lambda sequence: np.copyto(slicer.util.arrayFromVolume(sequence.GetNthDataNode(0)), 7), "same value"),
    (lambda sequence: slicer.util.arrayFromVolume(sequence.GetNthDataNode(0)).__imul__(2), "was changed while"),
    (lambda sequence: sequence.GetNthDataNode(0).SetAndObserveImageData(None), "has no image data"),
], ids=["removed", "other index", "spacing", "one value", "voxels", "no voxels"])
def test_an_item_that_is_changed_while_it_is_looked_at_fails_alone(desk, sequence, change, words):
    run_in_panel(desk, sequence)
    change(sequence)
    assert over(desk).startswith("1 of 3 items are done")
    errors = column(desk.scene.GetFirstNodeByName("perfusion over time"), "Error")
    assert words in errors[0] and "same value" in errors[1] and errors[2] == ""
    segmentations = desk.scene.GetFirstNodeByName("perfusion segmentations")
    assert [segmentations.GetNthIndexValue(n) for n in range(segmentations.GetNumberOfDataNodes())] == ["4"]
    assert words in desk.ui.sequenceTable.item(0, 0).toolTip() and desk.app.questions == []


def test_an_item_that_has_gone_before_its_turn_fails_alone(desk, sequence):
    run_in_panel(desk, sequence)
    sequence.RemoveDataNodeAtValue("4")
    assert over(desk).startswith("1 of 3 items are done")
    errors = column(desk.scene.GetFirstNodeByName("perfusion over time"), "Error")
    assert errors[0] == "" and "item 4 was taken out" in errors[2]


@pytest.mark.parametrize("what", ["scene", "sequence"])
def test_a_sequence_that_goes_ends_its_run(desk, sequence, what):
    run_in_panel(desk, sequence)
    if what == "scene":
        desk.scene.Clear(0)
    else:
        desk.scene.RemoveNode(sequence)
    said = over(desk)
    assert said == ("" if what == "scene" else "The sequence was removed from the scene: its run was ended.")
    assert cells(desk) == [] and desk.scene.GetFirstNodeByClass("vtkMRMLTableNode") is None
    assert desk.ui.sequenceRunButton.text == "Run sequence"


@pytest.mark.parametrize("what", ["scene", "sequence"])
def test_a_sequence_that_goes_while_a_script_waits_keeps_what_is_done_where_its_scene_is_there(desk, sequence, what):
    def progress(_stage, fraction):
        if fraction > 0.1 and sequence.GetScene():
            desk.scene.Clear(0) if what == "scene" else desk.scene.RemoveNode(sequence)

    with pytest.raises(UnsupportedImageError, match="The sequence was removed from the scene"):
        desk.widget.logic.processSequence(sequence, device="cpu", progress=progress)
    table = desk.scene.GetFirstNodeByClass("vtkMRMLTableNode")
    assert (table is None) == (what == "scene")
    assert table is None or table.GetNumberOfRows() == 1


def test_what_is_no_sequence_is_refused_and_the_scene_stays(desk):
    empty = desk.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "nothing")
    before = contents(desk.scene)
    for node, words in ((None, "No sequence is chosen"), (slicer.vtkMRMLScalarVolumeNode(), "No sequence"),
                        (empty, "nothing has no items")):
        with pytest.raises(UnsupportedImageError, match=words):
            desk.widget.logic.processSequence(node)
    assert contents(desk.scene) == before
