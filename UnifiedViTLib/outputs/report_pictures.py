"""Pictures of slices in a report: grey, with outlines or a map over them, as PNG within the page."""

from __future__ import annotations

import base64
import struct
import zlib
from xml.etree.ElementTree import Element

import numpy as np

from ..imaging.intensity import measure_foreground
from ..imaging.slicing import SliceView, slice_view
from ..imaging.volume import Volume
from .colour_maps import HEATMAP, colour_of, over_image
from .files import SYNTHETIC
from .montage import chosen_slices, downsampled
from .report_page import element

_SIDE = 220
#: Voxels of a finer volume that are shown around what is synthetic, and so many of its slices.
_AROUND, _FINE_SLICES = 40, 3


class SlicePictures:
    """Slices spread over a volume, those with a drawing first of all.

    Args:
        volume: what was looked at.
        labelmap: what was drawn, (K, J, I).
        plane: of the slices.
        interest: (K, J, I) bool, the region of interest, whose slices alone are shown, with a line around it; None for
            none.
    """

    def __init__(self, volume: Volume, labelmap: np.ndarray, plane: str, interest: np.ndarray | None = None) -> None:
        self._view = slice_view(volume, plane)
        self._slices, self._labels = self._view.of(volume.array), self._view.of(labelmap)
        self._foreground = measure_foreground(volume.array)
        self._interest = None if interest is None else self._view.of(interest)
        self._numbers = chosen_slices((self._labels > 0).sum(axis=(1, 2)), touched=self._interest)

    def row(self, percent: np.ndarray | None = None, palette: np.ndarray = HEATMAP) -> Element:
        """The slices with outlines side by side.

        Args:
            percent: a map to lay over them, (K, J, I), 0 to 100.
            palette: its colours.
        """
        values = None if percent is None else self._view.of(percent)
        pictures = []
        for n in self._numbers:
            rgb, labels = self._foreground.grey(downsampled(self._slices[n], np.mean)), downsampled(self._labels[n])
            if values is not None:
                rgb = over_image(rgb, downsampled(values[n]), palette)
            if self._interest is not None:
                rgb[_edge(downsampled(self._interest[n]))] = 255
            for label in range(1, int(labels.max()) + 1):
                rgb[_edge(labels == label)] = [int(colour_of(label)[k:k + 2], 16) for k in (1, 3, 5)]
            pictures.append(_picture(rgb, self._view.mm, _SIDE, f"{n + 1}/{len(self._slices)}"))
        return element("div", *pictures, class_="slices")


def superres_row(volume: Volume, synthetic: np.ndarray, plane: str, looked_at: Volume | None = None) -> Element:
    """The slices with most synthetic voxels side by side, cut out around these, with a line around them.

    Args:
        volume: the finer one.
        synthetic: (K, J, I), which of its voxels are.
        plane: of the slices.
        looked_at: what it was made of, by whose slices it counts; None: by its own.
    """
    view, foreground, pictures = slice_view(volume, plane), measure_foreground(volume.array), []
    slices, masks = view.of(volume.array), view.of(synthetic) > 0
    before, count = _place(volume, looked_at or volume, view)
    for n in sorted(np.argsort(masks.sum(axis=(1, 2)), kind="stable")[-_FINE_SLICES:]):
        if not masks[n].any():
            continue
        places = (np.flatnonzero(masks[n].any(axis=1 - axis)) for axis in (0, 1))
        box = tuple(slice(max(0, place[0] - _AROUND), place[-1] + 1 + _AROUND) for place in places)
        rgb = foreground.grey(downsampled(slices[n][box], np.mean))
        rgb[_edge(downsampled(masks[n][box]))] = SYNTHETIC.colour
        pictures.append(_picture(rgb, view.mm, 2 * _SIDE, f"{before + n + 1}/{count}"))
    return element("div", *pictures, class_="slices")


def _place(volume: Volume, whole: Volume, view: SliceView) -> tuple[int, int]:
    """How many slices of `whole` lie before those of a volume that shows a part of them, and how many it has."""
    axis, i = view.axes[0], 2 - view.axes[0]
    first = round(float((np.linalg.inv(whole.ijk_to_ras) @ volume.ijk_to_ras)[i, 3]))
    count = whole.array.shape[axis]
    return (count - first - volume.array.shape[axis] if view.flipped[0] else first), count


def _picture(rgb: np.ndarray, mm: tuple[float, float, float], width: int, caption: str) -> Element:
    """An image (rows, columns, 3) of pixels mm[1] x mm[2], so many screen pixels wide."""
    height = round(width * mm[1] * rgb.shape[0] / (mm[2] * rgb.shape[1]))
    source = f"data:image/png;base64,{base64.b64encode(_png(rgb)).decode()}"
    image = element("img", width=width, height=height, alt=f"slice {caption}", src=source)
    return element("figure", image, element("figcaption", caption))


def _edge(mask: np.ndarray) -> np.ndarray:
    """Voxels of the mask (rows, columns) with a neighbour outside it."""
    padded = np.pad(mask, 1)
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inside


def _png(rgb: np.ndarray) -> bytes:
    """(rows, columns, 3) uint8 as PNG."""
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows, columns = rgb.shape[:2]
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), rgb.reshape(rows, -1)], axis=1).tobytes()
    head = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
