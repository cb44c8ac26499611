"""Few labels: a part of the patients keeps its masks and labels, the others are images alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..data.dataset import SliceSet
from ..data.splits import stratified_group_split


def with_few_labels(slices: SliceSet, share: float, seed: int) -> SliceSet:
    """Take masks and labels of the training side away from all but a share of its groups.

    Which groups keep them is dealt as a split is: whole groups, each diagnosis by its share, and one of each at least.

    Args:
        slices: of all sides; the others stay as they are.
        share: of the groups (patients) of the training side, 0..1.
        seed: of the choice.
    """
    if share == 1:
        return slices
    train = slices.on("train")
    groups = slices.groups[train].tolist()
    part = stratified_group_split(groups, [_strata(label) for label in slices.labels[train]], (share, 1 - share), seed)
    left_out = train[np.array(part) == 1]
    has_mask, labels = slices.has_mask.copy(), slices.labels.copy()
    has_mask[left_out], labels[left_out] = False, -1
    return replace(slices, has_mask=has_mask, labels=labels)


def _strata(label: np.ndarray) -> tuple[str, ...]:
    """What a slice is dealt by: its diagnosis, or of several at once each that is true."""
    return (str(label),) if label.ndim == 0 else tuple(map(str, np.flatnonzero(label == 1))) or ("none",)


def labelled_slices(slices: SliceSet, indices: np.ndarray, task: str) -> np.ndarray:
    """(n,) bool: the slices of which something is known that a network learns.

    Args:
        slices: of a dataset.
        indices: (n,) which of them.
        task: of the network: "both", "classification" or "segmentation".
    """
    labels = slices.labels[indices].reshape(len(indices), -1)
    named, drawn = (labels >= 0).any(axis=1), slices.has_mask[indices]
    return {"both": named | drawn, "classification": named, "segmentation": drawn}[task]
