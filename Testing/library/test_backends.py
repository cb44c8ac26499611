"""Which backend runs: OpenVINO says what torch says and needs no torch; a faster way is taken only if it agrees."""

from __future__ import annotations

import json
import os
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

from UnifiedViTLib.errors import DependencyError, DeviceError, ModelSpecError, WeightsError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.inference.backends import candidates as candidates_module
from UnifiedViTLib.inference.backends.agreement import measure
from UnifiedViTLib.inference.backends.base import UnsupportedPrecision
from UnifiedViTLib.inference.backends.cache import DiskCache, cpu_signature
from UnifiedViTLib.inference.backends.candidates import BackendCandidate
from UnifiedViTLib.inference.backends.openvino_backend import OpenVINOBackend
from UnifiedViTLib.inference.backends.selection import BackendSelector
from UnifiedViTLib.inference.backends.torch_backend import TorchBackend
from UnifiedViTLib.inference.backends.trial import try_backend
from UnifiedViTLib.inference.deduplication import deduplicate_blank_slices
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.service.store.cache import COMPILED, cache_bytes, clear_cache, compiled_folder
from UnifiedViTLib.service.store.catalogue import find_model, verify_files
from UnifiedViTLib.spec import parse_spec

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("slow_reference")


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    prepared = prepare(head_volume(shape=(16, 45, 41)), 32)
    return prepared.batch(0, 16)[:, None]


# OpenVINO


@pytest.mark.openvino
def test_the_shipped_model_says_in_openvino_what_it_says_in_torch(tmp_path):
    spec = find_model("brain-t1ce")
    prepared = prepare(head_volume(spacing=(1.0, 1.0, 6.0), shape=(14, 92, 84)), spec.size)
    images = prepared.batch(4, 8)[:, None]
    cache = DiskCache(tmp_path, spec)
    expected = TorchBackend(spec, "cpu").run(images)
    compiled = OpenVINOBackend(spec, "float32", cache)
    for backend in (compiled, OpenVINOBackend(spec, "float32", cache)):  # compiled, and read again
        for given, right in zip(backend.run(images), expected, strict=True):
            np.testing.assert_allclose(given, right, atol=1e-4 * np.abs(right).max())
        assert measure(backend, images)[0].tobytes() == expected[0].argmax(axis=1).astype(np.uint8).tobytes()
    assert sum(file.stat().st_size for file in spec.folder.iterdir()) < 15e6


@pytest.mark.openvino
def test_the_graph_takes_batches_of_any_length_and_holds_no_second_copy_of_the_weights(model, images, tmp_path):
    backend = OpenVINOBackend(model, "float32", DiskCache(None, model))
    whole = backend.run(images)
    assert [part.dtype for part in whole] == [np.float32] * 3
    for count in (1, 3):
        for part, all_of_them in zip(backend.run(images[:count]), whole, strict=True):
            np.testing.assert_allclose(part, all_of_them[:count], atol=1e-4)
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(model.folder / "model.onnx", alone)
    with pytest.raises(WeightsError):
        OpenVINOBackend(replace(model, folder=alone), "float32", DiskCache(None, model))


