"""A model from a folder or a .zip into the cache, without a network: nothing is taken over unchecked."""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO

from ...errors import ModelSpecError, WeightsError
from ...spec import LARGEST_SPEC, SPEC_FILE, ModelSpec, load_spec
from ...versions import is_newer
from .cache import check_space, commit, disk_errors, in_megabytes, locked, staging, write_all
from .catalogue import bundled_models, check_contents, files_of, installed_models, previous_version, verify_files
from .foreign import check_own

README = "README.md"
_BLOCK = 1 << 20
_MOST_ENTRIES = 1000
#: Weights are noise and hardly shrink; what unpacks to a hundred times its size is not a model.
_MOST_SHRUNK, _SMALL = 100, 16 << 20


def import_model(
    path: str | Path, progress: Callable[[str, float], None] = lambda stage, fraction: None
) -> ModelSpec:
    """Copy a model into the cache; its SHA-256 sums are checked while it is copied.

    A bundled model is never hidden by one of its own version or an older one; a newer one takes its place until it is
    removed. Of a model in the cache, a newer version takes the place of an older one, which is kept, and used again
    when the newer one is removed.

    Args:
        path: a model's folder, its `model.json`, or a .zip of the folder.
        progress: told the stage and the fraction done; may raise `Cancelled`.

    Raises:
        WeightsError: files are missing, damaged or too large, the archive is not to be trusted, the version is not
            newer than the one at hand, or the cache cannot be written to.
        ModelSpecError: there is no description, or it names the field that is wrong; another program's model, with
            what runs it.
    """
    path = Path(path).expanduser()
    check_own(path)
    if path.is_file() and path.name != SPEC_FILE and not zipfile.is_zipfile(path):
        raise WeightsError(f"{path} is not a model. Choose a model's folder, its {SPEC_FILE}, or a .zip of the folder.")
    if path.is_file() and path.name != SPEC_FILE:
        with _archive(path) as source:
            return _import(source, progress)
    return _import(_Folder(path if path.is_dir() else path.parent), progress)


def _import(source: _Folder | _Archive, progress: Callable[[str, float], None]) -> ModelSpec:
    progress("Reading the model's description", 0.0)
    spec = source.spec()

    def waiting() -> None:
        progress(f"Waiting for another import or download of {spec.name}", 0.0)

    if installed := _already_there(spec):
        return installed
    with locked(spec.id, waiting):
        if installed := _already_there(spec):
            return installed
        texts = [SPEC_FILE, README] if source.has(README) else [SPEC_FILE]
        sums = dict.fromkeys(texts) | dict(files_of(spec))
        sizes = {name: source.bytes(name) for name in sums}
        for name in texts:
            if sizes[name] > LARGEST_SPEC:
                raise WeightsError(f"{name} of {spec.name} is too large ({in_megabytes(sizes[name])}) for a text.")
        check_space(sum(sizes.values()))
        with staging(spec.id) as folder:
            finished = 0
            for name, expected in sums.items():

                def copied(count: int, before: int = finished) -> None:
                    have, total = before + count, sum(sizes.values())
                    progress(f"Copying {spec.name}: {in_megabytes(have)} of {in_megabytes(total)}", have / total)

                with source.open(name) as stream:
                    digest = copy_exactly(stream, folder / name, sizes[name], copied)
                if expected and digest != expected:
                    raise WeightsError(
                        f"{name} of {spec.name} is damaged or not the one that its description names (SHA-256 "
                        f"{digest[:12]}..., expected {expected[:12]}...). Get or export the model again."
                    )
                finished += sizes[name]
            copy = load_spec(folder)
            if replace(copy, folder=spec.folder) != spec:
                raise WeightsError(f"The description of {spec.name} changed while it was copied. Import it again.")
            check_contents(copy)
            previous = previous_version(spec.id, spec.version)
            return load_spec(commit(folder, spec.id, spec.version, previous))


def _already_there(spec: ModelSpec) -> ModelSpec | None:
    """The very same model if it is at hand and sound; None if this one can take its place.

    Raises:
        WeightsError: the one at hand has to go first.
    """
    bundled = next((model for model in bundled_models() if model.id == spec.id), None)
    if bundled and not is_newer(spec.version, bundled.version):
        raise WeightsError(
            f"{spec.id} {bundled.version} comes with UnifiedViT and is never replaced by version {spec.version}. Give "
            "the model another id or a newer version."
        )
    installed = next((model for model in installed_models() if model.id == spec.id and model != bundled), None)
    if installed is None or is_newer(spec.version, installed.version):
        return None
    try:
        verify_files(installed)
    except WeightsError:
        return None
    if replace(spec, folder=installed.folder) == installed:
        return installed
    raise WeightsError(
        f"{spec.id} {installed.version} is installed, and the model to import has "
        f"{'other contents' if spec.version == installed.version else 'the older version ' + spec.version}. Remove the "
        f"installed one first (unifiedvit models remove {spec.id}), or give the new one a newer version."
    )


