"""NIfTI: the same voxels in the same place as nibabel, the format's own library in Python, has them."""

from __future__ import annotations

import gzip
import math
import struct
from itertools import product

import numpy as np
import pytest
from builders import grid, oblique

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.geometry import ALL_GIVEN, GeometrySource
from UnifiedViTLib.imaging.reading import read

nib = pytest.importorskip("nibabel")
SHAPE = (9, 40, 36)
ARRAY = np.random.default_rng(0).integers(0, 250, SHAPE).astype(np.int16)
SIZES = ARRAY.shape[::-1]  # as the header has them
BASE = grid(oblique(), (0.9, 1.2, 4.0), SHAPE)
FLIPPED = BASE @ np.diag([-1.0, 1, 1, 1])
SHEARED = BASE @ np.array([[1.0, 0, 0.2, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
SCALED = BASE @ np.diag([1.15, 1.15, 1.15, 1])


def written(path, array=ARRAY, qform=(BASE, 1), sform=(BASE, 1), kind=nib.Nifti1Image, **header):
    """Write through nibabel and return the path; a form is a matrix and its code."""
    image = kind(array.T, BASE, dtype=array.dtype)
    image.set_qform(*qform)
    image.set_sform(*sform)
    nib.save(image, path)
    if header:  # nibabel would put its own values back
        changed = nib.load(path).header.copy()
        for field, value in header.items():
            changed[field] = value
        path.write_bytes(changed.binaryblock + path.read_bytes()[len(changed.binaryblock):])
    return path


@pytest.mark.parametrize(("qform", "sform", "notes"), [
    ((BASE, 1), (BASE, 1), []), ((BASE, 1), (None, 0), []), ((None, 0), (BASE, 2), []), ((BASE, 0), (BASE, 0), []),
    ((BASE, 1), (FLIPPED, 1), ["mirror image of the other"]), ((BASE, 1), (FLIPPED, 2), ["mirror image of the other"]),
    ((BASE, 2), (FLIPPED, 1), ["mirror image of the other"]), ((BASE, 1), (SCALED, 4), ["1.52 times those by"]),
    ((BASE, 1), (grid(oblique(0, 0, 40), (0.9, 1.2, 4.0), SHAPE), 4), ["MNI template"]),
    ((None, 0), (SHEARED, 1), ["sheared: its axes are"]), ((BASE, 1), (SHEARED, 1), ["differ by up to", "sheared"]),
    ((BASE, 1), (BASE + np.eye(4)[:, [3]] @ np.array([[0, 0, 0, 0.5]]), 1), []),  # half a millimetre: rounding
])
def test_forms_are_taken_by_the_rule_of_nibabel_and_their_disagreement_is_told(tmp_path, qform, sform, notes):
    path = written(tmp_path / "head.nii.gz", qform=qform, sform=sform)
    volume = read(path)
    np.testing.assert_allclose(volume.ijk_to_ras, nib.load(path).affine, atol=1e-5)
    np.testing.assert_array_equal(volume.array, ARRAY)
    assert len(volume.notes) == len(notes), volume.notes
    for note, words in zip(volume.notes, notes, strict=True):
        assert words in note
        assert "sheared" in note or "The sform was taken, as readers of NIfTI do" in note
    assert volume.geometry == (ALL_GIVEN if qform[1] or sform[1] else GeometrySource("given", "unknown", "unknown"))


def test_without_a_form_and_with_sizes_of_1_the_sizes_are_not_known(tmp_path):
    path = written(tmp_path / "a.nii", qform=(BASE, 0), sform=(BASE, 0), pixdim=[1, 1, 1, 1, 0, 0, 0, 0])
    assert read(path).voxel_ml is None


@pytest.mark.parametrize("values", [(1.0, -0.9, 1.2, 4.0), (0.0, 0.9, 1.2, 4.0), (-1.0, 0.9, 1.2, 4.0)])
def test_odd_signs_of_voxel_sizes_do_not_change_the_sizes(tmp_path, values):
    path = written(tmp_path / "a.nii", qform=(BASE, 0), sform=(BASE, 0), pixdim=[*values, 0, 0, 0, 0])
    volume = read(path)
    np.testing.assert_allclose(volume.spacing, (0.9, 1.2, 4.0), rtol=1e-6)
    assert volume.voxel_ml == pytest.approx(0.9 * 1.2 * 4 / 1000)


@pytest.mark.parametrize("factor", [1.0, 1.005, 2.0])
def test_another_size_of_the_voxels_by_the_sform_alone_is_told(tmp_path, factor):
    sizes = np.linalg.norm(BASE[:3, :3], axis=0) * factor
    volume = read(written(tmp_path / "a.nii", qform=(BASE, 0), pixdim=[1, *sizes, 0, 0, 0, 0]))
    np.testing.assert_allclose(volume.ijk_to_ras, BASE, atol=1e-5)
    told = [note for note in volume.notes if "two sizes for its voxels" in note and "times those by the first" in note]
    assert len(told) == len(volume.notes) == (factor == 2)


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("missing", [0.0, math.nan])
def test_a_voxel_size_that_is_none_is_not_known(tmp_path, code, missing):
    path = written(tmp_path / "a.nii", sform=(BASE, 0), qform=(BASE, code), pixdim=[1, 0.9, 1.2, missing, 0, 0, 0, 0])
    volume = read(path)
    assert volume.voxel_ml is None and volume.geometry.orientation == ("given" if code else "unknown")


@pytest.mark.parametrize("value", [0.0, math.nan])
def test_an_sform_that_is_no_matrix_is_left_out_and_told(tmp_path, value):
    path = written(tmp_path / "a.nii", srow_x=[value] * 4, srow_y=[value] * 4, srow_z=[value] * 4)
    volume = read(path)
    np.testing.assert_allclose(volume.ijk_to_ras, nib.load(path).get_qform(), atol=1e-5)
    assert volume.notes == ("The sform of the file is no usable matrix and was left out.",)


@pytest.mark.parametrize(("unit", "name", "factor"), [(1, "metre", 1e-3), (2, "mm", 1), (3, "micron", 1e3), (0, "", 1)])
def test_units_are_honoured(tmp_path, unit, name, factor):
    scale = np.diag([factor, factor, factor, 1])
    path = written(tmp_path / "a.nii", qform=(scale @ BASE, 1), sform=(scale @ BASE, 1), xyzt_units=unit)
    volume = read(path)
    np.testing.assert_allclose(volume.ijk_to_ras, BASE, atol=1e-4)
    assert volume.geometry == ALL_GIVEN and volume.notes == ()


def test_a_unit_that_is_not_meant_leaves_the_sizes_unknown(tmp_path):
    volume = read(written(tmp_path / "a.nii", xyzt_units=1))  # metres, by mistake
    assert volume.voxel_ml is None and "cannot be those of a patient" in volume.notes[0]


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", ">i2", "u2", "i4", "u4", "i8", "u8", "f4", ">f4", "f8"])
def test_all_types_of_voxels_are_read_as_they_are(tmp_path, dtype):
    array = (ARRAY // 2).astype(dtype)
    volume = read(written(tmp_path / "a.nii.gz", array))
    np.testing.assert_array_equal(volume.array, array)
    assert volume.array.dtype == np.dtype(dtype).newbyteorder("=")


@pytest.mark.parametrize(("slope", "intercept"), [
    (0.5, -100), (0, 5), (math.nan, math.nan), (-1, 0), (1e-9, 0), (1, 7)])
def test_values_are_rescaled_as_nibabel_does(tmp_path, slope, intercept):
    path = written(tmp_path / "a.nii")
    data = bytearray(path.read_bytes())
    data[112:120] = np.array([slope, intercept], "<f4").tobytes()
    path.write_bytes(data)
    np.testing.assert_allclose(read(path).array, nib.load(path).get_fdata().T, rtol=1e-6)


def test_a_shift_that_is_no_number_is_refused(tmp_path):
    path = written(tmp_path / "a.nii")
    data = bytearray(path.read_bytes())
    data[112:120] = np.array([1, math.inf], "<f4").tobytes()
    path.write_bytes(data)
    with pytest.raises(UnsupportedImageError, match="values are to be shifted by inf"):
        read(path)


@pytest.mark.parametrize(("kind", "ending"), [
    *product((nib.Nifti1Image, nib.Nifti2Image), ("nii", "nii.gz")),
    *product((nib.Nifti1Pair, nib.Nifti2Pair), ("img", "hdr", "img.gz", "hdr.gz")),
])
def test_both_versions_are_read_in_one_file_or_two(tmp_path, ending, kind):
    nib.save(kind(ARRAY.T, BASE), tmp_path / f"head.{ending.replace('hdr', 'img')}")
    volume = read(tmp_path / f"head.{ending}")
    np.testing.assert_array_equal(volume.array, ARRAY)
    np.testing.assert_allclose(volume.ijk_to_ras, BASE, atol=1e-5)


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_voxels_whose_place_the_header_leaves_0_are_those_after_it(tmp_path, kind):
    path = written(tmp_path / "a.nii", kind=kind, vox_offset=0)
    np.testing.assert_array_equal(read(path).array, ARRAY)


@pytest.mark.parametrize(("kind", "ending"), [
    (nib.Nifti1Image, "nii"), (nib.Nifti2Image, "nii"), (nib.Nifti1Pair, "img"), (nib.Nifti2Pair, "img"),
])
@pytest.mark.parametrize("sform", [False, True])
def test_both_versions_say_sizes_and_directions_by_the_qform_and_by_both_forms(tmp_path, kind, ending, sform):
    base = np.array([[-2.0, 0, 0, 60], [0, 3.0, 0, -70], [0, 0, 5.0, 40], [0, 0, 0, 1]])  # qfac is -1
    image = kind(ARRAY.T, None)
    image.header.set_xyzt_units("mm")
    image.set_qform(base, 1)
    image.set_sform(base if sform else None, int(sform))
    for n in (1, 2, 3):  # of statistics, and no sizes
        image.header[f"intent_p{n}"] = 7
    nib.save(image, tmp_path / f"head.{ending}")
    volume = read(tmp_path / f"head.{ending}")
    np.testing.assert_allclose(volume.ijk_to_ras, base, atol=1e-5)
    assert volume.geometry == GeometrySource("given", "given", "given") and volume.voxel_ml == pytest.approx(0.03)


@pytest.mark.parametrize("ending", ["img", "hdr"])
def test_analyze_is_read_and_does_not_say_how_it_lies(tmp_path, ending):
    nib.save(nib.AnalyzeImage(ARRAY.T, np.diag([-0.9, 1.2, 4.0, 1])), tmp_path / "head.img")
    volume = read(tmp_path / f"head.{ending}")
    np.testing.assert_array_equal(volume.array, ARRAY)
    np.testing.assert_allclose(volume.spacing, (0.9, 1.2, 4.0), rtol=1e-6)
    assert volume.geometry == GeometrySource("given", "unknown", "unknown")


def test_a_header_without_its_voxels_is_refused(tmp_path):
    nib.save(nib.Nifti1Pair(ARRAY.T, BASE), tmp_path / "head.img")
    (tmp_path / "head.img").unlink()
    with pytest.raises(UnsupportedImageError, match=r"voxels are in head.img, which is not there. Put the two files"):
        read(tmp_path / "head.hdr")


def test_packing_is_told_by_the_content_and_not_by_the_name(tmp_path):
    plain = written(tmp_path / "plain.nii").read_bytes()
    (tmp_path / "packed.nii").write_bytes(gzip.compress(plain))
    (tmp_path / "plain.nii.gz").write_bytes(plain)
    for name in ("packed.nii", "plain.nii.gz"):
        np.testing.assert_array_equal(read(tmp_path / name).array, ARRAY)


def test_a_slice_with_a_place_is_a_volume_of_one_slice_and_one_without_is_planar(tmp_path):
    placed = read(written(tmp_path / "placed.nii", ARRAY[4]))
    assert placed.array.shape == (1, 40, 36) and not placed.planar
    np.testing.assert_allclose(placed.ijk_to_ras, BASE, atol=1e-5)
    assert placed.voxel_ml is None, "an image of two dimensions has no thickness, whatever stands in its matrix"
    assert read(written(tmp_path / "slab.nii", ARRAY[4:5])).voxel_ml > 0
    flat = read(written(tmp_path / "flat.nii", ARRAY[4], qform=(BASE, 0), sform=(BASE, 0)))
    assert flat.planar and flat.voxel_ml is None


def test_colours_that_agree_are_read_as_grey(tmp_path):
    colours = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    grey = np.repeat(ARRAY.astype(np.uint8)[..., None], 3, axis=-1).view(colours)[..., 0]
    volume = read(written(tmp_path / "a.nii", grey))
    np.testing.assert_array_equal(volume.array, ARRAY)
    assert "read as grey" in volume.notes[0]


@pytest.mark.parametrize("sizes", [(4, *SIZES, 0, 0, 0, 0), (5, *SIZES, 1, 0, 1, 1),
                                   (7, *SIZES, 1, 1, -1, 0)])
def test_axes_beyond_the_third_that_have_no_length_do_not_count(tmp_path, sizes):
    path = written(tmp_path / "a.nii")
    data = bytearray(path.read_bytes())
    struct.pack_into("<8h", data, 40, *sizes)
    path.write_bytes(data)
    np.testing.assert_array_equal(read(path).array, ARRAY)


@pytest.mark.parametrize("shape", [(9, 40, 36, 1, 2), (9, 40, 36, 3)])
def test_more_than_three_dimensions_are_refused(tmp_path, shape):
    image = nib.Nifti1Image(np.zeros(shape[::-1] if len(shape) == 4 else shape, np.int16), BASE)
    nib.save(image, tmp_path / "a.nii")
    with pytest.raises(UnsupportedImageError, match=r"dimensions .*Extract one 3-D volume"):
        read(tmp_path / "a.nii")
