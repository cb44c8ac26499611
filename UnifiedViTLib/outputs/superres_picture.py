"""The input beside its super-resolved volume, with the edge of what is synthetic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import NOTICE
from ..imaging.intensity import measure_foreground
from ..imaging.slicing import slice_view
from ..imaging.volume import Volume
from ..inference.prediction import Prediction, SuperResolution
from ..texts import printable
from .files import SYNTHETIC
from .montage import PLAIN_TEXT
from .writing import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Slices in the picture, and voxels of the input shown around the synthetic ones.
_SLICES, _AROUND = 3, 8


def write_superres_picture(volume: Volume, made: SuperResolution, prediction: Prediction, path: Path) -> None:
    """Write a PNG: the input and the super-resolved volume side by side, for slices with attended regions, those with
    most drawn on them first.

    Args:
        volume: what was looked at.
        made: its super-resolution.
        prediction: that it is part of.
        path: the file.
    """
    from matplotlib import rc_context

    with rc_context(PLAIN_TEXT):
        figure = _drawn(volume, made, prediction)
        write_atomically(path, lambda part: figure.savefig(part, format="png"))


def _drawn(volume: Volume, made: SuperResolution, prediction: Prediction) -> Figure:
    """The figure; arguments as of `write_superres_picture`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    view = slice_view(volume, prediction.provenance.plane)
    slices, fine, synthetic = view.of(volume.array), view.of(made.array), view.of(made.synthetic)
    # A voxel of the finer grid in the input's: where the finer volume begins and how large its voxels are.
    to_old = np.linalg.inv(volume.ijk_to_ras) @ made.ijk_to_ras
    steps = [float(to_old[2 - axis, 2 - axis]) for axis in view.axes]
    begins = []
    for axis, flipped, step in zip(view.axes, view.flipped, steps, strict=True):
        first = float(to_old[2 - axis, 3]) - step / 2 + 0.5
        begins.append(volume.array.shape[axis] - first - step * made.array.shape[axis] if flipped else first)
    drawn = (view.of(prediction.labelmap) > 0).sum(axis=(1, 2))[round(begins[0]):]
    candidates = np.flatnonzero(synthetic.any(axis=(1, 2)))
    areas = synthetic.sum(axis=(1, 2))
    shown = sorted(sorted(candidates, key=lambda n: (drawn[n], areas[n]))[-_SLICES:])
    figure = Figure(figsize=(8, 3.9 * len(shown) + 0.5), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(shown), 2, squeeze=False)
    light, aspect = measure_foreground(volume.array), view.mm[1] / view.mm[2]
    colour = np.array(SYNTHETIC.colour) / 255
    for row, number in zip(axes, shown, strict=True):
        rows, columns = np.nonzero(synthetic[number])
        box = [(begin + step * (part.min() - 0.5), begin + step * (part.max() + 0.5))
               for part, begin, step in zip((rows, columns), begins[1:], steps[1:], strict=True)]
        pictures = (slices[number + round(begins[0])], fine[number])
        for ax, picture, start, step in zip(row, pictures, ((0, 0), begins[1:]), (1, steps[1]), strict=True):
            height, width = picture.shape
            extent = (start[1] - 0.5, start[1] + step * width - 0.5, start[0] + step * height - 0.5, start[0] - 0.5)
            ax.imshow(light.grey(picture), extent=extent, aspect=aspect, interpolation="nearest")
            ax.set_xlim(box[1][0] - _AROUND, box[1][1] + _AROUND)
            ax.set_ylim(box[0][1] + _AROUND, box[0][0] - _AROUND)
            ax.set_axis_off()
        places = [begin + step * (np.arange(-1, count + 1) + 0.5) - 0.5
                  for begin, step, count in zip(begins[1:], steps[1:], synthetic.shape[1:], strict=True)]
        row[1].contour(places[1], places[0], np.pad(synthetic[number], 1), [0.5], colors=[colour], linewidths=1)
        row[0].set_title(f"input, slice {number + round(begins[0]) + 1}/{len(slices)}", fontsize=9)
        row[1].set_title("synthetic within the line, interpolated around it", fontsize=9)
    figure.supxlabel(
        f"{printable(prediction.name)} · {made.upscaler} · regions chosen by {made.method} · {NOTICE}", fontsize=7)
    return figure
