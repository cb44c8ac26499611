"""Familiarity: images like those of training pass, others are told apart in words; what is damaged is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import ORIENTATIONS, head_volume, oblique, spec_data, tiny_model
from safetensors.numpy import save_file
from scipy.ndimage import gaussian_filter
from unifiedvit_training.data.dataset import SliceSet
from unifiedvit_training.exporting.familiarity import fit_familiarity, measure_familiarity

from UnifiedViTLib.errors import ModelSpecError, WeightsError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.familiarity import FamiliarityStatistics, load_statistics
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.torch_backend import TorchBackend
from UnifiedViTLib.service.catalogue import DEFAULT_MODEL, find_model
from UnifiedViTLib.spec import ModelSpec, load_spec, parse_spec

WARNING = "does not look like what the model was trained on"


def heads(count: int, seed: int) -> list[Volume]:
    """The phantom in other places of the grid, resolutions and directions, with a little noise."""
    chance, found = np.random.default_rng(seed), []
    for n in range(count):
        mm = chance.uniform(1.8, 2.4)
        volume = head_volume(ORIENTATIONS[0] if n % 2 else oblique(*chance.uniform(-12, 12, 3)),
                             (mm, mm, chance.uniform(6, 8)), (10, 44, 40), f"head {n}")
        found.append(replace(volume, array=volume.array + chance.normal(0, 3, volume.array.shape).astype(np.float32)))
    return found


def slices_of(volumes: list[Volume]) -> tuple[np.ndarray, np.ndarray]:
    """Prepared slices and the volume that each is of."""
    batches = [prepare(volume, 32).batch(0, 10) for volume in volumes]
    return np.concatenate(batches), np.repeat(np.arange(len(volumes)), 10)


def with_statistics(spec: ModelSpec, statistics: FamiliarityStatistics) -> ModelSpec:
    """Add statistics to a model's folder."""
    file = spec.folder / "familiarity.safetensors"
    save_file({"means": statistics.means, "whitening": statistics.whitening.copy()}, file)
    block = {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
             "threshold": statistics.threshold}
    described = json.loads((spec.folder / "model.json").read_text()) | {"familiarity": block}
    (spec.folder / "model.json").write_text(json.dumps(described))
    return load_spec(spec.folder)


@pytest.fixture(scope="module")
def spec(tmp_path_factory) -> ModelSpec:
    """A model with statistics of phantom heads."""
    spec = tiny_model(tmp_path_factory.mktemp("heads"))
    backend = TorchBackend(spec, "cpu")
    (train, _), (validation, items) = (slices_of(heads(count, seed)) for count, seed in ((24, 1), (10, 2)))
    embeddings, held_out = (backend.run(part[:, None])[2] for part in (train, validation))
    labels = (np.arange(len(train)) % 10 > 4).astype(np.int64)
    return with_statistics(spec, fit_familiarity(embeddings, labels, held_out, items))


def noise() -> Volume:
    return Volume(np.random.default_rng(3).normal(100, 30, (10, 44, 40)).astype(np.float32), head_volume().ijk_to_ras)


def blobs() -> Volume:
    """Smooth shapes over the whole picture, as a photograph has them; one slice."""
    array = gaussian_filter(np.random.default_rng(4).normal(size=(1, 90, 120)), (0, 7, 7))
    return Volume((array * 1000).astype(np.float32), np.eye(4), "photograph", planar=True)


def stripes() -> Volume:
    array = np.tile(np.sin(np.arange(40) / 2) * 100, (10, 44, 1)).astype(np.float32)
    return Volume(array, head_volume().ijk_to_ras)


@pytest.fixture(scope="module")
def predictor(spec) -> Predictor:
    return Predictor(spec, "cpu")


@pytest.mark.parametrize("volume", heads(6, seed=5), ids=lambda volume: volume.name)
def test_a_head_like_those_of_training_needs_no_warning(predictor, volume):
    assert not any(WARNING in w for w in predictor.predict(volume).warnings)


