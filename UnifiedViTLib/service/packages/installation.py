"""Puts packages into this interpreter as a whole or not at all, and never changes one that is already there.

pip first says what it would install while everything that is there is pinned, then unpacks it into a folder beside the
other packages; it is imported from there, and only then moved to its place, which takes milliseconds and is undone if
it fails. Until that move nothing has changed, whatever happens to pip.
"""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import invalidate_caches
from importlib.metadata import Distribution, distributions
from pathlib import Path

from ...errors import DependencyError

STAGING = "~unifiedvit-"
#: Never installed by pip from here: Slicer's PyTorch extension chooses the build that fits the computer's GPU.
FROM_EXTENSION = ("torch", "torchvision")
#: Would have pip fetch them.
ON_TORCH = {"timm"}
PROGRESS_EVERY = 0.2  # seconds; also how soon a cancel is noticed
VERSION = re.compile(r"[0-9][0-9A-Za-z.!+_-]*")
IMPORT_ALL = (
    "import importlib, sys\n"
    "sys.modules['openvino_telemetry'] = None  # as inference.backends.openvino_backend\n"
    "for name in sys.argv[1:]:\n"
    "    try: importlib.import_module(name)\n"
    "    except BaseException as error: sys.exit(f'{name}: {type(error).__name__}: {error}')\n"
)


def install(packages: list[str], wheels: Path | None, progress: Callable[[str, float], None]) -> dict[str, str]:
    """Install packages and what they need; on any failure everything is as it was.

    Args:
        packages: requirements, such as "timm>=1.0.22".
        wheels: a folder to take them from instead of the package index.
        progress: gets stage and fraction; what it raises ends pip and is passed on.

    Returns:
        Name -> version of what was added or brought up to date.

    Raises:
        DependencyError: nothing was changed; says why and what to do.
    """
    there = installed()
    asked = [canonical(re.split(r"[^A-Za-z0-9._-]", package, maxsplit=1)[0]) for package in packages]
    missing = [name for name in FROM_EXTENSION if name not in there]
    if missing and ON_TORCH & set(asked):
        raise DependencyError(
            f"{' and '.join(missing)} must be there first. Install them with Slicer's PyTorch extension, then try "
            "again. Nothing was changed."
        )
    if wheels is not None and not any(Path(wheels).glob("*.whl")):
        raise DependencyError(f"There are no wheels (.whl files) in {wheels}. Choose the folder that holds them.")
    source = ["--no-index", "--find-links", str(wheels)] if wheels is not None else []
    with _staging() as folder:
        pip = _Pip(packages, wheels)
        pins = folder / "pins.txt"
        pins.write_text("".join(f"{name}=={found.version}\n" for name, found in there.items()
                                if name not in asked and VERSION.fullmatch(found.version or "")), encoding="utf-8")
        answer = folder / "answer.json"
        pip.run(["install", "--dry-run", "--report", str(answer), "--constraint", str(pins),
                 "--only-binary", ":all:", *source, *packages], "Looking for packages", 0.0, 0.3, progress)
        plan = {canonical(entry["metadata"]["name"]): entry["metadata"]["version"]
                for entry in json.loads(answer.read_text(encoding="utf-8"))["install"]}
        stage = folder / "new"
        stage.mkdir()
        if plan:
            pip.run(["install", "--target", str(stage), "--no-deps", "--no-compile", "--only-binary", ":all:", *source,
                     *(f"{name}=={version}" for name, version in plan.items())],
                    "Fetching packages", 0.3, 0.8, progress)
        _check_imports(stage, asked, progress)
        progress("Putting packages in place", 0.95)
        try:
            _put_in_place(stage, folder / "old", [there[name] for name in plan if name in there])
        except OSError as error:
            raise DependencyError(
                f"The packages could not be put into {site_packages()} ({error.strerror or error}). Nothing was "
                "changed. Close other programs that use Slicer's Python and try again."
            ) from error
    invalidate_caches()
    progress("Packages are installed", 1.0)
    return plan


def installed() -> dict[str, Distribution]:
    """Canonical name -> what an import of it would find, of every package of this interpreter."""
    found: dict[str, Distribution] = {}
    for distribution in distributions():
        if name := distribution.metadata["Name"]:
            found.setdefault(canonical(name), distribution)
    return found


