"""`evaluate` and `compare`: what they write, what they refuse, and the worst cases that they show."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from evaluation_sets import (
    TWO_SEGMENTS,
    bright_volumes,
    certain,
    dataset_of,
    network_of,
    nothing,
    quicken,
    run_of,
    square,
    table_of,
)
from training_sets import FINDINGS, both_discs, discs, project
from unifiedvit_training.cli import main
from unifiedvit_training.data.dataset import Dataset
from unifiedvit_training.errors import DataError, RunError
from unifiedvit_training.evaluation import evaluate as evaluating
from unifiedvit_training.evaluation.bootstrap import with_intervals
from unifiedvit_training.evaluation.compare import compare
from unifiedvit_training.evaluation.evaluate import evaluate
from unifiedvit_training.evaluation.inference import predict_slices
from unifiedvit_training.evaluation.paired import paired
from unifiedvit_training.evaluation.report import evaluation_page
from unifiedvit_training.evaluation.slice_table import table_metrics
from unifiedvit_training.evaluation.worst_cases import BOTH, DRAWN, TRUE, outlined, worst_cases
from unifiedvit_training.learning.fit import fit
from unifiedvit_training.reports.page import Gallery
from unifiedvit_training.runs.checkpoints import BEST_FILE
from unifiedvit_training.runs.patients import keep_patients


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    quicken(monkeypatch)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Dataset:
    made = discs(tmp_path_factory.mktemp("dataset"), 32)
    sides = np.where(np.arange(32) % 4 == 2, "test", made.slices.sides)
    return replace(made, slices=replace(made.slices, sides=sides))


def test_patients_whom_a_run_has_learnt_from_are_not_measured_on_when_the_split_has_changed(tmp_path, data):
    """As when a table, or the fractions of a split, change and the run is gone on with, or measured again."""
    slices = replace(data.slices, groups=np.array([f"one/P0{n}" for n in range(len(data.slices))]))
    plan, data = project(), replace(data, slices=slices)
    run = run_of(tmp_path / "fit", plan)
    keep_patients(slices, run)
    evaluate(plan, data, run)
    for side, other, words in (("train", "test", "learnt from 1 patients who now stand on the validation or test"),
                               ("validation", "test", "was chosen by 1 patients who now stand on the test side")):
        sides = slices.sides.copy()
        sides[slices.on(side)[0]] = other
        written = np.array([f"two/p{n}" for n in range(len(sides))])  # by another hand, in another source
        moved = replace(data, slices=replace(slices, sides=sides, groups=written))
        for use in (evaluate, fit):
            with pytest.raises(RunError, match=words):
                use(plan, moved, run)
    sides = slices.sides.copy()
    sides[slices.on("test")[0]] = "validation"
    evaluate(plan, replace(data, slices=replace(slices, sides=sides)), run)


def test_an_evaluation_writes_results_a_table_and_a_report_in_one_file(tmp_path, data, capsys, monkeypatch):
    monkeypatch.setattr(evaluating, "evaluation_page", evaluation_page)
    plan = project()
    run = run_of(tmp_path / "fit", plan)
    file = evaluate(plan, data, run)
    results = json.loads(file.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert results["weights_sha256"] == hashlib.sha256((run / BEST_FILE).read_bytes()).hexdigest()
    assert results["rule"] == {
        "pooling": "lesion_weighted",
        "top_k": 3,
        "max_normal_probability": 1.0,
        "min_component_ml": 0.0,
        "min_component_probability": 0.0,
    }
    assert 0.05 <= results["temperature"] <= 20
    assert [set(part) for part in results["results"]] == [{"dataset", "metrics"}] * 2
    assert all(isinstance(v, (int, float)) for part in results["results"] for v in part["metrics"].values())
    assert results["results"][0]["metrics"]["slices"] == 8 and "test" in results["results"][1]["dataset"]
    value, low, high = results["sides"]["test"]["metrics"]["dice"]
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
    np.testing.assert_allclose(logits, predict_slices(rounded, data.slices, indices).class_logits, atol=1e-6)
    assert np.abs(logits - predict_slices(exact, data.slices, indices).class_logits).max() > 1e-6


def test_a_second_evaluation_looks_again_only_if_weights_or_images_have_changed(tmp_path, data, monkeypatch):
    plan = project()
    run = run_of(tmp_path / "fit", plan)
    first = evaluate(plan, data, run).read_text()
    looked = []
    monkeypatch.setattr(evaluating, "predict_slices", lambda *a, **more: looked.append(1) or predict_slices(*a, **more))
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


def test_mirror_images_are_measured_beside_the_plain_slices_and_compared_with_them(tmp_path, monkeypatch):
    plan, data = project(), discs(tmp_path / "dataset", 16)
    run_of(tmp_path / "fit", plan)
    assert main(["evaluate", "--work-dir", str(tmp_path)]) == 0
    monkeypatch.setattr(evaluating, "evaluation_page", evaluation_page)
    assert main(["evaluate", "--work-dir", str(tmp_path), "--tta"]) == 0
    assert "mirror image" in (tmp_path / "fit" / "evaluation-tta" / "report.html").read_text()
    kept = [dict(np.load(tmp_path / "fit" / name / "predictions.npz")) for name in ("evaluation", "evaluation-tta")]
    mirrored = replace(data.slices, images=np.ascontiguousarray(data.slices.images[..., ::-1]))
    looked = network_of(plan).half().float(), mirrored, kept[0]["indices"]
    other = predict_slices(*looked)
    np.testing.assert_allclose(kept[1]["class_logits"], (kept[0]["class_logits"] + other.class_logits) / 2, atol=1e-5)
    assert (kept[1]["drawn"] != kept[0]["drawn"]).any()
    np.testing.assert_array_equal(predict_slices(*looked, tta=True).drawn, kept[1]["drawn"][..., ::-1])
    np.testing.assert_array_equal(kept[1]["embeddings"], kept[0]["embeddings"])
    assert main(["compare", "fit", "fit/evaluation-tta", "--work-dir", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "compare-fit-fit-evaluation-tta" / "comparison.json").read_text())
    assert found["sides"]["validation"]["slices"] == 4


@pytest.mark.parametrize("model", [{"task": "classification"}, {"task": "segmentation"}, TWO_SEGMENTS],
                         ids=["classification", "segmentation", "two mask classes"])
def test_baselines_and_several_mask_classes_are_evaluated(tmp_path, data, model):
    plan = project(model=model)
    run = run_of(tmp_path, plan)
    evaluate(plan, data, run, tta=True)
    results = json.loads(evaluate(plan, data, run).read_text())
    metrics = results["results"][0]["metrics"]
    assert ("accuracy" in metrics) == (plan.model.task != "segmentation")
    assert ("dice" in metrics) == (plan.model.task != "classification")
    assert (results["temperature"] is None) == (plan.model.task == "segmentation")


def test_several_labels_at_once_are_evaluated(tmp_path):
    plan, data = project(model=FINDINGS), both_discs(tmp_path / "dataset", 32)
    results = json.loads(evaluate(plan, data, run_of(tmp_path / "fit", plan)).read_text())
    assert {"exact_match", "macro_auc", "macro_ap", "macro_f1", "calibration_error"} <= set(
        results["results"][0]["metrics"])
    rows = list(csv.DictReader((tmp_path / "fit" / "evaluation" / "slices.csv").open()))
    assert {row["true"] for row in rows} == {"", "bright", "dark", "bright;dark"}
    assert {row["predicted"] for row in rows} <= {"", "bright", "dark", "bright;dark"}


def test_slices_without_label_or_mask_are_no_hindrance(tmp_path):
    plan, made = project(), discs(tmp_path / "dataset", 16)
    bare = replace(made.slices, labels=np.full(16, -1), has_mask=np.zeros(16, bool))
    evaluate(plan, replace(made, slices=bare), run_of(tmp_path / "fit", plan))
    metrics = json.loads((tmp_path / "fit" / "evaluation" / "results.json").read_text())["results"][0]["metrics"]
    assert metrics == {"slices": 4, "groups": 4}


def test_whole_volumes_are_measured_through_the_library_and_choose_the_rule(tmp_path):
    plan, data = project(), bright_volumes(tmp_path)
    run = run_of(tmp_path / "fit", plan)
    results = json.loads(evaluate(plan, data, run).read_text())
    validation, test = results["results"][2:]
    assert validation["metrics"]["volumes"] == 3 and "chosen on them" in validation["dataset"]
    assert test["metrics"]["volumes"] == 1 and "not used" in test["dataset"]
    assert {"detected", "dice", "diagnosis"} <= set(test["metrics"])
    assert not (run / "evaluation" / "draft").exists()
    flipped = json.loads(evaluate(plan, data, run, tta=True).read_text())
    assert flipped["tta"] and [part["dataset"] for part in flipped["results"]] == [
        r["dataset"] for r in results["results"]
    ]
    data.items[0].image.unlink()
    with pytest.raises(RunError, match="Whole volumes cannot be measured"):
        evaluate(plan, data, run)


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
    alone = with_intervals(lambda w: {"dice": table_metrics(first, project().model, w)["dice"]}, first.groups)["dice"]
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
    metrics = result["sides"]["test"]["metrics"]
    assert {"accuracy", "macro_auc", "calibration_error"} <= set(metrics) and "dice" not in metrics
    assert set(metrics["accuracy"]) == {"first", "second", "difference", "low", "high", "against"}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "classification against both" in page and "<img" in page
    assert "classification minus both" in capsys.readouterr().out


def test_runs_on_different_slices_or_with_stale_metrics_are_refused(tmp_path, data):
    plan = project()
    first, second = (run_of(tmp_path / name, plan, seed) for seed, name in enumerate(("first", "second")))
    evaluate(plan, data, first)
    fewer = replace(data, slices=replace(data.slices, sides=np.where(data.slices.sides == "test", "train",
                                                                     data.slices.sides)))
    evaluate(plan, fewer, second)
    with pytest.raises(RunError, match="different slices"):
        compare(first, second, tmp_path / "out")
    other_mask = replace(data, slices=replace(data.slices, masks=data.slices.masks[..., ::-1]))  # as large
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


def test_the_worst_cases_are_shown_with_what_is_wrong_about_them(tmp_path):
    plan = project()
    masks = [square(5, 5, grid=32), square(5, 5, grid=32), nothing(32), square(5, 5, grid=32)]
    data = dataset_of(tmp_path, masks, np.array([1, 1, 0, 2]))
    drawn = [square(5, 5, grid=32), nothing(32), square(5, 5, 4, grid=32), square(5, 5, grid=32)]
    table = table_of(data, certain([2, 1, 0, 2]), drawn, plan)
    galleries = [block for block in worst_cases(table, np.stack(drawn), data.slices, plan.model)
                 if isinstance(block, Gallery)]
    assert [[picture.caption for picture in gallery.pictures] for gallery in galleries] == [
        ["image 0; true: Bright disc; said: Dark disc 1.00; Dice 1.00"],
        ["image 1; true: Bright disc; said: Bright disc 1.00; Dice 0.00"],
        ["image 2; true: Nothing; said: Nothing 1.00; 16 pixels drawn"],
    ]
    alone = worst_cases(table.take(np.array([3])), np.stack(drawn[3:]), data.slices, plan.model)
    assert "There are none" in alone[0].text


def test_one_patient_does_not_fill_the_worst_cases(tmp_path):
    masks = [square(5, 5, 4 + n, grid=32) for n in range(6)]
    data = dataset_of(tmp_path, masks, np.ones(6, int), groups=["a"] * 5 + ["b"])
    blocks = worst_cases(table_of(data, None, [nothing(32)] * 6, project()), None, data.slices, project().model)
    captions = [picture.caption for picture in blocks[-1].pictures]
    assert [caption.split(";")[0] for caption in captions] == ["image 5", "image 4", "image 3"], "the largest first"
