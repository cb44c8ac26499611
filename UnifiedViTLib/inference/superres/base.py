"""What every upscaler has: an image in, the same image four times as fine out. Loads without torch."""

from __future__ import annotations

from typing import Protocol

import numpy as np

#: Times as many pixels along a side; as in `models.upscaler`, which needs torch.
FACTOR = 4
#: What a folder holds: a learned upscaler's description, or a pipeline of the library `diffusers`.
DESCRIPTION_FILE, PIPELINE_FILE = "upscaler.json", "model_index.json"


class Upscaler(Protocol):
    """What super-resolution needs.

    Attributes:
        name: for the result.
    """

    name: str

    def upscale(self, image: np.ndarray) -> np.ndarray:
        """(h, w) float32, air 0 and bright tissue 1 -> (4 h, 4 w) float32, the same scale and the same place: a new
        pixel is a quarter of an old one along each side."""
        ...
