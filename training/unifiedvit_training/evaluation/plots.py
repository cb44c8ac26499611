"""The figures (pictures) of an evaluation; colours that the colour-blind can tell apart (Okabe and Ito 2008)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score, roc_curve

from ..reports.style import COLOURS, plain
from .selective import Curve

_BINS = 15


def confusion_figure(confusion: np.ndarray, names: Sequence[str]) -> Figure:
    """Counts and shares of each row; `confusion` (C, C) by true (rows) and said class."""
    side = 1.9 + 0.85 * len(names)
    figure, axes = _empty(side + 0.8, side)
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(confusion.shape):
        axes.text(column, row, f"{confusion[row, column]}\n{shares[row, column]:.0%}", ha="center", va="center",
                  color="white" if shares[row, column] > 0.6 else "black", fontsize=9)
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("said")
    axes.set_ylabel("true")
    return figure


def reliability_figure(before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> Figure:
    """How often answers of a confidence are right, before and after calibration.

    Args:
        before, after: (N, C) probabilities.
        labels: (N,) or, multi-label, (N, C), -1 where not known.
    """
    figure = Figure(figsize=(8.4, 4.2))
    left, right = figure.subplots(1, 2, gridspec_kw={"wspace": 0.28})
    left.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--")
    edges = np.linspace(0, 1, _BINS + 1)
    for name, probabilities, colour in (("uncalibrated", before, COLOURS[1]), ("calibrated", after, COLOURS[0])):
        confidence, truth = _answers(probabilities, labels)
        place = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
        count = np.bincount(place, minlength=_BINS)
        filled = count > 0
        mean, share = (np.bincount(place, weights=value, minlength=_BINS)[filled] / count[filled]
                       for value in (confidence, truth))
        left.plot(mean, share, color=colour, linewidth=1, alpha=0.6)
        left.scatter(mean, share, s=10 + 150 * count[filled] / count.sum(), color=colour, zorder=3, clip_on=False)
        right.stairs(count / count.sum(), edges, color=colour, label=name, linewidth=1.5)
    axis_label = "confidence of the answer" if labels.ndim == 1 else "probability of a label"
    left.set(xlabel=axis_label, ylabel="share of right answers" if labels.ndim == 1 else "share that is true",
             xlim=(0, 1), ylim=(0, 1.02))
    right.set(xlabel=axis_label, ylabel="share of answers", xlim=(0, 1))
    right.legend(loc="upper left", frameon=False)
    for axes in (left, right):
        plain(axes)
    return figure


def _answers(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of every answer, and whether it is right (1) or, multi-label, the label is true."""
    known = labels >= 0
    if labels.ndim == 2:
        return probabilities[known], labels[known].astype(float)
    return probabilities[known].max(axis=1), (probabilities[known].argmax(axis=1) == labels[known]).astype(float)


