"""From what the network said of each slice to one answer: calibration, pooling, and which drawing is kept."""

from __future__ import annotations

import numpy as np
import pytest
from builders import ORIENTATIONS, head_volume, spec_data, tiny_model

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.decision import NetworkOutput, decide
from UnifiedViTLib.inference.pooling import class_probabilities, lesion_probabilities, pool

KEEP_ALL = {"pooling": "lesion_weighted", "top_k": 3, "max_normal_probability": 1.0, "min_component_ml": 0.0}


def head(shape=(6, 40, 36), spacing=(2.0, 2.0, 8.0), direction=None) -> Volume:
    return head_volume(direction, spacing, shape)


def pooling_spec(tmp_path, **rule):
    return tiny_model(tmp_path / "pooling", aggregation=KEEP_ALL | rule)


def test_probabilities_are_calibrated_by_the_temperature():
    logits = np.array([[2.0, 0.0, 0.0], [1000.0, 0.0, -1000.0]])
    hot = class_probabilities(logits, 2.0)
    np.testing.assert_allclose(hot[0], np.exp([1, 0, 0]) / np.exp([1, 0, 0]).sum(), rtol=1e-6)
    np.testing.assert_allclose(hot.sum(axis=1), 1, atol=1e-6)
    assert class_probabilities(logits, 0.5)[0, 0] > hot[0, 0]


def test_a_slice_believed_to_be_healthy_is_not_drawn_on(tmp_path):
    spec = pooling_spec(tmp_path, max_normal_probability=0.5)
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    lesion, kept = lesion_probabilities(probabilities, spec, 5.0)
    np.testing.assert_allclose(lesion, [0.1, 0.8])
    assert list(kept) == [False, True]


def test_neighbours_are_heard_when_they_are_near(tmp_path):
    spec = pooling_spec(tmp_path, max_normal_probability=0.5)
    probabilities = np.array([[0.0, 1.0, 0.0], [0.6, 0.4, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    near, kept = lesion_probabilities(probabilities, spec, 5.0)
    np.testing.assert_allclose(near, [0.85, 0.7, 0.6, 0.25])
    assert list(kept) == [True, True, True, False]
    np.testing.assert_allclose(lesion_probabilities(probabilities, spec, 20.0)[0], [1.0, 0.4, 1.0, 0.0])


def test_a_model_without_a_healthy_class_believes_every_slice(tmp_path):
    diagnosis = spec_data()["diagnosis"]
    diagnosis["classes"][0]["lesion"] = True
    spec = tiny_model(tmp_path / "m", aggregation=KEEP_ALL | {"max_normal_probability": 0.0}, diagnosis=diagnosis)
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.2, 0.6]])
    lesion, kept = lesion_probabilities(probabilities, spec, 5.0)
    assert kept.all() and (lesion == 1).all()
    np.testing.assert_allclose(pool(probabilities, lesion, np.array([0.0, 9.0]), spec), probabilities[1])
    np.testing.assert_allclose(pool(probabilities, lesion, np.zeros(2), spec), probabilities.mean(axis=0))


def test_the_mean_rule_takes_the_mean(tmp_path):
    probabilities = np.array([[0.9, 0.1, 0.0], [0.1, 0.2, 0.7]])
    pooled = pool(probabilities, np.array([0.1, 0.9]), np.ones(2), pooling_spec(tmp_path, pooling="mean"))
    np.testing.assert_allclose(pooled, [0.5, 0.15, 0.35])


@pytest.mark.parametrize("pooling", ["mean", "lesion_weighted"])
def test_one_slice_is_the_volume(tmp_path, pooling):
    probabilities = np.array([[0.3, 0.6, 0.1]])
    pooled = pool(probabilities, np.array([0.7]), np.array([5.0]), pooling_spec(tmp_path, pooling=pooling))
    np.testing.assert_allclose(pooled, probabilities[0])


def test_the_most_suspicious_slices_decide_and_the_drawn_area_names(tmp_path):
    spec = pooling_spec(tmp_path, top_k=2)
    probabilities = np.array([[1.0, 0, 0], [0.2, 0.8, 0], [0.4, 0, 0.6], [1.0, 0, 0], [1.0, 0, 0]])
    lesion = 1 - probabilities[:, 0]
    pooled = pool(probabilities, lesion, np.array([0, 30.0, 10.0, 0, 0]), spec)
    assert pooled[0] == pytest.approx(1 - 0.7)
    assert pooled[1] == pytest.approx(0.7 * 24 / 30) and pooled[2] == pytest.approx(0.7 * 6 / 30)


