"""How time grows with the number of slices, their size, and the batch; and how much memory the largest volume takes."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import numpy as np

from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.backends.cache import DiskCache
from UnifiedViTLib.inference.backends.openvino_backend import OpenVINOBackend
from UnifiedViTLib.inference.backends.torch_backend import TorchBackend
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model

from .measuring import interleaved, machine, table
from .volume import head, make_backends, with_backend

SLICES, SIDES, BATCHES = (10, 30, 100, 300, 1000), (128, 256, 512, 1024), (1, 2, 4, 8, 16, 32)
FEW, ROUNDS = 24, 5
#: Rounds over 1,440 slices take minutes.
LONG_ROUNDS = 3
LARGEST = (1000, 512, 512)


def main() -> None:
    """Measure and print."""
    spec = find_model(DEFAULT_MODEL)
    predictor = with_backend(spec, OpenVINOBackend(spec, "float32", DiskCache(None, spec)))
    print(f"## Growth\n\n{machine()}\n\nOpenVINO in float32, best of {ROUNDS} rounds interleaved "
          f"({LONG_ROUNDS} over the numbers of slices).\n")
    _grow("slices of 240 x 240", {n: head((n, 240, 240)) for n in SLICES}, predictor, LONG_ROUNDS)
    _grow(f"side of {FEW} slices, pixels", {n: head((FEW, n, n)) for n in SIDES}, predictor, ROUNDS)
    images = np.random.default_rng(0).normal(size=(max(BATCHES), 1, spec.size, spec.size)).astype(np.float32)
    backends = make_backends(spec)
    ways = {(name, size): lambda backend=backend, size=size: [backend.run(images[start:start + size]) for start in
                                                              range(0, len(images), size)]
            for name, backend in backends.items() for size in BATCHES}
    times = interleaved(ways, ROUNDS)
    print("Milliseconds a slice in batches of:\n")
    table(["", *BATCHES], ([name, *(f"{1000 * min(times[name, size]) / len(images):.1f}" for size in BATCHES)]
                           for name in backends))
    _memory()


def _grow(words: str, volumes: dict[int, Volume], predictor: Predictor, rounds: int) -> None:
    times = interleaved({n: lambda volume=volume: predictor.predict(volume) for n, volume in volumes.items()}, rounds)
    best = {n: min(values) for n, values in times.items()}
    numbers = list(best)
    exponents = ["", *(f"{np.log(best[b] / best[a]) / np.log(b / a):.2f}" for a, b in pairwise(numbers))]
    table([words, "s", "exponent since the one before"],
          ([n, f"{best[n]:.2f}", exponent] for n, exponent in zip(numbers, exponents, strict=True)))


def _memory() -> None:
    shape = " x ".join(map(str, reversed(LARGEST)))
    print(f"Peak memory of a process that looks at {shape} voxels of int16 ({np.prod(LARGEST) * 2 / 2**20:.0f} MiB):\n")
    rows = []
    for library in ("OpenVINO", "torch"):
        done = subprocess.run([sys.executable, "-m", "benchmarks.growth", library], capture_output=True, text=True)
        said = done.stdout.split()
        rows.append([f"{library}, float32", *(f"{int(mb) / 1024:.2f} GiB" for mb in said[:3]), *said[3:]]
                    if done.returncode == 0 else [library, done.stderr.strip().splitlines()[-1]])
    table(["", "model ready", "with the volume", "peak", "s", "share outside the network"], rows)


def _run_largest(library: str) -> None:
    """In a process of its own: print its peak in MiB with the model ready, with the volume, and at the end; seconds;
    and the share of them outside the network."""
    spec = find_model(DEFAULT_MODEL)
    predictor = with_backend(spec, TorchBackend(spec, "cpu") if library == "torch" else
                             OpenVINOBackend(spec, "float32", DiskCache(None, spec)))
    ready = _peak()
    array, chance = np.zeros(LARGEST, np.int16), np.random.default_rng(0)
    for one in array:
        one[60:450, 60:450] = chance.normal(100, 20, (390, 390))
    there = _peak()
    timings = predictor.predict(Volume(array, np.diag([0.7, 0.7, 0.7, 1.0]), "largest")).provenance.timings_s
    print(ready, there, _peak(), f"{timings['total']:.0f}", f"{1 - timings['network'] / timings['total']:.3f}")


def _peak() -> int:
    """MiB; Linux alone says it of a process by itself."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmHWM"))


if __name__ == "__main__":
    _run_largest(sys.argv[1])
