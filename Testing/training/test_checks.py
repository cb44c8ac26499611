"""What `prepare` finds wrong with a dataset, and how it shows it."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from head_sets import CLASSES, head, project, source, write, write_table
from unifiedvit_training.data import shortcut
from unifiedvit_training.data.duplicates import find_near_duplicates
from unifiedvit_training.data.prepare import prepare_dataset


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
    change(6, mask=shutil.copy(folder / rows[1]["mask"], home / "another.png"))
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


def test_ultrasound_whose_lesions_are_as_dark_as_air_is_not_said_to_be_masked_beside_the_body(flawed, heads, tmp_path):
    table = source(flawed[0].parent / "table.csv", images=str(heads[0]), masks=str(heads[0]))
    dataset = prepare_dataset(project(table, input={"size": 96, "modality": "US", "expects": "discs"}), tmp_path)
    with open(dataset.folder / "problems.csv", newline="") as file:
        kinds = {row["kind"] for row in csv.DictReader(file)}
    assert "clipped" in kinds and not kinds & {"misaligned mask", "inverted"}


@pytest.mark.parametrize("modality", ["any", "US"])
def test_a_mask_whose_background_is_drawn_is_told(heads, tmp_path, modality):
    folder, rows = heads
    rows = [dict(row) for row in rows]
    sick = next(row for row in rows if row["mask"])
    drawn = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / sick["mask"])))
    sick["mask"] = str(tmp_path / write(tmp_path / "turned.png", np.where(drawn, 0, 255).astype(np.uint8)))
    table = source(write_table(tmp_path, rows), images=str(folder), masks=str(folder))
    dataset = prepare_dataset(project(table, input={"size": 96, "modality": modality, "expects": "discs"}),
                              tmp_path / "dataset")
    with open(dataset.folder / "problems.csv", newline="") as file:
        (told,) = (row for row in csv.DictReader(file) if row["kind"] == "whole mask")
    assert Path(told["where"]).name == sick["image"] and "exchanged" in told["sentence"]


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
    pairs = find_near_duplicates(images, full, items, items, labels, sides)
    assert {(pair.first, pair.second - 40) for pair in pairs["sides"]} >= {(n, n) for n in range(20)}
    assert all(pair.mirrored for pair in pairs["sides"]) and not pairs["groups"] and not pairs["labels"]


def test_a_class_that_brightness_betrays_is_told_raw_and_no_longer_once_equalised():
    chance = np.random.default_rng(2)
    labels, sides = np.arange(240) % 3, np.where(np.arange(240) < 160, "train", "validation")
    y, x = np.mgrid[:48, :48]
    body = (x - 24) ** 2 + (y - 24) ** 2 < 400
    raw = (100 + chance.normal(0, 20, (240, 48, 48))) * body * np.where(labels == 2, 1.5, 1)[:, None, None]
    probes = shortcut.probe_shortcuts(raw, shortcut.global_statistics(raw), labels, sides, np.full(240, "s"), CLASSES)
    told = {probe.label: probe for probe in probes}
    assert told["dark"].raw > 0.99 and told["dark"].equalised < 0.7
    assert told["healthy"].equalised < 0.7 and [probe.data for probe in probes] == ["all"] * 3
