"""Heat map and uncertainty as DICOM Parametric Maps: percent, on the original images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .codes import UNCERTAINTY, concept
from .context import ResultContext

if TYPE_CHECKING:
    from highdicom.pm import ParametricMap


def make_heatmap(context: ResultContext) -> ParametricMap | None:
    """What spoke for a class; None where it was not asked for."""
    from pydicom.sr.codedict import codes

    heatmap = context.prediction.heatmap
    if heatmap is None:
        return None
    explanation = f"What speaks for {heatmap.display}, by {heatmap.method}"
    return _map(context, heatmap.percent, codes.DCM.Saliency, "HEATMAP", "UnifiedViT heat map", explanation)


def make_uncertainty(context: ResultContext) -> ParametricMap | None:
    """Where the outline is uncertain; None where it was not asked for."""
    uncertainty = context.prediction.uncertainty
    if uncertainty is None:
        return None
    return _map(context, uncertainty.percent, concept(UNCERTAINTY), "UNCERTAINTY", "UnifiedViT uncertainty",
                f"Entropy of the mean over {len(uncertainty.passes)} passes")


def _map(context: ResultContext, percent: np.ndarray, quantity: Any, label: str, description: str,
         explanation: str) -> ParametricMap:
    """`percent`: (K, J, I) uint8; `quantity`: a code as highdicom takes it."""
    from highdicom.pm import ParametricMap, RealWorldValueMapping
    from pydicom.sr.codedict import codes

    mapping = RealWorldValueMapping(label, explanation[:64], codes.UCUM.Percent, (0, 100), slope=1, intercept=0,
                                    quantity_definition=quantity)
    written = ParametricMap(
        context.sources.datasets, context.sources.frames(percent).astype(np.uint16),
        contains_recognizable_visual_features=False, real_world_value_mappings=[mapping],
        window_center=50.0, window_width=100.0,  # 0.27 knows the window in this form alone, which 0.28 deprecates
        content_label=label, content_description=explanation[:64], **context.new_series(description),
    )
    return context.finish(written)
