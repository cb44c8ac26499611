"""`model.onnx`: the network for programs without torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

from UnifiedViTLib.graph import INPUT, OUTPUTS
from UnifiedViTLib.models import UnifiedNetwork
from UnifiedViTLib.tensors import SCALE, dequantised

from ..errors import RunError

_KINDS = {"F32": TensorProto.FLOAT, "F16": TensorProto.FLOAT16, "I8": TensorProto.INT8}


def write_onnx(network: UnifiedNetwork, size: int, path: Path, weights: Path) -> None:
    """Export a network's graph, its numbers left in the weights' file.

    One input "image" (B, C, size, size) float32, B of any length, missing channels filled with `spec.MISSING`; outputs
    as in `UnifiedOutput`, float32. The numbers are ONNX external data: name, offset and length in the safetensors file,
    in whatever precision they are stored there. The graph is some hundred kilobytes.

    Args:
        network: with both heads, in evaluation mode, on the CPU.
        size: pixels along a side of the input.
        path: the file.
        weights: safetensors with the network's state, in the same folder.

    Raises:
        RunError: torch cannot export the network.
    """
    example = torch.zeros(2, network.encoder.in_channels, size, size)
    try:
        # Not optimised: that would fold normalisation into weights, which are then not those of the file any more;
        # runtimes do it themselves.
        program = torch.onnx.export(network, (example,), dynamo=True, optimize=False, verbose=False,
                                    input_names=[INPUT], output_names=list(OUTPUTS),
                                    dynamic_shapes=({0: torch.export.Dim("batch")},))
    except Exception as error:  # torch's exporter fails in many ways
        raise RunError(
            f"torch cannot write this network as ONNX ({str(error).strip().splitlines()[0]}). "
            "Export with --no-onnx; it then runs with torch alone."
        ) from error
    assert program is not None, "with `dynamo` there is one"
    graph = _without_numbers(program.model_proto, weights)
    path.write_bytes(graph.SerializeToString())
    onnx.checker.check_model(path)


def _without_numbers(model: onnx.ModelProto, weights: Path) -> onnx.ModelProto:
    """Every number that is in the weights' file taken from there and made float32 before its use: cast, in int8 times
    the scale of its row. No stack traces of this machine, and nothing that runtimes infer or do not need: neither
    names of nodes nor shapes within the graph, and for what it computes numbers in place of names."""
    del model.graph.value_info[:]
    for part in (model.graph, *model.graph.node):
        del part.metadata_props[:]
    for node in model.graph.node:
        node.name = ""
    places, stored = _places(weights), load_file(weights)
    floats = dequantised(stored)
    there, made = [], []
    for weight in [*model.graph.initializer]:
        name = weight.name
        if weight.data_type != TensorProto.FLOAT or name not in places:
            continue
        if not np.array_equal(floats[name].astype(np.float32), numpy_helper.to_array(weight)):
            continue  # another number under the name: it stays in the graph
        kind = places[name][0]
        as_is = name if kind == TensorProto.FLOAT else f"{name}.stored"
        there.append(_external(as_is, stored[name].shape, places[name], weights))
        model.graph.initializer.remove(weight)
        if kind == TensorProto.INT8:
            scale = name + SCALE
            there.append(_external(scale, stored[scale].shape, places[scale], weights))
            made += [helper.make_node("Cast", [as_is], [f"{name}.steps"], to=TensorProto.FLOAT),
                     helper.make_node("Mul", [f"{name}.steps", scale], [name])]
        elif as_is != name:
            made.append(helper.make_node("Cast", [as_is], [name], to=TensorProto.FLOAT))
    model.graph.initializer.extend(there)
    nodes = [*made, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    _number_values(model.graph)
    return model


def _number_values(graph: onnx.GraphProto) -> None:
    """Number what the nodes pass on to each other; inputs, outputs and weights keep their names."""
    if any(attribute.HasField("g") for node in graph.node for attribute in node.attribute):
        return  # what lies within may use names from here
    kept = {"", *(value.name for value in (*graph.input, *graph.output, *graph.initializer))}
    numbers: dict[str, str] = {}
    for node in graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name not in kept:
                    names[place] = numbers.setdefault(name, f"v{len(numbers)}")


def _external(name: str, shape: tuple[int, ...], place: tuple[int, int, int], weights: Path) -> TensorProto:
    """A tensor whose numbers lie in the weights' file."""
    kind, offset, length = place
    tensor = TensorProto(name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL)
    for key, value in (("location", weights.name), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def _places(weights: Path) -> dict[str, tuple[int, int, int]]:
    """Name -> ONNX type, offset and length in bytes of the numbers in a safetensors file: eight bytes with the length
    of a JSON header, the header, the numbers."""
    with open(weights, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    first = 8 + length
    return {
        name: (_KINDS[entry["dtype"]], first + entry["data_offsets"][0],
               entry["data_offsets"][1] - entry["data_offsets"][0])
        for name, entry in header.items() if entry.get("dtype") in _KINDS
    }
