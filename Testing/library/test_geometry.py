"""Geometry and intensity: whatever way a volume is stored, the network sees the same and its answer comes back."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from builders import ORIENTATIONS, grid, head_volume, oblique, phantom, points
from scipy import ndimage

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.intensity import CLIP, measure_foreground, normalise
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.resampling import Frame, _linear, head_frame
from UnifiedViTLib.imaging.slicing import PLANES, acquisition_plane, slice_view
from UnifiedViTLib.imaging.volume import Volume, check

SIZE = 48


def stored(orientation: np.ndarray, mm=(2.0, 2.5, 5.0), counts=(41, 37, 17)) -> Volume:
    """The head on a grid whose spacing and size are `mm` and `counts` along R, A, S, stored in `orientation`."""
    axes = [int(np.flatnonzero(column)[0]) for column in orientation.T]  # patient axis of i, j, k
    return head_volume(orientation, tuple(mm[a] for a in axes), tuple(counts[a] for a in reversed(axes)))


def network_input(volume: Volume, plane: str = "auto") -> np.ndarray:
    prepared = prepare(volume, SIZE, plane)
    return prepared.batch(0, len(prepared))


@pytest.mark.parametrize("plane", PLANES)
def test_all_48_orientations_look_the_same_to_the_network(plane):
    first = network_input(stored(ORIENTATIONS[0]), plane)
    for orientation in ORIENTATIONS[1:]:
        np.testing.assert_allclose(network_input(stored(orientation), plane), first, atol=1e-3)


@pytest.mark.parametrize(("plane", "landmark", "place"), [
    # Held as radiologists do: the patient's right is on the left of axial and coronal slices, anterior is up in
    # axial slices and on the left of sagittal ones, superior is up in coronal and sagittal slices.
    ("axial", (19, -4, 9), "left"), ("axial", (-1, 14, 16), "up"),
    ("coronal", (19, -4, 9), "left"), ("coronal", (-3, -12, 28), "up"),
    ("sagittal", (-1, 14, 16), "left"), ("sagittal", (-3, -12, 28), "up"),
])
def test_slices_are_held_the_way_radiologists_hold_them(plane, landmark, place):
    volume = stored(ORIENTATIONS[29])
    prepared = prepare(volume, SIZE, plane)
    spot = (np.linalg.norm(points(volume.ijk_to_ras, volume.array.shape) - landmark, axis=-1) < 6).astype(np.float32)
    seen = prepared.frame.to_network(prepared.view.of(spot)).sum(axis=0)
    row, column = ndimage.center_of_mass(seen)
    assert (column if place == "left" else row) < SIZE / 2 - 3


def test_slices_run_from_foot_to_head_front_to_back_and_left_from_right():
    for plane, axis, sign in (("axial", 2, 1), ("coronal", 1, -1), ("sagittal", 0, -1)):
        for orientation in ORIENTATIONS:
            volume = stored(orientation)
            along = slice_view(volume, plane).of(points(volume.ijk_to_ras, volume.array.shape)[..., axis])
            assert (np.diff(along.mean(axis=(1, 2))) * sign > 0).all()


@pytest.mark.parametrize("orientation", ORIENTATIONS[::5])
def test_oblique_volumes_are_seen_along_their_nearest_axes(orientation):
    tilt = oblique(8, -6, 10)
    straight, volume = stored(orientation), stored(orientation)
    tilted = Volume(volume.array, grid(tilt @ orientation, volume.spacing, volume.array.shape), "tilted")
    for plane in PLANES:
        seen, expected = slice_view(tilted, plane), slice_view(straight, plane)
        assert (seen.axes, seen.flipped) == (expected.axes, expected.flipped)


def test_oblique_volumes_of_all_48_orientations_look_the_same_to_the_network():
    tilt, mm, counts = oblique(), (2.0, 2.5, 5.0), (41, 37, 17)
    seen = []
    for orientation in ORIENTATIONS:
        axes = [int(np.flatnonzero(column)[0]) for column in orientation.T]
        volume = head_volume(tilt @ orientation, tuple(mm[a] for a in axes), tuple(counts[a] for a in reversed(axes)))
        seen.append(network_input(volume))
    for other in seen[1:]:
        np.testing.assert_allclose(other, seen[0], atol=1e-3)


@pytest.mark.parametrize("tilt", [np.eye(3), oblique()])
@pytest.mark.parametrize("plane", PLANES)
def test_a_label_drawn_in_the_network_returns_to_its_place_in_the_patient(plane, tilt):
    spot = np.array([12.0, 2.0, 8.0])
    for orientation in ORIENTATIONS[::3]:
        axes = [int(np.flatnonzero(column)[0]) for column in orientation.T]
        mm, counts = (2.0, 2.5, 3.0), (41, 37, 25)
        volume = head_volume(tilt @ orientation, tuple(mm[a] for a in axes), tuple(counts[a] for a in reversed(axes)))
        place = points(volume.ijk_to_ras, volume.array.shape)
        blob = np.exp(-((place - spot) ** 2).sum(axis=-1) / (2 * 6.0**2)).astype(np.float32)
        prepared = prepare(volume, SIZE, plane)
        back, rows, columns = prepared.frame.from_network(prepared.frame.to_network(prepared.view.of(blob)))
        labels = np.zeros(volume.array.shape, np.uint8)
        prepared.view.of(labels)[:, rows, columns] = back > 0.4
        assert labels.any()
        np.testing.assert_allclose(place[labels > 0].mean(axis=0), spot, atol=1.0)


@pytest.mark.parametrize("orientation", ORIENTATIONS[::7])
def test_writing_to_a_view_writes_to_the_array(orientation):
    volume = stored(orientation)
    view = slice_view(volume, "coronal")
    labels = np.zeros(volume.array.shape, np.uint8)
    view.of(labels)[3, 4, 5] = 9
    assert labels.sum() == 9
    assert volume.array[labels == 9] == view.of(volume.array)[3, 4, 5]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize(("mm", "plane"), [
    ((0.5, 0.5, 6.0), "axial"), ((0.5, 6.0, 0.5), "coronal"), ((6.0, 0.5, 0.5), "sagittal"),
    ((1.0, 1.0, 1.0), "axial"), ((1.0, 1.01, 0.99), "axial"), ((1.2, 1.0, 1.0), "sagittal"),
    ((0.9501, 0.9, 0.9499), "axial"), ((0.05, 0.4, 0.05), "coronal"),
])
def test_the_acquisition_plane_lies_across_the_largest_spacing(orientation, mm, plane):
    axes = [int(np.flatnonzero(column)[0]) for column in orientation.T]
    shape = (20, 20, 20)
    matrix = grid(oblique(5, 6, 7) @ orientation, tuple(mm[a] for a in axes), shape)
    assert acquisition_plane(Volume(np.zeros(shape), matrix)) == plane


@pytest.mark.parametrize(("counts", "plane"), [
    ((1, 40, 40), "sagittal"), ((40, 1, 40), "coronal"), ((40, 40, 1), "axial"), ((40, 12, 40), "coronal"),
])
def test_a_single_slice_or_a_thin_slab_is_seen_in_its_own_plane(counts, plane):
    volume = stored(ORIENTATIONS[13], mm=(2.0, 2.0, 2.0), counts=counts)
    assert slice_view(volume).plane == plane
    other = next(p for p in PLANES if p != plane)
    with pytest.raises(UnsupportedImageError, match=f"Choose the plane {plane}"):
        slice_view(volume, other)


def test_a_thin_slab_of_thin_slices_is_not_cut_across():
    volume = stored(ORIENTATIONS[0], mm=(1.0, 1.0, 0.5), counts=(64, 64, 12))
    assert slice_view(volume).plane == "axial"


def test_a_two_dimensional_image_is_seen_as_it_is_stored():
    picture = Volume(np.arange(1600).reshape(1, 40, 40), np.diag([-1.0, -1, 1, 1]), planar=True)
    for plane in ("auto", "coronal"):
        view = slice_view(picture, plane)
        assert view.plane == "as stored"
        np.testing.assert_array_equal(view.of(picture.array), picture.array)


def test_an_unknown_plane_is_refused_with_the_ones_there_are():
    with pytest.raises(UnsupportedImageError, match="'diagonal'; choose auto, axial, coronal, sagittal"):
        slice_view(stored(ORIENTATIONS[0]), "diagonal")


def blob(shape, row_mm, column_mm, centre, width) -> np.ndarray:
    """A Gaussian at `centre` (mm from the outer corner), sampled at the voxels' centres."""
    rows = (np.arange(shape[0]) + 0.5) * row_mm - centre[0]
    columns = (np.arange(shape[1]) + 0.5) * column_mm - centre[1]
    return np.exp(-(rows[:, None] ** 2 + columns[None, :] ** 2) / (2 * width**2)).astype(np.float32)


