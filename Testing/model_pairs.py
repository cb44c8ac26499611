"""Two tiny models that always disagree, and how a user has both look."""

from __future__ import annotations

from PySide6 import QtCore

SMALL = {"arguments": {"encoder": "test_vit", "decoder_widths": [8, 8, 8]}}
BIASES = {"one": {"classifier": [0.0, 4.0, 1.0], "segmentation": [0.0, 3.0, 1.0]},
          "two": {"classifier": [0.0, 1.0, 4.0], "segmentation": [0.0, 1.0, 3.0]}}


def check(desk, name: str) -> None:
    """The user checks a model in the list."""
    models = desk.ui.furtherModelsList
    items = [models.item(row) for row in range(models.count)]
    next(item for item in items if item.data(QtCore.Qt.UserRole) == name).setCheckState(QtCore.Qt.Checked)
