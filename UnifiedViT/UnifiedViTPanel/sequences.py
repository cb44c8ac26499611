"""All items of a sequence of volumes: a sequence of segmentations that plays with it, a table over time, and a plot."""

from __future__ import annotations

from dataclasses import dataclass

import slicer
import vtk
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnsupportedImageError, WorkerError
from UnifiedViTLib.inference.prediction import Prediction
from UnifiedViTLib.outputs.mrml import add_to_scene, volume_from_node
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
    """

    segmentations: slicer.vtkMRMLSequenceNode
    table: slicer.vtkMRMLTableNode
    chart: slicer.vtkMRMLPlotChartNode


@dataclass(frozen=True)
class _Item:
    """How an item ended: with a prediction and its segmentation, or with a sentence."""

    index: str
    prediction: Prediction | None = None
    segmentation: slicer.vtkMRMLSegmentationNode | None = None
    error: str = ""


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
        UnifiedViTLib.errors.UnifiedViTError: there is nothing to look at, or nothing can run here.
    """
    if sequenceNode is None or not sequenceNode.IsA("vtkMRMLSequenceNode"):
        raise UnsupportedImageError(_("No sequence is chosen. Load a sequence of volumes and choose it."))
    spec, asked = find_model(model), optionsOf(**options)
    asked.check(spec)
    count, items = sequenceNode.GetNumberOfDataNodes(), []
    if not count:
        raise UnsupportedImageError(_("{name} has no items. Load the sequence again.").format(
            name=sequenceNode.GetName()))

    def tell(stage, fraction):
        if progress:
            progress(_("item {number} of {count}: {stage}").format(number=len(items) + 1, count=count, stage=stage),
                     (len(items) + fraction) / count)

    try:
        for number in range(count):
            index, node = sequenceNode.GetNthIndexValue(number), sequenceNode.GetNthDataNode(number)
            try:
                request = PredictRequest(volume_from_node(node), spec, asked, device, batchSize)
                prediction = client.run(request, tell)
                items.append(_Item(index, prediction, _segmentationOf(prediction, node)))
            except (UnsupportedImageError, WorkerError) as error:  # others concern all items
                items.append(_Item(index, error=str(error)))
    except BaseException:
        if items:
            _addToScene(items, sequenceNode, spec)
        raise
    return _addToScene(items, sequenceNode, spec)


def _segmentationOf(prediction, volumeNode):
    """The segmentation node of an item, in no scene that anybody sees."""
    scene = slicer.vtkMRMLScene()
    copy = slicer.vtkMRMLScalarVolumeNode()
    copy.Copy(volumeNode)
    scene.AddNode(copy)
    segmentation, _table = add_to_scene(prediction, copy)
    scene.RemoveNode(segmentation)
    return segmentation


def _addToScene(items, sequenceNode, spec):
    scene, name = sequenceNode.GetScene(), sequenceNode.GetName()
    with all_or_nothing(scene, []):
        segmentations = slicer.vtkMRMLSequenceNode()
        segmentations.SetName(unused_name(scene, f"{name} segmentations"))
        segmentations.SetIndexName(sequenceNode.GetIndexName())
        segmentations.SetIndexUnit(sequenceNode.GetIndexUnit())
        segmentations.SetIndexType(sequenceNode.GetIndexType())
        scene.AddNode(segmentations)
        for item in items:
            if item.segmentation is not None:
                segmentations.SetDataNodeAtValue(item.segmentation, item.index)
        table = slicer.vtkMRMLTableNode()
        table.SetName(unused_name(scene, f"{name} over time"))
        table.SetAndObserveTable(_tableOf(items, sequenceNode, spec))
        scene.AddNode(table)
        chart = _addChart(table, sequenceNode, spec)
    _playTogether(sequenceNode, segmentations)
    return SequenceResult(segmentations, table, chart)


def _tableOf(items, sequenceNode, spec):
    """A row an item; numbers of items that failed are not numbers (NaN)."""
    isNumeric = sequenceNode.GetIndexType() == slicer.vtkMRMLSequenceNode.NumericIndex
    columns = {_indexTitle(sequenceNode): [float(item.index) if isNumeric else item.index for item in items]}
    columns["Item"] = [float(number + 1) for number in range(len(items))]
    predictions = [item.prediction for item in items]
    columns["Diagnosis"] = [one.diagnosis.display if one else "" for one in predictions]
    columns["Probability"] = [one.diagnosis.probability if one else float("nan") for one in predictions]
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
    """A line a segment over the index; over the items' numbers where the index is a text."""
    scene = sequenceNode.GetScene()
    isNumeric = sequenceNode.GetIndexType() == slicer.vtkMRMLSequenceNode.NumericIndex
    chart = slicer.vtkMRMLPlotChartNode()
    chart.SetName(unused_name(scene, f"{sequenceNode.GetName()} volumes"))
    chart.SetXAxisTitle(_indexTitle(sequenceNode) if isNumeric else "Item")
    chart.SetYAxisTitle("mL")
    scene.AddNode(chart)
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
    return chart


def _playTogether(sequenceNode, segmentations):
    """Have the first browser of the sequence play the segmentations too, under the volume's own transform."""
    module = getattr(slicer.modules, "sequences", None)
    logic = module.logic() if module else None
    browser = logic.GetFirstBrowserNodeForSequenceNode(sequenceNode) if logic else None
    if browser is None:
        return
    browser.AddSynchronizedSequenceNodeID(segmentations.GetID())
    logic.UpdateProxyNodesFromSequences(browser)
    volume, shown = browser.GetProxyNode(sequenceNode), browser.GetProxyNode(segmentations)
    if volume and shown:
        shown.SetAndObserveTransformNodeID(volume.GetTransformNodeID())


def _indexTitle(sequenceNode):
    unit = sequenceNode.GetIndexUnit()
    return f"{sequenceNode.GetIndexName() or 'Index'}{f' ({unit})' if unit else ''}"


def _amountTitle(segment):
    return f"{segment.name} (mL)"
