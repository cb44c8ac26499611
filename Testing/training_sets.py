"""Small prepared datasets for the tests of the training package, and projects to go with them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from unifiedvit_training.config import Augmentation, Project
from unifiedvit_training.data.dataset import CARD_FILE, Dataset, Item, SliceSet, load_dataset


def project_data(**fit: Any) -> dict[str, Any]:
    """What the YAML of a small project holds: inputs of 32 pixels, three diagnoses, one mask class; `fit` replaces
    values of that section, "model" in it values of the model."""
    model = fit.pop("model", {})
    return {
        "data": {"sources": [{"name": "discs", "table": "labels.csv"}]},
        "model": {
            "id": "discs", "version": "0.1.0", "name": "Discs", "description": "Finds discs.", "licence": "CC0",
            "input": {"size": 32, "modality": "any", "expects": "pictures of discs"},
            "segments": [{"name": "Disc", "colour": [200, 40, 40]}],
            "classes": [{"name": "healthy", "display": "Nothing", "lesion": False},
                        {"name": "bright", "display": "Bright disc"}, {"name": "dark", "display": "Dark disc"}],
            "training": [{"name": "discs", "licence": "CC0"}],
            "arguments": {"encoder": "test_vit", "stem_width": 8, "decoder_widths": [16, 8, 8]},
        } | model,
        "fit": {"stages": [{"size": 32, "epochs": 4}], "batch_size": 8, "optimiser": {"learning_rate": 3e-3},
                "validate_every": 2} | fit,
        # As many threads as PyTorch is given, which `make test-isa` varies; one where nobody said.
        "machine": {"accelerator": "cpu", "threads": int(os.environ.get("OMP_NUM_THREADS", "1")),
                    "precision": "32-true"},
    }


def project(**fit: Any) -> Project:
    """`project_data` checked."""
    return Project.model_validate(project_data(**fit))


#: Values of `fit` with which a small network learns discs in seconds, from whatever seed and on whatever processor:
#: nothing is dropped or changed, and the average of the weights keeps up with so few steps.
SURE = {"dropout": 0, "drop_path": 0, "label_smoothing": 0, "ema": 0.9, "batch_size": 16,
        "augmentation": dict.fromkeys(Augmentation.model_fields, 0)}

#: Two channels for `project(model={"input": TWO_CHANNELS})`.
TWO_CHANNELS = {"size": 32, "modality": "any", "expects": "pictures of discs",
                "channels": [{"name": "day", "expects": "shows bright discs"},
                             {"name": "night", "expects": "shows dark discs"}]}


#: A model of two findings at once, each with a mask class, for `project(model=FINDINGS)` and `both_discs`.
FINDINGS = {"diagnosis": "multi-label", "nothing_found": "No disc",
            "segments": [{"name": "Bright", "colour": [200, 40, 40]}, {"name": "Dark", "colour": [40, 40, 200]}],
            "classes": [{"name": "bright", "display": "Bright disc", "segment": "Bright"},
                        {"name": "dark", "display": "Dark disc", "segment": "Dark"}]}


def both_discs(folder: Path, count: int = 64) -> Dataset:
    """Noise with a bright disc, a dark one, both or none; a quarter is for validation. Every eighth image has labels
    that are not known."""
    chance = np.random.default_rng(0)
    y, x = np.mgrid[:32, :32]
    images = chance.normal(0, 0.3, (count, 32, 32)).astype(np.float16)
    masks, labels = np.zeros((count, 32, 32), np.uint8), np.zeros((count, 2), np.int64)
    for n in range(count):
        for c, (left, value) in enumerate(((8, 3), (24, -3))):
            labels[n, c] = n >> c & 1
            if labels[n, c]:
                disc = (x - left) ** 2 + (y - chance.integers(8, 24)) ** 2 < 25
                images[n, disc] += value
                masks[n, disc] = c + 1
    true = [tuple(np.array(["bright", "dark"])[row == 1].tolist()) or ("none",) for row in labels]
    labels[::8, 0] = labels[5::8, 1] = -1
    sides = np.where(np.arange(count) // 4 % 4 == 3, "validation", "train")
    texts = {name: np.full(count, name) for name in ("sources", "planes")}
    arrays = SliceSet(images, masks, np.ones(count, bool), labels, np.arange(count), np.zeros(count, np.int64),
                      np.array([f"patient {n // 2}" for n in range(count)]), texts["sources"], sides, texts["planes"])
    items = [Item(f"{n}", folder / f"{n}.png", None, true[n], arrays.groups[n], "discs", str(sides[n]), False)
             for n in range(count)]
    return stored(folder, arrays, items)


def discs(folder: Path, count: int = 48, channels: int = 1, radius: int = 5) -> Dataset:
    """Discs of two kinds in noise, or nothing, that a network learns in seconds; a quarter is for validation.

    Several channels: the first shows bright discs alone, the last dark ones.
    """
    chance = np.random.default_rng(0)
    y, x = np.mgrid[:32, :32]
    images = chance.normal(0, 0.3, (count, channels, 32, 32)).astype(np.float16)
    masks = np.zeros((count, 32, 32), np.uint8)
    labels = np.arange(count) % 3
    for n, label in enumerate(labels):
        cy, cx = chance.integers(8, 24, 2)
        disc = (x - cx) ** 2 + (y - cy) ** 2 < radius**2
        if label:
            images[n, 0 if label == 1 else -1, disc] += 3 if label == 1 else -3
            masks[n] = disc
    sides = np.where(np.arange(count) % 4 == 3, "validation", "train")
    arrays = SliceSet(
        images=images if channels > 1 else images[:, 0], masks=masks, has_mask=np.ones(count, bool),
        labels=labels.astype(np.int64),
        items=np.arange(count), positions=np.zeros(count, np.int64),
        groups=np.array([f"patient {n // 2}" for n in range(count)]), sources=np.full(count, "discs"),
        sides=sides, planes=np.full(count, "as stored"),
    )
    names = ("healthy", "bright", "dark")
    items = [Item(f"{n}", folder / f"{n}.png", None, (names[label],), arrays.groups[n], "discs", str(sides[n]), False)
             for n, label in enumerate(labels)]
    return stored(folder, arrays, items)


def stored(folder: Path, slices: SliceSet, items: list[Item]) -> Dataset:
    """Write a dataset as `prepare` does, and read it."""
    folder.mkdir(parents=True, exist_ok=True)
    for field in fields(SliceSet):
        np.save(folder / f"{field.name}.npy", getattr(slices, field.name))
    listed = [asdict(item) | {"image": str(item.image), "mask": str(item.mask) if item.mask else None, "channels": []}
              for item in items]
    (folder / CARD_FILE).write_text(json.dumps({"items": listed, "recipe": {}}), encoding="utf-8")
    return load_dataset(folder)
