"""What the network gives for batches of slices becomes one output for the volume, on its own grid."""

from __future__ import annotations

import numpy as np

from ..imaging.preparation import PreparedVolume
from ..spec import ModelSpec
from .channels import given_channels
from .decision import NetworkOutput
from .ood.statistics import OODFeatures, OODStatistics
from .output_check import VariationCheck


class OutputAssembler:
    """Puts the batches of a volume together.

    Args:
        prepared: the volume.
        spec: the model.
        ood: its out-of-distribution statistics; None for a model without.
        keep_probabilities: also keep how probable each segment is at each voxel.

    Attributes:
        logits: (N, C) float32, class logits of the slices, to be filled before `add`.
    """

    def __init__(self, prepared: PreparedVolume, spec: ModelSpec, ood: OODStatistics | None, keep_probabilities: bool
                 ) -> None:
        self._prepared, self._spec, self._ood = prepared, spec, ood
        self._labelmap = np.zeros(prepared.volume.array.shape, np.uint8)
        self._percent = None
        if keep_probabilities:
            self._percent = np.zeros((len(spec.segments), *self._labelmap.shape), np.uint8)
        self.logits = np.empty((len(prepared), len(spec.classes)), np.float32)
        self._area = np.zeros(len(prepared))
        self._features: list[OODFeatures] = []
        self._variation = VariationCheck(spec)

    def add(self, start: int, images: np.ndarray, masks: np.ndarray, embeddings: np.ndarray) -> None:
        """Take in a batch.

        Args:
            start: number of its first slice.
            images: (n, ...) what the network looked at.
            masks: (n, S + 1, size, size) mask logits.
            embeddings: (n, E) of the encoder.
        """
        batch = slice(start, start + len(images))
        self._variation.add(images, masks, self.logits[batch])
        labels, rows, columns = logits_to_labelmap(masks, self._prepared)
        self._prepared.view.of(self._labelmap)[batch, rows, columns] = labels
        if self._percent is not None:
            for number, part in enumerate(logits_to_probability_maps(masks, self._prepared)):
                self._prepared.view.of(self._percent[number])[batch, rows, columns] = part
        drawn = masks[:, 1:].max(axis=1) > masks[:, 0]
        inside = self._prepared.in_region(batch.start, batch.stop)
        self._area[batch] = np.count_nonzero(drawn if inside is None else drawn & inside, axis=(1, 2))
        if self._ood:
            self._features.append(self._ood.features(embeddings, images))

    def conclude(self) -> NetworkOutput:
        """The output for the volume, after all batches.

        Raises:
            WeightsError: it never changes.
        """
        self._variation.conclude()
        if self._percent is not None:
            self._prepared.clear_beyond_region(self._percent)
        distances, rotated, mistaken = None, None, False
        if self._ood:  # all at once: large products start threads, which would hold up the network
            features = OODFeatures.concatenate(self._features)
            distances, rotated = self._ood.score(features)
            mistaken = self._ood.mistaken(features, given_channels(self._prepared, self._spec))
        return NetworkOutput(self._labelmap, self.logits, self._area, distances, self._percent, rotated, mistaken)


def logits_to_labelmap(masks: np.ndarray, prepared: PreparedVolume) -> tuple[np.ndarray, slice, slice]:
    """Mask logits (n, S, size, size) to labels on the volume's grid.

    Logits are resampled, not labels, so that edges are as smooth as the network drew them. Resampling is linear: what
    decides is each class less the background, one resampling fewer than there are classes. A running maximum needs one
    class in memory at a time and gives the same labels as `argmax` over all.

    Returns:
        labels (n, r, c) uint8, and the rows and columns of the slices that they cover.
    """
    best, rows, columns = prepared.frame.from_network(masks[:, 1] - masks[:, 0])
    labels = (best > 0).view(np.uint8)
    for label in range(2, masks.shape[1]):
        logits, _, _ = prepared.frame.from_network(masks[:, label] - masks[:, 0])
        labels[logits > np.maximum(best, 0)] = label
        np.maximum(best, logits, out=best)
    return labels, rows, columns


def logits_to_probability_maps(masks: np.ndarray, prepared: PreparedVolume) -> np.ndarray:
    """Mask logits (n, S + 1, size, size) to the probability of each segment on the volume's grid.

    The softmax of the resampled logits, so that the most probable class is the label that `logits_to_labelmap` gives.

    Returns:
        (S, n, r, c) uint8, 0-100, for the rows and columns that `logits_to_labelmap` returns.
    """
    logits = np.stack([prepared.frame.from_network(masks[:, label])[0] for label in range(masks.shape[1])])
    logits -= logits.max(axis=0)
    exponential = np.exp(logits, out=logits)
    return np.rint(100 * exponential[1:] / exponential.sum(axis=0)).astype(np.uint8)
