"""Which backend runs: OpenVINO says what torch says and needs no torch; a faster way is taken only if it agrees."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from builders import head_volume, spec_data, tiny_model, to_sitk
from SimpleITK import WriteImage
from unifiedvit_training.exporting.model_folder import add_graph
from unifiedvit_training.exporting.onnx import write_onnx

from UnifiedViTLib.errors import DependencyError, DeviceError, ModelSpecError, WeightsError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.inference import choice as choosing
from UnifiedViTLib.inference.backends import NotHere
from UnifiedViTLib.inference.backends.agreement import Agreement, agreement, measure, views
from UnifiedViTLib.inference.backends.cache import DiskCache
from UnifiedViTLib.inference.backends.openvino_backend import OpenVINOBackend
from UnifiedViTLib.inference.backends.selection import Choice, Way
from UnifiedViTLib.inference.backends.torch_backend import TorchBackend, load_network
from UnifiedViTLib.inference.blanks import look_once_at_blanks
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.service.cache import COMPILED, cache_bytes, clear_cache, compiled_folder
from UnifiedViTLib.service.catalogue import find_model, verify_files
from UnifiedViTLib.spec import ModelSpec, parse_spec

ROOT = Path(__file__).resolve().parent.parent
#: Runs the command line of the library where these packages cannot be imported.
WITHOUT = """
import sys
for name in {names!r}: sys.modules[name] = None
from UnifiedViTLib import cli
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> ModelSpec:
    """A tiny random model with a graph."""
    spec = tiny_model(tmp_path_factory.mktemp("tiny") / "tiny", arguments={"encoder": "test_vit",
                                                                          "decoder_widths": [8, 8, 8]})
    logging.disable(logging.DEBUG)  # torch's exporter writes a novel, and pytest would keep it
    write_onnx(load_network(spec), spec.size, spec.folder / "model.onnx", spec.weights)
    logging.disable(logging.NOTSET)
    return add_graph(spec.folder)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    prepared = prepare(head_volume(shape=(16, 45, 41)), 32)
    return prepared.batch(0, 16)[:, None]


class Wrong:
    """A backend that computes, and says something else."""

    device = "cpu"

    def __init__(self, backend, name: str, change) -> None:
        self.name, self._backend, self._change = name, backend, change

    def run(self, images):
        return self._change(*self._backend.run(images))


def with_way_in_front(choice: Choice, spec: ModelSpec, change, labels: float = 0.998) -> Choice:
    backend = TorchBackend(spec, "cpu")
    choice._ways.insert(0, Way("too good", "numpy", lambda: Wrong(backend, "too good", change), labels))
    return choice


# OpenVINO


def test_the_shipped_model_says_in_openvino_what_it_says_in_torch(tmp_path):
    spec = find_model("brain-t1ce")
    prepared = prepare(head_volume(spacing=(1.0, 1.0, 6.0), shape=(14, 92, 84)), spec.size)
    images = prepared.batch(4, 8)[:, None]
    kept = Kept(tmp_path, spec)
    expected = TorchBackend(spec, "cpu").run(images)
    compiled = OpenVINOBackend(spec, "float32", kept)
    for backend in (compiled, OpenVINOBackend(spec, "float32", kept)):  # compiled, and read again
        for given, right in zip(backend.run(images), expected, strict=True):
            np.testing.assert_allclose(given, right, atol=1e-4 * np.abs(right).max())
        assert measure(backend, images)[0].tobytes() == expected[0].argmax(axis=1).astype(np.uint8).tobytes()
    assert sum(file.stat().st_size for file in spec.folder.iterdir()) < 15e6


def test_the_graph_takes_batches_of_any_length_and_holds_no_second_copy_of_the_weights(model, images, tmp_path):
    backend = OpenVINOBackend(model, "float32", Kept(None, model))
    whole = backend.run(images)
    assert [part.dtype for part in whole] == [np.float32] * 3
    for count in (1, 3):
        for part, all_of_them in zip(backend.run(images[:count]), whole, strict=True):
            np.testing.assert_allclose(part, all_of_them[:count], atol=1e-4)
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(model.folder / "model.onnx", alone)
    with pytest.raises(WeightsError):
        OpenVINOBackend(replace(model, folder=alone), "float32", Kept(None, model))


