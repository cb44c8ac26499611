"""A region of interest as JSON, in words, and on pictures. Results that are stored in a scene have the JSON alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..imaging.region import RegionOfInterest
from ..imaging.volume import Volume
from ..inference.prediction import Prediction


def region_as_json(prediction: Prediction) -> dict[str, Any] | None:
    """Where was looked at; None for everywhere."""
    region = prediction.region
    if region is None:
        return None
    return {
        "description": str(region.box),
        "source": region.box.source,
        "box_to_ras": region.box.box_to_ras.tolist(),
        "first_slice": region.first_slice + 1,
        "slices": len(prediction.slice_probabilities),
        "slices_in_volume": prediction.labelmap.shape[prediction.slice_axis[0]],
        "voxels_beyond": region.voxels_beyond,
    }


def region_in_words(region: dict[str, Any]) -> str:
    """A sentence; `region` as from `region_as_json`."""
    first, last = region["first_slice"], region["first_slice"] + region["slices"] - 1
    slices = f"slice {first}" if first == last else f"slices {first} to {last}"
    return (f"Only a region of interest was looked at, {region['description']}: {slices} of "
            f"{region['slices_in_volume']}; nothing was looked for elsewhere.")


def first_slice(result: dict[str, Any]) -> int:
    """Number, from 1, of the first slice that was looked at; `result` as from `files.as_json`."""
    return result["region"]["first_slice"] if "region" in result else 1


def region_mask(region: dict[str, Any] | None, volume: Volume) -> np.ndarray | None:
    """(K, J, I) bool, the voxels of the volume that a region touches; None for none.

    Args:
        region: as from `region_as_json`.
        volume: what was looked at.
    """
    return None if region is None else RegionOfInterest.from_box_to_ras(np.array(region["box_to_ras"])).mask(volume)
