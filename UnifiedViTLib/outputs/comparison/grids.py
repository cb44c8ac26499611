"""Two segmentations on one grid: as they are, or the coarser one resampled into the grid of the finer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...imaging.volume import grid_distance_mm
from .metrics import drawn_box
from .segmentations import Segmentation

#: Grids are the same if no corner lies further away, in voxels: formats round the last digits.
SAME_VOXELS = 0.05
#: Two boxes of which less of the smaller one is shared do not show the same part of a patient.
_LEAST_SHARED = 0.1
#: By how much the powers of ten between voxel sizes may differ along the axes.
_SAME_UNIT = 0.01
#: Voxels on which two grids are brought together: twice a CT of a whole body.
_MOST_VOXELS = 2**29
#: Points along an axis at which boxes are held against each other.
_SAMPLES = 16


@dataclass(frozen=True)
class Alignment:
    """Both sides on one grid.

    Attributes:
        a, b: on that grid.
        distances: whether outlines can be measured in mm.
        note: how they came onto it; "" where they were on one.
    """

    a: Segmentation
    b: Segmentation
    distances: bool
    note: str = ""


def align(a: Segmentation, b: Segmentation) -> Alignment | str:
    """Both on one grid; or a sentence on why they cannot be laid over each other."""
    measured = a.has_sizes and b.has_sizes
    same_shape = a.shape == b.shape
    apart = grid_distance_mm(a.ijk_to_ras, b.ijk_to_ras, a.shape) / _smallest(a) if same_shape else np.inf
    if apart < SAME_VOXELS:
        return Alignment(a, b, measured)
    lost = [side.name for side in (a, b) if not side.geometry.placed]
    if lost:
        files = " and ".join(lost)
        if same_shape:
            same_spacing = np.allclose(_spacing(a), _spacing(b), rtol=0.01)
            note = f"{files} does not say where in the patient it lies: the two were laid over each other voxel by " \
                   "voxel."
            return Alignment(a, replace(b, ijk_to_ras=a.ijk_to_ras), measured and same_spacing, note)
        return (f"{files} does not say where in the patient it lies, and the grids are of {_counts(a)} and "
                f"{_counts(b)} voxels: the two cannot be laid over each other. Save both on the grid of one image.")
    shared = max(_share_inside(a, b), _share_inside(b, a))
    if shared < _LEAST_SHARED:
        return (f"{a.name} and {b.name} do not lie in the same space ({shared:.0%} of the smaller box is shared): "
                "register them first. Overlap and distance are not told.")
    fine, coarse = (a, b) if _voxel_mm3(a) <= 1.001 * _voxel_mm3(b) else (b, a)
    note = (f"The grids differ: {coarse.name} was resampled (nearest neighbour) into the grid of {fine.name} for "
            "Dice, HD95 and the difference map.")
    to_ras, shape = _common_grid(fine, coarse)
    if math.prod(shape) > max(_MOST_VOXELS, math.prod(fine.shape)):
        return (f"In the voxels of {fine.name}, what {coarse.name} draws is too large to be laid over it "
                f"({' x '.join(map(str, shape[::-1]))}): overlap and distance are not told. Make {fine.name} coarser.")
    fine_on_grid, coarse_on_grid = side_on(fine, to_ras, shape), side_on(coarse, to_ras, shape)
    on_grid = (fine_on_grid, coarse_on_grid) if fine is a else (coarse_on_grid, fine_on_grid)
    return Alignment(*on_grid, measured, note)


def unit_warnings(a: Segmentation, b: Segmentation) -> list[str]:
    """A sentence where the sizes of one side seem to be in another unit: as many voxels, all 10 (100, 1000) times as
    wide."""
    if not (a.has_sizes and b.has_sizes and a.shape == b.shape):
        return []
    powers = np.log10(np.divide(_spacing(a), _spacing(b)))
    power = round(float(powers.mean()))
    if not power or np.abs(powers - power).max() > _SAME_UNIT:
        return []
    wide, narrow = (a, b) if power > 0 else (b, a)
    return [f"{wide.name} and {narrow.name} have as many voxels, but those of {wide.name} are {10 ** abs(power)} times "
            "as wide: the sizes of one of them are in another unit (cm, m). Volumes, growth, Dice and HD95 are wrong; "
            "correct the spacing and compare again."]


def _common_grid(fine: Segmentation, coarse: Segmentation) -> tuple[np.ndarray, tuple[int, ...]]:
    """The grid of `fine`, 4x4 and voxels (K, J, I); where `coarse` draws beyond it, of a box around all that is drawn
    on either side."""
    start, stop = np.zeros(3, int), np.array(fine.shape[::-1])
    box = _drawn(coarse)
    if box is not None:
        first, last = _box_in(box, np.linalg.inv(fine.ijk_to_ras) @ coarse.ijk_to_ras)
        if (first < -1).any() or (last > stop + 1).any():
            own = _drawn(fine)
            if own is not None:
                first = np.minimum(first, [side.start for side in own[::-1]])
                last = np.maximum(last, [side.stop for side in own[::-1]])
            start, stop = first, last
    to_ras = fine.ijk_to_ras.copy()
    to_ras[:3, 3] += to_ras[:3, :3] @ start
    return to_ras, tuple(int(n) for n in (stop - start)[::-1])


def side_on(side: Segmentation, to_ras: np.ndarray, shape: tuple[int, ...]) -> Segmentation:
    """A side on another grid, by nearest neighbour.

    Args:
        side: what is resampled.
        to_ras: 4x4, the other grid in mm.
        shape: its voxels (K, J, I).
    """
    if side.shape == shape and np.array_equal(side.ijk_to_ras, to_ras):
        return side
    to_side = np.linalg.inv(side.ijk_to_ras) @ to_ras
    layers = tuple(resample_labels(layer, to_side, shape) for layer in side.layers)
    return replace(side, ijk_to_ras=to_ras, layers=layers)


def resample_labels(layer: np.ndarray, to_layer: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Labels of a layer at the voxels of another grid, of the nearest voxel; 0 beyond it.

    Args:
        layer: (K, J, I).
        to_layer: 4x4, index (i, j, k, 1) in the other grid to one in the layer's.
        shape: of the other grid, (K, J, I).
    """
    from scipy import ndimage

    labels = np.zeros(shape, layer.dtype)
    box = drawn_box(layer != 0)
    if box is None:
        return labels
    # Of the other grid, the part alone in which something may be drawn: the rest is most of it.
    first, last = _box_in(box, np.linalg.inv(to_layer))
    first, last = np.clip(first, 0, shape[::-1]), np.clip(last, 0, shape[::-1])
    if (first < last).all():
        matrix, start = to_layer[2::-1, 2::-1], first[::-1]
        offset: Any = to_layer[2::-1, 3] + matrix @ start  # SciPy's types say a number, its documentation one an axis
        k, j, i = (slice(begin, end) for begin, end in zip(start, last[::-1], strict=True))
        ndimage.affine_transform(layer, matrix, offset, output=labels[k, j, i], output_shape=labels[k, j, i].shape,
                                 order=0, mode="grid-constant", cval=0)
    return labels


