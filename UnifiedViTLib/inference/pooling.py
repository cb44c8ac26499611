"""Many slices, one answer: the diagnosis of a volume, and on which slices the mask is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..diagnosis import LabelRule
from ..spec import ModelSpec

#: Slices further apart than this (mm) say nothing about each other.
NEIGHBOUR_MM = 12.0


def calibrated(logits: np.ndarray, spec: ModelSpec) -> np.ndarray:
    """(N, C) logits to probabilities: one distribution a slice, or of a multi-label model one answer a class."""
    if spec.multi_label:
        return label_probabilities(logits, spec.label_rules)
    return class_probabilities(logits, spec.temperature)


def label_probabilities(logits: np.ndarray, rules: Sequence[LabelRule]) -> np.ndarray:
    """Calibrated sigmoid of each of (N, C) logits, each class by its own rule (Platt 1999, eq. 1)."""
    from scipy.special import expit

    temperatures, biases = (np.array([getattr(rule, name) for rule in rules]) for name in ("temperature", "bias"))
    return expit(np.asarray(logits, dtype=np.float64) / temperatures + biases).astype(np.float32)


def class_probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Calibrated softmax of (N, C) logits (temperature scaling, Guo et al. 2017)."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    exponential = np.exp(scaled)
    return (exponential / exponential.sum(axis=1, keepdims=True)).astype(np.float32)


def lesion_probabilities(probabilities: np.ndarray, spec: ModelSpec, slice_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Which slices show a lesion, neighbours taken into account.

    Args:
        probabilities: (N, C), calibrated, slices in order.
        spec: the model.
        slice_mm: distance between slices.

    Returns:
        (N,) probability of a lesion on each slice, a quarter of it from either neighbour; and (N,) bool, True where
        drawing is kept. Models without a "nothing found" class believe every slice. Of a multi-label model the
        probability is that of the likeliest finding that is outlined: that there is any is at least as probable,
        however the findings hang together.
    """
    if spec.multi_label:
        lesion = probabilities[:, spec.outlined].max(axis=1).astype(np.float64)
    elif spec.healthy is None:
        return np.ones(len(probabilities)), np.ones(len(probabilities), bool)
    else:
        lesion = 1.0 - probabilities[:, spec.healthy].astype(np.float64)
    if len(lesion) > 2 and slice_mm <= NEIGHBOUR_MM:
        padded = np.pad(lesion, 1, mode="edge")
        lesion = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    return lesion, 1.0 - lesion <= spec.volume_rule.max_normal_probability


def pool(probabilities: np.ndarray, lesion: np.ndarray, area: np.ndarray, spec: ModelSpec) -> np.ndarray:
    """The volume's class probabilities (C,).

    "mean": of the slices. "lesion_weighted": whether there is a lesion is the mean of the `top_k` most suspicious
    slices; which one, the mean of the slices weighted by suspicion and by the area drawn. "top_k", for models with
    several labels: each finding by itself, the mean of the `top_k` slices where it is likeliest. (That it is on none of
    the slices, as a product over them, would count every slice as evidence of its own, and neighbours are alike.)

    Args:
        probabilities: (N, C), calibrated.
        lesion: (N,) probability of a lesion, from `lesion_probabilities`.
        area: (N,) area drawn on each slice, any unit.
        spec: the model, whose volume rule it is.
    """
    rule = spec.volume_rule
    if rule.pooling == "mean" or len(probabilities) == 1:
        return probabilities.mean(axis=0)
    if rule.pooling == "top_k":
        return np.sort(probabilities, axis=0)[-rule.top_k:].mean(axis=0)
    weight = lesion * area if (lesion * area).sum() > 0 else lesion + 1e-12
    kinds = np.maximum(probabilities.astype(np.float64), 1e-12)  # so that a slice sure to be healthy has kinds too
    if spec.healthy is None:
        return (weight[:, None] * kinds).sum(axis=0) / weight.sum()
    kinds[:, spec.healthy] = 0
    kinds /= kinds.sum(axis=1, keepdims=True)
    pooled = (weight[:, None] * kinds).sum(axis=0) / weight.sum()
    present = float(np.sort(lesion)[-rule.top_k:].mean())
    pooled *= present
    pooled[spec.healthy] = 1.0 - present
    return pooled
