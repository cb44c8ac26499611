"""The out-of-distribution statistics of a model: what its training images look like to it, so that in use it can tell
when an image looks like none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from sklearn.covariance import LedoitWolf

from UnifiedViTLib.inference.ood.statistics import Gaussians, OODStatistics, OrientationStatistics, texture_views
from UnifiedViTLib.spec import MISSING

from ...data.dataset import SliceSet, rarest_label
from ..inference import predict_slices

#: Share of validation slices within the threshold.
WITHIN = 0.99
#: Slices of a side that are looked at; more of them hardly move a mean or a covariance.
MOST = 1500
#: Of so many slices the statistics know what images with the same channels look like.
FEWEST_OF_A_SET = 100


def measure_ood_statistics(network: torch.nn.Module, slices: SliceSet, device: torch.device | str = "cpu",
                           imitate: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
                           ) -> OODStatistics | None:
    """Let `network` look at both sides and fit the statistics.

    Where several labels may be true at once, a slice is of the kind of its rarest one, or of none.

    Args:
        network: on `device`.
        slices: with both sides.
        device: of torch.
        imitate: images (N, C, size, size) float32 and their masks (N, size, size) to such images changed as training
            changed them; the thresholds are those of validation images as they are. None: nothing is changed.

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
    learnt = SliceSet(**{name: value[train] for name, value in vars(slices).items()})
    everything = np.arange(len(train))
    if imitate is not None:
        images = imitate(learnt.inputs(everything), np.asarray(learnt.masks))
        learnt = replace(learnt, images=images.reshape(learnt.images.shape).astype(np.float16))
    features, held_out = _features(network, learnt, everything, device), _features(network, slices, validation, device)
    return fit_ood_statistics(features, labels[train], held_out, slices.items[validation])


def known_channels(slices: SliceSet, names: Sequence[str]) -> list[list[str]]:
    """The sets of channels that the training images have, often enough for the statistics to know such images.

    Args:
        slices: of a data set.
        names: of the channels; none for images of one.
    """
    if not names:
        return []
    train = slices.on("train")
    train = train[np.linspace(0, len(train) - 1, min(len(train), MOST)).astype(int)]
    there = np.concatenate([slices.inputs(train[start:start + 64]).max(axis=(2, 3)) > MISSING / 2
                            for start in range(0, len(train), 64)])
    sets, counts = np.unique(there, axis=0, return_counts=True)
    return [[name for name, here in zip(names, one, strict=True) if here]
            for one, count in zip(sets, counts, strict=True) if one.any() and count >= FEWEST_OF_A_SET]


def _features(network: torch.nn.Module, slices: SliceSet, side: np.ndarray, device: torch.device | str
              ) -> SliceFeatures:
    embeddings = predict_slices(network, slices, side, device=device).embeddings
    assert embeddings is not None, "all architectures of the library give them"
    return embed_slices(slices, side, embeddings)


@dataclass(frozen=True)
class SliceFeatures:
    """What N slices look like.

    Attributes:
        embeddings: (N, E), to the network.
        texture_views: (N, F) each, of `UnifiedViTLib.inference.ood.statistics.texture_views`.
        blank: (N,) bool, True where nothing is on it.
    """

    embeddings: np.ndarray
    texture_views: list[np.ndarray]
    blank: np.ndarray

    def take(self, rows: np.ndarray) -> SliceFeatures:
        """The slices at `rows`."""
        return SliceFeatures(self.embeddings[rows], [view[rows] for view in self.texture_views], self.blank[rows])


def embed_slices(slices: SliceSet, indices: np.ndarray, embeddings: np.ndarray) -> SliceFeatures:
    """What the slices at `indices` look like, given the network's part.

    Args:
        slices: of a data set.
        indices: (N,) which of them.
        embeddings: (N, E), the network's.
    """
    parts = []
    for start in range(0, len(indices), 64):
        images = slices.inputs(indices[start:start + 64])
        parts.append((*texture_views(images), (images == images[:, :, :1, :1]).all(axis=(1, 2, 3))))
    *views, blank = (np.concatenate(part) for part in zip(*parts, strict=True))
    return SliceFeatures(embeddings, views, blank)


def fit_ood_statistics(
    features: SliceFeatures, labels: np.ndarray, held_out: SliceFeatures, items: np.ndarray
) -> OODStatistics:
    """Class means with one shared covariance (Lee et al. 2018, eq. 1), shrunk (Ledoit and Wolf 2004), and the
    thresholds within which `WITHIN` of the validation slices lie. Slices with nothing on them do not count.

    In the thresholds every image counts the same, however many slices it has: only then can it be said of an image
    what share of its slices lies beyond on average.

    Args:
        features: N training slices.
        labels: (N,) their diagnoses, all known.
        held_out: M validation slices.
        items: (M,) the image or volume that each is of.
    """
    features, labels = features.take(~features.blank), labels[~features.blank]
    held_out, items = held_out.take(~held_out.blank), items[~held_out.blank]
    known = fit_gaussians(np.concatenate([features.embeddings, features.texture_views[0]], axis=1), labels)
    gaussians = fit_gaussians(features.texture_views[0], labels)
    as_is, *put_right = (gaussians.distances(view) for view in held_out.texture_views)
    distances = known.distances(np.concatenate([held_out.embeddings, held_out.texture_views[0]], axis=1))
    return OODStatistics(
        known,
        threshold_within(distances, items),
        OrientationStatistics(
            gaussians, np.array([threshold_within(as_is - rotated, items) for rotated in put_right], np.float32)
        ),
    )


def fit_gaussians(points: np.ndarray, labels: np.ndarray) -> Gaussians:
    """One Gaussian a diagnosis with one covariance, of points (N, E) with labels (N,). Every value counts by its
    spread: the shrinking of the covariance is not to depend on units. The whitening has float16's precision, as which
    it is stored (distances change by less than 0.1 %), unless it is out of its range."""
    kinds, places = np.unique(labels, return_inverse=True)
    scale = np.maximum(points.std(axis=0, dtype=np.float64), 1e-6)
    scaled = points / scale
    means = np.stack([scaled[labels == kind].mean(axis=0) for kind in kinds])
    precision: Any = LedoitWolf(assume_centered=True).fit(scaled - means[places]).get_precision()
    whitening = (np.linalg.cholesky(precision).T / scale).astype(np.float32)
    if np.abs(whitening).max() <= np.finfo(np.float16).max:
        whitening = whitening.astype(np.float16).astype(np.float32)
    return Gaussians((means * scale).astype(np.float32), whitening)


def threshold_within(values: np.ndarray, items: np.ndarray) -> float:
    """What `WITHIN` of the slices do not exceed, by values (M,) and the image (M,) that each is of."""
    _, item, counts = np.unique(items, return_inverse=True, return_counts=True)
    order = np.argsort(values)
    within = np.cumsum((1 / counts[item])[order]) / len(counts)
    return round(float(values[order[np.searchsorted(within, WITHIN - 1e-9)]]), 4)
