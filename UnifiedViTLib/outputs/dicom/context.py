"""What all DICOM objects of a result share: who made them, and under which identifiers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ... import __version__
from ...imaging.reading.dicom.header import MANUFACTURER
from ...inference.prediction import Prediction
from .sources import UTF_8, Sources

if TYPE_CHECKING:
    from highdicom import AlgorithmIdentificationSequence
    from pydicom import Dataset

Written = TypeVar("Written", bound="Dataset")
RESEARCH = "research use only"
#: Characters of DICOM's LO.
LONG_STRING = 64
#: Series of ours are numbered from here on; those of scanners rarely get so far.
_FIRST_SERIES = 9100


@dataclass
class ResultContext:
    """Of one result.

    Attributes:
        prediction: the result.
        sources: the original images.
        tracking_uids: by label of a drawn segment, what mask and report name it by.
    """

    prediction: Prediction
    sources: Sources
    tracking_uids: dict[int, str] = field(default_factory=dict)
    _series: int = 0

    @property
    def model(self) -> str:
        """Id and version."""
        return f"{self.prediction.spec.id} {self.prediction.spec.version}"[:LONG_STRING]

    def tracking(self, label: int) -> tuple[str, str]:
        """UID and identifier of what a segment shows, the same for mask and report."""
        from pydicom.uid import generate_uid

        uid = self.tracking_uids.setdefault(label, generate_uid())
        return uid, f"UnifiedViT {self.prediction.spec.segments[label - 1].name}"[:LONG_STRING]

    def algorithm(self) -> AlgorithmIdentificationSequence:
        """The model, for masks."""
        from highdicom import AlgorithmIdentificationSequence
        from pydicom.sr.codedict import codes

        spec = self.prediction.spec
        return AlgorithmIdentificationSequence(
            f"UnifiedViT {spec.id}"[:LONG_STRING], codes.DCM.ArtificialIntelligence, spec.version,
            source=MANUFACTURER, parameters={"weights_sha256": spec.sha256},
        )

    def new_series(self, description: str) -> dict[str, Any]:
        """Arguments of highdicom's constructors: an object in a series of its own, made by this program."""
        from pydicom.uid import generate_uid

        self._series += 1
        scope = f"region only, {RESEARCH}" if self.prediction.region else RESEARCH
        return {
            "series_instance_uid": generate_uid(),
            "series_number": _FIRST_SERIES + self._series,
            "sop_instance_uid": generate_uid(),
            "instance_number": 1,
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": self.model,
            "software_versions": __version__,
            "device_serial_number": self.prediction.spec.sha256[:LONG_STRING],
            "series_description": f"{description} ({scope})"[:LONG_STRING],
        }

    def finish(self, written: Written) -> Written:
        """Copy from the original what highdicom leaves out: the patient's other identifiers and the study's name."""
        written.SpecificCharacterSet = UTF_8
        source = self.sources.datasets[0]
        for keyword in ("IssuerOfPatientID", "StudyDescription", "PatientAge", "PatientSize", "PatientWeight",
                        "PatientIdentityRemoved", "DeidentificationMethod", "LongitudinalTemporalInformationModified",
                        "PositionReferenceIndicator"):
            if source.get(keyword) and keyword not in written:
                setattr(written, keyword, source.get(keyword))
        # Empty where not known: readers want these to be there.
        if written.Modality not in ("SEG", "SR"):
            written.Laterality = source.get("Laterality") or ""
        if "ContentLabel" in written and "ContentCreatorName" not in written:
            written.ContentCreatorName = ""
        return written
