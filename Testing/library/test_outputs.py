"""Results as files: what Slicer, programs and people get."""

from __future__ import annotations

import base64
import csv
import errno
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import SimpleITK as sitk
from builders import ORIENTATIONS, head_volume, oblique, spec_data, tiny_model, to_sitk

from UnifiedViTLib.errors import OutputError, UnsupportedImageError
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.files import as_json, drawn_segments, write_segmentation
from UnifiedViTLib.outputs.montage import chosen_slices, write_montage
from UnifiedViTLib.outputs.report import write_report
from UnifiedViTLib.outputs.results_table import csv_row, write_csv
from UnifiedViTLib.outputs.superres_picture import write_superres_picture
from UnifiedViTLib.outputs.writing import write_atomically
from UnifiedViTLib.resources import resources


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    # Draws and diagnoses a glioma on whatever it sees, so that results have something in them.
    biases = {"classifier": [0.0, 4.0, 1.0], "segmentation": [0.0, 3.0, 1.0]}
    return Predictor(tiny_model(tmp_path_factory.mktemp("model"), biases=biases), "cpu")


@pytest.fixture(scope="module")
def prediction(predictor):
    return predictor.predict(head_volume())


def read_back(path):
    image = sitk.ReadImage(str(path))
    return image, {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}


@pytest.mark.parametrize("direction", [*ORIENTATIONS[::7], oblique()], ids=lambda d: str(d.round(1).tolist()))
def test_a_segmentation_file_lies_on_the_grid_of_the_image_file_to_the_last_digit(tmp_path, predictor, direction):
    source = head_volume(direction, spacing=(0.78125, 0.78125, 6.5), shape=(12, 64, 60))
    sitk.WriteImage(to_sitk(source), str(tmp_path / "head.nrrd"))
    volume = read(tmp_path / "head.nrrd")
    write_segmentation(predictor.predict(volume), tmp_path / "head.seg.nrrd")
    image, result = sitk.ReadImage(str(tmp_path / "head.nrrd")), sitk.ReadImage(str(tmp_path / "head.seg.nrrd"))
    assert result.GetSize() == image.GetSize()
    assert result.GetOrigin() == image.GetOrigin()
    np.testing.assert_allclose(result.GetSpacing(), image.GetSpacing(), rtol=5e-16, atol=0)
    np.testing.assert_allclose(result.GetDirection(), image.GetDirection(), rtol=0, atol=5e-16)


def test_a_segmentation_file_holds_what_was_drawn_with_names_colours_and_terminology(tmp_path, prediction):
    write_segmentation(prediction, tmp_path / "head.seg.nrrd")
    image, keys = read_back(tmp_path / "head.seg.nrrd")
    assert np.array_equal(sitk.GetArrayFromImage(image), prediction.labelmap)
    for n, (label, segment) in enumerate(drawn_segments(prediction).items()):
        assert keys[f"Segment{n}_Name"] == segment.name
        assert keys[f"Segment{n}_LabelValue"] == str(label)
        assert segment.terminology.rstrip("|") in keys[f"Segment{n}_Tags"]
        colour = np.array(keys[f"Segment{n}_Color"].split(), float) * 255
        np.testing.assert_allclose(colour, segment.colour, atol=0.01)


def test_slicer_reads_the_file_as_a_segmentation_with_its_names_colours_and_terminology(tmp_path, prediction):
    import slicer
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    write_segmentation(prediction, tmp_path / "head.seg.nrrd")
    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(tmp_path / "head.seg.nrrd"))
    assert storage.ReadData(node)
    segmentation = node.GetSegmentation()
    drawn = drawn_segments(prediction)
    assert segmentation.GetNumberOfSegments() == len(drawn) > 0
    for n, (label, expected) in enumerate(drawn.items()):
        segment = segmentation.GetNthSegment(n)
        assert segment.GetName() == expected.name
        np.testing.assert_allclose(np.array(segment.GetColor()) * 255, expected.colour, atol=0.01)
        tag = vtk.mutable("")
        assert segment.GetTag("TerminologyEntry", tag)
        assert str(tag) == expected.terminology.rstrip("|")
        image = slicer.vtkOrientedImageData()
        node.GetBinaryLabelmapRepresentation(segmentation.GetNthSegmentID(n), image)
        counted = image.GetPointData().GetScalars() if image.GetNumberOfPoints() else None
        voxels = int(np.count_nonzero(vtk_to_numpy(counted))) if counted else 0
        assert voxels == np.count_nonzero(prediction.labelmap == label)
        assert segment.GetTag("DICOM.SegmentAlgorithmType", tag) and str(tag) == "AUTOMATIC"
        assert segment.GetTag("DICOM.SegmentAlgorithmName", tag) and str(tag) == "UnifiedViT tiny 1.2.3"


