"""One picture of a result: slices with outlines, the diagnosis as bars, the slices as a curve."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..imaging.intensity import measure_foreground
from ..imaging.slicing import slice_view
from ..imaging.volume import Volume
from ..inference.prediction import Prediction
from ..texts import percents, printable
from .colour_maps import colour_of, over_image
from .files import diagnosis_as_json
from .headlines import amounts, findings
from .region import region_as_json, region_mask
from .writing import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SLICES = 12
#: A picture shows at least so many pixels along a side of a slice; of a radiograph with more, blocks of them as one.
_ENOUGH = 600
#: For matplotlib: names of images and classes are no formulas, whatever "$" is in them.
PLAIN_TEXT: dict[Any, Any] = {"text.parse_math": False, "text.usetex": False}
_INK, _QUIET, _PAPER = "#1c2430", "#7b8794", "#ffffff"
#: Inches: the lower part, with the answer; the line above a slice; between two slices.
_ANSWER, _TITLE, _GAP = 2.6, 0.19, 0.06
#: Letters of a class's name, so that bars and curves have room, however wide the letters.
_LONGEST = 40


def chosen_slices(drawn: np.ndarray, most: int = MOST_SLICES, touched: np.ndarray | None = None) -> np.ndarray:
    """Which slices to show: half of the places for slices with a drawing, the rest spread over the volume.

    Args:
        drawn: (N,) area drawn on each slice.
        most: so many slices at most.
        touched: (N, rows, columns) bool, the region of interest, whose slices alone are shown; None for none.
    """
    if touched is not None:
        inside = np.flatnonzero(touched.any(axis=(1, 2)))
        return inside[chosen_slices(drawn[inside], most)]
    count = len(drawn)
    if count <= most:
        return np.arange(count)
    with_lesion = np.flatnonzero(drawn)
    half = with_lesion[np.unique(np.linspace(0, len(with_lesion) - 1, most // 2).round().astype(int))] if len(
        with_lesion) else np.array([], int)
    inner = np.linspace(0.06, 0.94, 4 * most) * (count - 1)
    rest = [n for n in np.unique(inner.round().astype(int)) if n not in half]
    places = np.unique(np.linspace(0, len(rest) - 1, most - len(half)).round().astype(int))
    return np.sort(np.concatenate([half, np.array(rest)[places]]))


def downsampled(values: np.ndarray, reduce: Callable[..., Any] = np.max) -> np.ndarray:
    """A slice as it is shown: each block of pixels one pixel, where it has more than a picture needs.

    Args:
        values: (rows, columns), of whatever kind; blocks that are cut by the edge are left out.
        reduce: what becomes of a block: the largest of labels and maps, so that thin ones stay; `np.mean` of images.
    """
    block = max(1, min(values.shape) // _ENOUGH)
    if block == 1:
        return values
    rows, columns = (count // block for count in values.shape)
    return reduce(values[:rows * block, :columns * block].reshape(rows, block, columns, block), axis=(1, 3))


def write_montage(volume: Volume, prediction: Prediction, path: Path) -> None:
    """Write a PNG: slices with outlines, and with the heat map where the prediction has one.

    Args:
        volume: what was looked at.
        prediction: the result for it.
        path: the file.
    """
    from matplotlib import rc_context

    with rc_context(PLAIN_TEXT):
        figure = _drawn(volume, prediction)
        write_atomically(path, lambda part: figure.savefig(part, format="png"))


def _drawn(volume: Volume, prediction: Prediction) -> Figure:
    """The figure; arguments as of `write_montage`. Places are reckoned here: matplotlib's layout engine and an axes a
    slice take longer than the network does."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    view = slice_view(volume, prediction.provenance.plane)
    slices, labels = view.of(volume.array), view.of(prediction.labelmap)
    heat = view.of(prediction.heatmap.percent) if prediction.heatmap else None
    interest = region_mask(region_as_json(prediction), volume)
    outline = None if interest is None else view.of(interest)
    shown = chosen_slices((labels > 0).sum(axis=(1, 2)), touched=outline)
    columns = min(6, len(shown))
    rows = math.ceil(len(shown) / columns)
    width, top = (12.0, 2.15 * rows) if columns > 1 else (11.0, 5.0)
    height = top + _ANSWER
    figure = Figure(figsize=(width, height), dpi=90, facecolor=_PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, _ANSWER / height, 1, top / height), facecolor="black", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    foreground = measure_foreground(volume.array)
    cell = np.array([width / columns, top / rows])
    for place, n in enumerate(shown):
        # Across and down, in inches: a pixel so large that the slice fills its cell, the slice, its upper left corner.
        grey = foreground.grey(downsampled(slices[n], np.mean))
        mm, count = np.array([view.mm[2], view.mm[1]]), np.array(grey.shape[1::-1])
        pixel = mm * ((cell - (_GAP, _TITLE + _GAP)) / (mm * count)).min()
        size = pixel * count
        corner = cell * (place % columns, place // columns) + (cell - size + (0, _TITLE)) / 2
        rgb = grey if heat is None else over_image(grey, downsampled(heat[n]))
        axes.imshow(rgb, interpolation="bilinear", aspect="auto",
                    extent=(corner[0], corner[0] + size[0], corner[1] + size[1], corner[1]))
        if outline is not None:
            _outline(axes, downsampled(outline[n]), np.ones(3), corner, pixel, 0.6)
        for label, segment in enumerate(prediction.spec.segments, start=1):
            _outline(axes, downsampled(labels[n] == label), np.array(segment.colour) / 255, corner, pixel)
        axes.text(corner[0] + size[0] / 2, corner[1] - 0.03, f"{n + 1}/{len(slices)}", color="#cfd6de", fontsize=7,
                  ha="center", va="bottom")
    axes.set(xlim=(0, width), ylim=(top, 0))  # after the images, each of which sets them
    _answer(figure, prediction, shown)
    return figure


def _outline(axes, mask: np.ndarray, colour: np.ndarray, corner: np.ndarray, pixel: np.ndarray,
             width: float = 1.1) -> None:
    """The edge of `mask` (rows, columns), also where it meets the edge of the slice, whose upper left corner and pixel
    (across, down) are in the axes' units."""
    if mask.any():
        x, y = (first + size * (np.arange(-1, many + 1) + 0.5)
                for first, size, many in zip(corner, pixel, reversed(mask.shape), strict=True))
        axes.contour(x, y, np.pad(mask, 1), [0.5], colors=[colour], linewidths=width)


def _answer(figure: Figure, prediction: Prediction, shown: np.ndarray) -> None:
    """Bars for the volume's diagnosis, curves for the slices."""
    diagnosis, spec = prediction.diagnosis, prediction.spec
    volumes = amounts([segment.to_dict() for segment in prediction.segments], digits=1)
    answers = findings(diagnosis_as_json(prediction))
    headline = ",  ".join(words if p is None else f"{words}  {p:.0%}" for words, p in answers)
    width, height = figure.get_size_inches()
    figure.text(0.12 / width, (_ANSWER - 0.1) / height, f"{printable(prediction.name)}:  {headline}   ({volumes})",
                fontsize=13, color=_INK, fontweight="bold", va="top")
    heat = prediction.heatmap
    explained = f"Colours: what speaks for {heat.display} ({heat.method}) · " if heat else ""
    figure.text(
        0.12 / width, 0.06 / height,
        f"{explained}{spec.name} {spec.version} · {prediction.provenance.plane} · {prediction.provenance.backend} on "
        f"{prediction.provenance.device} · Research use only, not for clinical diagnosis",
        fontsize=7.5, color=_QUIET, va="bottom",
    )
    names = [c.display if len(c.display) <= _LONGEST else f"{c.display[:_LONGEST - 1].rstrip()}…" for c in spec.classes]
    values = [diagnosis.probabilities[c.name] for c in spec.classes]
    colours = [colour_of(n) for n in range(len(names))]
    # Inches: the names left of the bars, and right of the curves.
    before, after = _width(figure, names, 8) + 0.25, _width(figure, names, 7) + 0.65
    middle = before + (width - before - after - 0.6) / 2.6
    left, right = (
        figure.add_axes((start / width, 0.45 / height, (end - start) / width, (_ANSWER - 1.0) / height))
        for start, end in ((before, middle), (middle + 0.6, width - after))
    )
    bars = left.barh(names, values, color=colours)
    limits = diagnosis.thresholds or {}
    labels = [percents(v, limits.get(c.name, v))[0] for v, c in zip(values, spec.classes, strict=True)]
    left.bar_label(bars, labels, padding=3, fontsize=9, color=_INK)
    if diagnosis.thresholds:
        for n, c in enumerate(spec.classes):
            left.vlines(diagnosis.thresholds[c.name], n - 0.45, n + 0.45, colors=_INK, linewidth=1.5)
    left.set_xlim(0, 1.15)
    left.invert_yaxis()
    what = "volume" if prediction.region is None else "region's slices"
    left.set_title(f"Findings of the {what} (lines: found from there on)" if diagnosis.thresholds
                   else f"Diagnosis of the {what}", fontsize=9, color=_INK, loc="left")
    left.xaxis.set_visible(False)
    first = prediction.region.first_slice if prediction.region else 0
    numbers = np.arange(1, len(prediction.slice_probabilities) + 1) + first
    lines = [
        right.plot(numbers, prediction.slice_probabilities[:, n], color=colours[n], marker="o", markersize=3)[0]
        for n in range(len(names))
    ]
    right.plot(shown + 1, np.full(len(shown), -0.06), "|", color=_QUIET, markersize=5, clip_on=False)
    right.set_ylim(-0.06, 1.03)
    right.locator_params(axis="x", integer=True)
    right.set_title("Probability slice by slice (ticks: slices shown)", fontsize=9, color=_INK, loc="left")
    # Named here: matplotlib leaves lines out that are called by a name with "_" before it.
    right.legend(lines, names, fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    for ax in (left, right):
        ax.tick_params(labelsize=8, colors=_INK, length=2)
        ax.spines[["top", "right"]].set_visible(False)


def _width(figure: Any, names: list[str], size: float) -> float:
    """Of the widest of `names` in letters of `size` points; inches."""
    renderer = figure.canvas.get_renderer()
    texts = [figure.text(0, 0, name, fontsize=size) for name in names]
    widest = max(text.get_window_extent(renderer).width for text in texts) / figure.dpi
    for text in texts:
        text.remove()
    return widest
