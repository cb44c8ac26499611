"""Texts of models and files in widgets that take what looks like HTML for HTML."""

from __future__ import annotations

import html


def shortened(text, length):
    """A text of at most so many characters. Not elided by Qt: PythonQt cannot return font metrics."""
    return text if len(text) <= length else f"{text[:length - 1].rstrip()}…"


def asShown(text):
    """A text for a tool tip or a message box, shown letter by letter."""
    return "<qt>" + html.escape(text).replace("\n", "<br>") + "</qt>"
