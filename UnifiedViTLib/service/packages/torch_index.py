"""Which builds of torch fit this computer: those that Slicer's PyTorch extension would take, by the same choice, which
is light-the-torch's. It is asked in a process of its own, and needs not stay."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from ...errors import DependencyError
from .pip_process import Pip, join_path, run_command

#: Of the PyTorch project: an index for each backend that torch was built for.
INDEX = "https://download.pytorch.org/whl"
CHOOSER = "light-the-torch>=0.8.1,<1"
#: Builds for CUDA since torch 2.10; others need not be asked for.
OLDEST_CUDA = 126
ASK = (
    "import json\n"
    "from light_the_torch._cb import detect_compatible_computation_backends as detect\n"
    "print(json.dumps([str(backend) for backend in detect()]))\n"
)


def torch_source(scratch: Path, progress: Callable[[str, float], None]) -> list[str]:
    """Options of pip, so that it takes the newest build for the newest CUDA that the driver knows; without one, for
    the CPU.

    Args:
        scratch: takes the chooser, where it is not installed.
        progress: gets stage and fraction; what it raises ends the choice and is passed on.

    Raises:
        DependencyError: the chooser cannot be fetched, or does not work here; nothing was changed.
    """
    settings = {}
    if find_spec("light_the_torch") is None:
        folder = scratch / "chooser"
        Pip([CHOOSER], None, scratch).run(["install", "--target", str(folder), "--no-deps", "--no-compile", CHOOSER],
                                          "Looking for the build that fits the GPU", 0.0, 0.05, progress)
        settings["PYTHONPATH"] = join_path(folder)
    code, lines = run_command([sys.executable, "-c", ASK], settings,
                              lambda line: progress("Looking for the build that fits the GPU", 0.05))
    try:
        backends = [str(backend) for backend in json.loads(lines[-1])] if code == 0 else []
    except (IndexError, TypeError, ValueError):
        backends = []
    if not backends:
        reason = lines[-1][:300] if lines else f"it ended with code {code}"
        raise DependencyError(
            f"Which build of PyTorch fits this computer could not be found out ({reason}). Nothing was changed. "
            "Install PyTorch in Slicer's module PyTorch Utils, which comes with the PyTorch extension, then try again."
        )
    cuda = sorted((int(name[2:]) for name in backends if name.startswith("cu") and name[2:].isdigit()), reverse=True)
    first, *rest = [*(f"{INDEX}/cu{number}" for number in cuda if number >= OLDEST_CUDA), f"{INDEX}/cpu"]
    # Not from PyPI, which has the same versions built for whatever each system has most.
    return ["--index-url", first, *(word for url in rest for word in ("--extra-index-url", url))]
