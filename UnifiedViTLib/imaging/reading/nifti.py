"""NIfTI-1, NIfTI-2 and Analyze 7.5, in one file or two, packed or not.

Read with numpy: ITK refuses NIfTI-2 and sheared forms, takes NaN for zero, and does not miss voxels that are cut off.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ...errors import UnsupportedImageError
from ..colours import grey
from ..geometry import DERIVED, GIVEN, UNKNOWN, GeometrySource, size_in_words
from ..volume import Volume, grid_distance_mm
from .images import first_three
from .limits import check_counts, check_packed, check_regular, check_there, damaged, fill, surplus_note, unpacked
from .names import stem
from .nifti_header import (
    COMPONENTS,
    DTYPES,
    HEADER_BYTES,
    NiftiHeader,
    header_of_pair,
    image_of_pair,
    parse_header,
    qform_matrix,
)

#: Millimetres by NIfTI's code of the spatial unit. Most files whose unit is not said are in mm; a size that cannot be
#: is told of any.
_UNIT_MM = {1: 1000.0, 2: 1.0, 3: 0.001}
#: Forms that differ by more at a corner of the image (mm), or in the direction of an axis (degrees), disagree.
_APART_MM, _APART_DEGREES = 1.0, 1.0
_FORMS = {1: "the scanner", 2: "another image", 3: "Talairach's atlas", 4: "the MNI template"}
_GZIP = b"\x1f\x8b"
#: Where the voxels begin at the earliest, in a file with their header: after it and four bytes that tell of extensions.
_FIRST_VOXEL, _FIRST_VOXEL_2 = 352, 544


def read_nifti(path: Path) -> Volume:
    """Read a NIfTI or Analyze file, either of the two where there are two; not checked yet.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    name = path.name
    at = header_of_pair(path) or path
    header = parse_header(_begin(at, name))
    if header is None:
        raise damaged(name, "its header is cut off")
    dimensions, counts = header.dim[0], header.dim[1:]
    if not 1 <= dimensions <= 7:
        raise damaged(name, f"its header says {dimensions} dimensions")
    counts = *counts[:3], *(max(1, count) for count in counts[3:])  # axes of no length: some writers' way of saying 1
    counts = counts[:dimensions]
    if header.datatype not in DTYPES:
        raise UnsupportedImageError(
            f"{name} holds a kind of voxel that cannot be read (NIfTI's type {header.datatype}). "
            "Convert it to 16-bit integers or 32-bit floats and run again."
        )
    components = COMPONENTS.get(header.datatype, 1)
    dtype = np.dtype(header.order + DTYPES[header.datatype])
    check_counts(name, counts, dtype.itemsize * components)
    first_three(name, counts)
    columns, rows, slices = (*counts[:3], *[1] * (3 - len(counts)))
    counts = columns, rows, slices
    file = image_of_pair(at) if header.pair else at
    if file != path:
        check_regular(file, of=name)
    array, surplus = _voxels(file, name, header, dtype, (*counts[::-1], *([components] if components > 1 else [])))
    # A few bytes behind them are a trailer; as many as a slice has are voxels of which the header does not know.
    notes = surplus_note(file.name, surplus) if surplus >= array[0].nbytes or file != at else ()
    if components > 1:
        array, note = grey(array, name, alpha=True)
        notes = (note, *notes)
    array = _rescaled(array, header, name)
    matrix, geometry, more = _geometry(header, counts)
    planar = dimensions < 3 and geometry.orientation == UNKNOWN
    return Volume(array, matrix, stem(path), planar, (*notes, *more), geometry=geometry)


def _begin(file: Path, name: str) -> bytes:
    """The first bytes, unpacked."""
    with open(file, "rb") as opened:
        begin = opened.read(HEADER_BYTES)
        if begin.startswith(_GZIP):
            opened.seek(0)
            begin = next(unpacked(opened, name), b"")[:HEADER_BYTES]
    return begin


def _voxels(file: Path, name: str, header: NiftiHeader, dtype: np.dtype, shape: tuple[int, ...]
            ) -> tuple[np.ndarray, int]:
    """The voxels of `shape`, in this machine's byte order; and how many bytes there are behind them."""
    if not (math.isfinite(header.offset) and 0 <= header.offset < 2**40):
        raise damaged(name, f"its header says that voxels begin at byte {header.offset}")
    offset = int(header.offset)
    if not header.pair:  # some writers leave it 0
        offset = max(offset, _FIRST_VOXEL_2 if header.version == 2 else _FIRST_VOXEL)
    length = dtype.itemsize * math.prod(shape)
    there = file.stat().st_size
    with open(file, "rb") as opened:
        packed = opened.read(2) == _GZIP
        (check_packed if packed else check_there)(name, offset + length, there)
        array = np.empty(shape, dtype)
        target = array.reshape(-1).view(np.uint8).data
        surplus = there - offset - length
        if packed:
            opened.seek(0)
            surplus = fill(target, unpacked(opened, name), offset, name)
        else:
            opened.seek(offset)
            check_there(name, length, opened.readinto(target))
    return array.astype(dtype.newbyteorder("="), copy=False), surplus


