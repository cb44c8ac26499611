"""Images a second of `unifiedvit-train fit`, beside a plain loop of timm and MONAI on the same work.

Same network, losses, batch, input size and kinds of augmentation. The plain loop is what one writes first: MONAI's
transforms image by image in a DataLoader, then forward, backward and AdamW step; in float32 and in bfloat16.
"""

from __future__ import annotations

import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import timm.layers
import torch
from monai.losses import DiceCELoss
from monai.transforms import (
    Compose,
    Rand2DElasticd,
    RandAdjustContrastd,
    RandBiasFieldd,
    RandFlipd,
    RandGaussianNoised,
    RandGaussianSmoothd,
    Resized,
)
from torch.utils.data import DataLoader, Dataset
from unifiedvit_training.config import Project
from unifiedvit_training.data.dataset import Dataset as Prepared
from unifiedvit_training.data.dataset import SliceSet
from unifiedvit_training.learning.fit import Trainer
from unifiedvit_training.learning.launch import start_fabric

from UnifiedViTLib.models import build_model

SIZE, BATCH, STEPS, ROUNDS = 160, 24, 3, 3
ARGUMENTS = {"encoder": "vit_tiny_patch16_224", "stem_width": 24, "mask_attended_pooling": True}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = _slices(BATCH * STEPS + BATCH)
        loops = {
            "unifiedvit-train fit": _ours(prepared, Path(folder)),
            "plain timm + MONAI, float32": _plain(prepared, torch.float32),
            "plain timm + MONAI, bfloat16": _plain(prepared, torch.bfloat16),
        }
        rates: dict[str, list[float]] = {name: [] for name in loops}
        for turn in range(ROUNDS + 1):
            for name, loop in loops.items():
                timm.layers.set_fused_attn(name != "unifiedvit-train fit")
                started = time.perf_counter()
                loop()
                if turn:  # the first is for warming up
                    rates[name].append(BATCH * STEPS / (time.perf_counter() - started))
    print(f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"ViT-Tiny with convolutional stem, {SIZE} x {SIZE}, batches of {BATCH}, {ROUNDS} rounds interleaved")
    for name, values in rates.items():
        ratio = statistics.median(a / b for a, b in zip(rates["unifiedvit-train fit"], values, strict=True))
        print(f"  {name:30s} best {max(values):5.1f}  median {statistics.median(values):5.1f} images/s"
              f"   ours is {ratio:.2f} times as fast")


def _slices(count: int) -> Prepared:
    chance = np.random.default_rng(0)
    masks = np.zeros((count, 224, 224), np.uint8)
    masks[:, 80:130, 90:140] = 1
    texts = np.full(count, "benchmark")
    return Prepared(Path(), SliceSet(
        images=chance.normal(0, 1, (count, 224, 224)).astype(np.float16), masks=masks, has_mask=np.ones(count, bool),
        labels=chance.integers(0, 4, count), items=np.arange(count), positions=np.zeros(count, np.int64),
        groups=texts, sources=texts, sides=np.where(np.arange(count) < BATCH * STEPS, "train", "validation"),
        planes=texts,
    ), (), {})


def _ours(prepared: Prepared, folder: Path):
    """One epoch of the training package's own loop."""
    names = ("none", "glioma", "meningioma", "pituitary")
    project = Project.model_validate({
        "data": {"sources": [{"name": "benchmark", "folder": "."}]},
        "model": {
            "id": "benchmark", "version": "0.0.0", "name": "-", "description": "-", "licence": "-",
            "input": {"modality": "MR", "expects": "-"}, "segments": [{"name": "Tumour", "colour": [200, 0, 0]}],
            "classes": [{"name": name, "display": name} for name in names],
            "training": [{"name": "-", "licence": "-"}], "arguments": ARGUMENTS,
        },
        "fit": {"stages": [{"size": SIZE, "epochs": 1}], "batch_size": BATCH},
        "machine": {"accelerator": "cpu"},
    })
    trainer = Trainer(project, prepared, folder, start_fabric(project.machine))

    def epoch() -> None:
        trainer.step = 0
        trainer.train_epoch()

    return epoch


class _Images(Dataset):
    def __init__(self, slices: SliceSet) -> None:
        self.slices = slices
        both = ["image", "mask"]
        self.change = Compose([
            Resized(both, (SIZE, SIZE), mode=("bilinear", "nearest")),
            RandFlipd(both, prob=0.5, spatial_axis=1),
            Rand2DElasticd(both, spacing=(30, 30), magnitude_range=(0, 2), prob=1.0, rotate_range=0.4,
                           scale_range=0.25, translate_range=0.12 * SIZE, mode=("bilinear", "nearest")),
            RandBiasFieldd("image", prob=1.0),
            RandAdjustContrastd("image", prob=1.0, gamma=(0.7, 1.4)),
            RandGaussianSmoothd("image", prob=0.15),
            RandGaussianNoised("image", prob=1.0, std=0.12),
        ])

    def __len__(self) -> int:
        return BATCH * STEPS

    def __getitem__(self, n: int) -> tuple[torch.Tensor, torch.Tensor, int]:
        changed = self.change({"image": self.slices.images[n][None].astype(np.float32),
                               "mask": self.slices.masks[n][None].astype(np.float32)})
        return changed["image"].as_tensor(), changed["mask"].as_tensor().long(), int(self.slices.labels[n])


def _plain(prepared: Prepared, precision: torch.dtype):
    """One epoch of a loop as one writes it first."""
    network = build_model("shared_encoder_dual_decoder", ARGUMENTS | {"mask_classes": 2, "diagnosis_classes": 4})
    optimiser = torch.optim.AdamW(network.parameters(), lr=6e-4)
    masking = DiceCELoss(softmax=True, to_onehot_y=True, include_background=False, batch=True)
    naming = torch.nn.CrossEntropyLoss(label_smoothing=0.05)

    def epoch() -> None:
        network.train()
        for images, masks, labels in DataLoader(_Images(prepared.slices), BATCH, shuffle=True):
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
                output = network(images)
            loss = masking(output.mask_logits.float(), masks) + naming(output.class_logits.float(), labels)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()

    return epoch
