"""Folders with several series, with slices that do not belong together, or of which some were lost on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_files import SHAPE, series, stored
from pydicom import dcmread

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.file_set import files_of
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.service.batch.inputs import collect_inputs, find_inputs


@pytest.mark.parametrize("keyword, of", [("PatientID", "patients"), ("StudyInstanceUID", "studies")])
def test_images_of_two_patients_or_studies_with_one_series_uid_make_no_volume(tmp_path, keyword, of):
    """As programs leave them that replace the UIDs of all series by one."""
    def changed(data, k):
        setattr(data, keyword, "1.2.3" if k < 5 else "1.2.4")
        return data

    with pytest.raises(UnsupportedImageError, match=f"holds images of 2 {of}, though all say") as refused:
        read(series(tmp_path / "s", changed))
    assert "1.2.3" not in str(refused.value)

    def nameless(data, k):
        setattr(data, keyword, "1.2.3" if k < 5 else "")
        return data

    np.testing.assert_array_equal(read(series(tmp_path / "t", nameless)).array, stored())


def test_slices_of_two_frames_of_reference_are_told(tmp_path):
    def moved(data, k):
        data.FrameOfReferenceUID = "1.2.3" if k < 5 else "1.2.4"
        return data

    volume = read(series(tmp_path / "s", moved))
    np.testing.assert_array_equal(volume.array, stored())
    assert "several frames of reference" in volume.notes[0]


@pytest.mark.parametrize("left", [b"", bytes(3000)], ids=["empty", "zeros"])
def test_what_an_interrupted_copy_left_of_the_last_slices_is_told(tmp_path, left):
    folder = series(tmp_path / "s")
    (folder / "IM0009").write_bytes(left)
    volume = read(folder)
    assert len(volume.array) == len(stored()) - 1
    assert "hold nothing, as after a copy that was interrupted: 1. If they were slices" in volume.notes[0]


FIRST, SECOND = "1.2.8", "1.2.9"


def study(folder: Path, *uids: str) -> Path:
    """A folder into which several series were exported, one beside the other."""
    for number, uid in enumerate(uids):
        def of_series(data, k, uid=uid, number=number):
            data.SeriesInstanceUID, data.SeriesNumber = uid, number + 4
            data.SeriesDescription = f"Roe {'t1 post' if number else 'FLAIR'}"
            return data

        series(folder, of_series, stored() + number, name=f"{'BA'[number % 2]}{{:04d}}-{number}")
    return folder


def test_each_series_of_a_folder_with_several_is_an_input_of_its_own(tmp_path):
    folder = study(tmp_path / "study", SECOND, FIRST)
    assert find_inputs(folder) == [folder / FIRST, folder / SECOND], "by the name of their first file"
    assert find_inputs(folder / SECOND) == [folder / SECOND]
    assert find_inputs(folder, pattern="*.9") == [folder / SECOND]
    for uid, added in ((SECOND, 0), (FIRST, 1)):
        volume = read(folder / uid)
        np.testing.assert_array_equal(volume.array, stored() + added)
        assert volume.name == uid and volume.metadata["SeriesInstanceUID"] == uid and not volume.notes
        assert set(files_of(folder / uid)) == set(volume.files) and len(volume.files) == SHAPE[0]


def test_a_folder_with_several_series_that_is_to_be_one_image_says_how_each_is_named(tmp_path):
    folder = study(tmp_path / "study", FIRST, SECOND)
    with pytest.raises(UnsupportedImageError) as refused:
        read(folder)
    assert str(refused.value) == (
        "The folder study holds 2 DICOM series. Name the one to look at: "
        f"study/{SECOND} (series 5, MR, T1, 10 images); study/{FIRST} (series 4, MR, FLAIR, 10 images)."
    ), "and no description, in which a name may stand"
    with pytest.raises(UnsupportedImageError, match=r"1\.2\.7 does not exist, and the folder study holds no images of"):
        read(folder / "1.2.7")
    assert files_of(folder / "1.2.7") == [folder], "so that its line in the table says it"


def test_images_without_a_series_leave_a_folder_with_several_undivided(tmp_path):
    folder = study(tmp_path / "study", FIRST, "")
    assert find_inputs(folder) == [folder]
    with pytest.raises(UnsupportedImageError, match=r"2 DICOM series\. Put the one to look at into a folder"):
        read(folder)


def test_what_is_damaged_in_a_folder_with_several_series_is_told_of_each(tmp_path):
    folder = study(tmp_path / "study", FIRST, SECOND)
    of_first = read(folder / FIRST).files[-1]
    of_first.write_bytes(of_first.read_bytes()[:-99])
    assert len(read(folder / FIRST).array) == SHAPE[0] - 1
    assert "left out because they are damaged or no images: 1" in read(folder / FIRST).notes[0]
    assert not read(folder / SECOND).notes, "the header says whose it is"
    of_first.write_bytes(of_first.read_bytes()[:400])
    assert "left out because they are damaged or no images: 1" in read(folder / SECOND).notes[0]


def test_a_series_that_changed_since_its_folder_was_looked_into_is_read_as_it_is(tmp_path):
    folder = study(tmp_path / "study", FIRST, SECOND)
    assert collect_inputs([folder], print) == [folder / SECOND, folder / FIRST]
    for file in files_of(folder / SECOND):
        data = dcmread(file)
        data.SeriesInstanceUID = "1.2.10"
        data.save_as(file)
    assert collect_inputs([folder], print) == [folder / "1.2.10", folder / FIRST]
    with pytest.raises(UnsupportedImageError, match="does not exist"):
        read(folder / SECOND)
