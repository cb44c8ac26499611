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
from unifiedvit_training.evaluation.ood.fit import (
    SliceFeatures,
    fit_gaussians,
    fit_ood_statistics,
    measure_ood_statistics,
    threshold_within,
)

from UnifiedViTLib.errors import ModelSpecError, WeightsError
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.backends.torch_backend import TorchBackend
from UnifiedViTLib.inference.ood.statistics import (
    Gaussians,
    OODFeatures,
    OODStatistics,
    OrientationStatistics,
    load_ood_statistics,
    texture_views,
)
from UnifiedViTLib.inference.ood.texture import ROTATIONS, layout, texture, undo_rotation
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.warnings import input_warnings, ood_warnings
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model
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


def with_statistics(spec: ModelSpec, statistics: OODStatistics) -> ModelSpec:
    """Add statistics to a model's folder: of format 1 without `orientation`, of format 2 with them."""
    file, known, orientation = spec.folder / "ood.safetensors", statistics.training, statistics.orientation
    if orientation is None:
        save_file({"means": known.means, "whitening": known.whitening.copy()}, file)
    else:
        save_file(
            {
                "means": known.means,
                "whitening": upper(known.whitening),
                "orientation_means": orientation.gaussians.means,
                "orientation_whitening": upper(orientation.gaussians.whitening),
                "orientation_thresholds": orientation.thresholds,
            },
            file,
        )
    block = {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
             "threshold": statistics.threshold, **({"format": 2} if orientation else {})}
    described = json.loads((spec.folder / "model.json").read_text()) | {"ood": block}
    (spec.folder / "model.json").write_text(json.dumps(described))
    return load_spec(spec.folder)


def upper(matrix: np.ndarray) -> np.ndarray:
    return matrix[np.triu_indices(len(matrix))]


def plain_gaussians(width: int) -> Gaussians:
    return Gaussians(np.zeros((2, width), np.float32), np.eye(width, dtype=np.float32))


def looks(embeddings: np.ndarray, images: np.ndarray) -> SliceFeatures:
    return SliceFeatures(embeddings, texture_views(images), (images == images[:, :, :1, :1]).all(axis=(1, 2, 3)))


def fitted(points: np.ndarray, labels: np.ndarray, held_out: np.ndarray, items: np.ndarray) -> OODStatistics:
    """Statistics of points alone, whose pictures are all of noise."""
    chance = np.random.default_rng(9)

    def with_noise(embeddings: np.ndarray) -> SliceFeatures:
        views = [chance.normal(size=(len(embeddings), 2)) for _ in range(1 + len(ROTATIONS))]
        return SliceFeatures(embeddings, views, np.zeros(len(embeddings), bool))

    return fit_ood_statistics(with_noise(points), labels, with_noise(held_out), items)


@pytest.fixture(scope="module")
def spec(tmp_path_factory) -> ModelSpec:
    """A model with statistics of phantom heads."""
    vit = {"encoder": "vit_tiny_patch16_224", "decoder_widths": [8, 8, 8]}  # what tells images apart needs some width
    spec = tiny_model(tmp_path_factory.mktemp("heads"), arguments=vit, seed=0)
    backend = TorchBackend(spec, "cpu")
    (train, _), (validation, items) = (slices_of(heads(count, seed)) for count, seed in ((24, 1), (10, 2)))
    seen, held_out = (looks(backend.run(part[:, None])[2], part[:, None]) for part in (train, validation))
    labels = (np.arange(len(train)) % 10 > 4).astype(np.int64)
    return with_statistics(spec, fit_ood_statistics(seen, labels, held_out, items))


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
def test_something_that_is_not_a_head_is_told_to_be_out_of_distribution(predictor, volume):
    warnings = predictor.predict(volume).warnings
    assert any(WARNING in w and "Do not rely on the answer" in w for w in warnings)
    assert any("it lies further" in w for w in warnings) == volume.planar


def test_a_few_strange_slices_do_not_make_a_strange_volume(predictor):
    volume = heads(1, seed=8)[0]
    array = volume.array.copy()
    array[:3] = noise().array[:3] * 2
    look, _ = predictor.run_network(prepare(replace(volume, array=array), 32, "axial"))
    beyond = look.distances > predictor.spec.ood.threshold
    assert beyond[:3].all() and beyond.mean() < 0.5
    assert not any(WARNING in w for w in predictor.predict(replace(volume, array=array), Options("axial")).warnings)


