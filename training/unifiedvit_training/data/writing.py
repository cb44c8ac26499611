"""Writing a dataset slice by slice, so that memory stays small and an interrupted run goes on where it was.

Slices are appended to `images.part` and `masks.part`; what is small of them goes into `parts/<number>.npz`, one
file for a few items, written after their slices. A part whose key is still right need not be made again. At the
end the two large files get their names; a process that reads the files of an older dataset keeps them until it
ends.
"""

from __future__ import annotations

import io
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ..errors import DataError
from .slicing import ItemSlices

_LARGE = {"images": np.dtype(np.float16), "masks": np.dtype(np.uint8)}
#: What a part holds besides its key.
SMALL = ("has_mask", "labels", "positions", "planes", "volume", "facts", "statistics", "counts")


class SliceWriter:
    """Appends items to a dataset's folder, a few at a time.

    Args:
        folder: made if need be.
        size: pixels along a side.
        channels: of the images; 0 for images without an axis of channels.
        keys: of each part in order; a text that changes when anything about its slices changes.
    """

    def __init__(self, folder: Path, size: int, channels: int, keys: list[str]) -> None:
        self._folder, self._keys = folder, keys
        self._shapes = {"images": (channels, size, size) if channels else (size, size), "masks": (size, size)}
        self._parts = folder / "parts"
        with writable(folder):
            self._parts.mkdir(parents=True, exist_ok=True)
        there = self._matching()
        # A file that still has its unfinished name would leave an older one, of the same length, under its final one.
        self.complete = len(there) == len(keys) and all(
            not self._file(name).exists() and self._on_disk(self._final(name), name) == sum(there) for name in _LARGE
        )
        #: How many parts need not be made again.
        self.done = len(keys) if self.complete else self._resumable(there)
        self._slices = sum(there[: self.done])
        if not self.complete:
            with writable(folder):
                self._open()

    def append(self, items: list[ItemSlices]) -> None:
        """Add the next part, whole or not at all."""
        with writable(self._folder):
            for name in _LARGE:
                with open(self._file(name), "ab") as file:
                    for item in items:
                        file.write(np.ascontiguousarray(getattr(item, name), _LARGE[name]).data)
            small: dict[str, Any] = {
                name: np.concatenate([getattr(item, name) for item in items]) for name in SMALL[:-1]}
            part = self._parts / "new.npz"
            np.savez(part, key=self._keys[self.done], counts=[len(item.images) for item in items], **small)
            os.replace(part, self._part(self.done))
        self.done += 1
        self._slices += sum(len(item.images) for item in items)

    def finish(self) -> dict[str, np.ndarray]:
        """Give the large files their names.

        Returns:
            the small arrays of all parts, each put together; `counts`: slices of each item.
        """
        with writable(self._folder):
            if not self.complete:
                for name in _LARGE:
                    with open(self._file(name), "r+b") as file:
                        file.write(self._header(name, self._slices))
                for name in _LARGE:
                    os.replace(self._file(name), self._final(name))
            for number in range(len(self._keys), len(list(self._parts.glob("[0-9]*.npz")))):
                self._part(number).unlink(missing_ok=True)
        parts = [_whole(self._part(number)) for number in range(len(self._keys))]
        return {name: np.concatenate([part[name] for part in parts]) for name in SMALL}

    def _final(self, name: str) -> Path:
        return self._folder / f"{name}.npy"

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.part"

    def _part(self, number: int) -> Path:
        return self._parts / f"{number:06d}.npz"

    def _matching(self) -> list[int]:
        """Slices of each part from the first on, as far as keys agree."""
        slices = []
        for number, key in enumerate(self._keys):
            part = _load(self._part(number))
            if part is None or str(part["key"]) != key:
                break
            slices.append(int(part["counts"].sum()))
        return slices

    def _resumable(self, there: list[int]) -> int:
        """How many of the parts that are `there` have their slices in the unfinished files."""
        held = min(self._on_disk(self._file(name), name) for name in _LARGE)
        return int(np.searchsorted(np.cumsum(there), held, side="right")) if there else 0

    def _on_disk(self, file: Path, name: str) -> int:
        """Slices in a file; -1 without one. A header is as long for one slice as for a million."""
        if not file.exists():
            return -1
        return (file.stat().st_size - len(self._header(name, 0))) // self._bytes(name)

    def _bytes(self, name: str) -> int:
        """Of one slice."""
        return math.prod(self._shapes[name]) * _LARGE[name].itemsize

    def _header(self, name: str, slices: int) -> bytes:
        """The beginning of a .npy file; numpy leaves room for the first axis to grow, so its length is fixed."""
        file = io.BytesIO()
        np.lib.format.write_array_header_1_0(file, {
            "descr": np.lib.format.dtype_to_descr(_LARGE[name]), "fortran_order": False,
            "shape": (slices, *self._shapes[name]),
        })
        return file.getvalue()

    def _open(self) -> None:
        """Cut what was written after the last whole part, or begin anew."""
        for name in _LARGE:
            length = len(self._header(name, 0)) + self._slices * self._bytes(name)
            if self.done:
                os.truncate(self._file(name), length)
            else:
                self._file(name).write_bytes(self._header(name, 0))
        if not self.done:
            shutil.rmtree(self._parts)
            self._parts.mkdir()


def _load(part: Path) -> dict[str, np.ndarray] | None:
    """What a part holds; None if it is not there or damaged."""
    try:
        with np.load(part) as arrays:
            return dict(arrays)
    except (OSError, ValueError, BadZipFile):
        return None


def _whole(part: Path) -> dict[str, np.ndarray]:
    """What a part holds that was there when the writer began, or that it wrote."""
    content = _load(part)
    if content is None:
        raise DataError(f"{part} has gone or is damaged since it was written. Prepare the dataset again.")
    return content


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """What goes wrong with the disk is said in a sentence."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written ({error}). What was prepared is kept: make room, or mend the folder's "
            "permissions, and run again to go on."
        ) from error
