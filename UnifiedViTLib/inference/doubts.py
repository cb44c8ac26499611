"""Warnings: what a reader must know before believing a result."""

from __future__ import annotations

import numpy as np

from ..imaging.preparation import PreparedVolume
from ..spec import ModelSpec
from .prediction import Diagnosis, SegmentResult

#: DICOM's modality codes by the spec's.
_MODALITIES = {"MR": ("MR",), "CT": ("CT",), "XR": ("CR", "DX", "XR", "RF"), "US": ("US",)}
UNCERTAIN = 0.6
#: An image whose pixels are so many times larger than the network's was blown up.
COARSE = 3


def doubts(prepared: PreparedVolume, spec: ModelSpec, distances: np.ndarray | None, diagnosis: Diagnosis,
           segments: tuple[SegmentResult, ...]) -> tuple[str, ...]:
    """Sentences about the input, the answer, and how the two halves of the answer fit; empty if all is well.

    `distances` (N,) are of the slices, as in `Look`.
    """
    strange = [] if distances is None else _about_distances(distances, spec)
    return (*prepared.volume.notes, *_about_input(prepared, spec), *strange,
            *_about_answer(spec, diagnosis, segments))


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


def _about_distances(distances: np.ndarray, spec: ModelSpec) -> list[str]:
    """A sentence where more than half of the slices are unfamiliar: their median lies beyond the threshold.

    One in a hundred slices of a familiar image lies there. Slices of one volume go together, so nothing may be made
    of their number as if they were drawn singly; but if volumes have 1 % of their slices there on average, at most
    2 % of them can have half or more there (Markov's inequality), however the slices depend on each other.
    """
    share = float((distances > spec.familiarity.threshold).mean())
    if share <= 0.5:
        return []
    where = "it lies" if len(distances) == 1 else f"{share:.0%} of its slices lie"
    return [
        f"The image does not look like what the model was trained on ({where} further from the training images than "
        "99% of the images kept for validation). Do not rely on the answer."
    ]


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
