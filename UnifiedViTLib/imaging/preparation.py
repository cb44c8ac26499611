"""From a volume to the network's input: the one code that training and inference share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .intensity import Foreground, measure_foreground, normalise
from .resampling import Frame, head_frame
from .slicing import SliceView, slice_view
from .volume import Volume


@dataclass(frozen=True)
class PreparedVolume:
    """A volume ready to be looked at, slice by slice.

    Attributes:
        volume: where it comes from.
        view: its axes as (slice, row, column).
        slices: (N, rows, columns), a view of the volume's array.
        frame: the square that the network sees.
        foreground: intensity statistics of the body.
    """

    volume: Volume
    view: SliceView
    slices: np.ndarray
    frame: Frame
    foreground: Foreground

    def __len__(self) -> int:
        return len(self.slices)

    def batch(self, start: int, stop: int) -> np.ndarray:
        """Slices start..stop-1 as the network sees them: (n, size, size) float32, normalised."""
        # Air becomes zero before resampling, so that what lies outside the image looks like air.
        raw = self.slices[start:stop].astype(np.float32) - np.float32(self.foreground.air)
        return normalise(self.frame.to_network(raw) + np.float32(self.foreground.air), self.foreground)

    def inputs(self, start: int, stop: int) -> np.ndarray:
        """The network's input with its axis of channels: (n, 1, size, size) float32."""
        return self.batch(start, stop)[:, None]

    def batches(self, size: int) -> Iterator[tuple[int, np.ndarray]]:
        """(first slice number, `inputs`) for all slices, `size` at a time."""
        for start in range(0, len(self), size):
            yield start, self.inputs(start, min(start + size, len(self)))


def prepare(volume: Volume, size: int, plane: str = "auto") -> PreparedVolume:
    """Choose plane, square and intensity scale for `volume`; nothing is resampled yet.

    Args:
        volume: a checked volume (`volume.check`).
        size: pixels along a side of the network's input.
        plane: "auto" (the acquisition plane), "axial", "coronal" or "sagittal".
    """
    view = slice_view(volume, plane)
    slices = view.of(volume.array)
    foreground = measure_foreground(volume.array)
    frame = head_frame(slices, view.mm[1], view.mm[2], size, foreground)
    return PreparedVolume(volume, view, slices, frame, foreground)
