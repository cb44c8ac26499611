"""Reading a DICOM file, or a folder with the slices of one series."""

from __future__ import annotations

import os
from pathlib import Path

from ....errors import UnsupportedImageError
from ...colours import grey
from ...volume import LPS_RAS, Volume
from ..names import stem
from .header import Header, OwnResult, is_dicom, read_header
from .pixels import read_pixels, straightened
from .stack import Stack, stack_of

#: The table of contents of a medium.
_DIRECTORY = "DICOMDIR"


def read_dicom(path: Path) -> Volume:
    """Read a DICOM file, or a folder that holds one series; not checked yet.

    Returns:
        a volume whose slices are sorted by position along their normal, whose `files` are in the order of the slices,
        and whose metadata hold the UIDs that results in DICOM refer to; "SOPInstanceUIDs" and "FrameNumbers" (from 1)
        have a value for each slice, divided by backslashes.

    Raises:
        UnsupportedImageError: it is not one image or one stack of slices; the sentence says what it is.
        DependencyError: pydicom is missing.
    """
    if path.is_dir():
        label = f"The folder {path.name}"
        headers, notes = _series(path)
    else:
        label = path.name
        headers, notes = [_image(path)], []
    try:
        stack = stack_of([frame for header in headers for frame in header.frames], label)
    except UnsupportedImageError as error:
        raise UnsupportedImageError(" ".join([str(error), *notes])) from error
    array = read_pixels(stack.frames, headers, label)
    if array.ndim == 4:
        array, note = grey(array, stem(path), alpha=False)
        notes.append(note)
    if stack.frames[0].photometric == "MONOCHROME1":
        notes.append("The image is stored with black and white exchanged (MONOCHROME1) and was turned around.")
    matrix = stack.ijk_to_lps.copy()
    if stack.offsets.any():
        array, corner = straightened(array, stack.offsets)
        matrix[:3, 3] += matrix[:3, :2] @ corner
    files = tuple(dict.fromkeys(frame.path for frame in stack.frames))
    return Volume(array, LPS_RAS @ matrix, stem(path), stack.planar, (*notes, *stack.notes),
                  _metadata(headers, stack), stack.geometry, files)


def dicom_files(folder: Path) -> list[Path]:
    """The DICOM files of a folder by name, a DICOMDIR not among them; not those of folders in it.

    Raises:
        OSError: the folder cannot be looked into.
    """
    return sorted(file for file in folder.iterdir()
                  if file.name.upper() != _DIRECTORY and file.is_file() and is_dicom(file))


def _image(file: Path) -> Header:
    if not is_dicom(file):
        raise UnsupportedImageError(
            f"{file.name} cannot be read: it is damaged, incomplete or not an image: its content is not DICOM. "
            "Export or download it again."
        )
    header = read_header(file)
    if not header.frames:
        raise UnsupportedImageError(
            f"{file.name} holds no image: it is another DICOM object ({header.kind}), or damaged. "
            "Give the images themselves."
        )
    if not header.complete:
        raise UnsupportedImageError(f"{file.name} is cut off before its end. Export or download it again.")
    return header


def _series(folder: Path) -> tuple[list[Header], list[str]]:
    """The images of the one series that a folder holds, and notes on what was left out of it."""
    try:
        files = dicom_files(folder)
        closed = sum(not file.is_dir() and not os.access(file, os.R_OK) for file in folder.iterdir())
    except OSError as error:
        raise UnsupportedImageError(
            f"The folder {folder.name} cannot be looked into ({error.strerror or error}). Check its permissions."
        ) from error
    headers, refusals, own = [], [], []
    for file in files:
        try:
            headers.append(_image(file))
        except OwnResult as error:
            own.append(error)
        except (UnsupportedImageError, OSError) as error:
            refusals.append(error)
    if not headers:
        reason = (refusals or own)[0] if refusals or own else (
            "Give an image file, a folder of images, or the folder that holds the slices themselves.")
        raise UnsupportedImageError(f"The folder {folder.name} holds no DICOM series. {reason}") from (
            refusals[0] if refusals else None)
    series = {header.series for header in headers}
    if len(series) > 1:
        raise UnsupportedImageError(
            f"The folder {folder.name} holds {len(series)} DICOM series. "
            "Put the one to look at into a folder of its own."
        )
    notes = []
    if refusals:
        notes.append(f"DICOM files of the folder left out because they are damaged or no images: {len(refusals)}.")
    if closed:
        notes.append("Files of the folder that cannot be opened (no permission, or links that lead nowhere): "
                     f"{closed}.")
    return headers, notes


def _metadata(headers: list[Header], stack: Stack) -> dict[str, str]:
    first = next(header for header in headers if header.path == stack.frames[0].path)
    return {
        **first.metadata,
        "SOPInstanceUIDs": "\\".join(frame.sop_instance for frame in stack.frames),
        "FrameNumbers": "\\".join(str(frame.number + 1) for frame in stack.frames),
    }
