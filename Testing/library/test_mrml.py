"""Between MRML nodes and the library, on a real scene."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import slicer
import vtk
from builders import ORIENTATIONS, grid, oblique
from scenes import (
    SEGMENTS,
    SHAPE,
    TERMINOLOGY,
    SceneWithoutRoomForTables,
    TableThatTakesNoAttributes,
    add_transform,
    add_volume,
    application,
    boxes,
    draw,
    exported,
    predict,
    shown,
    to_numpy,
    world,
    xml,
)
from vtk.util.numpy_support import vtk_to_numpy

from UnifiedViTLib.errors import OutputError, UnsupportedImageError
from UnifiedViTLib.inference.prediction import Diagnosis
from UnifiedViTLib.outputs.mrml import add_to_scene, result_of, volume_from_node
from UnifiedViTLib.outputs.mrml_changes import is_as_drawn

#: Of every segment of `scenes.predict`; Slicer's DICOM exporter reads the latter two.
TAGS = {"TerminologyEntry": TERMINOLOGY.rstrip("|"), "DICOM.SegmentAlgorithmType": "AUTOMATIC",
        "DICOM.SegmentAlgorithmName": "UnifiedViT tiny 1.2.3"}


def tags_of(segment):
    """Those of its tags that `TAGS` has."""
    values = {}
    for name in TAGS:
        text = vtk.reference("")
        assert segment.GetTag(name, text)
        values[name] = str(text)
    return values


@pytest.fixture
def scene():
    yield from application(slicer.vtkMRMLScene())


@pytest.fixture
def refusing_scene():
    yield from application(SceneWithoutRoomForTables())


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.5, 6.0)])
def test_the_labelmap_has_the_grid_of_the_volume_to_the_last_digit_in_all_48_orientations(scene, spacing):
    for direction in [*ORIENTATIONS, oblique(), oblique() @ np.diag([-1.0, 1.0, 1.0])]:
        node = add_volume(scene, ijk_to_ras=grid(direction, spacing, SHAPE))
        segmentation_node, _ = add_to_scene(predict(node), node)
        expected, matrix = boxes(), vtk.vtkMatrix4x4()
        node.GetIJKToRASMatrix(matrix)
        for label in (1, 3):
            mask, ijk_to_ras, extent = shown(segmentation_node, f"Segment_{label}")
            assert np.array_equal(ijk_to_ras, to_numpy(matrix))
            assert extent == node.GetImageData().GetExtent()
            assert np.array_equal(mask, expected == label)


def test_a_segment_lies_exactly_where_the_network_drew_it_in_an_oblique_volume_under_a_transform(scene):
    node = add_volume(scene, ijk_to_ras=grid(oblique() @ np.diag([1, 1, -1]), (0.7, 0.9, 4.3), SHAPE))
    inner, outer = np.eye(4), np.eye(4)
    inner[:3, :3], inner[:3, 3] = oblique(40, 5, -70) @ np.diag([1.1, 0.9, 1.3]), (31, -12, 55)
    outer[:3, 3] = (-7, 90, 4)
    transform = add_transform(scene, inner)
    transform.SetAndObserveTransformNodeID(add_transform(scene, outer).GetID())
    node.SetAndObserveTransformNodeID(transform.GetID())
    volume = volume_from_node(node)

    segmentation_node, _ = add_to_scene(predict(node), node)

    assert segmentation_node.GetTransformNodeID() == node.GetTransformNodeID()
    mask, ijk_to_ras, _ = shown(segmentation_node, "Segment_1")
    for index in np.argwhere(mask):
        at = world(segmentation_node, ijk_to_ras, index)
        assert np.array_equal(at, world(node, volume.ijk_to_ras, index))
        assert np.allclose(at, (outer @ inner @ volume.ijk_to_ras @ [*index[::-1], 1.0])[:3])
    # Slicer's own ways to the same answer.
    assert np.allclose(segmentation_node.GetSegmentCenterRAS("Segment_3"),
                       world(node, volume.ijk_to_ras, np.argwhere(boxes() == 3)[0]))
    assert np.array_equal(exported(scene, segmentation_node, node), boxes())


def test_a_single_slice_is_a_volume_and_gets_its_mask(scene):
    array = np.random.default_rng(1).random((1, 40, 33)).astype(np.float32)
    node = add_volume(scene, array)
    volume = volume_from_node(node)
    assert not volume.planar and np.array_equal(volume.array, array)
    segmentation_node, _ = add_to_scene(predict(node), node)
    assert np.array_equal(shown(segmentation_node, "Segment_1")[0], boxes(array.shape) == 1)


def test_a_volume_whose_extent_does_not_start_at_zero_keeps_its_place(scene):
    matrix = grid(oblique(), (1.0, 1.0, 3.0), SHAPE)
    node = add_volume(scene, ijk_to_ras=matrix, extent_start=(4, -2, 7))
    volume = volume_from_node(node)
    assert np.allclose(volume.ijk_to_ras[:3, 3], (matrix @ [4, -2, 7, 1])[:3])
    segmentation_node, _ = add_to_scene(predict(node), node)
    mask, _, extent = shown(segmentation_node, "Segment_1")
    assert extent == node.GetImageData().GetExtent() and np.array_equal(mask, boxes() == 1)
    at = world(node, volume.ijk_to_ras, np.argwhere(boxes() == 3)[0])
    assert np.allclose(segmentation_node.GetSegmentCenterRAS("Segment_3"), at)


def test_a_result_is_as_drawn_wherever_the_extent_of_its_volume_starts_and_no_more_once_it_is_edited(scene):
    node = add_volume(scene, ijk_to_ras=grid(oblique(), (0.9, 1.2, 4.0), SHAPE), extent_start=(4, -2, 7))
    segmentation_node, _ = add_to_scene(predict(node), node)
    assert is_as_drawn(segmentation_node)
    image, origin = vtk.vtkImageData(), [0.0, 0.0, 0.0, 1.0]
    image.DeepCopy(node.GetImageData())
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    matrix.MultiplyPoint((*image.GetExtent()[::2], 1.0), origin)
    image.SetExtent([0, SHAPE[2] - 1, 0, SHAPE[1] - 1, 0, SHAPE[0] - 1])  # as after it was saved and loaded
    node.SetAndObserveImageData(image)
    node.SetOrigin(*origin[:3])
    assert is_as_drawn(segmentation_node)
    first, other = boxes() == 1, boxes() == 1
    other[tuple(np.argwhere(first)[0])] = False
    for mask, expected in ((other, False), (first, True), (np.roll(first, 1, 2), False), (first * 0, False)):
        draw(node, segmentation_node, "Segment_1", mask)
        assert is_as_drawn(segmentation_node) is expected


def test_the_volume_is_a_copy_without_the_parent_transform(scene):
    matrix = grid(oblique(), (1.0, 1.0, 3.0), SHAPE)
    node = add_volume(scene, ijk_to_ras=matrix)
    node.SetAndObserveTransformNodeID(add_transform(scene, grid(oblique(), (2.0, 2.0, 2.0), SHAPE)).GetID())
    volume = volume_from_node(node)
    before = volume.array.copy()
    vtk_to_numpy(node.GetImageData().GetPointData().GetScalars())[:] = 0
    assert np.array_equal(volume.array, before) and volume.array.dtype == np.int16
    assert np.allclose(volume.ijk_to_ras, matrix, atol=1e-12)
    assert volume.name == "brain"


def test_segments_have_names_colours_and_codes_of_the_model_and_say_that_a_program_drew_them(scene):
    node = add_volume(scene)
    segmentation_node, _ = add_to_scene(predict(node), node)
    segmentation = segmentation_node.GetSegmentation()
    assert segmentation.GetSegmentIDs() == ("Segment_1", "Segment_3")
    assert segmentation.GetNumberOfLayers() == 1
    for number, written in enumerate([SEGMENTS[0], SEGMENTS[2]]):
        segment = segmentation.GetNthSegment(number)
        assert segment.GetName() == written["name"]
        assert np.allclose(np.array(segment.GetColor()) * 255, written["colour"])
        assert tags_of(segment) == TAGS
    assert segmentation_node.GetDisplayNode() is not None


def test_the_volume_is_the_reference_geometry(scene):
    node = add_volume(scene, ijk_to_ras=grid(oblique(), (0.5, 0.5, 6.0), SHAPE))
    segmentation_node, _ = add_to_scene(predict(node), node)
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    assert segmentation_node.GetNodeReference(role) is node
    parameter = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    geometry = slicer.vtkOrientedImageData()
    slicer.vtkSegmentationConverter.DeserializeImageGeometry(
        segmentation_node.GetSegmentation().GetConversionParameter(parameter), geometry, False
    )
    matrix = vtk.vtkMatrix4x4()
    geometry.GetImageToWorldMatrix(matrix)
    assert np.allclose(to_numpy(matrix), volume_from_node(node).ijk_to_ras, atol=1e-9)
    assert geometry.GetExtent() == node.GetImageData().GetExtent()


def test_the_diagnosis_and_its_provenance_are_attributes_that_survive_saving(scene):
    node = add_volume(scene)
    result = predict(node)
    saved = slicer.vtkMRMLScene()
    for output in add_to_scene(result, node):
        assert output.GetAttribute("UnifiedViT.Diagnosis") == "glioma"
        assert float(output.GetAttribute("UnifiedViT.Probability")) == 0.7
        assert json.loads(output.GetAttribute("UnifiedViT.Probabilities")) == result.diagnosis.probabilities
        assert output.GetAttribute("UnifiedViT.ModelId") == "tiny"
        assert output.GetAttribute("UnifiedViT.ModelVersion") == "1.2.3"
        assert output.GetAttribute("UnifiedViT.ModelSHA256") == "a" * 64
        assert output.GetAttribute("UnifiedViT.Device") == "cpu"
        assert output.GetAttribute("UnifiedViT.Backend") == "torch"
        assert output.GetAttribute("UnifiedViT.Plane") == "axial"
        assert json.loads(output.GetAttribute("UnifiedViT.Warnings")) == list(result.warnings)
    saved.SetLoadFromXMLString(1)
    saved.SetSceneXMLString(xml(scene))
    saved.Import()
    reloaded = saved.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    assert json.loads(reloaded.GetAttribute("UnifiedViT.Warnings")) == list(result.warnings)
    assert json.loads(reloaded.GetAttribute("UnifiedViT.Software")) == {"torch": "2.9"}


def test_attributes_of_a_foreign_scene_that_never_end_are_no_result(scene):
    segmentation, _ = add_to_scene(predict(node := add_volume(scene)), node)
    assert result_of(segmentation)["name"]
    segmentation.SetAttribute("UnifiedViT.Result", "[" * 200_000)
    assert result_of(segmentation) is None


def test_the_table_lists_the_probability_of_every_diagnosis(scene):
    node = add_volume(scene)
    _, table_node = add_to_scene(predict(node), node)
    assert table_node.GetName() == "brain diagnosis"
    assert [table_node.GetColumnName(n) for n in range(3)] == ["Class", "Diagnosis", "Probability"]
    table = table_node.GetTable()
    rows = [[table.GetValue(row, column).ToString() for column in (0, 1)] for row in range(table.GetNumberOfRows())]
    assert rows == [["healthy", "Nothing found"], ["glioma", "Glioma"], ["meningioma", "Meningioma"]]
    assert list(vtk_to_numpy(table.GetColumn(2))) == [0.1, 0.7, 0.2]


def move_into_study(scene, node):
    """Put a node into a study of a patient in the subject hierarchy; returns hierarchy and study."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.CreateStudyItem(hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Patient"), "MR")
    hierarchy.CreateItem(study, node)  # moves an item that is there
    return hierarchy, study


