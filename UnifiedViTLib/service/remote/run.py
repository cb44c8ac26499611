"""A run on a server: its volumes are sent, it is followed until it has ended, and the server forgets it."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from urllib.parse import quote

import numpy as np

from ...errors import UnifiedViTError
from ...imaging.volume import Volume, check
from ...inference.progress import ProgressCallback
from ...texts import is_plain
from ..server.spool import pack
from ..server.wire import VolumesJob, malformed, pieces, read_json
from ..store.transfer import MirrorFailed
from .address import ServerAddress
from .connection import Connection, Patience, told_error
from .hiding import Aliases

#: Of a run, the parts that are done when the image has been sent, and when the result is there.
SENT, COMPUTED = 0.15, 0.9
#: Characters of a stage in words, and of a line of events.
_STAGE, _LINE = 200, 1 << 16


class RemoteRun:
    """One run on a server.

    Args:
        address: of the server.
        images: volumes by their channels.
        progress: told how far it is; may raise to stop, upon which the server stops too.
        patience: with the server.

    Attributes:
        aliases: of the names that stay here.
        hidden: the volumes as they are described to the server.
        connection: to it; `host` for sentences.
    """

    def __init__(self, address: ServerAddress, images: dict[str, Volume], progress: ProgressCallback,
                 patience: Patience | None) -> None:
        self.aliases, self.host, self._progress = Aliases(), address.host, progress
        self._fraction, self._stage = 0.0, "Waiting"
        self.connection = Connection(address, lambda stage: self.tell(stage), patience)
        self.tell("Preparing")
        for volume in images.values():
            if volume.array.ndim != 3 or not volume.array.size:
                check(volume)  # says what it is
        self.hidden = self.aliases.hide(images)

    def tell(self, stage: str, fraction: float | None = None) -> None:
        """A stage in words, and the part of the run that is done if it is another one now."""
        self._fraction = self._fraction if fraction is None else fraction
        self._progress(stage, self._fraction)

    @contextmanager
    def finished(self, path: str, job: VolumesJob) -> Iterator[tuple[str, str]]:
        """Begin a run and wait for its end; gives its number and its path, under which the result can be fetched within
        the block. After it, or after an error, the server has nothing of it any more.

        Args:
            path: where runs of this kind begin.
            job: what is asked for, of the volumes in `hidden`.

        Raises:
            UnifiedViTError: as of `Connection.ask`, or why the run failed.
        """
        begun = self.connection.ask("POST", path, job.to_dict())
        job_id = begun.get("id") if isinstance(begun, dict) else None
        if not isinstance(job_id, str) or not 20 <= len(job_id) <= 100:
            raise malformed("the run has no name")
        own = f"/v1/jobs/{quote(job_id, safe='')}"
        try:
            self._send(own)
            self._wait(own)
            yield job_id, own
        finally:
            # It would end by itself when nothing is heard of this computer any more: that may fail.
            with suppress(UnifiedViTError):
                Connection(self.connection.address, patience=replace(
                    self.connection.patience, repeats=0)).ask("DELETE", own)

    def _send(self, path: str) -> None:
        """All volumes; where one was not taken as it came, the server says why."""
        arrays = [volume.array for volume in self.hidden.values()]
        total, done = max(1, sum(array.nbytes for array in arrays)), 0

        def body(array: np.ndarray, before: int) -> Iterator[bytes]:
            def counted() -> Iterator[memoryview]:
                count = before
                for piece in pieces(array):
                    count += len(piece)
                    self.tell(f"Sending to {self.host}", SENT * count / total)
                    yield piece

            return pack(counted())

        for number, array in enumerate(arrays):
            self.connection.again("PUT", f"{path}/volumes/{number}", lambda response: None,
                                  partial(body, array, done), {"Content-Type": "application/octet-stream"})
            done += array.nbytes

    def _wait(self, path: str) -> None:
        """Until the run has ended; streams of events end now and then, and the next goes on."""
        self._fraction = SENT
        while True:
            status = self.connection.again("GET", f"{path}/events", self._follow)
            if status == "done":
                self._fraction = COMPUTED
                return

    def _follow(self, response: http.client.HTTPResponse) -> str:
        """One stream of events; gives the state at its end."""
        state = ""
        while line := response.readline(_LINE):
            if not line.startswith(b"data:"):
                if line.startswith(b":"):
                    self.tell(self._stage)
                continue
            try:
                status = read_json(line[5:])
                state, position = status["state"], int(status["position"])
                stage, fraction = str(status["stage"])[:_STAGE], float(status["fraction"])
                error = told_error(status["error"])
            except (KeyError, TypeError, ValueError) as problem:
                raise malformed("an event is none") from problem
            if state == "failed":
                raise error or malformed("a run failed for no reason")
            if state == "waiting":
                self._stage = f"Waiting on {self.host}: {position} in line"
            elif stage and is_plain(stage):
                self._stage = self.aliases.restore_text(stage)
                self._fraction = max(self._fraction, SENT + (COMPUTED - SENT) * min(1.0, max(0.0, fraction)))
            self.tell(self._stage)
        if not state:
            raise MirrorFailed("ended the connection early")
        return state
