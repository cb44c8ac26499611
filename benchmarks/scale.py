"""Many volumes over two Ray nodes of this machine, one of which is killed in the middle: what is lost or doubled.

    python -m benchmarks.scale WORK [--volumes 500]

Each node has a core, its own ports and worker processes; the inputs are small, so that hundreds take minutes. When half
of them are done, raylet and workers of the second node end by SIGKILL. Afterwards every input must have exactly one
result, by the manifests; nothing may stand twice in the table; and a second call must find nothing to do. Ends with 1
where that is not so. What `scale_plan` reckons with is written to WORK/scale.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from unifiedvit_training.phantom import draw_head

from UnifiedViTLib.outputs.folder import ResultsFolder
from UnifiedViTLib.outputs.inventory import Inventory
from UnifiedViTLib.outputs.manifest import is_written
from UnifiedViTLib.service.batch.ray_cluster import ray_cluster
from UnifiedViTLib.service.batch.runner import BatchSettings, TaskResult, process_files
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model

from .measuring import machine, table

SHAPE, SPACING = (3, 64, 64), (3.0, 3.0, 6.0)
#: Ray's workers give way to all other processes unless told otherwise.
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
#: A node that was started is there after so long.
_PATIENCE_S = 60.0
MEASUREMENTS_FILE = "scale.json"


def main() -> None:
    """Measure, print, and hold the folder of the results against what it must be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("work", type=Path, metavar="WORK")
    parser.add_argument("--volumes", type=int, default=500)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    os.environ.update(ENVIRONMENT)
    output = arguments.work / f"results-{time.strftime('%Y%m%d-%H%M%S')}"
    scans = draw(arguments.work / "scans", arguments.volumes)
    settings = BatchSettings(find_model(DEFAULT_MODEL), device="cpu")
    with two_nodes(arguments.work) as nodes:
        run = Run(output, arguments.volumes // 2, nodes.kill_second)
        rows = process_files(scans, output, settings, ray_cluster(nodes.address, None), ended=run.ended)
        seconds = time.monotonic() - run.started
        written = modified(output)
        again = Again()
        started = time.monotonic()
        process_files(scans, output, settings, ray_cluster(nodes.address, None), skip_existing=True, ended=again.ended)
        again_seconds = time.monotonic() - started
    checks = faults(scans, output, rows) | {
        "told twice how they ended": sum(count > 1 for count in run.told.values()),
        "computed again by a second call": again.computed + sum(modified(output)[name] != written[name]
                                                                for name in written)}
    measurements = run.measurements(len(scans), seconds, again_seconds, output)
    report(len(scans), run, checks, measurements)
    (arguments.work / MEASUREMENTS_FILE).write_text(json.dumps(measurements, indent=1), encoding="utf-8")
    sys.exit(any(checks.values()))


def draw(folder: Path, count: int) -> list[Path]:
    """Small heads, a file each."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"head-{number:05d}.nrrd" for number in range(count)]
    for number, path in enumerate(paths):
        if not path.exists():
            array, _ = draw_head((), SHAPE, [0, number], [1, number], 0.03)
            image = sitk.GetImageFromArray((array * 500).astype(np.int16))
            image.SetSpacing(SPACING)
            sitk.WriteImage(image, str(path), useCompression=True)
    return paths


@dataclass
class Nodes:
    """Two nodes of a cluster: its address, and the process that holds each."""

    address: str
    processes: list[subprocess.Popen] = field(default_factory=list)

    def kill_second(self) -> None:
        """Raylet, agents, actors and what these started end at once, as a machine does that loses its current."""
        kill(self.processes[1])


@contextmanager
def two_nodes(work: Path) -> Iterator[Nodes]:
    """A cluster of two nodes with a core each, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nodes = Nodes(f"127.0.0.1:{free.getsockname()[1]}")
    own = ["--head", f"--port={nodes.address.rpartition(':')[2]}", "--include-dashboard=false",
           f"--temp-dir={os.path.abspath(work)}/ray"]
    try:
        for number, options in enumerate((own, [f"--address={nodes.address}"])):
            with open(work / f"node-{number}.log", "w", encoding="utf-8") as log:
                nodes.processes.append(subprocess.Popen(
                    [Path(sys.executable).with_name("ray"), "start", "--num-cpus=1", "--block", *options], stdout=log,
                    stderr=subprocess.STDOUT, env=os.environ | ENVIRONMENT, start_new_session=True))
            until_started(Path(log.name))
        yield nodes
    finally:
        for process in nodes.processes:
            kill(process)


def until_started(log: Path) -> None:
    """Return when a node says that it is there."""
    end = time.monotonic() + _PATIENCE_S
    while "Ray runtime started" not in log.read_text(encoding="utf-8"):
        if time.monotonic() > end:
            sys.exit(f"A node did not start: {log} says why.")
        time.sleep(0.1)


def kill(process: subprocess.Popen) -> None:
    """End a node and all that descends from it; what runs in sessions of its own, too."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    doomed = [process.pid]
    for pid in doomed:
        doomed += children.get(pid, [])
    for pid in doomed:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


class Run:
    """Follows a run, and kills when so many inputs are done.

    Args:
        output: folder of the results.
        kill_at: number of inputs.
        kill: ends a node.
    """

    def __init__(self, output: Path, kill_at: int, kill: Callable[[], None]) -> None:
        self._output, self._kill_at, self._kill = output, kill_at, kill
        self.told: Counter[str] = Counter()
        self.started = time.monotonic()
        self.times: list[float] = []
        self.before: dict[str, int] = {}
        self.killed = 0.0

    def ended(self, result: TaskResult) -> None:
        """As of `process_files`."""
        self.told[str(result.path)] += 1
        self.times.append(time.monotonic())
        if len(self.times) == self._kill_at:
            self._kill()
            self.before, self.killed = modified(self._output), time.monotonic()

    @property
    def repeated(self) -> int:
        """Inputs that had a result when the node was killed, and were computed once more."""
        now = modified(self._output)
        return sum(now.get(name) != written for name, written in self.before.items())

    def measurements(self, count: int, seconds: float, again_seconds: float, output: Path) -> dict[str, float]:
        """What was measured: seconds, bytes, and inputs a minute."""
        before = [end for end in self.times if end <= self.killed]
        after = [end for end in self.times if end > self.killed]
        files = [path for path in output.iterdir() if path.is_file()]
        started = time.monotonic()
        ResultsFolder(output).write_table()
        return {
            "inputs": count, "seconds": seconds, "until_first_s": self.times[0] - self.started,
            "a_minute_before": 60 * (len(before) - 1) / (before[-1] - before[0]),
            "a_minute_after": 60 * (len(after) - 1) / (after[-1] - after[0]),
            "pause_s": after[0] - self.killed, "longest_pause_s": max(np.diff([self.killed, *after])),
            "repeated": self.repeated, "files_each": (len(files) - 1) / count,
            "bytes_each": sum(path.stat().st_size for path in files) / count,
            "again_s_each": again_seconds / count, "table_s_each": (time.monotonic() - started) / count,
        }


class Again:
    """Follows a second call: counts what it computed."""

    computed = 0

    def ended(self, result: TaskResult) -> None:
        """As of `process_files`; a result that was there is told without words."""
        self.computed += bool(result.text)


def modified(folder: Path) -> dict[str, int]:
    """When each result was written, by the names of their manifests."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}


def faults(scans: list[Path], output: Path, rows: list[dict[str, str]]) -> dict[str, int]:
    """How many inputs are not as they must be, by the manifests, the rows that were given, and the table."""
    sources = Counter(entry.request.source for entry in Inventory(output).entries())
    wanted = {os.path.abspath(scan) for scan in scans}
    with open(output / "results.csv", newline="", encoding="utf-8") as file:
        listed = Counter(row["input"] for row in csv.DictReader(file))
    given = Counter(row["input"] for row in rows if row["status"] == "done")
    broken = sum(not all(is_written(output, file) for file in entry.manifest.outputs)
                 for entry in Inventory(output).entries())
    left = [path for path in (output / ".unifiedvit").iterdir() if path.name.startswith("staged-") and path.is_dir()]
    return {
        "lost": sum(not sources[source] for source in wanted) + sum(not given[source] for source in wanted),
        "doubled, by manifest": sum(count > 1 for count in sources.values()),
        "doubled in the table": sum(count > 1 for count in listed.values()),
        "missing in the table": sum(not listed[source] for source in wanted),
        "strange": len(sources.keys() - wanted), "with a file that is not whole": broken,
        "staged and left": len(left),
    }


def report(count: int, run: Run, checks: dict[str, int], measurements: dict[str, float]) -> None:
    """Print the tables."""
    print(f"## Many volumes, and a node that dies\n\n{machine()}\n\n{count} volumes of {' x '.join(map(str, SHAPE))}, "
          "two Ray nodes of one core each; the second ends by SIGKILL in the middle.\n")
    table(["", "inputs"], [["all", count], ["with a result when the node was killed", len(run.before)],
                           ["of these computed once more", measurements["repeated"]],
                           *([name, number] for name, number in checks.items())])
    table(["", "measured"], [[name, f"{value:.4g}"] for name, value in measurements.items()])


if __name__ == "__main__":
    main()
