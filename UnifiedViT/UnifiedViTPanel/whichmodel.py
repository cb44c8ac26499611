"""Which model? Each installed model looks at some slices, and a small table says which of them know the volume."""

from __future__ import annotations

import html
from dataclasses import replace

import qt
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.imaging.region import DEFAULT_MARGIN_MM
from UnifiedViTLib.outputs.mrml import volume_from_node
from UnifiedViTLib.outputs.mrml_changes import last_change
from UnifiedViTLib.service.store.catalogue import installed_models
from UnifiedViTLib.service.worker.protocol import Failed, RankModelsRequest

from .appearance import fitHeight, onEnter
from .childview import ChildView
from .region import RegionChoice, chosenRegion
from .texts import asShown, shortened

#: Characters of a model's id in the table, so that the panel may be narrow.
_LONGEST = 20
#: Lines of the table that are seen at a time.
_MOST_LINES = 5


def whichModel(client, volumeNode, device="auto", progress=None, region=None, regionMargin=DEFAULT_MARGIN_MM):
    """Rank the installed models by how well they know a volume; waits until all have looked. None is chosen, and the
    scene is not changed.

    Args:
        client: `WorkerClient`.
        volumeNode, device, progress, region, regionMargin: as for `UnifiedViTLogic.process`.

    Returns:
        `UnifiedViTLib.inference.model_ranking.ModelRanking`: `summary`, and in `fits` a reason for each model.

    Raises:
        UnifiedViTLib.errors.UnifiedViTError: with a sentence that says what to do.
    """
    request = rankRequest(volumeNode, device, RegionChoice.of(region, regionMargin))
    return client.run(request, progress or (lambda stage, fraction: None))


def rankRequest(volumeNode, device, region=None, server=None):
    """What to ask the worker; `device` as of `Predictor`, `region` a `RegionChoice`, `server` the `ServerAddress` of
    what looks, None for this computer.

    Raises:
        UnsupportedImageError: it is not a volume to look at, or the region gives no box.
    """
    volume = volume_from_node(volumeNode)
    modality = _modality(volumeNode)
    if modality:
        volume = replace(volume, metadata={**volume.metadata, "Modality": modality})
    box = region.box(volumeNode) if region else None
    return RankModelsRequest(volume, tuple(installed_models()), device, box, server)


def _modality(volumeNode):
    """As Slicer's DICOM module noted it; "" for a volume from elsewhere."""
    hierarchy = volumeNode.GetScene().GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")
    item = hierarchy.GetItemByDataNode(volumeNode) if hierarchy else 0
    return hierarchy.GetItemAttribute(item, "DICOM.Modality") if item else ""


class WhichModelView(ChildView):
    """Asks in a process of its own, so that the window stays alive.

    Args:
        ui: the panel's widgets.
        status: `StatusView`.
        computer: `ComputerView`, whose choice counts.
        chosen: called with the id of a model that was double-clicked.
        wake: called when something begins that `poll` must follow.
    """

    def __init__(self, ui, status, computer, chosen, wake):
        super().__init__(status, wake)
        self.ui, self._computer, self._chosen = ui, computer, chosen
        self._tip = ui.whichModelButton.toolTip
        self._parameters = self._ranking = self._nodeID = self._region = self._box = self._voxels = None
        ui.whichModelButton.connect("clicked(bool)", self.onAsk)
        ui.whichModelTable.connect("itemSelectionChanged()", self._showReason)
        ui.whichModelTable.connect("cellDoubleClicked(int,int)", self.onDoubleClicked)
        self._shortcuts = onEnter(ui.whichModelTable, lambda row: self.onDoubleClicked(row, 0))
        self.show(None)

    def forget(self):
        """The scene is another one now: nothing is under way for it, nothing of it is shown."""
        self._cancel()
        self._ranking = self._nodeID = self._region = None
        self.show(None)

    def show(self, parameters):
        """Show the ranking if it is of the volume and the region that the parameter node names; None: nothing can be
        asked."""
        self._parameters = parameters
        volume = parameters.inputVolume if parameters else None
        isOfVolume = (volume is not None and self._ranking is not None and volume.GetID() == self._nodeID
                      and last_change(volume) == self._voxels)
        self.ui.whichModelFrame.visible = isOfVolume and chosenRegion(parameters.parameterNode) == self._region
        isBusy = self._client.running
        self.ui.whichModelButton.text = _("Cancel") if isBusy else _("Which?")
        self.ui.whichModelButton.toolTip = self._tip + (
            " " + _("The server looks: voxels and geometry are sent there.") if self._computer.isElsewhere else "")
        self.ui.whichModelButton.enabled = not self._cancelling and (isBusy or volume is not None)

    def onAsk(self, _checked=None):
        """Begin; while it is under way, cancel it."""
        if self._cancel():
            return
        volume = self._parameters.inputVolume
        try:
            region = chosenRegion(self._parameters.parameterNode)
            request = rankRequest(volume, self._parameters.device, region, self._computer.address())
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)
            return
        self._nodeID, self._region, self._ranking, self._box = volume.GetID(), region, None, request.region
        self._voxels = last_change(volume)
        self._submit(request)

    def _showButtons(self):
        self.show(self._parameters)

    def _end(self, event):
        self._release()
        if self._nodeID is not None:  # else the scene that it was about has gone
            if isinstance(event, Failed):
                self._sayFailed(event.error, _("Cancelled. No model was judged."))
            else:
                self._ranking = event.result
                self._fill()
                self._status.say(event.result.summary)
        self._showButtons()

    def _fill(self):
        """The table, the best model first."""
        verdicts = {"fits": _("fits"), "doubtful": _("doubtful"), "not judged": _("not judged"),
                    "does not fit": _("does not fit")}
        table = self.ui.whichModelTable
        table.setRowCount(len(self._ranking.fits))
        for row, fit in enumerate(self._ranking.fits):
            unlike = "" if fit.flagged_fraction is None else f"{fit.flagged_fraction:.0%}"
            for column, text in enumerate((shortened(fit.model_id, _LONGEST), verdicts[fit.verdict], unlike)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(asShown(f"{fit.name} ({fit.model_id})\n{fit.reason}"))
                table.setItem(row, column, item)
        table.resizeColumnsToContents()
        table.resizeRowsToContents()
        fitHeight(table, _MOST_LINES)
        table.setCurrentCell(0, 0)
        self._showReason()

    def _showReason(self):
        """What all models come to, and the reason of the one that is selected."""
        if self._ranking is None:
            return
        row = self.ui.whichModelTable.currentRow()
        text = f"<b>{html.escape(self._ranking.summary)}</b>"
        if self._box:
            words = _("Only slices of the region were looked at: {region}.")
            text += "<br>" + html.escape(words.format(region=self._box))
        if 0 <= row < len(self._ranking.fits):
            fit = self._ranking.fits[row]
            words = _("{model} (as {channel})") if fit.channel else "{model}"
            title = words.format(model=fit.model_id, channel=fit.channel)
            text += f"<br><i>{html.escape(title)}</i>: {html.escape(fit.reason)}"
        self.ui.whichModelLabel.text = text

    def onDoubleClicked(self, row, _column):
        """This model is to be used."""
        self._chosen(self._ranking.fits[row].model_id)
