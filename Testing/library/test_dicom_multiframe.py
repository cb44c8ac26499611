"""DICOM images of many frames: sorted by position and rescaled frame by frame, or refused with how many there are."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_files import AXIAL, CORONAL, IJK_TO_RAS, enhanced, image, place, save, stored
from pydicom import dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import RLELossless, generate_uid

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.geometry import GIVEN, UNKNOWN
from UnifiedViTLib.imaging.reading import read

PLACES = [place(k) for k in range(10)]
SHUFFLED = [(7 * n) % 10 for n in range(10)]


def refusal(path) -> str:
    """The sentence with which `path` is refused."""
    with pytest.raises(UnsupportedImageError) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize("order", [range(10), range(9, -1, -1), SHUFFLED], ids=["plain", "reversed", "shuffled"])
def test_frames_are_sorted_by_their_positions(tmp_path, order):
    file = save(enhanced(stored()[list(order)], [PLACES[n] for n in order]), tmp_path / "e.dcm")
    volume = read(file)
    np.testing.assert_array_equal(volume.array, stored())
    np.testing.assert_allclose(volume.ijk_to_ras, IJK_TO_RAS, atol=1e-6)
    assert volume.geometry.spacing == volume.geometry.orientation == volume.geometry.position == GIVEN
    assert volume.notes == () and volume.files == (file,)
    assert [int(n) - 1 for n in volume.metadata["FrameNumbers"].split("\\")] == np.argsort(list(order)).tolist()
    assert set(volume.metadata["SOPInstanceUIDs"].split("\\")) == {str(dcmread(file).SOPInstanceUID)}


def test_a_folder_with_the_image_is_read_as_the_image(tmp_path):
    save(enhanced(stored(), PLACES), tmp_path / "s" / "e")
    np.testing.assert_array_equal(read(tmp_path / "s").array, stored())


def test_frames_of_several_files_of_a_series_make_one_volume(tmp_path):
    save(enhanced(stored()[5:], PLACES[5:]), tmp_path / "s" / "a")
    save(enhanced(stored()[:5], PLACES[:5]), tmp_path / "s" / "b")
    volume = read(tmp_path / "s")
    np.testing.assert_array_equal(volume.array, stored())
    assert [file.name for file in volume.files] == ["b", "a"]


@pytest.mark.parametrize("slopes", [[2.0] * 10, [0.37] * 10, [1.0, *(0.2 + 0.1 * n for n in range(9))]])
@pytest.mark.parametrize("compressed", [False, True])
def test_every_frame_is_rescaled_by_its_own_slope(tmp_path, slopes, compressed):
    data = enhanced(stored()[SHUFFLED], [PLACES[n] for n in SHUFFLED], slopes=[f"{slopes[n]:.6f}" for n in SHUFFLED])
    if compressed:
        data.compress(RLELossless)
    values = read(save(data, tmp_path / "e.dcm")).array
    np.testing.assert_allclose(values, stored() * np.reshape(slopes, (-1, 1, 1)) - 3, atol=1e-4)


def transformation(slope: float | None, intercept: float | None) -> Items:
    """A PixelValueTransformationSequence."""
    scale = Dataset()
    scale.RescaleType = "US"
    if slope is not None:
        scale.RescaleSlope = str(slope)
    if intercept is not None:
        scale.RescaleIntercept = str(intercept)
    return Items([scale])


@pytest.mark.parametrize("kind", [
    "2.1", "4.1", "130", "13.1.3", "7.3", "77.1.5.4", "6.2", "1.1", "20", "14.1", "2",
])
@pytest.mark.parametrize("file_too", [False, True])
@pytest.mark.parametrize("where", ["all frames", "each frame", "each before all"])
def test_one_slope_of_all_frames_is_honoured_of_every_sop_class(tmp_path, kind, file_too, where):
    data = enhanced(stored(), PLACES)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = f"1.2.840.10008.5.1.4.1.1.{kind}"
    if where != "each frame":
        shared = (2.5, -1024) if where == "all frames" else (7, 7)
        data.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence = transformation(*shared)
    if where != "all frames":
        for group in data.PerFrameFunctionalGroupsSequence:
            group.PixelValueTransformationSequence = transformation(2.5, -1024)
    if file_too:
        data.RescaleSlope, data.RescaleIntercept = "1", "0"
    np.testing.assert_array_equal(read(save(data, tmp_path / "e.dcm")).array, stored() * 2.5 - 1024)


@pytest.mark.parametrize(("slope", "intercept", "expected"), [(None, -1024, (1, -1024)), (2, None, (2, 0))])
def test_a_slope_or_an_intercept_alone_is_honoured(tmp_path, slope, intercept, expected):
    data = enhanced(stored(), PLACES)
    data.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence = transformation(slope, intercept)
    values = read(save(data, tmp_path / "e.dcm")).array
    np.testing.assert_array_equal(values, stored() * float(expected[0]) + expected[1])


def test_the_slope_of_the_file_counts_where_its_frames_have_none(tmp_path):
    data = enhanced(stored(), PLACES)
    data.RescaleSlope, data.RescaleIntercept = "2", "-5"
    np.testing.assert_array_equal(read(save(data, tmp_path / "e.dcm")).array, stored() * 2.0 - 5)


def test_files_of_a_series_are_rescaled_each_by_its_own_functional_groups(tmp_path):
    for k, position in enumerate(PLACES):
        data = enhanced(stored()[k:k + 1], [position])
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7.3"
        data.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence = transformation(k + 1, -k)
        save(data, tmp_path / "s" / f"{k}.dcm")
    factors = np.arange(10).reshape(-1, 1, 1)
    np.testing.assert_array_equal(read(tmp_path / "s").array, stored() * (factors + 1.0) - factors)


@pytest.mark.parametrize("where", ["file", "all frames", "each frame"])
@pytest.mark.parametrize(("slope", "words"), [("0", "multiplied by 0"), ("1e999", "what is no number")])
def test_pixels_rescaled_by_0_or_by_what_is_no_number_are_refused(tmp_path, where, slope, words):
    data = enhanced(stored(), PLACES, slopes=[1] * 10)
    shared = data.SharedFunctionalGroupsSequence[0]
    shared.PixelValueTransformationSequence = transformation(1, 0)
    changed = {"file": data, "all frames": shared.PixelValueTransformationSequence[0],
               "each frame": data.PerFrameFunctionalGroupsSequence[3].PixelValueTransformationSequence[0]}[where]
    changed.RescaleSlope = slope
    assert "e.dcm says that its pixels are to be" in (told := refusal(save(data, tmp_path / "e.dcm"))) and words in told


def test_different_slopes_of_black_and_white_exchanged_are_right_too(tmp_path):
    slopes = [0.5 + n for n in range(10)]
    data = enhanced((4095 - stored()).astype(np.uint16), PLACES, slopes=slopes)
    data.PhotometricInterpretation, data.BitsStored, data.HighBit = "MONOCHROME1", 12, 11
    volume = read(save(data, tmp_path / "e.dcm"))
    np.testing.assert_allclose(volume.array, stored() * np.reshape(slopes, (-1, 1, 1)) - 3)
    assert "MONOCHROME1" in volume.notes[0]


def test_the_slope_of_a_scout_among_the_frames_is_its_own(tmp_path):
    data = enhanced(stored((11, 40, 36)), [(0, 0, 0), *PLACES], slopes=[1, *[2] * 10],
                    orientations=[CORONAL, *[AXIAL] * 10])
    volume = read(save(data, tmp_path / "e.dcm"))
    np.testing.assert_allclose(volume.array, stored((11, 40, 36))[1:] * 2.0 - 3)
    assert "left out: 1." in volume.notes[0]


@pytest.mark.parametrize("interleaved", [False, True])
def test_several_echoes_are_counted_and_named(tmp_path, interleaved):
    order = np.repeat(np.arange(10), 2) if interleaved else np.tile(np.arange(10), 2)
    echoes = [10, 80] * 10 if interleaved else [10] * 10 + [80] * 10
    data = enhanced(stored()[order], [PLACES[n] for n in order], echoes=echoes)
    sentence = refusal(save(data, tmp_path / "e.dcm"))
    assert "20 images at 10 places, 2 at each (different echo times)" in sentence


def test_missing_frames_are_counted(tmp_path):
    places = [place(k if k < 5 else k + 3) for k in range(10)]
    sentence = refusal(save(enhanced(stored(), places), tmp_path / "e.dcm"))
    assert "e.dcm: 3 slices are missing" in sentence and "after slice 5 is a gap of 24 mm" in sentence


def test_stacks_of_two_planes_are_counted(tmp_path):
    places = [*PLACES[:6], *((0, 5.0 * n, 0) for n in range(4))]
    data = enhanced(stored(), places, orientations=[AXIAL] * 6 + [CORONAL] * 4)
    assert "images of 2 planes (6 axial, 4 coronal)" in refusal(save(data, tmp_path / "e.dcm"))


@pytest.mark.parametrize("count", [9, 11, 0, -1, 2**31 - 1])
def test_a_number_of_frames_that_contradicts_their_descriptions_is_refused(tmp_path, count):
    data = enhanced(stored(), PLACES)
    data.NumberOfFrames = count
    assert "Export it again" in refusal(save(data, tmp_path / "e.dcm"))


def test_a_cut_file_is_refused(tmp_path):
    file = save(enhanced(stored(), PLACES), tmp_path / "e.dcm")
    file.write_bytes(file.read_bytes()[:-2000])
    assert refusal(file) == "e.dcm is cut off before its end. Export or download it again."


@pytest.mark.parametrize("count", [None, 1, 5])
def test_fewer_frames_than_pixels_are_refused(tmp_path, count):
    data = image(stored()[0])
    data.NumberOfFrames, data.PixelData = count, stored().tobytes()
    assert f"{10 if count in (None, 1) else 2} times the pixels" in refusal(save(data, tmp_path / "e.dcm"))


def test_more_frames_than_pixels_are_refused(tmp_path):
    data = enhanced(stored(), PLACES)
    data.PixelData = stored()[:9].tobytes()
    assert "is cut off before its end" in refusal(save(data, tmp_path / "e.dcm"))


def test_frames_without_positions_are_in_the_stored_order_and_sizes_are_not_known(tmp_path):
    data = image(stored(), None, None)
    data.SOPClassUID, data.Modality, data.NumberOfFrames = "1.2.840.10008.5.1.4.1.1.7.3", "OT", 10
    volume = read(save(data, tmp_path / "sc.dcm"))
    np.testing.assert_array_equal(volume.array, stored())
    assert volume.geometry.spacing == volume.geometry.orientation == volume.geometry.position == UNKNOWN
    assert volume.voxel_ml is None and "they are in the order in which they are stored" in volume.notes[0]


def unplaced(numbers, by_dimension=False, slopes=None) -> Dataset:
    """An enhanced image whose frames state no positions, but these numbers in their stack."""
    data = enhanced(stored()[SHUFFLED], PLACES, slopes=slopes)
    if by_dimension:
        data.DimensionIndexSequence = Items([Dataset(), Dataset()])
        data.DimensionIndexSequence[0].DimensionIndexPointer = tag_for_keyword("StackID")
        data.DimensionIndexSequence[1].DimensionIndexPointer = tag_for_keyword("InStackPositionNumber")
    for group, number in zip(data.PerFrameFunctionalGroupsSequence, numbers, strict=True):
        del group.PlanePositionSequence
        content = Dataset()
        if by_dimension:
            content.DimensionIndexValues = [1, number]
        elif number is not None:
            content.InStackPositionNumber = number
        group.FrameContentSequence = Items([content])
    return data


@pytest.mark.parametrize("by_dimension", [False, True])
def test_frames_without_positions_are_in_the_order_of_their_numbers_in_the_stack(tmp_path, by_dimension):
    volume = read(save(unplaced([n + 1 for n in SHUFFLED], by_dimension), tmp_path / "e.dcm"))
    np.testing.assert_array_equal(volume.array, stored())
    assert volume.geometry.position == UNKNOWN
    assert "they are in the order that the file numbers them in" in volume.notes[0]


@pytest.mark.parametrize("slopes", [None, [0.5] * 10])
@pytest.mark.parametrize("several", [True, False])
def test_frames_without_orientation_are_read_in_the_order_of_their_numbers(tmp_path, slopes, several):
    data = unplaced([n + 1 for n in SHUFFLED], slopes=slopes)
    for group in data.PerFrameFunctionalGroupsSequence:
        del group.PlaneOrientationSequence
    for n in range(10 if several else 0):
        one = dcmread(save(data, tmp_path / "e.dcm"))
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        one.PerFrameFunctionalGroupsSequence = one.PerFrameFunctionalGroupsSequence[n:n + 1]
        one.NumberOfFrames, one.PixelData = 1, stored()[SHUFFLED[n]].tobytes()
        save(one, tmp_path / "s" / f"{n}.dcm")
    volume = read(tmp_path / "s" if several else save(data, tmp_path / "e.dcm"))
    np.testing.assert_array_equal(volume.array, stored() if slopes is None else stored() * 0.5 - 3)
    assert volume.geometry.orientation == UNKNOWN and volume.voxel_ml is None


@pytest.mark.parametrize(("numbers", "words"), [
    ([1, 2, 3, 4, 5] * 2, "several images of the same place: 10 images at 5 places, 2 at each"),
    ([*range(1, 10), None], "so that their order is not known"),
])
def test_frames_without_positions_whose_numbers_in_the_stack_repeat_or_are_missing_are_refused(
        tmp_path, numbers, words):
    assert words in refusal(save(unplaced(numbers), tmp_path / "e.dcm"))


def tomogram(**elements) -> Dataset:
    """A nuclear image of many frames, which follow each other by slice, shuffled."""
    data = image(stored()[SHUFFLED], None, None)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.20"
    data.Modality, data.NumberOfFrames, data.FrameIncrementPointer = "NM", 10, tag_for_keyword("SliceVector")
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return data


@pytest.mark.parametrize("elements", [
    {"SliceVector": [n + 1 for n in SHUFFLED]},
    {"FrameIncrementPointer": tag_for_keyword("SliceLocationVector"),
     "SliceLocationVector": [4.5 * n for n in SHUFFLED]},
])
def test_frames_of_a_tomogram_are_in_the_order_of_their_slice_vector(tmp_path, elements):
    volume = read(save(tomogram(**elements), tmp_path / "nm.dcm"))
    np.testing.assert_array_equal(volume.array, stored())
    assert "they are in the order that the file numbers them in" in volume.notes[0]


@pytest.mark.parametrize(("vector", "words"), [
    ([1, 2, 3, 4, 5] * 2, "10 images at 5 places, 2 at each"),
    (list(range(9)), "does not say of each of its 10 frames where it lies (SliceVector)"),
])
def test_a_slice_vector_that_repeats_or_is_too_short_is_refused(tmp_path, vector, words):
    assert words in refusal(save(tomogram(SliceVector=vector), tmp_path / "nm.dcm"))


@pytest.mark.parametrize("change", [
    {"FrameTime": 40.0}, {"CineRate": 25}, {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.3.1"},
    {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.12.1"},
])
def test_films_are_refused_by_name(tmp_path, change):
    data = image(stored(), None, None)
    data.SOPClassUID, data.NumberOfFrames = "1.2.840.10008.5.1.4.1.1.7.3", 10
    for keyword, value in change.items():
        setattr(data, keyword, value)
    assert "is a film: 10 frames, one after the other in time" in refusal(save(data, tmp_path / "film.dcm"))


def test_frames_that_follow_each_other_by_energy_or_phase_are_refused(tmp_path):
    data = image(stored(), None, None)
    data.SOPClassUID, data.NumberOfFrames = "1.2.840.10008.5.1.4.1.1.20", 10
    data.FrameIncrementPointer = [0x00540010, 0x00540080]
    assert "10 frames that are not the slices of one volume" in refusal(save(data, tmp_path / "nm.dcm"))


@pytest.mark.parametrize("tiles", [10, None])
def test_mosaics_are_refused_by_name(tmp_path, tiles):
    data = image(stored((120, 144)))
    data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    if tiles:
        data.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0A, "US", tiles)
    for path in (save(data, tmp_path / "m" / "mosaic.dcm"), tmp_path / "m"):
        sentence = refusal(path)
        assert f"mosaic.dcm is a mosaic: {tiles or 'the'} slices of a volume side by side" in sentence
        assert "dcm2niix" in sentence


@pytest.mark.parametrize(("kind", "word"), [
    ("66.4", "a segmentation"), ("30", "a parametric map"), ("481.2", "a radiotherapy dose"),
])
def test_what_is_no_image_of_the_patient_is_refused_by_name(tmp_path, kind, word):
    data = enhanced(stored(), PLACES)
    data.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.{kind}"
    assert f"is {word}, not an image to look at" in refusal(save(data, tmp_path / "o.dcm"))


def test_compressed_frames_with_slopes_of_their_own_say_how_to_decompress(tmp_path):
    sitk_image = sitk.GetImageFromArray(stored())
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    writer.SetCompressor("JPEG2000")
    writer.SetFileName(str(tmp_path / "j.dcm"))
    writer.Execute(sitk_image)
    compressed = dcmread(tmp_path / "j.dcm")
    data = enhanced(stored(), PLACES, slopes=range(1, 11))
    data.file_meta.TransferSyntaxUID = compressed.file_meta.TransferSyntaxUID
    data.PixelData = compressed.PixelData
    data["PixelData"].is_undefined_length = True
    assert "Decompress it" in refusal(save(data, tmp_path / "e.dcm"))
    for group in data.PerFrameFunctionalGroupsSequence:
        group.PixelValueTransformationSequence[0].RescaleSlope = 2
    np.testing.assert_array_equal(read(save(data, tmp_path / "same.dcm")).array, stored() * 2.0 - 3)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7.3"
    assert "Decompress it" in refusal(save(data, tmp_path / "other.dcm"))
