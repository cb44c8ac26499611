"""What the module's own test does inside Slicer: bad input, and every button of the panel, a line a step. Dialogs are
not opened; what needs PyTorch is left out in words where only OpenVINO is there."""

from __future__ import annotations

import logging
import tempfile
import time
from pathlib import Path

import numpy as np
import slicer

from UnifiedViTLib.errors import DependencyError, UnsupportedImageError
from UnifiedViTLib.service.worker.protocol import JobRequest

from .consent import isAgreedTo

#: Its weights ask nobody for consent.
MODEL = "breast-ultrasound"
#: A step that takes longer has failed.
LONGEST_S = 120.0
#: A server's address at which nobody answers.
NOBODY = "http://127.0.0.1:9"
#: Of the application's settings, put back afterwards.
_SETTINGS = ("UnifiedViT/BatchInput", "UnifiedViT/BatchOutput", "UnifiedViT/BatchPattern",
             "UnifiedViT/BatchRecursive", "UnifiedViT/DatasetFolder", "UnifiedViT/Reviewer")


def badInputIsRefusedInWords(test, logicClass):
    """No volume, and a volume without voxels: a sentence, and the scene as it was."""
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    before = slicer.mrmlScene.GetNumberOfNodes()
    logic = logicClass()
    for node in (None, empty):
        with test.assertRaises(UnsupportedImageError):
            logic.process(node)
    test.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)
    logic.close()


def everyButton(test, logicClass, model=MODEL):
    """A drawn head through the panel's sections, one after the other; skipped in words where the network's packages are
    not installed."""
    volumeNode = _head()
    logic = logicClass()
    try:
        prediction = logic.process(volumeNode, model=model, device="cpu")
        test.assertEqual(prediction.labelmap.shape, slicer.util.arrayFromVolume(volumeNode).shape)
        test.assertAlmostEqual(sum(prediction.diagnosis.probabilities.values()), 1.0, places=5)
    except DependencyError as error:
        test.delayDisplay(f"Not run: {error}")
        return
    finally:
        logic.close()
    slicer.mrmlScene.Clear(0)
    settings = slicer.app.userSettings()
    kept = {name: settings.value(name) for name in _SETTINGS}
    widget = slicer.util.getModuleWidget("UnifiedViT")
    if not widget.isShown:  # started by ctest, or from the Python console while another module is shown
        slicer.util.selectModule("UnifiedViT")
    with tempfile.TemporaryDirectory(prefix="unifiedvit-self-test-") as folder:
        failed = _Walk(widget, Path(folder), model).through()
    for name, value in kept.items():
        settings.setValue(name, value)
    test.assertEqual(failed, [])
    test.delayDisplay("Test passed")


#: Each is called with the test case and the class of the logic, in an empty scene.
TESTS = (badInputIsRefusedInWords, everyButton)


def _head():
    """A drawn head as a volume node."""
    k, j, i = np.mgrid[-1:1:6j, -1:1:96j, -1:1:96j]
    head = 400.0 * (k**2 / 4 + j**2 + i**2 < 0.8) + 500.0 * ((i - 0.3) ** 2 + (j - 0.2) ** 2 + k**2 < 0.04)
    volumeNode = slicer.util.addVolumeFromArray(head.astype("int16"))
    volumeNode.SetName("drawn head")
    volumeNode.SetSpacing(2.0, 2.0, 6.0)
    return volumeNode


class _LeftOut(Exception):
    """A step cannot be tried here; the text says why."""


