"""`evaluate --model`: any model folder, an ensemble too, is measured as a run is, and compared with runs."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from evaluation_sets import bright_volumes, network_of, quicken, run_of
from training_sets import discs, project
from unifiedvit_training.cli import main
from unifiedvit_training.errors import DataError, RunError
from unifiedvit_training.evaluation import evaluate as evaluating
from unifiedvit_training.evaluation.evaluate import evaluate, evaluate_model
from unifiedvit_training.evaluation.inference import predict_slices
from unifiedvit_training.evaluation.slice_table import load_table
from unifiedvit_training.evaluation.volumes import DEFAULT_RULE
from unifiedvit_training.runs.model_folder import write_model_folder

from UnifiedViTLib.inference.backends.torch_backend import load_network
from UnifiedViTLib.service.store.ensembles import write_ensemble
from UnifiedViTLib.spec import ModelSpec, load_spec


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    quicken(monkeypatch)


@pytest.fixture(scope="module")
def members(tmp_path_factory) -> list[ModelSpec]:
    """Two exported models with random weights."""
    folder = tmp_path_factory.mktemp("models")
    return [write_model_folder(plan, network_of(plan, seed), temperature, DEFAULT_RULE, [], folder / plan.model.id)
            for seed, temperature, plan in ((1, 1.4, project(model={"id": "one"})),
                                            (2, 0.5, project(model={"id": "two"})))]


@pytest.fixture(scope="module")
def both(members, tmp_path_factory) -> ModelSpec:
    return write_ensemble(members, tmp_path_factory.mktemp("ensemble") / "both", "both", "Both of them")


def softmax(logits: np.ndarray) -> np.ndarray:
    return torch.from_numpy(logits).double().softmax(dim=-1).numpy()


def test_an_ensemble_is_measured_as_a_run_is_and_compared_with_one(tmp_path, members, both, capsys):
    data, before = discs(tmp_path / "dataset", 24), (both.folder / "model.json").read_bytes()
    assert main(["evaluate", "--work-dir", str(tmp_path), "--model", str(both.folder)]) == 0
    place = tmp_path / "both" / "evaluation"
    results = json.loads((place / "results.json").read_text())
    assert results["weights_sha256"] == both.sha256 and results["model"]["architecture"] == "ensemble"
    assert [part["dataset"] for part in results["results"]] == [
        "slices, validation (the calibration was chosen on them)"
    ]
    assert (both.folder / "model.json").read_bytes() == before, "what was chosen here is said, not written into it"

    table = load_table(place / "slices.npz")
    alone = [
        predict_slices(load_network(spec), data.slices, table.indices).class_logits / spec.temperature
        for spec in members
    ]
    mean = np.mean([softmax(logits) for logits in alone], axis=0)
    np.testing.assert_allclose(table.raw, mean, atol=1e-6)
    np.testing.assert_allclose(table.probabilities, softmax(np.log(mean) / results["temperature"]), atol=1e-5)

    plan = project()
    evaluate(plan, data, run_of(tmp_path / "fit", plan))
    assert main(["compare", "fit", "both", "--work-dir", str(tmp_path)]) == 0
    compared = json.loads((tmp_path / "compare-fit-both" / "comparison.json").read_text())
    metrics = compared["sides"]["validation"]["metrics"]
    assert metrics["accuracy"]["second"] == pytest.approx(results["sides"]["validation"]["metrics"]["accuracy"][0])
    assert "both minus fit" in capsys.readouterr().out


def test_a_model_is_looked_at_again_only_if_it_has_changed(tmp_path, members, both, monkeypatch):
    data, looked = discs(tmp_path / "dataset", 16), []
    monkeypatch.setattr(evaluating, "predict_slices", lambda *a, **more: looked.append(1) or predict_slices(*a, **more))
    first = evaluate_model(both, data, tmp_path).read_text()
    assert evaluate_model(both, data, tmp_path).read_text() == first and len(looked) == 1
    # The weights are the same.
    colder = replace(both, members=(replace(both.members[0], temperature=0.1), both.members[1]))
    assert evaluate_model(colder, data, tmp_path).read_text() != first and len(looked) == 2
    evaluate_model(members[0], data, tmp_path, tta=True)
    assert (tmp_path / "one" / "evaluation-tta" / "results.json").exists()


def test_whole_volumes_are_measured_with_a_rule_chosen_here(tmp_path, both):
    data = bright_volumes(tmp_path)
    strict = replace(
        both, volume_rule=replace(both.volume_rule, max_normal_probability=0.0)
    )  # would draw nothing at all
    results = json.loads(evaluate_model(strict, data, tmp_path).read_text())
    validation, test = results["results"][2:]
    assert validation["metrics"]["volumes"] == 3 and "the volume rule was chosen on them" in validation["dataset"]
    assert test["metrics"]["volumes"] == 1 and test["dataset"].endswith("(not used for any choice here)")
    assert results["rule"]["max_normal_probability"] > 0


def test_what_cannot_be_measured_is_said_in_a_sentence(tmp_path, members, both, capsys):
    data = discs(tmp_path / "dataset", 16)
    run_of(tmp_path / "both", project())
    with pytest.raises(RunError, match=r"both, where metrics of both would go, holds something else \(best"):
        evaluate_model(both, data, tmp_path)
    assert not (tmp_path / "both" / "evaluation").exists()
    with pytest.raises(RunError, match="holds something else"):
        evaluate_model(replace(both, id="dataset"), data, tmp_path)
    with pytest.raises(DataError, match="another project"):
        evaluate_model(replace(members[0], size=64), data, tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "model.json").write_bytes((members[0].folder / "model.json").read_bytes())
    (broken / load_spec(broken).weights_file).write_bytes(b"cut off")
    assert main(["evaluate", "--work-dir", str(tmp_path), "--model", str(broken)]) == 1
    assert "damaged or not the ones" in capsys.readouterr().err
    assert main(["evaluate", "--work-dir", str(tmp_path), "--model", "nowhere"]) == 1
    assert "There is no model 'nowhere'" in capsys.readouterr().err
