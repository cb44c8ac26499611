"""Metrics of parts of the slices: does a model serve all of them alike?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..config import Model
from .bootstrap import Estimate, with_intervals
from .metrics import classification_metrics, of_class, segmentation_metrics
from .slice_table import SliceTable

#: Metrics of a subgroup, of those that the model has.
SHOWN = ("accuracy", "exact_match", "lesion_type_accuracy", "macro_auc", "dice", "detected", "empty")


@dataclass(frozen=True)
class Subgroup:
    """A part of the slices.

    Attributes:
        kind: "plane", "size of the lesion", "source" or "diagnosis".
        name: which of that kind.
        slices, groups: how many.
        metrics: of `SHOWN`, by name.
    """

    kind: str
    name: str
    slices: int
    groups: int
    metrics: dict[str, Estimate]


def subgroups(table: SliceTable, model: Model) -> list[Subgroup]:
    """Planes, thirds by size of the lesion, sources and diagnoses, each with metrics and 95 % intervals by group.

    Planes and sources are left out if all slices are of one.
    """
    found = []
    for kind, values in (("plane", table.planes), ("source", table.sources)):
        names = np.unique(values)
        if len(names) > 1:
            found += [_measured(kind, str(name) or "not stated", table.take(values == name), model) for name in names]
    found += [_measured("size of the lesion", name, table.take(rows), model) for name, rows in _thirds(table)]
    for c, card in enumerate(model.classes):
        rows = of_class(table.labels, c)
        if rows.any():
            found.append(_measured("diagnosis", card.display, table.take(rows), model))
    return found


def _thirds(table: SliceTable) -> list[tuple[str, np.ndarray]]:
    """Slices with a lesion in thirds by its size, as (name, (N,) bool); none if they are fewer than three."""
    pixels = np.where(table.partial, np.nan, table.lesion_pixels)  # of what is known in part nobody knows the size
    sizes = pixels[pixels > 0]
    if len(sizes) < 3:
        return []
    low, high = np.quantile(sizes, [1 / 3, 2 / 3], method="lower")
    parts = (
        (f"small, up to {low:.0f} pixels", (pixels > 0) & (pixels <= low)),
        (f"medium, up to {high:.0f} pixels", (pixels > low) & (pixels <= high)),
        (f"large, above {high:.0f} pixels", pixels > high),
    )
    return [(name, rows) for name, rows in parts if rows.any()]


def _measured(kind: str, name: str, part: SliceTable, model: Model) -> Subgroup:
    def metrics(weights: np.ndarray) -> dict[str, np.ndarray]:
        every = classification_metrics(
            part.probabilities, part.labels, model, weights, part.found
        ) | segmentation_metrics(part.values, part.labels, model, weights)
        return {metric: every[metric] for metric in SHOWN if metric in every}

    return Subgroup(kind, name, len(part), len(np.unique(part.groups)), with_intervals(metrics, part.groups))
