"""The maps of a result over the slices: one at a time, as opaque as the slider says."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.outputs.mrml_volumes import HEATMAP_ROLE, UNCERTAINTY_ROLE, MapOverlay

from .texts import asShown, shortened

#: Characters of a diagnosis beside its check box: a check box does not wrap, and would make the panel wider.
_LONGEST = 28


class MapsView:
    """Check boxes and slider for the heat map and the uncertainty map.

    Args:
        ui: the panel's widgets.
    """

    def __init__(self, ui):
        self.ui = ui
        self._segmentation = lambda: None
        self._overlay = MapOverlay()
        self._boxes = {HEATMAP_ROLE: ui.heatmapCheckBox, UNCERTAINTY_ROLE: ui.uncertaintyMapCheckBox}
        self._shownIDs = dict.fromkeys(self._boxes)
        for role, box in self._boxes.items():
            box.connect("toggled(bool)", lambda checked, role=role: self.onMap(role, checked))
        ui.mapSlider.connect("valueChanged(int)", lambda _value: self._lay())

    def show(self, segmentation, result):
        """Offer the maps of a result. A new one is shown at once, the heat map first; one that was hidden stays hidden.

        Args:
            segmentation: called for the node that carries the result; None if it has gone.
            result: as from `result_of`, or None.
        """
        self._segmentation = segmentation
        nodes = {role: self.node(role) for role in self._boxes}
        for role, box in self._boxes.items():
            box.visible = nodes[role] is not None
        self.ui.mapSlider.visible = any(nodes.values())
        if nodes[HEATMAP_ROLE] and "heatmap" in result:
            self._nameHeatmap(result["heatmap"])
        shownIDs = {role: node.GetID() if node else None for role, node in nodes.items()}
        if shownIDs != self._shownIDs:
            self._choose(shownIDs)

    def node(self, role):
        """A map of the result that is shown; None if it has none."""
        segmentation = self._segmentation()
        return segmentation.GetNodeReference(role) if segmentation else None

    def _nameHeatmap(self, explained):
        box = self.ui.heatmapCheckBox
        box.text = _("Heat map: {diagnosis}").format(diagnosis=shortened(explained["display"], _LONGEST))
        box.toolTip = asShown(_("What speaks for {diagnosis}, by {method}").format(
            diagnosis=explained["display"], method=explained["method"]))

    def _choose(self, shownIDs):
        """Which of these maps lies over the slices now."""
        new = [role for role in shownIDs if shownIDs[role] and shownIDs[role] != self._shownIDs[role]]
        kept = [role for role, box in self._boxes.items() if box.checked and shownIDs[role]]
        self._shownIDs = shownIDs
        self._check(next(iter(new + kept), None))
        self._lay()

    def _check(self, chosen):
        """Check the box of one map, or of none (None), without a signal."""
        for role, box in self._boxes.items():
            box.blockSignals(True)
            box.checked = role == chosen
            box.blockSignals(False)

    def onMap(self, role, checked):
        """Lay this map over the slices in place of the other, or take it away."""
        self._check(role if checked else None)
        self._lay()

    def _lay(self):
        """Lay the map whose box is checked over the slices, as opaque as the slider says."""
        node = next((self.node(role) for role, box in self._boxes.items() if box.checked and self.node(role)), None)
        if node is not None:
            self._overlay.show(node, self.ui.mapSlider.value / 100)
        else:
            self._overlay.hide(slicer.mrmlScene)
