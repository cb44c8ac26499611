"""Beginning a run from weights of elsewhere, and which of them learn how fast."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from timm.models.vision_transformer import VisionTransformer
from tiny_encoders import TINY, SwinNetwork, pictures
from torch import nn
from training_sets import discs, project
from unifiedvit_training.config import Initial, Optimiser
from unifiedvit_training.errors import RunError
from unifiedvit_training.learning.fit import fit
from unifiedvit_training.learning.initialise import load_initial_weights, parameter_groups

from UnifiedViTLib.models import build_model


def network(**arguments) -> nn.Module:
    sizes = {"mask_classes": 2, "diagnosis_classes": 3, "image_size": 32}
    return build_model("shared_encoder_dual_decoder", TINY | sizes | arguments)


def test_without_a_beginning_nothing_is_taken_over():
    assert load_initial_weights(network(), Initial()) == "All weights begin at random."


def test_position_embeddings_of_another_grid_are_resampled_and_other_shapes_left_alone(tmp_path):
    torch.manual_seed(0)
    given, taker = network(image_size=64, diagnosis_classes=5), network()
    save_file({name: value.clone() for name, value in given.state_dict().items()}, tmp_path / "a.safetensors")
    before = {name: value.clone() for name, value in taker.state_dict().items()}
    said = load_initial_weights(taker, Initial(weights=tmp_path / "a.safetensors"))
    assert "0 of its encoder" not in said and "0 of 2 of its classifier" in said
    after = taker.state_dict()
    assert after["encoder.vit.pos_embed"].shape == (1, 1 + 2 * 2, 64)
    torch.testing.assert_close(after["encoder.vit.pos_embed"][:, 0], given.encoder.vit.pos_embed[:, 0])
    inner = given.encoder.vit.pos_embed[:, 1:].mean(1), after["encoder.vit.pos_embed"][:, 1:].mean(1)
    assert torch.cosine_similarity(*inner) > 0.9
    for name, value in after.items():
        if "classifier" in name:
            assert torch.equal(value, before[name])
        elif "pos_embed" not in name:
            assert torch.equal(value, given.state_dict()[name]), name


def test_weights_of_which_nothing_fits_or_that_cannot_be_read_are_refused(tmp_path):
    weights = tmp_path / "a.safetensors"
    save_file({"something.else": torch.zeros(3, 3), "encoder.vit.norm.bias": torch.zeros(64)}, weights)
    with pytest.raises(RunError, match=r"Nothing of .*a\.safetensors fits"):
        load_initial_weights(network(), Initial(weights=weights))
    weights.write_bytes(b"not weights")
    with pytest.raises(RunError, match="cannot be read as weights"):
        load_initial_weights(network(), Initial(weights=weights))


def test_patients_of_the_run_that_weights_come_from_are_not_measured_on(tmp_path):
    dataset = discs(tmp_path / "dataset")
    once, slices = {"stages": [{"size": 32, "epochs": 1}]}, dataset.slices
    weights = fit(project(**once), dataset, tmp_path / "first")
    plan, sides = project(**once, initial={"weights": weights}), slices.sides.copy()
    seen = slices.groups == slices.groups[slices.on("train")[0]]
    sides[seen] = "test"
    moved = replace(dataset, slices=replace(slices, sides=sides))
    with pytest.raises(RunError, match=r"run that .*best\.safetensors comes from learnt from 1 patients who now stand"):
        fit(plan, moved, tmp_path / "second")
    assert not (tmp_path / "second").exists()
    sides = sides.copy()
    sides[seen] = ""
    fit(plan, replace(dataset, slices=replace(slices, sides=sides)), tmp_path / "second")
    (tmp_path / "first" / "patients.json").unlink()
    with pytest.raises(RunError, match=r"The run in .*second learnt from 1 patients"):
        fit(plan, moved, tmp_path / "second")


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """Weights of a pre-trained three-channel encoder that timm knows as `published_vit.local`."""
    file = tmp_path_factory.mktemp("timm") / "published.safetensors"
    torch.manual_seed(1)
    save_file(timm.create_model("test_vit", num_classes=0).state_dict(), file)

    def published_vit(pretrained=False, **kwargs):
        sizes = {"img_size": 160, "patch_size": 16, "embed_dim": 64, "depth": 6, "num_heads": 2, "mlp_ratio": 3,
                 "dynamic_img_size": True}
        return build_model_with_cfg(VisionTransformer, "published_vit", pretrained, **sizes | kwargs)

    published_vit.__module__ = __name__  # where timm looks for `default_cfgs`
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.default_cfgs", generate_default_cfgs({"published_vit.local": {
            "file": str(file), "first_conv": "patch_embed.proj", "classifier": "head", "num_classes": 0,
        }}), raising=False)
        register_model(published_vit)
    return file


def test_a_pre_trained_encoder_of_timm_is_adapted_to_one_channel(published):
    taker = network(image_size=64)
    said = load_initial_weights(taker, Initial(timm="published_vit.local"))
    count = len(taker.encoder.state_dict())
    assert f"published_vit.local: {count} of {count} of its encoder, 0 of" in said
    given = load_file(published)
    kernel = taker.encoder.vit.patch_embed.proj.weight
    torch.testing.assert_close(kernel, given["patch_embed.proj.weight"].sum(1, keepdim=True))
    assert torch.equal(taker.encoder.vit.blocks[3].mlp.fc1.weight, given["blocks.3.mlp.fc1.weight"])


def test_a_pre_trained_encoder_behind_a_stem_brings_its_blocks(published):
    taker = network(stem_width=8)
    stem = taker.encoder.stem.down[0].conv.weight.clone()
    load_initial_weights(taker, Initial(timm="published_vit.local"))
    assert torch.equal(taker.encoder.stem.down[0].conv.weight, stem)


@pytest.mark.parametrize("name", ["vit_that_nobody_made", "test_vit.r160_in1k"], ids=["unknown", "out of reach"])
def test_a_pre_trained_encoder_that_cannot_be_had_is_told_in_words(name, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(RunError, match=rf"{name} cannot be had from timm .* fit\.initial\.weights"):
        load_initial_weights(network(), Initial(timm=name))


def test_every_weight_learns_once_and_only_matrices_decay():
    whole = network(stem_width=8)
    groups = parameter_groups(whole, Optimiser(weight_decay=0.1), Initial())
    assert sorted(id(p) for g in groups for p in g["params"]) == sorted(id(p) for p in whole.parameters())
    assert {g["scale"] for g in groups} == {1.0}
    names = {id(p): name for name, p in whole.named_parameters()}
    decayed = {names[id(p)] for g in groups if g["weight_decay"] for p in g["params"]}
    assert {"encoder.vit.blocks.0.attn.qkv.weight", "encoder.stem.down.0.conv.weight"} <= decayed
    assert not decayed & {"encoder.vit.pos_embed", "encoder.vit.cls_token"}
    assert not any(name.endswith("bias") or "norm" in name for name in decayed)


def scales(whole: nn.Module, initial: Initial) -> dict[str, float]:
    """What each parameter's learning rate is multiplied with, by name; frozen ones are not in it."""
    names = {id(p): name for name, p in whole.named_parameters()}
    return {names[id(p)]: g["scale"] for g in parameter_groups(whole, Optimiser(), initial) for p in g["params"]}


