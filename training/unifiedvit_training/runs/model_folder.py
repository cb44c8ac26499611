"""A model folder that the library lists: `model.json` and safetensors, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save as pack_arrays
from safetensors.torch import save as pack_tensors

from UnifiedViTLib.errors import ModelSpecError, UnifiedViTError
from UnifiedViTLib.inference.ood.statistics import OODStatistics
from UnifiedViTLib.inference.patient.head import load_patient_head
from UnifiedViTLib.integrity import verify_graph
from UnifiedViTLib.models import UnifiedNetwork
from UnifiedViTLib.spec import FORMAT, SPEC_FILE, ModelSpec, VolumeRule, load_spec
from UnifiedViTLib.tensors import dequantised

from ..config import Model, Project
from ..errors import RunError
from ..peers import PEERS
from .calibration import Calibration
from .checkpoints import BEST_FILE, load_weights
from .networks import build_network
from .stored_weights import stored_tensors

WEIGHTS_FILE, OOD_FILE, ONNX_FILE, CARD_FILE, PATIENT_FILE = (
    "model.safetensors", "ood.safetensors", "model.onnx", "README.md", "patient.safetensors",
)
#: All that an export writes; a folder with anything else in it is somebody's.
WRITTEN = {SPEC_FILE, WEIGHTS_FILE, OOD_FILE, ONNX_FILE, CARD_FILE, PATIENT_FILE}


def stored_network(model: Model, run: Path) -> tuple[str, UnifiedNetwork]:
    """A run's best network as a model folder stores it: weights rounded to `weights_dtype` and back, evaluation mode.

    Returns:
        SHA-256 of the run's weights file, and the network on the CPU.

    Raises:
        RunError: there are no weights, they are of another network, or not finite.
    """
    path = run / BEST_FILE
    if not path.exists():
        raise RunError(f"There are no weights in {run} ({BEST_FILE} is missing). Run `unifiedvit-train fit` first.")
    network = build_network(model)
    weights = dequantised(_stored(load_weights(path), model.weights_dtype))
    try:
        network.load_state_dict({name: tensor.float() if tensor.is_floating_point() else tensor
                                 for name, tensor in weights.items()})
    except RuntimeError as error:
        raise RunError(f"{path} holds the weights of another network than its project. Train the run again.") from error
    return hashlib.sha256(path.read_bytes()).hexdigest(), network.eval()


def write_model_folder(project: Project, network: UnifiedNetwork, calibration: Calibration, rule: VolumeRule,
                       results: list[dict[str, Any]], folder: Path,
                       ood: OODStatistics | None = None, review: dict[str, Any] | None = None,
                       known_channels: Sequence[Sequence[str]] = ()) -> ModelSpec:
    """Write a model folder and read it back. An older model in `folder` is replaced once the new one is whole.

    Args:
        project: its `model` section becomes the description.
        network: what to export; stored as the project's `weights_dtype`.
        calibration: from `calibrate.fit_calibration`.
        rule: from `volumes.choose_rule`.
        results: list of {"dataset": words, "metrics": {name: number}}.
        folder: where it goes.
        ood: from `ood.fit.measure_ood_statistics`.
        known_channels: from `ood.fit.known_channels`.
        review: from `selective.review_of`.

    Raises:
        RunError: the library's model file cannot say what this model is, the weights are not finite, or the folder
            cannot be written. `folder` is as it was.
    """
    check_exportable(project)
    with staged(folder) as part:
        model = project.model
        digest = _write(part / WEIGHTS_FILE, pack_tensors(_stored(network.state_dict(), model.weights_dtype)))
        description = {
            "format": FORMAT,
            **model.model_dump(mode="json", include={"id", "version", "name", "description", "architecture",
                                                     "arguments", "input", "segments"}),
            "diagnosis": _diagnosis(model, calibration),
            "aggregation": asdict(rule),
            "weights": {"file": WEIGHTS_FILE, "sha256": digest, "licence": model.licence},
            "training": [data.model_dump() for data in model.training],
            "results": results,
        }
        if ood:
            description["ood"] = _write_ood(ood, part / OOD_FILE)
            if known_channels:
                description["ood"]["known_channels"] = [list(names) for names in known_channels]
        if review:
            description["review"] = review
        _write_description(part / SPEC_FILE, description)
        try:
            spec = load_spec(part)
        except ModelSpecError as error:
            raise RunError(f"The library would refuse this model: {error} Correct the project's YAML.") from error
    return replace(spec, folder=folder)


def check_exportable(project: Project) -> None:
    """Raise a RunError for what the library's model file cannot say: peers and single-task baselines."""
    if project.model.architecture in PEERS:
        raise RunError(
            f"{project.model.architecture} is a network to compare with, which the library does not know. "
            "Export a run of one of the library's architectures."
        )
    if project.model.task != "both":
        raise RunError(
            f"This is the single-task baseline for {project.model.task}; Slicer needs both answers. "
            "Export a run with `model.task: both`."
        )


