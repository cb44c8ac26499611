"""`unifiedvit compare`: results, segmentations and masks from real files, and files that are none of these."""

from __future__ import annotations

import csv
import io
import json
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from builders import grid, head_volume, oblique, to_sitk
from dicom_files import series
from PIL import Image
from pydicom import Dataset
from results import make_prediction, put

from UnifiedViTLib import cli
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.comparison.reading import read_segmentation
from UnifiedViTLib.outputs.folder import ResultsFolder

SHAPE = (10, 24, 24)
BOX = np.s_[2:6, 5:15, 5:15]


def write_mask(path, labels: np.ndarray, keys: dict[str, str] | None = None) -> str:
    """A label map on an oblique grid with voxels of 1 x 2 x 5 mm (0.01 mL)."""
    image = to_sitk(Volume(labels, grid(oblique(), (1.0, 2.0, 5.0), labels.shape[:3])))
    for key, value in (keys or {}).items():
        image.SetMetaData(key, value)
    sitk.WriteImage(image, str(path), True)
    return str(path)


def mask(*boxes, value: int = 1) -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    for box in boxes:
        labels[box] = value
    return labels


def _of(data: Dataset, patient: str) -> Dataset:
    data.PatientID = data.PatientName = patient
    return data


def compare(capsys, *arguments) -> tuple[int, str, str]:
    """Exit code, output and errors of `unifiedvit compare`."""
    code = cli.main(["compare", *map(str, arguments)])
    return code, *capsys.readouterr()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two results of one image, in folders of their own, and one of another image."""
    folder = tmp_path_factory.mktemp("results")
    prediction = make_prediction(folder / "tiny")
    for image in ("brain", "later"):
        sitk.WriteImage(to_sitk(head_volume(shape=(4, 40, 36))), str(folder / f"{image}.nrrd"), image == "later")
    for where, image in (("one", "brain"), ("two", "brain"), ("three", "later")):
        put(ResultsFolder(folder / where), prediction, folder / f"{image}.nrrd", image)
    return folder


def test_two_results_of_one_image_agree_and_their_diagnoses_are_told(results, capsys):
    code, text, _ = compare(capsys, results / "one" / "brain.json", results / "two" / "brain.json")
    assert code == 0 and "1.000      0.0" in text and "the same." in text and "!" not in text
    assert "A  brain (A), of brain.nrrd, by tiny 1.2.3, " in text


def test_a_result_of_a_region_is_told_to_be_one(results, capsys, tmp_path):
    whole = make_prediction(tmp_path / "tiny")
    box = RegionOfInterest.from_bounds((slice(1, 3), slice(0, 20), slice(0, 36)), whole.ijk_to_ras)
    part = Predictor(whole.spec, "cpu").predict(head_volume(shape=(4, 40, 36)), Options(region=box))
    put(ResultsFolder(tmp_path / "part"), part, results / "brain.nrrd", "brain", region=box)
    code, text, _ = compare(capsys, results / "one" / "brain.json", tmp_path / "part" / "brain.json")
    assert code == 0 and "only a region was looked at" in " ".join(text.split()) and "different images" not in text


def test_the_manifest_says_what_a_segmentation_is_of_and_not_its_name(results, capsys, tmp_path):
    """Beside its JSON it is known; copied away, it is a file of names and labels."""
    _, text, _ = compare(capsys, results / "one" / "brain.seg.nrrd", results / "three" / "later.json")
    assert "! brain and later are of different images (brain.nrrd, later.nrrd)" in text and "registered" in text
    (tmp_path / "brain.seg.nrrd").write_bytes((results / "one" / "brain.seg.nrrd").read_bytes())
    _, text, _ = compare(capsys, tmp_path / "brain.seg.nrrd", results / "three" / "later.json")
    assert "different images" not in text and "1.000" in text


def test_an_edited_segmentation_of_a_result_is_compared_as_it_is_and_that_is_told(results, capsys, tmp_path):
    for file in (results / "one").glob("brain.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    image = sitk.ReadImage(str(tmp_path / "brain.seg.nrrd"))
    edited = sitk.GetImageFromArray(sitk.GetArrayFromImage(image) * 0)
    edited.CopyInformation(image)
    for key in image.GetMetaDataKeys():
        edited.SetMetaData(key, image.GetMetaData(key))
    sitk.WriteImage(edited, str(tmp_path / "brain.seg.nrrd"))
    _, text, _ = compare(capsys, tmp_path / "brain.json", results / "two" / "brain.json")
    assert "brain.seg.nrrd was changed since the run" in text and "Nothing is drawn in brain (A)" in text


def test_results_of_two_patients_are_told_and_neither_is_named(results, capsys, tmp_path):
    prediction = make_prediction(tmp_path / "tiny")
    for patient in ("ANNA^A", "BERTA^B"):
        source = series(tmp_path / patient[0], change=lambda data, k, patient=patient: _of(data, patient))
        put(ResultsFolder(tmp_path / f"results-{patient[0]}"), prediction, source, "brain")
    code, text, _ = compare(capsys, tmp_path / "results-A" / "brain.json", tmp_path / "results-B" / "brain.json",
                            "-o", tmp_path / "out")
    assert code == 0 and "of different patients" in text and "ANNA" not in text
    assert "ANNA" not in next((tmp_path / "out").glob("*.json")).read_text()


def test_files_are_written_under_a_free_name_with_numbers_as_computed(capsys, tmp_path):
    a, b = write_mask(tmp_path / "a.nrrd", mask(BOX)), write_mask(tmp_path / "b.nii.gz", mask(np.s_[3:8, 5:15, 5:15]))
    for _ in range(2):
        code, text, _ = compare(capsys, a, b, "--output", tmp_path / "out")
    assert code == 0 and "label 1" in text and "+1.00" in text and "+25.0" in text
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {f"a - b{number}{ending}" for number in ("", "-2")
                     for ending in (".json", ".csv", ".difference.seg.nrrd")}
    segment, = json.loads((tmp_path / "out" / "a - b.json").read_text())["segments"]
    assert segment["dice"] == pytest.approx(2 * 300 / 900) and segment["change_ml"] == pytest.approx(1.0)
    with open(tmp_path / "out" / "a - b.csv", newline="") as file:
        row, = csv.DictReader(file)
    assert float(row["change_percent"]) == pytest.approx(25.0) and row["a"] == "a"
    difference = read_segmentation(tmp_path / "out" / "a - b.difference.seg.nrrd")
    assert [segment.name for segment in difference.segments] == ["only A", "both", "only B"]
    assert [int(difference.mask([segment]).sum()) for segment in difference.segments] == [100, 300, 200]


def test_layers_and_names_of_slicers_segmentations_are_read(capsys, tmp_path):
    layers = np.stack([mask(BOX), mask(np.s_[2:8, 5:15, 5:15])], axis=-1)
    image = sitk.GetImageFromArray(layers, isVector=True)
    image.SetSpacing((1.0, 2.0, 5.0))
    names = {"Segment0_ID": "x", "Segment0_Name": "Core", "Segment0_LabelValue": "1", "Segment0_Layer": "0",
             "Segment1_ID": "y", "Segment1_Name": "Whole", "Segment1_LabelValue": "1", "Segment1_Layer": "1",
             "Segment1_Tags": "TerminologyEntry:a~b^c^d|other:1|"}
    for key, value in names.items():
        image.SetMetaData(key, value)
    sitk.WriteImage(image, str(tmp_path / "layers.seg.nrrd"), True)
    segmentation = read_segmentation(tmp_path / "layers.seg.nrrd")
    assert segmentation.name == "layers" and segmentation.segments[1].terminology == "a~b^c^d"
    code, text, _ = compare(capsys, tmp_path / "layers.seg.nrrd", tmp_path / "layers.seg.nrrd")
    rows = [line.split()[:2] for line in text.splitlines()[4:6]]
    assert code == 0 and rows == [["Core", "1.000"], ["Whole", "1.000"]]


def test_bad_files_are_refused_in_one_sentence(capsys, tmp_path):
    good = write_mask(tmp_path / "good.nrrd", mask(BOX))
    (tmp_path / "cut.nrrd").write_bytes((tmp_path / "good.nrrd").read_bytes()[:-40])
    (tmp_path / "zero.nii").write_bytes(b"")
    series(tmp_path / "series", name="image.dcm", pixels=np.ones((1, 40, 36), np.uint16))
    (tmp_path / "no-result.json").write_text("{}")
    write_mask(tmp_path / "image.nrrd", np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE))
    write_mask(tmp_path / "fractions.nrrd", np.full(SHAPE, 0.4, np.float32))
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((3, *SHAPE), np.uint8), isVector=False), str(tmp_path / "4d.nii"))
    for name, words in {
        "cut.nrrd": "cut off before its end", "zero.nii": "empty file", "no-result.json": "no result of UnifiedViT",
        "image.nrrd": "values of an image", "fractions.nrrd": "holds fractions", "4d.nii": "four dimensions",
        "series": "is a folder", "series/image.dcm": "is a DICOM file",
        "missing.json": "does not exist", "missing.nrrd": "does not exist",
    }.items():
        code, out, error = compare(capsys, good, tmp_path / name)
        assert code == 2 and words in error and error.count("\n") == 1 and not out, (name, error)
    (tmp_path / "file").write_text("")
    code, _, error = compare(capsys, good, good, "-o", tmp_path / "file" / "out")
    assert code == 2 and "cannot be written" in error


def test_edges_that_compression_made_do_not_count_as_drawn(capsys, tmp_path):
    """Of a square in a JPEG, half as much again lies around it."""
    square = np.zeros((128, 128), np.uint8)
    square[30:50, 70:95] = 255
    for name in ("square.png", "square.jpg"):
        Image.fromarray(square).save(tmp_path / name, **({"quality": 60} if name.endswith("jpg") else {}))
    code, _, said = compare(capsys, tmp_path / "square.png", tmp_path / "square.jpg")
    assert code == 2 and "square.jpg has soft edges" in said and "half of the largest" in said
    whole = write_mask(tmp_path / "whole.nrrd", mask(BOX))
    scaled = write_mask(tmp_path / "scaled.nrrd", mask(BOX).astype(np.float32) * np.float32(1.0000001))
    code, said, _ = compare(capsys, whole, scaled)
    assert code == 0 and "1.000" in said, "but for rounding, whole numbers"
    thin = np.zeros(SHAPE, np.uint8)
    thin[2, 5:15, 5:15] = np.arange(10, 110).reshape(10, 10)
    names = {f"Segment{n}_{key}": value for n, label in enumerate(range(10, 110))
             for key, value in (("ID", f"s{n}"), ("Name", f"S{label}"), ("LabelValue", str(label)), ("Layer", "0"))}
    assert compare(capsys, *[write_mask(tmp_path / "thin.seg.nrrd", thin, names)] * 2)[0] == 0, "named: all meant"


def test_it_runs_where_the_output_is_no_file_as_in_a_notebook(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdout", io.StringIO())
    file = write_mask(tmp_path / "a.nrrd", mask(BOX))
    assert cli.main(["compare", file, file]) == 0 and "1.000" in sys.stdout.getvalue()


def test_an_empty_mask_is_compared_and_told(capsys, tmp_path):
    drawn, empty = write_mask(tmp_path / "drawn.nrrd", mask(BOX)), write_mask(tmp_path / "empty.nrrd", mask())
    _, text, _ = compare(capsys, drawn, empty)
    assert "! Nothing is drawn in empty." in text and "-100.0" in text
    code, text, _ = compare(capsys, empty, empty)
    assert code == 0 and text.count("Nothing is drawn in") == 2


def test_help_tells_it_from_the_comparison_of_training_runs(capsys):
    with pytest.raises(SystemExit):
        cli.main(["compare", "--help"])
    assert "unifiedvit-train compare" in capsys.readouterr().out
