"""The training package: small, but the real thing from a folder of images to a model that predicts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from builders import head_volume, spec_data, tiny_model
from unifiedvit_training import data
from unifiedvit_training.augment import augment
from unifiedvit_training.calibrate import expected_calibration_error, fit_temperature
from unifiedvit_training.evaluate import infer, measure
from unifiedvit_training.export import OPEN_RULE, export, load_average
from unifiedvit_training.volumes import Case, choose_rule, measure_volumes, without_lesion

from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.inference.decision import Look
from UnifiedViTLib.inference.pooling import class_probabilities
from UnifiedViTLib.inference.predictor import Predictor

ROOT = Path(__file__).resolve().parent.parent
CLASSES = ["healthy", "glioma", "meningioma"]


@pytest.fixture(scope="module")
def slices(tmp_path_factory) -> data.SliceSet:
    """Discs of three kinds in noise: a set that a network learns in seconds, written as `data.build` reads it."""
    folder = tmp_path_factory.mktemp("set")
    (folder / "images").mkdir()
    (folder / "masks").mkdir()
    chance = np.random.default_rng(0)
    y, x = np.mgrid[:48, :48]
    lines = ["image,mask,label,plane,fold,source,slice_id"]
    for n in range(36):
        kind = n % 3
        image = chance.normal(60, 6, (48, 48)) * ((x - 24) ** 2 + (y - 24) ** 2 < 500)
        if kind:
            cy, cx = chance.integers(15, 33, 2)
            disc = (x - cx) ** 2 + (y - cy) ** 2 < 36
            image[disc] = 140 if kind == 1 else 20
            sitk.WriteImage(sitk.GetImageFromArray((disc * 255).astype(np.uint8)), str(folder / f"masks/{n}.png"))
        sitk.WriteImage(sitk.GetImageFromArray(image.clip(0, 255).astype(np.uint8)), str(folder / f"images/{n}.png"))
        lines.append(f"{n}.png,{n}.png,{CLASSES[kind]},axial,{n % 4 + 1},phantom,{n}" if kind
                     else f"{n}.png,,healthy,axial,{n % 4 + 1},phantom,{n}")
    (folder / "labels.csv").write_text("\n".join(lines))
    volume = head_volume(spacing=(2.5, 2.5, 8.0), shape=(8, 36, 34))
    mask = np.zeros(volume.array.shape, np.uint8)
    mask[3:5, 8:15, 8:15] = 1
    for name, array in (("v.nrrd", volume.array), ("v_label.nrrd", mask)):
        sitk.WriteImage(sitk.GetImageFromArray(array), str(folder / name))
    header = "volume,mask,label,site,slices,tumour_slices"
    (folder / "volumes.csv").write_text(f"{header}\nv.nrrd,v_label.nrrd,glioma,A,8,2\n")
    return data.build(folder, folder, folder / "cache", CLASSES, 32)


def test_a_prepared_set_holds_every_slice_with_its_mask_label_and_group(slices):
    assert slices.images.shape == (44, 32, 32) and slices.masks.shape == slices.images.shape
    assert (slices.labels[:36] == np.arange(36) % 3).all()
    assert ((slices.masks[:36] > 0).any(axis=(1, 2)) == (slices.labels[:36] > 0)).all()
    assert sorted(set(slices.groups)) == ["fold 1", "fold 2", "fold 3", "fold 4", "v"]
    volume = slices.labels[slices.groups == "v"]
    assert sorted(volume) == [0] * 6 + [1] * 2, "slices without a lesion in a patient with one are healthy"


def test_training_slices_are_prepared_exactly_as_in_use(slices, tmp_path):
    volume = head_volume(spacing=(2.5, 2.5, 8.0), shape=(8, 36, 34))
    sitk.WriteImage(sitk.GetImageFromArray(volume.array), str(tmp_path / "v.nrrd"))
    from UnifiedViTLib.imaging.reading import read

    used = prepare(read(tmp_path / "v.nrrd"), 32).batch(0, 8).astype(np.float16)
    np.testing.assert_array_equal(np.asarray(slices.images[slices.groups == "v"]), used)


def test_augmentation_moves_image_and_mask_together_and_can_be_repeated():
    masks = torch.zeros(16, 48, 48, dtype=torch.uint8)
    masks[:, 14:30, 20:34] = 1
    images = masks[:, None].float() * 4 - 1
    first = augment(images, masks, 32, 1.0, torch.Generator().manual_seed(3))
    again = augment(images, masks, 32, 1.0, torch.Generator().manual_seed(3))
    other = augment(images, masks, 32, 1.0, torch.Generator().manual_seed(4))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[1], other[1])
    image, mask = first
    assert image.shape == (16, 1, 32, 32) and mask.shape == (16, 32, 32)
    for one, lesion in zip(image[:, 0], mask.bool(), strict=True):
        bright = one > (one[lesion].mean() + one[~lesion].mean()) / 2
        assert (bright & lesion).sum() / (bright | lesion).sum() > 0.8


def test_augmentation_of_no_strength_changes_nothing():
    images, masks = torch.randn(2, 1, 32, 32), torch.randint(0, 2, (2, 32, 32), dtype=torch.uint8)
    image, mask = augment(images, masks, 32, 0.0, torch.Generator().manual_seed(0))
    torch.testing.assert_close(image, images, atol=1e-4, rtol=1e-4)
    assert torch.equal(mask, masks.long())


FIT = """
import sys
from pathlib import Path
import numpy as np
from unifiedvit_training.data import load
from unifiedvit_training.fit import FitConfig, fit
data = load(Path(sys.argv[1]))
config = FitConfig(classes=["healthy", "glioma", "meningioma"], stages=[(32, 6)], batch=8, threads=1,
                   learning_rate=2e-3,
                   arguments={"encoder": "vit_tiny_patch16_224", "stem_width": 8, "decoder_widths": [16, 8, 8]})
