"""Many volumes: one process after the other against two at a time, and against two actors of Ray; start-up counts."""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.service.batch import Way, one_by_one, process_files
from UnifiedViTLib.service.cache import compiled_folder
from UnifiedViTLib.service.catalogue import DEFAULT_MODEL, find_model
from UnifiedViTLib.service.cluster import on_cluster
from UnifiedViTLib.service.many import in_processes

VOLUMES, SHAPE, JOBS, ROUNDS = 8, (24, 256, 256), 2, 3


def main() -> None:
    """Print seconds for all volumes, and how many times faster than one process; ways interleaved."""
    logging.disable(logging.WARNING)
    spec, options = find_model(DEFAULT_MODEL), Options()

    def alone() -> Way:
        predictor = Predictor(spec, "cpu", cache=compiled_folder())
        return one_by_one(lambda volume, told: predictor.predict(volume, options, told))

    ways = {
        "one process": alone,
        f"{JOBS} processes": lambda: in_processes(spec, options, "cpu", "", JOBS),
        f"{JOBS} actors of Ray": lambda: on_cluster(spec, options, "cpu", "", "", JOBS),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as folder:
        chance = np.random.default_rng(0)
        scans = []
        for number in range(VOLUMES):
            scans.append(Path(folder) / f"{number}.nrrd")
            sitk.WriteImage(sitk.GetImageFromArray(chance.normal(100, 20, SHAPE).astype(np.int16)), str(scans[-1]))
        process_files(scans[:1], Path(folder) / "first", spec, alone())  # compares and compiles
        for number in range(ROUNDS):
            for name, make in ways.items():
                started = time.perf_counter()
                process_files(scans, Path(folder) / f"{number} {name}", spec, make())
                seconds[name].append(time.perf_counter() - started)
    first = statistics.median(seconds["one process"])
    print(f"{VOLUMES} volumes of {' x '.join(map(str, SHAPE))} with all their files, {ROUNDS} rounds interleaved:")
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        print(f"  {name:<18} {middle:6.1f} s ({min(taken):.1f} to {max(taken):.1f}), speed {first / middle:.2f}")
