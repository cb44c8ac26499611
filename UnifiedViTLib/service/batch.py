"""Many inputs: results beside each other, one table over all, a bad one never ends the rest."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from ..errors import Cancelled, DependencyError, OutputError, UnifiedViTError, UnsupportedImageError
from ..imaging.reading import SUFFIXES, read, stem
from ..imaging.volume import Volume
from ..inference.options import Options
from ..inference.prediction import Prediction
from ..inference.predictor import Progress
from ..outputs.files import (
    CSV_FIELDS,
    as_json,
    csv_row,
    model_name,
    summary,
    write_csv,
    write_enhanced,
    write_heatmap,
    write_json,
    write_segmentation,
    write_uncertainty,
)
from ..outputs.report import write_report
from ..spec import ModelSpec

TABLE = "results.csv"
#: The table grows with every input; it is written at most so often, and at the end.
TABLE_S = 1.0
#: Endings of the finer volume, and of the segmentation of its synthetic voxels.
ENHANCED = (".enhanced.nrrd", ".synthetic.seg.nrrd")
#: Endings of maps.
HEATMAP, UNCERTAINTY = ".heatmap.nrrd", ".uncertainty.nrrd"


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
class Ended:
    """How an input ended.

    Attributes:
        path: the input.
        row: its line of results.csv; `row["result"]` is the name of its results.
        text: the answer in words, or what went wrong; "" where it was done before.
    """

    path: Path
    row: dict[str, str]
    text: str = ""


#: Told a task, a stage in words and the share of the task that is done.
Told = Callable[[Task, str, float], None]
#: How tasks are done: gives each with its end, as it ends; tells on the way. May raise what ends the whole batch.
Way = Callable[[Sequence[Task], Path, Told], Iterator[tuple[Task, Ended]]]


def process_files(
    inputs: list[Path],
    output: Path,
    spec: ModelSpec,
    way: Way,
    *,
    skip_existing: bool = False,
    maps: tuple[str, ...] = (),
    progress: Progress = lambda stage, done: None,
    ended: Callable[[Ended], None] = lambda end: None,
) -> list[dict[str, str]]:
    """Look at each input and write NAME.seg.nrrd, NAME.json, NAME.html, NAME.png (where matplotlib is there),
    NAME.heatmap.nrrd and NAME.uncertainty.nrrd (where the prediction has them), NAME.enhanced.nrrd and
    NAME.synthetic.seg.nrrd (where it has an enhancement) and results.csv.

    Args:
        inputs: files, and folders with a DICOM series.
        output: folder for the results; made if it is not there.
        spec: the model.
        way: `one_by_one`, `many.in_processes` or `cluster.on_cluster`.
        skip_existing: inputs that the output's results.csv lists as done with this model are not done again.
        maps: of `maps_of`; without these an input does not count as done.
        progress: told words and the share done of all inputs (0..1); `Cancelled` raised by it ends the batch.
        ended: told how each input ended.

    Returns:
        the rows of results.csv, in the order of the inputs.

    Raises:
        OutputError: the folder cannot be made or written to.
        DependencyError: nothing can run here. Other errors become rows.
        Cancelled: raised by `progress` or `way`; what was done so far is in the folder.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {output} cannot be made ({error.strerror}). Choose another.") from error
    needed = (".seg.nrrd", ".json", *maps)
    before = _rows_before(output / TABLE, spec) if skip_existing else {}
    rows: dict[int, dict[str, str]] = {}
    share: dict[int, float] = {}
    tasks: list[Task] = []
    taken = {row["result"] for row in before.values()}

    def told(task: Task, stage: str, done: float) -> None:
        share[task.number] = done
        progress(f"{task.number + 1} of {len(inputs)}, {task.path.name}: {stage}", sum(share.values()) / len(inputs))

    for number, path in enumerate(inputs):
        known = before.get(str(path))
        if known and all((output / f"{known['result']}{ending}").is_file() for ending in needed):
            rows[number] = known
            told(Task(number, path, known["result"]), "done before", 1.0)
            ended(Ended(path, known))
        else:
            tasks.append(Task(number, path, known["result"] if known else _free_name(stem(path), taken)))
    written = -TABLE_S
    try:
        for task, end in way(tasks, output, told):
            rows[task.number] = end.row
            share[task.number] = 1.0
            ended(end)
            if time.monotonic() - written >= TABLE_S:
                _write_table(rows, output)
                written = time.monotonic()
    finally:
        _write_table(rows, output)
    return [rows[number] for number in sorted(rows)]


def one_by_one(predict: Callable[[Volume, Progress], Prediction]) -> Way:
    """The way of one input after the other, in this process; `predict` gives the prediction for a volume, and tells
    how far it is."""

    def way(tasks: Sequence[Task], output: Path, told: Told) -> Iterator[tuple[Task, Ended]]:
        for task in tasks:
            yield task, look_at(task, output, predict, partial(told, task))

    return way


def look_at(task: Task, output: Path, predict: Callable[[Volume, Progress], Prediction], progress: Progress) -> Ended:
    """Read an input, look at it and write its results. What is wrong with it becomes its end.

    Raises:
        DependencyError, Cancelled: from `predict` or `progress`; they concern the others too.
    """
    try:
        volume = read(task.path)
        prediction = predict(volume, progress)
        _write(volume, prediction, output, task.name)
    except (Cancelled, DependencyError):
        raise
    except UnifiedViTError as error:
        return Ended(task.path, csv_row(str(task.path), error), str(error))
    return Ended(task.path, csv_row(str(task.path), prediction, task.name), summary(task.name, prediction))


def _write_table(rows: dict[int, dict[str, str]], output: Path) -> None:
    write_csv([rows[number] for number in sorted(rows)], output / TABLE)


def maps_of(options: Options) -> tuple[str, ...]:
    """Endings of the files with the maps and volumes that are asked for."""
    asked = {HEATMAP: options.explain, UNCERTAINTY: options.uncertainty, **dict.fromkeys(ENHANCED, options.superres)}
    return tuple(ending for ending, wanted in asked.items() if wanted)


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


def _write(volume: Volume, prediction: Prediction, folder: Path, name: str) -> None:
    write_segmentation(prediction, folder / f"{name}.seg.nrrd")
    heatmap, uncertainty, made = prediction.heatmap, prediction.uncertainty, prediction.enhancement
    if heatmap:
        write_heatmap(prediction, folder / f"{name}{HEATMAP}")
    if uncertainty:
        write_uncertainty(prediction, folder / f"{name}{UNCERTAINTY}")
    if made:
        write_enhanced(prediction, *(folder / f"{name}{ending}" for ending in ENHANCED))
    if find_spec("matplotlib") is not None:  # Slicer does not bring it
        from ..outputs.montage import write_montage

        write_montage(volume, prediction, folder / f"{name}.png")
        if made:
            from ..outputs.enhanced_picture import write_enhanced_picture

            write_enhanced_picture(volume, prediction, folder / f"{name}.enhanced.png")
    write_report(as_json(prediction), folder / f"{name}.html", volume, prediction.labelmap,
                 heatmap and heatmap.percent, uncertainty and uncertainty.percent,
                 made and (Volume(made.array, made.ijk_to_ras), made.synthetic))
    write_json(prediction, folder / f"{name}.json")
