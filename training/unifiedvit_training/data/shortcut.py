"""What can be guessed without looking: how well global intensity statistics alone tell the classes apart.

Images of one class often come from other scanners, archives or crops than the rest. A network then learns the
scanner. The statistics here know nothing of what is where: what they can tell is such a shortcut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from UnifiedViTLib.imaging.intensity import measure_foreground

from .dataset import pictures

#: What `global_statistics` gives, in order.
STATISTICS = (
    *(f"quantile {q}" for q in (5, 25, 50, 75, 95, 99)), *(f"body quantile {q}" for q in (10, 50, 90)),
    "body deviation", "body share", "margin above", "margin below", "margin left", "margin right",
    "border mean", "border deviation",
)
STAGES = ("raw", "prepared", "equalised")
#: Above this a class is as good as told by its statistics.
ALARMING = 0.9
#: Enough slices for a figure with two digits; more only take time.
_ENOUGH = 4000
#: Slices of a class and of the rest that each side needs.
_FEWEST = 5


@dataclass(frozen=True)
class ShortcutProbe:
    """Area under the ROC curve with which global statistics tell `label` from the rest, at each of `STAGES`.

    `data`: name of the source, or "all". `count`: slices of the class among those looked at.
    """

    data: str
    label: str
    count: int
    raw: float
    prepared: float
    equalised: float


def global_statistics(slices: np.ndarray) -> np.ndarray:
    """A handful of numbers that a slice can be guessed by without looking at it.

    Args:
        slices: (N, H, W), any unit and type.

    Returns:
        (N, len(STATISTICS)) float32, in the slices' unit; shares of 1; margins as shares of the side.
    """
    step = max(1, min(slices.shape[1:]) // 128)  # statistics of the whole do not need every pixel
    return np.stack([_describe(image[::step, ::step].astype(np.float32)) for image in slices])


def equalised_statistics(slices: np.ndarray, side: int = 112) -> np.ndarray:
    """`global_statistics` once margins are cut off and the histogram inside the body is flat.

    Args:
        slices: (N, H, W).
        side: pixels to which what is left between the margins is drawn.
    """
    result = []
    for image in slices:
        image = image.astype(np.float32)
        body = image > measure_foreground(image).threshold
        (top, bottom), (left, right) = (_extent(body.sum(axis=axis)) for axis in (1, 0))
        rows = np.linspace(top, bottom - 1, side).round().astype(int)
        columns = np.linspace(left, right - 1, side).round().astype(int)
        cut, inside = image[np.ix_(rows, columns)], body[np.ix_(rows, columns)]
        flat = np.zeros((side, side), np.float32)
        ranks = np.empty(np.count_nonzero(inside), np.float32)
        ranks[np.argsort(cut[inside], kind="stable")] = np.arange(1, len(ranks) + 1)
        flat[inside] = 0.5 + 0.5 * ranks / max(1, len(ranks))  # body from 0.5 to 1, air 0
        result.append(_describe(flat))
    return np.stack(result)


def probe_shortcuts(images: np.ndarray, raw: np.ndarray, labels: np.ndarray, sides: np.ndarray, sources: np.ndarray,
                    classes: Sequence[str], seed: int = 0) -> list[ShortcutProbe]:
    """How well statistics tell each class from the rest, raw, after the library's preparation, and equalised.

    Gradient boosting learns on the training side and is measured on validation: sides are what keeps patients apart,
    also where the groups are finer than that. Over all slices with a known label and over each source by itself; a
    class of which a side has hardly any slice is passed over.

    Args:
        images: (N, size, size) prepared slices, or (N, C, size, size), of which the first channel there counts.
        raw: (N, F) `global_statistics` of the slices as they came.
        labels: (N,) class numbers, or (N, C) of 0 and 1; -1 unknown.
        sides, sources: (N,) str.
        classes: names.
        seed: chooses the slices if there are more than enough.
    """
    known = (labels if labels.ndim == 1 else labels.max(axis=1)) >= 0
    at = np.flatnonzero(known & np.isin(sides, ("train", "validation")))
    if len(at) > _ENOUGH:
        at = np.sort(np.random.default_rng(seed).choice(at, _ENOUGH, replace=False))
    if not len(at):
        return []
    seen = [np.asarray(pictures(images[n : n + 1]), np.float32) for n in at]
    stages = [raw[at], *(np.concatenate([f(image) for image in seen])
                         for f in (global_statistics, equalised_statistics))]
    labels, train, sources = labels[at], sides[at] == "train", sources[at]
    names = np.unique(sources)
    probes = []
    for data, here in [("all", sources == sources), *((str(name), sources == name) for name in names)]:
        for number, label in enumerate(classes if len(names) > 1 or data == "all" else ()):
            truth = labels == number if labels.ndim == 1 else labels[:, number] == 1
            counts = [np.count_nonzero(here & (train == on) & (truth == is_it))
                      for on in (True, False) for is_it in (True, False)]
            if min(counts) >= _FEWEST:
                areas = [_area(stage, truth, here & train, here & ~train, seed) for stage in stages]
                probes.append(ShortcutProbe(data, label, int(truth[here].sum()), *areas))
    return probes


def _area(statistics: np.ndarray, truth: np.ndarray, train: np.ndarray, test: np.ndarray, seed: int) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier  # two seconds, which other commands need not wait
    from sklearn.metrics import roc_auc_score

    never: Any = False  # scikit-learn's types know "auto" alone
    model = HistGradientBoostingClassifier(max_iter=60, early_stopping=never, random_state=seed)
    model.fit(statistics[train], truth[train])
    return float(roc_auc_score(truth[test], model.predict_proba(statistics[test])[:, 1]))


def _describe(image: np.ndarray) -> np.ndarray:
    body = image > measure_foreground(image).threshold
    inside = image[body] if body.any() else image.ravel()
    (top, bottom), (left, right) = (_extent(body.sum(axis=axis)) for axis in (1, 0))
    rows, columns = image.shape
    border = np.concatenate([image[:2].ravel(), image[-2:].ravel(), image[:, :2].ravel(), image[:, -2:].ravel()])
    return np.array([
        *np.percentile(image, (5, 25, 50, 75, 95, 99)), *np.percentile(inside, (10, 50, 90)), inside.std(),
        body.mean(), top / rows, 1 - bottom / rows, left / columns, 1 - right / columns, border.mean(), border.std(),
    ], np.float32)


def _extent(profile: np.ndarray) -> tuple[int, int]:
    """First and one past the last line with more than hardly any body."""
    line = np.flatnonzero(profile > 0.02 * profile.max()) if profile.max() else np.arange(len(profile))
    return int(line[0]), int(line[-1]) + 1
