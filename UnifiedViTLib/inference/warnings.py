"""Warnings: what a reader must know before believing a result."""

from __future__ import annotations

import numpy as np

from ..imaging.channels import PreparedChannels
from ..imaging.geometry import UNKNOWN, size_in_words
from ..imaging.mr_sequence import SEQUENCES, named_sequences
from ..imaging.preparation import PreparedVolume
from ..imaging.volume import Volume
from ..spec import ModelSpec
from ..texts import percents
from .channels import given_channels
from .decision import NetworkOutput
from .ood.texture import ROTATIONS
from .prediction import Diagnosis, SegmentResult, Uncertainty, odds_over
from .region import RegionResult, region_warnings

#: DICOM's modality codes by the spec's.
_MODALITIES = {"MR": ("MR",), "CT": ("CT",), "XR": ("CR", "DX", "XR", "RF"), "US": ("US",)}
#: Results of less confidence are to be reviewed, where the model does not say better. Between a finding and its absence
#: that is where the odds are less than 1.5 times those of the threshold, either way.
DEFAULT_REVIEW_THRESHOLD = 0.6
#: An image whose pixels are so many times larger than the network's was blown up.
COARSE = 3
#: What is not known of an image's geometry, and what that means.
PLANAR = "A 2-D image tells neither its orientation nor its thickness: sizes are not known, no volumes in mL are given."
NO_SIZES = "The image does not tell the size of its voxels: sizes are not known, no volumes in mL are given."
NO_ORIENTATION = ("The image does not tell how its axes lie in the patient: right and left may be exchanged, and "
                  "slices turned. Compare them with the original.")
#: Of a model without a threshold of review.
NEVER_SURE = ("The diagnosis is never to be taken without a reader: of this model's answers to the images that it was "
              "judged on, too many were wrong, however sure it was. Review it.")
#: Scanners of MR, CT and X-rays look at more of a person than this (mm), of small parts too; heads in cm that are taken
#: for mm are smaller.
_NARROWEST_MM = 40.0
#: A volume with a larger share of its slices beyond the threshold is out of distribution (`ood_warnings`).
MOST_FLAGGED = 0.5
#: A scan has more different values than this.
_FEW_VALUES = 16


def collect_warnings(prepared: PreparedVolume, spec: ModelSpec, output: NetworkOutput, diagnosis: Diagnosis,
                     segments: tuple[SegmentResult, ...], uncertainty: Uncertainty | None = None,
                     region: RegionResult | None = None) -> tuple[str, ...]:
    """Sentences about the input, the answer, and how the two halves of the answer fit; empty if all is well.

    Args:
        prepared: the input.
        spec: the model.
        output: of the network.
        diagnosis, segments, uncertainty, region: of the result.
    """
    missing, judged = [], True
    if isinstance(prepared, PreparedChannels):
        missing, judged = missing_channel_warnings(prepared, spec)
    strange = []
    if output.distances is not None and judged:
        strange = ood_warnings(output.distances, output.rotated, spec)
    strange += mistaken_sequence_warnings(prepared, spec, output)
    contradictions = _decision_warnings(spec, diagnosis, segments)
    if region is not None and region.voxels_beyond and not region.voxels_inside:
        contradictions = []  # the diagnosis is of what lies outside, which is told
    return (*region_warnings(prepared, region), *prepared.volume.notes, *missing, *input_warnings(prepared, spec),
            *sequence_warnings(prepared, spec), *_geometry_warnings(prepared.volume), *strange,
            *contradictions, *_confidence_warnings(spec, diagnosis, uncertainty))


def review_threshold(spec: ModelSpec, looked_again: bool) -> float | None:
    """The confidence under which a result is to be reviewed; None where every result is.

    Args:
        spec: the model.
        looked_again: whether it is that of an `Uncertainty`; else the probability of the diagnosis.
    """
    if spec.review is None:
        return DEFAULT_REVIEW_THRESHOLD
    if looked_again and spec.review.confidence is None:
        return None if spec.review.probability.threshold is None else DEFAULT_REVIEW_THRESHOLD
    rule = spec.review.confidence if looked_again else None
    return (rule or spec.review.probability).threshold