def test_pooled_probabilities_always_sum_to_one(tmp_path):
    spec = pooling_spec(tmp_path)
    sure = np.eye(3)[[0, 1, 0, 0]]  # the drawing lies on a slice that is sure to be healthy, beside one that is not
    for area in ([0, 0, 5, 0], [0, 0, 0, 0], [1, 1, 1, 1]):
        lesion, _ = lesion_probabilities(sure, spec, 5.0)
        pooled = pool(sure, lesion, np.array(area, float), spec)
        assert pooled.sum() == pytest.approx(1) and (pooled >= 0).all()
    healthy = np.eye(3)[[0, 0, 0, 0]]
    np.testing.assert_allclose(pool(healthy, np.zeros(4), np.zeros(4), spec), [1, 0, 0])


# Decisions


def test_small_pieces_are_dropped_and_large_ones_kept(tmp_path):
    spec = tiny_model(tmp_path / "m", aggregation=KEEP_ALL | {"min_component_ml": 0.5})
    volume = head()  # a voxel is 0.032 mL: sixteen are enough
    drawn = np.zeros(volume.array.shape, np.uint8)
    drawn[2, 5:9, 5:9] = 1
    drawn[2, 20:23, 20:25] = 1
    drawn[4, 5:9, 5:9] = 2
    look = NetworkOutput(drawn.copy(), np.zeros((6, 3), np.float32), np.ones(6))
    answer = decide(look, prepare(volume, 32), spec)
    assert [s.voxels for s in answer.segments] == [16, 16]
    assert not answer.labelmap[2, 20:23, 20:25].any()
    np.testing.assert_array_equal(look.labelmap, drawn)


def test_pieces_that_touch_at_a_corner_are_one(tmp_path):
    spec = tiny_model(tmp_path / "m", aggregation=KEEP_ALL | {"min_component_ml": 0.5})
    drawn = np.zeros(head().array.shape, np.uint8)
    drawn[2, 5:8, 5:8] = 1
    drawn[3, 8:11, 8:11] = 1
    answer = decide(NetworkOutput(drawn, np.zeros((6, 3), np.float32), np.ones(6)), prepare(head(), 32), spec)
    assert answer.segments[0].voxels == 18


@pytest.mark.parametrize("direction", [np.eye(3), np.diag([1.0, 1, -1])], ids=["up", "down"])
def test_a_piece_is_kept_whole_if_one_of_its_slices_is_sure_and_dropped_if_none_is(tmp_path, direction):
    spec = tiny_model(tmp_path / "m", aggregation=KEEP_ALL | {"min_component_probability": 0.7})
    volume = head((8, 40, 36), (2.0, 2.0, 15.0), direction)  # slices so far apart that each is believed by itself
    prepared = prepare(volume, 32, "axial")
    drawn = np.zeros(volume.array.shape, np.uint8)
    seen = prepared.view.of(drawn)
    seen[0:3, 5:9, 5:9] = 1  # faint, sure, faint
    seen[5:8, 5:9, 5:9] = 1  # faint throughout
    seen[1, 20:24, 20:24] = 2  # another one on the sure slice
    lesion = np.array([0.3, 0.8, 0.3, 0.1, 0.1, 0.6, 0.6, 0.6])
    probabilities = np.stack([1 - lesion, lesion * 0.9, lesion * 0.1], axis=1)
    logits = spec.temperature * np.log(probabilities)
    answer = decide(NetworkOutput(drawn, logits, np.ones(8)), prepared, spec)
    assert [s.voxels for s in answer.segments] == [48, 16]
    assert not prepared.view.of(answer.labelmap)[5:].any()


def test_nothing_is_dropped_from_a_single_slice(tmp_path):
    spec = tiny_model(
        tmp_path / "m", aggregation=KEEP_ALL | {"min_component_ml": 0.5, "min_component_probability": 1.0}
    )
    volume = head((1, 40, 36))
    drawn = np.zeros(volume.array.shape, np.uint8)
    drawn[0, 5, 5] = 1
    answer = decide(NetworkOutput(drawn, np.zeros((1, 3), np.float32), np.ones(1)), prepare(volume, 32), spec)
    assert answer.segments[0].voxels == 1


@pytest.mark.parametrize("orientation", ORIENTATIONS[::11])
def test_drawing_is_taken_away_from_healthy_slices_alone(tmp_path, orientation):
    spec = tiny_model(tmp_path / "m", aggregation=KEEP_ALL | {"max_normal_probability": 0.5})
    mm, counts = (2.0, 2.0, 15.0), (36, 40, 6)
    axes = [int(np.flatnonzero(column)[0]) for column in orientation.T]
    volume = head_volume(orientation, tuple(mm[a] for a in axes), tuple(counts[a] for a in reversed(axes)))
    prepared = prepare(volume, 32)
    logits = np.zeros((6, 3), np.float32)
    logits[[0, 1, 4], 0] = 20
    logits[[2, 3, 5], 1] = 20
    answer = decide(NetworkOutput(np.ones(volume.array.shape, np.uint8), logits, np.ones(6)), prepared, spec)
    assert [bool(s.any()) for s in prepared.view.of(answer.labelmap)] == [False, False, True, True, False, True]
