"""The cache of models: where downloaded and imported ones lie, `<folder>/<id>/<version>/`; unfinished ones under
`<folder>/.partial/`, what backends compiled for this computer under `<folder>/.compiled/`, what is known of model
repositories under `<folder>/.repositories/`."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path

from ...errors import WeightsError
from ...locking import file_lock
from ...spec import SPEC_FILE
from ...versions import is_newer, version_numbers

PARTIAL = ".partial"
COMPILED = ".compiled"
LOCKS = ".locks"
REPOSITORIES = ".repositories"
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_SETTING = "models_folder"


def cache_folder() -> Path:
    """The folder of downloaded and imported models; it need not exist yet.

    The environment variable UNIFIEDVIT_MODELS, else what `set_cache_folder` stored, else a folder of the user's.

    Raises:
        WeightsError: nothing is chosen, and the user has no folder. Never a place that others can guess and fill.
    """
    if folder := _cache_folder():
        return folder
    raise WeightsError(
        "This user has no home folder to keep models in. Name a folder of your own in the environment variable "
        "UNIFIEDVIT_MODELS."
    )


def _cache_folder() -> Path | None:
    """`cache_folder`; None where there is none."""
    chosen = os.environ.get("UNIFIEDVIT_MODELS") or _settings().get(_SETTING)
    if chosen:
        return Path(chosen).absolute()
    data = user_folder("data")
    return data and data / "Models"


def compiled_folder() -> Path | None:
    """The folder for networks compiled for this computer, and for which fast ways to compute are right here; None where
    there is no place for it. Whoever reads from it asks `trust.is_private_folder`."""
    folder = _cache_folder()
    return folder and folder / COMPILED


def set_cache_folder(path: str | Path | None) -> None:
    """Keep models in this folder from now on, in every program of this user; None: in the folder of the system.

    Models in the former folder stay there.

    Raises:
        WeightsError: the folder cannot be made or written to; the setting is as it was.
    """
    from ...outputs.writing import write_atomically

    settings = _settings()
    settings.pop(_SETTING, None)
    if path is not None:
        folder = Path(path).expanduser().absolute()
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        settings[_SETTING] = str(folder)
    file = _settings_file()
    if file is None:
        raise WeightsError(
            "This user has no home folder to keep the choice in. Name the folder in the environment variable "
            "UNIFIEDVIT_MODELS."
        )
    with disk_errors(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, lambda part: part.write_text(json.dumps(settings) + "\n", encoding="utf-8"))


def cache_bytes() -> int:
    """Bytes of all downloaded and imported models, unfinished downloads and compiled networks included."""
    folder = _cache_folder()
    return sum(folder_bytes(part) for part in [*stored(), folder / PARTIAL, folder / COMPILED]) if folder else 0


def clear_cache() -> None:
    """Remove all downloaded and imported models, unfinished downloads and compiled networks, and nothing else that lies
    in the folder.

    Raises:
        WeightsError: one is being downloaded, or cannot be removed. The others are gone.
    """
    folder = _cache_folder()
    if folder is None:
        return
    shutil.rmtree(folder / COMPILED, ignore_errors=True)
    partial = folder / PARTIAL
    ids = {folder.parent.name for folder in stored()} | {folder.name for folder in _folders(partial)}
    problems = []
    for model_id in sorted(ids):
        try:
            remove_stored(model_id)
        except WeightsError as error:
            problems.append(str(error))
    if problems:
        raise WeightsError(" ".join(problems))


def remove_stored(model_id: str, version: str | None = None) -> None:
    """Remove what the cache holds of a model, unfinished downloads too.

    Args:
        model_id: of the model.
        version: of the one to remove; None: all.

    Raises:
        WeightsError: it is being downloaded, or the folder cannot be changed.
    """

    def busy() -> None:
        raise WeightsError(f"{model_id} is being downloaded or imported at this moment. Stop that first.")

    with locked(model_id, busy), disk_errors(cache_folder()):
        for folder in stored(model_id):
            if version in (None, folder.name):
                _discard(folder)
        shutil.rmtree(cache_folder() / COMPILED / model_id, ignore_errors=True)
        scratch = scratch_folder(model_id)
        shutil.rmtree(scratch)
        with suppress(OSError):  # not empty: another program's
            (cache_folder() / model_id).rmdir()


def stored(model_id: str | None = None) -> list[Path]:
    """Folders of the models in the cache, sound or not; of one model, or of all."""
    folder = _cache_folder()
    if folder is None:
        return []
    parents = _folders(folder) if model_id is None else [folder / model_id]
    return [
        version for parent in parents if not parent.name.startswith(".") for version in _folders(parent)
        if _VERSION.fullmatch(version.name) and (version / SPEC_FILE).exists()
    ]


def newest_stored(model_id: str) -> Path | None:
    """Folder of the newest version of a model in the cache, sound or not; None where there is none."""
    return max(stored(model_id), key=lambda folder: version_numbers(folder.name), default=None)


def _folders(parent: Path) -> list[Path]:
    try:
        return sorted(child for child in parent.iterdir() if child.is_dir())
    except OSError:  # not there, or not to be read: nothing of ours to find
        return []


def known_repositories() -> list[Path]:
    """Files that tell of the repositories that were added, one each."""
    folder = _cache_folder()
    return sorted((folder / REPOSITORIES).glob("*.json")) if folder else []


def folder_bytes(folder: Path) -> int:
    """Bytes of the files in a folder, at any depth; 0 if it does not exist."""
    total = 0
    for file in folder.rglob("*"):
        with suppress(OSError):  # a download that ends in the meantime
            total += file.stat().st_size if file.is_file() else 0
    return total


def scratch_folder(model_id: str) -> Path:
    """`.partial/<id>`, made if need be: on the cache's disk, so that a finished model is put in place by a rename."""
    folder = cache_folder() / PARTIAL / model_id
    with disk_errors(cache_folder()):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def staging(model_id: str) -> Iterator[Path]:
    """An empty folder to build a model in; gone afterwards, unless `commit` took it. Hold the model's lock."""
    scratch = scratch_folder(model_id)
    with disk_errors(cache_folder()):
        for left in scratch.glob("staged-*"):  # by a process that was killed: the lock is ours
            shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix="staged-", dir=scratch))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def commit(staged: Path, model_id: str, version: str, kept: str = "") -> Path:
    """Put a finished folder into the cache by one rename, and take other versions out. Hold the model's lock.

    Args:
        staged: the folder, of `staging`.
        model_id, version: of the model in it.
        kept: an older version that stays, to go back to; "" for none.

    Returns:
        The model's folder.

    Raises:
        WeightsError: the disk refuses, or a newer version, which would be found instead, cannot be taken out. No
            version is taken out before this one is in.
    """
    target = cache_folder() / model_id / version
    with disk_errors(cache_folder()):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            _discard(target)
        os.chmod(staged, 0o755)  # mkdtemp's folders are for their owner alone; a cache may be shared
        os.rename(staged, target)
        for folder in stored(model_id):
            if folder == target or folder.name == kept:
                continue
            try:
                _discard(folder)
            except OSError:  # in use on Windows
                if is_newer(folder.name, version):  # and would be found instead
                    raise
        shutil.rmtree(scratch_folder(model_id), ignore_errors=True)
    return target


