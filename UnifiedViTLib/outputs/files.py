"""A `Prediction` into files: `.seg.nrrd` for Slicer, JSON for programs, CSV over many inputs."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..diagnosis import NONE
from ..errors import OutputError
from ..imaging.geometry import LPS_RAS
from ..inference.prediction import Diagnosis, Heatmap, Prediction, SuperResolution, Uncertainty
from ..inference.superres.base import FACTOR
from ..inference.warnings import needs_review, review_threshold
from ..native import c_numeric_locale, native_path, printable_path
from ..spec import ModelSpec, Segment
from ..texts import printable, table_cell
from .headlines import amounts, headline
from .narrative import report_sentences
from .region import region_as_json
from .writing import write_atomically

CSV_FIELDS = (
    "input", "status", "result", "diagnosis", "region", "probability", "confidence", "review", "volume_ml", "warnings",
    "total_s", "model", "error",
)

#: Characters of a Segment Algorithm Name (DICOM's LO).
_ALGORITHM_NAME = 64
#: Voxels of a super-resolved volume in which an upscaler had a part.
SYNTHETIC = Segment(
    "Synthetic", (255, 0, 255),
    "Segmentation category and type - DICOM master list~SCT^85756007^Tissue~SCT^85756007^Tissue~^^"
    "~Anatomic codes - DICOM master list~^^~^^|",
)


def write_segmentation(prediction: Prediction, path: Path) -> None:
    """Write the labelmap as `.seg.nrrd`: Slicer opens it as a segmentation, other programs as a label image.

    Segments that are drawn carry name, colour, terminology and DICOM's type of algorithm in the keys that Slicer's
    segmentation storage node reads.
    """
    image = _image(prediction.labelmap, prediction.ijk_to_ras)
    keys = _segment_keys(image, drawn_segments(prediction), algorithm_tags(prediction))
    _write_image(image, keys | _origin(prediction), path)


def drawn_segments(prediction: Prediction) -> dict[int, Segment]:
    """By label, the model's segments of which something is drawn. Empty ones are not written: Slicer's DICOM exporter
    stops at them."""
    drawn = np.bincount(prediction.labelmap.ravel(), minlength=len(prediction.spec.segments) + 1)
    return {label: segment for label, segment in enumerate(prediction.spec.segments, start=1) if drawn[label]}


def algorithm_tags(prediction: Prediction) -> dict[str, str]:
    """Tags of a segment that Slicer's DICOM exporter reads; without them it calls the mask drawn by hand."""
    name = f"UnifiedViT {model_name(prediction.spec)}"
    return {"DICOM.SegmentAlgorithmType": "AUTOMATIC", "DICOM.SegmentAlgorithmName": name[:_ALGORITHM_NAME]}


def write_superres(made: SuperResolution, prediction: Prediction, volume: Path, synthetic: Path) -> None:
    """Write a super-resolution: the finer volume as `.nrrd`, in the input's unit, and as `.seg.nrrd` on the same grid
    which of its voxels are synthetic.

    Args:
        made: the super-resolution.
        prediction: that it is part of, which the headers name.
        volume, synthetic: the files.
    """
    keys = _origin(prediction) | {
        "UnifiedViT_Synthetic": f"Drawn in part by the upscaler {made.upscaler}; see .synthetic.seg.nrrd",
    }
    _write_image(_image(made.array, made.ijk_to_ras), keys, volume)
    mask = _image(made.synthetic, made.ijk_to_ras)
    _write_image(mask, _segment_keys(mask, {1: SYNTHETIC}, algorithm_tags(prediction)) | _origin(prediction), synthetic)


def write_labelmap(labelmap: np.ndarray, ijk_to_ras: np.ndarray, segments: Mapping[int, Segment], path: Path) -> None:
    """Write labels that no model gave as `.seg.nrrd`.

    Args:
        labelmap: (K, J, I) uint8.
        ijk_to_ras: 4x4, its grid in mm.
        segments: by their labels; those that are drawn.
        path: the file.
    """
    image = _image(labelmap, ijk_to_ras)
    _write_image(image, _segment_keys(image, segments, {}), path)


