"""What may be asked of a run, in one place for the command line, Slicer, the worker and the predictor."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from ..errors import DependencyError, ModelSpecError
from ..spec import ModelSpec
from .heatmap import DEFAULT_METHOD, check_heatmap
from .superres.super_resolution import QUANTILE
from .superres.upscalers import check_upscaler


@dataclass(frozen=True)
class Options:
    """How to look at an image, and what to give besides the segmentation and the diagnosis.

    Attributes:
        plane: "auto" (the acquisition plane), "axial", "coronal" or "sagittal".
        tta: test-time augmentation: look at the mirror image of every slice too, and take the mean of the logits;
            twice the time.
        keep_probabilities: give `Prediction.probability_maps`.
        heatmap: give `Prediction.heatmap` by this method (`heatmap.METHODS`), of the slices as they are, also with
            `tta`; three times the time.
        heatmap_class: name of the class to explain; None for the diagnosed one.
        superres: give `Prediction.superres` by this upscaler (`upscalers.UPSCALERS`, or the path of a folder), of
            the regions that `heatmap_method` chooses for the same class.
        superres_quantile: above which regions lie, as in `super_resolution.attended_regions`.
        uncertainty: give `Prediction.uncertainty`, by further passes over every slice; the answer stays what it is
            without. Four times the time, and two passes more over volumes whose voxels are nearly cubes.
        dicom: write the results of an image that came as DICOM as DICOM objects too.
    """

    plane: str = "auto"
    tta: bool = False
    keep_probabilities: bool = False
    heatmap: str | None = None
    heatmap_class: str | None = None
    superres: str | None = None
    superres_quantile: float = QUANTILE
    uncertainty: bool = False
    dicom: bool = False

    @property
    def heatmap_method(self) -> str | None:
        """The explanation that has to be made, for itself or to choose regions; None for none."""
        return self.heatmap or (DEFAULT_METHOD if self.superres else None)

    def check(self, spec: ModelSpec) -> None:
        """Return if a run of this model can do it here.

        Raises:
            ModelSpecError, DependencyError: it cannot; with a sentence.
        """
        if self.dicom and find_spec("highdicom") is None:
            raise DependencyError("Results as DICOM need the package highdicom. Install it (pip install "
                                  "'unifiedvit[dicom]').")
        if self.uncertainty and spec.multi_label:
            raise ModelSpecError(f"{spec.name} is a multi-label model; uncertainty by several passes is for models of "
                                 "one class an image. Run without it.")
        if self.heatmap_method:
            check_heatmap(self.heatmap_method, self.heatmap_class, spec)
        if self.superres:
            check_upscaler(self.superres)
            if not 0 <= self.superres_quantile < 1:
                raise ModelSpecError(f"A quantile of the attention is from 0 to under 1, not {self.superres_quantile}.")
