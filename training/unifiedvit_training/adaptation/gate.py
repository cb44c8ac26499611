"""Whether an adapted model is offered: better on the site's held-out cases, and not worse where the parent was good."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..config import Model
from ..data.dataset import Dataset
from ..evaluation.inference import predict_slices
from ..evaluation.metrics import mean, over_segments
from ..evaluation.paired import Difference, paired_over
from ..evaluation.slice_table import SliceTable, build_slice_table, load_table, quick_metrics
from ..runs.calibration import Calibration

#: By so much nothing may fall.
TOLERANCE = 0.01
SCORE = "score"
#: What the score is the mean of, and what is watched beside it, with their words.
_SCORED = {"macro_auc": "macro AUC", "dice": "Dice"}
_WATCHED = _SCORED | {"accuracy": "accuracy", "exact_match": "share of cases with all findings right"}


@dataclass(frozen=True)
class Verdict:
    """Whether a model is offered, and the sentences that say why."""

    offered: bool
    sentences: tuple[str, ...]


def judge_site(parent: Path, adapted: Path, model: Model, name: str) -> Verdict:
    """Compare two evaluations on the test side, which no choice was made on.

    Args:
        parent, adapted: files of their slice tables, of the same slices.
        model: what both answer.
        name: of the parent, for people.
    """
    tables = load_table(parent).on("test"), load_table(adapted).on("test")
    differences = paired_over([tables], model, _measure)
    score, patients = differences[SCORE], len(np.unique(tables[0].groups))
    judged = f"on the {patients} held-out patients"
    numbers = f"score {score.second:.3f} against {score.first:.3f}{_interval(score)}, the mean of " \
              f"{' and '.join(words for key, words in _SCORED.items() if key in differences)}"
    if score.difference <= 0:
        return Verdict(False, (f"it is not better than {name} {judged}: {numbers}.",))
    if worse := _fallen({key: (one.first, one.second) for key, one in differences.items() if key in _WATCHED}):
        return Verdict(False, (f"{judged}, it is better than {name} all in all ({numbers}), but {worse}.",))
    chance = " The interval reaches below zero: this may be chance." if score.low is None or score.low < 0 else ""
    each = ", ".join(f"{_WATCHED[key]} {one.second:.3f} against {one.first:.3f}"
                     for key, one in differences.items() if key in _WATCHED)
    return Verdict(True, (f"Better than {name} {judged}: {numbers}; {each}.{chance}",))


def judge_reference(dataset: Dataset, indices: np.ndarray, model: Model, parent: tuple[torch.nn.Module, Calibration],
                    adapted: tuple[torch.nn.Module, Calibration], name: str) -> Verdict:
    """Compare two networks, each with its own calibration, on slices of cases that the parent was made for.

    Args:
        dataset: prepared.
        indices: (N,) of the slices, on which nothing was chosen.
        model: what both answer.
        parent, adapted: network and calibration.
        name: of the parent, for people.
    """
    first, second = (reference_means(dataset, indices, model, *one) for one in (parent, adapted))
    pairs = {key: (first[key], second[key]) for key in first}
    numbers = ", ".join(f"{words} {after:.3f} against {before:.3f}" for words, (before, after) in pairs.items())
    where = f"on the {len(np.unique(dataset.slices.groups[indices]))} patients of the reference"
    if worse := _fallen(pairs):
        return Verdict(False, (f"{where}, {worse}.",))
    return Verdict(True, (f"No worse than {name} by more than {TOLERANCE} {where}: {numbers}.",))


def unchecked(name: str) -> str:
    """What is said where there is no reference."""
    return (f"{name} ships no reference images, so that it was not checked whether the adapted model still does as "
            f"well elsewhere: instead, no metric of the site's own held-out patients fell by more than "
            f"{TOLERANCE}. `adapt --reference DATASET` checks it on other cases.")


def _fallen(pairs: dict[str, tuple[float, float]]) -> str:
    """What fell by more than `TOLERANCE`, in words; "" for nothing."""
    sentences = [f"{_WATCHED.get(key, key)} fell from {before:.3f} to {after:.3f}"
              for key, (before, after) in pairs.items() if before - after > TOLERANCE]
    return f"{' and '.join(sentences)}, by more than {TOLERANCE}" if sentences else ""


def _interval(difference: Difference) -> str:
    if difference.low is None or difference.high is None:
        return ""
    return f" ({difference.difference:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}])"


def _measure(table: SliceTable, model: Model, weights: np.ndarray) -> dict[str, np.ndarray]:
    """The score and what is watched, (D,) each."""
    metrics = quick_metrics(table, model, weights)
    known = [metrics[name] for name in _SCORED if not np.isnan(metrics[name]).all()]
    return {SCORE: np.mean(known, axis=0)} | {name: metrics[name] for name in _WATCHED if name in metrics}


def reference_means(dataset: Dataset, indices: np.ndarray, model: Model, network: torch.nn.Module,
                    calibration: Calibration) -> dict[str, float]:
    """Mean Dice and mean probability of what is true, those that have a meaning, by their words.

    Args:
        dataset: prepared.
        indices: (N,) of its slices.
        model: what the network answers.
        network: with its weights.
        calibration: of its class logits.
    """
    labels = dataset.slices.labels[indices]
    table = build_slice_table(dataset, indices, predict_slices(network, dataset.slices, indices), model, calibration)
    assert table.probabilities is not None and table.values is not None, "exported models give both answers"
    if labels.ndim == 1:
        true = np.where(labels >= 0, table.probabilities[np.arange(len(labels)), np.maximum(labels, 0)], np.nan)
    else:
        right = np.where(labels == 1, table.probabilities, 1 - table.probabilities)
        true = over_segments(np.where(labels >= 0, right, np.nan))
    values = {"Dice": over_segments(table.values["dice"]), "the probability of the true diagnosis": true}
    ones = np.ones((1, len(indices)))
    means = {words: float(mean(value, ones)[0]) for words, value in values.items()}
    return {words: value for words, value in means.items() if not np.isnan(value)}