def write_volume(array: np.ndarray, ijk_to_ras: np.ndarray, path: Path) -> None:
    """Write voxels as `.nrrd`, and nothing else that is known of them.

    Args:
        array: (K, J, I), any unit.
        ijk_to_ras: 4x4, their grid in mm.
        path: the file.
    """
    _write_image(_image(array, ijk_to_ras), {}, path)


def _segment_keys(image: sitk.Image, segments: Mapping[int, Segment], tags: Mapping[str, str]) -> dict[str, str]:
    """What Slicer's storage node reads of segments by their labels."""
    extent = " ".join(f"0 {n - 1}" for n in image.GetSize())
    keys = {
        "Segmentation_SourceRepresentation": "Binary labelmap",
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
    }
    for n, (label, segment) in enumerate(segments.items()):
        entries = {"TerminologyEntry": segment.terminology.rstrip("|"), **tags}
        keys |= {
            f"Segment{n}_ID": f"Segment_{label}",
            f"Segment{n}_Name": segment.name,
            f"Segment{n}_NameAutoGenerated": "0",
            f"Segment{n}_Color": " ".join(f"{c / 255:.6g}" for c in segment.colour),
            f"Segment{n}_ColorAutoGenerated": "0",
            f"Segment{n}_LabelValue": str(label),
            f"Segment{n}_Layer": "0",
            f"Segment{n}_Extent": extent,
            f"Segment{n}_Tags": "".join(f"{name}:{value}|" for name, value in entries.items()),
        }
    return keys


def write_heatmap(heatmap: Heatmap, prediction: Prediction, path: Path) -> None:
    """Write a heat map as `.nrrd`: uint8, percent, on the input's grid.

    Args:
        heatmap: the map.
        prediction: that it is part of, with the grid; the header names it.
        path: the file.
    """
    keys = {"UnifiedViT_ExplainedClass": heatmap.label, "UnifiedViT_Explanation": heatmap.method}
    _write_image(_image(heatmap.percent, prediction.ijk_to_ras), keys | _origin(prediction), path)


def write_uncertainty(uncertainty: Uncertainty, prediction: Prediction, path: Path) -> None:
    """Write where the outline is uncertain as `.nrrd`: uint8, percent, on the input's grid.

    Args:
        uncertainty: with the map.
        prediction: that it is part of, with the grid; the header names it.
        path: the file.
    """
    keys = {
        "UnifiedViT_Confidence": f"{uncertainty.confidence:.4f}",
        "UnifiedViT_Passes": ", ".join(uncertainty.passes),
    }
    _write_image(_image(uncertainty.percent, prediction.ijk_to_ras), keys | _origin(prediction), path)


