"""The devices of a server: each has a thread with a worker process of its own, and one job at a time."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ... import __version__
from ...errors import Cancelled, ServerError, UnifiedViTError, WorkerError
from ...inference.model_ranking import ModelRanking
from ...inference.prediction import Prediction
from ...outputs.files import as_json, write_segmentation
from ...processes import PATIENCE_S
from ..worker.client import WorkerClient
from ..worker.exchange import remove_folder
from ..worker.protocol import (
    Failed,
    FileRequest,
    Finished,
    JobRequest,
    Log,
    PredictRequest,
    Progress,
    RankModelsRequest,
    Result,
)
from .archives import is_archive
from .jobs import LOG, JobQueue, ServedJob
from .spool import no_room, pack
from .uploads import UNPACKED, FileJob, SentImage, SeveralSeriesError
from .wire import Job, RankJob, VolumesJob, describe_array, make_rank_request, make_request, pieces

#: Names of files in the folder of a client's job.
SEGMENTATION, JSON_RESULT = "result.seg.nrrd", "result.json"
_TICK_S = 0.02
#: Of what a worker printed, so many lines go into the log where a job fails for no fault of the image.
_LINES = 50


def array_file(number: int) -> str:
    """Name of the file with an array of an answer, packed."""
    return f"array-{number}"


class Device:
    """A device at work.

    Args:
        queue: of the jobs.
        name: "auto", "cpu", "cuda" or "mps".
        environment: for its worker.
    """

    def __init__(self, queue: JobQueue, name: str, environment: Mapping[str, str]) -> None:
        self._queue, self._name = queue, name
        self._client = WorkerClient(environment=environment)
        self._thread = threading.Thread(target=self._work, name="device", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it takes jobs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End its worker; the queue is closed."""
        self._client.close()
        self._thread.join(PATIENCE_S)

    def _work(self) -> None:
        while (job := self._queue.next()) is not None:
            start, lines = time.monotonic(), deque[str](maxlen=_LINES)
            error: UnifiedViTError | None = None
            try:
                self._compute(job, lines)
            except UnifiedViTError as problem:
                error = problem.with_traceback(None)  # which would keep the voxels
            except Exception as problem:  # the next job is to be computed
                error = WorkerError(f"The server met an error that it did not expect ({type(problem).__name__}). "
                                    "Please report it.")
                LOG.exception("%s: not expected", job.label)
            if isinstance(error, WorkerError):
                LOG.warning("%s: its worker printed last:\n%s", job.label, "\n".join(lines))
            self._queue.end(job, error)
            LOG.info("%s: %s after %.1f s", job.label, type(error).__name__ if error else "done",
                     time.monotonic() - start)

    def _compute(self, job: ServedJob, lines: deque[str]) -> None:
        if isinstance(job.job, FileJob):
            self._compute_files(job, job.job, lines)
            return
        if isinstance(job.job, RankJob):
            ranking = self._run(job, make_rank_request(job.job, job.specs, job.sent_files, self._name), lines)
            assert isinstance(ranking, ModelRanking)
            job.result = _envelope(job, job.job) | {"ranking": ranking.to_dict()}
            return
        prediction = self._run(job, make_request(job.job, job.specs[0], job.sent_files, self._name), lines)
        assert isinstance(prediction, Prediction)
        job.result = _write_answer(job, job.job, prediction)
        job.files = {f".{name.partition('.')[2]}": job.folder / name for name in (SEGMENTATION, JSON_RESULT)}

    def _compute_files(self, job: ServedJob, asked: FileJob, lines: deque[str]) -> None:
        paths, nbytes = asked.sent(job.folder), 0
        try:
            for place, path in enumerate(paths):
                if path.is_file() and is_archive(path):
                    arguments = {"file": str(path), "folder": str(asked.unpacked(job.folder, place)), "before": nbytes}
                    found = self._run(job, JobRequest("unpack", arguments), lines)
                    assert isinstance(found, dict)
                    paths[place], nbytes = Path(found["path"]), nbytes + found["nbytes"]
                if paths[place].is_dir():
                    self._choose_series(job, asked.images[place], paths[place], lines)
            self._run(job, asked.make_request(job.specs[0], job.folder, self._name, paths), lines)
        finally:
            remove_folder(job.folder / UNPACKED)
        job.files = asked.results(job.folder)

    def _choose_series(self, job: ServedJob, image: SentImage, folder: Path, lines: deque[str]) -> None:
        """Leave the one DICOM series in a folder that is meant.

        Raises:
            SeveralSeriesError: there are several, and nobody said which.
        """
        found = self._run(job, JobRequest("choose_series", {"folder": str(folder), "series": image.series}), lines)
        assert isinstance(found, dict)
        if len(found["series"]) > 1:
            raise SeveralSeriesError(f"{image.name} holds {len(found['series'])} DICOM series. Choose one of them.",
                                     image.channel, found["series"])

    def _run(self, job: ServedJob, request: PredictRequest | FileRequest | RankModelsRequest | JobRequest,
             lines: deque[str]) -> Result:
        self._client.submit(request)
        while True:
            if job.cancelled.is_set():
                self._client.cancel()
            for event in self._client.poll():
                if isinstance(event, Progress):
                    job.stage, job.fraction = event.stage, event.fraction
                elif isinstance(event, Log):
                    lines.append(event.text)
                elif isinstance(event, Failed):
                    if isinstance(event.error, Cancelled):
                        raise ServerError("The server ended the run. Run again.")
                    raise event.error
                elif isinstance(event, Finished):
                    return event.result
            time.sleep(_TICK_S)


def _write_answer(job: ServedJob, asked: Job, prediction: Prediction) -> dict[str, Any]:
    """The JSON of an answer, its arrays in files beside each other, and the same for programs that are no UnifiedViT.

    Raises:
        OutputError: the disk is full.
    """
    arrays: list[dict[str, Any]] = []

    def save(name: str, array: np.ndarray) -> None:
        array = np.asarray(array)
        with open(job.folder / array_file(len(arrays)), "wb") as file:
            file.writelines(pack(pieces(array)))
        arrays.append({"name": name, "header": describe_array(array).to_dict()})

    try:
        record = prediction.to_dict(save)
        (job.folder / JSON_RESULT).write_text(json.dumps(as_json(prediction)), encoding="ascii")
    except OSError as error:
        raise no_room(error) from error
    write_segmentation(prediction, job.folder / SEGMENTATION)
    return _envelope(job, asked) | {"prediction": record, "arrays": arrays}


def _envelope(job: ServedJob, asked: VolumesJob) -> dict[str, Any]:
    """What an answer is of."""
    return {"version": __version__, "job": job.id, "request_sha256": asked.sha256, "arrays": []}
