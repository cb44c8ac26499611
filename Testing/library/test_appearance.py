"""How a lesion looks in the image, in numbers and in words: only what is there to be measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import grid, spec_data
from dicom_results import result_of

from UnifiedViTLib.imaging.channels import prepare_channels
from UnifiedViTLib.imaging.geometry import ALL_GIVEN, NOTHING_KNOWN
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.appearance import measure_appearance
from UnifiedViTLib.inference.prediction import Appearance, SegmentResult
from UnifiedViTLib.outputs.narrative import report_sentences
from UnifiedViTLib.spec import parse_spec

SHAPE = (5, 100, 90)
ROW, COLUMN = np.indices(SHAPE[1:])
#: A head 70 pixels high and 60 wide in air, and a disc in it whose rim is 4 pixels wide, 20 pixels from the edge.
HEAD = ((ROW - 50) / 35.0) ** 2 + ((COLUMN - 45) / 30.0) ** 2 < 1
FROM_CENTRE = np.hypot(ROW - 50, COLUMN - 47)
DISC, MIDDLE = FROM_CENTRE <= 9, FROM_CENTRE <= 5


def measured(rim: float = 200, middle: float = 100, shape=(DISC, MIDDLE), geometry=ALL_GIVEN, modality="MR",
             mm=(0.5, 2.0, 4.0)) -> Appearance | None:
    """Of a volume whose third slice shows most of the disc; head 100, air 0, all with a little noise."""
    image = np.random.default_rng(0).normal(0, 2, SHAPE)
    image[:, HEAD] += 100
    labelmap = np.zeros(SHAPE, np.uint8)
    for k, radius in ((1, 3), (2, 99)):
        drawn = shape[0] & (radius >= FROM_CENTRE)
        labelmap[k, drawn] = 1
        image[k, drawn] += rim - 100
        image[k, drawn & shape[1]] += middle - rim
    labelmap[4, 80:82, 45:47] = 1  # another piece, smaller
    volume = Volume(image.astype(np.float32), grid(np.eye(3), mm, SHAPE), "head", geometry=geometry)
    spec = parse_spec(spec_data(input={"size": 32, "modality": modality, "expects": "a head"}), Path("tiny"))
    found = [SegmentResult(spec.segments[0].name, 1, int(labelmap.sum()), 1.0)]
    return measure_appearance(prepare(volume, 32), labelmap, found, spec)


def test_a_ring_and_its_opposite_are_told_apart_by_the_brightness_of_rim_and_middle():
    ring, core, even = measured(200, 100), measured(100, 200), measured(200, 200)
    assert ring.rim > 1 and core.rim < -1 and abs(even.rim) < 0.2
    assert ring.beside > 0.4 and even.beside > ring.beside and measured(40, 40).beside < -0.4


def test_the_way_to_the_outline_is_measured_in_mm_of_either_direction():
    across = measured(mm=(0.5, 2.0, 4.0)).depth_mm  # of i, j, k: the nearest outline lies along i
    assert across == pytest.approx(0.5 * 20, abs=1.0)
    assert measured(mm=(3.0, 1.0, 4.0)).depth_mm == pytest.approx(1.0 * 26, abs=3)  # now along j


def test_a_lesion_of_millions_of_pixels_is_measured_as_the_same_of_fewer():
    def ring(size: int) -> Appearance | None:
        row, column = np.indices((size, size)) / size - 0.5
        distance = np.hypot(row, column)[None]
        image = np.select([distance < 0.25, distance < 0.37, distance < 0.45], [150.0, 200.0, 100.0])
        image += np.random.default_rng(0).normal(0, 2, image.shape)
        volume = Volume(image.astype(np.float32), grid(np.eye(3), (240 / size, 240 / size, 4.0), image.shape), "head")
        drawn = (distance < 0.37).astype(np.uint8)
        spec = parse_spec(spec_data(input={"size": 32, "modality": "MR", "expects": "a head"}), Path("tiny"))
        found = [SegmentResult(spec.segments[0].name, 1, int(drawn.sum()), 1.0)]
        return measure_appearance(prepare(volume, 32), drawn, found, spec)

    many, few = ring(2400), ring(600)
    assert (many.beside, many.rim) == pytest.approx((few.beside, few.rim), abs=0.05)
    assert [one.depth_mm for one in (many, few)] == pytest.approx([0.08 * 240] * 2, abs=1)


def test_what_cannot_be_measured_is_left_out():
    small = FROM_CENTRE <= 2
    assert measured(shape=(small, small)).rim is None
    assert measured(geometry=NOTHING_KNOWN).depth_mm is None
    assert measured(modality="US").depth_mm is None and measured(modality="US").rim > 1


def test_where_the_picture_ends_within_the_body_is_no_outline():
    noise = np.random.default_rng(0).normal(100, 5, SHAPE).astype(np.float32)
    volume = Volume(noise, grid(np.eye(3), (1, 1, 4), SHAPE), "inside")
    labelmap = np.broadcast_to(DISC, SHAPE).astype(np.uint8)
    spec = parse_spec(spec_data(), Path("tiny"))
    found = [SegmentResult(spec.segments[0].name, 1, int(labelmap.sum()), 1.0)]
    assert measure_appearance(prepare(volume, 32), labelmap, found, spec).depth_mm is None
    assert measure_appearance(prepare(volume, 32), 0 * labelmap, [replace(found[0], voxels=0)], spec) is None


def test_of_several_sequences_the_one_that_is_drawn_on_is_measured_and_named():
    channels = [{"name": name, "expects": name} for name in ("t1c", "flair")]
    spec = parse_spec(spec_data(input={"size": 32, "modality": "MR", "expects": "a head", "channels": channels}),
                      Path("tiny"))
    array = np.where(HEAD, 100.0, 0.0) * np.ones(SHAPE)
    dark, bright = (Volume((array + height * DISC).astype(np.float32), grid(np.eye(3), (1, 1, 4), SHAPE), "head")
                    for height in (-60, 60))
    labelmap = np.broadcast_to(DISC, SHAPE).astype(np.uint8)
    found = [SegmentResult(spec.segments[0].name, 1, int(labelmap.sum()), 1.0)]
    seen = measure_appearance(prepare_channels([dark, bright], 32, first=bright), labelmap, found, spec)
    assert seen.image == "flair" and seen.beside > 0.4
    assert measure_appearance(prepare_channels([dark, bright], 32), labelmap, found, spec).beside < -0.4


@pytest.mark.parametrize(("seen", "words"), [
    (Appearance("", 1.24, 0.61, 8.6),
     "On the slice that shows most of it, it is brighter than what surrounds it (+1.2), its rim is brighter than its "
     "middle, as a ring is (+0.6), and it comes within 9 mm of the air around what is imaged. Brightness counts in "
     "standard deviations of that of the body."),
    (Appearance("flair", -0.7, -0.5, None),
     "On the slice of flair that shows most of it, it is darker than what surrounds it (-0.7), and its rim is darker "
     "than its middle (-0.5)."),
    (Appearance("", 0.1, 0.2, None), "it is about as bright as what surrounds it (+0.1). Brightness"),
    (Appearance("", None, None, 0.2),
     "On the slice that shows most of it, it comes within 1 mm of the air around what is imaged."),
])
def test_the_report_says_it_in_words_and_gives_the_numbers(seen, words):
    volume = Volume(np.zeros((20, 40, 36), np.int16), grid(np.eye(3), (1, 1, 3), (20, 40, 36)), "head")
    assert words in " ".join(report_sentences(result_of(volume, appearance=seen)))


def test_the_report_says_nothing_of_it_where_nothing_of_it_is_known():
    volume = Volume(np.zeros((20, 40, 36), np.int16), grid(np.eye(3), (1, 1, 3), (20, 40, 36)), "head")
    for seen in (None, Appearance("", None, None, None), Appearance("", None, 0.1, None)):
        text = " ".join(report_sentences(result_of(volume, appearance=seen)))
        assert "On the slice" not in text and "Brightness" not in text