def canonical(name: str) -> str:
    """A package's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def site_packages() -> Path:
    """The folder that packages are put into."""
    return Path(sysconfig.get_path("purelib"))


def terminal_command(module: str, *arguments: str) -> str:
    """What a user can type into a terminal to run a module of this Python, such as pip."""
    python = "PythonSlicer" if shutil.which("PythonSlicer") else f'"{sys.executable}"'
    return " ".join([python, "-m", module, *(f'"{word}"' if ">" in word else word for word in arguments)])


@contextmanager
def _staging() -> Iterator[Path]:
    """A private folder on the packages' own disk, so that moving into place is a renaming."""
    site = site_packages()
    try:
        for left in site.glob(f"{STAGING}*"):  # of a process that was killed
            if time.time() - left.stat().st_mtime > 3600:
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=STAGING, dir=site))
    except OSError as error:
        raise DependencyError(
            f"Packages cannot be put into {site} ({error.strerror or error}). Nothing was changed. Ask whoever "
            "installed Slicer to run it once with the rights to write there, and to install the packages from here."
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Pip:
    """pip in a process of its own, and what its complaints mean."""

    def __init__(self, packages: list[str], wheels: Path | None) -> None:
        self._packages = packages
        self._wheels = wheels

    def run(self, arguments: list[str], stage: str, start: float, end: float,
            progress: Callable[[str, float], None]) -> None:
        """Run it; progress goes from `start` towards `end` with pip's lines, whose number nobody knows beforehand.

        Raises:
            DependencyError: pip failed.
        """
        steps = 0

        def tick(line: str) -> None:
            nonlocal steps
            word, _, rest = line.strip().partition(" ")
            if word in ("Collecting", "Downloading", "Processing", "Installing"):
                steps += 1
            what = f"{stage} ({rest.split(' (')[0].split('/')[-1]})" if word in ("Collecting", "Downloading") else stage
            progress(what, start + (end - start) * steps / (steps + 8))

        settings = {"PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_PROGRESS_BAR": "off",
                    "PIP_USER": "0", "PYTHONUTF8": "1"}
        code, lines = _run([sys.executable, "-m", "pip", *arguments], settings, tick)
        if code:
            raise DependencyError(self._sentence(lines))

    def _sentence(self, lines: list[str]) -> str:
        text = "\n".join(lines)
        errors = [line.removeprefix("ERROR: ").strip() for line in lines if line.startswith("ERROR: ")] or lines[-1:]
        detail = errors[0][:300] if errors else "it said nothing"

        def pip_says(*words: str) -> bool:
            return any(word.lower() in text.lower() for word in words)

        if pip_says("No module named pip"):
            what, way = "this Python has no pip", f"In a terminal: {terminal_command('ensurepip')}"
        elif pip_says("No space left on device", "not enough space on the disk"):
            what, way = "the disk is full", "Free some space and try again."
        elif pip_says("ResolutionImpossible", "conflicting dependencies", "conflict is caused by"):
            what = "they need other versions of packages than those that are already here, which are never changed"
            way = "Install the newest Slicer, or a version of the package that goes with this one."
        elif pip_says("is invalid", "BadZipFile", "not a zip file", "invalid wheel", "DO NOT MATCH THE HASHES"):
            what, way = "a package is damaged", "Fetch it again and try again."
        elif self._wheels is not None:
            what = f"the folder {self._wheels} does not hold all that is needed"
            way = ("On a computer with a network, the same system and Python "
                   f"{sys.version_info[0]}.{sys.version_info[1]}: {self._download()}")
        else:
            what = "the package index cannot be reached, or has nothing that fits"
            way = ("Check the network (behind a proxy, set HTTPS_PROXY and start Slicer again); without one, fetch the "
                   f"wheels elsewhere with {self._download()} and choose that folder; or in a terminal: "
                   f"{terminal_command('pip', 'install', *self._packages)}")
        return f"The packages could not be installed: {what} ({detail}). Nothing was changed. {way}"

    def _download(self) -> str:
        names = " ".join(f'"{package}"' for package in self._packages)
        return f"python -m pip download --only-binary :all: --dest wheels {names}"


def _run(command: list[str], settings: dict[str, str], tick: Callable[[str], None]) -> tuple[int, list[str]]:
    """Run a command; `tick` gets every line, and "" now and then; what it raises kills the command."""
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
            if line:
                lines.append(line)
            tick(line)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        reader.join(timeout=2)
        output.close()


def _check_imports(stage: Path, names: list[str], progress: Callable[[str, float], None]) -> None:
    path = os.pathsep.join(filter(None, [str(stage), os.environ.get("PYTHONPATH")]))
    code, lines = _run(
        [sys.executable, "-c", IMPORT_ALL, *(name.replace("-", "_") for name in names)],
        {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"},
        lambda line: progress("Trying the packages", 0.85),
    )
    if code:
        reason = lines[-1][:300] if lines else f"the interpreter ended with code {code}"
        raise DependencyError(
            f"The packages were fetched but do not work with this Slicer ({reason}). Nothing was changed. If a package "
            "with this name was there before, remove it in a terminal and try again: "
            + terminal_command("pip", "uninstall", *names)
        )


def _put_in_place(stage: Path, old: Path, replaced: list[Distribution]) -> None:
    """Move what lies in `stage` to the packages; the files of `replaced` go to `old`. Undone if a move fails."""
    site = site_packages()
    done: list[tuple[Path, Path]] = []
    made: list[Path] = []

    def move(source: Path, target: Path) -> None:
        for folder in reversed([folder for folder in target.parents if not folder.exists()]):
            folder.mkdir()
            made.append(folder)
        os.replace(source, target)
        done.append((source, target))

    # A package without its dist-info does not count as installed: metadata goes first and comes last.
    new = sorted((file for file in stage.rglob("*") if file.is_file() and file.relative_to(stage).parts[0] != "bin"),
                 key=lambda file: file.relative_to(stage).parts[0].endswith(".dist-info"))
    outgoing = [Path(str(distribution.locate_file(file))).resolve() for distribution in replaced
                for file in sorted(distribution.files or [], key=lambda file: ".dist-info" not in file.parts[0])]
    try:
        for file in outgoing:
            if file.is_relative_to(site.resolve()) and file.is_file():
                move(file, old / file.relative_to(site.resolve()))
        others: set[Path] | None = None
        for file in new:
            target = site / file.relative_to(stage)
            if target.exists():
                others = others if others is not None else _files_of_packages()
                if target.resolve() in others:
                    continue  # two packages bring the same file (of a shared folder): the first one's stays
                move(target, old / file.relative_to(stage))
            move(file, target)
    except BaseException:
        for source, target in reversed(done):
            os.replace(target, source)
        for folder in reversed(made):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise
    for folder in {file.parent for file in outgoing if file.is_relative_to(site.resolve())}:
        while folder != site.resolve() and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def _files_of_packages() -> set[Path]:
    return {Path(str(found.locate_file(file))).resolve() for found in distributions() for file in found.files or []}
