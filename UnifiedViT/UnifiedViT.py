"""UnifiedViT in 3D Slicer: choose a volume and a model, press Run, read the segmentation and the diagnosis.

The network runs in a child process (`UnifiedViTLib.service`); what happens here is nodes, widgets and their wiring.
"""

import importlib
import importlib.util
import logging
import sys
from pathlib import Path
from typing import Annotated, Optional

import slicer
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

DEFAULT_MODEL = "brain-t1ce"
#: Priority of an observer that hears of a new scene when every selector has listed its nodes, whenever it was made.
AFTER_SELECTORS = -10.0


class UnifiedViT(ScriptedLoadableModule):
    """What the application lists."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("UnifiedViT")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = []
        parent.contributors = ["The UnifiedViT developers"]
        parent.helpText = _(
            "One Vision Transformer looks at a medical image once and gives two answers: where (a segmentation) and "
            "what (a diagnosis with calibrated probabilities). Load a volume, choose a model, press Run.<br><br>"
            "<b>Research use only. Not for clinical diagnosis.</b><br><br>"
            'More in the <a href="https://github.com/UnifiedViT/SlicerUnifiedViT">documentation</a>.'
        )
        parent.acknowledgementText = _(
            "The architecture follows Kassar, An Analytical Study of Vision Transformer Models for Medical Image "
            "Classification and Segmentation. The bundled model was trained on BRISC 2025 (Fateh et al.), the figshare "
            "set of Cheng, and TCGA-LGG with the masks of Buda et al.; its weights are under CC BY-NC-SA 4.0."
        )
        addToPath()
        slicer.app.connect("startupCompleted()", self.onStartupCompleted)

    def onStartupCompleted(self):
        """Sample data and terminology; neither may keep Slicer from starting."""
        from UnifiedViTPanel.startup import loadTerminology, registerSampleData

        for prepare in (registerSampleData, loadTerminology):
            try:
                prepare()
            except Exception:  # another version of a module that is not ours must not break the start
                logging.exception("UnifiedViT: %s failed", prepare.__name__)


def addToPath():
    """An installed extension has the panel and the library beside this file; a developer may have added the unbuilt
    module's folder alone."""
    folder = Path(__file__).resolve().parent
    for name, place in (("UnifiedViTPanel", folder), ("UnifiedViTLib", folder.parent)):
        if importlib.util.find_spec(name) is None:
            sys.path.append(str(place))


@parameterNodeWrapper
class UnifiedViTParameterNode:
    """What is saved with the scene: these, and the options of `UnifiedViTLogic.process`. `device` as in `Predictor`;
    `model` is an id, `furtherModels` are ids of others that look too, separated by spaces."""

    inputVolume: vtkMRMLScalarVolumeNode
    outputSegmentation: vtkMRMLSegmentationNode
    model: str = DEFAULT_MODEL
    furtherModels: str = ""
    device: str = "auto"
    batchSize: Annotated[int, WithinRange(1, 64)] = 8
    plane: str = "auto"
    tta: bool = False
    keepProbabilities: bool = False
    heatmap: str = ""
    superres: str = ""
    uncertainty: bool = False


class UnifiedViTWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel. Its parts are in `UnifiedViTPanel`; this class joins them to the scene."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.panel = None
        self._parameterNode = None
        self._guiTag = None

    def setup(self):
        """Called once, when the module is first opened."""
        from UnifiedViTPanel.panel import Panel

        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/UnifiedViT.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = UnifiedViTLogic()
        self.panel = Panel(self.ui, self.logic)
        for event, handler, priority in (
            (slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose, 0.0),
            (slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose, AFTER_SELECTORS),
            (slicer.mrmlScene.StartImportEvent, self.onSceneStartImport, 0.0),
            (slicer.mrmlScene.EndImportEvent, self.onSceneEndClose, AFTER_SELECTORS),
        ):
            self.addObserver(slicer.mrmlScene, event, handler, priority=priority)
        if self.isShown:  # reloaded
            self.initializeParameterNode()

    @property
    def isShown(self):
        """Whether this is the module that the user looks at; a widget outside the application's panel counts as
        shown."""
        return getattr(self.parent, "isEntered", True)

    def cleanup(self):
        """The module is unloaded, or Slicer closes: nothing of ours may go on running."""
        # The widgets may be gone already, and `setup` may have failed: first what needs neither.
        if self.panel:
            self.panel.close()
        if self.logic:
            self.logic.close()
        self.removeObservers()
        joined, self._parameterNode = self._parameterNode, None
        if joined:
            joined.disconnectGui(self._guiTag)

    def enter(self):
        """The module is shown."""
        self.initializeParameterNode()
        self.panel.enter()

    def exit(self):
        """Another module is shown. All stays joined: a run goes on, and the panel takes its result."""

    def onReload(self):
        """For developers: forget the library and the panel's parts too."""
        self.panel.close()
        self.logic.close()
        ours = [name for name in sys.modules if name.split(".")[0] in ("UnifiedViTLib", "UnifiedViTPanel")]
        for name in sorted(ours):
            del sys.modules[name]
        importlib.import_module("UnifiedViTLib")
        ScriptedLoadableModuleWidget.onReload(self)

    def onSceneStartClose(self, caller, event):
        """What is under way was about a volume that goes now."""
        self.panel.sceneCloses()
        self.setParameterNode(None)

    def onSceneStartImport(self, caller, event):
        """Nodes come one by one: a selector that does not know its node yet must not write "none" in its place."""
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        """A new scene, empty or loaded: the panel shows its parameters and its results, if it is shown itself."""
        if self.isShown:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        """Use the scene's parameter node; take the first volume where none is chosen."""
        parameterNode = self.logic.getParameterNode()
        # Joined once a node: before Slicer 5.12, each connection leaves an observer on it for good.
        if not self._parameterNode or self._parameterNode.parameterNode is not parameterNode.parameterNode:
            self.setParameterNode(parameterNode)
        if not self._parameterNode.inputVolume:
            first = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
            if first and not first.IsA("vtkMRMLLabelMapVolumeNode"):
                self._parameterNode.inputVolume = first
        self.panel.showParameters()

    def setParameterNode(self, parameterNode: Optional[UnifiedViTParameterNode]):
        """Join the panel to a parameter node, or to none."""
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
            self.removeObserver(self._parameterNode.parameterNode, "ModifiedEvent", self.onParametersModified)
        self._parameterNode = parameterNode
        if self._parameterNode:
            self._guiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode.parameterNode, "ModifiedEvent", self.onParametersModified)
        self.panel.setParameters(parameterNode)

    def onParametersModified(self, caller=None, event=None):
        """Something was chosen, here or by a script."""
        self.panel.showParameters()


