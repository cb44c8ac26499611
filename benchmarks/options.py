"""What each option of a run costs: the time of a run with it over that of a plain one, on the same volume, interleaved.

The model is the one that comes with it, computed the way that is chosen on this machine; files are not written.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import numpy as np

from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.backends.candidates import torch_is_there
from UnifiedViTLib.inference.choices import DEFAULT_METHOD, DEFAULT_UPSCALER
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model

from .measuring import interleaved, machine, table, times_as_fast

ROUNDS = 3
#: Like a clinical series: thick slices, so that one plane is looked at.
SHAPE, SPACING = (24, 256, 256), (0.9, 0.9, 6.0)
OPTIONS = {
    "--tta": Options(tta=True),
    "--heatmap": Options(heatmap=DEFAULT_METHOD),
    "--uncertainty": Options(uncertainty=True),
    "--superres": Options(superres=DEFAULT_UPSCALER),
}


def main() -> None:
    """Measure and print."""
    array = np.random.default_rng(0).normal(100, 20, SHAPE).astype(np.float32)
    volume = Volume(array, np.diag([*SPACING, 1.0]), " x ".join(map(str, SHAPE)))
    options = {name: asked for name, asked in OPTIONS.items() if torch_is_there() or not asked.heatmap_method}
    with tempfile.TemporaryDirectory() as folder:
        predictor = Predictor(find_model(DEFAULT_MODEL), "auto", cache=Path(folder))
        made = predictor.predict(volume)  # compares and compiles
        times = interleaved({name: lambda asked=asked: predictor.predict(volume, asked)
                             for name, asked in {"plain": Options(), **options}.items()}, ROUNDS)
    print(f"## Options\n\n{machine()}\n\nA volume of {volume.name}, {ROUNDS} rounds interleaved; a plain run takes "
          f"{statistics.median(times['plain']):.2f} s ({made.provenance.backend}).\n")
    table(["option", "times a plain run: median (range)"],
          ([f"`{name}`", times_as_fast(times, "plain", name)] for name in options))
