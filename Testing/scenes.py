"""Scenes as the application sets them up, volumes in them, results for those, and what Slicer shows of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import slicer
import vtk
from builders import spec_data
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from UnifiedViTLib.inference.prediction import Diagnosis, Prediction, Provenance, SegmentResult
from UnifiedViTLib.outputs.mrml import volume_from_node
from UnifiedViTLib.spec import parse_spec

SHAPE = (5, 34, 37)
TERMINOLOGY = (
    "Segmentation category and type - DICOM master list~SCT^49755003^Morphologically Altered Structure"
    "~SCT^108369006^Neoplasm~SCT^86049000^Primary~Anatomic codes - DICOM master list~SCT^12738006^Brain~^^|"
)
SEGMENTS = [
    {"name": "Glioma", "colour": [200, 40, 41], "terminology": TERMINOLOGY},
    {"name": "Ödem; peritumoural", "colour": [40, 200, 43], "terminology": TERMINOLOGY},
    {"name": "Meningioma", "colour": [1, 2, 255], "terminology": TERMINOLOGY},
]


class SceneWithoutRoomForTables(slicer.vtkMRMLScene):
    """A scene that takes every node but a table: the last step of showing a result fails."""

    def AddNode(self, node):  # noqa: N802 (the name is VTK's)
        if node.IsA("vtkMRMLTableNode"):
            raise MemoryError("no room for a table")
        return super().AddNode(node)


class TableThatTakesNoAttributes(slicer.vtkMRMLTableNode):
    """Fails when both nodes have their new content already."""

    def SetAttribute(self, name, value):  # noqa: N802 (the name is VTK's)
        raise RuntimeError(f"no attribute {name}")


def application(scene):
    """Set a scene up as the application does; its logics live as long as the test."""
    application_logic = slicer.vtkSlicerApplicationLogic()
    application_logic.SetMRMLScene(scene)
    application_logic.GetColorLogic().SetMRMLScene(scene)
    application_logic.GetColorLogic().AddDefaultColorNodes()
    logics = [slicer.vtkSlicerVolumesLogic(), slicer.vtkSlicerSegmentationsModuleLogic(),
              slicer.vtkSlicerSubjectHierarchyModuleLogic()]
    for logic in logics:
        logic.SetMRMLScene(scene)
        logic.SetMRMLApplicationLogic(application_logic)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(scene)

    # The application's subject hierarchy plugins live in its user interface; these two do what they do.
    @vtk.calldata_type(vtk.VTK_OBJECT)
    def list_node(_scene, _event, node):
        if node.IsA("vtkMRMLStorableNode") and not node.GetHideFromEditors():
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def unlist_node(_scene, _event, node):
        if hierarchy.GetItemByDataNode(node):
            hierarchy.RemoveItem(hierarchy.GetItemByDataNode(node), False)

    observers = [
        scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, list_node),
        scene.AddObserver(slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, unlist_node),
    ]
    yield scene
    for observer in observers:
        scene.RemoveObserver(observer)
    scene.Clear(True)
    logics.clear()


def add_volume(scene, array=None, ijk_to_ras=None, class_name="vtkMRMLScalarVolumeNode", extent_start=(0, 0, 0)):
    """A volume node; `array` is (K, J, I) or (K, J, I, components)."""
    if array is None:
        array = np.random.default_rng(0).integers(0, 900, SHAPE).astype(np.int16)
    image = vtk.vtkImageData()
    size = array.shape[2::-1]
    image.SetExtent([edge for start, n in zip(extent_start, size, strict=True) for edge in (start, start + n - 1)])
    flat = array.reshape(array.shape[0] * array.shape[1] * array.shape[2], -1)
    image.GetPointData().SetScalars(numpy_to_vtk(flat, deep=True))
    node = scene.AddNewNodeByClass(class_name, "brain")
    node.SetAndObserveImageData(image)
    if ijk_to_ras is not None:
        node.SetIJKToRASMatrix(to_vtk(ijk_to_ras))
    return node


def add_transform(scene, matrix):
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "registration")
    node.SetMatrixTransformToParent(to_vtk(matrix))
    return node


def to_vtk(matrix):
    result = vtk.vtkMatrix4x4()
    result.DeepCopy(np.asarray(matrix, float).ravel())
    return result


def to_numpy(matrix):
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def boxes(shape=SHAPE):
    """A labelmap without symmetry: labels 1 and 3, a box and a single voxel; label 2 is not found."""
    labelmap = np.zeros(shape, np.uint8)
    labelmap[: max(1, shape[0] - 1), 3:9, 20:31] = 1
    labelmap[-1, -2, 1] = 3
    return labelmap


def predict(volume_node, labelmap=None, **changes):
    """A result for the volume, as a predictor would give it."""
    volume = volume_from_node(volume_node)
    spec = parse_spec(spec_data(segments=SEGMENTS), Path("tiny"))
    labelmap = boxes(volume.array.shape) if labelmap is None else labelmap
    voxels = [int(np.count_nonzero(labelmap == label)) for label in (1, 2, 3)]
    result = Prediction(
        name=volume.name,
        spec=spec,
        labelmap=labelmap,
        ijk_to_ras=volume.ijk_to_ras,
        diagnosis=Diagnosis("glioma", "Glioma", {"healthy": 0.1, "glioma": 0.7, "meningioma": 0.2}),
        slice_probabilities=np.full((len(labelmap), 3), 1 / 3, np.float32),
        slice_axis=(0, False),
        segments=tuple(
            SegmentResult(segment.name, label, count, volume.voxel_ml and count * volume.voxel_ml)
            for label, (segment, count) in enumerate(zip(spec.segments, voxels, strict=True), start=1)
        ),
        warnings=('A "tumour" is named; nothing: drawn.', "Größe & Lage <prüfen>."),
        provenance=Provenance("tiny", "1.2.3", "a" * 64, "cpu", "torch", "axial", {"encoder": 0.5}, {"torch": "2.9"}),
    )
    return replace(result, **changes)


def draw(volume_node, segmentation_node, segment_id, mask):
    """Replace what is drawn in a segment by the call with which the Segment Editor's effects do."""
    image, matrix = slicer.vtkOrientedImageData(), vtk.vtkMatrix4x4()
    volume_node.GetIJKToRASMatrix(matrix)
    image.SetDimensions(mask.shape[::-1])
    image.SetImageToWorldMatrix(matrix)
    image.GetPointData().SetScalars(numpy_to_vtk(mask.astype(np.uint8).ravel(), deep=True,
                                                 array_type=vtk.VTK_UNSIGNED_CHAR))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.SetBinaryLabelmapToSegment(image, segmentation_node, segment_id, logic.MODE_REPLACE)


