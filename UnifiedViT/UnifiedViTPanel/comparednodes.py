"""Segmentation nodes to what is compared, and a comparison to nodes of the scene."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.geometry import ALL_GIVEN, GeometrySource
from UnifiedViTLib.outputs.comparison.segmentations import DrawnSegment, Origin, Segmentation
from UnifiedViTLib.outputs.comparison.tables import COLUMNS, as_json, difference_segments
from UnifiedViTLib.outputs.mrml import ATTRIBUTE, geometry_of, result_of, segmentation_of
from UnifiedViTLib.outputs.mrml_scene import all_or_nothing, place_beside, unused_name

from .channels import checkInvertible
from .dicomresults import uidsOf
from .identity import patientOf
from .reporting import volumeOf

_BINARY = "Binary labelmap"


def segmentationOf(node):
    """Copy a segmentation out of the scene, in world coordinates: parent transforms are counted.

    Args:
        node: a segmentation; one without a binary labelmap is converted, in a copy.

    Raises:
        UnsupportedImageError: none is chosen, nothing tells on which grid it lies, or a transform flattens it.
    """
    if node is None or not node.IsA("vtkMRMLSegmentationNode"):
        raise UnsupportedImageError(_("Choose two segmentations to compare."))
    checkInvertible(node)
    segmentation = _withLabelmap(node)
    images = [_inWorld(segmentation.GetLayerDataObject(n, _BINARY), node)
              for n in range(segmentation.GetNumberOfLayers(_BINARY))]
    toWorld, extent = _grid(node, segmentation, images)
    shape = tuple(int(stop - start) for start, stop in extent[::-1])
    layers = tuple(_onGrid(image, toWorld, extent, shape) for image in images) or (np.zeros(shape, np.uint8),)
    segments = []
    for n in range(len(images)):
        for segmentID in segmentation.GetSegmentIDsForLayer(n, _BINARY):
            segment = segmentation.GetSegment(segmentID)
            terminology = vtk.reference("")
            segment.GetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), terminology)
            segments.append(DrawnSegment(segment.GetName() or "", str(terminology), n, int(segment.GetLabelValue())))
    order = {name: n for n, name in enumerate(_names(segmentation))}
    segments.sort(key=lambda segment: order[segment.name])
    toFirst = np.eye(4)
    toFirst[:3, 3] = extent[:, 0]
    return Segmentation(node.GetName() or _("segmentation"), layers, tuple(segments), toWorld @ toFirst,
                        geometry=_geometry(node, shape, toWorld), origin=_origin(node))


def digestOf(segmentation):
    """Equal for two copies between which nothing was drawn, renamed, moved, added or removed."""
    digest = hashlib.sha256(repr((segmentation.segments, (segmentation.ijk_to_ras.round(4) + 0.0).tolist())).encode())
    for layer in segmentation.layers:
        digest.update(f"{layer.dtype.str} {layer.shape}".encode() + layer.tobytes())
    return digest.hexdigest()


def addTable(comparison, node):
    """Add a comparison as a table beside a segmentation, which is saved with the scene; its attribute
    `UnifiedViT.Comparison` is all of it as JSON.

    Args:
        comparison: a `Comparison`.
        node: of side B.

    Returns:
        the table node: a row a segment, NaN for what is not known.
    """
    scene = node.GetScene()
    rows = comparison.segments
    values = [[row.dice, row.hd95_mm, row.volume_a_ml, row.volume_b_ml, row.change_ml, row.change_percent]
              for row in rows]
    names = vtk.vtkStringArray()
    for row in rows:
        names.InsertNextValue(row.name)
    columns = [names]
    for column in zip(*values, strict=True):
        numbers = vtk.vtkDoubleArray()
        for value in column:
            numbers.InsertNextValue(float("nan") if value is None else value)
        columns.append(numbers)
    table = vtk.vtkTable()
    for title, column in zip(COLUMNS, columns, strict=False):
        column.SetName(title)
        table.AddColumn(column)
    with all_or_nothing(scene, []):
        tableNode = slicer.vtkMRMLTableNode()
        tableNode.SetName(unused_name(scene, _("{a} - {b} comparison").format(a=comparison.name_a,
                                                                             b=comparison.name_b)))
        tableNode.SetAndObserveTable(table)
        tableNode.SetUseColumnTitleAsColumnHeader(True)
        tableNode.SetAttribute(f"{ATTRIBUTE}Comparison", json.dumps(as_json(comparison), allow_nan=False))
        scene.AddNode(tableNode)
        place_beside(node, tableNode)
    return tableNode


def addDifference(comparison, node):
    """Add where two segmentations differ as a segmentation in the world, beside that of side B.

    Args:
        comparison: with a difference map in which something is drawn.
        node: of side B.

    Returns:
        the segmentation node, a segment each for only A, both, and only B, those that are drawn.
    """
    scene, labels = node.GetScene(), comparison.difference
    image, matrix = slicer.vtkOrientedImageData(), vtk.vtkMatrix4x4()
    image.SetDimensions(labels.shape[::-1])
    matrix.DeepCopy(comparison.ijk_to_ras.ravel().tolist())
    image.SetImageToWorldMatrix(matrix)
    scalars = numpy_to_vtk(labels.ravel(), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
    scalars.SetName("ImageScalars")
    image.GetPointData().SetScalars(scalars)
    segmentation = segmentation_of(image, difference_segments(labels), {})
    with all_or_nothing(scene, []):
        differenceNode = slicer.vtkMRMLSegmentationNode()
        differenceNode.SetName(unused_name(scene, _("{a} - {b} difference").format(a=comparison.name_a,
                                                                                  b=comparison.name_b)))
        differenceNode.SetAndObserveSegmentation(segmentation)
        scene.AddNode(differenceNode)
        differenceNode.CreateDefaultDisplayNodes()
        place_beside(node, differenceNode)
    return differenceNode


def _withLabelmap(node):
    """The node's segmentation; where it has no binary labelmap, a copy that has."""
    segmentation = node.GetSegmentation()
    if segmentation.ContainsRepresentation(_BINARY) or not segmentation.GetNumberOfSegments():
        return segmentation
    copy = slicer.vtkSegmentation()
    copy.DeepCopy(segmentation)
    if not copy.CreateRepresentation(_BINARY):
        raise UnsupportedImageError(
            _("{name} cannot be converted to a binary labelmap. Do so in the module Segmentations.").format(
                name=node.GetName()))
    return copy


