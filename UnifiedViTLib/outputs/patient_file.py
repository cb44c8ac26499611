"""A patient's diagnosis for a terminal, and as a JSON that says what it was made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..inference.patient.diagnosis import METADATA, PatientDiagnosis
from ..spec import ModelSpec
from ..texts import printable
from ..versions import software_versions
from .files import json_text
from .manifest import MOST_BYTES, InputFile, model_sha256, seal_of
from .writing import write_atomically

#: Another one than that of an image's result, which this is not.
KEY, FORMAT = "patient_manifest", 1


def as_text(patient: PatientDiagnosis, spec: ModelSpec) -> str:
    """Everything for a terminal: the diagnosis, its bars in words, what the images alone say, what spoke, warnings."""
    displays = {c.name: c.display for c in spec.classes}
    diagnosis, alone = patient.diagnosis, patient.images_alone
    ordered = sorted(diagnosis.probabilities.items(), key=lambda item: -item[1])
    lines = [f"{diagnosis.display} ({diagnosis.probability:.0%})",
             "  " + ", ".join(f"{displays[name]} {probability:.1%}" for name, probability in ordered),
             f"Images alone: {alone.display} ({alone.probability:.0%})"]
    rows = [("what spoke", "says", "attention", f"{diagnosis.display} without it")]
    rows += [(one.name, one.value, f"{one.weight:.2f}",
              "-" if one.probability_without is None else f"{one.probability_without:.1%}")
             for one in patient.evidence]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if patient.missing:
        lines.append(f"Not given: {', '.join(patient.missing)}")
    return printable("\n".join([*lines, *(f"! {warning}" for warning in patient.warnings)]))


def as_json(patient: PatientDiagnosis, spec: ModelSpec) -> dict[str, Any]:
    """All of it; the values of the metadata, too."""
    def diagnosis(one: Any) -> dict[str, Any]:
        return {"label": one.label, "display": one.display, "probability": one.probability,
                "probabilities": one.probabilities}

    return {
        "research_use_only": True,
        "diagnosis": diagnosis(patient.diagnosis) | {"display_names": {c.name: c.display for c in spec.classes}},
        "images_alone": diagnosis(patient.images_alone),
        "metadata_used": any(one.kind == METADATA for one in patient.evidence),
        "evidence": [one.to_dict() | {"name": printable(one.name)} for one in patient.evidence],
        "metadata": patient.metadata,
        "missing": list(patient.missing),
        "warnings": [printable(warning) for warning in patient.warnings],
    }


def write_patient(patient: PatientDiagnosis, spec: ModelSpec, inputs: Sequence[InputFile], path: Path) -> None:
    """Write a patient's diagnosis with its manifest: which files, by their SHA-256, and which model it is of. In place
    of an earlier one; what else lies there stays.

    Args:
        patient: the diagnosis.
        spec: the model.
        inputs: the files of all images.
        path: ends with .json.

    Raises:
        OutputError: something else is called so, or it cannot be written.
    """
    if path.suffix.lower() != ".json":
        raise OutputError(f"{path.name} is to be a JSON file. Give a name that ends with .json.")
    if path.exists() and read_own(path, KEY) is None:
        raise OutputError(f"{path} is no patient's diagnosis of UnifiedViT, or was changed since; it stays as it is. "
                          "Choose another name.")
    document = as_json(patient, spec) | {KEY: {
        "format": FORMAT, "model": model_as_json(spec), "inputs": [file.to_dict() for file in inputs],
        "software": software_versions(),
    }}
    document[KEY]["sha256"] = seal_of(document)
    text = json_text(document)
    write_atomically(path, lambda part: part.write_text(text, encoding="ascii"))


def model_as_json(spec: ModelSpec) -> dict[str, Any]:
    """Which model, and which patient head."""
    return {"id": spec.id, "version": spec.version, "sha256": model_sha256(spec),
            "patient_sha256": spec.patient.sha256 if spec.patient else None}


def read_own(path: Path, key: str) -> dict[str, Any] | None:
    """A JSON of ours; None if it is not there, not ours, or was changed since.

    Args:
        path: the file.
        key: of its manifest, which carries the seal.
    """
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None
        document = json.loads(path.read_text(encoding="utf-8"))
        return document if document[key].pop("sha256") == seal_of(document) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
