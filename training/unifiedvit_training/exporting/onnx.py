"""`model.onnx`: the network for programs without torch, and the proof that it says the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from UnifiedViTLib.spec import MISSING

from ..errors import RunError

INPUT, OUTPUTS = "image", ("mask_logits", "class_logits", "embedding")
#: Two libraries round differently; a difference above this share of the largest value is a mistake.
TOLERANCE = 1e-3


def write_onnx(network: torch.nn.Module, size: int, path: Path) -> float | None:
    """Export a network and compare what the file gives with what torch gives.

    One input "image" (B, C, size, size) float32, B of any length, missing channels filled with `spec.MISSING`; outputs
    as in `UnifiedOutput`, float32. Weights that are float16 numbers are stored as such, which makes the file as small
    as the safetensors and changes nothing.

    Args:
        network: with both heads, in evaluation mode, on the CPU.
        size: pixels along a side of the input.
        path: the file.

    Returns:
        The largest difference as a share of the largest value; None where OpenVINO is not installed to compare with.

    Raises:
        RunError: torch cannot export the network, or the file says something else than the network.
    """
    example = torch.zeros(2, network.encoder.in_channels, size, size)
    try:
        # Not optimised: that would fold normalisation into weights, which are then no float16 numbers any more;
        # runtimes do it themselves.
        program = torch.onnx.export(network, (example,), dynamo=True, optimize=False, verbose=False,
                                    input_names=[INPUT], output_names=list(OUTPUTS),
                                    dynamic_shapes=({0: torch.export.Dim("batch")},))
    except Exception as error:  # torch's exporter fails in many ways
        raise RunError(
            f"torch cannot write this network as ONNX ({str(error).strip().splitlines()[0]}). "
            "Export with --no-onnx; Slicer does not need the file."
        ) from error
    onnx.save(_light(program.model_proto), path)
    difference = _difference(network, size, path)
    if difference is not None and difference > TOLERANCE:
        raise RunError(f"{path.name} differs from the network by {difference:.2g}. Export with --no-onnx.")
    return difference


def _light(model: onnx.ModelProto) -> onnx.ModelProto:
    """Every weight that float16 holds exactly in float16, cast back before its use; no stack traces of this machine."""
    for part in (model.graph, *model.graph.node, *model.graph.value_info):
        del part.metadata_props[:]
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(weight)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if values.size < 2 or not np.array_equal(half.astype(np.float32), values):
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
        casts.append(helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def _difference(network: torch.nn.Module, size: int, path: Path) -> float | None:
    try:
        import openvino
    except ImportError:
        return None
    # In float32: on some processors OpenVINO would compute in bfloat16 by itself.
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    differences, channels = [], network.encoder.in_channels
    for count in (1, 3):
        images = torch.randn(count, channels, size, size, generator=torch.Generator().manual_seed(count))
        if channels > 1:
            images[-1, count % channels] = MISSING
        with torch.inference_mode():
            expected = network(images)
        given = compiled({INPUT: images.numpy()})
        for name, value in zip(OUTPUTS, expected, strict=True):
            differences.append(float(np.abs(given[name] - value.numpy()).max() / value.abs().max()))
    return max(differences)
