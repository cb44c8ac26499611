"""Prepared slices, kept in memory-mapped arrays: what `prepare` writes and everything else reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from UnifiedViTLib.spec import MISSING

from ..config import IGNORE, Model
from ..errors import DataError

#: Written last: a folder without it is not a finished dataset.
CARD_FILE = "dataset.json"
SIDES = ("train", "validation", "test")


@dataclass(frozen=True)
class Item:
    """An image or a volume as it came.

    Attributes:
        name: unique in the dataset.
        image, mask: files; `mask` may be None. Of several channels, `image` is the first that is there.
        labels: names of the diagnoses; empty where not known. Multi-label: those that are true, or "none".
        unknown: multi-label: names of the diagnoses of which it is not known whether they are true.
        group: what must not be separated (the patient).
        patient: as the table writes it; "" where it does not say.
        source: name of its set in the configuration.
        side: "train", "validation" or "test".
        volume: True for more than one slice.
        plane: as the table says; "" where it does not.
        channels: files in the order of the model's channels, None for a missing one; empty for models that look at
            one image.
        metadata: what else is known of the patient, by the fields' names, as `patient_spec.check_value` gives it.
        ignore, background: values in the mask file of what nobody labelled, None for none, and of what is background.
    """

    name: str
    image: Path
    mask: Path | None
    labels: tuple[str, ...]
    group: str
    source: str
    side: str
    volume: bool
    plane: str = ""
    channels: tuple[Path | None, ...] = ()
    unknown: tuple[str, ...] = ()
    patient: str = ""
    ignore: int | None = None
    background: tuple[int, ...] = (0,)
    metadata: dict[str, float | str] = field(default_factory=dict)

    def is_free(self, outlined: Collection[str]) -> bool:
        """Whether it is known that none of these classes is there."""
        return bool(self.labels) and not {*outlined} & {*self.labels, *self.unknown}


@dataclass(frozen=True)
class SliceSet:
    """Prepared slices. All arrays share their first axis.

    Attributes:
        images: (N, size, size) float16, normalised as in use; of several channels (N, C, size, size), missing ones
            filled with `spec.MISSING`.
        masks: (N, size, size) uint8, mask class (0 background; `IGNORE` what nobody labelled).
        has_mask: (N,) bool; False: `masks` is not known there.
        labels: (N,) int64, the diagnosis, -1 where not known; multi-label: (N, C) int64 of 0 and 1, -1 where not
            known.
        items: (N,) int64, place in the dataset's list of `Item`.
        positions: (N,) int64, number of the slice in its volume.
        groups, sources, sides, planes: (N,) str.
    """

    images: np.ndarray
    masks: np.ndarray
    has_mask: np.ndarray
    labels: np.ndarray
    items: np.ndarray
    positions: np.ndarray
    groups: np.ndarray
    sources: np.ndarray
    sides: np.ndarray
    planes: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def inputs(self, indices: np.ndarray) -> np.ndarray:
        """Slices as a network takes them, (n, C, size, size) float32."""
        images = self.images[indices].astype(np.float32)
        return images if images.ndim == 4 else images[:, None]

    def drawn(self, n: int) -> bool:
        """Whether something is drawn on slice `n`."""
        return bool(lesion_of(self.masks[n]).any())

    def partial(self, indices: np.ndarray) -> np.ndarray:
        """(n,) bool: whether of the mask of each of these slices a part is not labelled."""
        return np.array([self.has_mask[n] and (self.masks[n] == IGNORE).any() for n in indices], bool)

    def on(self, side: str) -> np.ndarray:
        """Indices of the slices on a side of the split."""
        return np.flatnonzero(self.sides == side)


def lesion_of(masks: np.ndarray) -> np.ndarray:
    """Where prepared masks show a lesion, bool of the same shape."""
    return (masks > 0) & (masks != IGNORE)


def pictures(images: np.ndarray) -> np.ndarray:
    """One picture a slice, (n, size, size), of (n, size, size) or (n, C, size, size): the first channel that is there,
    for what people and checks look at."""
    if images.ndim == 3:
        return images
    there = images[:, :, 0, 0] > MISSING / 2
    return images[np.arange(len(images)), there.argmax(axis=1)]


@dataclass(frozen=True)
class Dataset:
    """A folder that `prepare` has written: the slices, where they came from, and what was asked for.

    `recipe` is what the configuration said of data, input size and classes (JSON).
    """

    folder: Path
    slices: SliceSet
    items: tuple[Item, ...]
    recipe: dict[str, Any]


def load_dataset(folder: Path) -> Dataset:
    """Read a prepared dataset; the large arrays stay on disk until they are used.

    Raises:
        DataError: the folder is not a finished dataset.
    """
    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        arrays = {
            field.name: np.load(folder / f"{field.name}.npy",
                                mmap_mode="r" if field.name in ("images", "masks") else None)
            for field in fields(SliceSet)
        }
        if len({len(array) for array in arrays.values()}) > 1:
            raise ValueError("its files are of datasets of different sizes")
        items = tuple(
            Item(**item | {"image": Path(item["image"]), "mask": Path(item["mask"]) if item["mask"] else None,
                           "labels": tuple(item["labels"]), "unknown": tuple(item.get("unknown", ())),
                           "background": tuple(item.get("background", (0,))),
                           "channels": tuple(Path(one) if one else None for one in item.get("channels", ()))})
            for item in card["items"]
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{folder} is not a prepared dataset ({error}). Run `unifiedvit-train prepare` first."
        ) from error
    return Dataset(folder, SliceSet(**arrays), items, card["recipe"])


def dataset_digest(slices: SliceSet, sides: Collection[str]) -> str:
    """SHA-256 of what is learnt or measured: images, masks, labels, groups and sides, wherever they lie.

    Args:
        slices: prepared.
        sides: of which.
    """
    digest, chosen = hashlib.sha256(), np.flatnonzero(np.isin(slices.sides, [*sides]))
    for start in range(0, len(chosen), 256):
        place = chosen[start:start + 256]
        for one in fields(SliceSet):
            values = getattr(slices, one.name)[place]
            digest.update(repr(values.tolist()).encode() if values.dtype.kind == "U" else
                          np.ascontiguousarray(values).data)
    return digest.hexdigest()


def check_dataset_fits(dataset: Dataset, model: Model) -> None:
    """Raise a `DataError` if the dataset was prepared for other inputs, mask classes or diagnoses than the model's."""
    slices, model_recipe = dataset.slices, dataset.recipe.get("model", {})
    labels = (len(model.classes),) if model.multi_label else ()
    channels = (len(model.channel_names),) if model.channel_names else ()
    agreement = {
        "size of the input": slices.images.shape[-1] == model.input.size,
        "channels": slices.images.shape[1:-2] == channels
        and [card["name"] for card in model_recipe.get("input", {}).get("channels", [])] in ([], model.channel_names),
        "segments": _names(model_recipe, "segments") in (None, [segment.name for segment in model.segments]),
        "classes": _names(model_recipe, "classes") in (None, model.class_names)
        and slices.labels.shape[1:] == labels and slices.labels.max(initial=-1) < len(model.classes),
    }
    differing = [name for name, fits in agreement.items() if not fits]
    if differing:
        raise DataError(
            f"The dataset in {dataset.folder} was prepared for another project ({', '.join(differing)}). "
            "Run `unifiedvit-train prepare` for this one, or name another --work-dir folder."
        )


def _names(model_recipe: dict[str, Any], part: str) -> list[str] | None:
    """Names of the segments or classes that a dataset was made for; None where its recipe does not say."""
    return [card["name"] for card in model_recipe[part]] if part in model_recipe else None


def rarest_label(labels: np.ndarray) -> np.ndarray:
    """(N, C) of 0, 1 and -1 to (N,): the rarest label that is true of each slice, -1 where none is."""
    common = (labels == 1).sum(axis=0)
    rarity = np.where(labels == 1, common, len(labels) + 1)
    return np.where((labels == 1).any(axis=1), rarity.argmin(axis=1), -1)
