"""Whether an image looks like another MR sequence than that which it is given as."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: So many slices can outvote what each says wrongly.
MANY_SLICES = 5


@dataclass(frozen=True)
class SequenceProbe:
    """A linear probe (Alain and Bengio 2016): logistic regression on what slices look like to the network and without
    it, between images that are given as what they are and images that are given as another sequence.

    Attributes:
        channels: names of the channels that are given, in the model's order; none for a model of one image.
        weights: (F,) float32, for `OODFeatures.points`.
        bias: what is added; above zero a slice looks mistaken.
        margin: what one in a hundred slices that are what they are given as exceeds.
    """

    channels: tuple[str, ...]
    weights: np.ndarray
    bias: float
    margin: float

    def mistaken(self, points: np.ndarray) -> bool:
        """Whether an image looks as if it were given as another channel: by more than half of its slices, which of an
        image of few slices must lie beyond `margin`.

        Args:
            points: (N, F) as of `OODFeatures`, N > 0, of the slices with something on them.
        """
        values = points @ self.weights + self.bias
        return bool(np.mean(values > (0.0 if len(values) >= MANY_SLICES else self.margin)) > 0.5)
