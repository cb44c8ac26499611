"""Attention-guided super-resolution ([AGSR]): what the network attends to, drawn four times as fine in plane.

The paper cuts out the regions of highest attention, enlarges them with a latent-diffusion model and puts them back.
Here any upscaler does it, on a finer grid, so that nothing of the input is replaced, and the voxels that an upscaler
has drawn are marked: finer structure in them is guessed from other images and not measured in this patient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ...errors import UnsupportedImageError
from ...imaging.components import label_components
from ...imaging.preparation import PreparedVolume
from ..choices import QUANTILE
from ..prediction import Heatmap, SuperResolution
from .base import FACTOR, Upscaler

#: Voxels of the input over which a region fades into the interpolation around it, and that upscalers see beyond it.
_BLEND, _CONTEXT = 6, 16
#: So many voxels of the finer grid at most: 600 MB of 16-bit ones, and as many bytes again that mark them.
MOST_VOXELS = 300_000_000


class Region(NamedTuple):
    """A box on one slice, in voxels of the input as `SliceView` orders them."""

    number: int
    rows: slice
    columns: slice


def attended_regions(heat: np.ndarray, body: np.ndarray, quantile: float = QUANTILE) -> list[Region]:
    """Boxes around what is attended to, slice by slice; boxes of a slice do not meet.

    Args:
        heat: (N, rows, columns), 0 where nothing is attended to.
        body: bool, the same shape: whose voxels the quantile is of.
        quantile: 0 to 1; the higher, the less is chosen.

    Returns:
        boxes, each with a margin of `_BLEND` voxels; none where the heat is 0 everywhere.
    """
    from scipy import ndimage

    if not body.any():
        return []
    chosen = (heat > 0) & (heat >= np.quantile(heat[body], quantile))
    regions = []
    for number in np.flatnonzero(chosen.any(axis=(1, 2))):
        pieces, _ = label_components(chosen[number])
        boxes = [(_widened(rows, heat.shape[1]), _widened(columns, heat.shape[2]))
                 for rows, columns in ndimage.find_objects(pieces)]
        regions += [Region(int(number), *box) for box in _apart(boxes, heat.shape[1:])]
    return regions


def _widened(part: slice, count: int) -> slice:
    """A side of a box with its margin, within `count` voxels."""
    return slice(max(0, part.start - _BLEND), min(count, part.stop + _BLEND))


def _apart(boxes: list[tuple[slice, slice]], shape: tuple[int, int]) -> list[tuple[slice, slice]]:
    """Boxes that meet put together into one around both, until none do."""
    from scipy import ndimage

    while True:
        drawn = np.zeros(shape, bool)
        for box in boxes:
            drawn[box] = True
        joined = ndimage.find_objects(label_components(drawn)[0])
        if len(joined) == len(boxes) and sum(np.zeros(shape)[box].size for box in joined) == drawn.sum():
            return joined
        boxes = joined


def super_resolve(prepared: PreparedVolume, heatmap: Heatmap, upscaler: Upscaler, quantile: float = QUANTILE,
                  progress: Callable[[str, float], None] = lambda stage, fraction: None) -> SuperResolution:
    """The volume on a grid four times as fine in plane: attended regions by the upscaler, the rest interpolated
    (linear).

    Args:
        prepared: the volume and its slices.
        heatmap: on the volume's grid.
        upscaler: gives the regions.
        quantile: as in `attended_regions`.
        progress: told after every region, with the fraction done (0..1).

    Returns:
        The whole volume, or the slices that a region of interest touches; where that would have more than
        `MOST_VOXELS`, only the box of voxels around all regions.

    Raises:
        UnsupportedImageError: nothing is attended to, or even that box is too large.
    """
    view, name = prepared.view, prepared.volume.name
    heat = view.of(heatmap.percent)
    body = prepared.slices > prepared.foreground.threshold
    if prepared.region_mask is not None:
        body &= view.of(prepared.region_mask)
    regions = attended_regions(heat, body, quantile)
    if not regions:
        raise UnsupportedImageError(
            f"Nothing in {name} speaks for {heatmap.display}, so that no region can be chosen for super-resolution: "
            "there is no super-resolved volume. Explain another class."
        )
    first, last = _extent(regions, heat.shape)
    shape = tuple(int(n) for n in (last - first) * (1, FACTOR, FACTOR))
    # In the volume's own order of axes; `view.of` turns both to slices.
    stored = tuple(shape[view.axes.index(axis)] for axis in range(3))
    array = np.empty(stored, prepared.slices.dtype if prepared.slices.dtype.kind in "iu" else np.float32)
    synthetic = np.zeros(stored, np.uint8)
    whole = replace(view, span=None)
    fine, marked = whole.of(array), whole.of(synthetic)
    by_slice: dict[int, list[Region]] = {}
    for region in regions:
        by_slice.setdefault(region.number, []).append(region)
    finished = 0
    for number in range(first[0], last[0]):
        drawn = _interpolated(prepared.slices[number], first[1:], last[1:])
        for region in by_slice.get(number, []):
            place = tuple(slice(FACTOR * (part.start - start), FACTOR * (part.stop - start))
                          for part, start in zip(region[1:], first[1:], strict=True))
            weight = _blending(region, heat.shape[1:])
            drawn[place] += weight * (_upscaled(prepared, region, upscaler) - drawn[place])
            marked[number - first[0]][place] = 1
            finished += 1
            progress(f"Super-resolution, region {finished} of {len(regions)}", finished / len(regions))
        fine[number - first[0]] = _as_stored(drawn, array.dtype)
    return SuperResolution(upscaler.name, heatmap.method, heatmap.label, quantile, len(regions), array, synthetic,
                           _finer(prepared, first, last))


def _extent(regions: list[Region], shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """First and last + 1 voxel (slice, row, column) of what is made finer."""
    whole = np.zeros(3, int), np.array(shape)
    if np.prod(whole[1], dtype=float) * FACTOR**2 <= MOST_VOXELS:
        return whole
    starts = np.array([(r.number, r.rows.start, r.columns.start) for r in regions]).min(axis=0)
    stops = np.array([(r.number + 1, r.rows.stop, r.columns.stop) for r in regions]).max(axis=0)
    if np.prod(stops - starts, dtype=float) * FACTOR**2 > MOST_VOXELS:
        raise UnsupportedImageError(
            "There is no super-resolved volume: its regions spread over too much of the input to be made four times as "
            "fine. Choose a higher quantile, or crop the volume first."
        )
    return starts, stops


def _interpolated(image: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Voxels `first` to `last` of a slice four times as fine, linear, (4 rows, 4 columns) float32."""
    from scipy import ndimage

    starts, stops = np.maximum(0, first - 1), np.minimum(image.shape, last + 1)  # neighbours count at the edges
    part = image[starts[0]:stops[0], starts[1]:stops[1]].astype(np.float32)
    drawn: Any = ndimage.zoom(part, FACTOR, order=1, mode="nearest", grid_mode=True)
    (top, left), (bottom, right) = FACTOR * (first - starts), FACTOR * (last - starts)
    return drawn[top:bottom, left:right]


