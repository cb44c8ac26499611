"""What a file's header may promise, and whether the file holds it: arithmetic before anything is allocated."""

from __future__ import annotations

import math
import os
import stat
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ...errors import UnsupportedImageError

#: Voxels of an image: 1024 x 1024 x 2048, twice the longest CT of a whole body in fine slices.
MOST_VOXELS = 2**31
#: Voxels along an axis: the most that NIfTI-1 can say; resampling takes memory by the longest side.
LONGEST_SIDE = 2**15 - 1
#: What is made of an image takes about so many bytes a voxel beside the image itself, whatever its type: measured with
#: volumes and radiographs of 8, 16 and 32 bits.
WORKING_BYTES = 16
#: Deflate packs at most so many bytes into one (zlib's documentation); what promises more was cut or is made up.
DEFLATE_RATIO = 1032
#: Bytes of a text header; those of segmentations with many tags have some thousands.
LONGEST_HEADER = 4 << 20
#: Names the most bytes of voxels that an image may have in this process; set where others send the images.
MOST_BYTES_VARIABLE = "UNIFIEDVIT_MOST_IMAGE_BYTES"
#: Bytes that may follow the voxels in a packed file: padding, or a trailer.
MOST_EXTRA = 16 << 20
_PIECE = 1 << 20


def check_counts(name: str, counts: Sequence[int], voxel_bytes: int) -> int:
    """The bytes of so many voxels.

    Args:
        name: the file's.
        counts: voxels along each axis, as the header says.
        voxel_bytes: of one voxel with all its components.

    Raises:
        UnsupportedImageError: no image has so many, or none along an axis; or this computer has not the memory, or
            takes no image of this size.
    """
    if any(count < 1 for count in counts):
        raise damaged(name, f"its header says {_sizes(counts)} voxels")
    voxels = math.prod(counts)
    if max(counts) > LONGEST_SIDE or voxels > MOST_VOXELS:
        raise UnsupportedImageError(
            f"{name} says that it holds {_sizes(counts)} voxels: more than any scan has. The header is damaged, or the "
            "image must be cropped or made coarser first."
        )
    most = most_bytes()
    if most and voxels * voxel_bytes > most:
        raise UnsupportedImageError(
            f"{name} says that it holds {_sizes(counts)} voxels ({voxels * voxel_bytes / 1e6:,.0f} MB), more than is "
            f"taken here ({most / 1e6:,.0f} MB). Crop it or make it coarser first."
        )
    # Components and layers, as segments have, are read with the others, but looked at one by one.
    memory, needed = _memory(), voxels * voxel_bytes + math.prod(sorted(counts)[-3:]) * WORKING_BYTES
    if memory and needed > memory:
        raise UnsupportedImageError(
            f"{name} says that it holds {_sizes(counts)} voxels, which take {needed / 1e9:.0f} GB to be looked at: too "
            f"many for the memory of this computer ({memory / 1e9:.0f} GB). Crop it or make it coarser first."
        )
    return voxels * voxel_bytes


def most_bytes() -> int:
    """The most bytes of voxels that an image may have in this process; 0 for any number."""
    return int(os.environ.get(MOST_BYTES_VARIABLE) or 0)


def is_from_others() -> bool:
    """Whether others send the images to this process, as to a server's worker."""
    return MOST_BYTES_VARIABLE in os.environ


def check_regular(file: Path, of: str) -> int:
    """The size in bytes of a file with voxels that the header `of` names; never opened where that may wait for ever.

    Raises:
        UnsupportedImageError: it is not there, or is no file.
    """
    try:
        status = file.stat()
    except (OSError, ValueError) as error:
        raise UnsupportedImageError(
            f"{of} cannot be read: it is a header whose voxels are in {file.name}, which is not there. "
            "Put the two files into one folder."
        ) from error
    if not stat.S_ISREG(status.st_mode):
        raise UnsupportedImageError(
            f"{of} names {file.name} as the file of its voxels, which is no file. Export the image again."
        )
    return status.st_size


def check_there(name: str, promised: int, there: int) -> None:
    """Raise an UnsupportedImageError where fewer bytes are there than promised.

    Args:
        name: of the file, for messages.
        promised: bytes by its header.
        there: bytes that there are.
    """
    if there < promised:
        raise UnsupportedImageError(
            f"{name} is cut off before its end: its header promises {promised:,} bytes of voxels, {max(0, there):,} "
            "are there. Export or download it again."
        )


