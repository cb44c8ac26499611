"""MONAI's three-dimensional networks against the slice by slice one, learnt from the same volumes for the same time:
`python -m benchmarks.three_dimensions VOLUMES FLAIR`, VOLUMES the folder with volumes.csv, FLAIR that of what its
unpack_flair.py writes.

FLAIR of lower-grade gliomas, 41 volumes of one hospital to learn from, 15 of another to measure; the mask alone, as
all patients have the same diagnosis. Everything but the network is alike: intensities, in-plane size, changes of the
images, loss, optimiser (but its learning rate), and the processor's time, of one thread.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from monai.inferers.utils import sliding_window_inference
from monai.losses import DiceCELoss
from monai.networks.nets import UNETR, DynUNet, SwinUNETR
from torch import nn
from torch.nn.functional import interpolate
from unifiedvit_training.config.recipe import Initial
from unifiedvit_training.evaluation.bootstrap import with_intervals
from unifiedvit_training.evaluation.metrics import mean
from unifiedvit_training.learning.initialise import load_initial_weights

from UnifiedViTLib.inference.backends.torch_backend import computes_bfloat16
from UnifiedViTLib.models import build_model

from .measuring import machine, table

SIDE, SEED = 128, 0
#: What a network in three dimensions looks at, one a step: most volumes have not many more slices than that.
WINDOW, OVERLAP = (32, SIDE, SIDE), 0.25
#: What the other looks at in a step.
SLICES = 16
HYBRID = {"encoder": "vit_tiny_patch16_224", "depth": 4, "cnn": "tf_efficientnet_lite0", "decoder_widths": (64, 32, 24),
          "attention_gates": True, "task": "segmentation", "image_size": SIDE, "in_channels": 1, "mask_classes": 2,
          "diagnosis_classes": 2}


@dataclass
class Case:
    """A volume: `image` (Z, SIDE, SIDE) float32, `mask` of the same shape int64, and the `drawn` mask on its own grid
    (Z, Y, X) bool."""

    image: torch.Tensor
    mask: torch.Tensor
    drawn: np.ndarray


def main() -> None:
    """Learn, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.three_dimensions")
    parser.add_argument("volumes", type=Path)
    parser.add_argument("flair", type=Path)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--only", nargs="*", choices=NETWORKS, default=list(NETWORKS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    learnt_from, measured = (list(load(arguments.volumes, arguments.flair, site)) for site in ("DU", "HT"))
    print(f"{machine()}\n\n{len(learnt_from)} volumes to learn from, {len(measured)} measured; {arguments.minutes:g} "
          "minutes of learning each.\n", flush=True)
    rows = []
    for name in arguments.only:
        torch.manual_seed(SEED)
        network, dimensions, rate = NETWORKS[name]()
        steps = learn(network, dimensions, rate, learnt_from, arguments.minutes)
        rows.append([name, f"{sum(value.numel() for value in network.parameters()) / 1e6:.1f}", steps,
                     *measure(network, dimensions, measured)])
        print(*rows[-1], sep=", ", flush=True)
    print()
    table(["", "M weights", "steps", "Dice", "found", "slices without a tumour left empty", "s a volume"], rows)


