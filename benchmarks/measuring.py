"""How everything here is measured: the ways of one comparison in turn, round after round, in one process."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch

from UnifiedViTLib.versions import software_versions

ROUNDS = 5
#: Rows of the matrices whose product is the roof.
_SIDE = 2048
Times = dict[str, list[float]]


def machine() -> str:
    """Processor, threads, versions."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    versions = ", ".join(f"{package} {version}" for package, version in software_versions().items())
    return f"{name}, {torch.get_num_threads()} threads; {versions}"


def interleaved(ways: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> Times:
    """Seconds of each way in each round; a round before them warms up and does not count."""
    times: Times = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            if turn:
                times[name].append(time.perf_counter() - started)
    return times


def times_as_fast(times: Times, name: str, as_name: str) -> str:
    """How many times as fast one way is as another: the median over rounds, and the range."""
    ratios = [slow / fast for slow, fast in zip(times[as_name], times[name], strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def table(headings: Iterable[object], rows: Iterable[Iterable[object]]) -> None:
    """Print a table of Markdown, numbers to the right."""
    headings = list(map(str, headings))
    print("| " + " | ".join(headings) + " |")
    print("|---" + "|---:" * (len(headings) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
    print(flush=True)


def roofs() -> dict[str, Callable[[], object]]:
    """Products of two matrices of 2048 x 2048, the fastest that the libraries here have: what a network could reach at
    best. `roof_of` turns their times into GFLOP/s."""
    left, right = torch.randn(_SIDE, _SIDE), torch.randn(_SIDE, _SIDE)
    half = left.bfloat16(), right.bfloat16()
    arrays = left.numpy(), right.numpy()
    return {
        "float32 numpy": lambda: np.matmul(*arrays),
        "float32 oneDNN": lambda: _medium(lambda: torch.mm(left, right)),
        "bfloat16 oneDNN": lambda: torch.mm(*half),
    }


def roof_of(times: Times, precision: str) -> float:
    """GFLOP/s of the best product in a precision, of times with all of `roofs`."""
    best = min(min(values) for name, values in times.items() if name.startswith(f"{precision} "))
    return 2 * _SIDE**3 / best / 1e9


def _medium(run: Callable[[], object]) -> object:
    """In float32 where the processor has no matrix unit for less: torch's other way is slow on some processors."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        return run()
    finally:
        torch.set_float32_matmul_precision(before)
