"""Coded terms: those of a model's description, and private ones for what no dictionary names. DICOM's own are those of
`pydicom.sr.codedict`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...diagnosis import Code, DiagnosisClass
from ...spec import Segment

if TYPE_CHECKING:
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
    from highdicom.sr import CodedConcept

#: Our own coding scheme; every report that uses it declares it.
PRIVATE = "99UNIFIEDVIT"
#: Characters of a code's value and meaning (DICOM's SH and LO).
_VALUE, _MEANING = 16, 64
DIAGNOSIS = Code("439401001", "SCT", "Diagnosis")  # of SNOMED CT, and not in pydicom's dictionary
CONFIDENCE = Code("CONFIDENCE", PRIVATE, "Confidence of the result")
REVIEW = Code("REVIEW", PRIVATE, "Review recommended")
UNCERTAINTY = Code("UNCERTAINTY", PRIVATE, "Uncertainty of the outline (entropy)")


def concept(code: Code) -> CodedConcept:
    """As highdicom takes it."""
    from highdicom.sr import CodedConcept

    return CodedConcept(code.value, code.scheme, code.meaning)


def private_scheme() -> CodingSchemeIdentificationItem:
    """What declares `PRIVATE`."""
    from highdicom.coding_schemes import CodingSchemeIdentificationItem

    return CodingSchemeIdentificationItem(PRIVATE, name="UnifiedViT", responsible_organization="UnifiedViT")


def class_code(diagnosis: DiagnosisClass, number: int) -> Code:
    """A class's own code; a private one where its model gives none.

    Args:
        number: of the class in its model, from 0: private values must differ, whatever they are cut to.
    """
    return diagnosis.code or Code(f"CLASS_{number + 1}", PRIVATE, diagnosis.display[:_MEANING])


def probability_code(diagnosis: DiagnosisClass, number: int) -> Code:
    """The probability of a class."""
    return Code(f"PROBABILITY_{number + 1}"[:_VALUE], PRIVATE, f"Probability of {diagnosis.display}"[:_MEANING])


def terminology(segment: Segment) -> tuple[CodedConcept, CodedConcept, CodedConcept | None]:
    """Category, type and region (None if not stated) of a segment."""
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes

    parts = segment.terminology.rstrip("|").split("~")
    category, kind, region = (_concept(parts[n]) for n in (1, 2, 5))
    return (category or CodedConcept.from_code(codes.SCT.MorphologicallyAbnormalStructure),
            kind or CodedConcept.from_code(codes.SCT.Lesion), region)


def _concept(text: str) -> CodedConcept | None:
    """ "SCT^12738006^Brain" """
    scheme, value, meaning = [*text.split("^"), "", ""][:3]
    return concept(Code(value, scheme, meaning)) if scheme and value and meaning else None
