"""The region of interest around a mask in a file: read in the worker, as all files of others are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import UnsupportedImageError
from ...imaging.reading import read_labels
from ...imaging.region import RegionOfInterest
from ...inference.progress import ProgressCallback
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
    mask = read_labels(Path(arguments["path"]))
    if mask.planar:
        raise UnsupportedImageError(f"{mask.name} is a 2-D image without a place in the patient, so that there is no "
                                    "region in mm around what it marks. Give a mask with a position (NRRD, NIfTI, "
                                    "MHA).")
    region = RegionOfInterest.from_mask(mask.array, mask.ijk_to_ras, arguments["margin_mm"], mask.name)
    return region.to_dict()
