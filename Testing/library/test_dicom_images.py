"""Single DICOM files: how they are stored, what their pixels measure, and what is not an image at all."""

from __future__ import annotations

import sys
import tracemalloc
from io import BytesIO

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_files import image, save, series, stored
from PIL import Image
from pydicom import dcmread, dcmwrite
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG4HP41,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

from UnifiedViTLib.errors import DependencyError, UnsupportedImageError
from UnifiedViTLib.imaging.geometry import DERIVED, GIVEN, UNKNOWN
from UnifiedViTLib.imaging.reading import is_dicom, read

PIXELS = stored((40, 36))


def refusal(path) -> str:
    """The sentence with which `path` is refused."""
    with pytest.raises(UnsupportedImageError) as caught:
        read(path)
    return str(caught.value)


def stored_as(data: Dataset, syntax: str, file) -> None:
    """Write a data set without compression in a transfer syntax."""
    data.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        data.PixelData = PIXELS.astype(">u2").tobytes()
    dcmwrite(file, data, enforce_file_format=True)


@pytest.mark.parametrize("name", ["a.dcm", "1.2.840.113619.2", "a.IMA", "a"])
@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_a_file_is_read_in_every_plain_transfer_syntax_whatever_it_is_called(tmp_path, name, syntax):
    data = image(PIXELS)
    if syntax is None:
        save(data, tmp_path / name)
    else:
        stored_as(data, syntax, tmp_path / name)
    assert is_dicom(tmp_path / name)
    np.testing.assert_array_equal(read(tmp_path / name).array[0], PIXELS)


def test_a_file_without_preamble_is_read(tmp_path):
    file = save(image(PIXELS), tmp_path / "a")
    (tmp_path / "bare").write_bytes(file.read_bytes()[132:])
    assert is_dicom(tmp_path / "bare")
    np.testing.assert_array_equal(read(tmp_path / "bare").array[0], PIXELS)


