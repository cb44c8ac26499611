"""What may not change when a run goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import RunError


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
