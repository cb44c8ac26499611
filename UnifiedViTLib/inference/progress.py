"""How far a run is, told as one fraction over parts that take unequally long."""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: Called with a stage in words and the fraction done (0..1); it may raise `Cancelled` to stop the run.
ProgressCallback = Callable[[str, float], None]


def ignore(stage: str, fraction: float) -> None:
    """The progress of what nobody follows."""


class WeightedProgress:
    """One progress over several parts, done one after the other.

    Args:
        progress: told the fraction of the whole.
        shares: how long each part takes, by its name and in the order in which they are done, in any unit.
    """

    def __init__(self, progress: ProgressCallback, shares: Mapping[str, float]) -> None:
        self._progress, self._shares = progress, dict(shares)

    def part(self, name: str) -> ProgressCallback:
        """What is to be told the progress of a part, 0 to 1 of it."""
        names = list(self._shares)
        whole = sum(self._shares.values())
        start = sum(self._shares[earlier] for earlier in names[:names.index(name)]) / whole
        share = self._shares[name] / whole
        return lambda stage, fraction: self._progress(stage, float(min(1.0, start + share * fraction)))
