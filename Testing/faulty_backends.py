"""OpenVINO as it is on a bad day: children of the tests in which it ends its process by a real signal, or hangs.

Python runs a `sitecustomize` from PYTHONPATH at its start; this one lies in wait for the backend's module.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_SITECUSTOMIZE = '''
import importlib.abc, importlib.util, json, os, signal, sys, time

FAULT = json.loads(os.environ["OPENVINO_FAULT"])
BACKENDS = "UnifiedViTLib.inference.backends."


class Watch(importlib.abc.MetaPathFinder):
    def __init__(self, name, change):
        self.name, self.change = BACKENDS + name, change

    def find_spec(self, name, path, target=None):
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module
        spec.loader.exec_module = lambda module: (execute(module), self.change(module))
        return spec


def spoil(module):
    backend = module.OpenVINOBackend
    original, calls = getattr(backend, FAULT["method"]), [0]

    def faulty(self, *args):
        process = "worker" if "UnifiedViTLib.service.worker.worker" in sys.modules else "trial"
        calls[0] += process == FAULT["process"]
        if calls[0] > FAULT["after"] and not (FAULT["once"] and os.path.exists(FAULT["once"])):
            if FAULT["once"]:
                open(FAULT["once"], "w").close()
            if FAULT["kind"] == "hang":
                time.sleep(600)
            if FAULT["kind"] == "error":
                raise RuntimeError("no kernel for this")
            if FAULT["kind"] == "wrong":
                masks, classes, embedding = original(self, *args)
                return masks, classes[:, ::-1].copy(), embedding
            os.kill(os.getpid(), getattr(signal, FAULT["kind"]))
            time.sleep(5)
        return original(self, *args)

    setattr(backend, FAULT["method"], faulty)


def try_all(module):
    module.FAST_S = 0.0
    find = module.find_candidates
    # Of torch the reference alone: a process that tries it in another precision takes seconds to import it.
    module.find_candidates = lambda *args: [one for one in find(*args)
                                            if one.library == "OpenVINO" or one.precision == "float32"]


sys.meta_path[:0] = [Watch("openvino_backend", spoil), Watch("selection", try_all)]
'''


def spoil_openvino(patch: pytest.MonkeyPatch, folder: Path, kind: str, *, process: str = "trial", method: str = "run",
                   after: int = 0, once: bool = False) -> Path:
    """From now on OpenVINO fails in child processes, in every precision; it is tried even where the reference is fast,
    and torch's other precisions are not.

    Args:
        patch: takes it back.
        folder: an empty one.
        kind: "SIGSEGV", "SIGABRT", "SIGKILL" or "hang"; "error" for one that Python sees, "wrong" for another answer;
        process: which sort of child it fails in: "trial" or "worker".
        method: of the backend: "__init__" or "run".
        after: calls in a process that still work.
        once: whether it fails a single time in all.

    Returns:
        the file that is there once it has failed, with `once`.
    """
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    mark = folder / "failed"
    patch.setenv("OPENVINO_FAULT", json.dumps({"kind": kind, "process": process, "method": method, "after": after,
                                               "once": str(mark) if once else ""}))
    patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
    return mark


def reason_of(kind: str) -> str:
    """What a note says of a backend that failed so."""
    return {"SIGKILL": "ended from outside", "hang": "did not come to an end"}.get(kind, f"crashed here ({kind})")
