"""The learned upscaler's training and measurement, and data sets with super-resolved regions."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from builders import tiny_model
from training_sets import TWO_CHANNELS, discs, project, project_data
from unifiedvit_training.cli import main
from unifiedvit_training.config import Project, Superres
from unifiedvit_training.data.dataset import Dataset, load_dataset
from unifiedvit_training.errors import DataError, RunError
from unifiedvit_training.learning.fit import fit
from unifiedvit_training.runs.checkpoints import BEST_FILE, save_weights
from unifiedvit_training.superres import train as train_module
from unifiedvit_training.superres.dataset import super_resolve_dataset
from unifiedvit_training.superres.degradation import average, truncate
from unifiedvit_training.superres.measure import compare_images, measure, summary
from unifiedvit_training.superres.train import describe, train

from UnifiedViTLib.inference.superres.upscalers import Lanczos, make_upscaler
from UnifiedViTLib.models import build_model


def small(**values) -> Project:
    plan = {"channels": 8, "blocks": 1, "size": 32, "batch_size": 8, "steps": 60, "save_steps": 20} | values
    return project().model_copy(update={"superres": Superres(**plan)})


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Dataset:
    """Discs whose files are larger than their prepared slices: sharp discs of 64 pixels."""
    folder = tmp_path_factory.mktemp("discs")
    dataset, chance = discs(folder, 24), np.random.default_rng(0)
    y, x = np.mgrid[:64, :64]
    for item in dataset.items:
        cy, cx, radius = chance.integers(20, 44), chance.integers(20, 44), chance.integers(8, 18)
        disc = 60 + 150 * ((x - cx) ** 2 + (y - cy) ** 2 < radius**2)
        sitk.WriteImage(sitk.GetImageFromArray(disc.astype(np.uint8)), str(item.image))
    return dataset


def network() -> torch.nn.Module:
    return build_model("shared_encoder_dual_decoder", project().model.build_arguments())


@pytest.mark.parametrize("degrade", [average, truncate])
def test_a_coarse_image_is_where_and_as_bright_as_the_fine_one(degrade):
    y, x = np.mgrid[:64, :96]
    fine = (100 + 50 * np.exp(-((y - 30) ** 2 + (x - 51) ** 2) / 200)).astype(np.float32)
    coarse = degrade(fine)
    assert coarse.shape == (16, 24) and coarse.dtype == np.float32
    np.testing.assert_allclose(coarse.mean(), fine.mean(), rtol=1e-3)
    np.testing.assert_allclose(Lanczos().upscale(coarse)[8:-8, 8:-8], fine[8:-8, 8:-8], atol=1.5)


def test_an_upscaler_that_is_trained_beats_lanczos_on_what_it_knows(pictures, tmp_path, seed, record_property):
    given = small(steps=400, save_steps=400, channels=16, optimiser={"learning_rate": 2e-3})
    given = given.model_copy(update={"seed": seed})
    train(given, pictures, tmp_path / "run")
    describe(given, tmp_path / "run", [])
    upscaler = make_upscaler(str(tmp_path / "run"))
    assert upscaler.name == "learned (1 residual blocks of 16 channels)"
    results = measure(pictures, {"learned": upscaler}, str(tiny_model(tmp_path / "model").folder), 4, tmp_path / "run")
    assert results["slices"] == 4 and json.loads((tmp_path / "run" / "results.json").read_text()) == results
    gains = [results["metrics"][way]["slice"]["learned.psnr.over_lanczos"]["value"] for way in ("average", "truncate")]
    record_property("margin", float(min(gains) / 0.3))
    for way in ("average", "truncate"):
        metrics = results["metrics"][way]["slice"]
        assert metrics["learned.psnr.over_lanczos"]["value"] > 0.3, "dB"
        assert metrics["lanczos.psnr.over_lanczos"]["value"] == 0
        difference = metrics["learned.ssim"]["value"] - metrics["lanczos.ssim"]["value"]
        assert metrics["learned.ssim.over_lanczos"]["value"] == pytest.approx(difference)
    describe(given, tmp_path / "run", summary(results))
    described = json.loads((tmp_path / "run" / "upscaler.json").read_text())["results"]
    assert [result.keys() for result in described] == 4 * [{"dataset", "metrics"}]
    assert make_upscaler(str(tmp_path / "run")).name == upscaler.name


def test_a_killed_run_ends_as_if_nothing_had_happened(pictures, tmp_path, monkeypatch):
    whole = train(small(), pictures, tmp_path / "whole").read_bytes()
    patches, calls = train_module.patches, []

    def killed(*arguments):
        calls.append(1)
        if len(calls) > 2 * 45:
            raise KeyboardInterrupt
        return patches(*arguments)

    monkeypatch.setattr(train_module, "patches", killed)
    with pytest.raises(KeyboardInterrupt):
        train(small(), pictures, tmp_path / "killed")
    monkeypatch.setattr(train_module, "patches", patches)
    assert train(small(), pictures, tmp_path / "killed").read_bytes() == whole
    with open(tmp_path / "killed" / "train.csv", newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["20", "40", "60"]
    with pytest.raises(RunError, match=r"superres\.channels"):
        train(small(channels=4), pictures, tmp_path / "killed")


def test_without_slices_to_learn_from_nothing_begins(pictures, tmp_path):
    empty = replace(pictures, slices=replace(pictures.slices, sides=np.full(24, "validation")))
    with pytest.raises(DataError, match="no slices on the train side"):
        train(small(), empty, tmp_path)


def test_metrics_are_of_the_pixels_that_are_asked_for():
    chance = np.random.default_rng(0)
    truth = chance.random((48, 48)).astype(np.float32)
    drawn, left = truth.copy(), np.zeros((48, 48), bool)
    drawn[:, 24:] += 0.1
    left[:, :8] = True
    whole, same, nothing = compare_images(drawn, truth, [np.ones_like(left), left, np.zeros_like(left)])
    assert whole.psnr == pytest.approx(20 + 10 * np.log10(2), abs=1e-3) and 0 < whole.ssim < 0.999
    assert same.psnr > 100 and same.ssim > 0.999
    assert np.isnan(nothing.psnr) and np.isnan(nothing.ssim)


def test_blank_slices_of_volumes_count_in_no_mean(pictures, tmp_path):
    volume = np.zeros((2, 64, 64), np.uint8)
    volume[1, 20:40, 20:50] = 90
    sitk.WriteImage(sitk.GetImageFromArray(volume), str(tmp_path / "volume.nrrd"))
    items = list(pictures.items)
    first = pictures.slices.items[pictures.slices.on("validation")[0]]
    items[first] = replace(items[first], image=tmp_path / "volume.nrrd")
    found = measure(replace(pictures, items=tuple(items)), {}, str(tiny_model(tmp_path / "model").folder), 3, tmp_path)
    assert found["slices"] == 2
    assert found["metrics"]["truncate"]["slice"]["lanczos.psnr"]["value"] < 50  # of a blank slice alone it is 120


def test_a_super_resolved_data_set_is_the_same_but_where_the_run_looks(tmp_path):
    dataset = discs(tmp_path / "before" / "dataset", 12)
    save_weights(tmp_path / "before" / "fit" / BEST_FILE, network())
    made = super_resolve_dataset(
        project(), dataset, tmp_path / "before" / "fit", Lanczos(), tmp_path / "after" / "dataset"
    )
    after = load_dataset(made).slices
    np.testing.assert_array_equal(after.masks, dataset.slices.masks)
    np.testing.assert_array_equal(after.labels, dataset.slices.labels)
    said = json.loads((made / "superres.json").read_text())
    assert said["upscaler"] == "Lanczos" and 0 < said["super_resolved_fraction"] < 1
    same = (np.asarray(after.images) == dataset.slices.images).mean()
    assert 0.1 < same < 1 and said["psnr"] > 20 and said["ssim"] > 0.5


def test_the_command_enhances_what_a_run_was_trained_on_and_another_run_learns_from_it(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    given = project(stages=[{"size": 32, "epochs": 1}], validate_every=1)
    fit(given, discs(before / "dataset", 16), before / "fit")
    assert main(["superres-dataset", "--work-dir", str(before), "--output", str(after), "--upscaler", "lanczos"]) == 0
    fit(given, load_dataset(after / "dataset"), after / "fit")
    assert (after / "fit" / BEST_FILE).exists()
    assert main(["superres-dataset", "--work-dir", str(before), "--output", str(after), "--upscaler", "magic"]) == 1


def test_the_command_trains_measures_and_describes_an_upscaler(pictures, tmp_path):
    (tmp_path / "work").mkdir()
    shutil.copytree(pictures.folder, tmp_path / "work" / "dataset")
    yaml = tmp_path / "discs.yaml"
    yaml.write_text(json.dumps(project_data() | {"superres": {"channels": 4, "blocks": 1, "size": 32, "steps": 2}}))
    model = tiny_model(tmp_path / "model").folder
    assert (
        main(["superres", str(yaml), "--work-dir", str(tmp_path / "work"), "--model", str(model), "--num-slices", "2"])
        == 0
    )
    card = json.loads((tmp_path / "work" / "superres" / "upscaler.json").read_text())
    assert card["weights"]["licence"] == "CC0" and len(card["results"]) == 4
    assert make_upscaler(str(tmp_path / "work" / "superres")).upscale(np.zeros((8, 9), np.float32)).shape == (32, 36)


def test_several_channels_are_refused_in_a_sentence(tmp_path):
    dataset = discs(tmp_path / "dataset", 8, channels=2)
    with pytest.raises(DataError, match="several channels"):
        super_resolve_dataset(project(model={"input": TWO_CHANNELS}), dataset, tmp_path, Lanczos(), tmp_path / "after")
