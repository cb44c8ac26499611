"""Two networks on the same slices: differences of their figures (paired bootstrap)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..config import Model
from .bootstrap import interval, resample
from .slice_table import SliceTable, table_figures


class Difference(NamedTuple):
    """A figure of two runs on the same slices.

    Attributes:
        first, second: the figure of each.
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
    """Differences of all figures that both have; the tables hold the same slices in the same order."""
    first, second = _where_both_drew(first, second)

    def figures(weights: np.ndarray) -> dict[str, np.ndarray]:
        one, other = (table_figures(table, model, weights) for table in (first, second))
        return {f"{name}.{n}": values[name] for name in one for n, values in enumerate((one, other))}

    plain, draws = figures(np.ones((1, len(first)))), resample(figures, first.groups)
    found = {}
    for name in dict.fromkeys(key.rpartition(".")[0] for key in plain):
        one, other = (float(plain[f"{name}.{n}"][0]) for n in (0, 1))
        if np.isnan(one) or np.isnan(other):
            continue
        change = draws[f"{name}.1"] - draws[f"{name}.0"]
        low, high = interval(change)
        found[name] = Difference(one, other, other - one, low, high, None if low is None else _against(change))
    return found


def _where_both_drew(first: SliceTable, second: SliceTable) -> tuple[SliceTable, SliceTable]:
    """The tables with distances kept only where both have one."""
    if first.values is None or second.values is None:
        return first, second
    both = ~np.isnan(first.values["hd95"] + second.values["hd95"])
    return tuple(
        replace(table, values=table.values | {"hd95": np.where(both, table.values["hd95"], np.nan)})
        for table in (first, second)
    )


def _against(change: np.ndarray) -> float:
    change = change[~np.isnan(change)]
    return min(1.0, 2 * min((change <= 0).mean(), (change >= 0).mean()))
