"""`unifiedvit-train evaluate`: how good a run's network is, on slices and on whole volumes, and where it fails."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from UnifiedViTLib.diagnosis import LabelRule
from UnifiedViTLib.errors import Cancelled, UnifiedViTError
from UnifiedViTLib.inference.backends.torch_backend import choose_device
from UnifiedViTLib.inference.progress import ProgressCallback, WeightedProgress, ignore
from UnifiedViTLib.inference.tta import TTA_TRANSFORMS
from UnifiedViTLib.models import UnifiedNetwork
from UnifiedViTLib.spec import ModelSpec, VolumeRule

from ..config import Model, Project
from ..data.dataset import Dataset, check_dataset_fits, dataset_digest
from ..errors import DataError, RunError
from ..runs.calibration import Calibration
from ..runs.patients import check_patients
from ..storage import packed, write_whole
from .bootstrap import Estimate
from .calibrate import fit_calibration
from .candidates import FOLDER, TTA_FOLDER, Candidate, ModelFolder, TrainedRun
from .inference import SliceOutputs, predict_slices
from .metrics import probabilities_of
from .report import evaluation_page, summary_text
from .selective import FEWEST, Confidence, measure_confidence, review_of, slice_confidence
from .slice_table import SliceTable, build_slice_table, table_bytes, table_csv
from .summary import held_out_calibration_error, summarise
from .volumes import choose_rule, confidence_metrics, measure_volumes, one_channel_alone, partial_note, run_volumes

RESULTS_FILE, CSV_FILE, TABLE_FILE, ANSWERS_FILE, PASSES_FILE, REPORT_FILE = (
    "results.json", "slices.csv", "slices.npz", "predictions.npz", "passes.npz", "report.html",
)
#: Sides that are measured on.
MEASURED = ("validation", "test")


def evaluate(project: Project, dataset: Dataset, run: Path, tta: bool = False, uncertainty: bool = False,
             rule: VolumeRule | None = None, calibration: Calibration | None = None,
             progress: ProgressCallback = ignore) -> Path:
    """Measure the best weights of a run, as they will be stored, on the validation and test sides.

    Calibration (with a threshold for each finding of a multi-label model), volume rule and the confidence under which
    a result is to be reviewed are chosen on the validation side. What the network says is kept, so that a second run
    measures again without looking again.

    Args:
        project: the recipe of the run.
        dataset: prepared slices; "validation" has some, "test" may have none.
        run: folder of the run, with its best weights.
        tta: test-time augmentation: the mean of the logits of each slice and its mirror image is measured.
        uncertainty: measure the confidence of several passes over each slice too; four times the time.
        rule: the volume rule where fewer than `volumes.FEWEST` volumes are there to choose one; None: `first_rule`.
        calibration: that is to be kept; None: it is fitted.
        progress: told the fraction done; what it raises ends it, and the same call goes on.

    Returns:
        `evaluation/results.json` in `run` (with `tta`, `evaluation-tta/results.json`); beside it `report.html`,
        `slices.csv`, `slices.npz` (for `compare`) and `predictions.npz`.

    Raises:
        DataError: the dataset has no slices to measure on, or is not that of the project.
        RunError: there are no weights, the run has learnt from patients who stand on these sides, a volume cannot be
            used, or the disk is full.
    """
    check_patients(dataset.slices, run)
    return _evaluate(TrainedRun(project, run, rule, calibration), dataset, tta, uncertainty, progress)


def evaluate_model(spec: ModelSpec, dataset: Dataset, work: Path, tta: bool = False, uncertainty: bool = False,
                   progress: ProgressCallback = ignore) -> Path:
    """Measure a model, an ensemble too, as `evaluate` measures a run: with a calibration and a volume rule chosen on
    the validation side of this dataset. Those of its description are not used, and stay as they are.

    Args:
        spec: the model.
        dataset: as for `evaluate`, prepared for the same inputs, segments and classes.
        work: the metrics go into the model's id in it, as if that were a run; `compare` takes it as one.
        tta, uncertainty, progress: as for `evaluate`.

    Returns:
        As `evaluate`.

    Raises:
        DataError, RunError: as `evaluate`.
        WeightsError, ModelSpecError: the model's files are damaged.
    """
    return _evaluate(ModelFolder(spec, work), dataset, tta, uncertainty, progress)


def _evaluate(candidate: Candidate, dataset: Dataset, tta: bool, uncertainty: bool, progress: ProgressCallback
              ) -> Path:
    model, folder = candidate.model, _folder(candidate, tta)
    if uncertainty and model.multi_label:
        raise RunError("Several passes are for models of one class an image. Run without --uncertainty.")
    parts = WeightedProgress(progress, {"slices": 1, "volumes": 3})
    measured = measure_slices(candidate, dataset, tta, parts.part("slices"))
    table, answers, calibration = measured.table, measured.answers, measured.calibration
    summaries = [summarise(table, side, model) for side in ("validation", "test") if (table.sides == side).any()]
    if answers.class_logits is not None:
        chosen = table.sides == "validation"
        error = held_out_calibration_error(answers.class_logits[chosen], table.labels[chosen], table.groups[chosen],
                                           model)
        summaries[0].metrics["calibration_error_held_out"] = Estimate(error, None, None)
    by_pass = _by_pass(candidate, dataset, measured, folder) if uncertainty else None
    rule, volumes = _whole_volumes(candidate, dataset, measured.network, calibration, folder, tta, uncertainty,
                                   parts.part("volumes"))
    confidences = {s.side: _confidences(table, by_pass, answers, model, rule, table.sides == s.side)
                   for s in summaries}
    review = review_of(confidences["validation"], [
        _confidences(table, by_pass, answers, model, rule, of_source) for of_source in _left_out(dataset, table)])

    results = {
        "weights_sha256": measured.digest, "dataset_sha256": dataset_digest(dataset.slices, MEASURED), "tta": tta,
        **_as_json(calibration, model), "rule": asdict(rule),
        "results": [{"dataset": f"slices, {s.side} ({candidate.used[s.side]}{s.note})", "metrics": s.numbers()}
                    for s in summaries] + volumes,
        "classes": model.class_names, "segments": [card.name for card in model.segments],
        "task": model.task, "diagnosis": model.diagnosis, "model": model.model_dump(mode="json"),
        "sides": {s.side: s.as_json() for s in summaries},
        "selective": {side: [confidence.as_json() for confidence in of_side]
                      for side, of_side in confidences.items() if of_side},
        **({"review": review} if review else {}),
    }
    page = evaluation_page(model, dataset, summaries, volumes, calibration, rule,
                           None if answers.drawn is None else {s.side: answers.drawn[table.sides == s.side]
                                                               for s in summaries}, tta, confidences)
    write_whole(folder / CSV_FILE, table_csv(table, model))
    write_whole(folder / REPORT_FILE, page)
    # Written last: `export` and `compare` take it as the sign that the rest is there.
    write_whole(folder / RESULTS_FILE, json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    print(summary_text(summaries, volumes, calibration, model, confidences))
    print(f"Report: {folder / REPORT_FILE}")
    return folder / RESULTS_FILE


def _by_pass(candidate: Candidate, dataset: Dataset, measured: Measured, folder: Path) -> np.ndarray | None:
    """(passes, N, C) calibrated probabilities, the answer's own first; None for a network without one diagnosis an
    image. What was looked at is kept, as the answers are."""
    model, table, logits = candidate.model, measured.table, measured.answers.class_logits
    calibration = measured.calibration
    if logits is None or calibration is None or model.diagnosis != "multi-class":
        return None
    path, key = folder / PASSES_FILE, f"{_key_of(folder / ANSWERS_FILE)} {TTA_TRANSFORMS}"
    further = _cached_passes(path, key)
    if further is None:
        device = choose_device("cpu" if candidate.machine.accelerator == "cpu" else "auto")
        network = measured.network.to(device)
        passes = (predict_slices(network, dataset.slices, table.indices, device=device, augmentation=augmentation)
                  for augmentation in TTA_TRANSFORMS)
        further = np.stack([outputs.class_logits for outputs in passes if outputs.class_logits is not None])
        network.to("cpu")
        write_whole(path, packed({"class_logits": further, "key": np.array(key)}))
    return np.stack([probabilities_of(pass_logits, model, calibration) for pass_logits in (logits, *further)])


def _cached_passes(path: Path, key: str) -> np.ndarray | None:
    try:
        with np.load(path) as file:
            return file["class_logits"] if str(file["key"]) == key else None
    except Exception:  # as for the answers
        return None


def _key_of(path: Path) -> str:
    with np.load(path) as file:
        return str(file["key"])


def _confidences(table: SliceTable, by_pass: np.ndarray | None, answers: SliceOutputs, model: Model, rule: VolumeRule,
                 chosen: np.ndarray) -> list[Confidence]:
    """What `selective` measures of the slices `chosen` (N,) bool; empty for a network without one diagnosis an
    image."""
    if table.probabilities is None or table.labels.ndim != 1:
        return []
    healthy = next((n for n, card in enumerate(model.classes) if not card.lesion), None)
    drawn: np.ndarray | None = None
    if answers.drawn is not None:
        drawn = np.any(answers.drawn[chosen] > 0, axis=(1, 2))
        if healthy is not None:
            drawn = drawn & (table.probabilities[chosen, healthy] <= rule.max_normal_probability)
    confidence = None
    if by_pass is not None:
        confidence = slice_confidence(by_pass[:, chosen], drawn, healthy)
    return measure_confidence(table.take(chosen), confidence, drawn)


def _left_out(dataset: Dataset, table: SliceTable) -> list[np.ndarray]:
    """(N,) bool, of the slices of each source that is on the test side alone; too few slices tell nothing."""
    slices = dataset.slices
    known = slices.sources[slices.sides != "test"]
    of_sources = [table.sources == name for name in np.setdiff1d(slices.sources, known)]
    return [of_source for of_source in of_sources if of_source.sum() >= FEWEST]


def _folder(candidate: Candidate, tta: bool) -> Path:
    return candidate.folder / (TTA_FOLDER if tta else FOLDER)


class Measured(NamedTuple):
    """What a network said of the validation and test slices, and how far that is true.

    `digest`: SHA-256 of the weights. `calibration`: None for a network that gives no diagnosis.
    """

    digest: str
    network: UnifiedNetwork
    answers: SliceOutputs
    calibration: Calibration | None
    table: SliceTable


def measure_slices(candidate: Candidate, dataset: Dataset, tta: bool = False, progress: ProgressCallback = ignore
                   ) -> Measured:
    """The part of `evaluate` that looks at slices; writes `slices.npz` and `predictions.npz`.

    Args:
        candidate: what is measured.
        dataset: prepared.
        tta, progress: as for `evaluate`.

    Raises:
        DataError, RunError: as `evaluate`.
        WeightsError, ModelSpecError: as `evaluate_model`.
    """
    model, folder = candidate.model, _folder(candidate, tta)
    check_dataset_fits(dataset, model)
    sides = [side for side in ("validation", "test") if len(dataset.slices.on(side))]
    if "validation" not in sides:
        raise DataError(
            f"The dataset in {dataset.folder} has no slices on the validation side, and calibration needs them. "
            "Change `split` in the project and run `unifiedvit-train prepare` again."
        )
    if candidate.machine.threads:
        torch.set_num_threads(candidate.machine.threads)
    digest, settings, network = candidate.load()
    indices = np.concatenate([dataset.slices.on(side) for side in sides])
    answers = _answers(network, digest + settings, dataset, indices, folder / ANSWERS_FILE,
                       candidate.machine.accelerator, tta, progress)
    chosen, labels = dataset.slices.sides[indices] == "validation", dataset.slices.labels[indices]
    logits, groups = answers.class_logits, dataset.slices.groups[indices]
    calibration = None
    if logits is not None:
        calibration = candidate.calibration or fit_calibration(logits[chosen], labels[chosen], groups[chosen], model)
    table = build_slice_table(dataset, indices, answers, model, calibration)
    write_whole(folder / TABLE_FILE, table_bytes(table))
    return Measured(digest, network, answers, calibration, table)


def _as_json(calibration: Calibration | None, model: Model) -> dict[str, Any]:
    if isinstance(calibration, tuple):
        return {"temperature": None, "labels": {name: asdict(rule) for name, rule in
                                                zip(model.class_names, calibration, strict=True)}}
    return {"temperature": calibration}


def check_measured(results: dict[str, Any], dataset: Dataset, run: Path) -> None:
    """Raise a RunError if a run was evaluated on other slices, masks or labels than are prepared now.

    Args:
        results: what `evaluate` wrote.
        dataset: prepared.
        run: folder of the run.
    """
    if results.get("dataset_sha256") != dataset_digest(dataset.slices, MEASURED):
        raise RunError(f"The dataset in {dataset.folder} was prepared again after {run} was evaluated: the metrics are "
                       f"of other slices. Run `unifiedvit-train evaluate --run {run.name}` again.")


def calibration_of(results: dict[str, Any]) -> Calibration:
    """What `evaluate` fitted, from what it wrote."""
    labels = results.get("labels")
    return tuple(LabelRule(**rule) for rule in labels.values()) if labels else results["temperature"]


def _answers(network: UnifiedNetwork, made_of: str, dataset: Dataset, indices: np.ndarray, path: Path,
             accelerator: str, tta: bool, progress: ProgressCallback) -> SliceOutputs:
    """What the network says of the slices: from `path` if it was said there by the same network of the same images."""
    key = hashlib.sha256(made_of.encode() + indices.tobytes())
    for start in range(0, len(indices), 256):
        key.update(np.ascontiguousarray(dataset.slices.images[indices[start:start + 256]]).data)
    kept = _kept_answers(path, key.hexdigest())
    if kept:
        return kept
    device = choose_device("cpu" if accelerator == "cpu" else "auto")
    answers = predict_slices(network.to(device), dataset.slices, indices, device=device, tta=tta, progress=progress)
    network.to("cpu")
    arrays = {name: value for name, value in vars(answers).items() if value is not None}
    write_whole(path, packed(arrays | {"key": np.array(key.hexdigest()), "indices": indices}))
    return answers


def _kept_answers(path: Path, key: str) -> SliceOutputs | None:
    try:
        with np.load(path) as file:
            if str(file["key"]) == key:
                return SliceOutputs(*(file.get(name) for name in ("class_logits", "drawn", "embeddings")))
    except Exception:  # missing, cut off or of an older version: the network looks again
        return None
    return None


def _whole_volumes(candidate: Candidate, dataset: Dataset, network: UnifiedNetwork,
                   calibration: Calibration | None, folder: Path, tta: bool, uncertainty: bool,
                   progress: ProgressCallback) -> tuple[VolumeRule, list[dict[str, Any]]]:
    """The volume rule, and metrics of whole volumes through the library's own predictor, as in use."""
    items = {side: [item for item in dataset.items if item.volume and item.side == side and (item.mask or item.labels)]
             for side in ("validation", "test")}
    if not any(items.values()):
        return candidate.rule, []
    draft = folder / "draft"
    try:
        spec = candidate.in_use(network, calibration, draft)
        if spec is None:
            return candidate.rule, []
        sets = {(side, ""): items[side] for side in items if items[side]} | {
            (side, f", {channel} alone"): alone for side in items
            for channel, alone in one_channel_alone(items[side], [one.name for one in spec.channels]).items() if alone
        }
        parts = WeightedProgress(progress, {str(key): len(volumes) for key, volumes in sets.items()})
        cases = {key: run_volumes(volumes, spec, tta, uncertainty, parts.part(str(key)))
                 for key, volumes in sets.items()}
    except Cancelled:
        raise
    except UnifiedViTError as error:
        raise RunError(f"Whole volumes cannot be measured: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    # A rule that serves a user of one sequence as well as one of all.
    chosen_on = [case for (side, _), volumes in cases.items() if side == "validation" for case in volumes]
    ruled = replace(spec, volume_rule=choose_rule(chosen_on, spec, candidate.rule))
    use = {"validation": "the volume rule was chosen on them", "test": candidate.used["test"]}
    return ruled.volume_rule, [
        {"dataset": f"whole volumes, {side}{what} ({use[side]}{partial_note(volumes)})",
         "metrics": measure_volumes(volumes, ruled) | confidence_metrics(volumes, ruled)}
        for (side, what), volumes in cases.items()
    ]