@pytest.mark.parametrize("volume", [noise(), blobs(), stripes()], ids=["noise", "photograph", "stripes"])
def test_something_that_is_not_a_head_is_told_to_be_unfamiliar(predictor, volume):
    warnings = predictor.predict(volume).warnings
    assert any(WARNING in w and "Do not rely on the answer" in w for w in warnings)
    assert any("it lies further" in w for w in warnings) == volume.planar


def test_a_few_strange_slices_do_not_make_a_strange_volume(predictor):
    volume = heads(1, seed=8)[0]
    array = volume.array.copy()
    array[:3] = noise().array[:3] * 2
    look, _ = predictor.look(prepare(replace(volume, array=array), 32, "axial"))
    beyond = look.distances > predictor.spec.familiarity.threshold
    assert beyond[:3].all() and beyond.mean() < 0.5
    assert not any(WARNING in w for w in predictor.predict(replace(volume, array=array), Options("axial")).warnings)


@pytest.mark.parametrize("volume", [noise(), blobs(), stripes()], ids=["noise", "photograph", "stripes"])
def test_the_model_that_comes_with_unifiedvit_is_not_fooled_either(volume):
    warnings = Predictor(find_model(DEFAULT_MODEL), "cpu").predict(volume).warnings
    assert any(WARNING in w for w in warnings)


def test_a_model_without_statistics_says_nothing_of_it(tmp_path):
    spec = tiny_model(tmp_path / "m")
    assert spec.familiarity is None and load_statistics(spec) is None
    predictor = Predictor(spec, "cpu")
    assert predictor.look(prepare(noise(), 32))[0].distances is None
    assert not any(WARNING in w for w in predictor.predict(noise()).warnings)


# The statistics


def test_distances_are_those_of_mahalanobis_to_the_nearest_mean():
    chance = np.random.default_rng(0)
    means, whitening = chance.normal(size=(3, 5)), np.triu(chance.normal(size=(5, 5)))
    points = chance.normal(size=(7, 5))
    precision = whitening.T @ whitening
    expected = [min(np.sqrt((p - m) @ precision @ (p - m)) for m in means) for p in points]
    np.testing.assert_allclose(FamiliarityStatistics(means, whitening, 1.0).distances(points), expected)


def test_the_fit_finds_the_means_and_the_spread_of_known_gaussians():
    chance = np.random.default_rng(1)
    labels = np.repeat([0, 2], 3000)  # no image shows class 1
    centres = np.array([[0.0, 0, 0], [np.nan] * 3, [9.0, 0, 0]])
    spread = np.diag([1.0, 2.0, 0.5])
    points = centres[labels] + chance.normal(size=(6000, 3)) @ spread
    held_out = centres[labels] + chance.normal(size=(6000, 3)) @ spread
    fitted = fit_familiarity(points, labels, held_out, np.arange(6000))
    np.testing.assert_allclose(fitted.means, centres[[0, 2]], atol=0.1)
    covariance = np.linalg.inv(fitted.whitening.T @ fitted.whitening)
    np.testing.assert_allclose(covariance, spread**2, atol=0.2)
    assert (fitted.distances(held_out) > fitted.threshold).mean() == pytest.approx(0.01, abs=0.001)
    assert fitted.threshold == pytest.approx(11.34**0.5, rel=0.1)  # 99th percentile of chi-squared, 3 degrees


def test_every_image_counts_the_same_however_many_slices_it_has():
    chance = np.random.default_rng(2)
    points = chance.normal(size=(500, 2))
    held_out = np.concatenate([np.full((900, 2), 20.0), chance.normal(size=(199, 2))])
    items = np.concatenate([np.zeros(900), 1 + np.arange(199)])
    threshold = fit_familiarity(points, np.zeros(500, int), held_out, items).threshold
    assert threshold < 6, "one strange volume of 900 slices is one of 200 images"


def test_statistics_need_named_slices_to_fit_and_others_to_measure():
    def slices(labels, sides) -> SliceSet:
        count = len(labels)
        empty = np.zeros(count, np.int64)
        names = np.full(count, "x")
        return SliceSet(np.zeros((count, 32, 32), np.float16), np.zeros((count, 32, 32), np.uint8),
                        np.ones(count, bool), np.array(labels), empty, empty, names, names, np.array(sides), names)

    assert measure_familiarity(None, slices([-1, 1, 0], ["train", "train", "validation"])) is None
    assert measure_familiarity(None, slices([0, 1, 0], ["train", "train", "train"])) is None


