"""The colours of classes and of maps, the same in Slicer, in reports and in pictures: heat maps are warm, uncertainty
is cool."""

from __future__ import annotations

import numpy as np

#: Of the classes, in turn; told apart by eyes of all kinds (Okabe and Ito).
_CLASSES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")
#: "Inferno" and "viridis" of matplotlib (van der Walt and Smith, CC0) at every tenth: brightness grows evenly, also for
#: eyes that tell no red from green.
HEATMAP = np.array([
    (0, 0, 4), (22, 11, 57), (66, 10, 104), (106, 23, 110), (147, 38, 103), (188, 55, 84), (221, 81, 58),
    (243, 120, 25), (252, 165, 10), (246, 215, 70), (252, 255, 164),
])
UNCERTAINTY = np.array([
    (68, 1, 84), (72, 36, 117), (65, 68, 135), (53, 95, 141), (42, 120, 142), (33, 145, 140), (34, 168, 132),
    (68, 191, 112), (122, 209, 81), (189, 223, 38), (253, 231, 37),
])
#: How much of a map hides the image below it, at most.
OPACITY = 0.6


def colour_of(number: int) -> str:
    """Of the class at this place, "#rrggbb"."""
    return _CLASSES[number % len(_CLASSES)]


def colours_of(percent: np.ndarray, palette: np.ndarray = HEATMAP) -> np.ndarray:
    """(...) 0 to 100 -> (..., 3) uint8 RGB; `palette`: `HEATMAP` or `UNCERTAINTY`."""
    places = np.linspace(0, 100, len(palette))
    return np.rint(np.stack([np.interp(percent, places, part) for part in palette.T], axis=-1)).astype(np.uint8)


def over_image(rgb: np.ndarray, percent: np.ndarray, palette: np.ndarray = HEATMAP) -> np.ndarray:
    """An image (..., 3) uint8 with a map (...) over it; the less of it, the more of the image shows.

    Args:
        rgb: the image.
        percent: the map, 0 to 100.
        palette: colours of the map, from 0 to 100 %.
    """
    share = OPACITY * (np.asarray(percent, np.float32) / 100)[..., None]
    return np.rint((1 - share) * rgb + share * colours_of(percent, palette)).astype(np.uint8)
