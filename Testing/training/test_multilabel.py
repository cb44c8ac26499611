"""Models of several findings at once, from the table to the model folder."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, multi_label_data, to_sitk
from evaluation_sets import network_of, quicken, run_of
from head_sets import project as heads_project
from head_sets import write_table
from pydantic import ValidationError
from scipy.special import expit
from sklearn.metrics import f1_score
from training_sets import FINDINGS, both_discs, project
from unifiedvit_training.data.dataset import rarest_label
from unifiedvit_training.data.slicing import slice_item
from unifiedvit_training.data.sources import list_items
from unifiedvit_training.data.splits import stratified_group_split
from unifiedvit_training.errors import DataError
from unifiedvit_training.evaluation.calibrate import fit_label_rules
from unifiedvit_training.evaluation.compare import compare
from unifiedvit_training.evaluation.evaluate import evaluate, evaluate_model
from unifiedvit_training.evaluation.ood.fit import measure_ood_statistics
from unifiedvit_training.evaluation.volumes import (
    MULTI_LABEL_RULE,
    Case,
    choose_rule,
    measure_volumes,
    run_volumes,
)
from unifiedvit_training.exporting.export import export
from unifiedvit_training.runs.model_folder import write_model_folder

from UnifiedViTLib.diagnosis import LabelRule
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.inference.decision import NetworkOutput
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.spec import load_spec, parse_spec


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    quicken(monkeypatch)


# Tables and slices


def listed(tmp_path: Path, rows: list[dict], **more) -> list:
    for row in rows:
        sitk.WriteImage(sitk.GetImageFromArray(np.zeros((8, 8), np.uint8)), str(tmp_path / row["image"]))
    given = heads_project({"name": "s", "table": str(write_table(tmp_path, rows))} | more, **FINDINGS)
    given.data.sources[0].mask_values.update({1: "Bright", 2: "Dark"})
    return [row.item for row in list_items(given)["s"]]


def test_a_column_for_each_finding_says_there_not_there_or_not_known(tmp_path):
    cells = [("1", "0"), ("1.0", ""), ("0", "-1"), ("", ""), ("no", "TRUE"), ("0.0", "0")]
    items = listed(tmp_path, [{"image": f"{n}.png", "Bright": one, "dark": other} for n, (one, other) in
                              enumerate(cells)])
    assert [item.labels for item in items] == [("bright",), ("bright",), ("none",), (), ("dark",), ("none",)]
    assert [item.unknown for item in items] == [(), ("dark",), ("dark",), (), (), ()]
    assert [item.is_free({"bright"}) for item in items] == [False, False, True, False, True, True]


def test_columns_may_have_other_names_and_a_finding_without_one_is_not_known(tmp_path):
    rows = [{"image": "a.png", "Has bright": "1"}, {"image": "b.png", "Has bright": "0"}]
    first, second = listed(tmp_path, rows, columns={"labels": {"bright": "Has bright"}})
    assert [first.labels, second.labels] == [("bright",), ("none",)]
    assert first.unknown == second.unknown == ("dark",)


@pytest.mark.parametrize(("cell", "columns", "words"), [
    ("maybe", {}, "bright is 'maybe'; write 1 or 0, or leave it empty"),
    ("1", {"labels": {"brihgt": "bright"}}, "there is no class 'brihgt'"),
    ("1", {"labels": {"bright": "gone"}}, "has no column 'gone'"),
])
def test_mistakes_in_columns_of_findings_are_said(tmp_path, cell, columns, words):
    with pytest.raises(DataError, match=words):
        listed(tmp_path, [{"image": "a.png", "bright": cell, "dark": "0"}], columns=columns)


def test_a_model_of_one_class_takes_no_columns_of_findings(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((8, 8), np.uint8)), str(tmp_path / "a.png"))
    table = write_table(tmp_path, [{"image": "a.png", "bright": "1"}])
    with pytest.raises(DataError, match="the diagnosis is multi-class"):
        list_items(heads_project({"name": "s", "table": str(table), "columns": {"labels": {"bright": "bright"}}}))


@pytest.mark.parametrize(("model", "words"), [
    ({"classes": [{"name": "a", "display": "A"}, {"name": "b", "display": "B", "lesion": False}]}, "findings alone"),
    ({"classes": [{"name": "a", "display": "A"}, {"name": "none", "display": "B"}]}, "findings alone"),
    ({"classes": [{"name": "a", "display": "A", "segment": "Gone"}, {"name": "b", "display": "B"}]}, "segment 'Gone'"),
    ({"diagnosis": "multi-class"}, "`segment` of bright is for `diagnosis: multi-label` alone"),
])
def test_a_project_that_contradicts_itself_is_refused(model, words):
    with pytest.raises(ValidationError, match=words):
        project(model=FINDINGS | model)


def test_a_class_without_a_segment_is_written_as_ever():
    assert project().model.model_dump()["classes"][1] == {"name": "bright", "display": "Bright disc", "lesion": True}


def test_a_volume_s_findings_are_on_the_slices_where_they_are_drawn(tmp_path):
    model = project(model=FINDINGS | {"classes": [*FINDINGS["classes"], {"name": "thick", "display": "Thick"}]}).model
    volume, mask = head_volume(spacing=(2.0, 2.0, 8.0), shape=(6, 40, 36)), np.zeros((6, 40, 36), np.uint8)
    mask[1:3, 5:15, 5:15], mask[2:5, 20:30, 20:30], mask[5, 20, 20] = 1, 2, 2
    sitk.WriteImage(to_sitk(volume), str(tmp_path / "v.nrrd"))
    sitk.WriteImage(to_sitk(replace(volume, array=mask)), str(tmp_path / "m.nrrd"))
    given = heads_project({"name": "s", "table": "t.csv", "mask_values": {1: "Bright", 2: "Dark"}},
                          **FINDINGS, **{}).data.sources[0]
    data = project().data
    (item,) = listed_volume(tmp_path, ("dark", "thick"), ("bright",))
    labels = slice_item(item, given, data, model).labels
    assert labels[:, 0].tolist() == [0, 1, 1, 0, 0, 0], "the mask knows what the table does not"
    assert labels[:5, 1].tolist() == [0, 0, 1, 1, 1] and labels[5, 1] in (0, -1), "too little to be named by"
    assert labels[:, 2].tolist() == [-1] * 6, "no mask says where it is"
    denied = slice_item(replace(item, labels=("none",), unknown=()), given, data, model).labels
    assert denied[:3].tolist() == [[0, 0, 0], [-1, 0, 0], [-1, -1, 0]], "table and mask contradict each other"
    whole = given.model_copy(update={"slice_labels": "volume"})
    assert slice_item(item, whole, data, model).labels.tolist() == [[-1, 1, 1]] * 6
    unmasked = slice_item(replace(item, mask=None, labels=("thick",), unknown=()), given, data, model)
    assert unmasked.labels.tolist() == [[0, 0, -1]] * 6 and unmasked.has_mask.all()


def listed_volume(tmp_path: Path, labels: tuple[str, ...], unknown: tuple[str, ...]) -> list:
    from unifiedvit_training.data.dataset import Item

    return [Item("v", tmp_path / "v.nrrd", tmp_path / "m.nrrd", labels, "v", "s", "train", True, unknown=unknown)]


def test_every_finding_is_dealt_out_by_its_share():
    chance = np.random.default_rng(0)
    there = chance.random((600, 5)) < (0.5, 0.3, 0.1, 0.05, 0.03)
    strata = [tuple(np.array(list("abcde"))[row]) or ("none",) for row in there]
    parts = np.array(stratified_group_split([f"g{n // 2}" for n in range(600)], strata, (0.7, 0.15, 0.15), 0))
    for c in range(5):
        shares = np.bincount(parts[there[:, c]], minlength=3) / there[:, c].sum()
        assert shares == pytest.approx([0.7, 0.15, 0.15], abs=0.07)


def test_a_slice_counts_as_its_rarest_finding():
    labels = np.array([[1, 1], [1, 0], [0, 0], [1, -1]])
    assert rarest_label(labels).tolist() == [1, 0, -1, 0]


# Calibration


def answers_of(slope: float, shift: float, count: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits (count,) that are off by a factor and a shift, and the truth (count,)."""
    chance = np.random.default_rng(seed)
    logits = chance.normal(-1, 2, count)
    return slope * (logits - shift), (chance.random(count) < expit(logits)).astype(np.int64)


