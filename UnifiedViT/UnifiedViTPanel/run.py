"""Runs on volumes of the scene: from nodes to a request, from a prediction back to nodes. No widgets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.inference.channels import check_channel_names
from UnifiedViTLib.outputs.mrml import (
    ATTRIBUTE,
    add_to_scene,
    check_outputs,
    played_with,
    result_of,
    volume_from_node,
    volume_of,
)
from UnifiedViTLib.outputs.mrml_changes import is_as_drawn, is_as_written, state_of
from UnifiedViTLib.outputs.mrml_scene import SceneMemory
from UnifiedViTLib.outputs.mrml_volumes import (
    HEATMAP_ROLE,
    PROBABILITY_ROLE,
    SUPERRES_ROLE,
    UNCERTAINTY_ROLE,
    add_heatmap,
    add_probability_maps,
    add_superres,
    add_uncertainty,
    add_volume,
    result_volumes,
)
from UnifiedViTLib.service.store.catalogue import find_models
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import PredictRequest

from .channels import chosenChannels, volumesBeside
from .dicomresults import KeptResults
from .options import optionsOf, slicerOptions
from .region import LABELMAP, chosenRegion
from .severalmodels import ModelQueue, furtherModels, nameAfterModel

#: Node reference from a segmentation to the table of its diagnosis.
TABLE_ROLE = f"{ATTRIBUTE}table"


class Runner:
    """Holds the worker, what is under way for which volume, and `results`, which can be written as DICOM.

    Attributes:
        note: why the last result that was accepted is not in the segmentation that was chosen, in a sentence; "" where
            it is.
    """

    def __init__(self):
        self.note = ""
        self.client, self.results, self.queue = WorkerClient(), KeptResults(), ModelQueue()
        self._volumeID = self._segmentationID = self._tableID = None
        self._inputs = {}  # voxels as they were asked about, by the nodes' IDs
        self._item = None  # which item of its sequence the volume showed then
        self._memory, self._added, self._backgrounds = None, [], {}
        self._states = {}  # of the nodes of the last result as it came, by their IDs

    def request(self, volumeNode, model, device, batchSize, options, channels=None, region=None):
        """What to ask the worker for a volume; `options` as of `optionsOf`, `region` a `RegionChoice`, others as for
        `UnifiedViTLogic.process`.

        Raises:
            UnsupportedImageError, ModelSpecError: with a sentence.
            WorkerError: another run is under way, and goes on.
        """
        request, = self.requests(volumeNode, [model], device, batchSize, options, lambda spec: channels or {}, region)
        return request

    def requests(self, volumeNode, models, device, batchSize, options, channelsOf, region=None, server=None):
        """As `request`, one for each of several models, of the same voxels; `channelsOf` gives the further volume nodes
        of a model by the channels' names, `server` is the `ServerAddress` of what computes, None for this computer."""
        self.client.check_free()  # the voxels that a run is about are kept until it has ended
        specs, volume = find_models(models), volume_from_node(volumeNode)
        if region is not None:
            options = replace(options, region=region.box(volumeNode))
            options.region.bounds(volume)
        inputs, requests = {volumeNode.GetID(): volume.array}, []
        for spec in specs:
            channels = channelsOf(spec)
            extraChannels = volumesBeside(volumeNode, channels)
            check_channel_names(extraChannels, spec)
            inputs |= {node.GetID(): extraChannels[name].array for name, node in channels.items()}
            requests.append(PredictRequest(volume, spec, options, device, batchSize, extra_channels=extraChannels,
                                           server=server))
        self._inputs, self._item = inputs, _sequenceItemOf(volumeNode)
        return requests

    def start(self, parameters, server=None):
        """Begin a run with what the parameter node says, on a server (`ServerAddress`) or here; `poll` tells how it
        goes.

        Raises:
            UnifiedViTError: it cannot begin; nothing has changed.
        """
        volume, segmentation = parameters.inputVolume, parameters.outputSegmentation
        requests = self.requests(
            volume, [parameters.model, *furtherModels(parameters)], parameters.device, parameters.batchSize,
            optionsOf(**{name: getattr(parameters, name) for name in slicerOptions()}),
            lambda spec: chosenChannels(parameters.parameterNode, spec), chosenRegion(parameters.parameterNode), server)
        self.queue.start(self.client, requests)
        isOfIt = segmentation and not _isOfAnother(segmentation, volume)
        table = segmentation.GetNodeReference(TABLE_ROLE) if isOfIt else None
        self._volumeID = volume.GetID()
        self._segmentationID, self._tableID = (node.GetID() if node else None for node in (segmentation, table))

    @property
    def volumeNode(self):
        """The volume of the run under way; None if it is no longer in the scene."""
        return slicer.mrmlScene.GetNodeByID(self._volumeID) if self._volumeID else None

    def poll(self):
        """What the worker has said since the last call; of several models, one end of all."""
        return self.queue.poll(self.client)

    def cancel(self):
        """Stop what is under way; its end is still polled."""
        self._volumeID = None
        self.client.cancel()

    def accept(self, prediction):
        """Put the result of the run under way into the scene, of several models each; returns the segmentation node,
        or the first. It replaces what the chosen segmentation holds, unless that is another volume's result,
        or a user has drawn or written in it.

        Raises:
            UnifiedViTError: the volume has gone or changed meanwhile; the scene is as it was.
        """
        volume = self.volumeNode
        if volume is None:
            raise UnsupportedImageError(_volumeHasGone())
        self.note = ""
        if isinstance(prediction, list):
            return self.addEach(prediction, volume)[0]
        segmentation, table = (slicer.mrmlScene.GetNodeByID(nodeID) if nodeID else None
                               for nodeID in (self._segmentationID, self._tableID))
        if segmentation is not None:
            self.note = _whyKept(segmentation, volume)
        if self.note:
            segmentation = table = None
        elif segmentation is None and table is not None and not is_as_written(table):
            table = None
        return self.addToScene(prediction, volume, segmentation, table)

    def addStored(self, result):
        """Show a `StoredResult` and the volume that it is of, this in all slice views; returns their nodes, volume and
        segmentation. `undo` takes both away, and the views show what they showed.

        Raises:
            UnifiedViTError: they do not belong together; the scene is as it was.
        """
        volume = add_volume(result.volume, slicer.mrmlScene)
        nodes = [volume, volume.GetDisplayNode()]
        try:
            segmentation = self.addToScene(result.prediction, volume)
        except BaseException:
            for node in nodes:
                slicer.mrmlScene.RemoveNode(node)
            raise
        self._added += [node.GetID() for node in nodes]
        self._states[volume.GetID()] = state_of(volume)
        self._backgrounds = {view.GetID(): view.GetBackgroundVolumeID() for view in _sliceViews()}
        slicer.util.setSliceViewerLayers(background=volume, fit=True)
        return volume, segmentation

    def addToScene(self, prediction, volumeNode, segmentationNode=None, tableNode=None):
        """Show the prediction that the last `request` came to; returns the segmentation node. `undo` takes it back.

        Args:
            prediction: of `volumeNode`; where voxels have changed since they were asked about, a warning is added.
            volumeNode: a scalar volume.
            segmentationNode: its content and its maps are replaced; None for a new one.
            tableNode: likewise; None for the one that belongs to the segmentation.

        Raises:
            UnifiedViTError: it does not belong to the volume, or nodes have gone; the scene is as it was.
        """
        scene = _sceneOf(volumeNode)
        check_outputs(scene, [node for node in (segmentationNode, tableNode) if node])
        prediction = self._withChanges(prediction, scene)
        if tableNode is None and segmentationNode is not None:
            tableNode = segmentationNode.GetNodeReference(TABLE_ROLE)
        replaced = [node for node in result_volumes(segmentationNode) if node.GetID() not in self._inputs]
        replacedText = segmentationNode.GetAttribute(f"{ATTRIBUTE}Result") if segmentationNode else None
        memory = SceneMemory(scene, [node for node in (segmentationNode, tableNode) if node], replaced)
        try:
            maps = add_probability_maps(prediction, volumeNode)
            overlays = {HEATMAP_ROLE: add_heatmap(prediction, volumeNode),
                        UNCERTAINTY_ROLE: add_uncertainty(prediction, volumeNode)}
            superres = add_superres(prediction, volumeNode)
            segmentation, table = add_to_scene(prediction, volumeNode, segmentationNode, tableNode,
                                               self._inputs.get(volumeNode.GetID()))
            segmentation.SetNodeReferenceID(TABLE_ROLE, table.GetID())
            for role, node in overlays.items():
                segmentation.SetNodeReferenceID(role, node.GetID() if node else None)
            segmentation.SetNodeReferenceID(SUPERRES_ROLE, superres[0].GetID() if superres else None)
            segmentation.RemoveNodeReferenceIDs(PROBABILITY_ROLE)
            for node in maps:
                segmentation.AddNodeReferenceID(PROBABILITY_ROLE, node.GetID())
            _noteSequenceItem(self._item if volumeNode.GetID() in self._inputs else None, segmentation,
                              isNew=segmentationNode is None)
        except BaseException:
            memory.restore()
            raise
        if volumeNode.GetID() in self._inputs:
            self.results.add(prediction, self._inputs[volumeNode.GetID()], volumeNode, segmentation, replacedText)
        added = [node for node in (segmentation, table) if node not in (segmentationNode, tableNode)]
        added += [segmentation.GetDisplayNode()] if segmentation in added else []
        volumes = [*maps, *filter(None, overlays.values()), *superres]
        added += [node for one in volumes for node in (one, one.GetDisplayNode())]
        self._memory, self._added = memory, [node.GetID() for node in added if node]
        self._states = {node.GetID(): state_of(node) for node in (segmentation, table, *volumes)}
        self._backgrounds = {}
        return segmentation

    def addEach(self, predictions, volumeNode):
        """Show predictions of several models, each in a segmentation and a table of its own; returns the segmentation
        nodes. `undo` takes all of them back. Errors as of `addToScene`; the scene is then as it was."""
        scene = _sceneOf(volumeNode)
        before, memory, added, segmentations = (self._memory, self._added, self._states), SceneMemory(scene, []), [], []
        states = {}
        try:
            for prediction in predictions:
                segmentations.append(self.addToScene(prediction, volumeNode))
                added += self._added
                nameAfterModel(segmentations[-1], segmentations[-1].GetNodeReference(TABLE_ROLE), volumeNode,
                               prediction.spec.id)
                states |= {nodeID: state_of(scene.GetNodeByID(nodeID)) for nodeID in self._states}
        except BaseException:
            memory.restore()
            self._memory, self._added, self._states = before
            raise
        self._memory, self._added, self._states = memory, added, states
        return segmentations

    def _withChanges(self, prediction, scene):
        """The prediction, with a warning where voxels of the scene are no longer those that were looked at."""
        inputs = [(scene.GetNodeByID(nodeID), array) for nodeID, array in self._inputs.items()]
        changed = [node.GetName() for node, array in inputs if node and _isChanged(node, array)]
        if not changed:
            return prediction
        warning = _("The voxels of {names} were changed while the model looked at them: this is the result for the "
                    "voxels as they were. Run again.").format(names=", ".join(changed))
        return replace(prediction, warnings=(warning, *prediction.warnings))

    def release(self):
        """The run has ended: the voxels that it was about are not needed any more."""
        self._inputs = {}
        self.queue.release()

    @property
    def canUndo(self):
        """Whether there is a result to take back."""
        return self._memory is not None

    @property
    def isEdited(self):
        """Whether segments, names or the table of the result that `undo` would take back were changed since it
        came."""
        nodes = [(self._memory.scene.GetNodeByID(nodeID), state) for nodeID, state in self._states.items()]
        return any(state_of(node) != state for node, state in nodes if node)

    def undo(self):
        """Take the last result out of the scene, and bring back what it replaced."""
        nodes = [self._memory.scene.GetNodeByID(nodeID) for nodeID in self._added]
        self._memory.restore([node for node in nodes if node])
        for view in _sliceViews():
            background = self._backgrounds.get(view.GetID())
            if background and not view.GetBackgroundVolumeID() and slicer.mrmlScene.GetNodeByID(background):
                view.SetBackgroundVolumeID(background)
        self.forget()

    def forget(self):
        """The scene is another one now: nothing is under way for it, nothing can be undone."""
        self._volumeID = self._segmentationID = self._tableID = self._memory = None
        self._inputs, self._added, self._states, self._backgrounds = {}, [], {}, {}

    def close(self):
        """Stop what is under way, and the child process."""
        self.forget()
        self.results.clear()
        self.client.close()


