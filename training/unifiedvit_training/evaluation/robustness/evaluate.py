"""`unifiedvit-train robustness`: what is left of a network's answers when images get worse."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ...data.dataset import Dataset, check_dataset_fits
from ...errors import DataError, RunError
from ...runs.patients import check_patients
from ...storage import packed, write_whole
from ..choosing import spread_over_classes
from ..metrics import overlap_values, probabilities_of
from .adaptation import adaptable, adapted
from .corruptions import CLEAN, CORRUPTIONS, SEVERITIES, corrupt
from .evaluated_model import EvaluatedModel
from .metrics import CorruptionOutputs, Robustness, measure
from .report import robustness_page, robustness_text

FOLDER, RESULTS_FILE, REPORT_FILE = "robustness", "results.json", "report.html"
#: Added to the name of a network that adapts itself to what it looks at.
ADAPTED = ", adapted"
_BATCH = 16


def robustness(models: Sequence[EvaluatedModel], dataset: Dataset, output: Path, count: int = 200,
               source: str | None = None, adapt: bool = False, names: Sequence[str] = tuple(CORRUPTIONS)) -> Path:
    """Measure networks on slices that were corrupted, all on the same ones.

    Slices are of the test side, of the validation side where there is none; as many of each diagnosis. Answers are
    kept, so that a stopped run goes on.

    Args:
        models: networks for the same classes and segments; the others are compared with the first.
        dataset: whose pictures all see, each resampled to its own size.
        output: folder for `results.json`, `report.html` and `answers/`.
        count: of slices.
        source: slices of this source of the project alone.
        adapt: measure each network a second time with batch normalisation adapted to what it looks at.
        names: which corruptions.

    Returns:
        `results.json`.

    Raises:
        DataError: the dataset does not fit a network, or has no such slices.
        RunError: networks know different classes, one has learnt from patients who stand on these sides, nothing can
            be adapted, or `output` cannot be written.
    """
    _refuse_unlike(models, dataset, adapt, names)
    for evaluated in models:
        if evaluated.run:
            check_patients(dataset.slices, evaluated.run)
    side, places = _choose(dataset, source, count)
    slices, model = dataset.slices, models[0].model
    labels, groups = slices.labels[places], slices.groups[places]
    answers: dict[str, dict[str, list[CorruptionOutputs]]] = {}
    for evaluated in models:
        for adapting in (False, True) if adapt and adaptable(evaluated.network) else (False,):
            name = evaluated.name + ADAPTED * adapting
            answers[name] = {
                corruption: _answers(evaluated, dataset, places, corruption, adapting,
                                     output / "answers" / f"{name}-{corruption}.npz".replace(" ", "-"))
                for corruption in (CLEAN, *names)
            }
    first = next(iter(answers))
    metrics = {
        name: measure(outputs, None if name == first else answers[first], labels, groups, model)
        for name, outputs in answers.items()
    }
    results = {"side": side, "source": source, "slices": len(places), "groups": len(np.unique(groups)),
               **_as_json(metrics, names)}
    write_whole(output / REPORT_FILE, robustness_page(model, dataset, places, side, metrics, names))
    write_whole(output / RESULTS_FILE, json.dumps(results, indent=1, allow_nan=False) + "\n")
    print(robustness_text(metrics))
    print(f"Report: {output / REPORT_FILE}")
    return output / RESULTS_FILE


def _as_json(metrics: Mapping[str, Robustness], names: Sequence[str]) -> dict[str, Any]:
    """What the corruptions do, and what is left of each network's answers under them."""
    return {
        "corruptions": {name: {"levels": CORRUPTIONS[name].levels, "meaning": CORRUPTIONS[name].meaning}
                        for name in names},
        "networks": {
            name: {"mean": network.mean, "metrics": network.metrics,
                   "against": {kind: {metric: difference._asdict() for metric, difference in differences.items()}
                               for kind, differences in network.against.items()}}
            for name, network in metrics.items()
        },
    }


def _refuse_unlike(models: Sequence[EvaluatedModel], dataset: Dataset, adapt: bool, names: Sequence[str]) -> None:
    if unknown := sorted(set(names) - set(CORRUPTIONS)):
        raise RunError(f"There is no corruption {unknown[0]!r}. There are: {', '.join(CORRUPTIONS)}.")
    if len({evaluated.name for evaluated in models}) < len(models):
        raise RunError("Two of the networks have the same name. Rename a folder, so that metrics can be told apart.")
    size = dataset.slices.images.shape[-1]
    tasks = [([(c.name, c.lesion) for c in evaluated.model.classes], [s.name for s in evaluated.model.segments])
             for evaluated in models]
    for evaluated, task in zip(models, tasks, strict=True):
        model = evaluated.model
        check_dataset_fits(dataset, model.model_copy(update={"input": model.input.model_copy(update={"size": size})}))
        if task != tasks[0]:
            raise RunError(f"{models[0].name} and {evaluated.name} know different classes; their metrics cannot "
                           "be compared.")
    if adapt and not any(adaptable(evaluated.network) for evaluated in models):
        raise RunError("None of these networks has batch normalisation, so there is nothing to adapt.")


