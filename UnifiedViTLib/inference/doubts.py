"""Warnings: what a reader must know before believing a result."""

from __future__ import annotations

import numpy as np

from ..imaging.channels import PreparedChannels
from ..imaging.preparation import PreparedVolume
from ..spec import ModelSpec
from .prediction import Diagnosis, SegmentResult, Uncertainty, odds_over

#: DICOM's modality codes by the spec's.
_MODALITIES = {"MR": ("MR",), "CT": ("CT",), "XR": ("CR", "DX", "XR", "RF"), "US": ("US",)}
#: Results of less confidence are to be reviewed, where the model does not say better. Between a finding and its absence
#: that is where the odds are less than 1.5 times those of the threshold, either way.
UNCERTAIN = 0.6
#: An image whose pixels are so many times larger than the network's was blown up.
COARSE = 3


def doubts(prepared: PreparedVolume, spec: ModelSpec, distances: np.ndarray | None, diagnosis: Diagnosis,
           segments: tuple[SegmentResult, ...], uncertainty: Uncertainty | None = None) -> tuple[str, ...]:
    """Sentences about the input, the answer, and how the two halves of the answer fit; empty if all is well.

    `distances` (N,) are of the slices, as in `Look`.
    """
    missing = _about_missing(prepared, spec) if isinstance(prepared, PreparedChannels) else []
    # What is familiar was measured on what training had; an image without a channel is unlike it in that alone.
    strange = [] if distances is None or missing else _about_distances(distances, spec)
    return (*prepared.volume.notes, *missing, *_about_input(prepared, spec), *strange,
            *_about_answer(spec, diagnosis, segments), *_about_confidence(spec, diagnosis, uncertainty))


def review_below(spec: ModelSpec, looked_again: bool) -> float:
    """The confidence under which a result is to be reviewed.

    Args:
        spec: the model.
        looked_again: whether it is that of an `Uncertainty`; else the probability of the diagnosis.
    """
    chosen = spec.review and (spec.review.confidence if looked_again else spec.review.probability)
    return chosen.threshold if chosen else UNCERTAIN


def _about_missing(prepared: PreparedChannels, spec: ModelSpec) -> list[str]:
    there = [one is not None for one in prepared.channels]
    missing = [channel.name for channel, here in zip(spec.channels, there, strict=True) if not here]
    return [f"Without {', '.join(missing)}: the model was not given all that it can use."] if missing else []


def _about_input(prepared: PreparedVolume, spec: ModelSpec) -> list[str]:
    said = []
    channels = prepared.channels if isinstance(prepared, PreparedChannels) else (prepared,)
    modalities = {one.volume.metadata.get("Modality", "") for one in channels if one} - {""}
    wrong = "" if spec.modality == "any" else ", ".join(sorted(modalities - {*_MODALITIES[spec.modality]}))
    if wrong:
        said.append(
            f"The image says that it is {wrong}; this model knows {spec.expects}. Do not rely on the answer."
        )
    elif spec.modality not in ("CT", "any") and any(one.foreground.air < -500 for one in channels if one):
        said.append(
            f"Air has negative values, as in CT (Hounsfield units); this model knows {spec.expects}. "
            "Do not rely on the answer."
        )
    if prepared.volume.planar:
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
    if spec.multi_label:
        return _about_outlined_findings(spec, diagnosis, segments)
    said = []
    drawn = any(segment.voxels for segment in segments)
    if spec.healthy is not None:
        healthy = diagnosis.label == spec.classes[spec.healthy].name
        if healthy == drawn:
            said.append(
                f"The two answers contradict each other: the diagnosis is {diagnosis.display}, "
                f"yet {'a region' if drawn else 'nothing'} is drawn."
            )
    return said


def _about_confidence(spec: ModelSpec, diagnosis: Diagnosis, uncertainty: Uncertainty | None) -> list[str]:
    if spec.multi_label:
        return _about_close_findings(spec, diagnosis)
    if uncertainty:
        confidence, of = uncertainty.confidence, "confidence over all looks"
    else:
        confidence, of = diagnosis.probability, "for the likeliest class"
    below = review_below(spec, uncertainty is not None)
    return [f"The diagnosis is uncertain ({confidence:.0%} {of}, under {below:.0%}): review it."
            ] if confidence < below else []


def _about_outlined_findings(spec: ModelSpec, diagnosis: Diagnosis, segments: tuple[SegmentResult, ...]) -> list[str]:
    """Segments that are drawn though no finding of theirs is found, or the reverse."""
    said = []
    for segment in segments:
        shown = [one for one, rule in zip(spec.classes, spec.label_rules, strict=True) if rule.segment == segment.name]
        found = [one.display for one in shown if one.name in diagnosis.found]
        if found and not segment.voxels:
            said.append(f"The two answers contradict each other: {' and '.join(found)} found, yet {segment.name} is "
                        "not drawn.")
        elif shown and segment.voxels and not found:
            said.append(f"The two answers contradict each other: {segment.name} is drawn, yet "
                        f"{' or '.join(one.display for one in shown)} is not found.")
    return said


def _about_close_findings(spec: ModelSpec, diagnosis: Diagnosis) -> list[str]:
    factor, close = UNCERTAIN / (1 - UNCERTAIN), []
    for one in spec.classes:
        p, threshold = diagnosis.probabilities[one.name], diagnosis.thresholds[one.name]
        if 1 / factor < odds_over(p, threshold) < factor:
            close.append(f"{one.display} ({p:.0%}, found from {threshold:.0%} on)")
    return [f"Uncertain, as close to the threshold: {', '.join(close)}. Review it."] if close else []
