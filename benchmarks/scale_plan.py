"""A dry plan for very many volumes: nodes and days, storage and files, what a node's death and a restart cost.

    python -m benchmarks.scale_plan WORK [--volumes 1000000] [--nodes 1 10 100] [--a-call 10000] [--seconds 4.3]

Measured now: seconds and bytes of volumes of the usual size on this machine. Taken from WORK/scale.json: what
`benchmarks.scale` measured of start, death and restart. The rest is assumed, and each line says which it is.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from unifiedvit_training.phantom import draw_head

from UnifiedViTLib.service.batch.runner import BatchSettings, TaskResult, process_files, serial
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model
from UnifiedViTLib.service.worker.client import WorkerClient

from .measuring import machine, table
from .scale import MEASUREMENTS_FILE

SHAPE, COUNT = (155, 240, 240), 4
#: Assumed: how often a node dies, in days between two deaths of one node.
DAYS_BETWEEN_DEATHS = 30.0
DAY_S = 86400


def main() -> None:
    """Measure what is to be measured here, reckon, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale_plan",
                                     description=(__doc__ or "").split("\n")[0])
    parser.add_argument("work", type=Path, metavar="WORK", help="of benchmarks.scale")
    parser.add_argument("--volumes", type=int, default=10**6)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--a-call", type=int, default=10_000,
                        help="inputs of one call, with a results folder of its own")
    parser.add_argument("--seconds", type=float, help="a volume takes a node, measured elsewhere")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    measurements = json.loads((arguments.work / MEASUREMENTS_FILE).read_text(encoding="utf-8"))
    usual = measure(arguments.work / time.strftime("usual-%Y%m%d-%H%M%S"))
    volumes, calls = arguments.volumes, -(-arguments.volumes // arguments.a_call)
    seconds, start = arguments.seconds or usual["s_each"], measurements["until_first_s"]
    measured = f"measured: median of {COUNT} of {' x '.join(map(str, SHAPE))}; a node is this machine"
    print(f"## A plan for {volumes:,} volumes\n\n{machine()}\n")
    table(["what goes in", "figure", "measured or assumed"], [
        ["seconds a volume, a node", f"{seconds:.2f}", "given" if arguments.seconds else measured],
        ["bytes of an input", size(usual["input_bytes"]), "measured: the same, NRRD with gzip"],
        ["bytes written a volume", size(usual["bytes_each"]), "measured: the same"],
        ["files written a volume", f"{usual['files_each']:.0f}", "measured: the same"],
        ["seconds from a call to its first result", f"{start:.0f}",
         f"measured: {measurements['inputs']:.0f} small volumes"],
        ["longest pause after a node's death, s", f"{measurements['longest_pause_s']:.0f}", "measured: the same"],
        ["inputs computed twice by a death", f"{1 + measurements['repeated']:.0f}",
         "measured: none with a result; the one in work begins anew"],
        ["seconds to see that an input is done", f"{measurements['again_s_each']:.4f}", "measured: the same"],
        ["seconds of a table's writing, a row", f"{measurements['table_s_each']:.4f}", "measured: the same"],
        ["inputs a call", f"{arguments.a_call:,}", "chosen"],
        ["days between two deaths of a node", f"{DAYS_BETWEEN_DEATHS:.0f}", "assumed"],
        ["nodes share one file system, which keeps up", "", "assumed"],
    ])
    table(["nodes", "days", "of these starts and tails of calls", "read, MB/s", "deaths", "lost by deaths, node-hours",
           "restart, minutes at most"],
          [row(nodes, volumes, calls, seconds, start, usual, measurements, arguments.a_call)
           for nodes in arguments.nodes])
    print(f"Results: {size(volumes * usual['bytes_each'])} in {volumes * usual['files_each'] + calls:,.0f} files of "
          f"{calls:,} folders ({arguments.a_call * usual['files_each']:,.0f} files each); inputs: "
          f"{size(volumes * usual['input_bytes'])}. One table over a folder takes "
          f"{arguments.a_call * measurements['table_s_each']:.0f} s.")


def measure(folder: Path) -> dict[str, float]:
    """Seconds and bytes of volumes of the usual size, one after the other; the first warms up and does not count."""
    scans = []
    (folder / "scans").mkdir(parents=True)
    for number in range(COUNT + 1):
        array, _ = draw_head(("mesh", ) if number % 2 else (), SHAPE, [2, number], [3, number], 0.03)
        scans.append(folder / "scans" / f"head-{number}.nrrd")
        sitk.WriteImage(sitk.GetImageFromArray((array * 500).astype(np.int16)), str(scans[-1]), useCompression=True)
    ends: list[float] = []

    def ended(result: TaskResult) -> None:
        ends.append(time.monotonic())

    output = folder / "results"
    with closing(WorkerClient()) as client:
        rows = process_files(scans, output, BatchSettings(find_model(DEFAULT_MODEL), device="cpu"), serial(client),
                             ended=ended)
    assert all(row["status"] == "done" for row in rows), rows
    files = [path for path in output.iterdir() if path.is_file() and path.name != "results.csv"]
    return {"s_each": statistics.median(np.diff(ends)), "files_each": len(files) / len(scans),
            "bytes_each": sum(path.stat().st_size for path in files) / len(scans),
            "input_bytes": statistics.mean(path.stat().st_size for path in scans)}


def row(nodes: int, volumes: int, calls: int, seconds: float, start: float, usual: dict[str, float],
        measurements: dict[str, float], a_call: int) -> list[str]:
    """A line of the plan for so many nodes.

    A call begins on all nodes and ends with the last of its inputs, while half of the nodes, on the mean, have nothing
    more to do; a node that dies costs what it had in work, the pause, and its start when it is back.
    """
    overhead = calls * (start + seconds / 2)
    days = (volumes * seconds / nodes + overhead) / DAY_S
    deaths = nodes * days / DAYS_BETWEEN_DEATHS
    lost = deaths * ((1 + measurements["repeated"]) * seconds + measurements["longest_pause_s"] + start) / 3600
    return [f"{nodes}", f"{days:.1f}", f"{overhead / DAY_S:.2f}", f"{nodes / seconds * usual['input_bytes'] / 1e6:.1f}",
            f"{deaths:.1f}", f"{lost:.2f}", f"{(a_call * measurements['again_s_each'] + start) / 60:.1f}"]


def size(count: float) -> str:
    """Bytes in words."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


if __name__ == "__main__":
    main()
