"""Whether a result of the scene, and what it was made from, are still as they were."""

from __future__ import annotations

import slicer

from ..imaging.volume import Volume
from .dataset.folder import image_digest
from .mrml import ATTRIBUTE


def has_voxels_of(volume: Volume, segmentation_node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether a volume has the voxels that a result is of; True where these are not known, as in older scenes.

    Args:
        volume: as from `volume_from_node`.
        segmentation_node: carries the result.
    """
    return segmentation_node.GetAttribute(f"{ATTRIBUTE}ImageSHA256") in (None, image_digest(volume.array))
