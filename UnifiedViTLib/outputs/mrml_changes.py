"""Whether a result of the scene, and what it was made from, are still as they were."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ..errors import UnsupportedImageError
from ..imaging.volume import Volume, grid_distance_mm
from .dataset.correction import unpack_drawn
from .dataset.folder import image_digest
from .mrml import ATTRIBUTE, ijk_to_ras_of, result_of, volume_from_node, volume_of
from .report import APART, EDITED, MOVED, OTHER_IMAGE

#: Digests of the voxels that were last asked about, by when they changed, which VTK counts for all objects together;
#: and how many are kept.
_last_digests: dict[tuple[int, int], str] = {}
_DIGESTS = 16


def has_voxels_of(volume: Volume, segmentation_node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether a volume has the voxels that a result is of; True where these are not known, as in older scenes.

    Args:
        volume: as from `volume_from_node`.
        segmentation_node: carries the result.
    """
    return segmentation_node.GetAttribute(f"{ATTRIBUTE}ImageSHA256") in (None, image_digest(volume.array))


def with_changes_told(result: dict[str, Any], segmentation_node: slicer.vtkMRMLSegmentationNode) -> dict[str, Any]:
    """A result, with a warning for whatever is no longer as it was at the run: its segments, where they lie, its
    volume.

    Args:
        result: as from `result_of`.
        segmentation_node: carries it; of one that does not say what was drawn, as in older scenes, nothing is told.
    """
    if segmentation_node.GetAttribute(f"{ATTRIBUTE}Proposal") is None:
        return result
    volume_node = volume_of(segmentation_node)
    if volume_node is not None and volume_node.GetImageData() is None:
        volume_node = None
    grid = ijk_to_ras_at_run(segmentation_node)
    is_moved = volume_node is not None and grid is not None and not _is_grid_of(volume_node, grid)
    told = [] if is_as_drawn(segmentation_node) else [EDITED]
    told += [APART] if is_apart(segmentation_node) else []
    told += [MOVED] if is_moved else []
    if volume_node is None or segmentation_node.GetAttribute(f"{ATTRIBUTE}ImageSHA256") not in (
            None, _digest_of(volume_node)):
        told.append(OTHER_IMAGE)
    return result | {"warnings": [*told, *result["warnings"]]}