def shown(segmentation_node, segment_id):
    """A segment's mask as Slicer gives it: (K, J, I) bool and its own IJK to RAS (before parent transforms)."""
    image = slicer.vtkOrientedImageData()
    assert segmentation_node.GetBinaryLabelmapRepresentation(segment_id, image)
    label = segmentation_node.GetSegmentation().GetSegment(segment_id).GetLabelValue()
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    # Cut out of a shared layer the mask is 0/1, else it keeps its label.
    return (array == label) if array.max() > 1 else array.astype(bool), to_numpy(matrix), image.GetExtent()


def exported(scene, segmentation_node, volume_node):
    """All segments as Slicer's own logic writes them into a label-map volume, with the labels that their IDs name,
    (K, J, I)."""
    label_node = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    ids = vtk.vtkStringArray()
    for segment_id in segmentation_node.GetSegmentation().GetSegmentIDs():
        ids.InsertNextValue(segment_id)
    if not ids.GetNumberOfValues():  # nothing drawn
        return np.zeros(volume_node.GetImageData().GetDimensions()[::-1], np.uint8)
    assert slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode(
        segmentation_node, ids, label_node, volume_node
    )
    image = label_node.GetImageData()
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    labels = [0, *(int(ids.GetValue(n).removeprefix("Segment_")) for n in range(ids.GetNumberOfValues()))]
    return np.take(labels, array)


def world(node, ijk_to_ras, index):
    """Where voxel (k, j, i) lies in the world, parent transforms included."""
    point = [0.0, 0.0, 0.0]
    node.TransformPointToWorld((ijk_to_ras @ [*index[::-1], 1.0])[:3], point)
    return np.array(point)


def to_numpy_point(node, world_point):
    """A world point in the node's own frame, before its parent transforms."""
    point = [0.0, 0.0, 0.0]
    node.TransformPointFromWorld(list(world_point), point)
    return np.array(point)


def xml(scene):
    """The scene as it would be saved."""
    scene.SetSaveToXMLString(1)
    try:
        assert scene.Commit()
        return scene.GetSceneXMLString()
    finally:
        scene.SetSaveToXMLString(0)  # or it would be no file that others save to
