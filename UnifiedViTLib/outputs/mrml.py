"""Between MRML nodes and the library: a volume node to a `Volume`, a `Prediction` to nodes of the scene.

The other files of the library that touch MRML are `mrml_changes`, `mrml_scene` and `mrml_volumes`.
Geometry is kept in the volume's own frame: parent transforms are not part of it, the segmentation observes the same
parent transform as the volume instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ..errors import OutputError, UnsupportedImageError
from ..imaging.colours import grey
from ..imaging.geometry import ALL_GIVEN, NOTHING_KNOWN, GeometrySource
from ..imaging.reading.kinds import PICTURES
from ..imaging.volume import Volume, check, grid_distance_mm
from ..inference.prediction import Prediction
from ..spec import Segment
from .dataset.correction import pack_labelmap
from .dataset.folder import image_digest
from .files import algorithm_tags, as_json, drawn_segments, names_found
from .headlines import REGION_ONLY
from .mrml_scene import all_or_nothing, place_beside, unused_name
from .result_check import is_result

#: Prefix of the node attributes that carry the diagnosis and where it comes from.
ATTRIBUTE = "UnifiedViT."
#: From a segmentation to the volume that was looked at; from a sequence of segmentations to that of the volumes.
VOLUME_ROLE = f"{ATTRIBUTE}volume"


def volume_from_node(node: slicer.vtkMRMLScalarVolumeNode) -> Volume:
    """Copy a volume out of the scene.

    Args:
        node: a scalar volume; its parent transforms are left out, so what is drawn on the result belongs under the
            same transform (`add_to_scene` puts it there).

    Returns:
        a volume with its own copy of the voxels, axes (K, J, I), and `ijk_to_ras` in mm. MRML has no 2-D images: a
        single slice is a volume with K = 1 that is not `planar`.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    if node is None:
        raise UnsupportedImageError("No volume is chosen. Load a scalar volume and choose it.")
    name = node.GetName() or "The volume"
    if not node.IsA("vtkMRMLScalarVolumeNode"):
        raise UnsupportedImageError(f"{name} is not a scalar volume. Choose a volume of intensities (MR, CT, ...).")
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        # Its values name structures: a network trained on intensities would give an answer, and nonsense.
        raise UnsupportedImageError(
            f"{name} is a label map: it holds labels, not an image. Choose the volume that it was drawn on."
        )
    image = node.GetImageData()
    # A tensor volume has image data without scalars.
    scalars = image.GetPointData().GetScalars() if image else None
    if scalars is None or scalars.GetNumberOfTuples() == 0:
        raise UnsupportedImageError(f"{name} has no image data. Load the volume again.")
    array = vtk_to_numpy(scalars).reshape(*image.GetDimensions()[::-1], -1)
    notes: tuple[str, ...] = ()
    if array.shape[-1] > 1:  # so do pictures come into the scene, grey ones too
        try:
            array, note = grey(array, name, alpha=True)
        except UnsupportedImageError as error:
            raise UnsupportedImageError(
                f"{name} is a colour or vector volume ({array.shape[-1]} components a voxel). "
                "Convert it to a scalar volume (module Vector to Scalar Volume) and run on that."
            ) from error
        notes = (note,)
    array = array.reshape(array.shape[:3]).copy()
    return check(Volume(array, ijk_to_ras_of(node), name, notes=notes, geometry=geometry_of(node, array.shape)))


