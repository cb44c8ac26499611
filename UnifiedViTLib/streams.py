"""Standard streams to rely on, however the program was started: closed, in ASCII, or with a reader that leaves."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import TextIOWrapper
from typing import TextIO

_LISTENING = threading.Lock()


def open_standard_streams() -> None:
    """Put the null device in place of closed streams, and show characters that a stream does not know as escapes.

    A file that is opened later would else become the standard error, into which libraries write.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free: this one
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open until the end
        elif isinstance(stream, TextIOWrapper):  # a notebook's are none
            stream.reconfigure(errors="backslashreplace")


def tell(text: str, stream: TextIO) -> None:
    """Write a line; where nobody can read it any more (`| head`, a full disk), this and all later ones are dropped."""
    try:
        print(text, file=stream, flush=True)
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


@contextmanager
def libraries_heard() -> Iterator[list[bytes]]:
    """What is written to the process's standard output and error within the block, by libraries in C too; given when it
    ends, and shown then, as other threads may have written it."""
    heard: list[bytes] = []
    with _LISTENING, ExitStack() as after:
        open_standard_streams()
        _flush()
        files = []
        for descriptor in (1, 2):
            file, shown = after.enter_context(tempfile.TemporaryFile()), os.dup(descriptor)
            after.callback(os.close, shown)
            after.callback(os.dup2, shown, descriptor)
            os.dup2(file.fileno(), descriptor)
            files.append((file, shown))
        try:
            yield heard
        finally:
            _flush()
            for file, shown in files:
                file.seek(0)
                heard.append(file.read())
                with suppress(OSError):
                    os.write(shown, heard[-1])


def _flush() -> None:
    """Python's standard streams, and those of C."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a pipe whose reader has left
            stream.flush()
    with suppress(OSError):
        (ctypes.cdll.ucrtbase if os.name == "nt" else ctypes.CDLL(None)).fflush(None)
