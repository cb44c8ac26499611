"""The client: feeds the worker, tells how far it is, stops it. No Qt, so that widget, console and tests share it.

A thread of the client carries out a request from beginning to end; its events wait in a queue for `poll`. The worker
process stays between requests, so that the model is ready. A worker that crashes, is killed or hangs costs a repeat: in
a new one, without the backend that it ran. Inside Slicer these threads run only while the main thread
sleeps, so they do nothing but wait, read and write.
"""

from __future__ import annotations

import math
import os
import queue
import shutil
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, overload

from ...errors import Cancelled, UnifiedViTError, UnsupportedImageError, WorkerError
from ...inference.backends.selection import KILLED
from ...inference.model_ranking import ModelRanking
from ...inference.prediction import Prediction
from ...inference.progress import ProgressCallback
from ...outputs.comparison.compare import Comparison
from ...processes import PATIENCE_S
from .adaptation import ADAPT
from .messages import make_message, read_answer
from .process import LOG_LINES, WorkerLost, WorkerProcess
from .protocol import (
    READING,
    AddCaseRequest,
    BatchRequest,
    CompareRequest,
    DicomRequest,
    Event,
    Failed,
    FileRequest,
    Finished,
    InputEnded,
    InputsFound,
    JobRequest,
    ListResultsRequest,
    LoadRequest,
    Log,
    PredictRequest,
    Progress,
    RankModelsRequest,
    Request,
    Result,
    StoredRequest,
    StoredResult,
    error_from_json,
)
from .watchdog import SILENCE_S, STALLED_S, Watchdog

#: From asking the worker to stop to killing it; a batch first stops a worker of its own, then writes its table, and an
#: adaptation keeps what was learnt.
GRACE_S, LONG_GRACE_S = 2.0, 20.0


