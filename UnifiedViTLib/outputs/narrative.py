"""A result in a few sentences, each a template filled with what was measured; nothing is made up.

No side of the patient is named where the file does not state the orientation, no mm and mL where it states no sizes.
"""

from __future__ import annotations

import math
from contextlib import suppress

import numpy as np

from .. import NOTICE
from ..imaging.components import largest_component
from ..imaging.geometry import GIVEN, UNKNOWN
from ..inference.prediction import Prediction, SegmentResult
from ..inference.warnings import review_threshold
from ..texts import percents
from .region import region_as_json, region_in_words

#: Names of the two halves of the volume along R, A, S, and what lies between them.
_HALVES = (("left", "right"), ("posterior", "anterior"), ("lower", "upper"))
#: A place is in a half if it is so far, of the volume's extent, from the middle of the volume.
_MIDDLE = 0.05
#: Across fewer slices than this, halves of a volume mean nothing.
_LEAST_SLICES = 5
#: What a heat map marks: at least this share of its maximum.
_MARKED = 0.5
#: Standard deviations from which on a difference in brightness is named.
_BRIGHTER = 0.4
#: Of the points on the hull of a lesion so many are compared: with more, the largest distance grows by no 1 %.
_MOST_POINTS = 1500


def report_sentences(prediction: Prediction) -> tuple[str, ...]:
    """The sentences: what of the image was looked at, if not all; what, where, how it looks, what heat map and mask
    agree on, what lowers the confidence, what cannot be known."""
    region = region_as_json(prediction)
    sentences = [region_in_words(region) if region else "", _diagnosis(prediction), _place(prediction),
                 _appearance(prediction), _agreement(prediction), _doubts(prediction), _limits(prediction)]
    return tuple(sentence for sentence in sentences if sentence)


def _diagnosis(prediction: Prediction) -> str:
    diagnosis, classes = prediction.diagnosis, {c.name: c for c in prediction.spec.classes}
    findings = [f"{classes[name].display} ({diagnosis.probabilities[name]:.0%})" for name in diagnosis.findings]
    if not findings:
        words = f"{diagnosis.display}: no class reaches its threshold"
        return f"{words} on these slices." if prediction.region else f"{words}."
    if diagnosis.thresholds is not None:
        where = " on these slices" if prediction.region else ""
        return f"Found{where}, with a probability that reaches its threshold: {', '.join(findings)}."
    rest = {name: p for name, p in diagnosis.probabilities.items() if name != diagnosis.label}
    second = max(rest, key=lambda name: (rest[name], name))
    most = "Of these slices as wholes, the" if prediction.region else "The"
    return (f"{most} most probable class is {diagnosis.display}, with a probability of {diagnosis.probability:.0%}, "
            f"before {classes[second].display} with {rest[second]:.0%}.")


def _place(prediction: Prediction) -> str:
    """Of the largest piece of what is drawn."""
    drawn = [segment for segment in prediction.segments if segment.voxels]
    if not drawn:
        return "Nothing is drawn in the region." if prediction.region else "Nothing is drawn."
    sizes = [f"{segment.name}, {_size(segment)}" for segment in drawn]
    largest = max(drawn, key=lambda segment: segment.voxels)
    voxels, count = largest_component(prediction.labelmap == largest.label)
    sentence = f"Drawn{' in the region' if prediction.region else ''}: {'; '.join(sizes)}"
    pieces = "" if count == 1 else f", in {count} pieces of which the largest"
    details = [words for words in (_position(prediction, voxels), _diameter(prediction, voxels)) if words]
    if not details:
        return f"{sentence}."
    about = f"{largest.name}{pieces}" if len(drawn) > 1 or pieces else "it"
    return f"{sentence}; {about} {' and '.join(details)}."


def _size(segment: SegmentResult) -> str:
    if segment.volume_ml is None:
        return f"{segment.voxels} voxels"
    return "less than 0.1 mL" if segment.volume_ml < 0.1 else f"{segment.volume_ml:.1f} mL"


def _position(prediction: Prediction, voxels: np.ndarray) -> str:
    """In which half of the volume, for each direction of the patient; "" where the file does not state it."""
    if prediction.geometry.orientation != GIVEN:
        return ""
    shape = np.array(prediction.labelmap.shape)
    matrix = prediction.ijk_to_ras[:3, :3]
    shares = ((voxels - (shape - 1) / 2)[:, ::-1] @ matrix.T) / (np.abs(matrix) @ shape[::-1])  # -0.5 to 0.5
    words, crossing = [], ""
    for axis, (low, high) in enumerate(_HALVES):
        along = np.abs(matrix[axis]).argmax()  # of i, j, k, that which runs most along this direction
        if shape[::-1][along] < _LEAST_SLICES:
            continue
        share = shares[:, axis].mean()
        if abs(share) > _MIDDLE:
            words.append(high if share > 0 else low)
            if axis == 0 and (-np.sign(share) * shares[:, axis]).max() > _MIDDLE:
                crossing = f", reaches across its middle to the {low if share > 0 else high}"
        elif axis == 0:
            words.append("middle (between left and right)")
    place = f"the {', '.join(words)} part" if words else "the middle"
    return f"lies in {place} of the imaged volume{crossing}"


