"""What may be asked of a run, in one place for the command line, Slicer, the worker and the predictor."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ModelSpecError
from ..spec import ModelSpec
from .explain import DEFAULT_METHOD, check_explanation
from .superresolution import QUANTILE
from .upscalers import check_upscaler


@dataclass(frozen=True)
class Options:
    """How to look at an image, and what to give besides the segmentation and the diagnosis.

    Attributes:
        plane: "auto" (the acquisition plane), "axial", "coronal" or "sagittal".
        flips: test-time augmentation: look at the mirror image of every slice too, and take the mean of the logits;
            twice the time.
        keep_probabilities: give `Prediction.probability_maps`.
        explain: give `Prediction.heatmap` by this method (`explain.METHODS`), of the slices as they are, also with
            `flips`; three times the time.
        explain_class: name of the class to explain; None for the diagnosed one.
        superres: give `Prediction.enhancement` by this upscaler (`upscalers.UPSCALERS`, or the path of a folder), of
            the regions that `guide` chooses for the same class.
        superres_quantile: above which regions lie, as in `superresolution.attended_regions`.
        uncertainty: give `Prediction.uncertainty`, by further looks at every slice; the answer stays what it is
            without. Four times the time, and two looks more at volumes whose voxels are nearly cubes.
    """

    plane: str = "auto"
    flips: bool = False
    keep_probabilities: bool = False
    explain: str | None = None
    explain_class: str | None = None
    superres: str | None = None
    superres_quantile: float = QUANTILE
    uncertainty: bool = False

    @property
    def guide(self) -> str | None:
        """The explanation that has to be made, for itself or to choose regions; None for none."""
        return self.explain or (DEFAULT_METHOD if self.superres else None)

    def check(self, spec: ModelSpec) -> None:
        """Return if a run of this model can do it here.

        Raises:
            ModelSpecError, DependencyError: it cannot; with a sentence.
        """
        if self.uncertainty and spec.multi_label:
            raise ModelSpecError(f"{spec.name} is a multi-label model; uncertainty by further looks is for models of "
                                 "one class an image. Run without it.")
        if self.guide:
            check_explanation(self.guide, self.explain_class, spec)
        if self.superres:
            check_upscaler(self.superres)
            if not 0 <= self.superres_quantile < 1:
                raise ModelSpecError(f"A quantile of the attention is from 0 to under 1, not {self.superres_quantile}.")