def test_each_finding_gets_the_temperature_and_the_bias_that_it_needs():
    plain, biased = answers_of(3, 0), answers_of(1, 1.5, seed=1)
    model = project(model=FINDINGS).model
    labels = np.stack([plain[1], biased[1]], axis=1)
    labels[:200, 0] = -1
    one, other = fit_label_rules(np.stack([plain[0], biased[0]], axis=1), labels, np.arange(4000).astype(str), model)
    assert one.temperature == pytest.approx(3, rel=0.1) and abs(one.bias) < 0.2
    assert (other.temperature, other.bias) == (pytest.approx(1, rel=0.1), pytest.approx(1.5, abs=0.2))
    assert (one.segment, other.segment) == ("Bright", "Dark")
    # For calibrated probabilities the best threshold is half of the best F1 (Lipton et al. 2014).
    p = expit(other.bias + biased[0] / other.temperature)
    best = max(f1_score(biased[1], p >= t) for t in np.linspace(0.05, 0.95, 91))
    assert f1_score(biased[1], p >= other.threshold) >= best - 1e-3
    assert other.threshold == pytest.approx(best / 2, abs=0.06)


def test_a_bias_that_does_not_carry_over_to_other_groups_is_not_taken():
    logits, truth = answers_of(2, 0, 60, seed=3)
    model = project(model=FINDINGS).model
    both = fit_label_rules(np.stack([logits] * 2, axis=1), np.stack([truth] * 2, axis=1),
                           np.repeat("one", 60), model)
    assert both[0].bias == 0, "one group cannot tell"


