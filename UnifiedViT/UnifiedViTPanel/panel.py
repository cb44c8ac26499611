"""The panel: Run and Cancel, progress, the choices, and the sentences that tell how it goes."""

from __future__ import annotations

import html
import time

import qt
from slicer.i18n import tr as _

from UnifiedViTLib.errors import Cancelled, DependencyError, UnifiedViTError
from UnifiedViTLib.service.worker.protocol import Failed, Finished, Log, Progress

from .channels import ChannelsView
from .consent import mayBeUsed
from .models import ModelsView
from .results import ResultView
from .setup import SetupView

#: Of a model's metrics those that its line in the panel shows, in words.
METRIC_LABELS = {"lesion_type_accuracy": "kind of lesion right", "accuracy": "accuracy", "macro_auc": "AUC",
                 "macro_f1": "F1", "exact_match": "all findings right", "dice": "Dice", "diagnosis": "diagnosis right",
                 "findings": "each finding right", "detected": "lesions found", "empty": "healthy slices left empty",
                 "false_components": "false pieces"}
#: Milliseconds between two looks at what the worker says.
POLL_MS = 40
PLANES = {"auto": "as acquired (across the largest spacing)", "axial": "axial", "coronal": "coronal",
          "sagittal": "sagittal"}
#: What the super-resolved volume is made with, by `UnifiedViTLogic.process`'s words.
UPSCALERS = {"": "none", "learned": "what is attended to, by the learned upscaler (synthetic)",
             "lanczos": "what is attended to, by Lanczos interpolation"}


def _metrics(result):
    """A few of a model's metrics on one set of data, in words."""
    shown = [f"{words} {result.metrics[name]:.2f}" for name, words in METRIC_LABELS.items() if name in result.metrics]
    return ", ".join(shown[:5]) or ", ".join(f"{name} {value}" for name, value in list(result.metrics.items())[:5])


