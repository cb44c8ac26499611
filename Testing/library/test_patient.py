"""A patient's diagnosis from several images and metadata: what it keeps, what it says, and what it refuses."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import multi_label_data, spec_data, tiny_model
from patient_heads import AGE, SEX, described, give_patient_head, random_arrays
from safetensors.numpy import save

from UnifiedViTLib.errors import MetadataError, ModelSpecError, OutputError, UnsupportedImageError, WeightsError
from UnifiedViTLib.inference.patient.diagnosis import View, diagnose_patient
from UnifiedViTLib.inference.patient.head import load_patient_head
from UnifiedViTLib.outputs.manifest import fingerprint, model_sha256, read_result
from UnifiedViTLib.outputs.patient_file import as_text, write_patient
from UnifiedViTLib.service.store.catalogue import check_contents, files_of, verify_files
from UnifiedViTLib.spec import ModelSpec, load_spec, parse_spec


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> ModelSpec:
    return tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def spec(made, tmp_path) -> ModelSpec:
    """A model with a head, in a folder of its own."""
    for file in made.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return give_patient_head(tmp_path)


def view(name: str, *probabilities: float) -> View:
    return View(name, dict(zip(("healthy", "glioma", "meningioma"), probabilities, strict=True)))


LEFT, RIGHT = view("left.png", 0.1, 0.6, 0.3), view("right.png", 0.2, 0.3, 0.5)


# What it keeps


def test_of_one_image_and_nothing_known_the_answer_is_the_images_own_whatever_the_weights_are(spec):
    patient = diagnose_patient(spec, [LEFT])
    assert patient.diagnosis.probabilities == pytest.approx(LEFT.probabilities, abs=1e-12)
    assert patient.images_alone == patient.diagnosis and patient.missing == ("age", "sex")
    assert diagnose_patient(spec, [LEFT], {"age": None, "sex": " "}) == patient


def test_the_order_of_images_and_of_metadata_changes_nothing(spec):
    third = view("third.png", 0.5, 0.25, 0.25)
    one = diagnose_patient(spec, [LEFT, RIGHT, third], {"age": 63, "sex": "F"})
    other = diagnose_patient(spec, [third, RIGHT, LEFT], {"sex": "F", "age": 63})
    assert one.diagnosis.probabilities == pytest.approx(other.diagnosis.probabilities, abs=1e-12)
    weights = [{evidence.name: pytest.approx(evidence.weight) for evidence in patient.evidence}
               for patient in (one, other)]
    assert weights[0] == weights[1]


def test_probabilities_add_up_and_so_does_the_attention_where_nothing_is_missing(spec):
    patient = diagnose_patient(spec, [LEFT, RIGHT], {"age": 40, "sex": "m"})
    assert sum(patient.diagnosis.probabilities.values()) == pytest.approx(1)
    assert sum(evidence.weight for evidence in patient.evidence) == pytest.approx(1)
    assert [evidence.value for evidence in patient.evidence[2:]] == ["40 years", "M"]


def test_two_images_that_say_the_same_are_surer_than_one_but_not_as_sure_as_if_they_were_independent(spec):
    head = replace(load_patient_head(spec), spec=replace(spec.patient, temperature=1.0))
    one, two = (head.diagnose(np.array([[0.2, 0.6, 0.2]] * count), {}).probabilities[1] for count in (1, 2))
    independent = 0.6**2 / (0.6**2 + 2 * 0.2**2)
    assert one == pytest.approx(0.6) and 0.6 < two < independent


# What it says


def test_without_tells_what_the_answer_would_be_had_something_not_been_given(spec):
    patient = diagnose_patient(spec, [LEFT, RIGHT], {"age": 63, "sex": "F"})
    label, without = patient.diagnosis.label, {one.name: one.probability_without for one in patient.evidence}
    assert without["age"] == pytest.approx(
        diagnose_patient(spec, [LEFT, RIGHT], {"sex": "F"}).diagnosis.probabilities[label])
    assert without["left.png"] == pytest.approx(
        diagnose_patient(spec, [RIGHT], {"age": 63, "sex": "F"}).diagnosis.probabilities[label])
    assert diagnose_patient(spec, [LEFT], {"age": 63}).evidence[0].probability_without is None


def test_metadata_that_change_the_answer_and_images_that_contradict_each_other_are_warned_of(made, tmp_path):
    for file in made.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    arrays = {name: np.zeros_like(array) if name.startswith("output") else array
              for name, array in random_arrays().items()}
    arrays["output.bias"] = np.array([0, 0, 9], np.float32)
    patient = diagnose_patient(give_patient_head(tmp_path, arrays=arrays), [LEFT], {"age": 63})
    assert patient.diagnosis.label == "meningioma" and patient.images_alone.label == "glioma"
    assert any("Metadata changed the diagnosis" in warning and "Glioma 60%" in warning for warning in patient.warnings)
    warnings = diagnose_patient(load_spec(tmp_path), [LEFT, RIGHT]).warnings
    assert any("contradict each other: left.png Glioma 60%, right.png Meningioma 50%" in one for one in warnings)


def test_a_number_that_no_patient_of_training_had_counts_as_missing_and_is_warned_of(spec):
    patient = diagnose_patient(spec, [LEFT], {"age": 12})
    assert patient.diagnosis.probabilities == pytest.approx(LEFT.probabilities)
    assert patient.metadata == {"age": 12.0} and len(patient.evidence) == 1
    assert "Age (12 years) lies outside of what the model has learnt from (30 to 80)" in patient.warnings[0]


@pytest.mark.parametrize("age", [63, "63", " 6.3e1 ", np.int64(63), np.float32(63)])
def test_a_number_is_one_however_programs_write_it(spec, age):
    assert diagnose_patient(spec, [LEFT], {"age": age}).metadata == {"age": 63.0}


def test_a_patient_of_whom_it_is_not_sure_is_to_be_reviewed(spec):
    even = [view(name, 0.3, 0.35, 0.35) for name in "ab"]
    assert any("The patient's diagnosis is uncertain" in warning and "under 60%): review it" in warning
               for warning in diagnose_patient(spec, even).warnings)
    sure = [view(name, 0.01, 0.98, 0.01) for name in "ab"]
    assert diagnose_patient(spec, sure).warnings == ()


def test_warnings_of_the_images_are_handed_on_with_their_names(spec):
    patient = diagnose_patient(spec, [replace(LEFT, warnings=("Blurred.",)), RIGHT])
    assert "left.png: Blurred." in patient.warnings


# What it refuses


@pytest.mark.parametrize(("metadata", "words"), [
    ({"height": 180}, "does not know the metadata 'height'. It knows age, sex"),
    ({"age": 130}, "a number from 0 to 120 years is needed"),
    ({"age": -1}, "a number from 0 to 120"),
    ({"age": "old"}, "a number from 0 to 120"),
    ({"age": "nan"}, "a number from 0 to 120"),
    ({"age": float("inf")}, "a number from 0 to 120"),
    ({"age": True}, "a number from 0 to 120"),
    ({"age": 10**400}, "a number from 0 to 120"),
    ({"age": [63]}, "a number from 0 to 120"),
    ({"age": "6_3"}, "a number from 0 to 120"),
    ({"age": np.bool_(True)}, "a number from 0 to 120"),
    ({"sex": "X"}, "one of F, M is needed"),
])
def test_metadata_that_cannot_be_meant_are_refused_in_a_sentence(spec, metadata, words):
    with pytest.raises(MetadataError, match=words):
        diagnose_patient(spec, [LEFT], metadata)


def test_no_image_too_many_twice_the_same_and_images_of_another_model_are_refused(spec):
    for images, words in (([], "at least one image"), ([LEFT] * 2, "called left.png"),
                          ([view(f"{n}", 0.2, 0.4, 0.4) for n in range(4)], "at most 3"),
                          ([View("x", {"cyst": 1.0})], "x was looked at by another model")):
        with pytest.raises(UnsupportedImageError, match=words):
            diagnose_patient(spec, images)


def test_a_model_without_a_head_gives_an_images_own_answer_and_refuses_all_else(made):
    assert diagnose_patient(made, [LEFT]).diagnosis.probabilities == pytest.approx(LEFT.probabilities)
    with pytest.raises(MetadataError, match="It knows images alone"):
        diagnose_patient(made, [LEFT], {"age": 63})
    with pytest.raises(UnsupportedImageError, match="has no patient head"):
        diagnose_patient(made, [LEFT, RIGHT])


# Files


def test_weights_that_are_not_finite_of_another_shape_or_not_the_ones_named_are_refused(spec):
    folder, arrays = spec.folder, random_arrays()
    broken = [arrays | {"hidden.bias": np.full(6, np.nan, np.float32)},
              arrays | {"output.bias": np.full(3, np.inf, np.float32)},
              arrays | {"fusion": np.array([1.5], np.float32)},
              arrays | {"field0.standard": np.array([55, 0], np.float32)},
              arrays | {"query": np.zeros(9, np.float32)},
              arrays | {"image.weight": np.zeros((8, 4), np.float32)},
              arrays | {"more": np.zeros(1, np.float32)},
              arrays | {"query": np.zeros(8, np.float64)},
              {name: array for name, array in arrays.items() if name != "field1.missing"},
              {"query": np.zeros(3, np.float32)}]
    for one in broken:
        with pytest.raises(WeightsError, match="does not hold what it should"):
            load_patient_head(give_patient_head(folder, arrays=one))
    with pytest.raises(WeightsError, match="cannot be read"):
        load_patient_head(give_patient_head(folder, content=b"no safetensors"))
    with pytest.raises(WeightsError, match=r"patient\.safetensors is no safetensors file"):
        check_contents(load_spec(folder))
    spec = give_patient_head(folder)
    (folder / "patient.safetensors").write_bytes(save(random_arrays(seed=1)))
    with pytest.raises(WeightsError, match="not the one that its description names"):
        load_patient_head(spec)
    with pytest.raises(WeightsError):
        verify_files(spec)
    (folder / "patient.safetensors").unlink()
    with pytest.raises(WeightsError, match="cannot be read"):
        load_patient_head(spec)


def test_a_head_travels_with_its_model_and_changes_no_results_of_images(spec, made):
    assert ("patient.safetensors", spec.patient.sha256) in files_of(spec)
    assert spec.patient.fields == (AGE, SEX) and model_sha256(spec) == model_sha256(made)
    assert ModelSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


@pytest.mark.parametrize(("change", "words"), [
    ({"fields": [described(AGE)] * 2}, "two fields have the same name"),
    ({"fields": [described(SEX) | {"choices": ["F"]}]}, "choices: a list of 2"),
    ({"fields": [described(SEX) | {"choices": ["F", "f"]}]}, "choices: texts are needed that differ"),
    ({"fields": [described(SEX) | {"choices": ["F", 1]}]}, "choices.choice: a text is needed"),
    ({"fields": [described(AGE) | {"minimum": float("nan")}]}, "minimum: a number"),
    ({"fields": [described(AGE) | {"maximum": -1}]}, "maximum: a number from 0"),
    ({"fields": [described(AGE) | {"seen": {"minimum": 30, "maximum": 400}}]}, "seen.maximum: a number from 30"),
    ({"most_images": 0}, "most_images: a whole number"),
    ({"temperature": 0}, "temperature: a number"),
    ({"file": "../patient.safetensors"}, "patient.file"),
    ({"file": "weights.safetensors"}, "not all different files"),
])
def test_a_description_that_contradicts_itself_is_refused_by_its_field(change, words):
    patient = {"file": "p.safetensors", "sha256": "0" * 64, "temperature": 1.0, "most_images": 2, "fields": []}
    assert parse_spec(spec_data(patient=patient), Path()).patient.fields == ()
    with pytest.raises(ModelSpecError, match=words):
        parse_spec(spec_data(patient=patient | change), Path())
    with pytest.raises(ModelSpecError, match="for multi-class models"):
        parse_spec(multi_label_data(patient=patient), Path())


def test_a_multi_label_model_names_no_finding_of_a_patient_that_it_has_not_found():
    spec = parse_spec(multi_label_data(), Path())
    with pytest.raises(UnsupportedImageError, match=r"is a multi-label model.* Run `unifiedvit predict`"):
        diagnose_patient(spec, [View("a.png", {one.name: 0.02 for one in spec.classes})])


def test_what_is_written_names_its_files_and_model_and_nothing_foreign_is_overwritten(spec, tmp_path):
    image, path = tmp_path / "image.png", tmp_path / "patient.json"
    image.write_bytes(b"pixels")
    patient = diagnose_patient(spec, [LEFT, RIGHT], {"age": 63})
    for _ in range(2):  # an earlier one of ours is replaced
        write_patient(patient, spec, fingerprint([image]), path)
    document = json.loads(path.read_text())
    manifest = document["patient_manifest"]
    assert document["metadata"] == {"age": 63.0} and document["missing"] == ["sex"]
    assert manifest["inputs"][0]["path"] == str(image) and manifest["model"]["patient_sha256"] == spec.patient.sha256
    assert read_result(path) is None  # no image's result: tables and clean-up leave it alone
    path.write_text(json.dumps(document | {"metadata": {"age": 20.0}}))
    for name, words in (("patient.json", "was changed since"), ("image.png", "ends with .json")):
        with pytest.raises(OutputError, match=words):
            write_patient(patient, spec, (), tmp_path / name)
    assert image.read_bytes() == b"pixels"


def test_in_words_it_says_what_the_images_alone_say_and_what_was_not_given(spec):
    text = as_text(diagnose_patient(spec, [LEFT, RIGHT], {"age": 63}), spec)
    assert "Images alone: " in text and "Not given: sex" in text and "63 years" in text
    assert "! The images contradict each other" in text


def test_a_diagnosis_is_given_without_torch(spec, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert diagnose_patient(spec, [LEFT, RIGHT], {"age": 63}).diagnosis.label in LEFT.probabilities
