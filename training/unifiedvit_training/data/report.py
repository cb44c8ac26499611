"""The report of `prepare`: what is in a dataset, what it looks like, and what may be wrong with it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from UnifiedViTLib.texts import table_cell

from ..config import Project
from ..reports.page import Gallery, Picture, Section, Table, Text, figure_uri, image_uri, render_page
from ..reports.pictures import overlay
from .checks import KINDS, Problem, leaking_slices
from .dataset import Dataset, pictures
from .shortcut import ALARMING, STAGES, ShortcutProbe
from .summary import count_slices

#: Pictures of each class, and of each kind of problem; problems of a kind spelt out.
_SAMPLES, _SHOWN, _SPELT_OUT = 6, 6, 20


def write_report(project: Project, dataset: Dataset, facts: np.ndarray, problems: list[Problem],
                 probes: list[ShortcutProbe], file: Path) -> None:
    """Write the HTML report, and all problems as `problems.csv` beside it.

    Args:
        project: that the data are of.
        dataset: that was prepared.
        facts: (N,) of dtype `slicing.FACTS`.
        problems: that the checks found.
        probes: of what can be guessed without looking.
        file: the page.
    """
    sections = [
        Section("Split", _split(project, dataset, problems)),
        Section("What can be guessed without looking", _shortcut(probes)),
        Section("Samples", _samples(project, dataset)),
        Section("Lesion sizes", _lesion_sizes(project, dataset, facts)),
        Section("Intensities", _intensities(dataset)),
        Section("Problems found", _problems(project, dataset, problems)),
    ]
    lead = f"{len(dataset.slices):,} slices of {len(dataset.items):,} images and volumes, prepared at " \
        f"{project.model.input.size} pixels; seed {project.seed}."
    file.write_text(render_page(f"Data of {project.model.id}", sections, lead), encoding="utf-8")
    with open(file.with_name("problems.csv"), "w", newline="", encoding="utf-8") as table:
        rows = csv.writer(table)
        rows.writerow(["kind", "severity", "where", "sentence", "slices"])
        rows.writerows([p.kind, p.severity, table_cell(p.where), table_cell(p.sentence), " ".join(map(str, p.slices))]
                       for p in problems)


def _split(project: Project, dataset: Dataset, problems: list[Problem]) -> list:
    header, rows = count_slices(project, dataset)
    slices = dataset.slices
    planes = Counter(zip(slices.planes.tolist(), slices.sides.tolist(), strict=True))
    names = sorted({plane for plane, _ in planes})
    sides = [side for side in ("train", "validation", "test") if side in slices.sides]
    blocks = [
        Text("No group stands on two sides."),
        Table(header, rows, "Images, groups and slices; the last columns count slices of each class."),
        *([Text("Masks are partial: “labelled” is the share of the pixels of known masks that somebody labelled. The "
                "rest (dark in the pictures) is neither learnt from nor measured on.")]
          if "labelled" in header else []),
        Table(["plane", *sides], [[name, *(planes[name, side] for side in sides)] for name in names],
              "Slices by plane."),
    ]
    if leaking := leaking_slices(problems, dataset):
        blocks.append(Text(f"{leaking} slices of the validation and test sides look like a slice of another group on "
                           "another side: metrics measured there flatter. They are listed below.", "error"))
    return blocks


def _shortcut(probes: list[ShortcutProbe]) -> list:
    if not probes:
        return [Text("Not measured: there are no labels, or too few groups of each class.")]
    blocks = [
        Text("How well a handful of numbers of a whole slice (quantiles of its intensity, its margins, its border, the "
             "share of body) tell a class from the rest, without knowing what is where: area under the ROC curve, "
             "learnt on the training side, measured on validation. 0.5 is chance. Raw: of the images as they came. "
             "Prepared: as the network sees them. Equalised: margins cut off and the histogram in the body made flat."),
        Table(["data", "class", "slices", *STAGES],
              [[g.data, g.label, g.count, g.raw, g.prepared, g.equalised] for g in probes]),
    ]
    told = sorted({g.label for g in probes if g.prepared > ALARMING})
    if told:
        blocks.append(Text(
            f"{', '.join(told)}: told by such numbers with an area above {ALARMING} even as the network sees them. A "
            "network can reach high metrics there by knowing the scanner, or the level at which slices were cut, "
            "instead of the disease. Report metrics without these classes too, change intensities strongly in "
            "training, and add images of all classes from the same place.", "warning",
        ))
    return blocks


def _samples(project: Project, dataset: Dataset) -> list:
    slices, model = dataset.slices, project.model
    chance = np.random.default_rng(project.seed)
    blocks = []
    for number, card in enumerate(model.classes):
        of_class = slices.labels == number if slices.labels.ndim == 1 else slices.labels[:, number] == 1
        chosen = []
        for source in np.unique(slices.sources[of_class]):
            at = np.flatnonzero(of_class & (slices.sources == source))
            chosen += chance.choice(at, min(len(at), _SAMPLES), replace=False).tolist()
        if chosen:
            blocks += [Text(f"{card.display} ({card.name})"), Gallery([_picture(project, dataset, n) for n in chosen])]
    return blocks


def _picture(project: Project, dataset: Dataset, n: int) -> Picture:
    slices = dataset.slices
    colours = [segment.colour for segment in project.model.segments]
    item = dataset.items[slices.items[n]]
    name = f"{item.name}, slice {slices.positions[n]}" if item.volume else item.name
    picture = overlay(pictures(slices.images[n : n + 1])[0], slices.masks[n], colours)
    return Picture(image_uri(picture), f"{name} ({slices.sides[n]})")


def _lesion_sizes(project: Project, dataset: Dataset, facts: np.ndarray) -> list:
    slices, pixels = dataset.slices, project.model.input.size**2
    figure = Figure(figsize=(8, 3.2))
    axes = figure.subplots()
    drawn = facts["lesion"] > 0
    if not drawn.any():
        return [Text("Nothing is drawn on any slice.")]
    edges = np.geomspace(max(facts["lesion"][drawn].min(), 1 / pixels), facts["lesion"].max() * 1.01, 40) * 100
    for number, card in enumerate(project.model.classes):
        of_class = slices.labels == number if slices.labels.ndim == 1 else slices.labels[:, number] == 1
        for source in np.unique(slices.sources[of_class & drawn]):
            at = of_class & drawn & (slices.sources == source)
            axes.hist(facts["lesion"][at] * 100, edges, histtype="step", label=f"{card.display}, {source}")
    axes.set(xscale="log", xlabel="lesion, % of the network's input", ylabel="slices")
    axes.legend(fontsize=8, frameon=False)
    return [Picture(figure_uri(figure), "How large lesions are on the slices that show them.")]


def _intensities(dataset: Dataset) -> list:
    slices = dataset.slices
    figure = Figure(figsize=(8, 3.2))
    axes = figure.subplots()
    edges = np.linspace(-4, 5, 91)
    chance = np.random.default_rng(0)
    for source in np.unique(slices.sources):
        at = np.flatnonzero(slices.sources == source)
        at = np.sort(chance.choice(at, min(len(at), 400), replace=False))
        counts = np.zeros(len(edges) - 1, np.int64)
        for n in at:
            counts += np.histogram(slices.images[n].astype(np.float32), edges)[0]
        axes.stairs(counts / counts.sum(), edges, label=str(source), linewidth=1.5)
    axes.set(xlabel="intensity as the network sees it (standard deviations of the body)", ylabel="share of pixels",
             yscale="log")
    axes.legend(fontsize=8, frameon=False)
    return [Picture(figure_uri(figure), "Intensities after preparation, by source; the peak on the left is air.")]


def _problems(project: Project, dataset: Dataset, problems: list[Problem]) -> list:
    if not problems:
        return [Text("None.")]
    blocks: list = [Table(["severity", "kind", "found"], [
        [of_kind[0].severity, KINDS[kind], len(of_kind)] for kind, of_kind in _by_kind(problems).items()
    ], "All of them are in problems.csv.")]
    for kind, of_kind in _by_kind(problems).items():
        spelt_out = of_kind[:_SPELT_OUT]
        more = f" (the first {len(spelt_out)} of {len(of_kind)})" if len(of_kind) > len(spelt_out) else ""
        blocks.append(Table(["where", "what"], [[problem.where, problem.sentence] for problem in spelt_out],
                            KINDS[kind] + more))
        pictures = [
            _picture(project, dataset, n) for problem in of_kind[:_SHOWN] for n in problem.slices
        ]
        if pictures:
            blocks.append(Gallery(pictures))
    return blocks


def _by_kind(problems: list[Problem]) -> dict[str, list[Problem]]:
    return {kind: of_kind for kind in KINDS if (of_kind := [p for p in problems if p.kind == kind])}
