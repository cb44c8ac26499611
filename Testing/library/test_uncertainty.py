"""Uncertainty: several looks at one volume, where they are unsure, and how far to trust the result."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from builders import ORIENTATIONS, grid, head_volume, phantom, points, spec_data, tiny_model, to_sitk
from jsonschema import validate
from workers import end_of

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.decision import NetworkOutput, decide
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.tta import TTA_TRANSFORMS
from UnifiedViTLib.inference.uncertainty import CONTRADICTION, UncertaintyAccumulator, other_planes
from UnifiedViTLib.inference.warnings import DEFAULT_REVIEW_THRESHOLD, NEVER_SURE, collect_warnings, review_threshold
from UnifiedViTLib.outputs.files import as_json
from UnifiedViTLib.outputs.report import REVIEW, as_text, confidence_in_words, write_report
from UnifiedViTLib.review import Review, ReviewRule
from UnifiedViTLib.service.batch.inputs import find_inputs
from UnifiedViTLib.service.store.ensembles import write_ensemble
from UnifiedViTLib.service.worker.protocol import PredictRequest
from UnifiedViTLib.spec import MISSING, ModelSpec, parse_spec

ROOT = Path(__file__).resolve().parents[2]
ASKED = Options(uncertainty=True)
#: What a network says whatever it sees.
SURE, CONTRARY = ({"classifier": classes, "segmentation": [0.0, drawn, 1.0]}
                  for classes, drawn in (([0.0, 4.0, 1.0], 3.0), ([4.0, 0.0, 1.0], 3.0)))


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model"), input={"size": 64, "modality": "any", "expects": "heads"})


@pytest.fixture(scope="module")
def predictor(spec):
    return Predictor(spec, "cpu", batch_size=4)


def box(count: int, start: int, stop: int, size: int = 64) -> np.ndarray:
    """Mask logits (count, 3, size, size) that are sure of the first segment in a square and of nothing elsewhere."""
    inside = np.zeros((count, size, size), bool)
    inside[:, start:stop, start:stop] = True
    return np.stack([np.where(inside, -9.0, 9.0), np.where(inside, 9.0, -9.0), np.full(inside.shape, -30.0)],
                    axis=1).astype(np.float32)


@pytest.mark.parametrize("change", TTA_TRANSFORMS, ids=lambda change: change.name)
def test_maps_of_a_changed_slice_are_brought_back_to_their_place(change):
    row, column = np.mgrid[-1:1:64j, -1:1:64j]
    images = np.exp(-8 * ((row - 0.2) ** 2 + (column + 0.3) ** 2))[None, None].astype(np.float32)
    changed = change.apply(images)
    inside = np.s_[..., 8:-8, 8:-8]
    np.testing.assert_allclose(change.undo(changed)[inside], images[inside], atol=0.02)
    assert np.abs(changed - images).max() > 0.1, "the network sees something else"


def test_a_missing_channel_stays_missing_under_every_change():
    images = np.random.default_rng(0).normal(size=(1, 2, 32, 32)).astype(np.float32)
    images[:, 1] = MISSING
    for change in TTA_TRANSFORMS:
        assert (change.apply(images)[:, 1] == MISSING).all()


def test_uncertainty_is_added_and_changes_no_answer(predictor):
    volume = head_volume(shape=(7, 45, 41))
    for tta in (False, True):
        plain, found = (predictor.predict(volume, Options(tta=tta, uncertainty=asked)) for asked in (False, True))
        assert plain.uncertainty is None and plain.confidence == plain.diagnosis.probability
        np.testing.assert_array_equal(plain.labelmap, found.labelmap)
        np.testing.assert_array_equal(plain.slice_probabilities, found.slice_probabilities)
        assert plain.diagnosis == found.diagnosis
    uncertainty = found.uncertainty
    assert uncertainty.percent.shape == (7, 45, 41) and uncertainty.percent.dtype == np.uint8
    assert 50 < uncertainty.percent.max() <= 100
    assert uncertainty.passes == ("as it is", *(change.name for change in TTA_TRANSFORMS))
    assert found.confidence == uncertainty.confidence == min(uncertainty.components.values())
    assert set(uncertainty.components) == {"passes", "slices", "mask"} and 0 <= uncertainty.confidence <= 1
    assert uncertainty.mutual_information.shape == (7,) and uncertainty.mutual_information.max() > 0


def test_looks_that_all_say_the_same_leave_the_probability_and_no_spread(tmp_path):
    found = Predictor(tiny_model(tmp_path, biases=SURE), "cpu").predict(head_volume(), ASKED)
    assert found.confidence == pytest.approx(found.diagnosis.probability, abs=1e-6)
    assert found.uncertainty.mask_dice == 1 and max(found.uncertainty.probability_std.values()) < 1e-6
    assert found.uncertainty.mutual_information.max() < 1e-5
    assert found.uncertainty.components["slices"] == found.uncertainty.components["mask"] == 1


def test_mask_and_diagnosis_that_contradict_each_other_halve_the_confidence_and_ask_for_a_review(tmp_path):
    spec = tiny_model(
        tmp_path, biases=CONTRARY, aggregation=spec_data()["aggregation"] | {"max_normal_probability": 1.0}
    )
    found = Predictor(spec, "cpu").predict(head_volume(), ASKED)
    assert found.diagnosis.label == "healthy" and found.labelmap.any() and found.diagnosis.probability > 0.8
    assert found.confidence == found.uncertainty.components["mask"] == CONTRADICTION
    assert any("contradict" in text for text in found.warnings)
    assert any("50% confidence over all passes" in text and "review it" in text for text in found.warnings)
    assert as_json(found)["confidence"] == {
        "value": 0.5,
        "of": "passes",
        "threshold": DEFAULT_REVIEW_THRESHOLD,
        "review": True,
    }
    plain = Predictor(spec, "cpu").predict(head_volume())
    assert not as_json(plain)["confidence"]["review"] and not any("review it" in text for text in plain.warnings)


def test_a_voxel_is_uncertain_where_the_passes_draw_differently_and_nowhere_else(spec):
    volume = head_volume(shape=(3, 64, 64), spacing=(2.0, 2.0, 5.0))
    prepared = prepare(volume, 64)
    accumulator = UncertaintyAccumulator(spec, prepared)
    logits = np.zeros((3, 3), np.float32)
    alike, other = box(3, 20, 36), box(3, 20, 52)
    accumulator.add(0, alike, logits, [(alike, logits)] * 2 + [(other, logits)])
    drawn, rows, columns = prepared.frame.from_network((other[:, 1] > 0) * 1.0)
    less, _, _ = prepared.frame.from_network((alike[:, 1] > 0) * 1.0)
    entropy = prepared.view.of(accumulator.entropy)[:, rows, columns]
    only_one = (drawn > 0.9) & (less < 0.1)
    everywhere = (drawn < 0.01) | (less > 0.99)
    assert only_one.any() and np.median(entropy[only_one]) == pytest.approx(100 * 0.5623 / np.log(3), abs=2)
    assert np.mean(entropy[everywhere]) < 2


def test_a_diagnosis_that_the_passes_or_the_slices_do_not_share_is_trusted_less(spec):
    prepared = prepare(head_volume(shape=(4, 45, 41)), 64)
    glioma, meningioma = np.float32([[-9, 9, -9]]), np.float32([[-9, -9, 9]])

    def confidence(*by_pass: np.ndarray) -> tuple[float, dict[str, float]]:
        accumulator = UncertaintyAccumulator(spec, prepared)
        accumulator.add(0, box(4, 20, 40), by_pass[0], [(box(4, 20, 40), logits) for logits in by_pass[1:]])
        labelmap = np.ones(prepared.volume.array.shape, np.uint8)
        answer = decide(NetworkOutput(labelmap, by_pass[0], np.full(4, 400.0)), prepared, spec)
        found = accumulator.conclude(answer, {})
        return found.confidence, found.components

    alike = np.repeat(glioma, 4, axis=0)
    split = np.concatenate([glioma, glioma, glioma, meningioma])
    assert confidence(*[alike] * 4)[0] > 0.99
    value, parts = confidence(alike, alike, np.repeat(meningioma, 4, axis=0), alike)
    assert value == parts["passes"] == pytest.approx(0.75, abs=0.01) and parts["slices"] == 1
    value, parts = confidence(*[split] * 4)
    assert value == pytest.approx(0.75, abs=0.01) and parts["slices"] == pytest.approx(0.75, abs=0.01)


def test_a_volume_of_cubes_is_looked_at_in_all_planes_and_others_in_one(predictor):
    cubes = head_volume(spacing=(2.0, 2.0, 2.2), shape=(20, 45, 41))
    told = []
    found = predictor.predict(cubes, Options(uncertainty=True, heatmap="rollout"),
                              lambda stage, done: told.append((stage, done)))
    assert found.uncertainty.passes[-2:] == ("coronal slices", "sagittal slices")
    assert {"passes", "slices", "planes", "mask"} == set(found.uncertainty.components)
    assert found.provenance.timings_s["other_planes"] > 0
    assert [done for _, done in told] == sorted(done for _, done in told) and told[-1] == ("Done", 1.0)
    assert any("sagittal" in stage for stage, _ in told)
    given = list(found.diagnosis.probabilities).index(found.diagnosis.label)
    by_plane = [list(predictor.predict(cubes, Options(plane)).diagnosis.probabilities.values())[given]
                for plane in ("axial", "coronal", "sagittal")]
    assert found.uncertainty.components["planes"] == pytest.approx(np.mean(by_plane), abs=1e-5)
    flat = replace(cubes, array=cubes.array[:1], planar=True)
    for other in (flat, head_volume(), replace(cubes, array=cubes.array[:9])):
        assert other_planes(prepare(other, 64), predictor.spec) == ()
    assert other_planes(prepare(cubes, 64), replace(predictor.spec, plane="axial")) == (), "it knows no other"


def test_a_volume_stored_in_another_orientation_is_uncertain_in_the_same_places(predictor):
    found = {}
    for number in (0, 21, 37):
        matrix = grid(ORIENTATIONS[number], (2.0, 2.0, 2.0), (44, 44, 44))
        volume = Volume(phantom(points(matrix, (44, 44, 44))), matrix)
        percent = predictor.predict(volume, Options("axial", uncertainty=True)).uncertainty.percent
        ras = np.rint(points(matrix, (44, 44, 44))[percent > 70]).astype(int)
        found[number] = {tuple(point) for point in ras.tolist()}
    assert found[0] and all(len(found[0] & other) > 0.95 * len(found[0] | other) for other in found.values())


def test_the_members_of_an_ensemble_are_asked_by_themselves(tmp_path):
    members = [tiny_model(tmp_path / name, seed=seed, id=name) for seed, name in enumerate(("one", "other"))]
    ensemble = write_ensemble(members, tmp_path / "both", "both")
    volume = head_volume(shape=(3, 45, 41))
    found = Predictor(ensemble, "cpu").predict(volume, ASKED)
    assert found.uncertainty.passes[-2:] == ("one alone", "other alone")
    alone = [Predictor(member, "cpu").predict(volume) for member in members]
    prepared, predictor = prepare(volume, ensemble.size), Predictor(ensemble, "cpu")
    accumulator = predictor.uncertainty_accumulator(prepared)
    predictor.run_network(prepared, accumulator=accumulator)
    for said, expected in zip(accumulator.logits[-2:], alone, strict=True):
        np.testing.assert_allclose(np.exp(said), expected.slice_probabilities, atol=1e-5)


def test_too_little_memory_for_further_passes_halves_the_batch(spec, monkeypatch):
    predictor = Predictor(spec, "cpu", batch_size=4)
    volume = head_volume(shape=(5, 45, 41))
    expected = predictor.predict(volume, ASKED).uncertainty
    whole, sizes = predictor._selector.backend._network.forward, []

    def forward(batch):
        sizes.append(len(batch))
        if len(batch) > 2 and len(sizes) % 3 == 0:
            raise RuntimeError("can't allocate memory")
        return whole(batch)

    monkeypatch.setattr(predictor._selector.backend._network, "forward", forward)
    found = predictor.predict(volume, ASKED).uncertainty
    assert sizes[:3] == [4, 4, 4] and max(sizes[3:]) == 2
    assert found.confidence == pytest.approx(expected.confidence, abs=1e-5)


# The threshold of a review

def test_a_model_says_what_is_to_be_reviewed_and_what_that_gave(spec):
    rules = {"probability": {"threshold": 0.7, "coverage": 0.9, "risk": 0.05},
             "confidence": {"threshold": 0.65, "coverage": 0.92, "risk": 0.05}}
    read = parse_spec(spec_data(review=rules), Path("tiny"))
    assert read.review == Review(ReviewRule(0.7, 0.9, 0.05), ReviewRule(0.65, 0.92, 0.05))
    assert (review_threshold(read, False), review_threshold(read, True)) == (0.7, 0.65)
    assert ModelSpec.from_dict(read.to_dict()) == replace(read, folder=Path("tiny").absolute())
    only = parse_spec(spec_data(review={"probability": rules["probability"]}), Path("tiny"))
    assert only.review.confidence is None and review_threshold(only, True) == DEFAULT_REVIEW_THRESHOLD
    assert spec.review is None and review_threshold(spec, False) == DEFAULT_REVIEW_THRESHOLD
    never = {"probability": rules["probability"] | {"threshold": None}}
    always_reviewed = parse_spec(spec_data(review=never), Path("tiny"))
    assert review_threshold(always_reviewed, False) is None and review_threshold(always_reviewed, True) is None
    assert ModelSpec.from_dict(always_reviewed.to_dict()) == replace(always_reviewed, folder=Path("tiny").absolute())
    too_much = {"probability": rules["probability"] | {"threshold": 2}}
    missing = {"probability": {"coverage": 0.9, "risk": 0.05}}
    for wrong, field in (({}, "review.probability"), (missing, "review.probability.threshold"),
                         (too_much, "review.probability.threshold"), (rules | {"confidence": []}, "review.confidence")):
        with pytest.raises(ModelSpecError, match=field):
            parse_spec(spec_data(review=wrong), Path("tiny"))


def test_the_models_threshold_decides_what_is_called_uncertain(spec, predictor):
    found = predictor.predict(head_volume(shape=(3, 45, 41)))
    for threshold, said in ((found.confidence + 0.01, True), (found.confidence - 0.01, False)):
        strict = replace(spec, review=Review(ReviewRule(threshold, 0.5, 0.1), None))
        prepared = prepare(head_volume(shape=(3, 45, 41)), 64)
        look, _ = predictor.run_network(prepared)
        warnings = collect_warnings(prepared, strict, look, found.diagnosis, found.segments)
        assert any(f"under {threshold:.0%}" in text for text in warnings) == said


# Into files, and through the worker

def test_the_command_line_writes_the_map_the_confidence_and_a_page(tmp_path, spec, capsys, warm_worker):
    volume = head_volume(shape=(5, 45, 41))
    sitk.WriteImage(to_sitk(volume), str(tmp_path / "a.nrrd"))
    out = tmp_path / "out"
    call = ["predict", str(tmp_path), "-o", str(out), "-m", str(spec.folder), "--device", "cpu"]
    assert main(call) == 0 and not (out / "a.uncertainty.nrrd").exists()
    assert (out / "a.html").read_text(encoding="utf-8").count("<img") == 5, "the page is always there"
    assert main([*call, "--skip-existing", "--uncertainty"]) == 0, "a result without a map is not what was asked for"
    image, original = (sitk.ReadImage(str(path)) for path in (out / "a.uncertainty.nrrd", tmp_path / "a.nrrd"))
    assert image.GetSize() == original.GetSize() and image.GetPixelID() == sitk.sitkUInt8
    np.testing.assert_allclose(image.GetDirection(), original.GetDirection(), atol=1e-9)
    result = json.loads((out / "a.json").read_text())
    validate(result, json.loads((ROOT / "Resources" / "prediction.schema.json").read_text()))
    assert result["confidence"]["value"] == min(result["uncertainty"]["components"].values())
    assert all(0 <= one["mutual_information"] <= 1 for one in result["slices"])
    page = (out / "a.html").read_text(encoding="utf-8")
    assert page.count("<img") == 10 and "Where the outline is uncertain" in page and "mirrored" in page
    assert "http" not in page and "<script" not in page
    with open(out / "results.csv", newline="") as file:
        row = next(csv.DictReader(file))
    assert float(row["confidence"]) == pytest.approx(result["confidence"]["value"], abs=1e-4)
    assert row["review"] == ("yes" if result["confidence"]["review"] else "no")
    assert "confidence" in capsys.readouterr().out
    assert find_inputs(out) == [], "results are no images to look at"


def test_uncertainty_comes_through_the_worker_to_the_last_bit(spec, predictor, warm_client):
    volume = head_volume(shape=(4, 45, 41))
    warm_client.submit(PredictRequest(volume, spec, ASKED, "cpu", batch_size=4))
    came = end_of(warm_client).result.uncertainty
    here = predictor.predict(volume, ASKED).uncertainty
    assert came.passes == here.passes and came.components.keys() == here.components.keys()
    assert came.confidence == pytest.approx(here.confidence, abs=1e-3)
    assert np.abs(came.percent.astype(int) - here.percent).max() <= 1
    np.testing.assert_allclose(came.mutual_information, here.mutual_information, atol=1e-3)


def test_words_and_page_tell_the_confidence_and_a_review_and_older_results_have_none(tmp_path, predictor):
    volume = head_volume(shape=(3, 45, 41))
    result = as_json(predictor.predict(volume, ASKED))
    result["confidence"]["review"] = True
    words = confidence_in_words(result)
    assert f"Confidence {result['confidence']['value']:.0%}" in words and "slices" in words
    assert words in as_text(result) and REVIEW in as_text(result)
    write_report(result, tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert words in page and REVIEW in page
    older = {key: value for key, value in result.items() if key not in ("confidence", "uncertainty")}
    assert confidence_in_words(older) == "" and REVIEW not in as_text(older)
    write_report(older, tmp_path / "b.html")


@pytest.mark.parametrize("options", [Options(), ASKED], ids=["a plain run", "several passes"])
def test_a_model_that_is_wrong_however_sure_it_is_leaves_every_answer_to_a_reader(tmp_path, options):
    rule = {"threshold": None, "coverage": 0.0, "risk": 0.16}
    spec = tiny_model(tmp_path, biases=SURE, review={"probability": rule})
    found = Predictor(spec, "cpu").predict(head_volume(), options)
    assert found.confidence > 0.8 and NEVER_SURE in found.warnings
    result = as_json(found)
    assert result["confidence"]["review"] and result["confidence"]["threshold"] is None
    assert any("no confidence of this model is enough" in sentence for sentence in result["report"])
    validate(result, json.loads((ROOT / "Resources" / "prediction.schema.json").read_text(encoding="utf-8")))
