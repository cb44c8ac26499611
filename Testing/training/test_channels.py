"""Several channels in training: tables with gaps, one deformation for all, tokens that are learnt, export."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from builders import head_volume, spec_data, tiny_model, to_sitk
from evaluation_sets import quicken, run_of
from head_sets import write_table
from training_sets import SURE, TWO_CHANNELS, discs, project, project_data, stored
from unifiedvit_training.config import Augmentation, Project
from unifiedvit_training.data import prepare as preparing
from unifiedvit_training.data.dataset import Item, check_dataset_fits, load_dataset, pictures
from unifiedvit_training.data.prepare import prepare_dataset
from unifiedvit_training.data.slicing import read_channels
from unifiedvit_training.errors import ConfigError, DataError
from unifiedvit_training.evaluation.evaluate import TABLE_FILE, evaluate, evaluate_model
from unifiedvit_training.evaluation.inference import predict_slices
from unifiedvit_training.evaluation.slice_table import load_table
from unifiedvit_training.evaluation.volumes import one_channel_alone, run_volumes
from unifiedvit_training.exporting.export import export
from unifiedvit_training.learning.augment import augment
from unifiedvit_training.learning.fit import fit
from unifiedvit_training.learning.initialise import parameter_groups
from unifiedvit_training.learning.pretrain import pretrain
from unifiedvit_training.runs.checkpoints import load_weights
from unifiedvit_training.runs.model_folder import stored_network
from unifiedvit_training.runs.networks import build_network

from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.imaging.channels import prepare_channels
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.spec import MISSING

NONE = Augmentation(**dict.fromkeys(Augmentation.model_fields, 0))


def two(**fit) -> Project:
    """The project of `discs` with two channels."""
    return project(model={"input": TWO_CHANNELS} | fit.pop("model", {}), **fit)


def chance(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(n) for n in range(count)]


# Data


@pytest.fixture
def table(tmp_path) -> Path:
    """Volumes of two sequences, the second on a finer grid; a mask on the first's; one row without the second."""
    first = head_volume(shape=(18, 45, 41))
    mask = np.zeros(first.array.shape, np.uint8)
    mask[8:10, 18:26, 18:26] = 1
    rows = []
    for n in range(6):
        day = replace(first, array=first.array + 10 * n)
        fine = head_volume(spacing=(1.6, 1.6, 4.0), shape=(23, 56, 52))
        night = replace(fine, array=np.sqrt(fine.array.max() - fine.array))
        written = sitk.GetImageFromArray(mask)
        written.CopyInformation(to_sitk(day))
        for image, name in ((to_sitk(day), "day"), (to_sitk(night), "night"), (written, "mask")):
            sitk.WriteImage(image, str(tmp_path / f"{name}{n}.nrrd"))
        rows.append({"d": f"day{n}.nrrd", "n": f"night{n}.nrrd" if n != 1 else "", "mask": f"mask{n}.nrrd",
                     "label": ("bright", "dark")[n % 2], "fold": 4 if n > 3 else 1})
    write_table(tmp_path, rows)
    return tmp_path / "table.csv"


def of_table(table: Path, **source) -> Project:
    data = project_data(model={"input": TWO_CHANNELS})
    data["data"]["sources"] = [{"name": "heads", "table": str(table), "columns": {"image": {"day": "d", "night": "n"}},
                                "split": {"column": "fold", "train": [1], "validation": [4]}} | source]
    return Project.model_validate(data)


