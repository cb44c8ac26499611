"""Pre-training by painting back what was hidden."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny_encoders import TINY, SwinEncoder, SwinNetwork, pictures
from torch import nn
from training_sets import SURE, discs, project, stored
from unifiedvit_training.config import Augmentation, Initial, Pretrain, Project
from unifiedvit_training.data.dataset import Dataset, SliceSet
from unifiedvit_training.errors import DataError, RunError
from unifiedvit_training.learning import pretrain as pretrain_module
from unifiedvit_training.learning.fit import fit
from unifiedvit_training.learning.initialise import load_initial_weights
from unifiedvit_training.learning.masked_modelling import MaskedModel, hide, masked_model, random_mask
from unifiedvit_training.learning.pretrain import ENCODER_FILE, PICTURE_FILE, pretrain
from unifiedvit_training.learning.sampling import generators_of

from UnifiedViTLib.models import ARCHITECTURES, build_model
from UnifiedViTLib.models.encoders import Features, ViTEncoder


def chances(count: int, seed: int = 0) -> list[torch.Generator]:
    return generators_of(seed, 0, range(count))


def small(**values) -> Project:
    """A project whose encoder is tiny; `values` replace those of `pretrain`, "model" in them those of the model."""
    model = values.pop("model", {})
    plan = {"size": 32, "epochs": 2, "batch_size": 8, "decoder_width": 32, "decoder_depth": 1} | values
    return project(model={"arguments": TINY | {"stem_width": 8}} | model).model_copy(
        update={"pretrain": Pretrain(**plan)})


def rows(run: Path) -> list[dict[str, str]]:
    with open(run / "train.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_as_many_blocks_are_hidden_in_every_image_others_in_each_and_the_same_again():
    hidden = random_mask(4, 4, 0.6, chances(50))
    assert (hidden.flatten(1).sum(1) == 10).all() and len(hidden.flatten(1).unique(dim=0)) > 40
    assert torch.equal(hidden, random_mask(4, 4, 0.6, chances(50)))
    assert [int(random_mask(2, 2, share, chances(1)).sum()) for share in (0.01, 0.99)] == [1, 3]


@pytest.mark.parametrize("make", [lambda: ViTEncoder("test_vit", 1, 32), lambda: ViTEncoder("test_vit", 1, 32, 8),
                                  SwinEncoder], ids=["vit", "vit with stem", "swin"])
def test_nothing_of_hidden_pixels_reaches_what_is_painted(make):
    torch.manual_seed(0)
    model = masked_model(make(), 64, 32, 1).eval()
    images, hidden = pictures(2).requires_grad_(), random_mask(64 // model.block, 64 // model.block, 0.5, chances(2))
    painted = model.reconstruct(hide(images, hidden, model.block), hidden)
    assert painted.shape == images.shape
    (gradient,) = torch.autograd.grad((painted * torch.randn(painted.shape)).sum(), images)
    seen = hide(torch.ones_like(images), hidden, model.block) > 0
    assert seen.float().mean() == 0.5
    assert not gradient[~seen].any() and (gradient[seen] != 0).float().mean() > 0.9


def test_only_visible_tokens_go_through_the_vit():
    model = masked_model(ViTEncoder("test_vit", 1, 32, 8), 64, 32, 1)
    lengths = []
    model.encoder.vit.blocks[0].register_forward_hook(lambda _, given, __: lengths.append(given[0].shape[1]))
    model(pictures(2), random_mask(4, 4, 0.75, chances(2)))
    assert lengths == [1 + 4]


def test_with_all_visible_the_encoder_sees_what_it_sees_in_use_at_any_size():
    model = masked_model(ViTEncoder("test_vit", 1, 32, 8), 64, 32, 1).eval()
    tokens = []
    model.narrow.register_forward_hook(lambda _, given, __: tokens.append(given[0]))
    model.reconstruct(pictures(2), torch.zeros(2, 4, 4, dtype=torch.bool))
    features = model.encoder(pictures(2))
    torch.testing.assert_close(tokens[0][:, 0], features.cls)
    torch.testing.assert_close(tokens[0][:, 1:], features.patch_maps[-1].flatten(2).transpose(1, 2))


def test_the_loss_is_of_hidden_blocks_alone_each_in_its_own_scale():
    class Knowing(MaskedModel):
        def reconstruct(self, seen, hidden):
            blocks = images.unfold(2, 16, 16).unfold(3, 16, 16)
            truth = (blocks - blocks.mean((4, 5), keepdim=True)) / blocks.std((4, 5), keepdim=True, correction=0)
            truth = torch.where(hidden[:, None, :, :, None, None], truth + wrong, 99.0)
            return truth.permute(0, 1, 2, 4, 3, 5).reshape(images.shape)

    images, hidden, wrong = 50 + 100 * torch.randn(2, 1, 64, 64), random_mask(4, 4, 0.5, chances(2)), 0.0
    loss, painted = Knowing(nn.Identity(), 16)(images, hidden)
    assert loss < 1e-6
    away = (painted - images).abs()
    assert (away < 0.1).float().mean() == 0.5, "hidden blocks are painted in the scale of the image"
    wrong = 2.0
    assert Knowing(nn.Identity(), 16)(images, hidden)[0] == pytest.approx(4.0, abs=1e-3)


def test_air_whose_only_content_is_noise_counts_little():
    class Empty(MaskedModel):
        def reconstruct(self, seen, hidden):
            return torch.zeros_like(seen)

    loss, _ = Empty(nn.Identity(), 16)(-2 + 0.02 * torch.randn(2, 1, 64, 64), random_mask(4, 4, 0.5, chances(2)))
    assert loss < 0.1


@pytest.mark.parametrize("make, images", [
    (lambda: ViTEncoder("test_vit", 1, 64), pictures(1).repeat(6, 1, 1, 1)),
    (SwinEncoder, pictures(3, 32).tile(2, 1, 2, 2)),  # so few cells do not tell a pyramid where they are
], ids=["vit", "swin"])
def test_an_encoder_learns_to_paint_what_can_be_known(make, images, seed, record_property):
    torch.manual_seed(seed)
    model = masked_model(make(), 64, 64, 1)
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3)
    side, losses = 64 // model.block, []
    for step in range(160):
        loss, _ = model(images, random_mask(side, side, 0.5, chances(6, 1000 * seed + step)))
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
        if losses[-1] < 0.3:
            break
    record_property("margin", float(160 / len(losses)))
    assert losses[-1] < 0.3 < 0.8 < losses[0]


def test_an_input_that_the_pyramid_cannot_divide_is_refused():
    class Third(nn.Module):
        in_channels = 1

        def forward(self, image):
            return Features(image, [nn.functional.adaptive_avg_pool2d(image, 3)], [])

    with pytest.raises(RunError, match=r"pretrain\.size: 64 pixels a side become 3 cells"):
        masked_model(Third(), 64, 32, 1)


def test_pre_training_lowers_the_loss_and_leaves_an_encoder_that_the_whole_network_takes_over(
        tmp_path, seed, record_property):
    dataset, plan = discs(tmp_path / "discs"), small(epochs=6, optimiser={"learning_rate": 3e-3})
    one = np.repeat(pictures(1, 32)[:, 0].numpy().astype(np.float16), len(dataset.slices), axis=0)
    dataset = changed(dataset, tmp_path / "dataset", images=one)  # noise cannot be painted back
    still = plan.fit.model_copy(update={"augmentation": Augmentation(**SURE["augmentation"])})
    plan = plan.model_copy(update={"seed": seed, "fit": still})
    weights = pretrain(plan, dataset, tmp_path / "run")
    losses = [float(row["loss"]) for row in rows(tmp_path / "run")]
    record_property("margin", float(0.9 * losses[0] / losses[-1]))
    assert len(losses) == 6 and losses[-1] < 0.9 * losses[0]
    assert (tmp_path / "run" / PICTURE_FILE).read_bytes()[:4] == b"\x89PNG"
    assert weights == tmp_path / "run" / ENCODER_FILE
    whole = build_model(plan.model.architecture, plan.model.build_arguments())
    count = len(whole.encoder.state_dict())
    assert f"{count} of {count} of its encoder, 0 of" in load_initial_weights(whole, Initial(weights=weights))
    for name, value in load_file(weights).items():
        assert torch.equal(whole.state_dict()[name], value)


def test_the_loop_takes_any_encoder(tmp_path, monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "swin", SwinNetwork)
    plan = small(size=64, epochs=1, model={"architecture": "swin"})
    weights = load_file(pretrain(plan, discs(tmp_path / "dataset"), tmp_path / "run"))
    assert weights.keys() == SwinNetwork().state_dict().keys()


class Killed(BaseException):
    """The process ends here."""


def test_a_run_killed_twice_ends_bit_for_bit_as_one_that_was_not(tmp_path, monkeypatch):
    dataset, plan = discs(tmp_path / "dataset"), small(save_minutes=0.0)
    pretrain(plan, dataset, tmp_path / "whole")
    save_state, states = pretrain_module.save_state, []

    def killed_now_and_then(run, state):
        save_state(run, state)
        states.append((state["epoch"], state["step"]))
        if len(states) in (2, 5):
            raise Killed

    monkeypatch.setattr(pretrain_module, "save_state", killed_now_and_then)
    for _ in range(2):
        with pytest.raises(Killed):
            pretrain(plan, dataset, tmp_path / "killed")
    pretrain(plan, dataset, tmp_path / "killed")
    assert states == [(0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2), (1, 3), (2, 0)]
    first, second = ((tmp_path / name / ENCODER_FILE).read_bytes() for name in ("whole", "killed"))
    assert first == second
    first, second = ([{k: v for k, v in row.items() if k != "images_per_second"} for row in rows(tmp_path / name)]
                     for name in ("whole", "killed"))
    assert first == second


def changed(dataset: Dataset, folder: Path, **arrays: np.ndarray) -> Dataset:
    """The same dataset with other arrays."""
    return stored(folder, SliceSet(**vars(dataset.slices) | arrays), list(dataset.items))


def test_neither_the_other_sides_nor_labels_nor_masks_are_looked_at(tmp_path):
    dataset = discs(tmp_path / "dataset")
    images = np.where((dataset.slices.sides == "train")[:, None, None], dataset.slices.images, np.float16(7))
    other = changed(dataset, tmp_path / "other", images=images, labels=np.full(len(images), -1),
                    masks=1 - dataset.slices.masks, has_mask=np.zeros(len(images), bool))
    first, second = (pretrain(small(epochs=1), data, tmp_path / name).read_bytes()
                     for name, data in (("a", dataset), ("b", other)))
    assert first == second


def test_patients_that_an_encoder_has_learnt_from_are_not_measured_on(tmp_path):
    dataset = discs(tmp_path / "dataset")
    slices, weights = dataset.slices, pretrain(small(epochs=1), dataset, tmp_path / "pretrained")
    moved = {side: replace(dataset, slices=replace(slices, sides=np.where(
        (slices.sides == side) & (slices.groups == slices.groups[slices.on(side)[0]]), "test", slices.sides)))
        for side in ("train", "validation")}
    recipe = project(stages=[{"size": 32, "epochs": 1}], initial={"weights": weights}).fit
    plan = small().model_copy(update={"fit": recipe})
    with pytest.raises(RunError, match=r"encoder\.safetensors comes from learnt from 1 patients who now stand on the"):
        fit(plan, moved["train"], tmp_path / "run")
    fit(plan, moved["validation"], tmp_path / "run")  # which it did not look at


def test_a_loss_that_is_not_a_number_ends_the_run_in_words_and_keeps_what_was_saved(tmp_path):
    dataset = discs(tmp_path / "dataset")
    plan, run = small(epochs=1), tmp_path / "run"
    pretrain(plan, dataset, run)
    before = (run / ENCODER_FILE).read_bytes()
    (run / "last.ckpt").unlink()
    with pytest.raises(RunError, match=r"not a number any more \(epoch 1, step 2\).* pretrain\.optimiser"):
        pretrain(small(epochs=1, optimiser={"learning_rate": 1e30}), dataset, run)
    assert (run / ENCODER_FILE).read_bytes() == before


def test_a_run_does_not_go_on_with_another_recipe(tmp_path):
    dataset = discs(tmp_path / "dataset")
    pretrain(small(epochs=1), dataset, tmp_path / "run")
    with pytest.raises(RunError, match=r"other values of pretrain\.epochs, pretrain\.mask_ratio"):
        pretrain(small(epochs=3, mask_ratio=0.5), dataset, tmp_path / "run")


def test_without_images_to_learn_from_nothing_begins(tmp_path):
    dataset = discs(tmp_path / "dataset")
    with pytest.raises(DataError, match="no slices on the train side"):
        pretrain(small(), changed(dataset, tmp_path / "b", sides=np.full(len(dataset.slices), "test")),
                 tmp_path / "run")