def _choose(dataset: Dataset, source: str | None, count: int) -> tuple[str, np.ndarray]:
    slices = dataset.slices
    for side in ("test", "validation"):
        fits = (slices.sides == side) & (slices.labels >= 0) & slices.has_mask
        if source:
            fits &= slices.sources == source
        places = np.flatnonzero(fits)
        places = places[~slices.partial(places)]
        if len(places):
            return side, spread_over_classes(slices, places, count)
    raise DataError(
        f"The dataset in {dataset.folder} has no slices with a known diagnosis and a whole mask on its test or "
        "validation side"
        + (f" from {source!r}. Its sources: {', '.join(np.unique(slices.sources))}." if source else ".")
    )


def _answers(
    evaluated: EvaluatedModel, dataset: Dataset, places: np.ndarray, corruption: str, adapting: bool, path: Path
) -> list[CorruptionOutputs]:
    """For each severity; from `path` if they were given there by the same network on the same slices and masks."""
    severities = (0,) if corruption == CLEAN else SEVERITIES
    level = repr(CORRUPTIONS[corruption].levels) if corruption in CORRUPTIONS else ""
    key = hashlib.sha256(f"{evaluated.made_of}{corruption}{level}{adapting}{evaluated.temperature}".encode())
    key.update(repr(evaluated.ood and evaluated.ood.threshold).encode() + places.tobytes())
    for array in (dataset.slices.images, dataset.slices.masks):
        key.update(np.ascontiguousarray(array[places]).data)
    digest = np.array(key.hexdigest())
    try:
        with np.load(path) as file:
            if file["key"] == digest:
                return [_unpacked(file, severity) for severity in severities]
    except Exception:  # missing, cut off or of an older version: the network looks again
        pass
    answers, arrays = [], {"key": digest}
    with adapted(evaluated.network) if adapting else nullcontext():
        for severity in tqdm(severities, desc=f"{evaluated.name}, {corruption}", leave=False, disable=None):
            answers.append(_look(evaluated, dataset, places, corruption, severity))
            arrays |= _packed(answers[-1], severity)
    write_whole(path, packed(arrays))
    return answers


def _look(
    evaluated: EvaluatedModel, dataset: Dataset, places: np.ndarray, corruption: str, severity: int
) -> CorruptionOutputs:
    slices, model = dataset.slices, evaluated.model
    logits, overlaps, flagged_parts = [], [], []
    # In an order by chance, so that a batch is not of one kind.
    order = np.random.default_rng(0).permutation(len(places))
    for start in range(0, len(places), _BATCH):
        batch = places[order[start:start + _BATCH]]
        corrupted = [corrupt(images, slices.masks[place], corruption, severity, int(place))
                     for images, place in zip(slices.inputs(batch), batch, strict=True)]
        images, masks = (np.stack(part) for part in zip(*corrupted, strict=True))
        batch_logits, drawn_masks, flagged = evaluated.predict(images)
        logits.append(batch_logits)
        if drawn_masks is not None:
            overlaps.append(overlap_values(drawn_masks, masks, slices.has_mask[batch], len(model.segments)))
        if flagged is not None:
            flagged_parts.append(flagged.astype(float))
    back = np.argsort(order)
    probabilities = None
    if logits[0] is not None:
        probabilities = probabilities_of(np.concatenate(logits), model, evaluated.temperature)[back]
    all_flagged = sum(map(len, flagged_parts)) == len(places)
    return CorruptionOutputs(probabilities, {name: np.concatenate([part[name] for part in overlaps])[back]
                                             for name in overlaps[0]} if overlaps else None,
                             np.concatenate(flagged_parts)[back] if all_flagged else None)


def _packed(answers: CorruptionOutputs, severity: int) -> dict[str, np.ndarray]:
    flat = {"probabilities": answers.probabilities, "flagged": answers.flagged}
    flat |= {f"overlaps.{name}": value for name, value in (answers.overlaps or {}).items()}
    return {f"{severity}.{name}": value for name, value in flat.items() if value is not None}


def _unpacked(file: np.lib.npyio.NpzFile, severity: int) -> CorruptionOutputs:
    mine = {name.split(".", 1)[1]: file[name] for name in file.files if name.startswith(f"{severity}.")}
    overlaps = {name.removeprefix("overlaps."): value for name, value in mine.items() if name.startswith("overlaps.")}
    return CorruptionOutputs(mine.get("probabilities"), overlaps or None, mine.get("flagged"))
