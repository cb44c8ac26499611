"""From a volume to the network's input: the one code that training and inference share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from .intensity import Foreground, measure_foreground, normalise
from .region import RegionOfInterest
from .resampling import Frame, head_frame
from .slicing import SliceView, slice_view
from .volume import Volume


@dataclass(frozen=True)
class PreparedVolume:
    """A volume ready to be looked at, slice by slice.

    Attributes:
        volume: where it comes from.
        view: its axes as (slice, row, column), and which slices are looked at.
        slices: (N, rows, columns), a view of the volume's array.
        frame: the square that the network sees.
        foreground: intensity statistics of the body.
        region: what is of interest; None for all of the volume.
        region_mask: (K, J, I) bool, the voxels that it touches; None likewise.
    """

    volume: Volume
    view: SliceView
    slices: np.ndarray
    frame: Frame
    foreground: Foreground
    region: RegionOfInterest | None = field(default=None, kw_only=True)
    region_mask: np.ndarray | None = field(default=None, kw_only=True)

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

    def in_region(self, start: int, stop: int) -> np.ndarray | None:
        """What of slices start..stop-1 is in the region of interest, as the network sees them: (n, size, size) bool;
        None where all is."""
        if self.region_mask is None:
            return None
        return self.frame.to_network(self.view.of(self.region_mask)[start:stop]) > 0.5

    def clear_beyond_region(self, array: np.ndarray) -> None:
        """Set `array` (..., K, J, I), in place, to 0 outside the region of interest."""
        if self.region_mask is not None:
            array[..., ~self.region_mask] = 0

    def batches(self, size: int) -> Iterator[tuple[int, np.ndarray]]:
        """(first slice number, `inputs`) for all slices, `size` at a time."""
        for start in range(0, len(self), size):
            yield start, self.inputs(start, min(start + size, len(self)))


def prepare(volume: Volume, size: int, plane: str = "auto", region: RegionOfInterest | None = None) -> PreparedVolume:
    """Choose plane, square and intensity scale for `volume`; nothing is resampled yet.

    Only slices that the region touches are looked at, but these as wholes, in the square and on the intensity scale of
    the whole volume: a network that was trained on whole slices does not know magnified parts of them.

    Args:
        volume: a checked volume (`volume.check`).
        size: pixels along a side of the network's input.
        plane: "auto" (the acquisition plane), "axial", "coronal" or "sagittal".
        region: what is of interest; None for all of the volume.

    Raises:
        UnsupportedImageError: there is no such plane, or no region of it in the volume.
    """
    view = slice_view(volume, plane)
    slices = view.of(volume.array)
    foreground = measure_foreground(volume.array)
    frame = head_frame(slices, view.mm[1], view.mm[2], size, foreground)
    mask = None
    if region is not None:
        mask = region.mask(volume)
        touched = np.flatnonzero(view.of(mask).any(axis=(1, 2)))
        view = replace(view, span=(int(touched[0]), int(touched[-1]) + 1))
        slices = view.of(volume.array)
    return PreparedVolume(volume, view, slices, frame, foreground, region=region, region_mask=mask)
