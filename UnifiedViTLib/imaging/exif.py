"""How a photograph is to be turned before it is shown: the orientation in its EXIF data, which ITK does not look at."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from ..errors import UnsupportedImageError

#: The tag, and the value of a picture that is stored as it is to be shown.
_ORIENTATION, _UPRIGHT = 0x0112, 1
#: What the other values ask for.
_TURNS = {2: "mirrored", 3: "turned by 180 degrees", 4: "mirrored top to bottom", 5: "turned and mirrored",
          6: "turned by 90 degrees", 7: "turned and mirrored", 8: "turned by 90 degrees"}
#: EXIF data lie near the begin of a file.
_SEARCHED = 1 << 20


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
        value = _orientation(_exif(file.read(_SEARCHED)))
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


def _exif(data: bytes) -> bytes:
    """The EXIF data of a picture, which have the structure of a TIFF; b"" for none."""
    if data[:4] in (b"II*\0", b"MM\0*"):
        return data
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        at = 8
        while at + 8 <= len(data):
            length = int.from_bytes(data[at : at + 4], "big")
            if data[at + 4 : at + 8] == b"eXIf":
                return data[at + 8 : at + 8 + length]
            at += 12 + length
    elif data[:2] == b"\xff\xd8":
        at = 2
        while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:  # up to the scan
            length = int.from_bytes(data[at + 2 : at + 4], "big")
            if data[at + 1] == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
                return data[at + 10 : at + 2 + length]
            at += 2 + max(2, length)
    return b""


def _orientation(tiff: bytes) -> int:
    """Of the first directory of a TIFF structure; upright where it says nothing that can be read."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return _UPRIGHT
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for n in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * n)
            if (tag, kind) == (_ORIENTATION, 3):
                return value
    except struct.error:
        pass
    return _UPRIGHT
