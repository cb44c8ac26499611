"""Which prepared slices a run has learnt from and was chosen by."""

from __future__ import annotations

from pathlib import Path

from ..data.dataset import SliceSet, dataset_digest
from ..errors import RunError
from ..storage import write_whole

#: Of those slices; beside the run's weights.
LEARNT_FROM_FILE = "dataset.sha256"


def keep_learnt_from(slices: SliceSet, run: Path) -> None:
    """Write down what a run is about to learn from.

    Raises:
        RunError: as `check_learnt_from`, or it cannot be written.
    """
    check_learnt_from(slices, run)
    write_whole(run / LEARNT_FROM_FILE, _digest(slices) + "\n")


def check_learnt_from(slices: SliceSet, run: Path) -> None:
    """Refuse to go on, or to take as finished, a run that has learnt from other images, masks or labels than these:
    its weights would be half of before a correction, and its card and its comparisons of what it never saw.

    A run of an earlier version, which wrote nothing down, is taken.

    Raises:
        RunError: it has; says what to do.
    """
    path = run / LEARNT_FROM_FILE
    if path.exists() and path.read_text(encoding="utf-8").strip() != _digest(slices):
        raise RunError(f"The run in {run} has learnt from other images, masks or labels than are prepared now. Begin "
                       "another run (--run), from its weights if you like (fit.initial.weights), or delete it.")


def _digest(slices: SliceSet) -> str:
    return dataset_digest(slices, ("train", "validation"))
