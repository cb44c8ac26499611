"""Runs on volumes of the scene: from nodes to a request, from a prediction back to nodes. No widgets."""

from __future__ import annotations

import slicer

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.inference.channels import check_channel_names
from UnifiedViTLib.outputs.mrml import ATTRIBUTE, SceneMemory, add_to_scene, volume_from_node
from UnifiedViTLib.outputs.mrml_volumes import (
    HEATMAP_ROLE,
    SUPERRES_ROLE,
    UNCERTAINTY_ROLE,
    add_heatmap,
    add_probability_maps,
    add_superres,
    add_uncertainty,
)
from UnifiedViTLib.service.store.catalogue import find_model
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import PredictRequest

from .channels import chosenChannels, volumesBeside
from .options import optionsOf, slicerOptions

#: Node reference from a segmentation to the table of its diagnosis.
TABLE_ROLE = f"{ATTRIBUTE}table"


class Runner:
    """Holds the worker, and what is under way for which volume."""

    def __init__(self):
        self.client = WorkerClient()
        self._volumeID = self._segmentationID = None
        self._memory, self._added = None, []

    def request(self, volumeNode, model, device, batchSize, options, channels=None):
        """What to ask the worker for a volume; `options` as of `optionsOf`, others as for `UnifiedViTLogic.process`.

        Raises:
            UnsupportedImageError, ModelSpecError: with a sentence.
        """
        spec, volume = find_model(model), volume_from_node(volumeNode)
        extraChannels = volumesBeside(volumeNode, channels or {})
        check_channel_names(extraChannels, spec)
        return PredictRequest(volume, spec, options, device, batchSize, extra_channels=extraChannels)

    def start(self, parameters):
        """Begin a run with what the parameter node says; `client.poll()` tells how it goes.

        Raises:
            UnifiedViTError: it cannot begin; nothing has changed.
        """
        volume, segmentation = parameters.inputVolume, parameters.outputSegmentation
        self.client.submit(self.request(
            volume, parameters.model, parameters.device, parameters.batchSize,
            optionsOf(**{name: getattr(parameters, name) for name in slicerOptions()}),
            chosenChannels(parameters.parameterNode, find_model(parameters.model))))
        self._volumeID, self._segmentationID = volume.GetID(), segmentation.GetID() if segmentation else None

    @property
    def volumeNode(self):
        """The volume of the run under way; None if it is no longer in the scene."""
        return slicer.mrmlScene.GetNodeByID(self._volumeID) if self._volumeID else None

    def cancel(self):
        """Stop what is under way; its end is still polled."""
        self._volumeID = None
        self.client.cancel()

    def accept(self, prediction):
        """Put the result of the run under way into the scene; returns the segmentation node.

        Raises:
            UnifiedViTError: the volume has gone or changed meanwhile; the scene is as it was.
        """
        volume = self.volumeNode
        if volume is None:
            raise UnsupportedImageError("The volume was removed from the scene before its result came.")
        segmentation = slicer.mrmlScene.GetNodeByID(self._segmentationID) if self._segmentationID else None
        return self.addToScene(prediction, volume, segmentation)

    def addToScene(self, prediction, volumeNode, segmentationNode=None):
        """Show a prediction; returns the segmentation node. `undo` takes it back.

        Raises:
            UnifiedViTError: it does not belong to the volume; the scene is as it was.
        """
        scene = volumeNode.GetScene()
        tableNode = segmentationNode.GetNodeReference(TABLE_ROLE) if segmentationNode else None
        memory = SceneMemory(scene, [node for node in (segmentationNode, tableNode) if node])
        try:
            maps = add_probability_maps(prediction, volumeNode)
            overlays = {HEATMAP_ROLE: add_heatmap(prediction, volumeNode),
                        UNCERTAINTY_ROLE: add_uncertainty(prediction, volumeNode)}
            superres = add_superres(prediction, volumeNode)
            segmentation, table = add_to_scene(prediction, volumeNode, segmentationNode, tableNode)
            segmentation.SetNodeReferenceID(TABLE_ROLE, table.GetID())
            for role, node in overlays.items():
                segmentation.SetNodeReferenceID(role, node.GetID() if node else None)
            segmentation.SetNodeReferenceID(SUPERRES_ROLE, superres[0].GetID() if superres else None)
            _noteSequenceItem(volumeNode, segmentation, isNew=segmentationNode is None)
        except BaseException:
            memory.restore()
            raise
        added = [node for node in (segmentation, table) if node not in (segmentationNode, tableNode)]
        added += [segmentation.GetDisplayNode()] if segmentation in added else []
        volumes = [*maps, *filter(None, overlays.values()), *superres]
        added += [node for one in volumes for node in (one, one.GetDisplayNode())]
        self._memory, self._added = memory, [node.GetID() for node in added if node]
        return segmentation

    @property
    def canUndo(self):
        """Whether there is a result to take back."""
        return self._memory is not None

    def undo(self):
        """Take the last result out of the scene, and bring back what it replaced."""
        nodes = [slicer.mrmlScene.GetNodeByID(nodeID) for nodeID in self._added]
        self._memory.restore([node for node in nodes if node])
        self.forget()

    def forget(self):
        """The scene is another one now: nothing is under way for it, nothing can be undone."""
        self._volumeID = self._segmentationID = self._memory = None
        self._added = []

    def close(self):
        """Stop what is under way, and the child process."""
        self.forget()
        self.client.close()


def _noteSequenceItem(volumeNode, segmentationNode, isNew):
    """Say which item of a sequence was looked at; a volume that is none is left alone."""
    logic = getattr(slicer.modules, "sequences", None)
    browser = logic.logic().GetFirstBrowserNodeForProxyNode(volumeNode) if logic else None
    if browser is None:
        segmentationNode.RemoveAttribute(f"{ATTRIBUTE}SequenceItem")
        return
    item = browser.GetSelectedItemNumber() + 1
    segmentationNode.SetAttribute(f"{ATTRIBUTE}SequenceItem", str(item))
    if isNew:
        segmentationNode.SetName(f"{segmentationNode.GetName()} (item {item})")
