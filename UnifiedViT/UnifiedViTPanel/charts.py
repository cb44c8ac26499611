"""The two small charts of a result, painted with Qt alone (Slicer brings no plotting library) and as wide as their
place."""

from __future__ import annotations

from itertools import pairwise

import qt
from slicer.i18n import tr as _

from UnifiedViTLib.outputs.colour_maps import colour_of

from .texts import shortened

_ROW, _TEXT, _QUIET = 20, "#1c2430", "#8a94a0"


class ResizeFilter(qt.QObject):
    """Tells when a widget has become wider or narrower. Whoever makes it keeps it: Qt does not.

    Args:
        widget: the widget.
        resized: called with the new width, in pixels.
    """

    def __init__(self, widget, resized):
        qt.QObject.__init__(self)
        self._resized, self._width = resized, widget.width
        widget.installEventFilter(self)

    def eventFilter(self, widget, event):
        """Of every event of the widget; True would keep it from the widget."""
        if event.type() == qt.QEvent.Resize and widget.width != self._width:
            self._width = widget.width
            self._resized(self._width)
        return False


def classesChart(displayNames, probabilities, width, thresholds=None):
    """A bar a class. `probabilities`: 0..1, in the order of `displayNames`. `thresholds`: likewise, for findings that
    may be there at once; a line marks each, and what does not reach it is pale. Returns a pixmap."""
    pixmap, painter = _canvas(width, _ROW * len(displayNames) + 4)
    left = min(150, width // 3)
    room = max(10, width - left - 48)
    for n, (display, probability) in enumerate(zip(displayNames, probabilities, strict=True)):
        top = 2 + n * _ROW
        painter.setPen(qt.QColor(_TEXT))
        painter.drawText(0, top, left - 6, _ROW, qt.Qt.AlignVCenter | qt.Qt.AlignRight,
                         shortened(display, left // 7))
        painter.fillRect(left, top + 4, room, _ROW - 8, qt.QColor("#e9edf1"))
        colour = qt.QColor(colour_of(n))
        if thresholds and probability < thresholds[n]:
            colour.setAlpha(110)
        painter.fillRect(left, top + 4, round(room * probability), _ROW - 8, colour)
        if thresholds:
            painter.fillRect(left + round(room * thresholds[n]) - 1, top + 2, 2, _ROW - 4, qt.QColor(_TEXT))
        painter.drawText(left + room + 4, top, 44, _ROW, qt.Qt.AlignVCenter, f"{probability:.0%}")
    painter.end()
    return pixmap


def slicesChart(series, width, first=1, height=96):
    """A line a class over the slices.

    Args:
        series: one list of probabilities (0..1) a class, in the order of the slices.
        width, height: in pixels.
        first: number of the first slice.
    """
    pixmap, painter = _canvas(width, height)
    left, right, top, bottom = 42, width - 8, 6, height - 18
    painter.setPen(qt.QColor("#d5dae0"))
    for share in (0.0, 0.5, 1.0):
        y = round(bottom - share * (bottom - top))
        painter.drawLine(left, y, right, y)
    painter.setPen(qt.QColor(_QUIET))
    for share in (0.0, 0.5, 1.0):
        y = round(bottom - share * (bottom - top))
        painter.drawText(0, y - 8, left - 5, 16, qt.Qt.AlignVCenter | qt.Qt.AlignRight, f"{share:.0%}")
    count = len(series[0])
    painter.drawText(left, bottom + 2, 120, 16, qt.Qt.AlignLeft, str(first))
    painter.drawText(right - 120, bottom + 2, 120, 16, qt.Qt.AlignRight, str(first + count - 1))
    painter.drawText(left, bottom + 2, right - left, 16, qt.Qt.AlignHCenter, _("slice"))
    step = (right - left) / max(1, count - 1)
    for n, values in enumerate(series):
        painter.setPen(qt.QPen(qt.QColor(colour_of(n)), 2))
        places = [(round(left + k * step), round(bottom - value * (bottom - top))) for k, value in enumerate(values)]
        if count == 1:
            painter.drawLine(left, places[0][1], right, places[0][1])
        for (x0, y0), (x1, y1) in pairwise(places):
            painter.drawLine(x0, y0, x1, y1)
    painter.end()
    return pixmap


def _canvas(width, height):
    pixmap = qt.QPixmap(width, height)
    pixmap.fill(qt.QColor("#ffffff"))
    painter = qt.QPainter()
    painter.begin(pixmap)
    painter.setRenderHint(qt.QPainter.Antialiasing)
    return pixmap, painter
