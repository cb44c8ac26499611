"""Warnings: what a reader must know before believing a result."""

from __future__ import annotations

from ..imaging.preparation import PreparedVolume
from ..spec import ModelSpec
from .prediction import Diagnosis, SegmentResult

#: DICOM's modality codes by the spec's.
_MODALITIES = {"MR": ("MR",), "CT": ("CT",), "XR": ("CR", "DX", "XR", "RF"), "US": ("US",)}
UNCERTAIN = 0.6
#: An image whose pixels are so many times larger than the network's was blown up.
COARSE = 3


def doubts(prepared: PreparedVolume, spec: ModelSpec, diagnosis: Diagnosis, segments: tuple[SegmentResult, ...]
           ) -> tuple[str, ...]:
    """Sentences about the input, the answer, and how the two halves of the answer fit; empty if all is well."""
    return (*prepared.volume.notes, *_about_input(prepared, spec), *_about_answer(spec, diagnosis, segments))


def _about_input(prepared: PreparedVolume, spec: ModelSpec) -> list[str]:
    said, volume = [], prepared.volume
    modality = volume.metadata.get("Modality", "")
    if modality and spec.modality != "any" and modality not in _MODALITIES[spec.modality]:
        said.append(
            f"The image says that it is {modality}; this model knows {spec.expects}. Do not rely on the answer."
        )
    elif spec.modality not in ("CT", "any") and prepared.foreground.air < -500:
        said.append(
            f"Air has negative values, as in CT (Hounsfield units); this model knows {spec.expects}. "
            "Do not rely on the answer."
        )
    if volume.planar:
        said.append("A 2-D image tells neither its orientation nor, often, its pixel size: volumes in mL are nominal.")
    if max(prepared.frame.row_mm, prepared.frame.column_mm) > COARSE * prepared.frame.pixel_mm:
        said.append("The image is much coarser than what the model was trained on; small findings cannot be seen.")
    return said


def _about_answer(spec: ModelSpec, diagnosis: Diagnosis, segments: tuple[SegmentResult, ...]) -> list[str]:
    said = []
    drawn = any(segment.voxels for segment in segments)
    if spec.healthy is not None:
        healthy = diagnosis.label == spec.classes[spec.healthy].name
        if healthy == drawn:
            said.append(
                f"The two answers contradict each other: the diagnosis is {diagnosis.display}, "
                f"yet {'a region' if drawn else 'nothing'} is drawn."
            )
    if diagnosis.probability < UNCERTAIN:
        said.append(f"The diagnosis is uncertain ({diagnosis.probability:.0%} for the likeliest class): review it.")
    return said
