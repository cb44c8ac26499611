"""Many slices, one answer: the diagnosis of a volume, and on which slices drawing is believed."""

from __future__ import annotations

import numpy as np

from ..spec import ModelSpec

#: Slices further apart than this (mm) say nothing about each other.
NEIGHBOUR_MM = 12.0


def class_probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Calibrated softmax of (N, C) logits (temperature scaling, Guo et al. 2017)."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    exponential = np.exp(scaled)
    return (exponential / exponential.sum(axis=1, keepdims=True)).astype(np.float32)


def believed(probabilities: np.ndarray, spec: ModelSpec, slice_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Which slices show a lesion, neighbours taken into account.

    Args:
        probabilities: (N, C), calibrated, slices in order.
        slice_mm: distance between slices.

    Returns:
        (N,) probability of a lesion on each slice, a quarter of it from either neighbour; and (N,) bool, True where
        drawing is kept. Models without a "nothing found" class believe every slice.
    """
    if spec.healthy is None:
        return np.ones(len(probabilities)), np.ones(len(probabilities), bool)
    lesion = 1.0 - probabilities[:, spec.healthy].astype(np.float64)
    if len(lesion) > 2 and slice_mm <= NEIGHBOUR_MM:
        padded = np.pad(lesion, 1, mode="edge")
        lesion = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    return lesion, 1.0 - lesion <= spec.volume_rule.suppress_above


def pool(probabilities: np.ndarray, lesion: np.ndarray, area: np.ndarray, spec: ModelSpec) -> np.ndarray:
    """The volume's class probabilities (C,).

    "mean": of the slices. "lesion_weighted": whether there is a lesion is the mean of the `top` most suspicious
    slices; which one, the mean of the slices weighted by suspicion and by the area drawn.

    Args:
        probabilities: (N, C), calibrated.
        lesion: (N,) probability of a lesion, from `believed`.
        area: (N,) area drawn on each slice, any unit.
    """
    rule = spec.volume_rule
    if rule.pooling == "mean" or len(probabilities) == 1:
        return probabilities.mean(axis=0)
    weight = lesion * area if (lesion * area).sum() > 0 else lesion + 1e-12
    kinds = np.maximum(probabilities.astype(np.float64), 1e-12)  # so that a slice sure to be healthy has kinds too
    if spec.healthy is None:
        return (weight[:, None] * kinds).sum(axis=0) / weight.sum()
    kinds[:, spec.healthy] = 0
    kinds /= kinds.sum(axis=1, keepdims=True)
    pooled = (weight[:, None] * kinds).sum(axis=0) / weight.sum()
    present = float(np.sort(lesion)[-rule.top:].mean())
    pooled *= present
    pooled[spec.healthy] = 1.0 - present
    return pooled
