"""The learning rate over a run."""

from __future__ import annotations

import math


def lr_factor(done: float, warm_up: float) -> float:
    """Share of the top learning rate after `done` (0..1) of the run: linear warm-up, then a cosine to nothing."""
    if done < warm_up:
        return done / warm_up
    return 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))