@pytest.mark.parametrize("in_application", [True, False])
def test_the_outputs_lie_beside_the_volume_in_the_subject_hierarchy(scene, in_application):
    scene = scene if in_application else slicer.vtkMRMLScene()
    node = add_volume(scene)
    hierarchy, study = move_into_study(scene, node)
    for output in add_to_scene(predict(node), node):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(output)) == study


def test_outputs_of_an_earlier_run_move_beside_the_new_volume(scene):
    first, second = add_volume(scene), add_volume(scene)
    outputs = add_to_scene(predict(first), first)
    hierarchy, study = move_into_study(scene, second)
    for output in add_to_scene(predict(second), second, *outputs):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(output)) == study


def test_a_scene_without_a_subject_hierarchy_gets_none():
    scene = slicer.vtkMRMLScene()
    node = add_volume(scene)
    add_to_scene(predict(node), node)
    assert scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode") is None


def test_existing_outputs_are_replaced_and_not_appended_to(scene):
    first = add_volume(scene)
    outputs = add_to_scene(predict(first), first)
    segmentation_node, table_node = outputs
    segmentation_node.GetSegmentation().AddEmptySegment("by-hand", "By hand")
    segmentation_node.SetAttribute("UnifiedViT.Stale", "1")
    segmentation_node.SetAttribute("Reviewer", "ED")
    count = scene.GetNumberOfNodes()

    shape = (4, 50, 41)
    array = np.random.default_rng(2).random(shape).astype(np.float32)
    second = add_volume(scene, array, grid(oblique(), (1.0, 1.0, 5.0), shape))
    second.SetAndObserveTransformNodeID(add_transform(scene, grid(oblique(), (1, 1, 1), shape)).GetID())
    result = predict(second, diagnosis=Diagnosis("healthy", "Nothing found",
                                                 {"healthy": 0.9, "glioma": 0.06, "meningioma": 0.04}))
    assert add_to_scene(result, second, *outputs) == outputs

    assert scene.GetNumberOfNodes() == count + 2  # the second volume and its transform
    assert segmentation_node.GetSegmentation().GetSegmentIDs() == ("Segment_1", "Segment_3")
    assert segmentation_node.GetSegmentation().GetNumberOfLayers() == 1
    assert segmentation_node.GetTransformNodeID() == second.GetTransformNodeID()
    assert np.array_equal(exported(scene, segmentation_node, second), boxes(shape))
    assert table_node.GetTable().GetNumberOfRows() == 3
    assert segmentation_node.GetAttribute("UnifiedViT.Diagnosis") == "healthy"
    assert segmentation_node.GetAttribute("UnifiedViT.Stale") is None
    assert segmentation_node.GetAttribute("Reviewer") == "ED"


