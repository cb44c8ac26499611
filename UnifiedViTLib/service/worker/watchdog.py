"""When a worker that lives is of no more use: it gives no sign of life, gets no further, or hears nothing."""

from __future__ import annotations

import time

from ...errors import WorkerError
from ...inference.backends.selection import HUNG
from .process import WorkerLost

#: A worker without a sign of life for so long hangs. Importing torch from a slow disk may hold up its heartbeat.
SILENCE_S = 120.0
#: A worker that lives and has not heard its request for so long is behind a launcher that keeps its input back.
DEAF_S = 30.0
#: A worker that lives, and is no further with an image for so long, hangs in a library.
STALLED_S = 900.0


class Watchdog:
    """Counts the time that a client listened to a worker in vain, from the sending of a request on.

    Args:
        silence_s: how long the worker may give no sign of life.
        stalled_s: how long it may get no further; infinite for work that has no steps to tell of.
        python: the interpreter that it runs in, for the sentence on one that hears nothing.

    The limits are attributes too, which may be changed while it counts.
    """

    def __init__(self, silence_s: float, stalled_s: float, python: str) -> None:
        self.silence_s, self.stalled_s, self._python = silence_s, stalled_s, python
        self._silent = self._deaf = self._stalled = 0.0
        self._alive = self._answered = False
        self._before = time.monotonic()

    def tick(self) -> None:
        """Count the time since the last call.

        Raises:
            WorkerLost: the worker hangs.
            WorkerError: the worker does not get what it is sent.
        """
        now = time.monotonic()
        # A computer that slept, or a Slicer that was busy, did not listen all that time.
        passed, self._before = min(now - self._before, 1.0), now
        self._silent += passed
        if self._answered:
            self._stalled += passed
        elif self._alive:
            self._deaf += passed
        if self._silent > self.silence_s:
            raise WorkerLost(
                f"The worker gave no sign of life for {self.silence_s:.0f} seconds and was ended. Run again; if "
                "that happens again, restart the computer or choose the cpu.", HUNG, "it did not come to an end",
            )
        if self._stalled > self.stalled_s:
            raise WorkerLost(
                f"The worker made no progress for {self.stalled_s:.0f} seconds and was ended. Run again; if that "
                "happens again, choose another device or model.", HUNG, "it did not come to an end",
            )
        if self._deaf > DEAF_S:
            raise WorkerError(
                f"The worker does not get what it is sent: {self._python} keeps its input back. Please report it, "
                "with the names of the system and of Slicer's version."
            )

    def sign_of_life(self) -> None:
        """The worker printed something, if only its heartbeat."""
        self._silent, self._alive = 0.0, True

    def answer(self) -> None:
        """The worker spoke of the request: it has got it."""
        self._answered, self._deaf = True, 0.0

    def progress(self) -> None:
        """The worker is further with the request."""
        self._stalled = 0.0
