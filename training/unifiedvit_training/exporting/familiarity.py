"""What a model's training images look like to it, so that in use it can tell when an image looks like none of them."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.covariance import LedoitWolf

from UnifiedViTLib.inference.familiarity import FamiliarityStatistics

from ..data.dataset import SliceSet
from ..evaluation.inference import infer
from ..learning.sampling import rarest_label

#: Share of validation slices within the threshold.
WITHIN = 0.99
#: Slices of a side that are looked at; more of them hardly move a mean or a covariance.
MOST = 1500


def measure_familiarity(network: torch.nn.Module, slices: SliceSet, device: torch.device | str = "cpu"
                        ) -> FamiliarityStatistics | None:
    """Let `network` look at both sides and fit the statistics.

    Where several labels may be true at once, a slice is of the kind of its rarest one, or of none.

    Returns:
        The statistics; None if fewer than two training slices have a known diagnosis, or no slice is for validation.
    """
    train, validation = slices.on("train"), slices.on("validation")
    labels = rarest_label(slices.labels) if slices.labels.ndim == 2 else slices.labels
    known = slices.labels[train] >= 0
    train = train[known if known.ndim == 1 else known.any(axis=1)]
    if len(train) < 2 or not len(validation):
        return None
    train, validation = (side[np.linspace(0, len(side) - 1, min(len(side), MOST)).astype(int)]
                         for side in (train, validation))
    seen, held_out = (infer(network, slices, side, device=device).embeddings for side in (train, validation))
    return fit_familiarity(seen, labels[train], held_out, slices.items[validation])


def fit_familiarity(embeddings: np.ndarray, labels: np.ndarray, validation_embeddings: np.ndarray,
                    validation_items: np.ndarray) -> FamiliarityStatistics:
    """Class means with one shared covariance (Lee et al. 2018, eq. 1), shrunk (Ledoit and Wolf 2004), and the
    distance within which `WITHIN` of the validation slices lie.

    In the threshold every image counts the same, however many slices it has: only then can it be said of an image
    what share of its slices lies beyond on average.

    Args:
        embeddings: (N, E) of training slices.
        labels: (N,) their diagnoses, all known.
        validation_embeddings: (M, E).
        validation_items: (M,) the image or volume that each is of.
    """
    kinds, places = np.unique(labels, return_inverse=True)
    means = np.stack([embeddings[labels == kind].mean(axis=0, dtype=np.float64) for kind in kinds])
    precision = LedoitWolf(assume_centered=True).fit(embeddings - means[places]).get_precision()
    whitening = np.linalg.cholesky(precision).T
    unbounded = FamiliarityStatistics(means.astype(np.float32), whitening.astype(np.float32), np.inf)
    distances = unbounded.distances(validation_embeddings)
    _, item, counts = np.unique(validation_items, return_inverse=True, return_counts=True)
    order = np.argsort(distances)
    within = np.cumsum((1 / counts[item])[order]) / len(counts)
    threshold = distances[order[np.searchsorted(within, WITHIN - 1e-9)]]
    return FamiliarityStatistics(unbounded.means, unbounded.whitening, round(float(threshold), 4))
