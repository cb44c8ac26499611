"""Files that are written whole or not at all, and what tells that files are those of before."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from UnifiedViTLib.imaging.file_set import files_of
from UnifiedViTLib.outputs.writing import sha256_of

from .errors import RunError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write, which takes its place at the end: a kill or a full disk leaves the old one whole.

    Its name is always the same, so that a run killed a hundred times leaves one such file and not a hundred.

    Raises:
        RunError: the disk is full or not writable.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        os.replace(part, path)
    except (OSError, RuntimeError) as error:  # torch wraps a full disk
        if part.parent.is_dir():
            part.unlink(missing_ok=True)
        raise RunError(
            f"{path} cannot be written ({error}). What was there before is whole; make room and run again to go on."
        ) from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a text or bytes to `path` as `replacing` does.

    Raises:
        RunError: the disk is full or not writable.
    """
    with replacing(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """A compressed .npz of the arrays."""
    file = io.BytesIO()
    named: dict[str, Any] = dict(arrays)
    np.savez_compressed(file, **named)
    return file.getvalue()


def digest_of_files(image: Path) -> str:
    """Of the content of all files of an image: their sizes and times may be those of others.

    Raises:
        OSError: one cannot be read.
    """
    digests = [sha256_of(file) for file in files_of(image) if file.is_file()]  # a pipe would never end
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()