def test_blocks_further_from_the_output_learn_more_slowly():
    scale = scales(network(stem_width=8), Initial(layer_decay=0.5))
    assert scale["segmentation.head.weight"] == scale["classifier.1.bias"] == 1
    assert scale["encoder.vit.norm.weight"] == scale["encoder.vit.blocks.5.mlp.fc2.weight"] == 0.5
    assert scale["encoder.vit.blocks.0.norm1.bias"] == 0.5**6
    assert scale["encoder.vit.pos_embed"] == scale["encoder.stem.down.0.conv.weight"] == 0.5**7


def test_the_first_blocks_are_frozen_and_stay_as_they_are_while_the_rest_learns():
    whole = network(stem_width=8)
    groups = parameter_groups(whole, Optimiser(), Initial(freeze=0.5))
    frozen = {name for name, p in whole.named_parameters() if not p.requires_grad}
    assert {name.split(".")[3] for name in frozen if ".blocks." in name} == {"0", "1", "2"}
    assert {"encoder.vit.pos_embed", "encoder.stem.down.3.conv.weight"} <= frozen
    before = {name: p.detach().clone() for name, p in whole.named_parameters()}
    optimiser = torch.optim.AdamW(groups, 1e-2)
    output = whole(pictures(2))
    (output.mask_logits.square().mean() + output.class_logits.square().mean()).backward()
    optimiser.step()
    assert {name for name, p in whole.named_parameters() if torch.equal(p, before[name])} == frozen
    assert not any(name.startswith("encoder.") for name in scales(network(stem_width=8), Initial(freeze=1.0)))


def test_an_encoder_that_is_frozen_whole_stays_as_it_is_with_its_running_statistics(tmp_path):
    plan = project(stages=[{"size": 32, "epochs": 1}])
    plan = plan.model_copy(update={"model": plan.model.model_copy(update={
        "arguments": plan.model.arguments | {"stem_width": 8}})})
    dataset = discs(tmp_path / "data")
    first = fit(plan, dataset, tmp_path / "first")
    initial = Initial(weights=first, freeze=1.0)
    best = fit(plan.model_copy(update={"fit": plan.fit.model_copy(update={"initial": initial})}), dataset,
               tmp_path / "second")
    before, after = load_file(first), load_file(best)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and not any(name.startswith("encoder.") for name in changed)
    assert any("running_mean" in name for name in before if name.startswith("encoder.")), "there are some"


def test_an_encoder_that_timm_does_not_know_counts_as_one_block():
    whole = nn.Module()
    whole.encoder, whole.head = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), nn.Linear(2, 2)
    assert scales(whole, Initial(layer_decay=0.5)) == {
        name: 1.0 if "head" in name else 0.5 for name, _ in whole.named_parameters()}
    assert set(scales(whole, Initial(freeze=1.0))) == {"head.weight", "head.bias"}
    with pytest.raises(RunError, match="not one of timm"):
        load_initial_weights(whole, Initial(timm="test_vit"))


def test_a_pyramid_has_levels_of_its_own_depth():
    scale = scales(SwinNetwork(), Initial(layer_decay=0.5))
    assert scale["encoder.swin.patch_embed.proj.weight"] == min(scale.values())
    assert len(set(scale.values())) > 4
