"""What is the same name, however it is written: by different hands, programs and systems."""

from __future__ import annotations

import hashlib
import re
import unicodedata


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
