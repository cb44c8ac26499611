"""Reading an image file, a folder of DICOM slices or a series of a DICOMDIR into a `Volume`; one file a family of
formats."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import SimpleITK as sitk

from ...errors import UnsupportedImageError
from ...native import c_numeric_locale, native_path, printable_path
from ..exif import check_upright, orientation, upright
from ..volume import Volume, check, check_labels, check_segmentation
from .dicom.directory import names_listed_series
from .dicom.folder import dicom_files, names_folder_series
from .dicom.header import is_dicom
from .dicom.series import read_dicom, read_dicom_files
from .kinds import PICTURES, Kind, kind_of
from .meta import read_meta
from .names import stem
from .nifti import read_nifti
from .nrrd import read_nrrd, read_nrrd_layers, read_segment_names
from .pictures import read_bmp, read_jpeg, read_png
from .tiff import read_tiff

#: File name endings that a folder of inputs is searched for (DICOM files have any name), pictures' among them.
SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".hdr", ".mha", ".mhd", ".dcm", *PICTURES)
_READERS = {
    Kind.DICOM: read_dicom, Kind.NIFTI: read_nifti, Kind.NRRD: read_nrrd, Kind.META: read_meta, Kind.PNG: read_png,
    Kind.JPEG: read_jpeg, Kind.BMP: read_bmp, Kind.TIFF: read_tiff,
}
#: Kinds that may hold EXIF data.
_PHOTOGRAPHS = (Kind.PNG, Kind.JPEG, Kind.TIFF)

__all__ = ["PICTURES", "SUFFIXES", "dicom_files", "is_dicom", "read", "read_labels", "read_layers", "read_series",
           "segment_names", "stem"]

sitk.ProcessObject.SetGlobalWarningDisplay(False)


def read(path: str | Path, turn: bool = False) -> Volume:
    """Read NRRD, NIfTI, MetaImage, DICOM (a file or a series' folder), PNG, JPEG, TIFF or BMP.

    Args:
        path: a file, a folder that holds one DICOM series, FOLDER/UID for one of several in a folder, or
            DICOMDIR/UID for one that a DICOMDIR lists.
        turn: turn a picture as its EXIF data ask, as viewers do: for pictures on whose grid nothing else lies. Without,
            such a picture is refused.

    Returns:
        A checked volume; array (K, J, I) in the file's own intensity unit (HU for CT), geometry in mm, RAS, and which
        parts of it the file gave.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    return _read_checked(Path(path), check, turn)


def read_labels(path: str | Path) -> Volume:
    """Read the mask of an image, of the same kinds; `volume.check_labels` says what it may be.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    return _read_checked(Path(path), check_labels)


def read_layers(path: str | Path) -> tuple[list[Volume], dict[str, str]]:
    """Read a segmentation of any extent, of the same kinds: masks, label maps, and `.seg.nrrd` of Slicer, in which
    segments that overlap are in layers.

    Returns:
        the layers, all on one grid; and the keys and values of an NRRD's header, which name segments.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    further: list[Volume] = []
    keys: dict[str, str] = {}

    def read_first(file: Path) -> Volume:
        layers, header = read_nrrd_layers(file)
        further.extend(layers[1:])
        keys.update(header)
        return layers[0]

    first = _read_checked(Path(path), check_segmentation, readers=_READERS | {Kind.NRRD: read_first})
    return [first, *(replace(first, array=layer.array) for layer in further)], keys


def segment_names(path: Path) -> dict[int, str]:
    """The names that a mask's file gives to its labels, as `.seg.nrrd` of Slicer does; {} for others.

    Raises:
        UnsupportedImageError: its header cannot be read.
    """
    return read_segment_names(path) if path.is_file() and kind_of(path) is Kind.NRRD else {}


def read_series(files: Iterable[Path], name: str) -> Volume:
    """Read the images of one DICOM series, which may lie in any folders, beside others.

    Args:
        files: of all its images.
        name: what to call the volume.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    try:
        with c_numeric_locale():
            volume = read_dicom_files(files, printable_path(name))
    except OSError as error:
        raise UnsupportedImageError(f"The DICOM files of {name} cannot be read ({error.strerror or error}). Check the "
                                    "drive or the network.") from error
    return check(volume)


def _read_checked(path: Path, checked: Callable[[Volume], Volume], turn: bool = False,
                  readers: Mapping[Kind, Callable[[Path], Volume]] = MappingProxyType(_READERS)) -> Volume:
    """What a file or folder holds, as `checked` gives it."""
    try:
        native_path(path)  # ITK would end the process
    except UnicodeError as error:
        raise UnsupportedImageError(
            f"{printable_path(path)} cannot be read: the name of the file, or of a folder above it, is not UTF-8. "
            "Rename it and run again."
        ) from error
    if names_listed_series(path) or names_folder_series(path):
        return _read_listed(path, checked)
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise UnsupportedImageError(f"{path} is a link to {os.readlink(path)}, which is not there. Get that file "
                                        "(git-annex or DataLad: get), or connect its disk.") from None
        raise UnsupportedImageError(f"{path} does not exist. Check the path.") from None
    except (OSError, ValueError) as error:
        raise UnsupportedImageError(
            f"{path} cannot be looked up ({getattr(error, 'strerror', None) or error}). Check the path."
        ) from error
    if stat.S_ISDIR(status.st_mode):
        return _read(read_dicom, path, checked)
    if not stat.S_ISREG(status.st_mode):  # never opened: reading it may wait for ever
        raise UnsupportedImageError(f"{path.name} is no file but a device, pipe or socket. Give an image file.")
    if status.st_size == 0:
        raise UnsupportedImageError(f"{path.name} is an empty file. Export or download it again.")
    try:
        kind = kind_of(path)
        if kind in _PHOTOGRAPHS and not turn:
            check_upright(path)
        volume = _read(readers[kind], path, checked)
        return _turned(volume, orientation(path)) if kind in _PHOTOGRAPHS and turn else volume
    except OSError as error:
        raise UnsupportedImageError(
            f"{path.name} cannot be read ({error.strerror or error}). Check its permissions and the disk."
        ) from error


def _read_listed(path: Path, checked: Callable[[Volume], Volume]) -> Volume:
    """A series of a DICOMDIR, or of a folder with several."""
    try:
        return _read(read_dicom, path, checked)
    except OSError as error:
        raise UnsupportedImageError(f"{path.parent} cannot be read ({error.strerror or error}). Check its permissions "
                                    "and the disk.") from error


def _turned(picture: Volume, value: int) -> Volume:
    """A picture as it is to be shown; its pixels keep their shape in its own directions."""
    matrix = picture.ijk_to_ras
    if value > 4:  # columns become rows
        column, row, _ = picture.spacing
        matrix = matrix.copy()
        matrix[:3, 0] *= row / column
        matrix[:3, 1] *= column / row
    return replace(picture, array=upright(picture.array, value), ijk_to_ras=matrix)


def _read(reader: Callable[[Path], Volume], path: Path, checked: Callable[[Volume], Volume]) -> Volume:
    """What a reader gives, checked, with a name that can be shown."""
    with c_numeric_locale():
        volume = reader(path)
    return checked(replace(volume, name=printable_path(volume.name)))
