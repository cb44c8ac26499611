"""Datasets of corrected results: what is written, pseudonyms, undo, drift, crashes and two processes at once."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import grid, head_volume, oblique

from UnifiedViTLib.errors import OutputError, UnsupportedImageError
from UnifiedViTLib.imaging.geometry import NOTHING_KNOWN
from UnifiedViTLib.imaging.reading import read, read_labels
from UnifiedViTLib.names import patient_key
from UnifiedViTLib.outputs.comparison.segmentations import DrawnSegment, Segmentation
from UnifiedViTLib.outputs.dataset.correction import Correction, Proposal, pack_labelmap, unpack_labelmap
from UnifiedViTLib.outputs.dataset.drift import drift, drift_table
from UnifiedViTLib.outputs.dataset.folder import NOTE, SALT, CorrectionDataset

SHAPE = (4, 40, 36)
PROPOSED = np.zeros(SHAPE, np.uint8)
PROPOSED[1:3, 10:20, 10:20] = 1
CORRECTED = np.zeros(SHAPE, np.uint8)
CORRECTED[1:3, 10:20, 10:30] = 1
CLASSES, SEGMENTS = ("healthy", "glioma", "meningioma"), ("Glioma", "Meningioma")
PROPOSAL = Proposal("tiny", "1.2.3", CLASSES, SEGMENTS, False, "glioma", PROPOSED)


def correction(seed: int = 0, drawn: np.ndarray = CORRECTED, label: str | None = None, **changes) -> Correction:
    """Of a head that differs by its seed, with segments called as the model's."""
    volume = head_volume(oblique(), shape=SHAPE)
    array = (volume.array + seed).astype(np.int16)
    segments = tuple(DrawnSegment(name, "", 0, value) for value, name in enumerate(SEGMENTS, start=1))
    segmentation = Segmentation("drawn", (drawn,), segments, volume.ijk_to_ras)
    return replace(Correction(array, volume.ijk_to_ras, segmentation, PROPOSAL, label, "AB"), **changes)


@pytest.fixture
def dataset(tmp_path):
    return CorrectionDataset(tmp_path / "mine")


