"""The size of a pixel: stated for the patient, for the detector, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import values

if TYPE_CHECKING:
    from pydicom import Dataset

_CENTIMETRE = 3  # PhysicalUnitsXDirection
_TISSUE = 1  # RegionSpatialFormat: 2-D; the others are curves and spectra
#: A pixel that is said to be more elongated has a damaged header.
_MOST_ELONGATED = 10.0


@dataclass(frozen=True)
class PixelSize:
    """Distances between pixels.

    Attributes:
        row_mm, column_mm: between neighbouring rows (along j), between neighbouring columns (along i).
        derived_from: what it was taken from, in words, where that is not the size in the patient; "" if it is.
    """

    row_mm: float
    column_mm: float
    derived_from: str = ""


def pixel_size(datasets: Sequence[Dataset]) -> PixelSize | None:
    """The pixel size that the first of `datasets` states which does; None if none does.

    Args:
        datasets: of a classic image: itself; of a multi-frame one: the frame's pixel measures, and the image.
    """
    for dataset in datasets:
        spacing = _pair(dataset, "PixelSpacing")
        detector = _pair(dataset, "ImagerPixelSpacing")
        if spacing:
            # In projections, a spacing equal to the detector's was not corrected for the magnification.
            uncorrected = spacing == detector and not values.text(dataset, "PixelSpacingCalibrationType")
            return PixelSize(*spacing, _DETECTOR if uncorrected else "")
        if detector:
            return PixelSize(*detector, _DETECTOR)
        if regions := _ultrasound(dataset):
            return PixelSize(*regions)
        if film := _pair(dataset, "NominalScannedPixelSpacing"):
            return PixelSize(*film, "the film as it was scanned")
    return None


def pixel_aspect(datasets: Sequence[Dataset]) -> float:
    """How many times as high as wide a pixel is, as images without a pixel size state it; 1 where they do not.

    Args:
        datasets: as for `pixel_size`.
    """
    stated = (_pair(dataset, "PixelAspectRatio") for dataset in datasets)
    height, width = next(filter(None, stated), (1.0, 1.0))
    return height / width if 1 / _MOST_ELONGATED <= height / width <= _MOST_ELONGATED else 1.0


_DETECTOR = "the detector's pixels, which are larger than what they show of the patient"


def _pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    pair = values.numbers(dataset, keyword, 2)
    return (pair[0], pair[1]) if pair and min(pair) > 0 else None


def _ultrasound(dataset: Dataset) -> tuple[float, float] | None:
    """The calibration of the regions of an ultrasound image, if they agree, as mm between rows and columns."""
    sizes = []
    for region in values.items(dataset, "SequenceOfUltrasoundRegions"):
        if values.number(region, "RegionSpatialFormat") != _TISSUE:
            continue
        units = [values.number(region, f"PhysicalUnits{axis}Direction") for axis in "YX"]
        deltas = [values.number(region, f"PhysicalDelta{axis}") for axis in "YX"]
        between = [abs(delta) * 10 for delta in deltas if delta]
        if units != [_CENTIMETRE] * 2 or len(between) < len(deltas):
            return None
        sizes.append(between)
    if not sizes or not np.allclose(sizes, sizes[0], rtol=0.01):
        return None
    return sizes[0][0], sizes[0][1]
