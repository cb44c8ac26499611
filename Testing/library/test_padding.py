"""Voxels that hold no intensity: around the body they are air and told, within it the image is refused."""

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, to_sitk
from scipy import ndimage

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.volume import Volume, check

FLOAT_FILLS = [np.nan, np.inf, -np.inf, 1e10, -1e20, 1e20, np.finfo(np.float32).max, np.finfo(np.float32).min,
               -32768, -2000, -3024, 65535]


def head(dtype=np.float32) -> Volume:
    """A head with some noise about it."""
    volume = head_volume(shape=(14, 48, 48))
    values = volume.array + np.random.default_rng(0).uniform(0, 8, volume.array.shape)
    return Volume(values.astype(dtype), volume.ijk_to_ras, "head")


def background(volume: Volume) -> np.ndarray:
    """What is neither the head nor in it."""
    body = ndimage.binary_fill_holes(volume.array > 60)
    return ~ndimage.binary_dilation(body, iterations=2)


def with_background(volume: Volume, value) -> Volume:
    array = volume.array.copy()
    array[background(volume)] = value
    return Volume(array, volume.ijk_to_ras, volume.name)


def inputs(volume: Volume) -> np.ndarray:
    return prepare(check(volume), 64).inputs(0, len(volume.array))


@pytest.mark.parametrize("value", FLOAT_FILLS)
def test_a_background_without_intensities_is_taken_for_air_and_told(value):
    volume = head()
    padded = check(with_background(volume, value))
    assert np.isfinite(padded.array).all()
    assert len(padded.notes) == 1 and "taken for air" in padded.notes[0]
    # The network sees what it saw of the head itself, but for the noise around it.
    np.testing.assert_allclose(inputs(padded), inputs(volume), atol=0.35)


@pytest.mark.parametrize(("dtype", "value"), [
    (np.int16, -32768), (np.int16, -2000), (np.uint16, 65535), (np.int32, -(2**31)), (np.int32, 2**31 - 1),
    (np.uint32, 2**32 - 1), (np.int64, -(2**63)), (np.int64, 2**63 - 1), (np.uint64, 2**64 - 1),
    (np.float64, np.finfo(np.float64).max), (np.float64, 9.96921e36), (np.float16, np.nan), (np.float16, np.inf),
])
def test_a_background_of_the_ends_of_a_type_is_taken_for_air_and_told(dtype, value):
    volume = head(dtype)
    padded = check(with_background(volume, value))
    assert padded.array.dtype == dtype and padded.notes
    np.testing.assert_allclose(inputs(padded), inputs(volume), atol=0.35)


@pytest.mark.parametrize("value", FLOAT_FILLS)
@pytest.mark.parametrize("slices", [slice(None), slice(6, 9)], ids=["through all slices", "in three slices"])
def test_a_hole_in_the_body_is_refused(value, slices):
    volume = head()
    volume.array[slices, 20:30, 20:30] = value
    with pytest.raises(UnsupportedImageError, match="within the body"):
        check(volume)


def test_a_background_and_a_hole_are_refused():
    volume = with_background(head(), np.nan)
    volume.array[6:9, 20:30, 20:30] = np.nan
    with pytest.raises(UnsupportedImageError, match="within the body"):
        check(volume)


def test_single_voxels_of_the_air_that_are_no_numbers_are_no_hole():
    volume = head()
    scattered = background(volume) & (np.random.default_rng(1).random(volume.array.shape) < 0.1)
    volume.array[scattered] = np.nan
    assert "taken for air" in check(volume).notes[0]


def test_a_ct_padded_beyond_its_cylinder_keeps_its_air():
    volume = head()
    ct = Volume((volume.array * 5 - 1024).astype(np.int16), volume.ijk_to_ras, "ct")
    rows, columns = np.indices(ct.array.shape[1:]) - 23.5
    ct.array[:, np.hypot(rows, columns) > 23.5] = -2000
    padded = check(ct)
    assert "-2000" in padded.notes[0] and padded.array.min() > -1030


