"""Which slices a step learns from, and all chance of a run, each derived from the seed and the place in the run.

Nothing is carried from step to step, so a run that was killed goes on exactly, and one that is shared between
processes sees the same slices, changed in the same way, as one that is not.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from ..data.dataset import rarest_label


def seed_of(*place: int) -> int:
    """A seed for the place in a run given by whole numbers, unrelated to that of any other place."""
    return int(np.random.SeedSequence(place).generate_state(1, np.uint64)[0]) >> 1


def generators_of(seed: int, step: int, places: Iterable[int]) -> list[torch.Generator]:
    """One source of chance for each slice of a step, by its place in the batch.

    Args:
        seed: of the run.
        step: its number.
        places: of the slices in the batch.
    """
    return [torch.Generator().manual_seed(seed_of(seed, step, place)) for place in places]


def order_of_epoch(weights: np.ndarray, count: int, seed: int, epoch: int) -> np.ndarray:
    """Which slices an epoch meets, in order.

    Args:
        weights: (N,) how often each of N slices is drawn, in proportion; all equal: each once, in random order.
        count: how many are needed; more than N: some come again.
        seed, epoch: the same give the same order.

    Returns:
        (count,) places among the N.
    """
    generator = np.random.default_rng(seed_of(seed, 2**31 + epoch))
    if np.ptp(weights) == 0:
        rounds = -(-count // len(weights))
        return np.concatenate([generator.permutation(len(weights)) for _ in range(rounds)])[:count]
    # Systematic sampling: a slice of weight w comes w * count times, rounded up or down, never by luck alone.
    marks = (np.arange(count) + generator.random()) / count
    shuffled = generator.permutation(len(weights))
    edges = np.cumsum(weights[shuffled] / weights.sum())
    drawn = shuffled[np.minimum(np.searchsorted(edges, marks), len(weights) - 1)]
    return generator.permutation(drawn)


def favour_labelled(weights: np.ndarray, labelled: np.ndarray, taught: bool) -> np.ndarray:
    """How often slices are drawn where of some of them nothing is known.

    Args:
        weights: (N,), of `weights_of`.
        labelled: (N,) bool, whether anything is known; of some it is.
        taught: whether there is a teacher, from whom a network learns of the others too. Without one these are not
            drawn, so that a step costs the same and all of it teaches; with one, they are at most every other slice, as
            a step without a label would follow the teacher alone (Tarvainen and Valpola 2017).
    """
    if not taught:
        return np.where(labelled, weights, 0.0)
    known, unknown = weights[labelled].sum(), weights[~labelled].sum()
    return np.where(labelled, weights, weights * min(1.0, known / unknown)) if unknown else weights


def weights_of(labels: np.ndarray, balance: str) -> np.ndarray:
    """How often each slice is drawn, in proportion.

    Args:
        labels: (N,) diagnosis, -1 unknown; multi-label: (N, C), where a slice counts as its rarest true label.
        balance: "none": all alike; "equal": every diagnosis as often; "sqrt": half way.
    """
    if labels.ndim == 2:
        labels = rarest_label(labels)
    _, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    power = {"none": 0.0, "sqrt": 0.5, "equal": 1.0}[balance]
    return (1.0 / counts[place]) ** power

