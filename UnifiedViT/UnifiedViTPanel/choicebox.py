"""Combo boxes of values: what a parameter says is what is shown, always."""

from __future__ import annotations


class ChoiceBox:
    """A combo box that chooses the value of a parameter.

    A value that is not offered, of a scene from elsewhere or of a script, is shown all the same, and can be left by
    choosing any other: a combo box tells of a choice only where it is another entry than the one that it shows.

    Args:
        box: the combo box, empty.
        choices: words by value.
        missing: words for a value that is not offered.
        chosen: called with the value that the user has chosen.
    """

    def __init__(self, box, choices, missing, chosen):
        self._box, self._missing, self._chosen = box, missing, chosen
        self._choices, self._entries, self._value = {}, {}, None
        box.connect("currentIndexChanged(int)", self._onChanged)
        self.offer(choices)

    def offer(self, choices):
        """Offer these values, words by value; what is shown stays."""
        self._choices = dict(choices)
        self.show(self._value)

    def show(self, value):
        """Show a value, or nothing (None). Nobody has chosen it: `chosen` is not called."""
        self._value = value
        entries = dict(self._choices)
        if value is not None and value not in entries:
            entries[value] = self._missing(value)
        box = self._box
        box.blockSignals(True)
        if entries != self._entries:
            box.clear()
            for one, words in entries.items():
                box.addItem(words, one)
            self._entries = entries
        box.setCurrentIndex(box.findData(value) if value is not None else -1)
        box.blockSignals(False)

    def _onChanged(self, index):
        if index >= 0:
            self._chosen(self._box.itemData(index))
