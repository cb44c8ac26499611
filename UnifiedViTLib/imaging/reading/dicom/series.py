"""Reading a DICOM file, a folder with the slices of one series, one series of a folder with several, or a series that a
DICOMDIR lists."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ....errors import UnsupportedImageError
from ...colours import grey
from ...geometry import LPS_RAS
from ...volume import Volume
from ..names import stem
from .directory import (
    ListedSeries,
    find_listed_series,
    is_directory,
    is_own_result,
    list_series,
    names_listed_series,
)
from .folder import dicom_files, names_folder_series, series_in
from .frames import Frame
from .header import Header, OwnResult, is_dicom, read_header
from .pixels import read_pixels, straightened, without_bright_padding
from .stack import Stack, stack_of

#: The preamble of a DICOM file, which may be zeros, and what follows it.
_HEADER_BYTES = 1024
_IF_SLICES = "If they were slices, these are missing."
#: Series that a sentence names.
_NAMED = 3


def read_dicom(path: Path) -> Volume:
    """Read a DICOM file, a folder that holds one series, a DICOMDIR that lists one, or one of several series of a
    folder (`folder`) or a DICOMDIR (`directory`); not checked yet.

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
    elif names_folder_series(path):
        label = f"The series {path.name}"
        headers, notes = _series(path.parent, path.name)
    elif names_listed_series(path):
        label = f"The series {path.name}"
        headers, notes = _listed(find_listed_series(path))
    elif is_directory(path):
        label = path.name
        headers, notes = _listed(_the_one_series(path))
    else:
        label = path.name
        headers, notes = [_image(path)], []
    return _volume(headers, notes, label, stem(path))


def read_dicom_files(files: Iterable[Path], name: str) -> Volume:
    """Read the images of one series from files that may lie anywhere; otherwise as `read_dicom`.

    Args:
        files: all of them images.
        name: what to call the volume.

    Raises:
        UnsupportedImageError, DependencyError: as from `read_dicom`; a file is none of these images.
        OSError: a file cannot be read.
    """
    headers = [_image(file) for file in files]
    if len({header.series for header in headers}) != 1:
        raise UnsupportedImageError(f"The DICOM files of {name} are not of one series. Load one series and use that.")
    return _volume(headers, [], name, name)


def _volume(headers: list[Header], notes: list[str], label: str, name: str) -> Volume:
    """The volume of images of one series.

    Args:
        headers: of the images.
        notes: on what was left out of them.
        label: what to call their source in sentences.
        name: of the volume.
    """
    _check_one_patient(headers, label)
    if len(_values(headers, "FrameOfReferenceUID")) > 1:
        notes.append("The slices are of several frames of reference: the patient may have been moved between them. "
                     "Compare the result with the original.")
    try:
        stack = stack_of([frame for header in headers for frame in header.frames], label,
                         lambda one, other: _show_the_same(one, other, headers, label))
    except UnsupportedImageError as error:
        raise UnsupportedImageError(" ".join([str(error), *notes])) from error
    _check_copies(stack, headers, label)
    array = read_pixels(stack.frames, headers, label)
    if array.ndim == 4:
        array, note = grey(array, name, alpha=False)
        notes.append(note)
    array = without_bright_padding(array, stack.frames)
    if stack.frames[0].photometric == "MONOCHROME1":
        notes.append("The image is stored with black and white exchanged (MONOCHROME1) and was turned around.")
    matrix = stack.ijk_to_lps.copy()
    if stack.offsets.any():
        array, corner = straightened(array, stack.offsets)
        matrix[:3, 3] += matrix[:3, :2] @ corner
    files = tuple(dict.fromkeys(frame.path for frame in stack.frames))
    return Volume(array, LPS_RAS @ matrix, name, stack.planar, (*notes, *stack.notes),
                  _metadata(headers, stack), stack.geometry, files)


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


def _series(folder: Path, uid: str = "") -> tuple[list[Header], list[str]]:
    """The images of the one series that a folder holds, and notes on what was left out of it.

    Args:
        folder: the folder.
        uid: of the series that is meant, where there may be others.
    """
    try:
        files = dicom_files(folder)
        if uid:
            side_by_side = series_in(folder)
            if uid not in side_by_side:
                raise UnsupportedImageError(f"{folder.name}/{uid} does not exist, and the folder {folder.name} holds "
                                            "no images of a DICOM series of this UID. Check the path.")
            others = {file for other, found in side_by_side.items() if other != uid for file in found.files}
            files = [file for file in files if file not in others]
        beside = [file for file in folder.iterdir() if not file.is_dir()]
        closed = [file for file in beside if not os.access(file, os.R_OK)]
        zeros = [file for file in beside if file not in closed and _is_zeros(file)]
    except OSError as error:
        raise UnsupportedImageError(
            f"The folder {folder.name} cannot be looked into ({error.strerror or error}). Check its permissions."
        ) from error
    headers, refusals, own = _headers(files)
    if not headers:
        reason = (refusals or own)[0] if refusals or own else (
            "Give an image file, a folder of images, or the folder that holds the slices themselves.")
        raise UnsupportedImageError(f"The folder {folder.name} holds no DICOM series. {reason}") from (
            refusals[0] if refusals else None)
    series = {header.series for header in headers}
    if len(series) > 1:
        raise UnsupportedImageError(f"The folder {folder.name} holds {len(series)} DICOM series. {_choice(folder)}")
    notes = []
    if refusals:
        notes.append(f"DICOM files of the folder left out because they are damaged or no images: {len(refusals)}. "
                     f"{_IF_SLICES}")
    if closed:
        notes.append("Files of the folder that cannot be opened (no permission, or links that lead nowhere): "
                     f"{len(closed)}.")
    if zeros:
        notes.append("Files of the folder that hold nothing, as after a copy that was interrupted: "
                     f"{len(zeros)}. {_IF_SLICES}")
    return headers, notes


