"""Selective prediction: risk over coverage, the threshold of a review, and what evaluate and export make of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from builders import head_volume, tiny_model
from evaluation_sets import bright_volumes, certain, dataset_of, nothing, quicken, run_of, square, table_of
from sklearn.metrics import roc_auc_score
from training_sets import discs, project
from unifiedvit_training.cli import main
from unifiedvit_training.data.dataset import load_dataset
from unifiedvit_training.evaluation import evaluate as evaluating
from unifiedvit_training.evaluation.evaluate import evaluate
from unifiedvit_training.evaluation.metrics import selective_metrics
from unifiedvit_training.evaluation.report import evaluation_page
from unifiedvit_training.evaluation.selective import (
    FEWEST,
    LEAST,
    RISK,
    Confidence,
    choose_threshold,
    held_out_review,
    measure_confidence,
    review_of,
    risk_coverage,
    slice_confidence,
)
from unifiedvit_training.exporting.export import export

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.decision import NetworkOutput, decide
from UnifiedViTLib.inference.pooling import class_probabilities
from UnifiedViTLib.inference.uncertainty import UncertaintyAccumulator
from UnifiedViTLib.review import ReviewRule


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    quicken(monkeypatch)


def answers(count: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Confidences that mean what they say, and whether each answer is right."""
    chance = np.random.default_rng(seed)
    confidence = chance.uniform(0.5, 1, count)
    return confidence, chance.uniform(size=count) < confidence


def test_the_curve_is_that_of_counting_and_equal_confidences_go_together():
    curve = risk_coverage(np.array([0.9, 0.8, 0.8, 0.5]), np.array([True, False, True, False]))
    assert curve.thresholds.tolist() == [0.9, 0.8, 0.5] and curve.coverage.tolist() == [0.25, 0.75, 1]
    np.testing.assert_allclose(curve.risk, [0, 1 / 3, 1 / 2])


def test_metrics_are_those_of_counting_and_weights_count_slices_as_often():
    confidence, right = answers()
    ones, drawn = np.ones((1, 400)), np.random.default_rng(1).multinomial(400, np.full(400, 1 / 400), 3).astype(float)
    found = selective_metrics(confidence, right.astype(float), np.concatenate([ones, drawn]))
    order = np.argsort(-confidence)
    risks = np.cumsum(~right[order]) / np.arange(1, 401)
    assert found["aurc"][0] == pytest.approx(risks.mean())
    assert found["error_auc"][0] == pytest.approx(roc_auc_score(right, confidence))
    assert found["accuracy_at_80"][0] == pytest.approx(right[order[:320]].mean())
    rows = np.repeat(np.arange(400), drawn[0].astype(int))
    again = selective_metrics(confidence[rows], right[rows].astype(float), np.ones((1, len(rows))))
    assert found["error_auc"][1] == pytest.approx(again["error_auc"][0])
    assert found["accuracy_at_90"][1] == pytest.approx(again["accuracy_at_90"][0], abs=0.01)
    unknown = np.where(np.arange(400) < 200, np.nan, right)
    half = selective_metrics(confidence[200:], right[200:].astype(float), np.ones((1, 200)))
    assert selective_metrics(confidence, unknown, ones)["aurc"][0] == pytest.approx(half["aurc"][0])
    assert all(np.isnan(value).all() for value in selective_metrics(None, unknown, ones).values())


def test_a_threshold_keeps_wrong_answers_as_rare_as_promised_or_there_is_none():
    confidence, right = answers(4000)
    sources = np.full(4000, "one")
    rule = choose_threshold(confidence, right.astype(float), sources)
    kept = confidence >= rule.threshold
    assert 1 - right[kept].mean() == pytest.approx(rule.risk, abs=1e-4) and rule.risk <= RISK
    assert kept.mean() == pytest.approx(rule.coverage, abs=1e-4) and 0.1 < rule.coverage < 0.3
    assert 1 - right[confidence >= rule.threshold - 0.01].mean() > RISK, "the next lower one does not"
    assert choose_threshold(confidence, np.ones(4000), sources).threshold == LEAST, "even if all are right"
    assert choose_threshold(confidence, np.zeros(4000), sources) == ReviewRule(None, 0, 1)
    assert choose_threshold(confidence[:FEWEST - 1], np.ones(FEWEST - 1), sources[:FEWEST - 1]) is None
    groups = np.array([f"patient {n // 4}" for n in range(4000)])
    held_out = held_out_review(confidence, right.astype(float), groups, sources)
    assert held_out["risk"] == pytest.approx(RISK, abs=0.02)
    assert held_out_review(confidence, right.astype(float), np.full(4000, "one"), sources) == {}


