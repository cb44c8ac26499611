"""A batch under attack: a full disk, two runs at once, workers and a whole run killed; then every input has exactly one
result, the right one, and every foreign file is as it was.

    python -m Testing.stress_batch [--count 300] [--seed 0] [--folder DIR]

Takes many minutes, and is no part of the tests. The full disk needs the right to mount one (Linux, administrator); it
is left out elsewhere, and that is said. The exit code is 0 if all holds.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import SimpleITK as sitk

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from builders import tiny_model  # noqa: E402

from UnifiedViTLib.errors import UnifiedViTError  # noqa: E402
from UnifiedViTLib.imaging.reading import read  # noqa: E402
from UnifiedViTLib.imaging.volume import Volume  # noqa: E402
from UnifiedViTLib.inference.prediction import Prediction  # noqa: E402
from UnifiedViTLib.inference.predictor import Predictor  # noqa: E402
from UnifiedViTLib.outputs.inventory import HIDDEN, Inventory  # noqa: E402
from UnifiedViTLib.outputs.manifest import is_written, read_result  # noqa: E402
from UnifiedViTLib.service.worker.client import WorkerClient  # noqa: E402
from UnifiedViTLib.service.worker.protocol import PredictRequest  # noqa: E402
from UnifiedViTLib.spec import load_spec  # noqa: E402

#: The first disk takes a part of the results alone; the second all.
_SMALL, _LARGE = "3m", "400m"
#: Seconds between two kills.
_BETWEEN_S = (6.0, 25.0)
#: A result is right if so much of the mask is, and the probabilities are as near.
_SAME = 0.98


def make_inputs(folder: Path, count: int, chance: np.random.Generator) -> list[Path]:
    """Small volumes and pictures, many of the same name; every sixteenth is cut."""
    inputs = []
    for n in range(count):
        inner = folder / f"patient {n:03d}"
        inner.mkdir(parents=True)
        path = inner / ("t1c.nrrd", f"scan{n % 7}.nii.gz", "slice.png")[n % 3]
        array = chance.integers(0, 60, (1 + n % 3, 36, 40)).astype(np.uint8)
        y, x = chance.integers(8, 26, 2)
        array[:, y:y + 8, x:x + 8] += 150
        sitk.WriteImage(sitk.GetImageFromArray(array[0] if path.suffix == ".png" else array), str(path))
        if n % 16 == 15:
            path.write_bytes(path.read_bytes()[:len(path.read_bytes()) // 2])
        inputs.append(path)
    return inputs


def make_foreign(folder: Path) -> dict[str, str]:
    """Files of others, where results would like to be; their hashes by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("t1c.json", "t1c-5.seg.nrrd", "slice.png", "scan3.html", "results.csv", "t1c-9.png", "notes.txt"):
        (folder / name).write_bytes(f"of somebody else: {name}".encode())
    return {path.name: digest(path) for path in folder.iterdir() if path.is_file()}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def start(model: Path, inputs: list[Path], output: Path, jobs: int) -> subprocess.Popen:
    """A run of the command line, in a process group of its own."""
    command = [sys.executable, "-m", "UnifiedViTLib.cli", "predict", *map(str, inputs), "-o", str(output),
               "-m", str(model), "--device", "cpu", "--skip-existing", "--jobs", str(jobs)]
    with open(output.with_name("log.txt"), "ab") as log:
        return subprocess.Popen(command, cwd=HERE.parent, stdout=log, stderr=log, start_new_session=True,
                                env=os.environ | {"PYTHONPATH": str(HERE.parent), "OMP_NUM_THREADS": "1"})


