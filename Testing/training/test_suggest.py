"""`unifiedvit-train suggest`: which images of a folder to label next, and why."""

from __future__ import annotations

import csv
import multiprocessing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from head_sets import write
from once import made_once
from site_sets import head, inverted, write_parent
from unifiedvit_training.cli import main
from unifiedvit_training.suggestion.examination import Examination
from unifiedvit_training.suggestion.examiner import Examiner, examiner
from unifiedvit_training.suggestion.selection import Choice, by_patient, score_images, weighted_k_centre

from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.outputs.comparison.segmentations import DrawnSegment, Segmentation
from UnifiedViTLib.outputs.dataset.correction import Correction, Proposal
from UnifiedViTLib.outputs.dataset.folder import CorrectionDataset
from UnifiedViTLib.spec import load_spec


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> Path:
    return made_once(tmp_path_factory, "discs-in-heads", write_parent) / "parent"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Heads of a site: six that the model knows, `clear`; three of a patient with a disc that is neither bright nor
    dark, `faint`; one as another scanner shows it; and what is no image to label."""
    folder, chance = tmp_path_factory.mktemp("unlabelled"), np.random.default_rng(3)
    for number in range(6):
        image, disc = head(chance, number % 3)
        write(folder / f"clear {number}.png", image.astype(np.uint8))
    write(folder / "clear 0 again.png", read(folder / "clear 0.png").array[0])
    write(folder / "mask.png", disc)
    for number in range(3):
        image, disc = head(chance, 1)
        image[disc > 0] = 142
        write(folder / "patient 7" / f"faint {number}.png", image.astype(np.uint8))
    write(folder / "patient 8" / "inverted.png", inverted(head(chance, 1)[0]).astype(np.uint8))
    (folder / "broken.png").write_bytes((folder / "clear 1.png").read_bytes()[:300])
    return folder


def suggest(capsys, parent: Path, folder: Path, work: Path, *more: str) -> tuple[int, list[dict[str, str]], str]:
    """Exit code, the table, and what was said."""
    code = main(["suggest", str(folder), "--model", str(parent), "--work-dir", str(work), *more])
    captured = capsys.readouterr()
    with open(work / "suggestions.csv", newline="", encoding="utf-8") as file:
        return code, list(csv.DictReader(file)), captured.out + captured.err


@pytest.fixture(scope="module")
def dataset(tmp_path_factory, parent, folder) -> CorrectionDataset:
    """Of corrected results, with one of the clear heads."""
    dataset, volume = CorrectionDataset(tmp_path_factory.mktemp("labelled") / "mine"), read(folder / "clear 2.png")
    nothing, classes = np.zeros(volume.array.shape, np.uint8), tuple(c.name for c in load_spec(parent).classes)
    drawn = Segmentation("drawn", (nothing,), (DrawnSegment("Disc", "", 0, 1),), volume.ijk_to_ras)
    proposal = Proposal("discs", "0.1.0", classes, ("Disc",), False, "dark", nothing)
    dataset.add(Correction(volume.array, volume.ijk_to_ras, drawn, proposal, None, "AB", geometry=volume.geometry))
    return dataset


@pytest.fixture(scope="module")
def work(tmp_path_factory, parent, folder, dataset) -> Path:
    """Of a run that has examined all images."""
    work = tmp_path_factory.mktemp("work")
    assert main(["suggest", str(folder), "--model", str(parent), "--work-dir", str(work), "--budget", "4", "--dataset",
                 str(dataset.folder)]) == 0
    return work


def named(rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    return {Path(row["image"]).stem: row for row in rows}


def test_what_the_model_does_not_know_comes_before_what_it_knows_and_says_why(work, parent, folder, capsys):
    code, rows, words = suggest(capsys, parent, folder, work, "--budget", "4")
    assert code == 0 and [row["rank"] for row in rows][:5] == ["1", "2", "3", "4", ""]
    suggested = [row for row in rows if row["status"] == "suggested"]
    assert all(row["reasons"] for row in suggested) and all(row["reasons"] in words for row in suggested)
    by_name = named(rows)
    assert by_name["inverted"]["rank"], "another scanner's"
    strange = [float(row["score"]) for name, row in by_name.items() if name.startswith(("faint", "inverted"))]
    clear = [float(row["score"]) for row in rows if row["score"] and Path(row["image"]).stem.startswith("clear")]
    assert len(strange) == 4 and len(clear) == 6 and np.mean(strange) > np.mean(clear)
    later = [float(row["score"]) for row in rows if row["status"] == "later"]
    assert len(later) == 6 and later == sorted(later, reverse=True)


def test_what_is_no_image_to_label_costs_a_row_with_its_sentence(work, parent, folder, capsys):
    code, rows, words = suggest(capsys, parent, folder, work, "--budget", "4")
    notes = {name: row["note"] for name, row in named(rows).items() if row["status"] == "left out"}
    assert code == 0 and set(notes) in ({"broken", "mask", "clear 0"}, {"broken", "mask", "clear 0 again"})
    assert "broken" in notes["broken"] and "a mask or a label map" in notes["mask"] and notes["broken"] in words
    assert any(note.startswith("the same image as clear 0") for note in notes.values())
    assert "4 of 10 images; 3 left out" in words


def test_images_of_one_patient_follow_each_other(work, parent, folder, capsys):
    _, rows, _ = suggest(capsys, parent, folder, work, "--budget", "10")
    patients = [row["patient"] for row in rows if row["status"] == "suggested"]
    runs = [patient for patient, before in zip(patients, [None, *patients], strict=False) if patient != before]
    assert len(patients) == 10 and len(set(runs)) == len(runs) == 8
    assert len({row["patient"] for name, row in named(rows).items() if name.startswith("faint")}) == 1


def test_a_second_run_looks_at_nothing_again(work, parent, folder, capsys):
    kept = {file: file.stat().st_mtime_ns for file in (work / "suggestions").iterdir()}
    suggest(capsys, parent, folder, work, "--budget", "2")
    assert len(kept) == 14 and not multiprocessing.active_children()
    assert {file: file.stat().st_mtime_ns for file in (work / "suggestions").iterdir()} == kept


def test_what_is_kept_is_of_the_model_with_its_calibration(parent, folder, tmp_path):
    spec = load_spec(parent)
    models = (spec, replace(spec, description="other words"), replace(spec, temperature=2 * spec.temperature))
    same, words, calibrated = (Examiner(one, tmp_path)._signature(folder / "clear 0.png") for one in models)
    assert same == words != calibrated


def test_what_is_labelled_already_is_left_out(work, parent, folder, dataset, capsys):
    code, rows, words = suggest(capsys, parent, folder, work, "--budget", "9", "--dataset", str(dataset.folder))
    row, (case,) = named(rows)["clear 2"], dataset.cases()
    assert code == 0 and (row["status"], row["note"]) == ("left out", f"labelled already, as {case.name}"), words


def test_an_image_that_ends_the_process_costs_a_sentence_and_not_the_batch(model, folder, tmp_path):
    with examiner(model, tmp_path) as opened:
        assert isinstance(opened.examine(folder / "clear 0.png"), Examination)
        for process in multiprocessing.active_children():
            process.kill()
            process.join()
        sentence = opened.examine(folder / "clear 1.png")
        assert isinstance(sentence, str) and sentence.startswith("clear 1.png ended the process that looked at it")
        assert isinstance(opened.examine(folder / "clear 2.png"), Examination)


def test_a_folder_without_images_is_refused_in_a_sentence(parent, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    for name, sentence in (("empty", "holds no images to label"), ("nowhere", "does not exist")):
        assert main(["suggest", str(tmp_path / name), "--model", str(parent), "--budget", "3", "--work-dir",
                     str(tmp_path / "work")]) == 1
        assert sentence in capsys.readouterr().err


def test_k_centre_takes_one_of_each_cluster_before_a_second_of_any():
    chance = np.random.default_rng(0)
    centres = np.array([[0, 0], [10, 0], [0, 10], [10, 10]])
    points = np.repeat(centres, 5, axis=0) + chance.normal(0, 0.1, (20, 2))
    choices = weighted_k_centre(points, np.ones(20), np.empty((0, 2)), 4)
    assert sorted(choice.index // 5 for choice in choices) == [0, 1, 2, 3] and choices[0].novelty is None
    labelled = points[:1]
    choices = weighted_k_centre(points[1:], np.ones(19), labelled, 3)
    assert sorted((choice.index + 1) // 5 for choice in choices) == [1, 2, 3]
    assert len(weighted_k_centre(points, np.ones(20), labelled, 99)) == 20


def test_weights_decide_among_images_that_lie_equally_far():
    points, weights = np.array([[1.0], [1.0], [1.0], [-1.0]]), np.array([0.1, 0.9, 0.2, 0.1])
    order = [choice.index for choice in weighted_k_centre(points, weights, np.array([[0.0]]), 4)]
    assert order == [1, 3, 2, 0], "equal images come last, the surer the later"


def test_scores_are_mean_ranks_and_what_is_not_known_lies_in_the_middle():
    scores = score_images({"one": np.array([1.0, 2.0, 4.0, 3.0]), "other": np.array([np.nan] * 4)})
    assert scores.parts["one"].tolist() == [0.25, 0.5, 1.0, 0.75] and scores.parts["other"].tolist() == [0.5] * 4
    assert scores.total.argmax() == 2
    choices = [Choice(index, None) for index in (3, 0, 2, 1)]
    assert [choice.index for choice in by_patient(choices, ["a", "b", "a", "b"])] == [3, 1, 0, 2]