def test_too_few_slices_of_a_finding_leave_it_as_the_network_says_it():
    logits, labels = np.random.default_rng(0).normal(size=(40, 2)), np.zeros((40, 2), np.int64)
    labels[:3, 0], labels[:, 1] = 1, -1
    rules = fit_label_rules(logits, labels, np.arange(40).astype(str), project(model=FINDINGS).model)
    assert {(rule.temperature, rule.bias, rule.threshold) for rule in rules} == {(1.0, 0.0, 0.5)}


def test_findings_that_are_told_without_a_mistake_have_a_threshold_between(tmp_path):
    truth = np.arange(40) % 2
    logits = np.stack([8.0 * truth - 4] * 2, axis=1)
    rules = fit_label_rules(logits, np.stack([truth] * 2, axis=1), np.arange(40).astype(str),
                            project(model=FINDINGS).model)
    assert 0.3 < rules[0].threshold < 0.7 and rules[0].temperature > 0.5, "no certainty from twenty slices"
    assert load_spec(write_model_folder(project(model=FINDINGS), network_of(project(model=FINDINGS)), rules,
                                        MULTI_LABEL_RULE, [], tmp_path / "m").folder).label_rules == rules


# From a run to a model folder


def test_a_run_is_evaluated_exported_and_says_in_use_what_it_said_here(tmp_path, capsys):
    plan, data = project(model=FINDINGS | {"limits": ["It was never trained."]}), both_discs(tmp_path / "dataset")
    run = run_of(tmp_path / "fit", plan)
    results = json.loads(evaluate(plan, data, run).read_text())
    assert results["temperature"] is None and list(results["labels"]) == ["bright", "dark"]
    metrics = results["results"][0]["metrics"]
    assert {"exact_match", "macro_auc", "macro_ap", "macro_f1", "calibration_error_held_out", "auc_bright", "ap_dark",
            "f1_dark", "dice"} <= set(metrics)
    assert metrics["macro_auc"] == pytest.approx((metrics["auc_bright"] + metrics["auc_dark"]) / 2, abs=1e-4)
    assert "bright: temperature" in capsys.readouterr().out

    spec = export(plan, run, tmp_path / "model", onnx=False)
    assert spec.multi_label and spec.nothing_found == "No disc" and spec.ood is not None
    assert [rule.threshold for rule in spec.label_rules] == [rule["threshold"] for rule in results["labels"].values()]
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert f"| Bright disc | {spec.label_rules[0].threshold} |" in card and '"No disc" is said' in card
    assert "AUC, Dark disc" in card and "is the mean of the 3 slices" in card
    prediction = Predictor(spec, "cpu").predict(head_volume())
    assert set(prediction.diagnosis.findings) <= {"bright", "dark"}
    with open(run / "evaluation" / "slices.csv", newline="") as file:
        row = next(csv.DictReader(file))
    said = {name for name, rule in results["labels"].items() if float(row[f"p_{name}"]) >= rule["threshold"]}
    assert set(filter(None, row["predicted"].split(";"))) == said

    again = json.loads(evaluate_model(spec, data, tmp_path / "measured").read_text())
    assert again["results"][0]["metrics"] == metrics
    found = compare(run, tmp_path / "measured" / spec.id, tmp_path / "compared")["sides"]["validation"]["metrics"]
    assert found["macro_auc"]["difference"] == found["f1_bright"]["difference"] == 0


