"""The metrics of all that was compared: means over seeds, and differences with paired intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..config import Model
from ..errors import RunError
from ..evaluation.candidates import FOLDER
from ..evaluation.evaluate import TABLE_FILE
from ..evaluation.paired import Difference, paired_over
from ..evaluation.slice_table import SliceTable, load_table, quick_metrics, same_truth, table_metrics
from ..evaluation.summary import held_out_calibration_error
from .plan import Comparison, Entry, Run, project_of
from .train import finished

#: Metrics of the tables, and those whose differences are tested, by the task that they judge.
SHOWN = ("lesion_type_accuracy", "accuracy", "macro_auc", "calibration_error_held_out", "dice", "hd95", "boundary_f1",
         "detected", "empty")
TESTED = {"classification": ("lesion_type_accuracy", "accuracy", "macro_auc"),
          "segmentation": ("dice", "hd95", "boundary_f1")}
#: What decides which peer is the best at a task.
DECIDES = {"classification": "lesion_type_accuracy", "segmentation": "dice"}


@dataclass(frozen=True)
class Results:
    """What was measured on one set.

    Attributes:
        model: its classes and segments.
        side: "test" if the set has one, else "validation".
        tables: by entry, one of each seed that is finished, in the order of seeds.
        metrics: by entry, metric and seed: (seeds,) values, NaN where one has no meaning.
    """

    model: Model
    side: str
    tables: dict[str, dict[int, SliceTable]]
    metrics: dict[str, dict[str, np.ndarray]]


@dataclass(frozen=True)
class PairedComparison:
    """An entry against another on the metrics of one task; `differences` are entry minus other."""

    entry: str
    against: str
    why: str
    task: str
    seeds: int
    differences: dict[str, Difference]


def results_of(plan: Comparison, name: str, work: Path, data: Path | None) -> Results:
    """Metrics of all finished runs on the set `name`.

    Args:
        plan: the comparison.
        name: of one of its sets.
        work: the folder of the work.
        data: folder that data paths start from; None: the one of each recipe.

    Raises:
        RunError: no run is finished, or they are not of the same slices.
    """
    runs = [Run(name, entry.name, seed) for entry in plan.entries for seed in plan.seeds_of(entry)]
    runs = [run for run in runs if finished(plan, run, work, data)]
    if not runs:
        raise RunError(f"No run on the set {name} is finished. Run `unifiedvit-train compare --config` without --only.")
    model = project_of(plan, runs[0], data).model
    tables: dict[str, dict[int, SliceTable]] = {}
    for run in runs:
        tables.setdefault(run.entry, {})[run.seed] = load_table(run.folder(work) / FOLDER / TABLE_FILE)
    every = [table for of_entry in tables.values() for table in of_entry.values()]
    if not all(same_truth(every[0], table) for table in every):
        raise RunError(f"The runs on the set {name} were measured on different slices, labels or masks. Delete them "
                       "and run again.")
    side = "test" if (every[0].sides == "test").any() else "validation"
    tables = {entry: {seed: table.on(side) for seed, table in of.items()} for entry, of in tables.items()}
    return Results(model, side, tables, {entry: _metrics(list(of.values()), model) for entry, of in tables.items()})


def _metrics(tables: list[SliceTable], model: Model) -> dict[str, np.ndarray]:
    each = []
    for table in tables:
        found = {name: float(value[0]) for name, value in table_metrics(table, model, np.ones((1, len(table)))).items()}
        if table.raw is not None:
            error = held_out_calibration_error(np.log(table.raw + 1e-12), table.labels, table.groups, model)
            found["calibration_error_held_out"] = np.nan if error is None else error
        each.append(found)
    return {name: np.array([found.get(name, np.nan) for found in each])
            for name in dict.fromkeys(key for found in each for key in found)}


def mean_metric(results: Results, entry: str, name: str) -> float:
    """Mean over the seeds of one metric; NaN where it has no meaning.

    Args:
        results: on one set.
        entry: its name.
        name: of the metric.
    """
    return float(results.metrics[entry].get(name, np.array([np.nan])).mean())


def best_peer(plan: Comparison, results: Results, task: str) -> str | None:
    """The CNN with the best metric for a task; chosen on the very slices it is compared on, which flatters it.

    Args:
        plan: the comparison.
        results: on one of its sets.
        task: a key of `DECIDES`.
    """
    peers = {entry.name: mean_metric(results, entry.name, DECIDES[task]) for entry in plan.entries
             if entry.kind == "cnn" and entry.name in results.tables}
    peers = {name: value for name, value in peers.items() if not np.isnan(value)}
    return max(peers, key=peers.get) if peers else None


def paired_comparisons(plan: Comparison, results: Results) -> Iterator[PairedComparison]:
    """Every unified network against the single-task baseline of each task and against the best CNN, and every variant
    against what it is one of.

    Args:
        plan: the comparison.
        results: on one of its sets.
    """
    baselines = {entry.task: entry.name for entry in plan.entries
                 if entry.kind == "baseline" and entry.name in results.tables}
    for task in TESTED:
        for why, other in (
            ("the single-task baseline", baselines.get(task)),
            ("the best CNN", best_peer(plan, results, task)),
        ):
            for entry in plan.entries:
                if other and other != entry.name and entry.name in results.tables and entry.kind == "unified":
                    yield _paired_comparison(results, entry, other, why, task)
        for entry in plan.entries:
            if entry.variant_of in results.tables and entry.name in results.tables:
                yield _paired_comparison(results, entry, entry.variant_of, "what it is a variant of", task)


def _paired_comparison(results: Results, entry: Entry, opponent: str, why: str, task: str) -> PairedComparison:
    ours, theirs = results.tables[entry.name], results.tables[opponent]
    seeds = sorted(set(ours) & set(theirs))
    pairs = [(theirs[seed], ours[seed]) for seed in seeds]
    differences = paired_over(pairs, results.model, quick_metrics) if pairs else {}
    tested = {name: differences[name] for name in TESTED[task] if name in differences}
    return PairedComparison(entry.name, opponent, why, task, len(seeds), tested)
