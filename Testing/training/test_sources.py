"""`prepare`: tables and folders become a list of images with a split that keeps patients together."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume
from head_sets import FINDINGS, head, mistakes, project, source, write, write_table
from unifiedvit_training.data.prepare import prepare_dataset
from unifiedvit_training.data.sources import list_items, unasked_masks
from unifiedvit_training.data.splits import assign_sides, stratified_group_split
from unifiedvit_training.errors import DataError


def test_a_table_from_a_spreadsheet_is_read_as_it_comes(heads, tmp_path):
    lines = ['Image;diagnoses;patient;', f'{heads[0] / "1.png"};"bright; dark";p1;x', f'{heads[0] / "2.png"};none;;x',
             f'{heads[0] / "0.png"};bright|dark;p3;x', f'{heads[0] / "4.png"};;p3;x']
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    given = project({"name": "s", "table": str(tmp_path / "t.csv"), "columns": {"labels": "diagnoses",
                    "group": "patient"}}, diagnosis="multi-label", classes=FINDINGS)
    items = [row.item for row in list_items(given)["s"]]
    assert [item.labels for item in items] == [("bright", "dark"), ("none",), ("bright", "dark"), ()]
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


def test_a_mask_belongs_to_the_image_of_its_path_where_several_have_one_name(tmp_path):
    chance, names = np.random.default_rng(0), ("left/p0.png", "right/p0.png", "left/p1.png")
    for name in names:
        write(tmp_path / "images" / name, head(chance, 1)[0])
    write_table(tmp_path, [{"image": name, "label": "bright", "group": "one"} for name in names], "labels.csv")
    given, masks = project({"name": "s", "folder": str(tmp_path)}), tmp_path / "masks"

    def taken() -> list[str | None]:
        return [row.item.mask and row.item.mask.relative_to(masks).as_posix() for row in list_items(given)["s"]]

    write(masks / "p1.png", head(chance, 1)[1])
    assert taken() == [None, None, "p1.png"], "a bare name is enough where one image alone has it"
    write(masks / "p0.png", head(chance, 1)[1])
    assert ("labels.csv line 2: the mask masks/p0.png may be of left/p0.png and right/p0.png, which have one name: put "
            "it under the path of its image, as masks/right/p0.png") in mistakes(given)
    (masks / "right").mkdir()
    (masks / "p0.png").rename(masks / "right" / "p0.png")
    assert taken() == [None, "right/p0.png", "p1.png"]
    write(masks / "left" / "p0.seg.nrrd", head(chance, 1)[1])
    assert taken() == ["left/p0.seg.nrrd", "right/p0.png", "p1.png"]
    for ending in ("png", "tif"):
        write(tmp_path / "images" / f"q.{ending}", head(chance, 1)[0])
    write_table(tmp_path, [{"image": name, "label": "bright", "group": "one"} for name in ("q.png", "q.tif")],
                "labels.csv")
    write(masks / "q.png", head(chance, 1)[1])
    assert "the mask masks/q.png may be of q.png and q.tif" in mistakes(given)


def test_several_masks_beside_an_image_are_neither_images_nor_chosen_from(tmp_path):
    chance = np.random.default_rng(0)
    for name in ("bright (1)", "bright (2)", "bright_mask_of_3"):
        write(tmp_path / "bright" / f"{name}.png", head(chance, 1)[0])
    for name in ("bright (1)_mask", "bright (1)_mask_1", "bright (2)_mask_1"):
        write(tmp_path / "bright" / f"{name}.png", head(chance, 1)[1])
    given = project({"name": "s", "folder": str(tmp_path)})
    said = mistakes(given)
    assert "bright (1).png has several masks (bright (1)_mask.png, bright (1)_mask_1.png): merge them" in said
    assert "the mask of bright (2).png is called bright (2)_mask_1.png: rename it bright (2)_mask" in said
    for n in (1, 2):
        (tmp_path / "bright" / f"bright ({n})_mask_1.png").unlink()
    assert [row.item.image.stem for row in list_items(given)["s"]] == ["bright (1)", "bright (2)", "bright_mask_of_3"]


def test_masks_that_belong_to_no_image_are_counted_and_named(heads, tmp_path):
    folder, rows = heads
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for n, row in enumerate(row for row in rows if row["mask"]):
        shutil.copy(folder / row["image"], tmp_path / "images" / row["image"])
        name = row["image"] if n < 20 else row["image"].replace(".", "_mask.")
        shutil.copy(folder / row["mask"], tmp_path / "masks" / name)
    write(tmp_path / "masks" / "left" / "0.png", np.zeros((48, 48), np.uint8))
    given = project({"name": "s", "folder": str(tmp_path), "split": {"fractions": [0.6, 0.4, 0]}}, task="segmentation")
    assert unasked_masks(given, list_items(given)) == {
        "s": ["31_mask.png", "32_mask.png", "34_mask.png", "35_mask.png", "left/0.png"]}
    prepare_dataset(given, tmp_path / "dataset")
    assert "Masks that belong to no image" in (tmp_path / "dataset" / "summary.txt").read_text(encoding="utf-8")
    assert "5 files in the folder of masks belong to no image (31_mask.png, 32_mask.png, 34_mask.png, ...)" in \
        (tmp_path / "dataset" / "report.html").read_text(encoding="utf-8")


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


def test_a_source_may_be_for_the_test_side_alone(heads, tmp_path):
    folder, rows = heads
    more = {"images": str(folder), "masks": str(folder)}
    (tmp_path / "other").mkdir()
    here = source(write_table(tmp_path, [row for row in rows if row["fold"] != 1]), **more)
    there = source(write_table(tmp_path / "other", [row for row in rows if row["fold"] == 1]), name="other",
                   split={"column": "fold", "test": [1]}, **more)
    made = project(here, there)
    items, _ = assign_sides(list_items(made), made)
    assert {item.side for item in items if item.source == "other"} == {"test"}
    alone = project(there)
    assert "train is not named" in mistakes(alone)


def test_dealt_sides_keep_groups_together_spread_classes_and_depend_on_the_seed_alone():
    chance = np.random.default_rng(0)
    groups = [f"g{n}" for n in chance.integers(0, 120, 900)]
    kind = {group: "abc"[n % 3] for n, group in enumerate(sorted(set(groups)))}
    strata = [(kind[group],) for group in groups]
    parts = np.array(stratified_group_split(groups, strata, (0.7, 0.15, 0.15), 3))
    assert (
        parts.tolist()
        == stratified_group_split(groups, strata, (0.7, 0.15, 0.15), 3)
        != stratified_group_split(groups, strata, (0.7, 0.15, 0.15), 4)
    )
    assert all(len({part for part, g in zip(parts, groups, strict=True) if g == group}) == 1 for group in set(groups))
    for name in "abc":
        of_class = parts[np.array(strata)[:, 0] == name]
        assert np.bincount(of_class) / len(of_class) == pytest.approx([0.7, 0.15, 0.15], abs=0.02)


def test_a_class_of_few_patients_is_on_every_side():
    strata = [("common",)] * 40 + [("rare",)] * 3
    parts = stratified_group_split([str(n) for n in range(43)], strata, (0.7, 0.15, 0.15), 0)
    assert sorted(parts[40:]) == [0, 1, 2]


def test_over_all_folds_each_image_is_for_validation_once(heads):
    seen = []
    for fold in range(1, 5):
        given = project(source(heads[0] / "table.csv", split={"folds": 4, "fold": fold}))
        items, _ = assign_sides(list_items(given), given)
        seen += [item.name for item in items if item.side == "validation"]
        assert {item.side for item in items} == {"train", "validation"}
    assert len(seen) == len(set(seen)) == 36
