"""The same picture twice: slices of different groups that look alike, mirror images too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .dataset import pictures

#: Slices whose thumbnails correlate above this are taken for the same picture.
ALIKE = 0.97
#: Pixels along a side of a thumbnail.
THUMBNAIL = 32
#: Slices with less body than this share are the top of a head or noise: alike without being the same.
_ENOUGH_BODY = 0.15
#: Rows compared at a time: 1024 x 10,000 correlations are 40 MB.
_BLOCK = 1024


@dataclass(frozen=True)
class NearDuplicate:
    """Slice `first` looks like slice `second` (`mirrored` left to right); `correlation` of their thumbnails."""

    first: int
    second: int
    correlation: float
    mirrored: bool


def find_near_duplicates(
    images: np.ndarray, body: np.ndarray, items: np.ndarray, groups: np.ndarray, labels: np.ndarray, sides: np.ndarray
) -> dict[str, list[NearDuplicate]]:
    """For each slice the slice most like it, if it is above `ALIKE`, of three kinds.

    Slices of one group are alike by nature and only looked at where their labels differ; those of one image or
    volume never.

    Args:
        images: (N, size, size) prepared slices, or (N, C, size, size), of which the first channel there counts.
        body: (N,) share of each that is body.
        items, groups, sides: (N,) of any type.
        labels: (N,) or (N, C), -1 unknown.

    Returns:
        "sides": near duplicates of other groups on another side of the split; "groups": of other groups on the same
        side; "labels": of another known label. Each pair once.
    """
    candidates = np.flatnonzero(body > _ENOUGH_BODY)
    thumbnails = np.concatenate([_thumbnails(images[candidates[start : start + 256]])
                                 for start in range(0, len(candidates), 256)] or [np.empty((0, THUMBNAIL**2))])
    mirrored = thumbnails.reshape(-1, THUMBNAIL, THUMBNAIL)[:, :, ::-1].reshape(-1, THUMBNAIL**2)
    item, group, side = (np.unique(values[candidates], return_inverse=True)[1] for values in (items, groups, sides))
    label = np.unique(labels[candidates], axis=0, return_inverse=True)[1].reshape(-1)
    unknown = np.asarray((labels[candidates].reshape(len(candidates), -1) < 0).any(axis=1))
    best = {kind: _Best(len(candidates)) for kind in ("sides", "groups", "labels")}
    for start in range(0, len(candidates), _BLOCK):
        rows = slice(start, start + _BLOCK)
        straight, turned = thumbnails[rows] @ thumbnails[start:].T, thumbnails[rows] @ mirrored[start:].T
        alike = np.maximum(straight, turned)
        at = np.nonzero(alike > ALIKE)
        first, second = at[0] + start, at[1] + start
        other_group = group[first] != group[second]
        known = ~unknown[first] & ~unknown[second]
        other_label = known & (item[first] != item[second]) & (label[first] != label[second])
        for kind, chosen in (("sides", other_group & (side[first] != side[second])),
                             ("groups", other_group & (side[first] == side[second])), ("labels", other_label)):
            best[kind].add(first[chosen], second[chosen], alike[at][chosen], (turned[at] > straight[at])[chosen])
    return {kind: of_kind.pairs(candidates) for kind, of_kind in best.items()}


class _Best:
    """For each of `count` slices the one most like it so far."""

    def __init__(self, count: int) -> None:
        self._correlation = np.zeros(count)
        self._partner = np.full(count, -1)
        self._mirrored = np.zeros(count, bool)

    def add(self, first: np.ndarray, second: np.ndarray, correlation: np.ndarray, mirrored: np.ndarray) -> None:
        """Take note of pairs; all arrays (P,)."""
        rising = np.argsort(correlation, kind="stable")  # of several pairs of a slice the last written stays
        for mine, its in ((first[rising], second[rising]), (second[rising], first[rising])):
            better = correlation[rising] > self._correlation[mine]
            mine = mine[better]
            self._correlation[mine] = correlation[rising][better]
            self._partner[mine], self._mirrored[mine] = its[better], mirrored[rising][better]

    def pairs(self, slices: np.ndarray) -> list[NearDuplicate]:
        """Each pair once, the most alike first. `slices`: (count,) what the numbers stand for."""
        pairs = {
            (min(n, partner), max(n, partner)): (float(self._correlation[n]), bool(self._mirrored[n]))
            for n, partner in enumerate(self._partner.tolist()) if partner >= 0
        }
        return sorted(
            (NearDuplicate(int(slices[first]), int(slices[second]), *likeness)
             for (first, second), likeness in pairs.items()),
            key=lambda duplicate: -duplicate.correlation,
        )


def _thumbnails(images: np.ndarray) -> np.ndarray:
    """(n, THUMBNAIL**2) float32 of zero mean and unit length, so that products are correlations."""
    images = np.asarray(pictures(images), np.float32)
    edges = np.linspace(0, images.shape[1], THUMBNAIL + 1).round().astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(images, edges, axis=1), edges, axis=2)
    counts = np.diff([*edges, images.shape[1]])
    means = (sums / (counts[:, None] * counts)).reshape(len(images), -1)
    means -= means.mean(axis=1, keepdims=True)
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
