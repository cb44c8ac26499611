"""A result of the scene as a report: what it needs from the nodes, and where it is offered to be saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import slicer

from UnifiedViTLib.outputs.mrml import volume_from_node, volume_of
from UnifiedViTLib.outputs.mrml_changes import has_voxels_of, ijk_to_ras_at_run, with_changes_told
from UnifiedViTLib.outputs.mrml_scene import SceneMemory
from UnifiedViTLib.outputs.mrml_volumes import HEATMAP_ROLE, SUPERRES_ROLE, SYNTHETIC_ROLE, UNCERTAINTY_ROLE
from UnifiedViTLib.outputs.naming import safe_name
from UnifiedViTLib.outputs.report import OTHER_IMAGE, write_report

#: Of the application's settings: the folder of the last report.
FOLDER_SETTING = "UnifiedViT/ReportFolder"


def saveReport(result, segmentationNode, path):
    """Write one HTML file with pictures, which needs no network. Where the volume has other voxels by now, that is
    said in place of pictures; what else has changed since the run is said too.

    Args:
        result: as from `result_of`.
        segmentationNode: carries it.
        path: the file.

    Raises:
        UnifiedViTError: it cannot be written.
    """
    result = with_changes_told(result, segmentationNode)
    volume, labelmap = _pictured(segmentationNode)
    if volume is not None and not has_voxels_of(volume, segmentationNode):
        volume, labelmap = None, None
        if OTHER_IMAGE not in result["warnings"]:
            result = result | {"warnings": [OTHER_IMAGE, *result["warnings"]]}
    grid = ijk_to_ras_at_run(segmentationNode)
    if volume is not None and grid is not None and "region" in result:  # the region has moved with its voxels
        box = volume.ijk_to_ras @ np.linalg.solve(grid, result["region"]["box_to_ras"])
        result = result | {"region": result["region"] | {"box_to_ras": box.tolist()}}
    write_report(result, Path(path), volume, labelmap, _percent(segmentationNode, HEATMAP_ROLE, volume),
                 _percent(segmentationNode, UNCERTAINTY_ROLE, volume), _superres(segmentationNode))
    slicer.app.userSettings().setValue(FOLDER_SETTING, str(Path(path).parent))


def proposedFile(result, segmentationNode):
    """Where a report is offered to be saved: the folder of the volume's file, else of the last report, else the
    user's."""
    volumeNode = volumeOf(segmentationNode)
    storage = volumeNode.GetStorageNode() if volumeNode else None
    file = storage.GetFileName() if storage else None
    last = slicer.app.userSettings().value(FOLDER_SETTING)
    folders = [Path(file).parent] if file else []
    folders += [Path(last)] if last else []
    folder = next((folder for folder in folders if folder.is_absolute() and folder.is_dir()), Path.home())
    return str(folder / f"{safe_name(result['name'])}-report.html")


def volumeOf(segmentationNode):
    """The volume that a segmentation was drawn on; None if it has gone."""
    return volume_of(segmentationNode)


def _pictured(segmentationNode):
    """The volume that the segmentation was drawn on and its labels, (K, J, I); (None, None) if it has gone."""
    volumeNode = volumeOf(segmentationNode)
    if volumeNode is None or volumeNode.GetImageData() is None:
        return None, None
    volume = volume_from_node(volumeNode)
    labels, memory = np.zeros(volume.array.shape, np.uint8), SceneMemory(slicer.mrmlScene, [])
    try:
        for segmentID in segmentationNode.GetSegmentation().GetSegmentIDs():
            number = segmentID.removeprefix("Segment_")  # its label; those of which nothing is drawn are not there
            mask = slicer.util.arrayFromSegmentBinaryLabelmap(segmentationNode, segmentID, volumeNode)
            if number.isdigit() and mask is not None and mask.shape == volume.array.shape:
                labels[mask > 0] = int(number)
    finally:
        memory.restore()  # Slicer leaves display nodes of the label maps that it makes for this
    return volume, labels


def _percent(segmentationNode, role, volume):
    """A map (K, J, I) on the grid of `volume`; None if it has gone, or the volume is another one now."""
    node = segmentationNode.GetNodeReference(role)
    if volume is None or node is None or node.GetImageData() is None:
        return None
    values = slicer.util.arrayFromVolume(node)
    return values if values.shape == volume.array.shape else None


def _superres(segmentationNode):
    """The super-resolved volume of a result and its synthetic voxels, (K, J, I); None if it has none, or they have
    gone."""
    fine = segmentationNode.GetNodeReference(SUPERRES_ROLE)
    mask = fine.GetNodeReference(SYNTHETIC_ROLE) if fine else None
    if mask is None or fine.GetImageData() is None or mask.GetImageData() is None:
        return None
    volume, synthetic = volume_from_node(fine), slicer.util.arrayFromVolume(mask)
    return (volume, synthetic) if synthetic.shape == volume.array.shape else None
