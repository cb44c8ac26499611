"""Texts from files and models, made harmless for the place where they are shown."""

from __future__ import annotations

import re
import unicodedata

#: Characters that are no text: controls, halves of surrogate pairs, and marks that turn the order of letters around, so
#: that a name reads as another one.
_NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}
_TURNING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Where in its own source a library (OpenVINO, ITK) raised, which it says before what happened.
_PLACES = re.compile(r"Exception from \S+:\d+:|Check '.*?' failed at \S+:\d+:|FrontEnd API failed with \w+:|"
                     r"ITK ERROR: (\w+\(0x[0-9a-f]+\): )?")
#: Folders before the name of a file.
_FOLDERS = re.compile(r"(?<![\w.])(?:[A-Za-z]:)?(?:[\\/][^\s\\/'\"]*)*[\\/](?=[^\s\\/'\"])")
_MOST_REASON = 200
#: A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Names that Windows keeps for devices, with any ending.
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$",
            *(f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789")}


def is_plain(text: str) -> bool:
    """Whether a text is one line of letters and signs, without control characters and what else is not to be seen."""
    return not any(_is_no_text(character) for character in text)


def printable(text: str) -> str:
    """For a terminal or a log: what is no text is written as an escape, line breaks apart, so that nothing of a file's
    name or a library's message moves the cursor, and any text can be encoded."""
    return "".join(
        character.encode("unicode_escape").decode("ascii") if character != "\n" and _is_no_text(character)
        else character for character in text
    )


def error_reason(error: Exception) -> str:
    """What an exception of a library or of the system says, for use within a sentence: in one line, without places in
    the library's source and folders of this computer, and not at length."""
    system = error.strerror if isinstance(error, OSError) else None
    text = _PLACES.sub(" ", " ".join((system or str(error)).split()))
    reason = printable(" ".join(_FOLDERS.sub("", text).split())).rstrip(".")
    if len(reason) > _MOST_REASON:
        reason = reason[:_MOST_REASON].rpartition(" ")[0] + " ..."
    return reason or type(error).__name__


def table_cell(text: str) -> str:
    """For a cell of a table that a spreadsheet may open: an apostrophe before what it would compute."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def delimited(text: str) -> tuple[str, str]:
    """A table as text, and what stands between its cells: comma, semicolon or tab, whichever its first line has most
    of, or what Excel's own first line says ("sep=;"), which is taken out. Lines keep their numbers."""
    first, end, rest = text.partition("\n")
    if len(said := first.strip().strip('"')) == 5 and said.lower().startswith("sep="):
        header, end, rest = rest.partition("\n")
        return f"{header}{end}\n{rest}", said[-1]  # an empty line, which readers pass over, in its place
    return text, max(",;\t", key=first.count)


def percents(probability: float, threshold: float, digits: int = 0) -> tuple[str, str]:
    """Both in percent, with as many decimals as tell them apart: 90.8% is not to be told as 91%, under 91%.

    Args:
        probability, threshold: 0 to 1.
        digits: decimals where they are enough.
    """
    for decimals in range(digits, 17):
        one, other = f"{probability:.{decimals}%}", f"{threshold:.{decimals}%}"
        if one != other or probability == threshold:
            break
    return one, other


def is_portable_name(name: str) -> bool:
    """Whether every system can have a file of this name: no device of Windows, nor an end that Windows drops."""
    return name.partition(".")[0].rstrip(" ").lower() not in _DEVICES and not name.endswith((".", " "))


def _is_no_text(character: str) -> bool:
    return unicodedata.category(character) in _NO_TEXT or character in _TURNING
