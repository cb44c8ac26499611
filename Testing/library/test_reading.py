"""Reading: what is in a file arrives where it belongs; what cannot be looked at is refused in words."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from builders import grid, head_volume, oblique, to_sitk, write_dicom, write_series
from PIL import Image

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.geometry import LPS_RAS
from UnifiedViTLib.imaging.reading import read

SHAPE = (9, 40, 36)


def noise(shape=SHAPE, dtype=np.int16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 250, shape).astype(dtype)


def written(path, array=None, **options):
    """Write `array` through SimpleITK and return the path."""
    sitk.WriteImage(sitk.GetImageFromArray(noise() if array is None else array, **options), str(path))
    return path


def assert_same_points(volume, image: sitk.Image) -> None:
    """Corner voxels lie where SimpleITK says they lie."""
    for index in ((0, 0, 0), (35, 0, 0), (0, 39, 0), (0, 0, 8), (35, 39, 8)):
        lps = image.TransformIndexToPhysicalPoint(index)
        ras = volume.ijk_to_ras @ np.array([*index, 1.0])
        np.testing.assert_allclose(LPS_RAS[:3, :3] @ ras[:3], lps, atol=2e-4)


@pytest.mark.parametrize("ending", ["nrrd", "nhdr", "nii", "nii.gz", "mha", "mhd"])
@pytest.mark.parametrize("compressed", [False, True])
def test_an_oblique_volume_keeps_its_voxels_and_their_places(tmp_path, ending, compressed):
    head = head_volume(oblique(), (0.8, 1.1, 3.3), SHAPE)
    image = to_sitk(head)
    sitk.WriteImage(image, str(tmp_path / f"head.{ending}"), compressed)
    volume = read(tmp_path / f"head.{ending}")
    np.testing.assert_array_equal(volume.array, head.array)
    assert_same_points(volume, image)
    np.testing.assert_allclose(volume.spacing, (0.8, 1.1, 3.3), rtol=1e-5)
    assert volume.name == "head" and not volume.planar and volume.notes == ()


def test_a_dicom_series_is_sorted_by_place_and_rescaled(tmp_path):
    matrix = grid(oblique(), (0.9, 1.2, 4.0), SHAPE)
    folder = write_series(tmp_path / "series", noise(), matrix, slope=2.0, intercept=-100.0)
    volume = read(folder)
    np.testing.assert_array_equal(volume.array, noise().astype(float) * 2 - 100)
    np.testing.assert_allclose(volume.ijk_to_ras, matrix, atol=1e-6)
    assert volume.name == "series" and volume.notes == ()
    assert volume.metadata["Modality"] == "MR"


def test_a_dicom_series_tells_nothing_about_the_person(tmp_path):
    volume = read(write_series(tmp_path / "s", noise(), grid(np.eye(3), (1, 1, 4), SHAPE)))
    assert "Phantom" not in str(volume.metadata)


def test_one_dicom_file_is_a_volume_of_one_slice_in_its_place(tmp_path):
    file = write_dicom(tmp_path / "a.dcm", noise()[0], position=(10, 20, 30), row=(0, 1, 0), column=(0, 0, -1),
                       spacing=(0.5, 0.7), slope=3.0, intercept=7.0)
    volume = read(file)
    assert volume.array.shape == (1, 40, 36) and not volume.planar
    np.testing.assert_array_equal(volume.array[0], noise()[0].astype(float) * 3 + 7)
    np.testing.assert_allclose(volume.ijk_to_ras @ [2, 3, 0, 1], [-10, -(20 + 1), 30 - 2.1, 1], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_monochrome1_is_turned_around_once_and_the_reader_is_told(tmp_path, dtype):
    pixels = noise()[0].astype(dtype)
    volume = read(write_dicom(tmp_path / "x.dcm", pixels, photometric="MONOCHROME1", modality="DX"))
    turned = volume.array[0].astype(int)
    np.testing.assert_array_equal(turned - turned.min(), pixels.max() - pixels.astype(int))
    assert "MONOCHROME1" in volume.notes[0]


@pytest.mark.parametrize("ending", ["png", "tif", "bmp"])
def test_a_grey_picture_is_planar(tmp_path, ending):
    volume = read(written(tmp_path / f"picture.{ending}", noise((50, 60), np.uint8)))
    assert volume.planar and volume.array.shape == (1, 50, 60)
    np.testing.assert_array_equal(volume.array[0], noise((50, 60), np.uint8))


@pytest.mark.parametrize("way", [{}, {"progressive": True}, {"restart_marker_blocks": 8}, {"subsampling": 2}])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_jpeg_that_was_cut_and_closed_again_is_refused_and_a_whole_one_with_more_after_its_end_is_read(
        tmp_path, way, share):
    rows, columns = np.mgrid[:120, :90]
    noise = np.random.default_rng(0).normal(0, 20, rows.shape)
    grey = (128 + 60 * np.sin(columns / 9) + noise).clip(0, 255).astype(np.uint8)
    picture = Image.fromarray(grey).convert("RGB" if "subsampling" in way else "L")
    picture.save(tmp_path / "whole.jpg", quality=90, **way)
    content = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "more.jpg").write_bytes(content + b"of a camera" * 50)
    (tmp_path / "cut.jpg").write_bytes(content[:300 + int(share * (len(content) - 302))] + b"\xff\xd9")
    np.testing.assert_array_equal(read(tmp_path / "whole.jpg").array, read(tmp_path / "more.jpg").array)
    with pytest.raises(UnsupportedImageError, match="cut off before its end"):
        read(tmp_path / "cut.jpg")


def test_a_jpeg_within_dicom_or_tiff_that_was_cut_and_closed_again_is_refused_too(tmp_path):
    rows, columns = np.mgrid[:96, :96]
    grey = (128 + 60 * np.sin(columns / 9) + 40 * np.cos(rows / 5)).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "a.jpg", quality=95)
    Image.fromarray(grey).save(tmp_path / "whole.tif", compression="jpeg")
    jpeg, tiff = (tmp_path / "a.jpg").read_bytes(), (tmp_path / "whole.tif").read_bytes()
    start = tiff.index(b"\xff\xda")
    end = tiff.index(b"\xff\xd9", start)
    half = (start + end) // 2
    (tmp_path / "cut.tif").write_bytes(tiff[:half] + b"\xff" * ((end - half) % 2) + b"\xff\xd9" * ((end - half) // 2)
                                       + tiff[end:])
    for name, stream in (("whole.dcm", jpeg), ("cut.dcm", jpeg[:len(jpeg) // 2] + b"\xff\xd9")):
        data = pydicom.dcmread(write_dicom(tmp_path / name, grey))
        data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
        data.PixelData = pydicom.encaps.encapsulate([stream + b"\0" * (len(stream) % 2)])
        data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
        data.file_meta.TransferSyntaxUID = pydicom.uid.JPEGBaseline8Bit
        data.save_as(tmp_path / name)
    for ending in ("dcm", "tif"):
        assert np.abs(read(tmp_path / f"whole.{ending}").array[0] - grey.astype(float)).max() < 40
        with pytest.raises(UnsupportedImageError, match="cut off before its end, or damaged: pixels are missing"):
            read(tmp_path / f"cut.{ending}")


def test_a_jpeg_is_read_nearly_as_written(tmp_path):
    smooth = np.add.outer(np.arange(60), np.arange(50)).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "picture.jpg", quality=95)
    volume = read(tmp_path / "picture.jpg")
    assert volume.planar
    assert np.abs(volume.array[0].astype(int) - smooth).max() <= 3


def test_a_two_dimensional_nrrd_keeps_its_spacing_and_origin(tmp_path):
    image = sitk.GetImageFromArray(noise((40, 36)))
    image.SetSpacing((0.5, 0.7))
    image.SetOrigin((10, 20))
    sitk.WriteImage(image, str(tmp_path / "flat.nrrd"))
    volume = read(tmp_path / "flat.nrrd")
    assert volume.planar and volume.array.shape == (1, 40, 36)
    x, y = image.TransformIndexToPhysicalPoint((4, 6))
    np.testing.assert_allclose(volume.ijk_to_ras @ [4, 6, 0, 1], [-x, -y, 0, 1])

def ultrasound() -> np.ndarray:
    """Speckle with all grey values, in colours (40, 50, 3) uint8."""
    grey = np.linspace(0, 255, 2000).reshape(40, 50).astype(np.uint8)
    return np.stack([grey] * 3, -1)


def test_a_tint_and_the_noise_of_a_compression_are_grey_and_colours_that_mean_something_are_refused(tmp_path):
    plain = ultrasound()
    sepia = (plain * [1.0, 0.93, 0.85]).astype(np.uint8)
    noisy = np.clip(plain.astype(int) + np.random.default_rng(0).integers(-3, 4, plain.shape), 0, 255).astype(np.uint8)
    for colours in (sepia, noisy):
        Image.fromarray(colours).save(tmp_path / "scan.png")
        volume = read(tmp_path / "scan.png")
        assert np.abs(volume.array[0].astype(int) - plain[..., 0]).max() < 22
        assert np.corrcoef(volume.array.ravel(), plain[..., 0].ravel())[0, 1] > 0.999
        assert "tint" in volume.notes[0]
    doppler = sepia.copy()
    doppler[10:16, 10:20, 0] = 255 - doppler[10:16, 10:20, 0]
    labels = np.zeros((40, 50, 3), np.uint8)
    labels[5:20, 5:20, 0] = 1
    loop = np.stack([sepia] * 30)
    loop[7] = doppler
    sitk.WriteImage(sitk.GetImageFromArray(loop, isVector=True), str(tmp_path / "loop.nrrd"))
    assert "colour" in refusal(tmp_path / "loop.nrrd"), "a few coloured frames are not drowned by the others"
    for number, colours in enumerate((doppler, labels)):
        Image.fromarray(colours).save(tmp_path / f"{number}.png")
        assert "colour" in refusal(tmp_path / f"{number}.png")


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_picture_whose_channels_agree_is_read_as_grey_with_a_note(tmp_path, mode):
    grey = Image.fromarray(noise((40, 40), np.uint8))
    picture = grey.convert(mode)
    if mode == "RGBA":
        picture.putalpha(200)
    picture.save(tmp_path / "grey.png")
    volume = read(tmp_path / "grey.png")
    np.testing.assert_array_equal(volume.array[0], np.asarray(grey))
    assert "read as grey" in volume.notes[0]


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_what_lies_under_transparent_parts_of_a_picture_is_not_taken_for_what_is_seen(tmp_path, ending):
    body = np.zeros((40, 40), np.uint8)
    body[8:32, 8:32] = noise((24, 24), np.uint8) // 2 + 60
    shown = np.where(body > 0, 255, 0).astype(np.uint8)
    for under, words in ((0, ""), (255, "transparent in parts that are not black")):
        grey = np.where(body > 0, body, under).astype(np.uint8)
        file = tmp_path / f"{under}.{ending}"
        Image.fromarray(np.dstack([grey, grey, grey, shown])).save(file)
        if words:
            assert words in refusal(file)
        else:
            np.testing.assert_array_equal(read(file).array[0], body)


@pytest.mark.parametrize("ending", ["nii.gz", "nrrd", "mha"])
def test_a_fourth_axis_of_length_one_is_dropped(tmp_path, ending):
    image = sitk.JoinSeries([to_sitk(head_volume(oblique(), (0.8, 1.1, 3.3), SHAPE))])
    sitk.WriteImage(image, str(tmp_path / f"one.{ending}"))
    volume = read(tmp_path / f"one.{ending}")
    assert volume.array.shape == SHAPE
    np.testing.assert_allclose(volume.ijk_to_ras, head_volume(oblique(), (0.8, 1.1, 3.3), SHAPE).ijk_to_ras, atol=1e-4)


@pytest.mark.parametrize("place", ["with blanks in it/my head.nii.gz", "Schädel-Ödem/头部 ü.nrrd", "it's/100%.mha"])
def test_names_with_blanks_and_foreign_letters_are_read(tmp_path, place):
    path = tmp_path / place
    path.parent.mkdir()
    np.testing.assert_array_equal(read(written(path)).array, noise())


def test_a_dicom_folder_with_a_foreign_name_is_read(tmp_path):
    volume = read(write_series(tmp_path / "Kopf 头 ö", noise(), grid(np.eye(3), (1, 1, 4), SHAPE)))
    np.testing.assert_array_equal(volume.array, noise())
    assert volume.name == "Kopf 头 ö"


def refusal(path) -> str:
    """The sentence with which `path` is refused."""
    with pytest.raises(UnsupportedImageError) as caught:
        read(path)
    return str(caught.value)


def test_a_missing_path_is_refused(tmp_path):
    assert "does not exist. Check the path" in refusal(tmp_path / "nowhere.nrrd")


@pytest.mark.parametrize("ending", ["nrrd", "nii.gz", "dcm", "png"])
def test_an_empty_file_is_refused(tmp_path, ending):
    (tmp_path / f"a.{ending}").touch()
    assert "is an empty file. Export or download it again." in refusal(tmp_path / f"a.{ending}")


@pytest.mark.parametrize("share", [0.03, 0.5, 0.97])
@pytest.mark.parametrize(("ending", "compressed"), [
    ("nrrd", False), ("nrrd", True), ("nii", False), ("nii.gz", True), ("mha", False), ("mha", True),
    ("png", False), ("jpg", False), ("tif", False), ("bmp", False), ("dcm", False),
])
def test_a_truncated_file_is_refused(tmp_path, ending, compressed, share):
    path = tmp_path / f"cut.{ending}"
    if ending == "dcm":
        write_dicom(path, noise()[0])
    else:
        flat = ending in ("png", "jpg", "tif", "bmp")
        image = sitk.GetImageFromArray(noise((64, 64), np.uint8) if flat else noise())
        sitk.WriteImage(image, str(path), compressed)
    assert read(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    sentence = refusal(path)
    assert "cut." in sentence and ("damaged, incomplete" in sentence or "cut off before its end" in sentence)
    assert "Export or download it again" in sentence


def test_a_gzipped_file_with_a_damaged_middle_is_refused(tmp_path):
    path = written(tmp_path / "bad.nii.gz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert "Export or download it again" in refusal(path)


@pytest.mark.parametrize("name", ["notes.nrrd", "notes.nii.gz", "notes.mha", "notes.dcm", "notes.png", "notes.txt"])
def test_a_text_file_is_refused_whatever_it_is_called(tmp_path, name):
    (tmp_path / name).write_text("This is not an image.\n" * 40)
    assert "damaged, incomplete or not an image" in refusal(tmp_path / name)


def test_a_header_without_its_data_file_is_refused(tmp_path):
    written(tmp_path / "head.mhd")
    (tmp_path / "head.raw").unlink()
    assert "cannot be read" in refusal(tmp_path / "head.mhd")


@pytest.mark.parametrize("shape", [(3, 9, 40, 36), (40, 1, 40, 36), (40, 9, 40, 1)])
@pytest.mark.parametrize("ending", ["nii.gz", "nrrd"])
def test_a_time_series_is_refused(tmp_path, shape, ending):
    path = written(tmp_path / f"time.{ending}", noise(shape), isVector=False)
    sentence = refusal(path)
    assert "four dimensions" in sentence and "Extract one 3-D volume" in sentence


def test_a_colour_picture_is_refused(tmp_path):
    Image.fromarray(noise((40, 40, 3), np.uint8)).save(tmp_path / "colour.png")
    sentence = refusal(tmp_path / "colour.png")
    assert "colour" in sentence and "Convert it to grey" in sentence


@pytest.mark.parametrize(("components", "dtype"), [(3, np.float32), (2, np.uint8), (6, np.float32)])
def test_a_vector_volume_is_refused(tmp_path, components, dtype):
    path = written(tmp_path / "vectors.nrrd", noise((*SHAPE, components), dtype), isVector=True)
    sentence = refusal(path)
    assert "vector" in sentence and "extract one component" in sentence


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("suffix", [".nrrd", ".nii", ".nii.gz", ".mha"])
def test_a_voxel_that_is_no_number_is_refused_in_every_format(tmp_path, value, suffix):
    array = noise().astype(np.float32) + 500
    array[2, 13, 14] = value
    sentence = refusal(written(tmp_path / f"holes{suffix}", array))
    assert "1 voxels within the body" in sentence and "export the image again" in sentence


def test_complex_values_are_refused(tmp_path):
    assert "complex64" in refusal(written(tmp_path / "k-space.nrrd", noise().astype(np.complex64)))


def test_a_constant_image_is_refused(tmp_path):
    sentence = refusal(written(tmp_path / "flat.nrrd", np.full(SHAPE, 7, np.int16)))
    assert "same value (7) everywhere" in sentence and "right file" in sentence


@pytest.mark.parametrize("shape", [(3, 8, 8), (200, 8, 8), (20, 20)])
def test_a_tiny_image_is_refused(tmp_path, shape):
    assert "at least 32 x 32" in refusal(written(tmp_path / "tiny.nrrd", noise(shape)))


def test_a_folder_without_dicom_is_refused(tmp_path):
    (tmp_path / "read me.txt").write_text("nothing here")
    assert "holds no DICOM series. Give an image file, a folder of images, or the folder" in refusal(tmp_path)


@pytest.mark.parametrize("which", [0, 8])
def test_a_damaged_slice_at_an_end_of_a_series_is_left_out_with_a_note(tmp_path, which):
    folder = write_series(tmp_path / "cut", noise(), grid(np.eye(3), (1, 1, 4), SHAPE))
    file = next(f for f in folder.iterdir() if pydicom.dcmread(f).InstanceNumber == which + 1)
    file.write_bytes(file.read_bytes()[:-500])
    assert any("left out because they are damaged or no images: 1." in note for note in read(folder).notes)


def test_a_grey_picture_with_transparency_is_refused(tmp_path):
    picture = Image.fromarray(noise((40, 40), np.uint8)).convert("LA")
    picture.save(tmp_path / "faded.png")
    assert "grey with transparency. Convert it to plain grey" in refusal(tmp_path / "faded.png")
