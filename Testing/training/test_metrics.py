"""Metrics of slices: those that can be counted by hand, those that libraries give, intervals by group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from evaluation_sets import TWO_SEGMENTS, certain, dataset_of, network_of, nothing, plain, square, table_of
from monai.metrics import compute_hausdorff_distance, compute_surface_dice
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, roc_auc_score
from training_sets import discs, project
from unifiedvit_training.data.dataset import SliceSet
from unifiedvit_training.errors import RunError
from unifiedvit_training.evaluation import bootstrap
from unifiedvit_training.evaluation.bootstrap import Estimate, interval, resample, with_intervals
from unifiedvit_training.evaluation.boundaries import boundary_values
from unifiedvit_training.evaluation.inference import SliceOutputs, predict_slices
from unifiedvit_training.evaluation.metrics import (
    average_precision,
    classification_metrics,
    overlap_values,
    probabilities_of,
    roc_auc,
    score,
    segmentation_metrics,
    slice_metrics,
)
from unifiedvit_training.evaluation.slice_table import table_metrics
from unifiedvit_training.evaluation.subgroups import subgroups
from unifiedvit_training.evaluation.summary import held_out_calibration_error

LESIONS_ONLY = {"classes": [{"name": "bright", "display": "Bright"}, {"name": "dark", "display": "Dark"}]}


# Metrics of the mask

def test_dice_and_iou_of_shifted_squares_are_those_counted_by_hand():
    masks = np.stack([square(20, 20), square(20, 20), square(20, 20), nothing(), nothing()])
    drawn = np.stack([square(20, 25), square(20, 20), nothing(), nothing(), square(0, 0, 3)])
    values = overlap_values(drawn, masks, np.ones(5, bool), 1)
    np.testing.assert_allclose(values["dice"][:, 0], [0.5, 1, 0, np.nan, np.nan])
    np.testing.assert_allclose(values["iou"][:, 0], [1 / 3, 1, 0, np.nan, np.nan])
    np.testing.assert_array_equal(values["detected"], [1, 1, 0, np.nan, np.nan])
    np.testing.assert_array_equal(values["empty"], [np.nan, np.nan, np.nan, 1, 0])
    assert values["drawn_pixels"].tolist() == [100, 100, 0, 0, 9]
    metrics = plain(segmentation_metrics(values, np.array([1, 1, 2, 0, 0]), project().model, np.ones((1, 5))))
    assert metrics == pytest.approx(
        {"dice": 0.5, "dice_bright": 0.75, "dice_dark": 0.0, "detected": 2 / 3, "empty": 0.5}
    )


def test_mask_classes_are_counted_apart_and_a_slice_is_the_mean_of_those_truly_there():
    both = np.maximum(square(10, 10, label=1), square(40, 40, label=2))
    wrong_class = np.maximum(square(10, 10, label=2), square(40, 45, label=2))
    masks, drawn = np.stack([both, square(10, 10)]), np.stack([wrong_class, square(10, 10)])
    values = overlap_values(drawn, masks, np.ones(2, bool), 2)
    np.testing.assert_allclose(values["dice"], [[0, 2 * 50 / 300], [1, np.nan]])
    metrics = plain(segmentation_metrics(values, np.array([1, 1]), project(model=TWO_SEGMENTS).model, np.ones((1, 2))))
    assert metrics["dice"] == pytest.approx((1 / 6 + 1) / 2)
    assert (metrics["dice_segment_core"], metrics["dice_segment_rim"]) == pytest.approx((0.5, 1 / 3))


def test_slices_without_a_known_mask_enter_no_metric_of_the_mask():
    values = overlap_values(np.stack([square(5, 5), square(5, 5)]), np.stack([nothing(), square(5, 5)]),
                            np.array([False, True]), 1)
    metrics = plain(segmentation_metrics(values, np.array([1, 1]), project().model, np.ones((1, 2))))
    assert metrics["dice"] == metrics["detected"] == 1 and np.isnan(metrics["empty"])


def test_distances_of_a_shifted_square_are_those_counted_by_hand():
    values = boundary_values(square(20, 23)[None], square(20, 20)[None], np.ones(1, bool), 1)
    assert values["hd95"][0, 0] == 3
    # Each outline has 36 pixels. Of either, the 7 columns shared in the top and in the bottom row lie on the other
    # outline. Next to it, one pixel away, are: the first column outside in both rows, and the near side's pixels
    # in the second and the last row but one.
    assert values["surface_dice"][0, 0] == pytest.approx((14 + 2 + 2) / 36)
    assert values["boundary_f1"][0, 0] == pytest.approx((14 + 2 + 2) / 36), "both outlines are alike"


@pytest.mark.filterwarnings("ignore:.*always_return_as_numpy")
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


# Metrics of the diagnosis

def test_curves_under_weights_are_those_of_scikit_learn():
    chance = np.random.default_rng(0)
    scores, truth = chance.normal(size=200).round(1), chance.random(200) < 0.3
    weights = chance.integers(0, 4, (5, 200)).astype(float)
    np.testing.assert_allclose(roc_auc(scores, truth, weights),
                               [roc_auc_score(truth, scores, sample_weight=w) for w in weights])
    np.testing.assert_allclose(average_precision(scores, truth, weights),
                               [average_precision_score(truth, scores, sample_weight=w) for w in weights])
    assert np.isnan(roc_auc(scores, np.ones(200, bool), weights)).all()


def test_metrics_of_the_diagnosis_are_those_of_scikit_learn_over_known_labels():
    chance = np.random.default_rng(1)
    labels, probabilities = chance.integers(-1, 3, 150), chance.dirichlet(np.ones(3), 150)
    metrics = plain(classification_metrics(probabilities, labels, project().model, np.ones((1, 150))))
    known = labels >= 0
    truth, said = labels[known], probabilities[known].argmax(axis=1)
    assert metrics["accuracy"] == pytest.approx((truth == said).mean())
    assert metrics["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, said))
    assert metrics["macro_f1"] == pytest.approx(f1_score(truth, said, average="macro"))
    assert metrics["macro_auc"] == pytest.approx(roc_auc_score(truth, probabilities[known], multi_class="ovr"))


def test_lesion_types_are_told_apart_among_lesions_alone():
    probabilities = np.array([[0.8, 0.15, 0.05], [0.8, 0.05, 0.15], [0.9, 0.1, 0.0]])
    labels = np.array([1, 1, 0])
    metrics = plain(classification_metrics(probabilities, labels, project().model, np.ones((1, 3))))
    assert metrics["accuracy"] == pytest.approx(1 / 3)
    assert metrics["lesion_type_accuracy"] == 0.5
    without = plain(
        classification_metrics(
            probabilities[:, 1:], np.array([0, 1, -1]), project(model=LESIONS_ONLY).model, np.ones((1, 3))
        )
    )
    assert without["lesion_type_accuracy"] == without["accuracy"] == 1
    one_lesion = project(model={"classes": [{"name": "no", "display": "No", "lesion": False},
                                            {"name": "yes", "display": "Yes"}]})
    metrics = plain(classification_metrics(probabilities[:, :2], labels, one_lesion.model, np.ones((1, 3))))
    assert np.isnan(metrics["lesion_type_accuracy"]), "with one kind of lesion there is nothing to tell apart"


def test_a_class_that_does_not_occur_is_left_out_of_the_means():
    probabilities = probabilities_of(certain([0, 1, 1, 0]), project().model)
    metrics = plain(classification_metrics(probabilities, np.array([0, 1, 1, 1]), project().model, np.ones((1, 4))))
    assert metrics["balanced_accuracy"] == pytest.approx((1 + 2 / 3) / 2)
    assert metrics["macro_auc"] == pytest.approx(5 / 6)


def test_several_labels_at_once_are_judged_where_they_are_known():
    plan = project(model={"diagnosis": "multi-label", "classes": [
        {"name": name, "display": name.upper()} for name in ("a", "b", "c")]})
    labels = np.array([[1, 0, 0], [0, 1, -1], [0, 1, 1], [1, 0, 1]])
    logits = np.array([[2, -2, -2], [-2, 2, -2], [-2, -2, 2], [2, -2, -1]], np.float32)
    metrics = plain(classification_metrics(probabilities_of(logits, plan.model), labels, plan.model, np.ones((1, 4))))
    assert metrics["exact_match"] == pytest.approx(1 / 3), "the second slice has an unknown label"
    assert metrics["macro_auc"] == pytest.approx((1 + 0.75 + 1) / 3)
    assert (metrics["auc_b"], metrics["f1_a"], metrics["f1_c"]) == (0.75, 1, pytest.approx(2 / 3))
    assert metrics["macro_f1"] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert metrics["macro_ap"] == pytest.approx(np.mean([1, average_precision_score(labels[:, 1], logits[:, 1]), 1]))
    metrics = slice_metrics(SliceOutputs(logits, None, None), several_labels(labels), np.arange(4), plan.model)
    assert metrics["exact_match"] == metrics["exact_match"] and metrics["dice"] is None


def several_labels(labels: np.ndarray) -> SliceSet:
    count = len(labels)
    texts = np.full(count, "x")
    return SliceSet(np.zeros((count, 32, 32), np.float16), np.zeros((count, 32, 32), np.uint8), np.ones(count, bool),
                    labels, np.arange(count), np.zeros(count, np.int64), texts, texts, texts, texts)


def test_the_quick_metrics_have_the_same_names_whatever_a_network_answers(tmp_path):
    plan, data = project(), discs(tmp_path, 12)
    whole = SliceOutputs(certain([0, 1, 2] * 4), np.asarray(data.slices.masks), None)
    metrics = slice_metrics(whole, data.slices, np.arange(12), plan.model)
    assert set(metrics.values()) == {1.0}
    for part in (replace(whole, class_logits=None), replace(whole, drawn=None)):
        fewer = slice_metrics(part, data.slices, np.arange(12), plan.model)
        assert list(fewer) == list(metrics)
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
    outputs = predict_slices(network, data.slices, np.array([5, 0, 2]), batch_size=2)
    alone = predict_slices(network, data.slices, np.array([2]))
    if task != "segmentation":
        assert outputs.class_logits.shape == (3, 3) and outputs.class_logits.dtype == np.float32
        np.testing.assert_allclose(outputs.class_logits[2], alone.class_logits[0], atol=1e-5)
        assert len(outputs.embeddings) == 3
    if task != "classification":
        assert outputs.drawn.shape == (3, 32, 32) and outputs.drawn.dtype == np.uint8
    assert (outputs.class_logits is None) == (task == "segmentation")
    assert (outputs.drawn is None) == (task == "classification")


# Calibration

def test_calibration_error_and_brier_score_are_those_counted_by_hand(tmp_path):
    # Four answers of confidence 0.8, three of them right; the rest of the probability is shared.
    logits = np.log(np.array([[0.8, 0.1, 0.1]] * 4, np.float32))
    data = dataset_of(tmp_path, [nothing(32)] * 4, np.array([0, 0, 0, 1]))
    metrics = plain(table_metrics(table_of(data, logits, None, project()), project().model, np.ones((1, 4))))
    assert metrics["calibration_error"] == metrics["calibration_error_before"] == pytest.approx(0.05, abs=1e-4)
    right, wrong = 0.2**2 + 2 * 0.1**2, 0.8**2 + 0.9**2 + 0.1**2
    assert metrics["brier"] == pytest.approx((3 * right + wrong) / 4)


def test_a_temperature_fitted_on_the_slices_themselves_flatters(tmp_path):
    # Two patients who want opposite temperatures: each is judged by the other's, moved as far as one patient moves it.
    sure, truth = certain([0] * 40, 3) / 2, np.array([0] * 20 + [0, 1] * 10)
    groups = np.array(["right"] * 20 + ["half right"] * 20)
    error = held_out_calibration_error(sure, truth, groups, project().model)
    assert error > 0.3
    assert held_out_calibration_error(sure, truth, np.full(40, "one"), project().model) is None


# Intervals

def test_groups_are_drawn_as_a_whole_and_as_many_as_there_are():
    groups = np.array(["a", "a", "b", "c", "c", "c"])
    seen = []

    def metrics(weights: np.ndarray) -> dict[str, np.ndarray]:
        seen.append(weights)
        return {"mean": weights.mean(axis=1)}

    resample(metrics, groups, draws=50)
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


def test_a_single_group_or_a_rare_metric_has_no_interval():
    def mean(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"mean": weights.mean(axis=1)}

    assert with_intervals(mean, np.full(5, "one"))["mean"] == Estimate(1.0, None, None)
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
    assert found["plane", "axial"].metrics["dice"].value == 1
    assert found["plane", "coronal"].slices == 4
    thirds = [part for (kind, _), part in found.items() if kind.startswith("size")]
    assert [part.slices for part in thirds] == [2, 2, 2]
    assert [part.metrics["dice"].value for part in thirds] == [1, 0.5, 0]
    assert found["diagnosis", "Dark disc"].metrics["accuracy"].value == pytest.approx(2 / 3)
    assert found["diagnosis", "Nothing"].metrics["dice"] == Estimate(None, None, None)


def test_the_dice_of_a_group_is_that_of_all_its_slices_as_one(tmp_path):
    masks = [square(5, 5, 10, grid=32), square(5, 5, 2, grid=32), square(5, 5, 4, grid=32), nothing(32)]
    drawn = [square(5, 5, 10, grid=32), nothing(32), nothing(32), square(0, 0, 2, grid=32)]
    data = dataset_of(tmp_path, masks, np.array([1, 1, 2, 2]), groups=["a", "a", "b", "b"])
    table = table_of(data, None, drawn, project())
    metrics = plain(table_metrics(table, project().model, np.ones((1, 4))))
    assert metrics["dice"] == pytest.approx(1 / 3)
    assert metrics["group_dice"] == pytest.approx((200 / 204 + 0) / 2)
