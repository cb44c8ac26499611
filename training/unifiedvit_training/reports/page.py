"""The page that all reports share: a title, sections of text, tables and pictures, in one file without a network.

    html = render_page("Data of brain-t1ce", [Section("Split", [Text("By patient."), Table(["side"], [["train"]])])])
    file.write_text(html, encoding="utf-8")
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure
from PIL import Image

_TEMPLATES = Environment(
    loader=PackageLoader(__package__ or ""), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)


class Block:
    """What stands in a section."""

    @property
    def kind(self) -> str:
        """What the template calls it: "text", "table", "picture" or "gallery"."""
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Text(Block):
    """A paragraph; `tone` "warning" or "error" puts it into a coloured box."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Table(Block):
    """Rows of cells below a header. Texts stand left; numbers stand right, fractions with three digits."""

    header: Sequence[str]
    rows: Sequence[Sequence[str | int | float | None]]
    caption: str = ""

    def shown(self) -> list[list[tuple[str, bool]]]:
        """For each row its cells: (text, whether it is a number)."""
        return [[_cell(value) for value in row] for row in self.rows]


@dataclass(frozen=True)
class Picture(Block):
    """`uri`: from `figure_uri` or `image_uri`. `caption` doubles as the text for those who cannot see it."""

    uri: str
    caption: str = ""


@dataclass(frozen=True)
class Gallery(Block):
    """Small pictures side by side."""

    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Block]


def render_page(title: str, sections: Sequence[Section], lead: str = "") -> str:
    """The whole page as HTML; every text is escaped.

    Args:
        title: of the page.
        sections: in their order.
        lead: a sentence or two below the title.
    """
    return _TEMPLATES.get_template("page.html").render(title=title, sections=sections, lead=lead)


def figure_uri(figure: Figure) -> str:
    """A matplotlib figure of lines and bars as a data URI: a PNG of 64 colours."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, bbox_inches="tight", facecolor="white")
    image = Image.open(file).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    return _uri(image, "png")


def image_uri(pixels: np.ndarray) -> str:
    """Pixels (H, W) or (H, W, 3), uint8, as a JPEG's data URI."""
    return _uri(Image.fromarray(pixels), "jpeg", quality=82)


def _uri(image: Image.Image, kind: str, **options: int) -> str:
    file = io.BytesIO()
    image.save(file, kind, optimize=True, **options)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def _cell(value: str | int | float | None) -> tuple[str, bool]:
    if value is None:
        return "–", True
    if isinstance(value, (bool, str)):
        return str(value), False
    if isinstance(value, (int, np.integer)):
        return f"{value:,}", True
    return f"{value:.3f}", True
