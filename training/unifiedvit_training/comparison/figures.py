"""The picture of a comparison: what is right against what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..reports.evaluation_figures import COLOURS, plain
from .plan import Comparison
from .table import DECIDES, Results

#: Colour and marker of each kind of entry.
_KINDS = {"unified": (COLOURS[0], "o"), "twin": (COLOURS[5], "v"), "cnn": (COLOURS[1], "s"),
          "transformer": (COLOURS[3], "D")}
_AXES = {"classification": "accuracy among lesion types", "segmentation": "Dice"}


def trade_figure(plan: Comparison, results: Results, costs: dict[str, Any]) -> Figure:
    """Accuracy and Dice of every entry over its multiplications; one dot a seed, the name beside their mean."""
    cost = costs["sizes"][min(costs["sizes"], key=int)]
    figure = Figure(figsize=(11, 4.8))
    for axes, (task, decides) in zip(figure.subplots(1, 2, gridspec_kw={"wspace": 0.22}), DECIDES.items(), strict=True):
        for entry in plan.entries:
            values = results.figures.get(entry.name, {}).get(decides)
            if values is None or np.isnan(values).any():
                continue
            colour, marker = _KINDS[entry.kind]
            across = cost[entry.name]["multiplications"] / 1e9
            axes.scatter([across] * len(values), values, color=colour, marker=marker, s=34, alpha=0.8, linewidths=0)
            axes.annotate(entry.name, (across, values.mean()), xytext=(6, 0), textcoords="offset points", fontsize=8,
                          va="center", color=colour)
        axes.set(xlabel="billions of multiplications a slice", ylabel=_AXES[task])
        axes.margins(x=0.18)
        plain(axes)
    return figure