def _volumeHasGone():
    return _("The volume was removed from the scene before its result came.")


def _sceneOf(volumeNode):
    """The scene of a volume; raises UnsupportedImageError where it has left it."""
    if volumeNode.GetScene() is None:
        raise UnsupportedImageError(_volumeHasGone())
    return volumeNode.GetScene()


def _isOfAnother(segmentationNode, volumeNode):
    """Whether a segmentation holds the result of another volume, or of an item of a sequence, which would come back
    with the next item."""
    isOfIt = volume_of(segmentationNode) is volumeNode and played_with(segmentationNode) is None
    return result_of(segmentationNode) is not None and not isOfIt


def _whyKept(segmentationNode, volumeNode):
    """Why a result of a volume may not replace what a segmentation holds, in a sentence; "" if it may."""
    if _isOfAnother(segmentationNode, volumeNode):
        return _("{name} holds the result of another volume, and stays: this result is in a new segmentation.").format(
            name=segmentationNode.GetName())
    if result_of(segmentationNode) is not None and not is_as_drawn(segmentationNode):
        return _("The segments of {name} were changed since its run, and stay: this result is in a new segmentation."
                 ).format(name=segmentationNode.GetName())
    table = segmentationNode.GetNodeReference(TABLE_ROLE)
    # What a sequence plays would be lost with its next item.
    own = [segmentationNode] if _isDrawnByHand(segmentationNode) or _sequenceItemOf(segmentationNode) else []
    own += [table] if table and not is_as_written(table) else []
    if own:
        return _("{name} holds what no run has made, and stays: this result is in a new segmentation.").format(
            name=own[0].GetName())
    return ""


