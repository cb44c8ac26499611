"""MetaImage, attached (.mha) or with the voxels in other files (.mhd): the header is read here, the voxels by ITK."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import UnsupportedImageError
from ..geometry import DERIVED, GIVEN, UNKNOWN, GeometrySource
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
    scaled,
    whole_numbers,
)

_BYTES = {"MET_CHAR": 1, "MET_UCHAR": 1, "MET_SHORT": 2, "MET_USHORT": 2, "MET_INT": 4, "MET_UINT": 4,
          "MET_LONG": 4, "MET_ULONG": 4, "MET_LONG_LONG": 8, "MET_ULONG_LONG": 8, "MET_FLOAT": 4, "MET_DOUBLE": 8}
#: Names that one field has had; the first that is there counts.
_ORIENTATION = ("TransformMatrix", "Rotation", "Orientation")
_POSITION = ("Offset", "Position", "Origin")
_BYTE_ORDER = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
#: Fields of text for which ITK has a place of 255 bytes: a longer one overwrites what lies behind it, or ends the
#: process.
_TEXTS = {"AcquisitionDate", "AnatomicalOrientation", "Comment", "DistanceUnits", "Modality", "Name", "ObjectSubType",
          "ObjectType"}
_LONGEST_TEXT = 254
_YES, _NO = ("true", "1", "t", "yes"), ("false", "0", "f", "no")


def read_meta(path: Path) -> Volume:
    """Read a MetaImage file; not checked yet.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    fields, files, begin = _header(path)
    name = path.name
    dimension = whole_numbers(name, "NDims", fields.get("NDims", ""), 1)[0]
    if not 2 <= dimension <= 4:
        raise damaged(name, f"its header says {dimension} dimensions")
    sizes = whole_numbers(name, "DimSize", fields.get("DimSize", ""), dimension)
    components = whole_numbers(name, "ElementNumberOfChannels", fields.get("ElementNumberOfChannels", "1"), 1)[0]
    kind = fields.get("ElementType", "")
    if kind not in _BYTES or not 1 <= components <= 1000:
        raise UnsupportedImageError(
            f"{name} holds a kind of voxel that cannot be read ({kind or 'no type is given'}, {components} "
            "components). Convert it to 16-bit integers or 32-bit floats and run again."
        )
    promised = check_counts(name, sizes, _BYTES[kind] * components)
    surplus = _check_data(path, fields, files, begin, promised)
    geometry, scale, notes = _in_millimetres(fields, _geometry(name, fields, dimension))
    volume = to_volume(read_with_itk(path, "MetaImageIO", sizes), stem(path), (*notes, *surplus), geometry=geometry)
    return _intensities(scaled(volume, scale), fields, name)


def voxel_files(path: Path) -> list[Path]:
    """The files that hold the voxels of a MetaImage, the header's own where they are attached.

    Raises:
        UnsupportedImageError: the header cannot be read, or a file is not there.
    """
    fields, names, _ = _header(path)
    return [file for file, _ in _data_files(path, fields["ElementDataFile"], names)]


def _in_millimetres(fields: dict[str, str], geometry: GeometrySource
                    ) -> tuple[GeometrySource, np.ndarray | None, tuple[str, ...]]:
    """`geometry` as it is known; 4x4 from the file's unit to mm, None where that is mm; and notes."""
    unit = fields.get("DistanceUnits", "").lower()
    factor = 1.0 if unit in ("", "?") else UNIT_MM.get(unit)
    if factor is None:
        return geometry.without_sizes(), None, (f"The file gives sizes in a unit that is no length ({unit}).",)
    return geometry, None if factor == 1 else np.diag([factor] * 3 + [1.0]), ()


def _intensities(volume: Volume, fields: dict[str, str], name: str) -> Volume:
    """`volume` in the unit of its intensities, which ITK leaves as they are stored."""
    slope, offset = (finite_numbers(name, field, fields.get(field, default), 1)[0] for field, default in (
        ("ElementToIntensityFunctionSlope", "1"), ("ElementToIntensityFunctionOffset", "0")))
    if slope == 0:
        raise damaged(name, "its values are to be multiplied by 0")
    if (slope, offset) == (1, 0):
        return volume
    return replace(volume, array=volume.array * np.float64(slope) + offset)


def _header(path: Path) -> tuple[dict[str, str], list[str], int]:
    """Fields by name; lines after "ElementDataFile = LIST"; and where attached voxels begin."""
    with open(path, "rb") as file:
        begin = file.read(LONGEST_HEADER)
    fields: dict[str, str] = {}
    place = 0
    while place < len(begin):
        line, newline, _ = begin[place:place + 65536].partition(b"\n")
        place += len(line) + len(newline)
        field, equals, text = header_text(path.name, line).partition("=")
        field, text = field.strip(), text.strip()
        if field in _TEXTS and len(text.encode()) > _LONGEST_TEXT:
            raise UnsupportedImageError(f"{path.name} has more than {_LONGEST_TEXT} bytes in the field {field} of "
                                        "its header, which ITK cannot hold. Shorten it, and run again.")
        if not equals:
            if field:
                raise damaged(path.name, "its header has a line without '='")
            continue
        if field in fields:
            raise damaged(path.name, f"its header says {field} twice")
        fields[field] = text
        if field == "ElementDataFile":  # the last one, by the format's definition
            rest = header_text(path.name, begin[place:]).splitlines() if text.startswith("LIST") else []
            return fields, [one.strip() for one in rest if one.strip()], place
    raise damaged(path.name, "its header does not end")


