"""Texts of models and files in widgets that take what looks like HTML for HTML; times in words."""

from __future__ import annotations

import html

from slicer.i18n import tr as _


def inTime(seconds):
    """How long something still takes, in words."""
    if seconds < 60:
        return _("{seconds:.0f} s").format(seconds=seconds)
    minutes = round(seconds / 60)
    return (_("{minutes} min").format(minutes=minutes) if minutes < 60 else
            _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60))


def shortened(text, length):
    """A text of at most so many characters. Not elided by Qt: PythonQt cannot return font metrics."""
    return text if len(text) <= length else f"{text[:length - 1].rstrip()}…"


def asShown(text):
    """A text for a tool tip or a message box, shown letter by letter."""
    return "<qt>" + html.escape(text).replace("\n", "<br>") + "</qt>"
