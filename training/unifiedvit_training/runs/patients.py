"""Which patients a run has learnt from and was chosen by: on no other side may they be measured on later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from UnifiedViTLib.names import folded_patient

from ..data.dataset import SliceSet
from ..errors import RunError
from ..storage import write_whole

PATIENTS_FILE = "patients.json"
#: What a side was used for, and the sides whose figures would flatter if its patients stood there.
_USES = {"train": ("learnt from", ("validation", "test")), "validation": ("was chosen by", ("test",))}


def keep_patients(slices: SliceSet, run: Path, initial: Path | None = None, chosen: bool = True) -> None:
    """Write down, beside those of before, the patients that a run is about to learn from and be chosen by.

    Args:
        slices: of the dataset, with their sides.
        run: its folder.
        initial: weights that it begins from; the patients of their run become its own.
        chosen: the validation side chooses among the weights of the run; pre-training does not look at it.

    Raises:
        RunError: as `check_patients` and `check_initial`, or it cannot be written.
    """
    check_initial(slices, initial)
    check_patients(slices, run)
    known, before = _known(run), _known(initial.parent) if initial else {}
    seen = {side: _digests(slices, side) if chosen or side == "train" else set() for side in _USES}
    now = {side: sorted(known.get(side, set()) | before.get(side, set()) | seen[side]) for side in _USES}
    write_whole(run / PATIENTS_FILE, json.dumps(now))


def patients_beside(weights: Path | None) -> dict[str, bytes]:
    """By its name, the file that says whom the run of these weights has learnt from; nothing where there is none."""
    path = weights.parent / PATIENTS_FILE if weights else None
    return {PATIENTS_FILE: path.read_bytes()} if path and path.exists() else {}


def check_patients(slices: SliceSet, run: Path) -> None:
    """Return if no patient on the validation or test side is one that the run has seen on a side before it.

    The split changes with `split`, with the table, or with patients that were added; the run stays what it is.

    Raises:
        RunError: there are such patients; says how many, and what to do.
    """
    for said in _flattered(slices, run):
        raise RunError(f"The run in {run} {said}: the split or the data have changed since, and what is measured there "
                       "would flatter. Begin another run (--run), or put them back.")


def check_initial(slices: SliceSet, initial: Path | None) -> None:
    """As `check_patients`, for the patients of the run that the weights `initial` lie in, where it wrote them down.

    Raises:
        RunError: there are such patients; says how many, and what to do.
    """
    for said in _flattered(slices, initial.parent) if initial else ():
        raise RunError(f"The run that {initial} comes from {said}: what is measured there would flatter. Begin from "
                       "other weights (fit.initial), or give these patients the side that they had.")


def _flattered(slices: SliceSet, run: Path) -> Iterator[str]:
    """What a run did with patients who now stand on a side that it would flatter on, and on which."""
    for side, seen in _known(run).items():
        use, flattered = _USES[side]
        there = set().union(*(_digests(slices, other) for other in flattered)) & seen
        there -= _digests(slices, side)  # `prepare` lets no patient stand on two sides
        if there:
            yield f"{use} {len(there)} patients who now stand on the {' or '.join(flattered)} side"


def _known(run: Path) -> dict[str, set[str]]:
    try:
        known = json.loads((run / PATIENTS_FILE).read_text(encoding="utf-8"))
        return {side: set(known[side]) for side in _USES}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{run / PATIENTS_FILE} cannot be read ({error}). Begin another run (--run).") from error


def _digests(slices: SliceSet, side: str) -> set[str]:
    """Of the names of a side's patients, which may be those of people, however a table now writes them, and whatever
    their source is called."""
    groups = map(str, np.unique(slices.groups[slices.sides == side]))
    names = (folded_patient(group.partition("/")[2] or group) for group in groups)
    return {hashlib.sha256(name.encode()).hexdigest()[:32] for name in names}