class WorkerClient:
    """Runs requests one at a time in a worker process that it starts when the first comes.

    Args:
        python: the interpreter for the worker; None for Slicer's, else this Python.
        silence_s: a worker that gives no sign of life for so long is killed.
        stalled_s: so is one that gets no further with an image for so long.
        environment: variables for the worker, besides those of this process.
    """

    def __init__(self, python: str | Path | None = None, silence_s: float = SILENCE_S,
                 environment: Mapping[str, str] = MappingProxyType({}), stalled_s: float = STALLED_S) -> None:
        self._python, self._environment = str(python or _interpreter()), environment
        self._silence_s, self._stalled_s = silence_s, stalled_s
        self._excluded: dict[str, tuple[str, str]] = {}  # backends that crashed or hung, as for `BackendSelector`
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._running = False
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._child: WorkerProcess | None = None
        self._backend = self._stage = ""  # what the worker ran last, and at which stage it was
        self._number = 0
        self._log_lines = 0  # of this request
        self._asked_to_stop: float | None = None  # when the worker was told that this request is cancelled

    @property
    def running(self) -> bool:
        """Whether a request is under way: from `submit` until its end was polled."""
        return self._running

    def check_free(self) -> None:
        """Raise WorkerError if a request is under way."""
        if self._running:
            raise WorkerError("A run is under way. Wait until it has ended, or cancel it first.")

    def submit(self, request: Request) -> None:
        """Begin a request and return at once.

        Raises:
            WorkerError: another is under way.
        """
        self.check_free()
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

    @overload
    def run(self, request: PredictRequest, progress: ProgressCallback = ...) -> Prediction: ...

    @overload
    def run(self, request: FileRequest | BatchRequest | ListResultsRequest | DicomRequest | JobRequest,
            progress: ProgressCallback = ...) -> dict[str, Any]: ...

    @overload
    def run(self, request: CompareRequest, progress: ProgressCallback = ...) -> Comparison: ...

    @overload
    def run(self, request: StoredRequest, progress: ProgressCallback = ...) -> StoredResult: ...

    @overload
    def run(self, request: RankModelsRequest, progress: ProgressCallback = ...) -> ModelRanking: ...

    @overload
    def run(self, request: LoadRequest, progress: ProgressCallback = ...) -> None: ...

    def run(self, request: Request, progress: ProgressCallback = lambda stage, fraction: None) -> Any:
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

    def _wait(self, progress: ProgressCallback) -> Result:
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

    def _carry_out(self, request: Request) -> None:
        """The thread of a request."""
        try:
            end = Finished(self._ask_again(request))
        except UnifiedViTError as error:
            end = Failed(error)
        except Exception as error:  # whoever polls must not wait for ever
            self._end_child()
            end = Failed(WorkerError(
                f"The run failed in a way that was not expected ({type(error).__name__}: {error}). Please report it."
            ))
        self._events.put(end)

    def _ask_again(self, request: Request) -> Result:
        """Ask, and once more after a worker is lost: without the backend that it ran, for as long as there are others,
        else once as it was."""
        excluded, repeated = dict(self._excluded), False
        while True:
            self._backend = self._stage = ""
            try:
                result = self._ask(request, excluded)
                # What was ended from outside may have other reasons, and need not happen again.
                self._excluded = {name: how for name, how in excluded.items() if how[0] != KILLED}
                return result
            except WorkerLost as lost:
                if isinstance(request, JobRequest) or not lost.outcome or self._cancel.is_set():
                    raise
                if self._backend and self._backend not in excluded:
                    excluded[self._backend] = lost.outcome, lost.reason
                elif self._backend or repeated:
                    raise _lost_twice(request, self._stage, lost) from lost
                else:
                    repeated = True
                self._events.put(Log(str(lost)))
                self._events.put(Progress("The worker was lost; starting again", 0.0))

    def _ask(self, request: Request, excluded: Mapping[str, tuple[str, str]]) -> Result:
        child = self._child
        if child is None or not child.alive:
            self._end_child()
            self._events.put(Progress("Starting the worker", 0.0))
            child = WorkerProcess(self._python, self._environment)
            self._at_exit = weakref.finalize(self, child.end)
            self._child = child
        with child.private_folder() as folder:
            message = make_message(request, folder, self._stop_if_asked)
            self._stop_if_asked()
            child.send(message | {"id": self._number, "excluded": excluded})
            # A batch has a worker of its own, which is watched there.
            has_steps = not isinstance(
                request,
                JobRequest | DicomRequest | CompareRequest | AddCaseRequest | BatchRequest | ListResultsRequest)
            self._watchdog = Watchdog(self._silence_s, self._stalled_s if has_steps else math.inf, self._python)
            has_to_save = isinstance(request, BatchRequest) or (isinstance(request, JobRequest)
                                                                and request.job == ADAPT)
            self._grace_s = LONG_GRACE_S if has_to_save else GRACE_S
            result = read_answer(request, self._listen(child), folder)
        if isinstance(request, JobRequest) and request.job == "install":  # what is imported already would stay
            self._end_child()
        return result

    def _stop_if_asked(self) -> None:
        if self._cancel.is_set():
            raise Cancelled("The run was cancelled.")

    def _listen(self, child: WorkerProcess) -> Any:
        """Pass events on until the worker answers; end a worker that is of no more use."""
        watchdog = self._watchdog
        self._log_lines, self._asked_to_stop = 0, None
        while True:
            message = child.next_message()
            self._pass_on_cancel(child)
            try:
                watchdog.tick()
            except WorkerError:
                self._end_child()
                raise
            if child.heard:
                child.heard = False
                watchdog.sign_of_life()
            if message is None:
                continue
            if message["type"] == "log":
                self._pass_on_log(message["text"])
            elif message["type"] == "gone":
                self._terminate(child)
                raise child.exit_error()
            elif message.get("id") == self._number:
                watchdog.answer()
                if message["type"] == "result":
                    return message["result"]
                if message["type"] == "error":
                    if message["broken"]:
                        self._terminate(child)
                    raise error_from_json(message)
                self._pass_on_step(message)

    def _pass_on_cancel(self, child: WorkerProcess) -> None:
        """Tell the worker that it is to stop, once; end it if it has not stopped after a while."""
        if not self._cancel.is_set():
            return
        if self._asked_to_stop is None:
            self._asked_to_stop = time.monotonic()
            child.send({"type": "cancel", "id": self._number})
        elif time.monotonic() - self._asked_to_stop > self._grace_s:
            self._end_child()
            self._stop_if_asked()

    def _pass_on_log(self, text: str) -> None:
        self._log_lines += 1
        if self._log_lines <= LOG_LINES:
            self._events.put(Log(text))
        elif self._log_lines == LOG_LINES + 1:
            self._events.put(Log("(further lines are left out)"))

    def _pass_on_step(self, message: dict[str, Any]) -> None:
        if message["type"] == "progress":
            self._watchdog.progress()
            self._stage = message["stage"]
            self._events.put(Progress(message["stage"], message["fraction"]))
        elif message["type"] == "backend":
            self._backend = message["backend"]
        elif message["type"] == "found":
            self._events.put(InputsFound(message["count"]))
        elif message["type"] == "ended":
            self._events.put(InputEnded(message["row"], message["text"]))

    def _terminate(self, child: WorkerProcess) -> None:
        """End a worker that is of no use, and pass on what it printed last: why."""
        self._end_child()
        for message in child.last_messages():
            if message["type"] == "log":
                self._events.put(Log(message["text"]))


def _lost_twice(request: Request, stage: str, lost: WorkerLost) -> UnifiedViTError:
    """The sentence for an image that a worker was lost on again, for no fault of a backend."""
    if isinstance(request, FileRequest) and stage == READING:
        name = request.path.name if request.shown else request.source or request.path
        return UnsupportedImageError(
            f"{name} cannot be read: the process that read it was lost twice "
            f"({lost.reason}). The file is damaged, or larger than the memory. Open it in the program that it came "
            "from and save it again."
        )
    if isinstance(request, BatchRequest):
        return WorkerError(f"The batch was lost twice ({lost.reason}). What is done is kept: run it again to go on.")
    return WorkerError(f"The worker was lost twice on this image ({lost.reason}). {lost}")


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
