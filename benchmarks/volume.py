"""A whole volume of 155 x 240 x 240 by the model that comes with it: every way to compute, stage by stage, with the two
single-task networks in eager torch beside it; and what a MONAI user would run on it in three dimensions (e)."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np
import torch
from monai.data.utils import dense_patch_slices
from monai.networks.nets import UNETR, SwinUNETR

from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.backends.base import Backend, UnsupportedPrecision
from UnifiedViTLib.inference.backends.cache import DiskCache
from UnifiedViTLib.inference.backends.openvino_backend import OpenVINOBackend
from UnifiedViTLib.inference.backends.torch_backend import TorchBackend
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.models import build_model
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model
from UnifiedViTLib.spec import ModelSpec

from .measuring import ROUNDS, Times, interleaved, machine, table, times_as_fast

SHAPE, BATCH = (155, 240, 240), 8
#: MONAI's windows in three dimensions, and how far they overlap (its default).
WINDOW, OVERLAP = 96, 0.25
STAGES = ("prepare", "network", "resample", "decide")


def main() -> None:
    """Measure and print."""
    spec = find_model(DEFAULT_MODEL)
    volume = head(SHAPE)
    predictors = {name: with_backend(spec, backend) for name, backend in make_backends(spec).items()}
    stages: dict[str, list[dict[str, float]]] = {name: [] for name in predictors}
    baselines = [build_model(spec.architecture, spec.arguments | {"task": task}).eval()
                 for task in ("segmentation", "classification")]

    def predict(name: str) -> None:
        stages[name].append(predictors[name].predict(volume).provenance.timings_s)

    ways: dict[str, Callable[[], object]] = {name: lambda name=name: predict(name) for name in predictors}
    ways["two networks, torch float32"] = lambda: _plain(baselines, volume, spec.size)
    times = interleaved(ways)
    print(f"## A volume of {' x '.join(map(str, SHAPE))}\n\n{machine()}\n\n`{spec.id} {spec.version}`, batches of "
          f"{BATCH}, {ROUNDS} rounds interleaved; seconds, medians.\n")
    rows = []
    for name in predictors:
        middle = {stage: statistics.median(one[stage] for one in stages[name][1:]) for stage in (*STAGES, "total")}
        outside = statistics.median(1 - one["network"] / one["total"] for one in stages[name][1:])
        rows.append([name, *(f"{middle[stage]:.2f}" for stage in (*STAGES, "total")), f"{outside:.1%}",
                     times_as_fast(times, name, "two networks, torch float32")])
    plain = statistics.median(times["two networks, torch float32"])
    rows.append(["two networks, torch float32", *[""] * len(STAGES), f"{plain:.2f}", "", "1"])
    table(["", *STAGES, "total", "outside the network", "times as fast as two networks"], rows)
    _windows(times, "OpenVINO, float32" if "OpenVINO, float32" in times else "torch, float32")


def head(shape: tuple[int, int, int]) -> Volume:
    """A ball with a bright spot and noise in it, 1 mm voxels: bright enough that the whole way is gone."""
    chance = np.random.default_rng(0)
    grid = np.meshgrid(*(np.linspace(-1.1, 1.1, side, dtype=np.float32) for side in shape), indexing="ij", sparse=True)
    radius = sum(np.square(axis) for axis in grid)
    array = 100.0 * (radius < 1) + 60.0 * (sum(np.square(axis - 0.3) for axis in grid) < 0.02)
    array += chance.normal(0, 4, shape).astype(np.float32)
    return Volume(np.maximum(array, 0).astype(np.int16), np.diag([1.0, 1.0, 1.0, 1.0]), " x ".join(map(str, shape)))


def make_backends(spec: ModelSpec) -> dict[str, Backend]:
    """All ways to compute that this processor has, by name; not compared with one another."""
    found: dict[str, Backend] = {}
    for make, precisions in ((lambda p: TorchBackend(spec, "cpu", p), ("float32", "float32, medium", "bfloat16")),
                             (lambda p: OpenVINOBackend(spec, p, DiskCache(None, spec)), ("float32", "bfloat16"))):
        for precision in precisions:
            try:
                backend = make(precision)
            except UnsupportedPrecision:
                continue
            found[backend.name] = backend
    return found


def with_backend(spec: ModelSpec, backend: Backend) -> Predictor:
    """A predictor that uses just this backend."""
    predictor = Predictor(spec, "cpu", BATCH)
    predictor._selector.backend = backend
    return predictor


def _plain(networks: list[torch.nn.Module], volume: Volume, size: int) -> None:
    """As one would write it: every slice resized, each network in turn, labels resized back."""
    slices = torch.from_numpy(volume.array.astype(np.float32))[:, None]
    slices = (slices - slices.mean()) / slices.std()
    with torch.inference_mode():
        for batch in slices.split(BATCH):
            images = torch.nn.functional.interpolate(batch, (size, size), mode="bilinear", antialias=True)
            masks = networks[0](images).mask_logits
            torch.nn.functional.interpolate(masks, batch.shape[2:], mode="bilinear").argmax(dim=1)
            networks[1](images).class_logits.softmax(dim=1)


def _windows(times: Times, ours: str) -> None:
    """(e): one window is timed, the number of windows counted; all of them would take minutes a round."""
    count = len(dense_patch_slices(SHAPE, (WINDOW,) * 3, [int(WINDOW * (1 - OVERLAP))] * 3))
    window = torch.randn(1, 1, WINDOW, WINDOW, WINDOW)
    peers = {"UNETR": UNETR(1, 2, (WINDOW,) * 3, feature_size=16).eval(),
             "Swin UNETR": SwinUNETR(1, 2, feature_size=24).eval()}
    with torch.inference_mode():
        found = interleaved({name: lambda network=network: network(window) for name, network in peers.items()})
    whole = statistics.median(times[ours])
    print(f"(e) MONAI's networks in three dimensions on the same volume, {count} windows of {WINDOW}^3 that overlap by "
          f"{OVERLAP:.0%}, eager torch in float32, segmentation alone, one window timed {ROUNDS} times:\n")
    table(["", "s a window", "s a volume", f"times ours ({ours}, both answers)"],
          ([name, f"{statistics.median(values):.2f}", f"{count * statistics.median(values):.0f}",
            f"{count * statistics.median(values) / whole:.1f}"] for name, values in found.items()))
