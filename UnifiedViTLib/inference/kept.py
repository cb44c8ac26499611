"""What is kept between runs on this computer: compiled networks and verdicts. Losing it costs time and nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from ..spec import ModelSpec


class Kept:
    """Small files of one model: `<folder>/<id>/<of its weights and graph>/`. A damaged one counts as missing.

    Args:
        folder: None keeps nothing.
        spec: the model.
    """

    def __init__(self, folder: Path | None, spec: ModelSpec) -> None:
        graph = spec.graph.sha256 if spec.graph else ""
        self._folder = folder / spec.id / _digest((spec.sha256 + graph).encode()).hex()[:16] if folder else None

    def read(self, *key: str) -> bytes | None:
        """What `write` kept under the same words."""
        if self._folder is None:
            return None
        try:
            content = self._file(key).read_bytes()
        except OSError:
            return None
        return content[32:] if _digest(content[32:]) == content[:32] else None

    def write(self, content: bytes, *key: str) -> None:
        """Keep it, whole or not at all; what older versions of the model left is removed."""
        if self._folder is None:
            return
        with suppress(OSError):  # a full disk, or a folder of somebody else's
            self._folder.mkdir(parents=True, exist_ok=True)
            for other in self._folder.parent.iterdir():
                if other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)
            handle, part = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_digest(content) + content)
                os.replace(part, self._file(key))
            except BaseException:
                os.unlink(part)
                raise

    def _file(self, key: tuple[str, ...]) -> Path:
        return self._folder / _digest("\n".join(key).encode()).hex()[:32]


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
