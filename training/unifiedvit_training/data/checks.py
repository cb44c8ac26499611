"""What may be wrong with a prepared dataset: masks, duplicates, intensities, sizes, balance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from UnifiedViTLib.names import folded_patient
from UnifiedViTLib.spec import MISSING

from ..config import Project
from .dataset import SIDES, Dataset, Item
from .duplicates import NearDuplicate, find_near_duplicates

#: What each kind of problem is called in reports, worst first.
KINDS = {
    "leak": "Near-duplicates on two sides of the split",
    "shared patient": "One patient in several sources",
    "contradiction": "The same picture with different labels",
    "same sequence": "One image given as two sequences",
    "missing mask": "A lesion without a mask",
    "unasked mask": "Masks that belong to no image",
    "empty mask": "A lesion whose mask is empty",
    "healthy mask": "A mask although nothing was found",
    "lost mask": "A lesion too small for the network's input",
    "misaligned mask": "A mask outside the body",
    "whole mask": "A mask of almost the whole image",
    "duplicate": "The same image in two groups",
    "near-duplicate": "Near-duplicates in two groups of one side",
    "spelling": "One patient written in several ways",
    "soft mask": "Masks with soft edges",
    "constant": "Slices of one value",
    "clipped": "Intensities cut off at the top",
    "inverted": "Black and white may be exchanged",
    "frame": "A bright line around the image",
    "tiny image": "Images smaller than the network's input",
    "unnamed": "Without a label",
    "left out": "On no side of the split",
    "imbalance": "Classes of very different size",
}
#: A mask of which more than this share lies outside the body has come to the wrong place.
_OUTSIDE = 0.4
#: A mask of more than this share of an image is rather its background.
_WHOLE = 0.9
#: Modalities whose lesions and shadows are as dark as what is outside: brightness does not tell where the body is.
_DARK_WITHIN = ("US",)
#: More of the body than this at the largest value: the scale was cut off.
_CLIPPED = 0.05
#: The border brighter than the middle by this share of the range.
_BRIGHTER = 0.25
#: An image of less than this share of the input's size is mostly made up.
_TINY = 0.5
#: Most frequent class over rarest, on the training side.
_IMBALANCED = 5.0


@dataclass(frozen=True)
class Problem:
    """Something to look at.

    Attributes:
        kind: a key of `KINDS`.
        severity: "error" (metrics would mislead), "warning" (likely a mistake) or "note" (good to know).
        where: an image's name, or a source's.
        sentence: what it is and what to do.
        slices: up to two slices that show it.
    """

    kind: str
    severity: Literal["error", "warning", "note"]
    where: str
    sentence: str
    slices: tuple[int, ...] = ()


def find_problems(project: Project, dataset: Dataset, facts: np.ndarray, left_out: dict[str, int],
                  unasked: dict[str, list[str]]) -> list[Problem]:
    """All that the checks find, worst kind first.

    Args:
        project: says what the data are for.
        dataset: that was prepared.
        facts: (N,) of dtype `slicing.FACTS`.
        left_out: for each source how many rows are on no side of the split.
        unasked: for each source the masks that belong to no image.
    """
    problems = [
        *_near_duplicates(dataset, facts),
        *_patients(dataset),
        *_sequences(project, dataset),
        *_masks(project, dataset, facts, unasked),
        *_intensities(project, dataset, facts),
        *_labels(project, dataset, left_out),
    ]
    order = list(KINDS)
    return sorted(problems, key=lambda problem: order.index(problem.kind))


def leaking_slices(problems: list[Problem], dataset: Dataset) -> int:
    """Slices of the validation and test sides that have a near-duplicate on another side."""
    leaking = {n for problem in problems if problem.kind == "leak" for n in problem.slices}
    return sum(dataset.slices.sides[n] != "train" for n in leaking)


def _near_duplicates(dataset: Dataset, facts: np.ndarray) -> Iterator[Problem]:
    slices = dataset.slices
    duplicates = find_near_duplicates(
        slices.images, facts["body"], slices.items, slices.groups, slices.labels, slices.sides
    )

    def told(pair_found: NearDuplicate) -> tuple[str, str, tuple[int, int], bool]:
        pair = (pair_found.first, pair_found.second)
        first, second = (_called(dataset, n) for n in pair)
        same = facts["digest"][pair_found.first] == facts["digest"][pair_found.second]
        looks = "is the same as" if same else "looks like the mirror image of" if pair_found.mirrored else "looks like"
        return first, f"{looks} {second} (correlation {pair_found.correlation:.3f})", pair, same

    for pair_found in duplicates["sides"]:
        where, said, pair, _ = told(pair_found)
        sides = " and ".join(str(slices.sides[n]) for n in pair)
        yield Problem("leak", "error", where, f"{said}, but they are on {sides}: give both one group, or take one "
                      "out.", pair)
    for pair_found in duplicates["groups"]:
        where, said, pair, same = told(pair_found)
        kind, severity = ("duplicate", "warning") if same else ("near-duplicate", "note")
        yield Problem(kind, severity, where, f"{said} of another group: is it the same patient?", pair)
    for pair_found in duplicates["labels"]:
        where, said, pair, _ = told(pair_found)
        labels = " and ".join(", ".join(dataset.items[slices.items[n]].labels) or "nothing" for n in pair)
        yield Problem("contradiction", "warning", where, f"{said}, but they are labelled {labels}.", pair)


def _called(dataset: Dataset, n: int) -> str:
    item = dataset.items[dataset.slices.items[n]]
    return f"{item.name}, slice {dataset.slices.positions[n]}" if item.volume else item.name


def _patients(dataset: Dataset) -> Iterator[Problem]:
    """Patients of several sources, and of several spellings."""
    known: dict[str, list[Item]] = {}
    for item in dataset.items:
        if item.patient:
            known.setdefault(folded_patient(item.patient), []).append(item)
    for items in known.values():
        name = items[0].patient
        sides, sources = (sorted({getattr(item, key) for item in items}) for key in ("side", "source"))
        if len(sources) > 1 and len(sides) > 1:
            yield Problem("shared patient", "error", name, f"a patient of {' and of '.join(sources)}, on "
                          f"{' and '.join(sides)}: if this is one person, correct the columns of the split; if not, "
                          "give them names of their own.")
        elif len(sources) > 1:
            yield Problem("shared patient", "note", name, f"a patient of {' and of '.join(sources)}: all images are on "
                          f"the {sides[0]} side.")
        spellings = sorted({item.patient for item in items})
        if len(spellings) > len({(folded_patient(item.patient), item.source) for item in items}):
            yield Problem("spelling", "note", name, f"{' and '.join(spellings)} are taken for one patient.")


def _sequences(project: Project, dataset: Dataset) -> Iterator[Problem]:
    if dataset.slices.images.ndim == 3:
        return
    names = [channel.name for channel in project.model.input.channels]
    for item, at in _items(dataset):
        images = dataset.slices.images[at]
        there = [c for c in range(len(names)) if images[0, c, 0, 0] > MISSING / 2]
        for first, second in combinations(there, 2):
            if np.ptp(images[:, first]) and np.array_equal(images[:, first], images[:, second]):
                yield Problem("same sequence", "error", item.name, f"{names[first]} and {names[second]} are the same "
                              "image: give each its own, and leave the one out that is missing.", (int(at[0]),))


def _masks(project: Project, dataset: Dataset, facts: np.ndarray, unasked: dict[str, list[str]]) -> Iterator[Problem]:
    if project.model.task == "classification":
        return
    for source, names in unasked.items():
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        yield Problem("unasked mask", "warning", source, f"{len(names)} files in the folder of masks belong to no "
                      f"image ({shown}): give each the name of its image, or take it out.")
    outlined = project.model.outlined
    for item, at in _items(dataset):
        sick, healthy = not outlined.isdisjoint(item.labels), item.is_free(outlined)
        drawn = facts["drawn"][at]
        here = (int(at[0]),)
        if item.mask is None and sick and not dataset.slices.has_mask[at].any():
            yield Problem("missing mask", "warning", item.name, f"{', '.join(item.labels)}, but it has no mask; its "
                          "outline is not learnt from.", here)
        elif sick and not drawn.any() and not item.volume and not dataset.slices.partial(at).any():
            yield Problem("empty mask", "warning", item.name, f"{', '.join(item.labels)}, but nothing is drawn; its "
                          "image is learnt as one where nothing is to be drawn.", here)
        elif sick and not drawn.any() and item.volume and project.data.slice_stride == 1:
            yield Problem("empty mask", "warning", item.name,
                          f"{', '.join(item.labels)}, but nothing is drawn on any slice.", here)
        if healthy and drawn.any():
            yield Problem("healthy mask", "warning", item.name, f"{', '.join(item.labels)}, but its mask has "
                          f"{int(drawn.sum())} voxels drawn: the label or the mask is wrong.",
                          (int(at[drawn.argmax()]),))
        soft = facts["soft"][at]
        if soft.any():
            yield Problem("soft mask", "warning", item.name, f"{soft.max():.0%} of what its mask marks is between "
                          "nothing and its largest value (JPEG, or drawn with soft edges): from half of that value on "
                          "it counts as drawn. Save masks without smoothing, as PNG.", (int(at[soft.argmax()]),))
        lost = at[(drawn > 0) & (facts["lesion"][at] == 0)]
        if len(lost) and not item.volume:
            yield Problem("lost mask", "warning", item.name, f"the {int(facts['drawn'][lost].sum())} voxels drawn "
                          f"vanish at {project.model.input.size} pixels.", (int(lost[0]),))
        share = drawn / (facts["rows"][at] * facts["columns"][at])
        outside = at[facts["outside"][at] > _OUTSIDE]
        if (share > _WHOLE).any():
            most = int(share.argmax())
            yield Problem("whole mask", "warning", _called(dataset, int(at[most])), "its mask covers "
                          f"{share[most]:.0%} of the image: are what is outlined and the background exchanged?",
                          (int(at[most]),))
        elif len(outside) and project.model.input.modality not in _DARK_WITHIN:
            worst = int(outside[facts["outside"][outside].argmax()])
            yield Problem("misaligned mask", "warning", _called(dataset, worst), f"{facts['outside'][worst]:.0%} of "
                          "the mask lies outside the body: is it the mask of this image, and held the same way?",
                          (worst,))


def _intensities(project: Project, dataset: Dataset, facts: np.ndarray) -> Iterator[Problem]:
    size = project.model.input.size
    for item, at in _items(dataset):
        fact = facts[at]
        constant = np.count_nonzero(fact["low"] == fact["high"])
        if constant:
            yield Problem("constant", "note", item.name, f"{constant} of {len(at)} slices have one value everywhere.",
                          (int(at[(fact["low"] == fact["high"]).argmax()]),))
        middle = int(at[fact["body"].argmax()])
        if np.median(fact["inversion"]) > _BRIGHTER and project.model.input.modality not in _DARK_WITHIN:
            yield Problem("inverted", "warning", item.name, "the border is brighter than the middle: are black and "
                          "white exchanged?", (middle,))
        elif np.median(fact["frame"]) > _BRIGHTER:
            yield Problem("frame", "warning", item.name, "the outermost line of pixels is bright, so that the margin "
                          "is taken for body: paint it black.", (middle,))
        elif facts["clipped"][middle] > _CLIPPED and facts["low"][middle] < facts["high"][middle]:
            yield Problem("clipped", "note", item.name, f"{facts['clipped'][middle]:.0%} of the body have the largest "
                          f"value, {facts['high'][middle]:g}: what is brighter was cut off.", (middle,))
        if min(fact["rows"][0], fact["columns"][0]) < _TINY * size:
            yield Problem("tiny image", "warning", item.name, f"only {fact['columns'][0]} x {fact['rows'][0]} voxels, "
                          f"enlarged to {size}.", (middle,))


def _labels(project: Project, dataset: Dataset, left_out: dict[str, int]) -> Iterator[Problem]:
    for source, count in left_out.items():
        yield Problem("left out", "warning", source, f"{count} rows are left out: the value of their column is on no "
                      "side of the split.")
    if project.model.task == "segmentation":
        return
    slices = dataset.slices
    unnamed = (slices.labels if slices.labels.ndim == 1 else slices.labels.max(axis=1)) < 0
    for source in np.unique(slices.sources[unnamed]):
        of_source = slices.sources == source
        yield Problem("unnamed", "note", str(source), f"{np.count_nonzero(unnamed & of_source)} of "
                      f"{np.count_nonzero(of_source)} slices have no label (not known, or too "
                      "little lesion to be named by); the diagnosis is not learnt from them.")
    for side in SIDES[:2]:
        counts = class_counts(dataset, slices.on(side), len(project.model.classes))
        rare, frequent = int(np.argmin(counts)), int(np.argmax(counts))
        if counts[frequent] > _IMBALANCED * counts[rare]:
            names = project.model.class_names
            yield Problem("imbalance", "note", side, f"{counts[frequent]} slices of {names[frequent]}, {counts[rare]} "
                          f"of {names[rare]}: consider fit.class_balance.")


def class_counts(dataset: Dataset, at: np.ndarray, classes: int) -> np.ndarray:
    """(classes,) how many of the slices `at` have each class.

    Args:
        dataset: prepared.
        at: (N,) indices of slices.
        classes: how many there are.
    """
    labels = dataset.slices.labels[at]
    return (labels == 1).sum(axis=0) if labels.ndim == 2 else np.bincount(labels[labels >= 0], minlength=classes)


def _items(dataset: Dataset) -> Iterator[tuple[Item, np.ndarray]]:
    """Each item and the indices of its slices, which stand together."""
    bounds = np.searchsorted(dataset.slices.items, np.arange(len(dataset.items) + 1))
    for item, start, stop in zip(dataset.items, bounds[:-1], bounds[1:], strict=True):
        if stop > start:
            yield item, np.arange(start, stop)
