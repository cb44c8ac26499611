"""Whether an image looks like another MR sequence than that which it is given as."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SequenceProbe:
    """A linear probe (Alain and Bengio 2016): logistic regression on what slices look like to the network and without
    it, between images that are given as what they are and images that are given as another channel.

    Attributes:
        channels: names of the channels that are given, in the model's order.
        weights: (F,) float32, for `OODFeatures.points`.
        bias: such that one in a hundred slices that are what they are given as lies above zero.
    """

    channels: tuple[str, ...]
    weights: np.ndarray
    bias: float

    def mistaken(self, points: np.ndarray) -> np.ndarray:
        """Which slices look as if they were given as another channel, (N,) bool; `points` as of `OODFeatures`."""
        return points @ self.weights + self.bias > 0
