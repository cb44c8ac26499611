"""Coded terms: those of a model's description, DICOM's own, and private ones for what no dictionary names."""

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
VOLUME = Code("118565006", "SCT", "Volume")
CUBIC_MILLIMETRE = Code("mm3", "UCUM", "cubic millimeter")
PERCENT = Code("%", "UCUM", "percent")
DIAGNOSIS = Code("439401001", "SCT", "Diagnosis")
YES, NO = Code("373066001", "SCT", "Yes"), Code("373067005", "SCT", "No")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
IMAGING_REPORT = Code("126000", "DCM", "Imaging Measurement Report")
UNKNOWN_PROCEDURE = Code("363679005", "SCT", "Imaging procedure")
FINDING = Code("121071", "DCM", "Finding")
COMMENT = Code("121106", "DCM", "Comment")
SALIENCY = Code("130404", "DCM", "Saliency")
LESION = Code("52988006", "SCT", "Lesion")
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


def terminology(segment: Segment) -> tuple[Code, Code, Code | None]:
    """Category, type and region (None if not stated) of a segment."""
    parts = segment.terminology.rstrip("|").split("~")
    category, kind, region = (_code(parts[n]) for n in (1, 2, 5))
    return (category or Code("49755003", "SCT", "Morphologically Altered Structure"), kind or LESION, region)


def _code(text: str) -> Code | None:
    """ "SCT^12738006^Brain" """
    scheme, value, meaning = [*text.split("^"), "", ""][:3]
    return Code(value, scheme, meaning) if scheme and value and meaning else None
