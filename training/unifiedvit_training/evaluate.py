"""How well a network does on labelled slices."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from .data import SliceSet


@torch.inference_mode()
def infer(network: torch.nn.Module, data: SliceSet, indices: np.ndarray, batch: int = 16
          ) -> tuple[np.ndarray, np.ndarray]:
    """Class logits (N, C) float32 and drawn lesions (N, size, size) bool for the slices at `indices`."""
    network.eval()
    logits, lesions = [], []
    for start in range(0, len(indices), batch):
        images = torch.from_numpy(data.images[indices[start:start + batch]].astype(np.float32))[:, None]
        output = network(images.contiguous(memory_format=torch.channels_last))
        logits.append(output.class_logits.float().numpy())
        lesions.append((output.mask_logits.argmax(dim=1) > 0).numpy())
    return np.concatenate(logits), np.concatenate(lesions)


def slice_metrics(network: torch.nn.Module, data: SliceSet, indices: np.ndarray, classes: list[str]) -> dict:
    """Accuracy, AUC, Dice and false alarms, as JSON-ready numbers; see `measure`."""
    logits, lesions = infer(network, data, indices)
    return measure(logits, lesions, np.asarray(data.masks[indices]) > 0, data.labels[indices], classes)


def measure(logits: np.ndarray, lesions: np.ndarray, truth: np.ndarray, labels: np.ndarray, classes: list[str]) -> dict:
    """Figures for slices whose class at position 0 is the one without a lesion.

    Args:
        logits: (N, C).
        lesions, truth: (N, H, W) bool, drawn and true.
        labels: (N,) class, -1 where unnamed.
        classes: C names.

    Returns:
        `accuracy` over all named slices; `tumour_type_accuracy` over tumour slices with the logits of tumour classes
        only; `macro_auc` one against the rest over classes present; `dice` mean over slices with a lesion, and by
        class; `empty` share of lesion-free slices on which nothing is drawn; `found` share of lesion slices on which
        drawn and true overlap.
    """
    named = labels >= 0
    tumour = labels > 0
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    overlap = (lesions & truth).sum(axis=(1, 2))
    has_lesion = truth.any(axis=(1, 2))
    dice = 2 * overlap / np.maximum(lesions.sum(axis=(1, 2)) + truth.sum(axis=(1, 2)), 1)
    present = [c for c in range(len(classes)) if 0 < (labels[named] == c).sum() < named.sum()]
    result = {
        "slices": len(labels),
        "accuracy": _mean(logits[named].argmax(axis=1) == labels[named]),
        "tumour_type_accuracy": _mean(logits[tumour][:, 1:].argmax(axis=1) + 1 == labels[tumour]),
        "macro_auc": _mean([roc_auc_score(labels[named] == c, probabilities[named, c]) for c in present]),
        "dice": _mean(dice[has_lesion]),
        "found": _mean(overlap[has_lesion] > 0),
        "empty": _mean(~lesions[~has_lesion].any(axis=(1, 2))),
    }
    for c, name in enumerate(classes[1:], start=1):
        result[f"dice_{name}"] = _mean(dice[has_lesion & (labels == c)])
    return result


def _mean(values) -> float | None:
    return round(float(np.mean(values)), 4) if len(values) else None
