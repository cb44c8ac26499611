"""Results read again from their folder: the same to the last field, or a sentence why not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from builders import ORIENTATIONS, head_volume, multi_label_data, oblique, tiny_model, to_sitk, write_series
from once import GLIOMA

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.files import as_json, summary
from UnifiedViTLib.outputs.stored import read_stored
from UnifiedViTLib.service.worker.processing import make_file_request, process_input

EVERYTHING = Options(uncertainty=True, heatmap="relevance", superres="lanczos")


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model"), biases=GLIOMA)


@pytest.fixture
def looked_at(tmp_path):
    """Has a model look at an image and write its results; gives the prediction."""
    (tmp_path / "out").mkdir()

    def process(path, spec, options):
        made = []

        def predict(images):
            made.append(Predictor(spec, "cpu").predict(images, options))
            return made[0]

        request = make_file_request(path, spec, options, "", {})
        process_input(request, spec, "", tmp_path / "out", "head", (), predict, lambda stage, fraction: None)
        return made[0]

    return process


def scan(path: Path) -> Path:
    sitk.WriteImage(to_sitk(head_volume(oblique(), (2.0, 2.5, 4.0), (5, 40, 36))), str(path))
    return path


def test_all_of_a_result_comes_back(looked_at, spec, tmp_path):
    path = scan(tmp_path / "head.nii.gz")
    before = looked_at(path, spec, EVERYTHING)
    volume, after = read_stored(tmp_path / "out", "head", str(path), spec)
    assert volume.array.shape == after.labelmap.shape and np.array_equal(after.labelmap, before.labelmap)
    assert after.labelmap.any() and as_json(after) == json.loads(json.dumps(as_json(before)))
    for one, other in ((before.heatmap.percent, after.heatmap.percent),
                       (before.uncertainty.percent, after.uncertainty.percent),
                       (before.superres.array, after.superres.array),
                       (before.superres.synthetic, after.superres.synthetic)):
        assert np.array_equal(one, other) and one.dtype == other.dtype
    np.testing.assert_allclose(after.superres.ijk_to_ras, before.superres.ijk_to_ras, atol=1e-6)


@pytest.mark.parametrize("kind", ["a series", "a picture", "findings"])
def test_results_of_every_kind_come_back(kind, looked_at, spec, tmp_path):
    volume = head_volume(oblique(), (2.0, 2.0, 5.0), (4, 40, 36))
    if kind == "a series":
        path = write_series(tmp_path / "series", volume.array.astype(np.int16), volume.ijk_to_ras)
    elif kind == "a picture":
        path = tmp_path / "head.png"
        sitk.WriteImage(sitk.GetImageFromArray(np.clip(volume.array[2], 0, 255).astype(np.uint8)), str(path))
    else:
        path = scan(tmp_path / "head.nrrd")
        spec = tiny_model(tmp_path / "findings", multi_label=True, **multi_label_data(id="findings"))
    before = looked_at(path, spec, Options())
    _, after = read_stored(tmp_path / "out", "head", str(path), spec)
    assert as_json(after) == json.loads(json.dumps(as_json(before)))
    assert np.array_equal(after.labelmap, before.labelmap)


@pytest.mark.parametrize("depth", [slice(1, 4), slice(0, 3), slice(2, 5)])
@pytest.mark.parametrize("number", [0, 5, 19, 33, 47])
def test_a_result_of_a_region_comes_back_as_one_of_a_region(number, depth, looked_at, spec, tmp_path):
    path = tmp_path / "head.nrrd"
    sitk.WriteImage(to_sitk(head_volume(ORIENTATIONS[number], (2.0, 2.5, 4.0), (5, 40, 36))), str(path))
    region = RegionOfInterest.from_bounds((depth, slice(5, 30), slice(5, 30)), read(path).ijk_to_ras, "ROI R")
    before = looked_at(path, spec, Options(region=region, heatmap="relevance"))
    _, after = read_stored(tmp_path / "out", "head", str(path), spec)
    assert as_json(after) == json.loads(json.dumps(as_json(before))) and str(after.region.box) == str(region)
    assert after.region.voxels_inside == before.region.voxels_inside
    assert "slices of the region only" in summary("", after)
    assert after.slice_indices.tolist() == before.slice_indices.tolist()
    assert np.array_equal(after.labelmap, before.labelmap)
    assert np.array_equal(after.heatmap.percent, before.heatmap.percent)


def test_what_has_changed_since_is_not_shown(looked_at, spec, tmp_path):
    path, out = scan(tmp_path / "head.nrrd"), tmp_path / "out"
    looked_at(path, spec, Options())
    other = tiny_model(tmp_path / "other", biases=GLIOMA, seed=1)
    with pytest.raises(UnsupportedImageError, match="another model"):
        read_stored(out, "head", str(path), other)
    with pytest.raises(UnsupportedImageError, match="another image"):
        read_stored(out, "head", str(tmp_path / "body.nrrd"), spec)
    mask = (out / "head.seg.nrrd").read_bytes()
    (out / "head.seg.nrrd").write_bytes(mask[:-1] + b"?")
    with pytest.raises(UnsupportedImageError, match=r"head\.seg\.nrrd (is missing|was changed)"):
        read_stored(out, "head", str(path), spec)
    (out / "head.seg.nrrd").write_bytes(mask)
    assert read_stored(out, "head", str(path), spec)[1].labelmap.any()
    moved = sitk.ReadImage(str(path))
    moved.SetOrigin((0.0, 0.0, 0.0))
    sitk.WriteImage(moved, str(path))
    with pytest.raises(UnsupportedImageError, match=r"head\.nrrd is not the file that it was"):
        read_stored(out, "head", str(path), spec)
    path.unlink()
    with pytest.raises(UnsupportedImageError, match=r"head\.nrrd is not the file that it was"):
        read_stored(out, "head", str(path), spec)
    text = (out / "head.json").read_text()
    (out / "head.json").write_text(text.replace('"glioma"', '"meningioma"', 1))
    with pytest.raises(UnsupportedImageError, match=r"head\.json is missing, or was changed"):
        read_stored(out, "head", str(path), spec)
