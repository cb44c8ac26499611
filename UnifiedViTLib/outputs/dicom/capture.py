"""The picture of a result as a DICOM Secondary Capture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from ...native import native_path
from .context import ResultContext

if TYPE_CHECKING:
    from highdicom.sc import SCImage


def make_capture(context: ResultContext, picture: Path) -> SCImage:
    """The PNG at `picture`, without its transparency."""
    from highdicom.sc import SCImage

    rgb = np.ascontiguousarray(sitk.GetArrayFromImage(sitk.ReadImage(native_path(picture)))[..., :3])
    source = context.sources.datasets[0]
    arguments = context.new_series("UnifiedViT picture")
    written = SCImage.from_ref_dataset(source, rgb, "RGB", 8, "PATIENT", patient_orientation=("L", "P"), **arguments)
    # A sheet of many slices has no directions of its own: the attribute is there, without a value.
    setattr(written, "PatientOrientation", None)  # noqa: B010 (its type has no room for that)
    written.ConversionType = "WSD"
    written.BurnedInAnnotation = "YES"
    return context.finish(written)
