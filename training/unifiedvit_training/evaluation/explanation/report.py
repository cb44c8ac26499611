"""The report of `unifiedvit-train explain`: metrics of the methods, curves, and their maps on some slices."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from UnifiedViTLib.outputs.colour_maps import over_image

from ...config import Project
from ...data.dataset import SliceSet, pictures
from ...reports.page import Gallery, Picture, Section, Table, Text, figure_uri, image_uri, render_page
from ...reports.style import COLOURS
from ..metric_labels import format_estimate
from ..worst_cases import outlined
from .metrics import MeasuredMaps

#: In words, and whether more is better.
WORDS = {
    "pointing": "Strongest place in the lesion", "precision": "Average precision", "mass": "Share inside the lesion",
    "noise": "Same under noise", "shift": "Same under a shift", "contrast": "Same under contrast",
    "deletion": "Deletion (less is better)", "insertion": "Insertion", "randomised": "Same with random weights "
    "(less is better)",
}
_SHOWN = 6


def explanation_text(methods: dict[str, MeasuredMaps], best: str, ranks: dict[str, float]) -> str:
    """A table for the terminal.

    Args:
        methods: what was measured, by method.
        best: name of the method that ranks first.
        ranks: mean rank by method.
    """
    lines = [f"{'':<22}" + "".join(f"{name:>24}" for name in methods)]
    for key in WORDS:
        lines.append(f"{key:<22}" + "".join(f"{format_estimate(maps.metrics[key]):>24}" for maps in methods.values()))
    lines.append(f"{'mean rank':<22}" + "".join(f"{ranks[name]:>24.2f}" if name in ranks else f"{'–':>24}"
                                                for name in methods))
    return "\n".join([*lines, f"Best: {_first(best, ranks)}"])


def _first(best: str, ranks: dict[str, float]) -> str:
    """The method that ranks first, and those that rank as high, for people."""
    return ", ".join([best, *(name for name, rank in ranks.items() if name != best and rank == ranks[best])])


def explanation_page(project: Project, side: str, slices: SliceSet, indices: np.ndarray,
                     methods: dict[str, MeasuredMaps], best: str, ranks: dict[str, float]) -> str:
    """The whole report as HTML.

    Args:
        project: of the run.
        side: which the slices are of.
        slices: of the dataset.
        indices: (N,) places of the slices that were measured.
        methods: by method; the maps are in the order of `indices`.
        best: the method chosen.
        ranks: mean rank of each method that could be chosen.
    """
    share = (np.asarray(slices.masks[indices]) > 0).mean()
    table = Table(
        ["", *methods],
        [*([label, *(format_estimate(maps.metrics[key]) for maps in methods.values())] for key, label in WORDS.items()),
         ["Mean rank", *(ranks.get(name) for name in methods)]],
        "Means with 95 % intervals, groups resampled.",
    )
    sections = [
        Section("Methods", [
            Text(f"The best mean rank over all metrics but the last: {_first(best, ranks)}. A map like that of random "
                 "weights (Adebayo et al. 2018) would tell of the image alone. By chance, average precision and the "
                 f"share inside the lesion are {share:.3f}, the lesions' share of the images. A method that uses the "
                 "drawn mask is to be read beside the column of the drawn mask."),
            table, Picture(figure_uri(_metrics(methods)), "The metrics with their intervals."),
        ]),
        Section("Deletion and insertion", [
            Text("Probability of the true class when the strongest pixels of a map are blurred (deletion), or put into "
                 "the blurred image (insertion)."),
            Picture(figure_uri(_curves(methods)), "Mean curves."),
        ]),
        Section("Maps", [Text("The expert's outline in blue."), *_galleries(project, slices, indices, methods)]),
    ]
    lead = (f"{project.model.name}. {side.capitalize()} side: {len(indices):,} slices with a lesion, of "
            f"{len(np.unique(slices.groups[indices])):,} groups; the true class is explained. Research use only.")
    return render_page("Explanations", sections, lead)


def _metrics(methods: dict[str, MeasuredMaps]) -> Figure:
    figure = Figure(figsize=(9.6, 6.4), layout="constrained")
    for axes, (key, label) in zip(figure.subplots(3, 3).ravel(), WORDS.items(), strict=True):
        for n, maps in enumerate(methods.values()):
            estimate = maps.metrics[key]
            if estimate.low is not None:
                axes.hlines(n, estimate.low, estimate.high, color=COLOURS[n], linewidth=2)
            axes.scatter(estimate.value, n, color=COLOURS[n], s=24, zorder=3)
        axes.set_yticks(range(len(methods)), list(methods), fontsize=8)
        axes.set_ylim(len(methods) - 0.5, -0.5)
        axes.set_xlim(min(-0.03, *axes.get_xlim()), 1.03)
        axes.set_title(label, fontsize=9, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", color="#e4e8ed", linewidth=0.6)
    return figure


def _curves(methods: dict[str, MeasuredMaps]) -> Figure:
    figure = Figure(figsize=(9.6, 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2, sharey=True), ("deletion", "insertion"), strict=True):
        for n, (method, maps) in enumerate(methods.items()):
            curve = getattr(maps, name)
            axes.plot(np.linspace(0, 1, len(curve)), curve, color=COLOURS[n], marker="o", markersize=3, label=method)
        axes.set(title=name.capitalize(), xlabel="share of the pixels", ylim=(0, 1.02))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#e4e8ed", linewidth=0.6)
    axes.legend(frameon=False, fontsize=8)
    return figure


def _galleries(project: Project, slices: SliceSet, indices: np.ndarray, methods: dict[str, MeasuredMaps]
               ) -> list[Gallery]:
    names = [card.display for card in project.model.classes]
    rows = np.unique(np.linspace(0, len(indices) - 1, _SHOWN).round().astype(int))
    galleries = []
    for row in rows:
        place = indices[row]
        plain = outlined(pictures(slices.images[place : place + 1])[0], slices.masks[place], None)
        row_pictures = [Picture(image_uri(plain), names[slices.labels[place]])]
        for method, measured in methods.items():
            percent = np.kron(100 * measured.maps[row].astype(np.float32), np.ones((2, 2), np.float32))
            row_pictures.append(Picture(image_uri(over_image(plain, percent)), method))
        galleries.append(Gallery(row_pictures))
    return galleries