def _drawn(side: Segmentation) -> tuple[slice, slice, slice] | None:
    return drawn_box(side.mask(side.segments))


def _box_in(box: tuple[slice, slice, slice], to_other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First voxels and ends along (i, j, k) of another grid that cover a box of voxels.

    Args:
        box: along (K, J, I).
        to_other: 4x4, index (i, j, k, 1) to one in the other grid.
    """
    i, j, k = ((side.start - 0.5, side.stop - 0.5) for side in box[::-1])
    corners = np.array([(x, y, z) for x in i for y in j for z in k]) @ to_other[:3, :3].T + to_other[:3, 3]
    return np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int) + 1


def _share_inside(a: Segmentation, b: Segmentation) -> float:
    """How much of the box of `a` lies in that of `b`, 0 to 1."""
    axes = [(np.arange(_SAMPLES) + 0.5) / _SAMPLES * count - 0.5 for count in a.shape[::-1]]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    a_to_b = np.linalg.inv(b.ijk_to_ras) @ a.ijk_to_ras
    points = points @ a_to_b[:3, :3].T + a_to_b[:3, 3]
    return float(((points >= -0.5) & (points <= np.array(b.shape[::-1]) - 0.5)).all(axis=1).mean())


def _spacing(side: Segmentation) -> np.ndarray:
    return np.linalg.norm(side.ijk_to_ras[:3, :3], axis=0)


def _smallest(side: Segmentation) -> float:
    return float(_spacing(side).min())


def _voxel_mm3(side: Segmentation) -> float:
    return float(abs(np.linalg.det(side.ijk_to_ras[:3, :3])))


def _counts(side: Segmentation) -> str:
    return " x ".join(str(count) for count in side.shape[::-1])
