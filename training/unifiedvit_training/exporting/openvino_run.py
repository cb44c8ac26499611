"""The child of `onnx_check`: `python -m unifiedvit_training.exporting.openvino_run GRAPH IMAGES ANSWERS`. No torch."""

from __future__ import annotations

import sys

import numpy as np

from UnifiedViTLib.graph import INPUT, OUTPUTS
from UnifiedViTLib.inference.backends.openvino_backend import WHOLE_ACTIVATIONS, load_openvino


def main(graph: str, images: str, answers: str) -> None:
    """Run a graph in float32 over batches.

    Args:
        graph: `model.onnx`, its numbers beside it.
        images: .npz with batches (n, channels, size, size) by name.
        answers: .npz to write, "OUTPUT NAME" -> array.
    """
    # In float32: on some processors OpenVINO would compute in bfloat16 by itself.
    settings = {"INFERENCE_PRECISION_HINT": "f32"} | WHOLE_ACTIVATIONS
    compiled = load_openvino().Core().compile_model(graph, "CPU", settings)
    outputs = {}
    with np.load(images, allow_pickle=False) as batches:
        for name, batch in batches.items():
            given = compiled({INPUT: batch})
            outputs |= {f"{output} {name}": np.array(given[output]) for output in OUTPUTS}
    np.savez(answers, **outputs)


if __name__ == "__main__":
    main(*sys.argv[1:])
