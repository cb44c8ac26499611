"""Selective prediction: what is gained by leaving the answers of least confidence to a reader."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import GroupKFold

from UnifiedViTLib.inference.uncertainty import CONTRADICTION
from UnifiedViTLib.review import ReviewRule

from .metrics import mean, selective_metrics
from .slice_table import SliceTable

#: Of the answers that are not to be reviewed, at most this share may be wrong on the slices that the threshold is
#: chosen on.
RISK = 0.05
#: However rare wrong answers are: what is rather wrong than right is to be reviewed.
LEAST = 0.5
#: A threshold that fewer slices reach tells nothing.
FEWEST = 20


class Curve(NamedTuple):
    """Risk and coverage (M,) at each threshold (M,), the highest first (El-Yaniv and Wiener 2010).

    `coverage` is the share of answers with at least that confidence, `risk` the share of these that are wrong.
    """

    thresholds: np.ndarray
    coverage: np.ndarray
    risk: np.ndarray


def risk_coverage(confidence: np.ndarray, right: np.ndarray) -> Curve:
    """The curve of (N,) confidences for (N,) bool answers; of equal confidences all are taken or none."""
    order = np.argsort(-confidence, kind="stable")
    last = np.flatnonzero(np.append(np.diff(confidence[order]) != 0, True))
    count = last + 1
    return Curve(confidence[order][last], count / len(right), np.cumsum(~right[order])[last] / count)


def slice_confidence(by_pass: np.ndarray, drawn: np.ndarray | None, healthy: int | None) -> np.ndarray:
    """(N,) confidence of slices as `inference.uncertainty` has it for 2-D images.

    Args:
        by_pass: (passes, N, C) calibrated probabilities, the answer's own first.
        drawn: (N,) bool, whether anything is drawn in the result; None for a network that draws nothing.
        healthy: index of the class for "nothing found"; None if there is none.
    """
    diagnoses = by_pass[0].argmax(axis=1)
    passes = by_pass[:, np.arange(len(diagnoses)), diagnoses].mean(axis=0)
    if healthy is None or drawn is None:
        return passes
    return np.where((diagnoses == healthy) == drawn, np.minimum(passes, CONTRADICTION), passes)


def choose_threshold(confidence: np.ndarray, right: np.ndarray, sources: np.ndarray) -> ReviewRule | None:
    """The lowest threshold from `LEAST` on above which at most `RISK` of the answers are wrong, of all and of every
    source: a source that training has not seen must not be outvoted by those that it has. Without a threshold where
    fewer than `FEWEST` answers are that sure; None where there are fewer answers than that.

    Args:
        confidence: (N,).
        right: (N,) 1 or 0, NaN where the truth is not known.
        sources: (N,), of the slices; those with fewer than `FEWEST` slices count in the whole alone.
    """
    known = ~np.isnan(right)
    confidence, right, sources = confidence[known], right[known] == 1, sources[known]
    if len(right) < FEWEST:
        return None
    names, counts = np.unique(sources, return_counts=True)
    parts = [np.ones(len(right), bool), *(sources == name for name in names[counts >= FEWEST])]
    # Only whole percents: a reader meets the threshold, and its last digits would be those of a few slices.
    for threshold in np.arange(round(100 * LEAST), 100) / 100:
        kept = confidence >= threshold
        if kept.sum() < FEWEST:
            break
        if all(1 - right[kept & part].mean() <= RISK for part in parts if (kept & part).any()):
            return ReviewRule(float(threshold), round(float(kept.mean()), 4), round(float(1 - right[kept].mean()), 4))
    return ReviewRule(None, 0.0, round(float(1 - right.mean()), 4))


def held_out_review(confidence: np.ndarray, right: np.ndarray, groups: np.ndarray, sources: np.ndarray
                    ) -> dict[str, float]:
    """Coverage and risk of slices under thresholds that were chosen on slices of other groups, in five parts.

    Args:
        confidence: (N,), 0 to 1.
        right: (N,) bool, whether the diagnosis is.
        groups: (N,), of the patients.
        sources: as for `choose_threshold`.

    Returns:
        `coverage` and `risk`; empty where there are too few groups, or a part has no threshold.
    """
    parts = min(5, len(np.unique(groups)))
    if parts < 2:
        return {}
    kept = np.zeros(len(confidence), bool)
    for rest, part in GroupKFold(parts).split(confidence, groups=groups):
        rule = choose_threshold(confidence[rest], right[rest], sources[rest])
        if rule is None or rule.threshold is None:
            return {}
        kept[part] = confidence[part] >= rule.threshold
    known = ~np.isnan(right)
    wrong = mean(1 - right, (kept & known)[None].astype(float))[0]
    return {"coverage": round(float(kept[known].mean()), 4), "risk": round(float(wrong), 4)}


@dataclass(frozen=True)
class Confidence:
    """How well a confidence tells right results of slices from wrong ones.

    Attributes:
        name: "probability" (of the diagnosis) or "confidence" (of several passes), as in `spec.Review`.
        error: "diagnosis" or "result": what counts as wrong.
        curve: risk and coverage.
        metrics: of `selective_metrics`.
        rule: the threshold of a review.
        held_out: of `held_out_review`.
    """

    name: str
    error: str
    curve: Curve
    metrics: dict[str, float]
    rule: ReviewRule | None
    held_out: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Everything but the curve."""
        return {"confidence": self.name, "error": self.error, "metrics": self.metrics,
                "rule": self.rule and asdict(self.rule), "held_out": self.held_out}