def surplus_note(name: str, surplus: int) -> tuple[str, ...]:
    """A note where a file of voxels holds more bytes than its header promises: the header may be another image's.

    Args:
        name: of the file.
        surplus: bytes beyond those that are promised; less than one for none.
    """
    return () if surplus < 1 else (
        f"{name} holds {surplus:,} bytes more than its header promises: its first voxels were read. Check that the "
        "header is that of this image, and that nothing comes before the voxels.",)


def check_packed(name: str, promised: int, packed: int) -> None:
    """The same for `packed` bytes of a deflate stream, by the most that these can hold.

    Args:
        name: of the file, for messages.
        promised: bytes by its header.
        packed: bytes of the stream.
    """
    check_there(name, promised, packed * DEFLATE_RATIO)


def unpacked(file: BinaryIO, name: str, most: int | None = None, raw: bool = False) -> Iterator[bytes]:
    """Pieces of the zlib or gzip stream (also several gzip members) from where `file` stands, at most 1 MB at a time.

    Args:
        file: open for reading.
        name: the file's, for messages.
        most: bytes of the packed stream; None: to the end of the file.
        raw: whether it is a deflate stream without a head.

    Raises:
        UnsupportedImageError: the stream is damaged, or ends early.
    """
    left = math.inf if most is None else most
    stream, rest = zlib.decompressobj(-15 if raw else 47), b""  # 47: zlib's and gzip's head are told apart
    try:
        while True:
            if not rest:
                rest = file.read(int(min(_PIECE, left)))
                left -= len(rest)
                if not rest:
                    raise UnsupportedImageError(
                        f"{name} is cut off before its end: its packed voxels are incomplete. "
                        "Export or download it again."
                    )
            piece = stream.decompress(rest, _PIECE)
            rest = stream.unconsumed_tail
            if piece:
                yield piece
            if stream.eof:
                rest = stream.unused_data or file.read(int(min(_PIECE, left)))
                if rest[:2] != b"\x1f\x8b":
                    return  # padding is not the stream's
                stream = zlib.decompressobj(47)
    except zlib.error as error:
        raise damaged(name, str(error)) from error


def check_unpacked(name: str, promised: int, pieces: Iterator[bytes]) -> None:
    """Raise an UnsupportedImageError unless `pieces` are as many bytes as promised, or hardly more.

    Args:
        name: of the file, for messages.
        promised: bytes by its header.
        pieces: what the stream unpacks to; read to its end.
    """
    count = 0
    for piece in pieces:
        count += len(piece)
        if count > promised + MOST_EXTRA:
            raise too_much(name, promised)
    check_there(name, promised, count)


def fill(target: memoryview, pieces: Iterator[bytes], skip: int, name: str) -> int:
    """Fill `target` with `pieces` from byte `skip` on; errors as of `check_unpacked`. How many bytes were left over.

    Args:
        target: bytes to be filled to the last.
        pieces: what a stream unpacks to.
        skip: bytes of it before those that are wanted.
        name: of the file, for messages.
    """
    promised, place = skip + len(target), 0
    for piece in pieces:
        start, stop = max(place, skip), min(place + len(piece), promised)
        if start < stop:
            target[start - skip:stop - skip] = piece[start - place:stop - place]
        place += len(piece)
        if place > promised + MOST_EXTRA:
            raise too_much(name, promised)
    check_there(name, promised, place)
    return place - promised


def too_much(name: str, promised: int) -> UnsupportedImageError:
    """For a packed file that goes on far beyond its voxels."""
    return damaged(name, f"it unpacks to far more than the {promised:,} bytes that its header promises")


def damaged(name: str, reason: str) -> UnsupportedImageError:
    """For a file that is of the right kind, but not whole."""
    return UnsupportedImageError(
        f"{name} cannot be read: it is damaged or incomplete. Export or download it again. [{reason}]"
    )


def _sizes(counts: Sequence[int]) -> str:
    return " x ".join(str(count) for count in counts)


def _memory() -> int:
    """Of this computer in bytes; 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0
