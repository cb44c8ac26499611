"""The panel: Run and Cancel, progress, the choices, and the sentences that tell how it goes."""

from __future__ import annotations

import html
import logging
import time

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import Cancelled, DependencyError, UnifiedViTError, UnsupportedImageError
from UnifiedViTLib.service.worker.protocol import Failed, Finished, Log, Progress

from .adapting import AdaptView
from .appearance import onKey
from .batch import BatchView
from .channels import ChannelsView
from .choicebox import ChoiceBox
from .choices import deviceChoices, heatmapChoices, metricsInWords, planeChoices, upscalerChoices
from .compare import CompareView
from .computer import ComputerView
from .consent import mayBeUsed
from .dicomview import DicomView
from .models import ModelsView
from .options import optionsOf, slicerOptions
from .patient import PatientView
from .region import RegionView
from .results import ResultView
from .sentences import inWords
from .sequenceview import SequenceView
from .setup import SetupView
from .severalmodels import FurtherModelsView, furtherModels
from .status import StatusView
from .teach import TeachView
from .whichmodel import WhichModelView

#: Milliseconds between two looks at what the worker says.
POLL_MS = 40


class Panel:
    """Joins the widgets of the .ui to a run.

    Args:
        ui: the widgets by name.
        logic: `UnifiedViTLogic`.
    """

    def __init__(self, ui, logic):
        self.ui, self.logic, self.runner = ui, logic, logic.runner
        self._parameters = None
        self._running = self._cancelling = False
        self._started, self._cancelWords = 0.0, ""
        self.timer = qt.QTimer()
        self.timer.setInterval(POLL_MS)
        self.timer.connect("timeout()", self.onTimer)
        self.status = StatusView(ui)
        self.dicom = DicomView(ui, self.status, self.runner.results, self.timer.start)
        self.teach = TeachView(ui, self.status, self.timer.start)
        self.results = ResultView(ui, self.status, self.dicom, self.teach)
        self.setup = SetupView(ui, self.status, self.onReady, self.timer.start)
        self.computer = ComputerView(ui, self.status, self.showParameters, self.timer.start)
        self.channels, self.region = ChannelsView(ui), RegionView(ui)
        self.compare = CompareView(ui, self.status, self.timer.start, self.mayTakeBack)
        self.models = ModelsView(ui, self.status, self.onModelsChanged, self.timer.start)
        self.batch, self.sequence = BatchView(ui, self), SequenceView(ui, self)
        self.adapt = AdaptView(ui, self)
        self.furtherModels, self.patient = FurtherModelsView(ui), PatientView(ui, self.status)
        self.whichModel = WhichModelView(ui, self.status, self.computer,
                                         lambda modelID: self.onChosen("model", modelID), self.timer.start)
        self._boxes = self._choiceBoxes()
        ui.runButton.connect("clicked(bool)", self.onRun)
        ui.undoButton.connect("clicked(bool)", self.onUndo)
        ui.progressBar.visible = False
        root = ui.runButton.parentWidget()
        self._runKeys = [onKey(root, key, self.onRunKey) for key in ("Ctrl+Return", "Ctrl+Enter")]
        self._cancelKey = onKey(root, "Escape", self.onRun)
        self.showParameters()

    def _choiceBoxes(self):
        """A combo box a parameter, by the parameter's name."""
        ui = self.ui
        notInstalled, notHere = _("{value} (not installed)"), _("{value} (not available here)")
        described = {
            "model": (ui.modelComboBox, self._modelChoices(), notInstalled),
            "plane": (ui.planeComboBox, planeChoices(), "{value}"),
            "device": (ui.deviceComboBox, self._deviceChoices(), notHere),
            "heatmap": (ui.heatmapComboBox, self._heatmapChoices(), _("for {value} (not of this model)")),
            "superres": (ui.superresComboBox, upscalerChoices(), "{value}"),
        }
        return {name: ChoiceBox(box, choices, lambda value, words=words: words.format(value=value),
                                lambda value, name=name: self.onChosen(name, value))
                for name, (box, choices, words) in described.items()}

    def enter(self):
        """The module is shown: look once, in a child process, whether all that is needed is there."""
        self._boxes["model"].offer(self._modelChoices())
        self.setup.lookOnce()
        self.compare.look()

    def close(self):
        """Stop everything that runs."""
        self.timer.stop()
        self.setup.close()
        self.computer.close()
        self.models.close()
        self.dicom.close()
        self.compare.close()
        self.batch.close()
        self.sequence.close()
        self.whichModel.close()
        self.teach.close()
        self.adapt.close()

    # Parameters

    @property
    def parameters(self):
        """The parameter node that the panel shows; None while the scene is another's."""
        return self._parameters

    def setParameters(self, parameters):
        """Take another parameter node; None: nothing can be chosen or run."""
        self._parameters = parameters
        self.showParameters()

    def showParameters(self):
        """Show what the parameter node says."""
        parameters = self._parameters
        self._boxes["heatmap"].offer(self._heatmapChoices())
        for name, box in self._boxes.items():
            box.show(getattr(parameters, name) if parameters else None)
        if parameters is not None:
            self.results.show(parameters.outputSegmentation, parameters.inputVolume)
        self.region.show(parameters.parameterNode if parameters else None)
        self._showModel()
        self.furtherModels.show(self.models.usable(), parameters)
        self.patient.show(self.spec(), parameters.inputVolume if parameters else None)
        self.whichModel.show(parameters)
        self.setup.require("" if self.computer.isElsewhere else self._torchReason(), self.computer.isElsewhere)
        self._showButtons()

    def onChosen(self, name, value):
        """The user has chosen a model, plane, device, heat map or upscaler."""
        if self._parameters is None:
            return
        setattr(self._parameters, name, value)
        if name == "model" and self._parameters.heatmap not in self._heatmapChoices():
            self._parameters.heatmap = "auto"  # the class is another model's

    def onModelsChanged(self, modelID=None):
        """A model came or went; `modelID` is to be chosen."""
        if modelID and self._parameters is not None:
            self._parameters.model = modelID
        self._boxes["model"].offer(self._modelChoices())
        self.showParameters()

    def _modelChoices(self):
        return {spec.id: spec.name for spec in self.models.usable()}

    def _deviceChoices(self):
        return deviceChoices(*self.setup.devices())

    def _heatmapChoices(self):
        return heatmapChoices(self.spec())

    def _showModel(self):
        spec, parameters = self.spec(), self._parameters
        self.channels.show(spec, parameters.parameterNode if parameters else None)
        if spec is None:
            missing = _("Model {model} is not installed: choose another, or see section Models.")
            self.ui.modelInfoLabel.text = missing.format(model=html.escape(parameters.model)) if parameters else ""
            return
        lines = [html.escape(spec.description), _("<b>Expects</b> {what}").format(what=html.escape(spec.expects))]
        for result in spec.results[:2]:
            dataset = result.dataset[:1].upper() + result.dataset[1:]
            lines.append(f"<b>{html.escape(dataset)}</b>: {html.escape(metricsInWords(result))}")
        lines.append(_("<b>Weights</b> {licence}").format(licence=html.escape(spec.licence)))
        self.ui.modelInfoLabel.text = "<small>" + "<br>".join(lines) + "</small>"

    def spec(self):
        """Description of the model that the parameters name; None if it is not installed."""
        return self.specs()[0]

    def specs(self):
        """Descriptions of the model that the parameters name, and of those that look too; None for one that is not
        installed."""
        parameters, usable = self._parameters, {spec.id: spec for spec in self.models.usable()}
        return list(map(usable.get, [parameters.model, *furtherModels(parameters)])) if parameters else [None]

    def _torchReason(self):
        """What of the choices OpenVINO cannot do, in words; "" for nothing."""
        parameters, specs = self._parameters, self.specs()
        if parameters is None or specs[0] is None:
            return ""
        options = optionsOf(**{name: getattr(parameters, name) for name in slicerOptions()})
        return next(filter(None, (options.torch_reason(spec) for spec in specs if spec)), "")

    def onReady(self):
        """The check, or an installation, has ended."""
        self._boxes["device"].offer(self._deviceChoices())
        self.showParameters()

    # Running

    def onRun(self, _checked=None):
        """Run, or, while one runs, Cancel."""
        if self._running:
            self._cancel(_("Cancelled. The scene is as it was."))
            return
        if not all(mayBeUsed(spec) for spec in self.specs() if spec):
            self.status.say(_("Not run: the licence of the weights was not agreed to."))
            return
        try:
            self.runner.start(self._parameters, self.computer.address())
        except UnifiedViTError as error:
            self.status.say(str(error), isBad=True)
            return
        self._running, self._started = True, time.monotonic()
        self.timer.start()
        self.ui.progressBar.value = 0
        self.status.say(_("Starting..."))
        self._showButtons()

    def onRunKey(self):
        """Run by a key, from anywhere in the panel; it never cancels."""
        if self.ui.runButton.enabled and not self._running:
            self.ui.runButton.setFocus()  # what has it cannot be used during the run
            self.onRun()

    def _cancel(self, words):
        """Stop the run; `words` are said when it has ended."""
        self._cancelling, self._cancelWords = True, words
        self.runner.cancel()
        self._showButtons()

    def onTimer(self):
        """See what the worker, the check, the models' jobs, and the sections' own workers have said."""
        views = self.setup, self.computer, self.models, self.dicom, self.compare, self.batch, self.sequence, \
            self.whichModel, self.teach, self.adapt
        isBusy = [view.poll() for view in views]
        if not self._running:
            if not any(isBusy):
                self.timer.stop()
            return
        if self.runner.volumeNode is None and not self._cancelling:
            self._cancel(_("The volume was removed from the scene: its run was ended."))
        for event in self.runner.poll():
            if isinstance(event, Progress):
                self._showProgress(event)
            elif isinstance(event, Log):
                self.status.log(event.text)
            elif isinstance(event, (Finished, Failed)):
                self._end(event)

    def _showProgress(self, event):
        self.ui.progressBar.value = round(1000 * event.fraction)
        passed = time.monotonic() - self._started
        left = passed / event.fraction - passed if 0.05 < event.fraction < 1 and passed > 2 else None
        if not self._cancelling:
            rest = _(" (about {seconds:.0f} s left)").format(seconds=left) if left else ""
            self.status.say(inWords(event.stage) + rest)

    def _end(self, event):
        self._running = self._cancelling = False
        try:
            if isinstance(event, Failed):
                raise event.error
            segmentationNode = self.runner.accept(event.result)
        except Cancelled:
            self.status.say(self._cancelWords)
        except UnifiedViTError as error:
            self.status.say(str(error), isBad=True)
            if isinstance(error, DependencyError):
                self.setup.look()
        except Exception as error:  # MRML's or Python's own, for want of memory for instance
            logging.exception("UnifiedViT: a result could not be put into the scene")
            self.status.say(_("The result could not be put into the scene, which is as it was ({error}). Free memory "
                              "and run again; if that does not help, please report it.").format(
                                  error=f"{type(error).__name__}: {error}"), isBad=True)
        else:
            done = _("Done in {seconds:.1f} s.").format(seconds=time.monotonic() - self._started)
            failures, note = self.runner.queue.failures, self.runner.note
            self.status.say(" ".join(filter(None, [done, note, *failures])), isBad=bool(failures))
            self._showResult(segmentationNode)
        finally:
            self.runner.release()
            self._showButtons()

    def _showResult(self, segmentationNode, volumeNode=None):
        # The user may have gone to another module meanwhile: the scene's parameters are there all the same.
        parameters = self._parameters or self.logic.getParameterNode()
        if volumeNode is not None:
            parameters.inputVolume = volumeNode
        parameters.outputSegmentation = segmentationNode
        self.results.show(segmentationNode, parameters.inputVolume)
        self.compare.look()  # it may be one that was compared
        self.patient.show(self.spec(), parameters.inputVolume)

    def showStored(self, result):
        """Put a `StoredResult` with its volume into the scene, and show it as that of a run; returns the segmentation.

        Raises:
            UnifiedViTError: it cannot be shown; the scene is as it was.
        """
        if self._running:
            raise UnsupportedImageError(_("A run is under way. Wait until it has ended, then load the case again."))
        volumeNode, segmentationNode = self.runner.addStored(result)
        self.choose(volumeNode, segmentationNode)
        return segmentationNode

    def choose(self, volumeNode, segmentationNode):
        """Show a result that is in the scene."""
        self.status.clear()
        self._showResult(segmentationNode, volumeNode)
        self._showButtons()

    def mayTakeBack(self, isEdited, status):
        """Whether a result may go: where it was changed since it came (`isEdited`), after a question; a no is said in
        `status`."""
        if isEdited and not slicer.util.confirmYesNoDisplay(
                _("Segments, names or the table of the result were changed since the run. Undo takes these changes "
                  "away too. Take the result back?"),
                windowTitle=_("UnifiedViT")):
            status.say(_("Not taken back: the result was changed since the run."))
            return False
        return True

    def onUndo(self, _checked=None):
        """Take the last result back; where it was changed, after a question."""
        if not self.mayTakeBack(self.runner.isEdited, self.status):
            return
        self.runner.undo()
        self.status.say(_("The result was taken back."))
        self.showParameters()
        self.compare.look()

    def sceneCloses(self):
        """The scene goes: so does what is under way for it, and what was said about it."""
        self.runner.forget()
        self.runner.results.clear()
        self.dicom.forget()
        self.compare.forget()
        self.batch.sceneCloses()
        self.sequence.forget()
        self.whichModel.forget()
        self.teach.forget()
        self.patient.forget()
        if self._running:
            self._cancel("")
        self.status.clear()
        self.results.show(None)

    def _showButtons(self):
        parameters, ui = self._parameters, self.ui
        hasVolume = parameters is not None and parameters.inputVolume is not None
        canRun = hasVolume and self.spec() is not None
        ui.runButton.text = (_("Cancelling...") if self._cancelling else _("Cancel") if self._running else
                             # Chosen some day, perhaps, in a section that is folded: what leaves this computer is said.
                             _("Run on the server") if self.computer.isElsewhere else
                             _("Run {count} models").format(count=len(self.specs())) if len(self.specs()) > 1 else
                             _("Run"))
        ui.runButton.enabled = not self._cancelling and (self._running or canRun)
        ui.runButton.toolTip = (_("Ctrl+Enter runs, Esc cancels.") if ui.runButton.enabled
                                else _("Choose a volume and a model first."))
        self._cancelKey.enabled = self._running and not self._cancelling
        ui.progressBar.visible = self._running
        ui.undoButton.enabled = self.runner.canUndo and not self._running
        self.batch.showButtons()
        self.sequence.showButtons()
        self.adapt.showButtons()
        for widget in (ui.inputSelector, ui.channelsFrame, ui.outputSelector, ui.modelComboBox,
                       ui.regionCollapsibleButton, ui.advancedCollapsibleButton):
            widget.enabled = not self._running
