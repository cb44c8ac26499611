"""Which images to label next: those that the model is least sure of, and that lie apart from what is labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import rankdata


@dataclass(frozen=True)
class Scores:
    """What speaks for labelling N images, as ranks among them: above 0, at most 1 for what speaks most for it.

    Attributes:
        parts: (N,) each, by name.
        total: (N,) their mean: what `weighted_k_centre` weighs distances by.
    """

    parts: dict[str, np.ndarray]
    total: np.ndarray


def score_images(parts: dict[str, np.ndarray]) -> Scores:
    """Ranks, so that no part outweighs another by its unit.

    Args:
        parts: (N,) each, by name, larger where more speaks for labelling; NaN where it is not known, which is ranked
            in the middle.
    """
    ranks = {name: _ranks(values) for name, values in parts.items()}
    return Scores(ranks, np.mean(list(ranks.values()), axis=0))


def _ranks(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    ranks = np.full(len(values), 0.5)
    ranks[known] = rankdata(values[known]) / max(1, known.sum())
    return ranks


@dataclass(frozen=True)
class Choice:
    """An image that was chosen.

    Attributes:
        index: its place.
        novelty: rank of its distance to what was labelled or chosen before it among all that were left, above 0, at
            most 1; None for the first where nothing is labelled.
    """

    index: int
    novelty: float | None


def weighted_k_centre(features: np.ndarray, weights: np.ndarray, labelled: np.ndarray, budget: int) -> list[Choice]:
    """Greedy k-centre (Sener and Savarese 2018, algorithm 1), each distance weighted: next comes the image whose
    weight times its distance to the nearest labelled or chosen one is largest.

    Args:
        features: (N, E) of the images; each feature counts by its spread over all images.
        weights: (N,), not negative; all alike for the algorithm as published.
        labelled: (M, E) of what is labelled; M may be 0, then the largest weight comes first.
        budget: so many are chosen, or all where there are fewer.
    """
    spread = np.concatenate([features, labelled]).std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    points, centres = features / scale, labelled / scale
    nearest = cdist(points, centres).min(axis=1) if len(centres) else np.full(len(points), np.inf)
    left = np.ones(len(points), bool)
    choices: list[Choice] = []
    while left.any() and len(choices) < budget:
        is_first = not np.isfinite(nearest).any()
        gain = weights if is_first else weights * nearest
        # Of equal images, the one with the larger weight.
        index = max(np.flatnonzero(left), key=lambda n: (gain[n], weights[n]))
        novelty = None if is_first else float((nearest[left] <= nearest[index]).mean())
        choices.append(Choice(int(index), novelty))
        left[index] = False
        nearest = np.minimum(nearest, cdist(points, points[index:index + 1])[:, 0])
    return choices


def by_patient(choices: Sequence[Choice], groups: Sequence[str]) -> list[Choice]:
    """The same with all images of a patient behind the first of them that was chosen.

    Args:
        choices: in their order.
        groups: patient of each image, by its place.
    """
    order: dict[str, list[Choice]] = {}
    for choice in choices:
        order.setdefault(groups[choice.index], []).append(choice)
    return [choice for group in order.values() for choice in group]
