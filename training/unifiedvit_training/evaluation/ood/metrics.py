"""Metrics of out-of-distribution detection: how well a model notices what it does not know."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from UnifiedViTLib.spec import ModelSpec

from .scores import Score

#: What a set is for: nothing is to be noticed.
IN_DISTRIBUTION = "in-distribution"


@dataclass(frozen=True)
class SetMetrics:
    """One set of images. Shares of images are None for slices that are no images of their own.

    Attributes:
        role: `IN_DISTRIBUTION`, or what the set is for.
        slices, images: how many.
        auroc: of telling its slices from the validation slices; None for in-distribution ones.
        flagged_fraction, rotated_fraction: share of slices beyond the threshold, and that look turned.
        ood_warned, orientation_warned, input_warned: share of images that are called unlike training, or turned, or of
            which anything is said without a network.
        distances: of its slices, but for those with nothing on them.
    """

    name: str
    role: str
    slices: int
    auroc: float | None
    flagged_fraction: float
    rotated_fraction: float
    images: int | None
    ood_warned: float | None
    orientation_warned: float | None
    input_warned: float | None
    distances: np.ndarray


@dataclass(frozen=True)
class OODResults:
    """All that was measured.

    Attributes:
        threshold: of the model's own statistics.
        sets: the validation slices first.
        held_out: share of validation slices beyond a threshold chosen on the other half of the images.
        roles: of the sets of `scores`.
        scores: for each way to tell and each set (AUROC, share beyond the threshold); the validation slices' share is
            that of the half that the threshold was not chosen on.
    """

    spec: ModelSpec
    threshold: float
    sets: tuple[SetMetrics, ...]
    held_out: float
    roles: dict[str, str]
    scores: dict[Score, dict[str, tuple[float, float]]]

    def worst(self, score: Score, role: str) -> float | None:
        """The smallest AUROC of the sets with this role; None if there are none."""
        return min((self.scores[score][name][0] for name, own in self.roles.items() if own == role), default=None)

    def mean_flagged_fraction(self, score: Score, role: str) -> float | None:
        """Share beyond the threshold, mean of the sets with this role; None if there are none."""
        shares = [self.scores[score][name][1] for name, own in self.roles.items() if own == role]
        return float(np.mean(shares)) if shares else None

    def as_json(self) -> dict[str, Any]:
        """For `results.json`."""
        return {
            "model": self.spec.id, "version": self.spec.version, "threshold": self.threshold,
            "false_alarms_held_out": self.held_out,
            "sets": [{name: value for name, value in asdict(one).items() if name != "distances"} for one in self.sets],
            "scores": {score.name: {name: {"auroc": auroc, "flagged_fraction": flagged_fraction}
                                    for name, (auroc, flagged_fraction) in found.items()}
                       for score, found in self.scores.items()},
        }
