"""What a patient head reached, on patients on whom nothing was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from UnifiedViTLib.inference.patient.head import PatientHead

from ..config import Model
from ..evaluation.bootstrap import Estimate, with_intervals
from ..evaluation.metrics import classification_metrics, mean
from .cases import PatientCase

_METRICS = ("accuracy", "macro_auc", "log_loss")


def measure_head(head: PatientHead, cases: Sequence[PatientCase], model: Model) -> dict[str, dict[str, Estimate]]:
    """Accuracy, macro AUC and log loss with 95 % intervals, by what is given.

    Args:
        head: as in use.
        cases: the patients; at least one.
        model: its classes.

    Returns:
        "images and metadata"; "images alone": nothing else is known; where there are several fields "without FIELD";
        where a patient has several images "one image alone": the first by name, without a head.
    """
    labels, groups = np.array([case.label for case in cases]), np.array([case.group for case in cases])
    names = [field.name for field in head.spec.fields]
    given = {"images alone": [replace(case, values={}) for case in cases]}
    if names:
        given = {"images and metadata": [replace(case, values=_known(head, case)) for case in cases]} | given
    for name in names if len(names) > 1 else []:
        given[f"without {name}"] = [
            replace(case, values={key: value for key, value in _known(head, case).items() if key != name})
            for case in cases]
    probabilities = {what: np.stack([head.diagnose(case.probabilities, case.values).probabilities for case in some])
                     for what, some in given.items()}
    if any(len(case.probabilities) > 1 for case in cases):
        probabilities["one image alone"] = np.stack([case.probabilities[0] for case in cases])
    return {what: _metrics(rows, labels, groups, model) for what, rows in probabilities.items()}


def results_of(measured: dict[str, dict[str, Estimate]], side: str, use: str, count: int) -> list[dict[str, Any]]:
    """As `model.json` has them.

    Args:
        measured: of `measure_head`.
        side: of the split.
        use: what these patients were used for, in words.
        count: of them.
    """
    return [{"dataset": f"patients, {side}, {what} ({use})",
             "metrics": {"patients": count} | {name: round(one.value, 4) for name, one in metrics.items()
                                               if one.value is not None}}
            for what, metrics in measured.items()]


def _known(head: PatientHead, case: PatientCase) -> dict[str, float | str]:
    """What the head uses of what is known: choices that it knows, numbers within what it has learnt from."""
    fields = {field.name: field for field in head.spec.fields}
    return {name: value for name, value in case.values.items() if name in fields
            and (value in fields[name].choices if isinstance(value, str)
                 else fields[name].seen[0] <= value <= fields[name].seen[1])}


def _metrics(probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray, model: Model) -> dict[str, Estimate]:
    losses = -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12))

    def metrics(weights: np.ndarray) -> dict[str, np.ndarray]:
        found = classification_metrics(probabilities, labels, model, weights) | {"log_loss": mean(losses, weights)}
        return {name: found[name] for name in _METRICS}

    return with_intervals(metrics, groups)
