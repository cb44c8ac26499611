"""What every backend has: a batch of slices in, logits out. Nothing else of the way knows of libraries."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from ctypes import CDLL
from typing import Protocol

import numpy as np

#: As oneDNN calls them.
_ISA_WITHOUT_BFLOAT16 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI")
DEVICES = ("auto", "cpu", "cuda", "mps")
#: Images (n, channels, H, W) to mask logits, class logits and embedding, as of `Runner.run`.
Run = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


class OutOfMemory(Exception):
    """The batch does not fit on the device."""


class UnsupportedPrecision(Exception):
    """This processor does not compute in that precision."""


class Runner(Protocol):
    """What looks at images."""

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n, channels, H, W) float32 -> mask logits (n, S, H, W), class logits (n, C) and embedding (n, E), float32.

        Args:
            images: (n, channels, H, W) float32, as `PreparedVolume.inputs` gives them.

        Raises:
            OutOfMemory: try a smaller batch.
        """
        ...


class Backend(Runner, Protocol):
    """What the predictor needs.

    Attributes:
        name: the library and its precision, for the result.
        device: in words, for the result.
    """

    name: str
    device: str


def is_out_of_memory(error: Exception) -> bool:
    """CUDA has a class of its own for it; the others say it in words."""
    words = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "bad allocation")
    return isinstance(error, MemoryError) or any(part in str(error).lower() for part in words)


def bfloat16_forbidden() -> bool:
    """Whether the environment holds oneDNN, which both libraries compute with, down to instructions without it. Each
    would then imitate it, slowly, or fail."""
    return os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() in _ISA_WITHOUT_BFLOAT16


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