def _diameter(prediction: Prediction, voxels: np.ndarray) -> str:
    """The largest distance between voxels, and a voxel; "" where sizes are not known."""
    from scipy.spatial import ConvexHull, QhullError
    from scipy.spatial.distance import pdist

    if prediction.geometry.spacing == UNKNOWN or len(voxels) < 2:
        return ""
    # Of each line along i its ends alone can be furthest apart: the hull of all takes seconds, and Slicer waits.
    begins = (np.diff(voxels[:, :2], axis=0) != 0).any(axis=1)
    points = voxels[np.append(True, begins) | np.append(begins, True), ::-1] @ prediction.ijk_to_ras[:3, :3].T
    with suppress(QhullError, ValueError):  # few, or all in a line
        points = points[ConvexHull(points, qhull_options="QJ").vertices]  # QJ: also where all lie in one plane
    points = points[::math.ceil(len(points) / _MOST_POINTS)]
    smallest = float(np.linalg.norm(prediction.ijk_to_ras[:3, :3], axis=0).min())
    about = "" if prediction.geometry.spacing == GIVEN else "about "  # by the detector's pixels, as a warning says
    return f"measures {about}{pdist(points).max() + smallest:.0f} mm at its longest"


def _appearance(prediction: Prediction) -> str:
    """Of the piece that `_place` tells of, on one slice; "" where nothing of it is known."""
    seen = prediction.appearance
    if seen is None:
        return ""
    words = []
    if seen.beside is not None:
        how = "about as bright as"
        if abs(seen.beside) >= _BRIGHTER:
            how = "brighter than" if seen.beside > 0 else "darker than"
        words.append(f"it is {how} what surrounds it ({seen.beside:+.1f})")
    if seen.rim is not None and abs(seen.rim) >= _BRIGHTER:
        how = "brighter than its middle, as a ring is" if seen.rim > 0 else "darker than its middle"
        words.append(f"its rim is {how} ({seen.rim:+.1f})")
    brightness = " Brightness counts in standard deviations of that of the body." if words else ""
    if seen.depth_mm is not None:
        words.append(f"it comes within {max(1, round(seen.depth_mm))} mm of the air around what is imaged")
    if not words:
        return ""
    where = f" of {seen.image}" if seen.image else ""
    said = ", and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
    return f"On the slice{where} that shows most of it, {said}.{brightness}"


def _agreement(prediction: Prediction) -> str:
    heatmap, drawn = prediction.heatmap, prediction.labelmap > 0
    if heatmap is None or not heatmap.percent.any() or not drawn.any():
        return ""
    most = heatmap.percent.max()
    inside = drawn[heatmap.percent >= _MARKED * most].mean()
    strongest = drawn[heatmap.percent == most].mean() >= 0.5  # of whole percents, many voxels may have the most
    return (f"The heat map for {heatmap.display} is strongest {'inside' if strongest else 'outside'} the outline, and "
            f"{inside:.0%} of what it marks (half of its maximum and more) lies within.")


def _doubts(prediction: Prediction) -> str:
    below = review_threshold(prediction.spec, prediction.uncertainty is not None)
    doubts = []
    if below is None:
        doubts.append("no confidence of this model is enough to go without a review")
    elif prediction.confidence < below:
        sure, enough = percents(prediction.confidence, below)
        doubts.append(f"the confidence is {sure}, under the {enough} from which on results need no review")
    dice = prediction.uncertainty and prediction.uncertainty.mask_dice
    if dice is not None and dice < 0.8:
        doubts.append(f"the outlines of several passes overlap by {dice:.0%} alone")
    if prediction.warnings:
        doubts.append("one warning" if len(prediction.warnings) == 1 else f"{len(prediction.warnings)} warnings")
    return f"Less to be relied on because of: {'; '.join(doubts)}." if doubts else ""


def _limits(prediction: Prediction) -> str:
    spec = prediction.spec
    names = ", ".join(c.display for c in spec.classes)
    return (f"The model was made for {spec.expects}, and its only answers are: {names}. Other diseases, the history "
            f"and other images are not known to it. {NOTICE}")
