"""Many inputs: results beside each other, one table over all, a bad one never ends the rest."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from ..errors import Cancelled, DependencyError, OutputError, UnifiedViTError, UnsupportedImageError
from ..imaging.reading import SUFFIXES, stem
from ..inference.options import Options
from ..inference.predictor import ProgressCallback
from ..outputs.files import CSV_FIELDS, csv_row, model_name, write_csv
from ..spec import ModelSpec
from .client import WorkerClient
from .processing import ENHANCED, HEATMAP, UNCERTAINTY, requested_outputs
from .protocol import FileRequest, LoadRequest

TABLE = "results.csv"
#: The table grows with every input; it is written at most so often, and at the end.
TABLE_S = 1.0


def find_inputs(path: Path, pattern: str = "*", recursive: bool = False) -> list[Path]:
    """What there is to look at: a file stands for itself, a folder for its image files.

    Args:
        path: a file or folder. A folder without image files but with others is taken for a DICOM series.
        pattern: which names count, for example "*_t1ce.nii.gz"; for a series, the folder's name.
        recursive: folders in the folder too.

    Raises:
        UnsupportedImageError: there is no such file or folder.
    """
    if not path.exists():
        raise UnsupportedImageError(f"{path} does not exist. Check the path.")
    if not path.is_dir():
        return [path]
    folders = [path, *sorted(p for p in path.rglob("*") if p.is_dir())] if recursive else [path]
    found = []
    for folder in folders:
        files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
        images = [p for p in files if _is_image(p.name)]
        if images:
            found += [p for p in images if fnmatch(p.name, pattern)]
        elif any(_may_be_dicom(p.name) for p in files) and fnmatch(folder.name, pattern):
            found.append(folder)
    return found


@dataclass(frozen=True)
class Task:
    """An input to look at: its place among all of them, where it lies, and the name of its results."""

    number: int
    path: Path
    name: str


@dataclass(frozen=True)
class TaskResult:
    """How an input ended.

    Attributes:
        path: the input.
        row: its line of results.csv; `row["result"]` is the name of its results.
        text: the answer in words, or what went wrong; "" where it was done before.
    """

    path: Path
    row: dict[str, str]
    text: str = ""


@dataclass(frozen=True)
class BatchSettings:
    """How to look at every input of a batch; as for `protocol.FileRequest`."""

    spec: ModelSpec
    options: Options = field(default_factory=Options)
    device: str = "auto"
    batch_size: int = 8
    channel: str = ""
    channels: Mapping[str, Path] = field(default_factory=dict)

    def process(self, client: WorkerClient, task: Task, output: Path, progress: ProgressCallback) -> TaskResult:
        """Have a worker read an input, look at it and write its results. Whatever goes wrong with it becomes its end.

        Raises:
            DependencyError, Cancelled: they concern the others too.
        """
        request = FileRequest(task.path, output, task.name, self.spec, self.options, self.device, self.batch_size,
                              self.channel, dict(self.channels))
        try:
            result = client.run(request, progress)
        except (Cancelled, DependencyError):
            raise
        except UnifiedViTError as error:
            return TaskResult(task.path, csv_row(str(task.path), error), str(error))
        return TaskResult(task.path, result["row"] | {"input": str(task.path)}, result["text"])

    @property
    def load_request(self) -> LoadRequest:
        """Makes the model ready, or says what keeps all inputs from being looked at."""
        return LoadRequest(self.spec, self.device, self.batch_size)


#: Told a task, a stage in words and the fraction of the task that is done.
TaskProgress = Callable[[Task, str, float], None]
#: How tasks are done: gives each with its end, as it ends; tells on the way. May raise what ends the whole batch.
BatchExecutor = Callable[[BatchSettings, Sequence[Task], Path, TaskProgress], Iterator[tuple[Task, TaskResult]]]


def process_files(
    inputs: list[Path],
    output: Path,
    settings: BatchSettings,
    executor: BatchExecutor,
    *,
    skip_existing: bool = False,
    progress: ProgressCallback = lambda stage, fraction: None,
    ended: Callable[[TaskResult], None] = lambda result: None,
) -> list[dict[str, str]]:
    """Look at each input and write NAME.seg.nrrd, NAME.json, NAME.html, NAME.png (where matplotlib is there),
    NAME.heatmap.nrrd and NAME.uncertainty.nrrd (where the prediction has them), NAME.enhanced.nrrd and
    NAME.synthetic.seg.nrrd (where it has an enhancement) and results.csv.

    Args:
        inputs: files, and folders with a DICOM series.
        output: folder for the results; made if it is not there.
        settings: the model, and how to look.
        executor: `serial`, `multiprocess.multiprocess` or `cluster.on_cluster`.
        skip_existing: inputs that the output's results.csv lists as done with this model are not done again.
        progress: told words and the fraction done of all inputs (0..1); `Cancelled` raised by it ends the batch.
        ended: told how each input ended.

    Returns:
        the rows of results.csv, in the order of the inputs.

    Raises:
        OutputError: the folder cannot be made or written to.
        DependencyError, DeviceError, WeightsError, ModelSpecError: nothing can run here. Other errors become rows.
        Cancelled: raised by `progress` or `executor`; what was done so far is in the folder.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {output} cannot be made ({error.strerror}). Choose another.") from error
    needed = (".seg.nrrd", ".json", *requested_outputs(settings.options))
    before = _rows_before(output / TABLE, settings.spec) if skip_existing else {}
    rows: dict[int, dict[str, str]] = {}
    fractions: dict[int, float] = {}
    tasks: list[Task] = []
    taken = {row["result"] for row in before.values()}

    def task_progress(task: Task, stage: str, fraction: float) -> None:
        # A repeat begins at 0 again; the bar does not go back.
        fractions[task.number] = max(fraction, fractions.get(task.number, 0.0))
        progress(f"{task.number + 1} of {len(inputs)}, {task.path.name}: {stage}",
                 sum(fractions.values()) / len(inputs))

    for number, path in enumerate(inputs):
        known = before.get(str(path))
        if known and all((output / f"{known['result']}{ending}").is_file() for ending in needed):
            rows[number] = known
            task_progress(Task(number, path, known["result"]), "done before", 1.0)
            ended(TaskResult(path, known))
        else:
            tasks.append(Task(number, path, known["result"] if known else _free_name(stem(path), taken)))
    written = -TABLE_S
    try:
        for task, result in executor(settings, tasks, output, task_progress):
            rows[task.number] = result.row
            fractions[task.number] = 1.0
            ended(result)
            if time.monotonic() - written >= TABLE_S:
                _write_table(rows, output)
                written = time.monotonic()
    finally:
        _write_table(rows, output)
    return [rows[number] for number in sorted(rows)]