def workers_of(parents: set[int]) -> list[int]:
    """Worker processes of these runs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent in parents and b"service.worker" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:  # it has ended
            continue
    return found


def wait_and_kill(runs: list[subprocess.Popen], chance: random.Random, whole: bool) -> tuple[int, bool]:
    """Until all runs have ended, kill a worker now and then; once a whole run, if asked for. How many, and whether."""
    killed, ended_one, next_kill = 0, False, time.monotonic() + chance.uniform(*_BETWEEN_S)
    while any(run.poll() is None for run in runs):
        time.sleep(0.1)
        if time.monotonic() < next_kill:
            continue
        next_kill = time.monotonic() + chance.uniform(*_BETWEEN_S)
        if whole and not ended_one and killed >= 3:
            runs[0].kill()
            ended_one = True
        elif workers := workers_of({run.pid for run in runs if run.poll() is None}):
            os.kill(chance.choice(workers), signal.SIGKILL)
            killed += 1
    return killed, ended_one


def mount(folder: Path, size: str, *options: str) -> bool:
    kind = [] if options else ["-t", "tmpfs"]
    return sys.platform == "linux" and subprocess.run(
        ["mount", *kind, "-o", ",".join((*options, f"size={size}")), "tmpfs", str(folder)], capture_output=True
    ).returncode == 0


def mistakes(inputs: list[Path], output: Path, foreign: dict[str, str],
             ways: list[Callable[[Volume], Prediction]]) -> list[str]:
    """All that is not as it must be. `ways` to predict: a random network rounds differently on each backend, and a
    worker that was killed is followed by one that takes another."""
    said = [f"{name} of somebody else was changed" for name, known in foreign.items()
            if not (output / name).is_file() or digest(output / name) != known]
    there = Inventory(output)
    with open(output / there.state().table, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if sorted(row["input"] for row in rows) != sorted(map(str, inputs)):
        said.append(f"{len(rows)} rows for {len(inputs)} inputs")
    entries = {entry.request.source: entry for entry in there.entries()}
    if len(entries) != len(there.entries()):
        said.append("an input has two results")
    by_input = {row["input"]: row for row in rows}
    for path in inputs:
        row, entry = by_input.get(str(path), {}), entries.get(str(path))
        try:
            expected = [predict(read(path)) for predict in ways]
        except UnifiedViTError:
            if row.get("status") != "failed" or entry:
                said.append(f"{path}: cut, but {row.get('status')}")
            continue
        if row.get("status") != "done" or entry is None or row["result"] != entry.name:
            said.append(f"{path}: {row.get('status')} {row.get('error')}")
            continue
        document, manifest = read_result(output / f"{entry.name}.json")
        drawn = sitk.GetArrayFromImage(sitk.ReadImage(str(output / f"{entry.name}.seg.nrrd")))
        if not any(is_same(drawn, document, prediction) for prediction in expected):
            said.append(f"{path}: {entry.name} is not its result")
        if manifest.inputs[0].sha256 != digest(path):
            said.append(f"{path}: the manifest is of another file")
        said += [f"{file.name} is not what was written" for file in manifest.outputs if not is_written(output, file)]
    known = {file.name for entry in entries.values() for file in entry.manifest.outputs} | {
        f"{entry.name}.json" for entry in entries.values()} | {*foreign, there.state().table, HIDDEN}
    said += [f"{path.name} belongs to nobody" for path in output.iterdir() if path.name not in known]
    said += [f"{path.name} was left behind" for path in (output / HIDDEN).iterdir()
             if path.name not in ("lock", "state.json")]
    return said


def is_same(drawn: np.ndarray, document: dict, expected: Prediction) -> bool:
    """Whether a mask and a JSON are of a prediction, as near as rounding lets be."""
    same = (drawn.reshape(expected.labelmap.shape) == expected.labelmap).mean()
    off = max(abs(document["diagnosis"]["probabilities"][name] - p)
              for name, p in expected.diagnosis.probabilities.items())
    return same >= _SAME and off <= 1 - _SAME


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where all of it is made (default: a temporary folder)")
    options = parser.parse_args()
    chance, begin = random.Random(options.seed), time.monotonic()
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        folder = Path(made)
        tiny_model(folder / "model")
        inputs = make_inputs(folder / "in", options.count, np.random.default_rng(options.seed))
        output = folder / "out"
        output.mkdir()
        disk = mount(output, _SMALL)
        try:
            foreign = make_foreign(output)
            third, few = len(inputs) // 3, len(inputs) // 6
            if disk:
                run = start(folder / "model", inputs[:few], output, 2)
                run.wait()
                done = len(Inventory(output).entries())
                print(f"full disk: {done} of {few} inputs fitted, exit code {run.returncode}", flush=True)
                mount(output, _LARGE, "remount")
            else:
                print("full disk: left out, no disk can be mounted here", flush=True)
            runs = [start(folder / "model", inputs[:2 * third], output, 2),
                    start(folder / "model", inputs[third:], output, 2)]
            killed, whole = wait_and_kill(runs, chance, whole=True)
            print(f"two runs at once: {killed} workers killed, {'one run killed' if whole else 'no run killed'}, exit "
                  f"codes {[run.returncode for run in runs]}", flush=True)
            last = start(folder / "model", inputs, output, 2)
            last.wait()
            print(f"last run: exit code {last.returncode}", flush=True)
            spec = load_spec(folder / "model")
            with closing(WorkerClient()) as client:
                ways = [Predictor(spec, "cpu").predict, lambda volume: client.run(PredictRequest(volume, spec,
                                                                                                 device="cpu"))]
                said = mistakes(inputs, output, foreign, ways)
            log = (folder / "log.txt").read_text(errors="replace")
        finally:
            if disk:
                subprocess.run(["umount", str(output)], check=True)
    if said:
        print(log)
    print("\n".join(said) or f"{len(inputs)} inputs, each exactly once and right; {len(foreign)} foreign files "
          "untouched")
    print(f"{time.monotonic() - begin:.0f} s, seed {options.seed}")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
