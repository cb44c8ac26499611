"""What is the same name, however it is written: in tables by different hands, programs and systems."""

from __future__ import annotations

import re
import unicodedata

#: What Slicer adds to the name of an image for its segmentation, before the file's ending.
SEGMENTATION = ".seg"


def folded(name: str) -> str:
    """Equal for names that differ in upper and lower case, in how accents are stored, or in blanks."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def as_number(cell: str) -> str:
    """A whole number as it is written without a fraction: spreadsheets and pandas make 1 to "1.0"."""
    return re.sub(r"^([+-]?\d+)\.0+$", r"\1", cell)


def folded_patient(name: str) -> str:
    """Equal for the ways to write one patient: P01, p01 and P1; 001, 1 and 1.0. Names with several numbers, as codes
    have, keep their zeros."""
    return re.sub(r"^(\D*)0+(?=\d+$)", r"\1", as_number(folded(name)))