def _image(array: np.ndarray, ijk_to_ras: np.ndarray) -> sitk.Image:
    """Voxels (K, J, I) on their grid."""
    image = sitk.GetImageFromArray(array)
    matrix = LPS_RAS @ ijk_to_ras
    spacing = _norms(matrix[:3, :3])
    image.SetSpacing(spacing.tolist())
    image.SetDirection((matrix[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(matrix[:3, 3].tolist())
    return image


def _origin(prediction: Prediction) -> dict[str, str]:
    region = prediction.region
    return {
        "UnifiedViT_Diagnosis": names_found(prediction.diagnosis),
        **({"UnifiedViT_Region": printable(f"Only this was looked at: {region.box}")} if region else {}),
        "UnifiedViT_Model": f"{prediction.spec.id} {prediction.spec.version} {prediction.spec.sha256}",
    }


def _write_image(image: sitk.Image, keys: dict[str, str], path: Path) -> None:
    """Write an image.

    Raises:
        OutputError: its file cannot be written, or its name is not UTF-8.
    """
    try:
        native_path(path)
    except UnicodeError as error:
        raise OutputError(
            f"{printable_path(path)} cannot be written: the name of the file, or of a folder above it, is not UTF-8. "
            "Rename it or choose another folder."
        ) from error
    for key, value in keys.items():
        image.SetMetaData(key, value)

    def write(part: Path) -> None:
        with c_numeric_locale():
            sitk.WriteImage(image, native_path(part), useCompression=True)

    write_atomically(path, write)


def _norms(columns: np.ndarray) -> np.ndarray:
    """Lengths of the columns of a 3x3 matrix; exactly the entry where a column has only one."""
    single = (columns != 0).sum(axis=0) == 1
    return np.where(single, np.abs(columns).max(axis=0), np.linalg.norm(columns, axis=0))


def as_json(prediction: Prediction) -> dict:
    """The prediction without its voxels, as `Resources/prediction.schema.json` describes it."""
    provenance, heatmap = prediction.provenance, prediction.heatmap
    superres, uncertainty, region = prediction.superres, prediction.uncertainty, region_as_json(prediction)
    elsewhere = prediction.region is not None and prediction.region.is_elsewhere
    result: dict[str, Any] = {
        "name": printable(prediction.name),
        "research_use_only": True,
        "diagnosis": diagnosis_as_json(prediction),
        "confidence": {
            "value": round(prediction.confidence, 6),
            "of": "passes" if uncertainty else "probability",
            "threshold": review_threshold(prediction.spec, uncertainty is not None),
            "review": elsewhere or needs_review(prediction.spec, prediction.confidence, uncertainty is not None),
        },
        "report": list(report_sentences(prediction)),
        "segments": [segment.to_dict() for segment in prediction.segments],
        "geometry": prediction.geometry.to_dict(),
        "slices": slices_as_json(prediction),
    }
    if region:
        result["region"] = region
    if prediction.appearance:
        result["appearance"] = prediction.appearance.to_dict()
    if heatmap:
        result["heatmap"] = {"method": heatmap.method, "label": heatmap.label, "display": heatmap.display}
    if superres:
        result["superres"] = superres_as_json(superres)
    if uncertainty:
        result["uncertainty"] = uncertainty_as_json(uncertainty)
    return result | {
        "warnings": list(prediction.warnings),
        "model": {
            "id": provenance.model_id, "name": prediction.spec.name, "version": provenance.model_version,
            "sha256": provenance.model_sha256,
        },
        "device": provenance.device,
        "backend": provenance.backend,
        "plane": provenance.plane,
        "timings_s": {stage: round(seconds, 4) for stage, seconds in provenance.timings_s.items()},
        "software": provenance.software,
        "notes": list(provenance.notes),
    }


def slices_as_json(prediction: Prediction) -> list[dict]:
    """What was said of each slice, by its number along an axis of the volume."""
    names = [c.name for c in prediction.spec.classes]
    slices: list[dict[str, Any]] = [
        {
            "index": int(index),
            "axis": "KJI"[prediction.slice_axis[0]],
            "probabilities": {name: round(float(p), 6) for name, p in zip(names, row, strict=True)},
        }
        for index, row in zip(prediction.slice_indices, prediction.slice_probabilities, strict=True)
    ]
    if prediction.uncertainty:
        for entry, value in zip(slices, prediction.uncertainty.mutual_information, strict=True):
            entry["mutual_information"] = round(float(value), 6)
    return slices


def uncertainty_as_json(uncertainty: Uncertainty) -> dict:
    """An uncertainty without its map and its slices."""
    return {
        "passes": list(uncertainty.passes),
        "components": {name: round(value, 6) for name, value in uncertainty.components.items()},
        "mask_dice": uncertainty.mask_dice if uncertainty.mask_dice is None else round(uncertainty.mask_dice, 6),
        "probability_std": {name: round(value, 6) for name, value in uncertainty.probability_std.items()},
    }


def superres_as_json(superres: SuperResolution) -> dict:
    """A super-resolution without its voxels."""
    return {
        "upscaler": superres.upscaler,
        "factor": FACTOR,
        "guided_by": {"method": superres.method, "label": superres.label, "quantile": superres.quantile},
        "regions": superres.regions,
        "synthetic_fraction": round(float(superres.synthetic.mean()), 6),
    }


def diagnosis_as_json(prediction: Prediction) -> dict:
    """The diagnosis alone; `headlines` puts it into words."""
    diagnosis = prediction.diagnosis
    result: dict[str, Any] = {
        "label": diagnosis.label,
        "display": diagnosis.display,
        "probability": diagnosis.probability,
        "probabilities": diagnosis.probabilities,
        "display_names": {c.name: c.display for c in prediction.spec.classes},
    }
    if prediction.region is not None:
        result["region_only"] = True
    if diagnosis.thresholds is not None:
        result |= {"findings": list(diagnosis.findings), "thresholds": diagnosis.thresholds}
    return result


def json_text(result: dict) -> str:
    """A result as JSON.

    Raises:
        OutputError: a value is no number, which JSON does not know.
    """
    try:
        return json.dumps(result, indent=1, allow_nan=False) + "\n"
    except ValueError as error:
        raise OutputError(
            f"The result for {result.get('name')} is not written: it holds values that are no numbers ({error}). "
            "Please report it."
        ) from error


def model_name(spec: ModelSpec) -> str:
    """Id and version."""
    return f"{spec.id} {spec.version}"


def names_found(diagnosis: Diagnosis) -> str:
    """The class, or all findings separated by semicolons, as in the tables that models learn from."""
    return ";".join(diagnosis.findings) or NONE


def csv_row(source: str, result: Prediction | Exception, name: str = "", model: str = "") -> dict[str, str]:
    """A line of `results.csv` for an input that worked, or for one that did not; `name` of its result files.

    Args:
        source: the input's path.
        result: the prediction, or what went wrong.
        name: of its files.
        model: of `model_name`, of an input that did not work.
    """
    if isinstance(result, Exception):
        return dict.fromkeys(CSV_FIELDS, "") | {"input": source, "status": "failed", "model": model,
                                                "error": str(result)}
    return result_row(as_json(result), source, name)


def result_row(result: Mapping[str, Any], source: str, name: str) -> dict[str, str]:
    """A line of `results.csv` for a result as from `as_json`, fresh or read again.

    Args:
        result: as from `as_json`.
        source: the input's path.
        name: of its files.
    """
    diagnosis, model = result["diagnosis"], result["model"]
    found = diagnosis.get("findings", [diagnosis["label"]])
    return {
        "input": source,
        "status": "done",
        "result": name,
        "diagnosis": ";".join(found) or NONE,
        "region": result.get("region", {}).get("description", ""),
        "probability": ";".join(f"{diagnosis['probabilities'][label]:.4f}" for label in found),
        "confidence": f"{result['confidence']['value']:.4f}",
        "review": "yes" if result["confidence"]["review"] else "no",
        "volume_ml": "; ".join(f"{segment['name']}: {segment['volume_ml']:.2f}" for segment in result["segments"]
                               if segment["volume_ml"] is not None),
        "warnings": " | ".join(result["warnings"]),
        "total_s": f"{result['timings_s']['total']:.2f}",
        "model": f"{model['id']} {model['version']}",
        "error": "",
    }


def summary(name: str, prediction: Prediction) -> str:
    """The answer in a line, for a terminal; warnings below it."""
    volumes = amounts([segment.to_dict() for segment in prediction.segments])
    seconds = prediction.provenance.timings_s["total"]
    sure = f", confidence {prediction.confidence:.0%}" if prediction.uncertainty else ""
    lines = [f"{name}: {headline(diagnosis_as_json(prediction))}{sure}; {volumes}; {seconds:.1f} s"]
    return printable("\n".join([*lines, *(f"  ! {warning}" for warning in prediction.warnings)]))


def write_csv(rows: Sequence[Mapping[str, str]], path: Path, fields: Sequence[str] = CSV_FIELDS) -> None:
    """Write `results.csv`, or another table. Cells that a spreadsheet would compute begin with an apostrophe; what is
    no text is written as an escape.

    Args:
        rows: by the names of columns; what is left out is empty.
        path: the file.
        fields: names of the columns.
    """

    def write(part: Path) -> None:
        # A name of another encoding is told as far as it can be: the rows of the others must not be lost.
        with open(part, "w", newline="", encoding="utf-8", errors="backslashreplace") as file:
            writer = csv.DictWriter(file, fields)
            writer.writeheader()
            writer.writerows({name: table_cell(printable(row.get(name, ""))) for name in fields} for row in rows)

    write_atomically(path, write)
