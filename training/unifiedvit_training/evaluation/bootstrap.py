"""Intervals by resampling groups: slices of one patient are not independent of each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

DRAWS, SEED = 1000, 20250
#: Draws are worked on in portions of about so many weights, to bound the memory.
_PORTION = 4_000_000

#: Weights (D, N), how often each slice counts, to metrics (D,) by name; NaN where one has no meaning.
Metrics = Callable[[np.ndarray], dict[str, np.ndarray]]


class Estimate(NamedTuple):
    """A metric and its 95 % interval; None where it has no meaning, or resampling tells nothing of it."""

    value: float | None
    low: float | None
    high: float | None


def with_intervals(metrics: Metrics, groups: np.ndarray) -> dict[str, Estimate]:
    """Each metric with every slice counted once, and its interval over draws of whole groups (N,)."""
    draws = resample(metrics, groups)
    return {
        name: Estimate(float(value[0]), *interval(draws[name]))
        if not np.isnan(value[0])
        else Estimate(None, None, None)
        for name, value in metrics(np.ones((1, len(groups)))).items()
    }


def resample(metrics: Metrics, groups: np.ndarray, draws: int = DRAWS, seed: int = SEED) -> dict[str, np.ndarray]:
    """`draws` values of each metric, whole groups drawn with replacement.

    Args:
        metrics: (D, N) weights of the slices -> (D,) values of each metric.
        groups: (N,) str; slices of the same group are drawn together. Of a single group nothing can be drawn: all
            values are NaN.
        draws, seed: the same give the same draws.
    """
    _, member = np.unique(groups, return_inverse=True)
    count = member.max() + 1
    if count < 2:
        return {name: np.full(draws, np.nan) for name in metrics(np.ones((1, len(groups))))}
    generator = np.random.default_rng(seed)
    portion = max(1, _PORTION // len(groups))
    parts = []
    for start in range(0, draws, portion):
        drawn = generator.multinomial(count, np.full(count, 1 / count), size=min(portion, draws - start))
        parts.append(metrics(drawn[:, member].astype(float)))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def interval(values: np.ndarray, level: float = 0.95) -> tuple[float | None, float | None]:
    """The middle `level` of the draws; None, None if half of them or more have no meaning (NaN)."""
    known = values[~np.isnan(values)]
    if 2 * len(known) <= len(values):
        return None, None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