class UnifiedViTLogic(ScriptedLoadableModuleLogic):
    """The same from a script, without a widget and without a dialog:

    from UnifiedViT import UnifiedViTLogic
    prediction = UnifiedViTLogic().process(volumeNode)
    print(prediction.diagnosis.display, prediction.diagnosis.probability)
    """

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        from UnifiedViTPanel.run import Runner

        self.runner = Runner()

    def getParameterNode(self):
        """The scene's parameters of this module."""
        return UnifiedViTParameterNode(super().getParameterNode())

    def process(self, volumeNode, segmentationNode=None, model=DEFAULT_MODEL, device="auto", batchSize=8, progress=None,
                channels=None, region=None, regionMargin=10.0, *, plane="auto", tta=False, keepProbabilities=False,
                heatmap="", superres="", uncertainty=False):
        """Look at a volume, and add the result to its scene; waits until it is there.

        Args:
            volumeNode: a scalar volume.
            segmentationNode: its content is replaced; None for a new segmentation.
            model: a model's id or folder; or a list of them, each of which adds "NAME - MODEL", or all or none.
            device: "auto", "cpu", "cuda" or "mps".
            batchSize: slices at a time.
            progress: called with a stage in words and the share done (0..1).
            channels: for models that look at several sequences: volume nodes by the names of further ones, for example
                {"t2": node}; `volumeNode` is the first. What is not given is missing.
            region: look at a part alone: a Markups ROI node, or around a segment: (segmentation node, segment ID).
            regionMargin: kept free around the segment, in mm.
            plane: "auto" (as acquired, or the model's), "axial", "coronal" or "sagittal".
            tta: test-time augmentation: look at mirrored slices too.
            keepProbabilities: add the probability of each segment as a volume.
            heatmap: add what speaks for a class, and where, as a volume: "auto" for the diagnosed class, or the name
                of a class of the model; "" for none.
            superres: add, beside the input, the volume with what is attended to four times as fine, and which of its
                voxels are synthetic: the upscaler ("learned", "lanczos" or a folder); "" for none.
            uncertainty: look several times, and add where the outline is uncertain as a volume; how far to trust the
                diagnosis is in `prediction.uncertainty`.

        Returns:
            `UnifiedViTLib.inference.prediction.Prediction`; of several models, a list of them.

        Raises:
            UnifiedViTLib.errors.UnifiedViTError: with a sentence that says what to do; the scene is then as it was.
        """
        from UnifiedViTPanel.severalmodels import process

        return process(self.runner, volumeNode, segmentationNode, model, device, batchSize, progress, channels, region,
                       regionMargin, plane=plane, tta=tta, keepProbabilities=keepProbabilities, heatmap=heatmap,
                       superres=superres, uncertainty=uncertainty)

    def whichModel(self, volumeNode, device="auto", progress=None, region=None, regionMargin=10.0):
        """Which installed models know a volume: `UnifiedViTPanel.whichmodel.whichModel`, with this object's worker."""
        from UnifiedViTPanel.whichmodel import whichModel

        return whichModel(self.runner.client, volumeNode, device, progress, region, regionMargin)

    def processFolder(self, inputDir, outputDir, pattern="*", recursive=False, skipExisting=True, model=DEFAULT_MODEL,
                      device="auto", batchSize=8, progress=None, channels=None, *, plane="auto", tta=False, heatmap="",
                      superres="", uncertainty=False):
        """Look at all images of a folder; the scene is not used. A bad file is reported and skipped.

        Args:
            inputDir: NRRD, NIfTI, MHA, DICOM, PNG or JPEG files, and folders that hold a DICOM series.
            outputDir: takes NAME.seg.nrrd, NAME.json and NAME.html for each, and results.csv over all; other files
                there stay as they are.
            pattern: which file names count, for example "*_t1ce.nii.gz".
            recursive: folders in the folder too.
            skipExisting: go on where an earlier call stopped: leave out images whose result is there, whole, and of
                the same files, model, options and software.
            model, device, batchSize, plane, tta: as for `process`; results of several models are NAME-MODEL.
            progress: called with words and the share done of all (0..1).
            channels: names of the files of further sequences, which lie beside each image, with a * for what the * of
                `pattern` stands for: {"flair": "*_flair.nii.gz"} beside "*_t1c.nii.gz".
            heatmap, superres, uncertainty: as for `process`; written as NAME.heatmap.nrrd, NAME.superres.nrrd with
                NAME.synthetic.seg.nrrd, NAME.uncertainty.nrrd.

        Returns:
            the rows of results.csv as dictionaries (`UnifiedViTLib.outputs.results_table.CSV_FIELDS`), by model and
            image.

        Raises:
            UnifiedViTLib.errors.UnifiedViTError: nothing could be started, for instance for want of the model.
        """
        from UnifiedViTPanel.folder import processFolder

        return processFolder(self.runner.client, inputDir, outputDir, pattern, recursive, skipExisting, model, device,
                             batchSize, progress, channels, plane=plane, tta=tta, heatmap=heatmap, superres=superres,
                             uncertainty=uncertainty)

    def processSequence(self, sequenceNode, model=DEFAULT_MODEL, device="auto", batchSize=8, progress=None, **options):
        """Look at every item of a sequence of volumes: `UnifiedViTPanel.sequences.processSequence`, with this object's
        worker. Adds a sequence of segmentations, a table over time and a plot."""
        from UnifiedViTPanel.sequences import processSequence

        return processSequence(self.runner.client, sequenceNode, model, device, batchSize, progress, **options)

    def saveAsDicom(self, volumeNode, folder, progress=None):
        """Write the last result that `process` of this object gave for a volume, and that is in the scene still, as
        DICOM objects, as `unifiedvit predict --dicom` does, under a free name; waits until they are there.

        Args:
            volumeNode: loaded with Slicer's DICOM module, so that its images are in Slicer's DICOM database.
            folder: takes the files; made if it is not there.
            progress: as for `process`.

        Returns:
            the paths of the files.

        Raises:
            UnifiedViTLib.errors.UnifiedViTError: with a sentence that says what to do; the folder is then as it was.
        """
        from UnifiedViTPanel.dicomresults import dicomRequest

        request = dicomRequest(self.runner.results.lastOf(volumeNode), folder)
        answer = self.runner.client.run(request, progress or (lambda stage, fraction: None))
        return [Path(path) for path in answer["paths"]]

    def compare(self, segmentationA, segmentationB):
        """Compare two segmentation nodes, A (before, or the reference) with B; the scene is not changed.

        Returns:
            `UnifiedViTLib.outputs.comparison.compare.Comparison`: Dice, HD95, volumes and change of each segment,
            warnings, the difference map. What is not known is None.

        Raises:
            UnifiedViTLib.errors.UnifiedViTError: with a sentence that says what to do.
        """
        from UnifiedViTPanel.comparednodes import segmentationOf

        from UnifiedViTLib.outputs.comparison.compare import compare

        return compare(segmentationOf(segmentationA), segmentationOf(segmentationB))

    def diagnosePatient(self, segmentationNodes, metadata=None, model=None):
        """Results of several images of a patient, and metadata: `UnifiedViTPanel.patient.diagnosePatient`."""
        from UnifiedViTPanel.patient import diagnosePatient

        return diagnosePatient(segmentationNodes, metadata, model)

    def addToDataset(self, volumeNode, folder, reviewer, label=None, segmentationNode=None, patient=""):
        """Add a corrected result to a dataset that `unifiedvit-train prepare` reads as it is: the image, and the
        segmentation as it is now in the scene, under a pseudonym.

        Args:
            volumeNode: with a result whose segments were corrected, or are confirmed.
            folder: of the dataset; made if it is not there.
            reviewer: who corrected it, a text of your choice.
            label: changed diagnosis: a class of the model, or several separated by semicolons; "" if it is not known;
                None: the model's is confirmed.
            segmentationNode: carries the result; needed where the volume has several.
            patient: any text that tells patients apart; "": by the DICOM PatientID, else by the folder of the file.

        Returns:
            `UnifiedViTLib.outputs.dataset.folder.Addition`; `CorrectionDataset(folder)` lists, removes, undoes.

        Raises:
            UnifiedViTLib.errors.UnifiedViTError: with a sentence that says what to do; the folder is then as it was.
        """
        from UnifiedViTPanel.corrections import addToDataset

        return addToDataset(volumeNode, folder, reviewer, label, segmentationNode, patient)

    def adaptModel(self, folder, model=DEFAULT_MODEL, reference=None, progress=None, changes=None):
        """Let a model learn from a dataset of corrections: `UnifiedViTPanel.adapting.adaptModel`, in a child process of
        its own; waits. The new model is installed if it is better."""
        from UnifiedViTPanel.adapting import adaptModel

        return adaptModel(folder, model, reference, progress, changes)

    def close(self):
        """Stop what is under way, and the child process."""
        self.runner.close()


class UnifiedViTTest(ScriptedLoadableModuleTest):
    """Runs inside Slicer: Reload and Test, or ctest."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        """All of it."""
        from UnifiedViTPanel.selftest import TESTS

        for test in TESTS:
            self.setUp()
            test(self, UnifiedViTLogic)
