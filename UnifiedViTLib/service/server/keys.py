"""The keys of a server: made here, shown once, and kept as SHA-256 sums, of which nobody makes a key."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from datetime import datetime, timezone
from pathlib import Path

from ...errors import ServerError
from ...outputs.writing import write_atomically
from ..store.cache import user_folder

#: Names the file with the keys.
FILE_VARIABLE = "UNIFIEDVIT_SERVER_KEYS"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def keys_file() -> Path:
    """Where the keys of this user's server lie.

    Raises:
        ServerError: the user has no folder for it.
    """
    if named := os.environ.get(FILE_VARIABLE):
        return Path(named).absolute()
    folder = user_folder("config")
    if folder is None:
        raise ServerError(f"This user has no home folder to keep keys in. Name a file in {FILE_VARIABLE}.")
    return folder / "server-keys.json"


class Keys:
    """The names of those who may ask, each with its key's SHA-256. What is added or removed counts at once.

    A key is 32 random bytes: nobody finds it by trying, so that a plain sum is enough.

    Args:
        file: with them; it need not be there.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_at: tuple[int, int] | None = None
        self._sums: dict[str, str] = {}

    def add(self, name: str) -> str:
        """A new key for a name; it is not to be had again.

        Raises:
            ServerError: the name is none, or has a key; the file is damaged.
            OutputError: it cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise ServerError(f"{name!r} cannot be the name of a key. Take letters, digits, points, - and _, at most "
                              "64; no name of a patient.")
        data = self._read()
        if name in data:
            raise ServerError(f"There is a key called {name} already. Remove it first: unifiedvit serve --remove-key "
                              f"{name}.")
        key = f"uvk_{secrets.token_urlsafe(32)}"
        data[name] = {"sha256": _sum(key), "made": datetime.now(timezone.utc).date().isoformat()}
        self._write(data)
        return key

    def remove(self, name: str) -> None:
        """Take a key away; a running server refuses it from now on.

        Raises:
            ServerError: there is none of this name.
            OutputError: the file cannot be written.
        """
        data = self._read()
        if data.pop(name, None) is None:
            raise ServerError(f"There is no key called {name}; there are {', '.join(sorted(data)) or 'none'}.")
        self._write(data)

    def owner(self, key: str) -> str | None:
        """The name that a key belongs to; None for a wrong one.

        Raises:
            ServerError: the file is damaged.
        """
        self._refresh()
        asked, found = _sum(key), None
        for name, known in self._sums.items():
            if hmac.compare_digest(known, asked):
                found = name
        return found

    @property
    def names(self) -> list[str]:
        """Of all keys.

        Raises:
            ServerError: the file is damaged.
        """
        return sorted(self._read())

    def _refresh(self) -> None:
        """Read the file again where it was changed."""
        try:
            state = self._file.stat()
            stamp = state.st_mtime_ns, state.st_ino
        except OSError:
            stamp = None
        if stamp is None or stamp != self._read_at:
            self._sums = {name: entry["sha256"] for name, entry in self._read().items()}
            self._read_at = stamp

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            data = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise self._damaged() from error
        entries = data.get("keys") if isinstance(data, dict) else None
        if not isinstance(entries, dict) or not all(
                _NAME.fullmatch(name) and isinstance(entry, dict) and isinstance(entry.get("sha256"), str)
                and _SHA256.fullmatch(entry["sha256"]) for name, entry in entries.items()):
            raise self._damaged()
        return entries

    def _damaged(self) -> ServerError:
        return ServerError(f"The keys in {self._file} cannot be read. Put the file right, or remove it and make new "
                           "keys.")

    def _write(self, data: dict[str, dict[str, str]]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)

        def write(part: Path) -> None:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump({"keys": data}, file, indent=1)

        write_atomically(self._file, write)


def _sum(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
