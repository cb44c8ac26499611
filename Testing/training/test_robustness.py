"""`unifiedvit-train robustness`: images are corrupted the same way every time, and what is left is measured fairly."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from evaluation_sets import certain, network_of, run_of
from training_sets import discs, project
from unifiedvit_training.cli import main
from unifiedvit_training.config import Model
from unifiedvit_training.data.dataset import Dataset, load_dataset
from unifiedvit_training.errors import DataError, RunError
from unifiedvit_training.evaluation import bootstrap
from unifiedvit_training.evaluation.candidates import TrainedRun
from unifiedvit_training.evaluation.evaluate import measure_slices
from unifiedvit_training.evaluation.metrics import probabilities_of
from unifiedvit_training.evaluation.ood.fit import measure_ood_statistics
from unifiedvit_training.evaluation.robustness.adaptation import PRIOR, adaptable, adapted
from unifiedvit_training.evaluation.robustness.corruptions import CLEAN, CORRUPTIONS, SEVERITIES, corrupt
from unifiedvit_training.evaluation.robustness.evaluate import robustness
from unifiedvit_training.evaluation.robustness.evaluated_model import EvaluatedModel, find_evaluated_model
from unifiedvit_training.evaluation.robustness.metrics import CorruptionOutputs, measure
from unifiedvit_training.runs.patients import keep_patients

from UnifiedViTLib.spec import MISSING

SIDE = 64
INTENSITY_CORRUPTIONS = [name for name, kind in CORRUPTIONS.items() if kind.corrupt]


def head() -> tuple[np.ndarray, np.ndarray]:
    """A bright ellipse with a brighter disc in it, on air; and the disc's mask."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    image = 1.0 * ((y / 28) ** 2 + (x / 22) ** 2 < 1) + 0.1 * np.sin(y / 2) * (y**2 + x**2 < 400)
    disc = (y + 8) ** 2 + (x - 6) ** 2 < 30
    return (image + disc - 0.5)[None].astype(np.float32), disc.astype(np.uint8)


def lost(name: str, severity: int) -> float:
    """How far a corrupted head lies from the one as it is."""
    image, mask = head()
    clean, _ = corrupt(image, mask, CLEAN, 0, 0)
    return float(np.mean([np.abs(corrupt(image, mask, name, severity, place)[0] - clean).mean() for place in range(6)]))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_is_the_same_every_time_and_worse_at_the_end_than_at_the_beginning(name):
    image, mask = head()
    once, again = (corrupt(image, mask, name, 3, 7) for _ in range(2))
    np.testing.assert_array_equal(once[0], again[0])
    np.testing.assert_array_equal(once[1], again[1])
    assert once[0].shape == image.shape and once[0].dtype == np.float32 and np.isfinite(once[0]).all()
    assert once[1].dtype == np.uint8 and set(np.unique(once[1])) == {0, 1}
    assert 0 < lost(name, 1) < lost(name, 5)


@pytest.mark.parametrize("name", INTENSITY_CORRUPTIONS)
def test_what_only_corrupts_intensities_leaves_the_mask_where_it_is(name):
    image, mask = head()
    np.testing.assert_array_equal(corrupt(image, mask, name, 5, 0)[1], mask)


@pytest.mark.parametrize("name", ["crop", "rotation"])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_what_moves_the_picture_moves_its_mask_along(name, severity):
    image, mask = head()
    moved, disc = corrupt(image, mask, name, severity, 3)
    assert not np.array_equal(disc, mask)
    inside, beside = moved[0][disc > 0], moved[0][disc == 0]
    assert np.median(inside) > np.quantile(beside, 0.9), "the disc is the brightest part"


def test_a_slice_as_it_is_stays_as_it_is_and_chance_differs_from_slice_to_slice():
    image, mask = head()
    clean, same = corrupt(image, mask, CLEAN, 0, 0)
    assert np.corrcoef(clean.ravel(), image.ravel())[0, 1] > 0.99 and same is mask
    assert not np.array_equal(corrupt(image, mask, "noise", 1, 0)[0], corrupt(image, mask, "noise", 1, 1)[0])


def test_channels_are_moved_together_and_a_missing_one_stays_missing():
    image, mask = head()
    three = np.concatenate([image, np.full_like(image, MISSING), image])
    found, _ = corrupt(three, mask, "rotation", 5, 2)
    np.testing.assert_array_equal(found[0], found[2])
    assert (found[1] == MISSING).all()


