"""All items of a sequence of volumes: a sequence of segmentations that plays with it, a table over time, and a plot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnifiedViTError, UnsupportedImageError, WorkerError
from UnifiedViTLib.inference.prediction import Prediction
from UnifiedViTLib.outputs.mrml import VOLUME_ROLE, add_to_scene, result_of, volume_from_node
from UnifiedViTLib.outputs.mrml_changes import is_as_drawn, state_of
from UnifiedViTLib.outputs.mrml_scene import all_or_nothing, unused_name
from UnifiedViTLib.service.store.catalogue import find_model
from UnifiedViTLib.service.worker.protocol import PredictRequest

from .options import optionsOf


@dataclass(frozen=True)
class SequenceResult:
    """Nodes of the scene that tell of all items.

    Attributes:
        segmentations: a vtkMRMLSequenceNode with the segmentation of each item, at the item's index value.
        table: a row an item: index value, diagnosis, probability, mL of each segment, number of warnings, and the
            sentence of an item that failed.
        chart: a vtkMRMLPlotChartNode, mL of each segment over the index.
        series: its lines, one a segment.
    """

    segmentations: slicer.vtkMRMLSequenceNode
    table: slicer.vtkMRMLTableNode
    chart: slicer.vtkMRMLPlotChartNode
    series: tuple[slicer.vtkMRMLPlotSeriesNode, ...]

    def state(self):
        """What a user may change of them; where it is equal, nothing was."""
        items = [self.segmentations.GetNthDataNode(n) for n in range(self.segmentations.GetNumberOfDataNodes())]
        browser = browserOf(self.segmentations) if self.segmentations.GetScene() else None
        shown = browser.GetProxyNode(self.segmentations) if browser else None
        # Which item is shown, and the name that it gives the node, are the browser's: what counts is drawn by hand.
        isEdited = shown is not None and not (is_as_drawn(shown) if result_of(shown)
                                              else shown.GetSegmentation().GetNumberOfSegments() == 0)
        return isEdited, *map(state_of, (self.table, self.segmentations, self.chart, *self.series, *items))

    def removeFromScene(self):
        """Take all of them out of the scene, and out of the browsers that play them."""
        nodes = [self.chart, *self.series, self.table, self.segmentations]
        browser = browserOf(self.segmentations) if self.segmentations.GetScene() else None
        if browser is not None:
            shown = browser.GetProxyNode(self.segmentations)
            browser.RemoveSynchronizedSequenceNode(self.segmentations.GetID())
            nodes += [shown.GetDisplayNode(), shown.GetStorageNode(), shown] if shown else []
        for node in nodes:
            if node is not None and node.GetScene() is not None:
                node.GetScene().RemoveNode(node)


@dataclass(frozen=True)
class SequenceItem:
    """How an item ended: with a prediction, or with a sentence."""

    index: str
    prediction: Prediction | None = None
    error: str = ""


#: Such an error concerns its item alone.
ITEM_ERRORS = UnsupportedImageError, WorkerError


def processSequence(client, sequenceNode, model, device="auto", batchSize=8, progress=None, **options):
    """Look at every item of a sequence; waits until all are done. An item that fails has a sentence in the table.

    Args:
        client: `WorkerClient`.
        sequenceNode: a vtkMRMLSequenceNode of scalar volumes. A browser that plays it plays the segmentations too.
        model, device, batchSize: as for `UnifiedViTLogic.process`.
        progress: called with words and the share done of all items (0..1). What it raises ends the run; the items that
            are done are then in the scene all the same.
        options: `plane` and `tta`, as for `UnifiedViTLogic.process`.

    Returns:
        `SequenceResult`.

    Raises:
        UnifiedViTLib.errors.UnifiedViTError: there is nothing to look at, nothing can run here, or the sequence has
            left its scene; the items that were done are in it all the same, unless it was closed.
    """
    run, tell = SequenceRun(sequenceNode, find_model(model), device, batchSize, **options), progress

    def progress(stage, fraction):
        if tell:
            tell(*run.progress(stage, fraction))

    scene, closings = run.scene, []
    observer = scene.AddObserver(scene.EndCloseEvent, lambda *_arguments: closings.append(True))
    try:
        while (request := run.nextRequest()) is not None:
            try:
                run.add(client.run(request, progress))
            except ITEM_ERRORS as error:
                run.fail(error)
            if not scene.IsNodePresent(sequenceNode):
                raise UnsupportedImageError(_("The sequence was removed from the scene: its run was ended."))
    except BaseException:
        if run.items and not closings:
            run.addToScene()
        raise
    finally:
        scene.RemoveObserver(observer)
    return run.addToScene()


class SequenceRun:
    """The items of a sequence, one after the other; the scene stays as it is until `addToScene`.

    Args:
        sequenceNode: as for `processSequence`, as are `device`, `batchSize` and `options`.
        spec: the model.
        server: the `ServerAddress` of what computes; None for this computer.

    Attributes:
        items: those that have ended, in their order.
        count: of all items.
        scene: of the sequence.

    Raises:
        UnsupportedImageError, ModelSpecError: there is nothing to look at, or the model cannot do what is asked for.
    """

    def __init__(self, sequenceNode, spec, device="auto", batchSize=8, server=None, **options):
        if sequenceNode is None or not sequenceNode.IsA("vtkMRMLSequenceNode"):
            raise UnsupportedImageError(_("No sequence is chosen. Load a sequence of volumes and choose it."))
        self.count, self.scene = sequenceNode.GetNumberOfDataNodes(), sequenceNode.GetScene()
        if self.scene is None:
            raise UnsupportedImageError(_("{name} is in no scene. Add it to one.").format(name=sequenceNode.GetName()))
        if not self.count:
            raise UnsupportedImageError(_("{name} has no items. Load the sequence again.").format(
                name=sequenceNode.GetName()))
        if not any(sequenceNode.GetNthDataNode(n).IsA("vtkMRMLScalarVolumeNode") for n in range(self.count)):
            raise UnsupportedImageError(_("{name} is no sequence of volumes. Choose one of volumes.").format(
                name=sequenceNode.GetName()))
        self.items, self._options = [], optionsOf(**options)
        self._options.check(spec)
        self._sequenceNode, self._spec, self._device, self._batchSize = sequenceNode, spec, device, batchSize
        self._server, self._sent = server, None
        self._indices = [sequenceNode.GetNthIndexValue(number) for number in range(self.count)]
        self._segmentations = slicer.vtkMRMLSequenceNode()
        self._segmentations.SetIndexName(sequenceNode.GetIndexName())
        self._segmentations.SetIndexUnit(sequenceNode.GetIndexUnit())
        self._segmentations.SetIndexType(sequenceNode.GetIndexType())

    def nextRequest(self):
        """What to ask the worker for the next item that is something to look at; None after the last."""
        while len(self.items) < self.count:
            try:
                self._sent = volume_from_node(self._node())
            except UnsupportedImageError as error:
                self.fail(error)
                continue
            return PredictRequest(self._sent, self._spec, self._options, self._device, self._batchSize,
                                  server=self._server)
        return None

    def progress(self, stage, fraction):
        """How far all are, in words and as a share, from how far the item is."""
        words = _("item {number} of {count}: {stage}").format(number=len(self.items) + 1, count=self.count, stage=stage)
        return words, (len(self.items) + fraction) / self.count

    def add(self, prediction):
        """The item has ended with a prediction; it fails where its volume is no longer the one that was looked at."""
        index = self._indices[len(self.items)]
        try:
            segmentation = _segmentationOf(prediction, self._unchangedNode())
        except UnifiedViTError as error:
            self.fail(error)
            return
        self._segmentations.SetDataNodeAtValue(segmentation, index)
        self.items.append(SequenceItem(index, prediction))

    def fail(self, error):
        """The item has failed."""
        self.items.append(SequenceItem(self._indices[len(self.items)], error=str(error)))

    def addToScene(self):
        """Add what tells of the items that have ended; returns `SequenceResult`."""
        sequenceNode, segmentations = self._sequenceNode, self._segmentations
        scene, name = self.scene, sequenceNode.GetName()
        with all_or_nothing(scene, []):
            segmentations.SetName(unused_name(scene, f"{name} segmentations"))
            scene.AddNode(segmentations)
            segmentations.SetNodeReferenceID(VOLUME_ROLE, sequenceNode.GetID())  # else what is played has no volume
            table = slicer.vtkMRMLTableNode()
            table.SetName(unused_name(scene, f"{name} over time"))
            table.SetAndObserveTable(_tableOf(self.items, sequenceNode, self._spec))
            scene.AddNode(table)
            chart, series = _addChart(table, sequenceNode, self._spec)
        _playTogether(sequenceNode, segmentations)
        return SequenceResult(segmentations, table, chart, series)

    def _node(self):
        """The volume of the item that is next; raises UnsupportedImageError where it was taken out of the sequence."""
        index = self._indices[len(self.items)]
        node = self._sequenceNode.GetDataNodeAtValue(index)
        if node is None:
            raise UnsupportedImageError(
                _("The item {index} was taken out of the sequence, or given another index, meanwhile. Run the sequence "
                  "again.").format(index=index))
        return node

    def _unchangedNode(self):
        """The same; raises UnsupportedImageError too where its grid or voxels are others than were sent."""
        node, sent = self._node(), self._sent
        now = volume_from_node(node)
        if not (np.array_equal(now.ijk_to_ras, sent.ijk_to_ras) and np.array_equal(now.array, sent.array)):
            raise UnsupportedImageError(
                _("{name} was changed while it was looked at: its voxels, spacing, origin or directions. Run the "
                  "sequence again.").format(name=sent.name))
        return node


def _segmentationOf(prediction, volumeNode):
    """The segmentation node of an item, in no scene that anybody sees."""
    scene = slicer.vtkMRMLScene()
    copy = slicer.vtkMRMLScalarVolumeNode()
    copy.Copy(volumeNode)
    scene.AddNode(copy)
    segmentation, _table = add_to_scene(prediction, copy)
    scene.RemoveNode(segmentation)
    return segmentation


def _tableOf(items, sequenceNode, spec):
    """A row an item; numbers of items that failed are not numbers (NaN)."""
    isNumeric = sequenceNode.GetIndexType() == slicer.vtkMRMLSequenceNode.NumericIndex
    columns = {_indexTitle(sequenceNode): [float(item.index) if isNumeric else item.index for item in items]}
    columns["Item"] = [float(number + 1) for number in range(len(items))]
    predictions = [item.prediction for item in items]
    columns["Diagnosis"] = [one.diagnosis.display if one else "" for one in predictions]
    columns["Probability"] = [one.diagnosis.probability if one else float("nan") for one in predictions]
    if spec.multi_label:  # of each finding that the diagnosis names
        found = [one.diagnosis if one else None for one in predictions]
        columns["Probability"] = [";".join(f"{one.probabilities[name]:.4f}" for name in one.findings) if one else ""
                                  for one in found]
    for place, segment in enumerate(spec.segments):
        amounts = [one.segments[place].volume_ml if one else None for one in predictions]
        columns[_amountTitle(segment)] = [float("nan") if amount is None else amount for amount in amounts]
    columns["Warnings"] = [float(len(one.warnings)) if one else float("nan") for one in predictions]
    columns["Error"] = [item.error for item in items]
    table = vtk.vtkTable()
    for title, values in columns.items():
        column = vtk.vtkDoubleArray() if isinstance(values[0], float) else vtk.vtkStringArray()
        column.SetName(title)
        for value in values:
            column.InsertNextValue(value)
        table.AddColumn(column)
    return table


def _addChart(table, sequenceNode, spec):
    """A line a segment over the index; over the items' numbers where the index is a text. Returns chart and lines."""
    scene = table.GetScene()
    isNumeric = sequenceNode.GetIndexType() == slicer.vtkMRMLSequenceNode.NumericIndex
    chart = slicer.vtkMRMLPlotChartNode()
    chart.SetName(unused_name(scene, f"{sequenceNode.GetName()} volumes"))
    chart.SetXAxisTitle(_indexTitle(sequenceNode) if isNumeric else "Item")
    chart.SetYAxisTitle("mL")
    scene.AddNode(chart)
    lines = []
    for segment in spec.segments:
        series = slicer.vtkMRMLPlotSeriesNode()
        series.SetName(unused_name(scene, f"{sequenceNode.GetName()} {segment.name}"))
        series.SetAndObserveTableNodeID(table.GetID())
        series.SetXColumnName(chart.GetXAxisTitle())
        series.SetYColumnName(_amountTitle(segment))
        series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        series.SetColor(*(value / 255 for value in segment.colour))
        scene.AddNode(series)
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
        lines.append(series)
    return chart, tuple(lines)


def browserOf(sequenceNode):
    """The first browser that plays a sequence; None for none."""
    module = getattr(slicer.modules, "sequences", None)
    return module.logic().GetFirstBrowserNodeForSequenceNode(sequenceNode) if module else None


def _playTogether(sequenceNode, segmentations):
    """Have the first browser of the sequence play the segmentations too, under the volume's own transform."""
    browser = browserOf(sequenceNode) if sequenceNode.GetScene() else None
    if browser is None:
        return
    browser.AddSynchronizedSequenceNodeID(segmentations.GetID())
    # Else the item before one that failed would be shown over it, with its diagnosis.
    browser.SetMissingItemMode(segmentations, browser.MissingItemSetToDefault)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    volume, shown = browser.GetProxyNode(sequenceNode), browser.GetProxyNode(segmentations)
    if volume and shown:
        shown.SetAndObserveTransformNodeID(volume.GetTransformNodeID())


def _indexTitle(sequenceNode):
    unit = sequenceNode.GetIndexUnit()
    return f"{sequenceNode.GetIndexName() or 'Index'}{f' ({unit})' if unit else ''}"


def _amountTitle(segment):
    return f"{segment.name} (mL)"
