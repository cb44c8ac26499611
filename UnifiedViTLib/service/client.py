"""The client: feeds the worker, tells how far it is, stops it. No Qt, so that widget, console and tests share it.

A thread of the client carries out a request from beginning to end; its events wait in a queue for `poll`. The worker
process stays between requests, so that the model is ready. Inside Slicer these threads run only while the main thread
sleeps, so they do nothing but wait, read and write.
"""

from __future__ import annotations

import os
import queue
import shutil
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..errors import Cancelled, UnifiedViTError, WorkerError
from ..inference.prediction import Prediction
from .child import LOG_LINES, Child
from .exchange import read_prediction, spec_as_json, write_others, write_volume
from .processes import PATIENCE_S
from .protocol import Event, Failed, Finished, JobRequest, Log, PredictRequest, Progress, error_from_json

#: A worker without a sign of life for so long hangs. Importing torch from a slow disk may hold up its heartbeat.
SILENCE_S = 120.0
#: A worker that lives and has not heard its request for so long is behind a launcher that keeps its input back.
DEAF_S = 30.0
#: From asking the worker to stop to killing it.
GRACE_S = 2.0


class WorkerClient:
    """Runs requests one at a time in a worker process that it starts when the first comes.

    Args:
        python: the interpreter for the worker; None for Slicer's, else this Python.
        silence_s: a worker that gives no sign of life for so long is killed.
        environment: variables for the worker, besides those of this process.
    """

    def __init__(self, python: str | Path | None = None, silence_s: float = SILENCE_S,
                 environment: Mapping[str, str] = MappingProxyType({})) -> None:
        self._python, self._environment = str(python or _interpreter()), environment
        self._silence_s = silence_s
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._running = False
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._child: Child | None = None
        self._number = 0

    @property
    def running(self) -> bool:
        """Whether a request is under way: from `submit` until its end was polled."""
        return self._running

    def submit(self, request: PredictRequest | JobRequest) -> None:
        """Begin a request and return at once.

        Raises:
            WorkerError: another is under way.
        """
        if self._running:
            raise WorkerError("A run is under way. Wait until it has ended, or cancel it first.")
        self._running = True
        self._cancel.clear()
        self._number += 1
        self._thread = threading.Thread(target=self._carry_out, args=(request,), daemon=True)
        self._thread.start()

    def poll(self) -> list[Event]:
        """What happened since the last call; each request ends in exactly one `Finished` or `Failed`."""
        time.sleep(0.001)  # in Slicer, other threads run only now
        events: list[Event] = []
        while self._running:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                break
            if isinstance(event, (Finished, Failed)):
                if self._cancel.is_set():  # whatever it came to in the meantime
                    event = Failed(Cancelled("The run was cancelled."))
                self._running = False
            events.append(event)
        return events

    def cancel(self) -> None:
        """Ask for an end and return at once; a worker that does not stop by itself is killed."""
        self._cancel.set()

    def run(self, request: PredictRequest | JobRequest,
            progress: Callable[[str, float], None] = lambda stage, fraction: None) -> Prediction | dict[str, Any]:
        """Carry out a request and wait for it. What interrupts the waiting (Ctrl-C, an error in `progress`) cancels it.

        Raises:
            UnifiedViTError: what went wrong.
        """
        self.submit(request)
        try:
            return self._wait(progress)
        except BaseException:
            self.cancel()
            while self._running:
                self.poll()
            raise

    def _wait(self, progress: Callable[[str, float], None]) -> Prediction | dict[str, Any]:
        while True:
            for event in self.poll():
                if isinstance(event, Progress):
                    progress(event.stage, event.fraction)
                elif isinstance(event, Finished):
                    return event.result
                elif isinstance(event, Failed):
                    raise event.error
            time.sleep(0.01)

    def close(self) -> None:
        """Cancel what is under way, end the worker, remove its files. A later request starts a new worker."""
        self._cancel.set()
        self._end_child()
        if self._thread is not None:
            self._thread.join(PATIENCE_S)
        self._end_child()  # the thread may just have started one

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()
            self._at_exit.detach()

    def _carry_out(self, request: PredictRequest | JobRequest) -> None:
        """The thread of a request."""
        try:
            result = self._ask(request)
            end = Finished(result)
        except UnifiedViTError as error:
            end = Failed(error)
        except Exception as error:  # whoever polls must not wait for ever
            self._end_child()
            end = Failed(WorkerError(
                f"The run failed in a way that was not expected ({type(error).__name__}: {error}). Please report it."
            ))
        self._events.put(end)

    def _ask(self, request: PredictRequest | JobRequest) -> Prediction | dict[str, Any]:
        child = self._child
        if child is None or not child.alive:
            self._end_child()
            self._events.put(Progress("Starting the worker", 0.0))
            child = Child(self._python, self._environment)
            self._at_exit = weakref.finalize(self, child.end)
            self._child = child
        with child.private_folder() as folder:
            if isinstance(request, JobRequest):
                message = {"type": "job", "job": request.job, "arguments": request.arguments}
            else:
                write_volume(request.volume, folder, self._stop_if_asked)
                write_others(request.others, folder, self._stop_if_asked)
                message = {
                    "type": "predict", "spec": spec_as_json(request.spec), "options": asdict(request.options),
                    "device": request.device, "batch_size": request.batch_size, "channel": request.channel,
                    "others": list(request.others),
                }
            self._stop_if_asked()
            child.send(message | {"id": self._number})
            result = self._listen(child)
            if isinstance(request, PredictRequest):
                return read_prediction(folder, request.volume, request.spec)
        if request.job == "install":  # what is imported already would stay as it was
            self._end_child()
        return result

    def _stop_if_asked(self) -> None:
        if self._cancel.is_set():
            raise Cancelled("The run was cancelled.")

    def _listen(self, child: Child) -> Any:
        """Pass events on until the worker answers; end a worker that is of no more use."""
        silent, deaf, before, asked, lines = 0.0, 0.0, time.monotonic(), None, 0
        spoke = understood = False
        while True:
            message = child.next_message()
            now = time.monotonic()
            # A computer that slept, or a Slicer that was busy, did not listen all that time.
            passed, before = min(now - before, 1.0), now
            silent, deaf = silent + passed, deaf + passed if spoke and not understood else 0.0
            if self._cancel.is_set():
                if asked is None:
                    asked = now
                    child.send({"type": "cancel", "id": self._number})
                elif now - asked > GRACE_S:
                    self._end_child()
                    self._stop_if_asked()
            if silent > self._silence_s:
                self._end_child()
                raise WorkerError(
                    f"The worker gave no sign of life for {self._silence_s:.0f} seconds and was ended. Run again; if "
                    "that happens again, restart the computer or choose the cpu."
                )
            if deaf > DEAF_S:
                self._end_child()
                raise WorkerError(
                    f"The worker does not get what it is sent: {self._python} keeps its input back. Please report it, "
                    "with the names of the system and of Slicer's version."
                )
            if child.heard:
                child.heard, silent, spoke = False, 0.0, True
            if message is None:
                continue
            kind = message["type"]
            if kind == "log":
                lines += 1
                if lines <= LOG_LINES:
                    self._events.put(Log(message["text"]))
                elif lines == LOG_LINES + 1:
                    self._events.put(Log("(further lines are left out)"))
                continue
            if kind == "gone":
                self._bury(child)
                raise child.obituary()
            if message.get("id") != self._number:
                continue
            understood = True
            if kind == "progress":
                self._events.put(Progress(message["stage"], message["fraction"]))
            elif kind == "result":
                return message["result"]
            elif kind == "error":
                if message["broken"]:
                    self._bury(child)
                raise error_from_json(message)

    def _bury(self, child: Child) -> None:
        """End a worker that is of no use, and pass on what it printed last: why."""
        self._end_child()
        for message in child.last_messages():
            if message["type"] == "log":
                self._events.put(Log(message["text"]))


def _interpreter() -> str:
    """Slicer's Python, or the one that runs this.

    `PythonSlicer` is a launcher that sets the environment and starts `python-real` beside it. A process of Slicer has
    that environment already, so that the detour, which not on every system passes stdin on, can be left out.
    """
    launcher = shutil.which("PythonSlicer")
    if launcher is None:
        return sys.executable
    real = Path(launcher).with_name("python-real" + Path(launcher).suffix)
    return str(real) if real.is_file() and "PYTHONHOME" in os.environ else launcher
