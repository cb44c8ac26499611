"""Probes that tell whether sequences were mistaken for each other: FLAIR given as T1 with contrast, or the two
exchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from UnifiedViTLib.inference.ood.sequence_probe import SequenceProbe
from UnifiedViTLib.inference.ood.statistics import OODFeatures, OODStatistics
from UnifiedViTLib.spec import MISSING

from ..data.dataset import SliceSet
from ..evaluation.ood.fit import FEWEST_OF_A_SET, threshold_within
from ..learning.skull_strip import RANDOM_NUMBERS, skull_strip

#: Slices of a channel that are looked at, to learn from and to choose the margin on: each costs a pass, in six forms.
_MOST = {"train": 300, "validation": 200}
#: A probe that notices fewer of the held-out images that are given wrongly, or warns of more of the others, goes.
_LEAST_NOTICED, _MOST_FALSE_ALARMS = 0.5, 0.02


@dataclass(frozen=True)
class _Images:
    """Some channels' slices of one side, alike in what is there: images (N, C, size, size) float32, the masks (N, size,
    size), and the image (N,) that each is of."""

    images: np.ndarray
    masks: np.ndarray
    items: np.ndarray


def fit_sequence_probes(network: torch.nn.Module, ood: OODStatistics, slices: SliceSet, names: Sequence[str],
                        stripped: bool, device: torch.device | str = "cpu", alone: str = ""
                        ) -> tuple[SequenceProbe, ...]:
    """Learn from images that are given as another sequence than they are, whole and, where training stripped heads of
    their skull, stripped.

    There is a probe for each channel given alone, and one for all of them at once, where enough images have them; and
    it is kept if it holds on held-out images.

    Args:
        network: on `device`.
        ood: its statistics, which say what of a slice is looked at.
        slices: with both sides.
        names: of their channels; fewer than two are never mistaken.
        stripped: whether training stripped heads.
        device: of torch.
        alone: which of the channels a network of one image looks at; "" for a network of all of them.
    """
    if len(names) < 2:
        return ()
    numbers = range(len(names))
    sets = [(names.index(alone),)] if alone else [*((number,) for number in numbers), tuple(numbers)]
    found = []
    for right in sets:
        points, wrong, items, held_out = ([], [], [], [])
        for side in _MOST:
            for is_wrong, images in _given(slices, side, right, stripped):
                features = _features(network, ood, images.images[:, list(right)] if alone else images.images, device)
                points.append(features.points[~features.blank])
                items.append(images.items[~features.blank])
                wrong.append(np.full(len(items[-1]), is_wrong))
                held_out.append(np.full(len(items[-1]), side != "train"))
        if points:
            channels = () if alone else tuple(names[number] for number in right)
            found.append(_fit(channels, *map(np.concatenate, (points, wrong, items, held_out))))
    return tuple(probe for probe in found if probe is not None)


def _given(slices: SliceSet, side: str, given: tuple[int, ...], stripped: bool) -> Iterator[tuple[bool, _Images]]:
    """Images given as what they are (False) and as what they are not (True)."""
    if len(given) == 1:
        sources = [((number,), number != given[0]) for number in range(slices.images.shape[1])]
    else:
        sources = [(given, False), (tuple(np.roll(given, 1)), True)]
    for channels, is_wrong in sources:
        images = _taken(slices, side, channels, given)
        if len(images.items):
            yield is_wrong, images
            if stripped:
                yield is_wrong, _stripped(images)


def _taken(slices: SliceSet, side: str, channels: Sequence[int], places: Sequence[int]) -> _Images:
    """The channels `channels` of slices that have them, put into `places`; all else is missing."""
    indices = slices.on(side)
    there = (slices.images[:, :, 0, 0] > MISSING / 2)[indices][:, list(channels)].all(axis=1)
    indices = indices[there]
    indices = indices[np.linspace(0, len(indices) - 1, min(len(indices), _MOST[side])).astype(int)]
    whole = slices.inputs(indices).astype(np.float32)
    images = np.full_like(whole, MISSING)
    images[:, list(places)] = whole[:, list(channels)]
    return _Images(images, slices.masks[indices], slices.items[indices])


def _stripped(images: _Images) -> _Images:
    random = torch.from_numpy(np.random.default_rng(0).random((len(images.items), RANDOM_NUMBERS), np.float32))
    cut, masks, _ = skull_strip(torch.from_numpy(images.images), torch.from_numpy(images.masks), 1.0, random)
    return _Images(cut.numpy(), masks.numpy(), -1 - images.items)  # images of their own


def _features(network: torch.nn.Module, ood: OODStatistics, images: np.ndarray, device: torch.device | str
              ) -> OODFeatures:
    """As in use."""
    parts = []
    for start in range(0, len(images), 16):
        part = images[start:start + 16]
        with torch.inference_mode():
            embedding = network(torch.from_numpy(part).to(device)).embedding
        parts.append(ood.features(embedding.float().cpu().numpy(), part))
    return OODFeatures.concatenate(parts)


def _fit(channels: tuple[str, ...], points: np.ndarray, wrong: np.ndarray, items: np.ndarray, held_out: np.ndarray
         ) -> SequenceProbe | None:
    """None where there is too little to learn from, or what was learnt does not hold on other images."""
    learn = ~held_out
    kinds = (wrong & learn, ~wrong & learn, wrong & held_out, ~wrong & held_out)
    if min(kind.sum() for kind in kinds) < FEWEST_OF_A_SET:
        return None
    mean, scale = points[learn].mean(axis=0, dtype=np.float64), np.maximum(points[learn].std(axis=0), 1e-6)
    regression: Any = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
    regression.fit((points[learn] - mean) / scale, wrong[learn])
    weights = (regression.coef_[0] / scale).astype(np.float32)
    bias = float(regression.intercept_[0] - mean @ weights)
    right = ~wrong & held_out
    margin = max(0.0, threshold_within(points[right] @ weights + bias, items[right]))
    probe = SequenceProbe(channels, weights, bias, margin)
    false_alarms, noticed = (
        np.mean([probe.mistaken(points[kind & (items == item)]) for item in np.unique(items[kind])])
        for kind in (right, wrong & held_out)
    )
    return probe if noticed > _LEAST_NOTICED and false_alarms <= _MOST_FALSE_ALARMS else None
