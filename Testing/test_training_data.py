"""`prepare`: tables and folders become checked slices with a split that keeps patients together."""

from __future__ import annotations

import csv
import errno
import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, to_sitk
from training_sets import project_data
from unifiedvit_training.config import Project
from unifiedvit_training.data import prepare as preparing
from unifiedvit_training.data import shortcut
from unifiedvit_training.data.dataset import load_dataset
from unifiedvit_training.data.duplicates import find_twins
from unifiedvit_training.data.prepare import prepare_dataset
from unifiedvit_training.data.sources import list_items
from unifiedvit_training.data.splits import assign_sides, deal
from unifiedvit_training.errors import DataError

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.reading import read

CLASSES = ("healthy", "bright", "dark")


def project(*sources: dict, plane: str = "auto", every: int = 1, seed: int = 0, **model) -> Project:
    data = project_data(model=model)
    data["data"] = {"sources": list(sources), "plane": plane, "every": every}
    return Project.model_validate(data | {"seed": seed})


def write(file: Path, array: np.ndarray) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(file))
    return file.name


def head(chance: np.random.Generator, kind: int) -> tuple[np.ndarray, np.ndarray]:
    """A blotchy head of 48 pixels, (48, 48) uint8, with a bright (1) or dark (2) disc or none (0), and the disc."""
    y, x = np.mgrid[:48, :48]
    blotches = np.kron(chance.normal(0, 30, (8, 8)), np.ones((6, 6)))
    image = (110 + blotches + chance.normal(0, 6, (48, 48))) * ((x - 24) ** 2 + (y - 24) ** 2 < 484)
    cy, cx = chance.integers(16, 32, 2)
    disc = (x - cx) ** 2 + (y - cy) ** 2 < 25
    if kind:
        image[disc] = 240 if kind == 1 else 30
    return image.clip(0, 255).astype(np.uint8), disc * np.uint8(255 if kind else 0)