def test_a_segment_that_is_not_drawn_is_not_in_the_file_and_slicer_still_reads_it(tmp_path, prediction):
    import slicer

    for labelmap, expected in ((np.where(prediction.labelmap, 2, 0), ("Segment_2",)), (prediction.labelmap * 0, ())):
        write_segmentation(replace(prediction, labelmap=labelmap.astype(np.uint8)), tmp_path / "head.seg.nrrd")
        node, storage = slicer.vtkMRMLSegmentationNode(), slicer.vtkMRMLSegmentationStorageNode()
        storage.SetFileName(str(tmp_path / "head.seg.nrrd"))
        assert storage.ReadData(node)
        assert node.GetSegmentation().GetSegmentIDs() == expected
        values = [node.GetSegmentation().GetSegment(name).GetLabelValue() for name in expected]
        assert values == [2] * len(expected)


def test_the_json_follows_its_schema_and_counts_what_was_drawn(prediction):
    data = json.loads(json.dumps(as_json(prediction), allow_nan=False))
    schema = json.loads((resources() / "prediction.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(data, schema)
    assert data["diagnosis"]["label"] == "glioma"
    assert sum(data["diagnosis"]["probabilities"].values()) == pytest.approx(1)
    for segment in data["segments"]:
        voxels = np.count_nonzero(prediction.labelmap == segment["label"])
        assert segment["voxels"] == voxels
        assert segment["volume_ml"] == pytest.approx(voxels * 2 * 2 * 5 / 1000)
    assert data["model"]["sha256"] == prediction.spec.sha256


def test_slices_in_the_json_are_numbered_as_in_the_input_whatever_way_they_were_looked_at(predictor):
    for direction in ORIENTATIONS[::5]:
        result = predictor.predict(head_volume(direction))
        data = as_json(result)
        axis = "KJI".index(data["slices"][0]["axis"])
        assert sorted(s["index"] for s in data["slices"]) == list(range(result.labelmap.shape[axis]))


def test_the_table_has_a_line_for_each_input_failed_ones_with_their_reason(tmp_path, prediction):
    rows = [csv_row("a.nrrd", prediction), csv_row("b.nrrd", UnsupportedImageError("b is empty, load another."))]
    write_csv(rows, tmp_path / "results.csv")
    with open(tmp_path / "results.csv", newline="", encoding="utf-8") as file:
        done, failed = csv.DictReader(file)
    assert (done["status"], done["diagnosis"]) == ("done", "glioma")
    assert (failed["status"], failed["error"]) == ("failed", "b is empty, load another.")


@pytest.mark.parametrize("shape", [(18, 45, 41), (1, 45, 41), (3, 45, 41)])
def test_the_picture_is_a_png_for_many_slices_few_and_one(tmp_path, predictor, shape):
    volume = head_volume(shape=shape)
    write_montage(volume, predictor.predict(volume), tmp_path / "head.png")
    picture = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "head.png")))
    assert picture.shape[0] > 300 and picture.shape[1] > 800
    red = (picture[..., 0] > 150) & (picture[..., 1] < 100) & (picture[..., 2] < 100)
    assert red.any(), "the outline of the first segment is drawn in its colour"


def test_the_outline_in_the_picture_is_where_the_mask_is(tmp_path, predictor):
    """A bright block that is the mask, on pixels that are not square."""
    array = np.zeros((1, 60, 80), np.float32)
    array[0, 10:25, 50:70] = 100.0
    volume = head_volume(None, (0.7, 1.3, 4.0), array.shape)
    volume = replace(volume, array=array)
    prediction = replace(predictor.predict(head_volume(None, (0.7, 1.3, 4.0), array.shape)),
                         labelmap=(array > 0).astype(np.uint8))
    write_montage(volume, prediction, tmp_path / "block.png")
    picture = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "block.png")))[:400, :, :3].astype(int)
    red = (picture[..., 0] > 150) & (picture[..., 1] < 100) & (picture[..., 2] < 100)
    white = picture.min(axis=2) > 200
    white[:30] = False  # the number of the slice
    for axis in (0, 1):
        outline, block = (np.flatnonzero(where.any(axis=axis)) for where in (red, white))
        assert abs(outline[0] - block[0]) <= 6 and abs(outline[-1] - block[-1]) <= 6


