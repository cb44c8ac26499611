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


def ood_text(found: OODResults) -> str:
    """A table for the terminal."""
    rows = [_HEADER, *(tuple(_short(value) for value in _row(one)) for one in found.sets)]
    widths = [max(len(row[n]) for row in rows) + 2 for n in range(len(_HEADER))]
    lines = ["".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, f"Validation slices beyond a threshold chosen on the others: {found.held_out:.3f}"])


def _row(one: SetMetrics) -> tuple[str | int | float | None, ...]:
    return (
        one.name,
        one.role,
        one.slices,
        one.auroc,
        one.flagged_fraction,
        one.rotated_fraction,
        one.images,
        one.ood_warned,
        one.orientation_warned,
        one.input_warned,
    )


def _short(value: str | int | float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def ood_page(found: OODResults, exported: Score) -> str:
    """The whole report as HTML; `exported` is the way to tell that models are exported with."""
    table = Table(_HEADER, [_row(one) for one in found.sets],
                  "Shares. AUROC: of telling the set's slices from the validation slices. An image is called unlike "
                  "training, or turned, if more than half of its slices are.")
    sections = [
        Section("What is noticed", [
            Text(f"A slice is beyond if its distance exceeds {found.threshold:g}, as that of 1 % of the validation "
                 f"slices does. With a threshold chosen on half of them, {found.held_out:.1%} of the other half do."),
            table, Picture(figure_uri(distances_figure(found)), "Distances of slices; the line is the threshold."),
        ]),
        Section("Ways to tell", [
            Text("AUROC and, in brackets, the share of slices beyond a threshold that 1 % of half of the validation "
                 f"slices exceed. Models are exported with “{exported.name}”."),
            _scores(found),
        ]),
    ]
    return render_page(
        "Out-of-distribution detection", sections, f"{found.spec.name} {found.spec.version}. Research use only."
    )


def _scores(found: OODResults) -> Table:
    ood_roles = {role: None for role in found.roles.values() if role != IN_DISTRIBUTION}
    header = ["", "false alarms",
              *(f"{word}, {role}" for role in ood_roles for word in ("worst AUROC", "mean flagged")), *found.roles]
    rows = []
    for score, values in found.scores.items():
        alarms = next(iter(values.values()))[1]
        by_role = (value for role in ood_roles
                   for value in (found.worst(score, role), found.mean_flagged_fraction(score, role)))
        rows.append([score.name, alarms, *by_role,
                     *(f"{values[name][0]:.3f} ({values[name][1]:.2f})" for name in found.roles)])
    return Table(header, rows)


def distances_figure(found: OODResults) -> Figure:
    """One line of dots a set, its median marked; in-distribution sets blue."""
    figure = Figure(figsize=(8.4, 0.42 * len(found.sets) + 1.0), layout="constrained")
    axes, chance = figure.subplots(), np.random.default_rng(0)
    for n, one in enumerate(found.sets):
        if not len(one.distances):
            continue
        colour = COLOURS[0] if one.role == IN_DISTRIBUTION else COLOURS[1]
        shown = chance.choice(one.distances, min(len(one.distances), 300), replace=False)
        axes.scatter(shown, n + chance.uniform(-0.25, 0.25, len(shown)), s=5, color=colour, alpha=0.35, linewidths=0)
        axes.plot([np.median(one.distances)] * 2, [n - 0.35, n + 0.35], color=colour, linewidth=2)
    axes.axvline(found.threshold, color="#333333", linewidth=1, linestyle="--")
    axes.set_yticks(range(len(found.sets)), [one.name for one in found.sets])
    axes.set_ylim(len(found.sets) - 0.5, -0.5)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlabel("Mahalanobis distance")
    plain(axes)
    return figure
