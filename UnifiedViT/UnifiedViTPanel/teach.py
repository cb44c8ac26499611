"""The section Teach: the result that is shown, as somebody has corrected it, into a dataset to train on."""

from __future__ import annotations

import time

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.diagnosis import NONE
from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.outputs.dataset.folder import Addition
from UnifiedViTLib.outputs.headlines import display_of
from UnifiedViTLib.outputs.mrml import ATTRIBUTE
from UnifiedViTLib.service.worker.protocol import AddCaseRequest, Failed, JobRequest

from .childview import ChildView
from .corrections import correctionOf

#: Of the application's settings, as the user has typed them.
FOLDER_SETTING, REVIEWER_SETTING = "UnifiedViT/DatasetFolder", "UnifiedViT/Reviewer"


class TeachView(ChildView):
    """Writes in a process of its own, so that the window stays alive. Nothing leaves the computer.

    Args:
        ui: the panel's widgets.
        status: `StatusView`.
        wake: called when something begins that `poll` must follow.
    """

    def __init__(self, ui, status, wake):
        super().__init__(status, wake)
        self.ui = ui
        self._node, self._resultText = lambda: None, None
        self._labels, self._shownAt = [], {}  # when a result was shown first, by its text
        self._addition = self._folder = None
        settings = slicer.app.userSettings()
        ui.teachFolderLineEdit.text = str(settings.value(FOLDER_SETTING) or "")
        ui.teachReviewerLineEdit.text = str(settings.value(REVIEWER_SETTING) or "")
        for lineEdit in (ui.teachFolderLineEdit, ui.teachReviewerLineEdit):
            lineEdit.connect("textChanged(QString)", lambda _text: self._showButtons())
        ui.teachFolderButton.connect("clicked(bool)", self.onChooseFolder)
        ui.teachButton.connect("clicked(bool)", self.onAdd)
        ui.undoTeachButton.connect("clicked(bool)", self.onUndo)
        self.show(lambda: None, None)

    def forget(self):
        """The scene is another one now: a result that comes back with it is shown anew."""
        self._shownAt.clear()

    def show(self, node, result):
        """Offer to add the result that is shown.

        Args:
            node: gives the segmentation that carries it, None if it has gone.
            result: as from `result_of`; None for none.
        """
        text = node().GetAttribute(f"{ATTRIBUTE}Result") if result else None
        if text != self._resultText:
            self._resultText = text
            self._offer(result["diagnosis"] if result else None)
            self.ui.teachPatientLineEdit.text = self.ui.teachLabel.text = ""
        if text:
            self._shownAt.setdefault(text, time.monotonic())
        self._node = node
        self._showButtons()

    def _offer(self, diagnosis):
        """The model's diagnosis, its other classes, and that nobody knows."""
        box = self.ui.teachDiagnosisComboBox
        box.clear()
        self._labels = []
        if diagnosis is None:
            return
        found = diagnosis.get("findings", [diagnosis["label"]])
        names = ", ".join(display_of(diagnosis, name) for name in found) or _("nothing found")
        entries = {_("{diagnosis}: as the model says").format(diagnosis=names): None}
        if "findings" in diagnosis and found:
            entries[_("Nothing found")] = NONE
        entries |= {display_of(diagnosis, name): name for name in diagnosis["probabilities"] if [name] != list(found)}
        entries[_("Not known")] = ""
        self._labels = list(entries.values())
        for words in entries:
            box.addItem(words)

    def onChooseFolder(self, _checked=None):
        """Ask for the dataset's folder."""
        ui = self.ui
        folder = qt.QFileDialog.getExistingDirectory(ui.teachFolderButton, _("Folder of the dataset"),
                                                     ui.teachFolderLineEdit.text)
        if folder:
            ui.teachFolderLineEdit.text = folder

    def onAdd(self, _checked=None):
        """Add what is shown as it is now; while that is under way, cancel it."""
        if self._cancel():
            return
        ui = self.ui
        folder, reviewer = ui.teachFolderLineEdit.text.strip(), ui.teachReviewerLineEdit.text.strip()
        seconds = time.monotonic() - self._shownAt[self._resultText] if self._resultText in self._shownAt else None
        try:
            correction = correctionOf(self._node(), reviewer, self._labels[ui.teachDiagnosisComboBox.currentIndex],
                                      ui.teachPatientLineEdit.text, seconds)
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)
            return
        for setting, text in ((FOLDER_SETTING, folder), (REVIEWER_SETTING, reviewer)):
            slicer.app.userSettings().setValue(setting, text)
        self._folder = folder
        self._submit(AddCaseRequest(correction, folder))

    def onUndo(self, _checked=None):
        """Take the last case out of the dataset."""
        self._submit(JobRequest("undo_addition", {"folder": self._folder, "addition": self._addition.to_dict()}))

    def _end(self, event):
        self._release()
        if isinstance(event, Failed):
            self._sayFailed(event.error, _("Nothing was changed in the dataset."))
        elif "case" in event.result:
            self._addition = Addition.from_dict(event.result)
            self.ui.teachLabel.text = self._addition.sentence
            self._status.say(_("Added to the dataset in {folder}").format(folder=self._folder))
        else:
            self._addition = None
            self.ui.teachLabel.text = ""
            self._status.say(_("The case was taken out of the dataset again."))
        self._showButtons()

    def _showButtons(self):
        ui, isBusy = self.ui, self._client.running
        hasResult = self._resultText is not None
        canAdd = hasResult and bool(ui.teachFolderLineEdit.text.strip() and ui.teachReviewerLineEdit.text.strip())
        ui.teachDiagnosisComboBox.enabled = hasResult and not isBusy
        ui.teachButton.text = (_("Cancelling...") if self._cancelling else _("Cancel adding") if isBusy
                               else _("Add to my dataset"))
        ui.teachButton.enabled = not self._cancelling and (isBusy or canAdd)
        ui.teachButton.toolTip = ("" if ui.teachButton.enabled
                                  else _("A result, a folder and who corrected it are needed first."))
        ui.undoTeachButton.enabled = self._addition is not None and not isBusy
        ui.teachLabel.visible = bool(ui.teachLabel.text)
