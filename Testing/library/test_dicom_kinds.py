"""What is too much, or missing, in a DICOM series: images of several kinds make no volume, what is left out is told;
and in which order slices without positions are."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_files import AXIAL, SAGITTAL, STEP, enhanced, image, place, save, series, stored
from pydicom import Dataset, dcmread
from pydicom.uid import (
    CTImageStorage,
    PositronEmissionTomographyImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.geometry import DERIVED, UNKNOWN
from UnifiedViTLib.imaging.reading import read


def refusal(path) -> str:
    """The sentence with which `path` is refused."""
    with pytest.raises(UnsupportedImageError) as caught:
        read(path)
    return str(caught.value)


def stating(*elements):
    """A change that gives each slice its elements, one dictionary after the other."""
    def change(data, k):
        for keyword, value in elements[k % len(elements)].items():
            setattr(data, keyword, value)
            if keyword == "SOPClassUID":
                data.file_meta.MediaStorageSOPClassUID = value
        return data
    return change


@pytest.mark.parametrize(("elements", "different"), [
    ([{"Modality": "CT", "SOPClassUID": CTImageStorage},
      {"Modality": "PT", "SOPClassUID": PositronEmissionTomographyImageStorage}], "modality (5 of CT, 5 of PT)"),
    ([{"SOPClassUID": CTImageStorage}, {}], "kind (5 of CT Image Storage, 5 of MR Image Storage)"),
    ([{"EchoTime": 20}, {"EchoTime": 80}], "echo times (5 of 20 ms, 5 of 80 ms)"),
    ([{"EchoTime": 80}, {}], "echo times (5 of 80 ms, 5 of none)"),
    ([{"DiffusionBValue": 0.0}, {"DiffusionBValue": 1000.0}], "b-values (5 of 0 s/mm², 5 of 1000 s/mm²)"),
    ([{"ImageType": ["ORIGINAL", "PRIMARY", kind, "ND"]} for kind in "MP"],
     "image types (5 of magnitude, 5 of phase)"),
    ([{"ImageType": ["ORIGINAL", "PRIMARY", *kind]} for kind in (["M_FFE"], ["PHASE MAP", "P"])],
     "image types (5 of magnitude, 5 of phase)"),
    ([{"RescaleSlope": "2", "RescaleIntercept": "-5"}, {}], "rescaling (5 of stated values, 5 of stored values alone)"),
    ([{}, {"ComplexImageComponent": "IMAGINARY"}], "image types (5 of magnitude, 5 of imaginary parts)"),
])
@pytest.mark.parametrize("positions", [True, False])
def test_images_of_two_kinds_make_no_volume_wherever_they_lie(tmp_path, elements, different, positions):
    def change(data, k):
        if not positions:
            del data.ImagePositionPatient
        return stating(*elements)(data, k)

    assert f"holds slices of different {different}, which make no volume" in refusal(series(tmp_path / "s", change))


@pytest.mark.parametrize(("elements", "component"), [
    ({"ImageType": ["ORIGINAL", "PRIMARY", "PHASE MAP", "FFE"]}, "phase"),
    ({"ImageType": ["ORIGINAL", "PRIMARY", "R_IR"]}, "real parts"), ({"ComplexImageComponent": "PHASE"}, "phase"),
])
def test_images_of_another_part_of_the_signal_than_its_magnitude_are_told(tmp_path, elements, component):
    (note,) = read(series(tmp_path / "s", stating(elements))).notes
    assert f"the images hold the {component} of the MR signal" in note and "do not rely on the answer" in note


def test_phase_is_told_of_frames_too(tmp_path):
    data = enhanced(stored(), [place(k) for k in range(10)])
    data.SharedFunctionalGroupsSequence[0].MRImageFrameTypeSequence = [Dataset()]
    data.SharedFunctionalGroupsSequence[0].MRImageFrameTypeSequence[0].ComplexImageComponent = "PHASE"
    assert "the phase of the MR signal" in read(save(data, tmp_path / "e.dcm")).notes[0]


def test_echo_times_that_alternate_among_frames_make_no_volume(tmp_path):
    data = enhanced(stored(), [place(k) for k in range(10)], echoes=[10, 80] * 5)
    assert "different echo times (5 of 10 ms, 5 of 80 ms)" in refusal(save(data, tmp_path / "e.dcm"))


@pytest.mark.parametrize("elements", [
    [{"EchoTime": 4.2}, {"EchoTime": 4.204}, {"EchoTime": 4.3}], [{"AcquisitionNumber": 1}, {"AcquisitionNumber": 2}],
    [{"TriggerTime": 40.0 * k} for k in range(10)], [{"InversionTime": 900}, {"InversionTime": 905}],
    [{"ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "NORM"]}] + [{"ImageType": ["ORIGINAL", "PRIMARY", "M"]}] * 9,
    [{"ImageType": ["ORIGINAL", "PRIMARY"]}] + [{"ImageType": ["ORIGINAL", "PRIMARY", "M"]}] * 9,
    [{"DiffusionBValue": 1000.0}, {"DiffusionBValue": 1003.0}], [{"RescaleSlope": "1", "RescaleIntercept": "0"}, {}],
])
def test_what_may_differ_from_slice_to_slice_is_no_other_kind(tmp_path, elements):
    volume = read(series(tmp_path / "s", stating(*elements)))
    np.testing.assert_array_equal(volume.array, stored())
    assert volume.notes == ()


@pytest.mark.parametrize(("kind", "words"), [
    (["DERIVED", "SECONDARY", "PROJECTION IMAGE"], "1 of DERIVED, SECONDARY, PROJECTION IMAGE"),
    (["DERIVED", "SECONDARY", "SCREEN SAVE"], "1 of DERIVED, SECONDARY, SCREEN SAVE"),
    (["DERIVED", "PRIMARY", "M"], "1 of DERIVED, PRIMARY"),
])
def test_a_projection_or_a_picture_of_the_screen_among_the_slices_is_told(tmp_path, kind, words):
    elements = [{}] * 9 + [{"ImageType": kind}]
    note, = read(series(tmp_path / "s", stating(*elements))).notes
    assert f"The images are of several kinds (9 of ORIGINAL, PRIMARY, {words})" in note


@pytest.mark.parametrize(("stated", "thickness", "every", "words"), [
    (STEP, 5.0, 2, "though they state 6 mm, and their numbers differ by 2"),
    (None, 6.0, 3, "lie 18 mm apart, though each is 6 mm thick, and their numbers differ by 3"),
    (None, 5.0, 2, "though each is 5 mm thick, and their numbers differ by 2"),
    (None, 6.0, 5, "lie 30 mm apart, though each is 6 mm thick, and their numbers differ by 5"),
    (2 * STEP, 5.0, 2, None), (None, 12.0, 2, None), (None, 4.0, 2, None), (None, None, 2, None), (None, 6.0, 1, None),
])
def test_a_series_of_which_every_second_or_third_slice_is_there_is_told(tmp_path, stated, thickness, every, words):
    def change(data, k):
        data.SpacingBetweenSlices, data.SliceThickness = stated, thickness
        return data if k % every == 0 else None

    volume = read(series(tmp_path / "s", change))
    assert volume.spacing[2] == pytest.approx(every * STEP)
    assert len(volume.notes) == bool(words)
    assert all(words in note and "those between seem to be missing" in note for note in volume.notes)


def turned(degrees: float) -> list[float]:
    """An axial orientation, turned about the columns."""
    angle = np.radians(degrees)
    return [np.cos(angle), 0, np.sin(angle), 0, 1, 0]


@pytest.mark.parametrize("slices", [(0,), (4,), (9,)])
@pytest.mark.parametrize("value", [None, [1, 0, 0, 1, 0, 0]])
def test_slices_without_orientation_among_others_are_no_scouts(tmp_path, slices, value):
    def change(data, k):
        if k in slices:
            data.ImageOrientationPatient = value
        return data
    assert "1 of 10 slices have no orientation, so that how they lie" in refusal(series(tmp_path / "s", change))


@pytest.mark.parametrize("slices", [(0,), (4,), (0, 9)])
@pytest.mark.parametrize("orientation", [
    turned(1.1), turned(-4), [1, 0.02, 0, -0.02, 1, 0], [-1, 0, 0, 0, -1, 0], [0, 1, 0, 1, 0, 0],
])
def test_slices_tilted_by_a_few_degrees_or_turned_in_their_plane_are_no_scouts(tmp_path, slices, orientation):
    def change(data, k):
        if k in slices:
            data.ImageOrientationPatient = orientation
        return data
    sentence = refusal(series(tmp_path / "s", change))
    assert f"{len(slices)} of 10 slices are turned against the others, by up to" in sentence


@pytest.mark.parametrize("orientation", [turned(0.2), [1, 0.003, 0, -0.003, 1, 0]])
def test_slices_turned_by_what_headers_round_are_slices(tmp_path, orientation):
    def change(data, k):
        data.ImageOrientationPatient = orientation if k == 4 else list(AXIAL)
        return data
    volume = read(series(tmp_path / "s", change))
    np.testing.assert_array_equal(volume.array, stored())
    assert volume.notes == ()


@pytest.mark.parametrize(("position", "orientation"), [
    (place(4), SAGITTAL), (place(4), turned(40)), (place(4), turned(7)), (place(30), turned(4)), (None, None),
])
def test_scouts_elsewhere_and_pictures_of_no_place_are_left_out(tmp_path, position, orientation):
    folder = series(tmp_path / "s")
    scout = image(stored()[0], position, orientation, number=11)
    if position is None:
        scout.SOPClassUID = scout.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    save(scout, folder / "SCOUT")
    volume = read(folder)
    np.testing.assert_array_equal(volume.array, stored())
    assert volume.notes == ("Images of other planes (scouts or localizers) left out: 1.",)


def stored_again(folder, *numbers, **elements):
    """Slices of a series stored a second time with other elements."""
    for file in list(folder.iterdir()):
        data = dcmread(file)
        if data.InstanceNumber in numbers:
            for keyword, value in elements.items():
                setattr(data, keyword, generate_uid() if keyword == "SOPInstanceUID" else value)
            data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
            save(data, folder / f"{file.name}-again")
    return folder


@pytest.mark.parametrize("numbers", [(4,), range(1, 11)])
@pytest.mark.parametrize("elements", [
    {"InstanceNumber": 77}, {"SOPInstanceUID": ""}, {"SOPInstanceUID": "", "InstanceNumber": 77},
])
def test_an_image_that_is_there_twice_is_read_once_whatever_its_number_or_uid(tmp_path, numbers, elements):
    volume = read(stored_again(series(tmp_path / "s"), *numbers, **elements))
    np.testing.assert_array_equal(volume.array, stored())
    assert volume.notes == (f"Copies of images that are there already left out: {len(numbers)}.",)


@pytest.mark.parametrize(("elements", "different"), [
    ({"PixelData": bytes(2 * 40 * 36)}, "a time series, or several echoes"),
    ({"EchoTime": 80}, "different echo times"),
])
def test_a_second_image_of_a_place_that_shows_something_else_is_no_copy(tmp_path, elements, different):
    empty = np.zeros_like(stored())
    empty[1:] = stored()[1:]
    folder = stored_again(series(tmp_path / "s", pixels=empty), *range(1, 11), SOPInstanceUID="", **elements)
    assert f"20 images at 10 places, 2 at each ({different})" in refusal(folder)


def located(*heights, step=6.0):
    """A change that takes positions away and numbers slices as they were acquired, every second one first."""
    def change(data, k):
        del data.ImagePositionPatient
        data.InstanceNumber, data.SpacingBetweenSlices = 1 + k // 2 + 5 * (k % 2), step
        if heights[k] is not None:
            data.SliceLocation = heights[k]
        return data
    return change


@pytest.mark.parametrize(("step", "source"), [(6.0, DERIVED), (3.0, UNKNOWN)])
def test_slices_without_positions_are_in_the_order_of_their_locations_before_that_of_their_numbers(
        tmp_path, step, source):
    volume = read(series(tmp_path / "s", located(*np.arange(10) * 6.0 - 20, step=step)))
    np.testing.assert_array_equal(volume.array, stored())
    assert "they are in the order of their slice locations" in volume.notes[0]
    assert volume.geometry.spacing == source


@pytest.mark.parametrize(("heights", "words"), [
    ([0, 6, 12, 18, 24] * 2, "several images of the same place: 10 images at 5 places"),
    ([0, 6, 12, 18, 24, 90, 96, 102, 108, 114], "2 stacks (5, 5 slices)"),
    ([*range(0, 54, 6), None], "their order is not known"),
])
def test_locations_that_are_those_of_no_stack_are_refused(tmp_path, heights, words):
    assert words in refusal(series(tmp_path / "s", located(*heights)))


def test_numbers_that_are_missing_among_slices_without_positions_are_told(tmp_path):
    def change(data, k):
        del data.ImagePositionPatient
        return data if k != 4 else None
    assert "numbers (of which some are missing)" in read(series(tmp_path / "s", change)).notes[0]
