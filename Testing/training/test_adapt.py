"""`unifiedvit-train adapt`: a model goes on learning from a site's cases, and is offered only if that helped."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation_sets import quicken
from once import made_once
from safetensors.torch import load_file, save_file
from site_sets import LICENCE, write_parent, write_site
from torch import nn
from unifiedvit_training.adaptation import job
from unifiedvit_training.adaptation.adapt import adapt as adapt_model
from unifiedvit_training.adaptation.adapt import begin, reference_dataset
from unifiedvit_training.adaptation.blend import CHOOSING, SHARES, blend, blend_run
from unifiedvit_training.adaptation.gate import TOLERANCE, judge_reference, reference_means
from unifiedvit_training.adaptation.recipe import next_version
from unifiedvit_training.cli import main
from unifiedvit_training.config import Project
from unifiedvit_training.data.dataset import SIDES, Dataset, load_dataset
from unifiedvit_training.evaluation.calibrate import fit_temperature
from unifiedvit_training.runs.model_folder import stored_network
from unifiedvit_training.runs.project_file import load_run_project
from workers import SOON_S

from UnifiedViTLib.errors import Cancelled
from UnifiedViTLib.inference.backends.torch_backend import load_network
from UnifiedViTLib.service.store.catalogue import find_model
from UnifiedViTLib.service.store.ensembles import write_ensemble
from UnifiedViTLib.service.store.importing import import_model
from UnifiedViTLib.spec import ModelSpec, load_spec

#: On one thread in seconds; what is learnt is learnt by a wide margin.
QUICK = ("--set", "fit.optimiser.learning_rate=3e-3", "--set", "fit.validate_every=12", "--set",
         "machine={accelerator: cpu, threads: 1, precision: 32-true}")


@pytest.fixture(scope="module", autouse=True)
def quick():
    with pytest.MonkeyPatch.context() as patch:
        quicken(patch)
        yield


def epochs(count: int) -> tuple[str, str]:
    return "--set", f"fit.stages=[{{size: 32, epochs: {count}}}]"


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> Path:
    return made_once(tmp_path_factory, "discs-in-heads", write_parent) / "parent"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return write_site(tmp_path_factory.mktemp("site"), 24, 2)


def adapt(capsys, parent: Path, data: Path, home: Path, *more: str) -> tuple[int, str]:
    """Exit code and what was said; the model goes to `home/model`."""
    code = main(["adapt", str(parent), "--data", str(data), "--output", str(home / "model"), "--work-dir",
                 str(home / "work"), *QUICK, *more])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.fixture(scope="module")
def adapted(tmp_path_factory, parent, site) -> Path:
    """A folder with `model` and `work` of an adaptation that helped."""
    home = tmp_path_factory.mktemp("adapted")
    assert main(["adapt", str(parent), "--data", str(site), "--output", str(home / "model"), "--work-dir",
                 str(home / "work"), *QUICK, *epochs(36)]) == 0
    return home


def accuracy(folder: Path) -> float:
    results = json.loads((folder / "evaluation" / "results.json").read_text())
    return results["sides"]["test"]["metrics"]["accuracy"][0]


def test_an_adapted_model_is_better_on_held_out_patients_and_can_be_installed(adapted, parent):
    assert accuracy(adapted / "work" / "adapted") > 0.8 > 0.6 > accuracy(adapted / "work" / "discs")
    old, installed = load_spec(parent), import_model(adapted / "model")
    assert find_model("discs-site") == installed and installed.version == "0.1.1" and old.version == "0.1.0"
    assert installed.volume_rule == old.volume_rule, "no volumes were there to choose another one on"
    assert installed.ood and installed.ood.sha256 != old.ood.sha256 and installed.temperature != old.temperature


def test_the_licence_is_carried_over_and_the_card_says_from_what_it_was_adapted(adapted):
    spec, card = load_spec(adapted / "model"), (adapted / "model" / "README.md").read_text()
    assert spec.licence == LICENCE and LICENCE in card
    assert [data.name for data in spec.training] == [
        "discs", "adapted from discs 0.1.0 with 48 cases of 24 patients of a site"]
    assert "**Adapted** from `discs` 0.1.0" in card and "unifiedvit-train adapt discs --data DATASET" in card
    assert re.search(r"Better than discs 0\.1\.0 on the \d held-out patients: score 0\.\d+ against 0\.\d+", card)
    assert "ships no reference images" in card


def test_of_the_encoder_only_norms_have_learnt(adapted, parent):
    before, after = (load_file(folder / "model.safetensors") for folder in (parent, adapted / "model"))
    changed = {name for name in before if not before[name].equal(after[name])}
    encoder = {name for name in changed if name.startswith("encoder.")}
    assert changed - encoder and encoder
    assert all(before[name].ndim <= 1 for name in encoder), "matrices and kernels stay as they are"


def test_no_patient_is_on_two_sides(adapted, parent, site, tmp_path, capsys):
    slices = load_dataset(adapted / "work" / "dataset").slices
    sides = [set(slices.groups[slices.on(side)]) for side in SIDES]
    assert [len(groups) for groups in sides] == [len(set(groups)) for groups in sides]
    assert sum(map(len, sides)) == 24 and min(map(len, sides)) >= 2
    torn = write_site(tmp_path / "torn", 12, 3, side_of=lambda number: SIDES[number % 3])
    code, words = adapt(capsys, parent, torn, tmp_path)
    assert code == 1 and "stand on two sides" in words and not (tmp_path / "model").exists()


def test_a_model_that_is_not_better_is_refused_and_leaves_nothing(parent, tmp_path, capsys):
    """It learns wrong diagnoses, but is judged by right ones."""
    wrong = write_site(tmp_path / "wrong", 24, 4, lambda image: image,
                       side_of=lambda number: SIDES[number // 6 % 3],
                       label_of=lambda kind, side: kind if side == "test" else (kind + 1) % 3)
    code, words = adapt(capsys, parent, wrong, tmp_path, *epochs(20))
    sentence = words.strip().splitlines()[-1]
    assert code == 1 and sentence.startswith("unifiedvit-train: No model was written: ")
    assert len(re.findall(r"0\.\d{3}", sentence)) >= 2, "both figures are said"
    assert not (tmp_path / "model").exists() and not list(tmp_path.rglob("model.json"))


def with_reference(adapted: Path, spec: ModelSpec, work: Path) -> tuple[Project, Dataset]:
    """The project of an adaptation, and heads as the parent knows them for a reference."""
    project = load_run_project(adapted / "work" / "adapted")
    return project, reference_dataset(project, spec, write_site(work / "heads", 18, 5, lambda image: image), work)


def test_a_model_that_has_forgotten_the_reference_is_refused(adapted, parent, tmp_path):
    """The site's bright discs look as the reference's dark ones."""
    spec = load_spec(parent)
    project, reference = with_reference(adapted, spec, tmp_path)
    networks = load_network(spec), stored_network(project.model, adapted / "work" / "adapted")[1]
    every = np.arange(len(reference.slices))
    verdict = judge_reference(reference, every, project.model, *((one, spec.temperature) for one in networks), "discs")
    assert not verdict.offered and "of the reference" in verdict.sentences[0]
    assert "by more than 0.01" in verdict.sentences[0]


def test_weights_go_as_far_from_the_old_ones_as_the_reference_allows(adapted, parent, tmp_path):
    """The adapted classifier is less sure of everything; how far is too far for the reference depends on the share."""
    spec, old = load_spec(parent), load_network(load_spec(parent))
    project, reference = with_reference(adapted, spec, tmp_path)
    run, blended = tmp_path / "run", tmp_path / "blended"
    run.mkdir()
    shutil.copyfile(adapted / "work" / "adapted" / "project.json", run / "project.json")
    matrix = "classifier.1.weight"
    save_file(old.state_dict() | {matrix: old.state_dict()[matrix] * 0.9}, run / "best.safetensors")
    share = blend_run(reference, project.model, load_network(spec), spec.temperature, run, blended)
    assert share in SHARES and share < 1
    weights = load_file(blended / "best.safetensors")[matrix]
    assert weights.allclose(old.state_dict()[matrix] * (1 - 0.1 * share), rtol=1e-3)
    choosing = reference.slices.on(CHOOSING)
    before, after = (reference_means(reference, choosing, project.model, network, spec.temperature)
                     for network in (old, stored_network(project.model, blended)[1]))
    assert all(before[name] - after[name] <= TOLERANCE for name in before), (before, after)


def test_the_statistics_of_batch_normalisation_are_blended_as_the_weights_are():
    old, new = nn.BatchNorm2d(3).state_dict(), nn.BatchNorm2d(3).train()
    new(torch.arange(48.0).reshape(4, 3, 2, 2))
    between = blend(old, new.state_dict(), 0.25)
    for name in ("weight", "running_mean", "running_var"):
        assert between[name].allclose(0.75 * old[name] + 0.25 * new.state_dict()[name])
    assert between["num_batches_tracked"].dtype == torch.int64


def test_a_reference_on_which_nothing_fell_leaves_the_new_weights_as_they_are(adapted, parent, site, tmp_path, capsys):
    shutil.copytree(adapted / "work", tmp_path / "work")
    reference = write_site(tmp_path / "reference", 18, 5)
    code, words = adapt(capsys, parent, site, tmp_path, *epochs(36), "--reference", str(reference))
    assert code == 0 and "No worse than discs 0.1.0 by more than 0.01 on the" in words, words
    new, weights = load_spec(tmp_path / "model"), tmp_path / "work" / "blended" / "best.safetensors"
    assert new.temperature == load_spec(parent).temperature
    adapted_weights = load_file(adapted / "work" / "adapted" / "best.safetensors")
    assert all(value.allclose(adapted_weights[name].half().to(value.dtype))
               for name, value in load_file(weights).items() if value.is_floating_point())
    assert "weights and biases are 100% of the way" in (tmp_path / "model" / "README.md").read_text()


def test_other_cases_begin_the_run_again(adapted, parent, tmp_path, capsys):
    """Else patients that it has learnt from would judge it."""
    spec, dataset = load_spec(parent), load_dataset(adapted / "work" / "dataset")
    shutil.copytree(adapted / "work" / "adapted", tmp_path / "run")
    begin(tmp_path / "run", spec, dataset)
    assert (tmp_path / "run" / "best.safetensors").exists() and not capsys.readouterr().out
    begin(tmp_path / "run", spec, replace(dataset, recipe=dataset.recipe | {"files": "others"}))
    assert not (tmp_path / "run" / "best.safetensors").exists() and "it is begun again" in capsys.readouterr().out


def test_a_newer_adaptation_has_a_newer_version(adapted, parent, tmp_path):
    spec = load_spec(parent)
    assert next_version(spec, "discs-site", tmp_path / "new") in ("0.1.1", "0.1.2"), "where none, or one is installed"
    assert next_version(spec, "discs-site", adapted / "model") == "0.1.2"


def test_a_tampered_parent_is_refused(parent, site, tmp_path, capsys):
    shutil.copytree(parent, tmp_path / "parent")
    weights = tmp_path / "parent" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    code, words = adapt(capsys, tmp_path / "parent", site, tmp_path)
    assert code == 1 and "damaged or not the ones" in words
    assert not (tmp_path / "model").exists() and not (tmp_path / "work").exists()


def test_too_few_cases_are_refused_in_a_sentence(parent, tmp_path, capsys):
    few = write_site(tmp_path / "few", 5, 7)
    code, words = adapt(capsys, parent, few, tmp_path)
    assert code == 1 and "has 5 patients, and 6 are needed at least" in words
    one = write_site(tmp_path / "one", 7, 7, side_of=lambda number: "test" if number > 11 else SIDES[number // 2 % 2])
    code, words = adapt(capsys, parent, one, tmp_path)
    assert code == 1 and "(3 to learn from, 3 to stop by, 1 to judge by)" in words
    code, words = adapt(capsys, parent, write_site(tmp_path / "classes", 20, 7, kinds=2), tmp_path)
    assert code == 1 and "has no cases of dark" in words and "forgets it" in words
    assert not (tmp_path / "work").exists()


def test_what_cannot_be_adapted_is_refused_in_a_sentence(adapted, parent, site, tmp_path, capsys):
    code, words = adapt(capsys, adapted / "model", site, tmp_path)
    assert code == 1 and "discs-site was itself adapted" in words and "Adapt discs instead" in words
    write_ensemble([load_spec(parent), load_spec(adapted / "model")], tmp_path / "both", "both")
    code, words = adapt(capsys, tmp_path / "both", site, tmp_path)
    assert code == 1 and "both is an ensemble" in words and "discs, discs-site" in words
    code, words = adapt(capsys, parent, tmp_path / "nowhere", tmp_path)
    assert code == 1 and "There is no folder" in words
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "thesis.tex").write_text("years of work")
    code, words = adapt(capsys, parent, site, tmp_path)
    assert code == 1 and "holds more than a model (thesis.tex)" in words and not (tmp_path / "work").exists()


def test_a_stopped_adaptation_goes_on_where_it_was(parent, site, tmp_path, capsys):
    arguments = ["adapt", str(parent), "--data", str(site), "--output", str(tmp_path / "model"), "--work-dir",
                 str(tmp_path / "work"), *QUICK, *epochs(4), "--set", "fit.validate_every=2"]
    process = subprocess.Popen([sys.executable, "-m", "unifiedvit_training", *arguments], stderr=subprocess.STDOUT,
                               stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
                               # Where the tests run in the background, a shell has had it ignored.
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    words = ""
    for line in process.stdout:
        words += line
        if line.startswith("epoch 2:"):
            process.send_signal(signal.SIGINT)
    process.wait(SOON_S)
    assert process.returncode == 130 and words.strip().endswith("Run the same command again to go on."), words
    assert not (tmp_path / "model").exists()
    main(arguments)
    words = capsys.readouterr().out
    assert "Going on after epoch" in words and "epoch 4:" in words


def test_progress_names_each_part_and_what_it_raises_leaves_a_state_to_go_on_from(parent, site, tmp_path, capsys):
    told: list[tuple[str, float]] = []

    def follow(until: str, stage: str, fraction: float) -> None:
        told.append((stage, fraction))
        if stage == until:
            raise Cancelled("Enough.")

    def learn(until: str) -> None:
        with pytest.raises(Cancelled):
            adapt_model(load_spec(parent), site, tmp_path / "model", tmp_path / "work",
                        changes=[*QUICK, *epochs(12)][1::2], progress=partial(follow, until))

    learn("Learning: epoch 1 of 12")  # the learning rate still grows
    assert told[0] == ("Preparing the cases", 0.0) and told[1][0] == told[0][0]
    assert "Going on" not in capsys.readouterr().out
    told.clear()
    learn("Evaluating")
    assert "Going on after epoch 0, step 1." in capsys.readouterr().out
    stages, fractions = zip(*told, strict=True)
    assert "Learning: epoch 12 of 12" in stages and stages[-1] == "Evaluating"
    assert list(fractions) == sorted(fractions) and fractions[-1] < 1 and not (tmp_path / "model").exists()


def test_the_id_of_a_model_names_its_site_and_is_no_other_models(parent, tmp_path, monkeypatch):
    spec = load_spec(parent)
    monkeypatch.setattr(job, "installed_models", list)
    for name, site in (("Mine é 1", "mine-e-1"), ("放射科", "site"), ("x" * 90, "x" * 54)):
        assert job._site(tmp_path / name, spec, tmp_path) == site
    monkeypatch.setattr(job, "installed_models", lambda: [replace(spec, id="discs-mine")])
    assert job._site(tmp_path / "mine", spec, tmp_path) == "mine-2"
    (tmp_path / "site.txt").write_text("mine")
    assert job._site(tmp_path / "renamed", spec, tmp_path) == "mine", "of a model that was installed from here"


def test_few_patients_without_an_error_do_not_make_a_model_sure():
    """Six patients that are all right, as the network says with every confidence: no more than 7 of 8 is known."""
    logits, groups = np.eye(3)[np.arange(60) % 3] * 10, np.arange(60) // 10
    temperature = fit_temperature(logits, np.arange(60) % 3, groups)
    sure = np.exp(10 / temperature) / (np.exp(10 / temperature) + 2)
    assert sure == pytest.approx(7 / 8, abs=0.01)
