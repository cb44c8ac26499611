"""Starting a child process in a group of its own, and ending it with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

#: Ending a process may take the system a moment; nothing waits longer for it.
PATIENCE_S = 5.0


def start(command: list[str], environment: dict[str, str]) -> subprocess.Popen:
    """Start a child with pipes to its stdin, stdout and stderr, beyond the reach of Ctrl-C, without a window.

    Raises:
        OSError: the program is not there or cannot be run.
    """
    if os.name == "nt":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    else:
        apart = {"start_new_session": True}
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **apart
    )


def kill_tree(pid: int) -> None:
    """Kill a process that `start` started, and its children."""
    if os.name == "nt":
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                ["taskkill", "/T", "/F", "/PID", str(pid)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, timeout=PATIENCE_S, creationflags=subprocess.CREATE_NO_WINDOW,
            )
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def kill_own_tree() -> None:
    """Kill this process, which a client started, and its children. (Between the two may stand Slicer's launcher.)"""
    kill_tree(os.getpid() if os.name == "nt" else os.getpgrp())
    os._exit(1)
