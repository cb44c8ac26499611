"""How much a server takes, and from whom how often: what is more waits outside, and is told for how long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ...errors import ServerError, UnifiedViTError


@dataclass(frozen=True)
class Limits:
    """Of a server.

    Attributes:
        volume_bytes: of all volumes of a job, unpacked.
        jobs: that are there at once: being sent, waiting, computed, or not fetched yet.
        jobs_per_key: of these, of one key.
        jobs_per_minute: that a key may begin.
        lease_s: a job whose client was not heard of for so long is cancelled.
        result_s: a result that is not fetched is kept for so long, though its client is there.
        idle_s: a client that sends nothing for so long in the middle of an upload is given up.
        stream_s: a stream of events ends after so long, and the client opens another: so it shows that it is there,
            and no proxy takes the connection for dead.
        header_s: a connection that has not asked for anything by then is closed.
        connections: at once.
    """

    volume_bytes: int = 2 << 30
    jobs: int = 16
    jobs_per_key: int = 8
    jobs_per_minute: int = 60
    lease_s: float = 60.0
    result_s: float = 600.0
    idle_s: float = 30.0
    stream_s: float = 20.0
    header_s: float = 10.0
    connections: int = 200


class Refusal(Exception):
    """What is answered in place of what was asked for.

    Args:
        status: of HTTP.
        error: why.
        headers: that go with it.
    """

    def __init__(self, status: int, error: UnifiedViTError, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(str(error))
        self.status, self.error, self.headers = status, error, headers


class Busy(Refusal):
    """Not now; `sentence` says why, and `retry_s` after how many seconds to ask again."""

    def __init__(self, sentence: str, retry_s: float) -> None:
        super().__init__(429, ServerError(sentence), {"Retry-After": str(max(1, math.ceil(retry_s)))})


class Rate:
    """So many begins a minute for each key, evenly refilled; all of them may come at once.

    Args:
        per_minute: begins.
        clock: seconds that only grow.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._left: dict[str, tuple[float, float]] = {}  # begins left, and when that was so

    def take(self, key: str) -> None:
        """Take one.

        Raises:
            Busy: none is left.
        """
        now = self._clock()
        left, then = self._left.get(key, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - then) * self._per_minute / 60)
        if left < 1:
            raise Busy(f"This key may begin {self._per_minute} runs a minute, which it has.",
                       (1 - left) * 60 / self._per_minute)
        self._left[key] = left - 1, now
