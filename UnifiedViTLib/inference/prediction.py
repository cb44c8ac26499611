"""Prediction: everything that one look at a volume gave."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..imaging.geometry import ALL_GIVEN, GeometrySource
from ..records import Record
from ..spec import ModelSpec
from .region import RegionResult


@dataclass(frozen=True)
class Diagnosis(Record):
    """What the volume shows: one class, or of a multi-label model any number of findings.

    Attributes:
        label: name of the most probable class; of a multi-label model of the finding that stands out most against
            its threshold, whether it reaches it or not.
        display: for people, that class, or all that was found.
        probabilities: calibrated, by class name, in the spec's order; they add up to 1, but not of a multi-label model.
        thresholds: of a multi-label model, by class name: at this probability and above it is found.
    """

    label: str
    display: str
    probabilities: dict[str, float]
    thresholds: dict[str, float] | None = None

    @property
    def probability(self) -> float:
        """Of the class `label`."""
        return self.probabilities[self.label]

    @property
    def certainty(self) -> float:
        """0 to 1: `probability`; of a multi-label model how sure it is of the finding that it is least sure of, there
        or not, 0.5 being as good as a coin: on its threshold."""
        if self.thresholds is None:
            return self.probability
        odds = (odds_over(p, self.thresholds[name]) for name, p in self.probabilities.items())
        return min(1.0 if one == math.inf else max(one, 1.0) / (1 + one) for one in odds)

    @property
    def findings(self) -> tuple[str, ...]:
        """Names of what is found: the most probable class; of a multi-label model any number, also none."""
        if self.thresholds is None:
            return (self.label,)
        return tuple(name for name, p in self.probabilities.items() if p >= self.thresholds[name])


def odds_over(probability: float, threshold: float) -> float:
    """How many times the odds of `probability` are those of `threshold`; infinite for a probability of 1."""
    return probability * (1 - threshold) / (threshold * (1 - probability)) if probability < 1 else math.inf


@dataclass(frozen=True)
class SegmentResult(Record):
    """How much of a segment was found. `label` is its value in the labelmap; `volume_ml` None where the voxel size is
    not known."""

    name: str
    label: int
    voxels: int
    volume_ml: float | None


@dataclass(frozen=True)
class Appearance(Record):
    """How the largest piece of the largest segment looks, on the slice that shows most of it. Brightness counts in
    standard deviations of the body's intensities in the whole volume.

    Attributes:
        image: name of the channel that was measured; "" for a model of one image.
        beside: mean inside less mean of a band around it, as wide as the piece is deep; None where too little is there.
        rim: mean of the outer part less mean of the middle; above 0 for a ring. None where the piece is too small.
        depth_mm: shortest way in the slice from the piece to the air around what is imaged (the brain, where the skull
            is stripped); None where sizes are not known, hardly any air is in the slice, or the model's images have no
            outline that means something (ultrasound, X-ray).
    """

    image: str
    beside: float | None
    rim: float | None
    depth_mm: float | None


@dataclass(frozen=True)
class Provenance(Record):
    """What made the result. `timings_s` is by stage; `software` by package; `notes` say which faster ways to compute
    were not taken, and why."""

    model_id: str
    model_version: str
    model_sha256: str
    device: str
    backend: str
    plane: str
    timings_s: dict[str, float]
    software: dict[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heatmap(Record):
    """What spoke for a class, and where.

    Attributes:
        method: a name of `heatmap.METHODS`.
        label: name of the class; `display` is the same for people.
        percent: (K, J, I) uint8 on the input's own grid, 0 to 100: each slice's map from nothing to its strongest
            place, times the probability of the class on that slice.
    """

    method: str
    label: str
    display: str
    percent: np.ndarray


@dataclass(frozen=True)
class SuperResolution(Record):
    """The volume on a finer grid, where it was attended to drawn by an upscaler; see `super_resolution`.

    Attributes:
        upscaler: its name.
        method, label: of the heat map that chose the regions.
        quantile: above which they lie; `regions`: how many there are.
        array: voxels of the finer grid, axes (K, J, I) as the input's, in its unit and, for whole numbers, its type.
        synthetic: uint8, the same shape: 1 where the upscaler had a part in the voxel, 0 where it is interpolated.
        ijk_to_ras: 4x4 of the finer grid.
    """

    upscaler: str
    method: str
    label: str
    quantile: float
    regions: int
    array: np.ndarray
    synthetic: np.ndarray
    ijk_to_ras: np.ndarray


@dataclass(frozen=True)
class Uncertainty(Record):
    """How far to trust a result: how far several forward passes over the same volume agree (`inference.uncertainty`).

    Attributes:
        passes: at what, in words; the first is the answer's own.
        confidence: 0 to 1, the least of `components`.
        components: "passes": mean over the passes of the probability of the diagnosis; "slices" (more than one): share
            of the slices that decide which name it themselves; "planes" (voxels that are nearly cubes): mean of its
            probability over the three planes; "mask": 1, or 0.5 where mask and diagnosis contradict each other.
        mask_dice: Dice of the masks of the other passes with that of the first, on slices with a drawing in the
            result; None where there is none.
        probability_std: by class name, standard deviation of the volume's probability over passes and planes.
        mutual_information: (N,) float32, 0 to 1: what the passes over each slice differ in (mutual information of pass
            and diagnosis), in the order of `Prediction.slice_probabilities`.
        percent: (K, J, I) uint8 on the input's own grid, 0 to 100: entropy of the mean over the passes of the
            probabilities of each voxel's label, in percent of the most that is possible.
    """

    passes: tuple[str, ...]
    confidence: float
    components: dict[str, float]
    mask_dice: float | None
    probability_std: dict[str, float]
    mutual_information: np.ndarray
    percent: np.ndarray


@dataclass(frozen=True)
class Prediction(Record):
    """One result.

    Attributes:
        name: the input's.
        spec: the model.
        labelmap: (K, J, I) uint8 on the input's own grid; 0 background, n the spec's n-th segment.
        ijk_to_ras: 4x4, the input's, to the last digit.
        diagnosis: of the whole volume.
        slice_probabilities: (N, C) float32, calibrated, slices in the order of `slice_axis`; with a `region`, of the
            slices that it touches alone.
        slice_axis: axis of `labelmap` that the slices lie along, and whether they run backwards.
        segments: one a mask class, those not found included.
        warnings: sentences for the reader.
        provenance: what made it.
        probability_maps: (S, K, J, I) uint8, percent (0-100) of each segment at each voxel on the input's own grid,
            background left out; None where they were not asked for. What the network drew: the rules that take
            drawing out of `labelmap` (slices without a lesion, small pieces) do not change them.
        heatmap: where the network looked; None where it was not asked for.
        superres: the volume with attended regions on a finer grid; None where it was not asked for, or could not
            be made (a warning says why).
        uncertainty: how far to trust it; None where it was not asked for.
        geometry: which parts of `ijk_to_ras` the input gave.
        region: where was looked at; None for everywhere. Outside, labelmap and maps are 0, which says nothing of what
            is there.
        appearance: how the largest piece of the largest segment looks in the image; None where nothing is drawn.
    """

    unwritten = ("name", "spec", "ijk_to_ras")  # whoever asks has them

    name: str
    spec: ModelSpec
    labelmap: np.ndarray
    ijk_to_ras: np.ndarray
    diagnosis: Diagnosis
    slice_probabilities: np.ndarray
    slice_axis: tuple[int, bool]
    segments: tuple[SegmentResult, ...]
    warnings: tuple[str, ...]
    provenance: Provenance
    probability_maps: np.ndarray | None = None
    heatmap: Heatmap | None = None
    superres: SuperResolution | None = None
    uncertainty: Uncertainty | None = None
    geometry: GeometrySource = ALL_GIVEN
    region: RegionResult | None = None
    appearance: Appearance | None = None

    @property
    def slice_indices(self) -> np.ndarray:
        """(N,) index in `labelmap`, along the axis of `slice_axis`, of each slice of `slice_probabilities`."""
        axis, backwards = self.slice_axis
        numbers = np.arange(len(self.slice_probabilities)) + (self.region.first_slice if self.region else 0)
        return self.labelmap.shape[axis] - 1 - numbers if backwards else numbers

    @property
    def confidence(self) -> float:
        """0 to 1: that of `uncertainty`; without, the certainty of the diagnosis."""
        return self.uncertainty.confidence if self.uncertainty else self.diagnosis.certainty
