"""`unifiedvit-train ood`: measures out-of-distribution detection, whether a model notices that it does not know what it
is looking at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.backends.torch_backend import load_network
from UnifiedViTLib.inference.ood.statistics import OODFeatures, OODStatistics, load_ood_statistics
from UnifiedViTLib.inference.warnings import input_warnings, ood_warnings
from UnifiedViTLib.models import UnifiedNetwork
from UnifiedViTLib.spec import ModelSpec

from ...data.dataset import Dataset
from ...errors import DataError, RunError
from ...storage import packed, write_whole
from .fit import threshold_within
from .metrics import IN_DISTRIBUTION, OODResults, SetMetrics
from .report import ood_page, ood_text
from .scores import EMBEDDING, EXPORTED, SCORES, Features, Score, extract_features, fit_score
from .sets import synthetic_sets, volumes_of

RESULTS_FILE, REPORT_FILE = "results.json", "report.html"
#: The validation slices, which all others are told from.
VALIDATION = "validation slices"
#: What a set is for: nothing is to be noticed; a score may be chosen on it; or it is kept for the end.
OOD_VAL, OOD_TEST = "ood-val", "ood-test"
_BATCH = 8
#: Slices that are judged at a time, to bound the memory.
_PORTION = 64
#: Slices of a volume that are looked at, evenly spread.
_MOST = 40


@dataclass(frozen=True)
class ScoredSlices:
    """What the network and the statistics say of slices.

    Attributes:
        features: of all slices, one after the other.
        distances: (N,), as of `OODStatistics.score`.
        rotated: (N, 3), likewise.
    """

    features: Features
    distances: np.ndarray
    rotated: np.ndarray

    @property
    def pictured(self) -> np.ndarray:
        """(N,) which slices have something on them."""
        return ~np.isnan(self.distances)


@dataclass(frozen=True)
class ScoredImages(ScoredSlices):
    """What came of a set of images, slice by slice; and for each image:

    Attributes:
        ood_warned: whether its slices are called unlike training.
        orientation_warned: whether it is called turned.
        input_warned: whether anything is said without a network.
    """

    ood_warned: list[bool]
    orientation_warned: list[bool]
    input_warned: list[bool]


def evaluate_ood(spec: ModelSpec, dataset: Dataset, output: Path, ood_val: Sequence[Path] = (),
                 ood_test: Sequence[Path] = (), in_distribution: Sequence[Path] = (), count: int = 1000) -> Path:
    """Measure what a model says of images that it does not know, and of those that it does; and compare ways to tell.

    Args:
        spec: a model of one channel with statistics of format 2.
        dataset: that it was trained on.
        output: folder for `results.json` and `report.html`.
        ood_val, ood_test, in_distribution: files or folders of out-of-distribution images on which a way to tell may
            be chosen (the drawn ones are such), of others for the end, and of images that are to pass.
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
    train, validation = _choose(dataset, spec, count)
    sets, cache = _sets(dataset, ood_val, ood_test, in_distribution), output / "cache"
    learnt = _score_slices(network, slices.inputs(train), slices.items[train], spec, statistics,
                           cache / "training.npz")
    reference = _score_slices(network, slices.inputs(validation), slices.items[validation], spec, statistics,
                              cache / "validation.npz")
    scored = {name: _score_volumes(network, volumes, spec, statistics, cache / f"set {name}.npz")
              for name, (_, volumes) in sets.items()}
    roles = {name: role for name, (role, _) in sets.items()}
    items = slices.items[validation][reference.pictured]
    distances = reference.distances[reference.pictured]
    metrics = [_validation_metrics(reference, statistics.threshold)]
    metrics += [_set_metrics(name, roles[name], images, distances, statistics.threshold)
                for name, images in scored.items()]
    features = {name: _rows(images.features, images.pictured) for name, images in scored.items()}
    scores = {score: _compare(score, learnt.features, slices.labels[train],
                              _rows(reference.features, reference.pictured), items, features) for score in SCORES}
    results = OODResults(spec, statistics.threshold, tuple(metrics), _held_out(distances, items), roles, scores)
    write_whole(output / REPORT_FILE, ood_page(results, EXPORTED))
    write_whole(output / RESULTS_FILE, json.dumps(results.as_json(), indent=1, allow_nan=False) + "\n")
    print(ood_text(results))
    print(f"Report: {output / REPORT_FILE}")
    return output / RESULTS_FILE


