"""The section Compare: two segmentations of the scene, a table of what they have in common, and where they differ."""

from __future__ import annotations

import html

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.outputs.comparison.tables import row_cells
from UnifiedViTLib.outputs.mrml_changes import state_of
from UnifiedViTLib.outputs.mrml_scene import SceneMemory
from UnifiedViTLib.service.worker.protocol import CompareRequest, Failed

from .appearance import badColour, fitHeight, keepNarrow
from .childview import ChildView
from .comparednodes import addDifference, addTable, digestOf, segmentationOf
from .texts import asShown, shortened

#: Growth of so many segments is told in words; the table has them all.
_MOST_SENTENCES = 3
#: Characters of a segment's name in the table, so that the panel may be narrow.
_LONGEST = 12
#: Lines of the table that are seen at a time.
_MOST_LINES = 5


class CompareView(ChildView):
    """Compares in a process of its own, so that the window stays alive.

    Args:
        ui: the panel's widgets.
        status: `StatusView`.
        wake: called when something begins that `poll` must follow.
        mayTakeBack: `Panel.mayTakeBack`.
    """

    def __init__(self, ui, status, wake, mayTakeBack):
        super().__init__(status, wake)
        self.ui, self._mayTakeBack = ui, mayTakeBack
        self._nodeID = None  # of side B: what is added goes beside it
        self._comparison = self._memory = None
        self._addedIDs, self._changed = [], []
        self._states = {}  # of what was added that a user may change, as it came, by the nodes' IDs
        self._asked, self._digests = {}, {}  # of both sides, by their nodes' IDs
        for selector in (ui.compareASelector, ui.compareBSelector):
            selector.connect("currentNodeIDChanged(QString)", lambda _nodeID: self._showButtons())
        keepNarrow(ui.compareLabel)
        ui.compareButton.connect("clicked(bool)", self.onCompare)
        ui.showDifferenceButton.connect("clicked(bool)", self.onShowDifference)
        ui.undoCompareButton.connect("clicked(bool)", self.onUndo)
        self._show()

    def forget(self):
        """The scene is another one now: nothing is under way for it, nothing of it is shown."""
        self._cancel()
        self._nodeID = self._comparison = self._memory = None
        self._addedIDs, self._digests = [], {}
        self._show()

    def look(self):
        """See whether what was compared was changed since."""
        if self._comparison is not None:
            self._show()

    def onCompare(self, _checked=None):
        """Begin; while a comparison is under way, cancel it."""
        if self._cancel():
            return
        nodes = self.ui.compareASelector.currentNode(), self.ui.compareBSelector.currentNode()
        try:
            sides = [segmentationOf(node) for node in nodes]
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)
            return
        request, self._nodeID = CompareRequest(*sides), nodes[1].GetID()
        self._asked = {node.GetID(): digestOf(side) for node, side in zip(nodes, sides, strict=True)}
        self._submit(request)

    def _end(self, event):
        self._release()
        node = slicer.mrmlScene.GetNodeByID(self._nodeID) if self._nodeID else None
        if isinstance(event, Failed):
            if self._nodeID:  # else the scene that it was about has gone
                self._sayFailed(event.error, _("The comparison was cancelled."))
        elif node is None:
            self._status.say(_("Not compared: the segmentation was removed meanwhile."), isBad=True)
        else:
            self._memory = SceneMemory(slicer.mrmlScene, [])
            self._comparison, self._digests = event.result, self._asked
            table = addTable(event.result, node)
            self._addedIDs, self._states = [table.GetID()], {table.GetID(): state_of(table)}
            self._status.say(_("Compared. The table is in the scene."))
        self._show()

    def onShowDifference(self, _checked=None):
        """Add the difference to the scene."""
        node = slicer.mrmlScene.GetNodeByID(self._nodeID)
        if node is None:
            self._status.say(_("The segmentation that was compared is no longer in the scene."), isBad=True)
            return
        difference = addDifference(self._comparison, node)
        self._addedIDs += [difference.GetID(), difference.GetDisplayNodeID()]
        self._states[difference.GetID()] = state_of(difference)
        self._status.clearError()
        self._showButtons()

    def onUndo(self, _checked=None):
        """Take the table and the difference out of the scene; where they were changed, after a question."""
        nodes = [slicer.mrmlScene.GetNodeByID(nodeID) for nodeID in self._addedIDs]
        isEdited = any(state_of(node) != self._states[node.GetID()]
                       for node in nodes if node and node.GetID() in self._states)
        if not self._mayTakeBack(isEdited, self._status):
            return
        self._memory.restore([node for node in nodes if node])
        self._nodeID = self._comparison = self._memory = None
        self._addedIDs, self._digests = [], {}
        self._status.say(_("The comparison was taken back."))
        self._show()

    def _show(self):
        """The table and the sentences of the last comparison."""
        ui, comparison = self.ui, self._comparison
        ui.compareTable.visible = ui.compareLabel.visible = comparison is not None
        self._changed = [name for nodeID, digest in self._digests.items() if (name := _nameIfChanged(nodeID, digest))]
        self._showButtons()
        if comparison is None:
            return
        changed = [_("{names}: changed since the comparison. These numbers are of before: compare again.").format(
            names=", ".join(self._changed))] if self._changed else []
        warnings = "".join(f"<p style='color: {badColour()}'>&#9888; {html.escape(text)}</p>"
                           for text in (*changed, *comparison.warnings))
        growth = "".join(f"<br>{html.escape(_growth(segment))}" for segment in comparison.segments[:_MOST_SENTENCES])
        notes = "".join(f"<p>{html.escape(text)}</p>" for text in (comparison.diagnoses, *comparison.notes) if text)
        sides = _("A: {a}; B: {b}").format(a=comparison.name_a, b=comparison.name_b)
        ui.compareLabel.text = f"<b>{html.escape(sides)}</b>{growth}{warnings}{notes}"
        ui.compareTable.rowCount = len(comparison.segments)
        for row, segment in enumerate(comparison.segments):
            for column, text in enumerate(row_cells(segment)):
                item = qt.QTableWidgetItem(text if column else shortened(text, _LONGEST))
                if not column:
                    item.setToolTip(asShown(text))
                else:
                    item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                ui.compareTable.setItem(row, column, item)
        ui.compareTable.resizeColumnsToContents()
        ui.compareTable.resizeRowsToContents()
        fitHeight(ui.compareTable, _MOST_LINES)

    def _showButtons(self):
        ui, isBusy = self.ui, self._client.running
        nodes = ui.compareASelector.currentNode(), ui.compareBSelector.currentNode()
        canCompare = all(nodes) and nodes[0].GetID() != nodes[1].GetID()
        ui.compareButton.text = (_("Cancelling...") if self._cancelling else _("Cancel comparing") if isBusy
                                 else _("Compare"))
        ui.compareButton.enabled = not self._cancelling and (isBusy or canCompare)
        ui.compareButton.toolTip = "" if ui.compareButton.enabled else _("Choose two segmentations first.")
        comparison = self._comparison
        hasDifference = comparison is not None and comparison.difference is not None and comparison.difference.any()
        canShow = bool(hasDifference) and not self._changed and len(self._addedIDs) == 1
        ui.showDifferenceButton.enabled = canShow and not isBusy
        ui.undoCompareButton.enabled = self._memory is not None and not isBusy


def _nameIfChanged(nodeID, digest):
    """Name of a segmentation that is no longer as it was compared; "" where it is, or has gone."""
    node = slicer.mrmlScene.GetNodeByID(nodeID)
    try:
        return "" if node is None or digestOf(segmentationOf(node)) == digest else node.GetName()
    except UnifiedViTError:  # nothing is drawn any more
        return node.GetName()


def _growth(segment):
    """A segment's volumes in words."""
    _name, _dice, _distance, before, after, change, percent = row_cells(segment)
    if segment.change_ml is None:
        return _("{name}: volumes are not known").format(name=segment.name)
    if segment.change_percent is None:
        return _("{name}: {before} mL, then {after} mL ({change} mL)").format(
            name=segment.name, before=before, after=after, change=change)
    return _("{name}: {before} mL, then {after} mL ({change} mL, {percent} %)").format(
        name=segment.name, before=before, after=after, change=change, percent=percent)