def test_a_table_with_gaps_becomes_slices_of_all_channels_as_in_use(table, tmp_path, monkeypatch):
    monkeypatch.setattr(preparing, "write_report", lambda *given: given[-1].write_text(""))
    made = of_table(table)
    prepare_dataset(made, tmp_path / "dataset")
    dataset = load_dataset(tmp_path / "dataset")
    check_dataset_fits(dataset, made.model)
    slices = dataset.slices
    assert slices.images.shape == (6 * 18, 2, 32, 32) and slices.masks.shape == (6 * 18, 32, 32)
    for n in (0, 1):
        paths = [tmp_path / f"day{n}.nrrd", tmp_path / f"night{n}.nrrd" if n == 0 else None]
        assert dataset.items[n].channels == tuple(paths)
        used = prepare_channels([path and read(path) for path in paths], 32).inputs(0, 18)
        np.testing.assert_array_equal(slices.images[slices.items == n], used.astype(np.float16))
    gaps = (slices.images == MISSING).all(axis=(2, 3))
    assert gaps[slices.items == 1].all(axis=0).tolist() == [False, True] and gaps.sum() == 18
    assert slices.masks[slices.items == 1].any() and set(np.unique(slices.labels)) == {0, 1, 2}
    alone = one_channel_alone(dataset.items[:2], ["day", "night"])
    assert [[item.name for item in items] for items in alone.values()] == [
        [f"{dataset.items[0].name}, {name} alone"] for name in ("day", "night")], "the other item has one channel"
    night = alone["night"][0]
    assert night.channels == (None, night.image) and [one is None for one in read_channels(night)] == [True, False]
    stamp = (tmp_path / "dataset" / "images.npy").stat().st_mtime_ns
    prepare_dataset(made, tmp_path / "dataset")
    assert (tmp_path / "dataset" / "images.npy").stat().st_mtime_ns == stamp, "made once"


def test_a_sequence_alone_on_a_grid_of_its_own_is_measured_where_the_mask_lies(table, tmp_path):
    spec = tiny_model(tmp_path / "model", input=spec_data()["input"] | {"channels": TWO_CHANNELS["channels"]})
    day, night = (table.parent / f"{name}0.nrrd" for name in ("day", "night"))
    item = Item("x", day, table.parent / "mask0.nrrd", ("glioma",), "g", "s", "validation", True, channels=(day, night))
    cases = run_volumes([item, *one_channel_alone([item], ["day", "night"])["night"]], spec)
    assert cases[0].truth.shape != cases[1].truth.shape
    together, alone = (case.prepared.volume.ijk_to_ras @ [*np.argwhere(case.truth).mean(axis=0)[::-1], 1]
                       for case in cases)
    np.testing.assert_allclose(alone, together, atol=1.5)


def test_an_image_that_is_given_as_two_sequences_under_two_names_is_told(table, tmp_path):
    shutil.copy(table.parent / "day2.nrrd", table.parent / "night2.nrrd")
    dataset = prepare_dataset(of_table(table), tmp_path / "dataset")
    with open(dataset.folder / "problems.csv", newline="") as file:
        found = [row for row in csv.DictReader(file) if row["kind"] == "same sequence"]
    assert [(row["severity"], row["where"]) for row in found] == [("error", dataset.items[2].name)]
    assert "day and night are the same image" in found[0]["sentence"]


@pytest.mark.parametrize(("columns", "words"), [
    ({"image": "d"}, "columns.image is one column, but the model looks at day, night"),
    ({"image": {"day": "d", "dusk": "n"}}, "there is no channel 'dusk'"),
    ({"image": {"day": "d", "night": "x"}}, "no column 'x'"),
    ({"image": {"day": "d", "night": "d"}}, "day0.nrrd is given as two sequences of one row"),
    ({"image": {"night": "n"}}, "line 3: the image is not named"),
    ({}, "no column 'day'"),
])
def test_columns_that_do_not_fit_the_channels_are_told(table, tmp_path, columns, words):
    with pytest.raises(DataError, match=words):
        prepare_dataset(of_table(table, columns=columns), tmp_path / "dataset")


