"""ZIPs as a browser may send them, honest ones and others."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from builders import head_volume, write_series


def zip_of(file: Path, names: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A ZIP of files by their names."""
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return file


def two_series(file: Path, slices: list[bytes]) -> Path:
    """A study in a ZIP: a series, and another one of three slices."""
    other = head_volume(shape=(3, 45, 41))
    folder = write_series(file.parent / "other", np.rint(other.array).astype(np.uint16), other.ijk_to_ras)
    more = {f"b{number}": one.read_bytes() for number, one in enumerate(sorted(folder.iterdir()))}
    return zip_of(file, {f"a{number}": one for number, one in enumerate(slices)} | more)


def forged(file: Path, slices: list[bytes], old: bytes, new: bytes) -> Path:
    """A ZIP in which something stands that is not so."""
    content = zip_of(file, {"a": slices[0]}).read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new))
    return file
