"""Models of several findings at once: their description, their answer, and how it reaches people and programs."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, multi_label_data, spec_data, tiny_model, to_sitk
from workers import end_of

from UnifiedViTLib.cli import main
from UnifiedViTLib.diagnosis import LabelRule
from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.inference.backends.agreement import agreement
from UnifiedViTLib.inference.decision import NetworkOutput, decide, diagnose
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.pooling import calibrated, lesion_probabilities, pool
from UnifiedViTLib.inference.prediction import SegmentResult
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.warnings import collect_warnings
from UnifiedViTLib.outputs.files import as_json, write_segmentation
from UnifiedViTLib.outputs.headlines import findings, headline
from UnifiedViTLib.outputs.montage import write_montage
from UnifiedViTLib.outputs.report import as_text, write_report
from UnifiedViTLib.outputs.results_table import csv_row
from UnifiedViTLib.resources import resources
from UnifiedViTLib.service.store.ensembles import write_ensemble
from UnifiedViTLib.service.worker.protocol import Finished, PredictRequest
from UnifiedViTLib.spec import ModelSpec, parse_spec

#: Says glioma (p 0.95) and thick skull (0.78), and no meningioma (0.18); draws gliomas everywhere.
BIASES = {"classifier": [3.0, -2.0, 1.0], "segmentation": [0.0, 3.0, 1.0]}
NOTHING = {"classifier": [-3.0, -3.0, -3.0], "segmentation": [3.0, 0.0, 0.0]}


@pytest.fixture(scope="module")
def spec():
    return parse_spec(multi_label_data(), Path())


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model"), multi_label=True, biases=BIASES)


@pytest.fixture(scope="module")
def prediction(model):
    return Predictor(model, "cpu").predict(head_volume())


@pytest.fixture(scope="module")
def nothing(tmp_path_factory):
    spec = tiny_model(tmp_path_factory.mktemp("model"), multi_label=True, biases=NOTHING)
    return Predictor(spec, "cpu").predict(head_volume())


# The description


def test_each_finding_has_its_own_calibration_threshold_and_segment(spec):
    assert spec.multi_label and spec.healthy is None and spec.nothing_found == "No finding"
    assert spec.label_rules == (LabelRule(1.0, 0.0, 0.5, "Glioma"), LabelRule(2.0, -0.5, 0.3, "Meningioma"),
                                LabelRule(1.0, 0.25, 0.6, None))
    assert ModelSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == replace(spec, folder=Path().absolute())
    assert not parse_spec(spec_data(), Path()).multi_label


@pytest.mark.parametrize(("field", "value"), [
    ("temperature", 0), ("temperature", None), ("bias", 100), ("bias", "x"), ("threshold", 1), ("threshold", 0),
    ("threshold", True), ("segment", "Oedema"), ("segment", 3), ("lesion", False), ("name", "none"),
])
def test_nonsense_about_a_finding_is_refused_with_its_field(field, value):
    data = multi_label_data()
    data["diagnosis"]["classes"][1][field] = value
    with pytest.raises(ModelSpecError, match=rf"diagnosis\.classes\[1\]\.{field}"):
        parse_spec(data, Path())


@pytest.mark.parametrize(("change", "field"), [
    ({"diagnosis": {"temperature": 1.0}}, "diagnosis.temperature"),
    ({"diagnosis": {"nothing_found": ""}}, "nothing_found"),
    ({"aggregation": {"pooling": "lesion_weighted"}}, "aggregation.pooling"),
    ({"architecture": "ensemble"}, "diagnosis.task"),
])
def test_what_does_not_go_with_several_findings_is_refused(change, field):
    data = multi_label_data()
    merged = {name: data[name] | value if isinstance(value, dict) else value for name, value in change.items()}
    with pytest.raises(ModelSpecError, match=field):
        parse_spec(data | merged, Path())


def test_a_model_of_one_class_is_not_pooled_as_one_of_findings():
    with pytest.raises(ModelSpecError, match=r"aggregation\.pooling"):
        parse_spec(spec_data(aggregation=multi_label_data()["aggregation"]), Path())


# The answer


def test_probabilities_are_sigmoids_each_calibrated_by_its_own_rule(spec):
    logits = np.array([[0.0, 1.0, -1.0], [2000.0, -2000.0, 0.0]], np.float32)
    expected = 1 / (1 + np.exp(-np.array([[0.0, 0.0, -0.75], [700, -700, 0.25]])))
    np.testing.assert_allclose(calibrated(logits, spec), expected, atol=1e-7)


def test_a_volume_s_finding_is_the_mean_of_the_slices_where_it_is_likeliest(spec):
    probabilities = np.array([[0.9, 0.1, 0.0], [0.7, 0.0, 0.4], [0.0, 0.3, 0.2], [0.1, 0.1, 0.0]])
    np.testing.assert_allclose(pool(probabilities, None, None, spec), [0.8, 0.2, 0.3])
    mean = replace(spec, volume_rule=replace(spec.volume_rule, pooling="mean"))
    np.testing.assert_allclose(pool(probabilities, None, None, mean), [0.425, 0.125, 0.15])
    np.testing.assert_allclose(pool(probabilities[:1], None, None, spec), probabilities[0])


def test_a_slice_is_as_suspicious_as_its_likeliest_finding(spec):
    strict = replace(spec, volume_rule=replace(spec.volume_rule, max_normal_probability=0.5))
    lesion, kept = lesion_probabilities(np.array([[0.1, 0.2, 0.1], [0.1, 0.9, 0.8]]), strict, 5.0)
    np.testing.assert_allclose(lesion, [0.2, 0.9])
    assert list(kept) == [False, True]


@pytest.mark.parametrize(("pooled", "found", "display", "label"), [
    ([0.9, 0.4, 0.1], ("glioma", "meningioma"), "Glioma, Meningioma", "glioma"),
    ([0.5, 0.29, 0.59], ("glioma",), "Glioma", "glioma"),
    ([0.1, 0.2, 0.2], (), "No finding", "meningioma"),
    ([1.0, 1.0, 1.0], ("glioma", "meningioma", "thick-skull"), "Glioma, Meningioma, Thick skull", "glioma"),
])
def test_what_reaches_its_threshold_is_found_and_nothing_is_said_in_words(spec, pooled, found, display, label):
    diagnosis = diagnose(np.array(pooled), spec)
    assert (diagnosis.findings, diagnosis.display, diagnosis.label) == (found, display, label)
    assert diagnosis.probability == diagnosis.probabilities[label]


def test_a_decision_draws_and_names_findings_of_different_slices(tmp_path):
    spec = tiny_model(tmp_path / "m", multi_label=True)
    logits = np.full((6, 3), -6, np.float32)
    logits[1:3, 0], logits[4:6, 1] = 6, 6
    volume = head_volume(shape=(6, 40, 36))
    drawn = np.zeros(volume.array.shape, np.uint8)
    drawn[1:3, 5:9, 5:9], drawn[4:6, 20:25, 20:25] = 1, 2
    answer = decide(NetworkOutput(drawn, logits, np.ones(6)), prepare(volume, 32), spec)
    assert answer.diagnosis.findings == ("glioma", "meningioma")
    assert sum(answer.diagnosis.probabilities.values()) > 1.5
    assert [segment.voxels for segment in answer.segments] == [32, 50]


def test_two_ways_to_compute_agree_where_the_findings_do(spec):
    labels = np.zeros((4, 8, 8), np.uint8)
    one = np.zeros((4, 3), np.float32)
    other = one.copy()
    other[2, 1] = 4  # its temperature is 2
    found = agreement((labels, one), (labels, other), spec).max_difference
    assert found == pytest.approx(1 / (1 + np.exp(-1.5)) - 1 / (1 + np.exp(0.5)), abs=1e-6)


# Doubts


@pytest.mark.parametrize(("pooled", "voxels", "said"), [
    ([0.95, 0.01, 0.01], (5, 0), []),
    ([0.95, 0.01, 0.99], (0, 0), ["Glioma found, yet Glioma is not drawn"]),
    ([0.01, 0.01, 0.99], (0, 7), ["Meningioma is drawn, yet Meningioma is not found"]),
    ([0.496, 0.01, 0.596], (0, 0), [r"Glioma \(49.6%, found from 50.0% on\), Thick skull \(59.6%, found from 60.0%"]),
    ([0.41, 0.01, 0.65], (0, 0), [r"Glioma \(41%, found from 50% on\), Thick skull \(65%, found from 60% on\)"]),
])
def test_what_contradicts_itself_or_is_close_to_its_threshold_is_said(spec, pooled, voxels, said):
    segments = tuple(SegmentResult(name, n + 1, count, 0.1 * count)
                     for n, (name, count) in enumerate(zip(("Glioma", "Meningioma"), voxels, strict=True)))
    prepared = prepare(head_volume(), 32)
    look = NetworkOutput(np.zeros((18, 45, 41), np.uint8), np.zeros((18, 3), np.float32), np.zeros(18))
    given = collect_warnings(prepared, spec, look, diagnose(np.array(pooled), spec), segments)
    assert len(given) == len(said)
    for sentence, part in zip(given, said, strict=True):
        assert re.search(part, sentence), sentence


@pytest.mark.parametrize(("pooled", "certainty"), [
    ([0.95, 0.01, 0.01], 0.95), ([0.5, 0.01, 0.01], 0.5), ([1.0, 1.0, 1.0], 1.0), ([0.0, 0.0, 0.36], 1 / 1.375),
])
def test_a_result_is_as_certain_as_the_finding_that_it_is_least_sure_of(spec, pooled, certainty):
    # 0.36 against a threshold of 0.6: the odds are 0.375 of the threshold's, so that 1 / 1.375 speaks against it.
    assert diagnose(np.array(pooled), spec).certainty == pytest.approx(certainty)


def test_uncertainty_by_further_passes_is_refused_in_words(spec):
    with pytest.raises(ModelSpecError, match="multi-label model; uncertainty by several passes"):
        Options(uncertainty=True).check(spec)


# Results


def test_a_prediction_holds_every_finding_and_follows_the_schema(prediction, nothing):
    schema = json.loads((resources() / "prediction.schema.json").read_text(encoding="utf-8"))
    for given, found in ((prediction, ["glioma", "thick-skull"]), (nothing, [])):
        data = json.loads(json.dumps(as_json(given)))
        jsonschema.validate(data, schema)
        assert data["diagnosis"]["findings"] == found
        assert data["diagnosis"]["thresholds"] == {"glioma": 0.5, "meningioma": 0.3, "thick-skull": 0.6}
    np.testing.assert_allclose(list(prediction.diagnosis.probabilities.values()),
                               1 / (1 + np.exp([-3, 1.5, -1.25])), atol=1e-6)
    schema["properties"]["diagnosis"]["properties"]["findings"] = False
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(as_json(prediction), schema)


def test_a_finding_can_be_explained_and_the_foremost_one_is_by_itself(model):
    predictor = Predictor(model, "cpu")
    assert predictor.predict(head_volume(), Options(heatmap="relevance")).heatmap.label == "glioma"
    options = Options(heatmap="relevance", heatmap_class="thick-skull")
    assert predictor.predict(head_volume(), options).heatmap.display == "Thick skull"


def test_headlines_texts_tables_and_files_name_all_that_is_found(prediction, nothing, tmp_path):
    assert headline(as_json(prediction)["diagnosis"]) == "Glioma (95%), Thick skull (78%)"
    assert findings(as_json(nothing)["diagnosis"]) == [("No finding", None)]
    text = as_text(as_json(prediction))
    assert text.startswith("head: Glioma (95%), Thick skull (78%)\n")
    assert "Meningioma: 18.2% (not found, threshold 30.0%)" in text and "Glioma: 95.3% (found, threshold" in text
    assert "head: No finding\n" in as_text(as_json(nothing))
    row = csv_row("a", prediction)
    assert (row["diagnosis"], row["probability"]) == ("glioma;thick-skull", "0.9526;0.7773")
    assert (csv_row("a", nothing)["diagnosis"], csv_row("a", nothing)["probability"]) == ("none", "")
    write_segmentation(prediction, tmp_path / "a.seg.nrrd")
    assert sitk.ReadImage(str(tmp_path / "a.seg.nrrd")).GetMetaData("UnifiedViT_Diagnosis") == "glioma;thick-skull"


def test_the_report_marks_every_threshold(prediction, nothing, tmp_path):
    volume = head_volume()
    for given, words in ((prediction, ("Glioma <span>95%", "Thick skull <span")),
                         (nothing, ("<h1>No finding",))):
        write_report(as_json(given), tmp_path / "r.html", volume, given.labelmap)
        page = (tmp_path / "r.html").read_text(encoding="utf-8")
        assert all(part in page for part in words) and page.count('class="threshold"') == 3


def test_the_picture_is_drawn_for_findings_and_for_none(prediction, nothing, tmp_path):
    for name, given in (("some", prediction), ("none", nothing)):
        write_montage(head_volume(), given, tmp_path / f"{name}.png")
        assert sitk.ReadImage(str(tmp_path / f"{name}.png")).GetSize()[0] > 800


def test_the_scene_carries_the_findings_with_their_thresholds(prediction):
    import scenes
    import slicer

    from UnifiedViTLib.outputs.mrml import add_to_scene, result_of

    scene = slicer.vtkMRMLScene()
    volume = head_volume()
    node = scenes.add_volume(scene, volume.array, volume.ijk_to_ras)
    segmentation, table = add_to_scene(prediction, node)
    assert segmentation.GetAttribute("UnifiedViT.Diagnosis") == "glioma;thick-skull"
    assert segmentation.GetAttribute("UnifiedViT.DiagnosisDisplay") == "Glioma, Thick skull"
    assert json.loads(segmentation.GetAttribute("UnifiedViT.Thresholds"))["meningioma"] == 0.3
    assert segmentation.GetAttribute("UnifiedViT.Probability") is None
    assert result_of(segmentation)["diagnosis"]["findings"] == ["glioma", "thick-skull"]
    titles = [table.GetTable().GetColumnName(n) for n in range(table.GetTable().GetNumberOfColumns())]
    assert titles == ["Class", "Diagnosis", "Probability", "Threshold", "Found"]
    assert [table.GetTable().GetValueByName(n, "Found").ToString() for n in range(3)] == ["yes", "no", "yes"]


def test_the_worker_gives_the_same_prediction(model, prediction, warm_client):
    warm_client.submit(PredictRequest(head_volume(), model, Options(), "cpu", 8))
    end = end_of(warm_client)
    assert isinstance(end, Finished), end
    assert end.result.diagnosis.findings == prediction.diagnosis.findings
    assert end.result.diagnosis.thresholds == prediction.diagnosis.thresholds
    assert end.result.spec == model


def test_the_command_line_says_all_findings_in_a_line(model, tmp_path, capsys, warm_worker):
    sitk.WriteImage(to_sitk(head_volume()), str(tmp_path / "head.nrrd"))
    assert main(["predict", str(tmp_path / "head.nrrd"), "-m", str(model.folder), "-o", str(tmp_path / "out"),
                 "--device", "cpu"]) == 0
    assert "head: Glioma (95%), Thick skull (78%); Glioma " in capsys.readouterr().out
    with open(tmp_path / "out" / "results.csv", newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["diagnosis"] == "glioma;thick-skull"


def test_no_ensemble_is_made_of_models_with_several_findings(model, tmp_path):
    other = tiny_model(tmp_path / "other", multi_label=True, seed=3)
    with pytest.raises(ModelSpecError, match="is a multi-label model, of which no ensemble"):
        write_ensemble([model, other], tmp_path / "both", "both")
