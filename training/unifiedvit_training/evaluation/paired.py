"""Two networks on the same slices: differences of their metrics (paired bootstrap)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..config import Model
from .bootstrap import interval, resample
from .slice_table import SliceTable, table_metrics


class Difference(NamedTuple):
    """A metric of two runs on the same slices.

    Attributes:
        first, second: the metric of each.
        difference: second minus first.
        low, high: 95 % interval of the difference, groups resampled; None where that tells nothing.
        against: share of the draws in which the difference has the other sign or is nought, doubled (at most 1): the
            smaller, the less it looks like chance.
    """

    first: float
    second: float
    difference: float
    low: float | None
    high: float | None
    against: float | None


def paired(first: SliceTable, second: SliceTable, model: Model) -> dict[str, Difference]:
    """Differences of all metrics that both have; the tables hold the same slices in the same order.

    Args:
        first, second: of the two networks.
        model: what both answer.
    """
    return paired_over([(first, second)], model)


def paired_over(pairs: Sequence[tuple[SliceTable, SliceTable]], model: Model,
                measure: Callable[[SliceTable, Model, np.ndarray], dict[str, np.ndarray]] = table_metrics
                ) -> dict[str, Difference]:
    """As `paired`, for two networks trained several times: metrics are means over the pairs, one pair a seed. The
    same groups are drawn for all; the interval is that of the slices, not of the seeds.

    Args:
        pairs: at least one; all tables hold the same slices in the same order.
        model: names the classes.
        measure: gives the metrics.
    """
    pairs = [_where_both_drew(first, second) for first, second in pairs]

    def metrics(weights: np.ndarray) -> dict[str, np.ndarray]:
        means = [_mean_of([measure(pair[n], model, weights) for pair in pairs]) for n in (0, 1)]
        return {f"{name}.{n}": values[name] for name in means[0] for n, values in enumerate(means)}

    some = pairs[0][0]
    plain, draws = metrics(np.ones((1, len(some)))), resample(metrics, some.groups)
    found = {}
    for name in dict.fromkeys(key.rpartition(".")[0] for key in plain):
        one, other = (float(plain[f"{name}.{n}"][0]) for n in (0, 1))
        if np.isnan(one) or np.isnan(other):
            continue
        change = draws[f"{name}.1"] - draws[f"{name}.0"]
        low, high = interval(change)
        found[name] = Difference(one, other, other - one, low, high, None if low is None else _against(change))
    return found


def _mean_of(metrics: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.mean([each[name] for each in metrics], axis=0) for name in metrics[0]}


def _where_both_drew(first: SliceTable, second: SliceTable) -> tuple[SliceTable, SliceTable]:
    """The tables with distances kept only where both have one."""
    if first.values is None or second.values is None:
        return first, second
    both = ~np.isnan(first.values["hd95"] + second.values["hd95"])
    kept = [values | {"hd95": np.where(both, values["hd95"], np.nan)} for values in (first.values, second.values)]
    return replace(first, values=kept[0]), replace(second, values=kept[1])


def _against(change: np.ndarray) -> float:
    change = change[~np.isnan(change)]
    return min(1.0, 2 * min((change <= 0).mean(), (change >= 0).mean()))