def test_adapted_layers_mix_their_statistics_with_the_batchs_and_are_put_back():
    layer = torch.nn.BatchNorm2d(2).eval()
    layer.running_mean.fill_(1.0)
    images = 3 + torch.randn(PRIOR, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    before = layer(images)
    with adapted(layer):
        layer(images)
        np.testing.assert_allclose(layer.running_mean, (1 + images.mean((0, 2, 3))) / 2, rtol=1e-5)
    assert (layer.running_mean == 1).all() and torch.equal(layer(images), before)
    assert adaptable(layer) == 1 and adaptable(torch.nn.LayerNorm(4)) == 0


def outputs(right: float, dice: float, labels: np.ndarray) -> CorruptionOutputs:
    """A network that is right on this share of the slices and draws with this Dice."""
    said = np.where(np.arange(len(labels)) < right * len(labels), labels, (labels + 1) % 3)
    overlaps = {"dice": np.where(labels > 0, dice, np.nan)[:, None], "detected": np.full(len(labels), np.nan),
                "empty": np.full(len(labels), np.nan)}
    return CorruptionOutputs(probabilities_of(certain(list(said)), model()), overlaps, None)


def model() -> Model:
    return project().model


def test_metrics_are_means_over_severities_and_differences_are_paired():
    labels = np.tile([0, 1, 2], 8)
    groups = np.array([f"patient {n}" for n in range(24)])
    good = {CLEAN: [outputs(1, 0.9, labels)], "noise": [outputs(1, 0.8, labels)] * 5,
            "blur": [outputs(0.5, 0.6, labels)] * 5}
    poor = {CLEAN: [outputs(1, 0.9, labels)], "noise": [outputs(0.5, 0.4, labels)] * 5,
            "blur": [outputs(0.5, 0.6, labels)] * 5}
    first, second = measure(good, None, labels, groups, model()), measure(poor, good, labels, groups, model())
    assert first.against == {} and first.mean["accuracy"] == pytest.approx(0.75)
    assert second.mean["dice"] == pytest.approx(0.5) and second.mean["flagged"] is None
    assert second.metrics["noise"][2]["accuracy"] == pytest.approx(0.5)
    change = second.against["mean"]["accuracy"]
    assert change.difference == pytest.approx(-0.25) and change.low < -0.25 < change.high < 0
    assert second.against["clean"]["dice"].difference == 0
    assert second.against["loss"]["dice"].difference == pytest.approx(0.2)


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Two evaluated runs and their dataset."""
    monkeypatch.setattr(bootstrap.resample, "__defaults__", (40, bootstrap.SEED))
    torch.set_num_threads(1)
    plan = project()
    data = discs(tmp_path / "work" / "dataset")
    for seed, name in enumerate(("one", "other")):
        run = run_of(tmp_path / "work" / name, plan, seed)
        measure_slices(TrainedRun(plan, run), data)
    return tmp_path / "work"


def test_runs_are_measured_from_the_command_line_and_a_stopped_measurement_goes_on(work, capsys, monkeypatch):
    command = [
        "robustness",
        "one",
        "other",
        "--work-dir",
        str(work),
        "--num-slices",
        "6",
        "--adapt",
        "--corruption",
        "noise",
        "--corruption",
        "crop",
    ]
    assert main(command) == 0
    written = work / "robustness" / "results.json"
    results = json.loads(written.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert (results["side"], results["slices"]) == ("validation", 6)
    assert list(results["networks"]) == ["one", "one, adapted", "other", "other, adapted"]
    for name, network in results["networks"].items():
        assert {kind: len(each) for kind, each in network["metrics"].items()} == {"clean": 1, "noise": 5, "crop": 5}
        assert 0 <= network["mean"]["dice"] <= 1 and network["mean"]["flagged"] is None
        assert bool(network["against"]) == (name != "one")
    page = (work / "robustness" / "report.html").read_text()
    assert not re.search(r'(src|href)="(?!data:|#)', page), "nothing is fetched"
    assert page.count("<img") == 1 + 2 * 5
    assert "one, adapted" in capsys.readouterr().out

    def looked(*given):
        raise AssertionError("it looked again")

    monkeypatch.setattr(EvaluatedModel, "predict", looked)
    assert main(command) == 0
    assert json.loads(written.read_text()) == results
    masks = work / "dataset" / "masks.npy"
    np.save(masks, np.load(masks)[..., ::-1])
    with pytest.raises(AssertionError, match="looked again"):  # for other masks than those that it was measured by
        main(command)


def test_a_run_is_not_measured_under_corruptions_on_patients_whom_it_has_learnt_from(work):
    data = load_dataset(work / "dataset")
    slices = replace(data.slices, groups=np.arange(len(data.slices)).astype(str))
    keep_patients(replace(slices, sides=np.where(slices.sides == "validation", "train", "test")), work / "one")
    with pytest.raises(RunError, match="patients who now stand on the validation"):
        measured(find_evaluated_model("one", work), data=replace(data, slices=slices))


def test_a_network_sees_the_same_pictures_at_its_own_size(work):
    plan = project(model={"input": {"size": 48, "modality": "any", "expects": "pictures of discs"}})
    large = EvaluatedModel("large", plan.model, "", network_of(plan).eval(), 1.0, None)
    logits, drawn, flagged = large.predict(np.zeros((2, 1, 32, 32), np.float32))
    assert (logits.shape, drawn.shape, flagged) == ((2, 3), (2, 32, 32), None)


def test_a_model_with_statistics_tells_which_slices_are_out_of_distribution_to_it(work):
    plan, data = project(), load_dataset(work / "dataset")
    network = network_of(plan).eval()
    statistics = measure_ood_statistics(network, data.slices)
    knowing = EvaluatedModel("knowing", plan.model, "", network, 1.0, statistics)
    discs_seen = knowing.predict(data.slices.inputs(np.arange(20)))[2]
    noise = np.random.default_rng(0).normal(0, 3, (20, 1, 32, 32)).astype(np.float32)
    assert discs_seen.mean() < 0.2 and knowing.predict(noise)[2].all()
    noise[0] = MISSING
    assert knowing.predict(noise)[2] is None


def test_what_cannot_be_measured_is_said(work, tmp_path):
    data = discs(tmp_path / "more" / "dataset", 8)
    one = find_evaluated_model("one", work)
    assert one.temperature != 1 and one.ood is None
    with pytest.raises(RunError, match="same name"):
        measured(one, one, data=data)
    with pytest.raises(RunError, match="no corruption 'rain'"):
        measured(one, data=data, names=["rain"])
    with pytest.raises(DataError, match="Its sources: discs"):
        measured(one, data=data, source="elsewhere")
    (work / "other" / "evaluation" / "slices.npz").unlink()
    with pytest.raises(RunError, match="Run `unifiedvit-train evaluate` for this run first"):
        find_evaluated_model("other", work)


def measured(*models: EvaluatedModel, data: Dataset, **more):
    return robustness(models, data, data.folder.parent / "out", 4, **more)