def load(volumes: Path, flair: Path, site: str) -> Iterator[Case]:
    """The cases of one hospital."""
    with open(volumes / "volumes.csv", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["site"] == site:
                name = row["volume"].removesuffix(".nrrd")
                image, drawn = (sitk.GetArrayFromImage(sitk.ReadImage(str(path))) for path in (
                    flair / f"{name}_flair.nrrd", volumes / row["mask"]))
                yield prepare(image, drawn > 0)


def prepare(image: np.ndarray, drawn: np.ndarray) -> Case:
    """What is not air brought to mean 0 and deviation 1, in-plane to SIDE x SIDE."""
    grey = torch.from_numpy(image.astype(np.float32))
    body = grey[grey > 0.05 * np.percentile(image, 99.5)]
    grey = ((grey - body.mean()) / body.std()).clip(-5, 5)
    small = interpolate(grey[:, None], (SIDE, SIDE), mode="bilinear", antialias=True)[:, 0]
    mask = interpolate(torch.from_numpy(drawn)[:, None].float(), (SIDE, SIDE), mode="bilinear", antialias=True)[:, 0]
    return Case(small, (mask > 0.5).long(), drawn)


def learn(network: nn.Module, dimensions: int, rate: float, cases: list[Case], minutes: float) -> int:
    """AdamW with a cosine over `minutes`, Dice and cross-entropy; the number of steps."""
    chance = np.random.default_rng(SEED)
    draw = draw_slices if dimensions == 2 else draw_window
    loss_of = DiceCELoss(to_onehot_y=True, softmax=True, include_background=False, batch=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.05)
    network.to(memory_format=torch.channels_last if dimensions == 2 else torch.contiguous_format).train()
    steps, began = 0, time.process_time()
    while (share := (time.process_time() - began) / 60 / minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, share / 0.05 + 0.01) * 0.5 * (1 + math.cos(math.pi * share))
        images, masks = draw(cases, chance)
        with torch.autocast("cpu", torch.bfloat16, computes_bfloat16()):
            logits = mask_logits(network, images)
        loss = loss_of(logits.float(), masks)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        steps += 1
    return steps


def mask_logits(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Of ours and of MONAI's, (B, 2, ...)."""
    given = network(images)
    return given if torch.is_tensor(given) else given.mask_logits


def draw_slices(cases: list[Case], chance: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """(SLICES, 1, SIDE, SIDE) and the masks, every second slice one with a tumour."""
    images, masks = [], []
    for number in range(SLICES):
        case = cases[chance.integers(len(cases))]
        shown = torch.nonzero(case.mask.flatten(1).any(dim=1))[:, 0].numpy()
        place = int(chance.choice(shown)) if number % 2 else int(chance.integers(len(case.image)))
        image, mask = changed(case.image[place], case.mask[place], chance)
        images.append(image)
        masks.append(mask)
    return torch.stack(images)[:, None], torch.stack(masks)[:, None]


def draw_window(cases: list[Case], chance: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """(1, 1, *WINDOW) and the mask, at any depth."""
    case = cases[chance.integers(len(cases))]
    image, mask = _deep_enough(case.image, float(case.image.min())), _deep_enough(case.mask, 0)
    first = int(chance.integers(len(image) - WINDOW[0] + 1))
    window = slice(first, first + WINDOW[0])
    image, mask = changed(image[window], mask[window], chance)
    return image[None, None], mask[None, None]


def changed(image: torch.Tensor, mask: torch.Tensor, chance: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Mirrored left to right or not, another contrast and brightness, noise."""
    if chance.random() < 0.5:
        image, mask = image.flip(-1), mask.flip(-1)
    image = image * float(chance.uniform(0.75, 1.25)) + float(chance.uniform(-0.25, 0.25))
    return image + float(chance.uniform(0, 0.12)) * torch.randn(image.shape), mask


def _deep_enough(volume: torch.Tensor, value: float) -> torch.Tensor:
    missing = max(0, WINDOW[0] - len(volume))
    return nn.functional.pad(volume, (0, 0, 0, 0, missing // 2, missing - missing // 2), value=value)


@torch.inference_mode()
def measure(network: nn.Module, dimensions: int, cases: list[Case]) -> list[str]:
    """Of whole volumes on their own grids, without any rule after the network: Dice, tumours found (any overlap), share
    of slices without a tumour in which nothing is drawn, seconds a volume."""
    network.eval()
    dice, found, empty, seconds = [], [], [], []
    for case in cases:
        began = time.perf_counter()
        image = case.image[None, None] if dimensions == 3 else case.image[:, None]
        with torch.autocast("cpu", torch.bfloat16, computes_bfloat16()):
            if dimensions == 3:
                logits = sliding_window_inference(image, WINDOW, 1, network, OVERLAP, mode="gaussian",
                                                  padding_mode="constant", cval=float(case.image.min()))
                assert torch.is_tensor(logits)
                logits = logits[0].transpose(0, 1)
            else:
                logits = torch.cat([mask_logits(network, part) for part in image.split(8)])
        seen = interpolate(logits.float(), case.drawn.shape[1:], mode="bilinear").argmax(dim=1).numpy() > 0
        seconds.append(time.perf_counter() - began)
        common = (seen & case.drawn).sum()
        dice.append(2 * common / (seen.sum() + case.drawn.sum()))
        found.append(common > 0)
        without = ~case.drawn.any(axis=(1, 2))
        empty.append(1 - seen[without].any(axis=(1, 2)).mean())
    overlap = with_intervals(lambda weights: {"dice": mean(np.array(dice), weights)}, np.arange(len(cases)))["dice"]
    return [f"{overlap.value:.3f} [{overlap.low:.3f}, {overlap.high:.3f}]", f"{sum(found)} of {len(found)}",
            f"{np.mean(empty):.3f}", f"{np.median(seconds):.1f}"]


def _ours(initial: Initial) -> tuple[nn.Module, int, float]:
    network = build_model("hybrid_cnn_transformer", HYBRID)
    if initial.timm:
        load_initial_weights(network, initial)
    return network, 2, 8e-4


#: By name: the network, its dimensions, its learning rate.
NETWORKS: dict[str, Callable[[], tuple[nn.Module, int, float]]] = {
    "hybrid, slice by slice": lambda: _ours(Initial()),
    "hybrid, slice by slice, ImageNet's weights": lambda: _ours(Initial(timm="tf_efficientnet_lite0")),
    "U-Net (DynUNet)": lambda: (DynUNet(3, 1, 2, [3] * 4, [1, 2, 2, 2], [2] * 3, filters=[16, 32, 64, 128]), 3, 1e-3),
    "UNETR": lambda: (UNETR(1, 2, WINDOW, feature_size=16, hidden_size=192, mlp_dim=768, num_heads=3), 3, 4e-4),
    "Swin UNETR": lambda: (SwinUNETR(1, 2, feature_size=12), 3, 4e-4),
}


if __name__ == "__main__":
    main()
