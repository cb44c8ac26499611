"""Which images there are to look at, in what a user names: files, folders of files, folders with a DICOM series,
DICOMDIRs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from ...errors import UnsupportedImageError
from ...imaging.reading import PICTURES, SUFFIXES, dicom_files
from ...imaging.reading.dicom.directory import is_directory, is_own_result, list_series, names_listed_series
from ...imaging.reading.dicom.folder import names_folder_series, series_of
from ...outputs.inventory import Inventory

#: What the header of a volume that was written here says, and where it stands.
_OUR_MARK, _HEADER_BYTES = b"UnifiedViT_Model:=", 1 << 16


def find_inputs(path: Path, pattern: str = "*", recursive: bool = False,
                inventories: dict[Path, Inventory] | None = None) -> list[Path]:
    """What there is to look at: a file stands for itself, a folder for its image files, a DICOMDIR for the series that
    it lists. Results of earlier runs are never inputs, whatever they are called.

    Args:
        path: a file or folder, or FOLDER/UID or DICOMDIR/UID for one series of several. DICOM files in a folder,
            whatever they are called, are one series, or several, as they say themselves, but those that a DICOMDIR
            lists; pictures beside them are of it.
        pattern: which names count, for example "*_t1ce.nii.gz"; for a series, the folder's name, or its UID.
        recursive: folders in the folder too.
        inventories: of folders that were looked into before, so that no result is read twice.

    Raises:
        UnsupportedImageError: there is no such file or folder, it may not be entered, or it is a result.
    """
    if is_gone(path):
        raise UnsupportedImageError(f"{path} does not exist. Check the path.")
    if names_listed_series(path) or names_folder_series(path):
        return [path]
    inventories = {} if inventories is None else inventories
    if not path.is_dir():
        owned = inventories.setdefault(path.parent, Inventory(path.parent)).owned([path.name])
        if owned or _says_it_is_ours(path):
            raise UnsupportedImageError(f"{path.name} is a result of UnifiedViT and no image to look at: left out.")
        return _listed_series(path)[0] if is_directory(path) else [path]
    folders = _folders(path) if recursive else [path]
    listed: set[Path] = set()
    return [image for folder in folders for image in _inputs_in(folder, pattern, listed)]


def is_gone(path: Path) -> bool:
    """Whether there is nothing of this name: no file or folder, no series of a folder or of a DICOMDIR."""
    return not (os.path.exists(path) or names_listed_series(path) or names_folder_series(path))


def _inputs_in(folder: Path, pattern: str, listed: set[Path]) -> list[Path]:
    """What there is to look at directly in a folder: what a DICOMDIR lists, the folder itself, if a series lies in it,
    then image files.

    Args:
        folder: the folder.
        pattern: as of `find_inputs`.
        listed: files of series that DICOMDIRs list; those of this folder are added.
    """
    files = _files(folder)
    results = Inventory(folder).owned(file.name for file in files)
    series: list[Path] = []
    for directory in filter(is_directory, files):
        in_directory, of_series = _listed_series(directory)
        series += in_directory
        listed |= of_series
    slices = {file for file in dicom_files(folder) if file.name not in results and file not in listed}
    images = [file for file in files if file.name not in results and file not in slices | listed and _is_image(file)]
    if slices:
        side_by_side = series_of(sorted(slices))
        several = len(side_by_side) > 1 and "" not in side_by_side
        series += [folder / uid for uid in side_by_side] if several else [folder]
        images = [image for image in images if not image.name.lower().endswith(PICTURES)]  # of the series
    return [image for image in [*series, *images] if fnmatch(image.name, pattern)]


def collect_inputs(paths: Sequence[Path], leave_out: Callable[[str], None], pattern: str = "*") -> list[Path]:
    """The inputs in all of these, each once. What cannot be looked up is an input too, so that it has a line in the
    table; a folder in which nothing is called so is none.

    Args:
        paths: files and folders, as of `find_inputs`.
        leave_out: told in a sentence of each that is a result of an earlier run, or has no input of this pattern.
        pattern: which names count in folders, as of `find_inputs`.
    """
    inputs: dict[str, Path] = {}
    inventories: dict[Path, Inventory] = {}
    for path in paths:
        try:
            images = find_inputs(path, pattern, inventories=inventories)
            if not images and pattern != "*":
                leave_out(f"No image in {path} is called {pattern}. Correct --pattern, or the folder.")
                continue
            images = images or [path]
        except UnsupportedImageError as error:
            if os.path.isfile(path):
                leave_out(str(error))
                continue
            images = [path]
        for image in images:
            inputs.setdefault(os.path.abspath(image), image)
    return list(inputs.values())


def _listed_series(directory: Path) -> tuple[list[Path], set[Path]]:
    """The series to look at that a DICOMDIR lists, and the files of all that it lists; itself where it cannot be read,
    which its line in the table then says."""
    try:
        listed = list_series(directory)
    except (UnsupportedImageError, OSError):
        return [directory], set()
    images = [series.path for series in listed if not is_own_result(series)]
    return images, {file for series in listed for file in series.files}


def _folders(path: Path) -> Iterator[Path]:
    """A folder and those in it, by name; hidden ones, and those that may not be entered, are passed over."""
    for folder, inner, _ in os.walk(path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield Path(folder)


def _files(folder: Path) -> list[Path]:
    """Files in a folder, links that lead nowhere among them: their lines in the table say so."""
    try:
        with os.scandir(folder) as items:
            return sorted(folder / item.name for item in items if not item.name.startswith(".") and (
                item.is_file() or (item.is_symlink() and not os.path.exists(item.path))))
    except OSError as error:
        raise UnsupportedImageError(
            f"The folder {folder} cannot be read ({error.strerror}). Check its permissions."
        ) from error


def _is_image(path: Path) -> bool:
    """By its name; segmentations are none, nor are maps from here that lost their manifest."""
    name = path.name.lower()
    return name.endswith(SUFFIXES) and not name.endswith(".seg.nrrd") and not _says_it_is_ours(path)


def _says_it_is_ours(path: Path) -> bool:
    """Whether the header of an NRRD file says that it was written here, wherever the file went since."""
    if not path.name.lower().endswith(".nrrd") or not path.is_file():  # of a pipe nothing might ever come
        return False
    try:
        with open(path, "rb") as file:
            return _OUR_MARK in file.read(_HEADER_BYTES).partition(b"\n\n")[0]
    except OSError:
        return False  # its line in the table says what is wrong