def _discard(folder: Path) -> None:
    """Out of sight by one rename, then deleted: no half-deleted model is ever listed."""
    trash = Path(tempfile.mkdtemp(prefix="trash-", dir=scratch_folder(folder.parent.name)))
    os.rename(folder, trash / "model")
    shutil.rmtree(trash, ignore_errors=True)


def check_space(needed: int) -> None:
    """See that the cache's disk has room for `needed` bytes.

    Raises:
        WeightsError: it has not; says how much is missing.
    """
    folder = cache_folder()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise WeightsError(
            f"The disk of {folder} has {in_megabytes(free)} free; {in_megabytes(needed)} are needed. Free some space "
            "or choose another folder for models."
        )


def in_megabytes(count: int) -> str:
    """Bytes for people: "12.9 MB"."""
    return f"{count / 1e6:.1f} MB"


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Say in a sentence what the disk refuses.

    Raises:
        WeightsError: instead of OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise WeightsError(
                f"The disk of {folder} is full. Free some space or choose another folder for models; what has been "
                "downloaded is kept."
            ) from error
        raise WeightsError(
            f"The folder for models {folder} cannot be changed ({error.strerror or error}). Make it writable or choose "
            "another: unifiedvit models cache --folder DIR."
        ) from error


def write_all(output: FileIO, block: bytes) -> None:
    """Write to an unbuffered file; a disk that fills up takes a piece before it refuses.

    Raises:
        WeightsError: the disk refuses.
    """
    with disk_errors(Path(output.name).parent):
        written = 0
        while written < len(block):
            written += output.write(block[written:])


@contextmanager
def locked(model_id: str, waiting: Callable[[], None]) -> Iterator[None]:
    """Be the only process that changes this model. The system frees the lock of a process that dies.

    Args:
        waiting: called ten times a second while another process holds the lock; may raise to give up.

    Raises:
        WeightsError: the folder cannot be written to, or its file system knows no locks.
    """
    folder = cache_folder() / LOCKS
    with ExitStack() as held:
        with disk_errors(cache_folder()):
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(file_lock(folder / f"{model_id}.lock", waiting))
        yield


def _settings_file() -> Path | None:
    folder = user_folder("config")
    return folder and folder / "settings.json"


def _settings() -> dict:
    """What the user chose; a file that is not ours to read counts as no choice, as the bundled model must run."""
    file = _settings_file()
    try:
        settings = json.loads(file.read_text(encoding="utf-8")) if file else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return settings if isinstance(settings, dict) and isinstance(settings.get(_SETTING, ""), str) else {}


def user_folder(kind: str) -> Path | None:
    """Where this system keeps a user's "config" or "data" of a program; None for a user without a home."""
    if sys.platform == "win32":
        variable, default = ("APPDATA", "Roaming") if kind == "config" else ("LOCALAPPDATA", "Local")
        default = Path("AppData") / default
    elif sys.platform == "darwin":
        variable, default = "", Path("Library") / "Application Support"
    else:
        variable, default = f"XDG_{kind.upper()}_HOME", Path(".config" if kind == "config" else ".local/share")
    given = Path(os.environ.get(variable) or "")
    if given.is_absolute():  # another one is not to be heeded, says the XDG specification
        return given / "UnifiedViT"
    try:
        return Path.home() / default / "UnifiedViT"
    except RuntimeError:  # as in some containers; a folder under /tmp could be somebody else's
        return None