def is_apart(segmentation_node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether one of a segmentation with a result and its volume was moved without the other since the run; False where
    that is not known."""
    volume_node, grid = volume_of(segmentation_node), ijk_to_ras_at_run(segmentation_node)
    if volume_node is None or volume_node.GetImageData() is None:
        return False
    if not _has_same_parents(segmentation_node, volume_node):
        return True
    if grid is None or _is_grid_of(volume_node, grid):
        return False
    now = ijk_to_ras_of(volume_node)
    return any(lies_on(segmentation_node, grid) and not lies_on(segmentation_node, now)
               for lies_on in (_lies_on, _is_drawn_on))


def ijk_to_ras_at_run(segmentation_node: slicer.vtkMRMLSegmentationNode) -> np.ndarray | None:
    """IJK to RAS, 4x4, of the volume as it lay at the run; None where that is not known, as in older scenes."""
    try:
        grid = np.array(json.loads(segmentation_node.GetAttribute(f"{ATTRIBUTE}IJKToRAS") or ""), float)
    except (ValueError, TypeError, RecursionError):
        return None
    return grid if grid.shape == (4, 4) and np.isfinite(grid).all() and np.linalg.det(grid) else None


def state_of(node: slicer.vtkMRMLNode) -> tuple[Any, ...]:
    """What a user may change of a node of a result: its name, the cells of a table, the segments of a segmentation."""
    if isinstance(node, slicer.vtkMRMLSegmentationNode):
        return node.GetName(), is_as_drawn(node) if result_of(node) else _segments_of(node)
    table = node.GetTable() if node.IsA("vtkMRMLTableNode") else None
    return node.GetName(), *_cells_of(table)


def is_as_written(table_node: slicer.vtkMRMLTableNode) -> bool:
    """Whether the table of a result says what `add_to_scene` wrote. True for an empty one: nothing of a user's is lost
    with it."""
    result, columns = result_of(table_node), _cells_of(table_node.GetTable())
    if result is None or not columns:
        return not columns
    diagnosis = result["diagnosis"]
    classes, names = diagnosis["probabilities"], diagnosis.get("display_names", {})
    written = [("Class", *classes), ("Diagnosis", *map(names.get, classes)), ("Probability", *classes.values())]
    if thresholds := diagnosis.get("thresholds"):
        found = ("yes" if name in diagnosis["findings"] else "no" for name in thresholds)
        written += [("Threshold", *thresholds.values()), ("Found", *found)]
    return list(map(len, columns)) == list(map(len, written)) and all(
        _says(cell, value) for cells, values in zip(columns, written, strict=True)
        for cell, value in zip(cells, values, strict=True))


def is_as_drawn(segmentation_node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether the segments of a result are those that the model drew, in their place and under their names: none was
    edited, renamed, added or removed. Their place is on the volume, or where that lay at the run.

    Args:
        segmentation_node: as `add_to_scene` left it, or changed since; one that does not say what was drawn is not as
            drawn.
    """
    volume_node, grid = volume_of(segmentation_node), ijk_to_ras_at_run(segmentation_node)
    if volume_node is None or volume_node.GetImageData() is None:
        return _is_drawn_on(segmentation_node, grid)
    return _is_drawn_on(segmentation_node, ijk_to_ras_of(volume_node)) or (
        grid is not None and not _is_grid_of(volume_node, grid) and _is_drawn_on(segmentation_node, grid))


def _is_drawn_on(segmentation_node: slicer.vtkMRMLSegmentationNode, ijk_to_ras: np.ndarray | None) -> bool:
    """The same for a grid of the volume; None: for the extents of the segments."""
    result, packed = result_of(segmentation_node), unpack_drawn(segmentation_node.GetAttribute(f"{ATTRIBUTE}Proposal"))
    if result is None or packed is None:
        return False
    _, start, part = packed
    drawn = {f"Segment_{label}": (segment["name"], part == label)
             for label, segment in enumerate(result["segments"], start=1) if (part == label).any()}
    segmentation = segmentation_node.GetSegmentation()
    names = {segment_id: segmentation.GetSegment(segment_id).GetName() for segment_id in segmentation.GetSegmentIDs()}
    return names == {segment_id: name for segment_id, (name, _) in drawn.items()} and all(
        _has_voxels(segmentation_node, segment_id, ijk_to_ras, start, mask) for segment_id, (_, mask) in drawn.items())


def _has_voxels(segmentation_node: slicer.vtkMRMLSegmentationNode, segment_id: str, ijk_to_ras: np.ndarray | None,
                start: tuple[int, ...], mask: np.ndarray) -> bool:
    """Whether a segment is of the voxels of `mask` alone, which begins at `start` (k, j, i) of the volume's array."""
    image = slicer.vtkOrientedImageData()
    if not segmentation_node.GetBinaryLabelmapRepresentation(segment_id, image) or image.IsEmpty():
        return False
    if (place := _place_of(image, ijk_to_ras)) is None:
        return False
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    first = np.subtract(np.rint(place).astype(int), start)
    low, high = np.maximum(first, 0), np.minimum(first + array.shape, mask.shape)
    if (high <= low).any():
        return False
    here, there = (tuple(slice(a, b) for a, b in zip(low - origin, high - origin, strict=True))
                   for origin in (first, np.zeros(3, int)))
    # Equal sets: as many on either side as in both.
    count = np.count_nonzero(mask)
    return count == np.count_nonzero(array) == np.count_nonzero(mask[there] & (array[here] > 0))


def _lies_on(segmentation_node: slicer.vtkMRMLSegmentationNode, ijk_to_ras: np.ndarray) -> bool:
    """Whether the voxels of all segments are voxels of a grid."""
    image = slicer.vtkOrientedImageData()
    for segment_id in segmentation_node.GetSegmentation().GetSegmentIDs():
        if segmentation_node.GetBinaryLabelmapRepresentation(segment_id, image) and not image.IsEmpty():
            place = _place_of(image, ijk_to_ras)
            if place is None or np.abs(place - np.rint(place)).max() > 0.1:
                return False
    return True


def _place_of(image: slicer.vtkOrientedImageData, ijk_to_ras: np.ndarray | None) -> np.ndarray | None:
    """Where (k, j, i) the first voxel of a segment lies in the array of its volume, by their geometries: the extents of
    both may begin anywhere, and do so no more once a volume was saved and loaded. None where their axes differ."""
    extent = image.GetExtent()[::2]
    if ijk_to_ras is None:
        return np.array(extent[::-1])
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    axes = [[matrix.GetElement(row, column) for column in range(3)] for row in range(3)]
    if not np.abs(ijk_to_ras[:3, :3] - axes).max() < 1e-3 * np.linalg.norm(axes, axis=0).min():
        return None
    place = np.linalg.solve(ijk_to_ras, matrix.MultiplyPoint((*extent, 1.0)))
    return place[2::-1]


def _is_grid_of(volume_node: slicer.vtkMRMLVolumeNode, grid: np.ndarray) -> bool:
    """Whether a volume lies on this grid but for rounding, as of `mrml.check_belongs`."""
    now, shape = ijk_to_ras_of(volume_node), volume_node.GetImageData().GetDimensions()[::-1]
    return bool(grid_distance_mm(grid, now, shape) < 0.01 * np.linalg.norm(grid[:3, :3], axis=0).min())


def _has_same_parents(one: slicer.vtkMRMLTransformableNode, other: slicer.vtkMRMLTransformableNode) -> bool:
    """Whether the parent transforms of two nodes place them in the same way."""
    parents, between = (one.GetParentTransformNode(), other.GetParentTransformNode()), vtk.vtkMatrix4x4()
    if parents[0] is parents[1]:
        return True
    if any(parent and not parent.IsTransformToWorldLinear() for parent in parents):
        return False
    return slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(*parents, between) and np.allclose(
        [between.GetElement(row, column) for row in range(4) for column in range(4)], np.eye(4).ravel(), atol=1e-3)


def last_change(volume_node: slicer.vtkMRMLScalarVolumeNode) -> tuple[int, int]:
    """When its voxels were changed last, or became those of another item: times of VTK, which no two changes share."""
    image = volume_node.GetImageData()
    scalars = image.GetPointData().GetScalars() if image else None
    return image.GetMTime() if image else 0, scalars.GetMTime() if scalars else 0


def _digest_of(volume_node: slicer.vtkMRMLScalarVolumeNode) -> str:
    """Of the voxels as they are now; "" for none that a result could be of. Kept until Slicer says that they changed:
    the panel asks again and again."""
    key = last_change(volume_node)
    if key not in _last_digests:
        try:
            digest = image_digest(volume_from_node(volume_node).array)
        except UnsupportedImageError:
            digest = ""
        if len(_last_digests) >= _DIGESTS:
            _last_digests.clear()
        _last_digests[key] = digest
    return _last_digests[key]


def _segments_of(segmentation_node: slicer.vtkMRMLSegmentationNode) -> tuple[tuple[str, str, str], ...]:
    """ID, name, and a digest of what is drawn, of each segment: whatever room its labelmap has around that."""
    segmentation, segments = segmentation_node.GetSegmentation(), []
    for segment_id in segmentation.GetSegmentIDs():
        image, digest = slicer.vtkOrientedImageData(), ""
        if segmentation_node.GetBinaryLabelmapRepresentation(segment_id, image) and not image.IsEmpty():
            array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
            bounds = [np.flatnonzero(array.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
            box = tuple(slice(line[0], line[-1] + 1) if line.size else slice(0) for line in bounds)
            start = [image.GetExtent()[2 * n] + part.start for n, part in enumerate(box[::-1]) if part.stop]
            digest = hashlib.sha256(f"{start} ".encode() + np.packbits(array[box] != 0).tobytes()).hexdigest()
        segments.append((segment_id, segmentation.GetSegment(segment_id).GetName(), digest))
    return tuple(segments)


def _cells_of(table: vtk.vtkTable | None) -> list[tuple[str, ...]]:
    """A title and the cells as texts, of each column of a table."""
    columns = [table.GetColumn(n) for n in range(table.GetNumberOfColumns())] if table else []
    return [(column.GetName(), *(column.GetVariantValue(row).ToString() for row in range(column.GetNumberOfTuples())))
            for column in columns]


def _says(cell: str, value: str | float | None) -> bool:
    """Whether a cell is a text, or a number as far as a table's file keeps its digits; None is not known."""
    if value is None or isinstance(value, str):
        return value in (None, cell)
    try:
        return math.isclose(float(cell), value, abs_tol=1e-5)
    except ValueError:
        return False
