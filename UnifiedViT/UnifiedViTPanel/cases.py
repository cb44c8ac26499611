"""A finished row of a batch into the scene: read and checked in a child process, shown as the result of a run."""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import Cancelled, UnifiedViTError
from UnifiedViTLib.outputs.mrml import ATTRIBUTE, volume_of
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import Failed, Finished, Log, StoredRequest


class CasesView:
    """Loads cases of a batch.

    Args:
        panel: `Panel`, which shows the result.
        status: `StatusView`, for the sentence under the table.
    """

    def __init__(self, panel, status):
        self._panel, self._status = panel, status
        self._client = WorkerClient()
        self._row, self._folder = None, Path()
        self._loaded = {}  # by folder and name: the segmentation's ID, and the result that it carried

    def load(self, row, folder, spec):
        """Load a case, or show it again if it is in the scene.

        Args:
            row: its line of results.csv.
            folder: of the results.
            spec: the row's model; None if it is not installed.
        """
        if row["status"] != "done":
            self._status.say(f"{Path(row['input']).name}: {row['error']}", isBad=True)
        elif spec is None:
            words = _("{name} is of {model}, which is not installed in this version: see section Models.")
            self._status.say(words.format(name=row["result"], model=row["model"]), isBad=True)
        elif self._client.running:
            self._status.say(_("A case is being loaded. Wait a moment."))
        elif not self._showAgain(folder, row["result"]):
            self._row, self._folder = row, folder
            self._status.say(_("Loading {name}...").format(name=row["result"]))
            self._client.submit(StoredRequest(folder, row["result"], row["input"], spec))
            self._panel.timer.start()

    def poll(self):
        """See what the child has said; returns whether there is more to come."""
        if not self._client.running:
            return False
        for event in self._client.poll():
            if isinstance(event, Log):
                self._status.log(event.text)
            elif isinstance(event, Failed):
                isCancelled = isinstance(event.error, Cancelled)
                self._status.say("" if isCancelled else str(event.error), isBad=not isCancelled)
            elif isinstance(event, Finished):
                self._show(event.result)
        return self._client.running

    def sceneCloses(self):
        """The scene that a case was to be loaded into goes."""
        self._loaded = {}
        if self._client.running:
            self._client.cancel()
        self._status.clear()

    def close(self):
        """Stop what is under way, and the child process."""
        self._client.close()

    def _show(self, result):
        name = self._row["result"]
        try:
            segmentationNode = self._panel.showStored(result)
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)
            return
        self._loaded[self._folder, name] = segmentationNode.GetID(), _resultOf(segmentationNode)
        self._status.say(_("{name} is loaded with its result, as after a run; Undo takes both away.").format(name=name))

    def _showAgain(self, folder, name):
        """Show the result of a case that is in the scene; False if it is not."""
        nodeID, text = self._loaded.get((folder, name), ("", ""))
        node = slicer.mrmlScene.GetNodeByID(nodeID) if nodeID else None
        volume = volume_of(node) if node else None
        if volume is None or _resultOf(node) != text:
            return False
        self._panel.choose(volume, node)
        slicer.util.setSliceViewerLayers(background=volume)
        self._status.say(_("{name} is in the scene already.").format(name=name))
        return True


def _resultOf(segmentationNode):
    return segmentationNode.GetAttribute(f"{ATTRIBUTE}Result")
