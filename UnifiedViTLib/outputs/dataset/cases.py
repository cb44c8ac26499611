"""The cases of a dataset as its table has them, labels.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import UnsupportedImageError
from ...names import lost_names
from ...records import Record
from ...texts import delimited, printable, table_cell
from ..writing import write_atomically

TABLE = "labels.csv"
#: Columns of ours; "image", "mask", "label" and "group" are what `unifiedvit-train prepare` looks for.
FIELDS = ("image", "mask", "label", "group", "reviewer", "model", "model_version", "seconds", "proposed_label", "dice",
          "added", "image_sha256")


@dataclass(frozen=True)
class Case(Record):
    """A line of the table.

    Attributes:
        image, mask: names of the files in `images/` and `masks/`.
        label: the diagnosis, names separated by semicolons; "" where it is not known.
        group: pseudonym of the patient.
        reviewer: who corrected it.
        model, model_version: that proposed it.
        proposed_label: what the model diagnosed.
        added: when, in UTC (ISO 8601).
        image_sha256: of type, shape and values of the image's voxels.
        seconds: time spent; None where it is not known.
        dice: between what was proposed and what it became, as of `correction.agreement`.
        extra_columns: cells of columns that somebody has added to the table.
    """

    image: str
    mask: str
    label: str
    group: str
    reviewer: str
    model: str
    model_version: str
    proposed_label: str
    added: str
    image_sha256: str
    seconds: float | None = None
    dice: float | None = None
    extra_columns: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What to call it: the files' name without the ending."""
        return self.image.partition(".")[0]

    @property
    def overturned(self) -> bool | None:
        """Whether the diagnosis is another one than the model's; None where it is not known."""
        return self.label != self.proposed_label if self.label else None


def read_cases(folder: Path) -> tuple[Case, ...]:
    """The table of a folder; () where it has none yet.

    Raises:
        UnsupportedImageError: it cannot be read, or somebody has made something else of it.
    """
    file = folder / TABLE
    if not file.is_file():
        return ()
    try:
        text, delimiter = delimited(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UnsupportedImageError(f"{file} cannot be read as a table in UTF-8 ({error}). Close it in other programs, "
                                    "and save it as CSV in UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    missing = [name for name in FIELDS if name not in (reader.fieldnames or ())]
    if missing:
        raise UnsupportedImageError(f"{file} has no column {', '.join(missing)}: it is no table of corrected results, "
                                    "or was changed. Put the column back, or choose another folder.")
    cases, groups = [], []
    for row in reader:
        try:
            cases.append(_case(row))
            groups.append((reader.line_num, cases[-1].group))
        except (ValueError, TypeError, AttributeError) as error:
            raise UnsupportedImageError(
                f"{file}, line {reader.line_num}: the row does not have a cell for each column, or its seconds or dice "
                "is no number. Put it right, or take the row out."
            ) from error
    if lost := lost_names(groups):
        raise UnsupportedImageError(f"{file}, {lost}")
    return tuple(cases)


def write_cases(cases: Sequence[Case], folder: Path) -> None:
    """Write the table in one step: a reader finds the old one or the new one.

    Raises:
        OutputError: it cannot be written; the old one is as it was.
    """
    extra_columns = list(dict.fromkeys(name for case in cases for name in case.extra_columns))

    def write(part: Path) -> None:
        with open(part, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [*FIELDS, *extra_columns], restval="")
            writer.writeheader()
            writer.writerows(_row(case) for case in cases)

    write_atomically(folder / TABLE, write)


def _case(row: dict[str, str]) -> Case:
    if None in row or None in row.values():
        raise ValueError("a cell too many, or too few")
    ours = {name: row[name].strip() for name in FIELDS}
    seconds, dice = (float(text) if text else None for text in (ours.pop("seconds"), ours.pop("dice")))
    extra_columns = {name: text for name, text in row.items() if name not in FIELDS}
    return Case(**ours, seconds=seconds, dice=dice, extra_columns=extra_columns)


def _row(case: Case) -> dict[str, str]:
    row = {name: getattr(case, name) for name in FIELDS}
    row |= {"seconds": "" if case.seconds is None else f"{case.seconds:.0f}",
            "dice": "" if case.dice is None else f"{case.dice:g}", "reviewer": table_cell(printable(case.reviewer))}
    return row | case.extra_columns
