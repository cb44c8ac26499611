"""A result that lies in a folder, read again: as it was computed, and of the image as it still is, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UnsupportedImageError
from ..imaging.geometry import GeometrySource
from ..imaging.reading import read
from ..imaging.reading.nrrd import read_nrrd
from ..imaging.region import RegionOfInterest
from ..imaging.volume import Volume, grid_distance_mm
from ..inference.prediction import (
    Appearance,
    Diagnosis,
    Heatmap,
    Prediction,
    Provenance,
    SegmentResult,
    SuperResolution,
    Uncertainty,
)
from ..inference.region import RegionResult
from ..native import c_numeric_locale
from ..spec import ModelSpec
from .files import as_json, json_text
from .manifest import KEY, model_sha256, read_result
from .reuse import rerun_reason

#: Reads a file of the result by its ending; not checked.
_ReadFile = Callable[[str], Volume]


def read_stored(folder: Path, name: str, source: str, spec: ModelSpec) -> tuple[Volume, Prediction]:
    """Read an image and its result.

    Args:
        folder: of the results.
        name: of the result.
        source: what it must be of, as its manifest names it.
        spec: the model that it must be of.

    Returns:
        the volume, array (K, J, I), and its prediction on the same grid; without probability maps. That of a region
        of interest says so in its `region`.

    Raises:
        UnsupportedImageError: the result, its image or its model is not what it was; a sentence says which.
    """
    found = read_result(folder / f"{name}.json")
    if found is None:
        raise UnsupportedImageError(f"The result {name} cannot be shown: {name}.json is missing, or was changed since "
                                    "it was written. Run this image again.")
    document, manifest = found
    reason = rerun_reason(manifest, replace(manifest.request, source=source, model_sha256=model_sha256(spec)), folder,
                          software={})
    if reason:
        raise UnsupportedImageError(f"The result {name} is not shown, as it may be wrong for the image: {reason}. Run "
                                    "this image again.")
    volume = read(Path(source))
    with c_numeric_locale():
        prediction = _prediction(document, spec, volume, lambda ending: read_nrrd(folder / f"{name}{ending}"))
    written = {key: value for key, value in document.items() if key != KEY}
    if json.loads(json_text(as_json(prediction))) != written:
        raise UnsupportedImageError(f"The result {name} is not shown, as this version of UnifiedViT would tell it "
                                    "otherwise than it was written. Run this image again.")
    return volume, prediction


def _prediction(document: Mapping[str, Any], spec: ModelSpec, volume: Volume, read_file: _ReadFile) -> Prediction:
    """The prediction that `as_json` made a document of, and that has these files.

    Args:
        document: as from `as_json`.
        spec: its model.
        volume: that it is of.
        read_file: reads the files beside it.
    """
    drawn = read_file(".seg.nrrd")
    shape = volume.array.shape
    voxel = min(volume.spacing)
    if drawn.array.shape != shape or not grid_distance_mm(drawn.ijk_to_ras, volume.ijk_to_ras, shape) < 0.01 * voxel:
        raise UnsupportedImageError(f"{volume.name} is not shown with its result, which lies on another grid. Run "
                                    "this image again.")
    diagnosis, model, slices = document["diagnosis"], document["model"], document["slices"]
    names = [one.name for one in spec.classes]
    segments = tuple(SegmentResult.from_dict(one) for one in document["segments"])
    region = _region(document.get("region"), segments)
    numbers = [one["index"] for one in slices]
    backwards = numbers[1] < numbers[0] if len(numbers) > 1 else numbers[0] != (region.first_slice if region else 0)
    return Prediction(
        name=document["name"],
        spec=spec,
        labelmap=drawn.array,
        ijk_to_ras=volume.ijk_to_ras,
        diagnosis=Diagnosis(diagnosis["label"], diagnosis["display"], diagnosis["probabilities"],
                            diagnosis.get("thresholds")),
        slice_probabilities=np.array([[one["probabilities"][name] for name in names] for one in slices], np.float32),
        slice_axis=("KJI".index(slices[0]["axis"]), backwards),
        segments=segments,
        warnings=tuple(document["warnings"]),
        provenance=Provenance(model["id"], model["version"], model["sha256"], document["device"], document["backend"],
                              document["plane"], document["timings_s"], document["software"],
                              tuple(document["notes"])),
        heatmap=_heatmap(document.get("heatmap"), read_file),
        superres=_superres(document.get("superres"), read_file),
        uncertainty=_uncertainty(document, read_file),
        geometry=GeometrySource.from_dict(document["geometry"]),
        region=region,
        appearance=Appearance.from_dict(document["appearance"]) if "appearance" in document else None,
    )


def _region(described: Mapping[str, Any] | None, segments: Sequence[SegmentResult]) -> RegionResult | None:
    if described is None:
        return None
    box = RegionOfInterest.from_box_to_ras(np.array(described["box_to_ras"]), described["source"])
    return RegionResult(box, described["first_slice"] - 1, sum(segment.voxels for segment in segments),
                        described["voxels_beyond"])


def _heatmap(described: Mapping[str, Any] | None, read_file: _ReadFile) -> Heatmap | None:
    return Heatmap(**described, percent=read_file(".heatmap.nrrd").array) if described else None


def _superres(described: Mapping[str, Any] | None, read_file: _ReadFile) -> SuperResolution | None:
    if described is None:
        return None
    fine, guided = read_file(".superres.nrrd"), described["guided_by"]
    return SuperResolution(described["upscaler"], guided["method"], guided["label"], guided["quantile"],
                           described["regions"], fine.array, read_file(".synthetic.seg.nrrd").array, fine.ijk_to_ras)


def _uncertainty(document: Mapping[str, Any], read_file: _ReadFile) -> Uncertainty | None:
    described = document.get("uncertainty")
    if described is None:
        return None
    information = np.array([one["mutual_information"] for one in document["slices"]], np.float32)
    return Uncertainty(tuple(described["passes"]), document["confidence"]["value"], described["components"],
                       described["mask_dice"], described["probability_std"], information,
                       read_file(".uncertainty.nrrd").array)
