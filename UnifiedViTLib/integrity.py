"""Whether the files of a model are those that its description was written for, and compute what it promises."""

from __future__ import annotations

import hashlib

from .errors import WeightsError
from .graph import Promise, check_graph
from .spec import ModelSpec


def verify_weights(spec: ModelSpec) -> None:
    """Compare the weights' SHA-256 with the spec's; raises as `verify_file`."""
    verify_file(spec, spec.weights_file, spec.sha256)


def verify_graph(spec: ModelSpec) -> None:
    """Compare the SHA-256 of the graph, which the model must have, with the spec's, and what it computes with what
    the spec says; the weights lie beside it.

    Raises:
        WeightsError: it is missing, another one, or not to be used.
    """
    verify_file(spec, spec.graph.file, spec.graph.sha256)
    check_graph(spec.folder / spec.graph.file, Promise(
        spec.weights, len(spec.channels) or 1, spec.size, len(spec.segments) + 1, len(spec.classes)))


def verify_file(spec: ModelSpec, name: str, sha256: str) -> None:
    """Compare the SHA-256 of a file in the model's folder with what the spec says of it.

    Raises:
        WeightsError: the file is missing or is not the one that the spec was written for.
    """
    try:
        with open(spec.folder / name, "rb") as file:
            digest = _digest(file)
    except OSError as error:
        raise WeightsError(
            f"The weights of {spec.name} cannot be read ({error}). Download or import the model again."
        ) from error
    if digest != sha256:
        raise WeightsError(
            f"The weights of {spec.name} ({name}) are damaged or not the ones that its description names "
            f"(SHA-256 {digest[:12]}..., expected {sha256[:12]}...). Download or import the model again."
        )


def _digest(file) -> str:
    """SHA-256 of an open file (`hashlib.file_digest` begins with Python 3.11)."""
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
