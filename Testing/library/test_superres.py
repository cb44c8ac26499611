"""Attention-guided super-resolution: where, how fine, what is synthetic, and that nothing of the input changes."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from builders import ORIENTATIONS, head_volume, oblique, phantom, points, tiny_model, to_sitk
from jsonschema import validate
from safetensors.torch import save_file
from workers import end_of

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import DependencyError, ModelSpecError, UnsupportedImageError, WeightsError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.prediction import Heatmap
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.superres import super_resolution
from UnifiedViTLib.inference.superres.super_resolution import FACTOR, attended_regions, super_resolve
from UnifiedViTLib.inference.superres.upscalers import Lanczos, check_upscaler, make_upscaler
from UnifiedViTLib.models.upscaler import ResidualUpscaler
from UnifiedViTLib.outputs.files import as_json
from UnifiedViTLib.service.batch.inputs import find_inputs
from UnifiedViTLib.service.worker.protocol import PredictRequest

ROOT = Path(__file__).resolve().parents[2]


class Marker:
    """An upscaler whose pixels are easily told from all others: twice as bright as bright tissue."""

    name = "marker"

    def upscale(self, image: np.ndarray) -> np.ndarray:
        return np.full((FACTOR * image.shape[0], FACTOR * image.shape[1]), 2, np.float32)


def heat_at(volume: Volume, place: np.ndarray, radius: float) -> Heatmap:
    """What is attended to is a ball of `radius` mm around a place in the patient."""
    distance = np.linalg.norm(points(volume.ijk_to_ras, volume.array.shape) - place, axis=-1)
    return Heatmap("relevance", "bright", "Bright", (100 * np.clip(1 - distance / radius, 0, 1)).astype(np.uint8))


LANDMARK = np.array([19.0, -4.0, 9.0])  # the phantom's, on the right


def write_upscaler(folder: Path, **changes) -> Path:
    """An upscaler of random weights, as `unifiedvit-train superres` writes it."""
    folder.mkdir(exist_ok=True)
    network = ResidualUpscaler(4, 1)
    save_file(network.state_dict(), folder / "upscaler.safetensors")
    digest = hashlib.sha256((folder / "upscaler.safetensors").read_bytes()).hexdigest()
    card = {"format": 1, "name": "random", "channels": 4, "blocks": 1,
            "weights": {"file": "upscaler.safetensors", "sha256": digest, "licence": "CC0"}} | changes
    (folder / "upscaler.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


# Where

def test_regions_are_boxes_around_what_lies_above_the_quantile():
    heat, body = np.zeros((3, 60, 80)), np.ones((3, 60, 80), bool)
    heat[1, 20:30, 40:50] = 50
    heat[1, 40:45, 10:14] = 1
    found = attended_regions(heat, body, 0.995)
    assert [(r.number, r.rows, r.columns) for r in found] == [(1, slice(14, 36), slice(34, 56))]
    assert len(attended_regions(heat, body, 0.5)) == 2
    assert attended_regions(np.zeros_like(heat), body) == []


def test_boxes_that_meet_become_one():
    heat = np.zeros((1, 64, 64))
    heat[0, 10:14, 10:14] = heat[0, 20:24, 20:24] = heat[0, 50:54, 50:54] = 9
    found = attended_regions(heat, np.ones_like(heat, bool), 0.5)
    assert [(r.rows, r.columns) for r in found] == [(slice(4, 30), slice(4, 30)), (slice(44, 60), slice(44, 60))]


def test_the_quantile_counts_the_body_and_not_the_air_around_it():
    heat = np.linspace(0, 100, 64 * 64).reshape(1, 64, 64)
    body = np.zeros_like(heat, bool)
    body[:, :32] = True
    everywhere, of_body = (attended_regions(heat, mask, 0.9) for mask in (np.ones_like(body), body))
    assert of_body[0].rows.start < 32 < everywhere[0].rows.start


# Geometry

@pytest.mark.parametrize("tilt", [np.eye(3), oblique()])
@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_finer_voxel_shows_what_lies_at_its_place_in_the_patient(plane, tilt):
    for orientation in ORIENTATIONS[::19]:
        axes = [int(np.flatnonzero(column)[0]) for column in orientation.T]
        mm, counts = (2.0, 2.5, 3.0), (41, 37, 25)
        volume = head_volume(tilt @ orientation, tuple(mm[a] for a in axes), tuple(counts[a] for a in reversed(axes)))
        prepared = prepare(volume, 48, plane)
        made = super_resolve(prepared, heat_at(volume, LANDMARK, 12.0), Lanczos())
        through = prepared.view.axes[0]
        expected = [n if axis == through else FACTOR * n for axis, n in enumerate(volume.array.shape)]
        assert made.array.shape == made.synthetic.shape == tuple(expected)
        places = points(made.ijk_to_ras, made.array.shape)
        truth = phantom(places)
        assert np.abs(made.array - truth)[made.synthetic > 0].mean() < 3, "of 500"
        inner = np.s_[4:-4, 4:-4, 4:-4]
        assert np.abs(made.array - truth)[inner].mean() < 6
        assert np.linalg.norm(places[made.synthetic > 0].mean(axis=0) - LANDMARK) < 3


def test_the_outer_corners_are_those_of_the_input():
    volume = head_volume(oblique(), (1.5, 2.0, 5.0), (18, 45, 41))
    made = super_resolve(prepare(volume, 48), heat_at(volume, LANDMARK, 12.0), Lanczos())
    corners = []
    for one in (volume, made):
        i, j, k = np.array(one.array.shape[::-1]) - 0.5
        corners.append(one.ijk_to_ras @ np.array([(-0.5, -0.5, -0.5, 1), (i, j, k, 1), (i, -0.5, k, 1)]).T)
    np.testing.assert_allclose(*corners, atol=1e-9)


@pytest.mark.parametrize("orientation", ORIENTATIONS[::19])
def test_a_volume_too_large_is_cropped_to_its_regions_in_their_place(orientation, monkeypatch):
    volume = head_volume(orientation, (2.0, 2.0, 5.0), (25, 45, 41))
    heat = heat_at(volume, LANDMARK, 12.0)
    whole = super_resolve(prepare(volume, 48), heat, Marker())
    monkeypatch.setattr(super_resolution, "MOST_VOXELS", whole.array.size // 2)
    cropped = super_resolve(prepare(volume, 48), heat, Marker())
    assert cropped.array.size < whole.array.size / 2 and cropped.synthetic.sum() == whole.synthetic.sum()
    start = np.rint((np.linalg.inv(whole.ijk_to_ras) @ cropped.ijk_to_ras[:, 3])[:3]).astype(int)[::-1]
    part = tuple(slice(a, a + n) for a, n in zip(start, cropped.array.shape, strict=True))
    np.testing.assert_array_equal(whole.synthetic[part], cropped.synthetic)
    np.testing.assert_allclose(whole.array[part], cropped.array, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(whole.ijk_to_ras @ [*start[::-1], 1], cropped.ijk_to_ras[:, 3], atol=1e-9)


def test_regions_too_large_for_memory_are_refused_in_words(monkeypatch):
    volume = head_volume()
    monkeypatch.setattr(super_resolution, "MOST_VOXELS", 100)
    with pytest.raises(UnsupportedImageError, match="higher quantile"):
        super_resolve(prepare(volume, 48), heat_at(volume, LANDMARK, 12.0), Lanczos())


# What is synthetic

def test_only_marked_voxels_come_from_the_upscaler_and_they_fade_in():
    volume = head_volume()
    prepared, before = prepare(volume, 48), volume.array.copy()
    heat = heat_at(volume, LANDMARK, 12.0)
    made, other = super_resolve(prepared, heat, Marker()), super_resolve(prepared, heat, Lanczos())
    np.testing.assert_array_equal(made.array[made.synthetic == 0], other.array[made.synthetic == 0])
    np.testing.assert_array_equal(volume.array, before)
    light = prepared.foreground
    brightest = light.air + 2 * (light.ceiling - light.air)
    attended = np.repeat(np.repeat(heat.percent, FACTOR, 1), FACTOR, 2) > max(0, np.quantile(
        heat.percent[volume.array > light.threshold], super_resolution.QUANTILE))
    np.testing.assert_allclose(made.array[attended].min(), brightest, rtol=1e-4)
    steps = np.abs(np.diff(made.array, axis=2))
    assert steps.max() < brightest / 8, "no edge where the region is put back"


def test_whole_numbers_stay_whole_and_within_their_type():
    volume = head_volume()
    volume = replace(volume, array=(volume.array / volume.array.max() * 250).astype(np.uint8))
    made = super_resolve(prepare(volume, 48), heat_at(volume, LANDMARK, 12.0), Marker())
    assert made.array.dtype == np.uint8
    assert made.array.max() == 255 and made.array[made.synthetic == 0].max() <= 250


def test_nothing_attended_to_is_said_in_words():
    volume = head_volume()
    nothing = Heatmap("relevance", "bright", "Bright", np.zeros(volume.array.shape, np.uint8))
    with pytest.raises(UnsupportedImageError, match="speaks for Bright"):
        super_resolve(prepare(volume, 48), nothing, Lanczos())


# Upscalers

@pytest.mark.parametrize("name", ["lanczos", "learned", "random"])
def test_an_upscaler_keeps_place_and_scale(name, tmp_path):
    upscaler = make_upscaler(str(write_upscaler(tmp_path / "u")) if name == "random" else name)
    y, x = np.mgrid[:40, :56].astype(np.float32)
    fine_y, fine_x = ((np.mgrid[:160, :224] + 0.5) / 4 - 0.5).astype(np.float32)

    def blob(y, x):
        return np.exp(-((y - 17.3) ** 2 + (x - 30.6) ** 2) / 60)

    drawn = upscaler.upscale(blob(y, x))
    assert drawn.shape == (160, 224) and drawn.dtype == np.float32
    assert np.abs(drawn - blob(fine_y, fine_x)).max() < (0.06 if name == "learned" else 0.02)
    flat = upscaler.upscale(np.full((20, 20), 0.5, np.float32))
    np.testing.assert_allclose(flat, 0.5, atol=0.02)


def test_the_bundled_upscaler_is_as_fine_as_its_description_says():
    upscaler = make_upscaler("learned")
    chance = np.random.default_rng(0)
    image = chance.random((33, 47)).astype(np.float32)
    assert upscaler.upscale(image).shape == (132, 188)


def test_what_is_wrong_with_an_upscaler_is_said_in_words(tmp_path):
    with pytest.raises(ModelSpecError, match="no upscaler 'bicubic'"):
        check_upscaler("bicubic")
    folder = write_upscaler(tmp_path / "u")
    (folder / "upscaler.safetensors").write_bytes(b"other")
    with pytest.raises(WeightsError, match="damaged"):
        make_upscaler(str(folder))
    with pytest.raises(WeightsError, match="does not hold"):
        make_upscaler(str(write_upscaler(folder, blocks=2)))
    with pytest.raises(ModelSpecError, match="channels"):
        make_upscaler(str(write_upscaler(folder, channels="many")))
    (folder / "upscaler.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelSpecError, match="cannot be read"):
        make_upscaler(str(folder))


def test_options_are_checked_before_anything_runs(tmp_path):
    model = tiny_model(tmp_path)
    Options(superres="lanczos").check(model)
    with pytest.raises(ModelSpecError, match="no upscaler"):
        Options(superres="best").check(model)
    with pytest.raises(ModelSpecError, match="quantile"):
        Options(superres="lanczos", superres_quantile=1.0).check(model)
    with pytest.raises(ModelSpecError, match="no diagnosis"):
        Options(superres="lanczos", heatmap_class="nonsense").check(model)


# The whole way

@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model"), input={"size": 64, "modality": "any", "expects": "heads"})


@pytest.mark.parametrize("also_heat", [False, True])
def test_a_prediction_carries_the_super_resolved_volume_and_says_what_chose_the_regions(model, also_heat):
    volume = head_volume(oblique())
    options = Options(superres="lanczos", superres_quantile=0.9, heatmap="rollout" if also_heat else None)
    prediction = Predictor(model, "cpu").predict(volume, options)
    made = prediction.superres
    assert (prediction.heatmap is not None) == also_heat
    assert made.method == ("rollout" if also_heat else "relevance") and made.label == prediction.diagnosis.label
    assert (made.upscaler, made.quantile) == ("Lanczos", 0.9) and made.regions > 0 and made.synthetic.any()
    assert prediction.provenance.timings_s["superres"] > 0
    plain = Predictor(model, "cpu").predict(volume)
    np.testing.assert_array_equal(prediction.labelmap, plain.labelmap)
    assert prediction.diagnosis == plain.diagnosis and plain.superres is None
    schema = json.loads((ROOT / "Resources" / "prediction.schema.json").read_text())
    for one in (prediction, plain):
        validate(as_json(one), schema)


def test_where_no_super_resolved_volume_can_be_made_the_answers_come_with_a_warning(model, monkeypatch):
    monkeypatch.setattr(super_resolution, "MOST_VOXELS", 100)
    prediction = Predictor(model, "cpu").predict(head_volume(), Options(superres="lanczos"))
    assert prediction.superres is None and "higher quantile" in prediction.warnings[-1]
    assert prediction.diagnosis.probabilities


def test_the_command_line_writes_the_volume_its_mask_and_its_fields(model, tmp_path, warm_worker):
    volume = head_volume(oblique(), shape=(6, 45, 41))
    sitk.WriteImage(to_sitk(volume), tmp_path / "head.nrrd")
    given = ["predict", str(tmp_path / "head.nrrd"), "--model", str(model.folder), "--output", str(tmp_path / "out"),
             "--device", "cpu", "--superres", "lanczos"]
    assert main(given) == 0
    read = {name: sitk.ReadImage(str(tmp_path / "out" / name)) for name in
            ("head.superres.nrrd", "head.synthetic.seg.nrrd")}
    fine, synthetic = read.values()
    assert fine.GetSize() == synthetic.GetSize() == (164, 180, 6)
    assert fine.GetMetaData("UnifiedViT_Synthetic").startswith("Drawn in part by the upscaler Lanczos")
    assert synthetic.GetMetaData("Segment0_Name") == "Synthetic"
    np.testing.assert_allclose(fine.GetSpacing(), (0.5, 0.5, 5.0))
    # The whole of both images lies in the same place: SimpleITK resamples one onto the other.
    there = sitk.GetArrayFromImage(sitk.Resample(to_sitk(volume), fine, sitk.Transform(), sitk.sitkLinear))
    inner = np.s_[:, 4:-4, 4:-4]
    measured = (sitk.GetArrayFromImage(synthetic) == 0)[inner]
    np.testing.assert_allclose(sitk.GetArrayFromImage(fine)[inner][measured], there[inner][measured], atol=0.05)
    written = json.loads((tmp_path / "out" / "head.json").read_text())
    validate(written, json.loads((ROOT / "Resources" / "prediction.schema.json").read_text()))
    assert written["superres"]["upscaler"] == "Lanczos" and 0 < written["superres"]["synthetic_fraction"] < 1
    assert (tmp_path / "out" / "head.superres.png").stat().st_size > 10_000
    page = (tmp_path / "out" / "head.html").read_text(encoding="utf-8")
    assert "Four times as fine" in page and page.count("<img") == 9, "six slices, and three of the finer ones"
    assert not [one for one in find_inputs(tmp_path / "out") if one.suffix == ".nrrd"], "results are no inputs"
    (tmp_path / "out" / "head.synthetic.seg.nrrd").unlink()
    assert main([*given, "--skip-existing"]) == 0
    assert (tmp_path / "out" / "head.synthetic.seg.nrrd").exists(), "what is missing is made again"


def test_an_unknown_upscaler_is_refused_before_anything_is_read(model, tmp_path, capsys):
    assert main(["predict", str(tmp_path / "none.nrrd"), "--model", str(model.folder), "--output", str(tmp_path),
                 "--superres", "magic"]) == 2
    assert "There is no upscaler 'magic'" in capsys.readouterr().err


def test_the_worker_gives_the_same_super_resolved_volume(model, warm_client):
    volume, options = head_volume(oblique()), Options(superres="learned")
    warm_client.submit(PredictRequest(volume, model, options, device="cpu"))
    made = end_of(warm_client).result.superres
    here = Predictor(model, "cpu").predict(volume, options).superres
    for name in ("synthetic", "ijk_to_ras"):
        np.testing.assert_array_equal(getattr(made, name), getattr(here, name))
    np.testing.assert_allclose(made.array, here.array, rtol=1e-3, atol=0.5)
    assert (made.upscaler, made.method, made.label, made.quantile, made.regions) == (
        here.upscaler, here.method, here.label, here.quantile, here.regions)


# Latent diffusion, on a tiny pipeline of random weights: what it draws means nothing

@pytest.fixture
def pipeline(tmp_path):
    diffusers = pytest.importorskip("diffusers")
    vqvae = diffusers.VQModel(
        block_out_channels=[8, 8, 8], down_block_types=["DownEncoderBlock2D"] * 3, norm_num_groups=4,
        up_block_types=["UpDecoderBlock2D"] * 3, latent_channels=3, num_vq_embeddings=8)
    unet = diffusers.UNet2DModel(
        block_out_channels=(8, 8), layers_per_block=1, in_channels=6, out_channels=3, norm_num_groups=4,
        down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2)
    for name, part in (("vqvae", vqvae), ("unet", unet), ("scheduler", diffusers.DDIMScheduler())):
        part.save_pretrained(tmp_path / "ldm" / name)
    (tmp_path / "ldm" / "model_index.json").write_text("{}")
    return tmp_path / "ldm"


def test_a_latent_diffusion_pipeline_is_read_from_its_folder_and_repeats_itself(pipeline, monkeypatch):
    upscaler = make_upscaler(str(pipeline))
    monkeypatch.setattr("UnifiedViTLib.inference.superres.latent_diffusion.STEPS", 2)
    image = np.random.default_rng(0).random((37, 50)).astype(np.float32)
    drawn = upscaler.upscale(image)
    assert drawn.shape == (148, 200) and drawn.dtype == np.float32 and 0 <= drawn.min() <= drawn.max() <= 1
    np.testing.assert_array_equal(drawn, upscaler.upscale(image))


def test_pickled_weights_of_a_pipeline_are_not_read(pipeline):
    torch.save({}, pipeline / "unet" / "diffusion_pytorch_model.bin")
    (pipeline / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(WeightsError, match="safetensors"):
        make_upscaler(str(pipeline))


def test_without_diffusers_a_sentence_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "diffusers", None)
    (tmp_path / "model_index.json").write_text("{}")
    with pytest.raises(DependencyError, match="pip install diffusers"):
        make_upscaler(str(tmp_path))
