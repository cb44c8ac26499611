"""Uncertainty: how far several forward passes over the same volume agree, voxel by voxel and as a whole. Needs numpy
alone.

A pass is the network's answer under test-time augmentation (`tta`), or that of one member of an ensemble
(Lakshminarayanan et al. 2017).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np

from ..imaging.preparation import PreparedVolume
from ..imaging.slicing import NARROWEST
from ..planes import PLANES
from ..spec import ModelSpec
from .decision import Decision
from .pooling import class_probabilities, lesion_probabilities, pool
from .prediction import Uncertainty
from .tta import TTA_TRANSFORMS

#: Volumes whose largest spacing is at most so many times the smallest are looked at in all three planes.
ISOTROPIC = 1.5
#: The confidence where mask and diagnosis contradict each other: one of the two is wrong, and which is not known.
CONTRADICTION = 0.5


class UncertaintyAccumulator:
    """The outputs of several passes over a volume, taken in batch by batch: none of a whole volume is ever in memory.

    Args:
        spec: the model.
        prepared: the volume.
        members: so many networks of an ensemble answer beside the `TTA_TRANSFORMS`.
    """

    def __init__(self, spec: ModelSpec, prepared: PreparedVolume, members: int = 0) -> None:
        self._spec, self._prepared = spec, prepared
        names = [spec.members[n].id for n in range(members)]
        self.names = (
            "as it is",
            *(augmentation.name for augmentation in TTA_TRANSFORMS),
            *(f"{name} alone" for name in names),
        )
        shape = len(self.names), len(prepared)
        self.logits = np.empty((*shape, len(spec.classes)), np.float32)
        self.areas, self._overlaps = np.zeros(shape), np.zeros(shape)
        self.entropy = np.zeros(prepared.volume.array.shape, np.uint8)

    def add(self, start: int, masks: np.ndarray, logits: np.ndarray, further: Iterable[tuple[np.ndarray, np.ndarray]]
            ) -> None:
        """Take in a batch of slices.

        Args:
            start: number of its first slice.
            masks, logits: (n, S + 1, H, W) and (n, C), the answer's own.
            further: the same of each further look, in the order of `names`.
        """
        stop = start + len(masks)
        inside = self._prepared.in_region(start, stop)
        region = np.uint8(1) if inside is None else inside.astype(np.uint8)
        labels, total = region * masks.argmax(axis=1), np.zeros_like(masks)
        for number, (pass_masks, pass_logits) in enumerate(chain([(masks, logits)], further)):
            drawn = region * pass_masks.argmax(axis=1)
            self.logits[number, start:stop] = pass_logits
            self.areas[number, start:stop] = (drawn > 0).sum(axis=(1, 2))
            self._overlaps[number, start:stop] = ((drawn == labels) & (labels > 0)).sum(axis=(1, 2))
            total = total + _softmax(pass_masks)
        percent, rows, columns = _entropy_on_grid(total / len(self.names), self._prepared)
        self._prepared.view.of(self.entropy)[start:stop, rows, columns] = percent

    def conclude(self, decision: Decision, planes: dict[str, np.ndarray]) -> Uncertainty:
        """What the passes come to.

        Args:
            decision: what is told to the user.
            planes: probabilities of the volume (C,) by the name of each other plane that was looked at.
        """
        spec, slice_mm = self._spec, self._prepared.view.mm[0]
        self._prepared.clear_beyond_region(self.entropy)
        names = [c.name for c in spec.classes]
        diagnosed = names.index(decision.diagnosis.label)
        by_slice = np.stack([class_probabilities(logits, spec.temperature) for logits in self.logits])
        by_pass = np.stack([_pooled(probabilities, area, spec, slice_mm)
                            for probabilities, area in zip(by_slice, self.areas, strict=True)])
        drawn = any(segment.voxels for segment in decision.segments)
        contradicted = spec.healthy is not None and (diagnosed == spec.healthy) == drawn
        components = {"passes": float(by_pass[:, diagnosed].mean())}
        if len(self._prepared) > 1:
            components["slices"] = _slices_for(diagnosed, by_slice[0], self.areas[0], spec, slice_mm)
        if planes:
            components["planes"] = float(np.mean([by_pass[0, diagnosed],
                                                  *(probabilities[diagnosed] for probabilities in planes.values())]))
        components["mask"] = CONTRADICTION if contradicted else 1.0
        drawn_slices = self._prepared.view.of(decision.labelmap).any(axis=(1, 2))
        both, areas = self._overlaps[1:, drawn_slices].sum(), (self.areas[1:] + self.areas[0])[:, drawn_slices].sum()
        return Uncertainty(
            passes=(*self.names, *(f"{plane} slices" for plane in planes)),
            confidence=min(components.values()),
            components=components,
            mask_dice=float(2 * both / areas) if areas else None,
            probability_std={name: float(value) for name, value in zip(
                names, np.vstack([by_pass, *planes.values()]).std(axis=0), strict=True)},
            mutual_information=_mutual_information(by_slice).astype(np.float32),
            percent=self.entropy,
        )


def other_planes(prepared: PreparedVolume, spec: ModelSpec) -> tuple[str, ...]:
    """The planes, beside the one that is looked at, in which a volume can be seen as well: none unless its voxels are
    nearly cubes (`ISOTROPIC`) and there are enough of them along each axis, nor for a model that knows one alone."""
    mm, volume = prepared.view.mm, prepared.volume
    if spec.plane != "auto" or volume.planar or min(volume.array.shape) < NARROWEST or max(mm) > ISOTROPIC * min(mm):
        return ()
    return tuple(plane for plane in PLANES if plane != prepared.view.plane)


def _pooled(probabilities: np.ndarray, area: np.ndarray, spec: ModelSpec, slice_mm: float) -> np.ndarray:
    lesion, kept = lesion_probabilities(probabilities, spec, slice_mm)
    return pool(probabilities, lesion, area * kept, spec)


def _slices_for(diagnosed: int, probabilities: np.ndarray, area: np.ndarray, spec: ModelSpec, slice_mm: float) -> float:
    """The share of slices whose own answer is the volume's diagnosis. Of a lesion those count that decide which one it
    is (`pooling.pool`), each by its weight; for "nothing found", all."""
    lesion, kept = lesion_probabilities(probabilities, spec, slice_mm)
    weight = lesion * area * kept
    if diagnosed == spec.healthy or spec.volume_rule.pooling == "mean":
        weight = np.ones(len(probabilities))
    elif weight.sum() == 0:
        weight = lesion
    candidates = probabilities.copy()
    if spec.healthy is not None and diagnosed != spec.healthy:
        candidates[:, spec.healthy] = 0
    return float((weight * (candidates.argmax(axis=1) == diagnosed)).sum() / weight.sum())


def _softmax(masks: np.ndarray) -> np.ndarray:
    """(n, S + 1, H, W) logits to probabilities."""
    exponential = np.exp(masks - masks.max(axis=1, keepdims=True))
    return exponential / exponential.sum(axis=1, keepdims=True)


def _entropy_on_grid(probabilities: np.ndarray, prepared: PreparedVolume) -> tuple[np.ndarray, slice, slice]:
    """Entropy of (n, S + 1, H, W) probabilities on the volume's grid, in percent of the most that is possible.

    Logarithms are resampled, as logits are for the labels, so that entropy is highest where the outline runs.

    Returns:
        (n, r, c) uint8, 0-100, and the rows and columns of the slices that they cover.
    """
    logits = np.log(np.maximum(probabilities, 1e-7))
    resampled = [prepared.frame.from_network(logits[:, label]) for label in range(logits.shape[1])]
    _, rows, columns = resampled[0]
    on_grid = _softmax(np.stack([part for part, _, _ in resampled], axis=1))
    return np.rint(100 * _entropy(on_grid, axis=1)).astype(np.uint8), rows, columns


def _entropy(probabilities: np.ndarray, axis: int) -> np.ndarray:
    """Along an axis, 0 (sure) to 1 (all alike)."""
    sure = np.maximum(probabilities, 1e-12)
    return np.clip(-(sure * np.log(sure)).sum(axis=axis) / np.log(probabilities.shape[axis]), 0, 1)


def _mutual_information(by_slice: np.ndarray) -> np.ndarray:
    """(passes, N, C) probabilities to (N,): what the passes differ in, without what each is unsure of by itself (mutual
    information of pass and diagnosis), 0 to 1."""
    return np.clip(_entropy(by_slice.mean(axis=0), axis=1) - _entropy(by_slice, axis=2).mean(axis=0), 0, 1)
