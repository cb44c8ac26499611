"""A prepared dataset in a few lines of text, and in counts."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..config import IGNORE, Project
from .checks import KINDS, Problem, class_counts, leaking_slices
from .dataset import SIDES, Dataset, SliceSet
from .shortcut import ALARMING, ShortcutProbe


def count_slices(project: Project, dataset: Dataset) -> tuple[list[str], list[list[str | int]]]:
    """Slices of each source and side: header and rows of a table, with images, groups and slices of each class; and,
    where masks are partial, which share of the pixels of known masks is labelled."""
    slices = dataset.slices
    lesion = drawn_slices(dataset)
    shares = labelled_shares(slices, np.arange(len(slices)))
    partial = bool((shares[slices.has_mask] < 1).any())
    header = ["source", "side", "images", "groups", "slices", "mask known", *(["labelled"] if partial else []),
              "with lesion", *project.model.class_names]
    rows = []
    for source in (source.name for source in project.data.sources):
        for side in SIDES:
            at = np.flatnonzero((slices.sources == source) & (slices.sides == side))
            if len(at):
                of_known = shares[at][slices.has_mask[at]]
                labelled = [f"{of_known.mean():.1%}" if len(of_known) else "–"] if partial else []
                rows.append([
                    source, side, len(np.unique(slices.items[at])), len(np.unique(slices.groups[at])), len(at),
                    int(slices.has_mask[at].sum()), *labelled, int(lesion[at].sum()),
                    *class_counts(dataset, at, len(project.model.classes)).tolist(),
                ])
    return header, rows


def drawn_slices(dataset: Dataset) -> np.ndarray:
    """(N,) bool: something is drawn on the slice."""
    return np.array([dataset.slices.drawn(n) for n in range(len(dataset.slices))], bool)


def labelled_shares(slices: SliceSet, at: np.ndarray) -> np.ndarray:
    """(n,) the labelled share of the mask of each of the slices `at`, 0 where nothing is known."""
    return np.array([(slices.masks[n] != IGNORE).mean() if slices.has_mask[n] else 0.0 for n in at])


def summarise(project: Project, dataset: Dataset, problems: list[Problem], probes: list[ShortcutProbe]) -> str:
    """What is printed at the end of `prepare`.

    Args:
        project: the recipe.
        dataset: prepared by it.
        problems: that checks found.
        probes: for shortcuts.
    """
    header, rows = count_slices(project, dataset)
    table = [header, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[n]) for row in table) for n in range(len(header))]
    lines = [f"{project.model.id}: {len(dataset.slices)} slices of {len(dataset.items)} images", ""]
    lines += ["  ".join(cell.ljust(width) if n < 2 else cell.rjust(width)
                        for n, (cell, width) in enumerate(zip(row, widths, strict=True))) for row in table]
    lines += ["", "Problems: " + (", ".join(f"{n} {severity}{'s' if n > 1 else ''}" for severity, n in
                                           Counter(p.severity for p in problems).items()) or "none found")]
    for kind, count in Counter(problem.kind for problem in problems).items():
        worst = next(problem.severity for problem in problems if problem.kind == kind)
        lines.append(f"  {worst:8} {count:6}  {KINDS[kind]}")
    if leaking := leaking_slices(problems, dataset):
        lines.append(f"  {leaking} slices of the validation and test sides look like one on another side: metrics "
                     "measured there flatter.")
    if probes:
        lines += ["", "What can be guessed without looking (AUC of global intensity statistics, one class against "
                  "the rest):", f"  {'data':12} {'class':16} {'raw':>6} {'prepared':>9} {'equalised':>10}"]
        lines += [f"  {g.data:12} {g.label:16} {g.raw:6.3f} {g.prepared:9.3f} {g.equalised:10.3f}"
                  + ("  <- a shortcut" if g.prepared > ALARMING else "") for g in probes]
    return "\n".join(lines) + "\n"
