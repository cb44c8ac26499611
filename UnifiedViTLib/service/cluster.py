"""Inputs spread over the machines of a Ray cluster, through Ray Data (the extra `cluster`)."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import DependencyError, WorkerError
from ..inference.channels import together
from ..inference.options import Options
from ..inference.predictor import Predictor
from ..spec import ModelSpec
from .batch import Ended, Task, Told, Way, look_at
from .cache import compiled_folder
from .exchange import spec_as_json, spec_from_json
from .many import cores


def on_cluster(spec: ModelSpec, options: Options, device: str, channel: str, address: str, jobs: int | None) -> Way:
    """The way over a cluster: one actor a process with the model, which Ray starts, feeds and starts again.

    Every machine must have this library, and see inputs, model and output under the same paths. Results are written
    by the actors, under names that were given before, each as a whole: an input that is looked at again because its
    actor died replaces its own files, and has one line in the table.

    Args:
        spec: the model.
        options: how to look.
        device: as for `Predictor`; with "cuda", each actor has a graphics card of its own.
        channel: which sequence the inputs are; "" for the first.
        address: of a running cluster ("auto": the one that this machine is part of); "": processes of this machine.
        jobs: actors at most; None for as many as there are processors, or graphics cards for "cuda".
    """

    def way(tasks: Sequence[Task], output: Path, told: Told) -> Iterator[tuple[Task, Ended]]:
        if not tasks:
            return
        ray = _ray(address)
        try:
            each = {"num_gpus": 1} if device == "cuda" else {"num_cpus": 1}
            there = int(ray.cluster_resources().get("GPU" if device == "cuda" else "CPU", 0))
            actors = min(jobs or max(1, there), len(tasks))
            given = [{"number": t.number, "path": os.path.abspath(t.path), "name": t.name} for t in tasks]
            looked = ray.data.from_items(given, override_num_blocks=len(given)).map(
                Looker, compute=ray.data.ActorPoolStrategy(min_size=1, max_size=actors),
                fn_constructor_args=(spec_as_json(spec), asdict(options), device, channel, os.path.abspath(output)),
                **each,
            )
            by_number = {task.number: task for task in tasks}
            for answer in looked.iter_rows():
                task = by_number[answer["number"]]
                row = json.loads(answer["row"]) | {"input": str(task.path)}
                yield task, Ended(task.path, row, answer["text"])
        except ray.exceptions.RayError as error:
            raise WorkerError(
                f"The cluster could not go on ({' '.join(str(error).split())[-400:]}). What was done is in {output}; "
                "run again with --skip-existing."
            ) from error
        finally:
            ray.shutdown()

    return way


class Looker:
    """The actor: holds the model, looks at one input after the other, writes its results."""

    def __init__(self, spec: dict[str, Any], options: dict[str, Any], device: str, channel: str, output: str) -> None:
        self._spec = spec_from_json(spec)
        self._options, self._channel, self._output = Options(**options), channel, Path(output)
        self._predictor = Predictor(self._spec, device, cache=compiled_folder())

    def __call__(self, given: dict[str, Any]) -> dict[str, Any]:
        """{number, path, name} -> {number, row, text}; `row` as JSON, as Arrow would guess at its columns."""
        task = Task(int(given["number"]), Path(given["path"]), given["name"])
        end = look_at(task, self._output, self._predict, lambda stage, done: None)
        return {"number": task.number, "row": json.dumps(end.row), "text": end.text}

    def _predict(self, volume, progress):
        return self._predictor.predict(together(volume, {}, self._spec, self._channel), self._options, progress)


def _ray(address: str):
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
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "ignore_reinit_error": True}
    alone = {"include_dashboard": False, "num_cpus": cores(), "_node_ip_address": "127.0.0.1"}
    try:
        ray.init(**quiet, **({"address": address} if address else alone))
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise WorkerError(
            f"There is no Ray cluster at {address or 'this machine'} ({error}). Start one with `ray start --head`, or "
            "leave the address away."
        ) from error
    ray.data.DataContext.get_current().enable_progress_bars = False  # the command line has one
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray
