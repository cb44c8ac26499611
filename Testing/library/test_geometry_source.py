"""Sizes that are made up are never given: each volume knows what of its geometry the file said."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, spec_data, tiny_model
from PIL import Image

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.channels import prepare_channels
from UnifiedViTLib.imaging.geometry import ALL_GIVEN, NOTHING_KNOWN, UNKNOWN, GeometrySource
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.volume import Volume, check
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.files import as_json, summary, write_segmentation
from UnifiedViTLib.outputs.headlines import amounts
from UnifiedViTLib.outputs.montage import write_montage
from UnifiedViTLib.outputs.report import write_report
from UnifiedViTLib.outputs.results_table import csv_row, write_csv
from UnifiedViTLib.resources import resources


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    """Draws and diagnoses a glioma on whatever it sees."""
    biases = {"classifier": [0.0, 4.0, 1.0], "segmentation": [0.0, 3.0, 1.0]}
    return Predictor(tiny_model(tmp_path_factory.mktemp("model"), biases=biases), "cpu")


@pytest.fixture(scope="module")
def unsized(predictor):
    """A volume without sizes, and its result."""
    volume = replace(head_volume(), geometry=ALL_GIVEN.without_sizes())
    return volume, predictor.predict(volume)


def test_without_sizes_there_is_no_millilitre_anywhere(tmp_path, unsized):
    volume, prediction = unsized
    data = as_json(prediction)
    jsonschema.validate(data, json.loads((resources() / "prediction.schema.json").read_text(encoding="utf-8")))
    assert data["geometry"] == {"spacing": "unknown", "orientation": "given", "position": "given"}
    assert any(segment["voxels"] for segment in data["segments"])
    assert [segment["volume_ml"] for segment in data["segments"]] == [None] * len(data["segments"])
    write_csv([csv_row("head", prediction, "head")], tmp_path / "results.csv")
    with open(tmp_path / "results.csv", newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["volume_ml"] == ""
    write_report(data, tmp_path / "head.html", volume, prediction.labelmap)
    page = (tmp_path / "head.html").read_text(encoding="utf-8")
    assert "drawn, size not known" in page
    caption = amounts(data["segments"])
    write_montage(volume, prediction, tmp_path / "head.png")  # the caption is in its picture
    for text in (page.replace("no volumes in mL", ""), caption, summary("head", replace(prediction, warnings=()))):
        assert " mL" not in text and "None" not in text


def test_a_warning_says_that_sizes_are_not_known(unsized):
    assert any("sizes are not known, no volumes in mL are given" in warning for warning in unsized[1].warnings)


def test_a_volume_that_does_not_say_how_it_lies_is_told_of_and_keeps_its_millilitres(predictor):
    prediction = predictor.predict(replace(head_volume(), geometry=GeometrySource("given", UNKNOWN, UNKNOWN)))
    assert any("right and left may be exchanged" in warning for warning in prediction.warnings)
    assert all(segment.volume_ml is not None for segment in prediction.segments)


def test_a_given_geometry_is_not_remarked_upon(predictor):
    prediction = predictor.predict(head_volume())
    assert prediction.geometry == ALL_GIVEN and not any("not tell" in warning for warning in prediction.warnings)


def test_small_pieces_are_dropped_by_size_only_where_sizes_are_known(tmp_path):
    rule = spec_data()["aggregation"] | {"min_component_ml": 1000, "max_normal_probability": 1.0}
    biases = {"classifier": [0.0, 4.0, 1.0], "segmentation": [0.0, 3.0, 1.0]}
    predictor = Predictor(tiny_model(tmp_path, biases=biases, aggregation=rule), "cpu")
    assert not predictor.predict(head_volume()).labelmap.any()
    assert predictor.predict(replace(head_volume(), geometry=NOTHING_KNOWN)).labelmap.any()


@pytest.mark.parametrize(("spacing", "known"), [
    ((0.02, 0.02, 0.05), False), ((0.5, 0.5, 0.5), True), ((1.6, 1.6, 6.0), True), ((0.2, 0.2, 10.0), True),
    ((1600, 1600, 6000), False), ((0.0016, 0.0016, 0.006), False), ((40, 40, 49), True), ((1.6, 1.6, 51), False),
    ((0.01, 0.3, 3.0), True), ((49, 49, 49), False),
])
def test_sizes_that_no_patient_has_are_not_believed(spacing, known):
    shape = (12, 70, 64)
    volume = Volume(np.arange(np.prod(shape)).reshape(shape), np.diag([*spacing, 1.0]), "odd")
    checked = check(volume)
    assert (checked.voxel_ml is not None) == known
    assert any("cannot be those of a patient" in note for note in checked.notes) != known
    assert check(checked) is checked


def test_voxels_that_would_squash_the_image_to_a_line_are_refused():
    volume = Volume(np.arange(64**3).reshape(64, 64, 64), np.diag([3.0, 1e7, 6.0, 1.0]), "odd")
    with pytest.raises(UnsupportedImageError, match=r"3 x 1e\+07 x 6 mm by its header.*Correct the spacing"):
        check(volume)


def test_images_on_different_grids_whose_place_is_not_known_are_not_laid_over_each_other():
    first, second = head_volume(), head_volume(shape=(16, 50, 48))
    with pytest.raises(UnsupportedImageError, match="do not tell where both lie"):
        prepare_channels([first, replace(second, geometry=GeometrySource("given", "given", UNKNOWN))], 32)
    same = replace(first, array=first.array * 2, geometry=NOTHING_KNOWN)
    assert len(prepare_channels([first, same], 32)) == len(prepare_channels([first, first], 32))


def test_a_stack_of_tiff_pages_and_a_picture_have_no_sizes(tmp_path):
    grey = np.random.default_rng(0).integers(0, 255, (6, 50, 60)).astype(np.uint8)
    pages = [Image.fromarray(page) for page in grey]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    pages[0].save(tmp_path / "dots.tif", dpi=(25.4 / 1.6, 25.4 / 1.6))
    pages[0].save(tmp_path / "dots.png", dpi=(300, 300))
    pages[0].save(tmp_path / "dots.jpg", dpi=(300, 300))
    for name in ("stack.tif", "dots.tif", "dots.png", "dots.jpg"):
        volume = read(tmp_path / name)
        assert volume.geometry == NOTHING_KNOWN and volume.voxel_ml is None, name
    np.testing.assert_array_equal(read(tmp_path / "stack.tif").array, grey)


def test_a_sheared_volume_gets_a_segmentation_on_its_own_grid(tmp_path, predictor):
    volume = head_volume()
    matrix = volume.ijk_to_ras.copy()
    matrix[1, 2] += 1.5
    write_segmentation(predictor.predict(replace(volume, ijk_to_ras=matrix)), tmp_path / "sheared.seg.nrrd")
    image = sitk.ReadImage(str(tmp_path / "sheared.seg.nrrd"))
    lps = np.array(image.TransformIndexToPhysicalPoint((3, 4, 5)))
    np.testing.assert_allclose(lps * [-1, -1, 1], (matrix @ [3, 4, 5, 1])[:3], atol=1e-6)


@pytest.mark.parametrize(("file", "spacing", "shape", "source"), [
    (None, (1.0, 1.0, 1.0), (5, 34, 37), ALL_GIVEN),  # made by a program
    ("head.nrrd", (1.0, 1.0, 1.0), (5, 34, 37), ALL_GIVEN),
    ("stack.tif", (1.0, 1.0, 1.0), (5, 34, 37), NOTHING_KNOWN),
    ("picture.PNG", (1.0, 1.0, 1.0), (1, 34, 37), NOTHING_KNOWN),
    ("stack.tif", (0.5, 0.5, 3.0), (5, 34, 37), ALL_GIVEN),  # set by the user
    ("slice.dcm", (0.5, 0.5, 1.0), (1, 34, 37), ALL_GIVEN.without_sizes()),  # Slicer fills in the thickness
    ("slice.nrrd", (0.5, 0.5, 5.0), (1, 34, 37), ALL_GIVEN),
])
def test_in_slicer_a_node_says_its_sizes_unless_slicer_filled_them_in(file, spacing, shape, source):
    import slicer
    from vtk.util.numpy_support import numpy_to_vtk

    from UnifiedViTLib.outputs.mrml import volume_from_node

    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "node")
    image = slicer.vtkOrientedImageData()
    image.SetDimensions(shape[::-1])
    scalars = numpy_to_vtk(np.arange(np.prod(shape), dtype=np.int16), deep=True)
    image.GetPointData().SetScalars(scalars)
    node.SetAndObserveImageData(image)
    node.SetSpacing(spacing)
    if file:
        storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
        storage.SetFileName(f"/somewhere/{file}")
        node.SetAndObserveStorageNodeID(storage.GetID())
    volume = volume_from_node(node)
    assert volume.geometry == source and (volume.voxel_ml is None) == (source.spacing == UNKNOWN)
