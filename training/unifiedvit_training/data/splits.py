"""On which side of the split an image is: patients stay together, classes are spread evenly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from UnifiedViTLib.names import folded_patient

from ..config import Model, Project, Split
from ..errors import DataError
from .dataset import SIDES, Item
from .sources.listed import Listed


def assign_sides(listings: dict[str, list[Listed]], project: Project) -> tuple[list[Item], dict[str, int]]:
    """Give every item its side.

    Args:
        listings: for each source its items, as `sources.list_items` gives them.

    Returns:
        the items in the same order, those left out whose value in the split's column stands on no side; and how
        many those are, for each source.

    Raises:
        DataError: a group stands on two sides, or a side that is needed lacks images.
    """
    sides: dict[str, list[str]] = {}
    known: dict[str, str] = {}  # the side of each patient, so that one of several sources stands on one side
    for source in sorted(project.data.sources, key=lambda source: source.split.column is None):
        listed = listings[source.name]
        if source.split.column:
            sides[source.name] = _by_column(listed, source.split)
        else:
            sides[source.name] = _dealt(listed, source.split, project.seed, known)
        for row, side in zip(listed, sides[source.name], strict=True):
            if row.item.patient and side:
                known.setdefault(folded_patient(row.item.patient), side)
    items, left_out = [], {}
    for name, listed in listings.items():
        assigned = [replace(row.item, side=side) for row, side in zip(listed, sides[name], strict=True) if side]
        if len(assigned) < len(listed):
            left_out[name] = len(listed) - len(assigned)
        items += assigned
    check_groups_whole(items)
    for side in ("train", "validation"):
        if not any(item.side == side for item in items):
            raise DataError(_no_side(side, listings, project))
    return items, left_out


def _no_side(side: str, listings: dict[str, list[Listed]], project: Project) -> str:
    """The sentence for a side without images: what the columns hold, or that there is too little to deal."""
    reasons = []
    for source in project.data.sources:
        rows, column = listings[source.name], source.split.column
        if column:
            values = ", ".join(sorted({row.split or "(empty)" for row in rows})[:10])
            reasons.append(f"the column {column} of {source.name} holds {values}, and {side} is "
                           f"{', '.join(getattr(source.split, side)) or 'not named'}")
        else:
            groups = len({row.item.group for row in rows})
            reasons.append(f"{source.name} has {len(rows)} images of {groups} patients to deal out")
    return (f"There is no image on the {side} side of the split: {'; '.join(reasons)}. Change `split` in the data "
            "section, or add images.")


def check_groups_whole(items: Iterable[Item]) -> None:
    """Raise a `DataError` that names the groups which stand on more than one side."""
    sides = defaultdict(set)
    for item in items:
        sides[item.group].add(item.side)
    torn = [group for group, on in sides.items() if len(on) > 1]
    if torn:
        named = ", ".join(f"{group} ({' and '.join(sorted(sides[group]))})" for group in torn[:10])
        more = f", and {len(torn) - 10} more" if len(torn) > 10 else ""
        raise DataError(
            f"{len(torn)} of {len(sides)} groups stand on two sides of the split, so that what is learnt from a "
            f"patient would be measured on the same one: {named}{more}. Correct the column of the split or of the "
            "group, or let the split be dealt (fractions or folds)."
        )


def check_classes_present(present: dict[str, set[str]], needed: Sequence[str]) -> None:
    """Raise a `DataError` if the train or validation side lacks a class.

    Args:
        present: for each side the classes that it has.
    """
    nowhere = [name for name in needed if not any(name in there for there in present.values())]
    if nowhere:
        raise DataError(f"The data have no image of {', '.join(nowhere)} at all. Add some, or take the class out of "
                        "`classes`.")
    for side in ("train", "validation"):
        absent = [name for name in needed if name not in present.get(side, set())]
        if absent:
            raise DataError(
                f"The {side} side of the split has no image of {', '.join(absent)} "
                f"(it has {', '.join(sorted(present.get(side, set()))) or 'no class at all'}). A model cannot be "
                "trained or judged like that: change `split`, add images, or take the class out of `classes`."
            )


def item_classes(items: Iterable[Item]) -> dict[str, set[str]]:
    """For each side the classes of its items."""
    present: dict[str, set[str]] = {side: set() for side in SIDES}
    for item in items:
        present[item.side].update(item.labels)
    return present


def lesion_classes(model: Model) -> list[str]:
    """Classes that items themselves must have; "nothing found" may come from the slices of volumes alone."""
    return [card.name for card in model.classes if card.lesion]


def _by_column(listed: list[Listed], split: Split) -> list[str]:
    """The side of each row; "" where the column's value stands on none."""
    sides = {value: side for side in SIDES for value in getattr(split, side)}
    return [sides.get(row.split, "") for row in listed]


