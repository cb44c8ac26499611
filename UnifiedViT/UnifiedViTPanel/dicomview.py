"""The button Save as DICOM: asks for a folder, has the worker write the objects, tells how it goes."""

from __future__ import annotations

import importlib
import importlib.util

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.outputs.mrml_changes import is_as_drawn
from UnifiedViTLib.service.worker.protocol import Failed, JobRequest

from .childview import ChildView
from .dicomresults import addToDatabase, dicomRequest, whyNotDicom
from .reporting import FOLDER_SETTING, volumeOf

#: What Slicer brings from 5.12 on.
PACKAGE, REQUIREMENT = "highdicom", "highdicom>=0.27"


class DicomView(ChildView):
    """Writes the result that is shown as DICOM objects, in a process of its own.

    Args:
        ui: the panel's widgets.
        status: `StatusView`.
        results: `KeptResults`.
        wake: called when something begins that `poll` must follow.
    """

    def __init__(self, ui, status, results, wake):
        super().__init__(status, wake)
        self.ui, self._results = ui, results
        self._node = None  # a function that gives the segmentation that is shown
        self._steps, self._isForDatabase = [], False
        ui.saveAsDicomButton.connect("clicked(bool)", self.onSave)

    def close(self):
        """Stop what is under way."""
        self._steps = []
        super().close()

    def forget(self):
        """The scene goes: what is being written of it is not finished, and nothing of it is left in the folder."""
        self._steps = []
        self._cancel()

    def show(self, node):
        """Another result is shown.

        Args:
            node: a function that gives its segmentation, None if that has gone.
        """
        self._node = node
        self._showButtons()

    def _showButtons(self):
        button, node = self.ui.saveAsDicomButton, self._node() if self._node else None
        isBusy = self._client.running
        reason = whyNotDicom(self._results.of(node), volumeOf(node)) if node and not isBusy else ""
        button.text = (_("Cancelling...") if self._cancelling else _("Cancel saving") if isBusy
                       else _("Save as DICOM..."))
        button.enabled = not self._cancelling and (isBusy or (node is not None and not reason))
        button.toolTip = reason or _("Mask, report, maps and picture as DICOM objects that refer to the original "
                                     "images: the result as it was computed, without later changes to its segments.")

    def onSave(self, _checked=None):
        """Ask for a folder, then write; while that is under way, cancel it."""
        if self._cancel():
            return
        kept = self._results.of(self._node())
        if kept is None:  # the segmentation has gone
            self._showButtons()
            return
        last = slicer.app.userSettings().value(FOLDER_SETTING)
        folder = qt.QFileDialog.getExistingDirectory(self.ui.saveAsDicomButton, _("Folder for the DICOM objects"),
                                                     str(last or ""))
        if not folder:
            return
        try:
            self._steps = [dicomRequest(kept, folder)]
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)
            return
        if not is_as_drawn(self._node()) and not slicer.util.confirmYesNoDisplay(
                _("The segments were changed since the run. The DICOM objects say what the model drew, without these "
                  "changes, which Slicer's own export (Export to DICOM) writes. Write them?"),
                windowTitle=_("UnifiedViT")):
            self._steps = []
            self._status.say(_("Not saved: the segments were changed since the run."))
            return
        if importlib.util.find_spec(PACKAGE) is None:
            if not slicer.util.confirmOkCancelDisplay(
                    _("Results as DICOM need the package highdicom with what it needs (about 20 MB). Packages that are "
                      "already there stay as they are. Install now?"), windowTitle=_("UnifiedViT")):
                self._status.say(_("Not saved: nothing was installed."))
                return
            self._steps.insert(0, JobRequest("install", {"packages": [REQUIREMENT], "wheels": None}))
        self._isForDatabase = slicer.util.confirmYesNoDisplay(
            _("Add the objects to Slicer's DICOM database, too?"), windowTitle=_("UnifiedViT"))
        slicer.app.userSettings().setValue(FOLDER_SETTING, folder)
        self._submit(self._steps.pop(0))

    def _end(self, event):
        if self._steps and not isinstance(event, Failed):
            importlib.invalidate_caches()  # the package that was just installed is found from now on
            self._submit(self._steps.pop(0))
            return
        self._steps = []
        self._release()
        self._showButtons()
        if isinstance(event, Failed):
            self._sayFailed(event.error, _("Saving was cancelled."))
        else:
            self._saved(event.result["paths"])

    def _saved(self, paths):
        words = _("{count} DICOM objects are written: {first} and others beside it.")
        if self._isForDatabase:
            addToDatabase(paths)
            words = _("{count} DICOM objects are written and in Slicer's DICOM database: {first} and others beside it.")
        self._status.say(words.format(count=len(paths), first=paths[0]))
