"""`unifiedvit-train add`, `added` and `remove`: from results to a dataset that `prepare` reads as it is."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, to_sitk
from dicom_files import series
from head_sets import project
from results import make_prediction, put
from unifiedvit_training.cli import main
from unifiedvit_training.data.prepare import prepare_dataset

from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.dataset.folder import CorrectionDataset
from UnifiedViTLib.outputs.folder import ResultsFolder

SHAPE = (4, 40, 36)
MODEL = {"segments": [{"name": "Glioma", "colour": [200, 40, 40]}, {"name": "Meningioma", "colour": [40, 200, 40]}],
         "classes": [{"name": "healthy", "display": "Nothing", "lesion": False},
                     {"name": "glioma", "display": "Glioma"}, {"name": "meningioma", "display": "Meningioma"}]}


@pytest.fixture(scope="module")
def prediction(tmp_path_factory):
    """Glioma, with something drawn."""
    return make_prediction(tmp_path_factory.mktemp("model"))


def result_of(folder: Path, prediction, number: int) -> tuple[Path, Path]:
    """A result of an image of its own in a folder of its own, and a corrected mask: a box of label 1 + number % 2."""
    home = folder / f"patient {number}"
    home.mkdir(parents=True)
    image = to_sitk(head_volume(shape=SHAPE)) + number
    sitk.WriteImage(image, str(home / "brain.nii.gz"))
    labels = np.zeros(SHAPE, np.uint8)
    labels[1:3, 12:24, 10 + number:22 + number] = 1 + number % 2
    mask = sitk.GetImageFromArray(labels)
    mask.CopyInformation(image)
    sitk.WriteImage(mask, str(home / "corrected.nii.gz"))
    put(ResultsFolder(home), prediction, home / "brain.nii.gz")
    return home / "head.json", home / "corrected.nii.gz"


def run(capsys, *arguments) -> tuple[int, str]:
    """Exit code, and output with errors."""
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_prepare_reads_a_dataset_of_corrections_as_it_is(tmp_path, prediction, capsys):
    dataset = tmp_path / "mine"
    for number in range(8):
        result, mask = result_of(tmp_path, prediction, number)
        label = ("glioma", "meningioma")[number % 2]
        code, words = run(capsys, "add", dataset, "--result", result, "--mask", mask, "--label", label,
                          "--reviewer", "AB")
        assert code == 0 and "Dice 0." in words, words
    source = CorrectionDataset(dataset).source()
    assert source["mask_values"] == {1: "Glioma", 2: "Meningioma"}
    made = prepare_dataset(project(source | {"split": {"fractions": [0.5, 0.5, 0]}}, **MODEL), tmp_path / "work")
    assert len(made.slices) == 32 and len({item.group for item in made.items}) == 8
    drawn = made.slices.masks.reshape(32, -1).max(axis=1)
    assert sorted(drawn) == [0] * 16 + [1] * 8 + [2] * 8
    assert sorted(made.slices.labels) == [0] * 16 + [1] * 8 + [2] * 8


def test_added_lists_cases_and_drift_and_draws_them_and_remove_takes_one_out(tmp_path, prediction, capsys):
    dataset = tmp_path / "mine"
    for number, label in enumerate(("glioma", "meningioma", "")):
        result, mask = result_of(tmp_path, prediction, number)
        assert run(capsys, "add", dataset, "--result", result, "--mask", mask, "--label", label, "--reviewer", "AB",
                   "--patient", "one")[0] == 0
    result, _ = result_of(tmp_path, prediction, 3)
    code, words = run(capsys, "add", dataset, "--result", result, "--reviewer", "CD")
    assert code == 0 and "Dice 1.00 to what the model drew; diagnosis confirmed." in words
    code, words = run(capsys, "added", dataset, "--plot", tmp_path / "drift.png")
    assert code == 0 and (tmp_path / "drift.png").read_bytes()[1:4] == b"PNG"
    names = [line.split()[0] for line in words.splitlines() if line.startswith("case-")]
    assert len(names) == 4 and "meningioma (was glioma)" in words and "33%" in words
    assert json.loads(words.partition("  - ")[2].splitlines()[0])["mask_values"] == {"1": "Glioma", "2": "Meningioma"}
    with open(dataset / "labels.csv", newline="") as file:
        groups = [row["group"] for row in csv.DictReader(file)]
    assert groups[0] == groups[1] == groups[2] != groups[3]
    assert run(capsys, "remove", dataset, names[0]) == (0, f"Removed {names[0]}.\n")
    assert run(capsys, "remove", dataset, names[0])[0] == 1
    assert len(CorrectionDataset(dataset).cases()) == 3


def test_nothing_that_names_a_patient_is_in_the_folder(tmp_path, prediction, capsys):
    scans, results = tmp_path / "Mustermann-Maria", tmp_path / "results"

    def named(data, _k):
        data.PatientName, data.PatientID, data.PatientBirthDate = "Mustermann^Maria", "PID-4711-X", "19700102"
        data.StudyInstanceUID, data.InstitutionName = "1.2.840.99.1", "Charite"
        return data

    series(scans, named)
    made = Predictor(prediction.spec, "cpu").predict(read(scans))
    results.mkdir()
    put(ResultsFolder(results), made, scans)
    for name in ("first", "second"):
        code, words = run(capsys, "add", tmp_path / name, "--result", results / "head.json", "--reviewer", "AB")
        assert code == 0, words
    for file in (tmp_path / "first").rglob("*"):
        content = str(file.relative_to(tmp_path)).encode() + (file.read_bytes() if file.is_file() else b"")
        for text in (b"ustermann", b"4711", b"19700102", b"1.2.840", b"Charite", b"IM00"):
            assert text.lower() not in content.lower(), (file, text)
    one, other = (CorrectionDataset(tmp_path / name).cases()[0] for name in ("first", "second"))
    assert one.group != other.group and one.image_sha256 == other.image_sha256


def test_what_cannot_be_added_is_refused_in_a_sentence(tmp_path, prediction, capsys):
    result, mask = result_of(tmp_path, prediction, 0)
    dataset = tmp_path / "mine"
    for arguments, words in (((mask,), "is no result of UnifiedViT"), ((tmp_path / "no.json",), "does not exist"),
                             ((result, "--label", "cyst"), "none of the model's"),
                             ((result, "--mask", tmp_path / "no.nrrd"), "does not exist")):
        code, said = run(capsys, "add", dataset, "--reviewer", "AB", "--result", *arguments)
        assert code == 1 and words in said and not dataset.exists(), said
    sitk.WriteImage(to_sitk(head_volume(shape=SHAPE)) + 9, str(result.parent / "brain.nii.gz"))
    code, said = run(capsys, "add", dataset, "--reviewer", "AB", "--result", result)
    assert code == 1 and "was changed since" in said
    assert run(capsys, "added", dataset) == (1, f"unifiedvit-train: {dataset} is no dataset of corrected results: it "
                                                "has no dataset.json. Check the path.\n")


def test_the_result_of_another_image_is_no_correction_of_this_one(tmp_path, prediction, capsys):
    """Both lie on one grid, as two dates or two patients of one template do."""
    (result, _), (other, _) = (result_of(tmp_path, prediction, number) for number in (0, 1))
    mask = other.with_name("head.seg.nrrd")
    arguments = ("add", tmp_path / "mine", "--reviewer", "AB", "--result", result, "--mask")
    code, said = run(capsys, *arguments, mask)
    assert code == 1 and "is the segmentation of another image (brain.nii.gz)" in said
    assert run(capsys, *arguments, result.with_name("head.seg.nrrd"))[0] == 0
    mask.replace(tmp_path / "drawn anew.seg.nrrd")  # without the manifest beside it, anybody's
    assert run(capsys, *arguments, tmp_path / "drawn anew.seg.nrrd")[0] == 0


def test_a_segmentation_that_was_corrected_in_place_has_no_dice(tmp_path, prediction, capsys):
    result, mask = result_of(tmp_path, prediction, 0)
    sitk.WriteImage(sitk.ReadImage(str(mask)), str(result.parent / "head.seg.nrrd"))
    code, words = run(capsys, "add", tmp_path / "mine", "--reviewer", "AB", "--result", result)
    assert code == 0 and "what the model drew is not known" in words
    assert CorrectionDataset(tmp_path / "mine").cases()[0].dice is None
