"""Partial masks made of whole ones, as people give them who have little time: scribbles and boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion, find_objects, label

from .config import IGNORE

#: Pixels across a stroke; strokes in each piece of a lesion, and on the background of each slice.
_WIDTH, _IN_LESION, _ON_BACKGROUND = 3, 2, 3
#: The core of a box: an ellipse with this share of its axes.
_CORE = 0.5
#: Pixels that a box is wider than its lesion, on each side.
_MARGIN = 1


def scribbles(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Straight strokes: some in each piece of a lesion, some on the background.

    Args:
        mask: (K, J, I) uint8, mask class.
        rng: source of chance.

    Returns:
        (K, J, I) uint8, `IGNORE` where no stroke is.
    """
    partial = np.full(mask.shape, IGNORE, np.uint8)
    for whole, drawn in zip(mask, partial, strict=True):
        for value in np.unique(whole):
            pieces = _pieces(whole == value)
            regions = [whole == 0] if value == 0 else [pieces == n for n in range(1, pieces.max() + 1)]
            for region in regions:
                for _ in range(_IN_LESION if value else _ON_BACKGROUND):
                    drawn[_stroke(region, rng)] = value
    return partial


def _pieces(region: np.ndarray) -> np.ndarray:
    """(J, I) bool to the number of the connected piece that each pixel is of, 0 outside."""
    numbered: Any = label(region)
    return numbered[0]


def _stroke(region: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(J, I) bool: a line between two places within a region, as far as it runs there."""
    within = binary_erosion(region)
    places = np.argwhere(within if within.any() else region)
    (row, column), (end_row, end_column) = places[rng.integers(len(places), size=2)]
    stroke = Image.new("1", region.shape[::-1])
    ImageDraw.Draw(stroke).line([(int(column), int(row)), (int(end_column), int(end_row))], fill=1, width=_WIDTH)
    return np.array(stroke, bool) & region


def boxes(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The bounding box of each piece of a lesion: what is outside is background, what is inside is not known but for a
    core, an ellipse about the middle, which is lesion where the mask is.

    Args:
        mask: (K, J, I) uint8, mask class.
        rng: source of chance, which moves each side of a box by up to a pixel.

    Returns:
        (K, J, I) uint8.
    """
    partial = np.zeros(mask.shape, np.uint8)
    for whole, drawn in zip(mask, partial, strict=True):
        for value in np.unique(whole[whole > 0]):
            for rows, columns in find_objects(_pieces(whole == value)):
                wide = _MARGIN + rng.integers(0, 2, 4)
                drawn[max(0, rows.start - wide[0]):rows.stop + wide[1],
                      max(0, columns.start - wide[2]):columns.stop + wide[3]] = IGNORE
        for value in np.unique(whole[whole > 0]):
            pieces = _pieces(whole == value)
            for number, (rows, columns) in enumerate(find_objects(pieces), start=1):
                y, x = (np.linspace(-1, 1, place.stop - place.start) for place in (rows, columns))
                core = np.hypot(y[:, None], x[None]) <= _CORE
                drawn[rows, columns][core & (pieces[rows, columns] == number)] = value
    return partial


#: How a whole mask becomes a partial one, by name.
PARTIAL = {"scribbles": scribbles, "boxes": boxes}
