"""The worker: a child process that runs networks and jobs, and keeps the last model ready between requests.

`client.WorkerClient` starts it and speaks to it (`protocol`). Its standard streams are put aside first, so that a
library that prints or reads cannot disturb; when the client is gone, the worker ends itself and all it started.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import Cancelled, DependencyError, UnifiedViTError, WorkerError
from ...imaging.region import RegionOfInterest
from ...inference.channels import Images, combine_channels
from ...inference.model_ranking import which_model
from ...inference.options import Options
from ...inference.prediction import Prediction
from ...inference.predictor import Predictor
from ...inference.progress import ProgressCallback
from ...outputs.comparison.compare import compare
from ...outputs.comparison.segmentations import Segmentation
from ...outputs.dataset.correction import Correction
from ...outputs.dataset.folder import CorrectionDataset
from ...outputs.inventory import Inventory
from ...outputs.stored import read_stored
from ...processes import importing, kill_own_tree, leave_deleted_folder
from ...spec import ModelSpec
from ..remote.address import ServerAddress
from ..store.cache import compiled_folder
from .client import WorkerClient
from .dicom_objects import write_objects
from .exchange import (
    COMPARISON,
    PREDICTION,
    SIDE_A,
    SIDE_B,
    make_folder,
    read_channels,
    read_prediction,
    read_record,
    read_volume,
    remove_folder,
    write_prediction,
    write_record,
    write_rows,
    write_volume,
)
from .processing import make_file_request, process_input
from .protocol import decode, encode, error_as_json

#: Jobs by name: module of `service` and function, `job(arguments: dict, progress) -> dict`.
JOBS = {
    "download": ("store.download", "download_job"),
    "add_repository": ("store.repositories", "add_repository_job"),
    "refresh_repositories": ("store.repositories", "refresh_repositories_job"),
    "import": ("store.download", "import_job"),
    "adapt": ("worker.adaptation", "adapt_job"),
    "inspect_training": ("packages.training", "inspect_training_job"),
    "inspect": ("packages.dependencies", "inspect_job"),
    "install": ("packages.dependencies", "install_job"),
    "server": ("remote.predictor", "server_job"),
    "region": ("worker.regions", "region_job"),
    "unpack": ("server.archives", "unpack_job"),
    "choose_series": ("server.archives", "choose_series_job"),
    "undo_addition": ("worker.corrections", "undo_addition_job"),
}
HEARTBEAT_S = 1.0


def main(folder: str) -> None:
    """Serve until the client closes the worker's stdin.

    Args:
        folder: through which volumes and results go; the client makes it for each request and removes it after.
    """
    # dup() gives descriptors that grandchildren do not inherit.
    lines, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    faulthandler.enable()  # where a library crashes, the log says in which call
    Worker(lines, out, Path(folder)).serve()


class Worker:
    """Requests in, one at a time; progress and one result or error out.

    Args:
        lines: messages from the client.
        out: takes messages to it.
        folder: through which volumes and results go.
    """

    def __init__(self, lines: BinaryIO, out: BinaryIO, folder: Path) -> None:
        self._lines, self._out, self._folder = lines, out, folder
        self._requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._cancelled: int | None = None  # the request that the client wants stopped
        self._request = 0  # the one under way
        self._writing = threading.Lock()
        self._predictor: Predictor | None = None
        self._made_for: tuple | None = None  # model, device and excluded backends
        self._looking: WorkerClient | None = None  # the worker that looks at the inputs of a batch

    def serve(self) -> None:
        """Never returns: `_listen` ends the process."""
        for work in (self._listen, self._beat):
            threading.Thread(target=work, daemon=True).start()
        while True:
            self._answer(self._requests.get())

    def _listen(self) -> None:
        for line in self._lines:
            message = decode(line)
            if message is None:
                continue
            if message["type"] == "cancel":
                self._cancelled = message["id"]
                if self._looking:  # it may tell of no progress for a while
                    self._looking.cancel()
            else:
                self._send({"type": "heard", "id": message["id"]})
                self._requests.put(message)
        remove_folder(self._folder)
        kill_own_tree()

    def _beat(self) -> None:
        while True:
            self._send({"type": "alive"})
            time.sleep(HEARTBEAT_S)

    def _send(self, message: dict[str, Any]) -> None:
        line = encode(message)
        with self._writing, suppress(OSError):  # the client is gone: `_listen` ends the process
            self._out.write(line)
            self._out.flush()

    def _answer(self, request: dict[str, Any]) -> None:
        number = request["id"]

        def progress(stage: str, fraction: float) -> None:
            if self._cancelled == number:
                raise Cancelled("Stopped.")
            self._send({"type": "progress", "id": number, "stage": stage, "fraction": float(fraction)})

        self._request = number
        leave_deleted_folder()
        work = {"load": self._load, "predict": self._predict, "file": self._process_file, "batch": self._process_batch,
                "results": self._list_results, "stored": self._read_stored, "dicom": self._write_dicom,
                "compare": self._compare, "rank": self._rank, "add_case": self._add_case, "job": self._do_job}
        try:
            result = work[request["type"]](request, progress)
            answer = {"type": "result", "id": number, "result": result}
        except UnifiedViTError as error:
            answer = {"type": "error", "id": number, "broken": False} | error_as_json(error)
        except Exception as error:
            # With the error, as the log comes on a way of its own and may come too late.
            answer = {"type": "error", "id": number, "broken": True, "details": traceback.format_exc().splitlines()}
            answer |= error_as_json(_in_words(error))
        self._send(answer)

    def _predict(self, request: dict[str, Any], progress: ProgressCallback) -> None:
        """The result goes through the folder."""
        spec = ModelSpec.from_dict(request["spec"])
        images = combine_channels(
            read_volume(self._folder),
            read_channels(request["extra_channels"], self._folder),
            spec,
            request["input_channel"],
        )
        write_prediction(self._look(spec, request, images, Options.from_dict(request["options"]), progress),
                         self._folder)

    def _look(self, spec: ModelSpec, request: dict[str, Any], images: Images, options: Options,
              progress: ProgressCallback) -> Prediction:
        """Here, or on a server."""
        if request["server"]:
            from ..remote.predictor import RemotePredictor

            return RemotePredictor(ServerAddress.from_dict(request["server"]), spec).predict(images, options, progress)
        with self._ready(spec, request, progress) as predictor:
            return predictor.predict(images, options, progress)

    def _process_file(self, request: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
        """Read, look, write; returns the row of the table and the answer in words."""
        spec, options = ModelSpec.from_dict(request["spec"]), Options.from_dict(request["options"])
        channels = {name: Path(path) for name, path in request["channels"].items()}

        def predict(images: Images) -> Prediction:
            return self._look(spec, request, images, options, progress)

        asked = make_file_request(Path(request["path"]), spec, options, request["input_channel"], channels)
        return process_input(asked, spec, request["input_channel"], Path(request["output"]), request["name"],
                             request["earlier"], predict, progress, request["source"],
                             Path(request["shown"]) if request["shown"] else None)

    def _process_batch(self, request: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
        """All images of a folder, in a worker that stays for the next batch; the rows go through the folder."""
        from ..batch.folder import process_folder  # a worker that looks at images needs nothing of this

        self._looking = self._looking or WorkerClient()
        rows, answer = process_folder(request, self._looking, progress,
                                      lambda message: self._send(message | {"id": request["id"]}))
        write_rows(rows, self._folder)
        return answer

    def _list_results(self, request: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
        """The results in a folder; their rows go through the folder of the exchange."""
        progress("Looking for results", 0.0)
        inventory = Inventory(Path(request["folder"]))
        write_rows([inventory.row(entry) for entry in inventory.entries()], self._folder)
        return {}

    def _read_stored(self, request: dict[str, Any], progress: ProgressCallback) -> None:
        """An image and its result; both go through the folder."""
        progress("Reading the result", 0.0)
        volume, prediction = read_stored(Path(request["folder"]), request["name"], request["source"],
                                         ModelSpec.from_dict(request["spec"]))
        write_volume(volume, self._folder, lambda: progress("Reading the result", 0.5))
        make_folder(self._folder / PREDICTION)
        write_prediction(prediction, self._folder / PREDICTION)

    def _write_dicom(self, request: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
        """DICOM objects of a result that the client has; returns their paths."""
        volume = read_volume(self._folder)
        prediction = read_prediction(self._folder / PREDICTION, volume, ModelSpec.from_dict(request["spec"]))
        paths = write_objects(volume, prediction, [Path(file) for file in request["files"]], self._folder,
                              Path(request["output"]), progress)
        return {"paths": [str(path) for path in paths]}

    def _compare(self, _request: dict[str, Any], progress: ProgressCallback) -> None:
        """What comes of it goes through the folder, as the two sides do."""
        a, b = (read_record(Segmentation, self._folder / side) for side in (SIDE_A, SIDE_B))
        comparison = compare(a, b, progress)
        make_folder(self._folder / COMPARISON)
        write_record(comparison, self._folder / COMPARISON)

    def _rank(self, request: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
        """Models by how well they know a volume."""
        specs = [ModelSpec.from_dict(spec) for spec in request["specs"]]
        region = RegionOfInterest.from_dict(request["region"]) if request["region"] else None
        if request["server"]:
            from ..remote.ranking import rank_on_server

            return rank_on_server(ServerAddress.from_dict(request["server"]), read_volume(self._folder), specs,
                                  progress, region).to_dict()
        self._predictor = None  # so that two need not fit into memory
        excluded = {name: tuple(how) for name, how in request["excluded"].items()}
        make = partial(Predictor, device=request["device"], excluded=excluded, announce=self._announce)
        return which_model(read_volume(self._folder), specs, make, progress, region).to_dict()

    def _add_case(self, request: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
        progress("Adding to the dataset", 0.0)
        correction = read_record(Correction, self._folder)
        return CorrectionDataset(Path(request["folder"])).add(correction).to_dict()

    @contextmanager
    def _ready(self, spec: ModelSpec, request: dict[str, Any], progress: ProgressCallback) -> Iterator[Predictor]:
        """The model on its device, loaded unless it was the last one; without the backends that the client excludes."""
        excluded = {name: tuple(how) for name, how in request["excluded"].items()}
        wanted = spec, request["device"], excluded
        if self._predictor is None or wanted != self._made_for:
            progress("Loading the model", 0.0)
            self._predictor = None  # first, so that two need not fit into memory
            with importing():
                self._predictor = Predictor(spec, request["device"], cache=compiled_folder(), excluded=excluded,
                                            announce=self._announce)
            self._made_for = wanted
        predictor = self._predictor
        predictor.batch_size = request["batch_size"]
        try:
            yield predictor
        finally:
            if predictor.used_cpu_fallback:  # the graphics card may have room again next time
                self._predictor = None

    def _announce(self, backend: str) -> None:
        """Tell which backend is loaded or run next: if it ends this process, nobody else can."""
        self._send({"type": "backend", "id": self._request, "backend": backend})

    def _load(self, request: dict[str, Any], progress: ProgressCallback) -> None:
        """What keeps a model from running at all is told before the first image."""
        spec = ModelSpec.from_dict(request["spec"])
        if request["server"]:  # it has its models ready
            from ..remote.predictor import RemotePredictor

            RemotePredictor(ServerAddress.from_dict(request["server"]), spec).check(Options())
            return
        with self._ready(spec, request, progress):
            pass

    def _do_job(self, request: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
        if request["job"] not in JOBS:
            raise WorkerError(f"There is no job called {request['job']!r}; there are {', '.join(JOBS)}.")
        module, function = JOBS[request["job"]]
        job = getattr(importlib.import_module(f"..{module}", __package__), function)
        return job(request["arguments"], progress)


def _in_words(error: Exception) -> UnifiedViTError:
    """A sentence for an error that nobody raised on purpose."""
    if isinstance(error, ImportError):
        package = (error.name or "").split(".")[0] or "A package"
        return DependencyError(
            f"{package} is missing or damaged in the Python that runs the networks, {sys.executable} ({error}). "
            "Install it there and run again."
        )
    if isinstance(error, MemoryError):
        return WorkerError("There is not enough memory. Close other programs and run again.")
    return WorkerError(
        f"The worker met an error that it did not expect ({type(error).__name__}: {error}). The log has the details; "
        "please report it."
    )
