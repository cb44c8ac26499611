"""A result of the scene, corrected with the Segment Editor, as a case for a dataset."""

from __future__ import annotations

from pathlib import Path

import slicer
import vtk
from slicer.i18n import tr as _

from UnifiedViTLib.errors import ModelSpecError, UnsupportedImageError
from UnifiedViTLib.names import patient_key
from UnifiedViTLib.outputs.dataset.correction import Correction, Proposal, unpack_labelmap
from UnifiedViTLib.outputs.dataset.folder import CorrectionDataset
from UnifiedViTLib.outputs.mrml import ATTRIBUTE, result_of, volume_from_node
from UnifiedViTLib.outputs.mrml_changes import has_voxels_of, is_apart
from UnifiedViTLib.outputs.report import APART
from UnifiedViTLib.service.store.catalogue import find_model

from .channels import asArray, checkInvertible
from .comparednodes import segmentationOf
from .identity import patientKeyOf
from .reporting import volumeOf
from .sentences import inWords


def addToDataset(volumeNode, folder, reviewer, label=None, segmentationNode=None, patient=""):
    """As `UnifiedViTLogic.addToDataset`."""
    segmentationNode = segmentationNode or _onlyResultOf(volumeNode)
    correction = correctionOf(segmentationNode, reviewer, label, patient, None)
    return CorrectionDataset(folder).add(correction)


def correctionOf(segmentationNode, reviewer, label, patient, seconds):
    """Copy a result and its volume out of the scene, which is not changed.

    Args:
        segmentationNode: carries the result; its segments are taken as they are now.
        reviewer, label, seconds: as of `Correction`.
        patient: tells patients apart; "": by the DICOM PatientID, else by the folder of the volume's file.

    Raises:
        UnsupportedImageError: it cannot be added, for a reason that the sentence tells.
    """
    result = result_of(segmentationNode)
    if result is None:
        raise UnsupportedImageError(_("There is no result of UnifiedViT to add. Run a model on a volume, correct what "
                                      "it has drawn, and add that."))
    volumeNode = volumeOf(segmentationNode)
    if volumeNode is None:
        raise UnsupportedImageError(_("{name} does not know its volume: that is no longer in the scene, or {name} is a "
                                      "copy, or plays a sequence. Run on the volume again, and add that.").format(
                                          name=segmentationNode.GetName()))
    _refuseSequences(result["model"]["id"])
    volume = volume_from_node(volumeNode)
    if not has_voxels_of(volume, segmentationNode):
        raise UnsupportedImageError(_("{volume} no longer has the voxels that {name} was drawn on: it was changed, or "
                                      "its sequence shows another item. Show that item again, or run again, then add."
                                      ).format(volume=volumeNode.GetName(), name=segmentationNode.GetName()))
    proposed = unpack_labelmap(segmentationNode.GetAttribute(f"{ATTRIBUTE}Proposal"), volume.array.shape)
    if is_apart(segmentationNode):
        raise UnsupportedImageError(inWords(APART))
    drawn = segmentationOf(segmentationNode)
    ijkToWorld = _toWorld(volumeNode) @ volume.ijk_to_ras
    # Written with the volume's own grid: where a registration has moved both is nothing that a file must know.
    correction = Correction(volume.array, ijkToWorld, drawn, Proposal.from_result(result, proposed), label, reviewer,
                            patient_key(patient) or _patientKey(volumeNode), seconds, volume.geometry)
    return correction.on_grid(volume.ijk_to_ras)


def _onlyResultOf(volumeNode):
    """The segmentation with the result of a volume.

    Raises:
        UnsupportedImageError: there is none, or there are several.
    """
    found = [node for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
             if volumeNode is not None and volumeOf(node) is volumeNode and result_of(node)]
    if len(found) > 1:
        raise UnsupportedImageError(_("{name} has several results ({results}). Say which one, as segmentationNode."
                                      ).format(name=volumeNode.GetName(),
                                               results=", ".join(node.GetName() for node in found)))
    return found[0] if found else None


def _refuseSequences(modelID):
    """Of a model of several sequences, a dataset would have the first alone."""
    try:
        spec = find_model(modelID)
    except ModelSpecError:
        return  # it may have been removed since
    if spec.channels:
        raise UnsupportedImageError(_("{name} looks at several sequences: a dataset of corrections holds images of one "
                                      "alone.").format(name=spec.name))


def _toWorld(volumeNode):
    """4x4, from a volume's own frame to the world."""
    checkInvertible(volumeNode)
    matrix = vtk.vtkMatrix4x4()
    if not slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(volumeNode.GetParentTransformNode(), None,
                                                                      matrix):
        raise UnsupportedImageError(_("{name} lies under a transform that bends space. Take it out of the transform "
                                      "(module Transforms), and its segmentation too, then add again.").format(
                                          name=volumeNode.GetName()))
    return asArray(matrix)


def _patientKey(volumeNode):
    """By the PatientID that the DICOM module has noted, else by the folder of the file; "" where neither is known."""
    if key := patientKeyOf(volumeNode):
        return key
    storage = volumeNode.GetStorageNode()
    file = storage.GetFileName() if storage else ""
    return patient_key(str(Path(file).resolve().parent)) if file else ""
