"""Which slices are measured where all of them would take too long."""

from __future__ import annotations

import numpy as np

from ..data.dataset import SliceSet


def spread_over_classes(slices: SliceSet, places: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """About `count` of the slices at `places`, in their order: as many of each diagnosis, one of each group before a
    second of any. All at `places` have one known diagnosis, and there is at least one.

    Args:
        slices: of a data set.
        places: (N,) indices to choose from.
        count: how many to choose.
        seed: of the choice.
    """
    chance, found = np.random.default_rng(seed), []
    kinds = np.unique(slices.labels[places])
    for kind in kinds:
        own = chance.permutation(places[slices.labels[places] == kind])
        _, group = np.unique(slices.groups[own], return_inverse=True)
        turn = np.array([(group[:n] == one).sum() for n, one in enumerate(group)])
        found.append(own[np.argsort(turn, kind="stable")][: -(-count // len(kinds))])
    return np.sort(np.concatenate(found))
