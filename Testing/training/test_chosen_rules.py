"""What an evaluation chooses on the validation side: the temperature, and the rule for whole volumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, oblique, spec_data, tiny_model, to_sitk
from unifiedvit_training.data.dataset import Item
from unifiedvit_training.errors import DataError
from unifiedvit_training.evaluation.calibrate import expected_calibration_error, fit_temperature
from unifiedvit_training.evaluation.volumes import (
    DEFAULT_RULE,
    Case,
    choose_rule,
    measure_volumes,
    run_volumes,
    without_lesion,
)

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.inference.decision import NetworkOutput
from UnifiedViTLib.inference.pooling import class_probabilities
from UnifiedViTLib.spec import VolumeRule

# Calibration


def test_temperature_undoes_overconfidence():
    chance = np.random.default_rng(1)
    logits = chance.normal(0, 1.5, (4000, 3))
    probabilities = class_probabilities(logits, 1.0)
    labels = np.array([chance.choice(3, p=p / p.sum()) for p in probabilities.astype(float)])
    temperature = fit_temperature(logits * 3, labels)
    assert temperature == pytest.approx(3, rel=0.1)
    before = expected_calibration_error(class_probabilities(logits * 3, 1.0), labels)
    after = expected_calibration_error(class_probabilities(logits * 3, temperature), labels)
    assert after < 0.03 < before


def test_the_calibration_error_is_right_where_it_can_be_counted_by_hand():
    probabilities = np.array([[0.92, 0.08], [0.94, 0.06], [0.3, 0.7], [0.5, 0.5]])
    labels = np.array([0, 1, 1, -1])
    assert expected_calibration_error(probabilities, labels, 10) == pytest.approx((2 * 0.43 + 0.3) / 3, abs=1e-4)
    several = np.array([[1, 0], [0, -1], [-1, -1], [-1, -1]])
    assert expected_calibration_error(probabilities, several, 10) == pytest.approx((2 * 0.43 + 0.08) / 3, abs=1e-4)


def test_without_labels_nothing_is_calibrated():
    assert fit_temperature(np.zeros((3, 2)), np.full(3, -1)) == 1.0
    assert expected_calibration_error(np.full((3, 2), 0.5), np.full(3, -1)) is None


# Whole volumes


def case_of(spec, spacing=(2.0, 2.0, 5.0), direction=None, plane="axial", shape=(12, 45, 41)) -> Case:
    """A volume with a lesion on three of its slices; the network drew it, and a stray piece elsewhere."""
    volume = head_volume(direction, spacing, shape)
    truth = np.zeros(volume.array.shape, bool)
    prepared = prepare(volume, 32, plane)
    seen = prepared.view.of(truth)
    seen[2:5, 10:20, 10:20] = True
    labelmap = truth.astype(np.uint8)
    prepared.view.of(labelmap)[10, 30:32, 30:32] = 1
    logits = np.tile(np.array([4.0, 0, 0], np.float32), (len(prepared), 1))
    logits[2:5] = [0, 6, 0]
    area = prepared.view.of(labelmap).astype(float).sum(axis=(1, 2))
    return Case("head", prepared, NetworkOutput(labelmap, logits, area), truth, "glioma")


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model"))


def test_a_volume_rule_is_chosen_that_drops_stray_pieces_and_no_more(spec):
    cases = [case_of(spec), case_of(spec, (1.5, 2.0, 6.0)), case_of(spec, direction=np.diag([1.0, 1, -1]))]
    opened = replace(spec, volume_rule=DEFAULT_RULE)
    assert measure_volumes(cases, opened)["false_components"] == 1
    rule = choose_rule(cases, opened)
    assert rule == VolumeRule("lesion_weighted", 3, 1.0, 0.3), "of equals the gentlest"
    metrics = measure_volumes(cases, replace(spec, volume_rule=rule))
    assert metrics == {"volumes": 3, "detected": 1, "dice": 1, "empty": 1, "false_components": 0, "diagnosis": 1,
                       "false_alarms": 0}


@pytest.mark.parametrize("direction", [np.eye(3), np.diag([1.0, 1, -1]), oblique()], ids=["up", "down", "oblique"])
def test_a_lesion_free_run_is_cut_where_the_network_saw_none_however_the_volume_is_stored(spec, direction):
    one = case_of(spec, direction=direction)
    (free,) = without_lesion([one])
    assert free.truth.shape[0] == 7 and not free.truth.any()
    assert len(free.output.logits) == len(free.prepared.slices) == 7
    np.testing.assert_array_equal(free.prepared.slices, one.prepared.slices[5:])
    np.testing.assert_array_equal(free.prepared.view.of(free.prepared.volume.array), free.prepared.slices)
    assert (free.output.labelmap > 0).sum() == 4


def test_a_volume_seen_from_the_side_is_cut_along_its_own_slices(spec):
    one = case_of(spec, (4.0, 2.0, 2.5), plane="sagittal", shape=(34, 45, 41))
    (free,) = without_lesion([one])
    np.testing.assert_array_equal(free.prepared.view.of(free.prepared.volume.array), free.prepared.slices)
    assert not free.truth.any() and len(free.prepared) == 36


def test_a_model_without_a_healthy_class_is_measured_without_false_alarms(tmp_path):
    diagnosis = spec_data()["diagnosis"]
    diagnosis["classes"][0]["lesion"] = True
    spec = tiny_model(tmp_path / "m", diagnosis=diagnosis)
    cases = [case_of(spec)] * 3
    metrics = measure_volumes(cases, replace(spec, volume_rule=choose_rule(cases, spec)))
    assert "false_alarms" not in metrics and metrics["detected"] == 1


def test_a_lesion_on_a_single_slice_lets_one_slice_decide(spec):
    cases = []
    for mm in (14.0, 15.0, 16.0):  # so far apart that slices say nothing about each other
        case = case_of(spec, (2.0, 2.0, mm))
        case.output.logits[2:5] = [[4, 0, 0], [0, 6, 0], [4, 0, 0]]
        cases.append(case)
    rule = choose_rule(cases, replace(spec, temperature=1.0))
    assert rule.top_k == 1
    assert measure_volumes(cases, replace(spec, temperature=1.0, volume_rule=rule))["diagnosis"] == 1


def test_too_few_volumes_leave_the_rule_as_it_is(spec):
    assert choose_rule([], spec) == choose_rule([case_of(spec)], spec) == DEFAULT_RULE
    assert measure_volumes([], spec) == {"volumes": 0}


def item(tmp_path, name="v", mask=None, labels=("glioma",), shape=(6, 40, 36)) -> Item:
    """A volume in a file; `mask` is an array."""
    volume = head_volume(spacing=(2.0, 2.0, 8.0), shape=shape)
    sitk.WriteImage(to_sitk(volume), str(tmp_path / f"{name}.nrrd"))
    if mask is not None:
        sitk.WriteImage(to_sitk(replace(volume, array=mask)), str(tmp_path / f"{name}_label.nrrd"))
    return Item(name, tmp_path / f"{name}.nrrd", None if mask is None else tmp_path / f"{name}_label.nrrd", labels,
                name, "set", "validation", True)


def test_volumes_are_looked_at_with_masks_of_several_classes_of_none_and_unknown_ones(spec, tmp_path):
    mask = np.zeros((6, 40, 36), np.uint8)
    mask[2, 5:9, 5:9], mask[3, 5:9, 5:9] = 1, 2
    drawn, empty, healthy, unknown = run_volumes([
        item(tmp_path, "drawn", mask), item(tmp_path, "empty", np.zeros_like(mask)),
        item(tmp_path, "healthy", labels=("healthy",)), item(tmp_path, "unknown", labels=()),
    ], spec)
    np.testing.assert_array_equal(drawn.truth, mask > 0)
    assert not empty.truth.any() and not healthy.truth.any()
    assert unknown.truth is None and unknown.label == ""
    assert len(drawn.output.logits) == 6
    (with_tta,) = run_volumes([item(tmp_path, "again", mask)], spec, tta=True)
    assert np.abs(with_tta.output.logits - drawn.output.logits).max() > 1e-4
    assert measure_volumes([unknown], spec) == {"volumes": 1}


def test_a_mask_of_another_size_or_none_at_all_is_refused_by_name(spec, tmp_path):
    with pytest.raises(DataError, match=r"a_label\.nrrd has 35 x 40 x 6 voxels, the image 36 x 40 x 6"):
        run_volumes([item(tmp_path, "a", np.zeros((6, 40, 35), np.uint8))], spec)
    broken = item(tmp_path, "b", np.zeros((6, 40, 36), np.uint8))
    broken.mask.write_bytes(b"NRRD0004\n")
    with pytest.raises(DataError, match=r"b_label\.nrrd"):
        run_volumes([broken], spec)
