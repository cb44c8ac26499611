"""One look against two: the unified model and its two single-task twins, on the same slices, interleaved.

Prints time per slice and ratios; the twins are the same network with one decoder each, so that what differs is
only that the encoder runs twice.
"""

from __future__ import annotations

import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.predictor import Predictor, software_versions
from UnifiedViTLib.models import build_model
from UnifiedViTLib.service.catalogue import DEFAULT_MODEL, find_model

ROUNDS, SLICES, BATCH = 7, 32, 8


def main() -> None:
    """Measure and print."""
    spec = find_model(DEFAULT_MODEL)
    unified, classification, segmentation = (
        build_model(spec.architecture, spec.arguments | {"task": task}).eval()
        for task in ("both", "classification", "segmentation")
    )
    images = torch.randn(SLICES, 1, spec.size, spec.size)

    @torch.inference_mode()
    def look_once() -> None:
        for batch in images.split(BATCH):
            unified(batch)

    @torch.inference_mode()
    def look_twice() -> None:
        for batch in images.split(BATCH):
            segmentation(batch)
        for batch in images.split(BATCH):
            classification(batch)

    times: dict[str, list[float]] = {"unified": [], "two single-task models": []}
    look_once(), look_twice()
    for _ in range(ROUNDS):
        for name, run in (("unified", look_once), ("two single-task models", look_twice)):
            started = time.perf_counter()
            run()
            times[name].append((time.perf_counter() - started) / SLICES * 1000)

    print(f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, {software_versions()}")
    print(f"{SLICES} slices of {spec.size} x {spec.size}, batches of {BATCH}, {ROUNDS} rounds interleaved")
    for name, values in times.items():
        print(f"  {name:24s} best {min(values):6.1f}  median {statistics.median(values):6.1f} ms a slice")
    ratios = [b / a for a, b in zip(*times.values(), strict=True)]
    print(f"  two against one: {statistics.median(ratios):.2f} (median), {min(ratios):.2f} to {max(ratios):.2f}")

    array = np.random.default_rng(0).normal(100, 20, (155, 240, 240)).astype(np.float32)
    volume = Volume(array, np.diag([1.0, 1.0, 1.0, 1.0]), "155 x 240 x 240")
    with tempfile.TemporaryDirectory() as folder:
        predictors = {"torch in float32": Predictor(spec, "cpu", BATCH),
                      "the fastest way that agrees": Predictor(spec, "cpu", BATCH, Path(folder))}
        predictors["the fastest way that agrees"].predict(volume)  # compares and compiles
        for name, predictor in predictors.items():
            made = predictor.predict(volume).provenance
            parts = ", ".join(f"{stage} {value:.2f}" for stage, value in made.seconds.items())
            print(f"  a whole volume of {volume.name}, {name} ({made.backend}), seconds: {parts}; outside the network "
                  f"{1 - made.seconds['network'] / made.seconds['total']:.1%}")
