"""Volumes with a diagnosis but no labelled slice: bags, of which attention finds out which slices show it (Ilse et al.
2018, attention-based multiple-instance learning)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..data.dataset import Dataset
from ..errors import DataError
from .sampling import order_of_epoch, seed_of, weights_of

#: Width of the attention, as L of the paper.
_WIDTH = 128


class GatedAttention(nn.Module):
    """How much each slice of a bag counts: softmax of w^T (tanh(V h) * sigmoid(U h)) (Ilse et al. 2018, eq. 9).

    Args:
        features: D, of what the classifier reads of a slice.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.value, self.gate = nn.Linear(features, _WIDTH), nn.Linear(features, _WIDTH)
        self.score = nn.Linear(_WIDTH, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(bags, n, D) -> (bags, n, 1), which add up to 1 over the n slices of a bag."""
        return self.score(torch.tanh(self.value(features)) * torch.sigmoid(self.gate(features))).softmax(dim=1)


@dataclass(frozen=True)
class Bags:
    """The volumes that are learnt from as a whole.

    Attributes:
        volumes: the slices of each, in order.
        labels: (V,) int64, their diagnoses.
        size: slices of one that go through the network at a time.
    """

    volumes: tuple[np.ndarray, ...]
    labels: np.ndarray
    size: int

    def order(self, single: np.ndarray, share: float, count: int, balance: str, seed: int, epoch: int
              ) -> tuple[np.ndarray, np.ndarray]:
        """Which slices an epoch meets: blocks of `size`, each a bag or slices that are learnt from one by one.

        Args:
            single: (n,) slices of the second kind, as many as are needed of them at most, in their order.
            share: of the blocks that are bags, 0..1.
            count: of slices, a multiple of `size`.
            balance: of the bags' diagnoses, as for `weights_of`.
            seed, epoch: the same give the same order.

        Returns:
            (count,) slices; and (count / size,) the diagnosis of each block that is a bag, -1 for others.
        """
        blocks, generator = count // self.size, np.random.default_rng(seed_of(seed, 2**31 + epoch, 1))
        bags = min(blocks, max(1, round(share * blocks)))
        drawn = order_of_epoch(weights_of(self.labels, balance), bags, seed, epoch)
        places = np.sort(generator.permutation(blocks)[:bags])
        order, labels = np.empty((blocks, self.size), np.int64), np.full(blocks, -1)
        order[places] = [self._slices(volume, generator) for volume in drawn]
        labels[places] = self.labels[drawn]
        order[labels < 0] = single[: (blocks - bags) * self.size].reshape(-1, self.size)
        return order.reshape(-1), labels

    def _slices(self, volume: int, generator: np.random.Generator) -> np.ndarray:
        """A slice of each of `size` equal parts of a volume, so that what reaches over one part is in every bag."""
        slices = self.volumes[volume]
        place = (np.arange(self.size) + generator.random(self.size)) * len(slices) / self.size
        return slices[place.astype(int)]


def find_bags(dataset: Dataset, train: np.ndarray, class_names: list[str], size: int) -> Bags:
    """The volumes of the training side whose diagnosis is known, and that of none of their slices.

    Args:
        dataset: prepared.
        train: indices of the slices of that side.
        class_names: in the order of the labels.
        size: of a bag.

    Raises:
        DataError: there is none.
    """
    slices = dataset.slices
    volumes, labels = [], []
    for place in np.unique(slices.items[train]):
        item = dataset.items[place]
        own = train[slices.items[train] == place]
        if item.volume and item.labels and (slices.labels[own] < 0).all():
            volumes.append(own[np.argsort(slices.positions[own])])
            labels.append(class_names.index(item.labels[0]))
    if not volumes:
        raise DataError("fit.bags: no volume on the train side has a diagnosis that its slices lack. Volumes without a "
                        "mask, with `slice_labels: lesion`, are such; or leave fit.bags out.")
    return Bags(tuple(volumes), np.array(labels), size)
