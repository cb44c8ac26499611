"""Comparing two segmentations: a row a segment, where they differ, and what must be known to read this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...records import Record
from ..headlines import headline
from .grids import align, unit_warnings
from .matching import SegmentPair, match_segments, name_of
from .metrics import dice, flipped_dice, hd95_mm
from .segmentations import Origin, Segmentation

#: Dice below and from which on two sides overlap little as they are, and much if one of them is turned around.
_LITTLE, _MUCH = 0.5, 0.8
#: Labels of the difference map.
ONLY_A, BOTH, ONLY_B, BOTH_OTHERWISE = 1, 2, 3, 4


@dataclass(frozen=True)
class SegmentComparison(Record):
    """One segment on both sides.

    Attributes:
        name: of both; the two names where they differ.
        name_a, name_b: on either side; None where it draws no such segment.
        voxels_a, voxels_b: on each side's own grid.
        dice: 0 to 1; None where nothing is drawn, or the two cannot be laid over each other.
        hd95_mm: 95th percentile of the distance between the outlines; None also where a side draws nothing, or sizes
            are not known.
        volume_a_ml, volume_b_ml: None where sizes are not known.
        change_ml: from A to B.
        change_percent: of the volume in A; None also where that is zero.
    """

    name: str
    name_a: str | None
    name_b: str | None
    voxels_a: int
    voxels_b: int
    dice: float | None
    hd95_mm: float | None
    volume_a_ml: float | None
    volume_b_ml: float | None
    change_ml: float | None
    change_percent: float | None


@dataclass(frozen=True)
class Comparison(Record):
    """What came of it.

    Attributes:
        name_a, name_b: of the two sides.
        origin_a, origin_b: where they come from, with their diagnoses.
        segments: a row each.
        notes: how the two were brought together.
        warnings: what keeps the numbers from being what they seem.
        difference: where they differ, (K, J, I) uint8: 0, `ONLY_A`, `BOTH`, `ONLY_B`, or `BOTH_OTHERWISE` where both
            draw, but no segment in common; None where they cannot be laid over each other.
        ijk_to_ras: 4x4, its grid.
    """

    name_a: str
    name_b: str
    origin_a: Origin
    origin_b: Origin
    segments: tuple[SegmentComparison, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    difference: np.ndarray | None
    ijk_to_ras: np.ndarray | None

    @property
    def diagnoses(self) -> str:
        """A sentence on the diagnoses; "" where a side has none."""
        a, b = self.origin_a.diagnosis, self.origin_b.diagnosis
        if a is None or b is None:
            return ""
        verdict = "the same" if _findings(a) == _findings(b) else "not the same"
        return f"Diagnosis: {headline(a)} in {self.name_a}, {headline(b)} in {self.name_b}: {verdict}."


def compare(a: Segmentation, b: Segmentation,
            progress: Callable[[str, float], None] = lambda stage, fraction: None) -> Comparison:
    """Hold two segmentations against each other.

    Segments are matched by name, then terminology (`match_segments`). Volumes are those of each side's own grid. Dice
    and the difference map need one grid: where the two differ, the coarser is resampled into the finer. What cannot be
    told honestly is None, and a note or warning says why.

    Args:
        a: before, or the reference.
        b: after, or what is tried.
        progress: told a stage in words and the fraction done; may raise to stop.
    """
    if a.name == b.name:
        a, b = replace(a, name=f"{a.name} (A)"), replace(b, name=f"{b.name} (B)")
    progress("Laying the segmentations over each other", 0.0)
    pairs, matching = match_segments(a, b)
    aligned = align(a, b)
    rows, difference, to_ras = [], None, None
    notes = [*a.notes, *b.notes, *matching]
    warnings = [*unit_warnings(a, b), *_origin_warnings(a, b), *_region_warnings(a, b)]
    if isinstance(aligned, str):
        warnings.append(aligned)
        for pair in pairs:
            rows.append(_row(pair, a, b))
    else:
        notes += [aligned.note] if aligned.note else []
        if not aligned.distances:
            notes.append("Sizes in mm are not known on both sides: no HD95.")
        difference, to_ras = np.zeros(aligned.a.shape, np.uint8), aligned.a.ijk_to_ras
        all_a, all_b = aligned.a.mask(a.segments), aligned.b.mask(b.segments)
        difference[all_a], difference[all_b], difference[all_a & all_b] = ONLY_A, ONLY_B, BOTH_OTHERWISE
        if a.shape == b.shape == all_a.shape:
            warnings += _flip_warning(a, b, all_a, all_b)
        for number, pair in enumerate(pairs):
            progress(f"Comparing {pair.name}", (number + 0.5) / (len(pairs) + 1))
            on_grid_a, on_grid_b = aligned.a.mask(pair.a), aligned.b.mask(pair.b)
            difference[on_grid_a & on_grid_b] = BOTH
            distance = hd95_mm(on_grid_a, on_grid_b, to_ras) if aligned.distances else None
            rows.append(_row(pair, a, b, dice(on_grid_a, on_grid_b), distance))
    for side, voxels in ((a, [row.voxels_a for row in rows]), (b, [row.voxels_b for row in rows])):
        if not any(voxels):
            warnings.append(f"Nothing is drawn in {side.name}.")
        if side.voxel_ml is None:
            notes.append(f"The sizes of {side.name} are not known: no volumes in mL.")
    return Comparison(a.name, b.name, a.origin, b.origin, tuple(rows), tuple(dict.fromkeys(notes)), tuple(warnings),
                      difference, to_ras)


def _row(pair: SegmentPair, a: Segmentation, b: Segmentation, overlap: float | None = None,
         distance: float | None = None) -> SegmentComparison:
    voxels_a, voxels_b = (int(np.count_nonzero(side.mask(drawn))) for side, drawn in ((a, pair.a), (b, pair.b)))
    before = None if a.voxel_ml is None else voxels_a * a.voxel_ml
    after = None if b.voxel_ml is None else voxels_b * b.voxel_ml
    change = None if before is None or after is None else after - before
    percent = 100.0 * change / before if change is not None and before else None
    return SegmentComparison(pair.name, name_of(pair.a) if pair.a else None, name_of(pair.b) if pair.b else None,
                             voxels_a, voxels_b, overlap, distance, before, after, change, percent)


def _origin_warnings(a: Segmentation, b: Segmentation) -> list[str]:
    """Whether the two are of one patient and of one image."""
    one, other = a.origin, b.origin
    if one.patient_id and other.patient_id and one.patient_id != other.patient_id:
        return [f"{a.name} and {b.name} are of different patients: nothing here tells of growth, and what overlaps "
                "does so by chance."]
    if not (one.image_ids and other.image_ids) or set(one.image_ids) & set(other.image_ids):
        return []
    models = ""
    if one.model and other.model and one.model != other.model:
        models = f" Their models differ, too ({one.model}, {other.model}): so may what they draw of the same lesion."
    return [f"{a.name} and {b.name} are of different images ({one.image}, {other.image}): volumes and their change "
            "stand; Dice, HD95 and the difference map only count if the images are of one patient and registered."
            f"{models}"]


def _flip_warning(a: Segmentation, b: Segmentation, all_a: np.ndarray, all_b: np.ndarray) -> list[str]:
    """Whether one side, of which `all_a` and `all_b` are drawn, seems to be stored in another order of voxels than its
    header says."""
    overlap = dice(all_a, all_b) or 0.0
    if overlap >= _LITTLE or (turned := flipped_dice(all_a, all_b)) < _MUCH:
        return []
    return [f"{a.name} and {b.name} hardly overlap (Dice {overlap:.2f}), but would (Dice {turned:.2f}) if one of them "
            "were mirrored, or its rows and columns exchanged: unless they outline opposite sides, it is stored in "
            "another order than its header says. Check both over the image before the numbers here are used."]


def _region_warnings(a: Segmentation, b: Segmentation) -> list[str]:
    """What lies outside a region of interest was left out of one side, not found to be free."""
    if a.origin.region == b.origin.region:
        return []
    return [f"In {side.name} only a region was looked at ({side.origin.region}): what the other draws outside of it is "
            "no difference, and no change." for side in (a, b) if side.origin.region]


def _findings(diagnosis: dict[str, Any]) -> list[str]:
    return sorted(diagnosis.get("findings", [diagnosis["label"]]))
