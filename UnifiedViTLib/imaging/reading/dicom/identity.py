"""Who a DICOM image says that it is of, as digests: to tell two patients apart, and for nothing else."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import values

if TYPE_CHECKING:
    from pydicom import Dataset


@dataclass(frozen=True)
class Identity:
    """Digests, which never leave the reader; "" for what is not stated.

    Attributes:
        patient_id, issuer: of the patient's ID, and of who gave it.
        name, birth_date: of the patient, the name however its letters and blanks are written.
    """

    patient_id: str = ""
    issuer: str = ""
    name: str = ""
    birth_date: str = ""

    def differs_from(self, other: Identity) -> bool:
        """Whether two images are of two patients: by their IDs, or where one has none, by name or date of birth."""
        def differ(*attributes: str) -> bool:
            pairs = ((getattr(self, one), getattr(other, one)) for one in attributes)
            return any(mine and theirs and mine != theirs for mine, theirs in pairs)

        identified = self.patient_id and other.patient_id
        return differ("patient_id", "issuer") if identified else differ("name", "birth_date")


def identity_of(dataset: Dataset) -> Identity:
    """What a data set says of its patient."""
    alphabetic = values.text(dataset, "PatientName").split("=")[0]
    parts = " ".join(unicodedata.normalize("NFKC", alphabetic).casefold().replace("^", " ").split())
    return Identity(*(digest(text) for text in (
        values.text(dataset, "PatientID").strip(), values.text(dataset, "IssuerOfPatientID").strip(), parts,
        values.text(dataset, "PatientBirthDate").strip())))


def digest(text: str) -> str:
    """As an `Identity` has a text; "" for an empty one."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() if text else ""
