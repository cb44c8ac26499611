"""The page that all reports share: a title, sections of text, tables and pictures, in one file without a network.

    html = render_page("Data of brain-t1ce", [Section("Split", [Text("By patient."), Table(["side"], [["train"]])])])
    file.write_text(html, encoding="utf-8")
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure
from PIL import Image

_TEMPLATES = Environment(
    loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True)
class Text:
    """A paragraph; `tone` "warning" or "error" puts it into a coloured box."""

    text: str
    tone: str = ""
    kind: str = field(default="text", init=False)


@dataclass(frozen=True)
class Table:
    """Rows of cells below a header. Texts stand left; numbers stand right, fractions with three digits."""

    header: Sequence[str]
    rows: Sequence[Sequence[str | int | float | None]]
    caption: str = ""
    kind: str = field(default="table", init=False)

    def shown(self) -> list[list[tuple[str, bool]]]:
        """For each row its cells: (text, whether it is a number)."""
        return [[_cell(value) for value in row] for row in self.rows]


@dataclass(frozen=True)
class Picture:
    """`uri`: from `figure_uri` or `image_uri`. `caption` doubles as the text for those who cannot see it."""

    uri: str
    caption: str = ""
    kind: str = field(default="picture", init=False)


@dataclass(frozen=True)
class Gallery:
    """Small pictures side by side."""

    pictures: Sequence[Picture]
    kind: str = field(default="gallery", init=False)


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Text | Table | Picture | Gallery]


def render_page(title: str, sections: Sequence[Section], lead: str = "") -> str:
    """The whole page as HTML; every text is escaped.

    Args:
        lead: a sentence or two below the title.
    """
    return _TEMPLATES.get_template("page.html").render(title=title, sections=sections, lead=lead)


def figure_uri(figure: Figure, photograph: bool = False) -> str:
    """A matplotlib figure as a data URI.

    Args:
        photograph: True for grey images (JPEG); False for lines and bars (PNG of 64 colours).
    """
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, bbox_inches="tight", facecolor="white")
    return _uri(Image.open(file).convert("RGB"), photograph)


def image_uri(pixels: np.ndarray) -> str:
    """Pixels (H, W) or (H, W, 3), uint8, as a JPEG's data URI."""
    return _uri(Image.fromarray(pixels), photograph=True)


def _uri(image: Image.Image, photograph: bool) -> str:
    file = io.BytesIO()
    if photograph:
        image.save(file, "JPEG", quality=82, optimize=True)
    else:
        image.quantize(64, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    kind = "jpeg" if photograph else "png"
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def _cell(value: str | int | float | None) -> tuple[str, bool]:
    if value is None:
        return "–", True
    if isinstance(value, (bool, str)):
        return str(value), False
    if isinstance(value, (int, np.integer)):
        return f"{value:,}", True
    return f"{value:.3f}", True