@pytest.mark.parametrize("array", [
    np.linspace(-1024, 3071, 20 * 40 * 40).astype(np.int16),
    np.linspace(0, 65535, 20 * 40 * 40).astype(np.uint16),
    np.linspace(-4096, 4095, 20 * 40 * 40).astype(np.int16),
    np.linspace(0, 3e-9, 20 * 40 * 40).astype(np.float32),
    np.linspace(0, 5e12, 20 * 40 * 40),
    np.repeat(np.uint8([0, 255, 90, 100]), 10 * 40 * 20),
], ids=["CT", "all of 16 bits", "phase", "diffusivity", "a large unit", "8 bits"])
def test_ordinary_images_are_left_as_they_are(array):
    volume = Volume(array.reshape(20, 40, 40), np.diag([1.0, 1, 4, 1]), "image")
    assert check(volume) is volume


def test_a_few_bright_voxels_are_no_padding():
    volume = head(np.uint16)
    volume.array[7, 24, 24] = 65535
    assert check(volume) is volume


@pytest.mark.parametrize(("array", "sentence"), [
    (head().array.astype(np.float64) * 1e36, "no intensities"),
    (head().array.astype(np.float64) * 1e-20, "too close together"),
    (head(np.int64).array + 10**12, "Subtract the offset"),
    (np.full((4, 40, 40), np.nan, np.float32), "not a number"),
], ids=["too large", "too small", "a large offset", "nothing else"])
def test_what_single_precision_cannot_tell_apart_is_refused(array, sentence):
    with pytest.raises(UnsupportedImageError, match=sentence):
        check(Volume(array, np.diag([2.0, 2, 5, 1]), "image"))


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("dtype", [">f4", "<f4", "<f8"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_every_kind_of_nifti_file_keeps_its_nan(tmp_path, kind, dtype, suffix):
    volume = with_background(head(), np.nan)
    path = tmp_path / f"head{suffix}"
    nib.save(kind(volume.array.T.astype(dtype), volume.ijk_to_ras), path)
    found = read(path)
    assert f"{np.isnan(volume.array).mean():.1%}" in found.notes[0] and "not a number" in found.notes[0]


def test_formats_agree_on_a_background_of_nan(tmp_path):
    volume = with_background(head(), np.nan)
    nib.save(nib.Nifti1Image(volume.array.T, volume.ijk_to_ras), tmp_path / "head.nii.gz")
    for name in ("head.nrrd", "head.mha"):
        sitk.WriteImage(to_sitk(volume), str(tmp_path / name))
    arrays = [read(path).array for path in sorted(tmp_path.iterdir())]
    assert len(arrays) == 3
    for array in arrays[1:]:
        np.testing.assert_array_equal(array, arrays[0])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_slices_that_an_interrupted_transfer_left_empty_are_told(order):
    volume = head(np.int16)
    cut = volume.array.copy()
    cut[5] = 0
    cut[6, 20:] = 0
    columns = [2 - axis for axis in order[::-1]]
    stored = Volume(cut.transpose(order), volume.ijk_to_ras[:, [*columns, 3]], "head")
    told = check(stored)
    assert len(told.notes) == 1 and "(counted from 1 as they are stored: 6, 7)" in told.notes[0]
    assert check(told).notes == told.notes
    whole = volume.array.copy()
    whole[:3] = whole[-2:] = whole[3, :30] = whole[:, :, :9] = 0  # air, and less and less of the head
    assert not check(Volume(whole, volume.ijk_to_ras, "head")).notes
    ball = (np.linalg.norm(np.mgrid[-1:1:20j, -1:1:40j, -1:1:40j], axis=0) < 1) * head(np.int16).array[8].max()
    two = np.concatenate([ball, np.zeros((3, 40, 40)), ball]).transpose(order)
    assert not check(Volume(two, np.eye(4), "legs")).notes, "they end as anatomy does"
