"""The sentence under the Run button, or elsewhere in the panel, and the log."""

from __future__ import annotations

from .appearance import badColour, keepNarrow


class StatusView:
    """Says how it goes.

    Args:
        ui: the panel's widgets.
        label: takes the sentence; None for that under the Run button.
    """

    def __init__(self, ui, label=None):
        self.ui, self._label = ui, label or ui.statusLabel
        keepNarrow(self._label)
        self._isBad = False

    def say(self, text, isBad=False):
        """Show a sentence; bad news in red, and in the log."""
        self._isBad = isBad
        self._label.styleSheet = f"color: {badColour()};" if isBad else ""
        self._label.text = text
        if isBad:
            self.log(text)

    def clear(self):
        """What was said is about a scene that has gone."""
        self.say("")

    def clearError(self):
        """Something has worked: a red sentence of before is no longer so."""
        if self._isBad:
            self.say("")

    def log(self, text):
        """Add to the log."""
        self.ui.logText.appendPlainText(text)
