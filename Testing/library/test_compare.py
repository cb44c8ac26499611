"""Comparing two segmentations: numbers that can be computed by hand, and what is told where they cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from builders import grid, oblique
from monai.metrics import compute_hausdorff_distance

from UnifiedViTLib.imaging.geometry import ALL_GIVEN, NOTHING_KNOWN
from UnifiedViTLib.outputs.comparison.compare import BOTH, BOTH_OTHERWISE, ONLY_A, ONLY_B, compare
from UnifiedViTLib.outputs.comparison.segmentations import DrawnSegment, Origin, Segmentation

SHAPE, SPACING = (10, 24, 24), (1.0, 2.0, 5.0)
NEOPLASM = "c~SCT^49755003^Altered~SCT^{code}^Thing~^^~r~SCT^12738006^Brain~^^"
TISSUE = "c~SCT^85756007^Tissue~SCT^85756007^Tissue~^^~r~^^~^^"
#: Two boxes of 4 x 10 x 10 voxels of 0.01 mL, one slice of 5 mm apart.
LOW, HIGH = (slice(2, 6), slice(5, 15), slice(5, 15)), (slice(3, 7), slice(5, 15), slice(5, 15))


def drawn(boxes: dict[str, tuple[slice, ...]], name: str = "a", shape=SHAPE, to_ras: np.ndarray | None = None,
          first_label: int = 1, terminology: str = "", **fields) -> Segmentation:
    """Boxes by the names of their segments, in one layer, on an oblique grid."""
    labels = np.zeros(shape, np.uint8)
    segments = []
    for label, (segment, box) in enumerate(boxes.items(), start=first_label):
        labels[box] = label
        segments.append(DrawnSegment(segment, terminology, 0, label))
    to_ras = grid(oblique(), SPACING, shape) if to_ras is None else to_ras
    return Segmentation(name, (labels,), tuple(segments), to_ras, **fields)


def row_of(a: Segmentation, b: Segmentation):
    """The only row of the comparison."""
    row, = compare(a, b).segments
    return row


def test_boxes_a_slice_apart_have_the_dice_distance_and_volumes_of_paper_and_pencil():
    row = row_of(drawn({"Glioma": LOW}), drawn({"Glioma": HIGH}, "b"))
    assert row.dice == 0.75 and row.hd95_mm == pytest.approx(5.0)
    assert (row.volume_a_ml, row.volume_b_ml, row.change_ml, row.change_percent) == pytest.approx((4.0, 4.0, 0.0, 0.0))


@pytest.mark.parametrize("axis, mm", [(0, 5.0), (1, 2.0), (2, 1.0)])
def test_the_distance_is_in_mm_along_each_axis_of_an_anisotropic_oblique_grid(axis, mm):
    moved = tuple(slice(side.start + (n == axis), side.stop + (n == axis)) for n, side in enumerate(LOW))
    assert row_of(drawn({"x": LOW}), drawn({"x": moved}, "b")).hd95_mm == pytest.approx(mm)


def test_two_single_voxels_are_as_far_apart_as_pythagoras_says():
    one, other = (slice(2, 3),) * 3, (slice(3, 4), slice(6, 7), slice(5, 6))
    row = row_of(drawn({"x": one}), drawn({"x": other}, "b"))
    assert row.dice == 0.0 and row.hd95_mm == pytest.approx(np.sqrt(5**2 + (4 * 2) ** 2 + 3**2))


@pytest.mark.filterwarnings("ignore::FutureWarning")  # MONAI warns of an argument that it passes to itself
def test_the_distance_is_that_of_monai_where_spacing_is_along_the_axes():
    rng = np.random.default_rng(3)
    masks = [np.zeros((1, 1, 14, 20, 22), bool) for _ in range(2)]
    for mask in masks:
        for _ in range(6):
            k, j, i = rng.integers(2, 8, 3)
            mask[0, 0, k:k + 4, j:j + 9, i:i + 10] = True
    expected = compute_hausdorff_distance(*map(torch.from_numpy, masks), include_background=True, percentile=95,
                                          spacing=[5.0, 2.0, 1.0])
    a, b = (Segmentation("x", (mask[0, 0].astype(np.uint8),), (DrawnSegment("x", "", 0, 1),), np.diag([1.0, 2, 5, 1]))
            for mask in masks)
    assert row_of(a, b).hd95_mm == pytest.approx(float(expected), abs=1e-3)


def test_the_outline_of_a_single_slice_is_the_one_in_its_plane():
    one = drawn({"x": (slice(0, 1), slice(5, 16), slice(5, 16))}, shape=(1, 24, 24))
    smaller = drawn({"x": (slice(0, 1), slice(7, 14), slice(7, 14))}, "b", shape=(1, 24, 24))
    assert row_of(one, smaller).hd95_mm == pytest.approx(np.sqrt(2**2 + 4**2), abs=0.5)


def test_growth_is_in_ml_and_percent_and_from_zero_it_has_no_percent():
    twice = drawn({"Glioma": (slice(2, 10), *LOW[1:])}, "b")
    row = row_of(drawn({"Glioma": LOW}), twice)
    assert row.change_ml == pytest.approx(4.0) and row.change_percent == pytest.approx(100.0)
    nothing = replace(drawn({}), segments=())
    comparison = compare(nothing, twice)
    new, = comparison.segments
    assert (new.volume_a_ml, new.change_percent, new.dice, new.hd95_mm) == (0.0, None, 0.0, None)
    assert new.change_ml == pytest.approx(8.0) and comparison.warnings == ("Nothing is drawn in a.",)
    gone, = compare(twice, nothing).segments
    assert gone.change_percent == pytest.approx(-100.0) and gone.name_b is None


# Which segment is which


def test_segments_are_matched_by_name_whatever_their_labels():
    a = drawn({"Glioma": LOW, "Oedema": (slice(7, 9), *LOW[1:])})
    b = drawn({"oedema": (slice(7, 9), *LOW[1:]), "glioma ": LOW}, "b", first_label=4)
    rows = compare(a, b).segments
    assert [(row.name_a, row.name_b, row.dice) for row in rows] == [("Glioma", "glioma ", 1.0),
                                                                   ("Oedema", "oedema", 1.0)]


def test_other_names_of_the_same_terminology_are_matched_and_that_is_said():
    code = NEOPLASM.format(code="86049000")
    comparison = compare(drawn({"Tumour": LOW}, terminology=code), drawn({"GTV": HIGH}, "b", terminology=f"{code}|"))
    assert comparison.segments[0].name == "Tumour / GTV" and "terminology is the same" in comparison.notes[0]


def test_one_segment_each_is_compared_and_that_is_said():
    comparison = compare(drawn({"Tumour": LOW}, terminology=TISSUE), drawn({"": LOW}, "b", terminology=TISSUE))
    assert comparison.segments[0].name == "Tumour" and comparison.segments[0].dice == 1.0
    assert "Each side draws one segment" in comparison.notes[0]


@pytest.mark.parametrize("names", [("Core", "Rim"), ("", " "), ("Segment_1", "Segment_2")])
def test_where_nothing_matches_all_that_is_drawn_is_compared_and_that_is_said(names):
    """Numbered names count as none: two programs count differently."""
    parts = [LOW, (slice(6, 8), *LOW[1:])]
    a = drawn(dict(zip(("Segment_1", "Segment_2"), parts, strict=True)))
    comparison = compare(a, drawn(dict(zip(names, parts[::-1], strict=True)), "b"))
    row, = comparison.segments
    assert row.name == "everything drawn" and row.dice == 1.0
    assert "all that is drawn is compared with all that is drawn" in comparison.notes[0]


def test_what_one_side_alone_draws_is_a_row_of_its_own():
    rows = compare(drawn({"Glioma": LOW, "Cyst": (slice(7, 9), *LOW[1:])}), drawn({"Glioma": LOW}, "b")).segments
    assert [(row.name, row.name_b, row.dice) for row in rows] == [("Glioma", "Glioma", 1.0), ("Cyst", None, 0.0)]


def test_the_difference_map_tells_a_from_b_from_both_and_a_quarrel_about_the_name():
    other = (slice(7, 9), *LOW[1:])
    difference = compare(drawn({"x": LOW, "cyst": other}), drawn({"x": HIGH, "mesh": other}, "b")).difference
    expected = np.zeros(SHAPE, np.uint8)
    expected[LOW], expected[HIGH] = ONLY_A, ONLY_B
    expected[3:6, 5:15, 5:15] = BOTH
    expected[other] = BOTH_OTHERWISE
    assert np.array_equal(difference, expected)


# Grids


def test_another_grid_of_the_same_space_is_resampled_and_that_is_said():
    fine = grid(oblique(), SPACING, SHAPE)
    fine[:3, 2] /= 2
    fine[:3, 3] -= fine[:3, 2] / 2
    thin = drawn({"x": (slice(6, 14), *LOW[1:])}, "thin", (20, 24, 24), fine)
    comparison = compare(drawn({"x": LOW}), thin)
    row, = comparison.segments
    assert row.dice == 0.75 and row.hd95_mm == pytest.approx(5.0)
    assert (row.volume_a_ml, row.volume_b_ml) == pytest.approx((4.0, 4.0))
    assert "a was resampled (nearest neighbour) into the grid of thin" in comparison.notes[0]
    assert comparison.difference.shape == (20, 24, 24)


def test_axes_in_another_order_and_direction_change_nothing():
    a, b = drawn({"x": LOW}), drawn({"x": HIGH}, "b")
    turned = b.ijk_to_ras.copy()
    turned[:3, :3] = b.ijk_to_ras[:3, [1, 2, 0]]
    turned[:3, 2] *= -1
    turned[:3, 3] += b.ijk_to_ras[:3, 0] * (SHAPE[2] - 1)
    layer = b.layers[0][:, :, ::-1].transpose(2, 0, 1)  # (K, J, I) of i reversed, k, j
    row = row_of(a, replace(b, layers=(np.ascontiguousarray(layer),), ijk_to_ras=turned))
    assert row.dice == 0.75 and row.hd95_mm == pytest.approx(5.0)


@pytest.mark.parametrize("turn", [lambda mask: mask.transpose(0, 2, 1), lambda mask: mask[:, :, ::-1],
                                  lambda mask: mask[:, ::-1, ::-1], lambda mask: mask[::-1]])
def test_a_side_whose_voxels_are_in_another_order_than_its_header_says_is_told(turn):
    a = drawn({"x": (slice(1, 4), slice(2, 9), slice(14, 20))})
    b = replace(drawn({"x": (slice(1, 4), slice(2, 9), slice(14, 20))}, "b"), layers=(turn(a.layers[0]),))
    assert any("hardly overlap (Dice 0." in said and "would (Dice 1.00)" in said for said in compare(a, b).warnings)
    elsewhere = drawn({"x": (slice(1, 4), slice(14, 20), slice(12, 20))}, "b")
    for other in (a, elsewhere, drawn({"y": (slice(0, 0),) * 3}, "b")):
        assert not any("hardly overlap" in said for said in compare(a, other).warnings)


def test_what_a_cropped_grid_leaves_out_is_not_lost():
    whole = drawn({"x": (slice(2, 8), slice(5, 15), slice(5, 15))}, "whole")
    cropped_to_ras = whole.ijk_to_ras.copy()
    cropped_to_ras[:3, 3] += cropped_to_ras[:3, :3] @ [4, 4, 1]
    cropped = drawn({"x": (slice(1, 5), slice(1, 11), slice(1, 11))}, "cropped", (5, 12, 12), cropped_to_ras)
    for pair in ((whole, cropped), (cropped, whole)):
        row = row_of(*pair)
        assert row.dice == pytest.approx(2 * 400 / (600 + 400)) and row.hd95_mm == pytest.approx(10.0)


def test_what_would_take_all_memory_in_the_finer_grid_is_not_laid_over_it_and_growth_stands():
    coarse = drawn({"x": LOW}, to_ras=np.diag([40.0, 40, 40, 1]))
    fine = drawn({"x": LOW}, "fine", to_ras=np.diag([0.01, 0.01, 0.01, 1]))
    compared = compare(coarse, fine)
    assert compared.difference is None and compared.segments[0].dice is None
    assert compared.segments[0].volume_a_ml
    assert "In the voxels of fine, what a draws is too large" in compared.warnings[0]


def test_boxes_that_hardly_meet_are_not_laid_over_each_other_and_growth_stands():
    far = grid(oblique(), SPACING, SHAPE)
    far[:3, 3] += 300
    comparison = compare(drawn({"x": LOW}), drawn({"x": (slice(2, 10), *LOW[1:])}, "b", to_ras=far))
    row, = comparison.segments
    assert (row.dice, row.hd95_mm, comparison.difference) == (None, None, None)
    assert row.change_percent == pytest.approx(100.0)
    assert "do not lie in the same space" in comparison.warnings[0] and "register them first" in comparison.warnings[0]


def test_sizes_in_another_unit_are_never_told_as_growth_alone():
    small = grid(oblique(), tuple(length / 10 for length in SPACING), SHAPE)
    for pair in ((drawn({"x": LOW}), drawn({"x": LOW}, "b", to_ras=small)),
                 (drawn({"x": LOW}, "b", to_ras=small), drawn({"x": LOW}))):
        text = compare(*pair).warnings[0]
        assert "those of a are 10 times as wide" in text and "another unit (cm, m)" in text
    halved = grid(oblique(), tuple(length / 2 for length in SPACING), SHAPE)
    comparison = compare(drawn({"x": LOW}), drawn({"x": LOW}, "b", to_ras=halved))
    assert not any("unit" in text for text in comparison.warnings)


def test_without_known_sizes_there_are_neither_mm_nor_ml():
    unknown = ALL_GIVEN.without_sizes()
    comparison = compare(drawn({"x": LOW}, geometry=unknown), drawn({"x": HIGH}, "b", geometry=unknown))
    row, = comparison.segments
    assert row.dice == 0.75
    assert (row.hd95_mm, row.volume_a_ml, row.volume_b_ml, row.change_ml, row.change_percent) == (None,) * 5
    assert any("no HD95" in note for note in comparison.notes)


def test_masks_of_pictures_are_laid_pixel_by_pixel_and_of_other_sizes_not_at_all():
    flat = {"shape": (1, 24, 24), "geometry": NOTHING_KNOWN, "planar": True}
    one = drawn({"x": (slice(0, 1), slice(5, 15), slice(5, 15))}, to_ras=np.eye(4), **flat)
    other = drawn({"x": (slice(0, 1), slice(5, 15), slice(10, 20))}, "b", to_ras=np.diag([2.0, 2, 1, 1]), **flat)
    comparison = compare(one, other)
    assert comparison.segments[0].dice == 0.5 and "voxel by voxel" in comparison.notes[0]
    larger = drawn({"x": (slice(0, 1), slice(5, 15), slice(5, 15))}, "c", **flat | {"shape": (1, 30, 30)})
    assert compare(one, larger).segments[0].dice is None
    assert "cannot be laid over each other" in compare(one, larger).warnings[0]


# Where they come from


def origin(image: str, patient: str = "", model: str = "m 1", label: str = "glioma") -> Origin:
    diagnosis = {"label": label, "display": label.title(), "probability": 0.8, "probabilities": {label: 0.8}}
    return Origin(image, (f"sha of {image}",), patient, model, diagnosis)


def test_other_images_and_other_patients_are_told_and_one_image_is_not():
    def warnings(one: Origin, other: Origin) -> tuple[str, ...]:
        return compare(drawn({"x": LOW}, origin=one), drawn({"x": LOW}, "b", origin=other)).warnings

    assert warnings(origin("t1"), origin("t1", model="n 2")) == ()
    assert warnings(origin("t1"), Origin()) == (), "an expert's file says nothing of its image"
    text, = warnings(origin("march"), origin("june", model="n 2"))
    assert "of different images (march, june)" in text and "registered" in text and "(m 1, n 2)" in text
    text, = warnings(origin("march", "p"), origin("june", "q"))
    assert "different patients" in text


def test_a_side_that_looked_at_a_region_alone_is_told_unless_both_did():
    box = "40 x 30 x 20 mm around R 12.0, P 30.5, S 44.0"
    whole, part = drawn({"x": LOW}), drawn({"x": HIGH}, "b", origin=Origin(region=box))
    warning, = compare(whole, part).warnings
    assert warning.startswith(f"In b only a region was looked at ({box})")
    assert not compare(replace(part, name="c"), part).warnings


def test_diagnoses_are_compared_where_both_sides_have_one():
    def sentence(one: Origin, other: Origin) -> str:
        return compare(drawn({"x": LOW}, origin=one), drawn({"x": LOW}, "b", origin=other)).diagnoses

    assert sentence(origin("t1"), origin("t1")) == "Diagnosis: Glioma (80%) in a, Glioma (80%) in b: the same."
    assert sentence(origin("t1"), origin("t1", label="cyst")).endswith("Cyst (80%) in b: not the same.")
    assert sentence(origin("t1"), Origin()) == ""


def test_sides_of_one_name_are_told_apart():
    comparison = compare(drawn({"x": LOW}, "brain"), drawn({"x": LOW}, "brain"))
    assert (comparison.name_a, comparison.name_b) == ("brain (A)", "brain (B)")
