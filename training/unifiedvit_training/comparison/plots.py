"""The picture of a comparison: what is right against what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..reports.style import COLOURS, plain
from .plan import Comparison
from .table import DECIDES, Results

#: Colour and marker of each kind of entry.
_KINDS = {"unified": (COLOURS[0], "o"), "baseline": (COLOURS[5], "v"), "cnn": (COLOURS[1], "s"),
          "transformer": (COLOURS[3], "D")}
#: Points between two lines of names.
LINE = 10
_AXES = {"classification": "accuracy among lesion types", "segmentation": "Dice"}


def trade_figure(plan: Comparison, results: Results, costs: dict[str, Any]) -> Figure:
    """Accuracy and Dice of every entry over its multiplications; one dot a seed, the name beside their mean.

    Args:
        plan: the comparison.
        results: on one of its sets.
        costs: as of `costs_of`.
    """
    cost = costs["sizes"][min(costs["sizes"], key=int)]
    figure = Figure(figsize=(11, 4.8))
    for axes, (task, decides) in zip(figure.subplots(1, 2, gridspec_kw={"wspace": 0.22}), DECIDES.items(), strict=True):
        dots = []
        for entry in plan.entries:
            values = results.metrics.get(entry.name, {}).get(decides)
            if values is None or np.isnan(values).any():
                continue
            colour, marker = _KINDS[entry.kind]
            across = cost[entry.name]["multiplications"] / 1e9
            axes.scatter([across] * len(values), values, color=colour, marker=marker, s=34, alpha=0.8, linewidths=0)
            dots.append((across, float(values.mean()), entry.name, colour))
        axes.set(xlabel="billions of multiplications a slice", ylabel=_AXES[task])
        axes.margins(x=0.2)
        plain(axes)
        _name(axes, dots)
    return figure


def _name(axes: Axes, dots: list[tuple[float, float, str, str]]) -> None:
    """Write each name (across, up, name, colour) beside its dot, where there is room, above those it would cover."""
    figure: Any = axes.figure
    points = 72 * figure.get_size_inches()[1] * axes.get_position().height / np.ptp(axes.get_ylim())
    width, rightmost, written = np.ptp(axes.get_xlim()) / 4, max(dot[0] for dot in dots), []
    for across, up, name, colour in sorted(dots, key=lambda dot: dot[1]):
        height = up * points
        for other, taken in written:
            if abs(across - other) < width and height < taken + LINE:
                height = taken + LINE
        written.append((across, height))
        inwards = 0 < rightmost - across < width  # else it would run into the rightmost
        axes.annotate(name, (across, up), xytext=(-6 if inwards else 6, height - up * points), fontsize=8,
                      textcoords="offset points", ha="right" if inwards else "left", va="center", color=colour)