def add_to_scene(
    prediction: Prediction,
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    segmentation_node: slicer.vtkMRMLSegmentationNode | None = None,
    table_node: slicer.vtkMRMLTableNode | None = None,
    looked_at: np.ndarray | None = None,
) -> tuple[slicer.vtkMRMLSegmentationNode, slicer.vtkMRMLTableNode]:
    """Show a result in the scene of the volume that it was made from.

    The segmentation has one segment a mask class of which something is drawn, in the model's order, with the ID
    "Segment_<label>" (Slicer's DICOM exporter stops at empty ones). Its grid is the volume's, to the last digit. The
    table has a row a diagnosis: class, display name, probability (of a multi-label model also threshold and found).
    Both carry the diagnosis and its provenance as node attributes that begin with `ATTRIBUTE` (lists and tables as
    JSON), and lie beside the volume in the subject hierarchy.

    Args:
        prediction: labelmap (K, J, I) on the grid of `volume_node`.
        volume_node: the volume that was looked at, still in its scene.
        segmentation_node: its content is replaced; None for a new node.
        table_node: likewise.
        looked_at: voxels that the result is of, (K, J, I); None for those that the volume has now.

    Raises:
        UnsupportedImageError: the volume has changed, or left the scene, since the prediction was made.
        OutputError: an output node is not in the scene of the volume.

    Whatever is raised, the scene is then as it was.
    """
    check_belongs(prediction, volume_node)
    scene = volume_node.GetScene()
    outputs: list[slicer.vtkMRMLNode] = [node for node in (segmentation_node, table_node) if node is not None]
    check_outputs(scene, outputs)
    segmentation, table = _segmentation(prediction, volume_node), _table(prediction)
    attributes = _attributes(prediction)
    looked_at = volume_from_node(volume_node).array if looked_at is None else looked_at
    own = {"Proposal": pack_labelmap(prediction.labelmap), "Volume": volume_node.GetName(),
           "ImageSHA256": image_digest(looked_at), "IJKToRAS": json.dumps(prediction.ijk_to_ras.tolist())}

    with all_or_nothing(scene, outputs):
        if segmentation_node is None:
            segmentation_node = slicer.vtkMRMLSegmentationNode()
            segmentation_node.SetName(unused_name(scene, f"{volume_node.GetName()} segmentation"))
            # Filled before it is added: the subject hierarchy lists the segments when the node comes.
            segmentation_node.SetAndObserveSegmentation(segmentation)
            scene.AddNode(segmentation_node)
        else:
            # Copied into the segmentation that widgets and views observe already.
            segmentation_node.GetSegmentation().DeepCopy(segmentation)
        # The transform first: the reference geometry is expressed relative to it.
        segmentation_node.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
        segmentation_node.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)
        segmentation_node.SetNodeReferenceID(VOLUME_ROLE, volume_node.GetID())
        segmentation_node.CreateDefaultDisplayNodes()

        if table_node is None:
            table_node = slicer.vtkMRMLTableNode()
            table_node.SetName(unused_name(scene, f"{volume_node.GetName()} diagnosis"))
            scene.AddNode(table_node)
        table_node.SetAndObserveTable(table)
        for column in range(table.GetNumberOfColumns()):
            table_node.SetColumnTitle(table.GetColumnName(column), table.GetColumnName(column))
        table_node.SetUseColumnTitleAsColumnHeader(True)

        _set_attributes(segmentation_node, attributes | own)
        _set_attributes(table_node, attributes)
        # Last: where an item stood among others cannot be restored.
        place_beside(volume_node, segmentation_node)
        place_beside(volume_node, table_node)
    return segmentation_node, table_node


def check_outputs(scene: slicer.vtkMRMLScene, outputs: list[slicer.vtkMRMLNode]) -> None:
    """Raise OutputError unless all nodes that a result is to go into are in the scene."""
    for node in outputs:
        if not scene.IsNodePresent(node):
            raise OutputError(f"The output {node.GetName()} is no longer in the scene. Choose another, or a new one.")


def volume_of(segmentation_node: slicer.vtkMRMLSegmentationNode) -> slicer.vtkMRMLVolumeNode | None:
    """The volume that a result is of; None if it has left the scene, or nothing there knows it any more.

    Not the one whose grid the segmentation has by now, which "Specify geometry" of the Segment Editor changes; of other
    segmentations, and results of older scenes, nothing else is known.
    """
    is_known = segmentation_node.GetAttribute(f"{ATTRIBUTE}Volume") is not None
    role = VOLUME_ROLE if is_known else segmentation_node.GetReferenceImageGeometryReferenceRole()
    volume, scene = segmentation_node.GetNodeReference(role), segmentation_node.GetScene()
    if volume is not None or not is_known or scene is None:
        return volume
    if (volume := played_with(segmentation_node)) is not None:
        return volume
    # A clone in the subject hierarchy has the attributes alone: what it was cloned from knows the volume.
    kind, result = segmentation_node.GetClassName(), segmentation_node.GetAttribute(f"{ATTRIBUTE}Result")
    nodes = (scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind)))
    same = (node for node in nodes if node.GetAttribute(f"{ATTRIBUTE}Result") == result)
    return next(filter(None, (node.GetNodeReference(VOLUME_ROLE) for node in same)), None)


def played_with(segmentation_node: slicer.vtkMRMLSegmentationNode) -> slicer.vtkMRMLVolumeNode | None:
    """The volume that a sequence browser shows together with an item of a sequence of results; None for others."""
    scene, kind = segmentation_node.GetScene(), "vtkMRMLSequenceBrowserNode"
    for browser in (scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))):
        sequence = browser.GetSequenceNode(segmentation_node)
        volumes = sequence.GetNodeReference(VOLUME_ROLE) if sequence else None
        if volumes is not None:
            return browser.GetProxyNode(volumes)
    return None


def result_of(node: slicer.vtkMRMLNode | None) -> dict | None:
    """What `add_to_scene` left on a segmentation or table, as `outputs.files.as_json` gives it; None if nothing.

    A scene may come from anywhere: what does not read as a result counts as none.
    """
    text = node.GetAttribute(f"{ATTRIBUTE}Result") if node else None
    try:
        result = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return result if is_result(result) else None


