"""Puts packages into this interpreter as a whole or not at all, and never changes one that is already there.

pip first says what it would install while everything that is there is pinned, then unpacks it into a folder beside the
other packages; it is imported from there, and only then moved to its place, which takes a moment and is undone if it
fails. Until that move nothing has changed, whatever happens to pip.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import invalidate_caches
from importlib.metadata import Distribution, distributions
from pathlib import Path

from ...errors import DependencyError
from ...locking import file_lock
from .pip_process import Pip, join_path, run_command, terminal_command
from .torch_index import torch_source

STAGING = "~unifiedvit-"
#: In a staging folder; held for as long as its installation is under way.
OWNER = "owner"
#: Never taken from the common package index: the build has to fit the computer's GPU.
BUILT_FOR_GPU = ("torch", "torchvision")
#: Would have pip fetch them.
ON_TORCH = {"timm", "lightning", "monai", "torchmetrics"}
#: What is imported, of packages that are called otherwise.
IMPORTED_AS = {"scikit-learn": "sklearn", "pillow": "PIL", "pyyaml": "yaml"}
VERSION = re.compile(r"[0-9][0-9A-Za-z.!+_-]*")
#: What a package says that it needs: "torch[opt]>=2.0,<2.9; python_version > '3.8'".
NEED = re.compile(r"(?P<name>[\w.-]+)\s*(?:\[[^\]]*\])?\s*\(?(?P<versions>[<>=!~][^;)]*)\)?\s*(?P<marker>;.*)?")
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
    _check_request(asked, there, wheels)
    with _staging() as folder:
        pip = Pip(packages, wheels, folder)
        if wheels is not None:
            source = ["--no-index", "--find-links", str(wheels)]
        else:
            source = torch_source(folder, progress) if set(asked) & set(BUILT_FOR_GPU) else []
        plan = _plan(pip, packages, _constraints(asked, there), source, folder, progress)
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


def _check_request(asked: list[str], there: Mapping[str, Distribution], wheels: Path | None) -> None:
    """Refuse what cannot go well, before pip is started."""
    missing = [name for name in BUILT_FOR_GPU if name not in there]
    if missing and ON_TORCH & set(asked):
        raise DependencyError(
            f"{' and '.join(missing)} must be there first, in the build that fits the GPU. Install them, then try "
            "again. Nothing was changed."
        )
    if wheels is not None and not any(Path(wheels).glob("*.whl")):
        raise DependencyError(f"There are no wheels (.whl files) in {wheels}. Choose the folder that holds them.")


def _constraints(asked: list[str], there: Mapping[str, Distribution]) -> list[str]:
    """Lines that keep every package as it is but those asked for, and these in the versions that the others need."""
    others = {name: package for name, package in there.items() if name not in asked}
    lines = [f"{name}=={package.version}" for name, package in others.items()
             if VERSION.fullmatch(package.version or "")]
    for package in others.values():
        for need in package.requires or []:
            found = NEED.fullmatch(need)
            if found and canonical(found["name"]) in asked and "extra" not in (found["marker"] or ""):
                lines.append(f"{found['name']}{found['versions']}{found['marker'] or ''}")
    return lines


def _plan(pip: Pip, packages: list[str], constraints: list[str], source: list[str], folder: Path,
          progress: Callable[[str, float], None]) -> dict[str, str]:
    """Name -> version of what pip would install under these constraints."""
    file, answer = folder / "constraints.txt", folder / "answer.json"
    file.write_text("".join(f"{line}\n" for line in constraints), encoding="utf-8")
    pip.run(["install", "--dry-run", "--report", str(answer), "--constraint", str(file),
             "--only-binary", ":all:", *source, *packages], "Looking for packages", 0.05, 0.3, progress)
    return {canonical(entry["metadata"]["name"]): entry["metadata"]["version"]
            for entry in json.loads(answer.read_text(encoding="utf-8"))["install"]}


def installed() -> dict[str, Distribution]:
    """Canonical name -> what an import of it would find, of every package of this interpreter."""
    packages: dict[str, Distribution] = {}
    for distribution in distributions():
        if name := distribution.metadata["Name"]:
            packages.setdefault(canonical(name), distribution)
    return packages


def canonical(name: str) -> str:
    """A package's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def import_name(package: str) -> str:
    """The module that is imported of a package."""
    name = canonical(package)
    return IMPORTED_AS.get(name, name.replace("-", "_"))


