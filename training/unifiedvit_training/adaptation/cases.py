"""Whether a site has enough cases to learn from, to stop by and to judge by."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..config import Model
from ..data.dataset import SIDES, Dataset, Item
from ..data.splits import item_classes, lesion_classes
from ..errors import DataError

#: Patients on each side of the split: of one alone no interval can be drawn.
PATIENTS = 2
_USES = {"train": "learn from", "validation": "stop by", "test": "judge by"}


def check_patients(patients: int, folder: Path) -> None:
    """Raise a DataError if there are too few patients for three sides.

    Args:
        patients: how many there are.
        folder: where they are from.
    """
    if patients < PATIENTS * len(SIDES):
        raise DataError(f"{folder} has {patients} {'patient' if patients == 1 else 'patients'}, and "
                        f"{PATIENTS * len(SIDES)} are needed at least: {PATIENTS} each to "
                        f"{', to '.join(_USES.values())}. Add cases of more patients.")


def check_cases(items: list[Item], model: Model, folder: Path) -> None:
    """Raise a DataError, with what is missing, for too few patients on a side, a class that a side lacks, or no masks.

    Args:
        items: with their sides.
        model: whose classes they are of.
        folder: where they are from.
    """
    patients = {side: len({item.group for item in items if item.side == side}) for side in SIDES}
    if min(patients.values()) < PATIENTS:
        counts = ", ".join(f"{count} to {_USES[side]}" for side, count in patients.items())
        raise DataError(f"{folder} has too few patients to adapt a model ({counts}); each needs {PATIENTS}. Add cases "
                        "of more patients.")
    present = item_classes(items)
    for name in lesion_classes(model):
        _check_class(name, [side for side in SIDES if name in present[side]], folder)
    for side in SIDES:
        if not any(item.mask for item in items if item.side == side):
            raise DataError(f"{folder} has no masks to {_USES[side]}, and a model that learns without them forgets "
                            "how to draw. Add cases with masks.")


def check_slices(dataset: Dataset, model: Model, folder: Path) -> None:
    """Raise a DataError for a class that the slices of a side lack: "nothing found" too, which comes from volumes.

    Args:
        dataset: prepared.
        model: whose classes they are of.
        folder: where it is from.
    """
    for index, name in enumerate(model.class_names):
        labels = dataset.slices.labels
        there = labels[:, index] == 1 if labels.ndim == 2 else labels == index
        _check_class(name, [side for side in SIDES if np.any(there[dataset.slices.on(side)])], folder)


def _check_class(name: str, sides: list[str], folder: Path) -> None:
    missing = [side for side in SIDES if side not in sides]
    if missing:
        what = "no cases" if len(missing) == len(SIDES) else "too few patients with cases"
        uses = " or ".join(_USES[side] for side in missing)
        raise DataError(f"{folder} has {what} of {name} (none to {uses}), and a model that learns without a diagnosis "
                        "forgets it. Add cases of at least three patients.")
