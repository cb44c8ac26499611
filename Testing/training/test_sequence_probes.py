"""Sequences that are mistaken for each other: probes are learnt, go with the model, and warn in use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from builders import head_volume
from evaluation_sets import evaluated_run
from training_sets import TWO_CHANNELS, project
from unifiedvit_training.data.dataset import CARD_FILE, SliceSet
from unifiedvit_training.errors import RunError
from unifiedvit_training.evaluation.ood.fit import known_channels, measure_ood_statistics
from unifiedvit_training.evaluation.volumes import DEFAULT_RULE
from unifiedvit_training.exporting.export import export
from unifiedvit_training.exporting.sequence_probes import fit_sequence_probes
from unifiedvit_training.runs.model_folder import write_model_folder
from unifiedvit_training.runs.networks import build_network

from UnifiedViTLib.errors import ModelSpecError, WeightsError
from UnifiedViTLib.imaging.channels import prepare_channels
from UnifiedViTLib.inference.model_ranking import DOUBTFUL, FITS, which_model
from UnifiedViTLib.inference.ood.statistics import load_ood_statistics
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.spec import load_spec

NAMES = ["day", "night"]
SLICES = 10


def heads(number: int):
    """A head of two sequences: "day", and "night", which is dark where that is bright."""
    chance = np.random.default_rng(number)
    first = head_volume(shape=(SLICES, 45, 41))
    day = first.array * chance.uniform(0.7, 1.3) + chance.normal(0, 8, first.array.shape)
    night = np.sqrt(np.maximum(day.max() - day, 0)) * 20 + chance.normal(0, 8, day.shape)
    return (replace(first, array=array.astype(np.float32), name=name) for array, name in ((day, "a"), (night, "b")))


@pytest.fixture(scope="module")
def slices():
    """72 heads, a third of them for validation; every other without the second sequence."""
    parts = [prepare_channels([day, None if number % 2 == 0 else night], 32).inputs(0, SLICES)
             for number, (day, night) in enumerate(map(heads, range(72)))]
    images, count = np.concatenate(parts).astype(np.float16), 72 * SLICES
    items = np.arange(count) // SLICES
    return SliceSet(
        images=images, masks=np.zeros((count, 32, 32), np.uint8), has_mask=np.ones(count, bool),
        labels=np.zeros(count, np.int64), items=items, positions=np.arange(count) % SLICES,
        groups=items.astype(str), sources=np.full(count, "heads"),
        sides=np.where(items % 3 == 2, "validation", "train"), planes=np.full(count, "axial"),
    )


def first(slices: SliceSet, count: int) -> SliceSet:
    """The slices of so many heads."""
    return SliceSet(**{name: value[slices.items < count] for name, value in vars(slices).items()})


@pytest.fixture(scope="module")
def made():
    return project(model={"input": TWO_CHANNELS | {"expects": "heads"}})


@pytest.fixture(scope="module")
def network(made):
    torch.manual_seed(0)
    return build_network(made.model).eval()


@pytest.fixture(scope="module")
def statistics(network, slices):
    return measure_ood_statistics(network, slices)


@pytest.fixture(scope="module")
def probes(network, statistics, slices):
    return fit_sequence_probes(network, statistics, slices, NAMES, stripped=False)


@pytest.fixture(scope="module")
def spec(made, network, statistics, probes, slices, tmp_path_factory):
    """The model, with its statistics and probes."""
    ood = replace(statistics, probes=probes)
    return write_model_folder(made, network, 1.0, DEFAULT_RULE, [], tmp_path_factory.mktemp("model") / "model", ood,
                              known_channels=known_channels(slices, NAMES))


def said(spec, **given) -> str:
    return " ".join(Predictor(spec, "cpu").predict(given).warnings)


def test_there_is_a_probe_for_each_sequence_alone_and_for_both(spec):
    assert spec.ood.probed_channels == (("day",), ("night",), ("day", "night"))
    assert [probe.channels for probe in load_ood_statistics(spec).probes] == list(spec.ood.probed_channels)


def test_a_sequence_given_as_another_is_told_and_as_itself_is_not(spec):
    day, night = heads(100)
    assert "By its look, b is another sequence than it was looked at as (shows bright discs)" in said(spec, day=night)
    assert "By its look, a is another sequence" in said(spec, night=day)
    assert "By its look" not in said(spec, day=day) + said(spec, night=night)


def test_two_sequences_that_were_exchanged_are_told(spec):
    day, night = heads(101)
    assert "look as if they were exchanged: b was looked at as shows bright discs" in said(spec, day=night, night=day)
    assert "exchanged" not in said(spec, day=day, night=night)


def test_which_model_doubts_one_whose_channel_the_image_does_not_look_like(spec):
    day, night = heads(102)
    fits = [which_model(image, [spec], lambda one: Predictor(one, "cpu")).fits[0] for image in (day, night)]
    assert fits[0].channel == fits[1].channel == "day"
    assert fits[0].verdict == FITS
    assert fits[1].verdict != FITS and (fits[1].verdict != DOUBTFUL or "By its look" in fits[1].reason)


def test_stripped_heads_are_learnt_where_training_strips(network, statistics, probes, slices):
    stripped = fit_sequence_probes(network, statistics, slices, NAMES, stripped=True)
    assert not np.allclose(probes[0].weights, stripped[0].weights)


def test_one_sequence_too_few_images_and_sequences_that_look_alike_get_no_probe(network, statistics, slices):
    assert fit_sequence_probes(network, statistics, slices, ["day"], stripped=False) == ()
    assert fit_sequence_probes(network, statistics, first(slices, 9), NAMES, stripped=False) == ()
    twins = replace(slices, images=slices.images[:, :1].repeat(2, axis=1))
    assert fit_sequence_probes(network, statistics, twins, NAMES, stripped=False) == ()


# A model of one image, which learns from another project's images what it is not

@pytest.fixture(scope="module")
def model_of_day(slices, tmp_path_factory):
    """A model of "day" alone."""
    one = project(model={"input": {"size": 32, "modality": "any", "expects": "heads by day"}})
    torch.manual_seed(0)
    network, own = build_network(one.model).eval(), replace(slices, images=np.array(slices.images[:, 0]))
    ood = measure_ood_statistics(network, own)
    ood = replace(ood, probes=fit_sequence_probes(network, ood, slices, NAMES, stripped=False, alone="day"))
    return write_model_folder(one, network, 1.0, DEFAULT_RULE, [], tmp_path_factory.mktemp("day") / "model", ood)


def test_a_model_of_one_image_notices_another_sequence(model_of_day):
    day, night = heads(103)
    assert model_of_day.ood.probed_channels == ((),)
    warnings = " ".join(Predictor(model_of_day, "cpu").predict(night).warnings)
    assert "By its look, b is another sequence than it was looked at as (heads by day)" in warnings
    assert "By its look" not in " ".join(Predictor(model_of_day, "cpu").predict(day).warnings)


def write_two_channels(slices: SliceSet, work: Path, size: int = 32) -> Path:
    """A folder of a project with `slices`, as `prepare` leaves it."""
    (work / "dataset").mkdir(parents=True)
    for name, value in vars(slices).items():
        np.save(work / "dataset" / f"{name}.npy", value)
    recipe = {"model": {"input": TWO_CHANNELS | {"size": size}}}
    (work / "dataset" / CARD_FILE).write_text(json.dumps({"items": [], "recipe": recipe}))
    return work


def test_export_learns_other_sequences_of_another_projects_images(slices, tmp_path, capsys):
    made, run = evaluated_run(tmp_path / "work")
    other = write_two_channels(slices, tmp_path / "two")
    spec = export(made, run, tmp_path / "model", onnx=False, sequences=other, alone="day")
    assert spec.ood.probed_channels == ((),) and "other sequences given in place of its own" in capsys.readouterr().out


@pytest.mark.parametrize(("alone", "words"), [("", "channels day, night, not .none named"), ("dusk", "not dusk")])
def test_a_channel_that_is_not_there_is_refused(slices, tmp_path, alone, words):
    made, run = evaluated_run(tmp_path / "work")
    other = write_two_channels(first(slices, 9), tmp_path / "two")
    with pytest.raises(RunError, match=words):
        export(made, run, tmp_path / "model", onnx=False, sequences=other, alone=alone)
    assert not (tmp_path / "model").exists()


def test_a_model_of_several_channels_and_images_of_another_size_are_refused(slices, tmp_path):
    made, run = evaluated_run(tmp_path / "work")
    several = made.model_copy(update={"model": project(model={"input": TWO_CHANNELS}).model})
    small = write_two_channels(replace(first(slices, 9), images=slices.images[slices.items < 9][..., :16, :16]),
                               tmp_path / "small")
    for one, words in (several, "learns from its own channels|weights of another network"), (made, "images of 16 pix"):
        with pytest.raises(RunError, match=words):
            export(one, run, tmp_path / "model", onnx=False, sequences=small, alone="day")


def test_probes_that_do_not_fit_the_model_are_refused(spec, tmp_path):
    import shutil

    folder = shutil.copytree(spec.folder, tmp_path / "model")
    data = json.loads((folder / "model.json").read_text())
    for sets, error in ([["dusk"]], ModelSpecError), ([["day"]] * 4, WeightsError):
        data["ood"]["probed_channels"] = sets
        (folder / "model.json").write_text(json.dumps(data))
        with pytest.raises(error):
            load_ood_statistics(load_spec(folder))
