"""What metrics are called in reports, in their order there, and which way is better."""

from __future__ import annotations

from ..config import Model
from .bootstrap import Estimate
from .metrics import label_metric_names

#: Of `metrics.selective_metrics`.
SELECTIVE = {
    "aurc": "Risk over coverage (AURC)", "error_auc": "AUC, right answers against wrong",
    "accuracy_at_80": "Accuracy, surest 80 %", "accuracy_at_90": "Accuracy, surest 90 %",
    "accuracy_at_95": "Accuracy, surest 95 %",
}
_LABELS = {
    "accuracy": "Accuracy", "exact_match": "All labels right", "balanced_accuracy": "Balanced accuracy",
    "lesion_type_accuracy": "Accuracy among lesion types", "macro_auc": "AUC, mean of classes",
    "macro_ap": "Average precision, mean of classes", "macro_f1": "F1, mean of classes", "brier": "Brier score",
    "calibration_error": "Calibration error", "calibration_error_before": "Calibration error, uncalibrated",
    "calibration_error_held_out": "Calibration error, held out", "dice": "Dice", "group_dice": "Dice by group",
    "iou": "IoU", "hd95": "HD95 (pixels)", "surface_dice": "Surface Dice", "boundary_f1": "Boundary F1",
    "detected": "Lesion found", "empty": "Nothing drawn where nothing is", **SELECTIVE,
}
#: Metrics that are better when they are smaller.
SMALLER_IS_BETTER = {"aurc", "brier", "calibration_error", "calibration_error_before", "calibration_error_held_out",
                     "hd95"}


def metric_labels(model: Model) -> dict[str, str]:
    """All metrics of slices by name, in words."""
    labels = dict(_LABELS)
    for card in model.classes:
        if card.name in model.outlined:
            labels[f"dice_{card.name}"] = f"Dice, {card.display}"
            labels[f"iou_{card.name}"] = f"IoU, {card.display}"
    labels |= finding_metric_labels(model)
    if len(model.segments) > 1:
        labels |= {f"dice_segment_{card.name}": f"Dice of the mask class {card.name}" for card in model.segments}
    return labels


def finding_metric_labels(model: Model) -> dict[str, str]:
    """Metrics of single labels by name, in words; none for models of one class an image."""
    kinds = {"auc": "AUC", "ap": "Average precision", "f1": "F1"}
    displays = {card.name: card.display for card in model.classes}
    return {name: f"{kinds[name.partition('_')[0]]}, {displays[name.partition('_')[2]]}"
            for name in label_metric_names(model)}


def format_estimate(estimate: Estimate) -> str:
    """A metric with its interval: "0.913 [0.890, 0.934]"; a dash where it has no meaning."""
    if estimate.value is None:
        return "–"
    digits = 1 if abs(estimate.value) >= 10 else 3
    bounds = "" if estimate.low is None else f" [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"
    return f"{estimate.value:.{digits}f}{bounds}"
