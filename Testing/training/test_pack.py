"""A data set packed for another machine, and a run that stops when its time is up."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file
from training_sets import discs, project, project_data, stored
from unifiedvit_training.cli import main
from unifiedvit_training.config import load_project
from unifiedvit_training.data.dataset import load_dataset
from unifiedvit_training.data.packing import pack_dataset, unpack_dataset
from unifiedvit_training.errors import DataError
from unifiedvit_training.learning.fit import fit

from UnifiedViTLib.spec import MISSING


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return discs(tmp_path_factory.mktemp("packed") / "dataset")


def test_a_packed_data_set_is_the_same_within_what_a_byte_can_tell(tmp_path, dataset):
    pack_dataset(dataset, {}, tmp_path / "pack")
    found = unpack_dataset(tmp_path / "pack", tmp_path / "work")
    assert found.items == dataset.items and found.recipe == dataset.recipe
    for name in ("masks", "has_mask", "labels", "items", "positions", "groups", "sources", "sides", "planes"):
        assert np.array_equal(getattr(found.slices, name), getattr(dataset.slices, name)), name
    images = dataset.slices.images.astype(np.float32)
    steps = np.ptp(images, axis=(1, 2)) / 255
    assert (np.abs(found.slices.images - images) < 0.6 * steps[:, None, None] + 5e-3).all()


def test_channels_that_are_missing_stay_missing(tmp_path):
    both = discs(tmp_path / "both", channels=2)
    gone = np.zeros((len(both.slices), 2), bool)
    gone[::3, 0] = gone[1::3, 1] = True
    images = np.where(gone[..., None, None], np.float16(MISSING), both.slices.images)
    dataset = stored(tmp_path / "dataset", replace(both.slices, images=images), list(both.items))
    pack_dataset(dataset, {}, tmp_path / "pack")
    found = unpack_dataset(tmp_path / "pack", tmp_path / "work").slices.images
    assert (found[gone] == MISSING).all() and (found[~gone] > MISSING / 2).all()


def test_archives_are_no_larger_than_asked_and_one_that_is_lost_is_told(tmp_path):
    dataset = discs(tmp_path / "dataset", count=200)
    parts = pack_dataset(dataset, {"note.txt": b"x" * 20_000}, tmp_path / "pack", part_bytes=120_000)
    assert len(parts) > 1 and all(part.stat().st_size <= 120_000 for part in parts)
    unpack_dataset(tmp_path / "pack", tmp_path / "work")
    assert (tmp_path / "work" / "note.txt").read_bytes() == b"x" * 20_000
    with pytest.raises(DataError, match="holds a prepared dataset already"):
        unpack_dataset(tmp_path / "pack", tmp_path / "work")
    corrected = replace(dataset, slices=replace(dataset.slices, masks=dataset.slices.masks[..., ::-1]))
    others = pack_dataset(corrected, {"note.txt": b"x" * 20_000}, tmp_path / "corrected", part_bytes=120_000)
    kept = parts[-1].read_bytes()
    parts[-1].write_bytes(others[-1].read_bytes())  # copied before a correction, or after it
    with pytest.raises(DataError, match=rf"not whole \({parts[-1].name} is of another pack\)"):
        unpack_dataset(tmp_path / "pack", tmp_path / "mixed")
    parts[-1].write_bytes(kept)
    parts[-1].unlink()
    with pytest.raises(DataError, match=r"not whole \(\d+ of 200 slices are missing\)"):
        unpack_dataset(tmp_path / "pack", tmp_path / "other")
    with pytest.raises(DataError, match="not a prepared dataset"):
        load_dataset(tmp_path / "other" / "dataset")


def test_files_of_two_datasets_are_no_dataset(tmp_path):
    folder = discs(tmp_path / "dataset").folder
    np.save(folder / "labels.npy", np.load(folder / "labels.npy")[:-1])
    with pytest.raises(DataError, match="its files are of datasets of different sizes"):
        load_dataset(folder)


def test_a_damaged_archive_is_told(tmp_path, dataset):
    part, = pack_dataset(dataset, {}, tmp_path / "pack")
    content = bytearray(part.read_bytes())
    with zipfile.ZipFile(part) as archive:
        place = archive.getinfo("slices-0000000.npz").header_offset + 2000
    content[place:place + 100] = bytes(100)
    part.write_bytes(content)
    with pytest.raises(DataError, match="Copy all of them again"):
        unpack_dataset(tmp_path / "pack", tmp_path / "work")


def test_a_file_that_no_archive_can_hold_and_a_folder_without_archives_are_told(tmp_path, dataset):
    with pytest.raises(DataError, match="weights alone"):
        pack_dataset(dataset, {"weights": bytes(50_000)}, tmp_path / "pack", part_bytes=40_000)
    with pytest.raises(DataError, match="holds no archives"):
        unpack_dataset(tmp_path / "nothing", tmp_path / "work")


def test_a_pack_is_trained_elsewhere_from_the_weights_that_the_project_names(tmp_path, capsys):
    home, away = tmp_path / "home", tmp_path / "away"
    discs(home / "dataset")
    first = fit(project(stages=[{"size": 32, "epochs": 1}]), load_dataset(home / "dataset"), home / "first")
    file = home / "project.yaml"
    file.write_text(yaml.safe_dump(project_data(stages=[{"size": 32, "epochs": 1}],
                                                initial={"weights": "first/best.safetensors"})))
    assert first == home / "first" / "best.safetensors"
    assert main(["pack", str(file), "--work-dir", str(home), "--output", str(tmp_path / "pack")]) == 0
    home.rename(tmp_path / "gone")
    assert main(["unpack", str(tmp_path / "pack"), "--work-dir", str(away)]) == 0
    before, taken = load_file(tmp_path / "gone" / "first" / "best.safetensors"), load_file(away / "initial.safetensors")
    assert before.keys() == taken.keys() and all(torch.equal(taken[name], value) for name, value in before.items())
    assert load_project(away / "project.yaml").fit.initial.weights == away / "initial.safetensors"
    sides = np.load(away / "dataset" / "sides.npy")
    np.save(away / "dataset" / "sides.npy", np.where(sides == "train", "test", sides))
    assert main(["fit", str(away / "project.yaml"), "--work-dir", str(away)]) == 1
    assert "learnt from" in (said := capsys.readouterr().err) and "on the validation or test side" in said
    np.save(away / "dataset" / "sides.npy", sides)
    assert main(["fit", str(away / "project.yaml"), "--work-dir", str(away)]) == 0
    assert "takes over from" in capsys.readouterr().out
    assert (away / "fit" / "best.safetensors").exists()


def curve(run: Path) -> list[dict[str, str]]:
    with open(run / "train.csv", newline="") as file:
        return [{k: v for k, v in row.items() if k != "images_per_second"} for row in csv.DictReader(file)]


def test_a_run_whose_time_is_up_goes_on_and_ends_as_if_it_had_not_stopped(tmp_path, dataset, capsys):
    plan = project(stages=[{"size": 32, "epochs": 2}], validate_every=1)
    whole = fit(plan, dataset, tmp_path / "whole")
    stops = 0
    while fit(plan, dataset, tmp_path / "cut", max_minutes=0) == tmp_path / "cut" / "last.safetensors":
        stops += 1
        assert stops < 20
    fit(plan, dataset, tmp_path / "cut")
    assert "Time is up: stopped in epoch 1 of 2, after 1 of" in capsys.readouterr().out and stops > 1
    one, two = load_file(whole), load_file(tmp_path / "cut" / "best.safetensors")
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    assert curve(tmp_path / "whole") == curve(tmp_path / "cut")
