"""`unifiedvit-train strangers`: whether a model notices that it does not know what it is looking at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.backends.torch_backend import load_network
from UnifiedViTLib.inference.decision import Look
from UnifiedViTLib.inference.doubts import about_input, about_look
from UnifiedViTLib.inference.familiarity import FamiliarityStatistics, Impression, load_statistics
from UnifiedViTLib.spec import ModelSpec

from ..data.dataset import Dataset
from ..errors import DataError, RunError
from ..exporting.familiarity import threshold_within
from ..reports.strangers_report import strangers_page, strangers_text
from ..storage import packed, write_whole
from .familiarity_scores import EMBEDDING, EXPORTED, SCORES, Features, Score, fit_score, look
from .stranger_figures import FAMILIAR, SetFigures, Strangers
from .stranger_sets import synthetic_sets, volumes_of

RESULTS_FILE, REPORT_FILE = "results.json", "report.html"
#: The validation slices, which all others are told from.
VALIDATION = "validation slices"
#: What a set is for: nothing is to be noticed; a score may be chosen on it; or it is kept for the end.
CHOOSING, LAST = "choosing", "last"
_BATCH = 8
#: Slices that are judged at a time, to bound the memory.
_PORTION = 64
#: Slices of a volume that are looked at, evenly spread.
_MOST = 40


@dataclass(frozen=True)
class Seen:
    """What came of a set of images.

    Attributes:
        features: of all slices, one after the other.
        distances, turned: of all slices, as of `FamiliarityStatistics.judge`.
        unlike, wrong_way, checks: for each image whether its slices are called unlike training, it is called turned,
            and anything is said without a network.
    """

    features: Features
    distances: np.ndarray
    turned: np.ndarray
    unlike: list[bool]
    wrong_way: list[bool]
    checks: list[bool]


def strangers(spec: ModelSpec, dataset: Dataset, output: Path, choose_on: Sequence[Path] = (),
              test_on: Sequence[Path] = (), familiar: Sequence[Path] = (), count: int = 1000) -> Path:
    """Measure what a model says of images that it does not know, and of those that it does; and compare ways to tell.

    Args:
        spec: a model of one channel with statistics of format 2.
        dataset: that it was trained on.
        output: folder for `results.json` and `report.html`.
        choose_on, test_on, familiar: files or folders of strange images on which a way to tell may be chosen (the
            drawn ones are such), of others for the end, and of images that are to pass.
        count: training and validation slices to look at, at most.

    Returns:
        `results.json`.

    Raises:
        DataError: the dataset has no such slices, or an image cannot be used.
        RunError: the model cannot be measured so, or `output` cannot be written.
        WeightsError, ModelSpecError: its files are damaged.
    """
    statistics = _statistics(spec)
    network, slices = load_network(spec), dataset.slices
    train, validation = slices.on("train"), slices.on("validation")
    train = train[slices.labels[train] >= 0]
    if slices.images.shape[-1] != spec.size or slices.images.ndim != 3 or len(train) < 2 or len(validation) < 2:
        raise DataError(f"The dataset in {dataset.folder} is not one that {spec.name} can have been trained on.")
    train, validation = (side[np.linspace(0, len(side) - 1, min(len(side), count)).astype(int)]
                         for side in (train, validation))
    sets, looks = _sets(dataset, choose_on, test_on, familiar), output / "looks"
    known = _look_at_slices(network, slices.inputs(train), spec, statistics, looks / "training.npz")[0]
    reference, distances, turned = _look_at_slices(network, slices.inputs(validation), spec, statistics,
                                                   looks / "validation.npz")
    seen = {name: _look_at(network, volumes, spec, statistics, looks / f"set {name}.npz")
            for name, (_, volumes) in sets.items()}
    there = ~np.isnan(distances)
    items = slices.items[validation][there]
    figures = [SetFigures(
        VALIDATION, FAMILIAR, len(distances), None, _share(distances[there] > statistics.threshold),
        _share(turned.any(axis=1)), None, None, None, None, distances[there],
    )]
    for name, (role, _) in sets.items():
        one = seen[name]
        own = one.distances[~np.isnan(one.distances)]
        figures.append(SetFigures(
            name, role, len(one.distances), None if role == FAMILIAR else _auroc(distances[there], own),
            _share(own > statistics.threshold), _share(one.turned.any(axis=1)), len(one.unlike), _share(one.unlike),
            _share(one.wrong_way), _share(one.checks), own,
        ))
    roles = {name: role for name, (role, _) in sets.items()}
    scores = {
        score: _compare(score, known, slices.labels[train], _rows(reference, there), items,
                        {name: _rows(one.features, ~np.isnan(one.distances)) for name, one in seen.items()})
        for score in SCORES
    }
    found = Strangers(spec, statistics.threshold, tuple(figures), _held_out(distances[there], items), roles, scores)
    write_whole(output / REPORT_FILE, strangers_page(found, EXPORTED))
    write_whole(output / RESULTS_FILE, json.dumps(found.as_json(), indent=1, allow_nan=False) + "\n")
    print(strangers_text(found))
    print(f"Report: {output / REPORT_FILE}")
    return output / RESULTS_FILE


def _statistics(spec: ModelSpec) -> FamiliarityStatistics:
    statistics = None if spec.channels else load_statistics(spec)
    if statistics is None or statistics.turns is None:
        raise RunError(f"{spec.name} looks at several channels, or has no statistics of what it was trained on (of "
                       "format 2). Export the run again.")
    return statistics


def _sets(dataset: Dataset, choose_on: Sequence[Path], test_on: Sequence[Path], familiar: Sequence[Path]
          ) -> dict[str, tuple[str, list[Volume]]]:
    items = [item for item in dataset.items if item.side == "validation"]
    flat = [item for item in items if not item.volume]
    spread = [flat[n] for n in np.unique(np.linspace(0, len(flat) - 1, 40).astype(int))] if flat else []
    sets = {name: (CHOOSING, volumes)
            for name, volumes in synthetic_sets([volumes_of(item.image)[0] for item in spread]).items()}
    if whole := [item for item in items if item.volume]:
        sets["validation volumes"] = (FAMILIAR, [volumes_of(item.image)[0] for item in whole])
    for role, paths in ((FAMILIAR, familiar), (CHOOSING, choose_on), (LAST, test_on)):
        for path in paths:
            name = path.name.split(".")[0]
            if name in sets:
                raise RunError(f"Two sets are called {name!r}. Rename a file or folder.")
            sets[name] = (role, volumes_of(path))
    return sets


def _look_at(network: torch.nn.Module, volumes: Sequence[Volume], spec: ModelSpec, statistics: FamiliarityStatistics,
             kept: Path) -> Seen:
    prepared = [prepare(volume, spec.size) for volume in volumes]
    numbers = [np.unique(np.linspace(0, len(one) - 1, _MOST).round().astype(int)) for one in prepared]
    images = np.concatenate([one.inputs(n, n + 1) for one, own in zip(prepared, numbers, strict=True) for n in own])
    features, distances, turned = _look_at_slices(network, images, spec, statistics, kept)
    ends = np.cumsum([len(own) for own in numbers])
    said = [about_look(Look(None, None, None, distances[end - len(own):end], None, turned[end - len(own):end]), spec)
            for own, end in zip(numbers, ends, strict=True)]
    return Seen(
        features, distances, turned,
        unlike=[any("does not look like" in sentence for sentence in one) for one in said],
        wrong_way=[any("seems to be" in sentence for sentence in one) for one in said],
        checks=[bool(about_input(one, spec)) for one in prepared],
    )


def _look_at_slices(network: torch.nn.Module, images: np.ndarray, spec: ModelSpec, statistics: FamiliarityStatistics,
                    kept: Path) -> tuple[Features, np.ndarray, np.ndarray]:
    """Features, distances (N,) and turns (N, 3) of prepared slices; what the network says of them is kept in a file, so
    that a stopped measurement goes on."""
    key = hashlib.sha256(spec.sha256.encode())
    key.update(np.ascontiguousarray(images))
    digest = np.array(key.hexdigest())
    features = _read(kept, digest)
    if features is None:
        parts = [look(network, images[start:start + _BATCH])
                 for start in tqdm(range(0, len(images), _BATCH), desc=kept.stem, leave=False, disable=None)]
        features = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        write_whole(kept, packed(features | {"key": digest}))
    seen = [statistics.see(features[EMBEDDING][start:start + _PORTION], images[start:start + _PORTION])
            for start in range(0, len(images), _PORTION)]
    return features, *statistics.judge(Impression.together(seen))


def _read(kept: Path, digest: np.ndarray) -> Features | None:
    try:
        with np.load(kept) as file:
            if file["key"] == digest:
                return {name: file[name] for name in file.files if name != "key"}
    except Exception:  # missing, cut off or of an older version: the network looks again
        return None
    return None


def _compare(score: Score, train: Features, labels: np.ndarray, reference: Features, items: np.ndarray,
             sets: dict[str, Features]) -> dict[str, tuple[float, float]]:
    """For each set the AUROC against the validation slices, and the share beyond what one in a hundred of half of these
    exceeds; under `VALIDATION` that share of the other half."""
    distance = fit_score(score, train, labels)
    own = distance(reference)
    half = _half(items)
    threshold = threshold_within(own[half], items[half])
    found = {VALIDATION: (0.5, _share(own[~half] > threshold))}
    for name, features in sets.items():
        values = distance(features)
        found[name] = _auroc(own, values), _share(values > threshold)
    return found


def _held_out(distances: np.ndarray, items: np.ndarray) -> float:
    """False alarms a slice with the threshold chosen on the other half of the images."""
    half = _half(items)
    return _share(distances[~half] > threshold_within(distances[half], items[half]))


def _half(items: np.ndarray) -> np.ndarray:
    kinds, place = np.unique(items, return_inverse=True)
    return (np.random.default_rng(0).permutation(len(kinds)) < len(kinds) / 2)[place]


def _rows(features: Features, rows: np.ndarray) -> Features:
    return {name: values[rows] for name, values in features.items()}


def _share(values: Sequence[bool] | np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _auroc(familiar: np.ndarray, strange: np.ndarray) -> float:
    if not len(strange):
        return 1.0
    return float(roc_auc_score(np.repeat([0, 1], [len(familiar), len(strange)]), np.concatenate([familiar, strange])))
