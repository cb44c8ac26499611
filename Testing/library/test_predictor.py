"""From a volume to a result: on the volume's own grid, the same whatever the batch, with the warnings it needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from builders import ORIENTATIONS, head_volume, oblique, points, spec_data, tiny_model

from UnifiedViTLib.errors import Cancelled, DeviceError, UnsupportedImageError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.assembly import logits_to_labelmap
from UnifiedViTLib.inference.backends.base import OutOfMemory
from UnifiedViTLib.inference.backends.torch_backend import TorchBackend
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.warnings import input_warnings

KEEP_ALL = {"pooling": "lesion_weighted", "top_k": 3, "max_normal_probability": 1.0, "min_component_ml": 0.0}


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    """A tiny random model that draws on every slice."""
    return tiny_model(tmp_path_factory.mktemp("tiny"), aggregation=KEEP_ALL)


@pytest.fixture(scope="module")
def predictor(spec):
    return Predictor(spec, "cpu")


def saying(folder, classifier=(0.0, 0.0, 0.0), segmentation=(0.0, 0.0, 0.0), **changes) -> Predictor:
    """A predictor that says the same of every slice and every pixel."""
    biases = {"classifier": list(classifier), "segmentation": list(segmentation)}
    return Predictor(tiny_model(folder, biases=biases, **changes), "cpu")


def head(shape=(6, 40, 36), spacing=(2.0, 2.0, 8.0), direction=None) -> Volume:
    return head_volume(direction, spacing, shape)


SHAPES = {
    "oblique": head(direction=oblique()),
    "single slice": head((1, 40, 36)),
    "odd sizes": head((5, 61, 47), (1.7, 1.3, 7.0)),
    "large": head((1, 1024, 1024), (0.08, 0.08, 5.0)),
    "thick slices": head((4, 160, 140), (0.5, 0.5, 6.0)),
    "planar": replace(head((1, 50, 60)), planar=True),
    **{f"orientation {n}": head(direction=ORIENTATIONS[n]) for n in (3, 17, 22, 30, 41)},
}


@pytest.mark.parametrize("volume", SHAPES.values(), ids=SHAPES.keys())
def test_the_labelmap_lies_on_the_grid_of_the_input_to_the_last_digit(predictor, volume):
    prediction = predictor.predict(volume)
    assert prediction.labelmap.shape == volume.array.shape and prediction.labelmap.dtype == np.uint8
    assert prediction.ijk_to_ras.tobytes() == volume.ijk_to_ras.tobytes()
    assert prediction.labelmap.any()
    axis, _ = prediction.slice_axis
    assert prediction.slice_probabilities.shape == (volume.array.shape[axis], 3)
    np.testing.assert_allclose(prediction.slice_probabilities.sum(axis=1), 1, atol=1e-5)
    assert sum(prediction.diagnosis.probabilities.values()) == pytest.approx(1, abs=1e-6)
    counts = np.bincount(prediction.labelmap.ravel(), minlength=3)[1:]
    assert [s.voxels for s in prediction.segments] == list(counts)
    for segment in prediction.segments:
        voxel_ml = None if volume.planar else np.prod(volume.spacing) / 1000
        assert segment.volume_ml == (voxel_ml and pytest.approx(segment.voxels * voxel_ml))


def test_however_a_volume_is_stored_the_same_place_gets_the_same_label(predictor):
    mm, counts = (2.0, 2.5, 6.0), (41, 37, 9)
    drawn, diagnoses = [], []
    for orientation in ORIENTATIONS[::5]:
        axes = [int(np.flatnonzero(column)[0]) for column in orientation.T]
        volume = head_volume(orientation, tuple(mm[a] for a in axes), tuple(counts[a] for a in reversed(axes)))
        prediction = predictor.predict(volume)
        order = np.lexsort(points(volume.ijk_to_ras, volume.array.shape).reshape(-1, 3).round(3).T)
        drawn.append(prediction.labelmap.ravel()[order])
        diagnoses.append(list(prediction.diagnosis.probabilities.values()))
    for labels, probabilities in zip(drawn[1:], diagnoses[1:], strict=True):
        assert (labels == drawn[0]).mean() > 0.999
        np.testing.assert_allclose(probabilities, diagnoses[0], atol=1e-4)


def test_the_running_maximum_equals_the_argmax_over_all_classes():
    rng = np.random.default_rng(0)
    prepared = prepare(head((7, 61, 47), (1.7, 1.3, 7.0)), 32)
    masks = rng.normal(size=(7, 5, 32, 32)).astype(np.float32)
    labels, rows, columns = logits_to_labelmap(masks, prepared)
    full = np.stack([prepared.frame.from_network(masks[:, c])[0] for c in range(5)])
    np.testing.assert_array_equal(labels, full.argmax(axis=0))
    assert labels.shape == (7, rows.stop - rows.start, columns.stop - columns.start)


def test_the_batch_size_does_not_change_the_answer(spec):
    volume = head((9, 40, 36))
    one, many = (Predictor(spec, "cpu", batch_size=n).predict(volume) for n in (1, 4))
    assert (one.labelmap == many.labelmap).mean() > 0.9999
    np.testing.assert_allclose(one.slice_probabilities, many.slice_probabilities, atol=1e-4)


def test_the_same_volume_gives_the_same_result_twice(predictor):
    first, second = predictor.predict(head()), predictor.predict(head())
    np.testing.assert_array_equal(first.labelmap, second.labelmap)
    np.testing.assert_array_equal(first.slice_probabilities, second.slice_probabilities)


def test_the_volume_is_left_as_it_was(predictor):
    volume = head()
    before = volume.array.copy()
    volume.array.setflags(write=False)
    predictor.predict(volume)
    np.testing.assert_array_equal(volume.array, before)


def test_progress_grows_to_one(spec):
    told = []
    Predictor(spec, "cpu", batch_size=2).predict(head(), progress=lambda stage, done: told.append((stage, done)))
    shares = [done for _, done in told]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    assert any("slice 4 of 6" in stage for stage, _ in told)


def test_cancelling_stops_the_run_at_once(spec):
    told = []

    def cancel(stage, done):
        told.append(done)
        if done > 0:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        Predictor(spec, "cpu", batch_size=1).predict(head(), progress=cancel)
    assert len(told) == 2


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_the_plane_asked_for_is_looked_at_and_told(predictor, plane):
    prediction = predictor.predict(head((20, 40, 36), (2.0, 2.0, 3.0)), Options(plane))
    assert prediction.provenance.plane == plane
    assert len(prediction.slice_probabilities) == {"axial": 20, "coronal": 40, "sagittal": 36}[plane]


def test_a_model_of_one_plane_is_shown_that_one_and_another_is_told(spec):
    volume, knows_one = head((20, 40, 36), (2.0, 2.0, 3.0)), Predictor(replace(spec, plane="coronal"), "cpu")
    found, other = knows_one.predict(volume), knows_one.predict(volume, Options("axial"))
    assert (found.provenance.plane, other.provenance.plane) == ("coronal", "axial")
    told = "These are axial slices; this model has learnt from coronal ones alone. Leave the plane on auto."
    assert told in other.warnings and not any("slices; this model" in warning for warning in found.warnings)
    assert not any("slices; this model" in warning
                   for warning in knows_one.predict(replace(volume, array=volume.array[:1], planar=True)).warnings)


def test_the_result_says_what_made_it(predictor, spec):
    made = predictor.predict(head()).provenance
    assert (made.model_id, made.model_version, made.model_sha256) == ("tiny", "1.2.3", spec.sha256)
    assert (made.device, made.backend) == ("cpu", "torch, float32")
    assert {"unifiedvit", "python", "torch", "numpy"} <= made.software.keys()
    assert made.timings_s["total"] >= made.timings_s["network"] > 0


def test_a_volume_that_cannot_be_looked_at_is_refused(predictor):
    with pytest.raises(UnsupportedImageError, match="same value"):
        predictor.predict(Volume(np.zeros((5, 40, 40)), np.eye(4)))


@pytest.mark.parametrize("device", ["tpu", "cuda:7", "", "meta"])
def test_a_device_that_is_not_there_is_refused_with_those_there_are(spec, device):
    with pytest.raises(DeviceError, match=r"is not available \(available: .*cpu.*\). Choose one of these, or auto"):
        Predictor(spec, device)


def test_running_out_of_memory_on_the_cpu_is_told_apart_from_other_errors(spec):
    backend = TorchBackend(spec, "cpu")
    with pytest.raises(OutOfMemory), pytest.warns(UserWarning, match="not writable"):
        backend.run(np.broadcast_to(np.float32(1), (10**9, 1, 64, 64)))  # a view of one number
    with pytest.raises(RuntimeError, match="channels"):
        backend.run(np.zeros((1, 2, 32, 32), np.float32))


# Warnings


def test_a_lesion_that_is_named_but_not_drawn_is_a_contradiction(tmp_path):
    prediction = saying(tmp_path / "m", classifier=(0, 9, 0), segmentation=(9, 0, 0)).predict(head())
    assert prediction.diagnosis.label == "glioma" and not prediction.labelmap.any()
    assert any("contradict" in w and "Glioma, yet nothing is drawn" in w for w in prediction.warnings)


def test_a_lesion_that_is_drawn_but_not_named_is_a_contradiction(tmp_path):
    prediction = saying(tmp_path / "m", (9, 0, 0), (0, 9, 0), aggregation=KEEP_ALL).predict(head())
    assert prediction.diagnosis.label == "healthy" and (prediction.labelmap == 1).any()
    assert any("contradict" in w and "Nothing found, yet a region is drawn" in w for w in prediction.warnings)


@pytest.mark.parametrize(("classifier", "segmentation"), [((9, 0, 0), (9, 0, 0)), ((0, 9, 0), (0, 9, 0))])
def test_answers_that_agree_need_no_warning(tmp_path, classifier, segmentation):
    prediction = saying(tmp_path / "m", classifier, segmentation).predict(head((6, 64, 60)))
    assert prediction.warnings == ()


def test_an_uncertain_diagnosis_is_said_to_be(tmp_path):
    warnings = saying(tmp_path / "m", (0, 0.3, 0), (0, 9, 0)).predict(head()).warnings
    assert any("uncertain" in w and "review it" in w for w in warnings)


def test_hounsfield_units_are_noticed_by_a_model_for_mr(predictor):
    volume = head()
    warnings = predictor.predict(replace(volume, array=volume.array - 1000)).warnings
    assert any("as in CT" in w and "Do not rely" in w for w in warnings)
    assert not any("as in CT" in w for w in predictor.predict(volume).warnings)


def test_a_head_as_small_as_a_specimen_is_told_as_its_sizes_may_be_in_another_unit(predictor):
    volume = head()
    in_cm = volume.ijk_to_ras @ np.diag([0.1, 0.1, 0.1, 1])
    warnings = predictor.predict(replace(volume, ijk_to_ras=in_cm)).warnings
    assert any("as small as a specimen" in text and "another unit (cm)" in text for text in warnings)
    unknown = replace(volume, ijk_to_ras=in_cm, geometry=volume.geometry.without_sizes())
    for other in (volume, unknown):
        assert not any("specimen" in text for text in predictor.predict(other).warnings)
    small = prepare(replace(volume, ijk_to_ras=in_cm), 32)
    assert not any("specimen" in text for text in input_warnings(small, replace(predictor.spec, modality="US")))


def test_another_modality_is_noticed(predictor):
    volume = head()
    for modality, noticed in (("PT", True), ("CT", True), ("MR", False), ("", False)):
        warnings = predictor.predict(replace(volume, metadata={"Modality": modality})).warnings
        assert any(f"The image says that it is {modality};" in w for w in warnings) == noticed


def test_a_model_for_any_modality_takes_any(tmp_path):
    given = spec_data()["input"] | {"modality": "any"}
    volume = head()
    for modality, array in (("PT", volume.array), ("CT", volume.array - 1000)):
        warnings = saying(tmp_path / modality, (0, 9, 0), (0, 9, 0), input=given).predict(
            replace(volume, array=array, metadata={"Modality": modality})).warnings
        assert warnings == ()


@pytest.mark.parametrize(("mm", "coarse"), [(8.0, True), (3.2, True), (2.4, False), (1.2, False)])
def test_an_image_much_coarser_than_the_network_is_noticed(tmp_path, mm, coarse):
    # On 96 pixels the network sees the phantom's 80 mm or so with 0.9 mm each: three times that is 2.7 mm.
    side = max(32, round(100 / mm))
    volume = head((8, side, side), (mm, mm, 9.0))
    predictor = saying(tmp_path / "m", (0, 9, 0), (0, 9, 0), input=spec_data()["input"] | {"size": 96})
    assert prepare(volume, 96).frame.pixel_mm == pytest.approx(0.9, abs=0.05)
    assert any("much coarser" in w for w in predictor.predict(volume).warnings) == coarse


def test_a_planar_image_is_told_to_have_no_volumes(predictor):
    assert any("no volumes in mL" in w for w in predictor.predict(replace(head((1, 50, 60)), planar=True)).warnings)


def test_what_the_reader_noted_is_passed_on(predictor):
    assert "Read as grey." in predictor.predict(replace(head(), notes=("Read as grey.",))).warnings


def test_the_number_of_threads_does_not_change_the_diagnosis(predictor):
    threads = torch.get_num_threads()
    one = predictor.predict(head())
    try:
        torch.set_num_threads(2)
        two = predictor.predict(head())
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_allclose(one.slice_probabilities, two.slice_probabilities, atol=1e-4)


# Mirror images and probability maps


def mirrored(volume: Volume) -> Volume:
    """The mirror image, on the same grid."""
    return replace(volume, array=np.ascontiguousarray(volume.array[:, :, ::-1]))


def test_with_tta_the_mirror_image_gets_the_mirrored_labels(predictor):
    volume = head((6, 48, 40))
    one = predictor.predict(volume, Options(tta=True, keep_probabilities=True))
    other = predictor.predict(mirrored(volume), Options(tta=True, keep_probabilities=True))
    assert len(np.unique(one.labelmap)) > 1
    assert (one.labelmap == other.labelmap[:, :, ::-1]).mean() > 0.999
    np.testing.assert_allclose(one.probability_maps, other.probability_maps[..., ::-1].astype(float), atol=1)
    np.testing.assert_allclose(one.slice_probabilities, other.slice_probabilities, atol=1e-4)
    plain = (predictor.predict(v).labelmap for v in (volume, mirrored(volume)))
    assert (next(plain) == next(plain)[:, :, ::-1]).mean() < 0.99  # without flips they differ


def test_tta_takes_the_mean_of_the_logits(predictor):
    volume = head()
    prepared = prepare(volume, 32)
    plain, mean = (predictor.run_network(prepared, tta=tta)[0].logits for tta in (False, True))
    images = prepared.batch(0, len(prepared))[:, None]
    _, turned, _ = predictor._selector.backend.run(np.ascontiguousarray(images[..., ::-1]))
    np.testing.assert_allclose(mean, (plain + turned) / 2, atol=1e-4)
    assert np.abs(mean - plain).max() > 1e-3
    assert "mirror images" in predictor.predict(volume, Options(tta=True)).provenance.backend


@pytest.mark.parametrize("volume", SHAPES.values(), ids=SHAPES.keys())
def test_probability_maps_lie_on_the_grid_and_agree_with_the_labels(predictor, volume):
    prediction = predictor.predict(volume, Options(keep_probabilities=True))
    maps = prediction.probability_maps
    assert maps.dtype == np.uint8 and maps.shape == (2, *volume.array.shape) and maps.max() <= 100
    background = 100 - maps.sum(axis=0, dtype=int)
    assert background.min() >= -1  # each is rounded
    chances = np.stack([background, *maps.astype(int)])
    labelled = np.take_along_axis(chances, prediction.labelmap[None].astype(int), axis=0)[0]
    assert (labelled >= chances.max(axis=0) - 2).all()


def test_probability_maps_show_what_the_volume_rule_took_away(tmp_path):
    predictor = saying(tmp_path / "m", classifier=(9, 0, 0), segmentation=(0, 2, 0))
    prediction = predictor.predict(head(), Options(keep_probabilities=True))
    assert not prediction.labelmap.any()
    expected = 100 * np.exp([2, 0]) / (np.exp(2) + 2)
    assert list(prediction.probability_maps.max(axis=(1, 2, 3))) == list(expected.round())


@pytest.mark.parametrize("options", [{"keep_probabilities": True}, {}], ids=["with maps", "without"])
def test_keeping_probabilities_changes_nothing_else(predictor, options):
    prediction, plain = predictor.predict(head(), Options(**options)), predictor.predict(head())
    assert (prediction.probability_maps is None) == (not options) and plain.probability_maps is None
    assert prediction.labelmap.tobytes() == plain.labelmap.tobytes()
    assert prediction.slice_probabilities.tobytes() == plain.slice_probabilities.tobytes()
    assert (prediction.diagnosis, prediction.warnings) == (plain.diagnosis, plain.warnings)
