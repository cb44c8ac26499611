"""What each option of a run costs: the time of a run with it over that of a plain one, on the same volume, interleaved.

The model is the one that comes with it, computed the way that is chosen on this machine; files are not written.
"""

from __future__ import annotations

import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.choice import torch_is_there
from UnifiedViTLib.inference.explain import DEFAULT_METHOD
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor, software_versions
from UnifiedViTLib.inference.upscalers import DEFAULT_UPSCALER
from UnifiedViTLib.service.catalogue import DEFAULT_MODEL, find_model

ROUNDS = 3
#: Like a clinical series: thick slices, so that one plane is looked at.
SHAPE, SPACING = (24, 256, 256), (0.9, 0.9, 6.0)
OPTIONS = {
    "--flips": Options(flips=True),
    "--explain": Options(explain=DEFAULT_METHOD),
    "--uncertainty": Options(uncertainty=True),
    "--superres": Options(superres=DEFAULT_UPSCALER),
}


def main() -> None:
    """Measure and print."""
    array = np.random.default_rng(0).normal(100, 20, SHAPE).astype(np.float32)
    volume = Volume(array, np.diag([*SPACING, 1.0]), " x ".join(map(str, SHAPE)))
    options = {name: asked for name, asked in OPTIONS.items() if torch_is_there() or not asked.guide}
    with tempfile.TemporaryDirectory() as folder:
        predictor = Predictor(find_model(DEFAULT_MODEL), "auto", cache=Path(folder))
        times: dict[str, list[float]] = {name: [] for name in ("plain", *options)}
        for turn in range(ROUNDS + 1):
            for name, asked in (("plain", Options()), *options.items()):
                started = time.perf_counter()
                made = predictor.predict(volume, asked)
                if turn:  # the first is for comparing, compiling and warming up
                    times[name].append(time.perf_counter() - started)
    print(f"{platform.processor() or platform.machine()}, {made.provenance.backend}, {software_versions()}")
    print(f"a volume of {volume.name}, {ROUNDS} rounds interleaved; a plain run takes "
          f"{statistics.median(times['plain']):.2f} s")
    for name in options:
        ratios = [asked / plain for plain, asked in zip(times["plain"], times[name], strict=True)]
        print(f"  {name:14s} {statistics.median(ratios):5.2f} times plain, {min(ratios):.2f} to {max(ratios):.2f}")
