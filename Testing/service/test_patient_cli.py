"""`unifiedvit patient`: several images and metadata in, one diagnosis out."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import SimpleITK as sitk
from builders import head_volume, to_sitk, write_series
from once import copy_of
from patient_heads import give_patient_head

from UnifiedViTLib.cli import main
from UnifiedViTLib.imaging.reading.dicom.folder import series_in
from UnifiedViTLib.spec import ModelSpec

pytestmark = pytest.mark.usefixtures("warm_worker")


@pytest.fixture
def spec(proven, tmp_path) -> ModelSpec:
    return give_patient_head(copy_of(proven.folder, tmp_path / "model").folder)


@pytest.fixture
def images(tmp_path, monkeypatch) -> list[Path]:
    """Two images of the same name in folders of their own, as left and right often are."""
    monkeypatch.chdir(tmp_path)
    for n, side in enumerate(("left", "right")):
        (tmp_path / side).mkdir()
        volume = head_volume(shape=(4, 45, 41))
        sitk.WriteImage(to_sitk(replace(volume, array=volume.array + 40 * n * (volume.array > 250))),
                        str(tmp_path / side / "1.nrrd"))
    return [Path("left", "1.nrrd"), Path("right", "1.nrrd")]


def patient(capsys, *arguments) -> tuple[int, str, str]:
    code = main(["patient", *map(str, arguments)])
    return code, *capsys.readouterr()


def test_two_images_and_the_age_give_one_diagnosis_and_the_results_of_predict_the_same(images, spec, capsys):
    code, out, err = patient(capsys, *images, "-m", spec.folder, "--metadata", "age=63", "-o", "a.json")
    assert code == 0, err
    assert "Images alone: " in out and "63 years" in out and "Not given: sex" in out and "Research use only" in out
    assert main(["predict", *map(str, images), "-o", "out", "-m", str(spec.folder)]) == 0
    capsys.readouterr()
    code, _, err = patient(capsys, Path("out", "1.json"), Path("out", "1-2.json"), "-m", spec.folder, "--metadata",
                           "age=63", "-o", "b.json")
    assert code == 0, err
    one, other = (json.loads(Path(name).read_text()) for name in ("a.json", "b.json"))
    assert one["diagnosis"]["probabilities"] == pytest.approx(other["diagnosis"]["probabilities"], abs=1e-4)
    assert [file["sha256"] for file in one["patient_manifest"]["inputs"]] == [
        file["sha256"] for file in other["patient_manifest"]["inputs"]]
    assert [evidence["name"] for evidence in one["evidence"]] == [*map(str, images), "age"]


def test_what_cannot_be_meant_is_refused_before_anything_is_looked_at(images, spec, capsys):
    for arguments, words in ((["--metadata", "age=630"], "a number from 0 to 120 years"),
                             (["--metadata", "height=180"], "does not know the metadata 'height'"),
                             (["--metadata", "age=63", "--metadata", "age=64"], "two values for one name")):
        code, _, err = patient(capsys, *images, "-m", spec.folder, *arguments)
        assert code == 2 and words in err


def test_one_image_twice_and_a_result_that_was_changed_are_refused(images, spec, capsys):
    shutil.copy(images[0], "copy.nrrd")
    code, _, err = patient(capsys, images[0], "copy.nrrd", "-m", spec.folder)
    assert code == 2 and f"copy.nrrd is the same image as {images[0]}" in err
    Path("changed.json").write_text("{}")
    code, _, err = patient(capsys, "changed.json", "-m", spec.folder)
    assert code == 2 and "no result of unifiedvit predict, or was changed" in err


def test_one_image_in_two_formats_counts_once_whether_it_is_read_or_was_looked_at_before(spec, tmp_path, capsys,
                                                                                      monkeypatch):
    monkeypatch.chdir(tmp_path)
    volume = head_volume(shape=(4, 45, 41))
    voxels = (volume.array + 0.5).astype("int16")
    write_series(tmp_path / "series", voxels, volume.ijk_to_ras)
    image = to_sitk(replace(volume, array=voxels))
    sitk.WriteImage(sitk.DICOMOrient(image, "RAS"), "1.nii.gz")  # as converters turn the rows around
    sitk.WriteImage(sitk.Cast(image, sitk.sitkFloat32) * 0.25 - 7, "rescaled.nrrd")
    assert main(["predict", "series", "-o", "out", "-m", str(spec.folder)]) == 0
    capsys.readouterr()
    for pair in (("series", "1.nii.gz"), ("1.nii.gz", "rescaled.nrrd"), ("out/series.json", "rescaled.nrrd")):
        code, _, err = patient(capsys, *pair, "-m", spec.folder)
        assert code != 0 and f"{pair[1]} is the same image as {pair[0]}, and would count twice" in err


def test_a_result_of_a_region_is_not_taken_for_one_of_the_whole_image(images, spec, capsys):
    assert main(["predict", str(images[0]), "-o", "out", "-m", str(spec.folder), "--region",
                 *["0", "0", "0", "60", "60", "20"]]) == 0
    code, _, err = patient(capsys, "out/1.json", "-m", spec.folder)
    assert code == 2 and "out/1.json was looked at in a region alone" in err


def test_images_of_two_patients_are_refused(spec, tmp_path, capsys):
    volume = head_volume(shape=(4, 45, 41))
    for n, identifier in enumerate(("1", "2")):
        write_series(tmp_path / f"s{n}", (volume.array + n).astype("int16"), volume.ijk_to_ras, patient=identifier)
    code, _, err = patient(capsys, tmp_path / "s0", tmp_path / "s1", "-m", spec.folder)
    assert code == 2 and "is of another patient than" in err
    both = tmp_path / "both"
    both.mkdir()
    for file in (file for n in range(2) for file in (tmp_path / f"s{n}").iterdir()):
        shutil.copy(file, both / f"{file.parent.name}-{file.name}")
    code, _, err = patient(capsys, *(both / uid for uid in series_in(both)), "-m", spec.folder)
    assert code == 2 and "is of another patient than" in err
    assert main(["predict", str(tmp_path / "s0"), str(tmp_path / "s1"), "-o", str(tmp_path / "out"), "-m",
                 str(spec.folder)]) == 0
    code, _, err = patient(capsys, *sorted((tmp_path / "out").glob("*.json")), "-m", spec.folder)
    assert code == 2 and "is of another patient than" in err
