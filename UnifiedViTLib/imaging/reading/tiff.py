"""TIFF: one page or a stack of them; the directories are read here, the pixels by ITK."""

from __future__ import annotations

import math
import re
import struct
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ...errors import UnsupportedImageError
from ..volume import Volume
from .images import whole_pixels
from .limits import LONGEST_SIDE, check_counts, check_there, damaged
from .pictures import picture

#: Tags that are looked at.
_REDUCED, _WIDTH, _HEIGHT, _BITS, _PACKING, _PHOTOMETRIC, _DESCRIPTION = 254, 256, 257, 258, 259, 262, 270
_ORIENTATION, _SAMPLES, _PLANAR, _FORMAT = 274, 277, 284, 339
_PLACES = ((273, 279), (324, 325))
_TAGS = {_REDUCED, _WIDTH, _HEIGHT, _BITS, _PACKING, _PHOTOMETRIC, _DESCRIPTION, _ORIENTATION, _SAMPLES, _PLANAR,
         _FORMAT, *_PLACES[0], *_PLACES[1]}
#: Those that say how pixels are to be understood, which all pages must agree in; and what stands where they do not.
_KIND = {_BITS: 1, _SAMPLES: 1, _PHOTOMETRIC: 1, _PLANAR: 1, _FORMAT: 1, _ORIENTATION: 1}
_WHITE_IS_ZERO, _FLOATING = 0, 3
#: The way of packing that is none.
_NOT_PACKED = 1
#: Struct codes of the types of values that these tags have.
_TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
#: How many channels, time points and slices ImageJ and OME say there are.
_AXES = {axis: re.compile(rb"^%b=(\d+)|<Pixels\b[^>]*\bSize%b=[\"'](\d+)" % names, re.MULTILINE)
         for axis, names in (("channels", (b"channels", b"C")), ("time points", (b"frames", b"T")),
                             ("slices", (b"slices", b"Z")))}
#: How many pictures ImageJ says there are, and the shape that tifffile does.
_IMAGES, _SHAPE = re.compile(rb"^images=(\d+)", re.MULTILINE), re.compile(rb'^{"shape": \[([\d, ]+)\]')
#: Bits of a sample that ITK knows.
_DEPTHS = (1, 2, 4, 8, 16, 32, 64)
#: Entries of a directory; the standard's own tags are fewer than 100.
_MOST_ENTRIES = 4096