@pytest.mark.openvino
def test_what_was_compiled_is_used_again_and_damage_is_noticed(model, images, tmp_path):
    cache = DiskCache(tmp_path, model)
    before = OpenVINOBackend(model, "float32", cache).run(images)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    good, written = file.read_bytes(), file.stat().st_mtime_ns
    OpenVINOBackend(model, "float32", cache)
    assert file.stat().st_mtime_ns == written
    damaged = bytearray(good)
    damaged[-len(good) // 2] ^= 255
    file.write_bytes(damaged)
    for given, right in zip(OpenVINOBackend(model, "float32", cache).run(images), before, strict=True):
        np.testing.assert_array_equal(given, right)
    assert file.read_bytes() != damaged


def test_openvino_with_few_threads_is_not_pinned_where_the_next_process_would_be_too(model, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for _ in range(2):  # compiled, and read from the cache
        network = OpenVINOBackend(model, "float32", DiskCache(tmp_path, model))._network
        assert network.get_property("INFERENCE_NUM_THREADS") == 1
        assert network.get_property("ENABLE_CPU_PINNING") is False


@pytest.mark.openvino
def test_a_cache_that_cannot_be_written_to_costs_time_alone(model, images, tmp_path):
    (tmp_path / "file").touch()
    selector = BackendSelector(model, "cpu", tmp_path / "file")
    selector._candidates = [BackendCandidate("OpenVINO", "float32")]
    selector.select(lambda: images)
    assert selector.selected and selector.name == "OpenVINO, float32"


def test_what_older_weights_left_is_removed(model, tmp_path):
    DiskCache(tmp_path, model).write(b"old", "key")
    newer = replace(model, sha256="f" * 64)
    assert DiskCache(tmp_path, newer).read("key") is None
    DiskCache(tmp_path, newer).write(b"new", "key")
    assert DiskCache(tmp_path, model).read("key") is None and DiskCache(tmp_path, newer).read("key") == b"new"


@pytest.mark.parametrize("name", ["model.onnx", "weights.safetensors"])
def test_a_tampered_file_is_refused_before_it_is_used(model, tmp_path, name):
    shutil.copytree(model.folder, tmp_path / "copy")
    spec = replace(model, folder=tmp_path / "copy")
    data = bytearray((spec.folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (spec.folder / name).write_bytes(data)
    for use in (lambda: OpenVINOBackend(spec, "float32", DiskCache(None, spec)),
                lambda: BackendSelector(spec, "cpu", tmp_path), lambda: verify_files(spec)):
        with pytest.raises(WeightsError, match=name):
            use()


@pytest.mark.parametrize(("graph", "field"), [
    ({"file": "../model.onnx", "sha256": "0" * 64}, r"graph\.file"), ({"file": "model.onnx"}, r"graph\.sha256"),
    ([], "graph"),
])
def test_a_description_of_a_graph_that_is_not_one_is_refused_by_name(graph, field):
    with pytest.raises(ModelSpecError, match=field):
        parse_spec(spec_data(graph=graph), Path())


def test_in_bfloat16_the_image_is_read_and_the_class_is_named_in_float32(model, images):
    try:
        backend = TorchBackend(model, "cpu", "bfloat16")
    except UnsupportedPrecision:
        pytest.skip("this processor does not compute in bfloat16")
    kinds = {}
    for name, module in backend._network.named_modules():
        module.register_forward_hook(lambda module, given, made, name=name: kinds.update(
            {name: made.dtype} if isinstance(made, torch.Tensor) else {}))
    backend.run(images[:2])
    first = next(name for name, module in backend._network.named_modules() if isinstance(module, torch.nn.Conv2d))
    assert kinds[first] == kinds["classifier.1"] == torch.float32
    assert kinds["encoder.vit.blocks.0.mlp"] == torch.bfloat16


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


def test_clearing_the_cache_of_models_removes_what_was_compiled(model, tmp_path, monkeypatch):
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path))
    DiskCache(compiled_folder(), model).write(b"compiled", "key")
    assert cache_bytes() >= len(b"compiled") and compiled_folder().name == COMPILED
    clear_cache()
    assert cache_bytes() == 0


# Without torch


def run_without(names: tuple[str, ...], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, and all processes that it starts, where these packages cannot be imported."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(f"import sys; sys.modules.update(dict.fromkeys({names!r}))\n")
    return subprocess.run([sys.executable, "-m", "UnifiedViTLib.cli", *arguments], cwd=ROOT, capture_output=True,
                          text=True, env=os.environ | {"PYTHONPATH": str(folder)})


@pytest.mark.openvino
def test_predict_gives_a_result_where_torch_and_timm_cannot_be_imported(model, tmp_path):
    WriteImage(to_sitk(head_volume()), tmp_path / "head.nrrd")
    done = run_without(("torch", "timm", "torchvision"), tmp_path / "hide", "predict", str(tmp_path / "head.nrrd"),
                       "--model", str(model.folder), "--output", str(tmp_path / "out"))
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
        done = run_without(("torch", "openvino"), tmp_path / "hide", "predict", str(tmp_path / "head.nrrd"), "--model",
                           str(spec.folder), "--output", str(tmp_path / "out"))
        assert done.returncode == 2
        said[spec.folder.name] = done.stderr
    assert "Install torch and timm, or OpenVINO." in said["tiny"]
    assert "has no graph" in said["plain"] and said["plain"].strip().endswith("Install torch and timm.")


def test_a_gpu_is_refused_in_words_without_torch(model, monkeypatch):
    monkeypatch.setattr(candidates_module, "_installed", lambda *packages: packages == ("openvino",))
    with pytest.raises(DeviceError, match=r"'cuda' is not available \(available: cpu\)"):
        BackendSelector(model, "cuda", None)
    assert BackendSelector(model, "auto", None).backend.name == "OpenVINO, float32"
    with pytest.raises(DependencyError):
        BackendSelector(replace(model, graph=None), "auto", None)


# Blanks


def test_slices_with_nothing_on_them_are_looked_at_once_and_the_answers_are_the_same(model, images):
    backend = TorchBackend(model, "cpu")
    given = []

    def run(batch):
        given.append(len(batch))
        return backend.run(batch)

    skipping = deduplicate_blank_slices(run)
    batch = np.concatenate([np.full_like(images[:3], -1), images[:4], np.full_like(images[:2], -1),
                            np.full_like(images[:1], 0.5)])
    answers = skipping(batch), skipping(batch[:3])
    assert given == [6]  # four heads and a blank of either kind; then nothing
    for part, rest, right in zip(*answers, backend.run(batch), strict=True):
        np.testing.assert_allclose(part, right, atol=1e-5)
        np.testing.assert_allclose(rest, right[:3], atol=1e-5)


@pytest.mark.openvino
def test_openvino_draws_and_torch_beside_it_explains(model, tmp_path):
    predictor = Predictor(model, "cpu", cache=tmp_path)
    predictor._selector.backend = OpenVINOBackend(model, "float32", DiskCache(None, model))
    predictor._selector.selected = True
    plain, found = Predictor(model, "cpu"), predictor.predict(head_volume(), Options(heatmap="relevance"))
    assert found.provenance.backend.startswith("OpenVINO")
    expected = plain.predict(head_volume(), Options(heatmap="relevance"))
    assert np.abs(found.heatmap.percent.astype(int) - expected.heatmap.percent).max() <= 1


def test_without_torch_an_explanation_is_refused_before_anything_is_looked_at(model, tmp_path):
    WriteImage(to_sitk(head_volume()), str(tmp_path / "head.nrrd"))
    done = run_without(("torch", "timm"), tmp_path / "hide", "predict", str(tmp_path / "head.nrrd"), "--model",
                       str(model.folder), "--output", str(tmp_path / "out"), "--heatmap")
    assert done.returncode == 2 and "A heat map needs PyTorch, for gradients. It is not installed." in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.openvino
def test_each_precision_has_a_compiled_network_of_its_own_which_crashes_in_no_other(tmp_path):
    """On a processor with AMX, what was compiled in float32 and imported as bfloat16 ended the process."""
    spec = find_model("brain-t1ce")
    cache = DiskCache(tmp_path, spec)
    images = np.random.default_rng(0).normal(size=(2, 1, spec.size, spec.size)).astype(np.float32)
    for precision in ("float32", "bfloat16", "bfloat16"):  # compiled, compiled, read again
        try:
            labels, logits = try_backend(BackendCandidate("OpenVINO", precision), spec, cache, images, lambda: None)
        except UnsupportedPrecision:  # a processor without bfloat16
            continue
        assert labels.shape == (2, spec.size, spec.size) and np.isfinite(logits).all()


def test_what_is_kept_is_read_under_its_own_key_alone(model, tmp_path, monkeypatch):
    cache = DiskCache(tmp_path, model)
    cache.write(b"compiled", "a")
    os.replace(cache._file(("a",)), cache._file(("b",)))  # as one who plants a network would
    assert cache.read("a") is None and cache.read("b") is None
    before = cpu_signature()
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_AMX_FP16")
    assert cpu_signature() != before