def _blending(region: Region, shape: tuple[int, int]) -> np.ndarray:
    """Share of the upscaler at each fine voxel of a region: 1 inside, 0 at its edges but those of the image."""
    ramps = []
    for part, count in zip(region[1:], shape, strict=True):
        place = (np.arange(FACTOR * (part.stop - part.start)) + 0.5) / (FACTOR * _BLEND)
        ahead = place if part.start else np.ones_like(place)
        behind = place[::-1] if part.stop < count else np.ones_like(place)
        step = np.clip(np.minimum(ahead, behind), 0, 1)
        ramps.append(step * step * (3 - 2 * step))  # without a kink where it begins and ends
    return np.outer(*ramps).astype(np.float32)


def _upscaled(prepared: PreparedVolume, region: Region, upscaler: Upscaler) -> np.ndarray:
    """A region of the slice by the upscaler, in the volume's unit."""
    image, light = prepared.slices[region.number], prepared.foreground
    seen = [slice(max(0, part.start - _CONTEXT), min(count, part.stop + _CONTEXT))
            for part, count in zip(region[1:], image.shape, strict=True)]
    scale = light.ceiling - light.air
    drawn = upscaler.upscale((image[tuple(seen)].astype(np.float32) - np.float32(light.air)) / np.float32(scale))
    kept = tuple(slice(FACTOR * (part.start - around.start), FACTOR * (part.stop - around.start))
                 for part, around in zip(region[1:], seen, strict=True))
    return drawn[kept] * np.float32(scale) + np.float32(light.air)


def _as_stored(values: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Rounded to whole numbers within the range of an integer type."""
    if kind.kind == "f":
        return values
    limits = np.iinfo(kind)
    return np.clip(np.rint(values.astype(np.float64)), limits.min, limits.max).astype(kind)


def _finer(prepared: PreparedVolume, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """`ijk_to_ras` of the finer grid: the same outer corner of the box of voxels, smaller steps in plane."""
    view, step, start = prepared.view, np.ones(3), np.zeros(3)
    for place, axis in enumerate(view.axes):  # of K, J, I
        count = prepared.volume.array.shape[axis]
        ahead = view.span[0] if place == 0 and view.span else 0  # slices that are not looked at
        begin = count - last[place] - ahead if view.flipped[place] else first[place] + ahead
        size = 1.0 if place == 0 else 1 / FACTOR
        ijk = 2 - axis
        step[ijk], start[ijk] = size, begin - 0.5 + size / 2
    to_old = np.diag([*step, 1.0])
    to_old[:3, 3] = start
    return prepared.volume.ijk_to_ras @ to_old
