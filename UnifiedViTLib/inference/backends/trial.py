"""Tries a backend in a child process: one that crashes or hangs on this computer takes nothing else with it.

The child gets a line of JSON and the images on its stdin, a file without a name, and answers on its stdout with a line
of JSON and what the backend gave.
"""

from __future__ import annotations

import faulthandler
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ... import errors
from ...errors import UnifiedViTError, WeightsError
from ...processes import PATIENCE_S, crash_signal, importing, was_killed
from ...spec import ModelSpec, load_spec
from .agreement import Outputs, measure
from .base import OutOfMemory, UnsupportedPrecision
from .cache import DiskCache
from .candidates import BackendCandidate

#: A trial that takes longer hangs. Importing torch from a slow disk and compiling may take a minute.
LIMIT_S = 240.0
_TICK_S = 0.1
_LIBRARY = Path(__file__).resolve().parents[3]
#: As the worker's: the library's folder at the end of the path, the current folder away.
_BOOTSTRAP = (
    "import sys; sys.path = [sys.argv[1]] + [p for p in sys.path if p]; import UnifiedViTLib; "
    "sys.path.append(sys.path.pop(0)); "
    "from UnifiedViTLib.inference.backends.trial import main; main()"
)
#: Errors that the child tells by class beside those of `errors`.
_CLASSES = {one.__name__: one for one in (OutOfMemory, UnsupportedPrecision, RuntimeError)}


class BackendCrash(Exception):
    """A backend ended the process that tried it, or did not come to an end.

    Args:
        outcome: "crashed", "killed", "hung" or "failed".
        reason: in words, for example "it crashed here (SIGSEGV)".
    """

    def __init__(self, outcome: str, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome


def try_backend(candidate: BackendCandidate, spec: ModelSpec, cache: DiskCache, images: np.ndarray,
                waiting: Callable[[], None], limit_s: float = LIMIT_S) -> Outputs:
    """What a backend gives for images, computed in a child process.

    Args:
        candidate: the backend.
        spec: the model; the child reads it from its folder.
        cache: where compiled networks are kept.
        images: (n, channels, H, W) float32.
        waiting: called ten times a second; may raise to stop.
        limit_s: seconds after which the child counts as hanging.

    Returns:
        Labels and class logits, as `agreement.measure`.

    Raises:
        BackendCrash: it crashed, was killed, or hung.
        UnsupportedPrecision, OutOfMemory, RuntimeError, UnifiedViTError: as the backend raised it.
    """
    header = {"folder": str(spec.folder.absolute()), "sha256": spec.sha256, "candidate": asdict(candidate),
              "cache": str(cache.root.absolute()) if cache.root else None, "limit_s": limit_s}
    hidden = {"creationflags": subprocess.CREATE_NO_WINDOW} if os.name == "nt" else {}
    with tempfile.TemporaryFile() as request:
        request.write(json.dumps(header).encode() + b"\n")
        np.save(request, images, allow_pickle=False)
        request.seek(0)
        with subprocess.Popen([sys.executable, "-c", _BOOTSTRAP, str(_LIBRARY)], stdin=request,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **hidden) as child:
            try:
                answer, log = _wait(child, waiting, limit_s)
            finally:
                child.kill()
    return _read(answer, child.returncode, log)


def _wait(child: subprocess.Popen, waiting: Callable[[], None], limit_s: float) -> tuple[bytes, bytes]:
    """All that the child says, and its log."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            return child.communicate(timeout=_TICK_S)
        except subprocess.TimeoutExpired:
            waiting()
    raise BackendCrash("hung", f"it did not come to an end within {limit_s:.0f} s")


def _read(answer: bytes, code: int, log: bytes) -> Outputs:
    lines = io.BytesIO(answer)
    with suppress(ValueError, EOFError):
        status = json.loads(lines.readline())
        if status["error"] is None:
            labels, logits = (np.load(lines, allow_pickle=False) for _ in range(2))
            return labels, logits
        raise _error(status["error"], status["text"])
    words = log.decode("utf-8", "replace").strip().splitlines()
    said = f": {words[-1][:200]}" if words else ""
    if name := crash_signal(code):
        raise BackendCrash("crashed", f"it crashed here ({name})")
    if was_killed(code):
        raise BackendCrash("killed", "the process that tried it was ended from outside, often for want of memory")
    raise BackendCrash("failed", f"the process that tried it ended early (exit code {code}{said})")


def _error(name: str, text: str) -> Exception:
    kind = _CLASSES.get(name) or getattr(errors, name, None)
    return kind(text) if isinstance(kind, type) and issubclass(kind, Exception) else RuntimeError(text)


def main() -> None:
    """The child."""
    # dup() gives a descriptor that nothing else prints to.
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    header = json.loads(requests.readline())
    # Whoever waits for this process may have died: it ends all the same, even where it hangs in a library.
    faulthandler.dump_traceback_later(header["limit_s"] + PATIENCE_S, exit=True)
    try:
        images = np.load(io.BytesIO(requests.read()), allow_pickle=False)
        spec = load_spec(header["folder"])
        if spec.sha256 != header["sha256"]:
            raise WeightsError(f"The files of {spec.name} changed during the run. Run again.")
        cache = DiskCache(Path(header["cache"]) if header["cache"] else None, spec)
        with importing():
            backend = BackendCandidate(**header["candidate"]).create(spec, cache)
        outputs = measure(backend, images)
        status = {"error": None}
    except (UnifiedViTError, UnsupportedPrecision, OutOfMemory, RuntimeError, ImportError) as error:
        traceback.print_exc()
        kind = type(error).__name__
        known = kind in _CLASSES or isinstance(error, UnifiedViTError)
        outputs, status = (), {"error": kind if known else "RuntimeError", "text": " ".join(str(error).split())}
    answer = io.BytesIO()  # numpy asks a real file for its position, which a pipe does not have
    answer.write(json.dumps(status).encode() + b"\n")
    for part in outputs:
        np.save(answer, part, allow_pickle=False)
    answers.write(answer.getvalue())
    answers.flush()
    os._exit(0)  # what a library does at its end no longer matters
