"""Names that come from outside, made fit for file names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from ..texts import is_portable_name, table_cell

#: Endings of all files that a result may have; a name is free if no file has it with any of these.
ENDINGS = (".json", ".seg.nrrd", ".html", ".png", ".heatmap.nrrd", ".uncertainty.nrrd", ".superres.nrrd",
           ".synthetic.seg.nrrd", ".superres.png", ".seg.dcm", ".sr.dcm", ".heatmap.dcm", ".uncertainty.dcm",
           ".picture.dcm")
#: A result's name has at most so many bytes: with an ending and a number, file systems allow 255.
_MOST_BYTES = 180
#: What no file name may hold on some system, and what is not to be seen.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]')


def safe_name(text: str) -> str:
    """A name for result files that every file system takes, no shell takes for an option, and no spreadsheet for a
    formula."""
    name = _FORBIDDEN.sub("_", text)
    while len(name.encode("utf-8")) > _MOST_BYTES:
        name = name[:-1]
    name = name.rstrip(". ")
    if not name or name[0] in ".~" or table_cell(name) != name or not is_portable_name(name):
        name = f"_{name.lstrip('.=+-@~')}"
    return name


def folded(name: str) -> str:
    """Equal for names that some file system takes for the same."""
    return unicodedata.normalize("NFC", name).casefold()


def unique_names(texts: Iterable[str]) -> list[str]:
    """`safe_name` of each, in their order, numbered where a file system would take it for an earlier one."""
    taken: set[str] = set()
    last: dict[str, int] = {}
    names = []
    for name in map(safe_name, texts):
        free = name
        while folded(free) in taken:
            last[folded(name)] = last.get(folded(name), 1) + 1
            free = numbered(name, last[folded(name)])
        taken.add(folded(free))
        names.append(free)
    return names


def numbered(name: str, number: int) -> str:
    """`name`, for 1; "name-2", "name-3" and so on."""
    return name if number == 1 else f"{name}-{number}"