def write_table(folder: Path, rows: list[dict], name: str = "table.csv") -> Path:
    with open(folder / name, "w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return folder / name


@pytest.fixture(scope="module")
def heads(tmp_path_factory) -> tuple[Path, list[dict]]:
    """36 heads of 12 patients in four folds, with masks where there is a disc; and the rows that say so."""
    folder = tmp_path_factory.mktemp("heads")
    chance, rows = np.random.default_rng(1), []
    for n in range(36):
        image, disc = head(chance, n % 3)
        rows.append({
            "image": write(folder / f"{n}.png", image), "label": CLASSES[n % 3], "patient": f"p{n // 3}",
            "mask": write(folder / f"{n}m.png", disc) if n % 3 else "", "fold": n // 3 % 4 + 1,
        })
    write_table(folder, rows)
    return folder, rows


BY_FOLD = {"column": "fold", "train": [1, 2, 3], "validation": [4]}


def source(table: Path, **more) -> dict:
    return {"name": "heads", "table": str(table), "columns": {"group": "patient"}, "split": BY_FOLD} | more


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
    """Drawing the report takes longer than all else; `finished` and `flawed`, made before this, have a real one."""
    monkeypatch.setattr(preparing, "write_report", lambda *given: given[-1].write_text(""))


def mistakes(given: Project) -> str:
    with pytest.raises(DataError) as error:
        assign_sides(list_items(given), given)
    return str(error.value)


def test_a_table_from_a_spreadsheet_is_read_as_it_comes(heads, tmp_path):
    lines = ['Image;diagnoses;patient;', f'{heads[0] / "1.png"};"bright; dark";p1;x', f'{heads[0] / "2.png"};none;;x',
             f'{heads[0] / "0.png"};healthy;p3;x', f'{heads[0] / "4.png"};;p3;x']
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    given = project({"name": "s", "table": str(tmp_path / "t.csv"), "columns": {"labels": "diagnoses",
                    "group": "patient"}}, diagnosis="multi-label")
    items = [row.item for row in list_items(given)["s"]]
    assert [item.labels for item in items] == [("bright", "dark"), ("none",), ("healthy",), ()]
    assert [item.group for item in items][::2] == ["s/p1", "s/p3"]
    assert items[1].group not in (items[0].group, items[2].group), "without a patient an image is a group of its own"


def test_all_mistakes_of_a_table_are_said_at_once(heads, tmp_path):
    folder, rows = heads
    wrong = [dict(row) for row in rows[:5]]
    wrong[1]["label"], wrong[2]["image"], wrong[4]["mask"] = "brihgt", "gone.png", "gone_too.png"
    table = write_table(tmp_path, [*wrong, rows[0]])
    said = mistakes(project(source(table, images=str(folder), masks=str(folder))))
    for part in ("4 mistakes", "line 3: unknown class brihgt", "gone.png does not exist", "line 6: the mask",
                 "0.png is listed twice"):
        assert part in said


def test_of_many_mistakes_the_first_ten_are_shown_and_the_rest_counted(heads, tmp_path):
    said = mistakes(project(source(write_table(tmp_path, heads[1]))))
    assert said.count("does not exist") == 10 and "60 mistakes" in said and "and 50 more" in said


def test_a_wrong_column_is_named_with_those_that_there_are(heads):
    said = mistakes(project(source(heads[0] / "table.csv", columns={"image": "picture", "group": "patient"})))
    assert "no column 'picture'" in said and "image, label, patient, mask, fold" in said


@pytest.mark.parametrize("text", [b"", b"image,label\n\xff\xfe,healthy", b'image,label\n"open,healthy',
                                  b"image,label\na.png,healthy,more", b"image,label\na.png"])
def test_a_damaged_table_is_refused_in_words(tmp_path, text):
    (tmp_path / "t.csv").write_bytes(text)
    assert "s" in mistakes(project({"name": "s", "table": str(tmp_path / "t.csv")}))


def test_folders_are_read_by_their_layout(heads, tmp_path):
    folder, rows = heads
    for row in rows[:6]:
        pixels = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / row["image"])))
        write(tmp_path / "table" / "images" / row["image"], pixels)
        write(tmp_path / "classes" / row["label"] / row["image"], pixels)
        if row["mask"]:
            write(tmp_path / "table" / "masks" / row["image"], pixels)
            write(tmp_path / "classes" / row["label"] / row["image"].replace(".png", "_mask.png"), pixels)
    write_table(tmp_path / "table", [{"image": r["image"], "label": r["label"]} for r in rows[:6]], "labels.csv")
    for name in ("v.nii.gz", "v_seg.nii.gz", "w.nrrd"):
        write(tmp_path / "volumes" / name, head_volume(shape=(4, 36, 34)).array)
    found = list_items(project(*({"name": name, "folder": str(tmp_path / name)} for name in ("table", "classes")),
                               {"name": "volumes", "folder": str(tmp_path / "volumes"), "label": "bright"}))
    for name in ("table", "classes"):
        assert sorted(row.item.labels[0] for row in found[name]) == sorted(row["label"] for row in rows[:6])
        assert [row.item.mask is None for row in found[name]].count(False) == 4
        assert all(row.item.mask is None or row.item.image.stem in row.item.mask.stem for row in found[name])
    assert [(row.item.image.name, row.item.mask and row.item.mask.name) for row in found["volumes"]] == \
        [("v.nii.gz", "v_seg.nii.gz"), ("w.nrrd", None)]


def test_a_group_on_two_sides_is_refused(heads, tmp_path):
    folder, rows = heads
    table = write_table(tmp_path, [row | {"patient": "p0" if row["patient"] == "p3" else row["patient"]}
                                   for row in rows])
    said = mistakes(project(source(table, images=str(folder), masks=str(folder))))
    assert "1 of 11 groups stand on two sides" in said and "heads/p0 (train and validation)" in said


def test_a_side_without_images_and_a_fold_of_one_class_are_refused(heads, tmp_path):
    folder, rows = heads
    more = {"images": str(folder), "masks": str(folder)}
    table = write_table(tmp_path, rows)
    split = {"column": "fold", "train": [1, 2, 3], "validation": [9]}
    assert "no image on the validation side" in mistakes(project(source(table, split=split, **more)))
    table = write_table(tmp_path, [row for row in rows if row["fold"] != 4 or row["label"] == "bright"])
    with pytest.raises(DataError, match="validation side of the split has no image of dark"):
        prepare_dataset(project(source(table, **more)), tmp_path / "dataset")
    table = write_table(tmp_path, [row for row in rows if row["fold"] != 4 or row["label"] != "healthy"])
    with pytest.raises(DataError, match="validation side of the split has no image of healthy"):
        prepare_dataset(project(source(table, **more)), tmp_path / "dataset")