def _dealt(listed: list[Listed], split: Split, seed: int, known: dict[str, str]) -> list[str]:
    """The side of each row; that of `known` (by `folded_patient`) for patients whom another source has already."""
    sides = [known.get(folded_patient(row.item.patient), "") if row.item.patient else "" for row in listed]
    free = [n for n, side in enumerate(sides) if not side]
    if not free:
        return sides
    groups = [listed[n].item.group for n in free]
    strata = [listed[n].item.labels or ("",) for n in free]
    if split.folds:
        dealt = stratified_group_split(groups, strata, [1 / split.folds] * split.folds, seed)
        names = ["validation" if part == split.fold - 1 else "train" for part in dealt]
    else:
        names = [SIDES[part] for part in stratified_group_split(groups, strata, split.fractions, seed)]
    for n, side in zip(free, names, strict=True):
        sides[n] = side
    return sides


def stratified_group_split(
    groups: Sequence[str], strata: Sequence[Sequence[str]], shares: Sequence[float], seed: int
) -> list[int]:
    """Deal whole groups out to parts so that each part has its share of every stratum, as well as groups allow.

    Greedy: large groups first (their order shuffled by `seed` where equal), each to the part where it leaves the
    smallest squared distance from the shares. A stratum's last groups go to parts that have none of it yet.

    Args:
        groups: of each row.
        strata: of each row, one or, where several labels are true at once, one for each (Sechidis et al. 2011).
        shares: of each part; they add up to 1.
        seed: of the order of groups of one size.

    Returns:
        the part of each row.
    """
    names, member = np.unique(groups, return_inverse=True)
    several = any(len(own) > 1 for own in strata)
    rows = np.repeat(np.arange(len(strata)), [len(own) for own in strata])
    kinds, stratum = np.unique([kind for own in strata for kind in own], return_inverse=True)
    counts = np.zeros((len(names), len(kinds)))
    np.add.at(counts, (member[rows], stratum), 1)
    relative = counts / counts.sum(axis=0)
    share = np.asarray(shares, dtype=float)
    wanting = np.flatnonzero(share > 0)
    have = np.zeros((len(shares), len(kinds)))
    left = (counts > 0).sum(axis=0)  # groups of each stratum that are not dealt yet
    part = np.zeros(len(names), dtype=int)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    for group in shuffled[np.argsort(-relative[shuffled].max(axis=1), kind="stable")]:
        rarest = int(np.argmin(np.where(counts[group] > 0, left, len(names) + 1)))
        without = [p for p in wanting if have[p, rarest] == 0]
        if without and left[rarest] <= len(without):
            choice = without[0]
        else:
            # Adding a group changes one part alone: the distance's change is enough. Where rows have several strata,
            # the rarest decides: common ones, of which much is left, would draw it to the largest part.
            counted = [rarest] if several else slice(None)
            before = (have[wanting] - share[wanting, None])[:, counted]
            choice = wanting[np.argmin(((before + relative[group, counted]) ** 2 - before**2).sum(axis=1))]
        part[group] = choice
        have[choice] += relative[group]
        left -= counts[group] > 0
    return part[member].tolist()
