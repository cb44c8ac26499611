"""Trains and measures what is compared: run after run, or several at a time, and goes on where it was stopped."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import torch

from ..data.dataset import load_dataset
from ..data.prepare import prepare_dataset
from ..errors import RunError, TrainingError
from ..evaluation.candidates import FOLDER, TrainedRun
from ..evaluation.evaluate import TABLE_FILE, measure_slices
from ..evaluation.slice_table import SliceTable, load_table, same_truth, truth_of
from ..learning.fit import fit
from ..runs.checkpoints import BEST_FILE, STATE_FILE
from ..runs.learnt_from import LEARNT_FROM_FILE, check_learnt_from
from ..runs.project_file import check_run_recipe
from .plan import Comparison, Run, chosen_runs, project_of

DATASET, LOG_FILE = "dataset", "log.txt"
#: Forks of a process that has loaded torch and all else once, where the system can; loading takes each new one seconds.
_FORKS = "forkserver" in multiprocessing.get_all_start_methods()
_PROCESSES = multiprocessing.get_context("forkserver" if _FORKS else "spawn")
if _FORKS:
    _PROCESSES.set_forkserver_preload([__name__])


def train_all(plan: Comparison, work: Path, data: Path | None, only: list[str], jobs: int = 1) -> None:
    """Prepare each set, then train and measure whatever is not there yet.

    Args:
        plan: what to compare.
        work: WORK/<set>/dataset, and WORK/<set>/<entry>-<seed> for each run.
        data: what the data paths of the projects start from.
        only: names of entries or sets; empty: all.
        jobs: runs at a time, each with its share of the cores, or as many threads as `machine.threads` of its recipe
            says. Several small ones use a machine better than one.

    Raises:
        TrainingError: a set cannot be prepared.
        RunError: a run failed, and the others were finished first; or one has learnt from other slices.
    """
    runs = chosen_runs(plan, only)
    stale = []  # trained, and measured on slices, labels or masks that were corrected since
    for name in dict.fromkeys(run.of_set for run in runs):
        project = project_of(plan, next(run for run in runs if run.of_set == name), data)
        tasks = {plan.entry(run.entry).task for run in runs}  # what none of them learns, the data need not show
        whole = project.model.model_copy(update={"task": tasks.pop() if len(tasks) == 1 else "both"})
        dataset = prepare_dataset(project.model_copy(update={"model": whole}), work / name / DATASET)
        truth = truth_of(dataset, whole)
        for run in runs:
            if run.of_set == name:
                check_learnt_from(dataset.slices, run.folder(work))
                if finished(plan, run, work, data) and not _is_measured(run.folder(work), truth):
                    stale.append(run)
    threads = max(1, torch.get_num_threads() // jobs)  # of those that OMP_NUM_THREADS or the system leave
    left = [run for run in runs if run in stale or not finished(plan, run, work, data)]
    print(f"{len(runs) - len(left)} of {len(runs)} runs are finished; {len(left)} to do.")
    failed = []
    # Processes of their own: threads and seeds of torch belong to a process.
    with ProcessPoolExecutor(jobs, mp_context=_PROCESSES) as pool:
        begun = {pool.submit(_train, plan, run, work, data, threads, run in stale): run for run in left}
        for done, future in enumerate(as_completed(begun), 1):
            folder, error = begun[future].folder(work), future.exception()
            if error:
                failed.append(f"{folder}: {error}")
            print(f"{done}/{len(left)} {folder}{' FAILED' if error else ''}", flush=True)
    if failed:
        raise RunError("These runs failed (their log.txt says more):\n" + "\n".join(failed))


def finished(plan: Comparison, run: Run, work: Path, data: Path | None) -> bool:
    """Whether a run was trained to its end and measured.

    Args:
        plan: the comparison.
        run: the training.
        work: the folder of the work.
        data: folder that data paths start from; None: the one of each recipe.

    Raises:
        RunError: what is there was made with another recipe.
    """
    folder = run.folder(work)
    table, weights = folder / FOLDER / TABLE_FILE, folder / BEST_FILE
    if not (table.exists() and weights.exists()):
        return False
    check_run_recipe(project_of(plan, run, data), folder)
    return table.stat().st_mtime_ns >= weights.stat().st_mtime_ns


def _is_measured(folder: Path, truth: SliceTable) -> bool:
    """Whether a run was measured on the slices, labels and masks that are prepared now, as far as it wrote them down.
    """
    table = load_table(folder / FOLDER / TABLE_FILE)
    if table.masks is None or not (folder / LEARNT_FROM_FILE).exists():
        print(f"The run in {folder} is of an earlier version, which did not write down all that it learnt from and was "
              "measured by: whether masks or images were corrected since is not known.")
    return same_truth(table, truth)


def _train(plan: Comparison, run: Run, work: Path, data: Path | None, threads: int, trained: bool) -> None:
    """One run in a process of its own, what it says in `log.txt`; one that is `trained` is measured alone."""
    folder, project = run.folder(work), project_of(plan, run, data, threads)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOG_FILE, "a", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
        try:
            dataset = load_dataset(work / run.of_set / DATASET)
            if not trained:
                fit(project, dataset, folder)
            measure_slices(TrainedRun(project, folder), dataset)
        except TrainingError:
            raise
        except Exception as error:  # its class may not survive the way between processes
            raise RunError(f"{type(error).__name__}: {error}") from None
    (folder / STATE_FILE).unlink(missing_ok=True)  # hundreds of megabytes that nothing goes on from