def _check_data(path: Path, fields: dict[str, str], names: list[str], begin: int, promised: int) -> tuple[str, ...]:
    """Count the bytes of the voxels, wherever they are; a note where a file of their own has more of them."""
    name, data = path.name, fields["ElementDataFile"]
    if _truth(name, fields, "BinaryData", "False") is False and "BinaryData" in fields:
        raise UnsupportedImageError(f"{name} holds its voxels as text. Save it as binary and run again.")
    orders = {_truth(name, fields, field, "False") for field in _BYTE_ORDER if field in fields}
    if len(orders) > 1:
        raise damaged(name, f"its header says two orders of bytes ({' and '.join(_BYTE_ORDER)})")
    packed = _truth(name, fields, "CompressedData", "False")
    attached = data.upper() == "LOCAL"
    if data.startswith("LIST"):
        dimension = fields["NDims"]
        if data.split()[1:] not in ([], [str(int(dimension) - 1)]):  # ITK scrambles them
            raise damaged(name, f"it lists files ({data[:40]}) that are no slices of an image of {dimension} "
                                "dimensions")
    files = _data_files(path, data, names)
    slices = whole_numbers(name, "DimSize", fields["DimSize"])[-1]
    if (data.startswith("LIST") or "%" in data) and len(files) != slices:  # ITK would give what lay in memory
        raise damaged(name, f"it names {len(files)} files for {slices} slices, where each slice has one")
    if promised % len(files) or (packed and len(files) > 1):
        raise damaged(name, f"its voxels are in {len(files)} files that cannot be of one size")
    each = promised // len(files)
    skip = whole_numbers(name, "HeaderSize", fields.get("HeaderSize", "0"), 1)[0]
    if skip < -1 or (skip == -1 and (packed or attached)) or (skip > 0 and attached):
        raise damaged(name, f"its header says HeaderSize {skip}")
    notes: tuple[str, ...] = ()
    for file, there in files:
        start = begin if attached else max(skip, 0)
        if not packed:
            check_there(name, start + each, there)
            notes = notes or (() if attached or skip else surplus_note(file.name, there - start - each))
            continue
        bytes_packed = there - start
        if "CompressedDataSize" in fields:
            said = whole_numbers(name, "CompressedDataSize", fields["CompressedDataSize"], 1)[0]
            check_there(name, said, bytes_packed)
            bytes_packed = said
        check_packed(name, each, bytes_packed)
        with open(file, "rb") as opened:
            opened.seek(start)
            check_unpacked(name, each, unpacked(opened, name, bytes_packed))
        if attached and "CompressedDataSize" not in fields:  # ITK would give what lay in memory
            raise UnsupportedImageError(
                f"{name} does not say how many bytes its packed voxels take (CompressedDataSize). Add the line "
                f"CompressedDataSize = {bytes_packed} to its header, or save the image again."
            )
    return notes


def _data_files(path: Path, data: str, names: list[str]) -> list[tuple[Path, int]]:
    """The files that ElementDataFile says, `path` itself where the voxels are attached, with their sizes."""
    if data.upper() == "LOCAL":
        return [(path, path.stat().st_size)]
    if data.startswith("LIST"):
        return named_files(path, names)
    return numbered_files(path, "ElementDataFile", data) if "%" in data else named_files(path, [data])


def _truth(name: str, fields: dict[str, str], field: str, default: str) -> bool:
    text = fields.get(field, default).lower()
    if text not in _YES + _NO:
        raise damaged(name, f"its header says {field} = {text[:40]}")
    return text in _YES


def _geometry(name: str, fields: dict[str, str], dimension: int) -> GeometrySource:
    """What the header gives; the size of an element stands in for the distance between them."""
    spacing = UNKNOWN
    for field, source in (("ElementSize", DERIVED), ("ElementSpacing", GIVEN)):
        if field in fields:
            lengths = finite_numbers(name, field, fields[field], dimension)
            if not all(lengths):
                raise UnsupportedImageError(
                    f"{name} has voxels of no size by its header ({field} = {fields[field]}). "
                    "Correct it, or export the image again."
                )
            spacing = source
    for field in _ORIENTATION:
        if field in fields:
            finite_numbers(name, field, fields[field], dimension**2)
    for field in (*_POSITION, "CenterOfRotation"):
        if field in fields:
            finite_numbers(name, field, fields[field], dimension)
    oriented, placed = (any(field in fields for field in names) for names in (_ORIENTATION, _POSITION))
    return GeometrySource(spacing, GIVEN if oriented else UNKNOWN, GIVEN if placed else UNKNOWN)
