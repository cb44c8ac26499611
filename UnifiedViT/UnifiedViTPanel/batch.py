"""The section Batch: all images of a folder, by the engine of `UnifiedViTLogic.processFolder`, while the window stays
alive."""

from __future__ import annotations

import time
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import Cancelled, DependencyError, UnifiedViTError
from UnifiedViTLib.outputs.files import model_name
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import (
    Failed,
    Finished,
    InputEnded,
    InputsFound,
    ListResultsRequest,
    Log,
    Progress,
)

from .batchtable import BatchTable, keyOf
from .cases import CasesView
from .consent import mayBeUsed
from .folder import batchRequest
from .furtherfiles import FurtherFilesView
from .options import slicerOptions
from .sentences import inWords
from .status import StatusView
from .texts import inTime

#: Of the application's settings.
_SETTINGS = "UnifiedViT/Batch"
#: Rows that are shown at a time, so that the window stays alive when thousands were done before.
_ROWS_AT_A_TIME = 50


class BatchView:
    """Runs a batch in a process of its own and shows how it goes. The scene is not used, and may be closed meanwhile.

    Args:
        ui: the panel's widgets.
        panel: `Panel`, whose choices count.
    """

    def __init__(self, ui, panel):
        self.ui, self._panel = ui, panel
        self._client, self._cancelling = WorkerClient(), False
        self._status = StatusView(ui, ui.batchStatusLabel)
        self._cases = CasesView(panel, StatusView(ui, ui.batchCaseLabel))
        self._table = BatchTable(ui.batchTable, self.onCase)
        self._output, self._specs = None, {}  # of what the table shows: the results' folder, models by `model_name`
        self._channels, self._isListing = FurtherFilesView(ui), False
        self._waiting, self._ended = [], {}  # what is to be shown, and what is shown, by `keyOf`
        self._end, self._timing = None, _Timing(0)
        ui.batchProgressBar.visible = False
        ui.batchFolderButton.enabled = False
        self._edits = {"Input": ui.batchInputEdit, "Output": ui.batchOutputEdit, "Pattern": ui.batchPatternEdit}
        settings = slicer.app.userSettings()
        for name, edit in self._edits.items():
            edit.text = str(settings.value(_SETTINGS + name) or "")
        ui.batchRecursiveCheckBox.checked = str(settings.value(f"{_SETTINGS}Recursive")).lower() == "true"
        ui.batchInputButton.connect("clicked(bool)", lambda _checked=None: self._choose(ui.batchInputEdit))
        ui.batchOutputButton.connect("clicked(bool)", lambda _checked=None: self._choose(ui.batchOutputEdit))
        ui.batchRunButton.connect("clicked(bool)", self.onRun)
        ui.batchFolderButton.connect("clicked(bool)", self.onOpenFolder)
        ui.batchListButton.connect("clicked(bool)", self.onList)

    def close(self):
        """Stop what is under way; what is done lies in the results folder."""
        self._client.close()
        self._cases.close()

    def sceneCloses(self):
        """The batch goes on; a case is not loaded any more."""
        self._cases.sceneCloses()

    @property
    def isRunning(self):
        """Whether a batch is under way, or its last rows are not shown yet."""
        return self._client.running or bool(self._waiting) or self._end is not None

    def _choose(self, edit):
        folder = qt.QFileDialog.getExistingDirectory(self.ui.batchCollapsibleButton, _("Choose a folder"), edit.text)
        if folder:
            edit.text = folder

    def onRun(self, _checked=None):
        """Run batch, or, while one runs, Cancel."""
        if self.isRunning:
            self._cancelling = True
            self._client.cancel()
            self.showButtons()
            return
        folder, output, pattern = (edit.text.strip() for edit in self._edits.values())
        if not folder or not output:
            self._status.say(_("Choose the folder with the images, and one for the results."), isBad=True)
            return
        parameters, specs = self._panel.parameters, self._panel.specs()
        if None in specs:
            self._status.say(_("Not run: a model that is also to run is not installed. Uncheck it under Advanced, or "
                               "see section Models."), isBad=True)
            return
        if not all(mayBeUsed(spec) for spec in specs):
            self._status.say(_("Not run: the licence of the weights was not agreed to."))
            return
        options = {name: getattr(parameters, name) for name in slicerOptions(folder=True)}
        isRecursive = self.ui.batchRecursiveCheckBox.checked
        try:
            self._client.submit(batchRequest(folder, output, specs, parameters.device, parameters.batchSize,
                                             pattern or "*", isRecursive, True, self._channels.names(specs),
                                             self._panel.computer.address(), **options))
        except UnifiedViTError as error:
            self._refuse(error)
            return
        settings = slicer.app.userSettings()
        for name, value in {"Input": folder, "Output": output, "Pattern": pattern}.items():
            settings.setValue(_SETTINGS + name, value)
        settings.setValue(f"{_SETTINGS}Recursive", isRecursive)
        self._channels.keep()
        self._begin(folder, output, specs, len(specs) > 1)

    def onList(self, _checked=None):
        """Show what lies in the results folder."""
        folder, output, _pattern = (edit.text.strip() for edit in self._edits.values())
        if not Path(output).is_dir() or not output:
            self._status.say(_("Choose the folder with the results."), isBad=True)
            return
        try:
            self._client.submit(ListResultsRequest(Path(output)))
        except UnifiedViTError as error:
            self._refuse(error)
            return
        slicer.app.userSettings().setValue(f"{_SETTINGS}Output", output)
        self._isListing = True
        self._begin(folder, output, self._panel.models.usable(), True)

    def _begin(self, folder, output, specs, hasSeveral):
        self._output, self._specs = Path(output), {model_name(spec): spec for spec in specs}
        self._table.clear(folder, specs, hasSeveral)
        self._ended, self._timing = {}, _Timing(0)
        self._showBar()
        self._status.say(_("Starting..."))
        self._panel.timer.start()
        self.showButtons()

    def poll(self):
        """See what the child has said, and show some of it; returns whether there is more to come."""
        isLoading = self._cases.poll()
        if not self.isRunning:
            return isLoading
        for event in self._client.poll():
            if isinstance(event, Log):
                self._status.log(event.text)
            elif isinstance(event, InputsFound):
                self._timing = _Timing(event.count)
            elif isinstance(event, InputEnded):
                self._waiting.append(event)
            elif isinstance(event, Progress):
                self._timing.progress(event.fraction)
                if not self._cancelling:
                    self._status.say(inWords(event.stage))
            elif isinstance(event, (Finished, Failed)):
                self._end = event
                if self._isListing and isinstance(event, Finished):
                    self._waiting = [InputEnded(row, "") for row in event.result["rows"]]
        self._showRows()
        self._showBar()
        if self._end is not None and not self._waiting:
            self._showEnd()
        return self.isRunning or isLoading

    def _showRows(self):
        ended, self._waiting = self._waiting[:_ROWS_AT_A_TIME], self._waiting[_ROWS_AT_A_TIME:]
        # A batch that was lost and begins again tells of all that was done, too.
        new = [one for one in ended if self._statusOf(keyOf(one.row)) != "done"]
        for one in new:
            self._ended[keyOf(one.row)] = one
            self._timing.ended(one)
        if new:
            self._table.add(new)

    def _statusOf(self, key):
        return self._ended[key].row["status"] if key in self._ended else ""

    def _showBar(self):
        bar, timing = self.ui.batchProgressBar, self._timing
        bar.value = round(1000 * timing.fraction)
        number, left = len(self._ended), timing.left()
        words = _("{number} of {count}, {left} left") if left else _("{number} of {count}")
        bar.format = words.format(number=number, count=timing.count, left=left) if timing.count else ""

    def _showEnd(self):
        end, self._end = self._end, None
        self._cancelling, isListing, self._isListing = False, self._isListing, False
        self._client.close()  # the model's memory is given back
        if isinstance(end, Finished) and isListing:
            self._status.say(_("Results in the folder: {count}.").format(count=len(self._ended)))
        elif isinstance(end, Finished):
            failures = end.result["failures"]
            self._status.say(" ".join([self._summary(end.result["table"]), *failures]), isBad=bool(failures))
        elif isListing and isinstance(end.error, Cancelled):
            self._status.clear()
        elif isinstance(end.error, Cancelled):
            self._status.say(_("Cancelled. What is done is kept: Run batch goes on from there."))
        else:
            self._refuse(end.error)
        self.showButtons()

    def _summary(self, table):
        if not self._timing.count:
            return _("There is no image of this pattern in the folder.")
        ended = self._ended.values()
        done = sum(one.row["status"] == "done" for one in ended)
        before, review = sum(one.done_before for one in ended), sum(one.row["review"] == "yes" for one in ended)
        parts = [_("{done} done").format(done=done)]
        if before:
            parts[0] += _(" ({before} of them before)").format(before=before)
        if done < len(ended):
            parts.append(_("{failed} failed").format(failed=len(ended) - done))
        if review:
            parts.append(_("{review} uncertain, to be reviewed").format(review=review))
        return _("{parts}. {table} in the results folder lists all.").format(parts=", ".join(parts), table=table)

    def _refuse(self, error):
        self._status.say(str(error), isBad=True)
        if isinstance(error, DependencyError):
            self._panel.setup.look()

    def onCase(self, row):
        """A row is to be loaded."""
        self._cases.load(row, self._output, self._specs.get(row["model"]))

    def onOpenFolder(self, _checked=None):
        """Show the results in the system's own browser of files."""
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self._output)))

    def showButtons(self):
        """What can be pressed now."""
        ui, isRunning = self.ui, self.isRunning
        canRun = self._panel.parameters is not None and self._panel.spec() is not None
        self._channels.show(self._panel.specs())
        ui.batchRunButton.text = (_("Cancelling...") if self._cancelling else _("Cancel batch") if isRunning
                                  else _("Run batch on the server") if self._panel.computer.isElsewhere
                                  else _("Run batch"))
        ui.batchRunButton.enabled = not self._cancelling and (isRunning or canRun)
        ui.batchProgressBar.visible = isRunning
        ui.batchFolderButton.enabled = self._output is not None
        for widget in (*self._edits.values(), ui.batchInputButton, ui.batchOutputButton, ui.batchChannelsFrame,
                       ui.batchRecursiveCheckBox, ui.batchListButton):
            widget.enabled = not isRunning


class _Timing:
    """How far a batch is, and how long it still takes.

    Args:
        count: of images.
    """

    def __init__(self, count):
        self.count, self.fraction = count, 0.0
        self._before, self._started = 0, time.monotonic()

    def progress(self, fraction):
        """So much of all is done."""
        self.fraction = fraction

    def ended(self, ended):
        """An image is done; those done before take no time, and come first."""
        if ended.done_before:
            self._before, self._started = self._before + 1, time.monotonic()

    def left(self):
        """The time that is left, in words; "" while nobody can know."""
        passed, begun = time.monotonic() - self._started, self._before / self.count if self.count else 0.0
        if passed < 2 or self.fraction - begun < 0.5 / max(1, self.count) or self.fraction >= 1:
            return ""
        return inTime(passed * (1 - self.fraction) / (self.fraction - begun))
