"""NRRD, attached (.nrrd) or with the voxels in other files (.nhdr): the header is read here, the voxels by ITK."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ...errors import UnsupportedImageError
from ..geometry import GIVEN, UNKNOWN, GeometrySource
from ..volume import Volume
from .images import read_with_itk, to_volume
from .limits import (
    LONGEST_HEADER,
    check_counts,
    check_packed,
    check_there,
    check_unpacked,
    damaged,
    surplus_note,
    unpacked,
)
from .names import stem
from .text_headers import (
    UNIT_MM,
    finite_numbers,
    header_text,
    named_files,
    numbered_files,
    real_numbers,
    scaled,
    whole_numbers,
)

#: By the names that the format's definition has for types.
_DTYPES = {
    name: np.dtype(code) for code, names in (
        ("i1", "signed char, int8, int8_t"), ("u1", "uchar, unsigned char, uint8, uint8_t"),
        ("i2", "short, short int, signed short, signed short int, int16, int16_t"),
        ("u2", "ushort, unsigned short, unsigned short int, uint16, uint16_t"),
        ("i4", "int, signed int, int32, int32_t"), ("u4", "uint, unsigned int, uint32, uint32_t"),
        ("i8", "longlong, long long, long long int, signed long long, signed long long int, int64, int64_t"),
        ("u8", "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t"),
        ("f4", "float"), ("f8", "double"),
    ) for name in names.split(", ")
}
#: Numbers as text, for integers and for floating point.
_WHOLE = re.compile(rb"[+-]?\d{1,20}")
_REAL = re.compile(rb"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|nan|inf)", re.IGNORECASE)
#: Spaces whose axes are the patient's, and which ITK turns to its own. 4-D ones end with time.
_ANATOMICAL = {"right-anterior-superior", "ras", "left-anterior-superior", "las", "left-posterior-superior", "lps",
               "right-anterior-superior-time", "rast", "left-anterior-superior-time", "last",
               "left-posterior-superior-time", "lpst"}
#: What Slicer says of a segment in the header.
_SEGMENT = re.compile(r"^Segment(\d+)_(Name|LabelValue):=(.*?)\r?$", re.MULTILINE)
#: Fields of the format's definition; and those that may be of any length.
_FIELDS = {
    "number", "type", "block size", "blocksize", "dimension", "space", "space dimension", "sizes", "spacings",
    "thicknesses", "axis mins", "axismins", "axis maxs", "axismaxs", "space directions", "centers", "centerings",
    "kinds", "labels", "units", "min", "max", "old min", "oldmin", "old max", "oldmax", "endian", "encoding",
    "line skip", "lineskip", "byte skip", "byteskip", "sample units", "sampleunits", "space units", "space origin",
    "measurement frame",
}
_LONG_FIELDS = {"content", "data file", "datafile"}
#: Bytes of a line with such a field, and of one that is none. What ITK quotes of a longer one ends the process.
_LONGEST_LINE, _LONGEST_OTHER_LINE = 800, 500
_RAW, _GZIP, _BZIP2, _TEXT, _HEX = ("raw",), ("gz", "gzip"), ("bz2", "bzip2"), ("txt", "text", "ascii"), ("hex",)


def read_nrrd(path: Path) -> Volume:
    """Read an NRRD file; not checked yet.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    image, geometry, scale, notes = _read_image(path)
    return scaled(to_volume(image, stem(path), notes, geometry=geometry), scale)


