"""How a photograph is to be turned before it is shown: the orientation in its EXIF data, which ITK does not look at."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import UnsupportedImageError

#: The tag, and the value of a picture that is stored as it is to be shown.
_ORIENTATION, _UPRIGHT = 0x0112, 1
#: What the other values ask for.
_TURNS = {2: "mirrored", 3: "turned by 180 degrees", 4: "mirrored top to bottom", 5: "turned and mirrored",
          6: "turned by 90 degrees", 7: "turned and mirrored", 8: "turned by 90 degrees"}
#: Types of a number that the orientation is stored as: BYTE, SHORT (the standard's) and LONG.
_NUMBERS = {1: "B", 3: "H", 4: "I"}
#: What Adobe's programs write beside EXIF, or in its place.
_XMP = re.compile(rb"tiff:Orientation(?:\s*=\s*[\"']|>)\s*([1-8])\b")
_EXIF_MARK, _XMP_MARK = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
#: More of a TIFF, or of a text, is not looked through; the reader of TIFF looks at all of it itself.
_SEARCHED = 1 << 20
#: Chunks of a PNG of gigabytes; what has more of them is made to keep a reader busy.
_MOST_CHUNKS = 1 << 18


def check_upright(path: Path) -> None:
    """Return if a JPEG, PNG or TIFF shows as it is stored.

    Viewers turn a picture as its EXIF data ask, image libraries do not: a mask drawn on the one would lie elsewhere on
    the other.

    Raises:
        UnsupportedImageError: it is to be turned or mirrored.
        OSError: it cannot be read.
    """
    turn = _TURNS.get(orientation(path))
    if turn:
        raise UnsupportedImageError(
            f"{path.name} is stored to be {turn} when it is shown (its EXIF orientation), so that a mask would not lie "
            "where it is seen. Save it upright, without EXIF data, and run again."
        )


def orientation(path: Path) -> int:
    """How a JPEG, PNG or TIFF asks to be turned: EXIF's number, 1 (as it is stored) to 8; others count as 1.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        exif, xmp = _said(file)
    said = _XMP.search(xmp)
    value = _orientation(exif) or (int(said[1]) if said else _UPRIGHT)
    return value if value in _TURNS else _UPRIGHT


def upright(pixels: np.ndarray, value: int) -> np.ndarray:
    """Pixels as they are to be shown.

    Args:
        pixels: (..., rows, columns) as stored.
        value: of `orientation`. 5 to 8 exchange rows and columns.
    """
    if value in (5, 6, 7, 8):
        pixels = pixels.swapaxes(-2, -1)
    if value in (3, 4, 7, 8):
        pixels = pixels[..., ::-1, :]
    if value in (2, 3, 6, 7):
        pixels = pixels[..., ::-1]
    return np.ascontiguousarray(pixels)


def _said(file: BinaryIO) -> tuple[bytes, bytes]:
    """The EXIF data of a picture, which have the structure of a TIFF, and its XMP; b"" for none."""
    begin = file.read(8)
    if begin[:4] in (b"II*\0", b"MM\0*"):
        return begin + file.read(_SEARCHED), b""
    exif = xmp = b""
    is_png, is_jpeg = begin == b"\x89PNG\r\n\x1a\n", begin[:2] == b"\xff\xd8"
    for kind, content in _chunks(file) if is_png else _segments(file) if is_jpeg else ():
        if kind == b"eXIf" or content.startswith(_EXIF_MARK):
            exif = exif or content.removeprefix(_EXIF_MARK)
        elif content.startswith((_XMP_MARK, b"XML:com.adobe.xmp")):
            xmp = content
    return exif, xmp


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """What a PNG says beside its pixels, before or after them."""
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if len(head) < 8 or not kind.isalpha():
            return
        if kind in (b"eXIf", b"iTXt"):
            yield kind, file.read(min(length, _SEARCHED))
            length -= min(length, _SEARCHED)
        file.seek(length + 4, 1)


def _segments(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """The application segments of a JPEG, up to its first scan."""
    file.seek(2)
    while file.read(1) == b"\xff":
        while (kind := file.read(1)) == b"\xff":
            pass  # fill bytes, of which any number may stand before a marker
        length = int.from_bytes(file.read(2), "big")
        if kind in (b"", b"\xda", b"\xd9") or length < 2:
            return
        content = file.read(length - 2)
        if kind == b"\xe1":
            yield kind, content


def _orientation(tiff: bytes) -> int:
    """Of the first directory of a TIFF structure; 0 where it says nothing that can be read."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 0
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for n in range(count):
            place = first + 2 + 12 * n
            tag, kind = struct.unpack_from(f"{order}HH", tiff, place)
            if tag == _ORIENTATION and kind in _NUMBERS:
                return struct.unpack_from(order + _NUMBERS[kind], tiff, place + 8)[0]
    except struct.error:
        pass
    return 0
