"""Folders of DICOM slices: one stack in its order, or a sentence that says what is in the folder."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from builders import phantom, points
from dicom_files import AXIAL, CORONAL, IJK_TO_RAS, SAGITTAL, STEP, image, place, save, series, stored
from PIL import Image
from pydicom import dcmread
from pydicom.uid import CTImageStorage

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.geometry import DERIVED, GIVEN, LPS_RAS, UNKNOWN
from UnifiedViTLib.imaging.reading import dicom_files, read
from UnifiedViTLib.service.batch.inputs import find_inputs


def refusal(path) -> str:
    """The sentence with which `path` is refused."""
    with pytest.raises(UnsupportedImageError) as caught:
        read(path)
    return str(caught.value)


def assert_whole_series(volume) -> None:
    np.testing.assert_array_equal(volume.array, stored())
    np.testing.assert_allclose(volume.ijk_to_ras, IJK_TO_RAS, atol=1e-6)
    assert volume.geometry.spacing == volume.geometry.orientation == volume.geometry.position == GIVEN


@pytest.mark.parametrize("name", ["1.2.840.113619.2.{:d}", "IM{:04d}", "slice{:d}.dcm", "X{:04d}.IMA", "{:d}.txt"])
def test_slices_are_known_by_their_content_whatever_they_are_called(tmp_path, name):
    volume = read(series(tmp_path / "s", name=name))
    assert_whole_series(volume)
    assert volume.notes == () and volume.voxel_ml == pytest.approx(1.5 * 2 * STEP / 1000)


def test_pictures_texts_and_a_dicomdir_beside_the_slices_are_passed_over(tmp_path):
    folder = series(tmp_path / "s")
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(folder / "preview.png")
    (folder / "readme.txt").write_text("slices")
    (folder / ".DS_Store").write_bytes(b"\x08\x00 no DICOM")
    shutil.copy(folder / "IM0000", folder / "DICOMDIR")
    volume = read(folder)
    assert_whole_series(volume)
    assert volume.notes == ()
    assert len(dicom_files(folder)) == len(stored())


def test_links_are_followed_and_those_that_lead_nowhere_told(tmp_path):
    series(tmp_path / "there")
    folder = tmp_path / "s"
    folder.mkdir()
    for file in (tmp_path / "there").iterdir():
        os.symlink(file, folder / file.name)
    os.symlink(tmp_path / "gone", folder / "IM9999")
    volume = read(folder)
    assert_whole_series(volume)
    assert "cannot be opened (no permission, or links that lead nowhere): 1." in volume.notes[0]


def test_a_pipe_among_the_slices_does_not_hold_up_the_reading(tmp_path):
    folder = series(tmp_path / "s")
    os.mkfifo(folder / "IM9998")
    assert_whole_series(read(folder))


def test_a_name_that_is_no_text_is_refused_and_does_not_end_the_process(tmp_path):
    folder = series(tmp_path / "s")
    try:
        os.rename(folder / "IM0003", os.fsencode(folder) + b"/IM\xff\xfe")
    except OSError:
        pytest.skip("this file system knows no such names")
    assert "cannot be read: its name is not UTF-8" in refusal(folder)


def test_copies_of_a_slice_are_read_once(tmp_path):
    folder = series(tmp_path / "s")
    shutil.copy(folder / "IM0003", folder / "IM0003 (copy)")
    volume = read(folder)
    assert_whole_series(volume)
    assert volume.notes == ("Copies of images that are there already left out: 1.",)


def test_files_and_uids_are_in_the_order_of_the_slices_and_nothing_tells_the_person(tmp_path):
    volume = read(series(tmp_path / "s"))
    slices = [dcmread(file) for file in volume.files]
    assert [data.InstanceNumber for data in slices] == list(range(1, 11))
    assert volume.metadata["SOPInstanceUIDs"].split("\\") == [data.SOPInstanceUID for data in slices]
    assert volume.metadata["StudyInstanceUID"] == "1.2.1" and volume.metadata["SeriesInstanceUID"] == "1.2.2"
    assert volume.metadata["FrameOfReferenceUID"] == "1.2.3"
    assert "Phantom" not in str(volume.metadata) and "P4711" not in str(volume.metadata)


@pytest.mark.parametrize(("orientation", "first", "step"), [
    (AXIAL, (0, 0, 50), (0, 0, -4)), (CORONAL, (0, 0, 0), (0, 3, 0)), (SAGITTAL, (5, 0, 0), (-2, 0, 0)),
    ((1, 0, 0, 0, -1, 0), (0, 0, 0), (0, 0, 3)), ((0.8, 0.6, 0, -0.6, 0.8, 0), (0, 0, 0), (0, 0, 2.5)),
])
def test_slices_of_any_plane_lie_where_their_positions_say(tmp_path, orientation, first, step):
    places = [np.add(first, np.multiply(k, step)) for k in range(10)]
    for k, pixels in enumerate(stored()):
        save(image(pixels, places[k], orientation, number=10 - k), tmp_path / f"{k}")
    volume = read(tmp_path)
    for k in range(10):
        at = next(n for n in range(10) if np.array_equal(volume.array[n], stored()[k]))
        for i, j in ((0, 0), (5, 7)):
            lps = places[k] + i * 1.5 * np.array(orientation[:3]) + j * 2.0 * np.array(orientation[3:])
            np.testing.assert_allclose(LPS_RAS @ volume.ijk_to_ras @ [i, j, at, 1], [*lps, 1], atol=1e-5)
    assert np.linalg.det(volume.ijk_to_ras[:3, :3]) > 0


def test_every_slice_is_rescaled_by_its_own_slope(tmp_path):
    slopes = [1.0, *(0.25 + 0.05 * k for k in range(1, 10))]

    def rescaled(data, k):
        data.RescaleSlope, data.RescaleIntercept = f"{slopes[k]:.4f}", "-10"
        return data

    values = read(series(tmp_path / "s", rescaled)).array
    np.testing.assert_allclose(values, stored() * np.reshape(slopes, (-1, 1, 1)) - 10, rtol=1e-6)


def test_slices_of_another_bit_depth_keep_their_values(tmp_path):
    values = stored(high=250)

    def eight_bits(data, k):
        data.RescaleIntercept, data.RescaleSlope = "0", "1"
        if k in (0, 4):
            data.BitsAllocated = data.BitsStored = 8
            data.HighBit, data.PixelData = 7, values[k].astype(np.uint8).tobytes()
        if k == 6:
            data.PixelRepresentation, data.RescaleIntercept = 1, "-1000"
        return data

    expected = values.astype(int)
    expected[6] -= 1000
    np.testing.assert_array_equal(read(series(tmp_path / "s", eight_bits, values)).array, expected)


def test_black_and_white_exchanged_are_turned_around_within_the_stored_bits(tmp_path):
    def exchanged(data, k):
        data.PhotometricInterpretation, data.BitsStored, data.HighBit = "MONOCHROME1", 12, 11
        data.PixelData = (4095 - stored()[k]).astype(np.uint16).tobytes()
        return data

    np.testing.assert_array_equal(read(series(tmp_path / "s", exchanged)).array, stored())


def test_a_scout_under_the_same_series_is_left_out_and_told(tmp_path):
    folder = series(tmp_path / "s")
    save(image(stored()[5], (0, -40, 50), SAGITTAL, number=11), folder / "SCOUT")
    volume = read(folder)
    assert_whole_series(volume)
    assert volume.notes == ("Images of other planes (scouts or localizers) left out: 1.",)


def test_images_that_say_they_are_localizers_are_left_out_whatever_their_plane(tmp_path):
    folder = series(tmp_path / "s")
    for n in range(4):
        scout = image(stored()[n], (0, 0, 1000 + n))
        scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
        save(scout, folder / f"SCOUT{n}")
    volume = read(folder)
    assert_whole_series(volume)
    assert "left out: 4." in volume.notes[0]


def test_a_localizer_of_three_planes_is_refused_with_what_it_holds(tmp_path):
    for n in range(9):
        orientation = (AXIAL, CORONAL, SAGITTAL)[n // 3]
        position = np.multiply(20.0 * (n % 3), np.cross(orientation[:3], orientation[3:]))
        save(image(stored()[n], position, orientation, n + 1), tmp_path / f"{n}")
    assert "images of 3 planes (3 axial, 3 coronal, 3 sagittal): a localizer" in refusal(tmp_path)


def without(*numbers):
    """A change that leaves slices out."""
    return lambda data, k: None if k in numbers else data


def moved(positions):
    """A change that moves the slices to heights."""
    def change(data, k):
        data.ImagePositionPatient = [*place(0)[:2], float(positions[k])]
        return data
    return change


@pytest.mark.parametrize(("numbers", "sentence"), [
    ((4,), "1 slice is missing: the slices lie 6 mm apart, but after slice 4 is a gap of 12 mm"),
    ((2, 3, 6), "3 slices are missing: the slices lie 6 mm apart, but after slice 2, 4 is a gap of 18 mm"),
])
def test_missing_slices_are_counted(tmp_path, numbers, sentence):
    assert sentence in refusal(series(tmp_path / "s", without(*numbers)))


def test_a_damaged_slice_is_named_beside_the_gap_that_it_leaves(tmp_path):
    folder = series(tmp_path / "s")
    file = next(f for f in folder.iterdir() if dcmread(f).InstanceNumber == 5)
    file.write_bytes(file.read_bytes()[:-500])
    sentence = refusal(folder)
    assert "1 slice is missing" in sentence and "left out because they are damaged or no images: 1." in sentence


def test_two_stacks_are_refused_with_their_sizes(tmp_path):
    heights = [6.0 * k if k < 4 else 200 + 6.0 * k for k in range(10)]
    assert "2 stacks (4, 6 slices) with a gap of 206 mm" in refusal(series(tmp_path / "s", moved(heights)))


@pytest.mark.parametrize("heights", [
    np.cumsum([0, 3, 3, 3, 3, 6, 6, 6, 12, 12.0]), np.arange(10) ** 1.3, [0, 6, 12, 18, 20, 24, 30, 36, 42, 48],
])
def test_uneven_spacing_is_refused(tmp_path, heights):
    assert "unevenly spaced" in refusal(series(tmp_path / "s", moved(heights)))


def test_positions_rounded_to_tenths_are_even(tmp_path):
    volume = read(series(tmp_path / "s", moved(np.round(np.arange(10) * 0.625, 1))))
    assert volume.spacing[2] == pytest.approx(0.625, abs=0.01) and volume.notes == ()


@pytest.mark.parametrize(("tags", "different"), [
    ([{"EchoTime": 10}, {"EchoTime": 80}], "2 at each (different echo times)"),
    ([{"DiffusionBValue": 0.0}, {"DiffusionBValue": 1000.0}], "2 at each (different b-values)"),
    ([{"EchoTime": 10, "ImageType": ["ORIGINAL", kind]} for kind in "MP"]
     + [{"EchoTime": 80, "ImageType": ["ORIGINAL", kind]} for kind in "MP"],
     "4 at each (different echo times and image types)"),
    ([{}, {}], "2 at each (a time series, or several echoes)"),
])
def test_several_images_of_a_place_are_counted_and_what_differs_is_named(tmp_path, tags, different):
    for number, values in enumerate(tags):
        def tagged(data, k, values=values):
            for keyword, value in values.items():
                setattr(data, keyword, value)
            return data
        series(tmp_path / "s", tagged, stored() + np.uint16(number), name=f"{number}-{{:d}}")
    assert f"{10 * len(tags)} images at 10 places, {different}" in refusal(tmp_path / "s")


def test_slices_of_another_size_are_refused_with_how_many(tmp_path):
    def smaller(data, k):
        if k == 9:
            data.Rows, data.Columns, data.PixelData = 20, 18, stored((20, 18)).tobytes()
        return data
    assert "different size (9 of 36 x 40, 1 of 18 x 20)" in refusal(series(tmp_path / "s", smaller))


def test_slices_of_another_pixel_size_are_refused(tmp_path):
    def finer(data, k):
        if k > 6:
            data.PixelSpacing = [1.0, 0.75]
        return data
    assert "(7 of 2 x 1.5 mm, 3 of 1 x 0.75 mm)" in refusal(series(tmp_path / "s", finer))


def test_one_slice_without_position_is_refused(tmp_path):
    def empty(data, k):
        if k == 4:
            data.ImagePositionPatient = None
        return data
    assert "1 of 10 slices have no position" in refusal(series(tmp_path / "s", empty))


@pytest.mark.parametrize("value", [None, "", [1.0, 2.0], ["1e400", "0", "0"]])
def test_without_positions_the_numbers_order_the_slices_and_sizes_are_not_known(tmp_path, value):
    def unplaced(data, k):
        data.ImagePositionPatient = value
        return data
    volume = read(series(tmp_path / "s", unplaced))
    np.testing.assert_array_equal(volume.array, stored())
    assert volume.geometry.spacing == volume.geometry.position == UNKNOWN
    assert volume.geometry.orientation == DERIVED and volume.voxel_ml is None
    assert "in the order of their numbers" in volume.notes[0]


def test_a_stated_distance_between_slices_without_positions_is_derived(tmp_path):
    def spaced(data, k):
        del data.ImagePositionPatient, data.ImageOrientationPatient
        data.SpacingBetweenSlices = -7.0
        return data
    volume = read(series(tmp_path / "s", spaced))
    assert volume.geometry.spacing == DERIVED and volume.spacing == (1.5, 2, 7)
    assert volume.geometry.orientation == volume.geometry.position == UNKNOWN


def test_slices_without_positions_or_numbers_are_refused(tmp_path):
    def bare(data, k):
        del data.ImagePositionPatient, data.InstanceNumber
        return data
    sentence = refusal(series(tmp_path / "s", bare))
    assert "10 slices state no positions, and not all of them have a number or a slice location" in sentence


def test_without_orientation_the_positions_order_the_slices(tmp_path):
    def undirected(data, k):
        del data.ImageOrientationPatient
        return data
    volume = read(series(tmp_path / "s", undirected))
    np.testing.assert_array_equal(volume.array, stored())
    assert volume.geometry.orientation == UNKNOWN and volume.spacing == (1.5, 2, 6)


@pytest.mark.parametrize("value", [None, [0, 0], [-1, 1], "2"])
def test_without_pixel_spacing_sizes_are_not_known(tmp_path, value):
    def unmeasured(data, k):
        data.PixelSpacing = value
        return data
    volume = read(series(tmp_path / "s", unmeasured))
    assert volume.geometry.spacing == UNKNOWN and volume.voxel_ml is None
    assert volume.geometry.position == GIVEN


@pytest.mark.parametrize("degrees", [20.0, -12.5])
def test_a_tilted_gantry_is_corrected(tmp_path, degrees):
    slope = np.tan(np.radians(degrees))
    spacing, shape = np.array([1.5, 2.0, 4.0]), (18, 50, 60)
    lps = np.diag([*spacing, 1.0])
    lps[:3, 3] = [-50, -45, -25]
    for k in range(shape[0]):
        tilted = lps.copy()
        tilted[:3, 3] += [0, 4.0 * k * slope, 4.0 * k]
        pixels = phantom(points(LPS_RAS @ tilted, (1, *shape[1:])))[0]
        data = image(np.rint(pixels).astype(np.uint16), tilted[:3, 3], number=k + 1)
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = CTImageStorage
        save(data, tmp_path / f"{k}")
    volume = read(tmp_path)
    assert volume.voxel_ml == pytest.approx(1.5 * 2 * 4 / 1000)
    np.testing.assert_allclose(volume.ijk_to_ras[:3, :3], np.diag([-1.5, -2, 4]), atol=1e-9)
    expected = phantom(points(volume.ijk_to_ras, volume.array.shape))
    inside = volume.array > 0
    assert inside.mean() > 0.3
    assert np.abs(volume.array - expected)[inside].mean() < 2
    assert volume.array[expected > 100].sum() == pytest.approx(expected[expected > 100].sum(), rel=0.01)
    assert f"a gantry tilted by {abs(degrees):.0f}°" in volume.notes[0]


def test_slices_beside_each_other_are_refused(tmp_path):
    def beside(data, k):
        data.ImagePositionPatient = [100.0 * k, 0, 6.0 * k]
        return data
    assert "900 mm beside each other" in refusal(series(tmp_path / "s", beside))


def test_a_folder_that_holds_other_objects_alone_says_what_they_are(tmp_path):
    report = image(stored()[0])
    del report.Rows, report.Columns, report.PixelData
    report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    save(report, tmp_path / "s" / "report")
    assert "another DICOM object (Comprehensive SR Storage)" in refusal(tmp_path / "s")


def test_a_folder_with_slices_is_one_input_whatever_they_are_called_and_whatever_lies_beside_them(tmp_path):
    folder = series(tmp_path / "s", name="1.2.840.{:d}")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "preview.png")
    (folder / "notes").write_text("no image")
    other = tmp_path / "brain.nii.gz"
    other.write_bytes(b"")
    assert find_inputs(folder) == [folder]
    assert find_inputs(tmp_path, recursive=True) == [other, folder]
    assert find_inputs(tmp_path, "*.nii.gz", recursive=True) == [other]