def test_what_was_compiled_is_used_again_and_damage_is_noticed(model, images, tmp_path):
    kept = Kept(tmp_path, model)
    before = OpenVINOBackend(model, "float32", kept).run(images)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    good, written = file.read_bytes(), file.stat().st_mtime_ns
    OpenVINOBackend(model, "float32", kept)
    assert file.stat().st_mtime_ns == written
    damaged = bytearray(good)
    damaged[-len(good) // 2] ^= 255
    file.write_bytes(damaged)
    for given, right in zip(OpenVINOBackend(model, "float32", kept).run(images), before, strict=True):
        np.testing.assert_array_equal(given, right)
    assert file.read_bytes() != damaged


def test_openvino_with_few_threads_is_not_pinned_where_the_next_process_would_be_too(model, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for _ in range(2):  # compiled, and read from the cache
        network = OpenVINOBackend(model, "float32", Kept(tmp_path, model))._network
        assert network.get_property("INFERENCE_NUM_THREADS") == 1
        assert network.get_property("ENABLE_CPU_PINNING") is False


def test_a_cache_that_cannot_be_written_to_costs_time_alone(model, images, tmp_path):
    (tmp_path / "file").touch()
    choice = Choice(model, "cpu", tmp_path / "file")
    choice.settle(lambda: images)
    assert choice.settled


def test_what_older_weights_left_is_removed(model, tmp_path):
    Kept(tmp_path, model).write(b"old", "key")
    newer = replace(model, sha256="f" * 64)
    assert Kept(tmp_path, newer).read("key") is None
    Kept(tmp_path, newer).write(b"new", "key")
    assert Kept(tmp_path, model).read("key") is None and Kept(tmp_path, newer).read("key") == b"new"


@pytest.mark.parametrize("name", ["model.onnx", "weights.safetensors"])
def test_a_tampered_file_is_refused_before_it_is_used(model, tmp_path, name):
    shutil.copytree(model.folder, tmp_path / "copy")
    spec = replace(model, folder=tmp_path / "copy")
    data = bytearray((spec.folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (spec.folder / name).write_bytes(data)
    for use in (lambda: OpenVINOBackend(spec, "float32", DiskCache(None, spec)), lambda: Choice(spec, "cpu", tmp_path),
                lambda: verify_files(spec)):
        with pytest.raises(WeightsError, match=name):
            use()


@pytest.mark.parametrize(("graph", "field"), [
    ({"file": "../model.onnx", "sha256": "0" * 64}, r"graph\.file"), ({"file": "model.onnx"}, r"graph\.sha256"),
    ([], "graph"),
])
def test_a_description_of_a_graph_that_is_not_one_is_refused_by_name(graph, field):
    with pytest.raises(ModelSpecError, match=field):
        parse_spec(spec_data(graph=graph), Path())


# The choice


def test_one_that_says_something_else_is_refused_with_a_note_and_the_next_is_taken(model, images, tmp_path):
    choice = Choice(model, "cpu", tmp_path)
    with_way_in_front(choice, model, lambda masks, logits, embedding: (masks, logits[:, ::-1], embedding))
    assert choice.backend.name == "torch, float32" and not choice.settled
    choice.settle(lambda: images)
    assert choice.backend.name != "too good"
    assert choice.notes[0].startswith("too good was not used: in 32 looks 100.00% of the labels")
    again = with_way_in_front(Choice(model, "cpu", tmp_path), model, lambda *said: said)
    again.notes.clear()
    assert again._take_known() and again.backend.name == choice.backend.name  # the verdict is remembered
    assert again.notes == choice.notes


@pytest.mark.parametrize(("change", "taken"), [
    (lambda masks, logits, embedding: (masks, logits, embedding), True),
    (lambda masks, logits, embedding: (masks, logits + 0.01 * np.eye(3)[0], embedding), True),
    (lambda masks, logits, embedding: (masks * np.float32("nan"), logits, embedding), False),
    (lambda masks, logits, embedding: (masks, np.roll(logits, 1, axis=1), embedding), False),
    (lambda masks, logits, embedding: (np.roll(masks, 1, axis=1), logits, embedding), False),
], ids=["the same", "nearly the same", "not a number", "other probabilities", "other labels"])
def test_a_way_is_taken_if_labels_and_probabilities_agree(model, images, tmp_path, change, taken):
    choice = with_way_in_front(Choice(model, "cpu", tmp_path), model, change)
    choice.settle(lambda: images)
    assert (choice.backend.name == "too good") == taken


def test_a_lost_lesion_counts_however_small_it_is_against_the_background(model):
    labels = np.zeros((16, 224, 224), np.uint8)
    logits = np.zeros((16, 3), np.float32)
    drawn = labels.copy()
    drawn[8, 100:120, 100:120] = 1
    found = agreement((labels, logits), (drawn, logits), model)
    assert found.labels > 0.999 and found.drawn == 0 and not found.suffices(0.998)
    assert agreement((drawn, logits), (drawn, logits), model) == Agreement(1.0, 1.0, 0.0, 16)


def test_in_bfloat16_the_image_is_read_and_the_class_is_named_in_float32(model, images):
    try:
        backend = TorchBackend(model, "cpu", "bfloat16")
    except NotHere:
        pytest.skip("this processor does not compute in bfloat16")
    kinds = {}
    for name, module in backend._network.named_modules():
        module.register_forward_hook(lambda module, given, made, name=name: kinds.update(
            {name: made.dtype} if isinstance(made, torch.Tensor) else {}))
    backend.run(images[:2])
    first = next(name for name, module in backend._network.named_modules() if isinstance(module, torch.nn.Conv2d))
    assert kinds[first] == kinds["classifier.1"] == torch.float32
    assert kinds["encoder.vit.blocks.0.mlp"] == torch.bfloat16


@pytest.mark.parametrize(("slices", "looks"), [(1, 8), (2, 16), (5, 40), (9, 36), (16, 32)])
def test_few_slices_are_looked_at_from_more_sides_so_that_a_verdict_rests_on_many_looks(slices, looks):
    images = np.random.default_rng(0).normal(size=(slices, 1, 32, 32)).astype(np.float32)
    seen = views(images)
    assert seen.shape == (looks, 1, 32, 32) and seen.flags.c_contiguous
    assert len({one.tobytes() for one in seen}) == looks
    np.testing.assert_array_equal(seen[:slices], images)


def test_the_reference_is_not_asked_where_no_faster_way_is_there(model, tmp_path):
    choice = Choice(model, "cpu", tmp_path)

    def not_here():
        raise NotHere

    choice._ways = [Way("faster", "torch", not_here, 0.998), choice._ways[-1]]
    choice.settle(lambda: pytest.fail("slices were asked for"))
    assert choice.backend.name == "torch, float32" and choice.notes == []


def test_one_that_fails_is_noted_and_tried_again_the_next_time(model, images, tmp_path):
    def fail(*said):
        raise RuntimeError("no kernel for this")

    choice = with_way_in_front(Choice(model, "cpu", tmp_path), model, fail)
    choice.settle(lambda: images)
    assert choice.notes[0] == "too good was not used: no kernel for this."
    again = with_way_in_front(Choice(model, "cpu", tmp_path), model, lambda *said: said)
    assert not again._take_known()


def test_without_a_cache_float32_runs_and_nothing_is_compared(model):
    choice = Choice(model, "cpu", None)
    assert choice.settled and choice.backend.name == "torch, float32"


def test_the_result_says_what_ran_and_the_second_volume_needs_no_comparison(model, tmp_path):
    stages = []
    first = Predictor(model, "cpu", cache=tmp_path).predict(head_volume(), progress=lambda s, f: stages.append(s))
    assert any(stage.startswith("Comparing") for stage in stages)
    stages.clear()
    second = Predictor(model, "cpu", cache=tmp_path).predict(head_volume(), progress=lambda s, f: stages.append(s))
    assert not any(stage.startswith("Comparing") for stage in stages)
    made = second.provenance
    assert made.backend == first.provenance.backend and made.notes == first.provenance.notes
    assert made.backend.startswith(("OpenVINO", "torch"))
    exact = Predictor(model, "cpu").predict(head_volume())
    assert (second.labelmap == exact.labelmap).mean() >= 0.998
    np.testing.assert_allclose(second.slice_probabilities, exact.slice_probabilities, atol=0.02)


def test_clearing_the_cache_of_models_removes_what_was_compiled(model):
    Kept(compiled_folder(), model).write(b"compiled", "key")
    assert cache_bytes() >= len(b"compiled") and compiled_folder().name == COMPILED
    clear_cache()
    assert cache_bytes() == 0


# Without torch


def run_without(names: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    code = WITHOUT.format(names=names)
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)


def test_predict_gives_a_result_where_torch_and_timm_cannot_be_imported(model, tmp_path):
    WriteImage(to_sitk(head_volume()), tmp_path / "head.nrrd")
    done = run_without(("torch", "timm", "torchvision"), "predict", str(tmp_path / "head.nrrd"), "--model",
                       str(model.folder), "--output", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out" / "head.json").read_text())
    assert result["backend"].startswith("OpenVINO") and result["device"] == "cpu"
    exact = Predictor(model, "cpu").predict(head_volume())
    assert result["diagnosis"]["label"] == exact.diagnosis.label


def test_openvino_is_loaded_without_what_would_report_its_use_over_the_network():
    code = ("import sys; from UnifiedViTLib.inference.backends.openvino_backend import load_openvino\n"
            "load_openvino().Core()\n"
            "print([name for name, module in sys.modules.items() if 'openvino_telemetry' in name and module])")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_where_nothing_can_run_the_model_it_is_said_what_to_install(model, tmp_path):
    WriteImage(to_sitk(head_volume()), tmp_path / "head.nrrd")
    said = {}
    for spec in (model, tiny_model(tmp_path / "plain")):
        done = run_without(("torch", "openvino"), "predict", str(tmp_path / "head.nrrd"), "--model", str(spec.folder),
                           "--output", str(tmp_path / "out"))
        assert done.returncode == 2
        said[spec.folder.name] = done.stderr
    assert "Install torch and timm, or OpenVINO." in said["tiny"]
    assert "has no graph" in said["plain"] and said["plain"].strip().endswith("Install torch and timm.")


def test_a_gpu_is_refused_in_words_without_torch(model, monkeypatch):
    monkeypatch.setattr(choosing, "_there", lambda *packages: packages == ("openvino",))
    with pytest.raises(DeviceError, match=r"'cuda' is not there; here are cpu"):
        Choice(model, "cuda", None)
    assert Choice(model, "auto", None).backend.name == "OpenVINO, float32"
    with pytest.raises(DependencyError):
        Choice(replace(model, graph=None), "auto", None)


# Blanks


def test_slices_with_nothing_on_them_are_looked_at_once_and_the_answers_are_the_same(model, images):
    backend = TorchBackend(model, "cpu")
    given = []

    def run(batch):
        given.append(len(batch))
        return backend.run(batch)

    skipping = look_once_at_blanks(run)
    batch = np.concatenate([np.full_like(images[:3], -1), images[:4], np.full_like(images[:2], -1),
                            np.full_like(images[:1], 0.5)])
    answers = skipping(batch), skipping(batch[:3])
    assert given == [6]  # four heads and a blank of either kind; then nothing
    for part, rest, right in zip(*answers, backend.run(batch), strict=True):
        np.testing.assert_allclose(part, right, atol=1e-5)
        np.testing.assert_allclose(rest, right[:3], atol=1e-5)


def test_openvino_draws_and_torch_beside_it_explains(model, tmp_path):
    predictor = Predictor(model, "cpu", cache=tmp_path)
    predictor._choice.backend, predictor._choice.settled = OpenVINOBackend(model, "float32", Kept(None, model)), True
    plain, found = Predictor(model, "cpu"), predictor.predict(head_volume(), Options(explain="relevance"))
    assert found.provenance.backend.startswith("OpenVINO")
    expected = plain.predict(head_volume(), Options(explain="relevance"))
    assert np.abs(found.heatmap.percent.astype(int) - expected.heatmap.percent).max() <= 1


def test_without_torch_an_explanation_is_refused_before_anything_is_looked_at(model, tmp_path):
    WriteImage(to_sitk(head_volume()), str(tmp_path / "head.nrrd"))
    done = run_without(choosing.TORCH[:1] + choosing.TORCH[2:3], "predict", str(tmp_path / "head.nrrd"), "--model",
                       str(model.folder), "--output", str(tmp_path / "out"), "--explain")
    assert done.returncode == 2 and "An explanation needs PyTorch" in done.stderr
    assert not (tmp_path / "out").exists()
