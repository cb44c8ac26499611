"""The mean of what the sites have learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Update:
    """What a site has made of a round.

    Attributes:
        site: its name.
        tensors: by name, checked.
        samples: slices that it learns from.
        losses: mean of each task over the round's steps.
    """

    site: str
    tensors: dict[str, np.ndarray]
    samples: int
    losses: dict[str, float]


def federated_average(updates: Sequence[Update]) -> dict[str, np.ndarray]:
    """FedAvg (McMahan et al. 2017, algorithm 1): the mean of the sites' tensors, each weighted by its samples.

    Counters (whole numbers) are those of the site with most samples. The order of the sites changes nothing.

    Args:
        updates: at least one, all with tensors of the same names and shapes.
    """
    ordered = sorted(updates, key=lambda update: (-update.samples, update.site))
    total = sum(update.samples for update in ordered)
    averaged = {}
    for name, value in ordered[0].tensors.items():
        if np.issubdtype(value.dtype, np.floating):
            mean = sum(update.tensors[name].astype(np.float64) * (update.samples / total) for update in ordered)
            averaged[name] = np.asarray(mean, dtype=value.dtype)
        else:
            averaged[name] = value
    return averaged
