"""What the network needs beyond what Slicer brings: what is there, what is missing, how to get it after one question.

No package is imported in Slicer's own process: `inspect_job` and `install_job` run in the worker.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from ...inference.backends.base import gpu_may_be_there
from ...inference.backends.openvino_backend import load_openvino
from ...processes import importing
from ...resources import resources
from .installation import canonical, install, installed, site_packages

#: From which version on each will do where it is there.
TORCH_FLOORS = {"torch": "2.9", "torchvision": "0.24"}
#: What of these is installed anew: extensions that share Slicer's Python exclude torch 2.9, and 2.13 breaks Slicer on
#: Windows.
TORCH_RANGES = {"torch": ">=2.10,!=2.13.*", "torchvision": ">=0.25,!=0.28.*"}
#: Either is enough: OpenVINO runs on the CPU; PyTorch on the GPU too, and models that come without a graph.
LIGHT, FULL = ("openvino", "safetensors"), (*TORCH_FLOORS, "timm", "safetensors")


@dataclass(frozen=True)
class Report:
    """What an interpreter found when it imported all that the network needs.

    Attributes:
        versions: package -> version, of those that import.
        problems: package -> a sentence (missing, too old, fails on import).
        devices: type -> words, such as {"cpu": "CPU, 8 threads"}; empty if no network can run.
        auto: the type of device that "auto" means here; empty if no network can run.
        folder: where packages are installed.
        gpu: whether the computer seems to have a GPU that PyTorch can use.
    """

    versions: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    auto: str = ""
    folder: str = ""
    gpu: bool = False

    @property
    def ready(self) -> bool:
        """Whether a network can run."""
        return not self.lacking(LIGHT) or not self.lacking(FULL)

    @property
    def gpu_problem(self) -> str:
        """Why the GPU that is here computes nothing, and what to do; "" where there is none, or it is used."""
        if not self.gpu or "cpu" not in self.devices or len(self.devices) > 1:
            return ""
        torch = self.versions.get("torch")
        if torch is None:
            return "A GPU is here, but OpenVINO computes on the CPU. PyTorch, which can use the GPU, is not installed."
        return (f"A GPU is here, but the installed torch ({torch}) cannot use it, so the CPU computes. Update the "
                "GPU's driver, or reinstall PyTorch in Slicer's module PyTorch Utils with the backend that fits the "
                "GPU; then start Slicer again.")

    def lacking(self, packages: tuple[str, ...]) -> list[str]:
        """Those of the packages that there is a problem with."""
        return [name for name in packages if name in self.problems]


def requirements(file: str = "requirements.txt") -> dict[str, str]:
    """Package -> lowest version, of a file in Resources."""
    lines = (resources() / file).read_text(encoding="utf-8").splitlines()
    return dict(line.split(">=") for line in lines if line and not line.startswith("#"))


def inspect_job(arguments: dict[str, Any], progress: Callable[[str, float], None]) -> dict[str, Any]:
    """Import what is needed, here. Returns a `Report` as a dictionary; raises only what `progress` raises."""
    versions: dict[str, str] = {}
    problems: dict[str, str] = {}
    floors = TORCH_FLOORS | requirements()
    there = installed()
    for number, (name, floor) in enumerate(floors.items()):
        progress(f"Looking for {name}", number / (len(floors) + 1))
        try:
            with importing():
                module = _import_as_networks_do(name)
            version = str(getattr(module, "__version__", "")) or there[canonical(name)].version
        except Exception as error:  # a package may fail in any way: missing libraries, drivers, clashes of versions
            problems[name] = _import_problem(name, error, is_there=canonical(name) in there)
            continue
        versions[name] = version
        if numbers(version) < numbers(floor):
            problems[name] = f"{name} {version} is too old; {floor} or newer is needed."
    progress("Looking for a GPU", len(floors) / (len(floors) + 1))
    devices, auto = {}, ""
    if "torch" in versions:
        devices, auto = _devices()
    elif "openvino" in versions:
        devices, auto = {"cpu": f"CPU, {os.cpu_count()} threads"}, "cpu"
    return asdict(Report(versions, problems, devices, auto, str(site_packages()), gpu_may_be_there()))


def _import_as_networks_do(name: str) -> Any:
    """The module of a package, loaded in the way in which the networks load it."""
    if name == "openvino":
        return load_openvino()
    if name == "torchvision":  # by itself it loads torch's compiler, which takes as long as torch
        with suppress(Exception):  # told of the package that fails
            import_module("UnifiedViTLib.models")
    return import_module(name)


def install_job(arguments: dict[str, Any], progress: Callable[[str, float], None]) -> dict[str, Any]:
    """Install packages into the interpreter this runs in, as a whole or not at all.

    A process that had imported an older version goes on with it: start a new worker afterwards.

    Args:
        arguments: {"packages": requirements (by default OpenVINO and what it needs),
            "wheels": a folder with wheels, or None for the package indexes}.
        progress: gets stage and fraction; what it raises ends the installation.

    Returns:
        {"installed": {name: version}} of what was added.

    Raises:
        DependencyError: nothing was changed; says why and what to do.
    """
    packages = arguments.get("packages") or _requirements(LIGHT)
    wheels = arguments.get("wheels")
    return {"installed": install(list(packages), Path(wheels) if wheels else None, progress)}


@dataclass(frozen=True)
class Step:
    """One thing to do after the user has said yes: a worker's job of kind "install", whole or not at all.

    Attributes:
        title: what it does, in words.
        arguments: of the job.
    """

    title: str
    arguments: dict[str, Any]


class Dependencies:
    """What the panel asks before the first run."""

    def __init__(self, report: Report, light: bool | None = None) -> None:
        """Judge a report.

        Args:
            report: of the interpreter that will run the network.
            light: have OpenVINO, for the CPU; else PyTorch, whether or not OpenVINO is there. None: OpenVINO, unless
                there is a GPU.
        """
        self._report = report
        self.light = not report.gpu if light is None else light
        suffices = report.ready and light is not False
        self._lacking = [] if suffices else report.lacking(LIGHT if self.light else FULL)

    @property
    def torch_names(self) -> list[str]:
        """Which of torch and torchvision are to be installed, or installed anew."""
        return [name for name in TORCH_FLOORS if name in self._lacking or "torch" in self._lacking]

    @property
    def problem(self) -> str:
        """What is missing, in sentences; empty if nothing is."""
        return " ".join(self._report.problems[name] for name in self._lacking)

    @property
    def torch_packages(self) -> list[str]:
        """The requirements of torch. To a torch that is there and works, which other extensions may use, its
        torchvision is added; otherwise both are made to fit each other."""
        ranges = TORCH_RANGES if "torch" in self._lacking else {name: f">={low}" for name, low in TORCH_FLOORS.items()}
        return [f"{name}{ranges[name]}" for name in self.torch_names]

    @property
    def packages(self) -> list[str]:
        """The other requirements."""
        return _requirements([name for name in self._lacking if name not in TORCH_FLOORS])

    @property
    def question(self) -> str:
        """The one question to ask before anything is fetched; empty if there is nothing to install."""
        parts = []
        if self.torch_packages:
            parts.append(f"PyTorch in the build that fits the GPU ({' and '.join(self.torch_packages)}; "
                         "200 MB to 3 GB to fetch, up to three times as much on the disk)")
        if self.packages:
            parts.append(f"{' and '.join(p.replace('>=', ' ') + ' or newer' for p in self.packages)} "
                         f"with what they need (about {180 if 'openvino' in self._lacking else 20} MB)")
        if not parts:
            return ""
        replaced = [f"{name} {self._report.versions[name]}" for name in dict.fromkeys(self.torch_names + self._lacking)
                    if name in self._report.versions]
        rest = (f"they take the place of {' and '.join(replaced)}, and others" if replaced else "those")
        return (f"UnifiedViT needs {', and '.join(parts)}. Packages are put into {self._report.folder or 'Slicer'}; "
                f"{rest} that are already there stay as they are. Install now?")

    def steps(self, wheels: str | Path | None = None) -> list[Step]:
        """What to do, in this order, after the user has said yes.

        Args:
            wheels: a folder with wheels to take the packages from; None: the package indexes.
        """
        folder = str(wheels) if wheels is not None else None
        parts = {"Installing PyTorch": self.torch_packages, "Installing packages": self.packages}
        return [Step(title, {"packages": packages, "wheels": folder}) for title, packages in parts.items() if packages]


def _requirements(names: Iterable[str]) -> list[str]:
    """As pip reads them."""
    floors = requirements()
    return [f"{name}>={floors[name]}" for name in names]


def _import_problem(name: str, error: Exception, *, is_there: bool) -> str:
    if not is_there and isinstance(error, ModuleNotFoundError) and error.name == name:
        return f"{name} is not installed."
    if not is_there:  # its metadata goes last into its place, and first away
        return f"{name} is only half there: its installation was interrupted. Install it again."
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{name} is installed but cannot be loaded ({reason[:300]})."


def numbers(version: str) -> tuple[int, ...]:
    """The release of a version: "2.9.1+cu128" -> (2, 9, 1)."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _devices() -> tuple[dict[str, str], str]:
    """Devices by type, in words, and the one that "auto" means."""
    import torch

    from ...inference.backends.torch_backend import choose_device

    devices = {"cpu": f"CPU, {torch.get_num_threads()} threads"}
    try:
        if torch.cuda.is_available():
            properties = torch.cuda.get_device_properties(0)
            devices["cuda"] = f"{properties.name}, {properties.total_memory / 2**30:.0f} GB"
        if torch.backends.mps.is_available():
            devices["mps"] = "Apple GPU"
        return devices, choose_device("auto")
    except (RuntimeError, AssertionError):  # a driver that does not fit: torch says so only when it is asked
        return {"cpu": devices["cpu"]}, "cpu"