def test_a_second_run_into_new_nodes_leaves_the_first_result_and_has_another_name(scene):
    node = add_volume(scene)
    first, second = add_to_scene(predict(node), node), add_to_scene(predict(node), node)
    assert first[0] is not second[0] and first[1] is not second[1]
    assert first[0].GetName() != second[0].GetName()


@pytest.mark.parametrize(("class_name", "array", "sentence"), [
    ("vtkMRMLVectorVolumeNode", np.arange(4800).reshape(1, 40, 40, 3).astype(np.uint8), "colour or vector"),
    ("vtkMRMLScalarVolumeNode", np.arange(9600).reshape(3, 40, 40, 2).astype(np.uint8), "colour or vector"),
    ("vtkMRMLLabelMapVolumeNode", np.ones((3, 40, 40), np.uint8), "label map"),
    ("vtkMRMLScalarVolumeNode", np.full((3, 40, 40), np.nan, np.float32), "not a number"),
    ("vtkMRMLScalarVolumeNode", np.ones((3, 40, 40), np.uint8), "same value"),
    ("vtkMRMLScalarVolumeNode", np.zeros((3, 4, 4), np.uint8), "too little"),
])
def test_a_volume_that_no_model_can_look_at_is_refused_in_words(scene, class_name, array, sentence):
    node = add_volume(scene, array, class_name=class_name)
    with pytest.raises(UnsupportedImageError, match=sentence):
        volume_from_node(node)