class Panel:
    """Joins the widgets of the .ui to a run.

    Args:
        ui: the widgets by name.
        logic: `UnifiedViTLogic`.
    """

    def __init__(self, ui, logic):
        self.ui, self.logic, self.runner = ui, logic, logic.runner
        self._parameters = None
        self._running, self._started, self._showing = False, 0.0, False
        self.timer = qt.QTimer()
        self.timer.setInterval(POLL_MS)
        self.timer.connect("timeout()", self.onTimer)
        self.results = ResultView(ui, self.say)
        self.setup = SetupView(ui, self.say, self.log, self.onReady, self.timer.start)
        self.channels = ChannelsView(ui)
        self.models = ModelsView(ui, self.say, self.onModelsChanged, self.timer.start)
        for plane, words in PLANES.items():
            ui.planeComboBox.addItem(_(words), plane)
        for upscaler, words in UPSCALERS.items():
            ui.superresComboBox.addItem(_(words), upscaler)
        self._fillDevices()
        self._fillModels()
        ui.runButton.connect("clicked(bool)", self.onRun)
        ui.undoButton.connect("clicked(bool)", self.onUndo)
        for box, name in ((ui.modelComboBox, "model"), (ui.planeComboBox, "plane"), (ui.deviceComboBox, "device"),
                          (ui.heatmapComboBox, "heatmap"), (ui.superresComboBox, "superres")):
            box.connect("currentIndexChanged(int)", lambda _index, box=box, name=name: self.onChosen(box, name))
        ui.progressBar.visible = False

    def enter(self):
        """The module is shown: look once, in a child process, whether all that is needed is there."""
        self._fillModels()
        self.setup.lookOnce()

    def close(self):
        """Stop everything that runs."""
        self.timer.stop()
        self.setup.close()
        self.models.close()

    # Parameters

    def setParameters(self, parameters):
        """Take another parameter node; None: nothing can be chosen or run."""
        self._parameters = parameters
        self.showParameters()

    def showParameters(self):
        """Show what the parameter node says."""
        parameters = self._parameters
        if parameters is not None:
            self._showing = True
            # A model that is not installed must not look like the first one of the list.
            self.ui.modelComboBox.setCurrentIndex(self.ui.modelComboBox.findData(parameters.model))
            self._fillHeatmaps()
            for box, value in ((self.ui.planeComboBox, parameters.plane), (self.ui.deviceComboBox, parameters.device),
                               (self.ui.heatmapComboBox, parameters.heatmap),
                               (self.ui.superresComboBox, parameters.superres)):
                self._choose(box, value)
            self._showing = False
            self.results.show(parameters.outputSegmentation)
        self._showModel()
        self._showButtons()

    def onChosen(self, box, name):
        """The user has chosen a model, plane or device."""
        if self._parameters is not None and not self._showing and box.currentIndex >= 0:
            setattr(self._parameters, name, box.itemData(box.currentIndex))
            if name == "model" and self.ui.heatmapComboBox.findData(self._parameters.heatmap) < 0:
                self._parameters.heatmap = "auto"  # the class is another model's

    def onModelsChanged(self, modelID=None):
        """A model came or went; `modelID` is to be chosen."""
        if modelID and self._parameters is not None:
            self._parameters.model = modelID
        self._fillModels()
        self.showParameters()

    @staticmethod
    def _choose(box, value):
        box.setCurrentIndex(max(0, box.findData(value)))

    def _fillHeatmaps(self):
        """Of which class of the model there can be a heat map."""
        spec, box = self._spec(), self.ui.heatmapComboBox
        choices = {"": _("none"), "auto": _("of what speaks for the diagnosis")}
        choices |= {one.name: _("for {diagnosis}").format(diagnosis=one.display)
                    for one in (spec.classes if spec else ())}
        if [box.itemData(n) for n in range(box.count)] != list(choices):
            box.clear()
            for value, words in choices.items():
                box.addItem(words, value)

    def _fillModels(self):
        self._showing = True
        box, before = self.ui.modelComboBox, self.ui.modelComboBox.itemData(self.ui.modelComboBox.currentIndex)
        box.clear()
        for spec in self.models.usable():
            box.addItem(spec.name, spec.id)
        box.setCurrentIndex(max(0, box.findData(before)))
        self._showing = False
        self._showModel()

    def _showModel(self):
        spec, parameters = self._spec(), self._parameters
        self.channels.show(spec, parameters.parameterNode if parameters else None)
        if spec is None:
            missing = _("Model {model} is not installed: choose another, or see section Models.")
            self.ui.modelInfoLabel.text = missing.format(model=html.escape(parameters.model)) if parameters else ""
            return
        lines = [html.escape(spec.description), _("<b>Expects</b> {what}").format(what=html.escape(spec.expects))]
        lines += [
            f"<b>{html.escape(result.dataset[:1].upper() + result.dataset[1:])}</b>: {html.escape(_metrics(result))}"
            for result in spec.results[:2]
        ]
        lines.append(_("<b>Weights</b> {licence}").format(licence=html.escape(spec.licence)))
        self.ui.modelInfoLabel.text = "<small>" + "<br>".join(lines) + "</small>"

    def _spec(self):
        chosen = self.ui.modelComboBox.itemData(self.ui.modelComboBox.currentIndex)
        return next((spec for spec in self.models.usable() if spec.id == chosen), None)

    def _fillDevices(self):
        """Devices that the check has found; before it, those that there may be."""
        devices, auto = self.setup.devices()
        box = self.ui.deviceComboBox
        self._showing = True
        before = box.itemData(box.currentIndex)
        box.clear()
        box.addItem(_("auto: {device}").format(device=devices[auto]) if auto else _("auto"), "auto")
        for name, words in devices.items():
            box.addItem(f"{name}: {words}" if words else name, name)
        box.setCurrentIndex(max(0, box.findData(before)))
        self._showing = False

    def onReady(self):
        """The check, or an installation, has ended."""
        self._fillDevices()
        self.showParameters()

    # Running

    def onRun(self, _checked=None):
        """Run, or, while one runs, Cancel."""
        if self._running:
            self.ui.runButton.text = _("Cancelling...")
            self.ui.runButton.enabled = False
            self.runner.cancel()
            return
        if not mayBeUsed(self._spec()):
            self.say(_("Not run: the licence of the weights was not agreed to."), False)
            return
        try:
            self.runner.start(self._parameters)
        except UnifiedViTError as error:
            self.say(str(error), True)
            return
        self._running, self._started = True, time.monotonic()
        self.timer.start()
        self.ui.progressBar.value = 0
        self.say(_("Starting..."), False)
        self._showButtons()

    def onTimer(self):
        """See what the worker, the check and the models' jobs have said."""
        isBusy = [self.setup.poll(), self.models.poll()]
        if not self._running:
            if not any(isBusy):
                self.timer.stop()
            return
        if self.runner.volumeNode is None and self.ui.runButton.enabled:
            self.onRun()  # the volume was deleted: nobody waits for the result
        for event in self.runner.client.poll():
            if isinstance(event, Progress):
                self._showProgress(event)
            elif isinstance(event, Log):
                self.log(event.text)
            elif isinstance(event, (Finished, Failed)):
                self._end(event)

    def _showProgress(self, event):
        self.ui.progressBar.value = round(1000 * event.fraction)
        passed = time.monotonic() - self._started
        left = passed / event.fraction - passed if 0.05 < event.fraction < 1 and passed > 2 else None
        if self.ui.runButton.enabled:
            self.say(event.stage + (_(" (about {seconds:.0f} s left)").format(seconds=left) if left else ""), False)

    def _end(self, event):
        self._running = False
        try:
            if isinstance(event, Failed):
                raise event.error
            segmentationNode = self.runner.accept(event.result)
        except Cancelled:
            self.say(_("Cancelled. The scene is as it was."), False)
        except UnifiedViTError as error:
            self.say(str(error), True)
            if isinstance(error, DependencyError):
                self.setup.look()
        else:
            self.say(_("Done in {seconds:.1f} s.").format(seconds=time.monotonic() - self._started), False)
            # The user may have gone to another module meanwhile: the scene's parameters are there all the same.
            (self._parameters or self.logic.getParameterNode()).outputSegmentation = segmentationNode
            self.results.show(segmentationNode)
        self._showButtons()

    def onUndo(self, _checked=None):
        """Take the last result back."""
        self.runner.undo()
        self.say(_("The result was taken back."), False)
        self.showParameters()

    def sceneCloses(self):
        """The scene goes: so does what is under way for it."""
        if self._running:
            self.runner.cancel()
            self.ui.runButton.enabled = False
        self.runner.forget()
        self.results.show(None)

    # Words

    def say(self, text, isBad):
        """Show a sentence under the button; bad news in red, and in the log."""
        self.ui.statusLabel.styleSheet = "color: #b3261e;" if isBad else ""
        self.ui.statusLabel.text = text
        if isBad:
            self.log(text)

    def log(self, text):
        """Add to the log."""
        self.ui.logText.appendPlainText(text)

    def _showButtons(self):
        parameters, ui = self._parameters, self.ui
        has_volume = parameters is not None and parameters.inputVolume is not None
        ui.runButton.text = _("Cancel") if self._running else _("Run")
        ui.runButton.enabled = self._running or (has_volume and self._spec() is not None)
        ui.runButton.toolTip = "" if ui.runButton.enabled else _("Choose a volume and a model first.")
        ui.progressBar.visible = self._running
        ui.undoButton.enabled = self.runner.canUndo and not self._running
        for widget in (ui.inputSelector, ui.channelsFrame, ui.outputSelector, ui.modelComboBox,
                       ui.advancedCollapsibleButton):
            widget.enabled = not self._running
