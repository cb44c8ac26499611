"""Child processes: started in a group of their own, ended with all that they started, and how they ended in words."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

#: Ending a process may take the system a moment; nothing waits longer for it.
PATIENCE_S = 5.0
#: What Windows returns for a process that it stopped (NTSTATUS), and the signal that stands for the same elsewhere.
_WINDOWS_CRASHES = {0xC0000005: "SIGSEGV", 0xC00000FD: "SIGSEGV", 0xC000001D: "SIGILL", 0xC0000094: "SIGFPE",
                    0xC0000409: "SIGABRT"}
#: Exit codes of a process that was ended from outside; Windows has none of its own for that.
_KILLS = {-getattr(signal, name) for name in ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)}


def start(command: list[str], environment: dict[str, str]) -> subprocess.Popen:
    """Start a child with pipes to its stdin, stdout and stderr, beyond the reach of Ctrl-C, without a window.

    Raises:
        OSError: the program is not there or cannot be run.
    """
    apart: dict[str, Any]
    if os.name == "nt":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    else:
        apart = {"start_new_session": True}
    return subprocess.Popen(
        command, env=environment, cwd=_folder_to_begin_in(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, **apart,
    )


def _folder_to_begin_in() -> str | None:
    """None for this process's own. Where that was deleted, another: libraries (MKL) end a process that is in none."""
    try:
        os.getcwd()
    except OSError:
        return tempfile.gettempdir()
    return None


def leave_deleted_folder() -> None:
    """Go to another folder where the one that this process is in was deleted: libraries ask for it while they are
    imported, and fail without."""
    if folder := _folder_to_begin_in():
        os.chdir(folder)


@contextmanager
def importing() -> Iterator[None]:
    """For a child that imports large packages within: what they make stays, and the collector of garbage, which would
    look through it again and again, for up to a quarter of the time, leaves it out now and later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


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
    """Kill this process, which `start` started, and its children. (Between the two may stand Slicer's launcher.)"""
    kill_tree(os.getpid() if os.name == "nt" else os.getpgrp())
    os._exit(1)


def is_gone(pid: int) -> bool:
    """Whether there is no process of this number; False where the system does not tell."""
    if os.name != "posix":  # elsewhere asking might end it
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return False


def was_killed(code: int | None) -> bool:
    """Whether a process was ended from outside, rather than by a fault of its own."""
    return code in _KILLS


def crash_signal(code: int | None) -> str:
    """The name of the signal of a process that crashed, for example "SIGSEGV"; "" for one that did not."""
    if code is None or was_killed(code):
        return ""
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return _WINDOWS_CRASHES.get(code, "")
