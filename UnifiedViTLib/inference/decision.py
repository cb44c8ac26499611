"""From what the network said of each slice to one answer: which drawing is kept, which diagnosis is given."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..imaging.components import label_components
from ..imaging.preparation import PreparedVolume
from ..spec import ModelSpec
from .pooling import calibrated, lesion_probabilities, pool
from .prediction import Diagnosis, SegmentResult, odds_over
from .region import RegionResult


@dataclass(frozen=True)
class NetworkOutput:
    """What the network said.

    Attributes:
        labelmap: (K, J, I) uint8, all that it drew.
        logits: (N, C) of the diagnosis, slice by slice.
        area: (N,) pixels drawn on each slice, on the network's grid, in the region of interest.
        distances: (N,) how far each slice is from what the model was trained on (`ood`), NaN where nothing is
            on it; None for a model without these statistics.
        percent: (S, K, J, I) uint8, how probable each segment is at each voxel, 0-100; None if not asked for.
        rotated: (N, 3) bool, which slices look as if they were turned, by `texture.ROTATIONS`; None where that is not
            known.
        mistaken: whether it looks as if it were of another channel than it is given as (`ood.sequence_probe`).
    """

    labelmap: np.ndarray
    logits: np.ndarray
    area: np.ndarray
    distances: np.ndarray | None = None
    percent: np.ndarray | None = None
    rotated: np.ndarray | None = None
    mistaken: bool = False


@dataclass(frozen=True)
class Decision:
    """What is told to the user; fields as in `Prediction`."""

    labelmap: np.ndarray
    slice_probabilities: np.ndarray
    diagnosis: Diagnosis
    segments: tuple[SegmentResult, ...]
    region: RegionResult | None = None


def decide(output: NetworkOutput, prepared: PreparedVolume, spec: ModelSpec) -> Decision:
    """Apply calibration and the spec's volume rule.

    Drawing on slices that the classifier believes to be free of lesions is removed, then components too small to count
    and those that the classifier is not sure of on any of their slices: one sure slice holds up its neighbours, so
    that a lesion keeps its faint ends. Only then is what lies outside the region of interest taken away: a lesion that
    reaches out of it is not judged by the part inside. The diagnosis is pooled from the slices. `output` is left as it
    is.

    Args:
        output: of the network.
        prepared: what it looked at.
        spec: the model.
    """
    probabilities = calibrated(output.logits, spec)
    lesion, kept = lesion_probabilities(probabilities, spec, prepared.view.mm[0])
    labelmap = output.labelmap.copy()
    prepared.view.of(labelmap)[~kept] = 0
    voxel_ml = prepared.volume.voxel_ml
    if min(labelmap.shape) > 1:
        _drop_components(prepared.view.of(labelmap), lesion, spec, voxel_ml)
    drawn = np.count_nonzero(labelmap)
    prepared.clear_beyond_region(labelmap)
    pooled = pool(probabilities, lesion, output.area * kept, spec)
    counts = _count(labelmap, len(spec.segments))[1:]
    region = None
    if prepared.region is not None and prepared.view.span is not None:
        inside = int(counts.sum())
        region = RegionResult(prepared.region, prepared.view.span[0], inside, int(drawn) - inside)
    return Decision(
        labelmap,
        probabilities,
        diagnose(pooled, spec),
        tuple(
            SegmentResult(segment.name, label, int(count), None if voxel_ml is None else float(count * voxel_ml))
            for label, (segment, count) in enumerate(zip(spec.segments, counts, strict=True), start=1)
        ),
        region,
    )


def diagnose(pooled: np.ndarray, spec: ModelSpec) -> Diagnosis:
    """Words for the probabilities (C,) of a volume."""
    probabilities = {c.name: float(p) for c, p in zip(spec.classes, pooled, strict=True)}
    if not spec.multi_label:
        best = spec.classes[int(pooled.argmax())]
        return Diagnosis(best.name, best.display, probabilities)
    thresholds = {c.name: rule.threshold for c, rule in zip(spec.classes, spec.label_rules, strict=True)}
    foremost = max(probabilities, key=lambda name: odds_over(probabilities[name], thresholds[name]))
    given = Diagnosis(foremost, "", probabilities, thresholds)
    displays = [c.display for c in spec.classes if c.name in given.findings]
    return replace(given, display=", ".join(displays) or spec.nothing_found)


def _drop_components(labels: np.ndarray, lesion: np.ndarray, spec: ModelSpec, voxel_ml: float | None) -> None:
    """Remove components (26 neighbours) that are too small or not probable enough, in place.

    Args:
        labels: (N, rows, columns), slices in the order of `lesion`.
        lesion: (N,) probability of a lesion.
        voxel_ml: None where it is not known; then none is too small.
    """
    from scipy import ndimage

    rule = spec.volume_rule
    smallest = 0.0 if voxel_ml is None else rule.min_component_ml / voxel_ml  # voxels
    if smallest <= 1 and rule.min_component_probability == 0:
        return
    # Numbered components take four times the memory of the labels: only where something is drawn.
    for label, box in enumerate(ndimage.find_objects(labels, len(spec.segments)), start=1):
        if box is None:
            continue
        components, count = label_components(labels[box] == label, np.ones((3, 3, 3)))
        sizes = _count(components, count)[1:]
        belief = [lesion[box[0]][place[0]].max() for place in ndimage.find_objects(components)]
        dropped = (sizes < smallest) | (np.array(belief) < rule.min_component_probability)
        labels[box][np.concatenate([[False], dropped])[components]] = 0


def _count(labels: np.ndarray, most: int) -> np.ndarray:
    """How often 0 to `most` stand in (N, rows, columns), slice by slice: `bincount` takes eight bytes a voxel."""
    counts = np.zeros(most + 1, np.intp)
    for one in labels:
        counts += np.bincount(one.ravel(), minlength=most + 1)
    return counts
