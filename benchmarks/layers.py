"""Where the network's time goes: OpenVINO's own clock, kind of layer by kind of layer, for the model that comes with
it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from UnifiedViTLib.graph import INPUT
from UnifiedViTLib.inference.backends.openvino_backend import PRECISIONS, load_openvino
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model

from .measuring import machine, table

BATCH, ROUNDS = 8, 20
#: What OpenVINO calls them, and which part of the network has them.
KINDS = {
    "FullyConnected": "linear layers of the blocks", "MatMul": "attention", "Softmax": "attention",
    "ScaledDotProductAttention": "attention", "Subgraph": "attention", "MVN": "norms",
    "Convolution": "convolutions of stem and decoder", "ConvolutionBackpropData": "steps up of the decoder",
    "Reorder": "changes of layout and precision", "Transpose": "changes of layout and precision",
    "Concat": "changes of layout and precision", "Convert": "changes of layout and precision",
}


def main() -> None:
    """Measure and print."""
    spec, openvino = find_model(DEFAULT_MODEL), load_openvino()
    images = np.random.default_rng(0).normal(size=(BATCH, 1, spec.size, spec.size)).astype(np.float32)
    shares: dict[str, dict[str, float]] = {}
    totals = {}
    for precision, hint in PRECISIONS.items():
        compiled = openvino.Core().compile_model(spec.folder / spec.graph.file, "CPU",
                                                 {"INFERENCE_PRECISION_HINT": hint, "PERF_COUNT": True})
        request, taken = compiled.create_infer_request(), defaultdict(list)
        for _ in range(ROUNDS):
            request.infer({INPUT: images})
            of_kind: dict[str, float] = defaultdict(float)
            for layer in request.profiling_info:
                of_kind[KINDS.get(layer.node_type, "the rest")] += layer.real_time.total_seconds()
            for kind, seconds in of_kind.items():
                taken[kind].append(seconds)
        best = {kind: float(np.median(seconds)) for kind, seconds in taken.items()}
        totals[precision] = sum(best.values())
        shares[precision] = {kind: seconds / totals[precision] for kind, seconds in best.items()}
    print(f"## Where the network's time goes\n\n{machine()}\n\n`{spec.id} {spec.version}`, batches of {BATCH}, medians "
          f"of {ROUNDS}: " + ", ".join(f"{1000 * seconds / BATCH:.1f} ms a slice in {precision}"
                                    for precision, seconds in totals.items()) + ".\n")
    kinds = sorted({kind for parts in shares.values() for kind in parts}, key=lambda k: -shares["float32"].get(k, 0))
    table(["", *PRECISIONS], ([kind, *(f"{shares[p].get(kind, 0):.0%}" for p in PRECISIONS)] for kind in kinds))
