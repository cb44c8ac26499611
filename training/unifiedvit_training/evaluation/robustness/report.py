"""The report of `unifiedvit-train robustness`: accuracy and Dice against severity, and what networks differ by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ...config import Model
from ...data.dataset import Dataset, pictures
from ...reports.page import Gallery, Picture, Section, Table, Text, figure_uri, image_uri, render_page
from ...reports.pictures import overlay
from ...reports.style import COLOURS, plain
from ..comparison_report import format_change
from ..metric_labels import metric_labels
from .corruptions import CLEAN, CORRUPTIONS, SEVERITIES, corrupt
from .metrics import METRICS, Robustness

#: What is drawn: accuracy of the diagnosis above, overlap of the mask below.
_DRAWN = {"lesion_type_accuracy": "accuracy among lesion types", "dice": "Dice"}
_FLAGGED = "Slices called unlike training"


def robustness_text(results: dict[str, Robustness]) -> str:
    """A table for the terminal: each metric of clean slices, and its mean over corruptions and severities."""
    width = max(len(name) for name in results) + 2
    lines = ["clean -> mean of all corruptions and severities", f"{'':<24}" + "".join(f"{n:>{max(width, 17)}}"
                                                                                         for n in results)]
    for metric in METRICS:
        cells = (f"{_short(result.metrics[CLEAN][0][metric])} -> {_short(result.mean[metric])}"
                 for result in results.values())
        lines.append(f"{metric:<24}" + "".join(f"{cell:>{max(width, 17)}}" for cell in cells))
    return "\n".join(lines)


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def robustness_page(model: Model, dataset: Dataset, places: np.ndarray, side: str, results: dict[str, Robustness],
                    names: Sequence[str]) -> str:
    """The whole report as HTML.

    Args:
        model: whose classes all networks know.
        dataset: whose slices were corrupted.
        places: (N,) slices that were measured.
        side: which they are of.
        results: by network, the one that the others are compared with first.
        names: of the corruptions.
    """
    labels = metric_labels(model) | {"flagged": _FLAGGED}
    sections = [
        Section("All corruptions together", [
            Text("Means over corruptions of the mean over severities. “Balanced error” is one minus the mean recall of "
                 "the classes; relative: what it rises by, as a share of what the first network's rises by (as in "
                 "MedMNIST-C, Di Salvo et al. 2024, with the first network in place of AlexNet)."),
            _together(results, labels), _balanced(results, names), *_differences(results, labels),
        ]),
        Section("Against severity", [Picture(figure_uri(severity_figure(results, names)),
                                             "Severity 0: slices as they are.")]),
        *(Section(name, [_by_severity(results, name, labels)]) for name in names),
        Section("What the severities look like", [
            Table(["", "a level is", *map(str, SEVERITIES)],
                  [[name, CORRUPTIONS[name].meaning, *(f"{level:g}" for level in CORRUPTIONS[name].levels)]
                   for name in names]),
            *_galleries(dataset, places, model, names),
        ]),
    ]
    groups = len(np.unique(dataset.slices.groups[places]))
    lead = (f"{side.capitalize()} side: {len(places):,} slices of {groups:,} groups, as many of each diagnosis; all "
            "networks see the same pictures. Research use only.")
    return render_page("Robustness", sections, lead)


def _together(results: dict[str, Robustness], labels: dict[str, str]) -> Table:
    rows = []
    for metric in METRICS:
        cells = [(result.metrics[CLEAN][0][metric], result.mean[metric]) for result in results.values()]
        if any(corrupted is not None for _, corrupted in cells):
            rows.append([labels[metric], *(value for pair in cells for value in pair)])
    return Table(["", *(head for name in results for head in (f"{name}, clean", "corrupted"))], rows)


def _balanced(results: dict[str, Robustness], names: Sequence[str]) -> Table:
    """Balanced error by corruption."""
    def error(result: Robustness, name: str) -> float | None:
        values = [at["balanced_accuracy"] for at in result.metrics[name]]
        known = [value for value in values if value is not None]
        return 1 - float(np.mean(known)) if len(known) == len(values) else None

    first = next(iter(results.values()))
    rows = [[name, *(error(result, name) for result in results.values())] for name in (CLEAN, *names)]
    rows.append(["mean of corruptions", *(None if result.mean["balanced_accuracy"] is None
                                          else 1 - result.mean["balanced_accuracy"] for result in results.values())])
    rises = [_rise(result) for result in results.values()]
    known = _rise(first)
    rows.append(["rise, relative to the first", *(rise / known if rise is not None and known else None
                                                  for rise in rises)])
    return Table(["", *results], rows, "Balanced error")


def _rise(result: Robustness) -> float | None:
    clean, corrupted = result.metrics[CLEAN][0]["balanced_accuracy"], result.mean["balanced_accuracy"]
    return None if clean is None or corrupted is None else clean - corrupted


def _differences(results: dict[str, Robustness], labels: dict[str, str]) -> list[Table]:
    first, *rest = results
    kinds = {"clean": "clean", "mean": "corrupted", "loss": "lost by it"}
    return [
        Table(["", *kinds.values()],
              [[labels[metric], *(format_change(results[name].against[kind][metric])
                                  if metric in results[name].against.get(kind, {}) else None for kind in kinds)]
               for metric in results[name].against.get("mean", {})],
              f"{name} minus {first}, with 95 % intervals (groups resampled, the same for both)")
        for name in rest
    ]


def _by_severity(results: dict[str, Robustness], name: str, labels: dict[str, str]) -> Table:
    rows = []
    for network, result in results.items():
        for metric in METRICS:
            values = [at[metric] for at in (result.metrics[CLEAN][0], *result.metrics[name])]
            if any(value is not None for value in values):
                rows.append([network, labels[metric], *values])
    return Table(["network", "", "clean", *map(str, SEVERITIES)], rows)


def severity_figure(results: dict[str, Robustness], names: Sequence[str]) -> Figure:
    """Small multiples: a column a corruption, accuracy above and Dice below, a line a network."""
    columns = min(6, len(names))
    blocks = -(-len(names) // columns)
    figure = Figure(figsize=(2.0 * columns + 0.4, 3.9 * blocks), layout="constrained")
    grid = figure.subplots(2 * blocks, columns, sharex=True, sharey="row", squeeze=False)
    for n, name in enumerate(names):
        for row, (key, label) in enumerate(_DRAWN.items()):
            axes = grid[2 * (n // columns) + row, n % columns]
            for (network, result), colour in zip(results.items(), COLOURS, strict=False):
                values = [at[key] for at in (result.metrics[CLEAN][0], *result.metrics[name])]
                if None not in values:
                    axes.plot((0, *SEVERITIES), values, color=colour, marker="o", markersize=2.5, linewidth=1.3,
                              label=network)
            axes.set_ylim(0, 1)
            axes.set_xticks((0, *SEVERITIES))
            plain(axes)
            if not row:
                axes.set_title(name, fontsize=10)
            axes.tick_params(labelbottom=bool(row))
            if n % columns == 0:
                axes.set_ylabel(label, fontsize=8)
    for axes in grid.ravel():
        if not axes.lines:
            axes.set_axis_off()
    lines = {line.get_label(): line for axes in grid.ravel() for line in axes.lines}
    figure.legend(lines.values(), lines, loc="outside upper center", ncols=len(lines), frameon=False)
    return figure


def _galleries(dataset: Dataset, places: np.ndarray, model: Model, names: Sequence[str]) -> list[Gallery]:
    """One slice with a lesion, corrupted in every way."""
    slices = dataset.slices
    place = next((int(place) for place in places if slices.drawn(place)), int(places[0]))
    galleries = []
    for name in names:
        row = []
        for severity in SEVERITIES:
            images, mask = corrupt(slices.inputs(np.array([place]))[0], slices.masks[place], name, severity, place)
            picture = overlay(pictures(images[None])[0], mask, [segment.colour for segment in model.segments])
            row.append(Picture(image_uri(picture), f"{name} {severity}"))
        galleries.append(Gallery(row))
    return galleries
