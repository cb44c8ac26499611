"""Several models in one run: which ones are checked, one request after the other, and what their results are called."""

from __future__ import annotations

from dataclasses import replace

import qt
from slicer.i18n import tr as _

from UnifiedViTLib.errors import Cancelled, UnsupportedImageError
from UnifiedViTLib.inference.channels import check_channel_names
from UnifiedViTLib.outputs.mrml import ATTRIBUTE
from UnifiedViTLib.outputs.mrml_scene import unused_name
from UnifiedViTLib.outputs.mrml_volumes import result_volumes
from UnifiedViTLib.service.store.catalogue import find_models
from UnifiedViTLib.service.worker.protocol import Failed, Finished, Progress

from .options import optionsOf
from .region import RegionChoice
from .texts import asShown


def furtherModels(parameters):
    """Ids of the models that look besides the chosen one."""
    return [modelID for modelID in parameters.furtherModels.split() if modelID != parameters.model]


def nameAfterModel(segmentationNode, tableNode, volumeNode, modelID):
    """Call all nodes of a result "NAME - MODEL ..."; `volumeNode` is what was looked at."""
    scene, volumeName = volumeNode.GetScene(), volumeNode.GetName()
    item = segmentationNode.GetAttribute(f"{ATTRIBUTE}SequenceItem")
    name = f"{volumeName} - {modelID}"
    title = f"{name} (item {item})" if item else name
    segmentationNode.SetName(unused_name(scene, title))
    tableNode.SetName(unused_name(scene, f"{title} diagnosis"))
    for node in result_volumes(segmentationNode):
        if node.GetName().startswith(volumeName):
            node.SetName(unused_name(scene, name + node.GetName()[len(volumeName):]))


def process(runner, volumeNode, segmentationNode, model, device, batchSize, progress, channels, region, regionMargin,
            **options):
    """`UnifiedViTLogic.process`."""
    options, region = optionsOf(**options), RegionChoice.of(region, regionMargin)
    isOne, channels = not isinstance(model, (list, tuple)), channels or {}
    progress = progress or (lambda stage, fraction: None)
    if isOne:
        requests = [runner.request(volumeNode, model, device, batchSize, options, channels, region)]
    elif segmentationNode is not None or not model:
        raise UnsupportedImageError(_("Several models add a segmentation each: name at least one model, and no "
                                      "segmentation to replace."))
    else:
        specs = find_models(model)
        known = {channel.name for spec in specs for channel in spec.channels}
        check_channel_names([name for name in channels if name not in known], specs[0])
        requests = runner.requests(volumeNode, model, device, batchSize, options, lambda spec: {
            one.name: channels[one.name] for one in spec.channels if one.name in channels}, region)
    try:
        if isOne:
            prediction = runner.client.run(requests[0], progress)
            runner.addToScene(prediction, volumeNode, segmentationNode)
            return prediction
        predictions = [runner.client.run(request, _partOf(progress, request.spec, number, len(requests)))
                       for number, request in enumerate(requests)]
        runner.addEach(predictions, volumeNode)
        return predictions
    finally:
        runner.release()


def _partOf(progress, spec, number, count):
    """The progress of one of several models."""
    return lambda stage, fraction: progress(f"{number + 1} of {count}, {spec.name}: {stage}",
                                            (number + fraction) / count)


class ModelQueue:
    """Has a worker carry out one request after the other, as if they were one.

    Attributes:
        failures: a sentence for each model of the last run that failed beside others that did not.
    """

    def __init__(self):
        self._requests, self._outcomes, self.failures = [], [], []

    def start(self, client, requests):
        """Begin; errors as of `WorkerClient.submit`."""
        client.submit(requests[0])
        self._requests, self._outcomes, self.failures = requests, [], []

    def poll(self, client):
        """What was said since the last call. Of a single request, as the client tells it; of several, one `Finished`
        with a list of predictions, or one `Failed` where the run was cancelled or no model gave a result."""
        if len(self._requests) < 2:
            return client.poll()
        events = []
        for event in client.poll():
            number = len(self._outcomes)
            if isinstance(event, Progress):
                count, name = len(self._requests), self._requests[number].spec.name
                event = replace(event, stage=f"{number + 1} of {count}, {name}: {event.stage}",
                                fraction=(number + event.fraction) / count)
            elif isinstance(event, (Finished, Failed)):
                event = self._ended(event, client)
            events += [event] if event else []
        return events

    def release(self):
        """The run has ended: its volume and its results are not needed any more."""
        self._requests, self._outcomes = [], []

    def _ended(self, event, client):
        """The end of all; None while there are others to come."""
        if isinstance(event, Failed) and isinstance(event.error, Cancelled):
            return event
        self._outcomes.append(event)
        if len(self._outcomes) < len(self._requests):
            client.submit(self._requests[len(self._outcomes)])
            return None
        predictions = [one.result for one in self._outcomes if isinstance(one, Finished)]
        errors = [(request.spec.id, one.error) for request, one in zip(self._requests, self._outcomes, strict=True)
                  if isinstance(one, Failed)]
        sentences = [f"{modelID}: {error}" for modelID, error in errors]
        if not predictions:
            return Failed(type(errors[0][1])(" ".join(sentences)))
        self.failures = sentences
        return Finished(predictions)


class FurtherModelsView:
    """The list of models that may look besides the chosen one; what is checked is kept in the parameter node.

    Args:
        ui: the panel's widgets.
    """

    def __init__(self, ui):
        self._list, self._parameters, self._shown = ui.furtherModelsList, None, None
        self._list.connect("itemChanged(QListWidgetItem*)", self.onChanged)

    def show(self, specs, parameters):
        """Offer all of these models but the chosen one.

        Args:
            specs: of the models that can be run.
            parameters: the parameter node; None: nothing can be checked.
        """
        self._parameters = parameters
        chosen = furtherModels(parameters) if parameters else []
        names = {spec.id: spec.name for spec in specs if parameters is None or spec.id != parameters.model}
        names |= {modelID: _("{value} (not installed)").format(value=modelID) for modelID in chosen
                  if modelID not in names}
        if (names, chosen) == self._shown:
            return
        self._shown = names, chosen
        self._list.blockSignals(True)
        self._list.clear()
        for modelID, name in names.items():
            item = qt.QListWidgetItem(name)
            item.setToolTip(asShown(f"{name} ({modelID})"))
            item.setData(qt.Qt.UserRole, modelID)
            item.setCheckState(qt.Qt.Checked if modelID in chosen else qt.Qt.Unchecked)
            self._list.addItem(item)
        self._list.blockSignals(False)

    def onChanged(self, _item):
        """The user has checked a model, or taken the check away."""
        if self._parameters is None:
            return
        items = [self._list.item(row) for row in range(self._list.count)]
        checked = [item.data(qt.Qt.UserRole) for item in items if item.checkState() == qt.Qt.Checked]
        self._shown = self._shown[0], checked
        self._parameters.furtherModels = " ".join(checked)