@pytest.mark.parametrize("volume", [noise(), blobs(), stripes()], ids=["noise", "photograph", "stripes"])
def test_the_model_that_comes_with_unifiedvit_is_not_fooled_either(volume):
    warnings = Predictor(find_model(DEFAULT_MODEL), "cpu").predict(volume).warnings
    assert any(WARNING in w for w in warnings)


def test_a_model_without_statistics_says_nothing_of_it(tmp_path):
    spec = tiny_model(tmp_path / "m")
    assert spec.ood is None and load_ood_statistics(spec) is None
    predictor = Predictor(spec, "cpu")
    assert predictor.run_network(prepare(noise(), 32))[0].distances is None
    assert not any(WARNING in w for w in predictor.predict(noise()).warnings)


# The statistics


def test_texture_and_layout_of_a_picture_that_is_put_right_are_those_of_the_picture_turned_back():
    images = np.random.default_rng(5).normal(size=(3, 48, 48)).astype(np.float32)
    images += np.linspace(0, 3, 48, dtype=np.float32)[:, None]
    seen = texture(images), layout(images)
    assert seen[0].shape == (3, 4, 5, 3) and seen[1].shape == (3, 8, 8)
    upright = {"upside down": images[:, ::-1], "turned to the right": np.rot90(images, 1, axes=(1, 2)),
               "turned to the left": np.rot90(images, -1, axes=(1, 2))}
    for turn in ROTATIONS:
        back = np.ascontiguousarray(upright[turn])
        np.testing.assert_allclose(undo_rotation(*seen, turn)[0], texture(back), atol=1e-5)
        np.testing.assert_allclose(undo_rotation(*seen, turn)[1], layout(back), atol=1e-5)


@pytest.mark.parametrize("turn", ROTATIONS)
def test_a_picture_that_is_held_the_wrong_way_is_told(turn):
    """Pictures that are bright below; nothing of them is in the network."""
    chance, rows = np.random.default_rng(6), np.linspace(-1, 1, 32, dtype=np.float32)[:, None]

    def upright(count: int) -> np.ndarray:
        return (rows + 0.3 * np.sin(9 * rows) + chance.normal(0, 0.2, (count, 1, 32, 32))).astype(np.float32)

    nothing, train, held_out, given = np.zeros((200, 2), np.float32), upright(200), upright(200), upright(20)
    statistics = fit_ood_statistics(looks(nothing + chance.normal(size=(200, 2)), train), np.arange(200) % 2,
                                    looks(nothing + chance.normal(size=(200, 2)), held_out), np.arange(200))
    wrong = {"upside down": given[:, :, ::-1], "turned to the right": np.rot90(given, -1, axes=(2, 3)),
             "turned to the left": np.rot90(given, 1, axes=(2, 3))}[turn]
    place = ROTATIONS.index(turn)
    assert statistics.score(statistics.features(nothing[:20], np.ascontiguousarray(wrong)))[1][:, place].all()
    assert not statistics.score(statistics.features(nothing[:20], given))[1].any()


def test_a_picture_alone_that_looks_like_none_either_way_is_not_called_upside_down_by_what_it_gains():
    """A brain without its skull, among heads: far from all of training, and a little less far turned over."""
    chance = np.random.default_rng(7)
    rows, columns = np.mgrid[-1:1:32j, -1:1:32j].astype(np.float32)

    def upright(count: int) -> np.ndarray:
        return (rows + 0.3 * np.sin(9 * rows) + chance.normal(0, 0.2, (count, 1, 32, 32))).astype(np.float32)

    def embedded(count: int) -> np.ndarray:
        return chance.normal(size=(count, 2)).astype(np.float32)

    statistics = fit_ood_statistics(looks(embedded(200), upright(200)), np.arange(200) % 2,
                                    looks(embedded(200), upright(200)), np.arange(200))
    strange = upright(6)[:, :, ::-1] + 3 * np.sin(9 * columns)
    for count, called in ((1, False), (6, True)):
        features = statistics.features(embedded(count), np.ascontiguousarray(strange[:count]))
        assert statistics.score(features)[1][:, 0].all() == called
    held = np.ascontiguousarray(upright(1)[:, :, ::-1])
    assert statistics.score(statistics.features(embedded(1), held))[1][0].tolist() == [True, False, False]