def _isDrawnByHand(segmentationNode):
    """Whether a segmentation without a result holds more than empty segments."""
    if result_of(segmentationNode) is not None:
        return False
    segmentation = segmentationNode.GetSegmentation()
    parts = [segmentation.GetSegment(segmentID).GetRepresentation(kind) for segmentID in segmentation.GetSegmentIDs()
             for kind in (LABELMAP, "Closed surface")]
    return any(part.GetNumberOfPoints() for part in parts if part)


def _sliceViews():
    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")


def _isChanged(volumeNode, array):
    """Whether a volume's voxels are others than `array`, (K, J, I)."""
    try:
        now = volume_from_node(volumeNode).array
    except UnsupportedImageError:
        return True
    return not np.array_equal(now, array, equal_nan=now.dtype.kind == "f")


def _sequenceItemOf(node):
    """The number, from 1, of the item of a sequence that a node shows; None for one that shows none."""
    logic = getattr(slicer.modules, "sequences", None)
    browser = logic.logic().GetFirstBrowserNodeForProxyNode(node) if logic else None
    return browser.GetSelectedItemNumber() + 1 if browser else None


def _noteSequenceItem(item, segmentationNode, isNew):
    """Say which item of a sequence was looked at; None for no item."""
    if item is None:
        segmentationNode.RemoveAttribute(f"{ATTRIBUTE}SequenceItem")
        return
    segmentationNode.SetAttribute(f"{ATTRIBUTE}SequenceItem", str(item))
    if isNew:
        segmentationNode.SetName(f"{segmentationNode.GetName()} (item {item})")
