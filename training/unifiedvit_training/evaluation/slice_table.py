"""All that is known of each evaluated slice, and the metrics of any choice of slices."""

from __future__ import annotations

import csv
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..config import IGNORE, Model
from ..data.dataset import Dataset, lesion_of
from ..errors import RunError
from ..runs.calibration import Calibration
from ..storage import packed
from .boundaries import boundary_values
from .calibrate import expected_calibration_error
from .inference import SliceOutputs
from .metrics import (
    classification_metrics,
    mean,
    of_class,
    over_segments,
    overlap_values,
    probabilities_of,
    segmentation_metrics,
    selective_metrics,
)

#: Values (N, S) of mask classes that are averaged on a slice; metrics of the same name are means over slices.
OUTLINE_VALUES = ("iou", "hd95", "surface_dice", "boundary_f1")


@dataclass(frozen=True)
class SliceTable:
    """N slices, S mask classes, C diagnoses. All arrays share their first axis.

    Attributes:
        indices: (N,) int64, places in the dataset's slices.
        items, groups, sources, planes, sides: (N,) str; `items` are names.
        positions: (N,) int64, number of the slice in its volume.
        labels: (N,) int64 or, multi-label, (N, C), as in `SliceSet`.
        lesion_pixels: (N,) of the true mask, or of what is labelled of it; NaN where it is not known.
        probabilities, raw: (N, C), calibrated and as the network said; None without a diagnosis.
        values: of `overlap_values` and `boundary_values`; None without a mask.
        found: (N, C) bool, multi-label: whose probability reaches its threshold; None for other models.
        labelled: (N,) share of the true mask that somebody labelled, 0 where it is not known.
        masks: (N,) uint32, checksum of the true mask; None in tables of before it was kept.
    """

    indices: np.ndarray
    items: np.ndarray
    groups: np.ndarray
    sources: np.ndarray
    planes: np.ndarray
    sides: np.ndarray
    positions: np.ndarray
    labels: np.ndarray
    lesion_pixels: np.ndarray
    probabilities: np.ndarray | None
    raw: np.ndarray | None
    values: dict[str, np.ndarray] | None
    found: np.ndarray | None = None
    labelled: np.ndarray | None = None
    masks: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.indices)

    def take(self, rows: np.ndarray) -> SliceTable:
        """The slices at `rows` (places, or N bool)."""
        taken: dict[str, Any] = {
            name: value[rows] if isinstance(value, np.ndarray) else value for name, value in vars(self).items()}
        if self.values is not None:
            taken["values"] = {name: value[rows] for name, value in self.values.items()}
        return SliceTable(**taken)

    def on(self, side: str) -> SliceTable:
        """The slices on a side of the split."""
        return self.take(self.sides == side)

    @property
    def predicted(self) -> np.ndarray:
        """(N,) the likeliest class of each slice."""
        assert self.probabilities is not None, "of networks with a diagnosis"
        return self.probabilities.argmax(axis=1)

    @property
    def partial(self) -> np.ndarray:
        """(N,) bool: the true mask is known of a part of the slice alone."""
        return np.zeros(len(self), bool) if self.labelled is None else (self.labelled > 0) & (self.labelled < 1)

    @property
    def right(self) -> np.ndarray:
        """(N,) 1 where the likeliest class is the true one, else 0; NaN where that is not known."""
        return np.where(self.labels >= 0, self.predicted == self.labels, np.nan)


def same_truth(first: SliceTable, second: SliceTable) -> bool:
    """Whether two tables are of the same slices, with the same labels and masks; of the masks their areas alone, where
    one of the tables has no more of them."""
    names = ["sides", "items", "positions", "groups", "labels"]
    if first.masks is not None and second.masks is not None:
        names.append("masks")
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in names
               ) and np.array_equal(first.lesion_pixels, second.lesion_pixels, equal_nan=True)


def truth_of(dataset: Dataset, model: Model) -> SliceTable:
    """The validation and test slices of a dataset as a table in which nothing is answered, in the order in which they
    are measured."""
    indices = np.concatenate([dataset.slices.on(side) for side in ("validation", "test")])
    return build_slice_table(dataset, indices, SliceOutputs(None, None, None), model, None)


