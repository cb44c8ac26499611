"""A region of interest: the box in the patient, the voxels that it touches, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import ORIENTATIONS, grid, head_volume, oblique, points, to_sitk

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.imaging.slicing import slice_view
from UnifiedViTLib.inference.region import check_region

SHAPE, SPACING = (18, 45, 41), (2.0, 2.5, 5.0)
BOUNDS = (slice(4, 9), slice(10, 31), slice(0, 17))
DIRECTIONS = {**{f"orientation {n}": ORIENTATIONS[n] for n in (0, 7, 19, 33, 46)}, "oblique": oblique()}


def inside(region: RegionOfInterest, ras: np.ndarray, slack_mm: float = 0.0) -> np.ndarray:
    """Which points (..., 3) lie in a box that is larger by `slack_mm` on each side; worked out from its fields."""
    away = ras * (-1, -1, 1) - region.centre_lps
    lengths = np.linalg.norm(region.edges_lps, axis=1)
    along = away @ (np.array(region.edges_lps) / lengths[:, None]).T
    return (np.abs(along) <= lengths / 2 + slack_mm).all(axis=-1)


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS.keys())
def test_bounds_of_voxels_become_a_box_that_touches_just_these(direction):
    volume = head_volume(direction, SPACING, SHAPE)
    region = RegionOfInterest.from_bounds(BOUNDS, volume.ijk_to_ras)
    assert region.bounds(volume) == BOUNDS
    expected = np.zeros(SHAPE, bool)
    expected[BOUNDS] = True
    np.testing.assert_array_equal(region.mask(volume), expected)
    assert region.size_mm == pytest.approx((17 * 2.0, 21 * 2.5, 5 * 5.0))
    image = to_sitk(volume)  # the box is in LPS, as SimpleITK's points are
    assert region.centre_lps == pytest.approx(image.TransformContinuousIndexToPhysicalPoint((8.0, 20.0, 6.0)))
    np.testing.assert_allclose(RegionOfInterest.from_box_to_ras(region.box_to_ras).edges_lps, region.edges_lps)


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS.keys())
def test_a_box_along_the_patients_axes_touches_the_voxels_that_lie_in_it(direction):
    volume = head_volume(direction, SPACING, SHAPE)
    region = RegionOfInterest.from_centre((8.0, -12.0, 15.0), (31.0, 23.0, 19.0))
    touched, ras = region.mask(volume), points(volume.ijk_to_ras, SHAPE)
    assert touched[inside(region, ras)].all(), "a voxel whose middle lies in the box is touched"
    reach = np.linalg.norm(SPACING) / 2
    assert not touched[~inside(region, ras, reach)].any(), "one that lies further than its own corner is not"
    k, j, i = region.bounds(volume)
    assert touched[k, j, i].sum() == touched.sum()


def test_a_box_within_one_thick_slice_touches_that_slice():
    volume = head_volume(spacing=(2.0, 2.0, 8.0), shape=(8, 45, 41))
    place = volume.ijk_to_ras @ (20, 22, 5.3, 1)
    region = RegionOfInterest.from_centre(place[:3], (30.0, 30.0, 1.0))
    assert region.bounds(volume)[0] == slice(5, 6)
    assert len(prepare(volume, 32, region=region)) == 1


def test_a_mask_on_another_grid_gives_the_box_around_what_is_drawn_with_its_margin():
    volume = head_volume(oblique(), SPACING, SHAPE)
    shape = (30, 36, 33)
    ijk_to_ras = grid(oblique(-31.0, 8.0, 5.0), (1.5, 1.7, 2.0), shape)
    mask = np.zeros(shape, np.uint8)
    mask[10:14, 8:20, 15:22] = 3
    region = RegionOfInterest.from_mask(mask, ijk_to_ras, 4.0, "lesion")
    assert region.size_mm == pytest.approx((7 * 1.5 + 8, 12 * 1.7 + 8, 4 * 2.0 + 8))
    drawn = points(ijk_to_ras, shape)[mask > 0]
    assert inside(region, drawn, -4.0).all() and not inside(region, drawn, -6.0).all()
    indices = np.rint((drawn - volume.ijk_to_ras[:3, 3]) @ np.linalg.inv(volume.ijk_to_ras[:3, :3]).T).astype(int)
    assert region.mask(volume)[tuple(indices[:, ::-1].T)].all(), "every voxel that is drawn over is touched"
    assert str(region).endswith("(lesion and 4 mm around)")


def test_only_slices_that_the_region_touches_are_looked_at_and_these_as_in_the_whole_volume():
    volume = head_volume(oblique(), SPACING, SHAPE)
    region = RegionOfInterest.from_bounds(BOUNDS, volume.ijk_to_ras)
    for plane, axis in (("axial", 0), ("coronal", 1), ("sagittal", 2)):
        whole, part = prepare(volume, 32, plane), prepare(volume, 32, plane, region)
        first, stop = part.view.span
        assert stop - first == len(part) == BOUNDS[axis].stop - BOUNDS[axis].start
        assert (part.frame, part.foreground) == (whole.frame, whole.foreground)
        np.testing.assert_array_equal(part.inputs(0, len(part)), whole.inputs(first, stop))
        shown = np.zeros(SHAPE, bool)
        part.view.of(shown)[:] = True
        assert shown[part.region_mask].all() and shown.sum() == len(part) * whole.slices[0].size


def test_the_box_survives_json_and_names_its_place_as_slicer_does():
    region = RegionOfInterest.from_centre((12.0, -30.5, 44.0), (40.0, 30.0, 20.0), "ROI R")
    assert RegionOfInterest.from_dict(region.to_dict()) == region
    assert str(region) == "40 x 30 x 20 mm around R 12.0, P 30.5, S 44.0 (ROI R)"
    assert region.centre_lps == (-12.0, 30.5, 44.0)


REFUSED = {
    "no number": (lambda v: RegionOfInterest.from_centre((0, np.nan, 0), (9, 9, 9)), "no numbers"),
    "infinite": (lambda v: RegionOfInterest.from_centre((0, 0, 0), (9, np.inf, 9)), "no numbers"),
    "empty": (lambda v: RegionOfInterest.from_centre((0, 0, 0), (9, 0, 9)), "is empty"),
    "turned inside out": (lambda v: RegionOfInterest.from_centre((0, 0, 0), (9, -4, 9)), "is empty"),
    "flat": (lambda v: RegionOfInterest((0.0,) * 3, ((9.0, 0.0, 0.0), (9.0, 0.0, 0.0), (0.0, 0.0, 9.0))), "is empty"),
    "nothing drawn": (lambda v: RegionOfInterest.from_mask(np.zeros((4, 5, 6)), np.eye(4), 5.0, "lesion"),
                      "Nothing is drawn in lesion"),
    "no margin": (lambda v: RegionOfInterest.from_mask(np.ones((4, 5, 6)), np.eye(4), np.nan), "A margin of nan"),
    "outside": (lambda v: RegionOfInterest.from_centre((900, 0, 0), (9, 9, 9)).bounds(v), "lies outside head"),
    "beside a corner": (lambda v: RegionOfInterest.from_box_to_ras(
        v.ijk_to_ras @ corner() @ np.diag([9.0, 9.0, 9.0, 1.0])).mask(v), "lies outside head"),
    "a picture": (lambda v: RegionOfInterest.from_centre((0, 0, 0), (9, 9, 9)).bounds(
        replace(v, array=v.array[:1], planar=True)), "2-D image"),
    "too narrow": (lambda v: check_region(prepare(v, 32, "axial", RegionOfInterest.from_bounds(
        (BOUNDS[0], slice(20, 22), BOUNDS[2]), v.ijk_to_ras))), "too narrow for this model"),
}


def corner() -> np.ndarray:
    """A box that is turned by 45 degrees and reaches into the box around the volume, not into its voxels."""
    cosine = np.sqrt(0.5)
    turned = np.array([[cosine, -cosine, 0, 0], [cosine, cosine, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    return np.array([[1, 0, 0, -4.5], [0, 1, 0, -4.5], [0, 0, 1, 8], [0, 0, 0, 1]]) @ turned


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_region_of_the_volume_is_refused_in_a_sentence(make, words):
    with pytest.raises(UnsupportedImageError, match=words) as error:
        make(head_volume(None, SPACING, SHAPE))
    assert str(error.value).endswith(".")


def test_a_region_too_narrow_for_one_plane_can_be_looked_at_in_another():
    volume = head_volume(None, (2.0, 2.0, 2.0), (45, 45, 41))
    region = RegionOfInterest.from_bounds((slice(10, 30), slice(20, 22), slice(5, 30)), volume.ijk_to_ras)
    check_region(prepare(volume, 32, "coronal", region))
    assert len(slice_view(volume, "coronal").of(volume.array)) > len(prepare(volume, 32, "coronal", region)) == 2
