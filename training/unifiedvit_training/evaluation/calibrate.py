"""Temperature scaling: probabilities that mean what they say (Guo et al. 2017)."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error

#: What a temperature may be: where the held-out slices are all right (or all wrong) the likeliest one has no bound.
LOWEST, HIGHEST = 0.05, 20.0


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The one temperature, `LOWEST` to `HIGHEST`, under which held-out slices are likeliest.

    Args:
        logits: (N, C).
        labels: (N,) class, -1 where not known: softmax and cross-entropy. Multi-label: (N, C) of 0 and 1, -1 where
            not known: sigmoid and binary cross-entropy.

    Returns:
        The temperature; 1 where no label is known.
    """
    known = labels >= 0
    if not known.any():
        return 1.0
    loss = cross_entropy if labels.ndim == 1 else binary_cross_entropy_with_logits
    x, y = torch.from_numpy(logits[known]).double(), torch.from_numpy(labels[known])
    y = y.long() if labels.ndim == 1 else y.double()
    found = minimize_scalar(lambda log_temperature: float(loss(x / math.exp(log_temperature), y)),
                            bounds=(math.log(LOWEST), math.log(HIGHEST)), method="bounded")
    return round(math.exp(found.x), 4)


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float | None:
    """Mean gap (0..1) between confidence and accuracy over equal bins of confidence (Guo et al. 2017, eq. 3).

    Args:
        probabilities: (N, C).
        labels: as for `fit_temperature`. Multi-label: every known answer counts as one, confidence being the
            probability that the class is there.

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