def _diagnosis(model: Model, calibration: Calibration) -> dict[str, Any]:
    classes = [c.model_dump() for c in model.classes]
    if not isinstance(calibration, tuple):
        return {"task": model.diagnosis, "classes": classes, "temperature": calibration}
    rules = [{"temperature": rule.temperature, "bias": rule.bias, "threshold": rule.threshold} for rule in calibration]
    return {"task": model.diagnosis, "nothing_found": model.nothing_found,
            "classes": [one | rule for one, rule in zip(classes, rules, strict=True)]}


def add_graph(folder: Path) -> ModelSpec:
    """Name the `model.onnx` that lies in a model folder in its description, and read it back.

    Raises:
        WeightsError: the graph is not one that would be imported.
    """
    path = folder / SPEC_FILE
    description = json.loads(path.read_text(encoding="utf-8"))
    digest = hashlib.sha256((folder / ONNX_FILE).read_bytes()).hexdigest()
    description["graph"] = {"file": ONNX_FILE, "sha256": digest}
    _write_description(path, description)
    spec = load_spec(folder)
    verify_graph(spec)
    return spec


def add_patient_head(folder: Path, content: bytes, block: dict[str, Any], results: list[dict[str, Any]]) -> ModelSpec:
    """Put a patient head into a model folder, and read it back.

    Args:
        folder: of the model.
        content: the head's safetensors, `PATIENT_FILE`.
        block: the section "patient" of the description.
        results: what it reached, behind those of the images.

    Raises:
        RunError: the library would refuse it.
    """
    path = folder / SPEC_FILE
    description = json.loads(path.read_text(encoding="utf-8"))
    (folder / PATIENT_FILE).write_bytes(content)
    _write_description(path, description | {"patient": block, "results": [*description["results"], *results]})
    try:
        spec = load_spec(folder)
        load_patient_head(spec)
    except UnifiedViTError as error:
        raise RunError(f"The library would refuse this patient head: {error}") from error
    return spec


def _write_description(path: Path, description: dict[str, Any]) -> None:
    path.write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _stored(state: dict[str, torch.Tensor], dtype: str) -> dict[str, torch.Tensor]:
    try:
        return stored_tensors(state, dtype)
    except ValueError as error:
        raise RunError(f"Weights are not finite in {dtype} ({error}). Train again with a lower learning rate."
                       ) from error


def _write_ood(ood: OODStatistics, path: Path) -> dict[str, Any]:
    """Write the statistics; returns the block of `model.json` that names them."""
    training, orientation = ood.training, ood.orientation
    assert orientation is not None, "format 2 has it"
    arrays = {
        "means": training.means,
        "whitening": _triangle(training.whitening),
        "orientation_means": orientation.gaussians.means,
        "orientation_whitening": _triangle(orientation.gaussians.whitening),
        "orientation_thresholds": orientation.thresholds,
    }
    if ood.probes:
        arrays["probe_weights"] = np.stack([probe.weights for probe in ood.probes])
        arrays["probe_biases"] = np.array([probe.bias for probe in ood.probes], np.float32)
        arrays["probe_margins"] = np.array([probe.margin for probe in ood.probes], np.float32)
    # safetensors writes a transposed array's memory as it lies, under the transposed shape.
    content = pack_arrays({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    block = {"file": path.name, "sha256": _write(path, content), "threshold": ood.threshold, "format": 2}
    return block | ({"probed_channels": [list(probe.channels) for probe in ood.probes]} if ood.probes else {})


def _triangle(whitening: np.ndarray) -> np.ndarray:
    """What is on and above the diagonal, row by row; as float16 where that loses nothing."""
    triangle = whitening[np.triu_indices(len(whitening))]
    with np.errstate(over="ignore"):
        half = triangle.astype(np.float16)
    return half if np.array_equal(half, triangle) else triangle


def _write(path: Path, content: bytes) -> str:
    """Write safetensors; returns their SHA-256. (The package's own `save_file` makes files that others may not read.)
    """
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def check_free(folder: Path) -> None:
    """Raise a RunError if `folder` holds what no export writes."""
    others = sorted({file.name for file in folder.iterdir()} - WRITTEN) if folder.exists() else []
    if others:
        raise RunError(f"{folder} holds more than a model ({others[0]}). Choose another folder.")


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` to fill, which takes its place at the end; after an error it is removed and
    `folder` is as it was.

    Raises:
        RunError: `folder` holds what no export writes, or cannot be written.
    """
    folder = folder.absolute()
    part, old = (folder.with_name(f".{folder.name}.{state}") for state in ("part", "old"))
    try:
        check_free(folder)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            os.replace(folder, old)
        try:
            os.replace(part, folder)
        except OSError:
            if old.exists():
                os.replace(old, folder)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise RunError(f"{folder} cannot be written ({error}). Make room, or choose another folder.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