# Files


BLOCK = {"file": "familiarity.safetensors", "sha256": "0" * 64, "threshold": 20.5}


def test_the_block_of_the_description_is_read_and_may_be_missing():
    assert parse_spec(spec_data(), Path()).familiarity is None
    read = parse_spec(spec_data(familiarity=BLOCK), Path()).familiarity
    assert (read.file, read.sha256, read.threshold) == ("familiarity.safetensors", "0" * 64, 20.5)


@pytest.mark.parametrize(("field", "wrong"), [
    ("file", "../evil"), ("file", 3), ("sha256", "abc"), ("threshold", -1), ("threshold", "far"),
    ("threshold", float("nan")), ("threshold", None),
])
def test_a_wrong_field_of_the_block_is_named(field, wrong):
    with pytest.raises(ModelSpecError, match=rf"^familiarity\.{field}: "):
        parse_spec(spec_data(familiarity=BLOCK | {field: wrong}), Path())
    with pytest.raises(ModelSpecError, match=rf"^familiarity\.{field}: this field is missing"):
        parse_spec(spec_data(familiarity={k: v for k, v in BLOCK.items() if k != field}), Path())


def test_a_block_that_is_not_an_object_is_refused():
    with pytest.raises(ModelSpecError, match=r"^familiarity: an object"):
        parse_spec(spec_data(familiarity=None), Path())


def damaged(data: bytes) -> bytes:
    return data[:-4] + bytes(4)


@pytest.mark.parametrize("spoil", [damaged, lambda data: data[:50], lambda data: b""],
                         ids=["changed", "cut", "empty"])
def test_a_damaged_file_is_refused_before_it_is_used(tmp_path, spoil):
    spec = with_statistics(tiny_model(tmp_path / "m"), FamiliarityStatistics(np.zeros((2, 4), np.float32),
                                                                             np.eye(4, dtype=np.float32), 3.0))
    file = spec.folder / spec.familiarity.file
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(WeightsError, match=r"familiarity\.safetensors of Tiny is damaged"):
        Predictor(spec, "cpu")


def test_a_missing_file_is_refused(tmp_path):
    spec = parse_spec(spec_data(familiarity=BLOCK), tmp_path)
    with pytest.raises(WeightsError, match=r"familiarity\.safetensors of Tiny cannot be read"):
        load_statistics(spec)


@pytest.mark.parametrize("tensors", [
    {"means": np.zeros((2, 4), np.float32)},
    {"means": np.zeros((2, 4), np.float32), "whitening": np.zeros((4, 3), np.float32)},
    {"means": np.zeros((0, 4), np.float32), "whitening": np.eye(4, dtype=np.float32)},
    {"means": np.zeros(4, np.float32), "whitening": np.eye(4, dtype=np.float32)},
    {"means": np.full((2, 4), np.nan, np.float32), "whitening": np.eye(4, dtype=np.float32)},
], ids=["no whitening", "not square", "no class", "flat", "not finite"])
def test_a_file_that_holds_something_else_is_refused(tmp_path, tensors):
    file = tmp_path / "familiarity.safetensors"
    save_file(tensors, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    spec = parse_spec(spec_data(familiarity=BLOCK | {"sha256": digest}), tmp_path)
    with pytest.raises(WeightsError, match=r"cannot be read|does not hold what it should"):
        load_statistics(spec)


def test_statistics_of_another_network_are_refused(tmp_path):
    spec = with_statistics(tiny_model(tmp_path / "m"), FamiliarityStatistics(np.zeros((2, 4), np.float32),
                                                                             np.eye(4, dtype=np.float32), 3.0))
    with pytest.raises(WeightsError, match="of another network: they hold 4 values an image, the network gives 192"):
        Predictor(spec, "cpu").predict(head_volume())