def roc_figure(probabilities: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> Figure | None:
    """ROC curves, one class against the rest; None if no class can be told from another.

    Args:
        probabilities: (N, C).
        labels: (N,) or, multi-label, (N, C), -1 where not known.
        names: of the C classes.
    """
    figure, axes = _empty(5.2, 4.6)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--")
    drawn = 0
    for c, name in enumerate(names):
        known = (labels if labels.ndim == 1 else labels[:, c]) >= 0
        truth = (labels[known] == c) if labels.ndim == 1 else labels[known, c] == 1
        if truth.all() or not truth.any():
            continue
        wrong, right, _ = roc_curve(truth, probabilities[known, c])
        area = roc_auc_score(truth, probabilities[known, c])
        axes.plot(wrong, right, color=COLOURS[c % len(COLOURS)], label=f"{name} ({area:.3f})",
                  linestyle="-" if c < len(COLOURS) else ":")
        drawn += 1
    if not drawn:
        return None
    axes.set(xlabel="share of others taken for it", ylabel="share of it recognised", xlim=(-0.01, 1.01),
             ylim=(-0.01, 1.01))
    axes.legend(loc="lower right", frameon=False, fontsize=9, title="class (area under the curve)", title_fontsize=9)
    plain(axes)
    return figure


def risk_figure(curves: dict[str, Curve]) -> Figure:
    """Risk over coverage, a line for each name; the first few answers, of which each one counts much, are left out."""
    figure, axes = _empty(6.4, 4.2)
    highest = 0.0
    for n, (name, curve) in enumerate(curves.items()):
        shown = curve.coverage >= 0.05
        axes.plot(curve.coverage[shown], curve.risk[shown], color=COLOURS[n % len(COLOURS)], label=name)
        highest = max(highest, float(curve.risk[shown].max()))
    axes.set(xlabel="coverage: share of the answers that are kept", ylabel="risk: share of these that are wrong",
             xlim=(0, 1), ylim=(0, 1.05 * max(highest, 0.01)))
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    plain(axes)
    return figure


def strip_figure(values: dict[str, np.ndarray], label: str) -> Figure:
    """Every value as a dot, with a box of the quartiles and a line at the mean, for each name."""
    names = list(values)
    figure, axes = _empty(2.0 + 1.4 * len(names), 4.2)
    generator = np.random.default_rng(0)
    for n, name in enumerate(names):
        side = n + 1 + generator.uniform(-0.26, 0.26, len(values[name]))
        axes.scatter(side, values[name], s=7, alpha=0.35, color=COLOURS[n % len(COLOURS)], linewidths=0)
        axes.hlines(values[name].mean(), n + 0.66, n + 1.34, color=COLOURS[1], linewidth=2, zorder=4)
    axes.boxplot(list(values.values()), showfliers=False, widths=0.6, medianprops={"color": "black"}, zorder=3)
    axes.set_xticks(range(1, len(names) + 1), [f"{name}\n{len(values[name])} slices" for name in names])
    axes.set(ylabel=label, ylim=(-0.03, 1.03))
    plain(axes)
    return figure


def size_figure(sizes: dict[str, np.ndarray], dice: dict[str, np.ndarray]) -> Figure:
    """Dice against the size of the lesion (pixels, logarithmic), a colour for each name."""
    figure, axes = _empty(6.4, 4.2)
    for n, name in enumerate(sizes):
        axes.scatter(sizes[name], dice[name], s=12, alpha=0.5, color=COLOURS[n % len(COLOURS)], linewidths=0,
                     label=name)
    axes.set_xscale("log")
    axes.set(xlabel="pixels of the true lesion, on the network's grid", ylabel="Dice", ylim=(-0.03, 1.03))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, fontsize=9, handletextpad=0.2)
    plain(axes)
    return figure


def difference_figure(rows: Sequence[tuple[str, float, float, float]]) -> Figure:
    """Differences with their intervals, one below the other; a row is (name, difference, low, high)."""
    figure, axes = _empty(6.8, 0.9 + 0.34 * len(rows))
    for n, (_, value, low, high) in enumerate(rows):
        colour = COLOURS[7] if low <= 0 <= high else COLOURS[0]
        axes.hlines(n, low, high, color=colour, linewidth=2.5)
        axes.scatter(value, n, color=colour, s=32, zorder=3)
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.invert_yaxis()
    plain(axes)
    return figure


def pairs_figure(first: np.ndarray, second: np.ndarray, names: tuple[str, str], label: str) -> Figure:
    """The same slices under two networks: (N,) values against each other.

    Args:
        first, second: (N,) values, 0 to 1.
        names: of the two networks.
        label: what the values are.
    """
    figure, axes = _empty(4.8, 4.6)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--")
    axes.scatter(first, second, s=10, alpha=0.45, color=COLOURS[0], linewidths=0)
    axes.set(xlabel=f"{label}, {names[0]}", ylabel=f"{label}, {names[1]}", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    plain(axes)
    return figure


def _empty(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()