def test_a_source_on_which_sure_answers_are_wrong_is_not_outvoted_by_a_larger_one():
    confidence = np.tile(np.linspace(0.5, 0.99, 50), 10)
    sources = np.repeat(["own"] * 9 + ["another hospital"], 50)
    right = np.where(sources == "own", 1.0, confidence > 0.8)
    rule = choose_threshold(confidence, right, sources)
    assert 0.75 < rule.threshold <= 0.81 and choose_threshold(confidence, right, np.full(500, "all")).threshold < 0.7
    few = np.where(np.arange(500) < 500 - FEWEST + 1, "own", "few")
    assert choose_threshold(confidence, np.where(few == "few", 0.0, 1.0), few).threshold == LEAST


def confidence_of(confidence: np.ndarray, right: np.ndarray) -> Confidence:
    rule = choose_threshold(confidence, right.astype(float), np.full(len(right), "one"))
    return Confidence("probability", "diagnosis", risk_coverage(confidence, right), {}, rule, {})


def test_a_threshold_that_fails_on_a_source_left_out_of_training_is_taken_back_and_no_other_is_chosen_there():
    sure = np.tile(np.linspace(0.5, 0.99, 50), 4)
    own = confidence_of(sure, sure > 0.6)
    better, worse, unsure = (confidence_of(values, right) for values, right in (
        (sure, sure > 0.5), (sure, sure > 0.8), (np.full(40, 0.51), np.zeros(40, bool))))
    kept = review_of([own], [])["probability"]
    assert 0.5 < kept["threshold"] <= 0.61
    assert review_of([own], [[better], [unsure]]) == {"probability": kept}, "of the unsure ones none is kept"
    assert review_of([own], [[better], [worse]]) == {
        "probability": {"threshold": None, "coverage": 0.0, "risk": pytest.approx(1 - (sure > 0.6).mean())}}
    assert review_of([worse], [[own]])["probability"]["threshold"] > 0.7


def test_sources_that_the_test_side_alone_has_are_asked_whether_a_threshold_holds(tmp_path, monkeypatch):
    plan, slices = project(), discs(tmp_path / "dataset", 160).slices
    sides, sources = np.array(slices.sides), np.array(slices.sources)
    held = np.flatnonzero(sides == "validation")[:FEWEST]
    sides[held], sources[held] = "test", "other"
    for name, values in (("sides", sides), ("sources", sources)):
        np.save(tmp_path / "dataset" / f"{name}.npy", values)
    asked = []
    monkeypatch.setattr(evaluating, "review_of", lambda found, left_out: asked.append(left_out) or {})
    evaluate(plan, load_dataset(tmp_path / "dataset"), run_of(tmp_path / "fit", plan))
    assert [one.name for source in asked[0] for one in source if one.error == "diagnosis"] == ["probability"]
    sources[np.flatnonzero(sides == "train")[0]] = "other"
    np.save(tmp_path / "dataset" / "sources.npy", sources)
    evaluate(plan, load_dataset(tmp_path / "dataset"), run_of(tmp_path / "again", plan))
    assert asked[1] == []


def test_a_slice_is_trusted_as_its_passes_agree_and_less_where_mask_and_diagnosis_contradict():
    by_pass = np.array([[[0.1, 0.9], [0.1, 0.9], [0.8, 0.2]], [[0.5, 0.5], [0.1, 0.9], [0.8, 0.2]]])
    drawn = np.array([True, False, False])
    np.testing.assert_allclose(slice_confidence(by_pass, drawn, 0), [0.7, 0.5, 0.8])
    np.testing.assert_allclose(slice_confidence(by_pass, drawn, None), [0.7, 0.9, 0.8])
    np.testing.assert_allclose(slice_confidence(by_pass, None, 0), [0.7, 0.9, 0.8])


