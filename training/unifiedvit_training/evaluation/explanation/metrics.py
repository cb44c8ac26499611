"""How good the maps of an explanation are: agreement with the expert, stability, and what the network makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

from ..bootstrap import Estimate

#: Images (N, C, H, W) float32 -> maps (N, H, W) float32, 0 to 1.
Explain = Callable[[torch.Tensor], np.ndarray]

#: Standard deviation of the noise and shift in pixels of the small changes; intensities have unit variance.
NOISE, SHIFT, CONTRAST = 0.1, 3, 1.1
#: Steps of the deletion and insertion curves.
STEPS = 8
#: Ranks are compared on every so many-th row and column: maps are smoother than that.
_EVERY = 4


@dataclass(frozen=True)
class MeasuredMaps:
    """One method on the chosen slices.

    Attributes:
        maps: (N, H, W) float16.
        values: (N,) by name, what the functions here give (of the curves the mean), and `randomised`, the rank
            correlation with the map of the same network with random weights.
        deletion, insertion: (STEPS + 1,) mean curves.
        metrics: means of `values` with intervals by group.
    """

    maps: np.ndarray
    values: dict[str, np.ndarray]
    deletion: np.ndarray
    insertion: np.ndarray
    metrics: dict[str, Estimate]


def agreement(maps: np.ndarray, lesions: np.ndarray) -> dict[str, np.ndarray]:
    """Where maps (N, H, W) lie by lesions (N, H, W) bool, none of them empty; (N,) each.

    Returns:
        `pointing` 1 if the strongest place lies in the lesion (Zhang et al. 2018, without their tolerance);
        `precision` average precision of the map as a score for lesion pixels, whose value by chance is the lesion's
        share of the image; `mass` share of the map's sum inside the lesion. An empty map has 0, 0 and by chance.
    """
    flat, inside = maps.reshape(len(maps), -1), lesions.reshape(len(lesions), -1)
    rows, total = np.arange(len(flat)), flat.sum(axis=1)
    some = total > 0
    return {
        "pointing": (inside[rows, flat.argmax(axis=1)] & some).astype(float),
        "precision": np.array([average_precision_score(*pair) for pair in zip(inside, flat, strict=True)]),
        "mass": np.where(some, (flat * inside).sum(axis=1) / np.where(some, total, 1), 0),
    }


def stability(explain: Explain, images: torch.Tensor, maps: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Rank correlation (N,) of maps with those of the same images (N, C, H, W) after a small change: `noise`, `shift`
    (the map shifted back), `contrast`.

    Args:
        explain: gives the maps of images.
        images: (N, C, H, W).
        maps: (N, H, W), of the images as they are.
        seed: of the noise.
    """
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed)) * NOISE
    shifted = explain(torch.roll(images, (SHIFT, SHIFT), dims=(2, 3)))
    return {
        "noise": rank_correlation(maps, explain(images + noise)),
        "shift": rank_correlation(maps, np.roll(shifted, (-SHIFT, -SHIFT), axis=(1, 2))),
        "contrast": rank_correlation(maps, explain(images * CONTRAST)),
    }


def rank_correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's coefficient (N,) of each pair of maps (N, H, W); 0 where one is the same everywhere."""
    ranks = [rankdata(maps[:, ::_EVERY, ::_EVERY].reshape(len(maps), -1), axis=1) for maps in (first, second)]
    one, other = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    length = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return np.where(length > 0, (one * other).sum(axis=1) / np.where(length > 0, length, 1), 0)


def deletion_and_insertion(predict: Callable[[torch.Tensor], np.ndarray], image: torch.Tensor, heat: np.ndarray
                           ) -> tuple[np.ndarray, np.ndarray]:
    """What becomes of the probability of a class when pixels are taken out of the image, or put into a blurred one,
    the strongest of the map first (Petsiuk et al. 2018). What is taken out is blurred, not blackened, so that no new
    edge is made.

    Args:
        predict: images (M, C, H, W) -> probabilities (M,) of the class.
        image: (C, H, W).
        heat: (H, W).

    Returns:
        (STEPS + 1,) probabilities of deletion and of insertion, by the share of pixels 0, 1 / STEPS, ..., 1; the mean
        is the area under the curve.
    """
    blurred = torch.from_numpy(gaussian_filter(image.numpy(), image.shape[-1] / 20, axes=(1, 2)))
    # Equal places in an order by chance: from top to bottom would be a map of its own.
    chance = np.random.default_rng(0).permutation(heat.size)
    order = np.lexsort((chance, -heat.ravel()))
    place = np.empty(heat.size, int)
    place[order] = np.arange(heat.size)
    taken = torch.from_numpy(place.reshape(heat.shape)[None] < np.linspace(0, heat.size, STEPS + 1)[:, None, None])
    taken = taken[:, None]
    curves = predict(torch.cat([torch.where(taken, blurred, image), torch.where(taken, image, blurred)]))
    return curves[:STEPS + 1], curves[STEPS + 1:]
