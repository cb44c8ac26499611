"""The gate: a fast way to compute is taken where it says what the reference says of the user's own slices."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np

from ..spec import ModelSpec
from .backends import Backend, OutOfMemory
from .pooling import calibrated

#: So many slices of a volume are compared, each at least twice: as it is and mirrored.
SLICES, LOOKS = 16, 32
#: The largest difference of any calibrated probability of a diagnosis on any slice.
PROBABILITY = 0.01
#: The least overlap (Dice) of what is drawn: background is so much that all pixels together hide a lost lesion.
DRAWN = 0.98
#: Labels (n, H, W) uint8 and class logits (n, C).
Measured = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Agreement:
    """How far two backends say the same.

    Attributes:
        labels: share of pixels of the network's grid with the same label.
        drawn: overlap (Dice) of what is drawn, labels and all; 1 where neither draws.
        probability: largest difference of a diagnosis' probability on a slice.
        looks: number of looks at slices (`views`) compared.
    """

    labels: float
    drawn: float
    probability: float
    looks: int

    def suffices(self, labels: float) -> bool:
        """Whether to take the faster one; `labels` is the least share of equal labels."""
        return self.labels >= labels and self.drawn >= DRAWN and self.probability <= PROBABILITY

    def __str__(self) -> str:
        return (f"in {self.looks} looks {self.labels:.2%} of the labels are those of the reference, what is drawn "
                f"overlaps by {self.drawn:.2%}, probabilities differ by up to {self.probability:.4f}")

    def to_bytes(self) -> bytes:
        """For `from_bytes`."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Agreement:
        """What `to_bytes` gave."""
        return cls(**json.loads(content))


def views(images: np.ndarray) -> np.ndarray:
    """Slices (n, channels, size, size) and their mirror images; of few slices also turned by quarters, so that a
    verdict does not hang on a picture or two: 16 looks would miss in one of five runs what is off on one slice in ten.

    Returns:
        (m, channels, size, size), m from `LOOKS` up where n is 4 or more, else 8 n.
    """
    mirrored = [images, images[..., ::-1]]
    found = list(mirrored)
    for quarters in (1, 2, 3):
        if sum(map(len, found)) < LOOKS:
            found += [np.rot90(each, quarters, axes=(-2, -1)) for each in mirrored]
    return np.ascontiguousarray(np.concatenate(found))


def measure(backend: Backend, images: np.ndarray) -> Measured:
    """What a backend says of images (n, channels, H, W).

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


def agreement(given: Measured, expected: Measured, spec: ModelSpec) -> Agreement:
    """Compare what two backends gave of one model (`measure`); numbers that are not finite agree with nothing."""
    (labels, logits), (right, right_logits) = given, expected
    if not np.isfinite(logits).all():
        return Agreement(0.0, 0.0, 1.0, len(labels))
    both, either = np.count_nonzero((labels == right) & (right > 0)), np.count_nonzero(labels) + np.count_nonzero(right)
    difference = calibrated(logits, spec) - calibrated(right_logits, spec)
    return Agreement(
        float((labels == right).mean()), 2 * both / either if either else 1.0, float(np.abs(difference).max()),
        len(labels),
    )