fit(data, np.arange(36), {"all": np.arange(36)}, config, Path(sys.argv[2]))
"""


def start_fit(cache: Path, run: Path) -> subprocess.Popen:
    path = os.pathsep.join([str(ROOT), str(ROOT / "training")])
    environment = os.environ | {"PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen([sys.executable, "-c", FIT, str(cache), str(run)], env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_a_run_killed_at_any_moment_goes_on_and_ends_as_if_nothing_had_happened(slices, tmp_path):
    cache = Path(slices.images.filename).parent
    whole = start_fit(cache, tmp_path / "whole")
    output, _ = whole.communicate(timeout=300)
    assert whole.returncode == 0, output
    cut = start_fit(cache, tmp_path / "cut")
    deadline = time.monotonic() + 120
    while not (tmp_path / "cut" / "last.ckpt").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    cut.send_signal(signal.SIGKILL)
    cut.wait()
    resumed = start_fit(cache, tmp_path / "cut")
    output, _ = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, output
    first, second = (torch.load(tmp_path / name / "last.ckpt", weights_only=True) for name in ("whole", "cut"))
    assert first["epoch"] == second["epoch"] == 6
    for name, value in first["average"].items():
        assert torch.equal(value, second["average"][name]), name
    losses = [json.loads(line)["mask_loss"] for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert losses[-1] < losses[0]


def test_an_exported_model_says_in_use_what_it_said_in_training(slices, tmp_path):
    tiny_model(tmp_path / "random", seed=5)
    arguments = spec_data()["arguments"] | {"mask_classes": 3, "diagnosis_classes": 3, "image_size": 32}
    from safetensors.torch import load_file

    weights = load_file(tmp_path / "random" / "weights.safetensors")
    torch.save({"average": weights}, tmp_path / "last.ckpt")
    network = load_average(tmp_path / "last.ckpt", "shared_encoder_dual_decoder", arguments).half().float()
    card = spec_data() | {"classes": spec_data()["diagnosis"]["classes"], "licence": "Apache-2.0"}
    spec = export(network, "shared_encoder_dual_decoder", arguments, card, 1.3, OPEN_RULE, [], tmp_path / "model")
    assert spec.temperature == 1.3 and spec.weights.stat().st_size < 16e6
    volume = head_volume(shape=(6, 45, 41))
    look, _ = Predictor(spec, "cpu").look(prepare(volume, 32))
    images = torch.from_numpy(prepare(volume, 32).batch(0, 6))[:, None]
    with torch.inference_mode():
        expected = network(images)
    np.testing.assert_allclose(look.logits, expected.class_logits.numpy(), atol=1e-5)
    np.testing.assert_array_equal(look.area, (expected.mask_logits.argmax(1) > 0).sum((1, 2)).numpy())


def test_an_export_that_would_be_refused_is_not_written(slices, tmp_path):
    arguments = spec_data()["arguments"] | {"mask_classes": 3, "diagnosis_classes": 3, "image_size": 32}
    from UnifiedViTLib.models import build_model

    network = build_model("shared_encoder_dual_decoder", arguments)
    card = spec_data(id="Not an id") | {"classes": spec_data()["diagnosis"]["classes"], "licence": "CC0"}
    with pytest.raises(ModelSpecError, match="id"):
        export(network, "shared_encoder_dual_decoder", arguments, card, 1.0, OPEN_RULE, [], tmp_path / "model")
    assert not (tmp_path / "model" / "model.json").exists()


def test_temperature_undoes_overconfidence():
    chance = np.random.default_rng(1)
    logits = chance.normal(0, 1.5, (4000, 3))
    probabilities = class_probabilities(logits, 1.0)
    labels = np.array([chance.choice(3, p=p / p.sum()) for p in probabilities.astype(float)])
    temperature = fit_temperature(logits * 3, labels)
    assert temperature == pytest.approx(3, rel=0.1)
    before = expected_calibration_error(class_probabilities(logits * 3, 1.0), labels)
    after = expected_calibration_error(class_probabilities(logits * 3, temperature), labels)
    assert after < 0.03 < before


def test_figures_are_right_where_they_can_be_counted_by_hand():
    truth = np.zeros((4, 8, 8), bool)
    truth[1, :4, :4] = truth[2, :2] = True
    drawn = np.zeros_like(truth)
    drawn[1, :4, :2] = True
    drawn[3, 0, 0] = True
    logits = np.array([[5, 0, 0], [0, 5, 0], [0, 5, 1], [5, 0, 0]], float)
    figures = measure(logits, drawn, truth, np.array([0, 1, 2, 0]), CLASSES)
    assert figures["accuracy"] == 0.75
    assert figures["tumour_type_accuracy"] == 0.5
    assert figures["dice_glioma"] == round(2 * 8 / (8 + 16), 4)
    assert figures["dice_meningioma"] == 0
    assert figures["found"] == 0.5 and figures["empty"] == 0.5


@pytest.fixture()
def case(tmp_path) -> tuple[Case, object]:
    """A volume of twelve slices with a lesion on three; the network drew it, and a stray piece elsewhere."""
    spec = tiny_model(tmp_path / "model")
    volume = head_volume(spacing=(2.0, 2.0, 5.0), shape=(12, 45, 41))
    truth = np.zeros(volume.array.shape, bool)
    truth[2:5, 10:20, 10:20] = True
    labelmap = truth.astype(np.uint8)
    labelmap[10, 30:32, 30:32] = 1
    logits = np.tile(np.array([4.0, 0, 0], np.float32), (12, 1))
    logits[2:5] = [0, 6, 0]
    area = labelmap.astype(float).sum(axis=(1, 2))
    prepared = prepare(volume, 32, "axial")
    backwards = prepared.view.flipped[0]
    look = Look(labelmap, logits[::-1] if backwards else logits, area[::-1] if backwards else area)
    return Case(prepared, look, truth, "glioma"), spec


def test_a_volume_rule_is_chosen_that_drops_what_the_classifier_does_not_believe(case):
    one, spec = case
    opened = replace(spec, volume_rule=OPEN_RULE)
    assert measure_volumes([one], opened)["false_pieces"] == 1
    rule = choose_rule([one], opened)
    figures = measure_volumes([one], replace(spec, volume_rule=rule))
    assert figures["false_pieces"] == 0 and figures["found"] == 1 and figures["diagnosis"] == 1
    assert figures["false_alarms"] == 0


def test_a_lesion_free_run_is_cut_from_a_volume_with_a_lesion(case):
    one, _ = case
    (free,) = without_lesion([one])
    assert free.truth.shape[0] == 7 and not free.truth.any()
    assert len(free.look.logits) == len(free.prepared.slices) == 7


def test_inference_in_training_leaves_nothing_out(slices, tmp_path):
    from UnifiedViTLib.models import build_model

    network = build_model("shared_encoder_dual_decoder", {
        "encoder": "vit_tiny_patch16_224", "mask_classes": 2, "diagnosis_classes": 3, "image_size": 32})
    logits, lesions = infer(network, slices, np.arange(10), batch=4)
    assert logits.shape == (10, 3) and lesions.shape == (10, 32, 32)
