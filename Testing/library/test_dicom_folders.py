"""Folders with several series, with slices that do not belong together, or of which some were lost on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_files import SHAPE, series, stored
from pydicom import Dataset, dcmread

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

    with pytest.raises(UnsupportedImageError, match=f"holds images of several {of}, though all say") as refused:
        read(series(tmp_path / "s", changed))
    assert "1.2.3" not in str(refused.value)

    def nameless(data, k):
        setattr(data, keyword, "1.2.3" if k < 5 else "")
        return data

    np.testing.assert_array_equal(read(series(tmp_path / "t", nameless)).array, stored())


@pytest.mark.parametrize("one, other, several", [
    ({"PatientName": "Doe^Jane"}, {"PatientName": "Doe^John"}, True),
    ({"PatientName": "Doe^Jane"}, {"PatientName": " DOE^JANE^^^", "PatientBirthDate": "19500101"}, False),
    ({"PatientName": "Doe^Jane"}, {}, False),
    ({"PatientBirthDate": "19500101"}, {"PatientBirthDate": "19600101"}, True),
    ({"PatientID": "1", "PatientName": "Doe^Jane"}, {"PatientName": "Doe^John"}, True),
    ({"PatientID": "1", "PatientName": "Doe^Jane"}, {"PatientID": "1", "PatientName": "Doe-Roe^Jane"}, False),
    ({"PatientID": "1", "IssuerOfPatientID": "A"}, {"PatientID": "1", "IssuerOfPatientID": "B"}, True),
    ({"PatientID": "P01"}, {"PatientID": "p1 "}, False),
    ({"PatientID": "P01"}, {"PatientID": "P10"}, True),
    ({"PatientID": "0", "PatientName": "Doe^Jane", "PatientBirthDate": "19500101"},
     {"PatientID": "0", "PatientName": "Roe^Richard", "PatientBirthDate": "19600101"}, True),
    ({"PatientID": "0", "PatientName": "Doe^Jane", "PatientBirthDate": "19500101"},
     {"PatientID": "0", "PatientName": "Roe^Jane", "PatientBirthDate": "19500101"}, False),
])
def test_patients_of_one_series_uid_are_told_apart_by_what_their_images_say_of_them(tmp_path, one, other, several):
    def changed(data, k):
        for keyword in ("PatientID", "PatientName", "PatientBirthDate", "IssuerOfPatientID"):
            setattr(data, keyword, (one if k < 5 else other).get(keyword, ""))
        return data

    folder = series(tmp_path / "s", changed)
    if several:
        with pytest.raises(UnsupportedImageError, match="images of several patients") as refused:
            read(folder)
        assert "Doe" not in str(refused.value)
    else:
        np.testing.assert_array_equal(read(folder).array, stored())


def test_two_images_of_one_uid_and_place_are_copies_or_refused(tmp_path):
    folder = series(tmp_path / "s")
    file = next(folder.iterdir())
    data = dcmread(file)
    data.PatientComments = "written again"
    data.save_as(folder / "copy")
    assert "Copies of images that are there already left out: 1." in read(folder).notes[0]
    data.PixelData = bytes(len(data.PixelData))
    data.save_as(folder / "copy")
    with pytest.raises(UnsupportedImageError, match="say that they are one image, but show different ones"):
        read(folder)


def lookup_table() -> Dataset:
    """A Modality LUT that turns 256 values around."""
    table = Dataset()
    table.ModalityLUTType = "US"
    table.add_new("LUTDescriptor", "US", [256, 0, 16])
    table.add_new("LUTData", "OW", np.arange(256, dtype="<u2")[::-1].tobytes())
    return table


@pytest.mark.parametrize("changes, words", [
    ({"BitsStored": 12, "HighBit": 15}, "does not hold its pixels in the lowest bits"),
    ({"RescaleIntercept": "0", "RescaleSlope": ["1", "2"]}, "no number.*RescaleSlope"),
    ({"ModalityLUTSequence": [lookup_table()]}, "says by a table what its pixels mean"),
])
def test_pixels_that_would_be_taken_for_others_are_refused(tmp_path, changes, words):
    def changed(data, k):
        for keyword, value in changes.items():
            setattr(data, keyword, value)
        return data

    with pytest.raises(UnsupportedImageError, match=words):
        read(series(tmp_path / "s", changed))


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


@pytest.mark.parametrize("limit", [None, 4094])
def test_a_stated_padding_that_is_brighter_than_the_image_is_taken_for_air(tmp_path, limit):
    pixels = stored()
    pixels[:, :, :6] = 4095 if limit is None else np.random.default_rng(1).integers(4094, 4096, pixels[:, :, :6].shape)

    def padded(data, k):
        data.PixelPaddingValue = 4095
        data.RescaleSlope, data.RescaleIntercept = "2", "-10"
        if limit is not None:
            data.PixelPaddingRangeLimit = limit
        return data

    volume = read(series(tmp_path / "s", padded, pixels))
    np.testing.assert_array_equal(volume.array[:, :, 6:], stored()[:, :, 6:] * 2.0 - 10)
    assert volume.array[:, :, :6].max() < 900 and "hold no intensity" in volume.notes[0]


@pytest.mark.parametrize("signed", [False, True])
def test_a_stated_padding_is_turned_with_black_and_white(tmp_path, signed):
    pixels = (-1 if signed else 4095) - stored().astype(np.int16)
    pixels[:, :, :6] = -32768 if signed else 0

    def padded(data, k):
        data.PhotometricInterpretation, data.PixelPaddingValue = "MONOCHROME1", int(pixels.min())
        data.BitsStored, data.HighBit, data.PixelRepresentation = (16, 15, 1) if signed else (12, 11, 0)
        data.RescaleSlope, data.RescaleIntercept = "2", "-10"
        return data

    volume = read(series(tmp_path / "s", padded, pixels if signed else pixels.astype(np.uint16)))
    np.testing.assert_array_equal(volume.array[:, :, 6:], stored()[:, :, 6:] * 2.0 - 10)
    assert volume.array[:, :, :6].max() < 900 and any("hold no intensity" in note for note in volume.notes)


def test_a_number_of_bits_that_no_pixel_has_is_refused(tmp_path):
    def hostile(data, k):
        data.PhotometricInterpretation, data.PixelPaddingValue = "MONOCHROME1", 0
        data.BitsStored, data.HighBit = 65535, 65534
        return data

    with pytest.raises(UnsupportedImageError, match="65535 bits of each pixel count, which has 16: it is damaged"):
        read(series(tmp_path / "s", hostile))


def test_a_stated_padding_that_is_as_dark_as_air_stays_as_it_is(tmp_path):
    pixels = stored()
    pixels[:, :, :6] = 0

    def padded(data, k):
        data.PixelPaddingValue = 0
        return data

    volume = read(series(tmp_path / "s", padded, pixels))
    np.testing.assert_array_equal(volume.array, pixels)
    assert volume.notes == ()


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