def test_of_a_large_radiograph_a_small_picture_with_its_outline_is_shown(tmp_path, predictor):
    labels = np.zeros((1, 2500, 2000), np.uint8)
    labels[0, 700, 300:1800] = 1  # a line of a single pixel
    noise = np.random.default_rng(0).normal(100, 30, labels.shape).astype(np.float32)
    volume = replace(head_volume(shape=(1, 45, 41)), array=noise, planar=True)
    prediction = replace(predictor.predict(head_volume(shape=(1, 45, 41))), labelmap=labels)
    write_report(as_json(prediction), tmp_path / "a.html", volume, labels)
    write_montage(volume, prediction, tmp_path / "a.png")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    (tmp_path / "b.png").write_bytes(base64.b64decode(re.findall("base64,([^'\"]+)", page)[0]))
    shown = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "b.png"))).astype(int)
    assert shown.shape == (833, 666, 3) and len(page) < 2_500_000
    places = np.argwhere(np.ptp(shown, axis=2) > 50)
    assert set(places[:, 0]) == {233} and (places[0, 1], places[-1, 1]) == (100, 599), "the line, by threes"


def test_a_picture_has_room_for_names_however_long(tmp_path):
    diagnosis = spec_data()["diagnosis"]
    classes = [one | {"display": one["display"] + "W" * 300} for one in diagnosis["classes"]]
    spec = tiny_model(tmp_path / "model", diagnosis=diagnosis | {"classes": classes})
    volume = head_volume(shape=(3, 45, 41))
    write_montage(volume, Predictor(spec, "cpu").predict(volume), tmp_path / "long.png")
    assert sitk.ReadImage(str(tmp_path / "long.png")).GetWidth() > 800


def test_a_dollar_in_a_name_is_a_dollar_and_a_character_that_is_none_does_no_harm(tmp_path, predictor):
    for number, name in enumerate(("price $5", "$\\frac{$", "caf\udce9", "a\x1bb")):
        volume = head_volume(shape=(3, 45, 41), name=name)
        prediction = predictor.predict(volume)
        write_montage(volume, prediction, tmp_path / f"{number}.png")
        write_report(as_json(prediction), tmp_path / f"{number}.html", volume, prediction.labelmap)
        assert "price $5" in (tmp_path / f"{number}.html").read_text(encoding="utf-8") or number


def test_what_looks_like_html_in_a_name_is_text_on_the_page(tmp_path, prediction):
    name = "<script>alert('1')</script> & \"co\""
    write_report(as_json(prediction) | {"name": name, "warnings": [name]}, tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert('1')&lt;/script&gt; &amp; \"co\"") == 3, "in title, headline and warning"


def test_a_picture_and_its_finer_version_are_reported_as_they_are_stored(tmp_path, predictor):
    volume = replace(head_volume(shape=(1, 45, 41)), planar=True)
    prediction = predictor.predict(volume, Options(heatmap="rollout", superres="lanczos"))
    assert prediction.provenance.plane == "as stored"
    made = prediction.superres
    write_report(as_json(prediction), tmp_path / "a.html", volume, prediction.labelmap,
                 superres=(Volume(made.array, made.ijk_to_ras), made.synthetic))
    write_superres_picture(volume, prediction.superres, prediction, tmp_path / "a.png")
    assert "Four times as fine" in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_the_slices_shown_hold_half_of_those_with_a_lesion_and_spread_over_the_rest():
    drawn = np.zeros(155)
    drawn[60:70] = 9
    shown = chosen_slices(drawn)
    assert len(shown) == len(set(shown)) == 12
    assert sum(60 <= n < 70 for n in shown) >= 6
    assert shown.min() < 25 and shown.max() > 130


def test_a_folder_that_cannot_be_written_to_is_told_and_leaves_nothing_behind(tmp_path, prediction):
    missing = tmp_path / "gone"
    with pytest.raises(OutputError, match="Choose another folder or free some space"):
        write_segmentation(prediction, missing / "head.seg.nrrd")
    with pytest.raises(OutputError, match="Choose another folder"):
        write_csv([], missing / "results.csv")
    assert not missing.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_the_old_result_whole(tmp_path, prediction):
    target = tmp_path / "head.json"
    target.write_text("old")

    def fill(part):
        part.symlink_to("/dev/full")
        with open(part, "w") as file:
            file.write("x" * 100_000)

    with pytest.raises(OutputError, match=re.escape(os.strerror(errno.ENOSPC))):
        write_atomically(target, fill)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["head.json"]


def test_accents_and_blanks_in_folder_names_are_no_obstacle(tmp_path, prediction):
    folder = tmp_path / "Élève n° 3 – crâne"
    folder.mkdir()
    write_segmentation(replace(prediction, name="crâne"), folder / "crâne é.seg.nrrd")
    assert (folder / "crâne é.seg.nrrd").stat().st_size > 100