@dataclass(frozen=True)
class _Layout:
    """Byte order, and the sizes that differ between TIFF and BigTIFF."""

    order: str
    big: bool

    def values(self, form: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(self.order + form, data)


def read_tiff(path: Path) -> Volume:
    """Read a TIFF; not checked yet. Errors as of `read`."""
    name, file_bytes = path.name, path.stat().st_size
    with open(path, "rb") as file:
        pages = _pages(file, name, file_bytes)
    full = [page for page in pages if not page.get(_REDUCED, [0])[0] & 1] or pages
    sizes = {(page[_WIDTH][0], page[_HEIGHT][0]) for page in full}
    if len(sizes) > 1:
        raise UnsupportedImageError(
            f"{name} holds {len(full)} pictures of different size. Save the one to look at as a file of its own."
        )
    width, height = sizes.pop()
    bits, samples = full[0].get(_BITS, [1])[0], full[0].get(_SAMPLES, [1])[0]
    check_counts(name, (width, height, len(full)), max(1, bits * samples // 8))
    for page in full:
        _check_page(page, name, file_bytes)
    _check_kind(full, name)
    _check_one_page(full, name, file_bytes)
    with whole_pixels(name) if any(_packing(page) != _NOT_PACKED for page in full) else nullcontext():
        image = picture(path, "TIFFImageIO", (width, height, len(full)))
    notes, array = _check_axes(full, name), image.array
    exchanged = full[0].get(_PHOTOMETRIC, [1])[0] == _WHITE_IS_ZERO
    if exchanged and bits >= 8 and not _is_tiled(full[0]):  # where ITK makes colours of the pixels, it does this itself
        notes.append("The image is stored with black and white exchanged (WhiteIsZero) and was turned around.")
        array = np.bitwise_not(array)  # the largest value minus each; -1 minus each of signed ones
    return replace(image, array=array, notes=(*image.notes, *notes))


def _packing(page: dict[int, list[int]]) -> int:
    return (page.get(_PACKING) or [_NOT_PACKED])[0]


def _is_tiled(page: dict[int, list[int]]) -> bool:
    return bool(page.get(_PLACES[1][0]))


def _check_one_page(pages: list[dict[int, list[int]]], name: str, file_bytes: int) -> None:
    """Raise an UnsupportedImageError for a stack of which the first page alone has a directory: so ImageJ writes large
    ones, and tifffile those that it truncates; other programs see one slice."""
    page, text = pages[0], bytes(pages[0].get(_DESCRIPTION, []))
    of_one = page[_WIDTH][0] * page[_HEIGHT][0] * page.get(_SAMPLES, [1])[0]
    images, shape = _IMAGES.search(text), _SHAPE.match(text)
    count = int(images[1]) if images else math.prod(map(int, shape[1].split(b","))) // of_one if shape else 1
    if len(pages) == 1 < count and file_bytes >= count * of_one * page.get(_BITS, [1])[0] // 8:
        raise UnsupportedImageError(
            f"{name} holds {count} pictures by its description, of which it lists one alone. Open it in the program "
            "that wrote it (ImageJ, tifffile) and save it as NRRD, or as a TIFF that others can read, and run again."
        )


def _check_axes(pages: list[dict[int, list[int]]], name: str) -> list[str]:
    """Raise an UnsupportedImageError for pages along several axes by ImageJ's or OME's description; a note where their
    one axis is another than that of slices, as programs call it that were told nothing of it."""
    text = bytes(pages[0].get(_DESCRIPTION, []))
    counts = {axis: max([int(a or b) for a, b in pattern.findall(text)], default=1) for axis, pattern in _AXES.items()}
    longer = [axis for axis, count in counts.items() if count > 1] if len(pages) > 1 else []
    if len(longer) > 1:
        raise UnsupportedImageError(
            f"{name} holds {', '.join(f'{counts[axis]} {axis}' for axis in longer)} by its description, not one "
            "volume. Save one of them as a file of its own."
        )
    if longer in ([], ["slices"]):
        return []
    return [f"The file calls its pages {longer[0]}; they were taken for the slices of one volume."]


def _check_kind(pages: list[dict[int, list[int]]], name: str) -> None:
    """Raise an UnsupportedImageError for pixels that ITK reads as others: it takes those that it does not know for
    colours of eight bits, all pages for what the first is, and every page for a slice."""
    kinds = {tuple(tuple(page.get(tag) or [missing]) for tag, missing in _KIND.items()) for page in pages}
    if len(kinds) > 1:
        raise UnsupportedImageError(
            f"{name} holds {len(pages)} pages of different kinds (depth, type, colours or orientation). Save the one "
            "to look at as a file of its own."
        )
    first = {tag: (pages[0].get(tag) or [missing])[0] for tag, missing in _KIND.items()}
    bits, samples, tiled = first[_BITS], first[_SAMPLES], _is_tiled(pages[0])
    if first[_ORIENTATION] != 1:
        raise UnsupportedImageError(
            f"{name} is stored to be turned or mirrored when it is shown (its EXIF orientation). Save it upright and "
            "run again."
        )
    colours = samples in (3, 4)
    whole = first[_FORMAT] != _FLOATING or (bits == 32 and first[_PHOTOMETRIC] != _WHITE_IS_ZERO)
    eight_bits_only = tiled or (colours and first[_PLANAR] != 1)
    known = bits in _DEPTHS and not (tiled and len(pages) > 1)
    if not (colours or samples == 1) or not whole or not known or (eight_bits_only and bits > 8):
        raise UnsupportedImageError(
            f"{name} holds a kind of pixel that cannot be read ({samples} x {bits} bits"
            f"{' of floating point' if first[_FORMAT] == _FLOATING else ''}{', in tiles' if tiled else ''}). Save it "
            "as plain grey in strips, with 8 or 16 bits or 32-bit floats, and run again."
        )


def _pages(file: BinaryIO, name: str, file_bytes: int) -> list[dict[int, list[int]]]:
    """The tags of every directory."""
    head = _read(file, 0, 16, name, file_bytes) if file_bytes >= 16 else _read(file, 0, 8, name, file_bytes)
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack(order + "H", head[2:4])[0] == 43
    layout = _Layout(order, big)
    place = layout.values("Q", head[8:16])[0] if big and len(head) == 16 else layout.values("I", head[4:8])[0]
    pages: list[dict[int, list[int]]] = []
    seen: set[int] = set()
    while place:
        if place in seen or len(pages) >= LONGEST_SIDE:
            raise damaged(name, "its pages go round in a circle")
        seen.add(place)
        tags, place = _directory(file, place, layout, name, file_bytes)
        if not (tags.keys() >= {_WIDTH, _HEIGHT} and tags[_WIDTH] and tags[_HEIGHT]):
            raise damaged(name, "a page does not tell its size")
        pages.append(tags)
    if not pages:
        raise damaged(name, "it holds no page")
    return pages


def _directory(file: BinaryIO, place: int, layout: _Layout, name: str, file_bytes: int
               ) -> tuple[dict[int, list[int]], int]:
    """The tags of a directory, and where the next one is; 0 after the last."""
    counter, entry, link = (8, 20, 8) if layout.big else (2, 12, 4)
    count = layout.values("Q" if layout.big else "H", _read(file, place, counter, name, file_bytes))[0]
    if not 0 < count <= _MOST_ENTRIES:
        raise damaged(name, f"a page has {count} tags")
    data = _read(file, place + counter, count * entry + link, name, file_bytes)
    tags: dict[int, list[int]] = {}
    for start in range(0, count * entry, entry):
        tag, kind = layout.values("HH", data[start:start + 4])
        if tag not in _TAGS or kind not in _TYPES:
            continue
        number = layout.values("Q" if layout.big else "I", data[start + 4:start + entry - link])[0]
        form = _TYPES[kind]
        length = number * struct.calcsize("<" + form)
        value = data[start + entry - link:start + entry]
        if length > link:
            value = _read(file, layout.values("Q" if layout.big else "I", value)[0], length, name, file_bytes)
        tags[tag] = list(layout.values(f"{number}{form}", value[:length]))
    return tags, layout.values("Q" if layout.big else "I", data[-link:])[0]


def _check_page(page: dict[int, list[int]], name: str, file_bytes: int) -> None:
    """Raise an UnsupportedImageError where the file ends before the pixels of a page do."""
    offsets, lengths = next(((page[a], page[b]) for a, b in _PLACES if a in page and b in page), ([], []))
    if not offsets or len(offsets) != len(lengths):
        raise damaged(name, "a page does not tell where its pixels are")
    check_there(name, max(place + length for place, length in zip(offsets, lengths, strict=True)), file_bytes)
    bits, samples = page.get(_BITS, [1])[0], page.get(_SAMPLES, [1])[0]
    if _packing(page) == _NOT_PACKED:
        check_there(name, page[_WIDTH][0] * bits * samples // 8 * page[_HEIGHT][0], sum(lengths))


def _read(file: BinaryIO, place: int, count: int, name: str, file_bytes: int) -> bytes:
    check_there(name, place + count, file_bytes)
    file.seek(place)
    return file.read(count)
