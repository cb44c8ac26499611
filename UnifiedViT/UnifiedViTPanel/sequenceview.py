"""The section Sequence: every item of a sequence of volumes, one after the other, while the window stays alive."""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import Cancelled, DependencyError, UnifiedViTError
from UnifiedViTLib.service.worker.protocol import Failed

from .appearance import badColour, fitHeight, onEnter
from .childview import ChildView
from .consent import mayBeUsed
from .sequences import ITEM_ERRORS, SequenceRun, browserOf
from .status import StatusView
from .texts import asShown

#: Lines of the table that are seen at a time.
_MOST_LINES = 6


class SequenceView(ChildView):
    """Looks at a sequence in a process of its own. What is done is added to the scene when all are, or on Cancel.

    Args:
        ui: the panel's widgets.
        panel: `Panel`, whose choices count.
    """

    def __init__(self, ui, panel):
        super().__init__(StatusView(ui, ui.sequenceStatusLabel), panel.timer.start)
        self.ui, self._panel = ui, panel
        self._run = self._sequenceID = self._result = self._state = None
        ui.sequenceSelector.nodeTypes = ["vtkMRMLSequenceNode"]
        ui.sequenceSelector.setMRMLScene(slicer.mrmlScene)
        ui.sequenceSelector.connect("currentNodeIDChanged(QString)", lambda _nodeID: self.showButtons())
        ui.sequenceRunButton.connect("clicked(bool)", self.onRun)
        ui.sequencePlotButton.connect("clicked(bool)", self.onPlot)
        ui.undoSequenceButton.connect("clicked(bool)", self.onUndo)
        ui.sequenceTable.connect("cellDoubleClicked(int,int)", self.onDoubleClicked)
        self._shortcuts = onEnter(ui.sequenceTable, lambda row: self.onDoubleClicked(row, 0))
        self._clear()

    def forget(self):
        """The scene is another one now: nothing is under way for it, nothing of it is shown."""
        self._cancel()
        self._status.clear()
        self._clear()

    def _clear(self):
        self._run = self._sequenceID = self._result = None
        self.ui.sequenceTable.setRowCount(0)
        self.ui.sequenceTable.visible = False
        self.showButtons()

    def onRun(self, _checked=None):
        """Begin; while it is under way, cancel it: what is done is kept."""
        if self._cancel():
            return
        node, parameters, spec = self.ui.sequenceSelector.currentNode(), self._panel.parameters, self._panel.spec()
        if not mayBeUsed(spec):
            self._status.say(_("Not run: the licence of the weights was not agreed to."))
            return
        try:
            run = SequenceRun(node, spec, parameters.device, parameters.batchSize, self._panel.computer.address(),
                              plane=parameters.plane, tta=parameters.tta)
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)
            return
        self._clear()
        self._run, self._sequenceID = run, node.GetID()
        self.ui.sequenceTable.visible = True
        self._next()

    def _next(self):
        """The next item, or the end."""
        request = self._run.nextRequest()
        self._showItems()
        if request is None:
            self._finish(_("{done} of {count} items are done; they play with the volumes, and a table and a plot over "
                           "time are in the scene.").format(done=self._done(), count=self._run.count))
        else:
            self._submit(request)

    def _showProgress(self, stage, fraction):
        words, share = self._run.progress(stage, fraction) if self._run else ("", 0.0)
        self._status.say(words)
        self.ui.sequenceProgressBar.value = round(1000 * share)

    def _end(self, event):
        """An item has ended."""
        if self._run is None:  # the scene that it was about has gone
            self._release()
        elif slicer.mrmlScene.GetNodeByID(self._sequenceID) is None:
            self._release()
            self._clear()
            self._status.say(_("The sequence was removed from the scene: its run was ended."), isBad=True)
        elif not isinstance(event, Failed):
            self._run.add(event.result)
            self._next()
            return
        elif isinstance(event.error, Cancelled):
            self._finish(_("Cancelled. Items that are done and in the scene: {done} of {count}.").format(
                done=self._done(), count=self._run.count))
        elif isinstance(event.error, ITEM_ERRORS):
            self._run.fail(event.error)
            self._next()
            return
        else:  # it concerns all items
            self._finish(str(event.error), isBad=True)
            if isinstance(event.error, DependencyError):
                self._panel.setup.look()
        self.showButtons()

    def _done(self):
        return sum(item.prediction is not None for item in self._run.items)

    def _finish(self, words, isBad=False):
        """No further item: what is done comes into the scene."""
        self._release()
        if self._run.items:
            self._result = self._run.addToScene()
            self._state = self._result.state()
        self._status.say(words, isBad=isBad)
        self.showButtons()

    def _showItems(self):
        """A line for each item that has ended since the last call."""
        table, items = self.ui.sequenceTable, self._run.items
        for row in range(table.rowCount, len(items)):
            item, prediction = items[row], items[row].prediction
            table.setRowCount(row + 1)
            cells = [item.index, _("failed"), "", ""]
            if prediction is not None:
                amounts = [segment.volume_ml for segment in prediction.segments]
                known = f"{sum(amounts):.1f}" if None not in amounts else ""
                diagnosis = prediction.diagnosis
                sure = ", ".join(f"{diagnosis.probabilities[name]:.0%}" for name in diagnosis.findings)
                cells[1:] = diagnosis.display, sure, known
            told = item.error or "\n".join(prediction.warnings)
            for column, text in enumerate(cells):
                cell = qt.QTableWidgetItem(text)
                cell.setToolTip(asShown(told) if told else "")
                if item.error:
                    cell.setForeground(qt.QBrush(qt.QColor(badColour())))
                table.setItem(row, column, cell)
        table.resizeColumnsToContents()
        fitHeight(table, _MOST_LINES)

    def onDoubleClicked(self, row, _column):
        """The browser is to show this item."""
        sequence = slicer.mrmlScene.GetNodeByID(self._sequenceID) if self._sequenceID else None
        browser = browserOf(sequence) if sequence else None
        if browser is None:
            self._status.say(_("No sequence browser plays this sequence: make one in the module Sequences."),
                             isBad=True)
            return
        browser.SetSelectedItemNumber(row)

    def onPlot(self, _checked=None):
        """Show the plot in a layout that has a place for it."""
        chart = self._result.chart
        if not slicer.mrmlScene.IsNodePresent(chart):
            self._status.say(_("The plot is no longer in the scene."), isBad=True)
            return
        slicer.modules.plots.logic().ShowChartInLayout(chart)

    def onUndo(self, _checked=None):
        """Take what the last run added out of the scene; where it was changed, after a question."""
        if not self._panel.mayTakeBack(self._result.state() != self._state, self._status):
            return
        self._result.removeFromScene()
        self._clear()
        self._status.say(_("The run of the sequence was taken back."))

    def showButtons(self):
        """What can be pressed now."""
        ui, isBusy = self.ui, self._client.running
        canRun = (self._panel.parameters is not None and self._panel.spec() is not None
                  and ui.sequenceSelector.currentNode() is not None)
        ui.sequenceRunButton.text = (_("Cancelling...") if self._cancelling else _("Cancel sequence") if isBusy
                                     else _("Run sequence on the server") if self._panel.computer.isElsewhere
                                     else _("Run sequence"))
        ui.sequenceRunButton.enabled = not self._cancelling and (isBusy or canRun)
        ui.sequenceProgressBar.visible = isBusy
        for button in (ui.sequencePlotButton, ui.undoSequenceButton):
            button.enabled = self._result is not None and not isBusy
        ui.sequenceSelector.enabled = not isBusy

    _showButtons = showButtons
