"""The lower part of the section Teach: the chosen model goes on learning from the dataset, in a process of its own."""

from __future__ import annotations

import time

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import Cancelled, DependencyError
from UnifiedViTLib.service.packages.training import needs_torch, training_packages, training_question
from UnifiedViTLib.service.worker.adaptation import Adaptation, adapt_request
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import Failed, JobRequest

from .childview import ChildView
from .consent import mayBeUsed
from .setup import isInstallingElsewhere
from .status import StatusView
from .texts import asShown, inTime

#: Of the application's settings, as the user has typed it.
REFERENCE_SETTING = "UnifiedViT/ReferenceFolder"
#: What is under way, each in turn: looking for packages, installing them, adapting.
_LOOKING, _INSTALLING, _ADAPTING = "looking", "installing", "adapting"


def adaptModel(folder, model, reference=None, progress=None, changes=None):
    """Let a model go on learning from a site's dataset, as `unifiedvit-train adapt` does; the new one is installed if
    it is better. What was cancelled or killed goes on where it was when it is called again.

    Args:
        folder: of the dataset, as `addToDataset` makes it, or with images/, masks/ and labels.csv.
        model: id or folder of a model; of one that was itself adapted, its original is taken.
        reference: folder of cases that the model was made for, on which the new one may not be worse; None: none.
        progress: called with a stage in words and the fraction done; what it raises ends it.
        changes: values of the recipe to replace, such as ["fit.patience=5"].

    Returns:
        `UnifiedViTLib.service.worker.adaptation.Adaptation`: `model`, the id of the new one, "" where none was
        written; `sentences` say how both compare, or why none was.

    Raises:
        UnifiedViTLib.errors.UnifiedViTError: with a sentence that says what to do.
    """
    client = WorkerClient()
    try:
        answer = client.run(adapt_request(folder, model, reference, changes=changes),
                            progress or (lambda stage, fraction: None))
    finally:
        client.close()
    return Adaptation.from_dict(answer)


