"""Which files an image consists of: itself, the files that its header points to, all files of a series' folder, those
of one series of several in a folder, those of a series that a DICOMDIR lists."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import UnsupportedImageError
from .reading.dicom.directory import find_listed_series, names_listed_series
from .reading.dicom.folder import names_folder_series, series_in

#: A header that points to its voxels is text of at most so many bytes.
_HEADER_BYTES = 1 << 16
#: How a header names the file with the voxels; group 1 is what it says of it.
_POINTERS = {
    ".mhd": re.compile(r"^ElementDataFile\s*=\s*(.+)$", re.IGNORECASE | re.MULTILINE),
    ".nhdr": re.compile(r"^data ?file\s*:\s*(.+)$", re.IGNORECASE | re.MULTILINE),
}
#: The two halves of an Analyze or NIfTI image in two files.
_HALVES = {".hdr": ".img", ".img": ".hdr"}


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
    ending = path.suffix.lower() if path.is_file() else ""
    if ending in _HALVES:
        partners = [path.with_suffix(_HALVES[ending]), path.with_suffix(_HALVES[ending].upper())]
        partners += [partner.with_name(f"{partner.name}.gz") for partner in partners]
    elif ending in _POINTERS:
        partners = _pointed_to(path, _POINTERS[ending])
    else:
        partners = []
    return list(dict.fromkeys([path, *(partner for partner in partners if partner.is_file())]))


def _pointed_to(path: Path, pointer: re.Pattern[str]) -> list[Path]:
    """Files that a text header names: one, a list at its end, or a pattern with numbers (then all that fit it)."""
    with open(path, "rb") as file:
        header = file.read(_HEADER_BYTES).decode("utf-8", "surrogateescape")
    match = pointer.search(header)
    if not match:
        return []
    target = match.group(1).strip()
    if target.upper() == "LOCAL":
        return []
    if target.upper().split()[0] == "LIST":
        names = header[match.end():].split("\n")
        return [path.parent / name.strip() for name in names if name.strip() and "\0" not in name]
    if "%" in target:
        pattern = path.parent / target.split()[0]
        name = re.compile(r"\d+".join(map(re.escape, re.split(r"%0?\d*d", pattern.name))))
        neighbours = pattern.parent.iterdir() if pattern.parent.is_dir() else ()
        return sorted(file for file in neighbours if name.fullmatch(file.name))
    return [path.parent / target] if "\0" not in target else []
