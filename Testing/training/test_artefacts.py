"""Faults of an MR scanner, imitated in training."""

from __future__ import annotations

import pytest
import torch
from unifiedvit_training.config import Augmentation
from unifiedvit_training.learning.artefacts import add_artefacts
from unifiedvit_training.learning.augment import augment
from unifiedvit_training.learning.sampling import generators_of

from UnifiedViTLib.spec import MISSING


@pytest.fixture(scope="module")
def heads():
    """24 round heads with a bright spot, (24, 1, 64, 64); air at -1.5, the body at zero mean and unit variance."""
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    body = (y - 32) ** 2 + (x - 32) ** 2 < 26**2
    spot = (y - 24) ** 2 + (x - 38) ** 2 < 6**2
    head = torch.where(body, torch.sin(x / 3) * 0.3 + 2.0 * spot, torch.tensor(0.0))
    head = torch.where(body, (head - head[body].mean()) / head[body].std(), torch.tensor(-1.5))
    return head.expand(24, 1, 64, 64).clone()


def test_each_sample_has_its_own_artefact_whatever_the_batch(heads):
    whole = add_artefacts(heads, 1.0, generators_of(3, 0, range(24)))
    again = torch.cat([add_artefacts(heads[n:n + 1], 1.0, generators_of(3, 0, [n])) for n in range(24)])
    assert torch.equal(whole, again)
    assert all(not torch.allclose(one, head) for one, head in zip(whole, heads, strict=True))
    assert len({float(one.sum()) for one in whole}) == 24


def test_the_body_stays_normalised_under_an_artefact(heads):
    changed = add_artefacts(heads, 1.0, generators_of(3, 0, range(24)))
    for image, head in zip(changed, heads, strict=True):
        body = head > head.min() + 0.1 * (head.max() - head.min())
        assert float(image[body].mean()) == pytest.approx(float(head[body].mean()), abs=0.01)
        assert float(image[body].std()) == pytest.approx(float(head[body].std()), abs=0.01)
        assert torch.isfinite(image).all()


def test_about_the_share_asked_for_is_changed_and_missing_channels_never(heads):
    images = torch.cat([heads, torch.full_like(heads, MISSING)], dim=1).repeat(10, 1, 1, 1)
    changed = add_artefacts(images, 0.3, generators_of(1, 0, range(240)))
    share = (changed[:, 0] != images[:, 0]).flatten(1).any(dim=1).float().mean()
    assert 0.2 < float(share) < 0.4
    assert torch.equal(changed[:, 1], images[:, 1])


def test_the_augmentation_adds_them_where_the_recipe_says_so(heads):
    masks = (heads[:, 0] > 2).byte()
    still = Augmentation(**dict.fromkeys(Augmentation.model_fields, 0.0))
    plain, drawn = augment(heads, masks, 64, still, generators_of(5, 0, range(24)))
    images, same = augment(heads, masks, 64, still.model_copy(update={"artefacts": 1.0}),
                           generators_of(5, 0, range(24)))
    assert torch.equal(drawn, same)
    assert all(not torch.allclose(one, other) for one, other in zip(images, plain, strict=True))
