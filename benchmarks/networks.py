"""One pass for two answers, against what one would do without: (a) two networks in eager torch, (b) the same two on the
same backend, (c) the off-the-shelf unified ViT (`smp.DPT` with a classifier), (d) MONAI's sliding windows.

Weights are random; a slice is 224 x 224, and 240 x 240 for the windows.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np
import torch
from monai.inferers import SlidingWindowInferer
from torch import nn
from unifiedvit_training.comparison.costs import multiplications
from unifiedvit_training.peers import build_peer

from UnifiedViTLib.inference.backends.openvino_backend import PRECISIONS, load_openvino
from UnifiedViTLib.models import build_model

from .measuring import ROUNDS, interleaved, machine, roof_of, roofs, table, times_as_fast

SIZE, GRID, SLICES, BATCH = 224, 240, 16, 8
#: Our networks, and whether there is a DPT on their encoder.
NETWORKS: dict[str, tuple[str, dict[str, str], bool]] = {
    "ViT-Tiny": ("shared_encoder_dual_decoder", {"encoder": "vit_tiny_patch16_224"}, True),
    "ViT-Small": ("shared_encoder_dual_decoder", {"encoder": "vit_small_patch16_224"}, True),
    "ViT-Base": ("shared_encoder_dual_decoder", {"encoder": "vit_base_patch16_224"}, True),
    "Swin-T": ("hierarchical", {}, False),
}
Run = Callable[[np.ndarray], object]


class _Answers(nn.Module):
    """A network's answers as a plain tuple, without those that it does not give."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(part for part in self.network(image)[:2] if part is not None)


def main() -> None:
    """Measure and print."""
    print(f"## One pass for two answers\n\n{machine()}\n\n{SLICES} slices of {SIZE} x {SIZE} in batches of {BATCH}, "
          f"{ROUNDS} rounds interleaved; milliseconds a slice: median (best).\n", flush=True)
    for name, parts in NETWORKS.items():
        _compare(name, *parts)


def _compare(name: str, architecture: str, arguments: dict[str, str], dpt: bool) -> None:
    networks = _build(architecture, arguments, dpt)
    multiplied = {kind: sum(multiplications(part, SIZE) for part in parts) for kind, parts in networks.items()}
    multiplied["MONAI windows"] = 4 * multiplied["unified"]
    candidates = _candidates(networks)
    times = interleaved(candidates | roofs())
    print(f"### {name}: {multiplied['unified'] / 1e9:.2f} billion multiplications a slice, two single-task networks "
          f"{multiplied['two'] / 1e9:.2f}\n\nRoof (product of two matrices): {roof_of(times, 'float32'):.0f} GFLOP/s "
          f"in float32, {roof_of(times, 'bfloat16'):.0f} in bfloat16.\n")
    table(["", "ms a slice", "GFLOP/s", "share of the roof"],
          [_speed(candidate, times, multiplied) for candidate in candidates])
    table(["", "times as fast: median (range)"],
          ([words, times_as_fast(times, fast, slow)] for words, fast, slow in _ratios(dpt)))


def _build(architecture: str, arguments: dict[str, str], dpt: bool) -> dict[str, list[nn.Module]]:
    """The unified network, two for one task each, and with `dpt` a well-known one on the same encoder."""
    sizes = {"mask_classes": 2, "diagnosis_classes": 4}
    unified, masks, classes = (
        build_model(architecture, arguments | sizes | {"task": task}).eval()
        for task in ("both", "segmentation", "classification")
    )
    networks: dict[str, list[nn.Module]] = {"unified": [unified], "two": [masks, classes]}
    if dpt:
        networks["smp.DPT"] = [build_peer("peer_dpt", sizes | {"image_size": SIZE,
                                                               "encoder": f"tu-{arguments['encoder']}"})]
    return networks


def _candidates(networks: dict[str, list[nn.Module]]) -> dict[str, Callable[[], object]]:
    """What is timed: "network, backend" -> a call that looks at all slices."""
    images = np.random.default_rng(0).normal(size=(SLICES, 1, SIZE, SIZE)).astype(np.float32)
    candidates: dict[str, Callable[[], object]] = {}
    for kind, parts in networks.items():
        for backend, make in _BACKENDS.items():
            runs = [make(_Answers(part).eval()) for part in parts]
            candidates[f"{kind}, {backend}"] = lambda runs=runs: [run(images[start:start + BATCH]) for run in runs
                                                                  for start in range(0, SLICES, BATCH)]
    grid = torch.randn(SLICES, 1, GRID, GRID)
    windows = SlidingWindowInferer((SIZE, SIZE), sw_batch_size=BATCH, overlap=0.25)
    unified = networks["unified"][0]
    candidates["MONAI windows, torch float32"] = torch.inference_mode()(
        lambda: [windows(part, lambda window: unified(window).mask_logits) for part in grid.split(BATCH)])
    return candidates


def _speed(candidate: str, times: dict[str, list[float]], multiplied: dict[str, int]) -> list[str]:
    """A row of the first table."""
    kind, backend = candidate.split(", ")
    precision = "bfloat16" if backend.endswith("bfloat16") else "float32"
    per_slice = [seconds / SLICES for seconds in times[candidate]]
    speed = 2 * multiplied[kind] / min(per_slice) / 1e9
    return [candidate, f"{1000 * statistics.median(per_slice):.1f} ({1000 * min(per_slice):.1f})", f"{speed:.0f}",
            f"{speed / roof_of(times, precision):.2f}"]


def _ratios(dpt: bool) -> list[tuple[str, str, str]]:
    """Rows of the second table: what is compared in words, the faster and the slower candidate."""
    first, best = "unified, torch float32", "unified, OpenVINO bfloat16"
    return [
        ("(a) two networks in eager torch, against one in OpenVINO bfloat16", best, "two, torch float32"),
        ("(a) the same, against one in torch, its fastest precision", "unified, torch bfloat16", "two, torch float32"),
        *((f"(b) two networks against one, {backend}", f"unified, {backend}", f"two, {backend}")
          for backend in _BACKENDS),
        *((f"(c) smp.DPT against ours, {backend}", f"unified, {backend}", f"smp.DPT, {backend}")
          for backend in _BACKENDS if dpt),
        ("(d) MONAI's windows against one pass, both eager torch", first, "MONAI windows, torch float32"),
        ("(d) MONAI's windows in eager torch against OpenVINO bfloat16", best, "MONAI windows, torch float32"),
    ]


def _in_torch(network: nn.Module, precision: str) -> Run:
    def run(images: np.ndarray) -> object:
        torch.set_float32_matmul_precision("medium" if precision == "medium" else "highest")
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            answers = network(torch.from_numpy(images))
        torch.set_float32_matmul_precision("highest")
        return answers

    return run


def _in_openvino(network: nn.Module, precision: str) -> Run:
    openvino = load_openvino()
    model = openvino.convert_model(network, example_input=torch.zeros(BATCH, 1, SIZE, SIZE))
    return openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": PRECISIONS[precision]})


_BACKENDS: dict[str, Callable[[nn.Module], Run]] = {
    "torch float32": lambda network: _in_torch(network, "float32"),
    "torch float32 medium": lambda network: _in_torch(network, "medium"),
    "torch bfloat16": lambda network: _in_torch(network, "bfloat16"),
    "OpenVINO float32": lambda network: _in_openvino(network, "float32"),
    "OpenVINO bfloat16": lambda network: _in_openvino(network, "bfloat16"),
}
