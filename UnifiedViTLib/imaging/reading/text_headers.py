"""What NRRD and MetaImage have in common: a header of text, and voxels behind it or in files that it names."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import UnsupportedImageError
from ..volume import Volume
from .limits import check_regular, damaged, is_from_others

#: Millimetres of units of length.
UNIT_MM = {
    "mm": 1.0, "millimeter": 1.0, "millimeters": 1.0, "millimetre": 1.0, "millimetres": 1.0, "cm": 10.0,
    "centimeter": 10.0, "centimeters": 10.0, "m": 1000.0, "meter": 1000.0, "meters": 1000.0, "metre": 1000.0,
    "um": 1e-3, "µm": 1e-3, "μm": 1e-3, "micron": 1e-3, "microns": 1e-3, "micrometer": 1e-3, "micrometers": 1e-3,
    "nm": 1e-6, "in": 25.4, "inch": 25.4,
}
#: Files that the voxels of one image are spread over.
_MOST_FILES = 2**15 - 1
#: What no text holds: control characters but for blanks and ends of lines.
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f\x7f]")
#: A name with the number of a slice in it, as printf has it, padded with zeros to less than ten digits.
_NUMBERED = re.compile(r"[^%]*%0?\d?d[^%]*")


def scaled(volume: Volume, scale: np.ndarray | None) -> Volume:
    """`volume` in mm.

    Args:
        volume: in the unit of its file.
        scale: 4x4 from there to mm; None where it is mm.
    """
    return volume if scale is None else replace(volume, ijk_to_ras=scale @ volume.ijk_to_ras)


def header_text(name: str, header: bytes) -> str:
    """Bytes of a header as text.

    Raises:
        UnsupportedImageError: there are control characters in it, at which ITK and this library would part.
    """
    if _CONTROL.search(header):
        raise damaged(name, "its header holds bytes that are no text")
    return header.decode("utf-8", "replace")


def whole_numbers(name: str, field: str, text: str, count: int | None = None) -> list[int]:
    """The numbers of a field of the header.

    Args:
        name: the file's.
        field: the field's.
        text: what stands there.
        count: how many there must be; None: any.

    Raises:
        UnsupportedImageError: there are others, or so many are not there.
    """
    words = text.split()
    if not all(re.fullmatch(r"[+-]?\d{1,15}", word) for word in words) or (count or len(words) or None) != len(words):
        raise _unreadable(name, field, text, count, "whole number")
    return [int(word) for word in words]


def real_numbers(name: str, field: str, text: str, count: int) -> list[float]:
    """The same for numbers of any kind; they may be NaN where a program had nothing to say.

    Args:
        name: of the file, for messages.
        field: of the header, for messages.
        text: its value.
        count: how many numbers are needed.
    """
    words = text.split()
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) != count or "_" in text:
        raise _unreadable(name, field, text, count, "number")
    return numbers


def finite_numbers(name: str, field: str, text: str, count: int) -> list[float]:
    """The same for finite numbers.

    Args:
        name: of the file, for messages.
        field: of the header, for messages.
        text: its value.
        count: how many numbers are needed.
    """
    numbers = real_numbers(name, field, text, count)
    if not all(map(math.isfinite, numbers)):
        raise _unreadable(name, field, text, count, "number")
    return numbers


def numbered_files(header: Path, field: str, text: str) -> list[tuple[Path, int]]:
    """The files of a pattern "slice%03d.raw 1 20 1" (first number, last, step), with their sizes.

    Args:
        header: the file that names them, beside which they are looked for.
        field: of the header, for messages.
        text: the pattern.

    Raises:
        UnsupportedImageError: it is no such pattern, names no file or too many, or one that is not there.
    """
    words = text.rsplit(maxsplit=3)
    name = header.name
    if len(words) != 4 or not _NUMBERED.fullmatch(words[0]):
        raise damaged(name, f"{field} is '{_shortened(text)}', no pattern of file names")
    first, last, step = whole_numbers(name, field, " ".join(words[1:]), 3)
    if step < 1 or first < 0 or not 0 <= (last - first) // step < _MOST_FILES:
        raise damaged(name, f"{field} counts from {first} to {last} by {step}")
    return named_files(header, [words[0] % number for number in range(first, last + 1, step)])


def named_files(header: Path, names: list[str]) -> list[tuple[Path, int]]:
    """Files beside the header (or where a full path says), with their sizes.

    Args:
        header: that names them.
        names: as it does.

    Raises:
        UnsupportedImageError: one is not there, or others send the images: what a header names might be anybody's.
    """
    if not 0 < len(names) <= _MOST_FILES:
        raise damaged(header.name, f"its voxels are in {len(names)} files")
    if is_from_others():
        raise UnsupportedImageError(f"{header.name} is a header whose voxels are in another file, which is not taken "
                                    "here. Send the image in one file, for example as .nrrd, .mha or .nii.gz.")
    files = [header.parent / name for name in names]
    return [(file, check_regular(file, of=header.name)) for file in files]


def _unreadable(name: str, field: str, text: str, count: int | None, what: str) -> UnsupportedImageError:
    wanted = "" if count is None else f"{count} "
    comma = " Numbers are written with a point, not with a comma." if "," in text else ""
    return UnsupportedImageError(
        f"{name} has a header that cannot be read: {field} is '{_shortened(text)}', where {wanted}{what}"
        f"{'s' if count != 1 else ''} should be.{comma} Correct it, or export the image again."
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
