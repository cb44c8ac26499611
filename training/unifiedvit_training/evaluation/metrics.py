"""Metrics of slices: the diagnosis and the mask, each under any weighting of the slices.

A metric is a function of weights (D, N): ones give the metric itself, the counts of a bootstrap's draws give D of
them at once. What has no meaning (no slice of that kind has weight) is NaN, and None in `slice_metrics`.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from UnifiedViTLib.inference.pooling import class_probabilities, label_probabilities

from ..config import IGNORE, Model
from ..data.dataset import SliceSet
from ..errors import RunError
from ..runs.calibration import Calibration
from .inference import SliceOutputs

#: Area under the ROC curve, average precision, F1.
_OF_LABELS = ("auc", "ap", "f1")
#: Shares of the answers, the surest first, at which accuracy is told.
COVERAGES = (0.8, 0.9, 0.95)


def slice_metrics(answers: SliceOutputs, slices: SliceSet, indices: np.ndarray, model: Model
                  ) -> dict[str, float | None]:
    """The quick metrics that a training run watches; a metric that has no meaning here is None.

    Args:
        answers: of `predict_slices` for the same `slices` and `indices`.
        slices: of the dataset.
        indices: (N,) those that were looked at.
        model: names the classes and says which means "nothing found".

    Returns:
        Those of `classification_metrics` and `segmentation_metrics`, in a fixed order, whatever the answers hold.
    """
    weights = np.ones((1, len(indices)))
    labels, probabilities = slices.labels[indices], None
    if answers.class_logits is not None:
        probabilities = probabilities_of(answers.class_logits, model)
    overlaps = None
    if answers.drawn is not None:
        overlaps = overlap_values(answers.drawn, slices.masks[indices], slices.has_mask[indices], len(model.segments))
    metrics = classification_metrics(probabilities, labels, model, weights) | segmentation_metrics(
        overlaps, labels, model, weights
    )
    return {name: None if np.isnan(value[0]) else float(value[0]) for name, value in metrics.items()}


def score(metrics: dict[str, float | None]) -> float:
    """What "best" means: the mean of macro AUC and Dice, of those that exist.

    Raises:
        RunError: neither exists.
    """
    known = [value for name in ("macro_auc", "dice") if (value := metrics[name]) is not None]
    if not known:
        raise RunError(
            "The validation side can judge nothing: it needs slices of two diagnoses or more, or slices with a "
            "lesion in their mask. Change the split."
        )
    return float(np.mean(known))


def probabilities_of(logits: np.ndarray, model: Model, calibration: Calibration = 1.0) -> np.ndarray:
    """(N, C) probabilities from (N, C) logits: softmax, or for several labels at once a sigmoid each.

    Args:
        logits: (N, C).
        model: of one class an image, or multi-label.
        calibration: temperature, or rules by class.
    """
    if isinstance(calibration, tuple):
        return label_probabilities(logits, calibration)
    return expit(logits) if model.multi_label else class_probabilities(logits, calibration)


def classification_metrics(probabilities: np.ndarray | None, labels: np.ndarray, model: Model, weights: np.ndarray,
                           found: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Metrics of the diagnosis, (D,) each.

    Args:
        probabilities: (N, C); None: the network gives no diagnosis, all metrics are NaN.
        labels: (N,) with -1 unknown; multi-label: (N, C) of 0, 1 and -1.
        model: names the classes.
        weights: (D, N).
        found: (N, C) bool, multi-label: what reaches its threshold; None: at 0.5.

    Returns:
        multi-class: `accuracy`; `balanced_accuracy` mean recall of the classes; `lesion_type_accuracy` over slices
        of lesion classes, with the probabilities of lesion classes alone; `macro_auc` one class against the rest;
        `macro_f1`. Multi-label: `exact_match` of slices with all labels known (subset accuracy); `macro_auc`;
        `macro_ap` average precision; `macro_f1`; and of each label `auc_<class>`, `ap_<class>`, `f1_<class>`. Macro
        metrics are means over classes that occur.
    """
    if probabilities is None:
        names = (("exact_match", *(f"macro_{kind}" for kind in _OF_LABELS), *label_metric_names(model))
                 if model.multi_label
                 else ("accuracy", "balanced_accuracy", "lesion_type_accuracy", "macro_auc", "macro_f1"))
        return dict.fromkeys(names, np.full(len(weights), np.nan))
    if not model.multi_label:
        return _multi_class(probabilities, labels, model, weights)
    return _multi_label(probabilities, labels, model, weights, probabilities >= 0.5 if found is None else found)


def label_metric_names(model: Model) -> list[str]:
    """Metrics of single labels, of multi-label models."""
    return [f"{kind}_{name}" for kind in _OF_LABELS for name in model.class_names] if model.multi_label else []


