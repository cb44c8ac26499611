"""The report of `unifiedvit-train ood`: what a model notices, and which way to tell does best."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from ...reports.page import Picture, Section, Table, Text, figure_uri, render_page
from ...reports.style import COLOURS, plain
from .metrics import IN_DISTRIBUTION, OODResults, SetMetrics
from .scores import Score

_HEADER = ("", "is", "slices", "AUROC", "slices flagged", "slices turned", "images", "called unlike", "called turned",
           "other warnings")


def ood_text(results: OODResults) -> str:
    """A table for the terminal."""
    rows = [_HEADER, *(tuple(_short(value) for value in _row(metrics)) for metrics in results.sets)]
    widths = [max(len(row[n]) for row in rows) + 2 for n in range(len(_HEADER))]
    lines = ["".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, f"Validation slices beyond a threshold chosen on the others: {results.held_out:.3f}"])


def _row(metrics: SetMetrics) -> tuple[str | int | float | None, ...]:
    return (
        metrics.name,
        metrics.role,
        metrics.slices,
        metrics.auroc,
        metrics.flagged_fraction,
        metrics.rotated_fraction,
        metrics.images,
        metrics.ood_warned,
        metrics.orientation_warned,
        metrics.input_warned,
    )


def _short(value: str | int | float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def ood_page(results: OODResults, exported: Score) -> str:
    """The whole report as HTML; `exported` is the way to tell that models are exported with."""
    table = Table(_HEADER, [_row(metrics) for metrics in results.sets],
                  "Shares. AUROC: of telling the set's slices from the validation slices. An image is called unlike "
                  "training, or turned, if more than half of its slices are.")
    sections = [
        Section("What is noticed", [
            Text(f"A slice is beyond if its distance exceeds {results.threshold:g}, as that of 1 % of the validation "
                 f"slices does. With a threshold chosen on half of them, {results.held_out:.1%} of the other half do."),
            table, Picture(figure_uri(distances_figure(results)), "Distances of slices; the line is the threshold."),
        ]),
        Section("Ways to tell", [
            Text("AUROC and, in brackets, the share of slices beyond a threshold that 1 % of half of the validation "
                 f"slices exceed. Models are exported with “{exported.name}”."),
            _scores(results),
        ]),
    ]
    return render_page(
        "Out-of-distribution detection", sections, f"{results.spec.name} {results.spec.version}. Research use only."
    )


def _scores(results: OODResults) -> Table:
    ood_roles = {role: None for role in results.roles.values() if role != IN_DISTRIBUTION}
    header = ["", "false alarms",
              *(f"{word}, {role}" for role in ood_roles for word in ("worst AUROC", "mean flagged")), *results.roles]
    rows = []
    for score, values in results.scores.items():
        alarms = next(iter(values.values()))[1]
        by_role = (value for role in ood_roles
                   for value in (results.worst(score, role), results.mean_flagged_fraction(score, role)))
        rows.append([score.name, alarms, *by_role,
                     *(f"{values[name][0]:.3f} ({values[name][1]:.2f})" for name in results.roles)])
    return Table(header, rows)


def distances_figure(results: OODResults) -> Figure:
    """One line of dots a set, its median marked; in-distribution sets blue."""
    figure = Figure(figsize=(8.4, 0.42 * len(results.sets) + 1.0), layout="constrained")
    axes, chance = figure.subplots(), np.random.default_rng(0)
    for n, metrics in enumerate(results.sets):
        if not len(metrics.distances):
            continue
        colour = COLOURS[0] if metrics.role == IN_DISTRIBUTION else COLOURS[1]
        dots = chance.choice(metrics.distances, min(len(metrics.distances), 300), replace=False)
        axes.scatter(dots, n + chance.uniform(-0.25, 0.25, len(dots)), s=5, color=colour, alpha=0.35, linewidths=0)
        axes.plot([np.median(metrics.distances)] * 2, [n - 0.35, n + 0.35], color=colour, linewidth=2)
    axes.axvline(results.threshold, color="#333333", linewidth=1, linestyle="--")
    axes.set_yticks(range(len(results.sets)), [metrics.name for metrics in results.sets])
    axes.set_ylim(len(results.sets) - 0.5, -0.5)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlabel("Mahalanobis distance")
    plain(axes)
    return figure
