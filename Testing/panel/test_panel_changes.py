"""What becomes of volume, segmentation and table after a run: told with the result, and nothing is lost."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scenes
import slicer
import slicer.util
from panels import head_node
from standin.pythonqt import FileDialog

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.inference.region import RegionResult
from UnifiedViTLib.outputs.mrml import add_to_scene, result_of, volume_from_node
from UnifiedViTLib.outputs.mrml_changes import is_as_written, state_of

TOLD = {"edited": "segments were changed since", "apart": "moved apart since", "moved": "moved or resized since",
        "voxels": "no longer has the voxels"}
STRETCH = np.diag([1.0, 1.2, 1.0, 1.0]) + np.eye(4, k=3) * 40


def harden(scene, *nodes):
    """As the module Transforms does, by a linear transform that moves and stretches."""
    transform = scenes.add_transform(scene, STRETCH)
    for node in nodes:
        node.SetAndObserveTransformNodeID(transform.GetID())
        node.HardenTransform()


def paint(volume):
    slicer.util.arrayFromVolume(volume)[2] += 1
    slicer.util.arrayFromVolumeModified(volume)


def under_one(scene, *nodes):
    for node in nodes:
        node.SetAndObserveTransformNodeID(scenes.add_transform(scene, STRETCH).GetID())


@pytest.mark.parametrize(("change", "told"), [
    (lambda scene, volume, drawn: under_one(scene, volume, drawn), ()),
    (lambda scene, volume, drawn: under_one(scene, volume), ("apart",)),
    (lambda scene, volume, drawn: harden(scene, volume), ("apart", "moved")),
    (lambda scene, volume, drawn: harden(scene, volume, drawn), ("moved",)),
    (lambda scene, volume, drawn: volume.SetSpacing(1.0, 1.0, 1.0), ("apart", "moved")),
    (lambda scene, volume, drawn: paint(volume), ("voxels",)),
    (lambda scene, volume, drawn: scene.RemoveNode(volume), ("voxels",)),
    (lambda scene, volume, drawn: volume.SetAndObserveImageData(None), ("voxels",)),
    (lambda scene, volume, drawn: scenes.draw(volume, drawn, "Segment_1", np.ones((6, 64, 60))), ("edited",)),
], ids=["both under a transform", "volume under a transform", "volume hardened", "both hardened", "spacing", "voxels",
        "volume removed", "no voxels", "drawn"])
def test_what_was_changed_since_the_run_is_told_in_panel_text_and_report(desk, shown, tmp_path, change, told):
    change(desk.scene, *shown)
    desk.widget.enter()
    desk.ui.copyButton.click()
    FileDialog.answers = [str(tmp_path / "report.html")]
    desk.ui.saveReportButton.click()
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for text in (desk.ui.warningsLabel.text, desk.app.clipboard().text(), page):
        assert {name for name, words in TOLD.items() if words in text} == set(told)
    assert ("data:image" in page) == ("voxels" not in told)


@pytest.mark.parametrize("is_hardened", [False, True])
def test_a_mask_that_lies_beside_its_volume_is_not_added_to_a_dataset(desk, shown, tmp_path, is_hardened):
    volume, segmentation = shown
    scenes.draw(volume, segmentation, "Segment_1", np.repeat([1, 0], 3)[:, None, None] * np.ones((6, 64, 60)))
    (harden if is_hardened else under_one)(desk.scene, volume)
    with pytest.raises(UnsupportedImageError, match="moved apart since the run"):
        desk.widget.logic.addToDataset(volume, tmp_path / "mine", "AB")
    (harden if is_hardened else under_one)(desk.scene, segmentation)
    assert desk.widget.logic.addToDataset(volume, tmp_path / "mine", "AB").case.dice < 1


def test_the_result_of_another_volume_than_the_chosen_one_says_so_also_under_the_same_name(desk, shown):
    volume, _segmentation = shown
    words = "This result is of head, not of the volume that is chosen above."
    assert words not in desk.ui.warningsLabel.text
    desk.choose(inputVolume=head_node(desk.scene))
    assert words in desk.ui.warningsLabel.text
    desk.choose(inputVolume=volume)
    assert words not in desk.ui.warningsLabel.text


def test_the_region_in_a_report_goes_with_a_volume_that_was_hardened(desk, tmp_path):
    image = volume_from_node(volume := head_node(desk.scene))
    box = RegionOfInterest.from_bounds((slice(1, 4), slice(20, 40), slice(10, 50)), image.ijk_to_ras, "ROI R")
    drawn, _table = add_to_scene(scenes.predict(volume, slice_probabilities=np.full((3, 3), 1 / 3, np.float32),
                                                region=RegionResult(box, 1, 9, 0)), volume)
    desk.choose(inputVolume=volume, outputSegmentation=drawn)
    pictures = []
    for number in range(2):
        FileDialog.answers = [str(tmp_path / f"{number}.html")]
        desk.ui.saveReportButton.click()
        page = (tmp_path / f"{number}.html").read_text(encoding="utf-8")
        pictures.append(re.findall('base64,([^"]+)', page))
        assert (TOLD["moved"] in page) == bool(number)
        harden(desk.scene, volume, drawn)
    assert pictures[0] == pictures[1] and len(pictures[0]) == 3


def test_a_table_or_a_drawing_of_a_users_is_not_replaced_by_a_run(desk, shown):
    volume, segmentation = shown
    table = desk.scene.GetFirstNodeByClass("vtkMRMLTableNode")
    segmentation.SetNodeReferenceID("UnifiedViT.table", table.GetID())
    table.GetTable().GetColumnByName("Diagnosis").SetValue(1, "glioma, read by me")
    by_hand = desk.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "by hand")
    by_hand.GetSegmentation().AddEmptySegment("mine")
    by_hand.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    scenes.draw(volume, by_hand, "mine", np.ones((6, 64, 60)))
    for node, name in ((segmentation, table.GetName()), (by_hand, "by hand")):
        before = state_of(node), state_of(table)
        desk.choose(outputSegmentation=node, device="cpu")
        assert f"{name} holds what no run has made, and stays" in desk.run()
        assert (state_of(node), state_of(table)) == before and desk.app.questions == []
        assert desk.widget._parameterNode.outputSegmentation is not node


def test_a_segmentation_that_a_sequence_plays_takes_no_result_which_would_go_with_the_next_item(desk, play, sequence):
    logic, volume = slicer.modules.sequences.logic(), play(0)
    browser = logic.GetFirstBrowserNodeForSequenceNode(sequence)
    drawn = desk.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "drawn")
    drawn.SetDataNodeAtValue(slicer.vtkMRMLSegmentationNode(), "0.5")
    browser.AddSynchronizedSequenceNodeID(drawn.GetID())
    logic.UpdateProxyNodesFromSequences(browser)
    desk.choose(inputVolume=volume, outputSegmentation=(played := browser.GetProxyNode(drawn)), device="cpu")
    assert f"{played.GetName()} holds what no run has made, and stays" in desk.run()
    play(2)
    assert result_of(played) is None and result_of(desk.widget._parameterNode.outputSegmentation) is not None


def test_a_table_that_was_saved_and_loaded_counts_as_it_was_written_until_somebody_writes_in_it(desk, shown, tmp_path):
    table = desk.scene.GetFirstNodeByClass("vtkMRMLTableNode")
    storage = desk.scene.AddNewNodeByClass("vtkMRMLTableStorageNode")
    storage.SetFileName(str(tmp_path / "table.tsv"))
    assert storage.WriteData(table)
    table.GetTable().Initialize()
    assert is_as_written(table), "nothing is lost with an empty one"
    assert storage.ReadData(table) and table.GetNumberOfRows() == 3 and is_as_written(table)
    for column, value in ((0, "x"), (1, "x"), (2, "0.5")):
        before = table.GetCellText(0, column)
        table.SetCellText(0, column, value)
        assert not is_as_written(table)
        table.SetCellText(0, column, before)
        assert is_as_written(table)
    table.AddColumn().SetName("Read by")
    assert not is_as_written(table)