def test_dealt_sides_keep_groups_together_spread_classes_and_depend_on_the_seed_alone():
    chance = np.random.default_rng(0)
    groups = [f"g{n}" for n in chance.integers(0, 120, 900)]
    kind = {group: "abc"[n % 3] for n, group in enumerate(sorted(set(groups)))}
    strata = [kind[group] for group in groups]
    parts = np.array(deal(groups, strata, (0.7, 0.15, 0.15), 3))
    assert parts.tolist() == deal(groups, strata, (0.7, 0.15, 0.15), 3) != deal(groups, strata, (0.7, 0.15, 0.15), 4)
    assert all(len({part for part, g in zip(parts, groups, strict=True) if g == group}) == 1 for group in set(groups))
    for name in "abc":
        of_class = parts[np.array(strata) == name]
        assert np.bincount(of_class) / len(of_class) == pytest.approx([0.7, 0.15, 0.15], abs=0.02)


def test_a_class_of_few_patients_is_on_every_side():
    strata = ["common"] * 40 + ["rare"] * 3
    parts = deal([str(n) for n in range(43)], strata, (0.7, 0.15, 0.15), 0)
    assert sorted(parts[40:]) == [0, 1, 2]


def test_over_all_folds_each_image_is_for_validation_once(heads):
    seen = []
    for fold in range(1, 5):
        given = project(source(heads[0] / "table.csv", split={"folds": 4, "fold": fold}))
        items, _ = assign_sides(list_items(given), given)
        seen += [item.name for item in items if item.side == "validation"]
        assert {item.side for item in items} == {"train", "validation"}
    assert len(seen) == len(set(seen)) == 36


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
    dataset = prepare_dataset(project(*sources, plane="coronal", every=3, **TWO_TISSUES), tmp_path / "dataset")
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
    cells = {"healthy": "healthy", "bright": "bright;dark", "dark": ""}
    table = write_table(tmp_path, [row | {"label": cells[row["label"]]} for row in rows])
    slices = prepare_dataset(project(source(table, images=str(folder), masks=str(folder)), diagnosis="multi-label"),
                             tmp_path / "dataset").slices
    assert slices.labels[:3].tolist() == [[1, 0, 0], [0, 1, 1], [-1, -1, -1]]


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
    os.utime(tmp_path / "own.png", ns=(1, 1))
    assert (prepare_dataset(given, tmp_path / "dataset").slices.images[0] != before).any()


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
    with pytest.raises(DataError, match="No space left"):
        prepare_dataset(plain, folder)
    monkeypatch.setattr(np, "savez", real)
    assert len(prepare_dataset(plain, folder).slices) == 36


@pytest.fixture(scope="module")
def flawed(heads, tmp_path_factory) -> tuple[Path, dict[str, list[dict]]]:
    """The heads with one flaw of each kind; the dataset's folder and what was found, by kind."""
    home = tmp_path_factory.mktemp("flawed")
    folder, rows = heads
    rows = [dict(row) for row in rows]
    pixels = [sitk.GetArrayFromImage(sitk.ReadImage(str(folder / row["image"]))) for row in rows]

    def change(n: int, image: np.ndarray | None = None, **cells) -> None:
        if image is not None:
            cells["image"] = str(home / write(home / f"flaw{n}.png", np.ascontiguousarray(image)))
        rows[n].update(cells)

    far = np.zeros((48, 48), np.uint8)
    far[:5, :5] = 255
    framed = pixels[8].copy()
    framed[[0, -1]] = framed[:, [0, -1]] = 230
    change(9, pixels[0][:, ::-1])                                     # on the other side, mirrored
    change(16, pixels[1])                                             # in another group of the same side
    change(14, pixels[13])                                            # of the same patient, labelled otherwise
    change(2, mask="")
    change(4, mask=str(home / write(home / "empty.png", far * 0)))
    change(5, mask=str(home / write(home / "far.png", far)))
    change(6, mask=str(folder / rows[1]["mask"]))
    change(7, 255 - pixels[7])
    change(8, framed)
    change(12, np.minimum(pixels[12], 100))
    change(15, pixels[15][4:-4, 4:-4])
    rows.append(rows[0] | {"image": str(home / "nobody.png"), "label": "", "patient": "<b>nobody</b>"})
    write(home / "nobody.png", head(np.random.default_rng(77), 0)[0])
    rows.append(rows[0] | {"fold": "9", "patient": "ninth", "image": str(folder / "0m.png")})
    write(folder / "0m.png", pixels[0])
    dataset = prepare_dataset(project(source(write_table(home, rows), images=str(folder), masks=str(folder)),
                                      input={"size": 96, "modality": "any", "expects": "discs"}), home / "dataset")
    found: dict[str, list[dict]] = {}
    with open(dataset.folder / "problems.csv", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["kind"], []).append(row)
    return dataset.folder, found


