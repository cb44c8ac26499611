"""Slices for training, prepared by the library's own code and kept in memory-mapped arrays."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from tqdm import tqdm

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.reading import read

#: A lesion smaller than this share of the network's input says too little to name the slice by.
SMALLEST_LESION = 20 / 224**2


@dataclass(frozen=True)
class SliceSet:
    """Prepared slices. Arrays share their first axis.

    Attributes:
        images: (N, size, size) float16, normalised as in use.
        masks: (N, size, size) uint8, mask class.
        labels: (N,) int64, diagnosis class; -1 where the slice says too little to be named.
        groups: (N,) str, what the slice must not be separated from ("fold 3", a patient's volume).
        sources: (N,) str, data set.
    """

    images: np.ndarray
    masks: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    sources: np.ndarray


def load(cache: Path) -> SliceSet:
    """The prepared slices in folder `cache`; the large arrays stay on disk until they are used."""
    return SliceSet(**{
        name: np.load(cache / f"{name}.npy", mmap_mode="r" if name in ("images", "masks") else None)
        for name in ("images", "masks", "labels", "groups", "sources")
    })


def build(slices: Path, volumes: Path, cache: Path, classes: list[str], size: int) -> SliceSet:
    """Prepare labelled slices and whole volumes into `cache`, once.

    Args:
        slices: folder with `labels.csv` (image, mask, label, fold), `images/`, `masks/`.
        volumes: folder with `volumes.csv` (volume, mask, label, site).
        cache: where the arrays go.
        classes: diagnosis names; the first is the one without a lesion.
        size: pixels along a side.
    """
    done = cache / "done.json"
    recipe = {"classes": classes, "size": size, "slices": str(slices.resolve()), "volumes": str(volumes.resolve())}
    if done.exists() and json.loads(done.read_text()) == recipe:
        return load(cache)
    cache.mkdir(parents=True, exist_ok=True)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, str, str]] = []
    with open(slices / "labels.csv", newline="") as file:
        for row in tqdm(list(csv.DictReader(file)), desc="slices", mininterval=5):
            mask = slices / "masks" / row["mask"] if row["mask"] else None
            images, masks = _prepared(slices / "images" / row["image"], mask, size)
            parts.append((images, masks, np.array([classes.index(row["label"])]), f"fold {row['fold']}", row["source"]))
    with open(volumes / "volumes.csv", newline="") as file:
        for row in tqdm(list(csv.DictReader(file)), desc="volumes", mininterval=5):
            images, masks = _prepared(volumes / row["volume"], volumes / row["mask"], size)
            share = (masks > 0).mean(axis=(1, 2))
            labels = np.where(share == 0, 0, np.where(share < SMALLEST_LESION, -1, classes.index(row["label"])))
            parts.append((images, masks, labels, row["volume"].split(".")[0], row["site"]))
    counts = [len(part[0]) for part in parts]
    np.save(cache / "images.npy", np.concatenate([part[0] for part in parts]))
    np.save(cache / "masks.npy", np.concatenate([part[1] for part in parts]))
    np.save(cache / "labels.npy", np.concatenate([part[2] for part in parts]).astype(np.int64))
    np.save(cache / "groups.npy", np.repeat([part[3] for part in parts], counts))
    np.save(cache / "sources.npy", np.repeat([part[4] for part in parts], counts))
    done.write_text(json.dumps(recipe))
    return load(cache)


def _prepared(image: Path, mask: Path | None, size: int) -> tuple[np.ndarray, np.ndarray]:
    prepared = prepare(read(image), size)
    images = prepared.batch(0, len(prepared)).astype(np.float16)
    if mask is None:
        return images, np.zeros(images.shape, np.uint8)
    lesion = read(mask).array > 0 if _has_lesion(mask) else np.zeros(prepared.volume.array.shape, bool)
    if lesion.shape != prepared.volume.array.shape:
        raise ValueError(f"{mask.name} has shape {lesion.shape}, its image {prepared.volume.array.shape}")
    return images, (prepared.frame.to_network(prepared.view.of(lesion)) > 0.5).astype(np.uint8)


def _has_lesion(mask: Path) -> bool:
    """False for a mask without a lesion, which `read` would refuse as an image with nothing in it."""
    return bool(sitk.GetArrayViewFromImage(sitk.ReadImage(str(mask))).any())
