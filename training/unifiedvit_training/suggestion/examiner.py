"""Images are examined one by one in a process of its own, so that one that crashes it costs a row; what is known is
kept."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from UnifiedViTLib.errors import UnifiedViTError, UnsupportedImageError
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.manifest import model_sha256
from UnifiedViTLib.processes import importing
from UnifiedViTLib.spec import ModelSpec, load_spec
from UnifiedViTLib.texts import error_reason

from ..errors import RunError
from ..storage import digest_of_files, packed, write_whole
from .examination import Examination, examine

_FORMAT = 1


class Examiner:
    """Examines images, each once for the same files and model, its calibration and statistics among it.

    Args:
        spec: the model.
        folder: of what is known already.
    """

    def __init__(self, spec: ModelSpec, folder: Path) -> None:
        self._spec, self._folder = spec, folder
        self._pool: ProcessPoolExecutor | None = None

    def examine(self, path: Path) -> Examination | str:
        """What the model says of an image, or a sentence why it cannot be looked at.

        Args:
            path: a file, or a folder with a DICOM series.

        Raises:
            WeightsError, DeviceError, DependencyError, ModelSpecError: the model cannot be run here.
            RunError: the process that runs it cannot be started, or the disk is full.
        """
        try:
            signature = self._signature(path)
        except OSError as error:
            return f"{path.name} cannot be read ({error_reason(error)}). Check its permissions and the disk."
        file = self._folder / f"{hashlib.sha256(os.fsencode(os.path.abspath(path))).hexdigest()}.npz"
        known = _load(file, signature)
        if known is not None:
            return known
        answer, lasts = self._ask(path)
        if lasts:
            arrays: dict[str, np.ndarray] = {}
            told = answer if isinstance(answer, str) else answer.to_dict(arrays.__setitem__)
            text = json.dumps({"signature": signature, "answer": told})
            write_whole(file, packed(arrays | {"record": np.array(text)}))
        return answer

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _signature(self, path: Path) -> str:
        return json.dumps([_FORMAT, model_sha256(self._spec), digest_of_files(path)])

    def _ask(self, path: Path) -> tuple[Examination | str, bool]:
        """An answer of the process, as of `_examine`."""
        try:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(1, get_context("spawn"), _ignore_interrupts)
                self._pool.submit(_prepare, self._spec.folder).result()
        except BrokenProcessPool as error:
            self.close()
            raise RunError("The process that runs the network ended while it was being started, often for want of "
                           "memory. Close other programs and run again.") from error
        try:
            return self._pool.submit(_examine, self._spec.folder, path).result()
        except BrokenProcessPool:
            self.close()
            return (f"{path.name} ended the process that looked at it: the file is damaged, or larger than the memory. "
                    "Open it in the program that it came from and save it again.", False)


@contextmanager
def examiner(spec: ModelSpec, folder: Path) -> Iterator[Examiner]:
    """An `Examiner` whose process ends with the block."""
    opened = Examiner(spec, folder)
    try:
        yield opened
    finally:
        opened.close()


def _load(file: Path, signature: str) -> Examination | str | None:
    """What was kept, if it is of the same image and model."""
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as arrays:
            kept = json.loads(str(arrays["record"]))
            if kept["signature"] != signature:
                return None
            answer = kept["answer"]
            return answer if isinstance(answer, str) else Examination.from_dict(answer, arrays.__getitem__)
    except (OSError, ValueError, KeyError, TypeError):  # not there, or another version's
        return None


def _ignore_interrupts() -> None:
    """Ctrl-C is for the process that waits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _prepare(folder: Path) -> None:
    """In the process: make the model ready; what is wrong with it is no image's fault."""
    _predictor(folder)


@cache
def _predictor(folder: Path) -> Predictor:
    with importing():
        return Predictor(load_spec(folder))


def _examine(folder: Path, path: Path) -> tuple[Examination | str, bool]:
    """In the process: an examination, or why there is none; and whether it would be the same another time."""
    try:
        return examine(path, _predictor(folder)), True
    except UnifiedViTError as error:
        return str(error), isinstance(error, UnsupportedImageError)
    except Exception as error:  # of a library that reads: the others are to be looked at
        return f"{path.name} cannot be looked at ({error_reason(error)}). Check the file; if it is whole, please " \
               "report it.", False