def build_slice_table(
    dataset: Dataset, indices: np.ndarray, answers: SliceOutputs, model: Model, calibration: Calibration | None
) -> SliceTable:
    """Compare the answers for the slices at `indices` with the truth.

    Args:
        dataset: prepared.
        indices: (N,) which of its slices.
        answers: for them.
        model: what they are answers of.
        calibration: of its class logits; None where it gives none.
    """
    slices = dataset.slices
    masks, has_mask = np.asarray(slices.masks[indices]), slices.has_mask[indices]
    probabilities = raw = values = found = None
    if answers.class_logits is not None and calibration is not None:
        probabilities = probabilities_of(answers.class_logits, model, calibration)
        raw = probabilities_of(answers.class_logits, model)
        if isinstance(calibration, tuple):
            found = probabilities >= np.array([rule.threshold for rule in calibration])
    if answers.drawn is not None:
        truth = masks, has_mask, len(model.segments)
        values = overlap_values(answers.drawn, *truth) | boundary_values(answers.drawn, *truth)
    names = np.array([item.name for item in dataset.items])
    return SliceTable(
        indices, names[slices.items[indices]], slices.groups[indices], slices.sources[indices],
        slices.planes[indices], slices.sides[indices], slices.positions[indices], slices.labels[indices],
        np.where(has_mask, lesion_of(masks).sum(axis=(1, 2)), np.nan), probabilities, raw, values, found,
        np.where(has_mask, (masks != IGNORE).mean(axis=(1, 2)), 0.0),
        np.array([zlib.crc32(np.ascontiguousarray(mask).data) for mask in masks], np.uint32),
    )


def table_metrics(table: SliceTable, model: Model, weights: np.ndarray) -> dict[str, np.ndarray]:
    """All metrics of slices, (D,) each, NaN where one has no meaning.

    Args:
        table: N evaluated slices.
        model: names the classes.
        weights: (D, N) how often each slice counts; whole numbers.

    Returns:
        `classification_metrics` and `segmentation_metrics`; `calibration_error` (expected, 15 bins) of the calibrated
        probabilities and `calibration_error_before` of the network's own; `brier`, the squared distance of the
        calibrated probabilities from the truth (multi-class: summed over the classes, 0 to 2; multi-label: mean over
        them); `iou`, `hd95`, `surface_dice`, `boundary_f1`, means over slices of what `dice` is the mean of, and
        `iou_<class>`; `group_dice`, mean over groups of the Dice of all their slices with a known mask as one;
        `selective_metrics` of the probability of the likeliest class.
    """
    labels = table.labels
    metrics = quick_metrics(table, model, weights)
    for name, probabilities in (("calibration_error", table.probabilities), ("calibration_error_before", table.raw)):
        metrics[name] = _calibration(probabilities, labels, weights)
    metrics["brier"] = mean(_brier(table.probabilities, labels), weights)
    nothing = np.full((len(table), len(model.segments)), np.nan)
    by_slice = over_segments(table.values["iou"] if table.values else nothing)
    for c, card in enumerate(model.classes):
        if card.name in model.outlined:
            metrics[f"iou_{card.name}"] = mean(np.where(of_class(labels, c), by_slice, np.nan), weights)
    metrics["group_dice"] = mean(_group_dice(table), weights)
    single = table.probabilities is not None and labels.ndim == 1
    right = table.right if single else np.full(len(table), np.nan)
    likeliest = table.probabilities.max(axis=1) if table.probabilities is not None and single else None
    return metrics | selective_metrics(likeliest, right, weights)


