"""Which DICOM series lie side by side in one folder, as where a whole study was exported into it.

Where they are several, each is named by a path that is none on the disk: FOLDER/UID, the UID being that of the series.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ....errors import UnsupportedImageError
from ...mr_sequence import SEQUENCES
from . import values
from .directory import is_directory
from .header import Header, OwnResult, is_dicom, read_header

#: Folders whose headers are kept: each of the series of one is read by itself.
_KEPT_FOLDERS = 4


class FolderSeries(NamedTuple):
    """A series of a folder.

    Attributes:
        files: of its images, by name; those that are cut off among them.
        words: what it is in few words, for a person to choose by.
    """

    files: tuple[Path, ...]
    words: str


def dicom_files(folder: Path) -> list[Path]:
    """The DICOM files of a folder by name, a DICOMDIR not among them; not those of folders in it.

    Raises:
        OSError: the folder cannot be looked into.
    """
    return sorted(file for file in folder.iterdir()
                  if file.is_file() and not is_directory(file) and is_dicom(file))


def names_folder_series(path: Path) -> bool:
    """Whether a path is FOLDER/UID of a folder that is there, and no file or folder itself."""
    return values.is_uid(path.name) and path.parent.is_dir() and not os.path.lexists(path)


def series_in(folder: Path) -> dict[str, FolderSeries]:
    """The series of images in a folder by their UID ("" for images of none), by the name of their first file; results
    of this program are none.

    Raises:
        OSError: the folder cannot be looked into.
    """
    return series_of(dicom_files(folder))


def series_of(files: Iterable[Path]) -> dict[str, FolderSeries]:
    """The same of some DICOM files.

    Raises:
        OSError: one is gone.
    """
    marks = tuple((file, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
                  for file in files for status in [file.stat()])
    return dict(_series_of(marks))


@lru_cache(_KEPT_FOLDERS)
def _series_of(marks: tuple[tuple[Path, int, int, int], ...]) -> tuple[tuple[str, FolderSeries], ...]:
    files: dict[str, list[Path]] = {}
    words: dict[str, str] = {}
    for file, *_ in marks:
        try:
            header = read_header(file)
        except (OwnResult, UnsupportedImageError, OSError):  # told where the folder is read
            continue
        if header.frames:
            files.setdefault(header.series, []).append(file)
            words.setdefault(header.series, _words(header))
    return tuple((uid, FolderSeries(tuple(found), f"{words[uid]}, {len(found)} image{'s' * (len(found) > 1)}"))
                 for uid, found in files.items())


def _words(header: Header) -> str:
    """Number, modality and what sequence it is by its description, which itself is free text and not told."""
    named = "" if header.number is None else f" {header.number}"
    sequences = header.metadata.get(SEQUENCES, "").replace("\\", " and ")
    return ", ".join(filter(None, (f"series{named}", header.metadata.get("Modality", ""), sequences)))
