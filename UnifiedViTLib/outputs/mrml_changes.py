"""Whether a result of the scene, and what it was made from, are still as they were."""

from __future__ import annotations

from typing import Any

import slicer

from ..imaging.volume import Volume
from .dataset.folder import image_digest
from .mrml import ATTRIBUTE
from .mrml_edits import is_as_drawn
from .report import EDITED


def has_voxels_of(volume: Volume, segmentation_node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether a volume has the voxels that a result is of; True where these are not known, as in older scenes.

    Args:
        volume: as from `volume_from_node`.
        segmentation_node: carries the result.
    """
    return segmentation_node.GetAttribute(f"{ATTRIBUTE}ImageSHA256") in (None, image_digest(volume.array))


class EditedResult:
    """A result of the scene as it is told: with a warning where its segments were changed since the run.

    To compare them takes seconds where a volume is large: that is done again only after something was changed.
    """

    def __init__(self) -> None:
        self._state: tuple[Any, ...] | None = None
        self._is_edited = False

    def of(self, result: dict[str, Any], segmentation_node: slicer.vtkMRMLSegmentationNode) -> dict[str, Any]:
        """The result, with the warning if it is due.

        Args:
            result: as from `result_of`.
            segmentation_node: carries it; of one that does not say what was drawn, as in older scenes, nothing is told.
        """
        proposal = segmentation_node.GetAttribute(f"{ATTRIBUTE}Proposal")
        state = (segmentation_node.GetID(), proposal, *_times(segmentation_node))
        if state != self._state:
            self._state, self._is_edited = state, proposal is not None and not is_as_drawn(segmentation_node)
        return result | {"warnings": [EDITED, *result["warnings"]]} if self._is_edited else result


def _times(segmentation_node: slicer.vtkMRMLSegmentationNode) -> list[tuple[str, int, int]]:
    """Of each segment its ID, and when it and its labelmap were changed last."""
    segmentation = segmentation_node.GetSegmentation()
    kind = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segments = {segment_id: segmentation.GetSegment(segment_id) for segment_id in segmentation.GetSegmentIDs()}
    return [(segment_id, segment.GetMTime(), image.GetMTime() if (image := segment.GetRepresentation(kind)) else 0)
            for segment_id, segment in segments.items()]