def quick_metrics(table: SliceTable, model: Model, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Those of `table_metrics` that are quick to draw again: `classification_metrics`, `segmentation_metrics` and
    `OUTLINE_VALUES`.

    Args:
        table: of N slices.
        model: the names of its classes and segments.
        weights: (D, N), how often each slice counts in each of D draws.
    """
    metrics = classification_metrics(table.probabilities, table.labels, model, weights, table.found)
    metrics |= segmentation_metrics(table.values, table.labels, model, weights)
    nothing = np.full((len(table), len(model.segments)), np.nan)
    for name in OUTLINE_VALUES:
        metrics[name] = mean(over_segments(table.values[name] if table.values else nothing), weights)
    return metrics


def _calibration(probabilities: np.ndarray | None, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    if probabilities is None:
        return np.full(len(weights), np.nan)
    drawn = (np.repeat(np.arange(len(labels)), counts.astype(int)) for counts in weights)
    errors = [expected_calibration_error(probabilities[rows], labels[rows]) for rows in drawn]
    return np.array([np.nan if error is None else error for error in errors])


def _brier(probabilities: np.ndarray | None, labels: np.ndarray) -> np.ndarray:
    """(N,) squared distance from the truth (Brier 1950); NaN where the label is not known."""
    if probabilities is None:
        return np.full(len(labels), np.nan)
    if labels.ndim == 2:
        return over_segments(np.where(labels >= 0, (probabilities - labels) ** 2, np.nan))
    distance = (probabilities - np.eye(probabilities.shape[1])[np.maximum(labels, 0)]) ** 2
    return np.where(labels >= 0, distance.sum(axis=1), np.nan)


def _group_dice(table: SliceTable) -> np.ndarray:
    """(N,) a group's Dice at its first slice, NaN elsewhere and for groups without a lesion.

    Each group then counts once, and as often as it is drawn in a resampling.
    """
    dice = np.full(len(table), np.nan)
    if table.values is None:
        return dice
    _, first, member = np.unique(table.groups, return_index=True, return_inverse=True)
    both, true, drawn = (
        np.bincount(member, weights=np.nan_to_num(pixels))
        for pixels in (table.values["overlap_pixels"], table.lesion_pixels, table.values["drawn_pixels"])
    )
    dice[first] = np.where(true > 0, 2 * both / np.maximum(true + drawn, 1), np.nan)
    return dice


def table_bytes(table: SliceTable) -> bytes:
    """The file that `load_table` reads: all digits."""
    arrays = {name: value for name, value in vars(table).items() if isinstance(value, np.ndarray)}
    arrays |= {f"values.{name}": value for name, value in (table.values or {}).items()}
    return packed(arrays)


def load_table(path: Path) -> SliceTable:
    """Read what `table_bytes` gave.

    Raises:
        RunError: it is missing or damaged.
    """
    try:
        with np.load(path) as file:
            arrays = dict(file)
        values = {name.removeprefix("values."): arrays.pop(name) for name in list(arrays) if name.startswith("values.")}
        empty: dict[str, Any] = {"probabilities": None, "raw": None}
        return SliceTable(**empty | arrays, values=values or None)
    except Exception as error:  # zip, numpy and a missing array each say it in their own way
        raise RunError(
            f"{path} cannot be read ({error}). Run `unifiedvit-train evaluate` for this run first."
        ) from error


def table_csv(table: SliceTable, model: Model) -> str:
    """One row a slice, for reading and for other programs; empty where something is not known or not defined."""
    names = np.array(model.class_names)
    columns: dict[str, list] = {
        "item": table.items.tolist(), "position": table.positions.tolist(), "group": table.groups.tolist(),
        "source": table.sources.tolist(), "plane": table.planes.tolist(), "side": table.sides.tolist(),
        "true": [_named(label, names) for label in table.labels],
    }
    if table.probabilities is not None:
        if table.labels.ndim == 1:
            columns["predicted"] = names[table.predicted].tolist()
            columns["probability"] = _cells(table.probabilities.max(axis=1))
        else:
            columns["predicted"] = [] if table.found is None else [_named(each, names) for each in table.found]
        columns |= {f"p_{name}": _cells(table.probabilities[:, c]) for c, name in enumerate(names)}
    columns["lesion_pixels"] = _cells(table.lesion_pixels)
    if table.labelled is not None and table.partial.any():
        columns["labelled"] = _cells(table.labelled)
    if table.values is not None:
        columns["drawn_pixels"] = _cells(table.values["drawn_pixels"])
        for name in ("dice", *OUTLINE_VALUES):
            columns[name] = _cells(over_segments(table.values[name]))
            if len(model.segments) > 1:
                columns |= {f"{name}_{card.name}": _cells(table.values[name][:, s])
                            for s, card in enumerate(model.segments)}
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return file.getvalue()


def _named(label: np.ndarray, names: np.ndarray) -> str:
    """The name of a class, or those that are true, separated by semicolons."""
    if np.ndim(label) == 0:
        return str(names[label]) if label >= 0 else ""
    return ";".join(names[label == 1])


def _cells(values: np.ndarray) -> list[str]:
    return ["" if np.isnan(value) else f"{value:.6g}" for value in values]
