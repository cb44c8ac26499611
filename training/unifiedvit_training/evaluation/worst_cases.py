"""The slices on which a network does worst, as pictures with the true and the drawn outline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from PIL import Image
from scipy.ndimage import binary_erosion

from ..config import Model
from ..data.dataset import SliceSet, lesion_of, pictures
from ..reports.page import Gallery, Picture, Text, image_uri
from ..reports.pictures import overlay
from .metrics import over_segments
from .slice_table import SliceTable

#: RGB of the true and the drawn outline, and of both at once.
TRUE, DRAWN, BOTH = (0, 200, 255), (255, 120, 0), (255, 255, 255)
#: Pictures of each kind, and at most so many of one group, so that one patient does not fill them.
_SHOWN, _OF_A_GROUP = 8, 2
#: Pixels are shown this many times as large, so that outlines stay thin.
_ZOOM = 2


def worst_cases(table: SliceTable, drawn: np.ndarray | None, slices: SliceSet, model: Model) -> list[Text | Gallery]:
    """Most confident wrong diagnoses, lowest Dice, most drawn where nothing is; those that there are.

    Args:
        table: evaluated slices.
        drawn: (N, H, W) uint8 for the same slices, mask class; None: the network draws nothing.
        slices: where the images are.
        model: names the classes and their colours.
    """
    blocks: list[Text | Gallery] = []
    for title, rows in _kinds(table):
        rows = _spread(rows, table.groups)
        if rows:
            blocks += [Text(title), Gallery([_picture(row, table, drawn, slices, model) for row in rows])]
    if not blocks:
        return [Text("There are none: every diagnosis is right, and nothing is drawn where nothing is.")]
    return [Text("The true outline is blue, the drawn one orange, white where they are the same."), *blocks]


def _kinds(table: SliceTable) -> Iterable[tuple[str, np.ndarray]]:
    """(what they are, rows of the table, worst first)."""
    if table.probabilities is not None:
        if table.labels.ndim == 1:
            wrong, confidence = (table.labels >= 0) & (table.predicted != table.labels), table.probabilities.max(axis=1)
            yield "Wrong diagnoses, the most confident ones first", _ordered(wrong, -confidence)
        else:
            wrong = (table.labels >= 0) & (table.found != table.labels)
            off = np.where(wrong, np.abs(table.probabilities - table.labels), 0).max(axis=1)
            yield "Wrong labels, the most confident ones first", _ordered(wrong.any(axis=1), -off)
    if table.values is not None:
        dice, alarm = over_segments(table.values["dice"]), table.values["empty"] == 0
        # Of lesions missed altogether the largest come first.
        yield "Lowest Dice", _ordered(dice < 0.7, dice - 1e-9 * np.nan_to_num(table.lesion_pixels))
        yield "Drawn where nothing is, the largest first", _ordered(alarm, -table.values["drawn_pixels"])


def _ordered(chosen: np.ndarray, key: np.ndarray) -> np.ndarray:
    rows = np.flatnonzero(chosen)
    return rows[np.argsort(key[rows], kind="stable")]


def _spread(rows: np.ndarray, groups: np.ndarray) -> list[int]:
    """The first rows, not too many of one group."""
    taken, met = [], Counter()
    for row in rows:
        if met[groups[row]] < _OF_A_GROUP:
            met[groups[row]] += 1
            taken.append(int(row))
        if len(taken) == _SHOWN:
            break
    return taken


def _picture(row: int, table: SliceTable, drawn: np.ndarray | None, slices: SliceSet, model: Model) -> Picture:
    place = table.indices[row]
    mask = slices.masks[place]
    truth = np.where(lesion_of(mask), mask, 0) if slices.has_mask[place] else None
    pixels = outlined(pictures(slices.images[place : place + 1])[0], truth, None if drawn is None else drawn[row])
    return Picture(image_uri(pixels), _caption(row, table, model))


def outlined(image: np.ndarray, truth: np.ndarray | None, drawn: np.ndarray | None) -> np.ndarray:
    """A slice (H, W) in grey with outlines of its true and its drawn mask (H, W); (2 H, 2 W, 3) uint8.

    Args:
        image: (H, W).
        truth, drawn: (H, W), None where there is none.
    """
    grey = Image.fromarray(overlay(image, None, ()))
    pixels = np.array(grey.resize((grey.width * _ZOOM, grey.height * _ZOOM), Image.Resampling.BICUBIC))
    lines = {name: _outline(mask) for name, mask in (("true", truth), ("drawn", drawn)) if mask is not None}
    for name, colour in (("true", TRUE), ("drawn", DRAWN)):
        if name in lines:
            pixels[lines[name]] = colour
    if len(lines) == 2:
        pixels[lines["true"] & lines["drawn"]] = BOTH
    return pixels


def _outline(mask: np.ndarray) -> np.ndarray:
    """(2 H, 2 W) bool: the innermost pixels of each mask class, two wide."""
    large = np.kron(mask, np.ones((_ZOOM, _ZOOM), mask.dtype))
    line = np.zeros(large.shape, bool)
    for label in np.unique(mask[mask > 0]):
        line |= (large == label) & ~np.asarray(binary_erosion(large == label, iterations=2), bool)
    return line


def _caption(row: int, table: SliceTable, model: Model) -> str:
    parts = [f"{table.items[row]}" + (f", slice {table.positions[row]}" if table.positions[row] else "")]
    names = [card.display for card in model.classes]
    label = table.labels[row]
    if label.ndim == 0:
        parts.append(f"true: {names[label]}" if label >= 0 else "diagnosis not known")
    else:
        parts.append("true: " + (", ".join(n for n, known in zip(names, label, strict=True) if known == 1) or "none"))
    if table.probabilities is not None:
        p = table.probabilities[row]
        said = [int(p.argmax())] if table.found is None else np.flatnonzero(table.found[row])
        parts.append("said: " + (", ".join(f"{names[c]} {p[c]:.2f}" for c in said) or "none"))
    if table.values is not None:
        dice = over_segments(table.values["dice"][row:row + 1])[0]
        if not np.isnan(dice):
            parts.append(f"Dice {dice:.2f}")
        elif table.values["empty"][row] == 0:
            parts.append(f"{table.values['drawn_pixels'][row]:.0f} pixels drawn")
    return "; ".join(parts)