def _rescaled(array: np.ndarray, header: NiftiHeader, name: str) -> np.ndarray:
    """`array` in the file's unit; a slope of 0, or that is no number, means as stored, as nibabel has it."""
    slope, intercept = header.slope, header.intercept
    if slope == 0 or not math.isfinite(slope) or (slope, intercept) == (1, 0):
        return array
    if not math.isfinite(intercept):
        raise damaged(name, f"its values are to be shifted by {intercept}")
    # Where float32 holds all values to its last digit but one; it takes half the memory.
    small = array.dtype.itemsize <= 2 and 1e-30 < abs(slope) < 1e30 and abs(intercept) < 1e30
    scaled = array.astype(np.complex128 if array.dtype.kind == "c" else np.float32 if small else np.float64)
    scaled *= slope
    scaled += intercept
    return scaled


def _geometry(header: NiftiHeader, counts: tuple[int, int, int]) -> tuple[np.ndarray, GeometrySource, tuple[str, ...]]:
    """Voxels to RAS in mm, what of it the file gave, and notes.

    nibabel's rule, and that of the standard's own library: the sform if it has a code, else the qform if it has one,
    else the size of the voxels alone.
    """
    mm, notes = _UNIT_MM.get(header.unit, 1.0), []
    stored = np.array(header.pixdim[1:4])
    usable = np.isfinite(stored) & (stored != 0)
    if header.dim[0] < 3:
        usable[header.dim[0]:] = False
    voxel_mm = np.where(usable, np.abs(np.where(usable, stored, 1.0)), 1 / mm)
    qform = qform_matrix(header, voxel_mm) if header.qform_code > 0 else None
    sform = _usable(header.sform) if header.sform_code > 0 else None
    for code, matrix, form in ((header.qform_code, qform, "qform"), (header.sform_code, sform, "sform")):
        if code > 0 and matrix is None:
            notes.append(f"The {form} of the file is no usable matrix and was left out.")
    scale = np.diag([mm, mm, mm, 1.0])
    if sform is not None:
        thick = header.dim[0] >= 3  # else the third column has to hold something, and nothing is meant by it
        matrix, geometry = scale @ sform, GeometrySource(spacing=GIVEN if thick else UNKNOWN)
        if qform is not None and usable.all():
            notes += _disagreement(header, scale @ qform, matrix, counts)
        elif header.qform_code <= 0 and usable.all() and not (stored == 1).all():  # 1 is what writers fill in
            notes += _other_sizes(np.abs(stored) * mm, np.linalg.norm(matrix[:3, :3], axis=0))
    elif qform is not None:
        matrix, geometry = scale @ qform, GeometrySource(spacing=GIVEN if usable.all() else UNKNOWN)
    else:
        # As nibabel: the patient's left first, the middle of the image at 0.
        matrix = np.diag([*(np.array([-1.0, 1.0, 1.0]) * voxel_mm * mm), 1.0])
        matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(counts) - 1) / 2)
        # All 1 is what writers fill in; a sign was meant for a direction that the standard does not know.
        silent = not usable.all() or (stored == 1).all()
        spacing = UNKNOWN if silent else DERIVED if (stored < 0).any() else GIVEN
        geometry = GeometrySource(spacing, UNKNOWN, UNKNOWN)
    return matrix, geometry, tuple(notes)


def _usable(sform: np.ndarray) -> np.ndarray | None:
    """The sform as 4x4; None where it maps voxels nowhere."""
    if not np.isfinite(sform).all():
        return None
    lengths = np.linalg.norm(sform[:, :3], axis=0)
    if not lengths.all() or abs(np.linalg.det(sform[:, :3] / lengths)) < 1e-3:
        return None
    return np.vstack([sform, [0, 0, 0, 1]])


def _disagreement(header: NiftiHeader, qform: np.ndarray, sform: np.ndarray, counts: tuple[int, int, int]) -> list[str]:
    """A note where the two forms place the image differently."""
    apart = grid_distance_mm(qform, sform, (counts[2], counts[1], counts[0]))
    cosines = (_directions(qform) * _directions(sform)).sum(axis=0)
    degrees = np.degrees(np.arccos(np.clip(cosines, -1, 1))).max()
    if apart <= _APART_MM and degrees <= _APART_DEGREES:
        return []
    ratio = abs(np.linalg.det(sform[:3, :3]) / np.linalg.det(qform[:3, :3]))
    mirrored = np.linalg.det(sform[:3, :3]) * np.linalg.det(qform[:3, :3]) < 0
    return [
        f"The file gives two places for the image, which differ by up to {apart:.1f} mm and {degrees:.1f} degrees: its "
        f"qform ({_meant(header.qform_code)}) and its sform ({_meant(header.sform_code)}). The sform was taken, as "
        "readers of NIfTI do where both are there."
        + (" The one is the mirror image of the other: check right and left." if mirrored else "")
        + (f" Volumes in mL are {ratio:.2f} times those by the qform." if abs(ratio - 1) > 0.01 else "")
    ]


def _other_sizes(pixdim: np.ndarray, sform: np.ndarray) -> list[str]:
    """A note where the size of the voxels, (3,) in mm, is another one by the sform than by the header's own field."""
    if np.allclose(pixdim, sform, rtol=0.01):
        return []
    return [f"The file gives two sizes for its voxels: {size_in_words(pixdim)} mm (pixdim) and {size_in_words(sform)} "
            "mm by its sform, which was taken, as readers of NIfTI do. Volumes in mL are "
            f"{np.prod(sform / pixdim):.2f} times those by the first: check which is right."]


def _meant(code: int) -> str:
    return f"coordinates of {_FORMS[code]}" if code in _FORMS else f"code {code}"


def _directions(matrix: np.ndarray) -> np.ndarray:
    return matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
