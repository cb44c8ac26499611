"""A network that learns from another's answers: fit.teacher."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file
from training_sets import FINDINGS, SURE, TWO_CHANNELS, discs, project, project_data, stored
from unifiedvit_training.cli import main
from unifiedvit_training.config import Teacher, load_project
from unifiedvit_training.data.dataset import load_dataset
from unifiedvit_training.errors import RunError
from unifiedvit_training.evaluation.volumes import DEFAULT_RULE
from unifiedvit_training.learning.distillation import (
    TeacherNetwork,
    distillation_losses,
    find_teacher,
    growing_weight,
)
from unifiedvit_training.learning.fit import fit
from unifiedvit_training.runs.model_folder import write_model_folder
from unifiedvit_training.runs.networks import build_network

from UnifiedViTLib.errors import ModelSpecError, WeightsError
from UnifiedViTLib.models import UnifiedOutput


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return discs(tmp_path_factory.mktemp("discs") / "dataset")


@pytest.fixture(scope="module")
def teacher(dataset, tmp_path_factory):
    """A model that has learnt the discs."""
    folder = tmp_path_factory.mktemp("teacher")
    plan = project(**SURE | {"batch_size": 4}, stages=[{"size": 32, "epochs": 6}], optimiser={"learning_rate": 6e-3})
    best = fit(plan, dataset, folder / "run")
    network = build_network(plan.model).eval()
    network.load_state_dict(load_file(best))
    return write_model_folder(plan, network, 1.0, DEFAULT_RULE, [], folder / "model")


def output(mask: torch.Tensor | None, logits: torch.Tensor | None) -> UnifiedOutput:
    return UnifiedOutput(mask, logits, torch.zeros(1, 1))


def test_the_loss_is_the_divergence_of_the_softened_answers():
    said, taught = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 4.0]])
    t = 2.0
    p, q = torch.softmax(taught / t, 1)[0], torch.softmax(said / t, 1)[0]
    expected = t**2 * float((p * (p / q).log()).sum())
    mask = torch.zeros(1, 2, 3, 3)
    losses = distillation_losses(output(mask, said), output(mask, taught), t, multi_label=False)
    assert float(losses["class"]) == pytest.approx(expected, rel=1e-5) and float(losses["mask"]) == 0
    same = distillation_losses(output(None, taught), output(mask, taught), t, multi_label=False)
    assert float(same["class"]) == pytest.approx(0, abs=1e-6) and "mask" not in same


def test_each_of_several_diagnoses_is_a_question_of_its_own():
    said, taught = torch.tensor([[2.0, -1.0]]), torch.tensor([[0.0, 3.0]])
    losses = distillation_losses(output(None, said), output(None, taught), 1.0, multi_label=True)
    expected = 0.0
    for one, other in zip(torch.sigmoid(taught)[0].tolist(), torch.sigmoid(said)[0].tolist(), strict=True):
        expected += one * math.log(one / other) + (1 - one) * math.log((1 - one) / (1 - other))
    assert float(losses["class"]) == pytest.approx(expected / 2, rel=1e-5)


def test_a_teacher_looks_at_its_own_size_and_answers_at_that_of_the_images(teacher):
    network = TeacherNetwork(teacher, torch.device("cpu"))
    answer = network(torch.zeros(2, 1, 48, 64))
    assert answer.mask_logits.shape == (2, 2, 48, 64) and answer.class_logits.shape == (2, 3)
    assert not answer.class_logits.requires_grad and not answer.class_logits.is_inference()


def test_a_run_without_a_single_mask_or_label_learns_to_draw_as_its_teacher_does(dataset, teacher, tmp_path, seed,
                                                                                 record_property):
    unknown = stored(tmp_path / "dataset", replace(
        dataset.slices, labels=np.where(dataset.slices.sides == "train", -1, dataset.slices.labels),
        has_mask=dataset.slices.sides != "train"), list(dataset.items))
    plan = project(**SURE | {"batch_size": 4}, stages=[{"size": 32, "epochs": 6}], optimiser={"learning_rate": 6e-3},
                   teacher={"model": str(teacher.folder), "weight": 1.0}).model_copy(update={"seed": seed + 7})
    fit(plan, unknown, tmp_path / "run")
    with open(tmp_path / "run" / "train.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    left = float(rows[-1]["mask_loss"]) / float(rows[0]["mask_loss"])
    record_property("margin", 0.6 / left)
    assert left < 0.6
    assert all(float(row["class_loss"]) > 0 for row in rows), "of the diagnosis the teacher says something, too"


def test_the_average_of_a_run_teaches_more_and_more(dataset, tmp_path):
    assert growing_weight(0.0) < 0.01 and growing_weight(1 / 3) == growing_weight(1.0) == 1
    few = stored(tmp_path / "dataset", replace(
        dataset.slices, labels=np.where(np.arange(48) % 2, dataset.slices.labels, -1)), list(dataset.items))
    runs = {}
    for name, changes in {"alone": {}, "taught": {"teacher": {"model": "average"}}}.items():
        plan = project(**SURE | {"batch_size": 4}, stages=[{"size": 32, "epochs": 2}], **changes)
        runs[name] = load_file(fit(plan, few, tmp_path / name))
    assert any(not torch.equal(runs["alone"][name], value) for name, value in runs["taught"].items())


def test_a_stopped_run_with_its_average_as_teacher_ends_as_one_that_was_not(dataset, tmp_path):
    plan = project(**SURE, stages=[{"size": 32, "epochs": 2}], teacher={"model": "average"})
    whole = load_file(fit(plan, dataset, tmp_path / "whole"))
    for _ in range(6):  # a step each time
        stopped = fit(plan, dataset, tmp_path / "stopped", max_minutes=0.0)
    assert all(torch.equal(whole[name], value) for name, value in load_file(stopped).items())


@pytest.mark.parametrize(("model", "words"), [
    (FINDINGS, "segments, classes, one diagnosis or several"),
    ({"input": TWO_CHANNELS}, "channels"),
])
def test_a_model_of_other_questions_is_no_teacher(teacher, model, words):
    with pytest.raises(RunError, match=words):
        find_teacher(Teacher(model=str(teacher.folder)), project(model=model).model)


def test_a_teacher_that_is_not_there_or_damaged_ends_the_run_in_words_before_it_begins(dataset, teacher, tmp_path):
    import shutil

    damaged = shutil.copytree(teacher.folder, tmp_path / "damaged")
    (damaged / teacher.weights_file).write_bytes(b"no weights")
    for folder, error in (tmp_path / "nowhere", ModelSpecError), (damaged, WeightsError):
        with pytest.raises(error):
            fit(project(teacher={"model": str(folder)}), dataset, tmp_path / "run")
    assert not (tmp_path / "run").exists(), "the next try is not taken for another recipe"


def test_a_teacher_travels_with_the_pack_and_is_found_beside_the_project(teacher, tmp_path):
    home, away = tmp_path / "home", tmp_path / "away"
    discs(home / "dataset")
    teacher.folder.rename(home / "teaches")
    file = home / "project.yaml"
    file.write_text(yaml.safe_dump(project_data(stages=[{"size": 32, "epochs": 1}], teacher={"model": "teaches"})))
    assert load_project(file).fit.teacher.model == str(home / "teaches"), "relative to the project"
    try:
        assert main(["pack", str(file), "--work-dir", str(home), "--output", str(tmp_path / "pack")]) == 0
    finally:
        (home / "teaches").rename(teacher.folder)
    assert main(["unpack", str(tmp_path / "pack"), "--work-dir", str(away)]) == 0
    assert load_project(away / "project.yaml").fit.teacher.model == str(away / "teacher")
    assert len(load_dataset(away / "dataset").slices) == 48
    assert main(["fit", str(away / "project.yaml"), "--work-dir", str(away)]) == 0
