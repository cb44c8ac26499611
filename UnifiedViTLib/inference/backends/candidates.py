"""The ways to run a network on this computer: library, device and precision, the fastest first."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from ...errors import DependencyError
from ...spec import ModelSpec
from .base import Backend, gpu_may_be_there
from .cache import DiskCache, cpu_signature
from .openvino_backend import OpenVINOBackend
from .torch_backend import TorchBackend, choose_device, device_name, unavailable_device

TORCH = ("torch", "torchvision", "timm", "safetensors")


@dataclass(frozen=True)
class BackendCandidate:
    """A way to run the network.

    Attributes:
        library: "torch" or "OpenVINO".
        precision: of the library's backend.
        device: torch's device type; OpenVINO runs on the CPU.
    """

    library: str
    precision: str
    device: str = "cpu"

    @property
    def name(self) -> str:
        """For people, and for its verdict: library, precision and processor."""
        processor = f" on {device_name(self.device)}" if self.library == "torch" else ""
        return f"{self.library}, {self.precision}{processor}"

    @property
    def key(self) -> tuple[str, ...]:
        """What its verdict depends on beside the model."""
        return ("verdict", self.name, _version(self.library.lower()), cpu_signature())

    def create(self, spec: ModelSpec, cache: DiskCache) -> Backend:
        """Load the network.

        Raises:
            UnsupportedPrecision: this processor does not compute in it.
            DeviceError, WeightsError, ModelSpecError: as the backend says. Libraries raise RuntimeError, too.
        """
        if self.library == "OpenVINO":
            return OpenVINOBackend(spec, self.precision, cache)
        return TorchBackend(spec, self.device, self.precision)


def find_candidates(spec: ModelSpec, device: str) -> list[BackendCandidate]:
    """All ways to run the model, the fastest first.

    Raises:
        DeviceError: the device is not there.
        DependencyError: no library is there that can run the model.
    """
    candidates = []
    accelerator = _accelerator(device)
    if accelerator != "cpu":
        precisions = ("float16", "bfloat16", "float32") if accelerator == "cuda" else ("float32",)
        candidates += [BackendCandidate("torch", precision, accelerator) for precision in precisions]
    if spec.graph is not None and _installed("openvino"):
        candidates += [BackendCandidate("OpenVINO", precision) for precision in ("bfloat16", "float32")]
    if torch_is_there():
        candidates += [BackendCandidate("torch", precision) for precision in ("bfloat16", "float32, medium", "float32")]
    if not candidates:
        graph = "" if spec.graph else ", and has no graph that OpenVINO could run without it"
        raise DependencyError(f"{spec.name} needs PyTorch, which is not installed{graph}. Install torch and timm"
                              f"{', or OpenVINO' if spec.graph else ''}.")
    return candidates


def reference_candidate(candidates: list[BackendCandidate]) -> BackendCandidate | None:
    """What the others are compared with: float32 on the CPU, of torch where it is there; None without any."""
    exact = [one for one in candidates if one.precision == "float32" and one.device == "cpu"]
    return min(exact, key=lambda one: one.library != "torch", default=None)


def plain_candidate(candidates: list[BackendCandidate]) -> BackendCandidate | None:
    """What is taken without comparing: float32, of torch where it is there, on its accelerator; None without any."""
    exact = [one for one in candidates if one.precision == "float32"]
    return min(exact, key=lambda one: (one.library != "torch", one.device == "cpu"), default=None)


def torch_is_there() -> bool:
    """Whether all that the torch backend needs is installed."""
    return _installed(*TORCH)


def _accelerator(device: str) -> str:
    """"cuda", "mps" or "cpu"; torch is imported only where it may find more than the CPU."""
    if device == "cpu" or (device == "auto" and not (gpu_may_be_there() and torch_is_there())):
        return "cpu"
    if not _installed("torch"):
        raise unavailable_device(device, ["cpu"])
    return choose_device(device)


def _installed(*packages: str) -> bool:
    """Whether packages can be found; importing them may take seconds."""
    try:
        return all(find_spec(package) for package in packages)
    except ValueError:  # its module is there without a description of where it came from
        return False


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