def test_nodes_without_an_image_are_refused_in_words(scene):
    with pytest.raises(UnsupportedImageError, match="has no image data"):
        volume_from_node(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty"))
    with pytest.raises(UnsupportedImageError, match="not a scalar volume"):
        volume_from_node(scene.AddNewNodeByClass("vtkMRMLModelNode", "skull"))
    with pytest.raises(UnsupportedImageError, match="No volume is chosen"):
        volume_from_node(None)


def shifted(result):
    matrix = result.ijk_to_ras.copy()
    matrix[1, 3] += 0.5
    return replace(result, ijk_to_ras=matrix)


@pytest.mark.parametrize(("wrong", "sentence"), [
    (lambda result: replace(result, labelmap=result.labelmap[1:]), "grid of"),
    (shifted, "lies elsewhere"),
    (lambda result: replace(result, labelmap=result.labelmap + 9), "labels that Tiny does not have"),
])
@pytest.mark.parametrize("into_existing", [False, True])
def test_a_result_that_is_not_the_volumes_leaves_the_scene_byte_for_byte(scene, wrong, sentence, into_existing):
    node = add_volume(scene)
    outputs = add_to_scene(predict(node), node) if into_existing else ()
    before = xml(scene)
    with pytest.raises(UnsupportedImageError, match=sentence):
        add_to_scene(wrong(predict(node)), node, *outputs)
    assert xml(scene) == before


def test_a_volume_or_output_that_left_the_scene_is_refused(scene):
    node = add_volume(scene)
    result = predict(node)
    segmentation_node, table_node = add_to_scene(result, node)
    scene.RemoveNode(table_node)
    before = xml(scene)
    with pytest.raises(OutputError, match="no longer in the scene"):
        add_to_scene(result, node, segmentation_node, table_node)
    assert xml(scene) == before
    scene.RemoveNode(node)
    with pytest.raises(UnsupportedImageError, match="removed from the scene"):
        add_to_scene(result, node)


def test_a_failure_after_the_segmentation_was_added_leaves_the_scene_byte_for_byte(refusing_scene):
    node = add_volume(refusing_scene)
    move_into_study(refusing_scene, node)
    before = xml(refusing_scene)
    with pytest.raises(MemoryError):
        add_to_scene(predict(node), node)
    assert xml(refusing_scene) == before
    assert not refusing_scene.IsBatchProcessing()


def test_a_late_failure_gives_existing_outputs_their_content_back(scene):
    node = add_volume(scene)
    node.SetAndObserveTransformNodeID(add_transform(scene, grid(oblique(), (1, 1, 1), SHAPE)).GetID())
    segmentation_node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn by hand")
    segmentation_node.CreateDefaultDisplayNodes()
    segmentation_node.SetAttribute("Reviewer", "ED")
    segmentation_node.SetReferenceImageGeometryParameterFromVolumeNode(add_volume(scene))
    image = slicer.vtkOrientedImageData()
    image.SetExtent(0, 3, 0, 4, 0, 5)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    image.GetPointData().GetScalars().Fill(1)
    segmentation_node.AddSegmentFromBinaryLabelmapRepresentation(image, "Ventricle", [0.1, 0.2, 0.3])
    segment_id = segmentation_node.GetSegmentation().GetNthSegmentID(0)
    segmentation_node.GetDisplayNode().SetSegmentOpacity3D(segment_id, 0.25)
    table_node = scene.AddNode(TableThatTakesNoAttributes())
    column = vtk.vtkStringArray()
    column.SetName("Notes")
    column.InsertNextValue("by hand")
    table_node.AddColumn(column)
    before = xml(scene)

    with pytest.raises(RuntimeError, match="no attribute"):
        add_to_scene(predict(node), node, segmentation_node, table_node)

    assert xml(scene) == before
    assert segmentation_node.GetSegmentation().GetSegmentIDs() == (segment_id,)
    assert segmentation_node.GetSegmentation().GetSegment(segment_id).GetName() == "Ventricle"
    assert segmentation_node.GetDisplayNode().GetSegmentOpacity3D(segment_id) == 0.25
    assert shown(segmentation_node, segment_id)[0].sum() == 4 * 5 * 6
    assert table_node.GetTable().GetNumberOfColumns() == 1
    assert table_node.GetTable().GetValue(0, 0).ToString() == "by hand"


@pytest.mark.parametrize("found", [True, False])
def test_a_saved_segmentation_comes_back_with_names_colours_codes_voxels_and_geometry(scene, tmp_path, found):
    node = add_volume(scene, ijk_to_ras=grid(oblique() @ np.diag([-1, 1, 1]), (0.5, 0.5, 6.0), SHAPE))
    labelmap = boxes() if found else np.zeros(SHAPE, np.uint8)
    segmentation_node, _ = add_to_scene(predict(node, labelmap), node)
    storage = scene.AddNode(segmentation_node.CreateDefaultStorageNode())
    storage.SetFileName(str(tmp_path / "Größe.seg.nrrd"))
    assert storage.WriteData(segmentation_node)

    reloaded = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "reloaded")
    assert storage.ReadData(reloaded)
    segmentation = reloaded.GetSegmentation()
    assert segmentation.GetSegmentIDs() == (("Segment_1", "Segment_3") if found else ())
    if not found:
        return
    for number, written in enumerate([SEGMENTS[0], SEGMENTS[2]]):
        segment = segmentation.GetNthSegment(number)
        assert segment.GetName() == written["name"]
        assert np.allclose(np.array(segment.GetColor()) * 255, written["colour"], atol=0.01)
        assert tags_of(segment) == TAGS
    mask, ijk_to_ras, _ = shown(reloaded, "Segment_1")
    assert np.allclose(ijk_to_ras, volume_from_node(node).ijk_to_ras, atol=1e-9)
    assert np.array_equal(mask, labelmap == 1)
    assert np.array_equal(exported(scene, reloaded, node), labelmap)