class AdaptView(ChildView):
    """Adapts while the window stays alive. The scene is not used, and may be closed meanwhile.

    Args:
        ui: the panel's widgets.
        panel: `Panel`, whose model and dataset count.
    """

    def __init__(self, ui, panel):
        super().__init__(StatusView(ui, ui.adaptLabel), panel.timer.start)
        self.ui, self._panel = ui, panel
        self._doing, self._request, self._hasReference = _LOOKING, None, False
        self._began = None  # when the first progress came, and how far it was then
        ui.adaptProgressBar.visible = False
        ui.adaptReferenceLineEdit.text = str(slicer.app.userSettings().value(REFERENCE_SETTING) or "")
        ui.adaptReferenceButton.connect("clicked(bool)", self.onChooseReference)
        ui.adaptButton.connect("clicked(bool)", self.onAdapt)
        ui.teachFolderLineEdit.connect("textChanged(QString)", lambda _text: self.showButtons())

    def onChooseReference(self, _checked=None):
        """Ask for the folder of the reference."""
        lineEdit = self.ui.adaptReferenceLineEdit
        folder = qt.QFileDialog.getExistingDirectory(self.ui.adaptReferenceButton, _("Folder of the reference"),
                                                     lineEdit.text)
        if folder:
            lineEdit.text = folder

    def onAdapt(self, _checked=None):
        """Adapt the chosen model to the dataset; while that is under way, cancel it."""
        if self._cancel():
            return
        ui, spec = self.ui, self._panel.spec()
        if not mayBeUsed(spec):
            self._status.say(_("Not adapted: the licence of the weights was not agreed to."))
            self.showButtons()
            return
        reference = ui.adaptReferenceLineEdit.text.strip()
        slicer.app.userSettings().setValue(REFERENCE_SETTING, reference)
        # By its folder: an id might be the name of a folder that the child begins in.
        self._request = adapt_request(ui.teachFolderLineEdit.text.strip(), str(spec.folder), reference or None)
        self._hasReference = bool(reference)
        self._begin(_LOOKING, JobRequest("inspect_training"))

    def _begin(self, doing, request):
        self._doing, self._began = doing, None
        self.ui.adaptProgressBar.value = 0
        self._status.say(_("Starting..."))
        self._submit(request)

    def _showProgress(self, stage, fraction):
        self.ui.adaptProgressBar.value = round(1000 * fraction)
        if self._began is None and fraction > 0:
            self._began = time.monotonic(), fraction
        left = self._left(fraction)
        self._status.say(_("{stage} (about {left} left)").format(stage=stage, left=left) if left else stage)

    def _left(self, fraction):
        """The time that is left, in words; "" while nobody can know. What was done before this began took none."""
        if self._began is None:
            return ""
        passed, gained = time.monotonic() - self._began[0], fraction - self._began[1]
        return inTime(passed * (1 - fraction) / gained) if passed > 5 and gained > 0.02 and fraction < 1 else ""

    def _end(self, event):
        doing = self._doing
        if isinstance(event, Failed):
            self._release()
            self._fail(event.error, doing)
        elif doing == _LOOKING:
            self._install(event.result)
        elif doing == _INSTALLING:
            self._begin(_ADAPTING, self._request)
        else:
            self._release()
            self._showOutcome(Adaptation.from_dict(event.result))
        self.showButtons()

    def _fail(self, error, doing):
        """It came to nothing; what was learnt is kept."""
        words = (_("Cancelled. What was learnt is kept: Adapt the model goes on from there.") if doing == _ADAPTING
                 else _("Cancelled."))
        if isinstance(error, (Cancelled, DependencyError)) or doing != _ADAPTING:
            self._sayFailed(error, words)
        else:
            self._status.say(_("{error} What was learnt is kept: Adapt the model goes on from there.").format(
                error=error), isBad=True)

    def _install(self, found):
        """Adapt, or first, after one question, install what is missing."""
        problems = found["problems"]
        if not problems:
            self._begin(_ADAPTING, self._request)
            return
        self._release()
        missing = " ".join(problems.values())
        if needs_torch(problems):
            self._panel.setup.onTorchWanted()
            self._status.say(_("To adapt a model, PyTorch is needed: {problems} Install it by the box at the top of "
                               "the panel, then adapt again.").format(problems=missing), isBad=True)
        elif isInstallingElsewhere():
            self._status.say(_("Slicer is installing packages for another module. Wait until that has ended, then try "
                               "again."), isBad=True)
        elif slicer.util.confirmOkCancelDisplay(asShown(training_question(problems, found["folder"])),
                                                windowTitle=_("UnifiedViT")):
            self._begin(_INSTALLING, JobRequest("install", {"packages": training_packages(problems), "wheels": None}))
        else:
            self._status.say(_("Nothing was installed, so that the model cannot be adapted: {problems}").format(
                problems=missing), isBad=True)

    def _showOutcome(self, outcome):
        """A model that can be chosen now, or why none was written."""
        for sentence in outcome.sentences:
            self._status.log(sentence)
        if not outcome.model:
            self._status.say(" ".join(outcome.sentences))
            return
        self._panel.models.refresh()
        self._panel.onModelsChanged()
        count = 2 if self._hasReference else 1
        unchecked = [] if self._hasReference else [
            _("Whether it still does as well elsewhere was not checked: give a reference for that.")]
        self._status.say("\n".join([
            _("{name} ({model} {version}) is in the list of models now. Choose it there to use it.").format(
                name=outcome.name, model=outcome.model, version=outcome.version),
            *outcome.sentences[:count], *unchecked]))

    def _showButtons(self):
        self.showButtons()

    def showButtons(self):
        """What can be pressed now."""
        ui, isBusy = self.ui, self._client.running
        canAdapt = self._panel.spec() is not None and bool(ui.teachFolderLineEdit.text.strip())
        ui.adaptButton.text = (_("Cancelling...") if self._cancelling else _("Cancel adapting") if isBusy
                               else _("Adapt the model"))
        ui.adaptButton.enabled = not self._cancelling and (isBusy or canAdapt)
        ui.adaptButton.toolTip = (_("The chosen model learns from the dataset. The new one is installed only if it is "
                                    "better on patients kept apart.") if ui.adaptButton.enabled
                                  else _("A model and the folder of a dataset are needed first."))
        ui.adaptProgressBar.visible = isBusy
        ui.adaptLabel.visible = bool(ui.adaptLabel.text)
        for widget in (ui.adaptReferenceLineEdit, ui.adaptReferenceButton):
            widget.enabled = not isBusy
