"""`prepare`: images become checked slices, once, however often it is stopped."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, to_sitk, write_series
from head_sets import BY_FOLD, FINDINGS, head, project, source, write, write_table
from unifiedvit_training.config import Project
from unifiedvit_training.data import prepare as preparing
from unifiedvit_training.data.dataset import CARD_FILE, load_dataset
from unifiedvit_training.data.prepare import prepare_dataset
from unifiedvit_training.errors import DataError
from unifiedvit_training.storage import digest_of_files

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.reading import read


@pytest.fixture(scope="module")
def plain(heads) -> Project:
    return project(source(heads[0] / "table.csv"))


@pytest.fixture(scope="module")
def finished(plain, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dataset") / "dataset"
    prepare_dataset(plain, folder)
    return folder


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    """Drawing the report takes longer than all else; `finished`, made before this, has a real one."""
    monkeypatch.setattr(preparing, "write_report", lambda *given: given[-1].write_text(""))


def test_a_prepared_set_holds_every_slice_as_in_use_with_its_mask_label_and_side(finished, heads):
    folder, rows = heads
    slices = load_dataset(finished).slices
    assert slices.images.shape == (36, 32, 32) and slices.images.dtype == np.float16
    assert slices.labels.tolist() == [n % 3 for n in range(36)] and slices.has_mask.all()
    assert slices.sides.tolist() == ["validation" if row["fold"] == 4 else "train" for row in rows]
    for n in (0, 7, 35):
        used = prepare(read(folder / rows[n]["image"]), 32)
        np.testing.assert_array_equal(slices.images[n], used.batch(0, 1)[0].astype(np.float16))
        if rows[n]["mask"]:
            drawn = (read(folder / rows[n]["mask"]).array > 0).astype(np.float32)
            np.testing.assert_array_equal(slices.masks[n], used.frame.to_network(drawn)[0] > 0.5)


@pytest.fixture
def volume(tmp_path) -> dict:
    """A volume of 18 slices: two with a large lesion of two tissues, one with a speck; and one without a mask."""
    image = head_volume(spacing=(1.25, 1.25, 5.0), shape=(18, 64, 60))
    mask = np.zeros(image.array.shape, np.uint8)
    mask[8:10, 22:38, 22:38], mask[8:10, 38:46, 22:38], mask[12, 30, 30] = 3, 7, 3
    for name, values in (("v.nrrd", image.array), ("v_seg.nrrd", mask), ("w.nrrd", image.array[:, ::-1].copy())):
        written = sitk.GetImageFromArray(values)
        written.CopyInformation(to_sitk(image))
        sitk.WriteImage(written, str(tmp_path / name))
    write_table(tmp_path, [{"image": "v.nrrd", "mask": "v_seg.nrrd", "label": "bright", "fold": 1},
                           {"image": "w.nrrd", "mask": "", "label": "healthy", "fold": 4}])
    return {"name": "volumes", "table": str(tmp_path / "table.csv"), "split": BY_FOLD}


TWO_TISSUES = {"segments": [{"name": "Rim", "colour": [9, 9, 9]}, {"name": "Core", "colour": [8, 8, 8]}],
               "input": {"size": 96, "modality": "any", "expects": "heads"}}
VALUES = {3: "Core", 7: "Rim"}


def test_slices_of_a_volume_are_named_by_what_is_drawn_on_them(heads, volume, tmp_path):
    dataset = prepare_dataset(
        project(source(heads[0] / "table.csv", mask_values={255: "Rim"}), volume | {"mask_values": VALUES},
                **TWO_TISSUES), tmp_path / "dataset",
    )
    own = dataset.slices.sources == "volumes"
    sick, well = (dataset.slices.labels[own & (dataset.slices.sides == side)] for side in ("train", "validation"))
    assert well.tolist() == [0] * 18 and dataset.slices.has_mask[own].all()
    assert sorted(sick.tolist()) == [-1] + [0] * 15 + [1] * 2, "a speck is too little to name a slice by"
    lesion = dataset.slices.masks[own][:18][sick == 1]
    assert {tuple(np.unique(mask)) for mask in lesion} == {(0, 1, 2)}
    assert all(1.5 < (mask == 2).sum() / (mask == 1).sum() < 2.7 for mask in lesion)
    assert [item.volume for item in dataset.items[-2:]] == [True, True] and set(dataset.slices.planes[own]) == {"axial"}


def test_a_plane_and_every_third_slice_can_be_asked_for(heads, volume, tmp_path):
    sources = source(heads[0] / "table.csv", mask_values={255: "Rim"}), \
        volume | {"mask_values": VALUES, "slice_labels": "volume"}
    coronal = project(*sources, plane="coronal", slice_stride=3, **TWO_TISSUES)
    assert coronal.model.input.plane == "coronal", "the model is shown what it has learnt from"
    assert "plane" not in project(*sources, **TWO_TISSUES).model.model_dump()["input"]
    with pytest.raises(ValueError, match=r"model\.input\.plane \(sagittal\) is not data\.plane \(coronal\)"):
        Project.model_validate(coronal.model_dump() | {"model": coronal.model.model_dump() | {
            "input": coronal.model.input.model_dump() | {"plane": "sagittal"}}})
    dataset = prepare_dataset(coronal, tmp_path / "dataset")
    own = dataset.slices.items == 36
    assert dataset.slices.positions[own].tolist() == list(range(0, 64, 3))
    assert set(dataset.slices.planes[own]) == {"coronal"} and set(dataset.slices.labels[own]) == {1}


def spoil_size(folder: Path) -> None:
    write(folder / "v_seg.nrrd", np.ones((18, 64, 50), np.uint8) * (np.arange(50) > 20))


def spoil_place(folder: Path) -> None:
    mask = sitk.ReadImage(str(folder / "v_seg.nrrd"))
    mask.SetOrigin([value + 9 for value in mask.GetOrigin()])
    sitk.WriteImage(mask, str(folder / "v_seg.nrrd"))


def spoil_values(folder: Path) -> None:
    sitk.WriteImage(sitk.ReadImage(str(folder / "v_seg.nrrd")) * 2, str(folder / "v_seg.nrrd"))


def spoil_bytes(folder: Path) -> None:
    (folder / "v_seg.nrrd").write_bytes((folder / "v_seg.nrrd").read_bytes()[:200])


@pytest.mark.parametrize(("spoil", "says"), [
    (spoil_size, "50 x 64 x 18 voxels, the image 60 x 64 x 18"), (spoil_place, "from where the image is"),
    (spoil_values, "holds 6, 14, which mask_values does not name"), (spoil_bytes, "damaged"),
])
def test_a_mask_that_does_not_fit_its_image_is_refused_by_name(heads, volume, tmp_path, spoil, says):
    spoil(tmp_path)
    given = project(source(heads[0] / "table.csv", mask_values={255: "Rim"}), volume | {"mask_values": VALUES},
                    **TWO_TISSUES)
    with pytest.raises(DataError, match="1 of 38 images cannot be used") as error:
        prepare_dataset(given, tmp_path / "dataset")
    assert says in str(error.value) and "volumes/v.nrrd" in str(error.value) and "v_seg" in str(error.value)
    assert not (tmp_path / "dataset" / "dataset.json").exists()


def test_an_image_that_cannot_be_read_does_not_hide_the_next(heads, tmp_path):
    folder, rows = heads
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"no picture")
    broken = [rows[0] | {"image": str(tmp_path / name), "patient": name} for name in ("a.png", "b.png")]
    table = write_table(tmp_path, [*broken, *rows])
    with pytest.raises(DataError, match="2 of 38 images cannot be used") as error:
        prepare_dataset(project(source(table, images=str(folder), masks=str(folder))), tmp_path / "dataset")
    assert "a.png" in str(error.value) and "b.png" in str(error.value)


@pytest.mark.parametrize(("setting", "known"), [(None, [True, False]), (True, [True, True]), (False, [False, False])])
def test_what_a_missing_mask_means_can_be_said(heads, tmp_path, setting, known):
    folder, rows = heads
    unmasked = [row | {"mask": "" if row["label"] == "dark" else row["mask"]} for row in rows]
    given = source(write_table(tmp_path, unmasked), images=str(folder), masks=str(folder), empty_masks=setting)
    slices = prepare_dataset(project(given), tmp_path / "dataset").slices
    assert [slices.has_mask[slices.labels == label].all() for label in (0, 2)] == known
    assert slices.has_mask[slices.labels == 1].all() and not slices.masks[slices.labels != 1].any()


def test_several_diagnoses_at_once_become_answers_of_their_own(heads, tmp_path):
    folder, rows = heads
    cells = {"healthy": "none", "bright": "bright;dark", "dark": ""}
    table = write_table(tmp_path, [row | {"label": cells[row["label"]]} for row in rows])
    slices = prepare_dataset(project(source(table, images=str(folder), masks=str(folder)), diagnosis="multi-label",
                                     classes=FINDINGS), tmp_path / "dataset").slices
    assert slices.labels[:3].tolist() == [[0, 0], [1, 1], [-1, -1]]
    assert slices.has_mask[:3].tolist() == [True, True, True], "where nothing is found nothing is drawn"


class Stopped(Exception):
    """Stands for the end of a process."""


def test_an_interrupted_run_goes_on_and_gives_the_same(plain, finished, tmp_path, monkeypatch, capsys):
    folder, real, calls = tmp_path / "dataset", preparing.slice_item, []

    def until(item, *rest):
        calls.append(item.name)
        if len(calls) > 20:
            raise Stopped
        return real(item, *rest)

    monkeypatch.setattr(preparing, "slice_item", until)
    with pytest.raises(Stopped):
        prepare_dataset(plain, folder)
    with open(folder / "images.part", "ab") as file:  # as if killed while writing
        file.write(b"half a slice")
    monkeypatch.setattr(preparing, "slice_item", lambda item, *rest: calls.append(item.name) or real(item, *rest))
    calls.clear()
    again = prepare_dataset(plain, folder)
    assert "Going on after 16 of 36 images" in capsys.readouterr().out and len(calls) == 20
    whole = load_dataset(finished)
    for name in ("images", "masks", "labels", "groups", "sides", "positions"):
        np.testing.assert_array_equal(getattr(again.slices, name), getattr(whole.slices, name))


def test_masks_of_before_are_not_taken_where_a_run_ended_between_the_two_renames(heads, tmp_path):
    folder, dataset = heads[0], tmp_path / "dataset"
    rows = [row | {"mask": row["mask"] and str(tmp_path / row["mask"])} for row in heads[1]]
    for row in rows:
        if row["mask"]:
            shutil.copy(folder / Path(row["mask"]).name, row["mask"])
    given = project(source(write_table(tmp_path, rows), images=str(folder)))
    prepare_dataset(given, dataset)
    for name in ("masks.npy", CARD_FILE):
        shutil.copy(dataset / name, tmp_path / name)
    for row in rows:
        if row["mask"]:
            write(Path(row["mask"]), sitk.GetArrayFromImage(sitk.ReadImage(row["mask"]))[:, ::-1].copy())
    right = np.array(prepare_dataset(given, dataset).slices.masks)
    os.replace(dataset / "masks.npy", dataset / "masks.part")
    for name in ("masks.npy", CARD_FILE):
        shutil.copy(tmp_path / name, dataset / name)
    np.testing.assert_array_equal(prepare_dataset(given, dataset).slices.masks, right)
    assert not [*dataset.glob("*.part")] and (np.load(tmp_path / "masks.npy") != right).any()


def test_a_finished_dataset_is_returned_at_once(plain, finished, monkeypatch, capsys):
    monkeypatch.setattr(preparing, "slice_item", None)
    monkeypatch.setattr(preparing, "write_report", None)
    assert len(prepare_dataset(plain, finished).slices) == 36
    assert "36 slices of 36 images" in capsys.readouterr().out


def test_another_split_uses_the_slices_again_and_another_recipe_does_not(heads, tmp_path, monkeypatch, capsys):
    table, folder = heads[0] / "table.csv", tmp_path / "dataset"
    first = prepare_dataset(project(source(table)), folder)
    kept = np.array(first.slices.images)
    made, real = [], preparing.slice_item
    monkeypatch.setattr(preparing, "slice_item", lambda item, *rest: made.append(item) or real(item, *rest))
    other = prepare_dataset(project(source(table, split=BY_FOLD | {"train": [2, 3, 4], "validation": [1]})), folder)
    assert not made and "data, files changed" in capsys.readouterr().out
    assert (other.slices.sides != first.slices.sides).any()
    np.testing.assert_array_equal(other.slices.images, kept)
    larger = prepare_dataset(project(source(table), input={"size": 48, "modality": "any", "expects": "discs"}), folder)
    assert len(made) == 36 and larger.slices.images.shape == (36, 48, 48)
    np.testing.assert_array_equal(first.slices.images, kept)  # who reads the older dataset keeps it


def test_a_mended_file_is_prepared_again(heads, tmp_path):
    folder, rows = heads
    image, _ = head(np.random.default_rng(9), 0)
    local = [row | {"image": str(tmp_path / "own.png")} if n == 0 else row for n, row in enumerate(rows)]
    write(tmp_path / "own.png", image)
    given = project(source(write_table(tmp_path, local), images=str(folder), masks=str(folder)))
    before = np.array(prepare_dataset(given, tmp_path / "dataset").slices.images[0])
    write(tmp_path / "own.png", image[::-1].copy())
    assert (prepare_dataset(given, tmp_path / "dataset").slices.images[0] != before).any()


def test_another_image_of_the_same_size_and_time_is_prepared_again(heads, tmp_path):
    folder, rows = heads
    own = tmp_path / "own.mha"
    local = [row | {"image": str(own)} if n == 0 else row for n, row in enumerate(rows)]
    given = project(source(write_table(tmp_path, local), images=str(folder), masks=str(folder)))
    seen = []
    for seed in (8, 9):
        write(own, head(np.random.default_rng(seed), 0)[0])
        os.utime(own, ns=(1, 1))
        seen.append((own.stat().st_size, np.array(prepare_dataset(given, tmp_path / "dataset").slices.images[0])))
    assert seen[0][0] == seen[1][0] and (seen[0][1] != seen[1][1]).any()


def test_a_slice_that_was_replaced_in_a_series_folder_is_noticed(tmp_path):
    series = write_series(tmp_path / "series", np.zeros((2, 8, 8), np.uint16), np.eye(4))
    one = sorted(series.iterdir())[0]
    digest, content, time = digest_of_files(series), one.read_bytes(), one.stat().st_mtime_ns
    one.write_bytes(content[:-1] + b"\x01")
    os.utime(one, ns=(time, time))
    assert digest_of_files(series) != digest


def test_a_full_disk_and_a_folder_that_cannot_be_written_are_said_and_lose_nothing(plain, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="cannot be written"):
        prepare_dataset(plain, tmp_path / "file" / "dataset")
    folder, real = tmp_path / "dataset", np.savez

    def full(part, **arrays):
        if (folder / "parts" / "000000.npz").exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(part, **arrays)

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(DataError, match=os.strerror(errno.ENOSPC)):
        prepare_dataset(plain, folder)
    monkeypatch.setattr(np, "savez", real)
    assert len(prepare_dataset(plain, folder).slices) == 36
