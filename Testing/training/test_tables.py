"""Tables by many hands: one patient has one side however it is written, and masks mean what was drawn."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import yaml
from head_sets import BY_FOLD, CLASSES, head, mistakes, project, source, write, write_table
from PIL import Image, ImageOps
from training_sets import project_data
from unifiedvit_training.config import load_project
from unifiedvit_training.data.dataset import Item
from unifiedvit_training.data.prepare import prepare_dataset
from unifiedvit_training.data.slicing import read_channels, slice_item
from unifiedvit_training.data.sources import list_items
from unifiedvit_training.data.splits import assign_sides
from unifiedvit_training.errors import ConfigError, DataError

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.mask_values import soft_share, whole_numbers
from UnifiedViTLib.names import folded_patient, lost_names


def absolute(folder: Path, rows: list[dict]) -> list[dict]:
    return [row | {"image": str(folder / row["image"]), "mask": row["mask"] and str(folder / row["mask"])}
            for row in rows]


DEALT = {"split": {"fractions": [0.6, 0.4, 0]}, "columns": {"group": "patient"}}


@pytest.mark.parametrize("one, other", [("P01", "p01"), ("P01", "P1"), ("001", "1"), ("7", "7.0"), ("P01", "'p01"),
                                        ("P01", "P01\u200b"), ("P01", "Ｐ０１"),
                                        ("José", "JOSE\u0301")])
def test_a_patient_is_one_however_the_name_is_written(heads, tmp_path, one, other):
    folder, rows = heads
    rows = absolute(folder, rows[:24])
    for n, row in enumerate(rows):
        row["patient"] = f"{n // 3} b" if n > 5 else one if n < 3 else f"{other} "
    for seed in range(3):
        given = project({"name": "heads", "table": str(write_table(tmp_path, rows)), **DEALT}, seed=seed)
        items, _ = assign_sides(list_items(given), given)
        assert len({item.side for item in items[:6]}) == len({item.group for item in items[:6]}) == 1
        assert len({item.group for item in items}) == 7


def test_codes_with_several_numbers_keep_their_zeros():
    assert folded_patient("a0b1") != folded_patient("ab1") and folded_patient("1.2.30.04") == "1.2.30.04"


def test_a_patient_of_two_sources_stands_on_one_side_of_a_split_that_is_dealt(heads, tmp_path):
    folder, rows = heads
    rows = absolute(folder, rows)
    one, two = write_table(tmp_path, rows[::2], "one.csv"), write_table(tmp_path, rows[1::2][::-1], "two.csv")
    for seed in range(3):
        given = project({"name": "one", "table": str(one), **DEALT}, {"name": "two", "table": str(two), **DEALT},
                        seed=seed)
        items, _ = assign_sides(list_items(given), given)
        sides = {patient: {item.side for item in items if item.patient == patient} for patient in
                 {item.patient for item in items}}
        assert all(len(on) == 1 for on in sides.values()) and len(items) == 36
    by_fold = project({"name": "two", "table": str(two), **DEALT}, source(one, name="one"))
    items, _ = assign_sides(list_items(by_fold), by_fold)
    assert all(item.side == ("validation" if int(item.patient[1:]) % 4 == 3 else "train") for item in items)


def test_a_patient_of_two_sources_whose_columns_disagree_is_told(heads, tmp_path):
    folder, rows = heads
    rows = absolute(folder, rows)
    moved = [row | {"fold": row["fold"] % 4 + 1} for row in rows]
    tables = write_table(tmp_path, rows, "one.csv"), write_table(tmp_path, moved, "two.csv")
    given = project(*(source(table, name=table.stem) for table in tables))
    prepare_dataset(given, tmp_path / "dataset")
    report = (tmp_path / "dataset" / "report.html").read_text(encoding="utf-8")
    assert "One patient in several sources" in (tmp_path / "dataset" / "summary.txt").read_text(encoding="utf-8")
    assert "a patient of one and of two, on train and validation" in report


@pytest.mark.parametrize("nobody", ["nan", "None", "<NA>"])
def test_an_empty_cell_that_a_program_filled_in_is_no_patient(heads, tmp_path, nobody):
    folder, rows = heads
    said = mistakes(project(source(write_table(tmp_path, [row | {"patient": nobody} for row in
                                                          absolute(folder, rows)]))))
    assert f"the patient is called {nobody!r}" in said and "36 mistakes" in said


@pytest.mark.parametrize("names", [["1.23E+11"], ["1,23E+11"], ["1.23457E+15"], ["'1.2e+17", "p1"], ["1E+11"],
                                   ["1e+05"], ["5.00E-12"], ["####", "7"], ["#REF!"], ["123456789012350000"],
                                   ["1234567890123450", "2234567890123450", "3234567890123450", "4234567890123450"]])
def test_names_that_a_spreadsheet_has_destroyed_are_refused_with_their_lines(heads, tmp_path, names):
    folder, rows = heads
    rows = [row | {"patient": names[n % len(names)]} for n, row in enumerate(absolute(folder, rows))]
    said = mistakes(project(source(write_table(tmp_path, rows))))
    assert f"{names[0]} is no longer the name that it was" in said and "format their column as text" in said
    assert "table.csv, lines 2, " in said and "and " in said and " more: " in said


def test_names_that_only_look_like_numbers_with_an_exponent_are_names():
    names = ["12E4", "E+11", "5E-12", "1.2.3E+11", "12.3E+11", "1234567890123456", "1234567890123450", "P1.23E+11",
             "0001234567890120000", "1.5", "#1", "2E", "1E11", "p-1e+055555"]
    assert lost_names(enumerate(names)) == ""


def test_folds_with_a_fraction_are_whole_numbers(heads, tmp_path):
    folder, rows = heads
    rows = [row | {"fold": f"{row['fold']}.0"} for row in absolute(folder, rows)]
    given = project(source(write_table(tmp_path, rows)))
    items, left_out = assign_sides(list_items(given), given)
    assert len(items) == 36 and not left_out


def test_a_split_that_finds_nobody_says_what_the_column_holds_and_how_little_there_is(heads, tmp_path):
    folder, rows = heads
    table = write_table(tmp_path, absolute(folder, rows))
    said = mistakes(project(source(table, split=BY_FOLD | {"train": ["a"]})))
    assert "holds 1, 2, 3, 4, and train is a" in said
    said = mistakes(project({"name": "few", "table": str(write_table(tmp_path, absolute(folder, rows)[:1])), **DEALT}))
    assert "few has 1 images of 1 patients" in said


def test_a_class_that_is_nowhere_is_told_as_such(heads, tmp_path):
    folder, rows = heads
    given = project(source(write_table(tmp_path, [row for row in absolute(folder, rows) if row["label"] != "dark"])))
    with pytest.raises(DataError, match="no image of dark at all"):
        prepare_dataset(given, tmp_path / "dataset")


def test_classes_are_found_in_capitals_and_with_accents_stored_in_either_way(heads, tmp_path):
    folder, rows = heads
    name = unicodedata.normalize("NFC", "méningiome")
    cells = (unicodedata.normalize("NFD", name), name.upper(), f" {name} ")
    rows = [row | {"label": cells[n % 3]} for n, row in enumerate(absolute(folder, rows))]
    given = project(source(write_table(tmp_path, rows)), classes=[
        {"name": "healthy", "display": "Nothing", "lesion": False}, {"name": name, "display": "Meningioma"}])
    assert {row.item.labels for row in list_items(given)["heads"]} == {(name,)}


@pytest.mark.parametrize("layout", ["class folders", "one folder", "images and masks"])
def test_a_segmentation_of_slicer_beside_its_volume_is_its_mask(tmp_path, layout):
    chance = np.random.default_rng(0)
    for n in range(3):
        image, disc = head(chance, 1)
        if layout == "images and masks":
            places = (tmp_path / "images" / f"v{n}.nrrd", tmp_path / "masks" / f"v{n}.seg.nrrd")
        else:
            inner = tmp_path / "bright" if layout == "class folders" else tmp_path
            places = (inner / f"v{n}.nrrd", inner / f"v{n}.seg.nrrd")
        for place, array in zip(places, (image, disc // 255), strict=True):
            write(place, np.stack([array] * 3))
    label = {} if layout == "class folders" else {"label": "bright"}
    given = project({"name": "s", "folder": str(tmp_path), **label})
    items = [row.item for row in list_items(given)["s"]]
    assert [(item.image.name, item.mask.name) for item in items] == [
        (f"v{n}.nrrd", f"v{n}.seg.nrrd") for n in range(3)]


def disc_mask(radius: float, finer: int = 1) -> np.ndarray:
    y, x = np.mgrid[: 96 * finer, : 96 * finer] / finer
    return ((x - 48) ** 2 + (y - 46) ** 2 < radius**2).astype(np.uint8)


def saved(tmp_path: Path, how: str, radius: float) -> np.ndarray:
    """A disc as a mask file gives it back, (1, 96, 96)."""
    mask, finer = disc_mask(radius), disc_mask(radius, 4)
    image = {"smooth": lambda: Image.fromarray(finer * 255).resize((96, 96), Image.Resampling.BOX),
             "enlarged": lambda: Image.fromarray(finer[::8, ::8] * 255).resize((96, 96), Image.Resampling.BICUBIC),
             }.get(how, lambda: Image.fromarray(mask * 255))()
    if how.startswith("jpeg"):
        image.save(tmp_path / "m.jpg", quality=int(how[4:]))
        image = Image.open(tmp_path / "m.jpg")
    image.save(tmp_path / "m.png")
    return np.array(Image.open(tmp_path / "m.png"))[None]


@pytest.mark.parametrize("radius", [6, 12, 25])
@pytest.mark.parametrize("how", ["jpeg40", "jpeg75", "jpeg95", "smooth", "enlarged"])
def test_the_area_of_a_mask_with_soft_edges_is_what_was_drawn(tmp_path, how, radius):
    values, true = saved(tmp_path, how, radius), disc_mask(radius).sum()
    soft = soft_share(values)
    assert soft > 0
    assert np.count_nonzero(values > values.max() / 2) == pytest.approx(true, rel=0.12)
    assert soft_share(values.astype(np.float32) / 255) > 0, "a map of probabilities"


def test_hard_masks_and_label_maps_lose_nothing():
    disc = disc_mask(20)
    rings = disc + disc_mask(14) + disc_mask(8)
    for values in (disc, disc * 255, rings, rings * 85, rings * 40 + 100 * disc_mask(4), 0 * disc, rings / 1.0):
        assert soft_share(values[None]) == 0
    assert (whole_numbers(np.float32(rings) * np.float32(1.0000001)) == rings).all()
    assert (whole_numbers(np.array([0.4, 1.0])) == [0.4, 1.0]).all()


def test_a_mask_with_soft_edges_is_told_and_its_edge_lies_at_half(heads, tmp_path):
    folder, rows = heads
    rows = absolute(folder, rows)
    for row in (row for row in rows if row["mask"]):
        coarse = Image.fromarray(sitk.GetArrayFromImage(sitk.ReadImage(row["mask"]))).resize((24, 24))
        file = tmp_path / Path(row["mask"]).name
        write(file, np.array(coarse.resize((48, 48), Image.Resampling.BILINEAR)))
        row["mask"] = str(file)
    given = project(source(write_table(tmp_path, rows)))
    dataset = prepare_dataset(given, tmp_path / "dataset")
    said = (tmp_path / "dataset" / "report.html").read_text(encoding="utf-8")
    assert "Masks with soft edges" in said and "Save masks without smoothing" in said
    areas = [np.count_nonzero(mask) for mask in dataset.slices.masks if mask.any()]
    assert np.mean(areas) == pytest.approx(81 * (32 / 48) ** 2, rel=0.25)


def test_a_value_that_is_one_but_for_rounding_is_one_and_others_are_told_as_they_are(tmp_path):
    chance = np.random.default_rng(0)
    image, disc = head(chance, 1)
    write(tmp_path / "v.nrrd", np.stack([image] * 3))
    given = project({"name": "s", "folder": str(tmp_path), "label": "bright", "mask_values": {1: "Disc"}})
    for factor, right in ((1.0000001, True), (1.5, False)):
        write(tmp_path / "v_seg.nrrd", np.stack([disc // 255] * 3).astype(np.float32) * np.float32(factor))
        item = list_items(given)["s"][0].item
        if right:
            slices = slice_item(item, given.data.sources[0], given.data, given.model)
            assert slices.masks.any()
        else:
            with pytest.raises(DataError, match=r"holds 1\.5, .*Name them, or save the mask"):
                slice_item(item, given.data.sources[0], given.data, given.model)


def one_mask(folder: Path, mask: np.ndarray, suffix: str) -> np.ndarray:
    """Classes of the slices of a head whose mask is stored as a file of this kind."""
    image, _ = head(np.random.default_rng(0), 1)
    write(folder / "v.nrrd", np.stack([image] * 3))
    write(folder / f"v_seg{suffix}", mask)
    given = project({"name": "s", "folder": str(folder), "label": "bright"})
    return slice_item(list_items(given)["s"][0].item, given.data.sources[0], given.data, given.model).masks


@pytest.mark.parametrize("largest", [255, 32767, 65535])
def test_the_largest_number_of_a_mask_s_type_means_drawn_and_not_missing(tmp_path, largest):
    _, disc = head(np.random.default_rng(0), 1)
    for number, mask in enumerate((disc > 0, np.arange(48) < 20)):  # within the head, and up to the border
        mask = np.broadcast_to(mask, (3, 48, 48))
        masks = one_mask(tmp_path / str(number), mask * np.uint16(largest), ".nrrd")
        assert np.mean(masks > 0) == pytest.approx(mask.mean(), rel=0.1)


def test_a_mask_may_have_one_value_everywhere_and_no_values_that_are_no_numbers(tmp_path):
    mask = np.zeros((3, 48, 48), np.float32)
    assert not one_mask(tmp_path / "none", mask, ".nrrd").any()
    assert (one_mask(tmp_path / "all", mask + 1, ".nrrd") == 1).all()
    mask[0, 0, 0] = np.nan
    with pytest.raises(DataError, match=r"v_seg holds values that are no numbers.*Save the mask with 0"):
        one_mask(tmp_path / "nan", mask, ".nrrd")


@pytest.mark.parametrize("value", range(1, 9))
def test_a_picture_without_a_mask_is_turned_as_viewers_turn_it(tmp_path, value):
    exif = Image.Exif()
    exif[0x0112] = value
    stored = np.random.default_rng(0).integers(0, 255, (40, 56)).astype(np.uint8)
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    shown = np.array(ImageOps.exif_transpose(Image.open(tmp_path / "a.png")))
    item = Item("a", tmp_path / "a.png", None, (), "a", "heads", "train", False)
    (picture,) = read_channels(item)
    np.testing.assert_array_equal(picture.array[0], shown)
    if value > 1:
        with pytest.raises(UnsupportedImageError, match="EXIF orientation"):
            read_channels(replace(item, mask=tmp_path / "mask.png"))


def test_a_photograph_that_its_mask_was_not_drawn_on_as_stored_is_refused(heads, tmp_path):
    folder, rows = heads
    exif = Image.Exif()
    exif[0x0112] = 6
    n = next(n for n, row in enumerate(rows) if row["mask"])
    Image.open(folder / rows[n]["image"]).save(tmp_path / "turned.jpg", exif=exif)
    rows = absolute(folder, rows)
    rows[n]["image"] = str(tmp_path / "turned.jpg")
    with pytest.raises(DataError, match=r"turned\.jpg.*EXIF orientation"):
        prepare_dataset(project(source(write_table(tmp_path, rows))), tmp_path / "dataset")


# What could be meant in two ways


@pytest.mark.parametrize("header", ["image,mask,label,label,patient,fold", "image,mask,Label,label,patient,fold"])
def test_two_columns_of_one_name_are_refused_and_those_nobody_reads_are_not(heads, tmp_path, header):
    folder, rows = heads
    lines = [",".join((row["image"], row["mask"], row["label"], CLASSES[0], row["patient"], str(row["fold"])))
             for row in rows]
    table = tmp_path / "table.csv"
    table.write_text("\n".join([header, *lines]))
    given = source(table, images=str(folder), masks=str(folder))
    assert "table.csv has 2 columns called 'label'" in mistakes(project(given))
    table.write_text("\n".join([header.replace("abel,label", "abel,").replace("fold", "fold,"), *(
        f"{line}," for line in lines)]))
    assert len(list_items(project(given))["heads"]) == len(rows)


def test_a_table_with_label_and_labels_is_asked_which_one_counts(heads, tmp_path):
    folder, rows = heads
    other = [row | {"labels": next(name for name in CLASSES if name != row["label"])} for row in rows]
    table, places = write_table(tmp_path, other), {"images": str(folder), "masks": str(folder)}
    said = mistakes(project(source(table, **places)))
    assert "says what an image shows in 'label' and in 'labels'" in said and "columns: {label: label}" in said
    for key in ("label", "labels"):
        found = list_items(project(source(table, columns={"group": "patient", key: key}, **places)))["heads"]
        assert [listed.item.labels for listed in found] == [(row[key],) for row in other]


def test_an_image_is_listed_once_however_its_path_is_written(heads, tmp_path):
    folder, rows = heads
    again = rows[0] | {"image": f"./{rows[0]['image']}", "label": CLASSES[-1]}
    given = source(write_table(tmp_path, [*rows, again]), images=str(folder), masks=str(folder))
    assert f"{rows[0]['image']} is listed twice" in mistakes(project(given))
    sick = next(row for row in rows if row["mask"])
    masked = [row | {"mask": f"../{folder.name}/{row['image']}"} if row is sick else row for row in rows]
    write_table(tmp_path, masked)
    assert f"the mask of heads/{sick['image']} is the image itself" in mistakes(project(given))


def test_a_cell_that_swallowed_the_rows_after_it_is_told_and_shown_in_part(heads, tmp_path):
    folder, rows = heads
    table = write_table(tmp_path, [row | {"image": "x" * 5000} if n == 2 else row for n, row in enumerate(rows)])
    said = mistakes(project(source(table, images=str(folder), masks=str(folder))))
    assert "table.csv line 4: the image " in said and "xxx... does not exist" in said and len(said) < 600


def test_a_mask_of_two_patients_or_that_is_its_own_image_is_refused(heads, tmp_path):
    folder, rows = heads
    masked = [n for n, row in enumerate(rows) if row["mask"]]
    one, same, other = masked[0], masked[1], masked[-1]
    assert rows[one]["patient"] == rows[same]["patient"] != rows[other]["patient"]
    changed = [dict(row) for row in rows]
    changed[same]["mask"] = changed[one]["mask"]
    given = source(write_table(tmp_path, changed), images=str(folder), masks=str(folder))
    for row in (row for row in changed if row["label"] == "healthy"):
        row["mask"] = write(folder / "empty.png", np.zeros((48, 48), np.uint8))
    write_table(tmp_path, changed)
    assert list_items(project(given)), "two images of one patient may have one mask, healthy ones an empty one"
    changed[other]["mask"] = changed[one]["mask"]
    write_table(tmp_path, changed)
    assert f"the mask {rows[one]['mask']} is given to heads/{rows[one]['image']} and to" in mistakes(project(given))
    changed[other]["mask"] = changed[other]["image"]
    write_table(tmp_path, changed)
    assert f"the mask of heads/{rows[other]['image']} is the image itself" in mistakes(project(given))


def test_files_of_one_name_in_a_folder_are_neither_left_out_nor_given_one_mask(tmp_path):
    chance = np.random.default_rng(0)
    for name in CLASSES:
        for n in range(2):
            write(tmp_path / "classes" / name / f"{n}.png", head(chance, 1)[0])
    write(tmp_path / "classes" / CLASSES[0] / "1.tif", head(chance, 1)[0])
    split = {"split": {"fractions": [0.5, 0.5, 0]}}
    said = mistakes(project({"name": "heads", "folder": str(tmp_path / "classes"), **split}))
    assert f"{CLASSES[0]} holds 1.png and 1.tif: which one is meant is not clear" in said
    for name in ("a.png", "b.png", "b.tif"):
        write(tmp_path / "flat" / "images" / name, head(chance, 1)[0])
    given = project({"name": "heads", "folder": str(tmp_path / "flat"), "label": CLASSES[1], **split})
    assert len(list_items(given)["heads"]) == 3
    mask = tmp_path / "flat" / "masks"
    write(mask / "b.png", head(chance, 1)[1])
    assert "the mask b.png is given to heads/b.png and to heads/b.tif" in mistakes(given)
    (mask / "b.png").rename(mask / "a.png")
    write(mask / "a.seg.nrrd", head(chance, 1)[1])
    assert "masks holds a.png and a.seg.nrrd" in mistakes(given)


@pytest.mark.parametrize("text, said", [
    ("seed: 1\nversion: 2026-13-01\n", r"(?s)cannot be read: month must be in 1\.\.12.*line 2"),
    ("seed: " + "9" * 5000, r"(?s)cannot be read: Exceeds the limit.*line 1"),
    ("a: " + "[" * 3000 + "]" * 3000, "cannot be read: lists or sections stand in each other too deep"),
])
def test_a_yaml_that_python_cannot_hold_is_refused_in_words(tmp_path, text, said):
    file = tmp_path / "p.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_project(file)
    file.write_text(yaml.safe_dump(project_data()))
    with pytest.raises(ConfigError, match="is not YAML"):
        load_project(file, [f"seed={text.splitlines()[-1].partition(': ')[2]}"])


def test_what_cannot_be_a_path_is_refused_in_words(tmp_path):
    file, data = tmp_path / "p.yaml", project_data()
    data["data"]["sources"][0]["table"] = "labels\0.csv"
    file.write_text(yaml.safe_dump(data))
    with pytest.raises(ConfigError, match=r"'labels\\x00\.csv' in the project cannot be a path"):
        load_project(file)


def test_two_values_under_one_name_in_a_yaml_are_refused(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("seed: 1\nfit: {batch_size: 2}\nseed: 2\n")
    with pytest.raises(ConfigError, match=r"(?s)p\.yaml cannot be read: seed stands there twice.*line 1"):
        load_project(file)
