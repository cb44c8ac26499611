"""Probabilities that mean what they say: one temperature for classes of which one is true (Guo et al. 2017); of several
findings at once each by itself, with the probability from which on it is found."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_expit
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import GroupKFold
from torch.nn.functional import cross_entropy
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error

from UnifiedViTLib.diagnosis import LabelRule
from UnifiedViTLib.inference.pooling import label_probabilities

from ..config import Model
from ..runs.calibration import Calibration

#: What a temperature may be: where the held-out slices are all right (or all wrong) the likeliest one has no bound.
LOWEST, HIGHEST = 0.05, 20.0
#: A finding that is there, or is not, on fewer slices than this is neither calibrated nor given a threshold.
FEWEST = 5
_BIAS, _PARTS = 10.0, 5
_BARELY, _SURELY = 0.01, 0.99


def fit_calibration(logits: np.ndarray, labels: np.ndarray, groups: np.ndarray, model: Model) -> Calibration:
    """`fit_label_rules`, or for models of one class an image `fit_temperature`.

    Args:
        logits: (N, C), of held-out slices.
        labels: their diagnoses.
        groups: (N,), of the patients.
        model: which kind of calibration it has.
    """
    if model.multi_label:
        return fit_label_rules(logits, labels, groups, model)
    return fit_temperature(logits, labels, groups)


def fit_temperature(logits: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None) -> float:
    """The one temperature, `LOWEST` to `HIGHEST`, under which held-out slices are likeliest.

    Targets are drawn in a little, as in Platt (1999, section 2.2): n patients that are all right say no more than that
    n + 1 of n + 2 are, however surely the network speaks.

    Args:
        logits: (N, C).
        labels: (N,) class, -1 where not known.
        groups: (N,), of the patients; None: every slice is of another one.

    Returns:
        The temperature; 1 where no label is known.
    """
    known = labels >= 0
    if not known.any():
        return 1.0
    x, y = torch.from_numpy(logits[known]).double(), torch.from_numpy(labels[known]).long()
    count, classes = len(y) if groups is None else len(np.unique(groups[known])), logits.shape[1]
    smoothing = classes / (classes - 1) / (count + 2)

    def loss(log_temperature: float) -> float:
        return float(cross_entropy(x / math.exp(log_temperature), y, label_smoothing=smoothing))

    found = minimize_scalar(loss, bounds=(math.log(LOWEST), math.log(HIGHEST)), method="bounded")
    return round(math.exp(found.x), 4)


def fit_label_rules(logits: np.ndarray, labels: np.ndarray, groups: np.ndarray, model: Model) -> tuple[LabelRule, ...]:
    """One rule a finding, from held-out slices.

    The temperature alone (Guo et al. 2017), or a bias with it (Platt 1999), whichever makes slices of other groups
    likelier. The threshold is where F1 is best; for well-calibrated probabilities that is half of the best F1 (Lipton
    et al. 2014), so that rare findings have a low one.

    Args:
        logits: (N, C).
        labels: (N, C) of 0 and 1, -1 where not known.
        groups: (N,) str, what must not be separated.
        model: whose findings they are.
    """
    return tuple(_fit(logits[:, c], labels[:, c], groups, card.segment) for c, card in enumerate(model.classes))


def _fit(logits: np.ndarray, labels: np.ndarray, groups: np.ndarray, segment: str | None) -> LabelRule:
    known = labels >= 0
    x, y, groups = logits[known].astype(float), labels[known], groups[known]
    if min((y == 1).sum(), (y == 0).sum()) < FEWEST:
        return LabelRule(1.0, 0.0, 0.5, segment)
    temperature, bias = _platt(x, y, _likelier_with_bias(x, y, groups))
    rule = LabelRule(round(temperature, 4), round(bias, 4), 0.5, segment)
    return LabelRule(rule.temperature, rule.bias, _threshold(label_probabilities(x[:, None], [rule])[:, 0], y), segment)


def _likelier_with_bias(x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> bool:
    parts = min(_PARTS, len(np.unique(groups)))
    if parts < 2:
        return False
    gain = 0.0
    for others, part in GroupKFold(parts).split(x, groups=groups):
        without, with_bias = (_loss(x[part], y[part], *_platt(x[others], y[others], bias)) for bias in (False, True))
        gain += len(part) * (without - with_bias)
    return gain > 0


def _platt(x: np.ndarray, y: np.ndarray, bias: bool) -> tuple[float, float]:
    """Temperature and, if wanted, bias under which targets drawn in a little from 0 and 1 are likeliest (Platt 1999,
    section 2.2), so that slices which are all right have an answer too."""
    true, false = (y == 1).sum(), (y == 0).sum()
    target = np.where(y == 1, (true + 1) / (true + 2), 1 / (false + 2))
    found = minimize(lambda p: _loss(x, target, np.exp(p[0]), p[1]), [0.0, 0.0], method="L-BFGS-B",
                     bounds=[(np.log(LOWEST), np.log(HIGHEST)), (-_BIAS, _BIAS) if bias else (0, 0)])
    return float(np.exp(found.x[0])), float(found.x[1])


def _loss(x: np.ndarray, target: np.ndarray, temperature: float, bias: float) -> float:
    """Mean binary cross-entropy."""
    z = x / temperature + bias
    return -float(np.mean(target * log_expit(z) + (1 - target) * log_expit(-z)))


def _threshold(probabilities: np.ndarray, y: np.ndarray) -> float:
    """Where F1 is best: half way down to the next probability, so that a slice a little less sure is found too."""
    precision, recall, scores = precision_recall_curve(y, probabilities)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(f1[:-1].argmax())
    below = scores[best - 1] if best else 0.0
    return round(float(np.clip((scores[best] + below) / 2, _BARELY, _SURELY)), 4)


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float | None:
    """Mean gap (0..1) between confidence and accuracy over equal bins of confidence (Guo et al. 2017, eq. 3).

    Args:
        probabilities: (N, C).
        labels: (N,) class, -1 where not known. Multi-label: (N, C) of 0, 1 and -1; every known answer counts as one,
            confidence being the probability that the class is there.
        bins: of confidence.

    Returns:
        The error; None where no label is known.
    """
    known = labels >= 0
    if not known.any():
        return None
    p, y = torch.from_numpy(probabilities[known]).float(), torch.from_numpy(labels[known]).long()
    error = (
        multiclass_calibration_error(p, y, num_classes=probabilities.shape[1], n_bins=bins)
        if labels.ndim == 1 else binary_calibration_error(p, y, n_bins=bins)
    )
    return round(float(error), 4)
