"""How all plots look; colours that the colour-blind can tell apart (Okabe and Ito 2008)."""

from __future__ import annotations

from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")


def plain(axes: Axes) -> None:
    """The look that all pictures share: a light grid behind, no frame above and to the right."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e8ed", linewidth=0.6)
    axes.set_axisbelow(True)