def _choose(dataset: Dataset, spec: ModelSpec, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of slices, evenly spread: of those of training with a diagnosis, and of those of validation."""
    slices = dataset.slices
    train, validation = slices.on("train"), slices.on("validation")
    train = train[slices.labels[train] >= 0]
    if slices.images.shape[-1] != spec.size or slices.images.ndim != 3 or len(train) < 2 or len(validation) < 2:
        raise DataError(f"The dataset in {dataset.folder} is not one that {spec.name} can have been trained on.")
    train, validation = (side[np.linspace(0, len(side) - 1, min(len(side), count)).astype(int)]
                         for side in (train, validation))
    return train, validation


def _validation_metrics(reference: ScoredSlices, threshold: float) -> SetMetrics:
    distances = reference.distances[reference.pictured]
    return SetMetrics(VALIDATION, IN_DISTRIBUTION, len(reference.distances), None, _share(distances > threshold),
                      _share(np.asarray(reference.rotated.any(axis=1))), None, None, None, None, distances)


def _set_metrics(name: str, role: str, images: ScoredImages, reference: np.ndarray, threshold: float) -> SetMetrics:
    """Of a set; `reference`: distances of the validation slices."""
    distances = images.distances[images.pictured]
    return SetMetrics(
        name, role, len(images.distances),
        auroc=None if role == IN_DISTRIBUTION else _auroc(reference, distances),
        flagged_fraction=_share(distances > threshold),
        rotated_fraction=_share(np.asarray(images.rotated.any(axis=1))),
        images=len(images.ood_warned),
        ood_warned=_share(images.ood_warned),
        orientation_warned=_share(images.orientation_warned),
        input_warned=_share(images.input_warned),
        distances=distances,
    )


def _statistics(spec: ModelSpec) -> OODStatistics:
    statistics = None if spec.channels else load_ood_statistics(spec)
    if statistics is None or statistics.orientation is None:
        raise RunError(f"{spec.name} looks at several channels, or has no statistics of what it was trained on (of "
                       "format 2). Export the run again.")
    return statistics


def _sets(dataset: Dataset, ood_val: Sequence[Path], ood_test: Sequence[Path], in_distribution: Sequence[Path]
          ) -> dict[str, tuple[str, list[Volume]]]:
    items = [item for item in dataset.items if item.side == "validation"]
    flat = [item for item in items if not item.volume]
    spread = [flat[n] for n in np.unique(np.linspace(0, len(flat) - 1, 40).astype(int))] if flat else []
    sets = {name: (OOD_VAL, volumes)
            for name, volumes in synthetic_sets([volumes_of(item.image)[0] for item in spread]).items()}
    if whole := [item for item in items if item.volume]:
        sets["validation volumes"] = (IN_DISTRIBUTION, [volumes_of(item.image)[0] for item in whole])
    for role, paths in ((IN_DISTRIBUTION, in_distribution), (OOD_VAL, ood_val), (OOD_TEST, ood_test)):
        for path in paths:
            name = path.name.split(".")[0]
            if name in sets:
                raise RunError(f"Two sets are called {name!r}. Rename a file or folder.")
            sets[name] = (role, volumes_of(path))
    return sets


def _score_volumes(network: UnifiedNetwork, volumes: Sequence[Volume], spec: ModelSpec, statistics: OODStatistics,
                   file: Path) -> ScoredImages:
    prepared = [prepare(volume, spec.size, spec.plane) for volume in volumes]
    chosen = [np.unique(np.linspace(0, len(volume) - 1, _MOST).round().astype(int)) for volume in prepared]
    images = np.concatenate([volume.inputs(number, number + 1)
                             for volume, numbers in zip(prepared, chosen, strict=True) for number in numbers])
    items = np.repeat(np.arange(len(chosen)), [len(numbers) for numbers in chosen])
    scored = _score_slices(network, images, items, spec, statistics, file)
    ends = np.cumsum([len(numbers) for numbers in chosen])[:-1]
    warnings = [
        ood_warnings(distances, rotated, spec)
        for distances, rotated in zip(np.split(scored.distances, ends), np.split(scored.rotated, ends), strict=True)
    ]
    return ScoredImages(
        scored.features, scored.distances, scored.rotated,
        ood_warned=[any("does not look like" in sentence for sentence in sentences) for sentences in warnings],
        orientation_warned=[any("seems to be" in sentence for sentence in sentences) for sentences in warnings],
        input_warned=[bool(input_warnings(volume, spec)) for volume in prepared],
    )


def _score_slices(network: UnifiedNetwork, images: np.ndarray, items: np.ndarray, spec: ModelSpec,
                  statistics: OODStatistics, file: Path) -> ScoredSlices:
    """Score prepared slices, each of one of `items`; what the network says of them is kept in a file, so that a stopped
    measurement goes on."""
    key = hashlib.sha256(spec.sha256.encode())
    key.update(np.ascontiguousarray(images).data)
    digest = np.array(key.hexdigest())
    features = _read(file, digest)
    if features is None:
        parts = [extract_features(network, images[start:start + _BATCH])
                 for start in tqdm(range(0, len(images), _BATCH), desc=file.stem, leave=False, disable=None)]
        features = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        write_whole(file, packed(features | {"key": digest}))
    portions = [statistics.features(features[EMBEDDING][start:start + _PORTION], images[start:start + _PORTION])
                for start in range(0, len(images), _PORTION)]
    distances, rotated = statistics.score(OODFeatures.concatenate(portions), np.unique(items, return_inverse=True)[1])
    assert rotated is not None, "statistics of format 2 know rotations"
    return ScoredSlices(features, distances, rotated)


def _read(path: Path, digest: np.ndarray) -> Features | None:
    try:
        with np.load(path) as file:
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
    validation = distance(reference)
    half = _half(items)
    threshold = threshold_within(validation[half], items[half])
    results = {VALIDATION: (0.5, _share(validation[~half] > threshold))}
    for name, features in sets.items():
        distances = distance(features)
        results[name] = _auroc(validation, distances), _share(distances > threshold)
    return results


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


def _auroc(in_distribution: np.ndarray, out_of_distribution: np.ndarray) -> float:
    if not len(out_of_distribution):
        return 1.0
    return float(
        roc_auc_score(
            np.repeat([0, 1], [len(in_distribution), len(out_of_distribution)]),
            np.concatenate([in_distribution, out_of_distribution]),
        )
    )
