"""Whether the files of a model are those that its description was written for, and compute what it promises."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from .errors import WeightsError
from .graph import Promise, check_graph
from .spec import Graph, ModelSpec


def verify_weights(spec: ModelSpec) -> None:
    """Compare the weights' SHA-256 with the spec's; raises as `verify_file`."""
    verify_file(spec.folder, spec.name, spec.weights_file, spec.sha256)


def verify_graph(spec: ModelSpec) -> Graph:
    """The graph, which the model must have: its SHA-256 is the spec's, and it computes what the spec says; the weights
    lie beside it.

    Raises:
        WeightsError: it is missing, another one, or not to be used.
    """
    graph = spec.graph
    assert graph is not None, "only what has a graph is run by it"
    verify_file(spec.folder, spec.name, graph.file, graph.sha256)
    check_graph(spec.folder / graph.file, Promise(
        spec.weights, len(spec.channels) or 1, spec.size, len(spec.segments) + 1, len(spec.classes)))
    return graph


def verify_file(folder: Path, model: str, name: str, sha256: str) -> None:
    """Compare the SHA-256 of a file in a model's folder with what its description says of it.

    Args:
        folder: of the model.
        model: its name, for people.
        name: of the file.
        sha256: expected.

    Raises:
        WeightsError: the file is missing or is not the one that the spec was written for.
    """
    try:
        with open(folder / name, "rb") as file:
            digest = _digest(file)
    except OSError as error:
        raise WeightsError(
            f"The weights of {model} cannot be read ({error}). Download or import the model again."
        ) from error
    if digest != sha256:
        raise WeightsError(
            f"The weights of {model} ({name}) are damaged or not the ones that its description names "
            f"(SHA-256 {digest[:12]}..., expected {sha256[:12]}...). Download or import the model again."
        )


def load_arrays(folder: Path, model: str, name: str, sha256: str, most_bytes: int = 1 << 30) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file in a model's folder, whose SHA-256 its description names.

    Args:
        folder, model, name, sha256: as for `verify_file`.
        most_bytes: that such a file can have.

    Raises:
        WeightsError: the file is missing, too large, another one, or no safetensors file of numbers that numpy knows.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    file = folder / name
    try:
        if file.stat().st_size > most_bytes:
            raise ValueError(f"it is larger than {most_bytes:,} bytes")
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() == sha256:
            return load(data)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{name} of {model} cannot be read ({error}). Download or export the model again."
                           ) from error
    raise WeightsError(f"{name} of {model} is damaged or not the one that its description names. Download or export "
                       "the model again.")


def _digest(file) -> str:
    """SHA-256 of an open file (`hashlib.file_digest` begins with Python 3.11)."""
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