def _multi_class(probabilities: np.ndarray, labels: np.ndarray, model: Model, weights: np.ndarray
                 ) -> dict[str, np.ndarray]:
    known = labels >= 0
    probabilities, labels, weights = probabilities[known], labels[known], weights[:, known]
    predicted = probabilities.argmax(axis=1)
    right = (predicted == labels).astype(float)
    classes = range(probabilities.shape[1])
    return {
        "accuracy": mean(right, weights),
        "balanced_accuracy": _over([mean(np.where(labels == c, right, np.nan), weights) for c in classes]),
        "lesion_type_accuracy": mean(_right_type(probabilities, labels, model), weights),
        "macro_auc": _over([roc_auc(probabilities[:, c], labels == c, weights) for c in classes]),
        "macro_f1": _over([_f1(predicted == c, labels == c, weights) for c in classes]),
    }


def _right_type(probabilities: np.ndarray, labels: np.ndarray, model: Model) -> np.ndarray:
    """(N,) 1 or 0: right if "nothing found" is no choice; NaN for slices without a lesion, or if all are alike."""
    lesions = [n for n, card in enumerate(model.classes) if card.lesion]
    if len(lesions) < 2:
        return np.full(len(labels), np.nan)
    predicted = np.array(lesions)[probabilities[:, lesions].argmax(axis=1)]
    return np.where(np.isin(labels, lesions), predicted == labels, np.nan)


def _multi_label(probabilities: np.ndarray, labels: np.ndarray, model: Model, weights: np.ndarray, found: np.ndarray
                 ) -> dict[str, np.ndarray]:
    complete = (labels >= 0).all(axis=1)
    by_label: dict[str, list[np.ndarray]] = {kind: [] for kind in _OF_LABELS}
    for c in range(labels.shape[1]):
        known = labels[:, c] >= 0
        truth, of_known = labels[known, c] == 1, weights[:, known]
        by_label["auc"].append(roc_auc(probabilities[known, c], truth, of_known))
        by_label["ap"].append(average_precision(probabilities[known, c], truth, of_known))
        by_label["f1"].append(_f1(found[known, c], truth, of_known))
    single = dict(zip(label_metric_names(model), (one for ones in by_label.values() for one in ones), strict=True))
    return {"exact_match": mean(np.where(complete, (found == labels).all(axis=1), np.nan), weights)} | {
        f"macro_{kind}": _over(ones) for kind, ones in by_label.items()} | single


def overlap_values(drawn: np.ndarray, masks: np.ndarray, has_mask: np.ndarray, segments: int) -> dict[str, np.ndarray]:
    """How far the drawn and the true mask agree, slice by slice.

    Args:
        drawn, masks: (N, H, W) uint8, mask class; in `masks` `IGNORE` is what nobody labelled, which is not counted.
        has_mask: (N,) bool; False: the true mask is not known.
        segments: S, mask classes without the background.

    Returns:
        NaN where a value has no meaning: `dice`, `iou` (N, S) of the mask classes that are truly there; `detected` (N,)
        1 if drawn and true overlap, whatever their class, on slices with a lesion; `empty` (N,) 1 if nothing is
        drawn, on slices that are known to be without, so that all of them is labelled; `drawn_pixels` (N,), and
        `overlap_pixels` (N,) of the right class.
    """
    classes, labelled = segments + 1, masks != IGNORE
    counts = np.stack([
        np.bincount(true[known].astype(np.intp) * classes + predicted[known], minlength=classes**2)
        for true, predicted, known in zip(masks, drawn, labelled, strict=True)
    ]).reshape(-1, classes, classes).astype(float)
    counts[~has_mask] = np.nan
    both = np.diagonal(counts, axis1=1, axis2=2)[:, 1:]
    true, predicted = counts.sum(axis=2)[:, 1:], counts.sum(axis=1)[:, 1:]
    there, lesion, pixels = true > 0, true.sum(axis=1), predicted.sum(axis=1)
    either = np.where(there, true + predicted - both, np.nan)
    return {
        "dice": np.where(there, 2 * both / np.where(there, true + predicted, np.nan), np.nan),
        "iou": both / either,
        "detected": np.where(lesion > 0, counts[:, 1:, 1:].sum(axis=(1, 2)) > 0, np.nan),
        "empty": np.where((lesion == 0) & labelled.all(axis=(1, 2)), pixels == 0, np.nan),
        "drawn_pixels": pixels,
        "overlap_pixels": both.sum(axis=1),
    }


