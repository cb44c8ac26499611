"""What can be done with a result in the panel, the section Models, the set-up box, and the module's life."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import scenes
import slicer
from builders import multi_label_data
from mirrors import model_folder
from once import give_verdicts
from panels import contents, head_node
from standin.pythonqt import FileDialog

from UnifiedViTLib.inference.decision import diagnose
from UnifiedViTLib.outputs.mrml import add_to_scene, centre_of
from UnifiedViTLib.service.store.importing import import_model
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.spec import parse_spec


@pytest.fixture
def own_cache(desk, tmp_path, tmp_path_factory, monkeypatch):
    """A cache of models for this test alone."""
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "models"))
    give_verdicts(tmp_path_factory, tmp_path / "models")
    desk.panel.models.refresh()
    return tmp_path / "models"


def test_the_result_is_shown_in_words_with_every_warning(desk, shown):
    text = desk.ui.diagnosisLabel.text
    assert "Glioma" in text and "70%" in text and "tiny 1.2.3" in text.replace("Tiny", "tiny")
    assert "Größe &amp; Lage &lt;prüfen&gt;." in desk.ui.warningsLabel.text
    assert desk.ui.warningsLabel.visible
    assert "mL" in desk.ui.segmentsLabel.text and "nothing drawn" in desk.ui.segmentsLabel.text


def test_the_charts_are_painted_in_as_many_colours_as_there_are_classes(desk, shown):
    for chart in (desk.ui.classesChart, desk.ui.slicesChart):
        image = chart.pixmap.toImage()
        colours = {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(image.height())}
        assert {"#0072b2", "#d55e00", "#009e73"} <= colours if chart is desk.ui.classesChart else len(colours) > 3


@pytest.fixture
def findings(desk):
    """Shows a result of a model of several findings with these probabilities."""
    spec = parse_spec(multi_label_data(segments=scenes.SEGMENTS, diagnosis=multi_label_data()["diagnosis"] | {
        "classes": [{key: value for key, value in one.items() if key != "segment"}
                    for one in multi_label_data()["diagnosis"]["classes"]]}), Path("tiny"))

    def show(*probabilities):
        volume = head_node(desk.scene)
        result = scenes.predict(volume, spec=spec, diagnosis=diagnose(np.array(probabilities), spec))
        segmentation, _ = add_to_scene(result, volume)
        desk.choose(inputVolume=volume, outputSegmentation=segmentation)

    return show


def test_all_findings_are_named_each_with_its_own_probability(desk, findings):
    findings(0.95, 0.1, 0.78)
    text = desk.ui.diagnosisLabel.text
    assert "Glioma" in text and "95%" in text and "Thick skull" in text and "78%" in text and "Meningioma" not in text
    desk.ui.copyButton.click()
    assert "Meningioma: 10.0% (not found, threshold 30.0%)" in desk.app.clipboard().text()
    findings(0.1, 0.1, 0.1)
    assert "No finding" in desk.ui.diagnosisLabel.text and "%" not in desk.ui.diagnosisLabel.text


def test_the_bars_of_findings_have_a_line_at_each_threshold_and_are_pale_below_it(desk, findings):
    findings(0.95, 0.2, 0.78)
    image = desk.ui.classesChart.pixmap.toImage()
    row, left = 20, min(150, image.width() // 3)
    room = image.width() - left - 48
    at = [[image.pixelColor(left + round(room * share), 2 + n * row + 10).name() for share in (0.1, threshold)]
          for n, threshold in enumerate((0.5, 0.3, 0.6))]
    assert [line for _, line in at] == ["#1c2430"] * 3
    assert at[0][0] == "#0072b2" and at[2][0] == "#009e73"
    assert at[1][0] not in ("#d55e00", "#e9edf1"), "a pale bar"


def test_copy_puts_the_result_into_the_clipboard_as_text(desk, shown):
    desk.ui.copyButton.click()
    text = desk.app.clipboard().text()
    assert text.startswith("head: Glioma (70%)") and "Research use only" in text and "Warning:" in text


def test_the_report_is_one_file_with_pictures_and_without_a_script_or_a_link(desk, shown, tmp_path):
    FileDialog.answers, before = [str(tmp_path / "Größe.html")], [name for name, *_ in contents(desk.scene)]
    desk.ui.saveReportButton.click()
    assert [name for name, *_ in contents(desk.scene)] == before, "nothing is left in the scene"
    page = (tmp_path / "Größe.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64") == 6 and "Glioma" in page and "<script" not in page
    assert "http" not in page.replace("http://www.w3.org", "") and "Research use only" in page
    assert "&lt;prüfen&gt;" in page


def test_the_report_has_no_pictures_of_an_image_other_than_the_one_that_was_looked_at(desk, play, tmp_path):
    segmentation, _ = add_to_scene(scenes.predict(volume := play(0)), volume)
    desk.choose(inputVolume=volume, outputSegmentation=segmentation)
    FileDialog.answers = [str(tmp_path / "other.html"), str(tmp_path / "same.html")]
    for item in (2, 0):
        play(item)
        desk.ui.saveReportButton.click()
    other, same = ((tmp_path / f"{name}.html").read_text(encoding="utf-8") for name in ("other", "same"))
    assert "data:image" not in other and "no longer has the voxels that were looked at" in other and "Glioma" in other
    assert same.count("data:image/png;base64") == 6 and "no longer" not in same


def test_segments_that_were_changed_since_the_run_are_told_in_panel_text_and_report(desk, shown, tmp_path):
    words = "The segments were changed since the run"

    def told():
        desk.panel.showParameters()
        desk.ui.copyButton.click()
        FileDialog.answers = [str(tmp_path / "report.html")]
        desk.ui.saveReportButton.click()
        return [words in text for text in (desk.ui.warningsLabel.text, desk.app.clipboard().text(),
                                           (tmp_path / "report.html").read_text(encoding="utf-8"))]

    volume, segmentation = shown
    assert told() == [False] * 3
    desk.ui.show3DButton.click()
    assert told() == [False] * 3, "a surface is no change"
    before = slicer.vtkSegmentation()
    before.DeepCopy(segmentation.GetSegmentation())
    scenes.draw(volume, segmentation, "Segment_3", np.ones((6, 64, 60)))
    assert told() == [True] * 3
    segmentation.GetSegmentation().DeepCopy(before)
    assert told() == [False] * 3
    segmentation.GetSegmentation().RemoveSegment("Segment_1")
    assert told() == [True] * 3
    segmentation.RemoveAttribute("UnifiedViT.Proposal")  # as in older scenes: nobody knows
    assert told() == [False] * 3


def test_a_report_that_cannot_be_written_ends_in_a_sentence_and_cancel_in_nothing(desk, shown, tmp_path):
    (tmp_path / "file").write_text("")
    FileDialog.answers = [str(tmp_path / "file" / "report.html")]
    desk.ui.saveReportButton.click()
    assert "Choose another folder" in desk.ui.statusLabel.text
    FileDialog.answers = [""]
    desk.panel.status.clear()
    desk.ui.saveReportButton.click()
    assert desk.ui.statusLabel.text == ""


def test_jump_brings_the_views_to_a_voxel_of_the_largest_piece_also_under_a_transform(desk, shown):
    _, segmentation = shown
    matrix = np.array([[0.0, -1, 0, 30], [1, 0, 0, -20], [0, 0, 1, 5], [0, 0, 0, 1]])
    transform = scenes.add_transform(desk.scene, matrix)
    for node in shown:
        node.SetAndObserveTransformNodeID(transform.GetID())
    view = desk.scene.AddNewNodeByClass("vtkMRMLSliceNode")
    view.SetOrientationToAxial()
    desk.ui.jumpButton.click()
    place = np.array(centre_of(segmentation))
    inside = scenes.to_numpy_point(segmentation, place)
    mask, to_ras, _ = scenes.shown(segmentation, "Segment_1")
    index = np.rint(np.linalg.inv(to_ras) @ [*inside, 1.0])[:3].astype(int)[::-1]
    assert mask[tuple(index)]
    slice_to_ras = scenes.to_numpy(view.GetSliceToRAS())
    assert abs(slice_to_ras[2, 3] - place[2]) < 1e-3


def test_show_3d_makes_the_surface_and_hides_it_again(desk, shown):
    _, segmentation = shown
    desk.ui.show3DButton.click()
    assert segmentation.GetSegmentation().ContainsRepresentation("Closed surface")
    assert segmentation.GetDisplayNode().GetVisibility3D()
    desk.ui.show3DButton.click()
    assert not segmentation.GetDisplayNode().GetVisibility3D()


def test_a_segmentation_without_a_result_shows_none(desk, shown):
    other = desk.scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    desk.choose(outputSegmentation=other)
    assert not desk.ui.resultCollapsibleButton.visible
    other.SetAttribute("UnifiedViT.Result", '{"name": 1}')
    desk.panel.showParameters()
    assert not desk.ui.resultCollapsibleButton.visible


def test_a_model_is_imported_from_its_folder_chosen_run_and_removed(desk, own_cache, proven, tmp_path):
    folder = shutil.copytree(proven.folder, tmp_path / "mine")
    described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    described |= {"name": "Mine", "weights": described["weights"] | {"licence": "CC BY-NC-SA 4.0"}}
    (folder / "model.json").write_text(json.dumps(described), encoding="utf-8")
    FileDialog.answers = [str(folder)]
    desk.ui.importModelFolderButton.click()
    desk.wait(lambda: not desk.panel.models._client.running)
    desk.app.processEvents()
    assert desk.ui.statusLabel.text == "The model is installed."
    assert desk.ui.modelComboBox.currentText == "Mine"
    desk.choose(inputVolume=head_node(desk.scene))
    desk.app.consent = False
    assert "licence of the weights was not agreed to" in desk.run()
    desk.app.consent = True
    assert desk.run().startswith("Done")
    assert "Mine" in desk.ui.diagnosisLabel.text
    assert desk.run().startswith("Done")
    assert ["non-commercial" in question for question in desk.app.questions] == [True, True], "asked until the yes"
    desk.app.questions.clear()

    names = [desk.ui.modelsTable.item(n, 0).text().rsplit(" ", 1)[0] for n in range(desk.ui.modelsTable.rowCount)]
    desk.ui.modelsTable.selectRow(names.index("Mine"))
    desk.app.consent = False
    desk.ui.removeModelButton.click()
    assert own_cache.exists() and desk.ui.modelComboBox.findText("Mine") >= 0
    desk.app.consent = True
    desk.ui.removeModelButton.click()
    assert desk.ui.modelComboBox.findText("Mine") < 0
    assert "Model proven is not installed" in desk.ui.modelInfoLabel.text, "none that it did not choose takes its place"
    assert not desk.ui.runButton.enabled
    desk.choose(model="brain-t1ce")
    assert desk.ui.runButton.enabled
    assert len(desk.app.questions) == 2 and "Remove Mine" in desk.app.questions[0]


def test_after_an_update_the_version_before_it_can_be_gone_back_to(desk, own_cache, tmp_path):
    for version in ("2.0.0", "2.1.0"):
        import_model(model_folder(tmp_path / version, version=version).folder)
    desk.panel.models.refresh()
    table = desk.ui.modelsTable
    table.selectRow([table.item(n, 0).text() for n in range(table.rowCount)].index("Tiny 2.1.0"))
    desk.ui.removeModelButton.click()
    again = "Version 2.0.0, which it took the place of, is used again."
    assert again in desk.app.questions[0] and desk.ui.statusLabel.text == f"The model was removed. {again}"
    assert "Tiny 2.0.0" in [table.item(n, 0).text() for n in range(table.rowCount)]


def test_a_folder_that_is_no_model_is_refused_in_a_sentence(desk, own_cache, tmp_path):
    FileDialog.answers = [str(tmp_path)]
    desk.ui.importModelFolderButton.click()
    desk.wait(lambda: not desk.panel.models._client.running)
    assert "model.json" in desk.ui.statusLabel.text and desk.ui.statusLabel.text.endswith(".")
    assert not desk.ui.removeModelButton.enabled


def test_what_is_missing_is_said_and_nothing_is_installed_without_a_yes(desk, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['timm'] = sys.modules['openvino'] = None\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    setup = desk.panel.setup
    desk.wait(lambda: not setup._client.running)  # the look when the panel was opened
    setup.look()
    desk.wait(lambda: not setup._client.running)
    desk.wait(lambda: desk.ui.setupFrame.visible)
    desk.ui.engineComboBox.setCurrentIndex(0)
    assert "openvino" in desk.ui.setupLabel.text and "timm" not in desk.ui.setupLabel.text
    desk.ui.engineComboBox.setCurrentIndex(1)
    assert "timm" in desk.ui.setupLabel.text and desk.ui.installButton.enabled
    desk.app.consent = False
    desk.ui.installButton.click()
    assert len(desk.app.questions) == 1 and "timm" in desk.app.questions[0]
    assert desk.ui.statusLabel.text == "Nothing was installed." and desk.ui.setupFrame.visible

    desk.choose(inputVolume=head_node(desk.scene))
    desk.panel.runner.client.close()
    said = desk.run()
    assert "timm" in said and desk.scene.GetFirstNodeByClass("vtkMRMLSegmentationNode") is None
    monkeypatch.undo()
    desk.panel.runner.client.close()
    desk.wait(lambda: not setup._client.running)
    desk.ui.checkAgainButton.click()
    desk.wait(lambda: not desk.ui.setupFrame.visible)


def test_without_an_interpreter_that_runs_a_run_ends_in_a_sentence(desk, tmp_path):
    runner = desk.panel.runner
    own, runner.client = runner.client, WorkerClient(tmp_path / "no-python")
    desk.choose(inputVolume=head_node(desk.scene))
    said = desk.run()
    runner.client = own
    assert said.endswith(".") and "no-python" in said


def test_leaving_the_module_lets_a_run_go_on(desk):
    desk.choose(inputVolume=head_node(desk.scene))
    desk.press_run()
    desk.widget.exit()
    desk.wait(lambda: not desk.panel._running)
    assert desk.scene.GetFirstNodeByClass("vtkMRMLSegmentationNode") is not None
    desk.widget.enter()
    assert desk.ui.runButton.enabled and desk.ui.resultCollapsibleButton.visible
    desk.wait(lambda: not desk.panel.timer.active)


def test_the_module_imports_nothing_heavy_when_slicer_starts(desk):
    code = (
        "import sys; sys.path[:0] = [sys.argv[1], sys.argv[1] + '/Testing']\n"
        "import slicer\nfrom standin.application import install, load_module\n"
        "before = set(sys.modules)\ninstall(slicer.vtkMRMLScene())\nload_module()\n"
        "new = {n.split('.')[0] for n in set(sys.modules) - before}\n"
        "assert not new & {'torch', 'timm', 'matplotlib', 'requests', 'scipy', 'SimpleITK'}, new\n"
    )
    import subprocess

    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_start_up_survives_a_slicer_without_the_sample_data_module(desk, caplog):
    desk.app.emit("startupCompleted()")
    assert "registerSampleData failed" in caplog.text
    assert slicer.mrmlScene is desk.scene
