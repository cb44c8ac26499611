"""Who a DICOM image says that it is of, as digests: to tell two patients apart, and for nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ....names import folded, patient_key
from . import values

if TYPE_CHECKING:
    from pydicom import Dataset


@dataclass(frozen=True)
class Identity:
    """Digests, which never leave the reader; "" for what is not stated.

    Attributes:
        patient_id, issuer: of the patient's ID (`patient_key`), and of who gave it.
        name, birth_date: of the patient, the name however its letters and blanks are written.
    """

    patient_id: str = ""
    issuer: str = ""
    name: str = ""
    birth_date: str = ""

    def differs_from(self, other: Identity) -> bool:
        """Whether two images are of two patients: by their IDs, or where one has none, by name or date of birth. One ID
        with other names and other dates of birth is none: "0", as a station may write for everybody."""
        def differ(*attributes: str) -> bool:
            pairs = ((getattr(self, one), getattr(other, one)) for one in attributes)
            return any(mine and theirs and mine != theirs for mine, theirs in pairs)

        identified = self.patient_id and other.patient_id
        if not identified:
            return differ("name", "birth_date")
        return differ("patient_id", "issuer") or (differ("name") and differ("birth_date"))


def identity_of(dataset: Dataset) -> Identity:
    """What a data set says of its patient."""
    alphabetic = values.text(dataset, "PatientName").split("=")[0]
    return Identity(patient_key(values.text(dataset, "PatientID")), *(_digest(text) for text in (
        folded(values.text(dataset, "IssuerOfPatientID")), folded(alphabetic.replace("^", " ")),
        values.text(dataset, "PatientBirthDate").strip())))


def two_patients(identities: Sequence[Identity]) -> tuple[int, int] | None:
    """Places of the first two that are of two patients; None where all can be of one.

    Args:
        identities: of several images.
    """
    return next(((first, second) for second, one in enumerate(identities) for first in range(second)
                 if one.differs_from(identities[first])), None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() if text else ""
