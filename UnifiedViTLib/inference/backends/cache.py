"""The backends' cache: compiled networks and verdicts, kept between runs on this computer. Losing it costs time and
nothing else."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from ...locking import file_lock
from ...spec import ModelSpec
from ...trust import is_private_folder

#: By these, instruction sets are held down: what is compiled and how it rounds depend on them.
_INSTRUCTION_SETS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ONEDNN_CPU_ISA_HINTS", "ATEN_CPU_CAPABILITY",
                     "ONEDNN_DEFAULT_FPMATH_MODE")


class DiskCache:
    """Small files of one model: `<folder>/<id>/<of its weights and graph>/`.

    A damaged file, one that was written under another key, and any in a folder that others can write to counts as
    missing: a compiled network is run as it is.

    Args:
        folder: of all models; None keeps nothing.
        spec: the model.
    """

    def __init__(self, folder: Path | None, spec: ModelSpec) -> None:
        graph = spec.graph.sha256 if spec.graph else ""
        self.root = folder
        self._folder = folder / spec.id / _digest((spec.sha256 + graph).encode()).hex()[:16] if folder else None

    def read(self, *key: str) -> bytes | None:
        """What `write` kept under the same words."""
        if self._folder is None or not is_private_folder(self._folder):
            return None
        try:
            content = self._file(key).read_bytes()
        except OSError:
            return None
        return content[32:] if _digest(_joined(key) + content[32:]) == content[:32] else None

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
                    file.write(_digest(_joined(key) + content) + content)
                os.replace(part, self._file(key))
            except BaseException:
                os.unlink(part)
                raise

    def remove(self, *key: str) -> None:
        """Forget what was kept under these words, if anything was."""
        if self._folder is not None:
            with suppress(OSError):
                self._file(key).unlink()

    def lock(self, waiting: Callable[[], None]) -> AbstractContextManager[None]:
        """One process at a time for this model; no lock where nothing can be kept.

        Args:
            waiting: called now and then while another process holds it; may raise to give up.
        """
        if self._folder is None:
            return nullcontext()
        path = self._folder / "lock"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with open(path, "ab"):
                pass
        except OSError:
            return nullcontext()
        return file_lock(path, waiting)

    def _file(self, key: tuple[str, ...]) -> Path:
        assert self._folder is not None, "without a folder nothing is looked up"
        return self._folder / _digest(_joined(key)).hex()[:32]


def cpu_signature() -> str:
    """The CPU in words that differ where its arithmetic may: model, what it can do (on Linux), and what it is told not
    to do by the environment."""
    limits = " ".join(f"{name}={os.environ[name]}" for name in _INSTRUCTION_SETS if name in os.environ)
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()} {limits}"
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    names = [v.strip() for k, v in sorted(values.items()) if k.strip() in ("model name", "flags", "Features")]
    return " ".join([*names, limits])


def _joined(key: tuple[str, ...]) -> bytes:
    return "\n".join(key).encode() + b"\0"


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
