"""A volume and where its voxels lie in the patient."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..errors import UnsupportedImageError
from .geometry import ALL_GIVEN, EXTENT_MM, MOST_ELONGATED, UNKNOWN, GeometrySource, implausible_size, size_in_words
from .padding import blank_slices, replace_padding

#: Axes further from right angles (degrees) are told.
_SHEARED_DEGREES = 1.0
#: Slices that a note names.
_NAMED = 5


@dataclass(frozen=True)
class Volume:
    """A scalar image on a regular grid.

    Attributes:
        array: voxels, axes (K, J, I) as in numpy and Slicer; a 2-D image has K = 1.
        ijk_to_ras: 4x4, voxel index (i, j, k, 1) to patient coordinates in mm (RAS).
        name: what to call it in messages and results.
        planar: True for a 2-D image, whose orientation in the patient is not known.
        notes: remarks made while reading, for the user (for example a colour image read as grey).
        metadata: text fields found in the file (DICOM modality and the like).
        geometry: which parts of `ijk_to_ras` the file gave; of a 2-D image the thickness is never known.
        files: of a DICOM image, those with its slices in their order; empty for others.
    """

    array: np.ndarray
    ijk_to_ras: np.ndarray
    name: str = "image"
    planar: bool = False
    notes: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    geometry: GeometrySource = ALL_GIVEN
    files: tuple[Path, ...] = ()

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size along i, j, k in mm."""
        i, j, k = np.linalg.norm(self.ijk_to_ras[:3, :3], axis=0).tolist()
        return i, j, k

    @property
    def voxel_ml(self) -> float | None:
        """Volume of one voxel in millilitres; None where the voxel size is not known."""
        if self.planar or self.geometry.spacing == UNKNOWN:
            return None
        return float(abs(np.linalg.det(self.ijk_to_ras[:3, :3])) / 1000.0)


def grid_distance_mm(one: np.ndarray, other: np.ndarray, shape: tuple[int, int, int]) -> float:
    """How far two grids of `shape` (K, J, I) with these `ijk_to_ras` lie apart at most, in mm: at a corner, so that a
    small difference of direction counts by what it does to the far end.

    Args:
        one, other: 4x4 `ijk_to_ras` in mm.
        shape: voxels (K, J, I) of both.
    """
    ends = [(0, n - 1) for n in shape[::-1]]
    corners = np.array([(i, j, k, 1) for k in ends[2] for j in ends[1] for i in ends[0]], float).T
    return float(np.linalg.norm(((one - other) @ corners)[:3], axis=0).max())


def check(volume: Volume) -> Volume:
    """Return `volume` if a model can look at it; where its voxel size cannot be that of a patient, as not known; where
    voxels around the body hold no intensity (NaN, fill values), with air in their place. Notes say so.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    _check_grid(volume)
    _check_extent(volume)
    array, name = volume.array, volume.name
    across = _across_slices(array.shape, np.asarray(volume.ijk_to_ras, float))
    array, notes = replace_padding(array, name, across)
    if array.min() == array.max():
        raise UnsupportedImageError(
            f"{name} has the same value ({array.flat[0]}) everywhere; there is nothing to look at. "
            "Check that the right file was loaded."
        )
    notes = (*notes, *_shear(np.asarray(volume.ijk_to_ras, float)), *_blank_note(array, across))
    notes = tuple(note for note in notes if note not in volume.notes)
    if notes or array is not volume.array:
        volume = replace(volume, array=array, notes=(*volume.notes, *notes))
    return _check_sizes(volume)


def _shear(matrix: np.ndarray) -> list[str]:
    """A note where the axes are not at right angles."""
    directions = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
    most = max(abs(directions[:, a] @ directions[:, b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    degrees = math.degrees(math.asin(min(1.0, most)))
    return [] if degrees <= _SHEARED_DEGREES else [
        f"The image is sheared: its axes are {degrees:.1f} degrees from right angles, and slices are shown as if they "
        "were not. Volumes in mL take it into account."
    ]


def _blank_note(array: np.ndarray, across: int) -> list[str]:
    """A note where slices within the volume are empty."""
    emptied = blank_slices(array, across)
    if not emptied:
        return []
    which = ", ".join(map(str, emptied[:_NAMED])) + (f" and {len(emptied) - _NAMED} more" * (len(emptied) > _NAMED))
    return [f"Slices within the image are empty, or hold nothing in half of their rows, though those beside them do "
            f"not (counted from 1 as they are stored: {which}): an interrupted transfer may leave them so, and "
            "what belongs there was not looked at. Check the image, and export it again if so."]


def check_labels(volume: Volume) -> Volume:
    """Return `volume` if it can be somebody's mask of an image. Its values are labels and no intensities: none of them
    stands for missing ones, and one value everywhere means that nothing is drawn, or all.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    _check_grid(volume)
    _check_extent(volume)
    return _check_sizes(_checked_values(volume))


