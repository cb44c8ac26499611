"""DICOM objects of a result that another program shows: held against the original images, then written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ...errors import UnsupportedImageError
from ...imaging.reading import read_series
from ...imaging.volume import Volume, grid_distance_mm
from ...inference.options import check_highdicom
from ...inference.prediction import Prediction
from ...inference.progress import ProgressCallback
from ...leftovers import own_name
from ...outputs.folder import STAGED
from ...outputs.inventory import Inventory
from ...outputs.naming import safe_name
from ...outputs.writing import PART, sweep_parts, to_disk, unwritable

#: Grids are the same if no corner lies further away, in voxels: programs round the digits of DICOM's texts.
_SAME_VOXELS = 0.05
#: Values that were rescaled to fractions are the same if they differ by less, as a share of their range.
_ROUNDING = 1e-5


def write_objects(volume: Volume, prediction: Prediction, files: Sequence[Path], scratch: Path, output: Path,
                  progress: ProgressCallback) -> list[Path]:
    """Write the DICOM objects of a result under a free name: all of them or none.

    Args:
        volume: what was looked at, (K, J, I), as the other program had it.
        prediction: the result for it.
        files: the original images.
        scratch: a folder that only this user can read, removed by whoever made it.
        output: takes the objects; made if it is not there.
        progress: told what is done; what it raises ends it, and `output` is as it was.

    Returns:
        their paths.

    Raises:
        UnsupportedImageError: the images cannot be read, the volume is not what they hold, or no objects can be made
            of them; the sentence says which.
        DependencyError: highdicom is missing.
        OutputError: a file cannot be written.
    """
    check_highdicom()
    progress("Reading the DICOM images", 0.0)
    series = read_series(files, volume.name)
    check_same_image(volume, series)
    progress("Making DICOM objects", 0.3)
    staged = _stage(series, _placed_on(prediction, series), scratch)
    progress("Writing DICOM objects", 0.9)
    return _put(staged, output, safe_name(volume.name), progress)


def check_same_image(volume: Volume, series: Volume) -> None:
    """Return if a volume has the grid and the voxels of a series.

    Raises:
        UnsupportedImageError: it does not.
    """
    shape = series.array.shape
    if volume.array.shape != shape:
        raise _changed(volume, f"its grid has {_size(volume)} voxels, that of the images {_size(series)}")
    apart = grid_distance_mm(volume.ijk_to_ras, series.ijk_to_ras, shape)
    if not apart < _SAME_VOXELS * min(series.spacing):
        raise _changed(volume, f"it lies up to {apart:.3g} mm from where the images lie")
    if not _same_values(volume.array, series.array):
        raise _changed(volume, "its voxels have other values than the images")


def _same_values(one: np.ndarray, other: np.ndarray) -> bool:
    """Whole numbers to the last digit, fractions but for rounding."""
    if "f" not in (one.dtype.kind, other.dtype.kind):
        return np.array_equal(one, other)
    finite = other[np.isfinite(other)]
    within = _ROUNDING * float(np.ptp(finite)) if finite.size else 0.0
    return np.allclose(one, other, rtol=_ROUNDING, atol=within, equal_nan=True)


def _changed(volume: Volume, what: str) -> UnsupportedImageError:
    return UnsupportedImageError(
        f"{volume.name} is not as its DICOM images are: {what}. It was cropped, resampled, transformed or edited, or "
        "Slicer reads these images otherwise, so that its result cannot be written as DICOM, which refers to the "
        "original images. Load the images again and run on that volume as it is, or run unifiedvit predict --dicom on "
        "them."
    )


def _size(volume: Volume) -> str:
    return " x ".join(map(str, volume.array.shape[::-1]))


def _placed_on(prediction: Prediction, series: Volume) -> Prediction:
    """The prediction on the grid of the series, with the remarks of its reader, which knows what the images do not
    state; another program may have filled that in."""
    segments = prediction.segments
    if series.voxel_ml is None:
        segments = tuple(replace(segment, volume_ml=None) for segment in segments)
    warnings = tuple(dict.fromkeys((*series.notes, *prediction.warnings)))
    return replace(prediction, ijk_to_ras=series.ijk_to_ras, geometry=series.geometry, segments=segments,
                   warnings=warnings)


def _stage(series: Volume, prediction: Prediction, scratch: Path) -> dict[str, Path]:
    """All objects, by their endings, in the scratch folder.

    Raises:
        UnsupportedImageError: none can be made of these images.
    """
    from ...outputs.dicom.writing import write_dicom

    picture = None
    if find_spec("matplotlib") is not None:  # Slicer does not bring it
        from ...outputs.montage import write_montage

        picture = scratch / f"{STAGED}.png"
        write_montage(series, prediction, picture)
    staged: dict[str, Path] = {}
    refused = write_dicom(series, prediction,
                          lambda ending: staged.setdefault(ending, scratch / f"{STAGED}{ending}"), picture)
    if refused:
        raise UnsupportedImageError(refused)
    return staged


def _put(staged: Mapping[str, Path], output: Path, name: str, progress: ProgressCallback) -> list[Path]:
    """Copy staged files into a folder, made if it is not there, then give them their names; gives the paths."""
    new = not output.exists()
    if not new:
        sweep_parts(output)
    parts = {ending: output / f"{own_name(PART)}{ending}" for ending in staged}
    done: list[Path] = []
    path = output
    try:
        output.mkdir(parents=True, exist_ok=True)
        for ending, part in parts.items():
            progress("Writing DICOM objects", 0.9)
            path = output / f"{name}{ending}"
            shutil.copyfile(staged[ending], part)
            to_disk(part)
        folder = Inventory(output)
        free = folder.free_name(name, (), folder.taken())
        for ending, part in parts.items():
            path = output / f"{free}{ending}"
            os.rename(part, path)
            done.append(path)
    except BaseException as error:
        for left in (*parts.values(), *done):
            with suppress(OSError):
                left.unlink()
        if new:
            with suppress(OSError):
                output.rmdir()
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise
    return done
