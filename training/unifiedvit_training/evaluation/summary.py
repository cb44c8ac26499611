"""What was measured on one side of the split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import GroupKFold

from ..config import Model
from .bootstrap import Estimate, with_intervals
from .calibrate import expected_calibration_error, fit_calibration
from .metrics import probabilities_of
from .slice_table import SliceTable, table_metrics
from .subgroups import Subgroup, subgroups


@dataclass(frozen=True)
class SideSummary:
    """Metrics of the slices on a side.

    Attributes:
        side: "validation" or "test".
        table: its slices.
        metrics: of `table_metrics`, by name, with intervals.
        confusion: (C, C) slices by true (rows) and likeliest class; None without a diagnosis, or multi-label.
        subgroups: parts of the slices.
    """

    side: str
    table: SliceTable
    metrics: dict[str, Estimate]
    confusion: np.ndarray | None
    subgroups: list[Subgroup]

    @property
    def groups(self) -> int:
        """How many groups (patients) the slices are of."""
        return len(np.unique(self.table.groups))

    @property
    def note(self) -> str:
        """What is to be said of metrics where masks are partial; empty where they are whole."""
        count = int(self.table.partial.sum())
        return f"; {count} of {len(self.table)} masks are partial and measured where they are labelled" if count else ""

    def numbers(self) -> dict[str, float | int]:
        """Metrics that have a meaning, rounded, for a model's description."""
        counts = {"slices": len(self.table), "groups": self.groups}
        return counts | {name: round(f.value, 4) for name, f in self.metrics.items() if f.value is not None}

    def as_json(self) -> dict[str, Any]:
        """Everything but the slices themselves, ready for JSON; a metric that has a meaning is [value, low, high]."""
        return {
            "slices": len(self.table),
            "groups": self.groups,
            "metrics": _rounded(self.metrics),
            "confusion": None if self.confusion is None else self.confusion.tolist(),
            "subgroups": [
                {"kind": part.kind, "name": part.name, "slices": part.slices, "groups": part.groups,
                 "metrics": _rounded(part.metrics)}
                for part in self.subgroups
            ],
        }


def _rounded(metrics: dict[str, Estimate]) -> dict[str, list[float | None]]:
    return {name: [None if value is None else round(value, 5) for value in metric]
            for name, metric in metrics.items() if metric.value is not None}


def summarise(table: SliceTable, side: str, model: Model) -> SideSummary:
    """Measure the slices of `table` on a side, which has at least one.

    Args:
        table: of all slices.
        side: of the split.
        model: what they are answers of.
    """
    part = table.on(side)
    metrics = with_intervals(lambda weights: table_metrics(part, model, weights), part.groups)
    confusion = None
    if part.probabilities is not None and part.labels.ndim == 1:
        known, count = part.labels >= 0, len(model.classes)
        confusion = np.zeros((count, count), int)
        if known.any():
            confusion = confusion_matrix(part.labels[known], part.predicted[known], labels=range(count))
    return SideSummary(side, part, metrics, confusion, subgroups(part, model))


def held_out_calibration_error(logits: np.ndarray, labels: np.ndarray, groups: np.ndarray, model: Model
                               ) -> float | None:
    """Expected calibration error of slices whose calibration was fitted on slices of other groups, in five parts.

    On the slices that the calibration itself was fitted on, the error flatters a little; this does not.

    Args:
        logits: (N, C).
        labels: (N,) or (N, C), -1 where not known.
        groups: (N,) str.
        model: names the classes.

    Returns:
        The error; None if there are fewer than two groups, or no label is known.
    """
    parts = min(5, len(np.unique(groups)))
    if parts < 2:
        return None
    probabilities = np.empty(logits.shape)
    for others, part in GroupKFold(parts).split(logits, groups=groups):
        calibration = fit_calibration(logits[others], labels[others], groups[others], model)
        probabilities[part] = probabilities_of(logits[part], model, calibration)
    return expected_calibration_error(probabilities, labels)
