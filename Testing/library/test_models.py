"""The networks: shapes, gradients, sizes, and what they refuse."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file

from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.models import build_model
from UnifiedViTLib.models.dual_decoder import pool_patches_by_mask

VARIANTS = {
    "linear patches": {},
    "stem": {"stem_width": 8},
    "mask-attended pooling": {"stem_width": 8, "mask_attended_pooling": True},
    "narrow decoder": {"decoder_widths": [16, 8, 8]},
}


def network(seed: int = 0, **arguments):
    torch.manual_seed(seed)
    defaults = {"mask_classes": 4, "diagnosis_classes": 3, "image_size": 64}
    return build_model("shared_encoder_dual_decoder", defaults | arguments)


def images(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=VARIANTS.values(), ids=VARIANTS.keys())
def arguments(request):
    return request.param


@pytest.mark.parametrize("size", [(64, 64), (32, 32), (96, 96), (64, 112), (16, 48)])
def test_masks_have_the_size_of_the_image_and_diagnoses_one_row(arguments, size):
    with torch.inference_mode():
        output = network(**arguments).eval()(images(2, 1, *size))
    assert output.mask_logits.shape == (2, 4, *size)
    assert output.class_logits.shape == (2, 3)


@pytest.mark.parametrize("size", [(64, 65), (50, 64), (8, 16)])
def test_a_size_that_is_no_multiple_of_the_patch_is_refused(arguments, size):
    with pytest.raises(ValueError, match="multiples of 16"):
        network(**arguments)(images(1, 1, *size))


def test_gradients_reach_every_parameter(arguments):
    net = network(**arguments).train()
    output = net(images(4, 1, 64, 64))
    (output.mask_logits.square().mean() + output.class_logits.square().mean()).backward()
    still = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert still == []


def test_the_diagnosis_alone_does_not_shape_the_mask():
    net = network(mask_attended_pooling=True)
    net(images(2, 1, 64, 64)).class_logits.sum().backward()
    assert all(p.grad is None for p in net.segmentation.parameters())


def test_evaluation_gives_the_same_answer_twice_and_alone_or_in_a_batch(arguments):
    net = network(**arguments, drop_path=0.3, dropout=0.5).eval()
    batch = images(3, 1, 64, 64)
    with torch.inference_mode():
        first, second, alone = net(batch), net(batch), net(batch[1:2])
    assert torch.equal(first.mask_logits, second.mask_logits)
    assert torch.equal(first.class_logits, second.class_logits)
    torch.testing.assert_close(first.mask_logits[1:2], alone.mask_logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(first.class_logits[1:2], alone.class_logits, atol=1e-4, rtol=1e-4)


def test_saved_and_loaded_it_is_the_same_network(arguments, tmp_path):
    net, other = network(**arguments).eval(), network(seed=5, **arguments).eval()
    save_file(net.state_dict(), tmp_path / "weights.safetensors")
    other.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    with torch.inference_mode():
        before, after = net(images(1, 1, 64, 64)), other(images(1, 1, 64, 64))
    assert torch.equal(before.mask_logits, after.mask_logits)
    assert torch.equal(before.class_logits, after.class_logits)


@pytest.mark.parametrize(("encoder", "millions", "width"), [
    ("vit_tiny_patch16_224", 5.5, 192), ("vit_small_patch16_224", 21.7, 384), ("vit_base_patch16_224", 85.8, 768),
])
def test_encoders_have_their_published_size_and_the_decoder_follows(encoder, millions, width):
    with torch.device("meta"):
        net = network(encoder=encoder, image_size=224, in_channels=3)
    count = sum(p.numel() for p in net.encoder.parameters()) / 1e6
    assert count == pytest.approx(millions, abs=0.06)
    assert net.segmentation.head.in_channels == width // 8
    assert [up.out_channels for up in net.segmentation.up] == [width // 2, width // 4, width // 8]


def test_the_skips_come_from_a_quarter_a_half_three_quarters_and_all_of_the_blocks():
    assert network().encoder.indices == [2, 5, 8, 11]


def test_the_mask_of_a_fully_convolutional_path_moves_with_the_image():
    # One patch to the right, with position embeddings and attention taken out: whatever the decoder does with
    # patches, it does at their own place.
    net = network(decoder_widths=[8, 8, 8]).eval()
    with torch.no_grad():
        net.encoder.vit.pos_embed.zero_()
        for block in net.encoder.vit.blocks:
            block.attn.proj.weight.zero_()
            block.attn.proj.bias.zero_()
    picture = images(1, 1, 96, 96)
    with torch.inference_mode():
        still, moved = net(picture).mask_logits, net(picture.roll(16, dims=3)).mask_logits
    inside = slice(32, 64)
    torch.testing.assert_close(moved[..., inside, 48:80], still[..., inside, 32:64], atol=1e-4, rtol=1e-3)


def test_patches_under_the_drawing_count():
    patches = torch.arange(16.0).reshape(1, 1, 4, 4)
    logits = torch.zeros(1, 2, 64, 64)
    logits[:, 0] = 20
    logits[:, 0, 16:32, 32:48], logits[:, 1, 16:32, 32:48] = 0, 20  # the patch in row 1, column 2
    assert pool_patches_by_mask(patches, logits).item() == pytest.approx(6, abs=0.1)


def test_an_unknown_architecture_is_refused_with_those_there_are():
    with pytest.raises(ModelSpecError, match=r"architecture: 'unet' is not one of shared_encoder_dual_decoder"):
        build_model("unet", {})


@pytest.mark.parametrize("wrong", [
    {"encoder": "vit_of_dreams"}, {"encoder": "resnet18"}, {"encoder": "swin_tiny_patch4_window7_224"},
    {"depth": 3}, {"decoder_widths": [8]}, {"decoder_widths": "wide"}, {"stem_width": -4}, {"stem_width": "x"},
    {"dropout": 7}, {"encoder": "vit_base_patch16_siglip_224"},
], ids=str)
def test_an_argument_that_cannot_be_is_refused(wrong):
    with torch.device("meta"), pytest.raises(ModelSpecError, match="arguments: shared_encoder_dual_decoder"):
        network(**wrong)
