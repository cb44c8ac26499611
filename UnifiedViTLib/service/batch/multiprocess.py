"""Several inputs at a time on one machine, each in a worker process of its own."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from ...errors import Cancelled, WorkerError
from ...inference.backends.base import gpu_may_be_there
from ...inference.backends.candidates import torch_is_there
from ...processes import PATIENCE_S
from ..worker.client import WorkerClient
from .runner import BatchExecutor, BatchSettings, Task, TaskProgress, TaskResult

#: A worker that is lost while it loads the model is started so often before the batch ends.
_LOAD_TRIES = 4
THREADS, GPUS = "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES"


def multiprocess(jobs: int) -> BatchExecutor:
    """`jobs` worker processes; cores are divided among them, GPUs assigned in turn. No more than `jobs` volumes are in
    memory."""

    def execute(settings: BatchSettings, tasks: Sequence[Task], output: Path,
                progress: TaskProgress) -> Iterator[tuple[Task, TaskResult]]:
        remaining: queue.SimpleQueue[Task] = queue.SimpleQueue()
        for task in tasks:
            remaining.put(task)
        gpus = graphics_cards() if settings.device in ("auto", "cuda") and settings.server is None else []
        threads = [_WorkerThread(settings, remaining, output, environment)
                   for environment in worker_environments(min(jobs, len(tasks)), available_cores(), gpus)]
        try:
            yield from _gather(threads, progress)
        finally:
            for thread in threads:
                thread.stop()
            for thread in threads:
                thread.wait()

    return execute


def _gather(threads: list[_WorkerThread], progress: TaskProgress) -> Iterator[tuple[Task, TaskResult]]:
    """What all threads say, in this thread."""
    messages: queue.SimpleQueue = queue.SimpleQueue()
    for thread in threads:
        thread.start(messages)
    working = len(threads)
    while working:
        task, *rest = messages.get()
        if task is None:
            working -= 1
            if rest:
                raise rest[0]
        elif isinstance(rest[0], TaskResult):
            yield task, rest[0]
        else:
            progress(task, *rest)


class _WorkerThread:
    """Takes one task after the other and has it done by its worker process."""

    def __init__(self, settings: BatchSettings, remaining: queue.SimpleQueue[Task], output: Path,
                 environment: dict[str, str]) -> None:
        self._settings, self._remaining, self._output = settings, remaining, output
        self._client = WorkerClient(environment=environment)
        self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self, messages: queue.SimpleQueue) -> None:
        """Begin; puts (task, stage, fraction), (task, result), and at last (None,) or (None, error)."""
        self._thread = threading.Thread(target=self._work, args=(messages,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End what is under way, and the process."""
        self._stopped = True
        self._client.close()

    def wait(self) -> None:
        """Until it has seen that it is to stop."""
        if self._thread:
            self._thread.join(PATIENCE_S)

    def _work(self, messages: queue.SimpleQueue) -> None:
        try:
            self._load()
            while not self._stopped:
                task = self._remaining.get_nowait()
                messages.put((task, self._settings.process(self._client, task, self._output,
                                                           partial(self._tell, messages, task))))
        except queue.Empty:
            messages.put((None,))
        except BaseException as error:  # the other side waits
            messages.put((None, error))
        finally:
            self._client.close()

    def _load(self) -> None:
        """Make the model ready; on a machine that ends workers from outside, with some patience."""
        for left in reversed(range(_LOAD_TRIES)):
            try:
                self._client.run(self._settings.load_request, self._stop_if_asked)
                return
            except WorkerError:
                if self._stopped or not left:
                    raise

    def _tell(self, messages: queue.SimpleQueue, task: Task, stage: str, fraction: float) -> None:
        self._stop_if_asked(stage, fraction)
        messages.put((task, stage, fraction))

    def _stop_if_asked(self, stage: str, fraction: float) -> None:
        if self._stopped:
            raise Cancelled("The run was cancelled.")


def worker_environments(count: int, cores: int, gpus: Sequence[str]) -> list[dict[str, str]]:
    """Environments of processes that share a machine. Threads that were set for this process stay.

    Args:
        count: number of processes.
        cores: of the machine that may be used.
        gpus: graphics cards as CUDA numbers them; one process has one.
    """
    threads = {} if THREADS in os.environ else {THREADS: str(max(1, cores // max(1, count)))}
    return [threads | ({GPUS: gpus[number % len(gpus)]} if gpus else {}) for number in range(count)]


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def graphics_cards() -> list[str]:
    """CUDA's graphics cards that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    if GPUS in os.environ:
        return [name.strip() for name in os.environ[GPUS].split(",") if name.strip()]
    if not (gpu_may_be_there() and torch_is_there()):
        return []
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]