def test_a_folder_without_a_table_and_several_columns_for_one_image_are_refused(table, tmp_path):
    data = of_table(table).model_dump(mode="json")
    folder = {"name": "heads", "folder": str(table.parent)}
    with pytest.raises(DataError, match="does not say which channel"):
        prepare_dataset(Project.model_validate(data | {"data": {"sources": [folder]}}), tmp_path / "dataset")
    del data["model"]["input"]["channels"]
    with pytest.raises(DataError, match="has no channels"):
        prepare_dataset(Project.model_validate(data), tmp_path / "dataset")
    for wrong in ({"channels": TWO_CHANNELS["channels"][:1]}, {"channels": TWO_CHANNELS["channels"][:1] * 2}):
        with pytest.raises(ValueError, match="channels"):
            two(model={"input": TWO_CHANNELS | wrong})


def test_what_was_made_for_one_image_stays_as_it_was_and_is_not_taken_for_several(tmp_path):
    assert "channels" not in project().model.model_dump(mode="json")["input"]
    assert "in_channels" not in project().model.build_arguments()
    one, both = discs(tmp_path / "one"), discs(tmp_path / "two", channels=2)
    check_dataset_fits(one, project().model)
    check_dataset_fits(both, two().model)
    for dataset, model in ((one, two().model), (both, project().model)):
        with pytest.raises(DataError, match="channels"):
            check_dataset_fits(dataset, model)


def test_what_people_look_at_is_the_first_channel_that_is_there(tmp_path):
    images = discs(tmp_path, channels=2).slices.images[:3].copy()
    images[1, 0] = MISSING
    np.testing.assert_array_equal(pictures(images), [images[0, 0], images[1, 1], images[2, 0]])


# Learning


