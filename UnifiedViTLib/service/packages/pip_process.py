"""pip, run in a process of its own: how far it is, how it is ended, and what its complaints mean."""

from __future__ import annotations

import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from ...errors import DependencyError

PROGRESS_EVERY = 0.2  # seconds; also how soon a cancel is noticed
#: A line of such a pip: so many bytes of so many.
LOADED = re.compile(r"Progress (\d+) of ([1-9]\d*)")
#: The first pip that tells in lines how much of a file is there.
RAW_PROGRESS = (24, 1)


class Pip:
    """pip in a process of its own, and what its complaints mean.

    Args:
        packages: that are to be installed, for what a user may type instead.
        wheels: the folder that they are taken from; None for the package index.
        scratch: a folder on the packages' own disk, for what pip fetches and unpacks: gigabytes, while that for
            temporary files may be small.
    """

    def __init__(self, packages: list[str], wheels: Path | None, scratch: Path) -> None:
        self._packages = packages
        self._wheels = wheels
        self._scratch = scratch

    def run(self, arguments: list[str], stage: str, start: float, end: float,
            progress: Callable[[str, float], None]) -> None:
        """Run it; progress goes from `start` towards `end` with pip's lines, whose number nobody knows beforehand.

        Args:
            arguments: of pip.
            stage: what it does, in words.
            start: fraction of the whole that is done before.
            end: and afterwards.
            progress: gets stage and fraction; what it raises ends pip and is passed on.

        Raises:
            DependencyError: pip failed.
        """
        steps, part, file, what = 0, 0.0, "", ""

        def tick(line: str) -> None:
            nonlocal steps, part, file, what
            word, _, rest = line.strip().partition(" ")
            if word in ("Collecting", "Downloading", "Processing", "Installing"):
                steps, part = steps + 1, 0.0
                what = file = rest.split(" (")[0].split("/")[-1] if word in ("Collecting", "Downloading") else ""
            elif loaded := LOADED.fullmatch(line.strip()):
                part = int(loaded[1]) / int(loaded[2])
                what = f"{file}, {part:.0%} of {int(loaded[2]) / 1e6:.0f} MB"
            done = steps + part
            progress(f"{stage} ({what})" if what else stage, start + (end - start) * done / (done + 8))

        settings = {"PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_PROGRESS_BAR": _progress_bar(),
                    "PIP_USER": "0", "PYTHONUTF8": "1"}
        if os.name == "posix":  # Windows has short paths, and its folder for temporary files is on the same disk
            settings["TMPDIR"] = str(self._scratch)
        code, lines = run_command([sys.executable, "-m", "pip", *arguments], settings, tick)
        if code:
            raise DependencyError(self._sentence(lines))

    def _sentence(self, lines: list[str]) -> str:
        text = "\n".join(lines)
        errors = [line.removeprefix("ERROR: ").strip() for line in lines if line.startswith("ERROR: ")] or lines[-1:]
        detail = errors[0][:300] if errors else "it said nothing"

        def pip_says(*words: str) -> bool:
            return any(word.lower() in text.lower() for word in words)

        if pip_says("No module named pip"):
            problem, remedy = "this Python has no pip", f"In a terminal: {terminal_command('ensurepip')}"
        elif pip_says("No space left on device", "not enough space on the disk"):
            problem, remedy = "the disk is full", "Free some space (PyTorch may need 10 GB) and try again."
        elif pip_says("ResolutionImpossible", "conflicting dependencies", "conflict is caused by"):
            problem = "they need other versions of packages than those that are already here, which are never changed"
            remedy = "Install the newest Slicer, or a version of the package that goes with this one."
        elif pip_says("is invalid", "BadZipFile", "not a zip file", "invalid wheel", "DO NOT MATCH THE HASHES"):
            problem = "a package is damaged, or was not fetched whole"
            remedy = "Try again" + ("; fetch it again first." if self._wheels is not None else ".")
        elif self._wheels is not None:
            problem = f"the folder {self._wheels} does not hold all that is needed"
            remedy = ("On a computer with a network, the same system and Python "
                      f"{sys.version_info[0]}.{sys.version_info[1]}: {self._download()}")
        else:
            problem = "the package index cannot be reached, or has nothing that fits"
            remedy = ("Check the network (behind a proxy, set HTTPS_PROXY and start Slicer again); without one, fetch "
                      f"the wheels elsewhere with {self._download()} and choose that folder; or in a terminal: "
                      f"{terminal_command('pip', 'install', *self._packages)}")
        return f"The packages could not be installed: {problem} ({detail}). Nothing was changed. {remedy}"

    def _download(self) -> str:
        names = " ".join(f'"{package}"' for package in self._packages)
        return f"python -m pip download --only-binary :all: --dest wheels {names}"


def run_command(command: list[str], settings: dict[str, str], tick: Callable[[str], None]) -> tuple[int, list[str]]:
    """Run a command to its end.

    Args:
        command: the program and its arguments.
        settings: variables for its environment, besides those of this process.
        tick: gets every line, and "" now and then; what it raises kills the command and is passed on.

    Returns:
        Its exit code, and the lines that it printed.
    """
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")}
    process = subprocess.Popen(
        # What went wrong is known by English words, and pip takes the messages of the user's language.
        command, env=environment | settings | {"LC_ALL": "C", "PYTHONUTF8": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    output = process.stdout
    assert output is not None, "it is a pipe"
    pending: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in output:
            pending.put(line.rstrip())
        pending.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    lines: list[str] = []
    try:
        while True:
            try:
                line = pending.get(timeout=PROGRESS_EVERY)
            except queue.Empty:
                line = ""
            if line is None:
                return process.wait(), lines
            if line and not LOADED.fullmatch(line):
                lines.append(line)
            tick(line)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        reader.join(timeout=2)
        output.close()


def join_path(folder: Path) -> str:
    """A PYTHONPATH on which a folder comes before all that is on this process's."""
    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


def _progress_bar() -> str:
    """How pip is to tell how far it is."""
    try:
        numbers = tuple(int(part) for part in version("pip").split(".")[:2])
    except (ImportError, ValueError):  # there is none, or it is nobody's release
        return "off"
    return "raw" if numbers >= RAW_PROGRESS else "off"


def terminal_command(module: str, *arguments: str) -> str:
    """What a user can type into a terminal to run a module of this Python, such as pip."""
    python = "PythonSlicer" if shutil.which("PythonSlicer") else f'"{sys.executable}"'
    return " ".join([python, "-m", module, *(f'"{word}"' if ">" in word else word for word in arguments)])
