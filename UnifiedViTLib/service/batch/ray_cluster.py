"""Inputs spread over the machines of a Ray cluster, through Ray Data (the extra `cluster`)."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import DependencyError, WorkerError
from ...inference.options import Options
from ...spec import ModelSpec
from ...texts import error_reason
from ..worker.client import WorkerClient
from .further import FurtherSequences
from .multiprocess import available_cores
from .runner import BatchExecutor, BatchSettings, Task, TaskProgress, TaskResult


def ray_cluster(address: str, jobs: int | None) -> BatchExecutor:
    """Over a cluster: actors, which Ray starts, feeds and starts again, each with a worker process that has the model.

    Every machine must have this library, and see inputs, model and output under the same paths. Results are written
    there, under names that were given before, each as a whole: an input that is looked at again because its actor
    died replaces its own files, and has one line in the table.

    Args:
        address: of a running cluster ("auto": the one that this machine is part of); "": processes of this machine.
        jobs: actors at most; None for as many as there are processors, or graphics cards for "cuda".
    """

    def execute(settings: BatchSettings, tasks: Sequence[Task], output: Path,
                progress: TaskProgress) -> Iterator[tuple[Task, TaskResult]]:
        if not tasks:
            return
        ray = _ray(address)
        try:
            gpu = settings.device == "cuda"
            resources: dict[str, Any] = {"num_gpus": 1} if gpu else {"num_cpus": 1}
            most = int(ray.cluster_resources().get("GPU" if gpu else "CPU", 0))
            actors = min(jobs or max(1, most), len(tasks))
            rows = [{"number": task.number, "path": task.source, "name": task.name,
                     "earlier": json.dumps(task.earlier)} for task in tasks]
            results = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
                PredictActor, compute=ray.data.ActorPoolStrategy(min_size=1, max_size=actors),
                fn_constructor_args=(settings.spec.to_dict(), settings.options.to_dict(), settings.device,
                                     settings.batch_size, settings.input_channel, os.path.abspath(output),
                                     settings.further.pattern, dict(settings.further.names)),
                **resources,
            )
            by_number = {task.number: task for task in tasks}
            for result in results.iter_rows():
                task = by_number[result["number"]]
                yield task, TaskResult(task.path, json.loads(result["row"]), result["text"])
        except ray.exceptions.RayError as error:
            raise WorkerError(
                f"The cluster could not go on ({' '.join(str(error).split())[-400:]}). What was done is in {output}; "
                "run again with --skip-existing."
            ) from error
        finally:
            ray.shutdown()

    return execute


class PredictActor:
    """The actor: has its worker process look at one input after the other.

    Args:
        spec, options: as of their `to_dict`.
        device, batch_size, input_channel: as for `BatchSettings`.
        output: absolute path of the folder of the results.
        pattern, names: as for `FurtherSequences`.
    """

    def __init__(self, spec: dict[str, Any], options: dict[str, Any], device: str, batch_size: int, input_channel: str,
                 output: str, pattern: str, names: dict[str, str]) -> None:
        self._settings = BatchSettings(ModelSpec.from_dict(spec), Options.from_dict(options), device, batch_size,
                                       input_channel, further=FurtherSequences(pattern, names))
        self._output, self._client = Path(output), WorkerClient()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """{number, path, name, earlier} -> {number, row, text}; lists and rows as JSON, as Arrow would guess at their
        columns."""
        task = Task(int(row["number"]), Path(row["path"]), row["name"], tuple(json.loads(row["earlier"])))
        result = self._settings.process(self._client, task, self._output, lambda stage, fraction: None)
        return {"number": task.number, "row": json.dumps(result.row), "text": result.text}


def _ray(address: str) -> Any:
    """Ray, connected, telling nobody of its use.

    Raises:
        DependencyError: it is not installed.
        WorkerError: there is no such cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise DependencyError('A cluster needs Ray: pip install "ray[data]".') from error
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "ignore_reinit_error": True}
    where: dict[str, Any] = {"address": address}
    if not address:
        where = {"include_dashboard": False, "num_cpus": available_cores(), "_node_ip_address": "127.0.0.1"}
    try:
        ray.init(**quiet, **where)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise WorkerError(
            f"There is no Ray cluster at {address or 'this machine'} ({error}). Start one with `ray start --head`, or "
            "leave the address away."
        ) from error
    except OSError as error:
        raise WorkerError(
            f"Ray cannot start: {error_reason(error)}. It keeps a file in your home folder: set HOME to one that can "
            "be written to."
        ) from error
    ray.data.DataContext.get_current().enable_progress_bars = False  # the command line has one
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray
