"""Damaged and hostile models: each is imported and run, or refused in a sentence.

A child process does it, with limits on time and memory. One that crashes, hangs or raises anything but an error of ours
is counted, and followed by another.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

import numpy as np
from builders import tiny_model
from patient_heads import give_patient_head
from safetensors.numpy import save
from unifiedvit_training.exporting.onnx import write_onnx
from unifiedvit_training.runs.model_folder import add_graph

from UnifiedViTLib.inference.backends.torch_backend import load_network

from .model_mutants import mutant
from .waiting import PATIENCE_S, next_line

ROOT = Path(__file__).resolve().parent.parent.parent
#: Bytes of address space of a child; libraries reserve far more than they use.
MEMORY = 16 << 30

_CHILD = """
import json, math, resource, sys, traceback
import numpy as np
from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.backends import candidates
from UnifiedViTLib.inference.backends.selection import BackendSelector
from UnifiedViTLib.inference.output_check import check_outputs
from UnifiedViTLib.inference.patient.diagnosis import View, diagnose_patient
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.files import as_json
from UnifiedViTLib.service.store.catalogue import list_models
from UnifiedViTLib.service.store.download import clear_cache, import_model
resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
noise = np.random.default_rng(0).normal(100, 20, (3, 40, 40)).astype(np.float32)
volume = Volume(noise, np.diag([2.0, 2.0, 5.0, 1.0]), "noise")


def use(path):
    clear_cache()
    spec = import_model(path)
    [entry.name.encode() for entry in list_models()]
    result = Predictor(spec, "cpu").predict(volume)
    if spec.graph:
        images = np.zeros((2, len(spec.channels) or 1, spec.size, spec.size), np.float32)
        torch_is_there, candidates.torch_is_there = candidates.torch_is_there, lambda: False
        try:
            check_outputs(BackendSelector(spec, "cpu", None).run(images), images, spec)
        finally:
            candidates.torch_is_there = torch_is_there
    json.dumps(as_json(result), allow_nan=False).encode()
    if spec.patient:
        views = [View(name, result.diagnosis.probabilities) for name in "ab"]
        patient = diagnose_patient(spec, views, {"age": 50, "sex": "F"})
        json.dumps(patient.to_dict(), allow_nan=False).encode()
    return result.diagnosis.display

use(SEED)  # libraries take their time to load
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    try:
        end = ["answered", use(json.loads(line))]
    except UnifiedViTError as error:
        end = ["refused", str(error)]
        if len(str(error)) > 5000:
            end = ["traceback", "a sentence of %d letters: %s" % (len(str(error)), str(error)[:300])]
    except BaseException:
        end = ["traceback", traceback.format_exc()]
    print(json.dumps(end), flush=True)
"""


class _Child:
    """A child process that imports and runs models, and is started again when it dies."""

    def __init__(self, scratch: Path, seed: Path) -> None:
        self._scratch, self._seed, self._process = scratch, seed, None

    def end(self, path: Path) -> tuple[str, str]:
        """How the import and the run of a model ended: "answered", "refused", or what should not be."""
        if self._process is None or self._process.poll() is not None:
            self._start()
        try:
            self._process.stdin.write(json.dumps(str(path)) + "\n")
            self._process.stdin.flush()
            line = next_line(self._lines, self._process.pid)
        except (queue.Empty, BrokenPipeError):
            line = "hang"
        if line == "hang":
            self.close()
            return "hang", f"no answer in {PATIENCE_S:.0f} s of computing"
        if line is None:
            code = self._process.wait()
            errors = (self._scratch / "stderr").read_text(encoding="utf-8", errors="replace")
            return "crash", f"exit code {code}: {errors[-600:]}"
        return tuple(json.loads(line))

    def close(self) -> None:
        """End the child."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _start(self) -> None:
        code = f"MEMORY = {MEMORY}\nSEED = {str(self._seed)!r}\n{_CHILD}"
        with open(self._scratch / "stderr", "wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
                                  "UNIFIEDVIT_MODELS": str(self._scratch / "cache")})
        self._process, self._lines = process, queue.SimpleQueue()
        lines = self._lines

        def pass_on() -> None:
            for line in process.stdout:
                lines.put(line)
            lines.put(None)

        threading.Thread(target=pass_on, daemon=True).start()
        if lines.get(timeout=300) is None:
            raise SystemExit(f"The child does not start: {(self._scratch / 'stderr').read_text()}")


def fuzz_models(count: int, seed: int, keep: Path | None) -> int:
    """Import and run so many mutants, and print how they ended.

    Args:
        count: of mutants.
        seed: mutant n of a seed is always the same.
        keep: where mutants go that were not handled well; None for nowhere.

    Returns:
        0 if all were answered or refused in a sentence.
    """
    ends, bad = Counter(), 0
    with tempfile.TemporaryDirectory(prefix="fuzz-models-") as folder:
        scratch = Path(folder)
        source = write_seed(scratch / "seed")
        child = _Child(scratch, source)
        try:
            for number in range(count):
                target = scratch / "mutant"
                path, words = mutant(source, target, random.Random(f"{seed} {number}"))
                end, text = child.end(path)
                ends[end] += 1
                if end not in ("answered", "refused"):
                    bad += 1
                    print(f"{number}: {words}: {end}: {text}", flush=True)
                    if keep is not None:
                        shutil.copytree(target, keep / f"{seed}-{number}", symlinks=True, dirs_exist_ok=True)
                shutil.rmtree(target)
        finally:
            child.close()
    print(", ".join(f"{end}: {number}" for end, number in ends.most_common()))
    return 1 if bad else 0


def write_seed(folder: Path) -> Path:
    """A tiny model with statistics, a graph and a patient head."""
    spec = tiny_model(folder, arguments={"encoder": "test_vit", "decoder_widths": [8, 8, 8]})
    width = load_network(spec).encoder.width
    (folder / "ood.safetensors").write_bytes(save({
        "means": np.zeros((3, width), np.float32), "whitening": np.eye(width, dtype=np.float32)}))
    data = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    data["ood"] = {"file": "ood.safetensors", "sha256": _sha256(folder / "ood.safetensors"),
                   "threshold": 100.0}
    data["review"] = {"probability": {"threshold": 0.5, "coverage": 0.9, "risk": 0.1}}
    (folder / "model.json").write_text(json.dumps(data), encoding="utf-8")
    logging.disable(logging.CRITICAL)
    write_onnx(load_network(spec), spec.size, folder / "model.onnx", spec.weights)
    logging.disable(logging.NOTSET)
    add_graph(folder)
    give_patient_head(folder)
    return folder


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