@pytest.mark.parametrize(("shape", "row_mm", "column_mm"), [
    ((255, 241), 1.0, 1.0), ((37, 63), 4.0, 3.0), ((1024, 1024), 0.25, 0.25), ((200, 90), 0.8, 1.9),
    ((40, 40), 1.0, 1.0), ((224, 224), 1.0, 1.0), ((97, 512), 2.0, 0.4),
])
@pytest.mark.parametrize("margin", [0.1, -0.05])
def test_a_blob_sent_to_the_network_and_back_stays_where_it_was(shape, row_mm, column_mm, margin):
    high, wide = shape[0] * row_mm, shape[1] * column_mm
    side = max(high, wide) * (1 + margin)
    frame = Frame((high - side) / 2, (wide - side) / 2, side, 224, *shape, row_mm, column_mm)
    centre, width = (0.45 * high, 0.55 * wide), 0.06 * min(high, wide)
    there = frame.to_network(blob(shape, row_mm, column_mm, centre, width)[None])
    seen = (np.array(ndimage.center_of_mass(there[0])) + 0.5) * frame.pixel_mm + (frame.top, frame.left)
    np.testing.assert_allclose(seen, centre, atol=frame.pixel_mm / 2)
    back, rows, columns = frame.from_network(there)
    found = (np.array(ndimage.center_of_mass(back[0])) + 0.5 + (rows.start, columns.start)) * (row_mm, column_mm)
    np.testing.assert_allclose(found, centre, atol=frame.pixel_mm / 2)
    assert back.shape == (1, rows.stop - rows.start, columns.stop - columns.start)


