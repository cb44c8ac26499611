"""What a run leaves on disk so that it can go on, and what is kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from ..errors import RunError
from ..storage import replacing, write_whole

#: The whole state of a run, to go on from.
STATE_FILE = "last.ckpt"
#: The averaged weights: of the best measurement, and of now.
BEST_FILE, NOW_FILE = "best.safetensors", "last.safetensors"


def check_same_recipe(run: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Raise a RunError that names the values, of those which may not change when a run goes on, that differ.

    Args:
        run: its folder.
        before, now: values by name.
    """
    different = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if different:
        raise RunError(
            f"The run in {run} was begun with other values of {', '.join(different)}. "
            "Choose another --run, or delete that folder."
        )


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
    """Tensors by name from a .safetensors file.

    Raises:
        RunError: it is missing or damaged.
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise RunError(f"{path} cannot be read as weights (.safetensors): {error}") from error
