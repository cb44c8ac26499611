"""Standard streams to rely on, however the program was started: closed, in ASCII, or with a reader that leaves."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TextIO


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