def centre_of(segmentation_node: slicer.vtkMRMLSegmentationNode) -> tuple[float, float, float] | None:
    """A point in the largest drawn piece of the largest segment: world RAS in mm; None where nothing is drawn.

    The voxel on the piece's middle slice that lies nearest to its middle, so that the point is inside even where the
    piece is bent.
    """
    from ..imaging.components import largest_component

    largest, place = 0, None
    for segment_id in segmentation_node.GetSegmentation().GetSegmentIDs():
        image = slicer.vtkOrientedImageData()
        if not segmentation_node.GetBinaryLabelmapRepresentation(segment_id, image) or image.IsEmpty():
            continue
        scalars = image.GetPointData().GetScalars()
        array = vtk_to_numpy(scalars).reshape(image.GetDimensions()[::-1]) > 0
        if not array.any():
            continue
        inside, _count = largest_component(array)
        size = len(inside) * abs(np.prod(image.GetSpacing()))
        if size <= largest:
            continue
        largest = size
        middle = np.median(inside[:, 0])
        flat = inside[np.abs(inside[:, 0] - middle) == np.abs(inside[:, 0] - middle).min()]
        nearest = flat[((flat - flat.mean(axis=0)) ** 2).sum(axis=1).argmin()]
        matrix = vtk.vtkMatrix4x4()
        image.GetImageToWorldMatrix(matrix)
        start = image.GetExtent()[::2]
        index = [int(n) + first for n, first in zip(nearest[::-1], start, strict=True)]
        place = matrix.MultiplyPoint([*index, 1.0])[:3]
    if place is None:
        return None
    world = [0.0, 0.0, 0.0]
    segmentation_node.TransformPointToWorld(place, world)
    return world[0], world[1], world[2]


def ijk_to_ras_of(node: slicer.vtkMRMLScalarVolumeNode) -> np.ndarray:
    """4x4: index in the node's array, counted from 0, to RAS in mm."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    ijk_to_ras = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    # A filter may leave an image whose extent does not start at 0 (a cropped one): MRML's IJK counts from there.
    start = node.GetImageData().GetExtent()[::2]
    if any(start):
        ijk_to_ras[:3, 3] += ijk_to_ras[:3, :3] @ start
    return ijk_to_ras


def geometry_of(node: slicer.vtkMRMLScalarVolumeNode, shape: tuple[int, ...]) -> GeometrySource:
    """What is known of a node's geometry: all, but for two sorts of 1 mm that Slicer fills in where a file is silent.

    Args:
        node: a volume.
        shape: of its array, (K, J, I).
    """
    storage = node.GetStorageNode()
    file = (storage.GetFileName() or "") if storage else ""
    if file.lower().endswith(PICTURES) and set(node.GetSpacing()) == {1.0}:
        return NOTHING_KNOWN
    if shape[0] == 1 and node.GetSpacing()[2] == 1.0:
        return ALL_GIVEN.without_sizes()
    return ALL_GIVEN


def check_belongs(prediction: Prediction, volume_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Raise UnsupportedImageError unless the labelmap is on the grid that the volume has now."""
    labelmap, name = prediction.labelmap, volume_node.GetName()
    if volume_node.GetScene() is None:
        raise UnsupportedImageError(f"{name} was removed from the scene before its result came. Load it and run again.")
    image = volume_node.GetImageData()
    shape = image.GetDimensions()[::-1] if image else (0, 0, 0)
    if labelmap.shape != shape:
        raise UnsupportedImageError(
            f"The result is on a grid of {labelmap.shape} voxels and {name} has {shape}: "
            "the volume was changed meanwhile, or the result is another volume's. Run again."
        )
    now = ijk_to_ras_of(volume_node)
    # A file in between may round the last digits; a hundredth of a voxel at the far corner is not a change.
    smallest = np.linalg.norm(now[:3, :3], axis=0).min()
    if not grid_distance_mm(prediction.ijk_to_ras, now, shape) < 0.01 * smallest:
        raise UnsupportedImageError(
            f"The result lies elsewhere than {name}: the volume's spacing, origin or directions were changed "
            "meanwhile, or the result is another volume's. Run again."
        )
    if labelmap.dtype != np.uint8 or labelmap.max() > len(prediction.spec.segments):
        raise UnsupportedImageError(
            f"The result for {name} holds labels that {prediction.spec.name} does not have. Import the model again."
        )