@pytest.mark.parametrize(("kind", "where"), [
    ("leak", "0.png"), ("duplicate", "1.png"), ("contradiction", "13.png"), ("missing mask", "2.png"),
    ("empty mask", "4.png"), ("misaligned mask", "5.png"), ("healthy mask", "6.png"), ("inverted", "flaw7.png"),
    ("frame", "flaw8.png"), ("clipped", "flaw12.png"), ("tiny image", "flaw15.png"), ("unnamed", "heads"),
    ("left out", "heads"),
])
def test_each_planted_flaw_is_found_where_it_is_and_nowhere_else(flawed, kind, where):
    _, found = flawed
    assert [Path(row["where"]).name for row in found.get(kind, [])] == [where]


def test_a_leak_is_an_error_that_the_report_and_the_summary_show(flawed):
    folder, found = flawed
    assert found["leak"][0]["severity"] == "error" and "mirror image" in found["leak"][0]["sentence"]
    assert "1 slices of the validation and test sides look like one on another side" in \
        (folder / "summary.txt").read_text()
    assert "Near-duplicates on two sides" in (folder / "report.html").read_text()


def test_the_report_is_one_file_whose_texts_are_escaped(flawed):
    page = (flawed[0] / "report.html").read_text()
    assert page.count("data:image/") > 20 and "<b>" not in page and "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    for title in ("Split", "Samples", "Lesion sizes", "Intensities", "Problems found", "guessed without looking"):
        assert title in page


def test_neighbours_in_a_volume_are_no_duplicates_but_the_same_volume_under_another_name_is():
    chance = np.random.default_rng(0)
    smooth = np.cumsum(chance.normal(0, 0.05, (20, 40, 40)), axis=0) + chance.normal(0, 1, (40, 40))
    images = np.concatenate([smooth, chance.normal(0, 1, (20, 40, 40)), smooth[:, :, ::-1]]).astype(np.float16)
    items, full = np.repeat([0, 1, 2], 20), np.ones(60)
    labels, sides = np.zeros(60, int), np.repeat(["train", "train", "validation"], 20)
    twins = find_twins(images, full, items, items, labels, sides)
    assert {(twin.first, twin.second - 40) for twin in twins["sides"]} >= {(n, n) for n in range(20)}
    assert all(twin.mirrored for twin in twins["sides"]) and not twins["groups"] and not twins["labels"]


def test_a_class_that_brightness_betrays_is_told_raw_and_no_longer_once_equalised():
    chance = np.random.default_rng(2)
    labels, sides = np.arange(240) % 3, np.where(np.arange(240) < 160, "train", "validation")
    y, x = np.mgrid[:48, :48]
    body = (x - 24) ** 2 + (y - 24) ** 2 < 400
    raw = (100 + chance.normal(0, 20, (240, 48, 48))) * body * np.where(labels == 2, 1.5, 1)[:, None, None]
    guesses = shortcut.guess_classes(raw, shortcut.global_statistics(raw), labels, sides, np.full(240, "s"), CLASSES)
    told = {guess.label: guess for guess in guesses}
    assert told["dark"].raw > 0.99 and told["dark"].equalised < 0.7
    assert told["healthy"].equalised < 0.7 and [guess.data for guess in guesses] == ["all"] * 3