def _inWorld(image, node):
    """A layer as the parent transforms of its node place it; only one that bends space resamples it."""
    placed, transform = slicer.vtkOrientedImageData(), node.GetParentTransformNode()
    placed.ShallowCopy(image)
    if transform and not image.IsEmpty():
        toWorld = vtk.vtkGeneralTransform()
        transform.GetTransformToWorld(toWorld)
        slicer.vtkOrientedImageDataResample.TransformOrientedImage(placed, toWorld)
    return placed


def _grid(node, segmentation, images):
    """One grid for all layers: 4x4 to the world, and its extent, (3, 2) of first and end along i, j, k.

    It is that of the first layer that is drawn, with all of the reference image where that is on the same grid.
    """
    drawn = [image for image in images if not image.IsEmpty()]
    reference = _reference(node, segmentation)
    if not drawn:
        if reference is None:
            raise UnsupportedImageError(_("{name} is empty: draw a segment in it first.").format(name=node.GetName()))
        return reference
    toWorld = _toWorld(drawn[0])
    extents = [_extent(image) for image in drawn if _isSame(_toWorld(image), toWorld)]
    if reference is not None and _isSame(reference[0], toWorld):
        extents.append(reference[1])
    edges = np.array(extents)
    return toWorld, np.stack([edges[:, :, 0].min(axis=0), edges[:, :, 1].max(axis=0)], axis=1)


