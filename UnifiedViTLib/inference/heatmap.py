"""What is asked of a heat map, and the slices' maps on the volume's grid. Loads without torch."""

from __future__ import annotations

import numpy as np

from ..errors import ModelSpecError
from ..imaging.preparation import PreparedVolume
from ..spec import ModelSpec
from .choices import METHODS


def check_heatmap(method: str, label: str | None, spec: ModelSpec) -> None:
    """Return if this class (None: the diagnosed one) can be explained by this method.

    Args:
        method: a name of `choices.METHODS`.
        label: name of a class; None for the diagnosed one.
        spec: the model.

    Raises:
        ModelSpecError: there is no such method, or the model knows no such class.
    """
    if method not in METHODS:
        raise ModelSpecError(f"There is no heat-map method called {method!r}. Choose one of {', '.join(METHODS)}.")
    names = [one.name for one in spec.classes]
    if label is not None and label not in names:
        raise ModelSpecError(f"{spec.name} knows no diagnosis {label!r} to explain. Choose one of {', '.join(names)}.")


def resample_to_volume(maps: np.ndarray, probabilities: np.ndarray, prepared: PreparedVolume, first: int,
                       percent: np.ndarray) -> None:
    """Write slices' maps into a volume's.

    Each slice's map goes from 0 to 1 whatever the slice shows. Times the probability of the class on that slice, those
    that do not show it stay dark beside those that do.

    Args:
        maps: (n, size, size) 0..1, on the network's grid.
        probabilities: (n,) of the class on each slice.
        prepared: the volume.
        first: number of the first slice.
        percent: (K, J, I) uint8, changed in place; 0 outside what the network saw.
    """
    on_grid, rows, columns = prepared.frame.from_network(maps * probabilities[:, None, None])
    prepared.view.of(percent)[first:first + len(maps), rows, columns] = np.rint(100 * on_grid)
