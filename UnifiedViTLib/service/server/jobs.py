"""The jobs of a server: begun, sent, waiting in one line for all devices, computed, fetched; and gone.

A job lives as long as its client is heard of. What belongs to it lies in one folder, which goes when the job does.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import ModelSpecError, ServerError, UnifiedViTError
from ...inference.channels import check_channel_names
from ...inference.options import Options
from ...spec import ModelSpec
from ..worker.exchange import remove_folder
from ..worker.protocol import error_as_json
from .limits import Busy, Limits, Rate, Refusal
from .spool import Spool, Unpacker
from .uploads import FileJob, FileWriter, SeveralSeriesError
from .wire import Job, ModelIdentity, RankJob, identity

LOG = logging.getLogger("unifiedvit.server")
SENDING, WAITING, RUNNING, DONE, FAILED = "sending", "waiting", "running", "done", "failed"
#: Of the disk, so much stays free.
_SPARE_BYTES = 256 << 20
#: Seconds after which a full server is asked again.
_RETRY_S = 2.0
_SWEEP_S = 0.25


@dataclass(eq=False)
class ServedJob:
    """A job on its way.

    Attributes:
        id: nobody guesses it.
        owner: name of the key that began it.
        job, specs: what is asked for, and of which model or models; volumes of a client, or files of a browser.
        folder: with its files.
        state: `SENDING`, `WAITING`, `RUNNING`, `DONE` or `FAILED`.
        stage, fraction: how far it is while it is computed.
        error: why it failed.
        result: JSON of the answer for a client; its arrays lie in the folder.
        files: the result for any program, by endings.
        seen: when its client was last heard of, of the monotonic clock; `ended`: when it was done.
        received: numbers of the volumes or files that are here; `receiving`: of those that are coming.
        cancelled: set where nobody wants it any more.
    """

    id: str
    owner: str
    job: Job | RankJob | FileJob
    specs: tuple[ModelSpec, ...]
    folder: Path
    state: str = SENDING
    stage: str = ""
    fraction: float = 0.0
    error: UnifiedViTError | None = None
    result: dict[str, Any] | None = None
    files: dict[str, Path] = field(default_factory=dict)
    seen: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    received: set[int] = field(default_factory=set)
    receiving: set[int] = field(default_factory=set)
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def nbytes(self) -> int:
        """Of all that is sent, unpacked."""
        return sum(self.job.sizes)

    @property
    def label(self) -> str:
        """For the log."""
        return f"job {self.id[:8]} of {self.owner}"

    @property
    def sent_files(self) -> list[Path]:
        """Where the voxels of each volume lie, or each file."""
        return [self.folder / path for path in self.job.paths]

    def touch(self) -> None:
        """Its client is there."""
        self.seen = time.monotonic()


class JobQueue:
    """All jobs of a server.

    Args:
        specs: the models that it has.
        spool: where files lie.
        limits: how much it takes.
    """

    def __init__(self, specs: Sequence[ModelSpec], spool: Spool, limits: Limits) -> None:
        self.models = {(spec.id, spec.version): (spec, identity(spec)) for spec in specs}
        self.limits = limits
        self._spool, self._rate = spool, Rate(limits.jobs_per_minute)
        self._jobs: dict[str, ServedJob] = {}
        self._line: list[ServedJob] = []
        self._changed = threading.Condition()
        self._closed = False
        self._sweeper = threading.Thread(target=self._sweep, name="abandoned jobs", daemon=True)
        self._sweeper.start()

    def spec_of(self, model: ModelIdentity) -> ModelSpec:
        """The model that is meant.

        Raises:
            Refusal: it is not here, or another one under the same name.
        """
        spec, here = self.models.get((model.id, model.version), (None, None))
        if spec is None:
            known = ", ".join(f"{name} {version}" for name, version in self.models) or "none"
            raise Refusal(409, ModelSpecError(f"The server has no model {model.id} {model.version}; it has {known}. "
                                              "Choose one of these."))
        if here != model:
            raise Refusal(409, ModelSpecError(f"The server's {model.id} {model.version} is not the model that was "
                                              "asked for (its SHA-256 differs). Ask again: it was replaced meanwhile."))
        return spec

    def check(self, model: ModelIdentity, options: Options) -> ModelSpec:
        """The model, if it can be run so here.

        Raises:
            Refusal: it is not here.
            ModelSpecError, DependencyError: it cannot; with a sentence.
        """
        spec = self.spec_of(model)
        options.check(spec)
        return spec

    def begin(self, owner: str, job: Job | RankJob | FileJob) -> ServedJob:
        """Take a job, whose volumes or files are to be sent.

        Raises:
            Busy: not now.
            Refusal, UnifiedViTError: not at all.
        """
        if isinstance(job, RankJob):
            specs = tuple(map(self.spec_of, job.models))
        else:
            specs = (self.check(job.model, job.options), )
            channels = [part.channel for part in (job.images if isinstance(job, FileJob) else job.volumes)]
            check_channel_names(channels[1:] + list(filter(None, channels[:1])), specs[0])
        served = ServedJob(secrets.token_urlsafe(24), owner, job, specs, Path())
        if served.nbytes > self.limits.volume_bytes:
            raise Refusal(413, ServerError(
                f"The image is larger ({served.nbytes / 1e6:,.0f} MB) than what this server takes "
                f"({self.limits.volume_bytes / 1e6:,.0f} MB). Crop or resample it, or run on this computer."))
        with self._changed:
            self._check_room(owner, served.nbytes)
            served.folder = self._spool.new_folder(served.id)
            if isinstance(job, FileJob):
                job.make_folders(served.folder)
            self._jobs[served.id] = served
        models = ", ".join(f"{spec.id} {spec.version}" for spec in specs)
        LOG.info("%s: begun, %s, %.1f MB", served.label, models, served.nbytes / 1e6)
        return served

    def _check_room(self, owner: str, nbytes: int) -> None:
        jobs = self._jobs.values()
        if self._closed or len(jobs) >= self.limits.jobs:
            raise Busy("The server has as many runs waiting as it takes.", _RETRY_S)
        if sum(job.owner == owner for job in jobs) >= self.limits.jobs_per_key:
            raise Busy(f"This key has {self.limits.jobs_per_key} runs on the server, which is the most.", _RETRY_S)
        # Each volume lies there once as it came, once for the worker or a viewer, and its result is about as large.
        if self._spool.free_bytes() - _SPARE_BYTES < 3 * (nbytes + sum(job.nbytes for job in jobs)):
            raise Busy("The disk of the server has no room for the image.", _RETRY_S)
        self._rate.take(owner)

    def find(self, owner: str, job_id: str) -> ServedJob:
        """A job of this key.

        Raises:
            Refusal: there is none.
        """
        with self._changed:
            job = self._jobs.get(job_id)
        if job is None or job.owner != owner:
            raise Refusal(404, ServerError("The server does not know this run: it was started anew, or nothing was "
                                           "heard of this computer for too long. Run again."))
        job.touch()
        return job

    @contextmanager
    def receiving(self, job: ServedJob, number: int) -> Iterator[Unpacker | FileWriter]:
        """Takes a volume or file; what is not whole in the end is removed. With the last, the job waits for a device.

        Args:
            job: that it is of.
            number: of the volume or file.

        Raises:
            Refusal: it is not to be sent, or not now.
            ServerError: it is not what was announced.
        """
        with self._changed:
            if not 0 <= number < len(job.job.sizes) or job.state != SENDING:
                raise Refusal(409, ServerError("This volume is not to be sent now."))
            if number in job.receiving:  # over a connection of which nobody knows yet that it is dead
                raise Busy("This volume is being sent already.", 1.0)
            job.receiving.add(number)
        file, receiver = job.folder / job.job.paths[number], FileWriter if isinstance(job.job, FileJob) else Unpacker
        try:
            with open(file, "xb") as stream:
                taken = receiver(job.job.sizes[number], stream.write)
                yield taken
                taken.finish()
            with self._changed:
                job.received.add(number)
                if len(job.received) == len(job.job.sizes) and job.id in self._jobs:
                    job.state = WAITING
                    self._line.append(job)
                    self._changed.notify_all()
        finally:
            job.receiving.discard(number)
            if number not in job.received:
                file.unlink(missing_ok=True)

    def status(self, job: ServedJob) -> dict[str, Any]:
        """How far it is, as JSON; `position` is 1 for the one that is next."""
        with self._changed:
            position = self._line.index(job) + 1 if job in self._line else 0
        return {"state": job.state, "position": position, "stage": job.stage, "fraction": job.fraction,
                "error": _described(job.error) if job.error else None}

    def next(self) -> ServedJob | None:
        """The job that has waited longest, which is now computed; None where the server ends. Waits for one."""
        with self._changed:
            while not self._line and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            job = self._line.pop(0)
            job.state = RUNNING
            return job

    def end(self, job: ServedJob, error: UnifiedViTError | None) -> None:
        """A device is finished with a job.

        Args:
            job: it.
            error: why it failed; None where it did not.
        """
        for file in job.sent_files:
            with suppress(OSError):  # Windows keeps what is open still; the folder goes with the job
                file.unlink(missing_ok=True)
        with self._changed:
            job.error, job.ended = error, time.monotonic()
            job.state = FAILED if error else DONE
            gone = job.id not in self._jobs
        if gone:
            remove_folder(job.folder)

    def remove(self, job: ServedJob, reason: str) -> None:
        """Nobody wants a job any more: it ends, and its files go.

        Args:
            job: it.
            reason: for the log.
        """
        with self._changed:
            if self._jobs.pop(job.id, None) is None:
                return
            job.cancelled.set()
            if job in self._line:
                self._line.remove(job)
        LOG.info("%s: %s", job.label, reason)
        if job.state != RUNNING:  # else `end` does it
            remove_folder(job.folder)

    def close(self) -> None:
        """End all jobs; no other is taken."""
        with self._changed:
            self._closed = True
            jobs = list(self._jobs.values())
            self._changed.notify_all()
        for job in jobs:
            self.remove(job, "the server ends")
        self._sweeper.join()

    def _sweep(self) -> None:
        """Jobs that nobody asks for any more."""
        while not self._closed:
            time.sleep(_SWEEP_S)
            now = time.monotonic()
            with self._changed:
                jobs = list(self._jobs.values())
            for job in jobs:
                if now - job.seen > self.limits.lease_s:
                    self.remove(job, "its client is gone")
                elif job.ended and now - job.ended > self.limits.result_s:
                    self.remove(job, "its result was not fetched")


def _described(error: UnifiedViTError) -> dict[str, Any]:
    """Class and sentence; where a series is to be chosen, of which image and among which."""
    if isinstance(error, SeveralSeriesError):
        return {**error_as_json(error), "channel": error.channel, "series": [list(series) for series in error.found]}
    return error_as_json(error)
