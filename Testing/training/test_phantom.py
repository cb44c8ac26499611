"""The drawn data set: its masks are exact, and nothing but a lesion's pattern tells what it is."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.ndimage import binary_dilation
from unifiedvit_training.config import load_project
from unifiedvit_training.phantom import HEALTHY, IMAGE, LESIONS, SIGNS, VOLUME, draw_head, make_phantom

from UnifiedViTLib.imaging.reading import read

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "training" / "configs" / "phantom.yaml"


def table(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def array(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def lesions(kind: str, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Images and masks (count, 96, 96) with one lesion of that kind each, without noise."""
    drawn = [draw_head((kind,), IMAGE, [0, n], [1, n], 0.0) for n in range(count)]
    return np.stack([image[0] for image, _ in drawn]), np.stack([mask[0] for _, mask in drawn])


@pytest.fixture(scope="module")
def phantom(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("phantom")
    make_phantom(folder, images=16, volumes=4, seed=1)
    return folder


def test_the_tables_name_files_that_are_there_and_every_class_in_turn(phantom):
    images, volumes = table(phantom / "labels.csv"), table(phantom / "volumes.csv")
    for rows, each in ((images, 4), (volumes, 1)):
        assert [row["label"] for row in rows].count(HEALTHY) == each
        assert all([row["label"] for row in rows].count(kind) == each for kind in LESIONS)
        for row in rows:
            assert (row["mask"] == "") == (row["label"] == HEALTHY)
            volume = read(phantom / row["image"])
            assert volume.array.shape == (IMAGE if rows is images else VOLUME)
            if row["mask"]:
                mask = array(phantom / row["mask"]).reshape(volume.array.shape)
                assert set(np.unique(mask)) == {0, LESIONS.index(row["label"]) + 1}
    assert {row["scanner"] for row in images} == {"A", "B"}


def test_the_images_of_a_patient_show_one_head_and_are_one_group(phantom):
    rows = table(phantom / "labels.csv")
    pictures = {row["image"]: array(phantom / row["image"]).astype(float).ravel() for row in rows}
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert first["group"] == second["group"] and first["label"] == second["label"]
        alike = np.corrcoef(pictures[first["image"]], pictures[second["image"]])[0, 1]
        others = [np.corrcoef(pictures[first["image"]], pictures[row["image"]])[0, 1]
                  for row in rows if row["group"] != first["group"]]
        assert alike > max(others) and not np.array_equal(pictures[first["image"]], pictures[second["image"]])


def test_the_same_seed_gives_the_same_files_and_another_seed_others(phantom, tmp_path):
    for folder, seed in (("again", 1), ("other", 2)):
        make_phantom(tmp_path / folder, images=4, volumes=2, seed=seed)
    for name in ("images/0003.png", "masks/0003.png", "volumes/001.nrrd", "volume_masks/001.nrrd"):
        assert np.array_equal(array(phantom / name), array(tmp_path / "again" / name))
        assert not np.array_equal(array(phantom / name), array(tmp_path / "other" / name))


@pytest.mark.parametrize("kind", LESIONS)
def test_a_lesion_is_as_bright_as_what_is_around_it(kind):
    images, masks = lesions(kind)
    around = np.stack([binary_dilation(mask, iterations=4) for mask in masks > 0]) & (masks == 0) & (images > 0.6)
    difference = [image[mask > 0].mean() - image[ring].mean()
                  for image, mask, ring in zip(images, masks, around, strict=True)]
    assert abs(np.mean(difference)) < 0.02


def test_lesions_of_all_kinds_vary_alike_and_are_of_like_size():
    deviations, areas = zip(*(
        (np.mean([image[mask > 0].std() for image, mask in zip(*drawn, strict=True)]), (drawn[1] > 0).sum() / 40)
        for drawn in map(lesions, LESIONS)
    ), strict=True)
    assert max(deviations) / min(deviations) < 1.1
    assert max(areas) / min(areas) < 2


@pytest.mark.parametrize("kind", LESIONS)
def test_the_mask_is_exactly_where_the_lesion_is_drawn(kind):
    with_lesion, mask = draw_head((kind,), VOLUME, [3], [4], 0.0)
    healthy, nothing = draw_head((), VOLUME, [3], [4], 0.0)
    assert not nothing.any()
    # The bias field differs; what is left of the ratio is the lesion.
    ratio = np.divide(with_lesion, healthy, out=np.ones(VOLUME, np.float32), where=healthy > 0.1)
    slices = np.flatnonzero(mask.any(axis=(1, 2)))
    assert 3 <= len(slices) <= 8 and np.array_equal(slices, np.arange(slices[0], slices[-1] + 1))
    for k in slices:
        y, x = np.mgrid[-1:1:72j, -1:1:72j]
        outside = (mask[k] == 0) & (healthy[k] > 0.1)
        terms = np.stack([np.ones_like(x), x, y, x * y], axis=-1)
        fit, *_ = np.linalg.lstsq(terms[outside], np.log(ratio[k][outside]), rcond=None)
        left = np.abs(np.log(np.maximum(ratio[k], 1e-3)) - terms @ fit)
        assert left[outside].max() < 1e-3
        assert (left[mask[k] > 0] > 1e-3).mean() > 0.95


@pytest.mark.parametrize("kind", LESIONS)
def test_lesions_keep_their_distance_from_the_air(kind):
    for image, mask in zip(*lesions(kind), strict=True):
        assert image[binary_dilation(mask, iterations=2)].min() > 0.1


def test_several_signs_at_once_are_those_in_the_mask_where_the_table_knows_them(tmp_path):
    make_phantom(tmp_path, images=60, volumes=6, multi_label=True)
    for rows in (table(tmp_path / "labels.csv"), table(tmp_path / "volumes.csv")):
        assert "label" not in rows[0] and {row[sign] for row in rows for sign in SIGNS} == {"0", "1", ""}
        for row in rows:
            found = set(np.unique(array(tmp_path / row["mask"]))) - {0} if row["mask"] else set()
            drawn = {LESIONS[value - 1] for value in found}
            assert all(row[kind] == "" or (row[kind] == "1") == (kind in drawn) for kind in LESIONS)
        assert max(sum(row[sign] == "1" for sign in SIGNS) for row in rows) > 1


def test_a_thick_skull_takes_the_room_of_brain_and_nothing_else():
    thin, thick = (draw_head(found, IMAGE, [3], [4], 0.0)[0] for found in ((), ("thick-skull",)))
    changed = thin != thick
    assert 0.03 < changed.mean() < 0.15
    assert thick[changed].mean() < 0.6 < thin[changed].mean()


def test_the_command_writes_the_data_set(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "unifiedvit_training.phantom", "phantom", "--images", "4", "--volumes", "0"],
        cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT / "training")},
    )
    assert done.returncode == 0, done.stderr
    assert len(table(tmp_path / "phantom" / "labels.csv")) == 4
    assert not (tmp_path / "phantom" / "volumes.csv").exists()


