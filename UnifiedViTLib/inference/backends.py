"""What runs the network. A backend turns a batch of slices into logits; nothing else of the way knows of libraries."""

from __future__ import annotations

import os
import platform
import sys
from ctypes import CDLL
from pathlib import Path
from typing import Protocol

import numpy as np

DEVICES = ("auto", "cpu", "cuda", "mps")


class OutOfMemory(Exception):
    """The batch does not fit on the device."""


class NotHere(Exception):
    """This processor does not compute in that precision."""


class Backend(Protocol):
    """What the predictor needs.

    Attributes:
        name: the library and its precision, for the result.
        device: in words, for the result.
    """

    name: str
    device: str

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n, channels, H, W) float32 -> mask logits (n, S, H, W), class logits (n, C) and embedding (n, E), float32.

        Raises:
            OutOfMemory: try a smaller batch.
        """


def is_out_of_memory(error: Exception) -> bool:
    """CUDA has a class of its own for it; the others say it in words."""
    words = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "bad allocation")
    return isinstance(error, MemoryError) or any(part in str(error).lower() for part in words)


def gpu_may_be_there() -> bool:
    """Whether a GPU that torch can use is worth looking for. Importing torch would tell, after seconds."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if os.path.exists("/dev/kfd"):  # AMD's
        return True
    try:
        CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def processor() -> str:
    """The CPU in words that differ where its arithmetic may: model, and on Linux what it can do."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    said = dict(line.split(":", 1) for line in lines if ":" in line)
    return " ".join(v.strip() for k, v in sorted(said.items()) if k.strip() in ("model name", "flags", "Features"))
