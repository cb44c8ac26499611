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
#: Sizes that differ by less are one; and the share of an ultrasound picture that regions must cover to speak for it,
#: around which lie texts, scales and curves.
_AGREEING, _COVERED = 0.01, 0.2
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
    """The pixel size that the first of `datasets` states which does; None if none does, or where the calibrated regions
    of an ultrasound image contradict it.

    Args:
        datasets: of a classic image: itself; of a multi-frame one: the frame's pixel measures, and the image.
    """
    regions = [size for dataset in datasets for size in _ultrasound(dataset)]
    for dataset in datasets:
        spacing = _pair(dataset, "PixelSpacing")
        detector = _pair(dataset, "ImagerPixelSpacing")
        if spacing:
            # In projections, a spacing equal to the detector's was not corrected for the magnification.
            uncorrected = spacing == detector and not values.text(dataset, "PixelSpacingCalibrationType")
            size = PixelSize(*spacing, _DETECTOR if uncorrected else "")
            return size if _agree([spacing, *regions]) else None
        if detector:
            return PixelSize(*detector, _DETECTOR)
        if regions:
            return PixelSize(*regions[0]) if _agree(regions) else None
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


def _agree(sizes: Sequence[tuple[float, float]]) -> bool:
    return np.allclose(sizes, sizes[0], rtol=_AGREEING, atol=0)


def _ultrasound(dataset: Dataset) -> list[tuple[float, float]]:
    """The calibration of each region of an ultrasound image that shows tissue, as mm between rows and columns; none
    where one of them is not calibrated in space, or where they cover little of the picture."""
    sizes, covered = [], 0.0
    for region in values.items(dataset, "SequenceOfUltrasoundRegions"):
        if values.number(region, "RegionSpatialFormat") != _TISSUE:
            continue
        units = [values.number(region, f"PhysicalUnits{axis}Direction") for axis in "YX"]
        rows_cm, columns_cm = (abs(values.number(region, f"PhysicalDelta{axis}") or 0.0) for axis in "YX")
        if units != [_CENTIMETRE] * 2 or not rows_cm or not columns_cm:
            return []
        sizes.append((rows_cm * 10, columns_cm * 10))
        covered += _share(region, dataset)
    return sizes if covered >= _COVERED else []


def _share(region: Dataset, dataset: Dataset) -> float:
    """Of the picture that a region covers; 1 where it does not say where it lies."""
    low, high, counts = ([values.number(one, keyword) for keyword in keywords] for one, keywords in (
        (region, ("RegionLocationMinX0", "RegionLocationMinY0")),
        (region, ("RegionLocationMaxX1", "RegionLocationMaxY1")), (dataset, ("Columns", "Rows"))))
    share = 1.0
    for first, last, count in zip(low, high, counts, strict=True):
        if first is None or last is None or not count:
            return 1.0
        share *= max(last - first + 1, 0.0) / count
    return share