def test_an_image_held_the_wrong_way_gets_a_sentence_and_slices_with_nothing_on_them_do_not_count(spec):
    nan, near, far = np.nan, 0.0, 1e6
    right, wrong = [False] * 3, [False, True, False]

    def said(distances, rotated) -> str:
        return " ".join(ood_warnings(np.array(distances), np.array(rotated), spec))

    assert said([nan, nan, nan, near], [right] * 4) == "" == said([nan] * 2, [wrong] * 2)
    assert "seems to be turned to the right" in said([nan, near, near, near], [right, wrong, wrong, right])
    assert "(100% of its slices" in said([nan, nan, nan, far], [right] * 4)


def test_a_mask_in_place_of_a_scan_is_told(spec):
    image = head_volume()
    mask = replace(image, array=(image.array > image.array.mean()).astype(np.uint8))
    assert any("has only 2 different values" in said for said in input_warnings(prepare(mask, 32), spec))
    assert not any("different values" in said for said in input_warnings(prepare(heads(1, 3)[0], 32), spec))


def test_distances_are_those_of_mahalanobis_to_the_nearest_mean():
    chance = np.random.default_rng(0)
    means, whitening = chance.normal(size=(3, 5)), np.triu(chance.normal(size=(5, 5)))
    points = chance.normal(size=(7, 5))
    precision = whitening.T @ whitening
    expected = [min(np.sqrt((p - m) @ precision @ (p - m)) for m in means) for p in points]
    np.testing.assert_allclose(Gaussians(means, whitening).distances(points), expected)
    statistics = OODStatistics(Gaussians(means, whitening), 1.0)
    seen = [statistics.features(part, np.zeros((len(part), 1, 32, 32))) for part in (points[:4], points[4:])]
    distances, rotated = statistics.score(OODFeatures.concatenate(seen))
    np.testing.assert_allclose(distances, expected)
    assert rotated is None, "of format 1"


def test_the_fit_finds_the_means_and_the_spread_of_known_gaussians():
    chance = np.random.default_rng(1)
    labels = np.repeat([0, 2], 3000)  # no image shows class 1
    centres = np.array([[0.0, 0, 0], [np.nan] * 3, [9.0, 0, 0]])
    spread = np.diag([1.0, 2.0, 0.5])
    points = centres[labels] + chance.normal(size=(6000, 3)) @ spread
    held_out = centres[labels] + chance.normal(size=(6000, 3)) @ spread
    found = fit_gaussians(points, labels)
    np.testing.assert_allclose(found.means, centres[[0, 2]], atol=0.1)
    covariance = np.linalg.inv(found.whitening.T @ found.whitening)
    np.testing.assert_allclose(covariance, spread**2, atol=0.2)
    np.testing.assert_array_equal(found.whitening, found.whitening.astype(np.float16))
    assert np.isfinite(fit_gaussians(points * 1e-5, labels).whitening).all(), "out of float16's range"
    threshold = threshold_within(found.distances(held_out), np.arange(6000))
    assert (found.distances(held_out) > threshold).mean() == pytest.approx(0.01, abs=0.001)
    assert threshold == pytest.approx(11.34**0.5, rel=0.1)  # 99th percentile of chi-squared, 3 degrees
    assert fitted(points, labels, held_out, np.arange(6000)).threshold == pytest.approx(15.09**0.5, rel=0.1)  # 5


def test_every_image_counts_the_same_however_many_slices_it_has():
    chance = np.random.default_rng(2)
    points = chance.normal(size=(500, 2))
    held_out = np.concatenate([np.full((900, 2), 20.0), chance.normal(size=(199, 2))])
    items = np.concatenate([np.zeros(900), 1 + np.arange(199)])
    threshold = fitted(points, np.zeros(500, int), held_out, items).threshold
    assert threshold < 6, "one strange volume of 900 slices is one of 200 images"


def test_statistics_need_named_slices_to_fit_and_others_to_measure():
    def slices(labels, sides) -> SliceSet:
        count = len(labels)
        empty = np.zeros(count, np.int64)
        names = np.full(count, "x")
        return SliceSet(np.zeros((count, 32, 32), np.float16), np.zeros((count, 32, 32), np.uint8),
                        np.ones(count, bool), np.array(labels), empty, empty, names, names, np.array(sides), names)

    assert measure_ood_statistics(None, slices([-1, 1, 0], ["train", "train", "validation"])) is None
    assert measure_ood_statistics(None, slices([0, 1, 0], ["train", "train", "train"])) is None


# Files


BLOCK = {"file": "ood.safetensors", "sha256": "0" * 64, "threshold": 20.5}


