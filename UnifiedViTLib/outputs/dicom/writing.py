"""All DICOM objects of a result, written."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UnsupportedImageError
from ...imaging.volume import Volume
from ...inference.prediction import Prediction
from ..writing import write_atomically
from .capture import make_capture
from .context import ResultContext
from .maps import make_heatmap, make_uncertainty
from .report import make_report
from .segmentation import make_segmentation
from .sources import read_sources, refused

if TYPE_CHECKING:
    from pydicom import Dataset

#: Endings of the objects' files.
SEGMENTATION, REPORT, HEATMAP, UNCERTAINTY, PICTURE = ENDINGS = (
    ".seg.dcm", ".sr.dcm", ".heatmap.dcm", ".uncertainty.dcm", ".picture.dcm")


def write_dicom(volume: Volume, prediction: Prediction, place: Callable[[str], Path],
                picture: Path | None = None) -> str:
    """Write the objects: the mask where something is drawn, the report, the maps that the prediction has, the picture.

    Args:
        volume: what was looked at, as read.
        prediction: the result for it.
        place: gives the path for a file by its ending.
        picture: a PNG of the result, if there is one.

    Returns:
        why nothing was written, in a sentence; "" where it was.

    Raises:
        OutputError: a file cannot be written.
        UnsupportedImageError: the image's own files cannot be read at the moment.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that break DICOM's rules, which they quote: every scanner has some
        try:
            objects = _objects(volume, prediction, picture)
        except UnsupportedImageError as error:
            return str(error)
        except OSError as error:  # may be over when the input is run again, which a result without them would prevent
            raise UnsupportedImageError(
                f"The files of {volume.name} can no longer be read, which results as DICOM need. Check the drive or "
                "the network, and run this input again."
            ) from error
        for ending, written in objects.items():
            if written is not None:
                _save(written, place(ending))
    return ""


def _objects(volume: Volume, prediction: Prediction, picture: Path | None) -> dict[str, Dataset | None]:
    """By ending; None for those that there is nothing for.

    Raises:
        UnsupportedImageError: they cannot be made of these images.
    """
    try:
        context = ResultContext(prediction, read_sources(volume, prediction))
        segmentation = make_segmentation(context)
        return {
            SEGMENTATION: segmentation,
            REPORT: make_report(context, segmentation),
            HEATMAP: make_heatmap(context),
            UNCERTAINTY: make_uncertainty(context),
            PICTURE: make_capture(context, picture) if picture else None,
        }
    except (ValueError, TypeError, AttributeError, LookupError) as error:  # its text may quote what identifies a person
        raise refused(volume, f"their headers are not as DICOM asks for ({type(error).__name__})") from error


def _save(written: Dataset, path: Path) -> None:
    write_atomically(path, lambda part: written.save_as(part, enforce_file_format=True))
