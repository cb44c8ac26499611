"""Temporary files and folders whose names tell whose they are, so that those of processes that died are found."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from .processes import is_gone

#: Whatever has not changed for so many seconds is nobody's any more.
_ABANDONED_S = 86400.0


def own_name(prefix: str) -> str:
    """A name that nobody can guess, for something temporary of this process."""
    return f"{prefix}{_machine_id()}-{os.getpid()}-{secrets.token_hex(16)}"


def abandoned(folder: Path, prefix: str) -> Iterator[Path]:
    """What lies in a folder under names of `own_name` (and anything behind them) and was left by a process that died:
    at once where this machine knows that it did, after a day in any case. No links, nothing of another user's."""
    names = re.compile(re.escape(prefix) + r"([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{32}.*", re.DOTALL)
    with suppress(OSError), os.scandir(folder) as items:
        for item in items:
            name = names.fullmatch(item.name)
            if name is None or item.is_symlink():
                continue
            try:
                state = item.stat(follow_symlinks=False)
            except OSError:  # another process has just removed it
                continue
            died = name[1] == _machine_id() and is_gone(int(name[2]))
            foreign = os.name == "posix" and state.st_uid != os.getuid()
            if not foreign and (died or time.time() - state.st_mtime > _ABANDONED_S):
                yield Path(item.path)


@cache
def _machine_id() -> str:
    """The same for all processes that see each other's numbers."""
    try:
        numbers = os.readlink("/proc/self/ns/pid")  # a container may have its own
    except OSError:
        numbers = ""
    return hashlib.sha256(f"{platform.node()} {numbers}".encode("utf-8", "replace")).hexdigest()[:8]
