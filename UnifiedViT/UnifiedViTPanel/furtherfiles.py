"""In a batch, the names of the files of further sequences: a field for each that one of the models looks at."""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _

from .texts import asShown

#: Of the application's settings; the name of the sequence follows.
_SETTINGS = "UnifiedViT/BatchChannel."


class FurtherFilesView:
    """The fields; what was written is remembered by the application.

    Args:
        ui: the panel's widgets.
    """

    def __init__(self, ui):
        self._frame, self._rows = ui.batchChannelsFrame, {}
        self._before = ui.batchPatternEdit
        self._frame.visible = False

    def show(self, specs):
        """Show the fields that these models need; None stands for one that is not installed."""
        channels = {channel.name: channel for spec in specs if spec for channel in spec.channels[1:]}
        for name in channels:
            if name not in self._rows:
                self._addRow(channels[name])
        for name, widgets in self._rows.items():
            for widget in widgets:
                widget.visible = name in channels
        self._frame.visible = bool(channels)

    def names(self, specs):
        """The names that were written for sequences of these models, by the sequence."""
        used = {channel.name for spec in specs for channel in spec.channels[1:]}
        written = {name: edit.text.strip() for name, (_label, edit) in self._rows.items()}
        return {name: text for name, text in written.items() if text and name in used}

    def keep(self):
        """Remember what is written."""
        for name, (_label, edit) in self._rows.items():
            slicer.app.userSettings().setValue(_SETTINGS + name, edit.text.strip())

    def _addRow(self, channel):
        label, edit = qt.QLabel(f"{channel.name}:"), qt.QLineEdit()
        label.textFormat = qt.Qt.PlainText
        edit.text = str(slicer.app.userSettings().value(_SETTINGS + channel.name) or "")
        edit.placeholderText = _("missing")
        words = _("{what}: the name of its file beside each image, with a * for what the * of the pattern stands for, "
                  "for example *_{name}.nii.gz beside *_t1c.nii.gz. Left empty, it is missing, and the model does "
                  "without.")
        edit.toolTip = asShown(words.format(what=channel.expects, name=channel.name))
        self._frame.layout().addRow(label, edit)
        label.setBuddy(edit)
        qt.QWidget.setTabOrder(self._before, edit)
        self._before, self._rows[channel.name] = edit, (label, edit)
