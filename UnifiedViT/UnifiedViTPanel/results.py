"""The panel's lower half: what the model said, in words and charts, and what can be done with it."""

from __future__ import annotations

import html

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.outputs.headlines import display_of, findings
from UnifiedViTLib.outputs.mrml import centre_of, result_of, volume_of
from UnifiedViTLib.outputs.mrml_changes import with_changes_told
from UnifiedViTLib.outputs.region import first_slice
from UnifiedViTLib.outputs.report import REVIEW, as_text, confidence_in_words, needs_review

from .appearance import keepNarrow, quietColour
from .charts import RedrawFilter, classesChart, colourOn, slicesChart
from .maps import MapsView
from .reporting import proposedFile, saveReport
from .sentences import inWords

#: No chart is narrower, in pixels.
_NARROWEST = 160


class ResultView:
    """Shows the result that a segmentation node carries.

    Args:
        ui: the panel's widgets.
        status: `StatusView`.
        dicom: `DicomView`.
        teach: `TeachView`.
    """

    def __init__(self, ui, status, dicom, teach):
        self.ui, self._status, self._dicom, self._teach = ui, status, dicom, teach
        self._result = self._nodeID = None
        self._maps = MapsView(ui)
        keepNarrow(ui.diagnosisLabel, ui.warningsLabel, ui.segmentsLabel)
        self._redrawFilter = RedrawFilter(ui.classesChart, self._redraw)
        ui.show3DButton.connect("toggled(bool)", self.onShow3D)
        ui.jumpButton.connect("clicked(bool)", self.onJump)
        ui.saveReportButton.connect("clicked(bool)", self.onSaveReport)
        ui.copyButton.connect("clicked(bool)", self.onCopy)
        self.show(None)

    @property
    def node(self):
        """The segmentation that is shown; None if it has gone."""
        return slicer.mrmlScene.GetNodeByID(self._nodeID) if self._nodeID else None

    def show(self, segmentationNode, volumeNode=None):
        """Show what a segmentation carries; nothing where it carries no result. `volumeNode` is the volume that is
        chosen: a result of another one says so."""
        own = volume_of(segmentationNode) if segmentationNode else None
        self._otherName = own.GetName() if own and volumeNode and own is not volumeNode else None
        self._result = result_of(segmentationNode)
        self._nodeID = segmentationNode.GetID() if self._result else None
        self.ui.resultCollapsibleButton.visible = self._result is not None
        self._maps.show(lambda: self.node, self._result)
        self._dicom.show(lambda: self.node)
        self._teach.show(lambda: self.node, self._result)
        if self._result is None:
            return
        self._showDiagnosis()
        self._showConfidence()
        self._showWarnings()
        self._drawCharts()
        self._showSegments()
        self._showButtons()

    def _showDiagnosis(self):
        """What was found, large, each with its probability, and what it was found by."""
        found = findings(self._result["diagnosis"])
        size = 17 if len(found) <= 2 else 12
        lines = [f"<span style='font-size: {size}pt; font-weight: bold'>{html.escape(words)}</span>"
                 f"{_probability(p, size)}" for words, p in found]
        origin = f"<span style='color: {quietColour()}'>{html.escape(self._origin())}</span>"
        self.ui.diagnosisLabel.text = f"{'<br>'.join(lines)}{_badge(self._result)}<br>{origin}"

    def _origin(self):
        result, model = self._result, self._result["model"]
        item = self.node.GetAttribute("UnifiedViT.SequenceItem")
        return " · ".join([
            result["name"] + (_(", item {number}").format(number=item) if item else ""),
            f"{model.get('name', model['id'])} {model['version']}", result["plane"],
            f"{result['device']} ({result['backend']})", f"{result['timings_s'].get('total', 0):.1f} s",
        ])

    def _showConfidence(self):
        words = confidence_in_words(self._result)
        self.ui.confidenceLabel.visible, self.ui.confidenceLabel.text = bool(words), words

    def _showWarnings(self):
        warnings = list(with_changes_told(self._result, self.node)["warnings"])
        if self._otherName is not None:
            warnings.insert(0, _("This result is of {name}, not of the volume that is chosen above.").format(
                name=self._otherName))
        self.ui.warningsLabel.visible = bool(warnings)
        self.ui.warningsLabel.text = "<br>".join(f"&#9888; {html.escape(inWords(text))}" for text in warnings)

    def _drawCharts(self):
        """Both charts, as wide as their place is now."""
        if self._result is None:
            return
        ui, diagnosis = self.ui, self._result["diagnosis"]
        width, names = max(_NARROWEST, ui.classesChart.width), list(diagnosis["probabilities"])
        displayNames = [display_of(diagnosis, name) for name in names]
        thresholds = [diagnosis["thresholds"][name] for name in names] if "thresholds" in diagnosis else None
        ui.classesChart.setPixmap(
            classesChart(displayNames, [diagnosis["probabilities"][name] for name in names], width, thresholds))
        ui.classesChart.toolTip = _("The line marks the probability from which on it is found.") if thresholds else ""
        series = [[one["probabilities"][name] for one in self._result["slices"]] for name in names]
        ui.slicesChart.setPixmap(slicesChart(series, width, first_slice(self._result)))
        classes = ", ".join(f"<span style='color: {colourOn(n)}'>{html.escape(display)}</span>"
                            for n, display in enumerate(displayNames))
        ui.slicesChart.toolTip = _("Probability of each class, slice by slice: {classes}").format(classes=classes)

    def _redraw(self):
        """The room or the application's style is another one."""
        if self._result is not None and self.node is not None:
            self._showDiagnosis()
        self._drawCharts()

    def _showSegments(self):
        """How much of each is drawn, and the report's sentences."""
        amounts = "<br>".join(f"<b>{html.escape(one['name'])}</b>: {_amount(one)}" for one in self._result["segments"])
        sentences = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self._result.get("report", ()))
        self.ui.segmentsLabel.text = amounts + sentences

    def _showButtons(self):
        ui, node = self.ui, self.node
        isDrawn = any(one["voxels"] for one in self._result["segments"])
        ui.jumpButton.enabled = ui.show3DButton.enabled = isDrawn
        display = node.GetDisplayNode()
        hasSurface = node.GetSegmentation().ContainsRepresentation("Closed surface")
        ui.show3DButton.blockSignals(True)
        ui.show3DButton.checked = bool(isDrawn and hasSurface and display and display.GetVisibility3D())
        ui.show3DButton.blockSignals(False)

    def onShow3D(self, checked):
        """Make the surface once, and show or hide it."""
        node = self.node
        if node is None:
            return
        if checked and not node.CreateClosedSurfaceRepresentation():
            self._status.say(_("The surface could not be made from this segmentation."), isBad=True)
            return
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetVisibility3D(checked)
        self._status.clearError()

    def onJump(self, _checked=None):
        """Bring all slice views to the middle of the largest piece."""
        place = centre_of(self.node) if self.node else None
        if place is None:
            self._status.say(_("Nothing is drawn in this segmentation."), isBad=True)
            return
        slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *place, slicer.vtkMRMLSliceNode.CenteredJumpSlice)
        self._status.clearError()

    def onCopy(self, _checked=None):
        """The result as text, for an e-mail or a table."""
        node = self.node
        if node is not None:
            slicer.app.clipboard().setText(as_text(with_changes_told(self._result, node)))
            self._status.say(_("The result is in the clipboard."))

    def onSaveReport(self, _checked=None):
        """Ask for a file, and write the report to it."""
        node = self.node
        if node is None:
            return
        path = qt.QFileDialog.getSaveFileName(self.ui.resultCollapsibleButton, _("Save report"),
                                              proposedFile(self._result, node), _("HTML (*.html)"))
        if not path:
            return
        try:
            saveReport(self._result, node, path)
        except UnifiedViTError as error:
            self._status.say(str(error), isBad=True)
        else:
            self._status.say(_("The report is in {path}").format(path=path))


def _probability(value, size):
    return "" if value is None else f"&nbsp;&nbsp;<span style='font-size: {size}pt'>{value:.0%}</span>"


def _badge(result):
    if not needs_review(result):
        return ""
    return f"&nbsp;&nbsp;<span style='background-color: #8a4b00; color: white'>&nbsp;{inWords(REVIEW)}&nbsp;</span>"


def _amount(segment):
    if not segment["voxels"]:
        return _("nothing drawn")
    if segment["volume_ml"] is None:
        return _("drawn, size not known")
    return _("{ml:.2f} mL").format(ml=segment["volume_ml"])
