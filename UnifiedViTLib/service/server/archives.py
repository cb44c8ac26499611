"""A ZIP that a browser sent: unpacked in the worker, into files of one folder, never more than is taken here; and which
DICOM series there are in such a folder."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from ...errors import UnsupportedImageError
from ...imaging.reading.dicom.folder import series_in
from ...imaging.reading.limits import damaged, most_bytes
from ...inference.progress import ProgressCallback
from ...outputs.naming import unique_names
from .spool import no_room
from .uploads import MOST_FILES

_MAGIC = b"PK\x03\x04"
#: The record at the end: its signature and length, and what may follow it, a comment.
_END, _END_BYTES, _COMMENT = b"PK\x05\x06", 22, 1 << 16
#: Bytes of the list of files, which is read whole: names of 4,096 files are far shorter.
_LIST_BYTES = 4 << 20
#: What other programs add for themselves.
_FOREIGN = ("__MACOSX", "DICOMDIR", "Thumbs.db", "desktop.ini")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BLOCK = 1 << 20


def is_archive(file: Path) -> bool:
    """Whether a file begins as a ZIP does, whatever it is called."""
    with open(file, "rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def unpack_job(arguments: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Unpack a ZIP, as a job of the worker.

    Args:
        arguments: {"file": the ZIP, "folder": that is made for its files, "before": bytes that other ZIPs of the run
            held}.
        progress: told how far it is; may raise to stop.

    Returns:
        {"path": what to look at: the folder, or the file where there is only one; "nbytes": of all of it}.

    Raises:
        UnsupportedImageError: it is none, or holds what is not taken.
        OutputError: the disk is full.
    """
    file, folder = Path(arguments["file"]), Path(arguments["folder"])
    try:
        _check_list(file)
        with zipfile.ZipFile(file) as archive:
            members = _members(archive, file.name, arguments["before"])
            _make(folder)
            names = _names(members)
            for number, (member, name) in enumerate(zip(members, names, strict=True)):
                _unpack(archive, member, folder / name, lambda done=number: progress("Unpacking", done / len(members)))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, NotImplementedError) as error:
        raise damaged(file.name, str(error)) from error
    return {"path": str(folder / names[0] if len(names) == 1 else folder),
            "nbytes": sum(member.file_size for member in members)}


def choose_series_job(arguments: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Leave one of the DICOM series that lie in a folder, as a job of the worker.

    Args:
        arguments: {"folder": of the files, "series": UID of that which stays; "" where nobody said which}.
        progress: told at the beginning; may raise to stop.

    Returns:
        {"series": for each that lies there now its UID and what it is in few words}; of images without a series, none.

    Raises:
        UnsupportedImageError: that series does not lie there.
    """
    progress("Looking for series", 0)
    folder, chosen = Path(arguments["folder"]), arguments["series"]
    found = {uid: series for uid, series in series_in(folder).items() if uid}
    if chosen:
        if chosen not in found:
            raise UnsupportedImageError(f"{folder.name} holds no images of the series {chosen}. Choose again.")
        for other in found.keys() - {chosen}:
            for file in found.pop(other).files:
                file.unlink()
    return {"series": [[uid, series.words] for uid, series in found.items()]}


def _check_list(file: Path) -> None:
    """Return if the list of files at the end is as long as that of a series; it is read whole otherwise."""
    with open(file, "rb") as stream:
        stream.seek(max(0, os.fstat(stream.fileno()).st_size - _END_BYTES - _COMMENT))
        tail = stream.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) - place < _END_BYTES:
        raise damaged(file.name, "the list of its files is not there")
    entries, nbytes = struct.unpack("<10xHI", tail[place:place + 16])
    if entries > 2 * MOST_FILES or nbytes > _LIST_BYTES:  # folders are listed, too
        raise _too_many(file.name)


def _members(archive: zipfile.ZipFile, name: str, before: int) -> list[zipfile.ZipInfo]:
    """Its files, of which all are taken or none."""
    members = [member for member in archive.infolist() if _is_file(member)]
    if not members:
        raise UnsupportedImageError(f"{name} holds no file. Choose a ZIP of one DICOM series, or of one image.")
    if len(members) > MOST_FILES:
        raise _too_many(name)
    if any(member.flag_bits & 1 for member in members):
        raise UnsupportedImageError(f"{name} is locked with a password. Unpack it, and choose its files.")
    if any(member.compress_type not in _METHODS for member in members):
        raise UnsupportedImageError(f"{name} is packed in a way that is not taken here (only deflate is). Unpack it, "
                                    "and choose its files.")
    total, most = sum(member.file_size for member in members), most_bytes()
    if most and before + total > most:
        raise UnsupportedImageError(f"{name} unpacks to {total / 1e6:,.0f} MB, more than is taken here "
                                    f"({most / 1e6:,.0f} MB for all images of a run). Choose the files of one series.")
    return members


def _is_file(member: zipfile.ZipInfo) -> bool:
    """Whether it is a file that somebody put there; neither a folder nor a link."""
    parts, mode = PurePosixPath(member.filename).parts, member.external_attr >> 16
    return not (member.is_dir() or stat.S_ISLNK(mode) or not parts or parts[0] in _FOREIGN or parts[-1] in _FOREIGN
                or parts[-1].startswith("."))


def _names(members: list[zipfile.ZipInfo]) -> list[str]:
    """A name for each in one folder, whatever folders it names, there or elsewhere."""
    return unique_names(PurePosixPath(member.filename.replace("\\", "/")).name for member in members)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise no_room(error) from error


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, going_on: Callable[[], None]) -> None:
    """One file, never more than it says, and as its sum says."""
    with archive.open(member) as packed:
        try:
            with open(path, "xb") as file:
                while block := packed.read(_BLOCK):
                    going_on()
                    file.write(block)
        except OSError as error:
            raise no_room(error) from error


def _too_many(name: str) -> UnsupportedImageError:
    return UnsupportedImageError(f"{name} holds more files than the {MOST_FILES:,} of a series that are taken. Choose "
                                 "the files of one series.")
