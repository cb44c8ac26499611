"""A JSON object whose fields are fetched with a check: nothing of a model's description is taken unseen."""

from __future__ import annotations

import re
import reprlib
from typing import Any

from .errors import ModelSpecError
from .texts import is_plain, is_portable_name

#: The name of a file of a model, and its SHA-256.
FILE, SHA256 = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"), re.compile(r"[0-9a-f]{64}")
#: timm would ask a hub for names with a colon: no spec may make us go to the network.
_TIMM_NAME = re.compile(r"[a-z0-9_.]{1,80}")
_ARGUMENT = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: Of a table of metrics: groups of values, and values by group.
_DEEPEST, _MOST_METRICS = 4, 2000


class Fields:
    """A JSON object whose fields are fetched with a check; errors name the field."""

    def __init__(self, data: Any, name: str, where: str | None = None) -> None:
        """Take an object of JSON.

        Args:
            data: what is to be one.
            name: what messages call it.
            where: what messages set before the names of its fields; None: its own and a dot.

        Raises:
            ModelSpecError: it is none.
        """
        if not isinstance(data, dict):
            raise ModelSpecError(f"{name}: an object {{...}} is needed, not {_shown(data)}.")
        self.data, self.where = data, f"{name}." if where is None else where

    def _get(self, name: str) -> Any:
        if name not in self.data:
            raise ModelSpecError(f"{self.where}{name}: this field is missing.")
        return self.data[name]

    def _refuse(self, name: str, needed: str) -> ModelSpecError:
        return ModelSpecError(f"{self.where}{name}: {needed} is needed, not {_shown(self.data[name])}.")

    def text(self, name: str, pattern: re.Pattern | None = None) -> str:
        value = self._get(name)
        if not isinstance(value, str) or not 0 < len(value) <= 4000:
            raise self._refuse(name, "a text")
        if not is_plain(value):
            raise self._refuse(name, "a text in one line and without control characters")
        if pattern and not pattern.fullmatch(value):
            raise self._refuse(name, f"a text of the form {pattern.pattern}")
        return value

    def file_name(self, name: str, pattern: re.Pattern) -> str:
        """A text that can be the name of a file or folder on every system."""
        value = self.text(name, pattern)
        if not is_portable_name(value):
            raise self._refuse(name, "a name that Windows takes too (no device such as con or nul, no dot at its end)")
        return value

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self._get(name)
        if value not in allowed:
            raise self._refuse(name, " or ".join(allowed))
        return value

    def flag(self, name: str) -> bool:
        value = self._get(name)
        if not isinstance(value, bool):
            raise self._refuse(name, "true or false")
        return value

    def integer(self, name: str, low: int, high: int) -> int:
        """A whole number.

        Args:
            name: of the field.
            low, high: bounds, both allowed.
        """
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._refuse(name, f"a whole number from {low} to {high}")
        return value

    def number(self, name: str, low: float, high: float) -> float:
        """A number.

        Args:
            name: of the field.
            low, high: bounds, both allowed.
        """
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise self._refuse(name, f"a number from {low} to {high}")
        return float(value)

    def size(self, name: str) -> int:
        """Pixels along a side of a network's input."""
        value = self.integer(name, 32, 1024)
        if value % 16:
            raise ModelSpecError(f"{self.where}{name}: {value} is not a multiple of 16.")
        return value

    def colour(self, name: str) -> tuple[int, int, int]:
        value = self._get(name)
        if not (isinstance(value, list) and len(value) == 3
                and all(type(v) is int and 0 <= v <= 255 for v in value)):
            raise self._refuse(name, "a colour [red, green, blue], 0 to 255 each,")
        return tuple(value)

    def table(self, name: str) -> Fields:
        return Fields(self._get(name), f"{self.where}{name}")

    def tables(self, name: str, least: int, most: int) -> list[Fields]:
        """A list of objects.

        Args:
            name: of the field.
            least, most: how many there may be.
        """
        value = self._get(name)
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise self._refuse(name, f"a list of {least} to {most} objects")
        return [Fields(item, f"{self.where}{name}[{n}]") for n, item in enumerate(value)]

    def metrics(self, name: str) -> dict[str, Any]:
        """Measured values by name, in groups if need be: numbers, texts, and lists and tables of them."""
        table = self.table(name)
        count = 0

        def check(value: Any, depth: int) -> bool:
            nonlocal count
            count += 1
            if depth > _DEEPEST or count > _MOST_METRICS:
                return False
            if isinstance(value, dict):
                return all(is_plain(key) and len(key) <= 200 and check(one, depth + 1) for key, one in value.items())
            if isinstance(value, list):
                return all(check(one, depth + 1) for one in value)
            if isinstance(value, str):
                return len(value) <= 4000 and is_plain(value)
            return value is None or type(value) in (bool, float) or (type(value) is int and abs(value) < 1e18)

        if not check(table.data, 0):
            raise self._refuse(name, "a table of numbers and of texts without control characters")
        return table.data

    def arguments(self, name: str) -> dict[str, Any]:
        """Arguments of a network's constructor: plain values of a sensible size alone."""
        table = self.table(name)
        for key, value in table.data.items():
            if not _ARGUMENT.fullmatch(key):
                raise ModelSpecError(f"{self.where}{name}: {_shown(key)} is no name of an argument.")
            plain = value if isinstance(value, list) else [value]
            if len(plain) > 16 or not all(v is None or type(v) in (bool, int, float, str) for v in plain):
                raise table._refuse(key, "a number, a text or a short list of them")
            if any(type(v) in (int, float) and not 0 <= v <= 4096 for v in plain):
                raise table._refuse(key, "numbers from 0 to 4096")
            if any(isinstance(v, str) and not _TIMM_NAME.fullmatch(v) for v in plain):
                raise table._refuse(key, f"a text of the form {_TIMM_NAME.pattern}")
        table.text("encoder", _TIMM_NAME)
        if "task" in table.data:  # a single-task baseline gives one of the two answers alone
            table.choice("task", ("both",))
        return dict(table.data)


def _shown(value: Any) -> str:
    """`value` cut to a readable length; depth too, as what comes from a file may be nested without end."""
    text = reprlib.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
