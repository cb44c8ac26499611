"""How far a fast backend gives what the float32 reference gives, on slices of the user's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...spec import ModelSpec
from ..pooling import calibrated
from .base import OutOfMemory, Runner

#: So many slices of a volume are compared, each at least twice: as it is and mirrored.
SLICES, VIEWS = 16, 32
#: The least share of pixels with the same label, and the least overlap (Dice) of what is drawn: background is so much
#: that all pixels together hide a lost lesion.
MIN_LABELS, MIN_OVERLAP = 0.998, 0.99
#: The most by which probabilities may differ on a view: on the mean, and in 99 of 100.
MAX_MEAN, MAX_P99 = 0.01, 0.03
#: A diagnosis must be the same where the reference's two best differ by more (a finding: it and its threshold).
CLEAR = 0.05
#: Labels (n, H, W) uint8 and class logits (n, C).
Outputs = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Agreement:
    """How far two backends agree.

    Attributes:
        labels: share of pixels of the network's grid with the same label.
        overlap: Dice of what is drawn, labels and all; 1 where neither draws.
        other_diagnoses: number of views that the reference is clear about and that are diagnosed differently.
        mean_difference: of a view's probabilities (the largest of its classes), the mean over views.
        p99_difference: the same, in 99 of 100 views.
        max_difference: the same, at most.
        views: number of views (`test_views`) compared.
    """

    labels: float
    overlap: float
    other_diagnoses: int
    mean_difference: float
    p99_difference: float
    max_difference: float
    views: int

    @property
    def passes(self) -> bool:
        """Whether to take the faster one."""
        return (self.labels >= MIN_LABELS and self.overlap >= MIN_OVERLAP and self.other_diagnoses == 0
                and self.mean_difference <= MAX_MEAN and self.p99_difference <= MAX_P99)

    def __str__(self) -> str:
        diagnoses = f"{self.other_diagnoses} diagnoses" if self.other_diagnoses else "no clear diagnosis"
        return (f"on {self.views} views of slices, {self.labels:.2%} of the labels agree with float32, what is drawn "
                f"overlaps by {self.overlap:.2%}, {diagnoses} differ{'' if self.other_diagnoses else 's'}, and the "
                f"probability shown for a slice differs by {self.mean_difference:.4f} on average and by up to "
                f"{self.max_difference:.4f}")


def test_views(images: np.ndarray) -> np.ndarray:
    """Slices (n, channels, size, size) and their mirror images; of few slices also turned by quarters, so that a
    verdict does not hang on a picture or two: 16 views would miss in one of five runs what is off on one slice in ten.

    Returns:
        (m, channels, size, size), m from `VIEWS` up where n is 4 or more, else 8 n.
    """
    mirrored = [images, images[..., ::-1]]
    views = list(mirrored)
    for quarters in (1, 2, 3):
        if sum(map(len, views)) < VIEWS:
            views += [np.rot90(each, quarters, axes=(-2, -1)) for each in mirrored]
    return np.ascontiguousarray(np.concatenate(views))


test_views.__test__ = False  # no test, whatever pytest thinks of its name


def measure(backend: Runner, images: np.ndarray) -> Outputs:
    """What a backend gives for images (n, channels, H, W).

    Raises:
        OutOfMemory: not even one image fits.
    """
    labels, logits, start, size = [], [], 0, 8
    while start < len(images):
        try:
            masks, classes, _ = backend.run(images[start:start + size])
        except OutOfMemory:
            if size == 1:
                raise
            size //= 2
            continue
        if not (np.isfinite(masks).all() and np.isfinite(classes).all()):
            masks, classes = np.zeros_like(masks), np.full_like(classes, np.nan)
        labels.append(masks.argmax(axis=1).astype(np.uint8))
        logits.append(classes)
        start += size
    return np.concatenate(labels), np.concatenate(logits)


def agreement(outputs: Outputs, expected: Outputs, spec: ModelSpec) -> Agreement:
    """Compare what two backends gave of one model (`measure`); numbers that are not finite agree with nothing.

    Args:
        outputs: of the backend in question.
        expected: of the reference, for the same images.
        spec: the model.
    """
    (labels, logits), (right, right_logits) = outputs, expected
    if not np.isfinite(logits).all():
        return Agreement(0.0, 0.0, len(labels), 1.0, 1.0, 1.0, len(labels))
    both, either = np.count_nonzero((labels == right) & (right > 0)), np.count_nonzero(labels) + np.count_nonzero(right)
    probabilities, expected_probabilities = calibrated(logits, spec), calibrated(right_logits, spec)
    difference = np.abs(probabilities - expected_probabilities).max(axis=1)
    return Agreement(
        float((labels == right).mean()), 2 * both / either if either else 1.0,
        int(_other_diagnosis(probabilities, expected_probabilities, spec).sum()), float(difference.mean()),
        float(np.quantile(difference, 0.99)), float(difference.max()), len(labels),
    )


def _other_diagnosis(probabilities: np.ndarray, expected: np.ndarray, spec: ModelSpec) -> np.ndarray:
    """(n,) bool: whether (n, C) probabilities name something else where `expected` is clear."""
    if spec.multi_label:
        thresholds = np.array([rule.threshold for rule in spec.label_rules])
        clear = np.abs(expected - thresholds) > CLEAR
        return (clear & ((probabilities >= thresholds) != (expected >= thresholds))).any(axis=1)
    second, first = np.sort(expected, axis=1)[:, -2:].T
    return (first - second > CLEAR) & (probabilities.argmax(axis=1) != expected.argmax(axis=1))