def needs_review(spec: ModelSpec, confidence: float, looked_again: bool) -> bool:
    """Whether a reader should review a result.

    Args:
        spec: the model.
        confidence: of the result, 0 to 1.
        looked_again: as for `review_threshold`.
    """
    threshold = review_threshold(spec, looked_again)
    return threshold is None or confidence < threshold


def _geometry_warnings(volume: Volume) -> list[str]:
    if volume.planar:
        return [PLANAR]
    return [sentence for sentence, part in ((NO_SIZES, volume.geometry.spacing),
                                            (NO_ORIENTATION, volume.geometry.orientation)) if part == UNKNOWN]


def missing_channel_warnings(prepared: PreparedChannels, spec: ModelSpec) -> tuple[list[str], bool]:
    """What is missing, in words, and whether the model's statistics know images without that: others are unlike them
    in that alone.

    Args:
        prepared: the input.
        spec: the model.
    """
    present = set(given_channels(prepared, spec))
    missing = ", ".join(channel.name for channel in spec.channels if channel.name not in present)
    if not missing:
        return [], True
    judged = spec.ood is not None and any(set(known) == present for known in spec.ood.known_channels)
    blind = "" if judged or spec.ood is None else " Whether it was trained on such images is not judged."
    return [f"Without {missing}: the model was not given all that it can use.{blind}"], judged


def input_warnings(prepared: PreparedVolume, spec: ModelSpec) -> list[str]:
    """Sentences about what no network is needed for: modality, intensities, plane, resolution."""
    return [*modality_warnings(prepared, spec), *label_map_warnings(prepared), *_plane_warnings(prepared, spec),
            *_resolution_warnings(prepared), *_size_warnings(prepared, spec)]


def modality_warnings(prepared: PreparedVolume, spec: ModelSpec) -> list[str]:
    """A sentence where the file, or its intensities, say another modality than that of the model.

    Args:
        prepared: the input.
        spec: the model.
    """
    channels = _channels(prepared)
    modalities = {channel.volume.metadata.get("Modality", "") for channel in channels} - {""}
    wrong = "" if spec.modality == "any" else ", ".join(sorted(modalities - {*_MODALITIES[spec.modality]}))
    if wrong:
        return [f"The image says that it is {wrong}; this model knows {spec.expects}. Do not rely on the answer."]
    if spec.modality not in ("CT", "any") and any(channel.foreground.air < -500 for channel in channels):
        return [f"Air has negative values, as in CT (Hounsfield units); this model knows {spec.expects}. "
                "Do not rely on the answer."]
    return []


def _channels(prepared: PreparedVolume) -> list[PreparedVolume]:
    """Those that are there."""
    channels = prepared.channels if isinstance(prepared, PreparedChannels) else (prepared,)
    return [channel for channel in channels if channel is not None]


def label_map_warnings(prepared: PreparedVolume) -> list[str]:
    """A sentence for each channel that is a mask in place of a scan."""
    counts = [(channel.volume.name, _different_values(channel.volume.array)) for channel in _channels(prepared)]
    return [f"{name} has only {count} different values: a mask or a label map, not a scan. Check that the right file "
            "was loaded." for name, count in counts if count <= _FEW_VALUES]


def _plane_warnings(prepared: PreparedVolume, spec: ModelSpec) -> list[str]:
    if prepared.volume.planar or spec.plane in ("auto", prepared.view.plane):
        return []
    return [f"These are {prepared.view.plane} slices; this model has learnt from {spec.plane} ones alone. "
            "Leave the plane on auto."]


def _resolution_warnings(prepared: PreparedVolume) -> list[str]:
    if max(prepared.frame.row_mm, prepared.frame.column_mm) <= COARSE * prepared.frame.pixel_mm:
        return []
    return ["The image is much coarser than what the model was trained on; small findings cannot be seen."]


