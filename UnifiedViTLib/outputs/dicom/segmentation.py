"""The mask as a DICOM Segmentation: binary, on the original images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..files import drawn_segments
from .codes import terminology
from .context import ResultContext

if TYPE_CHECKING:
    from highdicom.seg import Segmentation


def make_segmentation(context: ResultContext) -> Segmentation | None:
    """The segments of which something is drawn, numbered from 1 on; None where nothing is."""
    from highdicom.color import CIELabColor
    from highdicom.seg import Segmentation, SegmentDescription

    drawn = drawn_segments(context.prediction)
    if not drawn:
        return None
    descriptions = []
    for number, (label, segment) in enumerate(drawn.items(), start=1):
        category, kind, region = terminology(segment)
        uid, identifier = context.tracking(label)
        descriptions.append(SegmentDescription(
            number, segment.name[:64], category, kind, "AUTOMATIC",
            algorithm_identification=context.algorithm(), tracking_uid=uid, tracking_id=identifier,
            anatomic_regions=[region] if region else None,
        ))
        descriptions[-1].RecommendedDisplayCIELabValue = list(CIELabColor.from_rgb(*segment.colour).value)
    numbers = np.zeros(len(context.prediction.spec.segments) + 1, np.uint8)
    numbers[list(drawn)] = range(1, len(drawn) + 1)
    where = " in a region" if context.prediction.region else ""
    mask = context.sources.frames(numbers[context.prediction.labelmap])
    written = Segmentation(
        context.sources.datasets, mask, "BINARY", descriptions,
        content_label="SEGMENTATION", content_description=f"Drawn by a neural network{where}; research use only",
        **context.new_series("UnifiedViT segmentation"),
    )
    return context.finish(written)