def test_the_block_of_the_description_is_read_and_may_be_missing():
    assert parse_spec(spec_data(), Path()).ood is None
    read = parse_spec(spec_data(ood=BLOCK), Path()).ood
    assert (read.file, read.sha256, read.threshold, read.format) == ("ood.safetensors", "0" * 64, 20.5, 1)
    assert parse_spec(spec_data(ood=BLOCK | {"format": 2}), Path()).ood.format == 2
    with pytest.raises(ModelSpecError, match=r"^ood\.format: .* format 3; this version reads 1 and 2. Update"):
        parse_spec(spec_data(ood=BLOCK | {"format": 3}), Path())


@pytest.mark.parametrize(("field", "wrong"), [
    ("file", "../evil"), ("file", 3), ("sha256", "abc"), ("threshold", -1), ("threshold", "far"),
    ("threshold", float("nan")), ("threshold", None),
])
def test_a_wrong_field_of_the_block_is_named(field, wrong):
    with pytest.raises(ModelSpecError, match=rf"^ood\.{field}: "):
        parse_spec(spec_data(ood=BLOCK | {field: wrong}), Path())
    with pytest.raises(ModelSpecError, match=rf"^ood\.{field}: this field is missing"):
        parse_spec(spec_data(ood={k: v for k, v in BLOCK.items() if k != field}), Path())


def test_a_block_that_is_not_an_object_is_refused():
    with pytest.raises(ModelSpecError, match=r"^ood: an object"):
        parse_spec(spec_data(ood=None), Path())


def damaged(data: bytes) -> bytes:
    return data[:-4] + bytes(4)


@pytest.mark.parametrize("spoil", [damaged, lambda data: data[:50], lambda data: b""],
                         ids=["changed", "cut", "empty"])
def test_a_damaged_file_is_refused_before_it_is_used(tmp_path, spoil):
    spec = with_statistics(tiny_model(tmp_path / "m"), OODStatistics(plain_gaussians(4), 3.0))
    file = spec.folder / spec.ood.file
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(WeightsError, match=r"ood\.safetensors of Tiny is damaged"):
        Predictor(spec, "cpu")


def test_a_missing_file_is_refused(tmp_path):
    spec = parse_spec(spec_data(ood=BLOCK), tmp_path)
    with pytest.raises(WeightsError, match=r"ood\.safetensors of Tiny cannot be read"):
        load_ood_statistics(spec)


@pytest.mark.parametrize("tensors", [
    {"means": np.zeros((2, 4), np.float32)},
    {"means": np.zeros((2, 4), np.float32), "whitening": np.zeros((4, 3), np.float32)},
    {"means": np.zeros((0, 4), np.float32), "whitening": np.eye(4, dtype=np.float32)},
    {"means": np.zeros(4, np.float32), "whitening": np.eye(4, dtype=np.float32)},
    {"means": np.full((2, 4), np.nan, np.float32), "whitening": np.eye(4, dtype=np.float32)},
], ids=["no whitening", "not square", "no class", "flat", "not finite"])
def test_a_file_that_holds_something_else_is_refused(tmp_path, tensors):
    file = tmp_path / "ood.safetensors"
    save_file(tensors, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    spec = parse_spec(spec_data(ood=BLOCK | {"sha256": digest}), tmp_path)
    with pytest.raises(WeightsError, match=r"cannot be read|does not hold what it should"):
        load_ood_statistics(spec)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda orientation: replace(orientation, thresholds=np.zeros(2, np.float32)),
        lambda orientation: replace(
            orientation, gaussians=Gaussians(np.zeros((2, 3), np.float32), np.eye(4, dtype=np.float32))
        ),
    ],
    ids=["two thresholds", "another triangle"],
)
def test_a_file_of_format_2_that_holds_something_else_is_refused(tmp_path, spoil):
    orientation = spoil(OrientationStatistics(plain_gaussians(4), np.zeros(3, np.float32)))
    spec = with_statistics(tiny_model(tmp_path / "m"), OODStatistics(plain_gaussians(4), 3.0, orientation))
    with pytest.raises(WeightsError, match=r"cannot be read|does not hold what it should"):
        load_ood_statistics(spec)


def test_statistics_of_another_network_are_refused(tmp_path):
    spec = with_statistics(tiny_model(tmp_path / "m"), OODStatistics(plain_gaussians(4), 3.0))
    with pytest.raises(WeightsError, match="of another network: they hold 4 values an image, the network gives 64"):
        Predictor(spec, "cpu").predict(head_volume())