def _choice(folder: Path) -> str:
    """How to say which series of several in a folder is meant."""
    found = series_in(folder)
    if "" in found:  # it cannot be named
        return "Put the one to look at into a folder of its own."
    named = [f"{folder.name}/{uid} ({series.words})" for uid, series in list(found.items())[:_NAMED]]
    return f"Name the one to look at: {'; '.join([*named, *(['...'] if len(found) > _NAMED else [])])}."


def _is_zeros(file: Path) -> bool:
    """Whether a file is empty, or begins with a header's length of zeros: no slice any more, nor anything else."""
    if not file.is_file():
        return False
    with open(file, "rb") as opened:
        return not any(opened.read(_HEADER_BYTES))


def _the_one_series(directory: Path) -> ListedSeries:
    """The series of a DICOMDIR that lists one."""
    listed = [series for series in list_series(directory) if not is_own_result(series)]
    if len(listed) != 1:
        some = ", ".join(str(series.path) for series in listed[:3])
        more = f", one of: {some}{', ...' if len(listed) > 3 else ''}" if listed else ""
        raise UnsupportedImageError(f"{directory.name} lists {len(listed) or 'no'} series with images. Give one "
                                    f"series{more}.")
    return listed[0]


def _listed(series: ListedSeries) -> tuple[list[Header], list[str]]:
    """The images of a listed series, and notes on what is missing."""
    directory, count = series.path.parent.name, len(series.files) + len(series.missing)
    headers, refusals, own = _headers(series.files)
    if not headers:
        reason = (refusals or own or [f"None of the {count} files is there, for example {series.missing[0]}. Copy the "
                                      "whole medium."])[0]
        raise UnsupportedImageError(f"The series {series.uid} that {directory} lists cannot be read. {reason}")
    if {header.series for header in headers} != {series.uid}:
        raise UnsupportedImageError(f"{directory} lists files of the series {series.uid} that say that they are of "
                                    "another. Give the folder with the images instead.")
    notes = []
    if series.missing:
        notes.append(f"{directory} lists {count} images of the series; {len(series.missing)} of them are not there, "
                     f"for example {series.missing[0]}.")
    if refusals:
        notes.append(f"DICOM files of the series left out because they are damaged or no images: {len(refusals)}. "
                     f"{_IF_SLICES}")
    return headers, notes


def _headers(files: Iterable[Path]) -> tuple[list[Header], list[Exception], list[OwnResult]]:
    """Of all that are images; why others are none; and which of those are results of this program."""
    headers: list[Header] = []
    refusals: list[Exception] = []
    own: list[OwnResult] = []
    for file in files:
        try:
            headers.append(_image(file))
        except OwnResult as error:
            own.append(error)
        except (UnsupportedImageError, OSError) as error:
            refusals.append(error)
    return headers, refusals, own


def _check_one_patient(headers: list[Header], label: str) -> None:
    """Raise an UnsupportedImageError where images of several patients or studies have the UID of one series."""
    patients, studies = list({header.patient for header in headers}), _values(headers, "StudyInstanceUID")
    several = any(one.differs_from(other) for n, one in enumerate(patients) for other in patients[:n])
    for found, of in ((several, "patients"), (len(studies) > 1, "studies")):
        if found:
            raise UnsupportedImageError(
                f"{label[:1].upper()}{label[1:]} holds images of several {of}, though all say that they are of one "
                "series. Put those of one into a folder of its own."
            )


def _show_the_same(one: Frame, other: Frame, headers: list[Header], label: str) -> bool:
    """Whether two images have the same pixels."""
    return np.array_equal(read_pixels([one], headers, label), read_pixels([other], headers, label))


def _check_copies(stack: Stack, headers: list[Header], label: str) -> None:
    """Raise an UnsupportedImageError where one of two images of one UID and place is not a copy of the other."""
    for one, other in stack.copies:
        if one.sop_instance == other.sop_instance and not _show_the_same(one, other, headers, label):
            raise UnsupportedImageError(
                f"{one.path.name} and {other.path.name} say that they are one image, but show different ones. "
                "Take out the one that is not meant."
            )


def _values(headers: list[Header], keyword: str) -> set[str]:
    """What those of the images say that say anything."""
    return {header.metadata[keyword] for header in headers if keyword in header.metadata}


def _metadata(headers: list[Header], stack: Stack) -> dict[str, str]:
    first = next(header for header in headers if header.path == stack.frames[0].path)
    return {
        **first.metadata,
        "SOPInstanceUIDs": "\\".join(frame.sop_instance for frame in stack.frames),
        "FrameNumbers": "\\".join(str(frame.number + 1) for frame in stack.frames),
    }