def site_packages() -> Path:
    """The folder that packages are put into."""
    return Path(sysconfig.get_path("purelib"))


@contextmanager
def _staging() -> Iterator[Path]:
    """A private folder on the packages' own disk, so that moving into place is a renaming. What an installation left
    that was killed is removed.

    Raises:
        DependencyError: there can be none, or another installation is under way.
    """
    site = site_packages()
    try:
        for other in site.glob(f"{STAGING}*"):
            with file_lock(other / OWNER, waiting=_refuse):
                pass
            shutil.rmtree(other, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=STAGING, dir=site))
    except OSError as error:
        raise DependencyError(
            f"Packages cannot be put into {site} ({error.strerror or error}). Nothing was changed. Ask whoever "
            "installed Slicer to run it once with the rights to write there, and to install the packages from here."
        ) from error
    try:
        with file_lock(folder / OWNER):
            yield folder
    except OSError as error:
        raise DependencyError(f"The packages could not be installed: {folder} cannot be written to "
                              f"({error.strerror or error}). Nothing was changed. Free some space and try again."
                              ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refuse() -> None:
    raise DependencyError("Packages are being installed from another window of Slicer. Nothing was changed. Wait until "
                          "that has ended, then try again.")


def _check_imports(stage: Path, names: list[str], progress: Callable[[str, float], None]) -> None:
    code, lines = run_command(
        [sys.executable, "-c", IMPORT_ALL, *map(import_name, names)],
        {"PYTHONPATH": join_path(stage), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"},
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
    outgoing = _files_in(site.resolve(), replaced)
    moves = _Moves()
    try:
        _retire(outgoing, site.resolve(), old, moves)
        _bring_in(stage, site, old, moves)
    except BaseException:
        moves.undo()
        raise
    for folder in {file.parent for file in outgoing}:
        _remove_empty(folder, site.resolve())


class _Moves:
    """Files that were moved and folders that were made for them, to be undone in the opposite order."""

    def __init__(self) -> None:
        self._files: list[tuple[Path, Path]] = []
        self._folders: list[Path] = []

    def move(self, source: Path, target: Path) -> None:
        """Rename a file, on the same disk, and make the folders that it needs."""
        for folder in reversed([folder for folder in target.parents if not folder.exists()]):
            folder.mkdir()
            self._folders.append(folder)
        os.replace(source, target)
        self._files.append((source, target))

    def undo(self) -> None:
        """Bring every file back, and remove the folders unless somebody else has put something into them."""
        for source, target in reversed(self._files):
            os.replace(target, source)
        for folder in reversed(self._folders):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _files_in(site: Path, packages: list[Distribution]) -> list[Path]:
    """The files of packages below `site`; a package without its dist-info does not count as installed, so that the
    metadata goes first."""
    files = [Path(str(package.locate_file(file))).resolve() for package in packages
             for file in sorted(package.files or [], key=lambda file: ".dist-info" not in file.parts[0])]
    return [file for file in files if file.is_relative_to(site)]


def _retire(files: list[Path], site: Path, old: Path, moves: _Moves) -> None:
    """Move files of packages from `site` to the same place below `old`."""
    for file in files:
        if file.is_file():
            moves.move(file, old / file.relative_to(site))


def _bring_in(stage: Path, site: Path, old: Path, moves: _Moves) -> None:
    """Move what pip unpacked to the same place below `site`, the metadata last; what is in the way and of no package
    goes to `old`."""
    new = sorted((file.relative_to(stage) for file in stage.rglob("*") if file.is_file()),
                 key=lambda file: file.parts[0].endswith(".dist-info"))
    owned: set[Path] | None = None
    for file in new:
        if file.parts[0] == "bin":
            continue
        target = site / file
        if target.exists():
            owned = _files_of_packages() if owned is None else owned
            if target.resolve() in owned:
                continue  # two packages bring the same file (of a shared folder): the first one's stays
            moves.move(target, old / file)
        moves.move(stage / file, target)


def _remove_empty(folder: Path, site: Path) -> None:
    """Remove a folder below `site` if nothing is left in it, and those above it likewise."""
    while folder != site and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _files_of_packages() -> set[Path]:
    return {Path(str(package.locate_file(file))).resolve() for package in distributions()
            for file in package.files or []}
