"""The same picture twice: slices of different groups that look alike, mirror images too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Slices whose thumbnails correlate above this are taken for the same picture.
ALIKE = 0.97
#: Pixels along a side of a thumbnail.
THUMBNAIL = 32
#: Slices with less body than this share are the top of a head or noise: alike without being the same.
_ENOUGH_BODY = 0.15
#: Rows compared at a time: 1024 x 10,000 correlations are 40 MB.
_BLOCK = 1024


@dataclass(frozen=True)
class Twin:
    """Slice `first` looks like slice `second` (`mirrored` left to right); `correlation` of their thumbnails."""

    first: int
    second: int
    correlation: float
    mirrored: bool


def find_twins(images: np.ndarray, body: np.ndarray, items: np.ndarray, groups: np.ndarray, labels: np.ndarray,
               sides: np.ndarray) -> dict[str, list[Twin]]:
    """For each slice the slice most like it, if it is above `ALIKE`, of three kinds.

    Slices of one group are alike by nature and only looked at where their labels differ; those of one image or
    volume never.

    Args:
        images: (N, size, size) prepared slices.
        body: (N,) share of each that is body.
        items, groups, sides: (N,) of any type.
        labels: (N,) or (N, C), -1 unknown.

    Returns:
        "sides": twins of other groups on another side of the split; "groups": of other groups on the same side;
        "labels": of another known label. Each pair once.
    """
    candidates = np.flatnonzero(body > _ENOUGH_BODY)
    thumbnails = np.concatenate([_thumbnails(images[candidates[start : start + 256]])
                                 for start in range(0, len(candidates), 256)] or [np.empty((0, THUMBNAIL**2))])
    side = THUMBNAIL
    mirrored = thumbnails.reshape(-1, side, side)[:, :, ::-1].reshape(-1, side * side)
    codes = [np.unique(values[candidates], axis=0, return_inverse=True)[1].reshape(-1)
             for values in (items, groups, sides, labels)]
    unknown = (labels[candidates] < 0) if labels.ndim == 1 else (labels[candidates] < 0).any(axis=1)
    best: dict[str, dict[tuple[int, int], Twin]] = {"sides": {}, "groups": {}, "labels": {}}
    for start in range(0, len(candidates), _BLOCK):
        rows = slice(start, start + _BLOCK)
        straight, turned = thumbnails[rows] @ thumbnails.T, thumbnails[rows] @ mirrored.T
        alike = np.maximum(straight, turned)
        item, group, on, label = (code[rows, None] != code[None] for code in codes)
        said = item & label & ~unknown[rows, None] & ~unknown[None]
        for kind, wanted in (("sides", group & on), ("groups", group & ~on), ("labels", said)):
            against = np.where(wanted, alike, -1)
            partner = against.argmax(axis=1)
            found = against[np.arange(len(against)), partner]
            for row in np.flatnonzero(found > ALIKE):
                pair = sorted((int(candidates[start + row]), int(candidates[partner[row]])))
                best[kind][tuple(pair)] = Twin(
                    *pair, float(found[row]), bool(turned[row, partner[row]] > straight[row, partner[row]])
                )
    return {kind: sorted(pairs.values(), key=lambda twin: -twin.correlation) for kind, pairs in best.items()}


def _thumbnails(images: np.ndarray) -> np.ndarray:
    """(n, THUMBNAIL**2) float32 of zero mean and unit length, so that products are correlations."""
    images = np.asarray(images, np.float32)
    edges = np.linspace(0, images.shape[1], THUMBNAIL + 1).round().astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(images, edges, axis=1), edges, axis=2)
    counts = np.diff([*edges, images.shape[1]])
    means = (sums / (counts[:, None] * counts)).reshape(len(images), -1)
    means -= means.mean(axis=1, keepdims=True)
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
