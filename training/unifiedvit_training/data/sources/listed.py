"""What the readers give."""

from __future__ import annotations

from dataclasses import dataclass

from ..dataset import Item


@dataclass(frozen=True)
class Listed:
    """An item whose side is not decided yet, and what the column of the split says of it ("" without one)."""

    item: Item
    split: str
