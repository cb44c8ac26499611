"""AdamW's moments of a site, kept from round to round; they never leave it.

Begun anew, they would make the first steps of each round long and blind: every weight moves by about the learning rate,
however small its gradient (Kingma and Ba 2015, section 2.1).
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save

from ..storage import write_whole

_PREFIX = "moments-"


def keep_moments(optimiser: torch.optim.Optimizer, folder: Path, number: int) -> None:
    """Write the optimiser's state; that of the last round before in which the site took part stays, as this one may be
    done again.

    Args:
        optimiser: AdamW, as it is after the round.
        folder: of the site's run.
        number: of the round.

    Raises:
        RunError: the disk is full.
    """
    state = optimiser.state_dict()["state"]
    tensors = {f"{place}.{name}": torch.as_tensor(value).detach().cpu().contiguous()
               for place, values in state.items() for name, value in values.items()}
    write_whole(folder / f"{_PREFIX}{number:04d}.safetensors", save(tensors))
    before = max((_number(path) for path in _files(folder) if _number(path) < number), default=None)
    for path in _files(folder):
        if _number(path) not in (number, before):
            path.unlink()


def restore_moments(optimiser: torch.optim.Optimizer, folder: Path, number: int) -> None:
    """Take up the state after a round, or after the last one before it in which the site took part; a new one where
    there is none.

    Args:
        optimiser: AdamW, whose state is replaced.
        folder: of the site's run.
        number: of the round.
    """
    kept = max((path for path in _files(folder) if _number(path) <= number), default=None)
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in (load_file(kept) if kept else {}).items():
        place, name = key.split(".", 1)
        state.setdefault(int(place), {})[name] = value
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{_PREFIX}*.safetensors"))


def _number(path: Path) -> int:
    return int(path.stem.removeprefix(_PREFIX))
