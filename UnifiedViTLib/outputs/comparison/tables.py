"""A comparison in words, and as files: JSON, CSV, and the difference map for Slicer."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...spec import Segment
from ...texts import printable, table_cell
from ..files import json_text, write_labelmap
from ..headlines import headline
from ..inventory import Inventory
from ..naming import safe_name
from ..writing import unwritable, write_atomically
from .compare import BOTH, BOTH_OTHERWISE, ONLY_A, ONLY_B, Comparison, SegmentComparison
from .segmentations import Origin

#: Titles of a row's columns.
COLUMNS = ("Segment", "Dice", "HD95 mm", "mL A", "mL B", "Change mL", "Change %")
#: Files of a comparison: NAME and these.
ENDINGS = (".json", ".csv", ".difference.seg.nrrd")
#: Names and colours of the difference map, which are told apart with any kind of colour vision (Okabe and Ito).
DIFFERENCE = {
    ONLY_A: ("only A", (0, 114, 178)),
    BOTH: ("both", (240, 228, 66)),
    ONLY_B: ("only B", (213, 94, 0)),
    BOTH_OTHERWISE: ("both, as different segments", (204, 121, 167)),
}
#: A part of a patient, as nothing else is known of it.
_TISSUE = ("Segmentation category and type - DICOM master list~SCT^85756007^Tissue~SCT^85756007^Tissue~^^"
           "~Anatomic codes - DICOM master list~^^~^^")
_NOT_KNOWN = "-"


def row_cells(row: SegmentComparison) -> tuple[str, ...]:
    """A row for people, in the order of `COLUMNS`; "-" for what is not known."""
    def text(value: float | None, form: str) -> str:
        return _NOT_KNOWN if value is None else format(value, form)

    return (row.name, text(row.dice, ".3f"), text(row.hd95_mm, ".1f"), text(row.volume_a_ml, ".2f"),
            text(row.volume_b_ml, ".2f"), text(row.change_ml, "+.2f"), text(row.change_percent, "+.1f"))


def as_table(comparison: Comparison) -> str:
    """Everything for a terminal: who is A and B, a line a segment, diagnoses, notes, warnings."""
    cells = [COLUMNS, *map(row_cells, comparison.segments)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(COLUMNS))]
    sides = (("A", comparison.name_a, comparison.origin_a), ("B", comparison.name_b, comparison.origin_b))
    lines = [*(f"{letter}  {_side(name, origin)}" for letter, name, origin in sides), ""]
    lines += ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in cells]
    lines += ["", comparison.diagnoses] if comparison.diagnoses else [""]
    lines += comparison.notes
    lines += [f"! {warning}" for warning in comparison.warnings]
    return printable("\n".join(lines)).rstrip()


def as_json(comparison: Comparison) -> dict[str, Any]:
    """All of it but the difference map; numbers as computed, null where they are not known."""
    return {
        "research_use_only": True,
        "a": _side_as_json(comparison.name_a, comparison.origin_a),
        "b": _side_as_json(comparison.name_b, comparison.origin_b),
        "segments": [asdict(row) for row in comparison.segments],
        "diagnoses": comparison.diagnoses,
        "notes": list(comparison.notes),
        "warnings": list(comparison.warnings),
    }


def difference_segments(difference: np.ndarray) -> dict[int, Segment]:
    """By label, what is drawn in a difference map."""
    drawn = np.bincount(difference.ravel(), minlength=len(DIFFERENCE) + 1)
    return {label: Segment(name, colour, _TISSUE) for label, (name, colour) in DIFFERENCE.items() if drawn[label]}


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write NAME.json, NAME.csv and, where there is one, NAME.difference.seg.nrrd under a free name.

    Args:
        comparison: what is written.
        folder: made if it is not there.

    Raises:
        OutputError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    inventory = Inventory(folder)
    wanted = safe_name(f"{comparison.name_a} - {comparison.name_b}")
    name = inventory.free_name(wanted, (), inventory.taken(), ENDINGS)
    files = [folder / f"{name}{ending}" for ending in ENDINGS]
    text, rows = json_text(as_json(comparison)), _csv_rows(comparison)
    write_atomically(files[0], lambda part: part.write_text(text, encoding="utf-8"))
    write_atomically(files[1], _csv_writer(rows))
    if comparison.difference is None or comparison.ijk_to_ras is None or not comparison.difference.any():
        return files[:2]
    write_labelmap(comparison.difference, comparison.ijk_to_ras, difference_segments(comparison.difference), files[2])
    return files


def _csv_rows(comparison: Comparison) -> list[dict[str, str]]:
    shared = {"a": comparison.name_a, "b": comparison.name_b}
    warnings = {"warnings": " | ".join(comparison.warnings)}
    return [shared | {name: "" if value is None else str(value) for name, value in asdict(row).items()} | warnings
            for row in comparison.segments]


def _csv_writer(rows: Collection[dict[str, str]]) -> Callable[[Path], None]:
    fields = ["a", "b", *SegmentComparison.__dataclass_fields__, "warnings"]

    def write(part: Path) -> None:
        with open(part, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fields)
            writer.writeheader()
            writer.writerows({name: _cell(text) for name, text in row.items()} for row in rows)

    return write


def _cell(text: str) -> str:
    """A number as it is: one that is negative is no formula."""
    try:
        float(text)
    except ValueError:
        return table_cell(printable(text))
    return text


def _side(name: str, origin: Origin) -> str:
    parts = [f"of {origin.image}" if origin.image else "", f"by {origin.model}" if origin.model else "",
             headline(origin.diagnosis) if origin.diagnosis else ""]
    return ", ".join([name, *filter(None, parts)])


def _side_as_json(name: str, origin: Origin) -> dict[str, Any]:
    return {"name": printable(name), "image": printable(origin.image), "model": origin.model,
            "diagnosis": origin.diagnosis}
