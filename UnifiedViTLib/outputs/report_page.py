"""The HTML of a report: elements whose texts are escaped when the page is written, and diagrams made of them.

Neither a template engine nor a plotting library is needed: in Slicer's own process none can be relied on (Jinja2 comes
with torch, which those who compute with OpenVINO do not have).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, tostring

from .colour_maps import colour_of

_INK, _EMPTY, _GRID = "#1c2430", "#e9edf1", "#d5dae0"
_BAR_WIDTH, _BAR_HEIGHT = 320, 14
_CURVES_WIDTH, _CURVES_HEIGHT = 860, 150
_STYLE = """body{font:15px/1.45 system-ui,sans-serif;color:#1c2430;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:0}h1 span{font-weight:normal}
h1 .review{font-size:1rem;font-weight:600;background:#8a4b00;color:#fff;padding:.15rem .6rem;border-radius:4px}
.notice{background:#fff3cd;border:1px solid #e0c36a;padding:.4rem .8rem;border-radius:4px}
.warning{background:#fdecea;border:1px solid #f0b4ae;padding:.4rem .8rem;border-radius:4px;margin:.4rem 0}
table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:middle}
.slices{display:flex;flex-wrap:wrap;gap:4px;background:#000;padding:4px}figure{margin:0}
figcaption{color:#cfd6de;font-size:11px;text-align:center}small{color:#5f6b77}"""


def element(tag: str, *content: Element | str, **attributes: str | float) -> Element:
    """An HTML or SVG element.

    Args:
        tag: its name.
        content: elements and texts in it, in their order; texts are escaped when the page is written.
        attributes: their names with "_" for "-"; "class_" is "class".
    """
    parent = Element(tag, {name.rstrip("_").replace("_", "-"): str(value) for name, value in attributes.items()})
    last: Element | None = None
    for child in content:
        if isinstance(child, Element):
            parent.append(child)
            last = child
        elif last is None:
            parent.text = (parent.text or "") + child
        else:  # ElementTree keeps a text with the element that it follows
            last.tail = (last.tail or "") + child
    return parent


def render_page(title: str, body: Iterable[Element]) -> str:
    """The whole page, which needs no network.

    Args:
        title: of the window.
        body: what stands on the page.
    """
    head = element("head", element("meta", charset="utf-8"), element("title", title), element("style", _STYLE))
    page = element("html", head, element("body", *body), lang="en")
    return "<!doctype html>" + tostring(page, encoding="unicode", method="html") + "\n"


def table(rows: Iterable[Sequence[Element | str]]) -> Element:
    """Rows of cells, each a text or an element."""
    return element("table", *(element("tr", *(element("td", cell) for cell in row)) for row in rows))


def probability_bar(probability: float, number: int, threshold: float | None) -> Element:
    """A bar from 0 to 100 %.

    Args:
        probability: its length.
        number: place of its class, for its colour.
        threshold: where a line stands; None for none.
    """
    bar = element("svg", element("rect", width=_BAR_WIDTH, height=_BAR_HEIGHT, fill=_EMPTY),
                  element("rect", width=f"{_BAR_WIDTH * probability:.1f}", height=_BAR_HEIGHT, fill=colour_of(number)),
                  width=_BAR_WIDTH, height=_BAR_HEIGHT)
    if threshold is not None:
        bar.append(element("rect", x=f"{_BAR_WIDTH * threshold - 1:.1f}", width=2, height=_BAR_HEIGHT, fill=_INK,
                           class_="threshold"))
    return bar


def slice_curves(series: list[list[float]], first: int) -> list[Element]:
    """A line a class over the slices, from 0 to 1 upwards, and how to read it.

    Args:
        series: for each class its values.
        first: number of the first slice.
    """
    width, height, count = _CURVES_WIDTH, _CURVES_HEIGHT, len(series[0])
    grid = [element("line", x2=width, y1=height * y, y2=height * y, stroke=_GRID) for y in (0, 0.5, 1)]
    lines = []
    for number, values in enumerate(series):
        values = values if count > 1 else values * 2  # a point is a level line
        step = width / (len(values) - 1)
        points = " ".join(f"{n * step:.1f},{height * (1 - value):.1f}" for n, value in enumerate(values))
        lines.append(element("polyline", points=points, fill="none", stroke=colour_of(number), stroke_width=2))
    diagram = element("svg", *grid, *lines, viewBox=f"-2 -4 {width + 4} {height + 8}", style="width:100%")
    return [diagram, element("small", f"0 to 100 % upwards; slice {first} to {first + count - 1} from left to right; "
                             "colours as above")]
