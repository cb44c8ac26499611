"""Texture, for out-of-distribution detection: what a picture looks like without a network, how its edges are at four
scales, and where it is bright."""

from __future__ import annotations

import numpy as np

#: Scales of the texture: the picture, and means of 2 x 2, 4 x 4 and 8 x 8 pixels.
SCALES = 4
#: Cells along a side of the layout.
CELLS = 8
#: Differences of neighbours at each scale: along columns, along rows, second ones of both kinds, and mixed.
_KINDS = ("down", "across", "down twice", "across twice", "mixed")
#: What a picture may be other than upright.
ROTATIONS = ("upside down", "turned to the right", "turned to the left")


def texture(images: np.ndarray) -> np.ndarray:
    """Of differences between neighbouring pixels at each of `SCALES`, in each of five directions: how large those
    above and those below nought are on average, and their standard deviation.

    Early features of a network tell scanners, organs and photographs apart; these are of the same kind, the same for
    every network, and cheap.

    Args:
        images: (N, size, size) float32, normalised; size a multiple of 16.

    Returns:
        (N, SCALES, 5, 3) float32.
    """
    found = np.empty((len(images), SCALES, len(_KINDS), 3), np.float32)
    for level, into in zip(np.asarray(images, np.float32), found, strict=True):  # one at a time stays in the cache
        for scale in range(SCALES):
            if scale:
                level = _halved(level)
            down, across = level[1:] - level[:-1], level[:, 1:] - level[:, :-1]
            kinds = (down, across, down[1:] - down[:-1], across[:, 1:] - across[:, :-1], down[:, 1:] - down[:, :-1])
            into[scale] = [_spread(differences) for differences in kinds]
    return found


def _spread(values: np.ndarray) -> tuple[float, float, float]:
    """Mean of what is above nought and of what is below, the other set to nought, and the standard deviation."""
    mean, magnitude = (float(np.einsum("ij->", part)) / values.size for part in (values, np.abs(values)))
    square = float(np.einsum("ij,ij->", values, values)) / values.size
    return (magnitude + mean) / 2, (magnitude - mean) / 2, max(square - mean * mean, 0.0) ** 0.5


def layout(images: np.ndarray) -> np.ndarray:
    """(N, size, size) -> (N, CELLS, CELLS) float32, how bright each part of the picture is on average."""
    count, size = len(images), images.shape[-1]
    cells = images.reshape(count, CELLS, size // CELLS, CELLS, size // CELLS)
    return cells.mean(axis=(2, 4), dtype=np.float32)


def undo_rotation(textures: np.ndarray, layouts: np.ndarray, rotation: str) -> tuple[np.ndarray, np.ndarray]:
    """What `texture` and `layout` are of the same pictures if they, being `rotation` (one of `ROTATIONS`), are put
    right.

    Args:
        textures, layouts: as of `texture` and `layout`, one picture a row.
        rotation: one of `ROTATIONS`.
    """
    down, across, down_twice, across_twice, mixed = np.moveaxis(textures, 2, 0)
    if rotation == "upside down":
        kinds = _reversed(down), across, down_twice, across_twice, _reversed(mixed)
        return np.stack(kinds, axis=2), layouts[:, ::-1]
    if rotation == "turned to the right":
        kinds = _reversed(across), down, across_twice, down_twice, _reversed(mixed)
        return np.stack(kinds, axis=2), np.rot90(layouts, 1, axes=(1, 2))
    kinds = across, _reversed(down), across_twice, down_twice, _reversed(mixed)
    return np.stack(kinds, axis=2), np.rot90(layouts, -1, axes=(1, 2))


def _reversed(values: np.ndarray) -> np.ndarray:
    """Differences seen from the other side: those above nought are below."""
    return values[..., [1, 0, 2]]


def _halved(image: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 pixels."""
    return (image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2]) / 4