@pytest.mark.parametrize("content", [b"", b"\x08", b"\x02\x00" * 400, b"\x08\x00" + bytes(400), b"text " * 100])
def test_other_files_are_not_taken_for_dicom(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    assert not is_dicom(tmp_path / "a") and not is_dicom(tmp_path) and not is_dicom(tmp_path / "nowhere")


def test_run_length_encoding_is_unpacked(tmp_path):
    data = image(PIXELS)
    data.compress(RLELossless)
    np.testing.assert_array_equal(read(save(data, tmp_path / "a.dcm")).array[0], PIXELS)


@pytest.mark.parametrize("name", ["MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_RLE.dcm",
                                  "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "MR_small_expb.dcm"])
def test_the_same_image_is_the_same_in_every_compression(name):
    np.testing.assert_array_equal(
        read(get_testdata_file(name)).array, read(get_testdata_file("MR_small.dcm")).array)


def test_lossy_jpeg_of_twelve_bits_is_unpacked():
    volume = read(get_testdata_file("JPGExtended.dcm"))
    assert volume.array.shape == (1, 1024, 256) and volume.array.max() > 255


@pytest.mark.parametrize("said", ["RGB", "YBR_FULL_422"])
def test_a_grey_ultrasound_image_is_read_whatever_its_jpeg_is_said_to_hold(tmp_path, said):
    grey = stored((60, 80), high=256).astype(np.uint8)
    grey = np.sort(grey, axis=1)  # so smooth that JPEG keeps it
    file = BytesIO()
    Image.fromarray(np.stack([grey] * 3, axis=-1)).save(file, "JPEG", quality=95)  # luminance and chrominance
    data = image(grey)
    data.Modality, data.SamplesPerPixel, data.PlanarConfiguration = "US", 3, 0
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PhotometricInterpretation = 8, 8, 7, said
    data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    data.PixelData = encapsulate([file.getvalue()])
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    volume = read(save(data, tmp_path / "a.dcm"))
    assert np.abs(volume.array[0] - grey.astype(int)).mean() < 5 and volume.array.dtype == np.uint8


def test_lossless_jpeg_is_unpacked_and_a_cut_one_refused(tmp_path):
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    writer.SetCompressor("JPEG")
    writer.SetFileName(str(tmp_path / "a.dcm"))
    writer.Execute(sitk.GetImageFromArray(PIXELS[None]))
    assert dcmread(tmp_path / "a.dcm").file_meta.TransferSyntaxUID.is_compressed
    np.testing.assert_array_equal(read(tmp_path / "a.dcm").array[0], PIXELS)
    (tmp_path / "a.dcm").write_bytes((tmp_path / "a.dcm").read_bytes()[:-300])
    assert "is cut off before its end" in refusal(tmp_path / "a.dcm")


@pytest.mark.parametrize("syntax", [MPEG4HP41, "1.2.840.10008.1.2.4.201", JPEGBaseline8Bit])
def test_what_cannot_be_unpacked_names_the_compression(tmp_path, syntax):
    data = image(PIXELS)
    data.compress(RLELossless)
    data.file_meta.TransferSyntaxUID = syntax  # which it is not
    sentence = refusal(save(data, tmp_path / "a.dcm"))
    assert "compressed in a way that is not supported" in sentence and "Export it again without compression" in sentence


@pytest.mark.parametrize("cut", [10, 1500, 2879])
@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_file_cut_in_its_pixels_is_refused(tmp_path, cut, syntax):
    data = image(PIXELS)
    if syntax is None:
        save(data, tmp_path / "a.dcm")
    else:
        stored_as(data, syntax, tmp_path / "a.dcm")
    (tmp_path / "a.dcm").write_bytes((tmp_path / "a.dcm").read_bytes()[:-cut])
    assert "is cut off before its end" in refusal(tmp_path / "a.dcm")


def test_a_header_that_promises_more_pixels_than_there_are_is_refused(tmp_path):
    data = image(PIXELS)
    data.Rows = 50
    assert "is cut off before its end" in refusal(save(data, tmp_path / "a.dcm"))


def test_pixels_that_say_they_are_longer_than_the_file_are_refused(tmp_path):
    data = bytearray(save(image(PIXELS), tmp_path / "a.dcm").read_bytes())
    at = data.index(b"\xe0\x7f\x10\x00OW") + 8
    data[at:at + 4] = b"\0\0\0\xf0"
    (tmp_path / "a.dcm").write_bytes(data)
    assert "is cut off before its end" in refusal(tmp_path / "a.dcm")


@pytest.mark.parametrize(("after", "sound"), [
    (bytes(50), True), (b"\xfc\xff\xfc\xffOB\0\0\4\0\0\0" + bytes(4), True), (b"\0", True),
    (b"\xfc\xff\xfc\xffOB\0\0\0\0\0\xf0" + bytes(40), False),
])
def test_what_follows_the_pixels_may_be_padding_but_not_longer_than_the_file(tmp_path, after, sound):
    file = save(image(PIXELS), tmp_path / "a.dcm")
    file.write_bytes(file.read_bytes() + after)
    if sound:
        np.testing.assert_array_equal(read(file).array[0], PIXELS)
    else:
        assert "is cut off before its end" in refusal(file)


def test_few_bytes_that_promise_gigabytes_are_refused(tmp_path):
    data = image(PIXELS)
    data.compress(RLELossless)
    data.Rows = data.Columns = 65535
    assert "more than any scan has" in refusal(save(data, tmp_path / "a.dcm"))


def test_colour_is_refused_in_words_and_grey_in_colour_read_with_a_note(tmp_path):
    data = image(PIXELS)
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "RGB", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    grey = (PIXELS // 4).astype(np.uint8)
    data.PixelData = np.stack([grey, grey, grey], -1).tobytes()
    volume = read(save(data, tmp_path / "grey.dcm"))
    np.testing.assert_array_equal(volume.array[0], grey)
    assert "read as grey" in volume.notes[0]
    data.PixelData = np.stack([grey, grey // 2, grey], -1).tobytes()
    assert "is a colour or vector image (3 components). Convert it to grey" in refusal(save(data, tmp_path / "c.dcm"))


def test_one_image_that_says_it_has_no_frames_is_read(tmp_path):
    data = image(PIXELS)
    data.NumberOfFrames = 0
    np.testing.assert_array_equal(read(save(data, tmp_path / "a.dcm")).array[0], PIXELS)


@pytest.mark.parametrize("rescaled", [False, True])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("filled", [True, False])
def test_signed_pixels_with_black_and_white_exchanged_are_read_of_any_depth(tmp_path, bits, rescaled, filled):
    values = stored((40, 36), high=500).astype(np.int16) - 300
    data = image(-1 - values)
    data.PhotometricInterpretation, data.BitsStored, data.HighBit = "MONOCHROME1", bits, bits - 1
    if not filled:  # the bits that do not count are 0
        data.PixelData = ((-1 - values).view(np.uint16) & (2**bits - 1)).tobytes()
    if rescaled:
        data.RescaleSlope, data.RescaleIntercept = 2, -7
    volume = read(save(data, tmp_path / "a.dcm"))
    np.testing.assert_array_equal(volume.array[0], values * 2 - 7 if rescaled else values)


def test_pixels_in_fragments_without_compression_are_refused_by_name(tmp_path):
    data = image(PIXELS)
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.98"
    data.PixelData = encapsulate([PIXELS.tobytes()])
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    sentence = refusal(save(data, tmp_path / "a.dcm"))
    assert "holds its pixels in fragments, though without compression (Encapsulated Uncompressed" in sentence


@pytest.mark.parametrize(("keyword", "type_", "words"), [
    ("FloatPixelData", np.float32, "(Float Pixel Data)"), ("DoubleFloatPixelData", np.float64, "(Double Float Pixel"),
])
@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian])
def test_floating_point_pixels_are_refused_by_name(tmp_path, keyword, type_, words, syntax):
    data = image(PIXELS)
    del data.PixelData, data.BitsStored, data.HighBit, data.PixelRepresentation
    data.BitsAllocated = 8 * np.dtype(type_).itemsize
    setattr(data, keyword, PIXELS.astype(type_).tobytes())
    if syntax:
        data.file_meta.TransferSyntaxUID = syntax
    assert f"holds its pixels as floating-point numbers {words}" in refusal(save(data, tmp_path / "a.dcm"))


def radiograph(modality: str, **elements) -> Dataset:
    """An image without a place in the patient."""
    data = image(PIXELS, None, None)
    del data.PixelSpacing
    data.Modality = modality
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return data


@pytest.mark.parametrize(("elements", "spacing", "source"), [
    ({}, (1, 1), UNKNOWN),
    ({"PixelSpacing": [0.3, 0.2]}, (0.2, 0.3), GIVEN),
    ({"ImagerPixelSpacing": [0.3, 0.2]}, (0.2, 0.3), DERIVED),
    ({"ImagerPixelSpacing": [0.3, 0.2], "PixelSpacing": [0.3, 0.2]}, (0.2, 0.3), DERIVED),
    ({"ImagerPixelSpacing": [0.4, 0.3], "PixelSpacing": [0.3, 0.2]}, (0.2, 0.3), GIVEN),
    ({"ImagerPixelSpacing": [0.3, 0.2], "PixelSpacing": [0.3, 0.2], "PixelSpacingCalibrationType": "GEOMETRY"},
     (0.2, 0.3), GIVEN),
    ({"NominalScannedPixelSpacing": [0.3, 0.2]}, (0.2, 0.3), DERIVED),
    ({"PixelAspectRatio": [3, 2]}, (1, 1.5), UNKNOWN),
    ({"PixelAspectRatio": [3, 2], "PixelSpacing": [0.3, 0.2]}, (0.2, 0.3), GIVEN),
    ({"PixelAspectRatio": [3, 0]}, (1, 1), UNKNOWN),
    ({"PixelAspectRatio": [3000, 1]}, (1, 1), UNKNOWN),
])
def test_the_pixels_of_a_radiograph_measure_what_the_header_says(tmp_path, elements, spacing, source):
    volume = read(save(radiograph("DX", **elements), tmp_path / "x.dcm"))
    assert volume.planar and volume.voxel_ml is None
    assert volume.geometry.spacing == source
    assert volume.spacing[:2] == pytest.approx(spacing)
    assert volume.geometry.orientation == volume.geometry.position == UNKNOWN
    assert any("not exact" in note for note in volume.notes) == (source == DERIVED)


@pytest.mark.parametrize("modality", ["CR", "DX", "US"])
def test_several_radiographs_of_a_series_are_no_volume(tmp_path, modality):
    for n in range(2):
        save(radiograph(modality, InstanceNumber=n + 1), tmp_path / "s" / f"{n}")
    assert "2 radiographs, ultrasound images or the like" in refusal(tmp_path / "s")


def region(delta_y: float, delta_x: float, units: int = 3, kind: int = 1, box: tuple[int, ...] = ()) -> Dataset:
    """A calibrated region of an ultrasound image; 3 stands for centimetres; `box`: its first and last column and row.
    """
    data = Dataset()
    data.RegionSpatialFormat, data.PhysicalUnitsXDirection, data.PhysicalUnitsYDirection = kind, units, units
    data.PhysicalDeltaX, data.PhysicalDeltaY = delta_x, delta_y
    if box:
        data.RegionLocationMinX0, data.RegionLocationMaxX1, data.RegionLocationMinY0, data.RegionLocationMaxY1 = box
    return data


@pytest.mark.parametrize(("regions", "spacing", "source"), [
    ([region(0.03, 0.02)], (0.2, 0.3), GIVEN),
    ([region(0.03, 0.02), region(0.5, 0.4, units=4, kind=3)], (0.2, 0.3), GIVEN),
    ([region(0.03, 0.02), region(0.03, 0.02)], (0.2, 0.3), GIVEN),
    ([region(0.03, 0.02), region(0.06, 0.04)], (1, 1), UNKNOWN),
    ([region(0.03, 0.02, units=4)], (1, 1), UNKNOWN),
    ([region(0, 0)], (1, 1), UNKNOWN),
    ([region(0.03, 0.02, box=(9, 29, 8, 29))], (0.2, 0.3), GIVEN),
    ([region(0.03, 0.02, box=(0, 17, 0, 9)), region(0.03, 0.02, box=(18, 35, 0, 9))], (0.2, 0.3), GIVEN),
    ([region(0.03, 0.02, box=(0, 9, 0, 9))], (1, 1), UNKNOWN),
])
def test_ultrasound_is_measured_by_its_calibrated_regions(tmp_path, regions, spacing, source):
    data = radiograph("US", SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1", SequenceOfUltrasoundRegions=regions)
    volume = read(save(data, tmp_path / "us.dcm"))
    assert volume.planar and volume.geometry.spacing == source and volume.spacing[:2] == pytest.approx(spacing)


@pytest.mark.parametrize(("regions", "spacing", "source"), [
    ([region(0.03, 0.02)], (0.2, 0.3), GIVEN),
    ([region(0.0301, 0.0199)], (0.2, 0.3), GIVEN),
    ([region(0.06, 0.04)], (1, 1), UNKNOWN),
    ([region(0.03, 0.02), region(0.06, 0.04)], (1, 1), UNKNOWN),
    ([region(0.06, 0.04, box=(0, 9, 0, 9))], (0.2, 0.3), GIVEN),
    ([region(0, 0)], (0.2, 0.3), GIVEN),
])
def test_a_pixel_spacing_that_the_regions_of_ultrasound_contradict_is_not_believed(tmp_path, regions, spacing, source):
    data = radiograph("US", PixelSpacing=[0.3, 0.2], SequenceOfUltrasoundRegions=regions)
    volume = read(save(data, tmp_path / "us.dcm"))
    assert volume.geometry.spacing == source and volume.spacing[:2] == pytest.approx(spacing)


def test_one_slice_lies_in_its_place_but_its_volume_is_not_known(tmp_path):
    volume = read(save(image(PIXELS, (1, 2, 3)), tmp_path / "a.dcm"))
    assert not volume.planar and volume.voxel_ml is None
    assert volume.geometry.spacing == UNKNOWN and volume.geometry.position == GIVEN
    np.testing.assert_allclose(volume.ijk_to_ras[:3, 3], [-1, -2, 3])
    assert volume.spacing == (1.5, 2, 5) and "one slice" in volume.notes[0]


@pytest.mark.parametrize("value", [[1, 0, 0, 1, 0, 0], [0] * 6, [2, 0, 0, 0, 1, 0], [1, 0, 0], None])
def test_directions_that_are_none_count_as_missing(tmp_path, value):
    data = image(PIXELS, orientation=None)
    data.ImageOrientationPatient = value
    volume = read(save(data, tmp_path / "a.dcm"))
    assert volume.planar and volume.geometry.orientation == UNKNOWN


def test_a_table_of_contents_of_several_series_is_no_image_and_a_report_is_refused_by_name():
    sentence = refusal(get_testdata_file("dicomdirtests/DICOMDIR") or get_testdata_file("DICOMDIR"))
    assert "lists 13 series with images. Give one series" in sentence
    assert "Basic Text SR Storage" in refusal(get_testdata_file("reportsi.dcm"))


def test_an_element_that_says_it_is_gigabytes_long_takes_no_memory(tmp_path):
    data = save(image(PIXELS), tmp_path / "a.dcm").read_bytes()
    at = data.index(b"\x08\x00\x60\x00CS")
    (tmp_path / "a.dcm").write_bytes(data[:at] + b"\x08\x00\x60\x00UT\0\0\xf0\xff\xff\xff" + data[at + 8:])
    tracemalloc.start()
    try:
        refusal(tmp_path / "a.dcm")
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


def test_damaged_headers_are_refused_in_words(tmp_path):
    original = save(image(PIXELS), tmp_path / "a").read_bytes()
    random = np.random.default_rng(5)
    for n in range(60):
        data = bytearray(original)
        for at in random.integers(132, len(data) - PIXELS.nbytes, 3):
            data[at] = random.integers(256)
        (tmp_path / "s").mkdir(exist_ok=True)
        (tmp_path / "s" / f"{n:03d}").write_bytes(data)
        try:
            read(tmp_path / "s" / f"{n:03d}")
        except UnsupportedImageError as error:
            assert len(str(error)) > 20


def test_without_pydicom_the_reader_is_told_what_to_install(tmp_path, monkeypatch):
    file = save(image(PIXELS), tmp_path / "a.dcm")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(DependencyError, match=r"needs the package pydicom\. Install it"):
        read(file)


def test_a_series_whose_slices_cannot_be_unpacked_says_which(tmp_path):
    def broken(data, k):
        if k == 3:
            data.compress(RLELossless)
            data.file_meta.TransferSyntaxUID = MPEG4HP41
        return data
    assert "MPEG-4" in refusal(series(tmp_path / "s", broken))
