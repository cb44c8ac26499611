"""`unifiedvit-train ood`: what a model says of images that it does not know, and which way to tell does best."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from builders import tiny_model
from evaluation_sets import network_of
from PIL import Image
from training_sets import discs, project
from unifiedvit_training.cli import main
from unifiedvit_training.data.dataset import Dataset
from unifiedvit_training.errors import DataError, RunError
from unifiedvit_training.evaluation.ood.evaluate import OOD_TEST, OOD_VAL, VALIDATION, evaluate_ood
from unifiedvit_training.evaluation.ood.fit import measure_ood_statistics
from unifiedvit_training.evaluation.ood.metrics import IN_DISTRIBUTION, OODResults
from unifiedvit_training.evaluation.ood.scores import EMBEDDING, SCORES, Score, fit_score
from unifiedvit_training.evaluation.ood.sets import picture, synthetic_sets, volumes_of
from unifiedvit_training.evaluation.volumes import DEFAULT_RULE
from unifiedvit_training.runs.model_folder import write_model_folder

from UnifiedViTLib.spec import ModelSpec


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """Discs, each also as a file, and in `model` a network with statistics of them."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("work")
    data, plan = discs(folder / "dataset"), project()
    for item, image in zip(data.items, data.slices.images, strict=True):
        sitk.WriteImage(sitk.GetImageFromArray(np.kron(image.astype(np.float32), np.ones((2, 2), np.float32))),
                        str(item.image.with_suffix(".nrrd")))
    card = json.loads((folder / "dataset" / "dataset.json").read_text().replace(".png", ".nrrd"))
    (folder / "dataset" / "dataset.json").write_text(json.dumps(card))
    network = network_of(plan).eval()
    ood = measure_ood_statistics(network, data.slices)
    write_model_folder(plan, network, 1.0, DEFAULT_RULE, [], folder / "model", ood)
    chance = np.random.default_rng(1)
    sitk.WriteImage(sitk.GetImageFromArray(chance.random((3, 40, 40)).astype(np.float32)), str(folder / "snow.nrrd"))
    mask = sitk.GetImageFromArray((chance.random((40, 40)) > 0.5).astype(np.uint8))
    (folder / "masks").mkdir()
    sitk.WriteImage(mask, str(folder / "masks" / "one.png"))
    return folder


def test_out_of_distribution_sets_are_measured_from_the_command_line_and_a_stopped_measurement_goes_on(
    work, capsys, monkeypatch
):
    command = ["ood", str(work / "model"), "--work-dir", str(work), "--ood-test", str(work / "snow.nrrd"),
               "--ood-val", str(work / "masks")]
    assert main(command) == 0
    written = work / "ood" / "results.json"
    results = json.loads(written.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    sets = {one["name"]: one for one in results["sets"]}
    assert next(iter(sets)) == VALIDATION and {"noise", "photographs", "upside down", "snow", "masks"} < sets.keys()
    assert (sets["snow"]["role"], sets["snow"]["slices"], sets["snow"]["images"]) == (OOD_TEST, 3, 1)
    assert sets["masks"]["role"] == OOD_VAL and sets["masks"]["input_warned"] == 1, "two values are no scan"
    assert (
        sets[VALIDATION]["auroc"] is None and sets["noise"]["auroc"] > 0.9 and sets["photographs"]["ood_warned"] > 0.9
    )
    assert results["scores"].keys() == {score.name for score in SCORES}
    assert 0 <= results["false_alarms_held_out"] <= 1
    page = (work / "ood" / "report.html").read_text()
    assert not re.search(r'(src|href)="(?!data:|#)', page), "nothing is fetched"
    assert "photographs" in capsys.readouterr().out

    def looked(*given):
        raise AssertionError("it looked again")

    monkeypatch.setattr("unifiedvit_training.evaluation.ood.evaluate.extract_features", looked)
    assert main(command) == 0
    assert json.loads(written.read_text()) == results


def test_drawn_out_of_distribution_sets_are_the_same_every_time_and_in_distribution_images_are_turned():
    upright = np.arange(64 * 64, dtype=np.float32).reshape(64, 64)
    first, again = (synthetic_sets([picture(upright, "one")], 3) for _ in range(2))
    assert all(len(first[name]) == 3 for name in ("noise", "shapes", "drawn heads", "photographs"))
    for name in first:
        for one, other in zip(first[name], again[name], strict=True):
            np.testing.assert_array_equal(one.array, other.array)
    np.testing.assert_array_equal(first["upside down"][0].array[0], upright[::-1])
    np.testing.assert_array_equal(first["turned"][0].array[0][:, -1], upright[0])
    assert first["inverted"][0].array.argmax() == 0
    assert set(synthetic_sets([], 1)) == {"noise", "shapes", "drawn heads", "photographs"}


@pytest.mark.parametrize("distance", ["Mahalanobis", "5-NN"])
def test_a_score_is_larger_far_from_what_it_was_fitted_on(distance):
    chance = np.random.default_rng(0)
    train = {EMBEDDING: chance.normal(size=(200, 4)), "texture": chance.normal(size=(200, 3))}
    score = fit_score(Score((EMBEDDING, "texture"), distance), train, np.arange(200) % 2)
    near = score({name: values[:50] for name, values in train.items()})
    far = score({name: values[:50] + 6 for name, values in train.items()})
    assert near.max() < far.min()


def test_the_worst_set_speaks_for_a_score():
    score = SCORES[0]
    values = {"a": (0.9, 0.5), "b": (0.7, 0.1), "c": (0.99, 1.0), "d": (0.5, 0.0)}
    found = OODResults(
        None, 1.0, (), 0.01, {"a": OOD_VAL, "b": OOD_VAL, "c": OOD_TEST, "d": IN_DISTRIBUTION}, {score: values}
    )
    assert found.worst(score, OOD_VAL) == 0.7 and found.worst(score, OOD_TEST) == 0.99
    assert found.mean_flagged_fraction(score, OOD_VAL) == pytest.approx(0.3)


def test_what_cannot_be_measured_is_said(work, tmp_path):
    def measured(spec: ModelSpec, data: Dataset, **more):
        evaluate_ood(spec, data, tmp_path / "out", **more)

    with pytest.raises(RunError, match="no statistics of what it was trained on"):
        measured(tiny_model(tmp_path / "m"), discs(tmp_path / "dataset", 8))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no images"):
        volumes_of(tmp_path / "empty")
    with pytest.raises(DataError, match="does not exist"):
        volumes_of(tmp_path / "nowhere.nrrd")


def test_a_picture_that_is_stored_turned_is_seen_as_viewers_and_training_see_it(tmp_path):
    pixels = np.arange(64 * 48, dtype=np.uint8).reshape(64, 48)
    exif = Image.Exif()
    exif[0x0112] = 3  # by 180 degrees
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(volumes_of(tmp_path / "turned.png")[0].array[0], pixels[::-1, ::-1])