def _reference(node, segmentation):
    """The grid of the image that a segmentation is drawn on, as of `_grid`; None where it has none, or a transform
    bends it."""
    text = segmentation.GetConversionParameter(
        slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName())
    image, transform, parent = slicer.vtkOrientedImageData(), node.GetParentTransformNode(), vtk.vtkMatrix4x4()
    if not text or not slicer.vtkSegmentationConverter.DeserializeImageGeometry(text, image, False):
        return None
    if transform and not transform.IsTransformToWorldLinear():
        return None
    if transform:
        transform.GetMatrixTransformToWorld(parent)
    return _matrix(parent) @ _toWorld(image), _extent(image)


def _onGrid(image, toWorld, extent, shape):
    """A layer's labels (K, J, I) on the common grid."""
    labels = np.zeros(shape, np.uint8)
    if image.IsEmpty():
        return labels
    if not _isSame(_toWorld(image), toWorld):
        image = _resampled(image, toWorld, extent)
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    labels = np.zeros(shape, values.dtype)
    start = (_extent(image)[:, 0] - extent[:, 0])[::-1]
    k, j, i = (slice(first, first + count) for first, count in zip(start, values.shape, strict=True))
    labels[k, j, i] = values
    return labels


def _resampled(image, toWorld, extent):
    """A layer of another grid than the first, by nearest neighbour."""
    reference, resampled, matrix = slicer.vtkOrientedImageData(), slicer.vtkOrientedImageData(), vtk.vtkMatrix4x4()
    reference.SetExtent([int(edge) for start, end in extent for edge in (start, end - 1)])
    reference.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    matrix.DeepCopy(toWorld.ravel().tolist())
    reference.SetImageToWorldMatrix(matrix)
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(image, reference, resampled)
    return resampled


def _geometry(node, shape, toWorld):
    """What is known of the sizes: by the result that the node carries, else by the volume that it was drawn on."""
    result, volumeNode = result_of(node), volumeOf(node)
    try:
        if result:
            return GeometrySource.from_dict(result["geometry"])
    except (KeyError, TypeError, ValueError):
        pass  # a scene may come from anywhere
    if volumeNode is not None and volumeNode.GetImageData() is not None:
        return geometry_of(volumeNode, volumeNode.GetImageData().GetDimensions()[::-1])
    isSlice = shape[0] == 1 and np.isclose(np.linalg.norm(toWorld[:3, 2]), 1.0)
    return ALL_GIVEN.without_sizes() if isSlice else ALL_GIVEN


def _origin(node):
    """Where a segmentation comes from, as far as the scene tells."""
    result, volumeNode = result_of(node), volumeOf(node)
    model = f"{result['model']['id']} {result['model']['version']}" if result else ""
    image = result["name"] if result else ""
    imageIDs = ()
    if volumeNode is not None:
        image = volumeNode.GetName() or image
        item = node.GetAttribute(f"{ATTRIBUTE}SequenceItem")
        imageIDs = (f"{volumeNode.GetID()} {item or ''}", *uidsOf(volumeNode))
    if result is None:
        return Origin(image, imageIDs, patientOf(volumeNode or node), model)
    region = result.get("region", {}).get("description", "")
    return Origin(image, imageIDs, patientOf(volumeNode or node), model, result["diagnosis"], region)


def _names(segmentation):
    """Of the segments, in their order."""
    return [segmentation.GetNthSegment(n).GetName() or "" for n in range(segmentation.GetNumberOfSegments())]


def _extent(image):
    """(3, 2): first and end along i, j, k."""
    return np.array(image.GetExtent()).reshape(3, 2) + np.array([0, 1])


def _isSame(one, other):
    """Whether two matrices are, but for rounding."""
    return np.allclose(one, other, rtol=0, atol=1e-4)


def _toWorld(image):
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    return _matrix(matrix)


def _matrix(matrix):
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
