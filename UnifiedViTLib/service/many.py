"""Several inputs at a time on one machine, each in a worker process of its own."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from ..errors import Cancelled, WorkerError
from ..imaging.volume import Volume
from ..inference.backends import gpu_may_be_there
from ..inference.choice import torch_is_there
from ..inference.options import Options
from ..inference.prediction import Prediction
from ..inference.predictor import Progress
from ..spec import ModelSpec
from .batch import Ended, Task, Told, Way, look_at
from .client import WorkerClient
from .processes import PATIENCE_S
from .protocol import PredictRequest

THREADS, GPUS = "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES"


def in_processes(spec: ModelSpec, options: Options, device: str, channel: str, jobs: int) -> Way:
    """The way of `jobs` worker processes, each with its share of the cores; graphics cards take turns.

    No more than `jobs` volumes are in memory. An input whose worker dies is tried once more in a new one.

    Args:
        spec: the model.
        options: how to look.
        device: as for `Predictor`.
        channel: which sequence the inputs are; "" for the first.
        jobs: inputs at a time.
    """

    def way(tasks: Sequence[Task], output: Path, told: Told) -> Iterator[tuple[Task, Ended]]:
        left: queue.SimpleQueue[Task] = queue.SimpleQueue()
        for task in tasks:
            left.put(task)
        count = min(jobs, len(tasks))
        hands = [_Hand(spec, options, device, channel, left, output, share)
                 for share in shares(count, cores(), graphics_cards() if device in ("auto", "cuda") else [])]
        try:
            yield from _gather(hands, told)
        finally:
            for hand in hands:
                hand.stop()
            for hand in hands:
                hand.wait()

    return way


def _gather(hands: list[_Hand], told: Told) -> Iterator[tuple[Task, Ended]]:
    """What all hands say, in this thread."""
    said: queue.SimpleQueue = queue.SimpleQueue()
    for hand in hands:
        hand.start(said)
    working = len(hands)
    while working:
        task, *rest = said.get()
        if task is None:
            working -= 1
            if rest:
                raise rest[0]
        elif isinstance(rest[0], Ended):
            yield task, rest[0]
        else:
            told(task, *rest)


class _Hand:
    """A thread that takes one task after the other and has it done by its worker process."""

    def __init__(self, spec: ModelSpec, options: Options, device: str, channel: str, left: queue.SimpleQueue[Task],
                 output: Path, environment: dict[str, str]) -> None:
        self._ask = lambda volume: PredictRequest(volume, spec, options, device, channel=channel)
        self._left, self._output = left, output
        self._client = WorkerClient(environment=environment)
        self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self, said: queue.SimpleQueue) -> None:
        """Begin; says (task, stage, share), (task, end), and at last (None,) or (None, error)."""
        self._thread = threading.Thread(target=self._work, args=(said,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End what is under way, and the process."""
        self._stopped = True
        self._client.close()

    def wait(self) -> None:
        """Until it has seen that it is to stop."""
        if self._thread:
            self._thread.join(PATIENCE_S)

    def _work(self, said: queue.SimpleQueue) -> None:
        try:
            while not self._stopped:
                task = self._left.get_nowait()
                said.put((task, look_at(task, self._output, self._predict, partial(self._tell, said, task))))
        except queue.Empty:
            said.put((None,))
        except BaseException as error:  # the other side waits
            said.put((None, error))
        finally:
            self._client.close()

    def _tell(self, said: queue.SimpleQueue, task: Task, stage: str, done: float) -> None:
        if self._stopped:
            raise Cancelled("The run was cancelled.")
        said.put((task, stage, done))

    def _predict(self, volume: Volume, progress: Progress) -> Prediction:
        progress("Passing it on", 0.0)  # not to a new process, if all was stopped while the volume was read
        try:
            return self._client.run(self._ask(volume), progress)
        except WorkerError:
            if self._stopped:
                raise
            return self._client.run(self._ask(volume), progress)


def shares(count: int, cores: int, cards: Sequence[str]) -> list[dict[str, str]]:
    """Environments of `count` processes that share a machine. Threads that were set for this process stay.

    Args:
        count: processes.
        cores: of the machine that may be used.
        cards: graphics cards as CUDA numbers them; one process has one.
    """
    threads = {} if THREADS in os.environ else {THREADS: str(max(1, cores // count))}
    return [threads | ({GPUS: cards[number % len(cards)]} if cards else {}) for number in range(count)]


def cores() -> int:
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
