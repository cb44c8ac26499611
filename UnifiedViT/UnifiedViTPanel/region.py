"""The region of interest: a Markups ROI or a segment of the scene, as a box in the frame of the volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import vtk_to_numpy

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.region import DEFAULT_MARGIN_MM, RegionOfInterest

from .channels import asArray, matrixBetween

#: Of the parameter node: reference to the node, and the names of the segment and the margin.
ROLE, SEGMENT, MARGIN = "region", "regionSegment", "regionMargin"
#: The class of a Markups ROI; a Slicer that lacks it offers segments alone.
ROI_CLASS = "vtkMRMLMarkupsROINode"
LABELMAP = "Binary labelmap"


@dataclass(frozen=True)
class RegionChoice:
    """What a region is to be made of.

    Attributes:
        node: a Markups ROI or a segmentation.
        segmentID: of the segmentation, around what; "" for its only segment.
        marginMm: kept free around the segment.
    """

    node: slicer.vtkMRMLNode
    segmentID: str = ""
    marginMm: float = DEFAULT_MARGIN_MM

    @classmethod
    def of(cls, region, marginMm):
        """What a script gives: None, a ROI node, a segmentation node, or (segmentation node, segment ID)."""
        if region is None:
            return None
        node, segmentID = region if isinstance(region, (tuple, list)) else (region, "")
        return cls(node, segmentID, marginMm)

    def box(self, volumeNode):
        """The `RegionOfInterest` in the frame of `volumeNode`, so that parent transforms of both count.

        Raises:
            UnsupportedImageError: the node gives no box; with a sentence.
        """
        node = self.node
        if node is not None and node.IsA(ROI_CLASS):
            box, source = _boxOfROI(node), _("ROI {name}").format(name=node.GetName())
        elif node is not None and node.IsA("vtkMRMLSegmentationNode"):
            segment = _segmentOf(node, self.segmentID)
            around = RegionOfInterest.from_mask(*_maskOf(node, segment), self.marginMm, segment.GetName())
            box, source = around.box_to_ras, around.source
        else:
            raise UnsupportedImageError(_("A region of interest is a Markups ROI or a segmentation with a segment. "
                                          "Choose one of these."))
        return RegionOfInterest.from_box_to_ras(matrixBetween(node, volumeNode) @ box, source)


def chosenRegion(parameterNode):
    """What the parameter node says; None for all of the volume."""
    node = parameterNode.GetNodeReference(ROLE)
    return RegionChoice(node, parameterNode.GetParameter(SEGMENT), _marginOf(parameterNode)) if node else None


def _marginOf(parameterNode):
    """In mm; that of a scene from elsewhere may be no number."""
    try:
        return float(parameterNode.GetParameter(MARGIN) or DEFAULT_MARGIN_MM)
    except ValueError:
        return DEFAULT_MARGIN_MM


def _boxOfROI(node):
    """4x4, from the cube of side 1 around the origin to the node's own frame."""
    if not node.GetNumberOfControlPoints():
        raise UnsupportedImageError(_("{name} is not placed yet. Draw it in a slice view first.").format(
            name=node.GetName()))
    if node.GetInsideOut():
        raise UnsupportedImageError(_("{name} is inside out: it names what is not of interest. Switch that off in the "
                                      "module Markups.").format(name=node.GetName()))
    return asArray(node.GetObjectToNodeMatrix()) @ np.diag([*node.GetSize(), 1.0])


def _segmentOf(node, segmentID):
    """The segment that is named, or the only one."""
    segmentation = node.GetSegmentation()
    segmentIDs = segmentation.GetSegmentIDs()
    if not segmentID and len(segmentIDs) == 1:
        segmentID = segmentIDs[0]
    if segmentID not in segmentIDs:
        there = ", ".join(segmentIDs) or _("none")
        raise UnsupportedImageError(_("{name} has no segment {segment}; there are: {there}. Choose one of them for the "
                                      "region.").format(name=node.GetName(), segment=repr(segmentID), there=there))
    return segmentation.GetSegment(segmentID)


