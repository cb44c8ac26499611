"""Test-time augmentation: the network's answers for slices changed in ways that change no diagnosis (Wang et al. 2019).
Needs numpy and scipy alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..spec import MISSING
from .backends.base import Run


@dataclass(frozen=True)
class Augmentation:
    """A change of slices that changes no diagnosis, and the way back for maps of them.

    Attributes:
        name: in words.
        mirrored: left and right change places.
        degrees: all is turned about the middle, after mirroring.
        scale: and magnified.
    """

    name: str
    mirrored: bool = False
    degrees: float = 0.0
    scale: float = 1.0

    def apply(self, images: np.ndarray) -> np.ndarray:
        """Slices (n, channels, H, W) float32, changed; missing channels stay as they are."""
        changed = _moved(images[..., ::-1] if self.mirrored else images, self.degrees, self.scale)
        missing = images[..., :1, :1] == MISSING
        return np.where(missing, np.float32(MISSING), changed) if missing.any() else np.ascontiguousarray(changed)

    def undo(self, maps: np.ndarray) -> np.ndarray:
        """Maps (n, S, H, W) of changed slices, brought to where they belong on the slices as they are."""
        moved = _moved(maps, -self.degrees, 1 / self.scale)
        return moved[..., ::-1] if self.mirrored else moved


MIRROR = Augmentation("mirrored", mirrored=True)
#: Beside the slices as they are. Of seven transforms that were tried these rank wrong answers best
#: (training/RESULTS.md).
TTA_TRANSFORMS = (
    MIRROR,
    Augmentation("turned by 10 degrees", degrees=10.0),
    Augmentation("magnified by a tenth", scale=1.1),
)


def average_with_mirror(run: Run) -> Run:
    """`run`, but masks and class logits are the mean over images and their mirror images. Embeddings are of the images
    alone: the statistics of training are of those."""

    def run_both(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        masks, logits, embeddings = run(images)
        mirrored_masks, mirrored_logits, _ = run(MIRROR.apply(images))
        return (masks + MIRROR.undo(mirrored_masks)) / 2, (logits + mirrored_logits) / 2, embeddings

    return run_both


def augmented_passes(images: np.ndarray, run: Run) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Mask and class logits of the `TTA_TRANSFORMS` of images (n, channels, H, W), one at a time."""
    for augmentation in TTA_TRANSFORMS:
        masks, logits, _ = run(augmentation.apply(images))
        yield augmentation.undo(masks), logits


def _moved(maps: np.ndarray, degrees: float, scale: float) -> np.ndarray:
    """Maps (..., H, W) turned about their middle and magnified (linear); the edge fills what comes free."""
    if degrees == 0 and scale == 1:
        return maps
    from scipy import ndimage

    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / scale
    middle = (np.array(maps.shape[-2:]) - 1) / 2
    offset: Any = middle - matrix @ middle  # scipy's types know no offset along each axis
    moved = np.empty_like(maps)
    for place in np.ndindex(maps.shape[:-2]):
        ndimage.affine_transform(maps[place], matrix, offset, output=moved[place], order=1, mode="nearest")
    return moved
