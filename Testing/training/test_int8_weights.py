"""Weights stored as int8: half the file, and what is measured is what is stored."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation_sets import network_of, run_of
from safetensors.torch import load_file, save_file
from tiny_networks import images
from training_sets import discs, project
from unifiedvit_training.config.recipe import Initial
from unifiedvit_training.errors import RunError
from unifiedvit_training.evaluation.candidates import TrainedRun
from unifiedvit_training.evaluation.evaluate import measure_slices
from unifiedvit_training.evaluation.inference import predict_slices
from unifiedvit_training.evaluation.volumes import DEFAULT_RULE
from unifiedvit_training.exporting.onnx import write_onnx
from unifiedvit_training.exporting.onnx_check import compare_onnx
from unifiedvit_training.learning.initialise import load_initial_weights
from unifiedvit_training.runs.model_folder import stored_network, write_model_folder
from unifiedvit_training.runs.stored_weights import stored_tensors

from UnifiedViTLib.errors import WeightsError
from UnifiedViTLib.graph import Promise, check_graph
from UnifiedViTLib.inference.backends.torch_backend import load_network
from UnifiedViTLib.service.store.ensembles import write_ensemble
from UnifiedViTLib.tensors import SCALE, check_tensors, dequantised


def written(folder: Path, dtype: str, seed: int = 3):
    made = project(model={"weights_dtype": dtype})
    return write_model_folder(made, network_of(made, seed), 1.0, DEFAULT_RULE, [], folder)


def test_the_file_is_little_more_than_half_of_one_in_float16(tmp_path):
    sizes = [written(tmp_path / dtype, dtype).weights.stat().st_size for dtype in ("int8", "float16")]
    assert sizes[0] < 0.65 * sizes[1]
    check_tensors(tmp_path / "int8" / "model.safetensors")


def test_each_number_is_kept_to_half_a_step_of_its_row_and_stored_again_as_it_was():
    chance = torch.Generator().manual_seed(0)
    rows = torch.logspace(-6, 4, 12)[:, None, None, None]
    state = {"kernel": torch.randn(12, 4, 3, 3, generator=chance) * rows, "bias": torch.ones(12),
             "zeros": torch.zeros(3, 9), "steps": torch.tensor(7)}
    stored = stored_tensors(state, "int8")
    assert {name for name, value in stored.items() if value.dtype == torch.int8} == {"kernel", "zeros"}
    made = dequantised(stored)
    assert set(made) == set(state) and made["bias"].dtype == torch.float16 and made["steps"].dtype == torch.int64
    step = state["kernel"].abs().amax((1, 2, 3), keepdim=True) / 127
    # The step itself is rounded to eight bits, so that the largest number of a row may lose a little more.
    assert ((made["kernel"] - state["kernel"]).abs() <= 0.76 * step).all() and not made["zeros"].any()
    again = stored_tensors(made, "int8")
    assert all(torch.equal(again[name], stored[name]) for name in stored)


def test_what_is_measured_is_what_is_stored(tmp_path):
    made = project(model={"weights_dtype": "int8"})
    run = run_of(tmp_path / "run", made, seed=4)
    _, network = stored_network(made.model, run)
    spec = write_model_folder(made, network, 1.0, DEFAULT_RULE, [], tmp_path / "model")
    used = load_network(spec)
    assert all(torch.equal(value, used.state_dict()[name].to(value.dtype))
               for name, value in network.state_dict().items() if value.ndim > 1)
    with torch.inference_mode():
        whole, kept = (each(images(2, 1, 32, 32)).class_logits for each in (network_of(made, 4).eval(), used))
    torch.testing.assert_close(kept, whole, atol=0.05 * float(whole.abs().max()), rtol=0)


def test_answers_of_float16_are_not_taken_for_those_of_int8(tmp_path):
    of_dtype = {dtype: project(model={"weights_dtype": dtype}) for dtype in ("float16", "int8")}
    run = run_of(tmp_path / "run", of_dtype["float16"], seed=4)
    data, kept = discs(tmp_path / "dataset"), {}
    for dtype, made in of_dtype.items():
        kept[dtype] = measure_slices(TrainedRun(made, run), data).answers.class_logits
    fresh = predict_slices(stored_network(of_dtype["int8"].model, run)[1], data.slices, data.slices.on("validation"))
    np.testing.assert_array_equal(kept["int8"], fresh.class_logits)
    assert not np.array_equal(kept["int8"], kept["float16"])


def test_other_runs_begin_from_it_and_ensembles_take_it_beside_float16(tmp_path):
    one, other = (written(tmp_path / dtype, dtype) for dtype in ("int8", "float16"))
    network = network_of(project(), seed=9)
    assert "classifier" in load_initial_weights(network, Initial(weights=one.weights))
    assert torch.equal(network.classifier[1].weight, load_network(one).classifier[1].weight)
    both = write_ensemble([one, replace(other, id="other")], tmp_path / "both", "both")
    with torch.inference_mode():
        said, *each = (load_network(spec)(images(2, 1, 32, 32)).class_logits.softmax(1) for spec in (both, one, other))
    torch.testing.assert_close(said, (each[0] + each[1]) / 2, atol=1e-4, rtol=0)


@pytest.mark.parametrize("change", [
    lambda stored: stored.pop(f"classifier.1.weight{SCALE}"),
    # A scale as long as a row would ask for its square.
    lambda stored: stored.update({f"classifier.1.weight{SCALE}": torch.ones(1, 1 << 20)}),
])
def test_int8_weights_without_the_scale_of_their_rows_are_refused(tmp_path, change):
    spec = written(tmp_path / "model", "int8")
    stored = load_file(spec.weights)
    change(stored)
    save_file(stored, spec.weights)
    digest = hashlib.sha256(spec.weights.read_bytes()).hexdigest()
    with pytest.raises(WeightsError, match="do not fit its description"):
        load_network(replace(spec, sha256=digest))
    with pytest.raises(RunError, match="cannot be read as weights"):
        load_initial_weights(network_of(project()), Initial(weights=spec.weights))


def test_weights_that_are_not_finite_are_refused(tmp_path):
    made = project(model={"weights_dtype": "int8"})
    network = network_of(made)
    with torch.no_grad():
        network.classifier[1].weight[0, 0] = float("inf")
    with pytest.raises(RunError, match=r"not finite in int8 \(classifier"):
        write_model_folder(made, network, 1.0, DEFAULT_RULE, [], tmp_path / "model")


@pytest.mark.openvino
def test_the_graph_takes_the_steps_from_the_file_and_says_what_torch_says(tmp_path):
    spec = written(tmp_path / "model", "int8")
    network, path = load_network(spec), spec.folder / "model.onnx"
    logging.disable(logging.DEBUG)
    write_onnx(network, 32, path, spec.weights)
    logging.disable(logging.NOTSET)
    check_graph(path, Promise(spec.weights, 1, 32, 2, len(spec.classes)))
    assert path.stat().st_size < 200_000
    assert compare_onnx(network, 32, path) < 1e-4