def check_segmentation(volume: Volume) -> Volume:
    """The same of a mask of any extent: programs crop masks to what is drawn."""
    _check_grid(volume)
    return _check_sizes(_checked_values(volume), least_mm=0.0)


def _checked_values(volume: Volume) -> Volume:
    """`volume`, if its labels are numbers."""
    if volume.array.dtype.kind == "f" and not np.isfinite(volume.array).all():
        raise UnsupportedImageError(
            f"{volume.name} holds values that are no numbers (NaN or infinite). Save the mask with 0 where nothing is "
            "drawn."
        )
    return volume


def _check_grid(volume: Volume) -> None:
    """Raise an UnsupportedImageError unless there are numbers on a grid that can be used."""
    array, name = volume.array, volume.name
    if array.ndim == 4:
        raise UnsupportedImageError(
            f"{name} has four dimensions {array.shape}: a time series, a colour or a multi-component image. "
            "Extract one scalar 3-D volume from it and run on that."
        )
    if array.ndim != 3:
        raise UnsupportedImageError(f"{name} has {array.ndim} dimensions; a 2-D or 3-D image is needed.")
    if array.size == 0:
        raise UnsupportedImageError(f"{name} is empty (size {array.shape}). Load an image that has voxels.")
    if array.dtype.kind not in "iufb":
        raise UnsupportedImageError(f"{name} holds {array.dtype} values; convert it to a scalar (grey) image.")
    matrix = np.asarray(volume.ijk_to_ras, dtype=float)
    spacing = np.linalg.norm(matrix[:3, :3], axis=0) if matrix.shape == (4, 4) else np.zeros(3)
    if not np.isfinite(matrix).all() or (spacing <= 0).any() or abs(np.linalg.det(matrix[:3, :3] / spacing)) < 1e-3:
        raise UnsupportedImageError(
            f"{name} has no usable geometry (spacing {tuple(spacing)}). Correct its spacing and directions first."
        )


def _check_extent(volume: Volume) -> None:
    """Raise an UnsupportedImageError where there are too few voxels for a model."""
    array, name = volume.array, volume.name
    slice_area = sorted(array.shape)[-1] * sorted(array.shape)[-2]
    if slice_area < 32 * 32 or sorted(array.shape)[-2] < 16:
        raise UnsupportedImageError(
            f"{name} is only {array.shape[2]} x {array.shape[1]} x {array.shape[0]} voxels; too little to look at "
            "(at least 32 x 32 in a slice)."
        )


def _check_sizes(volume: Volume, least_mm: float = EXTENT_MM[0]) -> Volume:
    """`volume`; with a note and an unknown spacing where its sizes are implausible but in proportion."""
    axes = 2 if volume.planar else 3
    spacing, counts = volume.spacing[:axes], volume.array.shape[::-1][:axes]
    reason = "" if volume.geometry.spacing == UNKNOWN else implausible_size(spacing, counts, least_mm)
    if not reason:
        return volume
    if max(spacing) > MOST_ELONGATED * min(spacing):
        raise UnsupportedImageError(
            f"{volume.name} has voxels of {size_in_words(spacing)} mm by its header, which no scanner gives. "
            "Correct the spacing in the file, or export it again."
        )
    note = f"The header gives {reason}, which cannot be those of a patient: sizes are not known."
    return replace(volume, geometry=volume.geometry.without_sizes(), notes=(*volume.notes, note))


def _across_slices(shape: tuple[int, int, int], matrix: np.ndarray) -> int:
    """The array axis (of K, J, I) along which slices most likely follow each other: that of a single slice, of the
    largest spacing, or the one nearest to feet and head."""
    if 1 in shape:
        return shape.index(1)
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    largest = int(spacing.argmax())
    if spacing.min() >= 0.95 * spacing[largest]:
        largest = int(np.abs(matrix[2, :3] / spacing).argmax())
    return 2 - largest