def test_a_result_is_wrong_if_its_diagnosis_or_its_mask_is(tmp_path):
    masks = [square(5, 5, grid=32), square(5, 5, grid=32), nothing(32), nothing(32), square(5, 5, grid=32)]
    data = dataset_of(tmp_path, masks, np.array([1, 1, 0, 0, 1]))
    drawn = [square(5, 5, grid=32), nothing(32), nothing(32), square(5, 5, grid=32), square(5, 5, grid=32)]
    table = table_of(data, certain([1, 1, 0, 0, 2]), drawn, project())
    found = measure_confidence(table, None, np.array([mask.any() for mask in drawn]))
    assert [(one.name, one.error) for one in found] == [("probability", "diagnosis"), ("probability", "result")]
    assert [one.curve.risk[-1] for one in found] == [pytest.approx(1 / 5), pytest.approx(3 / 5)]
    assert review_of(found, []) == {}, "five slices are too few for a threshold"


def test_an_evaluation_measures_confidence_and_its_threshold_goes_with_the_model(tmp_path, monkeypatch, capsys):
    plan = project()
    discs(tmp_path / "dataset", 160)
    run = run_of(tmp_path / "fit", plan)
    assert main(["evaluate", "--work-dir", str(tmp_path)]) == 0
    plain = json.loads((run / "evaluation" / "results.json").read_text())
    assert {one["confidence"] for one in plain["selective"]["validation"]} == {"probability"}
    assert not (run / "evaluation" / "passes.npz").exists()
    monkeypatch.setattr(evaluating, "evaluation_page", evaluation_page)
    monkeypatch.setattr(evaluating, "review_of", lambda found, left_out: review_of(found, left_out) or {
        "probability": {"threshold": 0.5, "coverage": 0.8, "risk": 0.04}})
    assert main(["evaluate", "--work-dir", str(tmp_path), "--uncertainty"]) == 0
    results = json.loads((run / "evaluation" / "results.json").read_text())
    kinds = {(one["confidence"], one["error"]) for one in results["selective"]["validation"]}
    assert kinds == {(name, error) for name in ("probability", "confidence") for error in ("diagnosis", "result")}
    page = (run / "evaluation" / "report.html").read_text()
    assert "Selective prediction, validation" in page and "confidence of several passes" in page
    assert "AURC" in capsys.readouterr().out
    looked = []
    monkeypatch.setattr(evaluating, "predict_slices", lambda *a, **more: looked.append(1))
    assert main(["evaluate", "--work-dir", str(tmp_path), "--uncertainty"]) == 0 and not looked, "looks are kept"
    spec = export(plan, run, tmp_path / "model", onnx=False)
    assert spec.review.probability.threshold == results["review"]["probability"]["threshold"]
    assert "is called uncertain" in (tmp_path / "model" / "README.md").read_text()


def test_slices_are_measured_with_the_confidence_that_a_user_gets(tmp_path):
    spec = tiny_model(tmp_path)
    prepared = prepare(Volume(head_volume().array[9:10], np.eye(4), "slice", planar=True), spec.size)
    logits = np.random.default_rng(0).normal(size=(4, 1, 3)).astype(np.float32)
    by_pass = np.stack([class_probabilities(one, spec.temperature) for one in logits])
    for drawn in (False, True):
        masks = np.zeros((1, 3, spec.size, spec.size), np.float32)
        masks[:, int(drawn), 8:20, 8:20] = 5
        accumulator = UncertaintyAccumulator(spec, prepared)
        accumulator.add(0, masks, logits[0], [(masks, one) for one in logits[1:]])
        labelmap = np.full(prepared.volume.array.shape, int(drawn), np.uint8)
        answer = decide(NetworkOutput(labelmap, logits[0], np.array([144.0 * drawn])), prepared, spec)
        expected = slice_confidence(by_pass, np.array([drawn]), spec.healthy)[0]
        assert accumulator.conclude(answer, {}).confidence == pytest.approx(expected, abs=1e-6)


def test_whole_volumes_are_measured_with_and_without_further_passes(tmp_path):
    data, plan = bright_volumes(tmp_path), project(model={"input": {"size": 32, "modality": "any", "expects": "x"}})
    run = run_of(tmp_path / "fit", plan)
    for uncertainty, names in ((False, {"aurc"}), (True, {"aurc", "aurc_passes"})):
        results = json.loads(evaluate(plan, data, run, uncertainty=uncertainty).read_text())
        metrics = next(part["metrics"] for part in results["results"] if part["dataset"].startswith("whole volumes"))
        assert {name for name in metrics if name.startswith("aurc")} == names