def _size_warnings(prepared: PreparedVolume, spec: ModelSpec) -> list[str]:
    """A sentence for each volume whose sizes are those of a specimen, or in another unit. A probe of ultrasound may see
    no more."""
    if spec.modality in ("US", "any"):
        return []
    sentences = []
    for volume in (channel.volume for channel in _channels(prepared)):
        extents = np.multiply(volume.spacing, volume.array.shape[::-1])
        if volume.voxel_ml is not None and np.sort(extents)[-2] < _NARROWEST_MM:
            sentences.append(f"By its header {volume.name} is {size_in_words(extents)} mm, as small as a specimen. If "
                             "it shows a person, its sizes are in another unit (cm): then volumes in mL are wrong, and "
                             "findings were left out as too small. Correct its spacing and run again.")
    return sentences


def _different_values(array: np.ndarray) -> int:
    """How many, or that there are more than few: then the middle slices of each axis have shown it."""
    middles = [array.take(size // 2, axis=axis).ravel() for axis, size in enumerate(array.shape)]
    count = len(np.unique(np.concatenate(middles)))
    return count if count > _FEW_VALUES else len(np.unique(array))


def sequence_warnings(prepared: PreparedVolume, spec: ModelSpec) -> list[str]:
    """Sentences about images of which a name says another MR sequence than the model, or their channel, expects."""
    if spec.modality != "MR":
        return []
    sentences = []
    for channel, expects in _given(prepared, spec):
        named, expected = sequences_of(channel.volume), set(named_sequences([expects]))
        if not named or not expected or expected & set(named):
            continue
        better = [one.name for one in spec.channels if set(named_sequences([one.expects])) & set(named)]
        advice = f" Give it as the channel {better[0]}." if better else ""
        sentences.append(f"By its name, the MR sequence of {channel.volume.name} is {' '.join(named)}; it was looked "
                         f"at as {expects}. If the name is right, do not rely on the answer.{advice}")
    return sentences


def mistaken_sequence_warnings(prepared: PreparedVolume, spec: ModelSpec, output: NetworkOutput) -> list[str]:
    """A sentence where images look as if they were of other sequences than those they are given as; a name that says so
    already is left to `sequence_warnings`.

    Args:
        prepared: the input.
        spec: the model.
        output: of the network.
    """
    if not output.mistaken or sequence_warnings(prepared, spec):
        return []
    given = [(image.volume.name, expects) for image, expects in _given(prepared, spec)]
    if len(given) > 1:
        pairs = ", ".join(f"{name} was looked at as {expects}" for name, expects in given)
        return [f"The images look as if they were exchanged: {pairs}. Check which is which; do not rely on the answer."]
    name, expects = given[0]
    return [f"By its look, {name} is another sequence than it was looked at as ({expects}). Check which it is; do not "
            "rely on the answer."]


def _given(prepared: PreparedVolume, spec: ModelSpec) -> list[tuple[PreparedVolume, str]]:
    """The images that are there, each with what it is looked at as."""
    if not isinstance(prepared, PreparedChannels):
        return [(prepared, spec.expects)]
    return [(image, channel.expects) for channel, image in zip(spec.channels, prepared.channels, strict=True)
            if image is not None]


def sequences_of(volume: Volume) -> list[str]:
    """The MR sequences that an image is said to be of, as of `named_sequences`: by its series, else by its name.

    Args:
        volume: the image.
    """
    if SEQUENCES in volume.metadata:
        return volume.metadata[SEQUENCES].split("\\")
    return named_sequences([volume.name])


def flagged_fraction(distances: np.ndarray, spec: ModelSpec) -> float | None:
    """The share of slices that lie beyond the model's threshold; None where there is nothing on any of them.

    Args:
        distances: as of `NetworkOutput`.
        spec: a model with statistics.
    """
    assert spec.ood is not None, "distances come from the model's statistics"
    pictured = distances[~np.isnan(distances)]
    return float((pictured > spec.ood.threshold).mean()) if len(pictured) else None


def ood_warnings(distances: np.ndarray, rotated: np.ndarray | None, spec: ModelSpec) -> list[str]:
    """A sentence where more than half of the slices are out of distribution, or else look rotated. Slices with nothing
    on them do not count.

    One in a hundred in-distribution slices lies beyond the threshold. Slices of one volume go together, so nothing
    may be made of their number as if they were drawn singly; but if volumes have 1 % of their slices there on average,
    at most 2 % of them can have half or more there (Markov's inequality), however the slices depend on each other.

    Args:
        distances, rotated: as of `NetworkOutput`.
        spec: the model.
    """
    share = flagged_fraction(distances, spec)
    if share is None:
        return []
    if share > MOST_FLAGGED:
        where = "it lies" if len(distances) == 1 else f"{share:.0%} of its slices lie"
        return [
            f"The image does not look like what the model was trained on ({where} further from the training images "
            "than 99% of the images kept for validation). Do not rely on the answer."
        ]
    shares = np.zeros(len(ROTATIONS)) if rotated is None else rotated[~np.isnan(distances)].mean(axis=0)
    if shares.max() <= 0.5:
        return []
    return [
        f"The image seems to be {ROTATIONS[int(shares.argmax())]}: put right, it would look more like what the "
        "model was trained on. Check its orientation."
    ]


def _decision_warnings(spec: ModelSpec, diagnosis: Diagnosis, segments: tuple[SegmentResult, ...]) -> list[str]:
    if spec.multi_label:
        return _outlined_finding_warnings(spec, diagnosis, segments)
    sentences = []
    drawn = any(segment.voxels for segment in segments)
    if spec.healthy is not None:
        healthy = diagnosis.label == spec.classes[spec.healthy].name
        if healthy == drawn:
            sentences.append(
                f"The two answers contradict each other: the diagnosis is {diagnosis.display}, "
                f"yet {'a region' if drawn else 'nothing'} is drawn."
            )
    return sentences


def _confidence_warnings(spec: ModelSpec, diagnosis: Diagnosis, uncertainty: Uncertainty | None) -> list[str]:
    if spec.multi_label:
        return _close_finding_warnings(spec, diagnosis)
    if uncertainty:
        confidence, of = uncertainty.confidence, "confidence over all passes"
    else:
        confidence, of = diagnosis.probability, "for the likeliest class"
    if not needs_review(spec, confidence, uncertainty is not None):
        return []
    threshold = review_threshold(spec, uncertainty is not None)
    if threshold is None:
        return [NEVER_SURE]
    sure, enough = percents(confidence, threshold)
    return [f"The diagnosis is uncertain ({sure} {of}, under {enough}): review it."]


def _outlined_finding_warnings(spec: ModelSpec, diagnosis: Diagnosis, segments: tuple[SegmentResult, ...]) -> list[str]:
    """Segments that are drawn though no finding of theirs is found, or the reverse."""
    sentences = []
    for segment in segments:
        classes = [c for c, rule in zip(spec.classes, spec.label_rules, strict=True) if rule.segment == segment.name]
        findings = [c.display for c in classes if c.name in diagnosis.findings]
        if findings and not segment.voxels:
            sentences.append(f"The two answers contradict each other: {' and '.join(findings)} found, yet "
                             f"{segment.name} is not drawn.")
        elif classes and segment.voxels and not findings:
            sentences.append(f"The two answers contradict each other: {segment.name} is drawn, yet "
                             f"{' or '.join(c.display for c in classes)} is not found.")
    return sentences


def _close_finding_warnings(spec: ModelSpec, diagnosis: Diagnosis) -> list[str]:
    assert diagnosis.thresholds is not None, "a multi-label model has them"
    factor, close = DEFAULT_REVIEW_THRESHOLD / (1 - DEFAULT_REVIEW_THRESHOLD), []
    for c in spec.classes:
        p, threshold = diagnosis.probabilities[c.name], diagnosis.thresholds[c.name]
        if 1 / factor < odds_over(p, threshold) < factor:
            close.append("{} ({}, found from {} on)".format(c.display, *percents(p, threshold)))
    return [f"Uncertain, as close to the threshold: {', '.join(close)}. Review it."] if close else []
