"""What a network learnt to see through is nothing unusual: faults of the scanner and stripped heads among the images
that its out-of-distribution statistics know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from ..config import Augmentation
from ..learning.artefacts import add_artefacts
from ..learning.sampling import generators_of
from ..learning.skull_strip import RANDOM_NUMBERS, skull_strip

#: Shares of the training slices; less than training has of either, as the statistics' one shape would grow so wide that
#: what still does harm, such as strong noise, would pass (training/history.md).
_WITH_ARTEFACTS, _STRIPPED = 0.05, 0.1
_SEED = 0


def imitation_of(augmentation: Augmentation) -> Callable[[np.ndarray, np.ndarray], np.ndarray] | None:
    """How `measure_ood_statistics` changes training images, where training did; None where it did not.

    Args:
        augmentation: of the run.
    """
    artefacts = _WITH_ARTEFACTS if augmentation.artefacts else 0.0
    stripped = _STRIPPED if augmentation.skull_strip else 0.0
    if not artefacts and not stripped:
        return None

    def imitate(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        random = torch.from_numpy(np.random.default_rng(_SEED).random((len(images), RANDOM_NUMBERS), np.float32))
        changed, _, _ = skull_strip(torch.from_numpy(images), torch.from_numpy(masks), stripped, random)
        return add_artefacts(changed, artefacts, generators_of(_SEED, 0, range(len(images)))).numpy()

    return imitate
