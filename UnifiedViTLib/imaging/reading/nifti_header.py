"""Headers of NIfTI-1, NIfTI-2 and Analyze 7.5 files."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

#: Of NIfTI-2, the longer one.
HEADER_BYTES = 540
_SHORT = 348
_MAGICS = {b"n+1\0": False, b"ni1\0": True}
_MAGICS_2 = {b"n+2\0\r\n\x1a\n": False, b"ni2\0\r\n\x1a\n": True}

#: NIfTI's codes of types; colours as their components.
DTYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 32: "c8", 64: "f8", 128: "u1", 256: "i1", 512: "u2", 768: "u4", 1024: "i8",
    1280: "u8", 1792: "c16", 2304: "u1",
}
COMPONENTS = {128: 3, 2304: 4}


@dataclass(frozen=True)
class NiftiHeader:
    """What is needed of a header.

    Attributes:
        version: 1 (Analyze too) or 2.
        pair: the voxels are in another file.
        order: "<" or ">".
        dim: as stored: number of dimensions, then seven sizes.
        datatype: code of the type.
        pixdim: as stored: the sign of the third axis in the qform, then seven sizes.
        offset: of the voxels in their file, bytes.
        slope, intercept: of the values.
        unit: NIfTI's code of the spatial unit.
        qform_code, sform_code: 0 where the form is not used.
        quaternion: (b, c, d); `shift`: of the qform.
        sform: (3, 4).
    """

    version: int
    pair: bool
    order: str
    dim: tuple[int, ...]
    datatype: int
    pixdim: tuple[float, ...]
    offset: float
    slope: float
    intercept: float
    unit: int
    qform_code: int
    sform_code: int
    quaternion: tuple[float, ...]
    shift: tuple[float, ...]
    sform: np.ndarray


def looks_like_nifti(begin: bytes) -> bool:
    """Whether the first bytes of a file are a header of NIfTI-1 or NIfTI-2."""
    return begin[4:12] in _MAGICS_2 or (looks_like_analyze(begin) and begin[344:348] in _MAGICS)


def looks_like_analyze(begin: bytes) -> bool:
    """Whether they are at least a header of Analyze 7.5, from which NIfTI-1 comes."""
    return len(begin) >= _SHORT and begin[:4] in (struct.pack("<i", _SHORT), struct.pack(">i", _SHORT))


def header_of_pair(image: Path) -> Path | None:
    """The header beside a file of voxels (NAME.img or NAME.img.gz); None if there is none."""
    return _beside(image, "img", "hdr")


def image_of_pair(header: Path) -> Path:
    """The file of voxels beside NAME.hdr or NAME.hdr.gz, whether it is there or not."""
    return _beside(header, "hdr", "img") or header.with_suffix(".img")


def files_of_pair(path: Path) -> list[Path]:
    """The two files of an image in two, whichever of them `path` is; `path` alone where it is all."""
    header = header_of_pair(path) or path
    image = _beside(header, "hdr", "img")
    return [header, image] if image else [header]


def _beside(file: Path, old: str, new: str) -> Path | None:
    name = file.name[:-3] if file.name.lower().endswith(".gz") else file.name
    if not name.lower().endswith(f".{old}"):
        return None
    ending = new.upper() if name.endswith(old.upper()) else new
    candidates = (file.with_name(f"{name[:-len(old)]}{ending}{packed}") for packed in ("", ".gz", ".GZ"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def parse_header(begin: bytes) -> NiftiHeader | None:
    """The header that `begin` is; None if it is none, or cut off."""
    if begin[4:12] in _MAGICS_2:
        return _parse_2(begin) if len(begin) >= HEADER_BYTES else None
    if not looks_like_analyze(begin):
        return None
    order = "<" if begin[:4] == struct.pack("<i", _SHORT) else ">"
    nifti = begin[344:348] in _MAGICS

    def values(form: str, place: int) -> tuple:
        return struct.unpack_from(order + form, begin, place)

    offset, slope, intercept = values("3f", 108)
    qform_code, sform_code = values("2h", 252) if nifti else (0, 0)
    return NiftiHeader(
        version=1, pair=_MAGICS.get(begin[344:348], True), order=order, dim=values("8h", 40),
        datatype=values("h", 70)[0], pixdim=values("8f", 76), offset=offset, slope=slope if nifti else 1.0,
        intercept=intercept if nifti else 0.0, unit=begin[123] & 7 if nifti else 0, qform_code=qform_code,
        sform_code=sform_code, quaternion=values("3f", 256), shift=values("3f", 268),
        sform=np.array(values("12f", 280), float).reshape(3, 4),
    )


def _parse_2(begin: bytes) -> NiftiHeader:
    order = "<" if begin[:4] == struct.pack("<i", HEADER_BYTES) else ">"

    def values(form: str, place: int) -> tuple:
        return struct.unpack_from(order + form, begin, place)

    slope, intercept = values("2d", 176)
    qform_code, sform_code = values("2i", 344)
    return NiftiHeader(
        version=2, pair=_MAGICS_2[begin[4:12]], order=order, dim=values("8q", 16), datatype=values("h", 12)[0],
        pixdim=values("8d", 104), offset=values("q", 168)[0], slope=slope, intercept=intercept,
        unit=values("i", 500)[0] & 7, qform_code=qform_code, sform_code=sform_code, quaternion=values("3d", 352),
        shift=values("3d", 376), sform=np.array(values("12d", 400)).reshape(3, 4),
    )


def qform_matrix(header: NiftiHeader, voxel_mm: np.ndarray) -> np.ndarray | None:
    """4x4 of the qform for voxels of this size, in the file's unit, RAS; None where its numbers are no rotation.

    By the NIfTI-1 standard, "Quaternion representation of rotation matrix": a unit quaternion whose real part is >= 0.
    """
    b, c, d = header.quaternion
    square = 1 - (b * b + c * c + d * d)
    if not all(map(math.isfinite, (*header.quaternion, *header.shift))) or square < -1e-5:
        return None
    if square < 1e-7:  # half a turn, but for rounding
        length = math.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b / length, c / length, d / length
    else:
        a = math.sqrt(square)
    rotation = np.array([
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ])
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * voxel_mm
    if header.pixdim[0] < 0:
        matrix[:3, 2] *= -1
    matrix[:3, 3] = header.shift
    return matrix
