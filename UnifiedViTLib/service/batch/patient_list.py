"""A table of patients: which images are of whom, and what else is known."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...errors import MetadataError, UnsupportedImageError
from ...names import NOBODY, folded_patient, lost_names
from ...patient_spec import MetadataField, check_metadata
from ...spec import ModelSpec
from ...texts import delimited

PATIENT, IMAGE = "patient", "image"


@dataclass(frozen=True)
class ListedPatient:
    """A patient of a table.

    Attributes:
        name: as the table has it.
        images: of the patient, or results of `predict` (JSON).
        metadata: values that are known, as the model writes them.
        problem: what is wrong with the patient's lines, a sentence; "" for nothing.
    """

    name: str
    images: tuple[Path, ...] = ()
    metadata: dict[str, float | str] = field(default_factory=dict)
    problem: str = ""

    def with_line(self, number: int, images: tuple[Path, ...], values: dict[str, float | str]) -> ListedPatient:
        """The same patient with one more line of the table.

        Args:
            number: of the line.
            images: that it names.
            values: that it gives.
        """
        differ = sorted(name for name, value in values.items() if self.metadata.get(name, value) != value)
        problem = f"Line {number} gives another {differ[0]} than a line before it. Put it right." if differ else ""
        return replace(self, images=(*self.images, *images), metadata=self.metadata | values,
                       problem=self.problem or problem)


def read_patients(table: Path, spec: ModelSpec) -> list[ListedPatient]:
    """The patients of a table (CSV with commas, semicolons or tabs, in UTF-8), in its order.

    The column `patient` names the patient. The column `image`, and all that begin with `image_`, name images, or
    results of `predict`, from the table's folder. Other columns are the model's metadata; empty cells are missing. A
    patient may have several lines.

    Args:
        table: the file.
        spec: the model, which knows the metadata.

    Raises:
        UnsupportedImageError: it cannot be read, a column is missing, a line is of nobody, a spreadsheet has spoilt
            names of patients, or a patient may be written in two ways.
        MetadataError: the model does not know one of the columns.
    """
    try:
        text, delimiter = delimited(table.read_text(encoding="utf-8-sig"))
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header = [name.strip() for name in next(reader, [])]
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnsupportedImageError(f"{table} cannot be read as a table in UTF-8 ({error}). Check the path, and save "
                                    "it as CSV in UTF-8.") from error
    fields = spec.patient.fields if spec.patient else ()
    _check_header(table, header, fields, spec)
    patient_column = header.index(PATIENT)
    if lost := lost_names((number, cells[patient_column]) for number, cells in lines if len(cells) > patient_column):
        raise UnsupportedImageError(f"{table}, {lost}")
    patients: dict[str, ListedPatient] = {}
    spellings: dict[str, str] = {}
    for number, cells in lines:
        if len(cells) != len(header):
            raise UnsupportedImageError(f"{table}, line {number}, does not have {len(header)} cells like the first "
                                        "line. Put it right.")
        row = dict(zip(header, cells, strict=True))
        if not row[PATIENT] or row[PATIENT].lower() in NOBODY:
            raise UnsupportedImageError(f"{table}, line {number}, names no patient. Put it right, or take it out.")
        if (before := spellings.setdefault(folded_patient(row[PATIENT]), row[PATIENT])) != row[PATIENT]:
            raise UnsupportedImageError(f"{table}, line {number}, names {row[PATIENT]}, a line before it {before}: if "
                                        "this is one patient, write both alike; if not, give them names of their own.")
        patient = patients.get(row[PATIENT], ListedPatient(row[PATIENT]))
        images = tuple(table.parent / cell.replace("\\", "/") for name, cell in row.items() if _is_image(name) and cell)
        try:
            values = check_metadata({one.name: row[one.name] for one in fields if one.name in row}, fields, spec.name)
        except MetadataError as error:
            patient, values = replace(patient, problem=patient.problem or f"Line {number}: {error}"), {}
        patients[patient.name] = patient.with_line(number, images, values)
    if not patients:
        raise UnsupportedImageError(f"{table} has no patients: nothing follows its first line.")
    return [one if one.images or one.problem else replace(one, problem="No image is named. Name one, or take the "
                                                          "patient out.") for one in patients.values()]


def is_result(image: Path) -> bool:
    """Whether an image of a patient was given as what `predict` has written of it."""
    return image.suffix.lower() == ".json"


def _is_image(column: str) -> bool:
    return column == IMAGE or column.startswith(f"{IMAGE}_")


def _check_header(table: Path, header: list[str], fields: tuple[MetadataField, ...], spec: ModelSpec) -> None:
    if PATIENT not in header or not any(map(_is_image, header)):
        raise UnsupportedImageError(f"{table} needs a column {PATIENT} and a column {IMAGE}, by these names in its "
                                    "first line.")
    if len(set(header)) < len(header):
        raise UnsupportedImageError(f"{table} has two columns of one name. Give each a name of its own.")
    known = [one.name for one in fields]
    unknown = [name for name in header if name != PATIENT and not _is_image(name) and name not in known]
    if unknown:
        knows = f"It knows {', '.join(known)}." if known else "It knows images alone."
        raise MetadataError(f"{table} has the column {unknown[0]!r}, which {spec.name} does not know. {knows} Correct "
                            "its name, or take it out.")