def test_all_channels_are_deformed_alike_and_recoloured_each_by_itself():
    picture = torch.randn(4, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    same = picture.expand(-1, 3, -1, -1).contiguous()
    masks = (picture[:, 0] > 1).to(torch.uint8)
    moved, _ = augment(same, masks, 32, NONE.model_copy(update={"rotation": 90.0, "elastic": 0.2}), chance(4))
    assert torch.equal(moved[:, 0], moved[:, 2]) and not torch.equal(moved, same)
    coloured, _ = augment(same, masks, 32, NONE.model_copy(update={"gamma": 1.0, "noise": 0.5}), chance(4))
    assert all(not torch.equal(coloured[:, 0], coloured[:, n]) for n in (1, 2))
    alone, drawn = augment(picture, masks, 32, Augmentation(), chance(4))
    jointly, drawn_too = augment(same, masks, 32, Augmentation(drop_channel=0), chance(4))
    assert torch.equal(drawn, drawn_too) and alone.shape == (4, 1, 32, 32) and jointly.shape == (4, 3, 32, 32)


def test_channels_are_dropped_as_often_as_asked_never_all_and_missing_ones_stay_missing():
    images = torch.randn(600, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    images[:300, 0] = MISSING
    masks = torch.zeros(600, 16, 16, dtype=torch.uint8)
    for share in (0.0, 0.25, 1.0):
        seen, _ = augment(images, masks, 16, Augmentation(drop_channel=share), chance(600))
        gone = (seen == MISSING).all(dim=(2, 3))
        assert gone[:300, 0].all() and not gone.all(dim=1).any()
        assert torch.isfinite(seen).all() and seen[~gone].abs().max() < 50
        dropped = gone[300:].float().mean(dim=0)
        expected = {0.0: 0.0, 0.25: 0.25 - 0.25**3 / 3, 1.0: 2 / 3}[share]
        assert torch.allclose(dropped, torch.full((3,), expected), atol=0.08)


def test_the_tokens_learn_without_decay_and_are_not_frozen():
    made = two()
    network = build_network(made.model)
    groups = parameter_groups(network, made.fit.optimiser, made.fit.initial.model_copy(update={"freeze": 1.0}))
    mine = [group for group in groups if any(p is network.encoder.gate.token for p in group["params"])]
    assert len(mine) == 1 and mine[0]["weight_decay"] == 0 and mine[0]["scale"] == 1
    assert not network.encoder.stem.down[0].conv.weight.requires_grad


def test_without_a_channel_a_network_does_worse_on_what_it_shows_and_runs(tmp_path, seed, record_property):
    dataset = discs(tmp_path / "dataset", 192, channels=2, radius=8)
    made = two(**SURE | {"augmentation": SURE["augmentation"] | {"drop_channel": 0.25}},
               stages=[{"size": 32, "epochs": 6}], validate_every=6, optimiser={"learning_rate": 2e-3})
    made = made.model_copy(update={"seed": seed})
    fit(made, dataset, tmp_path / "fit")
    _, network = stored_network(made.model, tmp_path / "fit")
    assert network.encoder.gate.token.abs().sum(dim=(1, 2)).min() > 0, "both tokens were learnt"
    validation, labels = dataset.slices.on("validation"), dataset.slices.labels
    right = {}
    for gone in (None, 0, 1):
        images = np.array(dataset.slices.images)
        if gone is not None:
            images[:, gone] = MISSING
        said = predict_slices(network, replace(dataset.slices, images=images), validation).class_logits
        assert np.isfinite(said).all()
        hit = said.argmax(axis=1) == labels[validation]
        right[gone] = [hit[labels[validation] == kind].mean() for kind in range(3)]
    seen, unseen = [*right[None], right[0][2], right[1][1]], [right[0][1], right[1][2]]
    record_property("margin", float(min(min(seen) / 0.7, (1 - max(unseen)) / 0.6)))
    assert min(right[None]) > 0.7
    assert right[0][1] < 0.4 and right[0][2] > 0.7, "bright discs cannot be seen, dark ones can"
    assert right[1][2] < 0.4 and right[1][1] > 0.7


def test_it_is_exported_with_its_channels_and_used_with_one_missing(tmp_path, monkeypatch):
    pytest.importorskip("openvino")
    quicken(monkeypatch)
    made, dataset, work = two(), discs(tmp_path / "dataset", channels=2), tmp_path
    run_of(work / "fit", made)
    evaluate(made, dataset, work / "fit")
    spec = export(made, work / "fit", work / "model")
    assert [channel.name for channel in spec.channels] == ["day", "night"]
    assert "| channels | day (shows bright discs); night" in (work / "model" / "README.md").read_text("utf-8")
    measured = load_table(evaluate_model(spec, dataset, work).with_name(TABLE_FILE))
    of_run = load_table(work / "fit" / "evaluation" / TABLE_FILE)
    np.testing.assert_allclose(measured.probabilities, of_run.probabilities, atol=1e-5)
    images = np.kron(np.array(dataset.slices.images[4], np.float32), np.ones((2, 2)))
    day, night = (Volume(100 * image[None] + 500, np.eye(4), name, planar=True)
                  for image, name in zip(images, ("day", "night"), strict=True))
    whole, partly = (Predictor(spec, "cpu").predict(given) for given in ([day, night], {"night": night}))
    assert not any("Without" in warning for warning in whole.warnings)
    assert any("Without day" in warning for warning in partly.warnings)


def test_pre_training_paints_what_is_there_and_its_tokens_are_taken_over(tmp_path):
    dataset = discs(tmp_path / "discs", channels=2)
    images = np.array(dataset.slices.images)
    images[::3, 1] = MISSING
    dataset = stored(tmp_path / "dataset", replace(dataset.slices, images=images), list(dataset.items))
    made = two().model_copy(update={"pretrain": two().pretrain.model_copy(update={
        "size": 32, "epochs": 1, "batch_size": 12, "decoder_width": 32, "decoder_depth": 1})})
    weights = load_weights(pretrain(made, dataset, tmp_path / "run"))
    assert weights["encoder.gate.token"].shape == (2, 16, 16) and weights["encoder.gate.token"].abs().sum() > 0
    assert (tmp_path / "run" / "reconstruction.png").is_file()


def test_networks_to_compare_with_look_at_one_image():
    with pytest.raises((ModelSpecError, ConfigError), match="looks at one image"):
        build_network(two(model={"architecture": "peer_cnn", "arguments": {}, "task": "classification"}).model)
