"""A worker process as its client holds it: started, spoken to, ended; and how it ended."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, cast

from ...errors import WorkerError
from ...inference.backends.selection import CRASHED, KILLED
from ...processes import PATIENCE_S, crash_signal, kill_tree, start, was_killed
from .exchange import make_folder, name_folder, remove_folder
from .protocol import decode, encode

#: Lines of log that a request passes on, and characters of each.
LOG_LINES = 2000
LOG_WIDTH = 2000
_LONGEST_LINE = 16 << 20
_TICK_S = 0.1
#: Python's first words on a crash.
_CRASH = "Fatal Python error"

#: The folder of the library goes to the end of the path, the current folder away: neither may hide other modules.
_BOOTSTRAP = (
    "import sys; sys.path = [sys.argv[1]] + [p for p in sys.path if p]; import UnifiedViTLib; "
    "sys.path.append(sys.path.pop(0)); "
    "from UnifiedViTLib.service.worker.worker import main; main(sys.argv[2])"
)
_LIBRARY = Path(__file__).resolve().parents[3]


class WorkerLost(WorkerError):
    """A worker ended that nobody had told to.

    Args:
        sentence: for the user.
        outcome: `selection.CRASHED`, `KILLED` or `HUNG`; "" where it ended in an orderly way.
        reason: the same in a few words, for a note on the backend that it ran.
    """

    def __init__(self, sentence: str, outcome: str = "", reason: str = "") -> None:
        super().__init__(sentence)
        self.outcome, self.reason = outcome, reason


class WorkerProcess:
    """A worker process, what it says, and the folder through which it gets volumes.

    Args:
        python: the interpreter.
        more: variables for its environment, besides those of this process.

    Attributes:
        heard: set at each sign of life.

    Raises:
        WorkerError: the Python is not there or cannot be run.
        OutputError: there is no room for temporary files.
    """

    def __init__(self, python: str, more: Mapping[str, str]) -> None:
        # The worker knows the folder from the beginning, to remove it if this process is killed.
        self._folder = name_folder()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:backslashreplace", **more}
        if sys.flags.no_user_site:
            environment["PYTHONNOUSERSITE"] = "1"
        try:
            self._process = start([python, "-c", _BOOTSTRAP, str(_LIBRARY), str(self._folder)], environment)
        except OSError as error:
            raise WorkerError(
                f"The Python that runs the networks cannot be started: {python} ({error.strerror or error}). "
                "Install it, or give the path of another."
            ) from error
        pipes = self._process.stdin, self._process.stdout, self._process.stderr
        self._stdin, self._stdout, self._stderr = cast("tuple[BinaryIO, BinaryIO, BinaryIO]", pipes)  # as of `start`
        self.heard = False
        self._silenced = False  # its stdout is closed
        self._ended = False
        self._ending = threading.Lock()
        self._messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._last_line = ""
        self._log_reader = threading.Thread(target=self._read_log, daemon=True)
        self._message_reader = threading.Thread(target=self._read_messages, daemon=True)
        self._log_reader.start()
        self._message_reader.start()

    @property
    def alive(self) -> bool:
        """Whether it can still be spoken to."""
        return not self._ended and not self._silenced and self._process.poll() is None

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; if the worker is gone, "gone" is what comes back."""
        with suppress(OSError, ValueError):
            self._stdin.write(encode(message))
            self._stdin.flush()

    def next_message(self) -> dict[str, Any] | None:
        """The next message, "log" and "gone" among them; None if none comes for a while."""
        try:
            return self._messages.get(timeout=_TICK_S)
        except queue.Empty:  # what it started may hold the pipe open after its death
            return {"type": "gone"} if self._process.poll() is not None else None

    def last_messages(self) -> Iterator[dict[str, Any]]:
        """What else it said before its end."""
        with suppress(queue.Empty):
            while True:
                yield self._messages.get_nowait()

    @contextmanager
    def private_folder(self) -> Iterator[Path]:
        """The folder, there for as long as a request is."""
        with self._ending:
            if self._ended:
                raise WorkerError("The worker was ended. Run again.")
            make_folder(self._folder)
        try:
            yield self._folder
        finally:
            remove_folder(self._folder)

    def end(self) -> None:
        """Kill the worker and all it started; remove the folder."""
        with self._ending:
            if self._ended:
                return
            self._ended = True
            kill_tree(self._process.pid)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_S)
            with suppress(OSError):
                self._stdin.close()
            self._message_reader.join(PATIENCE_S)
            remove_folder(self._folder)

    def exit_error(self) -> WorkerLost:
        """Why a worker ended that was not told to."""
        code = self._process.returncode
        last = f" It printed last: {self._last_line}" if self._last_line else ""
        if was_killed(code):
            return WorkerLost(
                "The worker was ended from outside, often by a system that has no memory left. Close other programs "
                f"and run again.{last}", KILLED, "the process was ended from outside, often for want of memory",
            )
        if name := crash_signal(code):
            return WorkerLost(f"The worker crashed ({name}). Run again; if that does not help, the log has the "
                              f"details.{last}", CRASHED, f"it crashed ({name})")
        return WorkerLost(f"The worker ended by itself (exit code {code}). Run again; if that does not help, the log "
                          f"has the details.{last}")

    def _read_messages(self) -> None:
        for line in iter(lambda: self._stdout.readline(_LONGEST_LINE), b""):
            message = decode(line)
            self.heard = True
            if message is None:
                self._log(line.decode("utf-8", "replace")[:LOG_WIDTH])
            elif message["type"] != "alive":
                for detail in message.pop("details", ()):
                    self._log(detail)
                self._messages.put(message)
        self._silenced = True
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)  # its own exit code, before anything kills it
        self._log_reader.join(1.0)  # its last words
        self._messages.put({"type": "gone"})

    def _read_log(self) -> None:
        text = TextIOWrapper(self._stderr, encoding="utf-8", errors="replace")
        for line in iter(lambda: text.readline(LOG_WIDTH), ""):
            self._log(line)

    def _log(self, line: str) -> None:
        """Keep a line for the next who listens; none, if nobody has listened for long."""
        if line.strip():
            if not self._last_line.startswith(_CRASH):  # what follows are its frames
                self._last_line = line.strip()
            if self._messages.qsize() < LOG_LINES:
                self._messages.put({"type": "log", "text": line.rstrip()})
