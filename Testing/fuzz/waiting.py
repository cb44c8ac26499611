"""Waiting for a child's answer by the time that it computes: on a busy machine it is not the child that hangs."""

from __future__ import annotations

import os
import queue
from pathlib import Path

#: Seconds of computing, or of waiting for nothing, after which a child hangs.
PATIENCE_S = 20.0
#: At most so many seconds for each of `PATIENCE_S`, however little the child was let compute.
_MOST_SLOWED = 10


def next_line(lines: queue.SimpleQueue, pid: int) -> str | None:
    """The child's next line.

    Raises:
        queue.Empty: it hangs.
    """
    begin = _computed_s(pid)
    for _ in range(_MOST_SLOWED):
        try:
            return lines.get(timeout=PATIENCE_S)
        except queue.Empty:
            if not 0.05 < _computed_s(pid) - begin < PATIENCE_S:
                raise
    raise queue.Empty


def _computed_s(pid: int) -> float:
    """Seconds for which a process has computed; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