def measure_confidence(table: SliceTable, confidence: np.ndarray | None, drawn: np.ndarray | None
                       ) -> list[Confidence]:
    """The probability of the diagnosis, and the confidence of several passes, against wrong diagnoses and results.

    Args:
        table: slices of one side, of a network with a diagnosis.
        confidence: (N,) of `slice_confidence`; None unless several passes were taken.
        drawn: (N,) bool, whether anything is drawn in the result; None for a network that draws nothing.
    """
    wrong = {"diagnosis": table.right}
    if drawn is not None and table.values is not None:
        mask_right = np.where(table.lesion_pixels > 0, (table.values["detected"] == 1) & drawn, ~drawn)
        judged = ~np.isnan(table.values["detected"]) | ~np.isnan(table.values["empty"])
        wrong["result"] = np.where(judged, mask_right * table.right, np.nan)
    assert table.probabilities is not None, "it has a diagnosis"
    confidences = {"probability": table.probabilities.max(axis=1), "confidence": confidence}
    measured = []
    for (name, values), (error, right) in product(confidences.items(), wrong.items()):
        known = ~np.isnan(right)
        if values is None or not known.any():
            continue
        metrics = selective_metrics(values, right, np.ones((1, len(right))))
        measured.append(Confidence(
            name, error, risk_coverage(values[known], right[known] == 1),
            {name: round(float(value[0]), 4) for name, value in metrics.items() if not np.isnan(value[0])},
            choose_threshold(values, right, table.sources),
            held_out_review(values, right, table.groups, table.sources),
        ))
    return measured


def review_of(measured: list[Confidence], left_out: list[list[Confidence]]) -> dict[str, Any]:
    """The block `review` of a model's description: the probability's threshold keeps wrong diagnoses rare, that of
    several passes wrong results. Empty where there are too few slices for one.

    Args:
        measured: on the validation side.
        left_out: on each source that nothing was learnt from or chosen on. A threshold above which more than `RISK` of
            its answers are wrong is taken back, and every result is to be reviewed; no other is chosen there.
    """
    kinds = {("probability", "diagnosis"), ("confidence", "result")}
    rules = {}
    for confidence in measured:
        if confidence.rule is None or (confidence.name, confidence.error) not in kinds:
            continue
        others = [one.curve for source in left_out for one in source
                  if (one.name, one.error) == (confidence.name, confidence.error)]
        holds = all(_holds(confidence.rule, curve) for curve in others)
        never = ReviewRule(None, 0.0, round(float(confidence.curve.risk[-1]), 4))
        rules[confidence.name] = asdict(confidence.rule if holds else never)
    return rules if "probability" in rules else {}


def _holds(rule: ReviewRule, curve: Curve) -> bool:
    """Whether at most `RISK` of the answers that a rule leaves unreviewed are wrong; of none, none is."""
    unreviewed = curve.risk[curve.thresholds >= rule.threshold] if rule.threshold is not None else curve.risk[:0]
    return not len(unreviewed) or bool(unreviewed[-1] <= RISK)
