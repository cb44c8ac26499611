"""The table of contents of a medium, DICOMDIR: which series it lists, and where their files lie.

A series of it is named by a path that is none on the disk: DICOMDIR/UID, the UID being that of the series.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ....errors import UnsupportedImageError
from ..limits import damaged
from . import values
from .header import OwnResult, is_dicom, read_dataset, read_header

if TYPE_CHECKING:
    from pydicom import Dataset

_NAME = "DICOMDIR"
#: Bytes of one; a medium with 100,000 images has some 50 MB.
_MOST_BYTES = 256 << 20
_NEXT, _LOWER = "OffsetOfTheNextDirectoryRecord", "OffsetOfReferencedLowerLevelDirectoryEntity"
_FIRST = "OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity"


@dataclass(frozen=True)
class ListedSeries:
    """A series with images.

    Attributes:
        path: DICOMDIR/UID.
        files: of its images that are there, in the order of the list.
        missing: what the list calls files that are not there.
    """

    path: Path
    files: tuple[Path, ...]
    missing: tuple[str, ...]

    @property
    def uid(self) -> str:
        """Of the series."""
        return self.path.name


def is_directory(path: Path) -> bool:
    """Whether a file is called as a medium's table of contents is."""
    return path.name.upper() == _NAME and path.is_file()


def names_listed_series(path: Path) -> bool:
    """Whether a path is DICOMDIR/UID, of a DICOMDIR that is there."""
    return is_directory(path.parent)


def find_listed_series(path: Path) -> ListedSeries:
    """The series that DICOMDIR/UID names.

    Raises:
        UnsupportedImageError: the list has none of this UID, or as `list_series`.
        OSError: it cannot be read.
    """
    for series in list_series(path.parent):
        if series.path == path:
            return series
    raise UnsupportedImageError(f"{path.parent} lists no series {path.name} with images. Give one that it lists, or "
                                f"{path.parent} itself for all.")


def list_series(directory: Path) -> list[ListedSeries]:
    """All series with images, in the order of the list.

    Raises:
        UnsupportedImageError: it is no table of contents, damaged, or names files outside its folder.
        OSError: it cannot be read.
    """
    if directory.stat().st_size > _MOST_BYTES or not is_dicom(directory):
        raise damaged(directory.name, "no DICOM table of contents")
    dataset = read_dataset(directory)
    records = {record.seq_item_tell: record for record in values.items(dataset, "DirectoryRecordSequence")}
    if not records:
        raise damaged(directory.name, "it lists nothing")
    listed: dict[str, list[str]] = {}
    for series, image in _images(dataset, records, directory.name):
        listed.setdefault(series, []).append(image)
    place = _Place(directory.parent)
    found = []
    for uid, names in listed.items():
        files = {name: place.find(name) for name in dict.fromkeys(names)}
        found.append(ListedSeries(directory / uid, tuple(file for file in files.values() if file),
                                  tuple(name for name, file in files.items() if not file)))
    return found


def is_own_result(series: ListedSeries) -> bool:
    """Whether a series is a result of this program, by its first file."""
    try:
        if series.files:
            read_header(series.files[0])
    except OwnResult:
        return True
    except (UnsupportedImageError, OSError):  # told when the series is read
        return False
    return False


def _images(dataset: Dataset, records: dict[int, Dataset], name: str) -> Iterator[tuple[str, str]]:
    """UID of the series and file ID, with slashes, of each image; the records are a tree of offsets in the file."""
    left: list[tuple[int, str]] = [(int(values.number(dataset, _FIRST) or 0), "")]
    seen = {0}
    while left:
        offset, series = left.pop()
        if not offset:
            continue
        if offset in seen or offset not in records:
            raise damaged(name, "its records do not lead to each other")
        seen.add(offset)
        record = records[offset]
        kind = values.text(record, "DirectoryRecordType")
        uid = values.text(record, "SeriesInstanceUID") if kind == "SERIES" else series
        if kind == "IMAGE":
            if not values.is_uid(uid):
                raise damaged(name, "it lists an image of no series")
            yield uid, "/".join(_file_id(record, name))
        left += [(int(values.number(record, _NEXT) or 0), series), (int(values.number(record, _LOWER) or 0), uid)]


def _file_id(record: Dataset, name: str) -> list[str]:
    """The folders and the name of a file.

    Raises:
        UnsupportedImageError: they lead elsewhere.
    """
    parts = values.text(record, "ReferencedFileID").split("\\")
    if any(part in ("", ".", "..") or "/" in part or ":" in part or "\0" in part for part in parts):
        raise _outside(name)
    return parts


def _outside(name: str) -> UnsupportedImageError:
    return UnsupportedImageError(f"{name} names files outside its own folder, which no medium does: it was made up or "
                                 "moved. Give the folder with the images instead.")


class _Place:
    """The folder of a table of contents; names are upper case in the list, and on the disk as the system copied them.

    Raises:
        UnsupportedImageError: by `find`, a link leads outside the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._real = folder, folder.resolve()
        self._names = cache(self._names_in)

    def find(self, name: str) -> Path | None:
        """The file with this ID; None where it is not there."""
        path = self._folder
        for part in name.split("/"):
            found = self._names(path).get(part.casefold())
            if found is None:
                return None
            path = path / (part if (path / part).exists() else found)
        if not path.resolve().is_relative_to(self._real):
            raise _outside(_NAME)
        return path if path.is_file() else None

    @staticmethod
    def _names_in(folder: Path) -> dict[str, str]:
        try:
            return {name.casefold(): name for name in os.listdir(folder)}
        except OSError:  # no folder
            return {}
