"""Writing the files of an evaluation: whole or not at all."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np

from ..errors import RunError


def write_whole(path: Path, content: str | bytes) -> None:
    """Write beside, then rename: a kill or a full disk leaves the old file whole.

    Raises:
        RunError: the disk is full or not writable.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(part, path)
    except OSError as error:
        if part.parent.is_dir():
            part.unlink(missing_ok=True)
        raise RunError(f"{path} cannot be written ({error}). Make room and run again to go on.") from error


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """A compressed .npz of the arrays."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()
