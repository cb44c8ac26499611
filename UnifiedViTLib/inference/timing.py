"""How long each stage of a run takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageTimer:
    """The seconds of each stage, by name in the order in which they end, and of all since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Take the time of a block; what `record` takes out of it within the block is not counted twice."""
        start, before = time.perf_counter(), sum(self._seconds.values())
        yield
        recorded = sum(self._seconds.values()) - before
        self._seconds[name] = time.perf_counter() - start - recorded

    def record(self, name: str, seconds: float) -> None:
        """Add a stage that was timed elsewhere; within a block of `stage`, out of that."""
        self._seconds[name] = seconds

    def seconds(self) -> dict[str, float]:
        """By stage, and "total"."""
        return self._seconds | {"total": time.perf_counter() - self._start}
