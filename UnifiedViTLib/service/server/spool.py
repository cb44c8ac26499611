"""Where volumes and results lie for as long as their job is: a private folder, held by a lock that ends with the
process, so that what a server left that was killed is found and removed when the next one starts."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from ...errors import OutputError, ServerError
from ...locking import file_lock
from ..worker.exchange import remove_folder
from .wire import PIECE

_PREFIX = "unifiedvit-server-"
_LOCK = "lock"
#: A folder without a lock that is younger is being made by another server.
_YOUNG_S = 10.0


class Spool:
    """A server's private folder; temporary files of this process and its workers lie in it from now on.

    Raises:
        OutputError: there is no place for it.
    """

    def __init__(self) -> None:
        place = Path(tempfile.gettempdir())
        _remove_abandoned(place)
        self.folder = place / f"{_PREFIX}{secrets.token_hex(16)}"
        self._held, self._before = ExitStack(), tempfile.tempdir
        try:
            self.folder.mkdir(mode=0o700)
            self._held.enter_context(file_lock(self.folder / _LOCK))
            (self.folder / "temporary").mkdir()
        except OSError as error:
            raise OutputError(f"There is no room for the images of jobs in {place}: {error.strerror or error}. Free "
                              "some space, or name another folder in TMPDIR.") from error
        tempfile.tempdir = str(self.folder / "temporary")

    @property
    def environment(self) -> dict[str, str]:
        """For workers: their temporary files lie here too."""
        return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.folder / "temporary"))

    def new_folder(self, name: str) -> Path:
        """For a job.

        Raises:
            OutputError: the disk is full.
        """
        try:
            (self.folder / name).mkdir(mode=0o700)
        except OSError as error:
            raise no_room(error) from error
        return self.folder / name

    def free_bytes(self) -> int:
        """On the disk."""
        return shutil.disk_usage(self.folder).free

    def close(self) -> None:
        """Remove all of it."""
        tempfile.tempdir = self._before
        self._held.close()
        remove_folder(self.folder)


def _remove_abandoned(place: Path) -> None:
    """Folders of servers that are no more: nobody holds their lock."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError, _Held):
            state = folder.lstat()
            if folder.is_symlink() or (os.name == "posix" and state.st_uid != os.getuid()):
                continue
            if (folder / _LOCK).exists():
                with file_lock(folder / _LOCK, _give_up):
                    pass
            elif time.time() - state.st_mtime < _YOUNG_S:
                continue
            shutil.rmtree(folder, ignore_errors=True)


class _Held(Exception):
    pass


def _give_up() -> None:
    raise _Held


class Unpacker:
    """Unpacks zlib as it comes, never more than was announced, however much is packed into how little.

    Args:
        nbytes: announced, unpacked.
        write: takes what is unpacked.
    """

    def __init__(self, nbytes: int, write: Callable[[bytes], object]) -> None:
        self._left, self._write = nbytes, write
        self._packed_left = nbytes + nbytes // 256 + (64 << 10)  # what cannot be packed grows a little
        self._zlib = zlib.decompressobj()

    def feed(self, packed: bytes, /) -> None:
        """Take the next bytes.

        Raises:
            ServerError: they are not what was announced.
            OutputError: the disk is full.
        """
        self._packed_left -= len(packed)
        if self._packed_left < 0:
            raise ServerError("More was sent than was announced. Run again.")
        while True:
            try:
                piece = self._zlib.decompress(packed, PIECE)
            except zlib.error as error:
                raise ServerError("What was sent is damaged (it cannot be unpacked). Run again.") from error
            self._left -= len(piece)
            if self._left < 0 or self._zlib.unused_data:
                raise ServerError("More was sent than was announced. Run again.")
            try:
                self._write(piece)
            except OSError as error:
                raise no_room(error) from error
            packed = self._zlib.unconsumed_tail
            if not packed and len(piece) < PIECE:
                return

    def finish(self) -> None:
        """See that all has come.

        Raises:
            ServerError: it has not.
        """
        if self._left or not self._zlib.eof:
            raise ServerError("Less was sent than was announced: the connection was cut. Run again.")


def pack(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """What `Unpacker` unpacks, quickly rather than tightly."""
    packer = zlib.compressobj(1)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def no_room(error: OSError) -> OutputError:
    """For a disk of the server that refuses."""
    return OutputError(f"The server cannot keep the image for the time of the run: {error.strerror or error}. Ask its "
                       "administrator to free some space.")
