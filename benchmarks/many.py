"""Many volumes: one process after the other against two at a time, and against two actors of Ray; start-up counts."""

from __future__ import annotations

import logging
import statistics
import tempfile
from itertools import count
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from UnifiedViTLib.service.batch.multiprocess import multiprocess
from UnifiedViTLib.service.batch.ray_cluster import ray_cluster
from UnifiedViTLib.service.batch.runner import BatchSettings, process_files
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model

from .measuring import interleaved, machine, table, times_as_fast

VOLUMES, SHAPE, JOBS, ROUNDS = 8, (24, 256, 256), 2, 3


def main() -> None:
    """Print seconds for all volumes, and how many times faster than one process; interleaved."""
    logging.disable(logging.WARNING)
    settings = BatchSettings(find_model(DEFAULT_MODEL), device="cpu")
    executors = {
        "one process": multiprocess(1),
        f"{JOBS} processes": multiprocess(JOBS),
        f"{JOBS} actors of Ray": ray_cluster("", JOBS),
    }
    with tempfile.TemporaryDirectory() as folder:
        chance = np.random.default_rng(0)
        scans, numbers = [], count()
        for number in range(VOLUMES):
            scans.append(Path(folder) / f"{number}.nrrd")
            sitk.WriteImage(sitk.GetImageFromArray(chance.normal(100, 20, SHAPE).astype(np.int16)), str(scans[-1]))
        times = interleaved({
            name: lambda one=executor: process_files(scans, Path(folder) / f"results {next(numbers)}", settings, one)
            for name, executor in executors.items()
        }, ROUNDS)
    print(f"## Many volumes\n\n{machine()}\n\n{VOLUMES} volumes of {' x '.join(map(str, SHAPE))} with all their files, "
          f"start-up included, {ROUNDS} rounds interleaved.\n")
    table(["", "seconds: median (range)", "times as fast as one process"],
          ([name, f"{statistics.median(taken):.1f} ({min(taken):.1f} to {max(taken):.1f})",
            times_as_fast(times, name, "one process")] for name, taken in times.items()))
