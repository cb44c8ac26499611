"""What the adaptation of a model needs beyond what the network needs: what is missing, and where the training package
lies. Slicer's own process never imports any of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import DependencyError
from .dependencies import FULL, TORCH_FLOORS, numbers, requirements
from .installation import canonical, import_name, installed, site_packages
from .pip_process import terminal_command

#: Of the training package: `adapt_job` in it does the work.
PACKAGE = "unifiedvit_training"
JOB_MODULE = f"{PACKAGE}.adaptation.job"
#: On the disk, where nothing of it is there.
MEGABYTES = 200


def training_requirements() -> dict[str, str]:
    """Package -> lowest version, of Resources/requirements-training.txt."""
    return requirements("requirements-training.txt")


def training_problems() -> dict[str, str]:
    """Package -> a sentence, of those that are missing or too old. Nothing is imported: that would take long."""
    there, problems = installed(), {}
    floors = {name: (TORCH_FLOORS | requirements())[name] for name in FULL} | training_requirements()
    for name, floor in floors.items():
        package = there.get(canonical(name))
        if package is None or find_spec(import_name(name)) is None:
            problems[name] = f"{name} is not installed."
        elif numbers(package.version) < numbers(floor):
            problems[name] = f"{name} {package.version} is too old; {floor} or newer is needed."
    return problems


def inspect_training_job(_arguments: dict[str, Any], progress: Callable[[str, float], None]) -> dict[str, Any]:
    """What is missing here: {"problems": as of `training_problems`, "folder": where packages are installed}.

    Raises:
        DependencyError: the training package itself is nowhere.
    """
    progress("Looking for packages", 0.0)
    use_training_package()
    return {"problems": training_problems(), "folder": str(site_packages())}


def needs_torch(problems: Iterable[str]) -> bool:
    """Whether what is missing is PyTorch, or goes with it: that is installed in a way of its own."""
    return bool(set(FULL) & set(problems))


def training_packages(problems: Iterable[str]) -> list[str]:
    """Requirements, as pip reads them, of what is missing."""
    floors = training_requirements()
    return [f"{name}>={floors[name]}" for name in problems if name in floors]


def training_question(problems: Iterable[str], folder: str) -> str:
    """The one question before anything is fetched.

    Args:
        problems: as of `training_problems`.
        folder: where packages are installed.
    """
    names = [package.replace(">=", " ") for package in training_packages(problems)]
    return (f"To adapt a model, UnifiedViT needs {', '.join(names)} or newer, with what they need (at most "
            f"{MEGABYTES} MB on the disk). Packages are put into {folder}; those that are already there stay as they "
            "are. Install now?")


def check_training() -> None:
    """See that all is there that the training package needs.

    Raises:
        DependencyError: something is not; says what to do.
    """
    problems = training_problems()
    if not problems:
        return
    remedy = ("Install PyTorch in the panel: Advanced, Install PyTorch." if needs_torch(problems) else
              f"In a terminal: {terminal_command('pip', 'install', *training_packages(problems))}")
    raise DependencyError(f"A model cannot be adapted yet. {' '.join(problems.values())} {remedy}")


def use_training_package() -> None:
    """Make the training package importable in this process, a worker, and in those that it starts.

    It lies inside the library where that was installed as an extension, beside it in the repository; else it was
    installed with pip.

    Raises:
        DependencyError: it is nowhere.
    """
    library = Path(__file__).resolve().parents[2]
    folder = next((place for place in (library / "Training", library.parent / "training")
                   if (place / PACKAGE).is_dir()), None)
    if folder is None:
        if find_spec(PACKAGE) is None:
            raise DependencyError(
                f"The training package, which adapts models, is not installed in this Python ({sys.executable}). "
                "Install the extension again, or the folder training of UnifiedViT's repository with pip.")
        return
    if str(folder) in sys.path:
        return
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(folder), os.environ.get("PYTHONPATH"), str(library.parent)]))
