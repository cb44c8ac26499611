"""Out-of-distribution statistics know what training imitated: faults of the scanner, stripped heads."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from builders import head_volume
from training_sets import project
from unifiedvit_training.config import Augmentation
from unifiedvit_training.data.dataset import SliceSet
from unifiedvit_training.evaluation.ood.fit import measure_ood_statistics
from unifiedvit_training.exporting.imitation import imitation_of
from unifiedvit_training.learning.artefacts import add_artefacts
from unifiedvit_training.learning.sampling import generators_of
from unifiedvit_training.runs.networks import build_network

from UnifiedViTLib.imaging.preparation import prepare

NOTHING = Augmentation(**dict.fromkeys(Augmentation.model_fields, 0))


@pytest.fixture(scope="module")
def heads():
    """600 slices of 60 heads, each of its own noise; a third for validation."""
    chance = np.random.default_rng(4)
    images = []
    for _ in range(60):
        head = head_volume(shape=(10, 45, 41))
        head.array[:] = head.array * chance.uniform(0.7, 1.3) + chance.normal(0, 4, head.array.shape)
        images.append(prepare(head, 48).batch(0, 10))
    images, items = np.concatenate(images), np.arange(600) // 10
    return SliceSet(
        images=images.astype(np.float16), masks=np.zeros(images.shape, np.uint8), has_mask=np.ones(600, bool),
        labels=np.zeros(600, np.int64), items=items, positions=np.arange(600) % 10, groups=items.astype(str),
        sources=np.full(600, "heads"), sides=np.where(items % 3 == 2, "validation", "train"),
        planes=np.full(600, "axial"))


def distances(statistics, network, images: np.ndarray) -> np.ndarray:
    """Of slices (N, 48, 48), in thresholds."""
    batch = np.ascontiguousarray(images[:, None], np.float32)
    with torch.inference_mode():
        embeddings = network(torch.from_numpy(batch)).embedding.numpy()
    return statistics.score(statistics.features(embeddings, batch))[0] / statistics.threshold


def test_a_fault_that_training_imitated_is_much_nearer_and_another_kind_of_image_as_far(heads):
    torch.manual_seed(0)
    network = build_network(project(model={"input": {"size": 48, "modality": "any", "expects": "heads"}}).model).eval()
    imitate = imitation_of(NOTHING.model_copy(update={"artefacts": 0.25}))
    plain, knowing = (measure_ood_statistics(network, heads, imitate=one) for one in (None, imitate))
    held_out = heads.images[heads.sides == "validation"].astype(np.float32)
    faulty = add_artefacts(torch.from_numpy(held_out[:, None]), 1.0, generators_of(9, 0, range(200)))[:, 0].numpy()
    before, after = (np.median(distances(one, network, faulty)) for one in (plain, knowing))
    assert after < 0.5 * before
    assert (distances(knowing, network, held_out) > 1).mean() < 0.05
    assert (distances(knowing, network, -held_out) > 1).all(), "bright and dark exchanged"


def test_where_training_imitated_nothing_the_statistics_are_of_the_images_as_they_are():
    assert imitation_of(NOTHING) is None


@pytest.mark.parametrize("name", ["artefacts", "skull_strip"])
def test_a_few_images_are_changed_as_training_changed_them_every_time_the_same(heads, name):
    imitate = imitation_of(NOTHING.model_copy(update={name: 0.4}))
    images = heads.inputs(np.arange(400))
    first, again = (imitate(images.copy(), heads.masks[:400]) for _ in range(2))
    assert np.array_equal(first, again)
    assert 0.01 < np.mean([not np.array_equal(one, image) for one, image in zip(first, images, strict=True)]) < 0.2