def test_the_report_has_a_row_for_each_finding(tmp_path, monkeypatch):
    monkeypatch.undo()
    from unifiedvit_training.evaluation import bootstrap

    monkeypatch.setattr(bootstrap.resample, "__defaults__", (40, bootstrap.SEED))
    plan, data = project(model=FINDINGS), both_discs(tmp_path / "dataset", 32)
    run = run_of(tmp_path / "fit", plan)
    evaluate(plan, data, run)
    page = (run / "evaluation" / "report.html").read_text(encoding="utf-8")
    for words in ("Findings, validation", "sensitivity", "found from", "each finding by itself", "Bright disc"):
        assert words in page, words


def test_what_is_in_distribution_is_learnt_from_findings_too(tmp_path):
    data = both_discs(tmp_path, 32)
    statistics = measure_ood_statistics(network_of(project(model=FINDINGS)), data.slices)
    assert len(statistics.training.means) == 3, "nothing, and each as the rarest finding of some slices"
    unknown = replace(data.slices, labels=np.full((32, 2), -1))
    assert measure_ood_statistics(network_of(project(model=FINDINGS)), unknown) is None


# Whole volumes


@pytest.fixture(scope="module")
def spec():
    rules = {"aggregation": {"pooling": "top_k", "top_k": 3, "max_normal_probability": 1.0, "min_component_ml": 0.0}}
    return replace(parse_spec(multi_label_data(**rules), Path()), label_rules=(
        LabelRule(1.0, 0.0, 0.5, "Glioma"), LabelRule(1.0, 0.0, 0.5, "Meningioma"), LabelRule(1.0, 0.0, 0.5)))


def case_of(mm: float = 5.0) -> Case:
    """A volume with a glioma on three slices, and a thick skull; both are said, and a stray piece is drawn."""
    volume = head_volume(spacing=(2.0, 2.0, mm), shape=(12, 45, 41))
    prepared, truth = prepare(volume, 32, "axial"), np.zeros(volume.array.shape, bool)
    prepared.view.of(truth)[2:5, 10:20, 10:20] = True
    labelmap = truth.astype(np.uint8)
    prepared.view.of(labelmap)[10, 30:32, 30:32] = 2
    logits = np.tile(np.array([-6.0, -6, 6], np.float32), (len(prepared), 1))
    logits[2:5, 0] = 6
    area = prepared.view.of(labelmap).astype(float).sum(axis=(1, 2))
    return Case("head", prepared, NetworkOutput(labelmap, logits, area), truth, "",
                findings={"glioma": True, "meningioma": False, "thick-skull": True})


def test_volumes_are_judged_by_all_that_is_known_of_their_findings(spec):
    right, wrong = case_of(), replace(case_of(), findings={"glioma": True, "meningioma": True})
    metrics = measure_volumes([right, wrong], spec)
    assert (metrics["diagnosis"], metrics["findings"], metrics["false_alarms"]) == (0.5, 0.8, 0)
    rule = choose_rule([case_of(), case_of(6.0), case_of(7.0)], spec)
    assert rule == replace(MULTI_LABEL_RULE, min_component_ml=0.3), "of equals the gentlest"
    assert choose_rule([], spec) == MULTI_LABEL_RULE


def test_what_no_mask_shows_is_no_reason_to_believe_a_drawing_and_no_false_alarm(spec):
    strict = replace(spec, volume_rule=replace(spec.volume_rule, max_normal_probability=0.5))
    metrics = measure_volumes([case_of()], strict)
    assert (metrics["false_components"], metrics["false_alarms"], metrics["dice"]) == (0, 0, 1)


def test_volumes_without_a_mask_are_free_where_their_labels_say_so(tmp_path):
    plan = project(model=FINDINGS)
    rules = tuple(LabelRule(1.0, 0.0, 0.5, name) for name in ("Bright", "Dark"))
    made = write_model_folder(plan, network_of(plan), rules, MULTI_LABEL_RULE, [], tmp_path / "m")
    sitk.WriteImage(to_sitk(head_volume(shape=(4, 40, 36))), str(tmp_path / "v.nrrd"))
    (item,) = listed_volume(tmp_path, ("none",), ())
    free, partly = run_volumes([replace(item, mask=None), replace(item, mask=None, unknown=("dark",))], made)
    assert not free.truth.any() and free.findings == {"bright": False, "dark": False}
    assert partly.truth is None and partly.findings == {"bright": False}
