"""OpenVINO on the CPU: the network's graph (ONNX) with its numbers in the weights' own file. Needs no torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from types import ModuleType
from typing import Any, cast

import numpy as np

from ...errors import WeightsError
from ...graph import INPUT, OUTPUTS
from ...integrity import verify_graph, verify_weights
from ...native import c_numeric_locale
from ...spec import ModelSpec
from ...texts import error_reason
from .base import OutOfMemory, UnsupportedPrecision, bfloat16_forbidden, is_out_of_memory
from .cache import DiskCache, cpu_signature

#: What the network computes in, and OpenVINO's name of it.
PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
#: Where weights are int8, OpenVINO would also round what flows through the network to int8, and say something else.
WHOLE_ACTIVATIONS = {"DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}
#: Bytes that a network may need for one image: those that come along need 10 MB.
LARGEST_MEMORY = 4 << 30


def load_openvino() -> ModuleType:
    """Import OpenVINO without its telemetry, which would report every import over the network.

    Raises:
        ImportError: it is not installed, or cannot be loaded.
    """
    modules: dict[str, ModuleType | None] = cast("dict[str, ModuleType | None]", sys.modules)
    modules.setdefault("openvino_telemetry", None)  # counts as not installed, which OpenVINO takes well
    import openvino

    return openvino


class OpenVINOBackend:
    """The network compiled for this CPU."""

    device = "cpu"

    def __init__(self, spec: ModelSpec, precision: str, cache: DiskCache) -> None:
        """Compile the network, or read what an earlier run compiled.

        Args:
            spec: a model with a graph; both files are verified first.
            precision: one of `PRECISIONS`.
            cache: where the compiled network is kept, one for each precision: read in another than it was compiled
                in, it kills the process, or answers garbage.

        Raises:
            WeightsError: the weights or the graph are missing, damaged, or OpenVINO cannot read them.
            UnsupportedPrecision: the CPU does not compute in bfloat16.
        """
        openvino = load_openvino()
        with _decoded_errors():
            self._prepare(openvino, spec, precision, cache)

    def _prepare(self, openvino: ModuleType, spec: ModelSpec, precision: str, cache: DiskCache) -> None:
        core = openvino.Core()
        capabilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if precision == "bfloat16" and ("BF16" not in capabilities or bfloat16_forbidden()):
            raise UnsupportedPrecision
        verify_weights(spec)
        graph = verify_graph(spec)
        # Read as a whole: a mapped file could not be replaced on Windows while the model is in use.
        core.set_property({"ENABLE_MMAP": False})
        settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": PRECISIONS[precision]} | WHOLE_ACTIVATIONS
        if (threads := os.environ.get("OMP_NUM_THREADS", "")).isdigit():  # torch heeds it by itself
            # Pinned to cores, several such processes would sit on the same ones.
            settings |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
        key = ("OpenVINO", openvino.get_version(), cpu_signature(), " ".join(sorted(capabilities)),
               *(f"{name}={value}" for name, value in sorted(settings.items())))
        self.name = f"OpenVINO, {precision}"
        if (compiled := cache.read(*key)) is not None:
            with c_numeric_locale():
                self._network = core.import_model(compiled, "CPU", settings)
            return
        try:
            with _decoded_errors():
                model = core.read_model(spec.folder / graph.file)
                needed = _memory(model)
        except RuntimeError as error:
            raise WeightsError(
                f"{graph.file} of {spec.name} cannot be used by OpenVINO {openvino.get_version()} "
                f"({error_reason(error)}). Export the model again."
            ) from error
        if needed is None or needed > LARGEST_MEMORY:
            raise WeightsError(
                f"{graph.file} of {spec.name} cannot be used: it needs "
                f"{'memory of no known size' if needed is None else f'{needed / (1 << 30):,.0f} GB of memory'} for one "
                "image. Get or export the model again."
            )
        self._network = core.compile_model(model, "CPU", settings)
        with c_numeric_locale():  # under a decimal comma another network is exported
            compiled = self._network.export_model().getvalue()
        cache.write(compiled, *key)

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        try:
            with _decoded_errors():
                outputs = self._network({INPUT: images})
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemory from error
        if (count := len(outputs[OUTPUTS[0]])) != len(images):  # without AVX2 there are no outputs, and no error
            raise RuntimeError(f"it answers for {count} of {len(images)} images, as on processors that are too old")
        return tuple(outputs[name] for name in OUTPUTS)


def _memory(model: Any) -> int | None:
    """Bytes of what a network (openvino.Model) holds at most at a time for one image, each operation's outputs kept
    until their last use; None where their sizes depend on the image's values. Nothing is computed for it, as
    compiling would do of what is constant."""
    one = model.clone()
    one.reshape({INPUT: [1, *list(model.input(INPUT).get_partial_shape())[1:]]})
    operations = [operation for operation in one.get_ordered_ops() if operation.get_type_name() != "Constant"]
    last_use = {used.get_node().get_name(): place for place, operation in enumerate(operations)
                for used in operation.input_values()}
    freed = [0] * (len(operations) + 1)
    most = now = 0
    for place, operation in enumerate(operations):
        outputs = operation.outputs()
        if not all(output.get_partial_shape().is_static for output in outputs):
            return None
        size = sum(prod(output.get_shape()) * output.get_element_type().size for output in outputs)
        now += size
        most = max(most, now)
        freed[last_use.get(operation.get_name(), place)] += size
        now -= freed[place]
    return most


@contextmanager
def _decoded_errors() -> Iterator[None]:
    """OpenVINO's errors as RuntimeErrors, those too that quote something of the graph that is no text."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise RuntimeError(error.object.decode("utf-8", "replace")) from error
