"""What the network needs and Slicer does not bring: looked for in a child process, installed after one question."""

from __future__ import annotations

import importlib
import sys

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import Cancelled
from UnifiedViTLib.service.packages.dependencies import FULL, Dependencies, Report
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import Failed, Finished, JobRequest, Log, Progress

from .sentences import inWords
from .texts import asShown


class SetupView:
    """The box at the top of the panel; hidden when all is there that the choices need.

    Args:
        ui: the panel's widgets.
        status: `StatusView`.
        ready: called when a check has ended.
        wake: called when something begins that `poll` must follow.
    """

    def __init__(self, ui, status, ready, wake):
        self.ui, self._status, self._ready, self._wake = ui, status, ready, wake
        self._client = WorkerClient()
        self._report, self._steps, self._isTorchDone = None, [], False
        self._torchReason, self._isTorchWanted, self._isAsked, self._isElsewhere = "", False, False, False
        ui.setupFrame.visible = False
        ui.engineComboBox.addItem(_("OpenVINO: CPU, light"), True)
        ui.engineComboBox.addItem(_("PyTorch: CPU and GPU"), False)
        ui.engineComboBox.connect("currentIndexChanged(int)", self._show)
        ui.installButton.connect("clicked(bool)", self.onInstall)
        ui.installOfflineButton.connect("clicked(bool)", self.onInstallOffline)
        ui.checkAgainButton.connect("clicked(bool)", self.onCheckAgain)
        ui.installTorchButton.connect("clicked(bool)", self.onTorchWanted)
        ui.advancedCollapsibleButton.connect("contentsCollapsed(bool)", self._showInAdvanced)
        self._showInAdvanced()

    def close(self):
        """Stop what is under way."""
        self._client.close()

    def devices(self):
        """Devices (type -> words) and what "auto" is; without a check all that there may be, and ""."""
        if self._report is None or not self._report.devices:
            return {"cpu": "", "cuda": "", "mps": ""}, ""
        return self._report.devices, self._report.auto

    def require(self, torchReason, isElsewhere=False):
        """PyTorch is needed besides OpenVINO, for this reason; "" where OpenVINO suffices. Nothing is needed where a
        server computes."""
        if (torchReason, isElsewhere) != (self._torchReason, self._isElsewhere):
            self._torchReason, self._isElsewhere = torchReason, isElsewhere
            self._show()

    def lookOnce(self):
        """Look for what is needed, unless that was done."""
        if self._report is None and not self._client.running:
            self.look()

    def look(self):
        """Look for what is needed; `poll` shows what was found."""
        if not self._client.running:
            self._begin("inspect", {})

    def onCheckAgain(self, _checked=None):
        """Look, and say what came of it."""
        self._isAsked = True
        self.look()

    def _begin(self, job, arguments):
        self._client.submit(JobRequest(job, arguments))
        self._wake()

    def poll(self):
        """See what the child has said; returns whether there is more to come."""
        if not self._client.running:
            return False
        for event in self._client.poll():
            if isinstance(event, Log):
                self._status.log(event.text)
            elif isinstance(event, Progress) and self._steps:
                stage, gap, file = event.stage.partition(" (")
                self.ui.setupLabel.text = inWords(stage) + gap + file
            elif isinstance(event, Failed):
                self._failed(event.error)
            elif isinstance(event, Finished):
                self._finished(event.result)
        return self._client.running

    def _failed(self, error):
        """An installation, or a check, came to nothing. What was installed before stays, and is said."""
        isInstallation, installed = bool(self._steps), _("PyTorch is installed.") if self._isTorchDone else ""
        self._steps, self._isAsked = [], False
        if not isInstallation:
            if not isinstance(error, Cancelled):
                self._status.say(str(error), isBad=True)
            self._show()
            return
        isCancelled = isinstance(error, Cancelled)
        words = _("The installation was cancelled, and can be begun again.") if isCancelled else str(error)
        self._status.say(" ".join(filter(None, (installed, words))), isBad=not isCancelled)
        if installed:  # what is there now is another thing
            self._client.close()
            self.look()
        self._show()

    def _finished(self, result):
        if self._steps:
            self._isTorchDone = len(self._steps) > 1
            importlib.invalidate_caches()  # so that other modules find it without a restart
            self._next(self._steps[1:])
            return
        self._report = Report(**result)
        self.ui.engineComboBox.setCurrentIndex(1 if self._report.gpu else 0)
        # The worker of runs has its own process: this one is not needed until the next check.
        self._client.close()
        self._show()
        self._ready()
        if self._isAsked:
            self._isAsked = False
            isReady = self._report.ready and not self._needsTorch()
            self._status.say(_("All packages that are needed are here.") if isReady
                             else self._dependencies().problem, isBad=not isReady)

    def onTorchWanted(self, _checked=None):
        """PyTorch is wanted beside OpenVINO, whatever the choices need."""
        self._isTorchWanted = True
        self._show()

    def _needsTorch(self):
        isWanted = self._torchReason or self._isTorchWanted
        return bool(isWanted and self._report and self._report.lacking(FULL))

    def _dependencies(self):
        box = self.ui.engineComboBox
        isLight = not self._report.ready and box.itemData(box.currentIndex)
        return Dependencies(self._report, isLight)

    def _show(self, _index=None):
        """The box, if something is missing."""
        ui, report = self.ui, self._report
        isNeeded = report is not None and (bool(self._steps) or (not self._isElsewhere and (
            not report.ready or self._needsTorch())))
        ui.setupFrame.visible = isNeeded
        self._showInAdvanced()
        ui.installButton.text = _("Cancel") if self._steps else _("Install what is missing...")
        for widget in (ui.installOfflineButton, ui.checkAgainButton, ui.engineComboBox):
            widget.enabled = not self._steps
        if not isNeeded or self._steps:  # not asked of the frame: while another module is shown, it is never visible
            return
        needed = self._dependencies()
        reason = self._torchReason if report.ready else ""
        ui.setupLabel.text = " ".join(filter(None, (reason, needed.problem)))
        ui.engineComboBox.visible = not report.ready
        ui.installButton.enabled = True

    def _showInAdvanced(self, _collapsed=None):
        """Why a GPU is not used, and the button for PyTorch; once more when the section is unfolded, as it shows then
        what was hidden while it was folded."""
        ui, report = self.ui, self._report
        ui.gpuLabel.text = report.gpu_problem if report else ""
        ui.gpuLabel.visible = bool(ui.gpuLabel.text)
        isOffered = report is not None and report.ready and not self._needsTorch()
        ui.installTorchButton.visible = isOffered and bool(report.lacking(FULL))

    def onInstall(self, _checked=None):
        """Ask, then install; while that is under way, cancel it."""
        if self._steps:
            self._client.cancel()
            self.ui.installButton.text = _("Cancelling...")
            self.ui.installButton.enabled = False
            return
        self._install(None)

    def onInstallOffline(self, _checked=None):
        """Ask, then install from a folder of wheels."""
        folder = qt.QFileDialog.getExistingDirectory(self.ui.setupFrame, _("Folder with wheels (.whl)"), "")
        if folder:
            self._install(folder)

    def _install(self, wheels):
        needed = self._dependencies()
        if isInstallingElsewhere():
            self._status.say(_("Slicer is installing packages for another module. Wait until that has ended, then try "
                               "again."), isBad=True)
            return
        inUse = [name for name in needed.torch_names if name in sys.modules]
        if inUse:  # on Windows its libraries are locked; elsewhere it would be half old, half new
            self._status.say(_("{packages} cannot be installed anew, as another module of Slicer uses what is there. "
                               "Start Slicer again, and install before that module is used.").format(
                                   packages=", ".join(inUse)), isBad=True)
            return
        if not slicer.util.confirmOkCancelDisplay(asShown(needed.question), windowTitle=_("UnifiedViT")):
            self._status.say(_("Nothing was installed."))
            return
        self._isTorchDone = False
        self._next(needed.steps(wheels))

    def _next(self, steps):
        """The next step; after the last, look again."""
        self._steps = steps
        if steps:
            self.ui.setupLabel.text = inWords(steps[0].title)
            self._begin("install", steps[0].arguments)
            self._show()
            return
        self._client.close()  # a process that knew the old packages must not judge the new ones
        self._isAsked = True
        self.look()


def isInstallingElsewhere():
    """Whether Slicer installs packages at this moment, for whomever; older ones than 5.12 cannot tell."""
    try:
        from slicer.packaging import isPipInstallInProgress
    except ImportError:
        return False
    return isPipInstallInProgress()
