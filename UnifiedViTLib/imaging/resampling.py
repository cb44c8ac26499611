"""The square that the network looks at, and linear resampling into it and back.

Resampling along rows and along columns are two small matrices; a slice goes there as `R @ slice @ C.T` and its
logits come back the same way. One piece of code serves training, inference and every backend. The matrices are sparse:
a few numbers a row, and SciPy multiplies them in this thread alone, where a product of full matrices would start
threads that hold up the network beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .intensity import Foreground

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Frame:
    """A square in the plane of the slices, in mm from the outer corner of the first voxel.

    Attributes:
        top, left: where it begins (may lie outside the image).
        side: its length.
        size: pixels along a side, as the network sees it.
        rows, columns: the image's voxels along a column and along a row.
        row_mm, column_mm: the image's spacing.
    """

    top: float
    left: float
    side: float
    size: int
    rows: int
    columns: int
    row_mm: float
    column_mm: float

    @property
    def pixel_mm(self) -> float:
        """Pixel size in the frame, mm."""
        return self.side / self.size

    def to_network(self, slices: np.ndarray) -> np.ndarray:
        """Resample slices (N, rows, columns) to (N, size, size), float32.

        Shrinking averages (a triangle as wide as the new pixel), so nothing aliases. Zero outside the image.
        """
        down_rows = _linear(self.rows, self.row_mm, self.size, self.pixel_mm, self.top)
        down_columns = _linear(self.columns, self.column_mm, self.size, self.pixel_mm, self.left)
        return _resampled(np.asarray(slices, dtype=np.float32), down_rows, down_columns)

    def from_network(self, maps: np.ndarray) -> tuple[np.ndarray, slice, slice]:
        """Resample maps (N, size, size) back to the image's grid, for the part of it inside the frame.

        Returns:
            maps (N, r, c), and the rows and columns of the image that they cover.
        """
        row_span = _inside(self.rows, self.row_mm, self.top, self.side)
        column_span = _inside(self.columns, self.column_mm, self.left, self.side)
        up_rows = _linear(
            self.size, self.pixel_mm, row_span.stop - row_span.start, self.row_mm,
            row_span.start * self.row_mm - self.top, clamp=True,
        )
        up_columns = _linear(
            self.size, self.pixel_mm, column_span.stop - column_span.start, self.column_mm,
            column_span.start * self.column_mm - self.left, clamp=True,
        )
        return _resampled(np.asarray(maps, dtype=np.float32), up_rows, up_columns), row_span, column_span


def _shape(matrix: csr_array) -> tuple[int, int]:
    shape: Any = matrix.shape  # its types say that there may be none
    return shape


def _resampled(images: np.ndarray, along_rows: csr_array, along_columns: csr_array) -> np.ndarray:
    """(N, rows, columns) to (N, new rows, new columns), one image at a time."""
    (rows, _), (columns, _) = _shape(along_rows), _shape(along_columns)
    resampled = np.empty((len(images), rows, columns), np.float32)
    for image, into in zip(images, resampled, strict=True):
        into[...] = (along_columns @ np.ascontiguousarray((along_rows @ np.ascontiguousarray(image)).T)).T
    return resampled


def _inside(count: int, mm: float, start: float, side: float) -> slice:
    """Voxels whose centres lie inside [start, start + side]."""
    first = max(0, int(np.ceil(start / mm - 0.5)))
    last = min(count, int(np.floor((start + side) / mm - 0.5)) + 1)
    return slice(first, max(first, last))


@lru_cache(maxsize=16)  # the same for every batch of a volume
def _linear(count: int, mm: float, out_count: int, out_mm: float, offset: float, clamp: bool = False) -> csr_array:
    """Matrix (out_count, count) that resamples a line of `count` cells of `mm` to cells of `out_mm`.

    The first new cell begins `offset` mm after the first old one. The kernel is a triangle as wide as the larger
    of the two cells. Beyond the ends: zeros, or the end value with `clamp`.
    """
    from scipy.sparse import csr_array

    centre = (offset + (np.arange(out_count) + 0.5) * out_mm) / mm - 0.5
    within = (centre > -0.5 - 1e-9) & (centre < count - 0.5 + 1e-9)
    centre = np.clip(centre, 0, count - 1)
    width = max(1.0, out_mm / mm)
    weight = np.maximum(0.0, 1.0 - np.abs(np.arange(count)[None, :] - centre[:, None]) / width)
    weight /= weight.sum(axis=1, keepdims=True)
    if not clamp:
        weight[~within] = 0.0
    return csr_array(weight.astype(np.float32))


def head_frame(slices: np.ndarray, row_mm: float, column_mm: float, size: int, foreground: Foreground,
               margin: float = 0.04) -> Frame:
    """The square around what is not air, the same for all slices of a volume.

    Scanners and archives leave margins of very different width; looking at the body alone makes size in the frame
    comparable and takes the margin away as a hint about where an image came from.

    Args:
        slices: (N, rows, columns), any intensity unit.
        row_mm, column_mm: spacing.
        size: pixels along a side of the network's input.
        foreground: what counts as body in this volume.
        margin: kept free on each side, as a share of the square.
    """
    rows, columns = slices.shape[1:]
    body = slices > foreground.threshold
    extents = []
    for profile, mm in ((body.sum(axis=(0, 2)), row_mm), (body.sum(axis=(0, 1)), column_mm)):
        # Lines with hardly any body are noise, ghosts or a stray pixel.
        line = np.flatnonzero(profile > 0.02 * profile.max()) if profile.max() else np.arange(len(profile))
        extents.append((line[0] * mm, (line[-1] + 1) * mm))
    side = max(stop - start for start, stop in extents) * (1 + 2 * margin)
    top, left = ((start + stop) / 2 - side / 2 for start, stop in extents)
    return Frame(top, left, side, size, rows, columns, row_mm, column_mm)
