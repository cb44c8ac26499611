"""The table of a batch: a row an image and model, in words and numbers that can be sorted."""

from __future__ import annotations

import re
from pathlib import Path

import qt
from slicer.i18n import tr as _

from UnifiedViTLib.diagnosis import NONE
from UnifiedViTLib.outputs.files import model_name

from .appearance import badColour, onEnter, textHeight
from .sentences import inWords
from .texts import asShown, shortened

#: Of a row's items: the place of its line among all.
_PLACE = qt.Qt.UserRole
_REVIEW, _REVIEW_TEXT = "#fff3cd", "#5c4400"
#: Columns that begin with this width, in characters; the others are as wide as what is in them.
_WIDTHS = {0: 14, 2: 12}
_DIAGNOSIS, _MODEL = 2, 6
#: Characters of a model's id in the table, so that the panel may be narrow.
_LONGEST = 16


class BatchTable:
    """Fills a table with lines of results.csv as they come.

    Args:
        table: a QTableWidget of seven columns.
        activated: called with the line of a row that is double-clicked, or chosen with the Enter key.
    """

    def __init__(self, table, activated):
        self._table, self._activated = table, activated
        self._lines, self._places, self._folder, self._displays = [], {}, Path(), {}
        table.setSortingEnabled(True)
        table.horizontalHeader().setSortIndicator(-1, qt.Qt.AscendingOrder)
        for column in range(table.columnCount):
            if column in _WIDTHS:
                table.setColumnWidth(column, _WIDTHS[column] * textHeight() // 2)
            else:
                table.horizontalHeader().setSectionResizeMode(column, qt.QHeaderView.ResizeToContents)
        table.horizontalHeader().moveSection(_MODEL, 1)  # beside the image
        table.setColumnHidden(_MODEL, True)
        table.connect("cellDoubleClicked(int,int)", self.onDoubleClick)
        self._shortcuts = onEnter(table, lambda row: self.onDoubleClick(row, 0))

    def clear(self, folder, specs, hasSeveral):
        """Begin anew.

        Args:
            folder: of the images, whose names are shown within it.
            specs: the models.
            hasSeveral: whether rows may be of different models, which are named then.
        """
        self._lines, self._places, self._folder = [], {}, Path(folder)
        self._displays = {model_name(spec): {one.name: one.display for one in spec.classes}
                          | {NONE: spec.nothing_found or NONE} for spec in specs}
        self._table.setRowCount(0)
        self._table.setColumnHidden(_MODEL, not hasSeveral)
        header = self._table.horizontalHeader()
        # What each model says is seen in a narrow panel, too.
        header.moveSection(header.visualIndex(_DIAGNOSIS), 2 if hasSeveral else 3)

    def add(self, ended):
        """Show how inputs ended; one that is there already changes its row.

        Args:
            ended: `InputEnded` of each.
        """
        table = self._table
        table.setSortingEnabled(False)  # else a row moves while it is filled
        rows = {}
        if any(keyOf(one.row) in self._places for one in ended):
            rows = {table.item(row, 0).data(_PLACE): row for row in range(table.rowCount)}
        for one in ended:
            place = self._places.setdefault(keyOf(one.row), len(self._lines))
            self._lines[place:place + 1] = [one.row]
            row = rows.setdefault(place, table.rowCount)
            table.setRowCount(max(table.rowCount, row + 1))
            for column, item in enumerate(self._items(one)):
                item.setData(_PLACE, place)
                table.setItem(row, column, item)
        table.setSortingEnabled(True)

    def onDoubleClick(self, row, _column):
        """A row was double-clicked."""
        self._activated(self._lines[self._table.item(row, 0).data(_PLACE)])

    def _items(self, ended):
        """The cells of a row."""
        row = ended.row
        isFailed, isToReview = row["status"] != "done", row["review"] == "yes"
        warnings = [text for text in row["warnings"].split(" | ") if text]
        review = _("Confidence {confidence}: to be reviewed").format(
            confidence=f"{float(row['confidence']):.0%}") if isToReview else ""
        displays, modelID = self._displays.get(row["model"], {}), row["model"].rpartition(" ")[0]
        diagnosis = ", ".join(displays.get(name, name) for name in row["diagnosis"].split(";"))
        status = _statusOf(ended, isToReview)
        if row["region"]:
            status = _("{status}, region only").format(status=status)
        cells = [
            (self._nameOf(row["input"]), row["input"]),
            (status, "\n".join(filter(None, (review, row["region"])))),
            (diagnosis, ended.text),
            (_percent(row["probability"]), row["probability"]),
            (_millilitres(row["volume_ml"]), row["volume_ml"]),
            ("" if isFailed else len(warnings), "\n".join(map(inWords, warnings))),
            (shortened(modelID, _LONGEST), row["model"]),
        ]
        for value, words in cells:
            item = qt.QTableWidgetItem()
            item.setData(qt.Qt.DisplayRole, value)
            told = f"{row['input']}\n{row['error']}" if isFailed else words
            item.setToolTip(asShown(told) if told else "")
            if isFailed:
                item.setForeground(qt.QBrush(qt.QColor(badColour())))
            elif isToReview:
                item.setForeground(qt.QBrush(qt.QColor(_REVIEW_TEXT)))
                item.setBackground(qt.QBrush(qt.QColor(_REVIEW)))
            yield item

    def _nameOf(self, source):
        try:
            name = str(Path(source).relative_to(self._folder))
        except ValueError:
            name = Path(source).name
        return name if name != "." else Path(source).name  # a series that lies in the folder itself


def keyOf(row):
    """What a line of results.csv is of: an image and a model."""
    return row["input"], row["model"]


def _statusOf(ended, isToReview):
    broken = {"failed": _("failed"), "changed": _("changed"), "incomplete": _("incomplete")}
    if ended.row["status"] != "done":
        return broken[ended.row["status"]]
    if isToReview:
        return _("uncertain (before)") if ended.done_before else _("uncertain")
    return _("done (before)") if ended.done_before else _("done")


def _percent(text):
    """Of "0.9731" or "0.9731;0.7002": the largest, in whole percents; "" for none."""
    return max((round(100 * float(one)) for one in text.split(";") if one), default="")


def _millilitres(text):
    """Of "Tumour: 12.30; Oedema: 3.00" the sum; "" where no size is known."""
    amounts = re.findall(r": (\d+\.\d+)(?:; |$)", text)
    return round(sum(map(float, amounts)), 2) if amounts else ""
