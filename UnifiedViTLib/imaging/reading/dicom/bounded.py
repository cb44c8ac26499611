"""DICOM files as pydicom may read them: whatever a damaged or hostile file says, no more memory is taken than the file
holds, or than its header promises where it is packed as a whole."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO

from ..limits import MOST_EXTRA, too_much, unpacked

_LARGE_READ = 1 << 20
#: Bytes of all elements before the pixels; those of 10,000 frames with descriptions of their own have some 20 MB.
_LONGEST_ELEMENTS = 64 << 20


class DeflatedAhead(Exception):
    """All that follows in the file is one deflate stream (transfer syntax "Deflated Explicit VR Little Endian")."""


class BoundedReader(io.BufferedReader):
    """A file that allocates no more than it holds, however long a damaged element says that it is."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes.

        Raises:
            DeflatedAhead: all is asked for, as pydicom does in one case alone: to unpack it without a bound.
        """
        if size is None or size < 0:
            raise DeflatedAhead
        if size > _LARGE_READ:
            size = min(size, max(0, size_of(self) - self.tell()))
        return super().read(size)


class Inflated(io.BytesIO):
    """What a deflate stream unpacks to: at first as much as a header may take, then what the header promises.

    Args:
        packed: a file that stands at the stream.
        name: the file's, for messages.

    Raises:
        UnsupportedImageError: the stream is damaged, or cut off within the header.
    """

    def __init__(self, packed: BinaryIO, name: str) -> None:
        super().__init__()
        self._pieces, self._name = unpacked(packed, name, raw=True), name
        self._unpack(_LONGEST_ELEMENTS)
        self.seek(0)

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes; as of `BoundedReader`, never all: a stream may hold a stream."""
        if size is None or size < 0:
            raise DeflatedAhead
        return super().read(size)

    def unpack_rest(self, promised: int) -> None:
        """Unpack the rest.

        Args:
            promised: bytes of the pixels, whose element begins where the file stands.

        Raises:
            UnsupportedImageError: the stream is damaged, cut off, or holds far more than that.
        """
        place = self.tell()
        self._unpack(place + promised + MOST_EXTRA)
        if size_of(self) > place + promised + MOST_EXTRA:
            raise too_much(self._name, promised)

    def _unpack(self, most: int) -> None:
        """Go on to the end of the stream, or until there are more than `most` bytes."""
        self.seek(0, os.SEEK_END)
        while self.tell() <= most and (piece := next(self._pieces, b"")):
            self.write(piece)


def size_of(file: BinaryIO) -> int:
    """The bytes of a file, which stays at its place."""
    place = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(place)
    return size
