"""Writing the files of an evaluation: whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from ..storage import replacing


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a text or bytes to `path`; a kill or a full disk leaves the old file whole.

    Raises:
        RunError: the disk is full or not writable.
    """
    with replacing(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """A compressed .npz of the arrays."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()
