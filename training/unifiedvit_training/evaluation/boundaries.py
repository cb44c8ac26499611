"""How far apart drawn and true outlines are."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from monai.metrics.utils import get_edge_surface_distance
from tqdm import tqdm

from ..config import IGNORE

#: How far an outline may be off and still count as right: pixels, on a grid of 224 pixels a side.
TOLERANCE, TOLERANCE_SIDE = 2.0, 224


def boundary_values(drawn: np.ndarray, masks: np.ndarray, has_mask: np.ndarray, segments: int
                    ) -> dict[str, np.ndarray]:
    """Distances of outlines for each slice and mask class, in pixels of the network's grid.

    MONAI finds the outlines and their distances once for all three metrics.

    Args:
        drawn, masks: (N, H, W) uint8, mask class; `IGNORE` in `masks` what nobody labelled.
        has_mask: (N,) bool; False: the true mask is not known.
        segments: S, mask classes without the background.

    Returns:
        (N, S) each, NaN where the class is not truly there, or a part of the slice is not labelled, so that nobody
        knows the outline: `hd95`, the larger of the two 95th percentiles of
        distance, NaN too where nothing is drawn (there is no distance then); `surface_dice`, the share of both
        outlines within the tolerance of the other (Nikolov et al. 2018), and `boundary_f1`, the harmonic mean of
        that share of the drawn and of the true outline (Csurka et al. 2013), both 0 where nothing is drawn.
    """
    tolerance = TOLERANCE * masks.shape[1] / TOLERANCE_SIDE
    values = {name: np.full((len(masks), segments), np.nan) for name in ("hd95", "surface_dice", "boundary_f1")}
    whole = has_mask & (masks != IGNORE).all(axis=(1, 2))
    for n in tqdm(np.flatnonzero(whole), desc="Outlines", unit="slice", mininterval=5, disable=None):
        for label in np.unique(masks[n][masks[n] > 0]):
            place = n, label - 1
            if not (drawn[n] == label).any():
                values["surface_dice"][place] = values["boundary_f1"][place] = 0.0
                continue
            to_true, to_drawn = _distances(drawn[n] == label, masks[n] == label)
            values["hd95"][place] = max(np.percentile(to_true, 95), np.percentile(to_drawn, 95))
            near, true = to_true <= tolerance, to_drawn <= tolerance
            values["surface_dice"][place] = (near.sum() + true.sum()) / (near.size + true.size)
            precision, recall = near.mean(), true.mean()
            values["boundary_f1"][place] = 2 * precision * recall / max(precision + recall, 1e-12)
    return values


def _distances(drawn: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From each pixel of the drawn outline to the true one, and from each of the true one to the drawn one."""
    with warnings.catch_warnings():  # MONAI warns of an argument that it passes to itself
        warnings.simplefilter("ignore", FutureWarning)
        _, distances, _ = get_edge_surface_distance(torch.from_numpy(drawn), torch.from_numpy(true), symmetric=True)
    to_true, to_drawn = (distance.numpy() for distance in distances)
    return to_true, to_drawn
