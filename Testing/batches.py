"""What a user does with the section Batch of the panel, and what its table shows."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk
from builders import oblique
from panels import head
from PySide6 import QtCore
from PySide6.QtTest import QTest

COLUMNS = ("image", "status", "diagnosis", "percent", "ml", "warnings")


def write_head(path: Path, shape: tuple[int, int, int] = (6, 64, 60)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(head(shape))
    image.SetDirection(oblique().ravel().tolist())
    image.SetSpacing((2.5, 2.4, 7.0))
    sitk.WriteImage(image, str(path))
    return path


def press(desk):
    desk.ui.batchRunButton.click()


def wait(desk) -> str:
    """Until the batch has ended; what is said then."""
    desk.wait(lambda: not desk.panel.batch.isRunning)
    return desk.ui.batchStatusLabel.text


def rows(desk) -> list[dict]:
    """What the table shows, from its top."""
    table = desk.ui.batchTable
    return [{name: table.item(row, column).data(QtCore.Qt.DisplayRole) for column, name in enumerate(COLUMNS)}
            for row in range(table.rowCount)]


def load(desk, name: str, key: QtCore.Qt.Key | None = None) -> str:
    """Double-click an image's row, or press a key on it; what is said when it is loaded."""
    table = desk.ui.batchTable
    cell = table.item([one["image"] for one in rows(desk)].index(name), 0)
    if key is not None:
        table.setCurrentItem(cell)
        desk.window.activateWindow()
        table.setFocus()
        desk.app.processEvents()
        QTest.keyClick(table, key)
    else:
        table.cellDoubleClicked.emit(cell.row(), 0)
    desk.wait(lambda: not desk.panel.batch._cases._client.running)
    return desk.ui.batchCaseLabel.text
