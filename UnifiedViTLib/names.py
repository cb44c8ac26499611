"""What is the same name, however it is written: by different hands, programs and systems."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

#: What programs write into an empty cell.
NOBODY = {"nan", "none", "null", "n/a", "#n/a", "<na>"}
#: What spreadsheets, R and pandas write for a long number, or a code that they took for one: one digit before the
#: point or comma, and a sign after the E. Codes like 12E4, E12 or 5E-12 are none.
_ROUNDED = re.compile(r"[+-]?\d([.,\u066b]\d+)?e\+\d{2,3}|[+-]?\d[.,\u066b]\d+e-\d{2,3}")
#: What they write for a cell that is too narrow, or a formula that failed.
_NOT_SHOWN = re.compile(r"##+|#(ref|value|name|num|null|div/0|spill|calc)[!?]|err:\d{3}")
#: A number of more digits than a spreadsheet keeps: those after them are zeros.
_LONG, _KEPT_DIGITS = re.compile(r"[1-9]\d{15,}"), 15
#: So many zeros after those digits, in all names together, are no chance.
_FEWEST_ZEROS = 3
_SHOWN_LINES = 5


def folded(name: str) -> str:
    """Equal for names that differ in upper and lower case, in how accents and wide letters are stored, in blanks, or in
    marks that are not to be seen."""
    seen = "".join(letter for letter in unicodedata.normalize("NFKC", name) if unicodedata.category(letter) != "Cf")
    return " ".join(seen.casefold().split())


def as_number(cell: str) -> str:
    """A whole number as it is written without a fraction: spreadsheets and pandas make 1 to "1.0"."""
    return re.sub(r"^([+-]?\d+)\.0+$", r"\1", cell)


def folded_patient(name: str) -> str:
    """Equal for the ways to write one patient: P01, p01 and P1; 001, 1, 1.0 and a spreadsheet's '1. Names with several
    numbers, as codes have, keep their zeros. To take two patients for one costs a split some evenness; to take one for
    two, its worth."""
    return re.sub(r"^(\D*)0+(?=\d+$)", r"\1", as_number(folded(name).lstrip("'")))


def patient_key(text: str) -> str:
    """Equal for one patient, whatever of theirs is at hand, however it is written: a DICOM PatientID, a name that the
    user gives; "" of nothing. It does not say who it is: a digest."""
    name = folded_patient(text)
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest() if name else ""


def lost_names(cells: Iterable[tuple[int, str]]) -> str:
    """What is wrong with a column of names in which a program has put one text in place of different ones, as a
    spreadsheet writes 1.23E+11 for 123456789012 and for 123456789034; a sentence, "" for nothing.

    Args:
        cells: the line in the table, and the name; empty ones are not looked at.
    """
    names = [(line, as_number(folded(cell).lstrip("'")), cell) for line, cell in cells if cell]
    long_numbers = {name for _, name, _ in names if _LONG.fullmatch(name)}
    zeros = sum(len(name) - _KEPT_DIGITS for name in long_numbers)
    cut_off = zeros >= _FEWEST_ZEROS and not any(name[_KEPT_DIGITS:].strip("0") for name in long_numbers)
    lost = [(line, cell) for line, name, cell in names
            if _ROUNDED.fullmatch(name) or _NOT_SHOWN.fullmatch(name) or (cut_off and name in long_numbers)]
    if not lost:
        return ""
    lines = list(dict.fromkeys(str(line) for line, _ in lost))
    more = len(lines) - _SHOWN_LINES
    where = f"line{'s' if len(lines) > 1 else ''} {', '.join(lines[:_SHOWN_LINES])}{f' and {more} more' * (more > 0)}"
    return (f"{where}: {lost[0][1][:60]} is no longer the name that it was: a spreadsheet has written this in its "
            "place, and may have written the same for others. Go back to where the names are whole, format their "
            "column as text, and export the table again.")
