"""The drift monitor's picture: how far readers changed what models proposed, over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from UnifiedViTLib.outputs.dataset.cases import Case
from UnifiedViTLib.outputs.writing import write_atomically

from ..errors import DataError
from ..reports.style import COLOURS, plain

#: Cases that a point of a line is the mean of; of fewer, there is no line.
WINDOW = 10
#: The axis of time shows this much on either side at least.
_MARGIN = timedelta(days=2)


def write_drift_plot(cases: Sequence[Case], file: Path) -> None:
    """Draw Dice between proposal and correction (above) and overturned diagnoses (below) as PNG, a colour a version.

    Raises:
        DataError: there are no cases, or the file is no PNG.
        OutputError: it cannot be written.
    """
    if not cases:
        raise DataError("The dataset has no cases yet: there is nothing to draw. Add some first.")
    if file.suffix.lower() != ".png":
        raise DataError(f"{file.name} is not the name of a PNG. Give one that ends with .png.")
    figure = drift_figure(cases)
    write_atomically(file, lambda part: figure.savefig(part, dpi=120, bbox_inches="tight"))


def drift_figure(cases: Sequence[Case]) -> Figure:
    """The figure of `write_drift_plot`."""
    ordered = sorted(cases, key=lambda case: case.added)
    versions = dict.fromkeys(f"{case.model} {case.model_version}" for case in ordered)
    figure = Figure(figsize=(8, 5.4))
    upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"hspace": 0.12, "height_ratios": (2, 1)})
    for n, version in enumerate(versions):
        own = [case for case in ordered if f"{case.model} {case.model_version}" == version]
        dice = [(case.added, case.dice) for case in own if case.dice is not None]
        overturned = [(case.added, float(case.overturned)) for case in own if case.overturned is not None]
        colour = COLOURS[n % len(COLOURS)]
        _draw(upper, dice, colour, f"{version} (n = {len(own)})")
        _draw(lower, overturned, colour, "")
    upper.set(ylabel="Dice, proposed and corrected", ylim=(-0.03, 1.03))
    lower.set(ylabel="diagnoses\noverturned", ylim=(-0.1, 1.1), xlabel="added (UTC)")
    lower.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    locator = AutoDateLocator(minticks=3, maxticks=8)
    lower.xaxis.set_major_locator(locator)
    lower.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    first, last = (datetime.fromisoformat(ordered[n].added) for n in (0, -1))
    margin = max(_MARGIN, 0.04 * (last - first))
    lower.set_xlim(first - margin, last + margin)  # type: ignore[arg-type]
    for axes in (upper, lower):
        plain(axes)
    upper.legend(frameon=False, fontsize=8, loc="lower left", title=f"dots: cases; lines: mean of the last {WINDOW}",
                 title_fontsize=8)
    return figure


def _draw(axes: Axes, points: Sequence[tuple[str, float]], colour: str, label: str) -> None:
    """Values over the time at which they were added, and the mean of the last `WINDOW`."""
    times = [datetime.fromisoformat(added) for added, _ in points]
    values = np.array([value for _, value in points])
    axes.scatter(times, values, color=colour, s=16, alpha=0.5, linewidths=0, label=label)  # type: ignore[arg-type]
    means = [values[n - WINDOW : n].mean() for n in range(WINDOW, len(values) + 1)]
    axes.plot(times[WINDOW - 1 :], means, color=colour, linewidth=1.8)  # type: ignore[arg-type]
