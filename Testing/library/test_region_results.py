"""Results of a region of interest: what the whole volume gives inside, nothing outside, and never told as of all."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from builders import ORIENTATIONS, head_volume, oblique, phantom, points, spec_data, tiny_model, write_series
from dicom_results import result_of, write
from jsonschema import validate

from UnifiedViTLib.imaging.geometry import NOTHING_KNOWN
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.region import RegionResult
from UnifiedViTLib.outputs.files import as_json, summary, write_segmentation
from UnifiedViTLib.outputs.report import as_text
from UnifiedViTLib.outputs.results_table import csv_row
from UnifiedViTLib.service.worker.processing import write_results

ROOT = Path(__file__).resolve().parents[2]
KEEP_ALL = {"pooling": "lesion_weighted", "top_k": 3, "max_normal_probability": 1.0, "min_component_ml": 0.0}
SMALL = {"arguments": {"encoder": "test_vit", "decoder_widths": [8, 8, 8]}, "aggregation": KEEP_ALL}
SCOPE = "slices of the region only"
#: On the phantom's side of the bright landmark.
BOX = RegionOfInterest.from_centre((16.0, -2.0, 9.0), (24.0, 30.0, 26.0), "ROI R")


@pytest.fixture(scope="module")
def predictor(tmp_path_factory) -> Predictor:
    """A tiny random model that draws on every slice."""
    return Predictor(tiny_model(tmp_path_factory.mktemp("tiny"), **SMALL), "cpu")


def ensemble(folder: Path) -> Predictor:
    from UnifiedViTLib.service.store.ensembles import write_ensemble

    members = [tiny_model(folder / f"m{seed}", seed=seed, id=f"m{seed}", **SMALL) for seed in (1, 2)]
    return Predictor(write_ensemble(members, folder / "joint", "joint"), "cpu")


def test_inside_the_region_the_answer_is_that_of_the_whole_volume_on_its_own_grid(predictor):
    for direction in (None, oblique(), ORIENTATIONS[22], ORIENTATIONS[41]):
        volume = head_volume(direction)
        for plane in ("auto", "sagittal"):
            whole = predictor.predict(volume, Options(plane=plane))
            part = predictor.predict(volume, Options(plane=plane, region=BOX))
            mask = BOX.mask(volume)
            assert part.labelmap.shape == volume.array.shape and part.labelmap.any()
            np.testing.assert_array_equal(part.labelmap, np.where(mask, whole.labelmap, 0))
            first, count = part.region.first_slice, len(part.slice_probabilities)
            assert count < len(whole.slice_probabilities)
            np.testing.assert_allclose(part.slice_probabilities, whole.slice_probabilities[first:first + count],
                                       atol=1e-5)
            axis = part.slice_axis[0]
            touched = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
            assert sorted(part.slice_indices.tolist()) == touched.tolist()
            assert [entry["index"] for entry in as_json(part)["slices"]] == part.slice_indices.tolist()
            assert part.region.voxels_inside == sum(segment.voxels for segment in part.segments)


def test_everything_that_can_be_asked_for_is_empty_outside_the_region(predictor):
    volume = head_volume(spacing=(2.0, 2.2, 2.4), shape=(34, 45, 41))
    options = Options(region=BOX, tta=True, uncertainty=True, heatmap="relevance", keep_probabilities=True,
                      superres="lanczos", superres_quantile=0.5)
    part, mask = predictor.predict(volume, options), BOX.mask(volume)
    for percent in (part.heatmap.percent, part.uncertainty.percent, *part.probability_maps):
        assert percent[mask].any() and not percent[~mask].any()
    assert len(part.uncertainty.mutual_information) == len(part.slice_probabilities) < 34
    assert "coronal slices" in part.uncertainty.passes
    fine = part.superres
    ras = points(fine.ijk_to_ras, fine.array.shape)
    near = np.abs(phantom(ras) - fine.array)
    assert np.quantile(near, 0.9) < 12, "the finer slices lie where those of the region do"
    assert fine.array.shape[0] == len(part.slice_probabilities)
    synthetic = ras[fine.synthetic > 0]
    assert len(synthetic) and (np.abs(synthetic - (16.0, -2.0, 9.0)) < np.array((24, 30, 26)) / 2 + 16).all()


@pytest.mark.parametrize("direction", [None, np.diag([1.0, 1.0, -1.0])])
def test_a_finer_slice_of_the_region_has_the_number_of_the_slice_that_it_shows(predictor, direction, tmp_path):
    volume = head_volume(direction)
    part = predictor.predict(volume, Options(region=BOX, superres="lanczos"))
    write_results(volume, part, tmp_path)
    first, count = part.region.first_slice + 1, len(part.slice_probabilities)
    numbers = re.findall("<figcaption>(.+?)</figcaption>", (tmp_path / "result.html").read_text(encoding="utf-8"))
    shown = [f"{number}/{len(volume.array)}" for number in range(first, first + count)]
    assert numbers[:count] == shown and len(numbers) > count and {*numbers[count:]} <= {*shown}


def test_several_sequences_and_an_ensemble_look_at_the_same_region(tmp_path):
    channels = [{"name": name, "expects": f"{name} of the head"} for name in ("t1c", "flair")]
    several = Predictor(tiny_model(tmp_path / "several", **SMALL,
                                   input=spec_data()["input"] | {"channels": channels}), "cpu")
    volume, other = head_volume(), head_volume(oblique(3.0, 2.0, 1.0), (1.8, 2.1, 4.5), (22, 50, 48), "flair")
    mask = BOX.mask(volume)
    for one, images in ((several, {"t1c": volume, "flair": other}), (ensemble(tmp_path), volume)):
        whole, part = one.predict(images), one.predict(images, Options(region=BOX))
        np.testing.assert_array_equal(part.labelmap, np.where(mask, whole.labelmap, 0))


@pytest.fixture(scope="module")
def sure(tmp_path_factory):
    """A result of a region, by a model that is sure of a glioma."""
    biases = {"classifier": [0.0, 6.0, 0.0], "segmentation": [0.0, 0.0, 0.0]}
    predictor = Predictor(tiny_model(tmp_path_factory.mktemp("sure"), **SMALL, biases=biases), "cpu")
    return predictor.predict(head_volume(), Options(region=BOX))


def test_what_is_drawn_on_the_slices_but_outside_is_told_and_the_result_is_to_be_reviewed(sure):
    region = replace(sure.region, voxels_inside=0, voxels_beyond=900)
    assert region.is_elsewhere
    result = as_json(replace(sure, region=region))
    assert result["confidence"]["review"] and result["region"]["voxels_beyond"] == 900
    assert not as_json(replace(sure, region=replace(region, voxels_inside=9000)))["confidence"]["review"]


def test_a_finding_outside_is_a_warning_and_no_contradiction(predictor):
    from UnifiedViTLib.imaging.preparation import prepare
    from UnifiedViTLib.inference.decision import decide
    from UnifiedViTLib.inference.warnings import collect_warnings

    prepared = prepare(head_volume(), predictor.spec.size, "auto", BOX)
    output, _ = predictor.run_network(prepared)
    logits = np.tile(np.float32([0.0, 9.0, 0.0]), (len(prepared), 1))
    drawn = np.zeros_like(output.labelmap)
    prepared.view.of(drawn)[1, 10:20, 30:35] = 1
    drawn[prepared.region_mask] = 0
    count = np.count_nonzero(drawn)
    decision = decide(replace(output, labelmap=drawn, logits=logits), prepared, predictor.spec)
    assert (decision.region.voxels_inside, decision.region.voxels_beyond) == (0, count) and not decision.labelmap.any()
    warnings = collect_warnings(prepared, predictor.spec, output, decision.diagnosis, decision.segments,
                                region=decision.region)
    amount = f"{count * prepared.volume.voxel_ml:.1f} mL"
    assert f"nothing is drawn inside of it, and {amount} are drawn outside" in warnings[0]
    assert not any("contradict" in warning for warning in warnings)
    unplaced = replace(prepared, volume=replace(prepared.volume, geometry=NOTHING_KNOWN))
    assert "whether the region is where it was meant to be is not known" in collect_warnings(
        unplaced, predictor.spec, output, decision.diagnosis, decision.segments, region=decision.region)[0]


def test_every_output_says_that_only_a_region_was_looked_at(tmp_path):
    volume = head_volume()
    biases = {"classifier": [9.0, 0.0, 0.0], "segmentation": [9.0, 0.0, 0.0]}
    healthy = Predictor(tiny_model(tmp_path / "healthy", **SMALL, biases=biases), "cpu")
    part = healthy.predict(volume, Options(region=BOX))
    result = as_json(part)
    validate(result, json.loads((ROOT / "Resources" / "prediction.schema.json").read_text(encoding="utf-8")))
    first, last = result["region"]["first_slice"], result["region"]["first_slice"] + len(result["slices"]) - 1
    told = f"24 x 30 x 26 mm around R 16.0, P 2.0, S 9.0 (ROI R): slices {first} to {last} of 18"
    assert told in result["report"][0] and "nothing was looked for elsewhere" in result["report"][0]
    assert result["report"][1].startswith("Of these slices as wholes") and "in the region" in result["report"][2]
    assert f"Nothing found ({SCOPE})" in summary("head", part) and f"Nothing found ({SCOPE})" in as_text(result)
    assert csv_row("head.nrrd", part, "head")["region"] == str(BOX)
    files = write_results(volume, part, tmp_path)
    page = files[".html"].read_text(encoding="utf-8")
    assert f"Nothing found ({SCOPE})" in page and told in page and f"slice {first} to {last} from left" in page
    assert str(BOX) in sitk.ReadImage(str(files[".seg.nrrd"])).GetMetaData("UnifiedViT_Region")


def test_a_result_of_the_whole_volume_says_nothing_of_regions(predictor, tmp_path):
    whole = predictor.predict(head_volume())
    result = as_json(whole)
    assert "region" not in result and "region_only" not in result["diagnosis"] and not any(
        "region" in sentence for sentence in result["report"])
    assert csv_row("head.nrrd", whole)["region"] == ""
    write_segmentation(whole, tmp_path / "a.seg.nrrd")
    assert not sitk.ReadImage(str(tmp_path / "a.seg.nrrd")).HasMetaDataKey("UnifiedViT_Region")


def texts(item) -> list[str]:
    """All texts of a report."""
    inner = [text for part in item.get("ContentSequence", []) for text in texts(part)]
    return [item.TextValue, *inner] if "TextValue" in item else inner


def test_dicom_objects_say_it_and_refer_to_images_of_the_region_alone(tmp_path):
    pydicom = pytest.importorskip("pydicom")
    pytest.importorskip("highdicom", reason="results as DICOM need highdicom, which is not installed")
    head = head_volume(shape=(7, 40, 36))
    volume = read(write_series(tmp_path / "in", head.array.astype(np.int16), head.ijk_to_ras))
    box = RegionOfInterest.from_bounds((slice(0, 2), slice(5, 20), slice(5, 25)), volume.ijk_to_ras, "ROI R")
    looked_at = {"region": RegionResult(box, 0, 3, 0), "slice_probabilities": np.full((2, 3), 1 / 3, np.float32)}
    drawn, _ = write(volume, result_of(volume, **looked_at), tmp_path / "drawn")
    assert "region only" in pydicom.dcmread(drawn[".seg.dcm"]).SeriesDescription
    assert "in a region" in pydicom.dcmread(drawn[".seg.dcm"]).ContentDescription
    nothing, _ = write(volume, result_of(volume, np.zeros(volume.array.shape, np.uint8), **looked_at), tmp_path / "no")
    report = pydicom.dcmread(nothing[".sr.dcm"])
    assert "region only" in report.SeriesDescription and any(
        "Only a region of interest was looked at" in text for text in texts(report))
    images = {str(volume.metadata["SOPInstanceUIDs"]).split("\\")[k] for k in (0, 1)}
    group = report.ContentSequence[-1].ContentSequence[0]
    referred = {item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in group.ContentSequence
                if item.ValueType == "IMAGE"}
    assert referred == images
