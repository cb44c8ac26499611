"""Whether the files of a model are those that its description was written for, and compute what it promises."""

from __future__ import annotations

import hashlib
from pathlib import Path

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


def _digest(file) -> str:
    """SHA-256 of an open file (`hashlib.file_digest` begins with Python 3.11)."""
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
