"""How well a model does on whole volumes, and which volume rule serves it best."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from scipy import ndimage

from UnifiedViTLib.imaging.preparation import PreparedVolume, prepare
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.inference.decision import Look, decide
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.spec import ModelSpec, VolumeRule


@dataclass(frozen=True)
class Case:
    """A labelled volume after the network has looked at it. `truth` is (K, J, I) bool."""

    prepared: PreparedVolume
    look: Look
    truth: np.ndarray
    label: str


def look_at(folder: Path, spec: ModelSpec, site: str) -> Iterator[Case]:
    """Run the network over the volumes of one site in `folder` (see its `volumes.csv`)."""
    predictor = Predictor(spec, "auto")
    with open(folder / "volumes.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["site"] == site:
                prepared = prepare(read(folder / row["volume"]), spec.size)
                yield Case(prepared, predictor.look(prepared)[0], read(folder / row["mask"]).array > 0, row["label"])


def without_lesion(cases: list[Case], least: int = 5) -> list[Case]:
    """Volumes free of lesions, cut from volumes with one: the longest run of slices (axis K) with an empty mask.

    All patients of the set have a tumour; this is the nearest to a healthy patient that it offers.
    """
    cut = []
    for case in cases:
        empty = np.concatenate([[False], ~case.truth.any(axis=(1, 2)), [False]]).astype(int)
        starts, stops = np.flatnonzero(np.diff(empty) == 1), np.flatnonzero(np.diff(empty) == -1)
        longest = int((stops - starts).argmax()) if len(starts) else 0
        if not len(starts) or stops[longest] - starts[longest] < least:
            continue
        run = slice(int(starts[longest]), int(stops[longest]))
        volume = replace(case.prepared.volume, array=case.prepared.volume.array[run])
        prepared = replace(case.prepared, volume=volume, slices=case.prepared.slices[run])
        look = Look(case.look.labelmap[run], case.look.logits[run], case.look.area[run])
        cut.append(Case(prepared, look, case.truth[run], ""))
    return cut


def measure_volumes(cases: list[Case], spec: ModelSpec) -> dict[str, float | int]:
    """Figures for volumes with a lesion, and for the lesion-free runs of slices cut from them.

    Returns:
        `found` share of volumes in which drawn and true overlap; `dice` mean; `empty` share of lesion-free slices
        with nothing drawn; `false_pieces` connected pieces a volume that touch no lesion; `diagnosis` share of right
        diagnoses; `false_alarms` share of lesion-free runs that are given a lesion's diagnosis.
    """
    found, dice, right, pieces, empty = [], [], [], [], []
    for case in cases:
        answer = decide(case.look, case.prepared, spec)
        drawn, truth = answer.labelmap > 0, case.truth
        overlap = np.count_nonzero(drawn & truth)
        found.append(overlap > 0)
        dice.append(2 * overlap / max(1, np.count_nonzero(drawn) + np.count_nonzero(truth)))
        right.append(answer.diagnosis.label == case.label)
        labelled, count = ndimage.label(drawn, structure=np.ones((3, 3, 3)))
        pieces.append(count - len(set(labelled[truth & drawn].tolist())))
        free = ~truth.any(axis=(1, 2))
        empty += list(~drawn[free].any(axis=(1, 2)))
    healthy = spec.classes[spec.healthy].name
    alarms = [decide(c.look, c.prepared, spec).diagnosis.label != healthy for c in without_lesion(cases)]
    mean = {"found": found, "dice": dice, "empty": empty, "false_pieces": pieces, "diagnosis": right,
            "false_alarms": alarms}
    return {"volumes": len(cases), **{name: round(float(np.mean(values)), 4) for name, values in mean.items()}}


def choose_rule(cases: list[Case], spec: ModelSpec) -> VolumeRule:
    """The volume rule that does best on these cases, over a small grid.

    Best is the mean of: volumes found, Dice, lesion-free slices left empty, right diagnoses, and lesion-free runs
    without a false alarm; false pieces decide between equals.
    """

    def score(rule: VolumeRule) -> tuple[float, float]:
        got = measure_volumes(cases, replace(spec, volume_rule=rule))
        good = got["found"] + got["dice"] + got["empty"] + got["diagnosis"] + (1 - got["false_alarms"])
        return good, -got["false_pieces"]

    grid = [
        VolumeRule("lesion_weighted", top, suppress, smallest)
        for top, suppress, smallest in product((1, 3, 5), (0.3, 0.5, 0.7, 0.9, 1.0), (0.0, 0.3, 1.0))
    ]
    return max(grid, key=score)