def test_resampling_between_equal_grids_changes_nothing():
    np.testing.assert_array_equal(_linear(20, 1.5, 20, 1.5, 0.0).toarray(), np.eye(20, dtype=np.float32))


def test_resampling_by_one_pixel_shifts_by_one_pixel():
    line = np.arange(1.0, 11.0, dtype=np.float32)
    np.testing.assert_allclose(_linear(10, 0.7, 10, 0.7, 0.7) @ line, [*line[1:], 0.0], atol=1e-6)
    np.testing.assert_allclose(_linear(10, 0.7, 10, 0.7, -0.7, clamp=True) @ line, [1.0, *line[:-1]], atol=1e-6)


@pytest.mark.parametrize(("out_count", "out_mm", "offset"), [(60, 0.5, 0.0), (10, 3.0, 0.0), (33, 0.9, -0.3)])
def test_every_new_pixel_inside_the_image_is_a_weighted_mean(out_count, out_mm, offset):
    weights = _linear(30, 1.0, out_count, out_mm, offset).toarray()
    assert (weights >= 0).all()
    centres = offset + (np.arange(out_count) + 0.5) * out_mm
    inside = (centres >= 0) & (centres <= 30)
    np.testing.assert_allclose(weights.sum(axis=1), inside.astype(float), atol=1e-6)
    np.testing.assert_allclose(_linear(30, 1.0, out_count, out_mm, offset, clamp=True).sum(axis=1), 1, atol=1e-6)


def test_enlarging_equals_the_linear_interpolation_of_simpleitk():
    picture = np.random.default_rng(0).normal(size=(21, 17)).astype(np.float32)
    image = sitk.GetImageFromArray(picture)
    image.SetSpacing((1.3, 0.9))
    image.SetOrigin((0.65, 0.45))  # the outer corner lies at zero
    frame = Frame(2.0, 3.0, 12.0, 40, 21, 17, 0.9, 1.3)
    target = sitk.Image(40, 40, sitk.sitkFloat32)
    target.SetSpacing((0.3, 0.3))
    target.SetOrigin((3.0 + 0.15, 2.0 + 0.15))
    expected = sitk.GetArrayFromImage(sitk.Resample(image, target, sitk.Transform(), sitk.sitkLinear))
    np.testing.assert_allclose(frame.to_network(picture[None])[0], expected, atol=1e-5)


def test_shrinking_keeps_the_mean_and_does_not_alias():
    stripes = np.tile([0.0, 1.0], 256)[None, None, :].repeat(512, axis=1)
    frame = Frame(0.0, 0.0, 512.0, 64, 512, 512, 1.0, 1.0)
    np.testing.assert_allclose(frame.to_network(stripes)[0, 2:-2, 2:-2], 0.5, atol=0.02)


@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<u2", ">f4", "<f8", ">f8", "u1", "i4", ">u4", "i8"])
def test_the_voxel_type_does_not_change_what_the_network_sees(dtype):
    whole = np.round(stored(ORIENTATIONS[0]).array / 4)
    volume = stored(ORIENTATIONS[0])
    plain = network_input(Volume(whole.astype(np.float32), volume.ijk_to_ras))
    other = network_input(check(Volume(whole.astype(dtype), volume.ijk_to_ras)))
    np.testing.assert_allclose(other, plain, atol=1e-4)


