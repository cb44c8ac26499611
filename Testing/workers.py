"""What the tests of client and worker share: interpreters that misbehave, and a look at processes from outside."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import Event, Failed, Finished, JobRequest, Progress

#: The quickest sign that a worker answers: it needs no network.
NO_SUCH_JOB = JobRequest("nonsense")
#: What comes at once has come by then on a busy machine too; what hangs has not.
SOON_S = 30.0


class WarmClient(WorkerClient):
    """Its worker stays warm for the next that asks."""

    def close(self) -> None:
        """Not yet."""

    def end(self) -> None:
        super().close()


def python_that(folder: Path, shell: str = "", start_up: str = "", **modules: str) -> Path:
    """An interpreter like this one, but for what it does before and at its start.

    Args:
        folder: where it is made.
        shell: lines for the shell.
        start_up: Python that runs before anything else.
        modules: source of modules that are found before those installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in ({"sitecustomize": start_up} | modules).items():
        (folder / f"{name}.py").write_text(source)
    script = folder / "python"
    script.write_text(f'#!/bin/sh\nexport PYTHONPATH="{folder}"\n{shell}\nexec "{sys.executable}" "$@"\n')
    script.chmod(0o755)
    return script


def pid_of(client: WorkerClient) -> int:
    """The client's worker."""
    return client._child._process.pid


def lives(pid: int) -> bool:
    """Whether a process runs (one that has ended and that nobody asked about yet does not)."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def wait_for(truth: Callable[[], object], seconds: float = 60.0, step_s: float = 0.02) -> None:
    """Until something is true, which is looked at every `step_s`."""
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "it never became true"
        time.sleep(step_s)


def events_until(client: WorkerClient, stage: str = "", seconds: float = 120.0) -> list[Event]:
    """Events up to the first progress whose stage begins so, or to the end of the request."""
    seen: list[Event] = []

    def reached() -> bool:
        seen.extend(client.poll())
        return any(
            isinstance(event, (Finished, Failed))
            or (stage and isinstance(event, Progress) and event.stage.startswith(stage)) for event in seen
        )

    wait_for(reached, seconds)
    return seen


def end_of(client: WorkerClient, seconds: float = 120.0) -> Finished | Failed:
    """The last event of the request under way."""
    return events_until(client, seconds=seconds)[-1]
