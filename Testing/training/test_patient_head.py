"""Training a patient head: what is learnt, when there is none, and its way into a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation_sets import bright_volumes, quicken, run_of
from head_sets import mistakes, source, write_table
from head_sets import project as heads_project
from patient_heads import AGE, SEX
from training_sets import discs, project, stored
from unifiedvit_training.config import Project
from unifiedvit_training.data.dataset import Dataset, load_dataset
from unifiedvit_training.data.prepare import prepare_dataset
from unifiedvit_training.data.sources import list_items
from unifiedvit_training.errors import DataError, RunError
from unifiedvit_training.evaluation.evaluate import evaluate
from unifiedvit_training.exporting.export import export
from unifiedvit_training.patient import learn
from unifiedvit_training.patient.cases import PatientCase, patient_cases
from unifiedvit_training.patient.learn import learn_head
from unifiedvit_training.patient.measure import measure_head
from unifiedvit_training.patient.network import arrays_of, batch_of, initial_parameters, patient_logits
from unifiedvit_training.patient.store import block_of
from unifiedvit_training.patient.train import train_patient_head
from unifiedvit_training.runs.model_folder import stored_network, write_model_folder

from UnifiedViTLib.fields import Fields
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.inference.patient.diagnosis import View, diagnose_patient
from UnifiedViTLib.inference.patient.head import PatientHead
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.patient_spec import PatientSpec, read_patient
from UnifiedViTLib.spec import VolumeRule

METADATA = [{"name": "age", "display": "Age", "unit": "years", "minimum": 0, "maximum": 120},
            {"name": "sex", "display": "Sex", "choices": ["F", "M"]}]
PLAN = project(model={"metadata": METADATA})


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> Iterator[None]:
    quicken(monkeypatch)
    monkeypatch.setattr(learn, "_STEPS", 60)
    monkeypatch.setattr(learn, "_LEARNING_RATE", 1e-2)
    yield


def patients(count: int = 120, seed: int = 0, views: int = 1, side: str = "validation") -> list[PatientCase]:
    """The images tell whether there is a disc, not which: bright at about 40 years, dark at about 70. The sex tells
    nothing."""
    chance, cases = np.random.default_rng(seed), []
    for n in range(count):
        label = n % 3
        disc = np.clip(chance.normal(0.9 if label else 0.1, 0.05, (views, 1)), 0.02, 0.98)
        share = chance.uniform(0.4, 0.6, (views, 1))
        values = {"age": float(chance.normal((55, 40, 70)[label], 7)), "sex": str(chance.choice(["F", "M"]))}
        known = {name: value for name, value in values.items() if chance.random() > 0.1}
        cases.append(PatientCase(f"p{n}", side, label, np.hstack([1 - disc, disc * share, disc * (1 - share)]), known))
    return cases


def as_head(learnt: learn.LearntHead) -> PatientHead:
    block, _ = block_of(learnt.arrays, learnt.described, learnt.temperature, learnt.most_images)
    return PatientHead(read_patient(Fields(block, "patient"), multi_label=False), learnt.arrays)


# Learning


def test_metadata_that_decide_are_learnt_and_missing_ones_leave_the_images_answer(seed):
    learnt = learn_head(patients(seed=seed), PLAN.model, seed)
    assert learnt.gain > 3 * learnt.error
    head, others = as_head(learnt), patients(count=150, seed=seed + 1000)
    measured = measure_head(head, others, PLAN.model)
    accuracy = {what: metrics["accuracy"].value for what, metrics in measured.items()}
    assert accuracy["images and metadata"] > accuracy["images alone"] + 0.15
    assert accuracy["without sex"] > accuracy["images alone"] + 0.15 > accuracy["without age"]
    for case in others[:5]:
        np.testing.assert_allclose(head.diagnose(case.probabilities, {}).probabilities, case.probabilities[0])


def test_two_images_of_a_patient_are_better_than_one_without_any_metadata(seed):
    chance, plan = np.random.default_rng(seed), project()

    def some(count: int) -> list[PatientCase]:
        logits = [chance.normal(1.0 * np.eye(3)[n % 3], 1.0, (2, 3)) for n in range(count)]
        return [PatientCase(f"p{n}", "validation", n % 3, np.exp(one) / np.exp(one).sum(axis=1, keepdims=True), {})
                for n, one in enumerate(logits)]

    learnt = learn_head(some(240), plan.model, seed)
    assert learnt.most_images == 2 and learnt.described == [] and learnt.arrays["fusion"][0] > 0.5
    measured = measure_head(as_head(learnt), some(1500), plan.model)
    loss = {what: metrics["log_loss"].value for what, metrics in measured.items()}
    assert loss["images alone"] < loss["one image alone"] - 0.05


def test_a_head_says_in_numpy_what_it_says_in_torch():
    fields, cases = (AGE, SEX), patients(count=40, views=2)
    cases = [replace(case, probabilities=case.probabilities[: 1 + n % 2]) for n, case in enumerate(cases)]
    batch = batch_of(cases, fields)
    parameters = initial_parameters(batch, fields, 0)
    parameters = {name: value if name.endswith(".standard") else torch.randn(value.shape)
                  for name, value in parameters.items()}
    head = PatientHead(PatientSpec("", "", 1.0, 2, fields), arrays_of(parameters))
    expected = patient_logits(parameters, batch, fields).softmax(dim=1).numpy()
    given = np.stack([head.diagnose(case.probabilities, case.values).probabilities for case in cases])
    np.testing.assert_allclose(given, expected, atol=1e-5)


def test_where_metadata_tell_nothing_there_is_no_head():
    chance = np.random.default_rng(3)
    rows = chance.dirichlet([1, 1, 1], 150)
    cases = [PatientCase(f"p{n}", "validation", int(chance.choice(3, p=row)), row[None],
                         {"age": float(chance.normal(50, 10)), "sex": str(chance.choice(["F", "M"]))})
             for n, row in enumerate(rows)]
    with pytest.raises(RunError, match="not surely better than the mean of their images: its log loss"):
        learn_head(cases, PLAN.model, 0)


def test_too_few_patients_or_values_are_told_and_rare_choices_left_out(monkeypatch):
    monkeypatch.setattr(learn, "_STEPS", 40)
    with pytest.raises(DataError, match=r"20 patients with a known diagnosis.*at least 30"):
        learn_head(patients(count=20), PLAN.model, 0)
    with pytest.raises(DataError, match=r"too few of healthy \(0\)"):
        learn_head([case for case in patients() if case.label], PLAN.model, 0)
    cases = patients()
    for values, words in (({}, "age cannot be learnt: on the validation side 0 of 120"),
                          ({"age": 50.0}, "sex cannot be learnt: on the validation side 0 of 120"),
                          ({"age": 50.0, "sex": "F"}, "age cannot be learnt: .* with 1 different")):
        spread = {} if words.startswith("age") else {"age": 1.0}
        changed = [replace(case, values=values | {name: 50.0 + n / 10 for name in spread})
                   for n, case in enumerate(cases)]
        with pytest.raises(DataError, match=words):
            learn_head(changed, PLAN.model, 0)
    with pytest.raises(DataError, match="nothing to put together"):
        learn_head([replace(case, values={}) for case in cases], project().model, 0)
    plan = project(model={"metadata": [METADATA[0], METADATA[1] | {"choices": ["F", "M", "X"]}]})
    cases[0].values["sex"] = "X"
    learnt = learn_head(cases, plan.model, 0)
    assert learnt.described[1]["choices"] == ["F", "M"] and "patients on the validation side are X" in learnt.notes[0]


# The way into a model


def patients_of_discs(folder: Path) -> Dataset:
    """Each disc is of a patient of its own, whose age tells the kind; a quarter each is for validation and the test."""
    data = discs(folder / "as-drawn", count=240)
    count, chance = len(data.slices), np.random.default_rng(0)
    sides = np.array(["train", "test", "train", "validation"])[np.arange(count) % 4]
    groups = np.array([f"patient {n}" for n in range(count)])
    ages = 40.0 + 15 * data.slices.labels + chance.normal(0, 2, count)
    items = [replace(item, group=str(group), side=str(side), metadata={"age": float(age)})
             for item, group, side, age in zip(data.items, groups, sides, ages, strict=True)]
    return stored(folder, replace(data.slices, groups=groups, sides=sides), items)


def test_a_run_with_a_head_becomes_a_model_that_knows_metadata_and_a_stale_head_is_refused(tmp_path, capsys):
    plan = project(model={"metadata": METADATA[:1]})
    plan = plan.model_copy(update={"data": plan.data.model_copy(update={"sources": [
        plan.data.sources[0].model_copy(update={"table": tmp_path / "data" / "labels.csv"})]})})
    data, run = patients_of_discs(tmp_path / "dataset"), run_of(tmp_path / "fit", plan)
    with pytest.raises(RunError, match="has not been evaluated"):
        train_patient_head(plan, data, run)
    evaluate(plan, data, run)
    train_patient_head(plan, data, run)
    assert "60 patients, test (not used for any choice)" in capsys.readouterr().out
    spec = export(plan, run, tmp_path / "model", onnx=False)
    assert [field.name for field in spec.patient.fields] == ["age"] and spec.patient.most_images == 1
    assert "unifiedvit patient" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    measured = {result.dataset: result.metrics for result in spec.results}
    with_metadata = measured["patients, test, images and metadata (not used for any choice)"]
    assert with_metadata["patients"] == 60 and with_metadata["accuracy"] > 0.85
    image = View("x", dict.fromkeys(("healthy", "bright", "dark"), 1 / 3))
    assert [diagnose_patient(spec, [image], {"age": age}).diagnosis.label for age in (40, 55, 70)] == [
        "healthy", "bright", "dark"]
    corrected = [replace(item, metadata={"age": 50.0}) if n == 3 else item for n, item in enumerate(data.items)]
    before = (tmp_path / "dataset").rename(tmp_path / "before")
    now = stored(tmp_path / "dataset", data.slices, corrected)
    with pytest.raises(RunError, match="or from other metadata"):
        export(plan, run, tmp_path / "model", onnx=False)
    now.folder.rename(tmp_path / "corrected")
    before.rename(tmp_path / "dataset")
    export(plan, run, tmp_path / "model", onnx=False)
    results = run / "evaluation" / "results.json"
    results.write_text(json.dumps(json.loads(results.read_text()) | {"temperature": 3.0}))
    with pytest.raises(RunError, match="learnt from another evaluation"):
        export(plan, run, tmp_path / "model", onnx=False)


def test_of_volumes_the_head_learns_what_the_predictor_says_of_them(tmp_path):
    plan, data = project(), bright_volumes(tmp_path)
    run = run_of(tmp_path / "fit", plan)
    evaluate(plan, data, run)
    cases, notes = patient_cases(plan, data, run)
    assert [(case.group, case.side, case.label) for case in cases] == [
        (f"patient {n}", "test" if n == 3 else "validation", 1) for n in range(4)] and notes == []
    results = json.loads((run / "evaluation" / "results.json").read_text())
    spec = write_model_folder(plan, stored_network(plan.model, run)[1], results["temperature"],
                              VolumeRule(**results["rule"]), [], tmp_path / "model")
    expected = Predictor(spec, "cpu").predict(read(tmp_path / "image3.nrrd")).diagnosis.probabilities
    np.testing.assert_allclose(cases[3].probabilities, [list(expected.values())], atol=1e-5)


def test_patients_of_several_diagnoses_are_left_out_and_values_that_differ_count_as_missing(tmp_path):
    plan, data = project(), patients_of_discs(tmp_path / "dataset")
    run = run_of(tmp_path / "fit", plan)
    evaluate(plan, data, run)
    items = list(data.items)
    for n in (3, 7, 15, 27):  # 3 and 15 show the same, 7 and 27 do not
        items[n] = replace(items[n], group="one" if n in (3, 15) else "other")
    cases, notes = patient_cases(plan, replace(data, items=tuple(items)), run)
    one = next(case for case in cases if case.group == "one")
    assert one.probabilities.shape == (2, 3) and one.values == {}
    assert not [case for case in cases if case.group == "other"]
    assert "1 patients are left out: their images have different diagnoses" in notes[0]
    assert "Of 1 patients, metadata differ" in notes[1]


# Reading


def test_cells_of_metadata_are_read_checked_and_empty_ones_missing(heads, tmp_path):
    folder, rows = heads
    cells = [("63", "F"), ("", "m"), ("nan", " "), ("44.5", "")]
    rows = [row | {"AGE": cells[n % 4][0], "SEX": cells[n % 4][1]} for n, row in enumerate(rows)]
    more = {"images": str(folder), "masks": str(folder), "metadata": {"age": "AGE", "sex": "SEX"}}
    items = list_items(heads_project(source(write_table(tmp_path, rows), **more), metadata=METADATA))["heads"]
    assert [row.item.metadata for row in items[:4]] == [{"age": 63.0, "sex": "F"}, {"sex": "M"}, {}, {"age": 44.5}]
    rows[1] |= {"AGE": "630"}
    rows[2] |= {"SEX": "female"}
    text = mistakes(heads_project(source(write_table(tmp_path, rows), **more), metadata=METADATA))
    assert "line 3: age is '630', but a number from 0 to 120 years is needed" in text
    assert "line 4: sex is 'female', but one of F, M is needed" in text
    wrong = more | {"metadata": {"age": "YEARS", "height": "AGE"}}
    text = mistakes(heads_project(source(write_table(tmp_path, rows), **wrong), metadata=METADATA))
    assert "has no column 'YEARS'" in text and "no 'height' in model.metadata (age, sex)" in text


@pytest.mark.parametrize(("card", "words"), [
    ({"name": "age", "display": "Age"}, "needs `minimum` and `maximum`, or `choices`"),
    ({"name": "age", "display": "Age", "minimum": 5, "maximum": 1}, "maximum: a number from 5"),
    ({"name": "sex", "display": "Sex", "choices": ["F"]}, "a list of 2"),
    ({"name": "sex", "display": "Sex", "choices": ["F", "M"], "unit": "years"}, "not both"),
    ({"name": "smoker", "display": "Smoker", "choices": [True, False]}, "write choices in quotes"),
])
def test_metadata_that_cannot_be_meant_are_refused_in_the_yaml(card, words):
    with pytest.raises(ValueError, match=words):
        project(model={"metadata": [card]})
    with pytest.raises(ValueError, match="two of `metadata` have the same name"):
        project(model={"metadata": METADATA[:1] * 2})


def test_a_table_with_other_metadata_changes_the_dataset_and_makes_no_slice_anew(heads, tmp_path):
    folder, rows = heads
    more = {"images": str(folder), "masks": str(folder)}

    def prepared(age: str) -> Dataset:
        table = write_table(tmp_path, [row | {"age": age} for row in rows])
        given: Project = heads_project(source(table, metadata={"age": "age"}, **more), metadata=METADATA)
        prepare_dataset(given, tmp_path / "dataset")
        return load_dataset(tmp_path / "dataset")

    assert {item.metadata["age"] for item in prepared("50").items} == {50.0}
    images = (tmp_path / "dataset" / "images.npy").stat()
    assert {item.metadata["age"] for item in prepared("60").items} == {60.0}
    assert (tmp_path / "dataset" / "images.npy").stat().st_ino == images.st_ino