def _maskOf(node, segment):
    """What is drawn in a segment, (K, J, I), and its IJK to RAS in the node's own frame; the node stays as it is."""
    single = slicer.vtkSegmentation()
    single.SetSourceRepresentationName(node.GetSegmentation().GetSourceRepresentationName())
    single.CopyConversionParameters(node.GetSegmentation())
    copy = slicer.vtkSegment()
    copy.DeepCopy(segment)
    single.AddSegment(copy, "segment")
    # Of a surface, a labelmap is made here, in the copy alone.
    image = copy.GetRepresentation(LABELMAP) if single.CreateRepresentation(LABELMAP) else None
    if image is None or image.IsEmpty():
        return np.zeros((1, 1, 1), np.uint8), np.eye(4)
    mask = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    ijkToRAS = asArray(matrix)
    ijkToRAS[:3, 3] += ijkToRAS[:3, :3] @ image.GetExtent()[::2]
    return mask == copy.GetLabelValue(), ijkToRAS


class RegionView:
    """The selectors of a region; what is chosen is kept in the parameter node.

    Args:
        ui: the panel's widgets.
    """

    def __init__(self, ui):
        self.ui = ui
        self._parameterNode = None
        ui.regionSelector.nodeTypes = [name for name in (ROI_CLASS, "vtkMRMLSegmentationNode") if hasattr(slicer, name)]
        ui.regionSelector.setMRMLScene(slicer.mrmlScene)
        ui.regionSelector.connect("currentNodeIDChanged(QString)", self.onNodeChosen)
        ui.regionSegmentComboBox.connect("currentIndexChanged(int)", self.onSegmentChosen)
        ui.regionMarginSpinBox.connect("valueChanged(double)", self.onMarginChosen)

    def show(self, parameterNode):
        """Show what the parameter node says; None: nothing can be chosen."""
        self._parameterNode = None  # what follows is not the user's choice
        ui = self.ui
        node = parameterNode.GetNodeReference(ROLE) if parameterNode else None
        ui.regionSelector.setCurrentNode(node)
        isSegmentation = node is not None and node.IsA("vtkMRMLSegmentationNode")
        for widget in (ui.regionSegmentLabel, ui.regionSegmentComboBox, ui.regionMarginLabel, ui.regionMarginSpinBox):
            widget.visible = isSegmentation
        # Seen when folded too: a region that a scene brings along must not be overlooked.
        ui.regionCollapsibleButton.text = (_("Region of interest: {name}").format(name=node.GetName()) if node
                                           else _("Region of interest"))
        if isSegmentation:
            self._showSegments(node, parameterNode.GetParameter(SEGMENT))
            ui.regionMarginSpinBox.value = _marginOf(parameterNode)
        self._parameterNode = parameterNode

    def _showSegments(self, node, chosen):
        """The segments of a segmentation; one that has gone is shown as such."""
        box, segmentation = self.ui.regionSegmentComboBox, node.GetSegmentation()
        segmentIDs = list(segmentation.GetSegmentIDs())
        box.blockSignals(True)
        box.clear()
        for segmentID in segmentIDs:
            box.addItem(segmentation.GetSegment(segmentID).GetName(), segmentID)
        if chosen and chosen not in segmentIDs:
            box.addItem(_("{segment} (not there)").format(segment=chosen), chosen)
        box.setCurrentIndex(box.findData(chosen) if chosen else -1)
        box.blockSignals(False)

    def onNodeChosen(self, nodeID):
        """The user has chosen a ROI or a segmentation, or all of the volume; of a segmentation its first segment."""
        if self._parameterNode is None:
            return
        node = slicer.mrmlScene.GetNodeByID(nodeID) if nodeID else None
        segmentIDs = node.GetSegmentation().GetSegmentIDs() if node and node.IsA("vtkMRMLSegmentationNode") else ()
        self._parameterNode.SetParameter(SEGMENT, segmentIDs[0] if segmentIDs else "")
        self._parameterNode.SetNodeReferenceID(ROLE, nodeID or None)
        self.show(self._parameterNode)

    def onSegmentChosen(self, index):
        """The user has chosen a segment."""
        if self._parameterNode is not None and index >= 0:
            self._parameterNode.SetParameter(SEGMENT, self.ui.regionSegmentComboBox.itemData(index))

    def onMarginChosen(self, marginMm):
        """The user has chosen how much is kept free around the segment."""
        if self._parameterNode is not None:
            self._parameterNode.SetParameter(MARGIN, repr(float(marginMm)))
