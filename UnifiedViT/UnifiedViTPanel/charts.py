"""The two small charts of a result, painted with Qt alone (Slicer brings no plotting library) and as wide as their
place."""

from __future__ import annotations

from itertools import pairwise

import qt
from slicer.i18n import tr as _

from UnifiedViTLib.outputs.colour_maps import colour_of

from .appearance import isDark, pixelRatio, textHeight
from .texts import shortened

#: Heights in Qt's pixels, of a row at least and of a line of text on a plain screen.
_ROW, _PLAIN_TEXT = 20, 17
#: On a light ground, and on a dark one: ground, text, quiet text, lines, what is left of a bar.
_LIGHT = "#ffffff", "#1c2430", "#6b7682", "#d5dae0", "#e9edf1"
_DARK = "#26282b", "#f0f2f4", "#b4bec8", "#4a4f55", "#3a3e43"
#: How much lighter the classes' colours are on a dark ground, in percent.
_LIGHTER = 150


class RedrawFilter(qt.QObject):
    """Tells when a widget has become wider or narrower, or its colours are others. Whoever makes it keeps it: Qt does
    not.

    Args:
        widget: the widget.
        redraw: called then.
    """

    def __init__(self, widget, redraw):
        qt.QObject.__init__(self)
        self._redraw, self._width = redraw, widget.width
        widget.installEventFilter(self)

    def eventFilter(self, widget, event):
        """Of every event of the widget; True would keep it from the widget."""
        isResized = event.type() == qt.QEvent.Resize and widget.width != self._width
        if isResized or event.type() == qt.QEvent.PaletteChange:
            self._width = widget.width
            self._redraw()
        return False


def colourOn(number):
    """Name of a class's colour, as on the application's ground; `number`: of the class, from 0."""
    colour = qt.QColor(colour_of(number))
    return (colour.lighter(_LIGHTER) if isDark() else colour).name()


def classesChart(displayNames, probabilities, width, thresholds=None):
    """A bar a class. `probabilities`: 0..1, in the order of `displayNames`. `thresholds`: likewise, for findings that
    may be there at once; a line marks each, and what does not reach it is pale. Returns a pixmap."""
    row, unit = _sizes()
    pixmap, painter = _canvas(width, row * len(displayNames) + 4)
    _ground, text, _quiet, _line, rest = _colours()
    left, right = min(round(150 * unit), width // 3), round(48 * unit)
    room = max(10, width - left - right)
    for n, (display, probability) in enumerate(zip(displayNames, probabilities, strict=True)):
        top = 2 + n * row
        painter.setPen(qt.QColor(text))
        painter.drawText(0, top, left - 6, row, qt.Qt.AlignVCenter | qt.Qt.AlignRight,
                         shortened(display, round(left / unit) // 7))
        painter.fillRect(left, top + 4, room, row - 8, qt.QColor(rest))
        colour = qt.QColor(colourOn(n))
        if thresholds and probability < thresholds[n]:
            colour.setAlpha(110)
        painter.fillRect(left, top + 4, round(room * probability), row - 8, colour)
        if thresholds:
            painter.fillRect(left + round(room * thresholds[n]) - 1, top + 2, 2, row - 4, qt.QColor(text))
        painter.drawText(left + room + 4, top, right - 4, row, qt.Qt.AlignVCenter, f"{probability:.0%}")
    painter.end()
    return pixmap


def slicesChart(series, width, first=1):
    """A line a class over the slices.

    Args:
        series: one list of probabilities (0..1) a class, in the order of the slices.
        width: in pixels.
        first: number of the first slice.
    """
    row, unit = _sizes()
    pixmap, painter = _canvas(width, 76 + row)
    _ground, _text, quiet, line, _rest = _colours()
    left, right, top, bottom = round(42 * unit), width - 8, row // 2 - 4, 78
    painter.setPen(qt.QColor(line))
    for share in (0.0, 0.5, 1.0):
        y = round(bottom - share * (bottom - top))
        painter.drawLine(left, y, right, y)
    painter.setPen(qt.QColor(quiet))
    for share in (0.0, 0.5, 1.0):
        y = round(bottom - share * (bottom - top))
        painter.drawText(0, y - row // 2, left - 5, row, qt.Qt.AlignVCenter | qt.Qt.AlignRight, f"{share:.0%}")
    count = len(series[0])
    for where, words in ((qt.Qt.AlignLeft, str(first)), (qt.Qt.AlignRight, str(first + count - 1)),
                         (qt.Qt.AlignHCenter, _("slice"))):
        painter.drawText(left, bottom, right - left, row - 2, where | qt.Qt.AlignVCenter, words)
    step = (right - left) / max(1, count - 1)
    for n, values in enumerate(series):
        painter.setPen(qt.QPen(qt.QColor(colourOn(n)), 2))
        places = [(round(left + k * step), round(bottom - value * (bottom - top))) for k, value in enumerate(values)]
        if count == 1:
            painter.drawLine(left, places[0][1], right, places[0][1])
        for (x0, y0), (x1, y1) in pairwise(places):
            painter.drawLine(x0, y0, x1, y1)
    painter.end()
    return pixmap


def _colours():
    return _DARK if isDark() else _LIGHT


def _sizes():
    """Height of a row, and how large the application's font is against that of a plain screen."""
    height = textHeight()
    return max(_ROW, height + 4), max(1.0, height / _PLAIN_TEXT)


def _canvas(width, height):
    """A pixmap of this size on the panel, as fine as the screen, and a painter on it."""
    ratio = pixelRatio()
    pixmap = qt.QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(qt.QColor(_colours()[0]))
    painter = qt.QPainter()
    painter.begin(pixmap)
    painter.setRenderHint(qt.QPainter.Antialiasing)
    return pixmap, painter
