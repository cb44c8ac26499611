"""The report of `unifiedvit-train compare`: what one network wins and what it loses against another."""

from __future__ import annotations

import numpy as np

from ..config import Model
from ..reports.page import Picture, Section, Table, Text, figure_uri, render_page
from .bootstrap import DRAWS
from .metric_labels import SMALLER_IS_BETTER, metric_labels
from .metrics import over_segments
from .paired import Difference
from .plots import difference_figure, pairs_figure
from .slice_table import SliceTable

Pair = tuple[SliceTable, SliceTable]


def comparison_page(model: Model, names: tuple[str, str], sides: dict[str, Pair],
                    differences: dict[str, dict[str, Difference]]) -> str:
    """The whole report as HTML.

    Args:
        model: names the classes.
        names: of the runs.
        sides: by side, the slices of both runs.
        differences: by side and metric.
    """
    sections = []
    for side, pair in sides.items():
        changes = differences[side]
        if not changes:
            sections.append(Section(side.capitalize(), [Text("There is no metric that both runs have.", "warning")]))
            continue
        sections.append(Section(side.capitalize(), _metrics(model, names, changes)))
        sections.append(Section(f"Slice against slice, {side}", _slices(pair, names)))
    counts = "; ".join(f"{side}: {len(pair[0]):,} slices of {len(np.unique(pair[0].groups)):,} groups"
                       for side, pair in sides.items())
    return render_page(f"{names[1]} against {names[0]}", sections, f"{model.name}. {counts}. Research use only.")


def comparison_text(names: tuple[str, str], sides: dict[str, Pair], differences: dict[str, dict[str, Difference]]
                    ) -> str:
    """A few lines for the terminal.

    Args:
        names: of the two.
        sides: their tables, by the side of the split.
        differences: of metrics, by side and name.
    """
    lines = []
    for side, pair in sides.items():
        lines.append(f"{side}, {len(pair[0]):,} slices: {names[1]} minus {names[0]} (95 % interval)")
        lines += [f"  {name:<26}{change.first:8.3f} -> {change.second:6.3f}   {format_change(change)}"
                  for name, change in differences[side].items()]
    return "\n".join(lines)


def _metrics(model: Model, names: tuple[str, str], changes: dict[str, Difference]) -> list[Text | Table | Picture]:
    labels = {name: label for name, label in metric_labels(model).items() if name in changes}
    rows = [
        [label, (change := changes[name]).first, change.second, format_change(change), _verdict(name, change, names),
         _chance(change)]
        for name, label in labels.items()
    ]
    intervals = [(label, change.difference, change.low, change.high) for name, label in labels.items()
                 if (change := changes[name]).low is not None and change.high is not None and name != "hd95"]
    blocks: list[Text | Table | Picture] = [
        Table(["", *names, "difference", "better", "chance"], rows),
        Text(f"Difference: {names[1]} minus {names[0]}, with the 95 % interval of {DRAWS:,} draws of whole groups, "
             "the same for both. “Chance”: the share of draws in which the difference has the other sign or is "
             "nought, doubled; small values speak against chance, yet with so many metrics one in twenty is below "
             "0.05 by itself. HD95 is over slices on which both drew something, in pixels."),
    ]
    if intervals:
        better = f"Difference with its interval; to the right {names[1]} has the larger metric (for calibration error "
        blocks.append(Picture(figure_uri(difference_figure(intervals)),
                              better + "and Brier score smaller is better). Grey: the interval contains nought."))
    return blocks


def format_change(change: Difference) -> str:
    bounds = "" if change.low is None or change.high is None else f" [{_signed(change.low)}, {_signed(change.high)}]"
    return f"{_signed(change.difference)}{bounds}"


def _signed(value: float) -> str:
    return f"{round(value, 3) + 0.0:+.3f}"  # -0.0 becomes 0.0


def _chance(change: Difference) -> str | float | None:
    """No draw at all on the other side means less than what one draw would be."""
    return f"< {2 / DRAWS:g}" if change.against == 0 else change.against


def _verdict(name: str, change: Difference, names: tuple[str, str]) -> str:
    """Which of the two is better, if the interval leaves no doubt."""
    if change.low is None or change.high is None or change.low <= 0 <= change.high:
        return "not clear"
    return names[(change.difference > 0) != (name in SMALLER_IS_BETTER)]


def _slices(pair: Pair, names: tuple[str, str]) -> list[Text | Table | Picture]:
    first, second = pair
    blocks: list[Text | Table | Picture] = []
    if first.probabilities is not None and second.probabilities is not None and first.labels.ndim == 1:
        labelled = first.labels >= 0
        first_right, second_right = (table.predicted[labelled] == table.labels[labelled] for table in pair)
        rows = [
            [f"{names[0]} right", int((first_right & second_right).sum()), int((first_right & ~second_right).sum())],
            [f"{names[0]} wrong", int((~first_right & second_right).sum()), int((~first_right & ~second_right).sum())],
        ]
        blocks.append(Table(["slices", f"{names[1]} right", f"{names[1]} wrong"], rows, "Diagnoses"))
    if first.values is not None and second.values is not None:
        first_dice, second_dice = (over_segments(values["dice"]) for values in (first.values, second.values))
        lesion = ~np.isnan(first_dice)
        if lesion.any():
            figure = pairs_figure(first_dice[lesion], second_dice[lesion], names, "Dice")
            blocks.append(Picture(figure_uri(figure), "Dice of each slice with a lesion under both; above the line "
                                                      f"{names[1]} is better."))
    return blocks or [Text("The two give no answers of the same kind.")]
