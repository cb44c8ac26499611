"""The region of interest around a mask in a file: read in the worker, as all files of others are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import UnsupportedImageError
from ...imaging.region import RegionOfInterest
from ...inference.progress import ProgressCallback
from ...outputs.comparison.reading import read_segmentation
from .protocol import READING


def region_job(arguments: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """The box around all that a mask marks.

    Args:
        arguments: "path" of the mask, "margin_mm" around what it marks.
        progress: told that it is read.

    Returns:
        a `RegionOfInterest` as its `to_dict` gives it.

    Raises:
        UnsupportedImageError: the file is no mask, marks nothing, or has no place in the patient.
    """
    progress(READING, 0.0)
    drawn = read_segmentation(Path(arguments["path"]))
    if drawn.planar or not drawn.geometry.placed:
        what = "is a 2-D image without a place" if drawn.planar else "does not say where it lies"
        raise UnsupportedImageError(f"{drawn.name} {what} in the patient, so that there is no region in mm around what "
                                    "it marks. Give a mask with a position (NRRD, NIfTI, MHA).")
    mask = drawn.mask(drawn.segments)
    region = RegionOfInterest.from_mask(mask, drawn.ijk_to_ras, arguments["margin_mm"], drawn.name)
    return region.to_dict()
