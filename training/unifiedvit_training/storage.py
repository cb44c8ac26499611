"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from .errors import RunError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write, which takes its place at the end: a kill or a full disk leaves the old one whole.

    Raises:
        RunError: the disk is full or not writable.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        os.replace(part, path)
    except (OSError, RuntimeError, SafetensorError) as error:  # torch and safetensors wrap a full disk
        if part.parent.is_dir():
            part.unlink(missing_ok=True)
        raise RunError(
            f"{path} cannot be written ({error}). What was there before is whole; make room and run again to go on."
        ) from error