def test_the_project_is_whole_and_speaks_of_the_data_set(phantom):
    project = load_project(CONFIG, data=phantom)
    assert project.model.class_names == [HEALTHY, *LESIONS]
    assert [source.table for source in project.data.sources] == [phantom / "labels.csv", phantom / "volumes.csv"]
    assert project.fit.stages[-1].size == project.model.input.size


def test_the_project_of_several_findings_is_whole_too(phantom):
    project = load_project(CONFIG.with_name("phantom-multilabel.yaml"), data=phantom)
    assert project.model.class_names == [*SIGNS] and project.model.outlined == {*LESIONS}
    assert project.data.sources[0].mask_values == {1: "Cyst", 2: "Mesh", 3: "Speckle"}


def test_of_the_phantom_with_metadata_nothing_but_the_age_tells_cyst_and_mesh_apart(tmp_path):
    make_phantom(tmp_path, images=240, volumes=0, metadata=True)
    rows = table(tmp_path / "labels.csv")
    ages = {kind: [float(row["age"]) for row in rows if row["label"] == kind and row["age"]] for kind in LESIONS}
    assert np.mean(ages["mesh"]) - np.mean(ages["cyst"]) > 20 and {row["sex"] for row in rows} == {"", "F", "M"}
    assert {row["age"] for row in rows} >= {""} and all(
        first["age"] == second["age"] for first, second in zip(rows[::2], rows[1::2], strict=True))
    drawn = {row["label"]: array(tmp_path / row["mask"]).max() for row in rows if row["mask"]}
    assert drawn == {"cyst": 1, "mesh": 1, "speckle": 3}
