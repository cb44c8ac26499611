"""What a lesion looks like where most of it is drawn, in numbers that a reader can check: its brightness beside what
surrounds it, its rim beside its middle, and how near to the air around what is imaged it comes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..imaging.channels import PreparedChannels
from ..imaging.components import label_components, largest_component
from ..imaging.intensity import Foreground
from ..imaging.preparation import PreparedVolume
from ..spec import ModelSpec
from .prediction import Appearance, SegmentResult

#: Pixels from the edge to the middle under which rim and middle are one.
_SHALLOWEST = 4.0
#: Share of that depth: up to the first is rim, from the second on middle.
_RIM, _MIDDLE = 0.4, 0.7
#: Pixels of which a mean is taken at least.
_FEWEST = 12
#: A piece in a box of more pixels is measured on a part of them: distances take minutes and gigabytes otherwise.
_MOST_PIXELS = 2**21
#: Share of a slice that has to be air for an outline to be there: noise is darker than the threshold here and there.
_LEAST_AIR = 0.02
#: What is imaged from outside in: a lesion's distance from the outline is one under the skin or the skull.
_WITH_OUTLINE = ("MR", "CT")


def measure_appearance(prepared: PreparedVolume, labelmap: np.ndarray, segments: Sequence[SegmentResult],
                       spec: ModelSpec) -> Appearance | None:
    """Measure what is drawn on the channel whose grid it is drawn on; None where nothing is drawn.

    Args:
        prepared: what was looked at.
        labelmap: (K, J, I) uint8 on the volume's own grid; 0 background, otherwise the label of one of `segments`.
        segments: how much of each there is.
        spec: the model.
    """
    largest = max(segments, key=lambda segment: segment.voxels)
    if not largest.voxels:
        return None
    labels = prepared.view.of(labelmap)
    voxels, _ = largest_component(labels == largest.label)
    numbers, counts = np.unique(voxels[:, 0], return_counts=True)
    number = int(numbers[counts.argmax()])
    piece = np.zeros(labels.shape[1:], bool)
    piece[tuple(voxels[voxels[:, 0] == number, 1:].T)] = True
    step = _step(piece)
    image, piece, drawn = (one[::step, ::step] for one in (prepared.slices[number], piece, labels[number] > 0))
    image = np.asarray(image, np.float32)
    beside, rim = brightness(image, piece, drawn, prepared.foreground)
    depth = None
    if spec.modality in _WITH_OUTLINE and prepared.volume.voxel_ml is not None:
        height_mm, width_mm = prepared.view.mm[1:]
        depth = outline_depth(image, piece, prepared.foreground, (height_mm * step, width_mm * step))
    return Appearance(_channel(prepared, spec), beside, rim, depth)


def _step(piece: np.ndarray) -> int:
    """Of how many rows and columns one is enough, as a piece (H, W) is measured on far more pixels than it needs."""
    height, width = (np.ptp(np.flatnonzero(piece.any(axis=axis))) + 1 for axis in (1, 0))
    step = math.ceil(math.sqrt(height * width / _MOST_PIXELS))
    return step if piece[::step, ::step].any() else 1


def brightness(image: np.ndarray, piece: np.ndarray, drawn: np.ndarray, foreground: Foreground
               ) -> tuple[float | None, float | None]:
    """`beside` and `rim` as of `Appearance`.

    Args:
        image: (H, W) float32, a slice in the volume's unit.
        piece: (H, W) bool, of a lesion; not empty.
        drawn: (H, W) bool, all lesions.
        foreground: statistics of the volume.
    """
    from scipy import ndimage

    transform: Any = ndimage.distance_transform_edt  # whose types allow for answers in a buffer of the caller
    rows, columns = (np.flatnonzero(piece.any(axis=axis)) for axis in (1, 0))
    # No place in a piece is deeper than half of its width: all that is looked at lies in this box.
    reach = int(max(min(np.ptp(rows), np.ptp(columns)) / 2, _SHALLOWEST)) + 3
    box = tuple(slice(max(0, line[0] - reach), line[-1] + reach + 1) for line in (rows, columns))
    inside = piece[box]
    depth = transform(np.pad(inside, 1))[1:-1, 1:-1]
    deepest = float(depth.max())
    near = transform(~inside) <= max(deepest, _SHALLOWEST)
    values = np.minimum(image[box], np.float32(foreground.ceiling)) / np.float32(foreground.deviation)
    around = near & ~drawn[box] & (image[box] > foreground.threshold)
    beside = None
    if min(np.count_nonzero(around), np.count_nonzero(inside)) >= _FEWEST:
        beside = float(values[inside].mean() - values[around].mean())
    outer, middle = inside & (depth <= _RIM * deepest), depth >= _MIDDLE * deepest
    if deepest < _SHALLOWEST or min(np.count_nonzero(outer), np.count_nonzero(middle)) < _FEWEST:
        return beside, None
    return beside, float(values[outer].mean() - values[middle].mean())


def outline_depth(image: np.ndarray, piece: np.ndarray, foreground: Foreground, pixel_mm: tuple[float, float]
                  ) -> float | None:
    """The shortest way in mm from a piece of a lesion to the air around the body in its slice; None where hardly any
    air is in the picture. Where the picture ends within the body is no outline.

    Args:
        image: (H, W) float32, a slice in the volume's unit.
        piece: (H, W) bool; not empty.
        foreground: statistics of the volume.
        pixel_mm: height and width of a pixel.
    """
    from scipy import ndimage

    opened = ndimage.binary_opening(np.pad(image > foreground.threshold, 1, mode="edge"))[1:-1, 1:-1]
    body, _ = label_components(opened | piece)
    body = np.asarray(ndimage.binary_fill_holes(np.isin(body, np.unique(body[piece]))), bool)
    if np.count_nonzero(~body) < _LEAST_AIR * body.size:
        return None
    depth: Any = ndimage.distance_transform_edt(body, sampling=pixel_mm)
    return float(depth[piece].min())


def _channel(prepared: PreparedVolume, spec: ModelSpec) -> str:
    """Name of the channel whose grid all are on; "" for a model of one image."""
    if not isinstance(prepared, PreparedChannels):
        return ""
    return next(channel.name for channel, image in zip(spec.channels, prepared.channels, strict=True)
                if image is not None and image.slices is prepared.slices)