def copy_exactly(stream: IO[bytes], target: Path, size: int, copied: Callable[[int], None]) -> str:
    """Copy exactly `size` bytes into a new file; the SHA-256 of them.

    Args:
        stream, target, size: from where, to where, and how many.
        copied: called with the bytes that are there so far.

    Raises:
        WeightsError: there are fewer, they cannot be read, or the disk refuses.
    """
    digest, have = hashlib.sha256(), 0
    with disk_errors(target.parent):
        output = open(target, "xb", buffering=0)  # noqa: SIM115 - closed below
    with output:
        while have < size:
            try:
                block = stream.read(min(_BLOCK, size - have))
            except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
                raise WeightsError(
                    f"{target.name} cannot be read ({error}). The copy is damaged: get it again."
                ) from error
            if not block:
                raise WeightsError(f"{target.name} is shorter than it says. The copy is damaged: get it again.")
            write_all(output, block)
            digest.update(block)
            have += len(block)
            copied(have)
    return digest.hexdigest()


class _Folder:
    """A model's folder as it lies on the user's disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def spec(self) -> ModelSpec:
        return load_spec(self.folder)

    def has(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def bytes(self, name: str) -> int:
        if not self.has(name):
            raise WeightsError(f"{self.folder / name} is missing. Put it beside {SPEC_FILE}.")
        return (self.folder / name).stat().st_size

    def open(self, name: str) -> IO[bytes]:
        try:
            return open(self.folder / name, "rb")
        except OSError as error:
            raise WeightsError(f"{self.folder / name} cannot be read ({error.strerror}).") from error


class _Archive:
    """A .zip of a model's folder. Never unpacked: the few files a model has are read out of it by name."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self.archive, self.path = archive, path
        entries = archive.infolist()
        if len(entries) > _MOST_ENTRIES:
            raise self._refused(f"it holds {len(entries)} files")
        for entry in entries:
            self._check_name(entry)
        places = [PurePosixPath(e.filename).parent for e in entries if PurePosixPath(e.filename).name == SPEC_FILE]
        places = [place for place in places if place.parts[:1] != ("__MACOSX",) and len(place.parts) <= 1]
        if len(places) != 1:
            raise self._refused(f"it needs one {SPEC_FILE} at its top or in one folder, and holds {len(places)}")
        self.entries = {
            PurePosixPath(e.filename).name: e for e in entries
            if PurePosixPath(e.filename).parent == places[0] and not e.is_dir()
        }

    def _refused(self, reason: str) -> WeightsError:
        return WeightsError(f"{self.path} is not taken as a model: {reason}. Pack the model's folder again.")

    def _check_name(self, entry: zipfile.ZipInfo) -> None:
        name = entry.orig_filename
        if "\\" in name or ":" in name or "\0" in name or name.startswith("/") or ".." in name.split("/"):
            raise self._refused(f"{name[:60]!r} leads out of the archive")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise self._refused(f"{name[:60]!r} is a link or a device")
        if self.archive.namelist().count(entry.filename) > 1:
            raise self._refused(f"{name[:60]!r} is in it twice")

    def spec(self) -> ModelSpec:
        if self.bytes(SPEC_FILE) > LARGEST_SPEC:
            raise self._refused(f"its {SPEC_FILE} is too large")
        with TemporaryDirectory() as folder, self.open(SPEC_FILE) as stream:
            file = Path(folder) / SPEC_FILE
            copy_exactly(stream, file, self.bytes(SPEC_FILE), lambda count: None)
            try:
                return load_spec(file)
            except ModelSpecError as error:
                raise ModelSpecError(str(error).replace(str(file), f"{SPEC_FILE} in {self.path.name}")) from error

    def has(self, name: str) -> bool:
        return name in self.entries

    def bytes(self, name: str) -> int:
        if not self.has(name):
            raise self._refused(f"{name} is missing in it")
        entry = self.entries[name]
        if entry.file_size > max(_SMALL, _MOST_SHRUNK * entry.compress_size):
            raise self._refused(f"{name} would unpack to {in_megabytes(entry.file_size)}")
        return entry.file_size

    def open(self, name: str) -> IO[bytes]:
        entry = self.entries[name]
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
            raise self._refused(f"{name} is encrypted or packed in an unusual way")
        try:
            return self.archive.open(entry)
        except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
            raise self._refused(f"{name} cannot be read ({error})") from error


@contextmanager
def _archive(path: Path) -> Iterator[_Archive]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:  # ValueError: names in no alphabet
        raise WeightsError(f"{path} cannot be read as a .zip ({error}). The copy is damaged: get it again.") from error
    with archive:
        yield _Archive(archive, path)
