"""Planes: how a volume is seen as a stack of slices held the way radiologists hold them.

Every slice that the network meets, in training and in use, is held the same way: axial with anterior up,
coronal and sagittal with superior up, the patient's left on the right side of axial and coronal slices,
anterior on the left of sagittal ones. Reordering and flipping axes makes numpy *views*; writing labels through
the same view puts them on the volume's own grid, to the last voxel, whatever its orientation.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from ..errors import UnsupportedImageError
from ..planes import PLANES
from .volume import Volume

#: The plane of a picture, whose orientation in the patient is not known.
STORED = "as stored"
#: Fewest rows and columns of a slice that can be looked at.
NARROWEST = 16

#: For each plane the directions (RAS) of growing slice number, row and column.
_HELD = {
    "axial": ((0, 0, 1), (0, -1, 0), (-1, 0, 0)),
    "coronal": ((0, -1, 0), (0, 0, -1), (-1, 0, 0)),
    "sagittal": ((-1, 0, 0), (0, 0, -1), (0, -1, 0)),
}


@dataclass(frozen=True)
class SliceView:
    """A volume's axes as (slice, row, column) of one plane.

    Attributes:
        plane: "axial", "coronal", "sagittal", or "as stored" for a 2-D image.
        axes: the array axes (of K, J, I) that become slice, row, column.
        flipped: which of the three run backwards.
        mm: distance between neighbours along slice, row, column.
        span: numbers of the first slice that is looked at and of that after the last one; None: all are.
    """

    plane: str
    axes: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    mm: tuple[float, float, float]
    span: tuple[int, int] | None = None

    def of(self, array: np.ndarray) -> np.ndarray:
        """`array` (K, J, I) seen as (slice, row, column), the slices of `span` alone: a view, so that writing to it
        writes to `array`."""
        held = array.transpose(self.axes)[tuple(slice(None, None, -1 if f else 1) for f in self.flipped)]
        return held if self.span is None else held[slice(*self.span)]


def canonical_axes(ijk_to_ras: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For R, A, S: the voxel axis (i, j or k) closest to it, and the sign of its direction.

    The best of all six pairings is taken, so that oblique volumes never use an axis twice.
    """
    cosines = ijk_to_ras[:3, :3] / np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    best = max(permutations(range(3)), key=lambda p: sum(abs(cosines[r, a]) for r, a in enumerate(p)))
    return np.array(best), np.array([1 if cosines[r, a] >= 0 else -1 for r, a in enumerate(best)])


def acquisition_plane(volume: Volume) -> str:
    """The plane that the scanner most likely acquired: across the largest spacing, axial where all are equal.

    Planes whose slices would be narrower than `NARROWEST` are out of the question, so that a volume of one slice
    has that slice's plane.
    """
    ijk, _ = canonical_axes(volume.ijk_to_ras)
    through = {"axial": ijk[2], "coronal": ijk[1], "sagittal": ijk[0]}
    shape_ijk, spacing = volume.array.shape[::-1], volume.spacing
    wide = [
        plane for plane in PLANES
        if min(count for axis, count in enumerate(shape_ijk) if axis != through[plane]) >= NARROWEST
    ]
    best = max(wide, key=lambda plane: spacing[through[plane]])
    # A twentieth of difference is rounding, not an acquisition plane.
    equal = "axial" in wide and spacing[through["axial"]] >= 0.95 * spacing[through[best]]
    return "axial" if equal else best


def slice_view(volume: Volume, plane: str = "auto") -> SliceView:
    """How `volume` is to be seen as slices of `plane` ("auto": the acquisition plane; `STORED`: along K).

    Raises:
        UnsupportedImageError: the plane is unknown, or cuts a single slice into lines.
    """
    si, sj, sk = volume.spacing
    if volume.planar or plane == STORED:
        return SliceView(STORED, (0, 1, 2), (False, False, False), (sk, sj, si))
    if plane == "auto":
        plane = acquisition_plane(volume)
    if plane not in _HELD:
        raise UnsupportedImageError(f"There is no plane called {plane!r}; choose auto, {', '.join(PLANES)}.")
    ijk, sign = canonical_axes(volume.ijk_to_ras)
    axes, flipped, mm = [], [], []
    for direction in _HELD[plane]:
        ras = int(np.flatnonzero(direction)[0])
        axes.append(2 - int(ijk[ras]))
        flipped.append(bool(sign[ras] != direction[ras]))
        mm.append(volume.spacing[ijk[ras]])
    rows, columns = volume.array.shape[axes[1]], volume.array.shape[axes[2]]
    if min(rows, columns) < NARROWEST:
        raise UnsupportedImageError(
            f"{volume.name} has {plane} slices of only {columns} x {rows} voxels. "
            f"Choose the plane {acquisition_plane(volume)}."
        )
    return SliceView(plane, tuple(axes), tuple(flipped), tuple(mm))
