"""`unifiedvit-train explain`: which explanation can be believed, by measurement."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from evaluation_sets import dataset_of, network_of, nothing, square
from training_sets import discs, project
from unifiedvit_training.cli import main
from unifiedvit_training.errors import DataError, RunError
from unifiedvit_training.evaluation.bootstrap import Estimate
from unifiedvit_training.evaluation.explanation.evaluate import RANKED, choose_method, choose_slices, explain
from unifiedvit_training.evaluation.explanation.metrics import (
    STEPS,
    MeasuredMaps,
    agreement,
    deletion_and_insertion,
    rank_correlation,
    stability,
)
from unifiedvit_training.runs.checkpoints import BEST_FILE, save_weights
from unifiedvit_training.runs.project_file import PROJECT_FILE

SIDE = 32


def lesion(row: int = 8, column: int = 12) -> np.ndarray:
    return square(row, column, 8, grid=SIDE) > 0


def metrics(**values: float) -> MeasuredMaps:
    """A method with these metrics; those not named are 0.5, and the map of random weights is another one."""
    each = dict.fromkeys(RANKED, 0.5) | {"randomised": 0.0} | values
    return MeasuredMaps(None, {}, None, None, {name: Estimate(value, None, None) for name, value in each.items()})


def test_agreement_tells_a_map_of_the_lesion_from_one_beside_it_and_from_an_empty_one():
    inside = lesion()
    maps = np.stack([inside.astype(np.float32), np.roll(inside, 10, axis=0).astype(np.float32), np.zeros_like(inside)])
    found = agreement(maps, np.stack([inside] * 3))
    assert found["pointing"].tolist() == [1, 0, 0]
    np.testing.assert_allclose(found["mass"], [1, 0, 0])
    share = inside.mean()
    assert found["precision"][0] == 1 and found["precision"][1] < share + 0.01
    assert found["precision"][2] == pytest.approx(share)


def test_ranks_do_not_see_the_scale_and_a_flat_map_resembles_nothing():
    maps = np.random.default_rng(0).random((3, SIDE, SIDE))
    other = np.stack([maps[0] ** 3, 1 - maps[1], np.zeros((SIDE, SIDE))])
    np.testing.assert_allclose(rank_correlation(maps, other), [1, -1, 0], atol=1e-9)


def test_a_map_that_moves_with_the_image_is_stable_under_shifts_and_one_that_stays_is_not():
    images = torch.rand((2, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    stays = np.random.default_rng(1).random((2, SIDE, SIDE)).astype(np.float32)
    follows = stability(lambda batch: batch[:, 0].numpy(), images, images[:, 0].numpy())
    fixed = stability(lambda batch: stays, images, stays)
    assert follows.keys() == fixed.keys() == {"noise", "shift", "contrast"}
    np.testing.assert_allclose(follows["shift"], 1)
    np.testing.assert_allclose(follows["contrast"], 1)
    assert (follows["noise"] > 0.8).all() and (follows["noise"] < 1).all()
    assert (fixed["shift"] < 0.5).all() and (fixed["noise"] > 1 - 1e-9).all()


def test_taking_out_what_counts_first_lowers_the_curve_and_putting_it_in_first_raises_it():
    inside = lesion()
    image = torch.from_numpy(5 * inside.astype(np.float32))[None]
    asked = []

    def look(batch: torch.Tensor) -> np.ndarray:
        asked.append(batch.shape)
        return batch[:, 0].numpy()[:, inside].mean(axis=1) / 5

    right, wrong = (deletion_and_insertion(look, image, heat) for heat in (inside.astype(np.float32), 1.0 - inside))
    for deletion, insertion in (right, wrong):
        assert deletion.shape == insertion.shape == (STEPS + 1,)
        assert deletion[0] == insertion[-1] == 1 and deletion[-1] == pytest.approx(insertion[0])
    assert right[0].mean() < wrong[0].mean() - 0.1 and right[1].mean() > wrong[1].mean() + 0.1
    assert asked == [(2 * (STEPS + 1), 1, SIDE, SIDE)] * 2


def test_slices_are_chosen_evenly_over_diagnoses_and_patients(tmp_path):
    labels = np.array([1] * 20 + [2] * 6 + [0] * 4)
    groups = [f"patient {n // 5}" for n in range(20)] + [f"other {n}" for n in range(6)] + ["healthy"] * 4
    masks = [square(8, 8, grid=SIDE) if label else nothing(SIDE) for label in labels]
    masks[0] = nothing(SIDE)
    data = dataset_of(tmp_path, masks, labels, groups, ["validation"] * 30)
    side, places = choose_slices(data, [False, True, True], 8)
    assert side == "validation" and np.bincount(labels[places]).tolist() == [0, 4, 4] and 0 not in places
    assert len({groups[place] for place in places}) == 8
    with pytest.raises(DataError, match="no slices with a lesion"):
        choose_slices(dataset_of(tmp_path / "none", [nothing(SIDE)] * 4, np.zeros(4, int)), [False, True, True], 8)


def test_the_best_method_wins_most_metrics_and_depends_on_the_weights():
    found = {"good": metrics(precision=0.9, deletion=0.1), "bad": metrics(precision=0.2),
             "image alone": metrics(precision=1.0, mass=1.0, deletion=0.0, randomised=0.95)}
    best, ranks = choose_method(found)
    assert best == "good" and ranks["image alone"] < ranks["good"] < ranks["bad"]
    assert choose_method({"image alone": found["image alone"]})[0] == "image alone"


def test_a_run_is_measured_from_the_command_line(tmp_path, capsys):
    plan, run = project(), tmp_path / "work" / "fit"
    discs(tmp_path / "work" / "dataset")
    save_weights(run / BEST_FILE, network_of(plan))
    (run / PROJECT_FILE).write_text(plan.model_dump_json())
    assert main(["explain", "--work-dir", str(tmp_path / "work"), "--num-slices", "4"]) == 0
    results = json.loads((run / "explanation" / "results.json").read_text(),
                         parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert (results["side"], results["slices"]) == ("validation", 4)
    assert list(results["methods"]) == ["rollout", "relevance", "grad-cam", "hybrid", "drawn mask"]
    assert results["best"] in results["methods"] and "drawn mask" not in results["mean_ranks"]
    for method in results["methods"].values():
        assert method.keys() >= {*RANKED, "randomised"} and len(method["deletion_curve"]) == STEPS + 1
        assert all(0 <= method[name]["value"] <= 1 for name in ("pointing", "precision", "mass", "deletion"))
    page = (run / "explanation" / "report.html").read_text()
    assert not re.search(r'(src|href)="(?!data:|#)', page), "nothing is fetched"
    assert page.count("<img") == 2 + 4 * 6
    assert "Best: " + results["best"] in capsys.readouterr().out


def test_what_has_no_diagnosis_to_explain_is_refused(tmp_path):
    plan = project(model={"task": "segmentation"})
    with pytest.raises(RunError, match="cannot be explained"):
        explain(plan, discs(tmp_path / "dataset", 8), tmp_path / "run", tmp_path / "out")
