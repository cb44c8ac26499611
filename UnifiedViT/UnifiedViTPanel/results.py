"""The panel's lower half: what the model said, in words and charts, and what can be done with it."""

from __future__ import annotations

import html
from pathlib import Path

import numpy as np
import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.outputs.headlines import display_of, findings
from UnifiedViTLib.outputs.mrml import centre_of, result_of, volume_from_node
from UnifiedViTLib.outputs.mrml_volumes import HEATMAP_ROLE, SUPERRES_ROLE, SYNTHETIC_ROLE, UNCERTAINTY_ROLE, MapOverlay
from UnifiedViTLib.outputs.report import (
    REVIEW,
    as_text,
    colour_of,
    confidence_in_words,
    needs_review,
    write_report,
)

from .charts import classesChart, slicesChart
from .texts import asShown


class ResultView:
    """Shows the result that a segmentation node carries.

    Args:
        ui: the panel's widgets.
        say: shows a sentence, and whether it is bad news.
    """

    def __init__(self, ui, say):
        self.ui, self._say = ui, say
        self._result = self._nodeID = None
        self._overlay = MapOverlay()
        # Only one map at a time lies over the slices.
        self._boxes = {HEATMAP_ROLE: ui.heatmapCheckBox, UNCERTAINTY_ROLE: ui.uncertaintyMapCheckBox}
        self._shownIDs = dict.fromkeys(self._boxes)
        for role, box in self._boxes.items():
            box.connect("toggled(bool)", lambda checked, role=role: self.onMap(role, checked))
        ui.mapSlider.connect("valueChanged(int)", lambda _value: self._lay())
        ui.show3DButton.connect("toggled(bool)", self.onShow3D)
        ui.jumpButton.connect("clicked(bool)", self.onJump)
        ui.saveReportButton.connect("clicked(bool)", self.onSaveReport)
        ui.copyButton.connect("clicked(bool)", self.onCopy)
        self.show(None)

    @property
    def node(self):
        """The segmentation that is shown; None if it has gone."""
        return slicer.mrmlScene.GetNodeByID(self._nodeID) if self._nodeID else None

    def show(self, segmentationNode):
        """Show what a segmentation carries; nothing where it carries no result."""
        result = result_of(segmentationNode)
        self._result, self._nodeID = result, segmentationNode.GetID() if result else None
        ui = self.ui
        ui.resultCollapsibleButton.visible = result is not None
        self._showMaps()
        if result is None:
            return
        diagnosis = result["diagnosis"]
        given = findings(diagnosis)
        size = 17 if len(given) <= 2 else 12
        said = "<br>".join(
            f"<span style='font-size: {size}pt; font-weight: bold'>{html.escape(words)}</span>" + (
                "" if p is None else f"&nbsp;&nbsp;<span style='font-size: {size}pt'>{p:.0%}</span>")
            for words, p in given)
        ui.diagnosisLabel.text = (
            f"{said}{_badge(result)}<br>"
            f"<span style='color: #5f6b77'>{html.escape(self._origin(segmentationNode))}</span>"
        )
        ui.warningsLabel.visible = bool(result["warnings"])
        ui.warningsLabel.text = "<br>".join(f"&#9888; {html.escape(text)}" for text in result["warnings"])
        # The notice is never hidden: what is, has no width yet.
        names, width = list(diagnosis["probabilities"]), max(260, ui.noticeLabel.width - 24)
        displayNames = [display_of(diagnosis, name) for name in names]
        thresholds = [diagnosis["thresholds"][name] for name in names] if "thresholds" in diagnosis else None
        ui.classesChart.setPixmap(
            classesChart(displayNames, [diagnosis["probabilities"][n] for n in names], width, thresholds))
        ui.classesChart.toolTip = _("The line marks the probability from which on it is found.") if thresholds else ""
        series = [[one["probabilities"][name] for one in result["slices"]] for name in names]
        ui.slicesChart.setPixmap(slicesChart(series, width))
        ui.slicesChart.toolTip = _("Probability of each class, slice by slice: {classes}").format(
            classes=", ".join(f"<span style='color: {colour_of(n)}'>{html.escape(d)}</span>"
                              for n, d in enumerate(displayNames)))
        ui.segmentsLabel.text = "<br>".join(
            f"<b>{html.escape(one['name'])}</b>: " + (
                _("nothing drawn") if not one["voxels"] else
                _("drawn, size not known") if one["volume_ml"] is None else
                _("{ml:.2f} mL").format(ml=one["volume_ml"]))
            for one in result["segments"]
        ) + "".join(f"<p>{html.escape(sentence)}</p>" for sentence in result.get("report", ()))
        drawn = any(one["voxels"] for one in result["segments"])
        ui.jumpButton.enabled = ui.show3DButton.enabled = drawn
        display = segmentationNode.GetDisplayNode()
        ui.show3DButton.blockSignals(True)
        ui.show3DButton.checked = bool(
            drawn and display and display.GetVisibility3D() and "Closed surface" in _representations(segmentationNode))
        ui.show3DButton.blockSignals(False)

    def _map(self, role):
        """A map of the result that is shown; None if it has none."""
        return self.node.GetNodeReference(role) if self.node else None

    def _showMaps(self):
        """A new map is shown at once, the heat map first; one that was hidden stays hidden."""
        ui, result = self.ui, self._result
        nodes = {role: self._map(role) for role in self._boxes}
        for role, box in self._boxes.items():
            box.visible = nodes[role] is not None
        ui.mapSlider.visible = any(nodes.values())
        if nodes[HEATMAP_ROLE] and "heatmap" in result:
            explained = result["heatmap"]
            ui.heatmapCheckBox.text = _("Heat map: {diagnosis}").format(diagnosis=explained["display"])
            ui.heatmapCheckBox.toolTip = asShown(_("What speaks for {diagnosis}, by {method}").format(
                diagnosis=explained["display"], method=explained["method"]))
        words = confidence_in_words(result) if result else ""
        ui.confidenceLabel.visible, ui.confidenceLabel.text = bool(words), words
        shownIDs = {role: node.GetID() if node else None for role, node in nodes.items()}
        if shownIDs != self._shownIDs:
            new = [role for role in shownIDs if shownIDs[role] and shownIDs[role] != self._shownIDs[role]]
            chosen = new[0] if new else next((role for role, box in self._boxes.items()
                                              if box.checked and shownIDs[role]), None)
            self._shownIDs = shownIDs
            self._check(chosen)
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
        node = next((self._map(role) for role, box in self._boxes.items() if box.checked and self._map(role)), None)
        if node is not None:
            self._overlay.show(node, self.ui.mapSlider.value / 100)
        else:
            self._overlay.hide(slicer.mrmlScene)

    def _origin(self, node):
        result = self._result
        model = result["model"]
        item = node.GetAttribute("UnifiedViT.SequenceItem")
        return " · ".join([
            result["name"] + (_(", item {number}").format(number=item) if item else ""),
            f"{model.get('name', model['id'])} {model['version']}", result["plane"],
            f"{result['device']} ({result['backend']})", f"{result['timings_s'].get('total', 0):.1f} s",
        ])

    def onShow3D(self, checked):
        """Make the surface once, and show or hide it."""
        node = self.node
        if node is None:
            return
        if checked and not node.CreateClosedSurfaceRepresentation():
            self._say(_("The surface could not be made from this segmentation."), True)
            return
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetVisibility3D(checked)

    def onJump(self, _checked=None):
        """Bring all slice views to the middle of the largest piece."""
        place = centre_of(self.node) if self.node else None
        if place is None:
            self._say(_("Nothing is drawn in this segmentation."), True)
            return
        slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *place, slicer.vtkMRMLSliceNode.CenteredJumpSlice)

    def onCopy(self, _checked=None):
        """The result as text, for an e-mail or a table."""
        if self._result:
            slicer.app.clipboard().setText(as_text(self._result))
            self._say(_("The result is in the clipboard."), False)

    def onSaveReport(self, _checked=None):
        """One HTML file with pictures, which needs no network."""
        node = self.node
        if node is None:
            return
        path = qt.QFileDialog.getSaveFileName(
            self.ui.resultCollapsibleButton, _("Save report"), f"{self._result['name']}-report.html", "HTML (*.html)")
        if not path:
            return
        try:
            volume, labelmap = self._pictured(node)
            write_report(self._result, Path(path), volume, labelmap,
                         *(self._percent(role, volume) for role in (HEATMAP_ROLE, UNCERTAINTY_ROLE)),
                         _superres(node))
        except UnifiedViTError as error:
            self._say(str(error), True)
        else:
            self._say(_("The report is in {path}").format(path=path), False)

    def _pictured(self, node):
        """The volume that the segmentation was drawn on and its labels, (K, J, I); (None, None) if it has gone."""
        volumeNode = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
        if volumeNode is None or volumeNode.GetImageData() is None:
            return None, None
        volume = volume_from_node(volumeNode)
        labels = np.zeros(volume.array.shape, np.uint8)
        for segmentID in node.GetSegmentation().GetSegmentIDs():
            number = segmentID.removeprefix("Segment_")  # its label; those of which nothing is drawn are not there
            mask = slicer.util.arrayFromSegmentBinaryLabelmap(node, segmentID, volumeNode)
            if number.isdigit() and mask is not None and mask.shape == volume.array.shape:
                labels[mask > 0] = int(number)
        return volume, labels

    def _percent(self, role, volume):
        """A map (K, J, I) on the grid of `volume`; None if it has gone, or the volume is another one now."""
        node = self._map(role)
        if volume is None or node is None or node.GetImageData() is None:
            return None
        values = slicer.util.arrayFromVolume(node)
        return values if values.shape == volume.array.shape else None


def _superres(node):
    """The super-resolved volume of a result and its synthetic voxels, (K, J, I); None if it has none, or they have
    gone."""
    fine = node.GetNodeReference(SUPERRES_ROLE)
    mask = fine.GetNodeReference(SYNTHETIC_ROLE) if fine else None
    if mask is None or fine.GetImageData() is None or mask.GetImageData() is None:
        return None
    volume, synthetic = volume_from_node(fine), slicer.util.arrayFromVolume(mask)
    return (volume, synthetic) if synthetic.shape == volume.array.shape else None


def _badge(result):
    if not needs_review(result):
        return ""
    return f"&nbsp;&nbsp;<span style='background-color: #8a4b00; color: white'>&nbsp;{REVIEW}&nbsp;</span>"


def _representations(node):
    return [name for name in ("Closed surface",) if node.GetSegmentation().ContainsRepresentation(name)]
