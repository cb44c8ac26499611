"""What kind of file a file is, by its content."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

#: Endings of pictures, whose files tell nothing of a patient.
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
_PREAMBLE = 128


class Kind(Enum):
    """Families of formats; the value is their name for people."""

    DICOM = "DICOM"
    OTHER = "an image"


def kind_of(path: Path) -> Kind:
    """The kind of a file that is not empty; DICOM has any name, or none that tells ("DICM" in the file decides)."""
    with open(path, "rb") as file:
        begin = file.read(_PREAMBLE + 4)
    if begin[_PREAMBLE:] == b"DICM" or path.name.lower().endswith((".dcm", ".ima")):
        return Kind.DICOM
    return Kind.OTHER