class _Walk:
    """A user who presses one button after the other.

    Args:
        widget: `UnifiedViTWidget`, shown.
        folder: an empty one.
        model: id of the model.
    """

    def __init__(self, widget, folder, model):
        self.widget, self.panel, self.ui, self.folder, self.model = widget, widget.panel, widget.ui, folder, model
        self.volume = self.first = None

    def through(self):
        """All steps; the names of those that failed."""
        failed = []
        for number, step in enumerate((self.run, self.cancel, self.undo, self.options, self.region, self.look,
                                       self.compare, self.which, self.several, self.batch, self.case, self.sequence,
                                       self.teach, self.adapt, self.computer, self.saveAndLoad, self.closeDuringRun),
                                      start=1):
            begun, said = time.monotonic(), "ok"
            try:
                step()
            except _LeftOut as reason:
                said = f"left out: {reason}"
            except Exception as error:
                logging.exception("UnifiedViT self-test")
                said = f"FAILED: {error!r}"
                failed.append(step.__name__)
            print(f"UnifiedViT self-test {number:2}: {step.__name__}: {said} ({time.monotonic() - begun:.1f} s)")
        return failed

    def _wait(self, until):
        end = time.monotonic() + LONGEST_S
        while not until():
            _check(time.monotonic() < end, f"It took longer than {LONGEST_S:.0f} s.")
            slicer.app.processEvents()
            time.sleep(0.01)

    def _choose(self, **parameters):
        for name, value in parameters.items():
            setattr(self.widget._parameterNode, name, value)

    def _press(self):
        """Run, and wait; the result's node."""
        self.ui.runButton.click()
        self._wait(lambda: not self.panel._running)
        node = self.widget._parameterNode.outputSegmentation
        _check(node is not None and node.GetAttribute("UnifiedViT.Diagnosis"), self.ui.statusLabel.text)
        return node

    def run(self):
        self.volume = _head()
        self._choose(inputVolume=self.volume, outputSegmentation=None, model=self.model, device="cpu")
        self.first = self._press()
        _check(self.ui.diagnosisLabel.text and self.ui.classesChart.visible, "The result is not shown.")

    def cancel(self):
        before = slicer.mrmlScene.GetNumberOfNodes()
        self.ui.runButton.click()
        self.ui.runButton.click()
        self._wait(lambda: not self.panel._running)
        _check(slicer.mrmlScene.GetNumberOfNodes() == before, "The scene has changed.")

    def undo(self):
        self._choose(outputSegmentation=None)
        before = slicer.mrmlScene.GetNumberOfNodes()
        self._press()
        self.ui.undoButton.click()
        _check(slicer.mrmlScene.GetNumberOfNodes() == before, "Undo leaves nodes.")

    def options(self):
        self._choose(outputSegmentation=None, tta=True, heatmap="auto", uncertainty=True)
        try:
            if self.panel._torchReason() and self.panel.setup._needsTorch():
                raise _LeftOut("heat map and uncertainty need PyTorch")
            self._press()
        finally:
            self._choose(tta=False, heatmap="", uncertainty=False)
        for box in (self.ui.heatmapCheckBox, self.ui.uncertaintyMapCheckBox):
            box.checked = True
            box.checked = False

    def region(self):
        if not hasattr(slicer, "vtkMRMLMarkupsROINode"):
            raise _LeftOut("this Slicer has no Markups ROI")
        roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "region")
        bounds = [0.0] * 6
        self.volume.GetRASBounds(bounds)
        roi.SetCenter([(bounds[axis] + bounds[axis + 1]) / 2 for axis in (0, 2, 4)])
        roi.SetSize(80.0, 80.0, 12.0)
        self.ui.regionSelector.setCurrentNode(roi)
        try:
            self._choose(outputSegmentation=None)
            _check("region" in self._press().GetAttribute("UnifiedViT.DiagnosisDisplay"), "Nobody says region.")
        finally:
            self.ui.regionSelector.setCurrentNode(None)

    def look(self):
        self._choose(outputSegmentation=self.first)
        for button in (self.ui.jumpButton, self.ui.copyButton):
            if button.enabled:
                button.click()
        if self.ui.show3DButton.enabled:
            self.ui.show3DButton.click()
            self.ui.show3DButton.click()

    def compare(self):
        self._choose(outputSegmentation=None)
        second = self._press()
        self.ui.compareASelector.setCurrentNode(self.first)
        self.ui.compareBSelector.setCurrentNode(second)
        self.ui.compareButton.click()
        self._wait(lambda: self.ui.compareLabel.text)
        if self.ui.showDifferenceButton.enabled:
            self.ui.showDifferenceButton.click()
        self.ui.undoCompareButton.click()

    def which(self):
        self.ui.whichModelButton.click()
        self._wait(lambda: self.ui.whichModelTable.rowCount > 0)

    def several(self):
        other = next((spec for spec in self.panel.models.usable()
                      if spec.id != self.model and not spec.channels and isAgreedTo(spec)), None)
        if other is None:
            raise _LeftOut("there is no second model of one image whose licence was agreed to")
        self._choose(outputSegmentation=None, furtherModels=other.id)
        before = len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode"))
        try:
            self._press()
        finally:
            self._choose(furtherModels="")
        _check(len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == before + 2, "There are not two results.")

    def batch(self):
        scans = self.folder / "scans"
        scans.mkdir()
        _check(slicer.util.saveNode(self.volume, str(scans / "head.nrrd")), "The volume cannot be saved.")
        (scans / "broken.nrrd").write_bytes(b"NRRD0004\n")
        self.ui.batchInputEdit.text, self.ui.batchOutputEdit.text = str(scans), str(self.folder / "out")
        self.ui.batchPatternEdit.text = ""
        self.ui.batchRunButton.click()
        self._wait(lambda: not self.panel.batch.isRunning)
        _check(self.ui.batchTable.rowCount == 2, self.ui.batchStatusLabel.text)
        _check((self.folder / "out" / "head.json").is_file(), "There is no result.")

    def case(self):
        table, before = self.ui.batchTable, slicer.mrmlScene.GetNumberOfNodes()
        row = next(row for row in range(table.rowCount) if "head" in table.item(row, 0).text())
        self.panel.batch._table.onDoubleClick(row, 0)
        self._wait(lambda: slicer.mrmlScene.GetNumberOfNodes() > before and not self.panel.batch._cases.poll())
        self.ui.undoButton.click()

    def sequence(self):
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "sequence")
        node.SetDataNodeAtValue(self.volume, "0")
        before = slicer.mrmlScene.GetNumberOfNodes()
        self.ui.sequenceSelector.setCurrentNode(node)
        self.ui.sequenceRunButton.click()
        self._wait(lambda: not self.panel.sequence.poll())
        _check(self.ui.sequencePlotButton.enabled, self.ui.sequenceStatusLabel.text)
        self.ui.undoSequenceButton.click()
        _check(slicer.mrmlScene.GetNumberOfNodes() == before, "Undo leaves nodes.")

    def teach(self):
        self._choose(outputSegmentation=self.first)
        self.ui.teachFolderLineEdit.text, self.ui.teachReviewerLineEdit.text = str(self.folder / "data"), "self-test"
        self.ui.teachButton.click()
        self._wait(lambda: self.ui.teachLabel.text)
        _check((self.folder / "data" / "labels.csv").is_file(), "There is no table.")
        self.ui.undoTeachButton.click()
        self._wait(lambda: not self.ui.teachLabel.text)

    def adapt(self):
        client = self.panel.adapt._client  # the button then finds its process started
        if problems := client.run(JobRequest("inspect_training"))["problems"]:
            client.close()
            raise _LeftOut(" ".join(problems.values()))
        empty = self.folder / "empty"
        empty.mkdir()
        self.ui.teachFolderLineEdit.text = str(empty)
        self.ui.adaptButton.click()
        self._wait(lambda: not self.panel.adapt.poll())
        _check(str(empty) in self.ui.adaptLabel.text, self.ui.adaptLabel.text)

    def computer(self):
        ui = self.ui
        edits, chosen = (ui.serverUrlLineEdit, ui.serverKeyLineEdit), ui.computerComboBox.currentIndex
        kept = [edit.text for edit in edits]
        ui.computerComboBox.setCurrentIndex(1)
        try:
            for edit, text in zip(edits, (NOBODY, "none"), strict=True):
                edit.text = text
            ui.testServerButton.click()
            self._wait(lambda: not self.panel.computer.poll())
            _check("127.0.0.1" in ui.statusLabel.text, ui.statusLabel.text)
        finally:
            for edit, text in zip(edits, kept, strict=True):
                edit.text = text
            ui.computerComboBox.setCurrentIndex(chosen)

    def saveAndLoad(self):
        text, path = self.ui.diagnosisLabel.text, self.folder / "scene.mrb"
        if not hasattr(slicer.app, "coreIOManager"):
            raise _LeftOut("there is no application that saves scenes")
        _check(slicer.util.saveScene(str(path)), "The scene cannot be saved.")
        slicer.mrmlScene.Clear(0)
        slicer.util.loadScene(str(path))
        self._wait(lambda: self.ui.diagnosisLabel.text == text)

    def closeDuringRun(self):
        slicer.mrmlScene.Clear(0)
        self._choose(inputVolume=_head(), model=self.model, device="cpu")
        self.ui.runButton.click()
        slicer.mrmlScene.Clear(0)
        self._wait(lambda: not self.panel._running)
        _check(slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode") is None, "A result of no volume.")


def _check(isSo, sentence):
    """A step of the walk goes on only where something is so."""
    if not isSo:
        raise AssertionError(sentence)
