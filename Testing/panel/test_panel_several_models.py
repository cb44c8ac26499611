"""Several models in one run of the panel, and which of the installed models knows a volume."""

from __future__ import annotations

import pytest
import slicer.util
from builders import tiny_model
from model_pairs import BIASES, SMALL, check
from panels import contents, head_node
from PySide6 import QtCore, QtWidgets

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.outputs.mrml import result_of
from UnifiedViTLib.service.store.download import import_model, remove_model


@pytest.fixture
def two(desk, tmp_path):
    """Two models are installed; the first is chosen. A volume is there."""
    specs = {name: import_model(tiny_model(tmp_path / name, id=name, name=name.title(), biases=biases, **SMALL).folder)
             for name, biases in BIASES.items()}
    desk.panel.models.refresh()
    desk.panel.onModelsChanged("one")
    desk.choose(inputVolume=head_node(desk.scene))
    yield specs
    for name in specs:
        remove_model(name)


def segmentations(scene) -> dict[str, object]:
    nodes = [scene.GetNthNodeByClass(n, "vtkMRMLSegmentationNode")
             for n in range(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode"))]
    return {node.GetName(): node for node in nodes}


def test_each_model_adds_a_segmentation_and_a_table_and_one_undo_takes_all_back(desk, two):
    before = contents(desk.scene)
    assert desk.ui.runButton.text == "Run"
    check(desk, "two")
    assert desk.ui.runButton.text == "Run 2 models" and desk.widget._parameterNode.furtherModels == "two"
    assert desk.run().startswith("Done in ")
    nodes = segmentations(desk.scene)
    assert list(nodes) == ["head - one", "head - two"]
    assert [result_of(node)["diagnosis"]["label"] for node in nodes.values()] == ["glioma", "meningioma"]
    tables = [node.GetNodeReference("UnifiedViT.table").GetName() for node in nodes.values()]
    assert tables == ["head - one diagnosis", "head - two diagnosis"]
    assert "One 1.2.3" in desk.ui.diagnosisLabel.text
    desk.choose(outputSegmentation=nodes["head - two"])
    assert "Two 1.2.3" in desk.ui.diagnosisLabel.text
    desk.ui.undoButton.click()
    assert contents(desk.scene) == before and not desk.ui.undoButton.enabled and desk.app.questions == []


def test_a_model_that_fails_leaves_the_others_and_is_told(desk, two):
    two["two"].weights.write_bytes(b"damaged")
    check(desk, "two")
    said = desk.run()
    assert said.startswith("Done in ") and "two: The weights of Two" in said and "damaged" in said
    assert list(segmentations(desk.scene)) == ["head - one"]
    two["one"].weights.write_bytes(b"damaged")
    desk.panel.runner.client.close()
    with_one = contents(desk.scene)
    said = desk.run()
    assert said.startswith("one: The weights of One") and "two: " in said and contents(desk.scene) == with_one


def test_cancelling_leaves_the_scene_as_it_was_whichever_model_runs(desk, two):
    check(desk, "two")
    before = contents(desk.scene)
    desk.press_run()
    desk.wait(lambda: len(desk.panel.runner.queue._outcomes) == 1)
    desk.ui.runButton.click()
    desk.wait(lambda: not desk.panel._running)
    assert desk.ui.statusLabel.text == "Cancelled. The scene is as it was." and contents(desk.scene) == before


def test_a_checked_model_that_is_not_installed_any_more_is_shown_and_can_be_left(desk, two):
    desk.choose(furtherModels="two gone")
    models = desk.ui.furtherModelsList
    texts = [models.item(row).text() for row in range(models.count)]
    assert "gone (not installed)" in texts and "One" not in texts
    assert "'gone'" in desk.run()
    models.item(texts.index("gone (not installed)")).setCheckState(QtCore.Qt.Unchecked)
    assert desk.widget._parameterNode.furtherModels == "two"


def test_a_script_gives_models_in_a_list_and_gets_a_list(desk, two):
    logic, volume = desk.widget.logic, desk.widget._parameterNode.inputVolume
    predictions = logic.process(volume, model=["two", "one"], device="cpu")
    assert [prediction.spec.id for prediction in predictions] == ["two", "one"]
    nodes = segmentations(desk.scene)
    assert list(nodes) == ["head - two", "head - one"]
    before = contents(desk.scene)
    with pytest.raises(UnsupportedImageError, match="no segmentation to replace"):
        logic.process(volume, nodes["head - one"], model=["one", "two"])
    with pytest.raises(UnsupportedImageError, match="knows no sequence called t2"):
        logic.process(volume, model=["one", "two"], channels={"t2": volume})
    assert contents(desk.scene) == before


def test_which_model_fills_a_table_with_reasons_and_a_double_click_chooses(desk, two):
    ui, before = desk.ui, contents(desk.scene)
    assert not ui.whichModelFrame.visible
    ui.whichModelButton.click()
    assert ui.whichModelButton.text == "Cancel"
    desk.wait(lambda: not desk.panel.whichModel._client.running)
    table = ui.whichModelTable
    rows = {table.item(row, 0).text(): [table.item(row, column).text() for column in (1, 2)]
            for row in range(table.rowCount)}
    assert rows["breast-ultrasound"] == ["does not fit", "100%"] and rows["one"] == ["not judged", ""]
    assert "Not judged: one, two." in desk.ui.statusLabel.text and contents(desk.scene) == before
    assert desk.widget._parameterNode.model == "one", "nothing is chosen by itself"
    table.setCurrentCell(list(rows).index("two"), 0)
    assert "two</i>: It has no statistics" in ui.whichModelLabel.text
    table.cellDoubleClicked.emit(list(rows).index("two"), 0)
    assert desk.widget._parameterNode.model == "two" and ui.whichModelFrame.visible
    slicer.util.arrayFromVolumeModified(desk.widget._parameterNode.inputVolume)
    desk.widget.enter()
    assert not ui.whichModelFrame.visible, "it is of other voxels"
    desk.choose(inputVolume=head_node(desk.scene))
    assert not ui.whichModelFrame.visible, "it is not of this volume"


def test_which_model_is_cancelled_and_ends_with_the_scene(desk, two):
    desk.ui.whichModelButton.click()
    desk.ui.whichModelButton.click()
    desk.wait(lambda: not desk.panel.whichModel._client.running)
    assert "No model was judged" in desk.ui.statusLabel.text and desk.ui.whichModelButton.text == "Which?"
    desk.ui.whichModelButton.click()
    desk.scene.Clear(0)
    desk.wait(lambda: not desk.panel.whichModel._client.running)
    assert not desk.ui.whichModelFrame.visible and desk.ui.statusLabel.text == ""


def test_both_fit_a_panel_of_320_pixels(desk, two):
    desk.ui.advancedCollapsibleButton.collapsed = False
    desk.app.processEvents()
    for section in (desk.ui.inputsCollapsibleButton, desk.ui.advancedCollapsibleButton):
        assert QtWidgets.QWidget.minimumSizeHint(section).width() <= 300, section.text
    desk.ui.advancedCollapsibleButton.collapsed = True
