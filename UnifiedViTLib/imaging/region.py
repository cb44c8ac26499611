"""A region of interest: a box in the patient, and which voxels of a volume it touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedImageError
from ..records import Record
from .geometry import LPS_RAS

if TYPE_CHECKING:  # it loads scipy, which the options of a run, offered when Slicer starts, must not wait for
    from .volume import Volume

#: Kept free around what a mask marks, in mm, where nobody says otherwise.
DEFAULT_MARGIN_MM = 10.0
#: Less of a voxel than this is touched by rounding alone.
_ROUNDING = 1e-3
#: Letters of the directions in which R, A and S grow, and of the opposite ones.
_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class RegionOfInterest(Record):
    """A box in the patient, in mm. LPS, as DICOM and SimpleITK have it; all constructors take RAS, as Slicer shows it
    and `Volume.ijk_to_ras` is.

    Attributes:
        centre_lps: the middle of the box.
        edges_lps: three edges of the box, each as long as the box along it; at right angles but where a transform has
            sheared it.
        source: what the box was made from, in words; "" for numbers alone.

    Raises:
        UnsupportedImageError: a number is none, or the box has no volume.
    """

    centre_lps: Vector
    edges_lps: tuple[Vector, Vector, Vector]
    source: str = ""

    def __post_init__(self) -> None:
        if not np.isfinite([self.centre_lps, *self.edges_lps]).all():
            raise UnsupportedImageError("The region of interest holds values that are no numbers (NaN or infinite). "
                                        "Give its centre and size in mm.")
        lengths = np.array(self.size_mm)
        if lengths.min() <= 0 or abs(np.linalg.det(np.array(self.edges_lps) / lengths[:, None])) < 1e-3:
            raise UnsupportedImageError(f"The region of interest is empty ({self._size()} mm). Make it larger than 0 "
                                        "along each of its three sides.")

    @classmethod
    def from_box_to_ras(cls, box_to_ras: np.ndarray, source: str = "") -> RegionOfInterest:
        """The box that a matrix makes of a cube.

        Args:
            box_to_ras: 4x4, from the cube of side 1 around the origin to RAS in mm.
            source: as of the class.
        """
        with np.errstate(invalid="ignore"):  # what is no number is refused in words
            lps = LPS_RAS @ np.asarray(box_to_ras, float)
        first, second, third, centre = (_vector(column) for column in lps[:3].T)
        return cls(centre, (first, second, third), source)

    @classmethod
    def from_centre(cls, centre: Sequence[float], size: Sequence[float], source: str = "") -> RegionOfInterest:
        """A box along the axes of the patient.

        Args:
            centre: RAS in mm.
            size: along R, A and S in mm.
            source: as of the class.
        """
        if min(size) <= 0:  # an edge of the other sign would be as good
            raise UnsupportedImageError(f"The region of interest is empty ({_lengths(size)} mm). Make it larger than 0 "
                                        "along each of its three sides.")
        matrix = np.diag([*map(float, size), 1.0])
        matrix[:3, 3] = centre
        return cls.from_box_to_ras(matrix, source)

    @classmethod
    def from_bounds(cls, bounds: Sequence[slice], ijk_to_ras: np.ndarray, source: str = "") -> RegionOfInterest:
        """The box of voxels between bounds, to their outer faces.

        Args:
            bounds: first and last + 1 index along K, J and I.
            ijk_to_ras: 4x4 of the grid.
            source: as of the class.
        """
        starts, stops = (np.array([getattr(part, end) for part in bounds[::-1]], float) for end in ("start", "stop"))
        box_to_ijk = np.diag([*(stops - starts), 1.0])
        box_to_ijk[:3, 3] = (starts + stops - 1) / 2
        return cls.from_box_to_ras(ijk_to_ras @ box_to_ijk, source)

    @classmethod
    def from_mask(cls, mask: np.ndarray, ijk_to_ras: np.ndarray, margin_mm: float = DEFAULT_MARGIN_MM,
                  source: str = "the mask") -> RegionOfInterest:
        """The box around all that a mask marks, along the axes of the mask's grid.

        Args:
            mask: (K, J, I), 0 where nothing is marked.
            ijk_to_ras: 4x4 of its grid.
            margin_mm: kept free on each side, 0 or more.
            source: what to call it.

        Raises:
            UnsupportedImageError: nothing is marked, or the margin is no length.
        """
        if not 0 <= margin_mm < np.inf:
            raise UnsupportedImageError(f"A margin of {margin_mm:g} mm is none: give 0 or more.")
        marked = [np.flatnonzero((mask != 0).any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
        if not marked[0].size:
            raise UnsupportedImageError(f"Nothing is drawn in {source}, so that there is no region around it. Draw "
                                        "something, or choose another.")
        margins = margin_mm / np.linalg.norm(ijk_to_ras[:3, :3], axis=0)[::-1]
        bounds = [slice(line[0] - margin, line[-1] + 1 + margin) for line, margin in zip(marked, margins, strict=True)]
        return cls.from_bounds(bounds, ijk_to_ras, f"{source} and {margin_mm:g} mm around")

    @property
    def box_to_ras(self) -> np.ndarray:
        """4x4, from the cube of side 1 around the origin to RAS in mm."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.array(self.edges_lps).T
        matrix[:3, 3] = self.centre_lps
        return LPS_RAS @ matrix

    @property
    def size_mm(self) -> Vector:
        """Lengths of the three edges."""
        return _vector(np.linalg.norm(self.edges_lps, axis=1))

    def __str__(self) -> str:
        """For people: "40 x 30 x 20 mm around R 12.0, P 30.5, S 44.0 (Markups ROI R)"."""
        centre = ", ".join(f"{letters[int(value >= 0)]} {abs(value):.1f}"
                           for letters, value in zip(_LETTERS, self.box_to_ras[:3, 3], strict=True))
        return f"{self._size()} mm around {centre}{f' ({self.source})' if self.source else ''}"

    def _size(self) -> str:
        return _lengths(self.size_mm)

    def bounds(self, volume: Volume) -> tuple[slice, slice, slice]:
        """First and last + 1 index along K, J and I of the voxels that the box touches.

        Raises:
            UnsupportedImageError: it touches none, or the volume has no place in the patient.
        """
        if volume.planar:
            raise UnsupportedImageError(f"{volume.name} is a 2-D image without a place in the patient, where no region "
                                        "in mm can be found. Crop the image instead.")
        box_to_ijk = np.linalg.inv(volume.ijk_to_ras) @ self.box_to_ras
        half = np.abs(box_to_ijk[:3, :3]).sum(axis=1) / 2
        starts = np.floor(box_to_ijk[:3, 3] - half + 0.5 + _ROUNDING)
        stops = np.ceil(box_to_ijk[:3, 3] + half + 0.5 - _ROUNDING)
        counts = np.array(volume.array.shape[::-1])
        if (stops <= 0).any() or (starts >= counts).any():
            raise self._outside(volume)
        starts, stops = np.maximum(starts, 0), np.minimum(stops, counts)
        k, j, i = (slice(int(start), int(stop)) for start, stop in zip(starts[::-1], stops[::-1], strict=True))
        return k, j, i

    def mask(self, volume: Volume) -> np.ndarray:
        """(K, J, I) bool: the voxels of the volume that the box touches.

        Raises:
            UnsupportedImageError: as of `bounds`.
        """
        k, j, i = self.bounds(volume)
        to_box = np.linalg.inv(self.box_to_ras) @ volume.ijk_to_ras
        # A voxel reaches half of its own width beyond its centre, along each side of the box.
        reach = (0.5 + np.abs(to_box[:3, :3]).sum(axis=1) / 2) - _ROUNDING * np.abs(to_box[:3, :3]).max(axis=1)
        rows, columns = np.arange(j.start, j.stop)[:, None], np.arange(i.start, i.stop)[None]
        touched = np.zeros(volume.array.shape, bool)
        for number in range(k.start, k.stop):
            inside = [np.abs(to_box[axis, 0] * columns + to_box[axis, 1] * rows + to_box[axis, 2] * number
                             + to_box[axis, 3]) < reach[axis] for axis in range(3)]
            touched[number, j, i] = inside[0] & inside[1] & inside[2]
        if not touched.any():
            raise self._outside(volume)
        return touched

    def _outside(self, volume: Volume) -> UnsupportedImageError:
        return UnsupportedImageError(
            f"The region of interest, {self}, lies outside {volume.name}. Move it into the volume, and check that both "
            "are of the same patient and frame of reference."
        )


def _vector(values: np.ndarray) -> Vector:
    x, y, z = values.tolist()
    return x, y, z


def _lengths(lengths: Sequence[float]) -> str:
    return " x ".join(f"{length:.3g}" for length in lengths)
