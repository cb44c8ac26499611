"""Whether a result of the scene, and what it was made from, are still as they were."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ..imaging.volume import Volume
from .dataset.correction import unpack_drawn
from .dataset.folder import image_digest
from .mrml import ATTRIBUTE, ijk_to_ras_of, result_of, volume_of
from .report import EDITED


def has_voxels_of(volume: Volume, segmentation_node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether a volume has the voxels that a result is of; True where these are not known, as in older scenes.

    Args:
        volume: as from `volume_from_node`.
        segmentation_node: carries the result.
    """
    return segmentation_node.GetAttribute(f"{ATTRIBUTE}ImageSHA256") in (None, image_digest(volume.array))


def with_edits_told(result: dict[str, Any], segmentation_node: slicer.vtkMRMLSegmentationNode) -> dict[str, Any]:
    """A result, with a warning where its segments were changed since the run.

    Args:
        result: as from `result_of`.
        segmentation_node: carries it; of one that does not say what was drawn, as in older scenes, nothing is told.
    """
    is_known = segmentation_node.GetAttribute(f"{ATTRIBUTE}Proposal") is not None
    if not is_known or is_as_drawn(segmentation_node):
        return result
    return result | {"warnings": [EDITED, *result["warnings"]]}


def state_of(node: slicer.vtkMRMLNode) -> tuple[Any, ...]:
    """What a user may change of a node of a result besides its segments: its name, and the cells of a table."""
    table = node.GetTable() if node.IsA("vtkMRMLTableNode") else None
    columns = [table.GetColumn(n) for n in range(table.GetNumberOfColumns())] if table else []
    return node.GetName(), *(
        (column.GetName(), *(column.GetVariantValue(row).ToString() for row in range(column.GetNumberOfTuples())))
        for column in columns)


def is_as_drawn(segmentation_node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether the segments of a result are those that the model drew, in their place and under their names: none was
    edited, renamed, added or removed.

    Args:
        segmentation_node: as `add_to_scene` left it, or changed since; one that does not say what was drawn is not as
            drawn.
    """
    result, packed = result_of(segmentation_node), unpack_drawn(segmentation_node.GetAttribute(f"{ATTRIBUTE}Proposal"))
    if result is None or packed is None:
        return False
    _, start, part = packed
    drawn = {f"Segment_{label}": (segment["name"], part == label)
             for label, segment in enumerate(result["segments"], start=1) if (part == label).any()}
    segmentation = segmentation_node.GetSegmentation()
    names = {segment_id: segmentation.GetSegment(segment_id).GetName() for segment_id in segmentation.GetSegmentIDs()}
    return names == {segment_id: name for segment_id, (name, _) in drawn.items()} and all(
        _has_voxels(segmentation_node, segment_id, start, mask) for segment_id, (_, mask) in drawn.items())


def _has_voxels(segmentation_node: slicer.vtkMRMLSegmentationNode, segment_id: str, start: tuple[int, ...],
                mask: np.ndarray) -> bool:
    """Whether a segment is of the voxels of `mask` alone, which begins at `start` (k, j, i) of the volume's array."""
    image = slicer.vtkOrientedImageData()
    if not segmentation_node.GetBinaryLabelmapRepresentation(segment_id, image) or image.IsEmpty():
        return False
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    first = np.subtract(_first_voxel(image, volume_of(segmentation_node)), start)
    low, high = np.maximum(first, 0), np.minimum(first + array.shape, mask.shape)
    if (high <= low).any():
        return False
    here, there = (tuple(slice(a, b) for a, b in zip(low - origin, high - origin, strict=True))
                   for origin in (first, np.zeros(3, int)))
    # Equal sets: as many on either side as in both.
    count = np.count_nonzero(mask)
    return count == np.count_nonzero(array) == np.count_nonzero(mask[there] & (array[here] > 0))


def _first_voxel(image: slicer.vtkOrientedImageData, volume_node: slicer.vtkMRMLVolumeNode | None) -> np.ndarray:
    """Where (k, j, i) the first voxel of a segment lies in the array of its volume, by their geometries: the extents of
    both may begin anywhere, and do so no more once a volume was saved and loaded."""
    extent = image.GetExtent()[::2]
    if volume_node is None or volume_node.GetImageData() is None:
        return np.array(extent[::-1])
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    place = np.linalg.solve(ijk_to_ras_of(volume_node), matrix.MultiplyPoint((*extent, 1.0)))
    return np.rint(place[2::-1]).astype(int)
