"""A federation on this machine: NVFlare's simulator in a child process, each site in one of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ..errors import ConfigError, RunError
from ..storage import write_whole
from .app import CONTROLLER, EXECUTOR
from .history import FAILURE_FILE, LOG_FILE

#: What of ours NVFlare may load, of a list in which its own components are not needed.
COMPONENTS = [CONTROLLER, EXECUTOR]
WORKSPACE, OUTPUT_FILE = "simulation", "simulation.log"
_SIMULATOR = "nvflare.private.fed.app.simulator.simulator"


def simulate(job: Path, run: Path, sites: Sequence[str], at_a_time: int) -> None:
    """Run a job to its end, in the main thread; the lines of its log are printed as they come. What interrupts or
    terminates this process ends the simulator.

    Args:
        job: folder of the job, whose coordinator writes into `run`.
        run: folder of the results, and of NVFlare's own files.
        sites: names of the sites.
        at_a_time: so many sites train at a time. Fewer than there are: each is started anew for every task.

    Raises:
        RunError: the federation ended before its end.
    """
    workspace, log = run / WORKSPACE, run / LOG_FILE
    write_whole(workspace / "local" / "resources.json",
                json.dumps({"format_version": 2, "class_allow_list": COMPONENTS}))
    failure = run / FAILURE_FILE
    failure.unlink(missing_ok=True)
    command = [sys.executable, "-m", _SIMULATOR, str(job.resolve()), "-w", str(workspace.resolve()),
               "-c", ",".join(sites), "-t", str(min(at_a_time, len(sites)))]
    shown = log.stat().st_size if log.exists() else 0
    with open(run / OUTPUT_FILE, "ab") as output, subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True) as process:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # which would leave the simulator behind
        try:
            while process.poll() is None:
                shown = _show(log, shown)
                time.sleep(0.5)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # its sites end by themselves once it is gone
            raise
        finally:
            signal.signal(signal.SIGTERM, before)
    _show(log, shown)
    if failure.exists():
        raise RunError(failure.read_text(encoding="utf-8"))
    if process.returncode:
        raise RunError(f"NVFlare's simulator ended with {process.returncode}; {run / OUTPUT_FILE} says more. Run the "
                       "same command again to go on after the last finished round.")


def check_installed() -> None:
    """Raise a `ConfigError` if NVFlare is not there."""
    if find_spec("nvflare") is None:
        raise ConfigError('NVFlare is not installed: pip install -e "./training[federated]", from the repository.')


def _show(log: Path, shown: int) -> int:
    """Print what was added to a log since `shown` bytes; the bytes now."""
    if not log.exists() or log.stat().st_size == shown:
        return shown
    with open(log, "rb") as file:
        file.seek(shown)
        lines = file.read()
    print(lines.decode("utf-8", "replace"), end="", flush=True)
    return shown + len(lines)


def threads_of_each(at_a_time: int) -> int:
    """Threads for each of so many sites, that they share this machine's cores."""
    return max(1, (os.cpu_count() or 1) // max(1, at_a_time))
