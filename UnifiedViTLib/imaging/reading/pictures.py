"""PNG, JPEG and BMP: the header is read here, the pixels by ITK. Pictures tell nothing of a patient."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import SimpleITK as sitk

from ...errors import UnsupportedImageError
from ..geometry import MOST_ELONGATED, NOTHING_KNOWN, SPACING_MM
from ..volume import Volume
from .images import read_with_itk, to_volume, whole_pixels
from .limits import check_counts, check_packed, check_there, check_unpacked, damaged
from .names import stem

#: Channels of a PNG by the code of its colours.
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
#: Where the seven passes of an interlaced PNG begin, and their steps: x, y, dx, dy.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
#: JPEG's markers of frames, without those for tables.
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
#: The mark of the end, which lies in the last bytes: some cameras write more after it.
_JPEG_END, _JPEG_TAIL = b"\xff\xd9", 4096
#: Segments before the size; colour profiles take dozens.
_JPEG_SEGMENTS = 10_000


def read_png(path: Path) -> Volume:
    """Read a PNG; not checked yet. Errors as of `read`."""
    name, there = path.name, path.stat().st_size
    packed: list[tuple[int, int]] = []
    place, header = 8, None
    with open(path, "rb") as file:
        while True:
            file.seek(place)
            head = file.read(8)
            check_there(name, place + 12, there)
            length, chunk = struct.unpack(">I4s", head)
            check_there(name, place + 12 + length, there)
            if header is None:
                if chunk != b"IHDR" or length != 13:
                    raise damaged(name, "it does not begin with its size")
                header = struct.unpack(">IIBBBBB", file.read(13))
            if chunk == b"acTL" and int.from_bytes(file.read(4), "big") > 1:  # ITK reads the first picture alone
                raise UnsupportedImageError(f"{name} is a film of several pictures. Save the one to look at by itself.")
            if chunk == b"IDAT":
                packed.append((place + 8, length))
            if chunk == b"IEND":
                break
            place += 12 + length
        width, height, bits, colours, _, _, interlaced = header
        if colours not in _PNG_CHANNELS or bits not in (1, 2, 4, 8, 16):
            raise damaged(name, f"its header says {bits} bits of colours {colours}")
        check_counts(name, (width, height), -(-bits * _PNG_CHANNELS[colours] // 8))
        passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
        parts = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in passes]
        promised = sum(rows * (1 + -(-columns * bits * _PNG_CHANNELS[colours] // 8))
                       for columns, rows in parts if columns > 0 and rows > 0)
        check_packed(name, promised, sum(length for _, length in packed))

        def pieces() -> Iterator[bytes]:
            stream = zlib.decompressobj()
            try:
                for start, length in packed:
                    file.seek(start)
                    rest = file.read(length)
                    while rest:
                        yield stream.decompress(rest, 1 << 20)
                        rest = stream.unconsumed_tail
            except zlib.error as error:
                raise damaged(name, str(error)) from error

        check_unpacked(name, promised, pieces())
    return picture(path, "PNGImageIO", (width, height))


def read_jpeg(path: Path) -> Volume:
    """Read a JPEG; not checked yet. Errors as of `read`."""
    name, there = path.name, path.stat().st_size
    with open(path, "rb") as file:
        height, width, channels = _jpeg_frame(file, name, there)
        file.seek(max(0, there - _JPEG_TAIL))
        ended = _JPEG_END in file.read()
    if channels not in (1, 3):
        raise UnsupportedImageError(
            f"{name} has {channels} colours, as pictures for print have. Convert it to plain grey and run again."
        )
    check_counts(name, (width, height), channels)
    if not ended:
        raise UnsupportedImageError(f"{name} is cut off before its end. Export or download it again.")
    with whole_pixels(name):
        return picture(path, "JPEGImageIO", (width, height))


def _jpeg_frame(file: BinaryIO, name: str, there: int) -> tuple[int, int, int]:
    """Height, width and number of colours."""
    place = 2
    for _ in range(_JPEG_SEGMENTS):
        file.seek(place)
        head = file.read(10)
        check_there(name, place + 10, there)
        mark, marker = head[0], head[1]
        if mark != 0xFF or marker in (0xD9, 0xDA):
            break
        if marker == 0xFF:  # filling
            place += 1
        elif marker in _JPEG_FRAMES:
            return struct.unpack(">HHB", head[5:10])
        else:
            place += 2 + int.from_bytes(head[2:4], "big")
    raise damaged(name, "it does not tell its size")


def read_bmp(path: Path) -> Volume:
    """Read a BMP; not checked yet. Errors as of `read`."""
    name, there = path.name, path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(54)
    check_there(name, 54, len(head))
    begin, header, width, height = struct.unpack_from("<IIii", head, 10)
    bits, packing = struct.unpack_from("<HI", head, 28)
    if header < 40 or begin < 54 or width < 1 or height in (0, -(2**31)) or bits not in (1, 4, 8, 16, 24, 32):
        raise damaged(name, f"its header says {width} x {height} pixels of {bits} bits")
    if packing not in (0, 3):
        raise UnsupportedImageError(f"{name} is a packed BMP, which cannot be read. Save it as PNG and run again.")
    check_counts(name, (width, abs(height)), -(-bits // 8))
    check_there(name, begin + 4 * -(-width * bits // 32) * abs(height), there)
    return picture(path, "BMPImageIO", (width, abs(height)))


def picture(path: Path, reader: str, counts: tuple[int, ...]) -> Volume:
    """The pixels of a picture, or of a stack of them, whose header was found sound.

    Its resolution is meant for screens and printers; it counts only for the shape of pixels, and not if it cannot be.

    Args:
        path: of the file.
        reader: SimpleITK's name of what reads it.
        counts: pixels along each axis, by its header.
    """
    image = read_with_itk(path, reader, counts)
    spacing = image.GetSpacing()
    least, most = SPACING_MM
    if not all(least <= length <= most for length in spacing) or max(spacing[:2]) > MOST_ELONGATED * min(spacing[:2]):
        image.SetSpacing([1.0] * image.GetDimension())
    image.SetDirection(sitk.Image([1] * image.GetDimension(), sitk.sitkUInt8).GetDirection())
    return to_volume(image, stem(path), geometry=NOTHING_KNOWN)
