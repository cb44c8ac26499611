"""Which files an image consists of: itself, the files that its header points to, all files of a series' folder, those
of one series of several in a folder, those of a series that a DICOMDIR lists."""

from __future__ import annotations

from pathlib import Path

from ..errors import UnsupportedImageError
from .reading import meta, nifti_header, nrrd
from .reading.dicom.directory import find_listed_series, names_listed_series
from .reading.dicom.folder import names_folder_series, series_in
from .reading.kinds import Kind, kind_of

#: By the kind of a file that may be a header alone: the files with its voxels, as its reader finds them.
_VOXELS = {Kind.NRRD: nrrd.voxel_files, Kind.META: meta.voxel_files, Kind.NIFTI: nifti_header.files_of_pair}


def files_of(path: Path) -> list[Path]:
    """The files that decide what an image looks like, each once: `path`, and of others those that are there.

    Args:
        path: a file, a folder with a DICOM series, FOLDER/UID or DICOMDIR/UID.

    Raises:
        OSError: the folder or the header cannot be read.
    """
    if names_folder_series(path):
        series = series_in(path.parent).get(path.name)
        return list(series.files) if series else [path.parent]  # reading it says why
    if names_listed_series(path):
        try:
            return list(find_listed_series(path).files)
        except UnsupportedImageError:  # reading it says why
            return [path.parent]
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    return list(dict.fromkeys([path, *_voxel_files(path)])) if path.is_file() else [path]


def _voxel_files(path: Path) -> list[Path]:
    """The further files of an image, found by what is in it and not by its name, as in reading."""
    if path.stat().st_size == 0:
        return []
    try:
        find = _VOXELS.get(kind_of(path))
        return find(path) if find else []
    except UnsupportedImageError:  # reading it says why
        return []