def rows(dataset) -> list[dict[str, str]]:
    with open(dataset.folder / "labels.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files(dataset) -> set[str]:
    """Of cases, by their folders."""
    return {f"{place}/{file.name}" for place in ("images", "masks") for file in (dataset.folder / place).iterdir()}


def test_an_added_case_has_image_mask_and_a_line_that_tells_all(dataset):
    addition = dataset.add(correction(label="meningioma", seconds=61.4, patient=patient_key("p1")))
    row, = rows(dataset)
    assert (row["label"], row["proposed_label"], row["reviewer"]) == ("meningioma", "glioma", "AB")
    assert (row["model"], row["model_version"], row["seconds"], row["dice"]) == ("tiny", "1.2.3", "61", "0.6667")
    image, mask = read(dataset.folder / "images" / row["image"]), read_labels(dataset.folder / "masks" / row["mask"])
    assert np.array_equal(image.array, correction().array) and np.array_equal(mask.array, CORRECTED)
    for volume in (image, mask):
        assert np.allclose(volume.ijk_to_ras, correction().ijk_to_ras, atol=1e-5)
    words = "Dice 0.67 to what the model drew; diagnosis changed from glioma to meningioma."
    assert addition.sentence == f"{addition.case.name}: {words}"
    assert dataset.cases() == (addition.case,)


def test_a_pseudonym_is_the_same_for_one_patient_in_one_folder_alone(dataset, tmp_path):
    keys = [patient_key(" P01"), patient_key("p1 "), patient_key("p2"), "", ""]
    for seed, key in enumerate(keys):
        dataset.add(correction(seed, patient=key))
    groups = [row["group"] for row in rows(dataset)]
    assert groups[0] == groups[1] and len(set(groups)) == 4
    other = CorrectionDataset(tmp_path / "other").add(correction(patient=keys[0]))
    assert other.case.group not in groups


def test_the_same_image_replaces_its_case_and_undo_brings_that_back(dataset):
    first = dataset.add(correction(drawn=PROPOSED))
    second = dataset.add(correction(reviewer="CD", label=""))
    assert [case.name for case in dataset.cases()] == [second.case.name]
    assert "diagnosis not known. It replaces the correction of the same image by AB." in second.sentence
    dataset.undo(second)
    assert [case.name for case in dataset.cases()] == [first.case.name]
    assert files(dataset) == {f"{place}/{first.case.image}" for place in ("images", "masks")}
    dataset.undo(first)
    assert not dataset.cases() and not files(dataset)
    with pytest.raises(UnsupportedImageError, match="There is no case-"):
        dataset.undo(first)


def test_undo_of_a_replacement_is_refused_when_the_earlier_files_have_gone(dataset):
    dataset.add(correction())
    second = dataset.add(correction(label="healthy"))
    dataset.add(correction(7))
    with pytest.raises(OutputError, match="cannot be brought back"):
        dataset.undo(second)
    assert len(dataset.cases()) == 2


def test_removing_takes_the_files_off_the_disk_and_leaves_those_of_others(dataset):
    kept, gone = dataset.add(correction()).case, dataset.add(correction(1)).case
    (dataset.folder / "images" / "holiday.png").write_bytes(b"x")
    assert dataset.remove(gone.name) == gone
    assert files(dataset) == {f"images/{kept.image}", f"masks/{kept.mask}", "images/holiday.png"}
    with pytest.raises(UnsupportedImageError, match="There is no case-nobody"):
        dataset.remove("case-nobody")


def test_models_of_other_classes_or_segments_are_refused_and_a_new_version_is_not(dataset):
    dataset.add(correction())
    dataset.add(correction(1, proposal=replace(PROPOSAL, version="2.0.0")))
    for changes, words in (({"classes": (*CLASSES, "cyst")}, "other classes"),
                           ({"segments": SEGMENTS[::-1]}, "other segments"), ({"multi_label": True}, "multi-label")):
        with pytest.raises(UnsupportedImageError, match=words):
            dataset.add(correction(2, proposal=replace(PROPOSAL, **changes)))
    assert len(dataset.cases()) == 2


def test_drift_is_told_by_version_with_how_many_it_is_of(dataset):
    for seed, changes in enumerate([{"drawn": PROPOSED}, {"label": "healthy"}, {"label": ""},
                                    {"proposal": replace(PROPOSAL, labelmap=None)},
                                    {"proposal": replace(PROPOSAL, version="2.0.0")}]):
        dataset.add(correction(seed, **changes))
    old, new = drift(dataset.cases())
    assert (old.version, old.cases, old.measured, old.judged) == ("1.2.3", 4, 3, 3)
    assert old.dice == pytest.approx((1 + 2 / 3 + 2 / 3) / 3, abs=1e-4) and old.overturned == pytest.approx(1 / 3)
    assert (new.version, new.cases, new.overturned) == ("2.0.0", 1, 0.0)
    assert "tiny   1.2.3    4      0.778  3   33%         3" in drift_table((old, new))


def test_what_was_drawn_lands_on_the_images_grid(dataset):
    """Cropped and on a finer grid, as Slicer keeps segments."""
    matrix = correction().ijk_to_ras
    fine = matrix.copy()
    fine[:3, :3] /= 2
    fine[:3, 3] = matrix[:3, 3] + matrix[:3, :3] @ [9 - 0.25, 8 - 0.25, 1 - 0.25]
    part = np.repeat(np.repeat(np.repeat(CORRECTED[1:3, 8:22, 9:32], 2, 0), 2, 1), 2, 2)
    drawn = Segmentation("fine", (part,), (DrawnSegment("glioma", "", 0, 1),), fine)
    assert np.array_equal(correction(drawn=CORRECTED).labelmap(), replace(correction(), drawn=drawn).labelmap())


@pytest.mark.parametrize("name, value, words", [
    ("Segment_1", 1, "'Segment_1' is none of the model's"), ("", 3, "the value 3, but the model has 2 segments")])
def test_segments_that_are_not_the_models_are_refused(name, value, words):
    other = Segmentation("s", (CORRECTED * np.uint8(value),), (DrawnSegment(name, "", 0, value),), grid(
        np.eye(3), (1, 1, 1), SHAPE))
    with pytest.raises(UnsupportedImageError, match=words):
        replace(correction(), drawn=other).labelmap()


def test_segments_that_overlap_or_lie_elsewhere_and_wrong_words_are_refused(dataset):
    segments = tuple(DrawnSegment(name, "", layer, 1) for layer, name in enumerate(SEGMENTS))
    both = Segmentation("both", (CORRECTED, PROPOSED), segments, correction().ijk_to_ras)
    away = Segmentation("away", (CORRECTED,), segments[:1], grid(oblique(), (2, 2, 5), SHAPE, (900, 0, 0)))
    for wrong, words in (({"drawn": both}, "overlap in 200 voxels"), ({"drawn": away}, "outside of the image"),
                         ({"label": "cyst"}, "none of the model's"), ({"label": "glioma;meningioma"}, "none of"),
                         ({"reviewer": "  "}, "Say who"), ({"reviewer": "a\nb"}, "Say who")):
        with pytest.raises(UnsupportedImageError, match=words):
            dataset.add(replace(correction(), **wrong))
    assert not dataset.folder.exists()


def test_a_folder_of_other_data_and_a_lost_salt_are_refused(tmp_path, dataset):
    (tmp_path / "labels.csv").write_text("image,label\n")
    with pytest.raises(OutputError, match="holds other data"):
        CorrectionDataset(tmp_path).add(correction())
    with pytest.raises(UnsupportedImageError, match=f"no {NOTE}"):
        CorrectionDataset(tmp_path).cases()
    dataset.add(correction())
    (dataset.folder / SALT).unlink()
    with pytest.raises(OutputError, match="new pseudonyms"):
        dataset.add(correction(1))


def test_a_table_with_columns_of_somebodys_own_keeps_them_and_a_damaged_one_is_refused(dataset):
    dataset.add(correction())
    table = dataset.folder / "labels.csv"
    header, line = table.read_text().splitlines()
    table.write_text(f"{header},fold\n{line},3\n")
    dataset.add(correction(1))
    assert [row["fold"] for row in rows(dataset)] == ["3", ""]
    table.write_text(table.read_text().replace("0.6667", "good"))
    with pytest.raises(UnsupportedImageError, match="line 2"):
        dataset.cases()
    cells = line.split(",")
    destroyed = ",".join([*cells[:3], "1.23E+11", *cells[4:]])
    table.write_text(f"{header}\n{line}\n{destroyed}\n")
    with pytest.raises(UnsupportedImageError, match=r"line 3: 1\.23E\+11 is no longer the name that it was"):
        dataset.cases()
    table.write_text(f"{header}\n{line}\n{line},more\n")
    with pytest.raises(UnsupportedImageError, match="line 3"):
        dataset.cases()


def test_a_picture_without_sizes_stays_one(dataset):
    pixels = np.random.default_rng(0).integers(0, 255, (1, 64, 48)).astype(np.uint8)
    drawn = Segmentation("p", ((pixels > 200).astype(np.uint8),), (DrawnSegment("", "", 0, 1),), np.eye(4),
                         geometry=NOTHING_KNOWN)
    added = dataset.add(Correction(pixels, np.eye(4), drawn, replace(PROPOSAL, labelmap=None), None, "AB",
                                   geometry=NOTHING_KNOWN)).case
    image, mask = read(dataset.folder / "images" / added.image), read_labels(dataset.folder / "masks" / added.mask)
    assert np.array_equal(image.array, pixels) and np.array_equal(mask.array, pixels > 200)
    assert image.planar and image.voxel_ml is None


def test_a_labelmap_goes_through_an_attribute_and_nonsense_counts_as_none():
    text = pack_labelmap(CORRECTED)
    assert len(text) < 250 and np.array_equal(unpack_labelmap(text, SHAPE), CORRECTED)
    assert np.array_equal(unpack_labelmap(pack_labelmap(CORRECTED * 0), SHAPE), CORRECTED * 0)
    for nonsense in (None, "", "{}", "[1]", text.replace("eJ", "AA"), pack_labelmap(CORRECTED[1:]), "[" * 200_000):
        assert unpack_labelmap(nonsense, SHAPE) is None


_ADD = """
import os, signal, sys
place, seeds, dies, *sys.path = sys.argv[1:]
from pathlib import Path
import test_corrections
from UnifiedViTLib.outputs.dataset import folder
if dies:
    folder.write_cases = lambda *_arguments: os.kill(os.getpid(), signal.SIGKILL)
for seed in seeds.split():
    folder.CorrectionDataset(Path(place)).add(test_corrections.correction(int(seed)))
"""


def start(dataset, seeds: str, dies: str = "") -> subprocess.Popen:
    """A process that adds cases of these seeds; `dies`: between a case's files and the table."""
    here = str(Path(__file__).parent)
    return subprocess.Popen([sys.executable, "-c", _ADD, str(dataset.folder), seeds, dies, here, *sys.path])


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
def test_a_kill_between_files_and_table_leaves_the_old_state_and_the_next_addition_cleans_up(dataset):
    first = dataset.add(correction()).case
    assert start(dataset, "5", "dies").wait(60) == -signal.SIGKILL
    assert len(files(dataset)) == 4 and [case.name for case in dataset.cases()] == [first.name]
    second = dataset.add(correction(1)).case
    assert files(dataset) == {f"{place}/{case.image}" for place in ("images", "masks") for case in (first, second)}


def test_two_processes_that_begin_a_folder_at_once_lose_nothing(dataset):
    processes = [start(dataset, seeds) for seeds in ("1 2 3 4", "5 6 7 8")]
    assert [process.wait(120) for process in processes] == [0, 0]
    assert len(dataset.cases()) == 8 and len(files(dataset)) == 16
