"""The proof that `model.onnx` says what the network says, in OpenVINO. On some processors that crashes for some
networks, so it runs in a child process (`openvino_run`)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from UnifiedViTLib.graph import OUTPUTS
from UnifiedViTLib.inference.backends.openvino_backend import load_openvino
from UnifiedViTLib.models import UnifiedNetwork
from UnifiedViTLib.processes import crash_signal
from UnifiedViTLib.spec import MISSING

from ..errors import RunError
from . import openvino_run

#: Two libraries round differently; a difference above this share of the largest value is a mistake.
TOLERANCE = 1e-3
#: Compiling a large network on a slow computer takes a minute.
_LIMIT_S = 600.0


class NotCompared(Exception):
    """OpenVINO cannot run the graph here; the message says why, in words that follow "as"."""


def compare_onnx(network: UnifiedNetwork, size: int, path: Path) -> float:
    """How far what OpenVINO gives for a graph differs from what torch gives for the network, in float32.

    Args:
        network: with both heads, in evaluation mode, on the CPU.
        size: pixels along a side of the input.
        path: `model.onnx`, its numbers beside it.

    Returns:
        The largest difference as a share of the largest value, at most `TOLERANCE`.

    Raises:
        NotCompared: OpenVINO is not installed, or cannot run the graph on this processor.
        RunError: the file says something else than the network.
    """
    batches, channels = {}, network.encoder.in_channels
    for count in (1, 3):
        images = torch.randn(count, channels, size, size, generator=torch.Generator().manual_seed(count))
        if channels > 1:
            images[-1, count % channels] = MISSING
        batches[str(count)] = images.numpy()
    given = _run_openvino(path, batches)
    differences = []
    for count, images in batches.items():
        with torch.inference_mode():
            expected = network(torch.from_numpy(images))
        for name, value in zip(OUTPUTS, expected, strict=True):
            answer = given[f"{name} {count}"]
            if answer.shape != tuple(value.shape):  # on a processor that is too old, it answers for no image
                raise NotCompared(f"OpenVINO gives {answer.shape} for {tuple(value.shape)} on this processor")
            differences.append(float(np.abs(answer - value.numpy()).max() / value.abs().max()))
    if max(differences) > TOLERANCE:
        raise RunError(f"{path.name} differs from the network by {max(differences):.2g}. Export with --no-onnx.")
    return max(differences)


def _run_openvino(path: Path, batches: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What OpenVINO gives for batches (n, channels, size, size) by name, in a child process: "OUTPUT NAME" -> array."""
    try:
        load_openvino()
    except ImportError as error:
        raise NotCompared("OpenVINO is not installed") from error
    with tempfile.TemporaryDirectory() as folder:
        images, answers = Path(folder) / "images.npz", Path(folder) / "answers.npz"
        named: dict[str, Any] = dict(batches)
        np.savez(images, **named)
        try:
            done = subprocess.run([sys.executable, "-m", openvino_run.__name__, path, images, answers],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                                  timeout=_LIMIT_S)
        except subprocess.TimeoutExpired as error:
            raise NotCompared(f"OpenVINO did not come to an end within {_LIMIT_S:.0f} s") from error
        if name := crash_signal(done.returncode):
            raise NotCompared(f"OpenVINO crashes on it on this processor ({name})")
        if done.returncode:
            words = done.stderr.strip().splitlines()
            raise NotCompared(f"OpenVINO cannot run it here ({words[-1][:200] if words else done.returncode})")
        with np.load(answers, allow_pickle=False) as file:
            return dict(file)
