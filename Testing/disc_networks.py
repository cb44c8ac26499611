"""Tiny networks that have learnt where discs are and whether they are bright or dark, for the tests of explanation."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from tiny_networks import network
from torch.nn.functional import cross_entropy

SIDE = 64


def discs(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Images (B, 1, 64, 64) of noise with a disc, bright (class 1) or dark (class 2), or without one (class 0); masks
    (B, 64, 64) and classes (B,)."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    images = chance.normal(0, 0.3, (count, 1, SIDE, SIDE)).astype(np.float32)
    classes, masks = np.arange(count) % 3, np.zeros((count, SIDE, SIDE), np.int64)
    for image, mask, label in zip(images, masks, classes, strict=True):
        row, column = chance.integers(12, SIDE - 12, 2)
        disc = (y - row) ** 2 + (x - column) ** 2 < 64
        if label:
            image[0][disc] += 3 if label == 1 else -3
            mask[disc] = 1
    return torch.from_numpy(images), torch.from_numpy(masks), torch.from_numpy(classes)


#: Steps of training after which a network knows discs by a wide margin, where less than 100 do.
_STEPS = dict.fromkeys(("hybrid_cnn_transformer", "unified_decoder", "fully_integrated"), 60)


@cache
def trained(name: str, seed: int) -> torch.nn.Module:
    """The tiny network of that architecture after a few seconds of training, in evaluation mode."""
    net = network(name, seed, image_size=SIDE, mask_classes=2).train()
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3, fused=True)  # a fifth of a step less
    for step in range(_STEPS.get(name, 100)):
        images, masks, classes = discs(8, seed=100 + 1000 * seed + step)
        output = net(images)
        loss = cross_entropy(output.class_logits, classes) + cross_entropy(output.mask_logits, masks)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)  # without it, one seed in ten learns nothing
        optimiser.step()
    return net.eval()
