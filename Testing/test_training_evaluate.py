"""Evaluation: figures that can be counted by hand, intervals by group, the report, and runs compared."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from monai.metrics import compute_hausdorff_distance, compute_surface_dice
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, roc_auc_score
from training_sets import discs, project, stored
from unifiedvit_training.config import Project
from unifiedvit_training.data.dataset import Dataset, Item, SliceSet
from unifiedvit_training.errors import DataError, RunError
from unifiedvit_training.evaluation import bootstrap
from unifiedvit_training.evaluation import evaluate as evaluating
from unifiedvit_training.evaluation.bootstrap import Figure, interval, resample, with_intervals
from unifiedvit_training.evaluation.boundaries import boundary_values
from unifiedvit_training.evaluation.compare import compare
from unifiedvit_training.evaluation.evaluate import evaluate
from unifiedvit_training.evaluation.inference import SliceAnswers, infer
from unifiedvit_training.evaluation.metrics import (
    average_precision,
    class_figures,
    mask_figures,
    overlap_values,
    probabilities_of,
    roc_auc,
    score,
    slice_metrics,
)
from unifiedvit_training.evaluation.paired import paired
from unifiedvit_training.evaluation.slice_table import SliceTable, table_figures, tabulate
from unifiedvit_training.evaluation.subgroups import subgroups
from unifiedvit_training.evaluation.summary import held_out_calibration_error, summarise
from unifiedvit_training.learning.checkpoints import BEST_FILE, save_weights
from unifiedvit_training.reports.evaluation_report import evaluation_page
from unifiedvit_training.reports.worst_cases import BOTH, DRAWN, TRUE, outlined

from UnifiedViTLib.models import build_model

SIDE = 112  # the tolerance of outlines is one pixel here
LESIONS_ONLY = {"classes": [{"name": "bright", "display": "Bright"}, {"name": "dark", "display": "Dark"}]}
TWO_SEGMENTS = {"segments": [{"name": "core", "colour": [1, 2, 3]}, {"name": "rim", "colour": [4, 5, 6]}]}


def square(row: int, column: int, side: int = 10, label: int = 1, grid: int = SIDE) -> np.ndarray:
    mask = np.zeros((grid, grid), np.uint8)
    mask[row:row + side, column:column + side] = label
    return mask


def nothing(grid: int = SIDE) -> np.ndarray:
    return np.zeros((grid, grid), np.uint8)


def plain(figures: dict[str, np.ndarray]) -> dict[str, float]:
    return {name: float(value[0]) for name, value in figures.items()}


def certain(classes: list[int], count: int = 3) -> np.ndarray:
    """Logits of a network that is sure."""
    return np.eye(count, dtype=np.float32)[classes] * 10


def dataset_of(folder: Path, masks: list[np.ndarray], labels: np.ndarray, groups: list[str] | None = None,
               sides: list[str] | None = None, **more) -> Dataset:
    count = len(masks)
    arrays = SliceSet(**{
        "images": np.random.default_rng(0).normal(size=(count, *masks[0].shape)).astype(np.float16),
        "masks": np.stack(masks), "has_mask": np.ones(count, bool), "labels": np.asarray(labels),
        "items": np.arange(count), "positions": np.zeros(count, np.int64),
        "groups": np.array(groups or [f"patient {n}" for n in range(count)]), "sources": np.full(count, "one"),
        "sides": np.array(sides or ["validation"] * count), "planes": np.full(count, "axial"), **more,
    })
    items = [Item(f"image {n}", folder / f"{n}.png", None, (), group, "one", side, False)
             for n, (group, side) in enumerate(zip(arrays.groups.tolist(), arrays.sides.tolist(), strict=True))]
    return stored(folder, arrays, items)


def table_of(dataset: Dataset, logits: np.ndarray | None, drawn: list[np.ndarray] | None, plan: Project,
             temperature: float = 1.0) -> SliceTable:
    answers = SliceAnswers(logits, None if drawn is None else np.stack(drawn), None)
    return tabulate(dataset, np.arange(len(dataset.slices)), answers, plan.model, temperature)


# Figures of the mask

def test_dice_and_iou_of_shifted_squares_are_those_counted_by_hand():
    masks = np.stack([square(20, 20), square(20, 20), square(20, 20), nothing(), nothing()])
    drawn = np.stack([square(20, 25), square(20, 20), nothing(), nothing(), square(0, 0, 3)])
    values = overlap_values(drawn, masks, np.ones(5, bool), 1)
    np.testing.assert_allclose(values["dice"][:, 0], [0.5, 1, 0, np.nan, np.nan])
    np.testing.assert_allclose(values["iou"][:, 0], [1 / 3, 1, 0, np.nan, np.nan])
    np.testing.assert_array_equal(values["found"], [1, 1, 0, np.nan, np.nan])
    np.testing.assert_array_equal(values["empty"], [np.nan, np.nan, np.nan, 1, 0])
    assert values["drawn_pixels"].tolist() == [100, 100, 0, 0, 9]
    figures = plain(mask_figures(values, np.array([1, 1, 2, 0, 0]), project().model, np.ones((1, 5))))
    assert figures == pytest.approx({"dice": 0.5, "dice_bright": 0.75, "dice_dark": 0.0, "found": 2 / 3, "empty": 0.5})


def test_mask_classes_are_counted_apart_and_a_slice_is_the_mean_of_those_truly_there():
    both = np.maximum(square(10, 10, label=1), square(40, 40, label=2))
    wrong_class = np.maximum(square(10, 10, label=2), square(40, 45, label=2))
    masks, drawn = np.stack([both, square(10, 10)]), np.stack([wrong_class, square(10, 10)])
    values = overlap_values(drawn, masks, np.ones(2, bool), 2)
    np.testing.assert_allclose(values["dice"], [[0, 2 * 50 / 300], [1, np.nan]])
    figures = plain(mask_figures(values, np.array([1, 1]), project(model=TWO_SEGMENTS).model, np.ones((1, 2))))
    assert figures["dice"] == pytest.approx((1 / 6 + 1) / 2)
    assert (figures["dice_segment_core"], figures["dice_segment_rim"]) == pytest.approx((0.5, 1 / 3))


def test_slices_without_a_known_mask_enter_no_figure_of_the_mask():
    values = overlap_values(np.stack([square(5, 5), square(5, 5)]), np.stack([nothing(), square(5, 5)]),
                            np.array([False, True]), 1)
    figures = plain(mask_figures(values, np.array([1, 1]), project().model, np.ones((1, 2))))
    assert figures["dice"] == figures["found"] == 1 and np.isnan(figures["empty"])


def test_distances_of_a_shifted_square_are_those_counted_by_hand():
    values = boundary_values(square(20, 23)[None], square(20, 20)[None], np.ones(1, bool), 1)
    assert values["hd95"][0, 0] == 3
    # Each outline has 36 pixels. Of either, the 7 columns shared in the top and in the bottom row lie on the other
    # outline. Next to it, one pixel away, are: the first column outside in both rows, and the near side's pixels
    # in the second and the last row but one.
    assert values["surface_dice"][0, 0] == pytest.approx((14 + 2 + 2) / 36)
    assert values["boundary_f1"][0, 0] == pytest.approx((14 + 2 + 2) / 36), "both outlines are alike"


def test_distances_are_those_of_monai():
    chance = np.random.default_rng(3)
    masks = np.stack([np.maximum(square(*chance.integers(10, 60, 2), 12), square(*chance.integers(10, 60, 2), 20))
                      for _ in range(6)])
    drawn = np.stack([np.roll(mask, chance.integers(-4, 5, 2), axis=(0, 1)) for mask in masks])
    values = boundary_values(drawn, masks, np.ones(6, bool), 1)
    ours, theirs = (torch.from_numpy(m)[:, None] > 0 for m in (drawn, masks))
    np.testing.assert_allclose(
        values["hd95"], compute_hausdorff_distance(ours, theirs, include_background=True, percentile=95), rtol=1e-6)
    np.testing.assert_allclose(
        values["surface_dice"], compute_surface_dice(ours, theirs, [1.0], include_background=True), rtol=1e-6)


def test_a_missed_lesion_has_no_distance_and_no_right_outline():
    values = boundary_values(np.stack([nothing(), square(1, 1), square(1, 1)]),
                             np.stack([square(1, 1), nothing(), square(1, 1)]), np.array([True, True, False]), 1)
    np.testing.assert_array_equal(values["hd95"][:, 0], [np.nan] * 3)
    np.testing.assert_array_equal(values["surface_dice"][:, 0], [0, np.nan, np.nan])
    np.testing.assert_array_equal(values["boundary_f1"][:, 0], [0, np.nan, np.nan])


# Figures of the diagnosis

def test_curves_under_weights_are_those_of_scikit_learn():
    chance = np.random.default_rng(0)
    scores, truth = chance.normal(size=200).round(1), chance.random(200) < 0.3
    weights = chance.integers(0, 4, (5, 200)).astype(float)
    np.testing.assert_allclose(roc_auc(scores, truth, weights),
                               [roc_auc_score(truth, scores, sample_weight=w) for w in weights])
    np.testing.assert_allclose(average_precision(scores, truth, weights),
                               [average_precision_score(truth, scores, sample_weight=w) for w in weights])
    assert np.isnan(roc_auc(scores, np.ones(200, bool), weights)).all()


def test_figures_of_the_diagnosis_are_those_of_scikit_learn_over_known_labels():
    chance = np.random.default_rng(1)
    labels, probabilities = chance.integers(-1, 3, 150), chance.dirichlet(np.ones(3), 150)
    figures = plain(class_figures(probabilities, labels, project().model, np.ones((1, 150))))
    known = labels >= 0
    truth, said = labels[known], probabilities[known].argmax(axis=1)
    assert figures["accuracy"] == pytest.approx((truth == said).mean())
    assert figures["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, said))
    assert figures["macro_f1"] == pytest.approx(f1_score(truth, said, average="macro"))
    assert figures["macro_auc"] == pytest.approx(roc_auc_score(truth, probabilities[known], multi_class="ovr"))


def test_lesion_types_are_told_apart_among_lesions_alone():
    probabilities = np.array([[0.8, 0.15, 0.05], [0.8, 0.05, 0.15], [0.9, 0.1, 0.0]])
    labels = np.array([1, 1, 0])
    figures = plain(class_figures(probabilities, labels, project().model, np.ones((1, 3))))
    assert figures["accuracy"] == pytest.approx(1 / 3)
    assert figures["lesion_type_accuracy"] == 0.5
    without = plain(class_figures(probabilities[:, 1:], np.array([0, 1, -1]), project(model=LESIONS_ONLY).model,
                                  np.ones((1, 3))))
    assert without["lesion_type_accuracy"] == without["accuracy"] == 1
    one_lesion = project(model={"classes": [{"name": "no", "display": "No", "lesion": False},
                                            {"name": "yes", "display": "Yes"}]})
    figures = plain(class_figures(probabilities[:, :2], labels, one_lesion.model, np.ones((1, 3))))
    assert np.isnan(figures["lesion_type_accuracy"]), "with one kind of lesion there is nothing to tell apart"


def test_a_class_that_does_not_occur_is_left_out_of_the_means():
    probabilities = probabilities_of(certain([0, 1, 1, 0]), project().model)
    figures = plain(class_figures(probabilities, np.array([0, 1, 1, 1]), project().model, np.ones((1, 4))))
    assert figures["balanced_accuracy"] == pytest.approx((1 + 2 / 3) / 2)
    assert figures["macro_auc"] == pytest.approx(5 / 6)


def test_several_labels_at_once_are_judged_where_they_are_known():
    plan = project(model={"diagnosis": "multi-label"})
    labels = np.array([[1, 0, 0], [0, 1, -1], [0, 1, 1], [1, 0, 1]])
    logits = np.array([[2, -2, -2], [-2, 2, -2], [-2, -2, 2], [2, -2, -1]], np.float32)
    figures = plain(class_figures(probabilities_of(logits, plan.model), labels, plan.model, np.ones((1, 4))))
    assert figures["exact_match"] == pytest.approx(1 / 3), "the second slice has an unknown label"
    assert figures["macro_auc"] == pytest.approx((1 + 0.75 + 1) / 3)
    assert figures["macro_f1"] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert figures["macro_ap"] == pytest.approx(np.mean([1, average_precision_score(labels[:, 1], logits[:, 1]), 1]))
    metrics = slice_metrics(SliceAnswers(logits, None, None), several_labels(labels), np.arange(4), plan.model)
    assert metrics["exact_match"] == figures["exact_match"] and metrics["dice"] is None


def several_labels(labels: np.ndarray) -> SliceSet:
    count = len(labels)
    texts = np.full(count, "x")
    return SliceSet(np.zeros((count, 32, 32), np.float16), np.zeros((count, 32, 32), np.uint8), np.ones(count, bool),
                    labels, np.arange(count), np.zeros(count, np.int64), texts, texts, texts, texts)


def test_the_quick_figures_have_the_same_names_whatever_a_network_answers(tmp_path):
    plan, data = project(), discs(tmp_path, 12)
    whole = SliceAnswers(certain([0, 1, 2] * 4), np.asarray(data.slices.masks), None)
    figures = slice_metrics(whole, data.slices, np.arange(12), plan.model)
    assert set(figures.values()) == {1.0}
    for part in (replace(whole, class_logits=None), replace(whole, drawn=None)):
        fewer = slice_metrics(part, data.slices, np.arange(12), plan.model)
        assert list(fewer) == list(figures)
        assert score(fewer) == 1.0
    assert fewer["dice"] is None and fewer["accuracy"] == 1.0


def test_the_score_is_the_mean_of_what_there_is_and_is_refused_where_there_is_nothing():
    assert score({"macro_auc": 0.9, "dice": 0.5}) == pytest.approx(0.7)
    assert score({"macro_auc": None, "dice": 0.5}) == 0.5
    with pytest.raises(RunError, match="two diagnoses or more"):
        score({"macro_auc": None, "dice": None})


@pytest.mark.parametrize("task", ["both", "classification", "segmentation"])
def test_a_network_answers_in_float32_and_in_the_order_asked_for(tmp_path, task):
    plan, data = project(model={"task": task}), discs(tmp_path, 7)
    network = network_of(plan)
    answers = infer(network, data.slices, np.array([5, 0, 2]), batch=2)
    alone = infer(network, data.slices, np.array([2]))
    if task != "segmentation":
        assert answers.class_logits.shape == (3, 3) and answers.class_logits.dtype == np.float32
        np.testing.assert_allclose(answers.class_logits[2], alone.class_logits[0], atol=1e-5)
        assert len(answers.embeddings) == 3
    if task != "classification":
        assert answers.drawn.shape == (3, 32, 32) and answers.drawn.dtype == np.uint8
    assert (answers.class_logits is None) == (task == "segmentation")
    assert (answers.drawn is None) == (task == "classification")


# Calibration

def test_calibration_error_and_brier_score_are_those_counted_by_hand(tmp_path):
    # Four answers of confidence 0.8, three of them right; the rest of the probability is shared.
    logits = np.log(np.array([[0.8, 0.1, 0.1]] * 4, np.float32))
    data = dataset_of(tmp_path, [nothing(32)] * 4, np.array([0, 0, 0, 1]))
    figures = plain(table_figures(table_of(data, logits, None, project()), project().model, np.ones((1, 4))))
    assert figures["calibration_error"] == figures["calibration_error_before"] == pytest.approx(0.05, abs=1e-4)
    right, wrong = 0.2**2 + 2 * 0.1**2, 0.8**2 + 0.9**2 + 0.1**2
    assert figures["brier"] == pytest.approx((3 * right + wrong) / 4)


def test_a_temperature_fitted_on_the_slices_themselves_flatters(tmp_path):
    # Two groups that want opposite temperatures: each is judged by the other's.
    sure, truth = certain([0] * 40, 3) / 2, np.array([0] * 20 + [0, 1] * 10)
    groups = np.array(["right"] * 20 + ["half right"] * 20)
    error = held_out_calibration_error(sure, truth, groups, project().model)
    assert error > 0.4
    assert held_out_calibration_error(sure, truth, np.full(40, "one"), project().model) is None


# Intervals

def test_groups_are_drawn_as_a_whole_and_as_many_as_there_are():
    groups = np.array(["a", "a", "b", "c", "c", "c"])
    seen = []

    def figures(weights: np.ndarray) -> dict[str, np.ndarray]:
        seen.append(weights)
        return {"mean": weights.mean(axis=1)}

    resample(figures, groups, draws=50)
    weights = np.concatenate(seen)
    assert weights.shape == (50, 6)
    assert (weights[:, 0] == weights[:, 1]).all() and (weights[:, 3:5] == weights[:, 5:]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_an_interval_holds_what_it_should_and_is_wider_where_slices_of_a_group_are_alike():
    chance = np.random.default_rng(4)
    values = np.repeat(chance.random(40) < 0.7, 10).astype(float)

    def mean(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"mean": weights @ values / weights.sum(axis=1)}

    by_group = with_intervals(mean, np.repeat(np.arange(40), 10).astype(str))["mean"]
    by_slice = with_intervals(mean, np.arange(400).astype(str))["mean"]
    assert by_group.low < by_group.value == values.mean() < by_group.high
    expected = 1.96 * np.sqrt(by_group.value * (1 - by_group.value) / 40)
    assert by_group.high - by_group.low == pytest.approx(2 * expected, rel=0.2)
    assert by_group.high - by_group.low > 2 * (by_slice.high - by_slice.low)


def test_draws_are_the_same_again_and_do_not_depend_on_the_portion(monkeypatch):
    groups = np.array(list("aabbccdd"))

    def first(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"first": weights[:, 0]}

    whole = resample(first, groups)["first"]
    np.testing.assert_array_equal(whole, resample(first, groups)["first"])
    monkeypatch.setattr(bootstrap, "_PORTION", 8 * 7)
    np.testing.assert_array_equal(whole, resample(first, groups)["first"])


def test_a_single_group_or_a_rare_figure_has_no_interval():
    def mean(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"mean": weights.mean(axis=1)}

    assert with_intervals(mean, np.full(5, "one"))["mean"] == Figure(1.0, None, None)
    assert interval(np.array([np.nan] * 6 + [1.0] * 4)) == (None, None)


# Subgroups and tables

def test_subgroups_are_planes_sources_thirds_of_size_and_diagnoses(tmp_path):
    sides = [2, 3, 4, 5, 6, 7]
    data = dataset_of(tmp_path, [square(5, 5, side, grid=32) for side in sides] + [nothing(32)],
                      np.array([1, 1, 1, 2, 2, 2, 0]), planes=np.array(["axial"] * 3 + ["coronal"] * 4))
    drawn = [square(5, 5, side, grid=32) for side in sides[:3]] + [nothing(32)] * 4
    found = {(part.kind, part.name): part for part in
             subgroups(table_of(data, certain([1, 1, 1, 1, 2, 2, 0]), drawn, project()), project().model)}
    assert [kind for kind, _ in found] == ["plane"] * 2 + ["size of the lesion"] * 3 + ["diagnosis"] * 3
    assert found["plane", "axial"].figures["dice"].value == 1
    assert found["plane", "coronal"].slices == 4
    thirds = [part for (kind, _), part in found.items() if kind.startswith("size")]
    assert [part.slices for part in thirds] == [2, 2, 2]
    assert [part.figures["dice"].value for part in thirds] == [1, 0.5, 0]
    assert found["diagnosis", "Dark disc"].figures["accuracy"].value == pytest.approx(2 / 3)
    assert found["diagnosis", "Nothing"].figures["dice"] == Figure(None, None, None)


def test_the_dice_of_a_group_is_that_of_all_its_slices_as_one(tmp_path):
    masks = [square(5, 5, 10, grid=32), square(5, 5, 2, grid=32), square(5, 5, 4, grid=32), nothing(32)]
    drawn = [square(5, 5, 10, grid=32), nothing(32), nothing(32), square(0, 0, 2, grid=32)]
    data = dataset_of(tmp_path, masks, np.array([1, 1, 2, 2]), groups=["a", "a", "b", "b"])
    table = table_of(data, None, drawn, project())
    figures = plain(table_figures(table, project().model, np.ones((1, 4))))
    assert figures["dice"] == pytest.approx(1 / 3)
    assert figures["group_dice"] == pytest.approx((200 / 204 + 0) / 2)


# A whole evaluation

def network_of(plan: Project, seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return build_model(plan.model.architecture, plan.model.build_arguments())


def run_of(folder: Path, plan: Project, seed: int = 0) -> Path:
    save_weights(folder / BEST_FILE, network_of(plan, seed))
    (folder / "project.json").write_text(plan.model_dump_json())
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    torch.set_num_threads(1)
    monkeypatch.setattr(resample, "__defaults__", (100, bootstrap.SEED))
    # Pictures take longer than all the rest; two tests below look at the whole page.
    monkeypatch.setattr(evaluating, "evaluation_page", lambda *a: "")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Dataset:
    made = discs(tmp_path_factory.mktemp("dataset"), 32)
    sides = np.where(np.arange(32) % 4 == 2, "test", made.slices.sides)
    return replace(made, slices=replace(made.slices, sides=sides))


def test_an_evaluation_writes_results_a_table_and_a_report_in_one_file(tmp_path, data, capsys, monkeypatch):
    monkeypatch.setattr(evaluating, "evaluation_page", evaluation_page)
    plan = project()
    run = run_of(tmp_path / "fit", plan)
    file = evaluate(plan, data, run)
    results = json.loads(file.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert results["weights_sha256"] == hashlib.sha256((run / BEST_FILE).read_bytes()).hexdigest()
    assert results["rule"] == {"pooling": "lesion_weighted", "top": 3, "suppress_above": 1.0, "smallest_ml": 0.0}
    assert 0.05 <= results["temperature"] <= 20
    assert [set(part) for part in results["results"]] == [{"data", "figures"}] * 2
    assert all(isinstance(v, (int, float)) for part in results["results"] for v in part["figures"].values())
    assert results["results"][0]["figures"]["slices"] == 8 and "test" in results["results"][1]["data"]
    value, low, high = results["sides"]["test"]["figures"]["dice"]
    assert low <= value <= high
    assert np.sum(results["sides"]["validation"]["confusion"]) == 8

    rows = list(csv.DictReader((file.parent / "slices.csv").open()))
    assert len(rows) == 16 and {row["side"] for row in rows} == {"validation", "test"}
    lesion = next(row for row in rows if row["true"] == "bright")
    assert sum(float(lesion[f"p_{name}"]) for name in plan.model.class_names) == pytest.approx(1, abs=1e-4)
    dice = [float(row["dice"]) for row in rows if row["dice"] and row["side"] == "test"]
    assert np.mean(dice) == pytest.approx(value, abs=1e-4)

    page = (file.parent / "report.html").read_text()
    assert not re.search(r'(src|href)="(?!data:|#)', page), "nothing is fetched"
    assert page.count("<img") > 8 and "Worst cases, test" in page
    assert not re.search(r"\bnan\b", re.sub(r'"data:[^"]*"', "", page))
    assert "macro_auc" in capsys.readouterr().out


def test_weights_are_measured_as_they_will_be_stored(tmp_path, data):
    plan = project()
    run = run_of(tmp_path / "fit", plan)
    evaluate(plan, data, run)
    with np.load(run / "evaluation" / "predictions.npz") as kept:
        logits, indices = kept["class_logits"], kept["indices"]
    exact, rounded = network_of(plan), network_of(plan).half().float()
    np.testing.assert_allclose(logits, infer(rounded, data.slices, indices).class_logits, atol=1e-6)
    assert np.abs(logits - infer(exact, data.slices, indices).class_logits).max() > 1e-6


def test_a_second_evaluation_looks_again_only_if_weights_or_images_have_changed(tmp_path, data, monkeypatch):
    plan = project()
    run = run_of(tmp_path / "fit", plan)
    first = evaluate(plan, data, run).read_text()
    looked = []
    monkeypatch.setattr(evaluating, "infer", lambda *a, **more: looked.append(1) or infer(*a, **more))
    assert evaluate(plan, data, run).read_text() == first and not looked
    changed = replace(data, slices=replace(data.slices, images=np.asarray(data.slices.images) * np.float16(0.5)))
    evaluate(plan, changed, run)
    assert len(looked) == 1
    run_of(run, plan, seed=1)
    evaluate(plan, changed, run)
    assert len(looked) == 2
    (run / "evaluation" / "predictions.npz").write_bytes(b"PK cut off")
    evaluate(plan, changed, run)
    assert len(looked) == 3


@pytest.mark.parametrize("model", [{"task": "classification"}, {"task": "segmentation"}, TWO_SEGMENTS],
                         ids=["classification", "segmentation", "two mask classes"])
def test_twins_and_several_mask_classes_are_evaluated(tmp_path, data, model):
    plan = project(model=model)
    results = json.loads(evaluate(plan, data, run_of(tmp_path, plan)).read_text())
    figures = results["results"][0]["figures"]
    assert ("accuracy" in figures) == (plan.model.task != "segmentation")
    assert ("dice" in figures) == (plan.model.task != "classification")
    assert (results["temperature"] is None) == (plan.model.task == "segmentation")


def test_several_labels_at_once_are_evaluated(tmp_path):
    plan, data = project(model={"diagnosis": "multi-label"}), discs(tmp_path / "dataset", 32, multi_label=True)
    results = json.loads(evaluate(plan, data, run_of(tmp_path / "fit", plan)).read_text())
    assert {"exact_match", "macro_auc", "macro_ap", "macro_f1", "calibration_error"} <= set(
        results["results"][0]["figures"])
    rows = list(csv.DictReader((tmp_path / "fit" / "evaluation" / "slices.csv").open()))
    assert {row["true"] for row in rows} == {"healthy", "bright", "dark"}


def test_slices_without_label_or_mask_are_no_hindrance(tmp_path):
    plan, made = project(), discs(tmp_path / "dataset", 16)
    bare = replace(made.slices, labels=np.full(16, -1), has_mask=np.zeros(16, bool))
    evaluate(plan, replace(made, slices=bare), run_of(tmp_path / "fit", plan))
    figures = json.loads((tmp_path / "fit" / "evaluation" / "results.json").read_text())["results"][0]["figures"]
    assert figures == {"slices": 4, "groups": 4}


def test_whole_volumes_are_measured_through_the_library_and_choose_the_rule(tmp_path):
    plan, chance = project(), np.random.default_rng(0)
    masks, items = [], []
    for n in range(4):
        truth = np.zeros((6, 40, 40), np.uint8)
        truth[2:4, 10:22, 12:24] = 1
        head = chance.normal(100, 5, truth.shape) + 60.0 * truth
        for name, array in (("image", head.astype(np.float32)), ("mask", truth)):
            image = sitk.GetImageFromArray(array)
            image.SetSpacing((2.0, 2.0, 6.0))
            sitk.WriteImage(image, str(tmp_path / f"{name}{n}.nrrd"))
        items.append(Item(f"volume {n}", tmp_path / f"image{n}.nrrd", tmp_path / f"mask{n}.nrrd", ("bright",),
                          f"patient {n}", "one", "test" if n == 3 else "validation", True))
        masks.append(truth[2, 4:36, 4:36])
    data = dataset_of(tmp_path / "dataset", masks, np.array([1] * 4), sides=[item.side for item in items])
    run = run_of(tmp_path / "fit", plan)
    results = json.loads(evaluate(plan, replace(data, items=tuple(items)), run).read_text())
    validation, test = results["results"][2:]
    assert validation["figures"]["volumes"] == 3 and "chosen on them" in validation["data"]
    assert test["figures"]["volumes"] == 1 and "not used" in test["data"]
    assert {"found", "dice", "diagnosis"} <= set(test["figures"])
    assert not (run / "evaluation" / "draft").exists()
    items[0].image.unlink()
    with pytest.raises(RunError, match="Whole volumes cannot be measured"):
        evaluate(plan, replace(data, items=tuple(items)), run)


def test_what_is_missing_is_said_in_a_sentence(tmp_path, data):
    plan = project()
    with pytest.raises(RunError, match="fit` first"):
        evaluate(plan, data, tmp_path / "nowhere")
    run = run_of(tmp_path / "fit", plan)
    only_training = replace(data, slices=replace(data.slices, sides=np.full(32, "train")))
    with pytest.raises(DataError, match="no slices on the validation side"):
        evaluate(plan, only_training, run)
    larger = project(model={"input": {"size": 64, "modality": "any", "expects": "x"}})
    with pytest.raises(DataError, match="another project"):
        evaluate(larger, data, run)
    with pytest.raises(RunError, match="another network"):
        evaluate(project(model=TWO_SEGMENTS), data, run)
    (run / "evaluation").write_text("in the way")
    with pytest.raises(RunError, match="cannot be written"):
        evaluate(plan, data, run)
    with pytest.raises(RunError, match="evaluate` for it first"):
        compare(run, run, tmp_path / "out")


# Two runs

def test_a_paired_comparison_sees_what_single_intervals_do_not(tmp_path):
    chance = np.random.default_rng(5)
    sizes = chance.integers(3, 16, 40)
    masks = [square(4, 4, side, grid=32) for side in sizes]
    data = dataset_of(tmp_path, masks, np.array([1, 2] * 20))
    # Very unequal slices, on which the second network is always a little better.
    offs = chance.integers(1, 7, 40)
    first = table_of(data, certain([1, 1] * 20), [np.roll(m, o, axis=1) for m, o in zip(masks, offs, strict=True)],
                     project())
    second = table_of(data, certain([1, 2] * 20), [np.roll(m, o - 1, axis=1) for m, o in zip(masks, offs, strict=True)],
                      project())
    found = paired(first, second, project().model)
    dice, accuracy = found["dice"], found["accuracy"]
    assert dice.second - dice.first == pytest.approx(dice.difference) and dice.low > 0 and dice.against == 0
    assert (accuracy.first, accuracy.second) == (0.5, 1) and accuracy.low > 0.2
    assert found["hd95"].high < 0
    alone = with_intervals(lambda w: {"dice": table_figures(first, project().model, w)["dice"]}, first.groups)["dice"]
    assert alone.high - alone.low > 2 * (dice.high - dice.low)
    same = paired(first, first, project().model)["dice"]
    assert (same.difference, same.low, same.high, same.against) == (0, 0, 0, 1)


def test_distances_are_compared_on_slices_where_both_have_drawn(tmp_path):
    masks = [square(4, 4, grid=32)] * 4
    data = dataset_of(tmp_path, masks, np.array([1] * 4))
    first = [square(4, 5, grid=32), square(4, 5, grid=32), square(4, 14, grid=32), nothing(32)]
    second = [square(4, 6, grid=32), square(4, 6, grid=32), nothing(32), square(4, 14, grid=32)]
    found = paired(table_of(data, None, first, project()), table_of(data, None, second, project()), project().model)
    assert (found["hd95"].first, found["hd95"].second) == (1, 2)
    assert "accuracy" not in found


def test_runs_are_compared_on_what_both_answer(tmp_path, data, capsys):
    runs = []
    for task in ("both", "classification"):
        plan = project(model={"task": task})
        runs.append(run_of(tmp_path / task, plan))
        evaluate(plan, data, runs[-1])
    result = compare(*runs, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "comparison.json").read_text()) == result
    figures = result["sides"]["test"]["figures"]
    assert {"accuracy", "macro_auc", "calibration_error"} <= set(figures) and "dice" not in figures
    assert set(figures["accuracy"]) == {"first", "second", "difference", "low", "high", "against"}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "classification against both" in page and "<img" in page
    assert "classification minus both" in capsys.readouterr().out


def test_runs_on_different_slices_or_with_stale_figures_are_refused(tmp_path, data):
    plan = project()
    first, second = (run_of(tmp_path / name, plan, seed) for seed, name in enumerate(("first", "second")))
    evaluate(plan, data, first)
    fewer = replace(data, slices=replace(data.slices, sides=np.where(data.slices.sides == "test", "train",
                                                                     data.slices.sides)))
    evaluate(plan, fewer, second)
    with pytest.raises(RunError, match="different slices"):
        compare(first, second, tmp_path / "out")
    other_mask = replace(data, slices=replace(data.slices, masks=np.zeros_like(data.slices.masks)))
    evaluate(plan, other_mask, second)
    with pytest.raises(RunError, match="or masks"):
        compare(first, second, tmp_path / "out")
    run_of(second, plan, seed=7)
    with pytest.raises(RunError, match="other weights"):
        compare(first, second, tmp_path / "out")
    (second / "project.json").write_text(project(model=TWO_SEGMENTS).model_dump_json())
    (second / BEST_FILE).unlink()
    with pytest.raises(RunError, match="different classes"):
        compare(first, second, tmp_path / "out")
    (first / "evaluation" / "slices.npz").write_bytes(b"PK cut off")
    with pytest.raises(RunError, match="cannot be read"):
        compare(first, second, tmp_path / "out")


# Pictures

def test_outlines_are_drawn_in_their_colours_around_the_masks():
    image = np.random.default_rng(0).normal(size=(32, 32)).astype(np.float16)
    pixels = outlined(image, square(4, 4, 8, grid=32), square(4, 16, 8, grid=32))
    assert pixels.shape == (64, 64, 3) and pixels.dtype == np.uint8
    assert tuple(pixels[8, 10]) == TRUE and tuple(pixels[8, 40]) == DRAWN
    assert pixels[16, 16, 0] == pixels[16, 16, 1] == pixels[16, 16, 2], "the image is seen inside"
    same = outlined(image, square(4, 4, 8, grid=32), square(4, 4, 8, grid=32))
    assert tuple(same[8, 10]) == BOTH
    flat = outlined(np.zeros((32, 32), np.float16), None, None)
    assert not flat.any()


def test_the_worst_cases_are_named_and_text_is_escaped(tmp_path):
    plan = project(model={"name": "<script>discs"})
    masks = [square(5, 5, grid=32), square(5, 5, grid=32), nothing(32), square(5, 5, grid=32)]
    data = dataset_of(tmp_path, masks, np.array([1, 1, 0, 2]))
    logits, drawn = certain([2, 1, 0, 2]), [square(5, 5, grid=32), nothing(32), square(5, 5, 4, grid=32),
                                            square(5, 5, grid=32)]
    table = table_of(data, logits, drawn, plan)
    page = evaluation_page(plan, data, [summarise(table, "validation", plan.model)], [], 1.0, evaluating.DEFAULT_RULE,
                           {"validation": np.stack(drawn)})
    assert "<script>" not in page
    captions = re.findall(r"<figcaption>(image .*?)</figcaption>", page)
    assert captions == [
        "image 0; true: Bright disc; said: Dark disc 1.00; Dice 1.00",
        "image 1; true: Bright disc; said: Bright disc 1.00; Dice 0.00",
        "image 2; true: Nothing; said: Nothing 1.00; 16 pixels drawn",
    ]