def read_nrrd_layers(path: Path) -> tuple[list[Volume], dict[str, str]]:
    """Read a segmentation as Slicer saves it; not checked yet.

    Returns:
        its layers, one unless segments overlap, all on one grid; and the keys and values of its header.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    image, geometry, scale, notes = _read_image(path)
    keys = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    count = image.GetNumberOfComponentsPerPixel()
    layers = [image] if count == 1 else [sitk.VectorIndexSelectionCast(image, layer) for layer in range(count)]
    return [scaled(to_volume(layer, stem(path), notes, geometry=geometry), scale) for layer in layers], keys


def read_segment_names(path: Path) -> dict[int, str]:
    """The names of segments by their labels, as Slicer saves them; the voxels are not read.

    Raises:
        UnsupportedImageError: the header is no text.
    """
    with open(path, "rb") as file:
        begin = file.read(LONGEST_HEADER)
    end = re.search(rb"\r?\n\r?\n", begin)
    segments: dict[str, dict[str, str]] = {}
    for number, key, text in _SEGMENT.findall(header_text(path.name, begin[:end.start() if end else None])):
        segments.setdefault(number, {})[key] = text.strip()
    return {int(one["LabelValue"]): one["Name"] for one in segments.values()
            if "Name" in one and one.get("LabelValue", "").isdecimal()}


def voxel_files(path: Path) -> list[Path]:
    """The files that hold the voxels of an NRRD, the header's own where they are attached.

    Raises:
        UnsupportedImageError: the header cannot be read, or a file is not there.
    """
    fields, names, _ = _header(path)
    return [file for file, _ in _data_files(path, fields, names)]


def _read_image(path: Path) -> tuple[sitk.Image, GeometrySource, np.ndarray | None, tuple[str, ...]]:
    """The image of a file that was found sound; and, as of `_geometry`, what is known of where it lies."""
    fields, files, begin = _header(path)
    name = path.name
    dimension = whole_numbers(name, "dimension", fields.get("dimension", ""), 1)[0]
    if not 1 <= dimension <= 16:
        raise damaged(name, f"its header says {dimension} dimensions")
    sizes = whole_numbers(name, "sizes", fields.get("sizes", ""), dimension)
    kind = fields.get("type", "").lower()
    if kind not in _DTYPES:
        raise UnsupportedImageError(
            f"{name} holds a kind of voxel that cannot be read ({kind or 'no type is given'}). Convert it to 16-bit "
            "integers or 32-bit floats and run again."
        )
    promised = check_counts(name, sizes, _DTYPES[kind].itemsize)
    surplus = _check_data(path, fields, files, begin, promised, kind)
    domain = _domain(name, fields, sizes)
    geometry, scale, notes = _geometry(name, fields, domain, dimension)
    return read_with_itk(path, "NrrdImageIO", [sizes[axis] for axis in domain]), geometry, scale, (*notes, *surplus)


def _header(path: Path) -> tuple[dict[str, str], list[str], int]:
    """Fields by name, in lower case; lines after "data file: LIST"; and where attached voxels begin."""
    with open(path, "rb") as file:
        begin = file.read(LONGEST_HEADER)
    end = re.search(rb"\r?\n\r?\n", begin)
    lines = re.split(r"\r\n|[\r\n]", header_text(path.name, begin[:end.start() if end else None]))
    fields: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=1):
        field, colon, text = line.partition(":")
        field = field.strip().lower()
        _check_length(path.name, line, field if colon else "")
        if line.startswith("#") or not colon or text.startswith("="):  # remarks, and keys with their values
            continue
        if field in fields:
            raise damaged(path.name, f"its header says {field} twice")
        fields[field] = text.strip()
        if field in ("data file", "datafile") and text.split()[:1] == ["LIST"]:
            return fields, [one.strip() for one in lines[number + 1:] if one.strip()], 0
    if end is None and (len(begin) == LONGEST_HEADER or not fields.keys() & {"data file", "datafile"}):
        raise damaged(path.name, "its header does not end")
    return fields, [], end.end() if end else len(begin)


def _check_length(name: str, line: str, field: str) -> None:
    """Raise an UnsupportedImageError where a line is so long that it cannot be sound; remarks, keys with their values
    and `_LONG_FIELDS` may be."""
    begin, colon, _ = line.partition(": ")  # a field without the blank, or after one, is none to ITK
    if line.startswith("#") or ":=" in begin or (colon and begin.lower() in _LONG_FIELDS):
        return
    length = len(line.encode())
    if length > (_LONGEST_LINE if field in _FIELDS else _LONGEST_OTHER_LINE):
        raise damaged(name, f"its header has a line of {length} characters ({line.strip()[:20]!r}...)")


def _check_data(path: Path, fields: dict[str, str], names: list[str], begin: int, promised: int, kind: str
                ) -> tuple[str, ...]:
    """Count the bytes of the voxels, wherever they are; where they are text, see that it holds numbers of `kind`. A
    note where a file of their own has more of them."""
    name, size = path.name, _DTYPES[kind].itemsize
    files = _data_files(path, fields, names)
    attached = not fields.keys() & {"data file", "datafile"}
    if promised % len(files):
        raise damaged(name, f"its voxels are in {len(files)} files that cannot be of one size")
    each = promised // len(files)
    lines = whole_numbers(name, "line skip", fields.get("line skip", fields.get("lineskip", "0")), 1)[0]
    skip = whole_numbers(name, "byte skip", fields.get("byte skip", fields.get("byteskip", "0")), 1)[0]
    encoding = fields.get("encoding", "").lower()
    if lines < 0 or skip < -1 or (skip == -1 and encoding not in _RAW):
        raise damaged(name, f"its header says line skip {lines}, byte skip {skip}")
    if encoding in _RAW and size > 1 and fields.get("endian", "").lower() not in ("little", "big"):
        raise damaged(name, "its header does not say in which order bytes are")
    notes: tuple[str, ...] = ()
    for file, there in files:
        start = (begin if attached else 0) + _skipped(file, begin if attached else 0, lines)
        if encoding in _RAW and not attached and not skip:
            notes = notes or surplus_note(file.name, there - start - each)
        if encoding in _TEXT:
            _check_text(name, file, start + max(skip, 0), each // size, _DTYPES[kind])
        else:
            _check_file(name, file, there - start, start, max(skip, 0) + each, encoding)
    return notes


def _data_files(path: Path, fields: dict[str, str], names: list[str]) -> list[tuple[Path, int]]:
    """The files with the voxels, `path` itself where they are attached, with their sizes."""
    detached = fields.get("data file", fields.get("datafile"))
    if detached is None:
        return [(path, path.stat().st_size)]
    if names:
        return named_files(path, names)
    if "%" in detached:
        words = detached.split()
        # A fifth word says along which axes the files lie, which does not change their sum.
        return numbered_files(path, "data file", " ".join(words[:4]) if len(words) == 5 else detached)
    return named_files(path, [detached])


def _skipped(file: Path, start: int, lines: int) -> int:
    """Bytes of so many lines from `start`."""
    if lines == 0:
        return 0
    with open(file, "rb") as opened:
        opened.seek(start)
        return sum(len(opened.readline(LONGEST_HEADER)) for _ in range(min(lines, 1000)))


def _check_text(name: str, file: Path, start: int, count: int, dtype: np.dtype) -> None:
    """Raise an UnsupportedImageError unless `count` numbers follow that `dtype` holds: ITK cuts off digits, reads no
    exponent of a whole number, and wraps around what is too large."""
    whole, limits = dtype.kind in "iu", np.iinfo(dtype) if dtype.kind in "iu" else None
    found = 0
    with open(file, "rb") as opened:
        opened.seek(start)
        for line in opened:
            words = [word.rstrip(b",") for word in line.split()]
            words = [word for word in words if word][:count - found]
            found += len(words)
            for word in words:
                if not (_WHOLE if whole else _REAL).fullmatch(word):
                    raise damaged(name, f"{word[:20].decode('ascii', 'replace')!r} stands where a number of the type "
                                        f"{dtype.name} should")
                if limits is not None and not limits.min <= int(word) <= limits.max:
                    raise UnsupportedImageError(
                        f"{name} holds the value {int(word)}, which its type ({dtype.name}) cannot hold. Save it with "
                        "a larger type, for example int or float."
                    )
            if found == count:
                return
    check_there(name, count, found)


def _check_file(name: str, file: Path, there: int, start: int, promised: int, encoding: str) -> None:
    if encoding in _RAW:
        check_there(name, promised, there)
        return
    with open(file, "rb") as opened:
        opened.seek(start)
        if encoding in _GZIP:
            check_packed(name, promised, there)
            check_unpacked(name, promised, unpacked(opened, name))
        elif encoding in _BZIP2:
            raise UnsupportedImageError(
                f"{name} cannot be read: its voxels are packed with bzip2. Save it with gzip, or unpacked."
            )
        elif encoding in _HEX:
            check_there(name, promised, sum(len(re.findall(rb"[0-9a-fA-F]", line)) for line in opened) // 2)
        else:
            raise damaged(name, f"its voxels are encoded as '{encoding}'")


def _domain(name: str, fields: dict[str, str], sizes: list[int]) -> list[int]:
    """Axes of the image; an axis of colours or vectors is none."""
    kinds = fields.get("kinds", "").lower().split()
    if kinds and len(kinds) != len(sizes):
        raise damaged(name, f"its header has {len(kinds)} kinds for {len(sizes)} axes")
    return [axis for axis in range(len(sizes))
            if not kinds or kinds[axis] in ("domain", "space", "time", "none", "???")] or [*range(len(sizes))]


def _geometry(name: str, fields: dict[str, str], domain: list[int], dimension: int
              ) -> tuple[GeometrySource, np.ndarray | None, tuple[str, ...]]:
    """What of its geometry the file gives; 4x4 from its unit to mm, None where that is mm; and notes."""
    directions = re.findall(r"none|\([^)]*\)", fields.get("space directions", ""), re.I)
    spacing = real_numbers(name, "spacings", fields["spacings"], dimension) if "spacings" in fields else []
    if directions:
        if len(directions) != dimension:
            raise damaged(name, f"its header has {len(directions)} space directions for {dimension} axes")
        if any(directions[axis].lower() == "none" for axis in domain):  # ITK refuses it in words of its own
            raise UnsupportedImageError(
                f"{name} cannot be read: one of its axes lies nowhere in space, and its header does not say what it is "
                "(a line such as 'kinds: domain domain domain list'). Extract one 3-D volume from it and save that."
            )
        vectors = [direction[1:-1].split(",") for direction in directions if direction.lower() != "none"]
        for vector in vectors:
            numbers = finite_numbers(name, "space directions", " ".join(vector), len(vector))
            if not any(numbers):
                raise damaged(name, "its header has a space direction of length 0")
    if "space origin" in fields:
        text = fields["space origin"].strip("() ")
        finite_numbers(name, "space origin", " ".join(text.split(",")), len(text.split(",")))
    known = bool(directions) or (bool(spacing) and all(
        math.isfinite(spacing[axis]) and spacing[axis] != 0 for axis in domain[:3]))
    oriented = bool(directions) and fields.get("space", "").lower() in _ANATOMICAL
    geometry = GeometrySource(
        GIVEN if known else UNKNOWN, GIVEN if oriented else UNKNOWN,
        GIVEN if oriented and "space origin" in fields else UNKNOWN,
    )
    units = re.findall(r'"([^"]*)"', fields.get("space units" if directions else "units", ""))
    if not directions:
        units = [units[axis] for axis in domain] if len(units) == dimension else []
    units = units if any(unit.strip() for unit in units) else []
    millimetres = [UNIT_MM.get(unit.strip().lower()) for unit in units[:3]]
    notes: tuple[str, ...] = ()
    if any(factor is None for factor in millimetres):
        notes = (f"The file gives sizes in a unit that is no length ({', '.join(units)}).",)
        geometry = geometry.without_sizes()
    if not millimetres or None in millimetres or set(millimetres) == {1.0}:
        return geometry, None, notes
    # Units are those of the space's axes; without directions, of the image's, which then are the same.
    return geometry, np.diag([*millimetres, *[1.0] * (4 - len(millimetres))]), notes
