"""Selectors for the further sequences of models that look at several at once, and their volumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import qt
import slicer
import vtk
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.outputs.mrml import volume_from_node

from .identity import patientKeyOf
from .texts import asShown

#: Node references from the parameter node to the volumes begin with it; the channel's name follows.
ROLE = "channel."
#: What a transform may shrink or stretch by; one that flattens has no way back, for which VTK silently takes none.
_LEAST, _MOST = 1e-6, 1e6


def chosenChannels(parameterNode, spec):
    """Volume nodes of the further channels of a model that are chosen, by name."""
    nodes = {channel.name: parameterNode.GetNodeReference(ROLE + channel.name) for channel in spec.channels[1:]}
    return {name: node for name, node in nodes.items() if node}


def volumesBeside(volumeNode, channels):
    """Volumes of further channels in the frame of `volumeNode`, so that different parent transforms count.

    Args:
        volumeNode: the main volume.
        channels: volume nodes by the channels' names.

    Raises:
        UnsupportedImageError: a node is no volume to look at, is of another patient, or lies under a transform that is
            not linear.
    """
    volumes, patient = {}, patientKeyOf(volumeNode)
    for name, node in channels.items():
        volume = volume_from_node(node)
        other = patientKeyOf(node)
        if patient and other and patient != other:
            raise UnsupportedImageError(
                _("{one} is of another patient than {other}, as their DICOM patient IDs say. Choose sequences of one "
                  "patient.").format(one=node.GetName(), other=volumeNode.GetName()))
        volumes[name] = replace(volume, ijk_to_ras=matrixBetween(node, volumeNode) @ volume.ijk_to_ras)
    return volumes


def matrixBetween(node, volumeNode):
    """4x4, from a node's own frame to that of `volumeNode`, by the parent transforms of both.

    Raises:
        UnsupportedImageError: they are not linear, or flatten space.
    """
    between = vtk.vtkMatrix4x4()
    if node.GetParentTransformNode() is not volumeNode.GetParentTransformNode():
        checkInvertible(node)
        checkInvertible(volumeNode)
    if not slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(
            node.GetParentTransformNode(), volumeNode.GetParentTransformNode(), between):
        raise UnsupportedImageError(
            _("{one} and {other} lie under different transforms that are not linear. Harden them (module Transforms), "
              "then run again.").format(one=node.GetName(), other=volumeNode.GetName()))
    return asArray(between)


def checkInvertible(node):
    """Raise UnsupportedImageError where linear parent transforms of a node cannot be inverted."""
    transform, matrix = node.GetParentTransformNode(), vtk.vtkMatrix4x4()
    if transform is None or not transform.GetMatrixTransformToWorld(matrix):
        return
    toWorld = asArray(matrix)
    scales = np.linalg.svd(toWorld[:3, :3], compute_uv=False) if np.isfinite(toWorld).all() else np.zeros(3)
    if scales.min() < _LEAST or scales.max() > _MOST:
        raise UnsupportedImageError(
            _("{name} lies under a transform that flattens space, or is no number: nothing can be measured there. Take "
              "it out of the transform (module Transforms), then try again.").format(name=node.GetName()))


def asArray(matrix):
    """4x4 of VTK as an array."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


class ChannelsView:
    """One selector for each further channel of the model; what is chosen is kept in the parameter node.

    Args:
        ui: the panel's widgets.
    """

    def __init__(self, ui):
        self.ui = ui
        self._parameterNode, self._rows, self._names = None, [], []

    def show(self, spec, parameterNode):
        """The selectors that `spec` needs, with what the parameter node says; None: nothing can be chosen."""
        self._parameterNode = None  # what follows is not the user's choice
        channels = spec.channels if spec else ()
        self.ui.inputLabel.text = (_("Volume ({channel}):").format(channel=channels[0].name) if channels
                                   else _("Volume:"))
        self.ui.channelsFrame.visible = bool(channels)
        while len(self._rows) < len(channels) - 1:
            self._addRow()
        self._names = [channel.name for channel in channels[1:]]
        for number, (label, selector) in enumerate(self._rows):
            isUsed = number < len(self._names)
            label.visible = selector.visible = isUsed
            if isUsed:
                label.text = f"{self._names[number]}:"
                selector.toolTip = asShown(_("{what}. Left empty, it is missing, and the model does without.").format(
                    what=channels[1 + number].expects))
                selector.setCurrentNode(
                    parameterNode.GetNodeReference(ROLE + self._names[number]) if parameterNode else None)
        self._parameterNode = parameterNode

    def _addRow(self):
        number = len(self._rows)
        label, selector = qt.QLabel(), slicer.qMRMLNodeComboBox()
        label.textFormat = qt.Qt.PlainText
        selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        selector.hideChildNodeTypes = ["vtkMRMLLabelMapVolumeNode"]
        selector.addEnabled = selector.removeEnabled = False
        selector.noneEnabled = True
        selector.noneDisplay = _("Missing")
        selector.setMRMLScene(slicer.mrmlScene)
        self.ui.channelsFrame.layout().addRow(label, selector)
        label.setBuddy(selector)
        before = self._rows[-1][1] if self._rows else self.ui.inputSelector
        qt.QWidget.setTabOrder(before, selector)
        selector.connect("currentNodeIDChanged(QString)", lambda nodeID: self.onChosen(number, nodeID))
        self._rows.append((label, selector))

    def onChosen(self, number, nodeID):
        """The user has chosen a volume for a channel, or none."""
        if self._parameterNode is not None and number < len(self._names):
            self._parameterNode.SetNodeReferenceID(ROLE + self._names[number], nodeID or None)