def test_memory_layout_does_not_change_what_the_network_sees():
    volume = stored(ORIENTATIONS[0])
    scattered = np.zeros([2 * n for n in volume.array.shape], np.float32)[::2, ::2, ::2]
    scattered[:] = volume.array
    for array in (np.asfortranarray(volume.array), scattered, volume.array[::-1].copy()[::-1]):
        np.testing.assert_allclose(network_input(Volume(array, volume.ijk_to_ras)), network_input(volume), atol=1e-4)


def test_the_frame_fits_the_head_whatever_the_margin_of_the_image():
    volume = stored(ORIENTATIONS[0])
    padded = np.pad(volume.array, ((0, 0), (20, 60), (35, 5)))
    seen = []
    for array in (volume.array, padded):
        frame = head_frame(array, 2.5, 2.0, SIZE, measure_foreground(volume.array))
        seen.append((frame.side, frame.to_network(array)))
    assert seen[0][0] == pytest.approx(seen[1][0])
    np.testing.assert_allclose(seen[0][1], seen[1][1], atol=0.01)  # of 300


def test_every_slice_of_body_has_zero_mean_and_unit_variance():
    volume = stored(ORIENTATIONS[0])
    prepared = prepare(volume, SIZE)
    images = prepared.batch(0, len(prepared))
    raw = prepared.frame.to_network(prepared.slices)
    for n in range(4, 13):  # slices with enough body
        body = np.minimum(raw[n], prepared.foreground.ceiling) > prepared.foreground.threshold
        if body.mean() > 0.1:
            assert images[n][body].mean() == pytest.approx(0, abs=0.02)
            assert images[n][body].std() == pytest.approx(1, abs=0.15)
    assert images.min() >= CLIP[0] and images.max() <= CLIP[1]


@pytest.mark.parametrize(("gain", "offset"), [(7.3, 0.0), (1.0, -1024.0), (0.002, 3.0), (900.0, 20000.0), (1e-9, 0.0)])
def test_gain_and_offset_of_the_scanner_do_not_matter(gain, offset):
    volume = stored(ORIENTATIONS[0])
    other = Volume((volume.array.astype(np.float64) * gain + offset), volume.ijk_to_ras)
    np.testing.assert_allclose(network_input(other), network_input(volume), atol=0.01)


def test_a_large_offset_does_not_cost_precision():
    volume = stored(ORIENTATIONS[0])
    other = Volume(np.round(volume.array).astype(np.int32) + 100_000, volume.ijk_to_ras)
    plain = Volume(np.round(volume.array).astype(np.int32), volume.ijk_to_ras)
    np.testing.assert_allclose(network_input(other), network_input(plain), atol=0.01)


def test_the_noise_of_an_empty_slice_is_not_blown_up_into_a_picture():
    rng = np.random.default_rng(0)
    volume = stored(ORIENTATIONS[0])
    array = volume.array + rng.normal(0, 3, volume.array.shape).astype(np.float32)
    array[0] = rng.normal(0, 3, array[0].shape)
    images = network_input(Volume(array, volume.ijk_to_ras))
    assert images[0].std() < 0.25 * images[8].std()


def test_an_empty_slice_of_a_volume_is_normalised_without_a_division_by_zero():
    slices = np.zeros((2, 32, 32), np.float32)
    slices[1, 8:24, 8:24] = np.random.default_rng(0).uniform(50, 150, (16, 16))
    with np.errstate(all="raise"):
        images = normalise(slices, measure_foreground(slices))
    assert np.isfinite(images).all() and np.ptp(images[0]) == 0


def test_a_few_bright_voxels_in_a_sea_of_one_value_are_the_foreground():
    array = np.zeros((20, 64, 64), np.int16)
    array[10, 30:34, 30:34] = 100
    foreground = measure_foreground(array)
    assert 0 < foreground.threshold < 100
    assert np.isfinite(network_input(Volume(array, np.eye(4)))).all()


def test_the_statistics_of_a_large_volume_see_every_column():
    array = np.zeros((512, 64, 512), np.uint8)  # sixteen times a million: every sixteenth voxel is looked at
    array[:, :, 1::16] = 100
    assert measure_foreground(array).ceiling == 100


def test_the_phantom_is_told_from_its_mirror_images():
    head = phantom(points(grid(np.eye(3), (2, 2, 2), (40, 40, 40)), (40, 40, 40)))
    for axis in range(3):
        assert np.abs(head - np.flip(head, axis)).max() > 100
