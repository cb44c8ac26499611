"""The report in words says what was measured, and nothing that is not known."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from builders import grid
from dicom_results import result_of
from scipy.spatial.distance import pdist

from UnifiedViTLib.imaging.components import largest_component
from UnifiedViTLib.imaging.geometry import ALL_GIVEN, DERIVED, NOTHING_KNOWN, UNKNOWN, GeometrySource
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.prediction import Heatmap
from UnifiedViTLib.outputs.narrative import report_sentences

SHAPE = (20, 40, 36)
#: Of voxels whose axes run to the left, to the back and upwards, as DICOM's.
LPS_AXES = np.diag([-1.0, -1, 1])


def result(geometry=ALL_GIVEN, boxes=((slice(2, 6), slice(4, 12), slice(24, 34)),), **changes):
    volume = Volume(np.zeros(SHAPE, np.int16), grid(LPS_AXES, (1.0, 1.0, 3.0), SHAPE), "head", geometry=geometry)
    labelmap = np.zeros(SHAPE, np.uint8)
    for box in boxes:
        labelmap[box] = 1
    return result_of(volume, labelmap, **changes)


def test_side_part_and_size_are_those_of_the_largest_piece():
    text = " ".join(report_sentences(result()))
    assert "lies in the left, anterior, lower part of the imaged volume" in text
    diameter = np.linalg.norm([9, 7, 3 * 3]) + 1
    assert f"measures {diameter:.0f} mm at its longest" in text
    assert "Core, 1.0 mL" in text and "Glioma, with a probability of 70%" in text
    mirrored = result(boxes=((slice(2, 6), slice(4, 12), slice(2, 12)),))
    assert "lies in the right, anterior, lower part" in " ".join(report_sentences(mirrored))


def test_the_longest_distance_is_that_between_all_voxels_of_a_piece_of_any_shape():
    k, j, i = np.indices(SHAPE)
    for seed in range(5):
        centre, lean = np.random.default_rng(seed).uniform(-1, 1, (2, 3))
        piece = ((k - 10 - 4 * centre[0]) ** 2 * 4 + (j - 20 + lean[0] * k) ** 2 + (i - 18 + lean[1] * j / 2) ** 2
                 + 6 * (k - 10) * (j - 20) * lean[2]) < 90
        voxels, _count = largest_component(piece)
        longest = pdist(voxels * [3.0, 1.0, 1.0]).max() + 1
        assert f"measures {longest:.0f} mm at its longest" in " ".join(report_sentences(result(boxes=(piece,))))


def test_small_lesions_and_confidences_near_the_threshold_are_not_rounded_away():
    unsure = replace(result().diagnosis, probabilities={"healthy": 0.2, "glioma": 0.598, "meningioma": 0.202})
    text = " ".join(report_sentences(result(boxes=((2, 4, slice(4, 6)),), diagnosis=unsure)))
    assert "Core, less than 0.1 mL" in text and "the confidence is 59.8%, under the 60.0%" in text


def test_a_lesion_of_one_side_that_reaches_into_the_other_is_said_to():
    text = " ".join(report_sentences(result(boxes=((slice(2, 6), slice(4, 12), slice(12, 34)),))))
    assert "lies in the left, anterior, lower part of the imaged volume, reaches across its middle to the right" in text
    assert "across its middle" not in " ".join(report_sentences(result()))


def test_of_several_pieces_the_largest_is_told_of_and_how_many_there_are():
    text = " ".join(report_sentences(result(boxes=((slice(2, 4), slice(2, 4), slice(2, 4)),
                                                   (slice(14, 18), slice(30, 38), slice(20, 34))))))
    assert "in 2 pieces of which the largest lies in the left, posterior, upper part" in text


@pytest.mark.parametrize("geometry", [GeometrySource(orientation=UNKNOWN), GeometrySource(orientation=DERIVED),
                                      NOTHING_KNOWN])
def test_no_side_is_named_where_the_file_does_not_state_the_orientation(geometry):
    text = " ".join(report_sentences(result(geometry)))
    assert not re.search(r"\b(left|right|anterior|posterior|upper|lower)\b", text)


def test_no_mm_and_ml_are_given_where_sizes_are_not_known():
    text = " ".join(report_sentences(result(GeometrySource(spacing=UNKNOWN))))
    assert not re.search(r"\d (mm|mL)\b", text) and "voxels" in text
    assert re.search("measures about [0-9]+ mm", " ".join(report_sentences(result(GeometrySource(spacing=DERIVED)))))


def test_heat_map_and_mask_are_compared_and_doubts_told():
    percent = np.zeros(SHAPE, np.uint8)
    percent[2:6, 4:12, 24:34] = 80
    percent[10, 20:30, 0:32] = 60
    text = " ".join(report_sentences(replace(result(uncertainty=True),
                                             heatmap=Heatmap("attention", "glioma", "Glioma", percent))))
    assert "strongest inside the outline, and 50% of what it marks" in text
    assert "the confidence is 50%, under the 60%" in text and "overlap by 70% alone" in text and "one warning" in text


def test_a_heat_map_is_strongest_where_most_of_its_strongest_voxels_are():
    percent = np.zeros(SHAPE, np.uint8)
    percent[2:6, 4:12, 24:34] = 80
    percent[0, 0, 0] = 80
    text = " ".join(report_sentences(replace(result(), heatmap=Heatmap("attention", "glioma", "Glioma", percent))))
    assert "strongest inside the outline, and 100% of what it marks" in text


def test_there_are_two_to_six_sentences_and_the_last_says_what_cannot_be_known():
    for prediction in (result(), result(boxes=()), result(heatmap=True, uncertainty=True)):
        sentences = report_sentences(prediction)
        assert 2 <= len(sentences) <= 6 and "Research use only" in sentences[-1]
    assert "Nothing is drawn." in report_sentences(result(boxes=()))
