"""What the panel asks of the application's looks: colours that can be read on a light and on a dark ground, sizes that
follow the font, and the keys of its tables."""

from __future__ import annotations

import qt
import slicer

#: Letters with all that a line has room for.
_HIGH_AND_LOW = "Xg"
_BAD, _QUIET = ("#b3261e", "#ff9a91"), ("#5f6b77", "#b4bec8")


def isDark():
    """Whether the application's style is a dark one."""
    return slicer.app.palette().color(qt.QPalette.Window).lightness() < 128


def badColour():
    """Of a sentence that says what went wrong."""
    return _BAD[isDark()]


def quietColour():
    """Of what matters less."""
    return _QUIET[isDark()]


def pixelRatio():
    """Pixels of the screen for one of Qt's; 1 where the application's Python does not know them."""
    ratio = getattr(slicer.app, "devicePixelRatio", None)
    return float(ratio()) if ratio else 1.0


def textHeight():
    """Of a line in the application's font, in Qt's pixels. Not from font metrics: PythonQt cannot return them."""
    return qt.QLabel(_HIGH_AND_LOW).sizeHint.height()


def fitHeight(table, most):
    """Make a table as high as its rows, but not higher than `most` lines of text and its header."""
    rows = sum(table.rowHeight(row) for row in range(table.rowCount))
    line = textHeight() + 6
    height = line + 10 + min(max(rows, line), most * line)  # the first line is the header
    table.setMinimumHeight(height)
    table.setMaximumHeight(height)


def keepNarrow(*labels):
    """A name or a path without blanks is cut off where it does not fit: else Qt makes the panel as wide."""
    for label in labels:
        label.setMinimumWidth(1)


def onEnter(table, activated):
    """Have the keys Return and Enter do in a table what a double click does.

    Args:
        table: a QTableWidget.
        activated: called with the number of the current row.

    Returns:
        shortcuts, to be kept as those of `onKey`.
    """
    def act():
        if table.currentRow() >= 0:
            activated(table.currentRow())

    return [onKey(table, key, act) for key in ("Return", "Enter")]


def onKey(widget, key, act):
    """Call something when a key is pressed in a widget or in what lies in it. Whoever asks keeps the shortcut that is
    returned: Qt does not say whose it is."""
    shortcut = qt.QShortcut(qt.QKeySequence(key), widget)
    shortcut.setContext(qt.Qt.WidgetWithChildrenShortcut)
    shortcut.connect("activated()", act)
    return shortcut
