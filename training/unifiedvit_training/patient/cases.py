"""The patients of a prepared dataset: what a run says of their images, and what else is known of them."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.inference.decision import decide
from UnifiedViTLib.patient_spec import MOST_IMAGES
from UnifiedViTLib.spec import VolumeRule

from ..config import Project
from ..data.dataset import Dataset, Item
from ..errors import DataError, RunError
from ..evaluation.candidates import FOLDER
from ..evaluation.evaluate import RESULTS_FILE, TABLE_FILE, calibration_of, check_measured
from ..evaluation.slice_table import load_table
from ..evaluation.volumes import run_volumes
from ..runs.model_folder import stored_network, write_model_folder
from ..runs.patients import check_patients


@dataclass(frozen=True)
class PatientCase:
    """A patient on the validation or the test side.

    Attributes:
        group: names the patient.
        side: "validation" or "test".
        label: index of the diagnosis.
        probabilities: (V, C) of the images, calibrated, as in use.
        values: metadata that are known.
    """

    group: str
    side: str
    label: int
    probabilities: np.ndarray
    values: dict[str, float | str]


def evaluated(run: Path) -> dict[str, Any]:
    """What `evaluate` wrote of a run.

    Raises:
        RunError: it has not been run.
    """
    try:
        return json.loads((run / FOLDER / RESULTS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{run} has not been evaluated ({error}). Run `unifiedvit-train evaluate --run {run.name}` "
                       "first.") from error


def patient_cases(project: Project, dataset: Dataset, run: Path) -> tuple[list[PatientCase], list[str]]:
    """All patients on the validation and test sides whose diagnosis is known.

    Args:
        project: of the run.
        dataset: prepared, with metadata.
        run: its folder, evaluated.

    Returns:
        the patients, by name; and sentences on those that were left out, or of whom something was.

    Raises:
        RunError: the run was not evaluated as it and the dataset are now, or a volume cannot be looked at.
        DataError: no image on these sides has a diagnosis.
    """
    check_patients(dataset.slices, run)
    check_measured(evaluated(run), dataset, run)
    said = _of_pictures(dataset, run) | _of_volumes(project, dataset, run)
    classes, notes = project.model.class_names, []
    by_group: dict[str, list[Item]] = defaultdict(list)
    for item in sorted(dataset.items, key=lambda item: item.name):
        if item.name in said:
            by_group[item.group].append(item)
    cases, contradicting, crowded, disagreeing = [], 0, 0, 0
    for group, items in sorted(by_group.items()):
        labels = {name for item in items for name in item.labels}
        if len(labels) != 1:
            contradicting += len(labels) > 1
            continue
        values, differ = _agreed(items)
        disagreeing += differ
        crowded += len(items) > MOST_IMAGES
        rows = np.array([said[item.name] for item in items[:MOST_IMAGES]])
        cases.append(PatientCase(group, items[0].side, classes.index(labels.pop()), rows, values))
    if contradicting:
        notes.append(f"{contradicting} patients are left out: their images have different diagnoses. Give each side of "
                     "the body, or each examination, a group of its own if it has its own diagnosis.")
    if disagreeing:
        notes.append(f"Of {disagreeing} patients, metadata differ between images, and count as missing.")
    if crowded:
        notes.append(f"Of {crowded} patients, the first {MOST_IMAGES} images are used.")
    if not cases:
        raise DataError("No patient on the validation side has one known diagnosis; there is nothing to learn from.")
    return cases, notes


def _agreed(items: list[Item]) -> tuple[dict[str, float | str], bool]:
    """The values on which all images of a patient that have one agree, and whether there are others."""
    values: dict[str, set[float | str]] = defaultdict(set)
    for item in items:
        for name, value in item.metadata.items():
            values[name].add(value)
    return ({name: next(iter(known)) for name, known in values.items() if len(known) == 1},
            any(len(known) > 1 for known in values.values()))


def _of_pictures(dataset: Dataset, run: Path) -> dict[str, np.ndarray]:
    """By the names of single images, the probabilities (C,) that `evaluate` kept."""
    table = load_table(run / FOLDER / TABLE_FILE)
    if table.probabilities is None:
        raise RunError(f"{run} gives no diagnosis; a patient's is made of those of the images.")
    volumes = {item.name for item in dataset.items if item.volume}
    return {name: row for name, row in zip(table.items.tolist(), table.probabilities, strict=True)
            if name not in volumes}


def _of_volumes(project: Project, dataset: Dataset, run: Path) -> dict[str, np.ndarray]:
    """By the names of volumes, the probabilities (C,) that the library's own predictor gives."""
    items = [item for item in dataset.items if item.volume and item.side in ("validation", "test")]
    if not items:
        return {}
    results = evaluated(run)
    try:
        with tempfile.TemporaryDirectory() as folder:
            spec = write_model_folder(project, stored_network(project.model, run)[1], calibration_of(results),
                                      VolumeRule(**results["rule"]), [], Path(folder) / "draft")
            return {case.name: np.array(list(decide(case.output, case.prepared, spec).diagnosis.probabilities.values()))
                    for case in run_volumes(items, spec)}
    except UnifiedViTError as error:
        raise RunError(f"Whole volumes cannot be looked at: {error}") from error