def _segmentation(prediction: Prediction, volume_node: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkSegmentation:
    """All segments in one shared labelmap.

    Built by hand, because Slicer's import of a label volume applies parent transforms where the two nodes differ in
    them.
    """
    image = volume_node.GetImageData()
    labelmap, directions = slicer.vtkOrientedImageData(), vtk.vtkMatrix4x4()
    labelmap.SetExtent(image.GetExtent())
    # The parts and not their product, which would be taken apart again with rounding.
    volume_node.GetIJKToRASDirectionMatrix(directions)
    labelmap.SetDirectionMatrix(directions)
    labelmap.SetSpacing(volume_node.GetSpacing())
    labelmap.SetOrigin(volume_node.GetOrigin())
    scalars = numpy_to_vtk(prediction.labelmap.ravel(), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
    scalars.SetName("ImageScalars")
    labelmap.GetPointData().SetScalars(scalars)

    return segmentation_of(labelmap, drawn_segments(prediction), algorithm_tags(prediction))


def segmentation_of(labelmap: slicer.vtkOrientedImageData, segments: Mapping[int, Segment], tags: Mapping[str, str]
                    ) -> slicer.vtkSegmentation:
    """Segments that share one labelmap, with the IDs "Segment_<label>".

    Args:
        labelmap: labels on their grid.
        segments: by their labels.
        tags: of each of them.
    """
    binary_labelmap = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segmentation = slicer.vtkSegmentation()
    segmentation.SetSourceRepresentationName(binary_labelmap)
    for label, described in segments.items():
        segment = slicer.vtkSegment()
        segment.SetName(described.name)
        segment.SetColor(*(value / 255 for value in described.colour))
        # Else Slicer may replace both by those of the terminology.
        segment.SetNameAutoGenerated(False)
        segment.SetColorAutoGenerated(False)
        # A closing bar, as in older files, is not Slicer's own form and gets lost when the segmentation is saved.
        segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), described.terminology.rstrip("|"))
        for name, value in tags.items():
            segment.SetTag(name, value)
        segment.SetLabelValue(label)
        segment.AddRepresentation(binary_labelmap, labelmap)
        segmentation.AddSegment(segment, f"Segment_{label}")
    return segmentation


def _table(prediction: Prediction) -> vtk.vtkTable:
    """Class, display name and probability, one row a diagnosis in the model's order; of a multi-label model also the
    threshold, and whether it is found."""
    names, displays, probabilities = vtk.vtkStringArray(), vtk.vtkStringArray(), vtk.vtkDoubleArray()
    for diagnosis in prediction.spec.classes:
        names.InsertNextValue(diagnosis.name)
        displays.InsertNextValue(diagnosis.display)
        probabilities.InsertNextValue(prediction.diagnosis.probabilities[diagnosis.name])
    table = vtk.vtkTable()
    for title, column in (("Class", names), ("Diagnosis", displays), ("Probability", probabilities)):
        column.SetName(title)
        table.AddColumn(column)
    if prediction.diagnosis.thresholds:
        thresholds, found = vtk.vtkDoubleArray(), vtk.vtkStringArray()
        for name, threshold in prediction.diagnosis.thresholds.items():
            thresholds.InsertNextValue(threshold)
            found.InsertNextValue("yes" if name in prediction.diagnosis.findings else "no")
        for title, column in (("Threshold", thresholds), ("Found", found)):
            column.SetName(title)
            table.AddColumn(column)
    return table


def _attributes(prediction: Prediction) -> dict[str, str]:
    """The diagnosis and what made it, as node attributes without their prefix."""
    diagnosis, made_by, region = prediction.diagnosis, prediction.provenance, prediction.region
    return {
        "Diagnosis": names_found(diagnosis),
        "DiagnosisDisplay": f"{diagnosis.display} ({REGION_ONLY})" if region else diagnosis.display,
        **({"Region": str(region.box)} if region else {}),
        **({"Thresholds": json.dumps(diagnosis.thresholds)} if diagnosis.thresholds
           else {"Probability": repr(float(diagnosis.probability))}),
        "Probabilities": json.dumps({name: float(p) for name, p in diagnosis.probabilities.items()}, allow_nan=False),
        "Warnings": json.dumps(list(prediction.warnings)),
        "ModelId": made_by.model_id,
        "ModelVersion": made_by.model_version,
        "ModelSHA256": made_by.model_sha256,
        "Device": made_by.device,
        "Backend": made_by.backend,
        "Plane": made_by.plane,
        "Timings": json.dumps(made_by.timings_s),
        "Software": json.dumps(made_by.software),
        "Result": json.dumps(as_json(prediction), allow_nan=False),
    }


def _set_attributes(node: slicer.vtkMRMLNode, attributes: dict[str, str]) -> None:
    """Replace what an earlier result left on the node; attributes of others stay."""
    for name in node.GetAttributeNames():
        if name.startswith(ATTRIBUTE):
            node.RemoveAttribute(name)
    for name, value in attributes.items():
        node.SetAttribute(ATTRIBUTE + name, value)
