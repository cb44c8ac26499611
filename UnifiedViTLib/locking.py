"""Locks between processes, held through an open file: the system frees the lock of a process that dies.

On the standard library alone, as Slicer's own process takes such locks and brings no package for it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

#: Between two tries to take a lock, in seconds.
_TICK_S = 0.1


@contextmanager
def file_lock(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Be the only holder of a lock, among threads and processes.

    Args:
        path: the lock's file, in a folder that exists. It is made if need be and stays, as others may wait on it.
        waiting: called ten times a second while somebody else holds the lock; may raise to give up.

    Raises:
        OSError: the file cannot be opened, or its file system knows no locks.
    """
    with open(path, "a+b") as file:
        while not _take(file):
            waiting()
            time.sleep(_TICK_S)
        yield  # closing the file frees the lock


if sys.platform == "win32":
    import msvcrt

    def _take(file: BinaryIO) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
else:
    import fcntl

    def _take(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
