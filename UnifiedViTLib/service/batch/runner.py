"""Many inputs: results beside each other, one table over all, a bad one never ends the rest."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ...errors import (
    Cancelled,
    DependencyError,
    OutputError,
    ServerError,
    ServerGoneError,
    UnifiedViTError,
    UnsupportedImageError,
)
from ...imaging.reading import stem
from ...inference.options import Options
from ...inference.progress import ProgressCallback
from ...outputs.files import model_name
from ...outputs.folder import ResultsFolder
from ...outputs.inventory import Entry
from ...outputs.manifest import Request
from ...outputs.naming import safe_name
from ...outputs.results_table import csv_row
from ...outputs.reuse import changed_inputs, rerun_reason
from ...spec import ModelSpec
from ...texts import printable
from ...versions import software_versions
from ..dicomweb.series import RemoteSeries
from ..remote.address import ServerAddress
from ..worker.client import WorkerClient
from ..worker.processing import make_file_request
from ..worker.protocol import FileRequest, LoadRequest
from .further import FurtherSequences
from .inputs import is_gone

#: The table grows with every input. It is written at most so often, and for so little of the time; and at the end.
TABLE_S, TABLE_SHARE = 1.0, 0.05


@dataclass(frozen=True)
class Task:
    """An input to look at: its place among all of them, where it lies, the name for its results, and names of earlier
    results of it."""

    number: int
    path: Path | RemoteSeries
    name: str
    earlier: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """What its results say that they are of."""
        return source_of(self.path)


@dataclass(frozen=True)
class TaskResult:
    """How an input ended.

    Attributes:
        path: the input.
        row: its line of results.csv; `row["result"]` is the name of its results.
        text: the answer in words, or what went wrong; "" where it was done before.
        not_stored: a sentence for each object of the result that the server did not take.
    """

    path: Path | RemoteSeries
    row: dict[str, str]
    text: str = ""
    not_stored: tuple[str, ...] = ()


@dataclass(frozen=True)
class BatchSettings:
    """How to look at every input of a batch; as for `protocol.FileRequest`.

    Attributes:
        channels: of the only input.
        further: files beside each input, where there are several.
        store: store the DICOM objects of a result where its series came from, if that is a server.
        software: versions of what computes, by package; None for what is here.
    """

    spec: ModelSpec
    options: Options = field(default_factory=Options)
    device: str = "auto"
    batch_size: int = 8
    input_channel: str = ""
    channels: Mapping[str, Path] = field(default_factory=dict)
    further: FurtherSequences = field(default_factory=FurtherSequences)
    store: bool = False
    server: ServerAddress | None = None
    software: Mapping[str, str] | None = None

    def process(self, client: WorkerClient, task: Task, output: Path, progress: ProgressCallback) -> TaskResult:
        """Have a worker read an input, look at it and write its results. Whatever goes wrong with it becomes its end.

        Args:
            client: of the worker.
            task: the input.
            output: folder of the results.
            progress: told how far it is.

        Raises:
            DependencyError, ServerGoneError, Cancelled: they concern the others too.
        """
        source = task.source if isinstance(task.path, RemoteSeries) else ""
        try:
            with _at_hand(task.path, progress) as path:
                request = FileRequest(path, output, task.name, self.spec, self.options, self.device, self.batch_size,
                                      self.input_channel, self._channels_of(path), task.earlier, source,
                                      self.server)
                result = client.run(request, progress)
        except (Cancelled, DependencyError, ServerGoneError):
            raise
        except UnifiedViTError as error:
            return self._failed(task, output, error)
        return self.stored(task, output, TaskResult(task.path, result["row"], result["text"]))

    def stored(self, task: Task, output: Path, result: TaskResult, only_missing: bool = False) -> TaskResult:
        """Store a result if that was asked for; gives it with what was not taken.

        Args:
            task: of the result.
            output: folder of the results.
            result: that is there.
            only_missing: leave out what the server has.
        """
        if not self.store or not isinstance(task.path, RemoteSeries):
            return result
        return replace(result, not_stored=tuple(task.path.store_results(output, result.row["result"], only_missing)))

    def _failed(self, task: Task, output: Path, error: UnifiedViTError) -> TaskResult:
        """The end of an input that failed. A full disk, a silent server, or a drive that is not there leaves an earlier
        result whole."""
        row, text = csv_row(task.source, error, model=model_name(self.spec)), str(error)
        keep = isinstance(error, (OutputError, ServerError)) or (isinstance(task.path, Path) and is_gone(task.path))
        with suppress(OutputError):  # the same disk: the batch's table tells of it
            told = ResultsFolder(output).fail(task.source, self.spec.id, row, {task.name, *task.earlier},
                                              keep)
            text = f"{text} {told}".rstrip()
        return TaskResult(task.path, row, text)

    def request(self, path: Path | RemoteSeries) -> Request:
        """What is asked for of an input, as its manifest has it."""
        channels = self._channels_of(path) if isinstance(path, Path) else self.channels
        request = make_file_request(Path(), self.spec, self.options, self.input_channel, channels)
        return replace(request, source=source_of(path))

    def _channels_of(self, path: Path) -> dict[str, Path]:
        return {**self.channels, **self.further.of(path, self.spec, self.input_channel)}

    @property
    def load_request(self) -> LoadRequest:
        """Makes the model ready, or says what keeps all inputs from being looked at."""
        return LoadRequest(self.spec, self.device, self.batch_size, self.server)


#: Told a task, a stage in words and the fraction of the task that is done.
TaskProgress = Callable[[Task, str, float], None]
#: How tasks are done: gives each with its end, as it ends; tells on the way. May raise what ends the whole batch.
BatchExecutor = Callable[[BatchSettings, Sequence[Task], Path, TaskProgress], Iterator[tuple[Task, TaskResult]]]


def process_files(
    inputs: Sequence[Path | RemoteSeries],
    output: Path,
    settings: BatchSettings,
    executor: BatchExecutor,
    *,
    skip_existing: bool = False,
    name_model: bool = False,
    progress: ProgressCallback = lambda stage, fraction: None,
    ended: Callable[[TaskResult], None] = lambda result: None,
) -> list[dict[str, str]]:
    """Look at each input and write NAME.seg.nrrd, NAME.json, NAME.html, NAME.png (where matplotlib is there),
    NAME.heatmap.nrrd and NAME.uncertainty.nrrd (where the prediction has them), NAME.superres.nrrd and
    NAME.synthetic.seg.nrrd (where it was super-resolved) and results.csv.

    Names are unique in the folder, whatever other runs write there; files that are not ours stay as they are.

    Args:
        inputs: files, folders with a DICOM series, and series on a DICOMweb server; each is looked at once.
        output: folder for the results; made if it is not there.
        settings: the model, and how to look.
        executor: `serial`, `multiprocess.multiprocess` or `ray_cluster.ray_cluster`.
        skip_existing: inputs whose result in the folder is what they would give now (`reuse.rerun_reason`) are not
            looked at again.
        name_model: add the model's id to the names of results, as other models look at the same inputs. So it is
            besides where the folder has another model's result of an input.
        progress: told words and the fraction done of all inputs (0..1); `Cancelled` raised by it ends the batch.
        ended: told how each input ended.

    Returns:
        a row for each input, in their order; results.csv has them and those of other runs and models, by path.

    Raises:
        OutputError: the folder cannot be made or written to.
        DependencyError, DeviceError, WeightsError, ModelSpecError: nothing can run here. Other errors become rows.
        ServerGoneError: nor on the server, or not any more; what was done so far is in the folder.
        Cancelled: raised by `progress` or `executor`; what was done so far is in the folder.
    """
    folder = ResultsFolder(output)
    folder.sweep()
    results, others = _results_by_source(folder, settings.spec.id)
    seen = {source_of(path) for path in inputs} if name_model else others
    tasks, notes = _make_tasks(inputs, folder, results, {source: settings.spec.id for source in seen})
    batch = _Batch(len(tasks), notes, progress, ended)
    if skip_existing:
        tasks = _skip_done(tasks, results, settings, output, batch)
    table = _GrowingTable(folder)
    try:
        for task, result in executor(settings, tasks, output, batch.progress):
            batch.end(task, result)
            table.write_if_due()
    except BaseException as error:
        with suppress(OutputError):  # what ended the batch is to be told
            folder.write_table()
        if isinstance(error, ServerGoneError):
            raise ServerGoneError(f"{error} What is done is kept: the same run goes on from there (on the command line "
                                  "with --skip-existing).") from error
        raise
    folder.write_table()
    return batch.rows


class _Batch:
    """How far a batch is, and how its inputs ended.

    Args:
        count: number of inputs.
        notes: what the result of a task is to say besides, by the task's number.
        progress: as of `process_files`.
        ended: as of `process_files`.
    """

    def __init__(self, count: int, notes: dict[int, str], progress: ProgressCallback,
                 ended: Callable[[TaskResult], None]) -> None:
        self._count, self.notes = count, notes
        self._progress, self._ended = progress, ended
        self._fractions: dict[int, float] = {}
        self._rows: dict[int, dict[str, str]] = {}

    @property
    def rows(self) -> list[dict[str, str]]:
        """Of the table, in the order of the inputs."""
        return [self._rows[number] for number in sorted(self._rows)]

    def progress(self, task: Task, stage: str, fraction: float) -> None:
        """A `TaskProgress`: a repeat begins at 0 again; the bar does not go back."""
        self._fractions[task.number] = max(fraction, self._fractions.get(task.number, 0.0))
        self._progress(f"{task.number + 1} of {self._count}, {printable(task.path.name)}: {stage}",
                       sum(self._fractions.values()) / self._count)

    def end(self, task: Task, result: TaskResult) -> None:
        """Keep how a task ended, and tell it together with its note."""
        if task.number in self.notes:
            result = replace(result, text=f"{result.text}\n  ({self.notes[task.number]})")
        self._rows[task.number] = result.row
        self._fractions[task.number] = 1.0
        self._ended(result)


class _GrowingTable:
    """Writes the table of a folder while results come in, which takes longer the more there are."""

    def __init__(self, folder: ResultsFolder) -> None:
        self._folder = folder
        self._due = -math.inf

    def write_if_due(self) -> None:
        """Write it, unless that was done just now."""
        start = time.monotonic()
        if start < self._due:
            return
        with suppress(OutputError):  # the last one tells
            self._folder.write_table()
        end = time.monotonic()
        self._due = end + max(TABLE_S, (end - start) / TABLE_SHARE)


def _results_by_source(folder: ResultsFolder, model_id: str) -> tuple[dict[str, list[Entry]], set[str]]:
    """Absolute path of an input -> its results of a model in the folder, the newest first; and the inputs that have
    results of other models."""
    results: dict[str, list[Entry]] = {}
    others = set()
    for entry in sorted(folder.entries(), key=lambda entry: -entry.read_ns):
        if entry.request.model_id == model_id:
            results.setdefault(entry.request.source, []).append(entry)
        else:
            others.add(entry.request.source)
    return results, others


def _make_tasks(inputs: Sequence[Path | RemoteSeries], folder: ResultsFolder, results: Mapping[str, list[Entry]],
                models: Mapping[str, str]) -> tuple[list[Task], dict[int, str]]:
    """A task for each input, once, with a name of its own; and notes, by its number, on names that it could not get.

    Args:
        inputs: all of them.
        folder: of the results.
        results: of `_results_by_source`.
        models: by the input, the model's id where it is part of the name.
    """
    tasks, notes = [], {}
    names: set[str] = set()
    taken = folder.taken()
    for number, path in enumerate({source_of(path): path for path in inputs}.values()):
        earlier = results.get(source_of(path), [])
        wanted = _result_name(path)
        if model_id := models.get(source_of(path)):
            wanted = safe_name(f"{wanted}-{model_id}")
        name = earlier[0].name if earlier else folder.free_name(wanted, names, taken)
        names.add(name)
        if not earlier and name != wanted:
            notes[number] = f"called {name}, as there are other files called {wanted}"
        tasks.append(Task(number, path, name, tuple(entry.name for entry in earlier)))
    return tasks, notes


def _skip_done(tasks: list[Task], results: Mapping[str, list[Entry]], settings: BatchSettings, output: Path,
               batch: _Batch) -> list[Task]:
    """End the tasks whose result is what they would give now; the others are returned, with a note why."""
    software, remaining = settings.software or software_versions(), []
    for task in tasks:
        earlier = results.get(task.source, [])
        if earlier:
            batch.progress(task, "Looking for its result", 0.0)
            reason = _rerun_reason(task, earlier[0], settings, output, software)
            if not reason:
                batch.progress(task, "done before", 1.0)
                batch.end(task, settings.stored(task, output, TaskResult(task.path, earlier[0].row), only_missing=True))
                continue
            batch.notes[task.number] = f"done again: {reason}"
        remaining.append(task)
    return remaining


def _rerun_reason(task: Task, earlier: Entry, settings: BatchSettings, output: Path, software: Mapping[str, str]
                  ) -> str:
    """Why an earlier result is not what the task would give; "" where it is."""
    changed = task.path.changed_since if isinstance(task.path, RemoteSeries) else changed_inputs
    try:
        return rerun_reason(earlier.manifest, settings.request(task.path), output, software, changed)
    except (ServerError, OutputError, UnsupportedImageError):  # running it again tells
        return "its images could not be compared"


def serial(client: WorkerClient) -> BatchExecutor:
    """One input after the other, in the worker process of `client`."""

    def execute(settings: BatchSettings, tasks: Sequence[Task], output: Path,
                progress: TaskProgress) -> Iterator[tuple[Task, TaskResult]]:
        if tasks:
            client.run(settings.load_request, lambda stage, _fraction: progress(tasks[0], stage, 0.0))
        for task in tasks:
            yield task, settings.process(client, task, output, partial(progress, task))

    return execute


def source_of(path: Path | RemoteSeries) -> str:
    """What results of an input say that they are of: its absolute path, or its address on a server."""
    return path.source if isinstance(path, RemoteSeries) else os.path.abspath(path)


def _at_hand(path: Path | RemoteSeries, progress: ProgressCallback) -> AbstractContextManager[Path]:
    """The file or folder to read, for as long as it is read."""
    return path.retrieved(progress) if isinstance(path, RemoteSeries) else nullcontext(path)


def _result_name(path: Path | RemoteSeries) -> str:
    """What results of an input are called."""
    if isinstance(path, RemoteSeries):
        return safe_name(path.name)
    try:
        return safe_name(stem(path))
    except OSError:  # it may not be looked up: no result will have this name
        return safe_name(path.stem)
