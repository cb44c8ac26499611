"""The diagnoses of many patients: `patients.csv` for spreadsheets, `patients.json` with all that they were made of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..inference.patient.diagnosis import IMAGE, PatientDiagnosis
from ..spec import ModelSpec
from ..texts import printable
from ..versions import software_versions
from .files import json_text, model_name
from .folder import ResultsFolder
from .inventory import HIDDEN
from .manifest import MOST_BYTES, InputFile, seal_of
from .patient_file import as_json, model_as_json, read_own
from .results_table import write_csv
from .writing import sha256_of, write_atomically

TABLE, DOCUMENT = "patients.csv", "patients.json"
KEY, FORMAT = "patients_manifest", 1


@dataclass(frozen=True)
class PatientResult:
    """How a patient ended.

    Attributes:
        name: of the patient.
        diagnosis: None for one that failed.
        inputs: the files of all images.
        error: what went wrong, a sentence; "" for one that did not fail.
    """

    name: str
    diagnosis: PatientDiagnosis | None = None
    inputs: tuple[InputFile, ...] = ()
    error: str = ""


def check_own(folder: Path) -> None:
    """Return if the two files can be written: they are not there, or as they were written here.

    Raises:
        OutputError: something else is called so.
    """
    document = read_own(folder / DOCUMENT, KEY)
    foreign = DOCUMENT if (folder / DOCUMENT).exists() and document is None else ""
    if (folder / TABLE).exists() and (document is None or sha256_of(folder / TABLE) not in document[KEY]["tables"]):
        foreign = foreign or TABLE
    if foreign:
        raise OutputError(f"{foreign} in {folder} is not of UnifiedViT, or was changed since; it stays as it is. "
                          "Choose another folder, or give it another name.")


def write_patients(results: Sequence[PatientResult], spec: ModelSpec, folder: Path) -> None:
    """Write both files, in place of earlier ones.

    Args:
        results: of all patients, in the order of the table.
        spec: the model.
        folder: where the results of images are, too.

    Raises:
        OutputError: something else is called so, the disk refuses, or there are too many patients for a file.
    """
    names = [c.name for c in spec.classes]
    fields = ("patient", "status", "diagnosis", "probability", *(f"p_{name}" for name in names), "images_alone",
              "images", "missing", "warnings", "model", "error")
    with ResultsFolder(folder).locked():
        check_own(folder)
        part = folder / HIDDEN / TABLE
        write_csv([_row(result, spec) for result in results], part, fields)
        # The JSON comes first. Until the table has taken its name, the one before is ours, too.
        before = [sha256_of(folder / TABLE)] if (folder / TABLE).exists() else []
        document: dict[str, Any] = {
            "research_use_only": True,
            "patients": [{"patient": printable(one.name), **as_json(one.diagnosis, spec),
                          "inputs": [file.to_dict() for file in one.inputs]} for one in results if one.diagnosis],
            "failed": [{"patient": printable(one.name), "error": printable(one.error)} for one in results if one.error],
            KEY: {"format": FORMAT, "model": model_as_json(spec), "software": software_versions(),
                  "tables": [sha256_of(part), *before]},
        }
        document[KEY]["sha256"] = seal_of(document)
        text = json_text(document)
        if len(text) > MOST_BYTES:
            raise OutputError(f"{DOCUMENT} would be larger than {MOST_BYTES >> 20} MiB. Divide the table into several, "
                              "with a folder of results for each.")
        write_atomically(folder / DOCUMENT, lambda path: path.write_text(text, encoding="ascii"))
        os.replace(part, folder / TABLE)


def _row(result: PatientResult, spec: ModelSpec) -> dict[str, str]:
    row = {"patient": result.name, "model": model_name(spec)}
    patient = result.diagnosis
    if patient is None:
        return row | {"status": "failed", "error": result.error}
    diagnosis = patient.diagnosis
    return row | {
        "status": "done", "diagnosis": diagnosis.label, "probability": f"{diagnosis.probability:.4f}",
        **{f"p_{name}": f"{value:.4f}" for name, value in diagnosis.probabilities.items()},
        "images_alone": patient.images_alone.label,
        "images": str(sum(one.kind == IMAGE for one in patient.evidence)),
        "missing": ";".join(patient.missing), "warnings": " | ".join(patient.warnings),
    }