def segmentation_metrics(overlaps: dict[str, np.ndarray] | None, labels: np.ndarray, model: Model, weights: np.ndarray
                         ) -> dict[str, np.ndarray]:
    """Metrics of the mask, (D,) each; all NaN if `overlaps` (of `overlap_values`) is None.

    Args:
        overlaps: of N slices, by name.
        labels: diagnoses of the slices.
        model: the names of its classes and segments.
        weights: (D, N), how often each slice counts in each of D draws.

    Returns:
        `dice` mean over slices with a lesion (on each, over the mask classes truly there), and by diagnosis
        `dice_<class>`, and by mask class `dice_segment_<name>` if there are several; `detected` share of slices with a
        lesion on which drawn and true overlap; `empty` share of slices without on which nothing is drawn.
    """
    shape = (len(labels), len(model.segments))
    dice = overlaps["dice"] if overlaps else np.full(shape, np.nan)
    by_slice = over_segments(dice)
    metrics = {"dice": mean(by_slice, weights)}
    for c, card in enumerate(model.classes):
        if card.name in model.outlined:
            metrics[f"dice_{card.name}"] = mean(np.where(of_class(labels, c), by_slice, np.nan), weights)
    if len(model.segments) > 1:
        metrics |= {f"dice_segment_{card.name}": mean(dice[:, s], weights) for s, card in enumerate(model.segments)}
    for name in ("detected", "empty"):
        metrics[name] = mean(overlaps[name] if overlaps else np.full(shape[0], np.nan), weights)
    return metrics


def selective_metrics(confidence: np.ndarray | None, right: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Metrics of a confidence, (D,) each, NaN where one has no meaning.

    Args:
        confidence: (N,); None: all metrics are NaN.
        right: (N,) 1 or 0, NaN where the truth is not known.
        weights: (D, N) how often each slice counts.

    Returns:
        `aurc`: area under the risk-coverage curve (Geifman and El-Yaniv 2017), the mean over all answers of the risk
        of those that are at least as sure. `error_auc`: area under the ROC curve of telling right answers from wrong
        ones. `accuracy_at_80` and so on: of that share of answers that are surest.
    """
    names = ("aurc", "error_auc", *(f"accuracy_at_{round(100 * share)}" for share in COVERAGES))
    known = ~np.isnan(right)
    if confidence is None or not known.any():
        return dict.fromkeys(names, np.full(len(weights), np.nan))
    order = np.argsort(-confidence[known], kind="stable")
    confidence, right, weights = (part[..., known][..., order] for part in (confidence, right, weights))
    total = np.maximum(np.cumsum(weights, axis=1), 1e-12)
    covered = total / total[:, -1:]
    risk = np.cumsum(weights * (1 - right), axis=1) / total
    at = [(covered >= share).argmax(axis=1) for share in COVERAGES]
    values = [(weights * risk).sum(axis=1) / total[:, -1], roc_auc(confidence, right == 1, weights),
              *(1 - risk[np.arange(len(weights)), place] for place in at)]
    return dict(zip(names, values, strict=True))


def of_class(labels: np.ndarray, c: int) -> np.ndarray:
    """(N,) bool: the slices of class `c`; multi-label: those for which it is true."""
    return labels == c if labels.ndim == 1 else labels[:, c] == 1


def over_segments(values: np.ndarray) -> np.ndarray:
    """(N, S) values of mask classes, NaN where one is not there, to (N,) means; NaN where none is there."""
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    return np.where(count > 0, np.where(known, values, 0).sum(axis=1) / np.maximum(count, 1), np.nan)


def mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(D,) weighted means of (N,) values by (D, N) weights, values that are NaN left out."""
    known = ~np.isnan(values)
    weights = weights[:, known]
    return _ratio(weights @ values[known], weights.sum(axis=1))


def roc_auc(scores: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(D,) areas under the ROC curve of (N,) scores for (N,) bool truth: the weight of pairs in the right order.

    Args:
        scores: (N,), higher for what is more likely true.
        truth: (N,) bool.
        weights: (D, N), how often each counts in each of D draws.
    """
    positive, negative = _by_score(scores, truth, weights)
    below = np.cumsum(negative, axis=1) - negative / 2  # of equal scores half the pairs count
    return _ratio((positive * below).sum(axis=1), positive.sum(axis=1) * negative.sum(axis=1))


def average_precision(scores: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(D,) precision averaged over the recall that each threshold adds, as scikit-learn defines it.

    Args:
        scores: (N,), higher for what is more likely true.
        truth: (N,) bool.
        weights: (D, N), how often each counts in each of D draws.
    """
    positive, negative = (part[:, ::-1] for part in _by_score(scores, truth, weights))
    hits = np.cumsum(positive, axis=1)
    precision = _ratio(hits, hits + np.cumsum(negative, axis=1))
    return _ratio(np.where(positive > 0, positive * precision, 0).sum(axis=1), positive.sum(axis=1))


def _by_score(scores: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (D, M) of true and of false slices at each of M distinct scores, lowest first."""
    values, place = np.unique(scores, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(values)))
    ordered = weights[:, order]
    if not len(starts):
        return ordered, ordered
    positive, negative = (np.add.reduceat(ordered * which[order], starts, axis=1) for which in (truth, ~truth))
    return positive, negative


def _f1(predicted: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _ratio(2 * weights @ (predicted & truth), weights @ predicted + weights @ truth)


def _over(metrics: list[np.ndarray]) -> np.ndarray:
    """(D,) means over classes, those that do not occur (NaN) left out."""
    return over_segments(np.stack(metrics, axis=1))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """`above` / `below`, NaN where `below` is 0."""
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)
