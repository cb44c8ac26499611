"""Damaged images: each is read, or refused in a sentence, and twice in the same way.

Two child processes read every mutant; the C library fills fresh memory differently in each, so that voxels that do not
come from the file differ. A child that crashes, hangs or takes too much memory is counted, and followed by another.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

import numpy as np

from .mutants import mutant
from .seeds import copy_of, write_seeds
from .waiting import PATIENCE_S, next_line

ROOT = Path(__file__).resolve().parent.parent.parent
#: Bytes of address space of a child.
MEMORY = 8 << 30
#: What fresh and freed memory of the two children is filled with.
FILLINGS = ("85", "170")

_CHILD = """
import hashlib, json, resource, sys, traceback
from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.imaging.reading import read
resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    try:
        volume = read(json.loads(line))
        words = str((volume.array.dtype, volume.array.shape, volume.geometry, volume.notes))
        content = volume.array.tobytes() + volume.ijk_to_ras.tobytes() + words.encode()
        end = ["read", hashlib.sha256(content).hexdigest()]
    except UnifiedViTError as error:
        end = ["refused", str(error)]
    except BaseException:
        end = ["traceback", traceback.format_exc()]
    print(json.dumps(end), flush=True)
"""


class _Reader:
    """A child process that reads files, and is started again when it dies."""

    def __init__(self, filling: str) -> None:
        self._environment = os.environ | {
            "MALLOC_PERTURB_": filling, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
            "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
        }
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD.replace("MEMORY", str(MEMORY))], env=self._environment, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, args=(self._process, self._lines), daemon=True).start()
        self._lines.get(timeout=300)

    @staticmethod
    def _listen(process: subprocess.Popen, lines: queue.SimpleQueue) -> None:
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    def _answer(self) -> list[str]:
        try:
            line = next_line(self._lines, self._process.pid)
            while line and not line.startswith("["):  # of a library that prints
                line = next_line(self._lines, self._process.pid)
        except queue.Empty:
            return ["hang", f"more than {PATIENCE_S:.0f} s of computing"]
        return json.loads(line) if line else ["crash", f"exit code {self._process.wait()}"]

    def read(self, path: Path) -> list[str]:
        """How it ended, and its words or the hash of what was read."""
        self._process.stdin.write(json.dumps(str(path)) + "\n")
        self._process.stdin.flush()
        end = self._answer()
        if end[0] in ("hang", "crash"):
            self.close()
            self._start()
        return end

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def fuzz_images(count: int, seed: int, keep: Path | None) -> int:
    """Read `count` mutants; 1 if one of them was not read or refused as it should be."""
    rng = np.random.default_rng(seed)
    ends: Counter[str] = Counter()
    bad: list[str] = []
    with tempfile.TemporaryDirectory(prefix="fuzz-images-") as folder:
        work = Path(folder)
        seeds = write_seeds(work / "seeds")
        readers = [_Reader(filling) for filling in FILLINGS]
        try:
            for whole, _ in seeds:
                first, second = (reader.read(whole) for reader in readers)
                if first[0] != "read" or first != second:
                    bad.append(f"{whole.name}, sound: {first} {second}")
            for number in range(count):
                chosen = seeds[number % len(seeds)]
                data = mutant(chosen[1].read_bytes(), rng)
                path = copy_of(chosen, work / str(number), data)
                first, second = (reader.read(path) for reader in readers)
                same = first == second or first[0] == second[0] == "traceback"
                end = first[0] if same else "differs"
                ends[end] += 1
                if end not in ("read", "refused"):
                    bad.append(f"{number} ({chosen[0].name}, {chosen[1].name}) {end}:\n  {first[-1][-600:]}\n"
                               f"  {second[-1][-600:]}")
                    if keep:
                        shutil.copytree(path.parent if path.is_file() else path, keep / f"{number}-{end}",
                                        dirs_exist_ok=True)
                shutil.rmtree(work / str(number))
                if sys.stderr.isatty():
                    print(f"\r{number + 1} of {count}", end="", file=sys.stderr)
        finally:
            for reader in readers:
                reader.close()
    print("\n".join(bad))
    print(f"{count} mutants of {len(seeds)} files, seed {seed}: "
          + ", ".join(f"{number} {end}" for end, number in sorted(ends.items())))
    return 1 if bad else 0
