"""Metrics of a network on slices that were corrupted, and how far two networks differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...config import Model
from ..bootstrap import interval, resample
from ..calibrate import expected_calibration_error
from ..metrics import classification_metrics, mean, segmentation_metrics
from ..paired import Difference
from .corruptions import CLEAN

#: What is measured; all but the last two with intervals.
METRICS = ("accuracy", "balanced_accuracy", "lesion_type_accuracy", "macro_auc", "dice", "empty",
           "calibration_error", "flagged")
_RESAMPLED = METRICS[:-2]


@dataclass(frozen=True)
class CorruptionOutputs:
    """What a network said of N slices under one corruption at one severity; None for what it does not give.

    Attributes:
        probabilities: (N, C), calibrated.
        overlaps: of `metrics.overlap_values`.
        flagged: (N,) 1 where a slice lies beyond the out-of-distribution threshold.
    """

    probabilities: np.ndarray | None
    overlaps: dict[str, np.ndarray] | None
    flagged: np.ndarray | None


@dataclass(frozen=True)
class Robustness:
    """One network, measured.

    Attributes:
        metrics: by corruption (and `CLEAN`), for each severity (one for `CLEAN`) the metrics by name, None where one
            has no meaning.
        mean: over corruptions of the mean over severities, by metric.
        against: how this network's metrics differ from the first one's: of clean slices, of `mean`, and of what is
            lost between the two (keys "clean", "mean", "loss"; then by metric); empty for the first.
    """

    metrics: dict[str, list[dict[str, float | None]]]
    mean: dict[str, float | None]
    against: dict[str, dict[str, Difference]]


def measure(
    outputs: dict[str, list[CorruptionOutputs]],
    first: dict[str, list[CorruptionOutputs]] | None,
    labels: np.ndarray,
    groups: np.ndarray,
    model: Model,
) -> Robustness:
    """Metrics of one network.

    Args:
        outputs: by corruption, for each severity what it said.
        first: the same of the network to compare with; None for that one itself.
        labels: (N,) true classes.
        groups: (N,) str; slices of the same group are drawn together.
        model: names the classes.
    """
    one = np.ones((1, len(labels)))
    metrics = {
        corruption: [{name: _number(value[0]) for name, value in _metrics(answers, labels, model, one).items()}
                     for answers in each]
        for corruption, each in outputs.items()
    }
    corrupted = [each for corruption, each in metrics.items() if corruption != CLEAN]
    means = {name: _mean([_mean([at[name] for at in each]) for each in corrupted]) for name in METRICS}
    return Robustness(metrics, means, _against(first, outputs, labels, groups, model) if first else {})


def _against(
    first: dict[str, list[CorruptionOutputs]],
    second: dict[str, list[CorruptionOutputs]],
    labels: np.ndarray,
    groups: np.ndarray,
    model: Model,
) -> dict[str, dict[str, Difference]]:
    """Paired: the same groups are drawn for both."""
    found: dict[str, dict[str, Difference]] = {}

    def drawn(weights: np.ndarray) -> dict[str, np.ndarray]:
        values = {}
        for n, outputs in enumerate((first, second)):
            clean = _metrics(outputs[CLEAN][0], labels, model, weights, _RESAMPLED)
            corrupted = [_metrics(answers, labels, model, weights, _RESAMPLED) for corruption, each in outputs.items()
                         if corruption != CLEAN for answers in each]
            for name in _RESAMPLED:
                average = np.mean([each[name] for each in corrupted], axis=0)
                values |= {f"clean.{name}.{n}": clean[name], f"mean.{name}.{n}": average,
                           f"loss.{name}.{n}": clean[name] - average}
        return values

    plain, draws = drawn(np.ones((1, len(labels)))), resample(drawn, groups)
    for key in {key.rpartition(".")[0]: None for key in plain}:
        one, other = (float(plain[f"{key}.{n}"][0]) for n in (0, 1))
        if np.isnan(one) or np.isnan(other):
            continue
        kind, name = key.split(".")
        change = draws[f"{key}.1"] - draws[f"{key}.0"]
        found.setdefault(kind, {})[name] = Difference(one, other, other - one, *interval(change), None)
    return found


def _metrics(answers: CorruptionOutputs, labels: np.ndarray, model: Model, weights: np.ndarray,
             names: Sequence[str] = METRICS) -> dict[str, np.ndarray]:
    """(D,) each; `METRICS` that need one weight alone are asked for with one draw."""
    every = classification_metrics(answers.probabilities, labels, model, weights)
    every |= segmentation_metrics(answers.overlaps, labels, model, weights)
    nothing = np.full(len(weights), np.nan)
    if "calibration_error" in names:
        error = None if answers.probabilities is None else expected_calibration_error(answers.probabilities, labels)
        every["calibration_error"] = nothing if error is None else np.array([error])
        every["flagged"] = nothing if answers.flagged is None else mean(answers.flagged, weights)
    return {name: every[name] for name in names}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 5)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
