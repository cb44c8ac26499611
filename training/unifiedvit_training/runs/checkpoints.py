"""What a run leaves on disk so that it can go on, and what is kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from UnifiedViTLib.tensors import dequantised

from ..errors import RunError
from ..storage import replacing, write_whole
from .project_file import BEST_FILE

#: The whole state of a run, to go on from.
STATE_FILE = "last.ckpt"
#: The averaged weights of now; `BEST_FILE`: of the best measurement.
NOW_FILE = "last.safetensors"


def save_state(run: Path, state: dict[str, Any]) -> None:
    """Write the state beside the old one, then put it in its place: a kill leaves one of them whole.

    Raises:
        RunError: the disk is full or not writable; the old state is still there.
    """
    with replacing(run / STATE_FILE) as part:
        torch.save(state, part)


def load_state(run: Path) -> dict[str, Any] | None:
    """The state that `save_state` left in `run`; None if there is none.

    Raises:
        RunError: the file is damaged.
    """
    path = run / STATE_FILE
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds on a damaged file
        raise RunError(
            f"{path} is damaged ({str(error).splitlines()[0]}). Delete it to begin again; "
            f"weights in {run / BEST_FILE} can be given as fit.initial.weights."
        ) from error


def save_weights(path: Path, network: torch.nn.Module) -> None:
    """Write a network's weights and buffers as safetensors, whole or not at all.

    Raises:
        RunError: the disk is full or not writable.
    """
    tensors = {name: value.detach().contiguous().cpu() for name, value in network.state_dict().items()}
    write_whole(path, save(tensors))  # safetensors' own `save_file` makes files that others may not read


def load_weights(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name from a .safetensors file, those in int8 made floats.

    Raises:
        RunError: it is missing or damaged.
    """
    try:
        return dequantised(load_file(path))
    except (OSError, SafetensorError, ValueError) as error:
        raise RunError(f"{path} cannot be read as weights (.safetensors): {error}") from error
