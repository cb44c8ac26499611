"""Whether the segments of a result in the scene are still those that the model drew."""

from __future__ import annotations

import json

import numpy as np
import slicer
from vtk.util.numpy_support import vtk_to_numpy

from .dataset.correction import unpack_labelmap
from .mrml import ATTRIBUTE, result_of, volume_of


def is_as_drawn(segmentation_node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether the segments of a result are those that the model drew, on its own grid and under its own names: none was
    edited, renamed, added or removed.

    Args:
        segmentation_node: as `add_to_scene` left it, or changed since; one that does not say what was drawn is not as
            drawn.
    """
    result, labelmap = result_of(segmentation_node), _drawn(segmentation_node)
    if result is None or labelmap is None:
        return False
    voxels = np.bincount(labelmap.ravel(), minlength=len(result["segments"]) + 1)
    drawn = {f"Segment_{label}": (label, segment["name"])
             for label, segment in enumerate(result["segments"], start=1) if voxels[label]}
    segmentation = segmentation_node.GetSegmentation()
    names = {segment_id: segmentation.GetSegment(segment_id).GetName() for segment_id in segmentation.GetSegmentIDs()}
    return names == {segment_id: name for segment_id, (_label, name) in drawn.items()} and all(
        np.array_equal(_voxels(segmentation_node, segment_id), np.argwhere(labelmap == label))
        for segment_id, (label, _name) in drawn.items())


def _drawn(segmentation_node: slicer.vtkMRMLSegmentationNode) -> np.ndarray | None:
    """The labelmap (K, J, I) that `add_to_scene` noted; None where there is none that can be read."""
    text = segmentation_node.GetAttribute(f"{ATTRIBUTE}Proposal")
    try:
        shape = tuple(json.loads(text or "")["shape"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return unpack_labelmap(text, shape)


def _voxels(segmentation_node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> np.ndarray:
    """Where a segment is now: rows of (k, j, i) in the array of its volume."""
    image = slicer.vtkOrientedImageData()
    if not segmentation_node.GetBinaryLabelmapRepresentation(segment_id, image) or image.IsEmpty():
        return np.empty((0, 3), int)
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    volume = volume_of(segmentation_node)
    grid = volume.GetImageData() if volume else None
    # The extent of a volume that a filter has cut out does not begin at 0, nor does then that of its segments.
    first = np.array(grid.GetExtent()[::2] if grid else (0, 0, 0))
    return np.argwhere(array > 0) + (image.GetExtent()[::2] - first)[::-1]
