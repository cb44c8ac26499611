"""What may be asked of a run, in one place for the command line, Slicer, the worker and the predictor."""

from __future__ import annotations

from dataclasses import dataclass

from ..spec import ModelSpec
from .explain import check_explanation


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
    """

    plane: str = "auto"
    flips: bool = False
    keep_probabilities: bool = False
    explain: str | None = None
    explain_class: str | None = None

    def check(self, spec: ModelSpec) -> None:
        """Return if a run of this model can do it here.

        Raises:
            ModelSpecError, DependencyError: it cannot; with a sentence.
        """
        if self.explain:
            check_explanation(self.explain, self.explain_class, spec)
