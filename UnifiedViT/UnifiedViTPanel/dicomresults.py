"""Results that can be written as DICOM: what is kept of a run, and the original images in Slicer's DICOM database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.prediction import Prediction
from UnifiedViTLib.outputs.mrml import ATTRIBUTE, volume_of
from UnifiedViTLib.service.worker.protocol import DicomRequest

#: Slicer's DICOM module writes the images' UIDs here, separated by blanks.
UIDS_ATTRIBUTE = "DICOM.instanceUIDs"


@dataclass(frozen=True)
class KeptResult:
    """A result of this session.

    Attributes:
        prediction: without what has no DICOM object.
        volume: with the voxels that were looked at.
        uids: of the images that Slicer loaded the node from that they were copied from.
        scene: weak reference to that of the node.
    """

    prediction: Prediction
    volume: Volume
    uids: tuple[str, ...]
    scene: vtk.vtkWeakReference


class KeptResults:
    """The results of DICOM images that the scene shows, and those that Undo would bring back."""

    def __init__(self):
        self._kept = {}  # by the text that a segmentation carries of its result, so that Undo finds the earlier one

    def add(self, prediction, array: np.ndarray, volumeNode, segmentationNode, replacedText):
        """Keep a result if its volume came from DICOM.

        Args:
            prediction: of `volumeNode`.
            array: voxels as they were looked at, (K, J, I).
            volumeNode: in a scene; results of others stay.
            segmentationNode: carries the result.
            replacedText: what it carried before, None for nothing.
        """
        scene = vtk.vtkWeakReference()
        scene.Set(volumeNode.GetScene())
        shown = set(map(_textOf, _segmentationsOf(scene.Get())))
        self._kept = {text: kept for text, kept in self._kept.items()
                      if text in shown | {replacedText} or kept.scene.Get() not in (None, scene.Get())}
        uids = uidsOf(volumeNode)
        if uids:
            volume = Volume(array, prediction.ijk_to_ras, prediction.name, geometry=prediction.geometry)
            self._kept[_textOf(segmentationNode)] = KeptResult(
                replace(prediction, probability_maps=None, superres=None), volume, uids, scene)

    def of(self, segmentationNode):
        """The `KeptResult` that a segmentation carries; None if there is none."""
        return self._kept.get(_textOf(segmentationNode)) if segmentationNode else None

    def lastOf(self, volumeNode):
        """The last `KeptResult` of a volume that a segmentation of its scene still carries.

        Raises:
            UnsupportedImageError: there is none, for a reason that the sentence tells.
        """
        nodes = _segmentationsOf(volumeNode.GetScene()) if volumeNode and volumeNode.GetScene() else []
        carried = {_textOf(node) for node in nodes if volume_of(node) is volumeNode}
        # IDs begin anew with a scene: the images tell whether the volume is the one that was looked at.
        found = [kept for text, kept in self._kept.items() if text in carried and kept.uids == uidsOf(volumeNode)]
        if not found:
            raise UnsupportedImageError(whyNotDicom(None, volumeNode))
        return found[-1]

    def clear(self):
        """The scene goes."""
        self._kept = {}


def _textOf(segmentationNode):
    return segmentationNode.GetAttribute(f"{ATTRIBUTE}Result")


def _segmentationsOf(scene):
    """All segmentations; `slicer.util.getNodesByClass` gives those of the application's scene, whichever it is asked
    for."""
    name = "vtkMRMLSegmentationNode"
    return [scene.GetNthNodeByClass(n, name) for n in range(scene.GetNumberOfNodesByClass(name))]


def uidsOf(volumeNode):
    """UIDs of the images that Slicer loaded a volume from; () where it did not come from DICOM."""
    return tuple((volumeNode.GetAttribute(UIDS_ATTRIBUTE) or "").split()) if volumeNode else ()


def whyNotDicom(kept, volumeNode):
    """Why a result cannot be written as DICOM, in a sentence; "" if it can.

    Args:
        kept: its `KeptResult`; None if it is not there.
        volumeNode: what it was drawn on; None if it has gone.
    """
    if kept is not None:
        return ""
    if uidsOf(volumeNode):
        return _("DICOM objects are made of results of this session alone, and there is none: a result that was loaded "
                 "with a scene lacks what they need. Run again.")
    return _("Only results of volumes that were loaded with Slicer's DICOM module can be saved as DICOM: they refer to "
             "the original images.")


def dicomRequest(kept, folder):
    """What to ask the worker for.

    Args:
        kept: the `KeptResult`.
        folder: takes the objects.

    Raises:
        UnsupportedImageError: the images are not in Slicer's DICOM database.
    """
    return DicomRequest(kept.volume, kept.prediction, _originalFiles(kept), Path(folder))


def _originalFiles(kept):
    """The images that a result is of, as Slicer's DICOM database has them."""
    database = getattr(slicer, "dicomDatabase", None)
    files = [database.fileForInstance(uid) if database else "" for uid in kept.uids]
    gone = sum(not file or not Path(file).is_file() for file in files)
    if gone:
        raise UnsupportedImageError(
            _("{gone} of the {count} images of {name} are no longer in Slicer's DICOM database, or their files have "
              "gone. Import them again (module Add DICOM Data), then save.").format(
                  gone=gone, count=len(files), name=kept.volume.name))
    return tuple(dict.fromkeys(map(Path, files)))


def addToDatabase(paths):
    """Add written objects to Slicer's DICOM database, which keeps copies of them.

    Args:
        paths: of the objects' files.
    """
    for path in paths:
        slicer.dicomDatabase.insert(str(path))
