"""From a run to a model folder: what is written and what is refused."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
import torch
from builders import head_volume, spec_data
from evaluation_sets import evaluated_run, network_of
from safetensors.torch import load_file, save_file
from training_sets import project as disc_project
from unifiedvit_training.config import Project
from unifiedvit_training.errors import RunError
from unifiedvit_training.evaluation.calibrate import fit_temperature
from unifiedvit_training.evaluation.volumes import (
    DEFAULT_RULE,
)
from unifiedvit_training.exporting import openvino_run
from unifiedvit_training.exporting.export import export
from unifiedvit_training.exporting.onnx import write_onnx
from unifiedvit_training.exporting.onnx_check import NotCompared, compare_onnx
from unifiedvit_training.runs.checkpoints import save_weights
from unifiedvit_training.runs.model_folder import stored_network, write_model_folder

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.inference.backends.cache import DiskCache
from UnifiedViTLib.inference.backends.openvino_backend import OpenVINOBackend
from UnifiedViTLib.inference.backends.torch_backend import TorchBackend
from UnifiedViTLib.inference.ood.statistics import Gaussians, OODStatistics, OrientationStatistics, load_ood_statistics
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.spec import load_spec


def project(**model) -> Project:
    """A project whose model is that of `spec_data`; fields of its `model` section may be replaced."""
    data = spec_data()
    described = {name: data[name] for name in ("id", "version", "name", "description", "segments", "training", "input")}
    described |= {"classes": data["diagnosis"]["classes"], "licence": "CC0",
                  "arguments": {"encoder": "test_vit", "decoder_widths": [8, 8, 8]}}
    return Project.model_validate({
        "data": {"sources": [{"name": "phantoms", "folder": "."}]},
        "model": described | model,
        "fit": {"stages": [{"size": 32, "epochs": 1}]},
    })


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


# The model folder


def test_an_exported_model_says_in_use_what_it_said_in_training(tmp_path):
    made = project()
    network = network_of(made, seed=5).half().float()
    spec = write_model_folder(made, network, 1.3, DEFAULT_RULE, [{"dataset": "phantoms", "metrics": {"dice": 0.5}}],
                              tmp_path / "model")
    assert spec.temperature == 1.3 and spec.folder == tmp_path / "model"
    assert spec.results[0].metrics == {"dice": 0.5} and spec.volume_rule == DEFAULT_RULE
    assert all(t.dtype == torch.float16 for t in load_file(spec.weights).values() if t.is_floating_point())
    volume = head_volume(shape=(6, 45, 41))
    look, _ = Predictor(spec, "cpu").run_network(prepare(volume, 32))
    with torch.inference_mode():
        expected = network(torch.from_numpy(prepare(volume, 32).batch(0, 6))[:, None])
    np.testing.assert_allclose(look.logits, expected.class_logits.numpy(), atol=1e-5)
    np.testing.assert_array_equal(look.area, (expected.mask_logits.argmax(1) > 0).sum((1, 2)).numpy())


def test_statistics_are_read_back_as_they_were_and_stored_in_half_precision_where_that_loses_nothing(tmp_path):
    made, chance = project(), np.random.default_rng(0)
    known, gaussians = (Gaussians(chance.normal(size=(3, 64)).astype(np.float32),
                                  np.triu(chance.normal(size=(64, 64))).astype(stored).astype(np.float32))
                        for stored in (np.float16, np.float32))
    statistics = OODStatistics(known, 11.5, OrientationStatistics(gaussians, np.array([0.5, 1, 2], np.float32)))
    spec = write_model_folder(made, network_of(made), 1.0, DEFAULT_RULE, [], tmp_path / "model", statistics)
    read, tensors = load_ood_statistics(spec), load_file(spec.folder / spec.ood.file)
    assert tensors["whitening"].dtype == torch.float16 and tensors["orientation_whitening"].dtype == torch.float32
    for one, other in ((read.training, known), (read.orientation.gaussians, gaussians)):
        np.testing.assert_array_equal(one.means, other.means)
        np.testing.assert_array_equal(one.whitening, other.whitening)
    assert read.threshold == 11.5 and read.orientation.thresholds.tolist() == [0.5, 1, 2]


@pytest.mark.parametrize(("change", "words"), [
    ({"task": "segmentation"}, "Slicer needs both answers"),
    ({"name": "x" * 5000}, "name: a text is needed"),
    ({"arguments": {"encoder": "test_vit", "decoder_widths": [8, 8, 8], "task": "segmentation"}},
     "arguments.task: both is needed"),
])
def test_an_export_that_is_refused_leaves_the_older_model_whole(tmp_path, change, words):
    made = project()
    write_model_folder(made, network_of(made), 1.0, DEFAULT_RULE, [], tmp_path / "model")
    before = files(tmp_path / "model")
    with pytest.raises(RunError, match=words):
        write_model_folder(project(**change), network_of(made), 1.0, DEFAULT_RULE, [], tmp_path / "model")
    assert files(tmp_path / "model") == before and [p.name for p in tmp_path.iterdir()] == ["model"]
    with pytest.raises(RunError, match=words):
        write_model_folder(project(**change), network_of(made), 1.0, DEFAULT_RULE, [], tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_metric_that_json_does_not_know_is_refused(tmp_path):
    made = project()
    with pytest.raises(RunError, match="NaN"):
        write_model_folder(made, network_of(made), 1.0, DEFAULT_RULE,
                           [{"dataset": "x", "metrics": {"dice": float("nan")}}], tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_weights_that_are_not_finite_in_half_precision_are_refused(tmp_path):
    made = project()
    network = network_of(made)
    with torch.no_grad():
        network.classifier[1].weight[0, 0] = 1e6
    with pytest.raises(RunError, match=r"not finite in float16 \(classifier"):
        write_model_folder(made, network, 1.0, DEFAULT_RULE, [], tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_files_is_not_touched(tmp_path):
    made = project()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    with pytest.raises(RunError, match=r"thesis\.tex"):
        write_model_folder(made, network_of(made), 1.0, DEFAULT_RULE, [], tmp_path / "home")
    assert files(tmp_path / "home") == {"thesis.tex": b"years of work"}


def test_a_newer_model_takes_the_place_of_an_older_one(tmp_path):
    made = project()
    first = write_model_folder(made, network_of(made, 1), 1.0, DEFAULT_RULE, [], tmp_path / "model")
    second = write_model_folder(made, network_of(made, 2), 1.0, DEFAULT_RULE, [], tmp_path / "model")
    assert first.sha256 != second.sha256
    assert hashlib.sha256(second.weights.read_bytes()).hexdigest() == second.sha256
    assert json.loads((tmp_path / "model" / "model.json").read_text())["weights"]["sha256"] == second.sha256
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_a_validation_side_without_errors_gives_a_temperature_that_the_library_accepts(tmp_path):
    logits = np.eye(3)[np.arange(30) % 3] * 4
    temperature = fit_temperature(logits, np.arange(30) % 3)
    made = project()
    assert write_model_folder(made, network_of(made), temperature, DEFAULT_RULE, [], tmp_path / "m").temperature < 1


# The command


def test_an_evaluated_run_becomes_a_folder_with_weights_statistics_and_card(tmp_path, capsys):
    made, run = evaluated_run(tmp_path / "work")
    spec = export(made, run, tmp_path / "model", onnx=False)
    assert sorted(files(tmp_path / "model")) == ["README.md", "model.json", "model.safetensors",
                                                 "ood.safetensors"]
    modes = {file.stat().st_mode for file in (run / "best.safetensors", *(tmp_path / "model").iterdir())}
    assert len(modes) == 1, "whoever may read the description may read the weights"
    assert (spec.temperature, spec.volume_rule.top_k, spec.volume_rule.pooling) == (1.25, 2, "mean")
    assert spec.ood.threshold > 0
    assert Predictor(spec, "cpu").predict(head_volume()).diagnosis.label in made.model.class_names
    printed = capsys.readouterr().out
    assert "temperature 1.25" in printed and str(tmp_path / "model") in printed


def test_the_card_says_what_a_reader_must_know(tmp_path):
    made, run = evaluated_run(tmp_path / "work", licence="CC BY 4.0 | attribution", weights_dtype="int8")
    spec = export(made, run, tmp_path / "model", onnx=False)
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    for words in ("# Discs", "Research use only", "pictures of discs", "CC BY 4.0 \\| attribution",
                  "Accuracy | 0.913 [0.890, 0.934] |", "| Slices | 1,210 |", "Whole volumes, test (not used for any",
                  "| Bright disc | 2 | 9 | 0 |", "It was never trained.", "fit discs.yaml --work-dir WORK --run second",
                  "table: labels.csv", "torch 2", spec.sha256, spec.ood.sha256, "above 0.7", "under 0.1 mL",
                  "| discs | 36 (36) | 12 (12) | 0 (0) |", "as they are stored (int8)"):
        assert words in card, words
    assert str(tmp_path) not in card and "private" not in card, "paths of this machine are nobody's business"


@pytest.mark.parametrize(("spoil", "words"), [
    (lambda run: (run / "evaluation" / "results.json").unlink(), r"has not been evaluated.* evaluate --run second"),
    (lambda run: (run / "evaluation" / "results.json").write_text('{"temp'), "is damaged"),
    (lambda run: (run / "evaluation" / "results.json").write_text("{}"), "lacks dataset_sha256, model, results, rule"),
    (lambda run: save_weights(run / "best.safetensors", network_of(disc_project(), seed=7)), "metrics are of other"),
    (lambda run: save_weights(run / "best.safetensors", network_of(project())), "weights of another network"),
    (lambda run: (run / "best.safetensors").unlink(), "Run `unifiedvit-train fit` first"),
])
def test_a_run_that_was_not_evaluated_as_it_is_now_is_refused(tmp_path, spoil, words):
    made, run = evaluated_run(tmp_path / "work")
    spoil(run)
    with pytest.raises(RunError, match=words):
        export(made, run, tmp_path / "model", onnx=False)
    assert not (tmp_path / "model").exists()


def relabelled(work):
    labels = np.load(work / "dataset" / "labels.npy")
    np.save(work / "dataset" / "labels.npy", (labels + 1) % 3)


def redrawn(work):
    masks = np.load(work / "dataset" / "masks.npy")
    np.save(work / "dataset" / "masks.npy", masks[::-1])


@pytest.mark.parametrize("correct", [relabelled, redrawn])
def test_metrics_of_other_labels_or_masks_than_are_prepared_now_are_not_exported(tmp_path, correct):
    made, run = evaluated_run(tmp_path / "work")
    correct(tmp_path / "work")
    with pytest.raises(RunError, match=r"prepared again after .* evaluate --run second"):
        export(made, run, tmp_path / "model", onnx=False)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("change", [
    lambda model: {"classes": [*reversed(model.classes)]}, lambda model: {"weights_dtype": "int8"},
    lambda model: {"segments": [model.segments[0].model_copy(update={"name": "Other"})]},
])
def test_a_run_that_was_evaluated_with_other_outputs_than_its_project_has_is_not_exported(tmp_path, change):
    made, run = evaluated_run(tmp_path / "work")
    made = made.model_copy(update={"model": made.model.model_copy(update=change(made.model))})
    with pytest.raises(RunError, match="other classes, segments or weights_dtype"):
        export(made, run, tmp_path / "model", onnx=False)


@pytest.mark.parametrize("model", [{"task": "classification"}, {"task": "segmentation"}])
def test_baselines_are_refused_before_anything_is_read(tmp_path, model):
    with pytest.raises(RunError, match="Slicer needs both answers"):
        export(disc_project(model=model), tmp_path / "run", tmp_path / "model")


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory):
    """The network with random weights and its ONNX file."""
    network = network_of(disc_project()).half().float()
    folder = tmp_path_factory.mktemp("onnx")
    path, weights = folder / "model.onnx", folder / "model.safetensors"
    save_file({name: value.half() if value.is_floating_point() else value
               for name, value in network.state_dict().items()}, weights)
    logging.disable(logging.DEBUG)  # torch's exporter writes a novel, and pytest would keep it
    write_onnx(network, 32, path, weights)
    logging.disable(logging.NOTSET)
    return network, path


def test_the_onnx_file_takes_batches_of_any_length_and_leaves_the_numbers_to_the_weights(onnx_file):
    network, path = onnx_file
    graph = onnx.load(path, load_external_data=False).graph
    assert sum(len(weight.raw_data) for weight in graph.initializer) < 100
    floats = sum(value.is_floating_point() for value in network.state_dict().values())
    there = [weight for weight in graph.initializer if weight.data_location == onnx.TensorProto.EXTERNAL]
    assert len(there) == floats and {entry.value for weight in there for entry in weight.external_data
                                     if entry.key == "location"} == {"model.safetensors"}
    assert [i.name for i in graph.input] == ["image"]
    assert [o.name for o in graph.output] == ["mask_logits", "class_logits", "embedding"]
    batch, *fixed = graph.input[0].type.tensor_type.shape.dim
    assert batch.dim_param and [d.dim_value for d in fixed] == [1, 32, 32]
    assert str(Path(__file__).parents[2]).encode() not in path.read_bytes()


@pytest.mark.openvino
def test_the_onnx_file_says_what_torch_says(onnx_file):
    network, path = onnx_file
    assert compare_onnx(network, 32, path) < 1e-4


@pytest.mark.openvino
def test_an_onnx_file_that_says_something_else_is_refused(onnx_file):
    with pytest.raises(RunError, match="differs from the network"):
        compare_onnx(network_of(disc_project(), seed=9), 32, onnx_file[1])


@pytest.mark.parametrize(("fault", "words"), [
    ("os.kill(os.getpid(), signal.SIGSEGV)", r"OpenVINO crashes on it on this processor \(SIGSEGV\)"),
    ("os.write(2, b'no kernel'); os._exit(3)", r"OpenVINO cannot run it here \(no kernel\)"),
])
@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_openvino_that_crashes_on_a_network_costs_the_comparison_alone(onnx_file, tmp_path, monkeypatch, fault, words):
    (tmp_path / "sitecustomize.py").write_text(
        f"import os, signal, sys\nif {openvino_run.__name__!r} in sys.orig_argv: {fault}\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    monkeypatch.setenv("PYTHONPATH", path)
    with pytest.raises(NotCompared, match=words):
        compare_onnx(onnx_file[0], 32, onnx_file[1])


def test_without_openvino_it_is_said_that_nothing_was_compared(onnx_file, tmp_path, monkeypatch, capsys):
    made, run = evaluated_run(tmp_path / "work")
    program = SimpleNamespace(model_proto=onnx.load(onnx_file[1]))
    monkeypatch.setattr(torch.onnx, "export", lambda *given, **options: program)
    monkeypatch.setitem(sys.modules, "openvino", None)
    export(made, run, tmp_path / "model")
    assert "not checked against torch" in capsys.readouterr().out
    assert "not checked against torch" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")


@pytest.mark.openvino
def test_an_exported_model_runs_without_torch_and_its_description_names_the_graph(onnx_file, tmp_path, monkeypatch):
    made, run = evaluated_run(tmp_path / "work")
    program = SimpleNamespace(model_proto=onnx.load(onnx_file[1]))
    monkeypatch.setattr(torch.onnx, "export", lambda *given, **options: program)
    monkeypatch.setattr("unifiedvit_training.exporting.export.stored_network",
                        lambda model, folder: (stored_network(model, folder)[0], onnx_file[0]))
    spec = export(made, run, tmp_path / "model")
    assert spec.graph.sha256 == hashlib.sha256((spec.folder / spec.graph.file).read_bytes()).hexdigest()
    assert load_spec(tmp_path / "model").graph == spec.graph
    images = np.random.default_rng(0).normal(size=(2, 1, 32, 32)).astype(np.float32)
    for given, right in zip(OpenVINOBackend(spec, "float32", DiskCache(None, spec)).run(images),
                            TorchBackend(spec, "cpu").run(images), strict=True):
        np.testing.assert_allclose(given, right, atol=1e-4)


def test_an_export_that_fails_half_way_leaves_nothing_and_keeps_the_older_model(tmp_path, monkeypatch):
    made, run = evaluated_run(tmp_path / "work")
    export(made, run, tmp_path / "model", onnx=False)
    before = files(tmp_path / "model")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("unifiedvit_training.exporting.export.model_card", full)
    with pytest.raises(RunError, match="No space left"):
        export(made, run, tmp_path / "model", onnx=False)
    assert files(tmp_path / "model") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "work"]
