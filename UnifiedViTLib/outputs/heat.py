"""The colours of heat maps, the same in Slicer, in reports and in pictures."""

from __future__ import annotations

import numpy as np

#: "Inferno" of matplotlib (van der Walt and Smith, CC0) at every tenth: brightness grows evenly, also for eyes that
#: tell no red from green.
_ANCHORS = np.array([
    (0, 0, 4), (22, 11, 57), (66, 10, 104), (106, 23, 110), (147, 38, 103), (188, 55, 84), (221, 81, 58),
    (243, 120, 25), (252, 165, 10), (246, 215, 70), (252, 255, 164),
])
#: How much of a heat map hides the image below it, at most.
OPACITY = 0.6


def heat_colours(percent: np.ndarray) -> np.ndarray:
    """(...) 0 to 100 -> (..., 3) uint8 RGB."""
    places = np.linspace(0, 100, len(_ANCHORS))
    return np.rint(np.stack([np.interp(percent, places, part) for part in _ANCHORS.T], axis=-1)).astype(np.uint8)


def over_image(rgb: np.ndarray, percent: np.ndarray) -> np.ndarray:
    """An image (..., 3) uint8 with its heat map (...) over it; the cooler, the more of the image shows."""
    share = OPACITY * (np.asarray(percent, np.float32) / 100)[..., None]
    return np.rint((1 - share) * rgb + share * heat_colours(percent)).astype(np.uint8)
