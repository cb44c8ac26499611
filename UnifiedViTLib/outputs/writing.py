"""A file is whole before it takes its name: written beside it, on the disk, and read again."""

from __future__ import annotations

import hashlib
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import OutputError
from ..leftovers import abandoned, own_name
from ..texts import error_reason

#: Files that are being written are called so (`own_name`), with the end of the name to be.
PART = ".unifiedvit-part-"
#: Characters kept of the name, endings among them: a name of any length that the disk takes has a part that it takes.
_KEPT = 32
#: Bytes read at a time.
_BLOCK = 1 << 20
#: Bytes of a voxel by NRRD's names for types.
_NRRD_BYTES = {"signed char": 1, "unsigned char": 1, "short": 2, "unsigned short": 2, "int": 4, "unsigned int": 4,
               "long long int": 8, "unsigned long long int": 8, "float": 4, "double": 8}
#: A header is at most so long.
_NRRD_HEADER = 1 << 20


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, see that it is whole and on the disk, then rename it, so that no
    half-written result is ever found. The kind of `path`'s ending decides what whole means (`check_whole`). What
    processes that died left in this folder is removed.

    Raises:
        OutputError: the folder cannot be written to, or the disk is full; what was at `path` is as it was.
    """
    part = path.with_name(f"{own_name(PART)}-{path.name[-_KEPT:]}")
    sweep_parts(path.parent)
    try:
        write(part)
        to_disk(part)
        check_whole(part)
        os.replace(part, path)
    except (OSError, RuntimeError, ValueError) as error:
        with suppress(OSError):
            part.unlink()
        raise unwritable(path, error) from error


def sweep_parts(folder: Path) -> None:
    """Remove files of a folder that were being written when their process died."""
    for part in abandoned(folder, PART):
        with suppress(OSError):
            part.unlink()


def unwritable(path: Path, error: Exception) -> OutputError:
    """The sentence for a file that could not be written."""
    if isinstance(error, PermissionError) and path.exists() and os.access(path.parent, os.W_OK):
        return OutputError(f"{path.name} in {path.parent} cannot be replaced: {error_reason(error)}. Close it in other "
                           "programs, such as a spreadsheet, and run again.")
    return OutputError(f"{path.name} cannot be written to {path.parent}: {error_reason(error)}. Choose another "
                       "folder or free some space.")


def to_disk(path: Path) -> None:
    """Have the system put a file's content on the disk: what fails only then is told here.

    Raises:
        OSError: the disk is full, or has gone.
    """
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def sha256_of(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def check_whole(path: Path) -> None:
    """See that a file that was just written can be read to its end.

    ITK, which writes images, does not tell of a disk that fills up while it closes a file.

    Raises:
        ValueError: it is empty or cut; says so.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    name = path.name.lower()
    if size == 0:
        raise ValueError("nothing of it reached the disk")
    if name.endswith(".nrrd"):
        promised, there = _nrrd_bytes(path)
        whole = there == promised
    elif name.endswith(".png"):
        whole = _end_of(path, 12)[4:8] == b"IEND"
    elif name.endswith(".html"):
        whole = _end_of(path, 64).rstrip().endswith(b"</html>")
    elif name.endswith(".json"):
        json.loads(path.read_text(encoding="utf-8"))
        whole = True
    else:
        whole = True
    if not whole:
        raise ValueError("only a part of it reached the disk")


def _end_of(path: Path, count: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - count))
        return file.read()


def _nrrd_bytes(path: Path) -> tuple[int, int]:
    """Bytes of voxels that an NRRD file with its voxels inside promises, and those that are there."""
    with open(path, "rb") as file:
        header = file.read(_NRRD_HEADER)
        end = header.find(b"\n\n")
        if end < 0:
            raise ValueError("its header is cut")
        fields = dict(re.findall(r"^([a-z ]+): ?(.*)$", header[:end].decode("utf-8", "replace"), re.MULTILINE))
        promised = _NRRD_BYTES[fields["type"].strip()]
        for count in fields["sizes"].split():
            promised *= int(count)
        file.seek(end + 2)
        blocks = iter(lambda: file.read(_BLOCK), b"")
        return promised, sum(map(len, _unpacked(blocks) if fields["encoding"].strip() == "gzip" else blocks))


def _unpacked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip packed, to the checksum at its end."""
    packed = zlib.decompressobj(wbits=31)
    try:
        for block in blocks:
            yield packed.decompress(block)
    except zlib.error as error:
        raise ValueError("it is damaged on the disk") from error
    if not packed.eof:
        raise ValueError("only a part of it reached the disk")
