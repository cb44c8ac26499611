"""Results of DICOM images, as a predictor would give them, for the tests of what is written of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from builders import spec_data

from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.prediction import (
    Diagnosis,
    Heatmap,
    Prediction,
    Provenance,
    SegmentResult,
    Uncertainty,
)
from UnifiedViTLib.outputs.dicom.writing import write_dicom
from UnifiedViTLib.spec import ModelSpec, parse_spec

TERMINOLOGY = ("Segmentation category and type - DICOM master list~SCT^49755003^Morphologically Altered Structure~"
               "SCT^108369006^Neoplasm~^^~Anatomic codes - DICOM master list~SCT^12738006^Brain~^^|")
GLIOMA = {"value": "393564001", "scheme": "SCT", "meaning": "Glioma"}
SEGMENTS = [{"name": name, "colour": [200, 40, n], "terminology": TERMINOLOGY}
            for n, name in enumerate(("Core", "Necrosis", "Oedema"))]


def model() -> ModelSpec:
    """Of three segments and three classes, one of which has a code."""
    data = spec_data(segments=SEGMENTS)
    data["diagnosis"]["classes"][1]["code"] = GLIOMA
    return parse_spec(data, Path("tiny"))


def lesion(shape: tuple[int, int, int]) -> np.ndarray:
    """A labelmap without symmetry: labels 1 and 3; label 2 is not drawn."""
    labelmap = np.zeros(shape, np.uint8)
    labelmap[:max(1, shape[0] - 2), 3:9, 20:31] = 1
    labelmap[-1, -2, 1:3] = 3
    return labelmap


def result_of(volume: Volume, labelmap: np.ndarray | None = None, *, heatmap: bool = False, uncertainty: bool = False,
              **changes) -> Prediction:
    """A result of the volume; fields may be replaced."""
    labelmap = lesion(volume.array.shape) if labelmap is None else labelmap
    spec, count = model(), len(labelmap)
    voxels = [int(np.count_nonzero(labelmap == label)) for label in (1, 2, 3)]
    percent = np.random.default_rng(0).integers(0, 101, labelmap.shape).astype(np.uint8)
    result = Prediction(
        name=volume.name, spec=spec, labelmap=labelmap, ijk_to_ras=volume.ijk_to_ras,
        diagnosis=Diagnosis("glioma", "Glioma", {"healthy": 0.1, "glioma": 0.7, "meningioma": 0.2}),
        slice_probabilities=np.full((count, 3), 1 / 3, np.float32), slice_axis=(0, False),
        segments=tuple(SegmentResult(segment.name, label, n, volume.voxel_ml and n * volume.voxel_ml)
                       for label, (segment, n) in enumerate(zip(spec.segments, voxels, strict=True), start=1)),
        warnings=("Größe & Lage <prüfen>.",),
        provenance=Provenance(spec.id, spec.version, spec.sha256, "cpu", "torch", "axial", {"total": 0.5}, {}),
        geometry=volume.geometry,
        heatmap=Heatmap("attention", "glioma", "Glioma", percent) if heatmap else None,
        uncertainty=Uncertainty(("as it is", "mirrored"), 0.5, {"passes": 0.5}, 0.7, {"glioma": 0.1},
                                np.zeros(count, np.float32), percent[::-1].copy()) if uncertainty else None,
    )
    return replace(result, **changes)


def write(volume: Volume, prediction: Prediction, folder: Path, picture: Path | None = None) -> tuple[dict, str]:
    """Write the objects; gives their paths by ending, and what was said."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: dict[str, Path] = {}
    told = write_dicom(volume, prediction, lambda ending: paths.setdefault(ending, folder / f"a{ending}"), picture)
    return paths, told