def serial(client: WorkerClient) -> BatchExecutor:
    """One input after the other, in the worker process of `client`."""

    def execute(settings: BatchSettings, tasks: Sequence[Task], output: Path,
                progress: TaskProgress) -> Iterator[tuple[Task, TaskResult]]:
        if tasks:
            client.run(settings.load_request)
        for task in tasks:
            yield task, settings.process(client, task, output, partial(progress, task))

    return execute


def _write_table(rows: dict[int, dict[str, str]], output: Path) -> None:
    write_csv([rows[number] for number in sorted(rows)], output / TABLE)


def _is_image(name: str) -> bool:
    name = name.lower()
    others = (".seg.nrrd", HEATMAP, UNCERTAINTY, ENHANCED[0], ".dcm")
    return name.endswith(SUFFIXES) and not name.endswith(others)


def _may_be_dicom(name: str) -> bool:
    return name.lower().endswith((".dcm", ".ima")) or "." not in name


def _rows_before(table: Path, spec: ModelSpec) -> dict[str, dict[str, str]]:
    """Rows by input of what an earlier batch with the same model did; none where there is no table that can be read."""
    try:
        with open(table, newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if set(CSV_FIELDS) <= row.keys()]
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return {row["input"]: row for row in rows if row["status"] == "done" and row["model"] == model_name(spec)}


def _free_name(name: str, taken: set[str]) -> str:
    """`name`, or with a number where two inputs are called the same."""
    free, n = name, 1
    while free in taken:
        n += 1
        free = f"{name}-{n}"
    taken.add(free)
    return free
