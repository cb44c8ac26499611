"""Which backend: the fastest that is there and says what the float32 reference says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..errors import DependencyError, DeviceError
from ..spec import ModelSpec, verify_graph
from .backends import Backend, NotHere, OutOfMemory, gpu_may_be_there, processor
from .gate import LOOKS, Agreement, Measured, agreement, measure, views
from .kept import Kept
from .openvino_backend import OpenVINOBackend
from .torch_backend import TorchBackend, choose_device, device_name, refused_device

TORCH = ("torch", "torchvision", "timm", "safetensors")
#: The least share of labels that are those of the reference: of ways that compute in float32 too, only less exactly in
#: the order of things, and of ways that round more.
EXACT, ROUNDED = 0.99995, 0.998
#: Kept in place of a verdict on what the processor does not do.
_NOT_HERE = b"not here"
#: What a library may raise that another way can make good.
_FAILURES = (NotHere, DeviceError, ImportError, OutOfMemory, RuntimeError)


@dataclass(frozen=True)
class Way:
    """A way to run the network.

    Attributes:
        name: library, precision and processor, which its verdict is kept under.
        package: whose version counts.
        make: gives the backend.
        labels: the least share of labels that must be those of the reference.
    """

    name: str
    package: str
    make: Callable[[], Backend]
    labels: float

    @property
    def key(self) -> tuple[str, ...]:
        """What its verdict depends on beside the model."""
        return (self.name, _version(self.package), processor(), f"{LOOKS} looks")


class Reference:
    """What the reference says of some images, asked for once a faster way is there to be compared.

    Args:
        backend: the reference.
        images: gives slices (n, channels, H, W).
    """

    def __init__(self, backend: Backend, images: Callable[[], np.ndarray]) -> None:
        self._backend, self._give = backend, images

    @cached_property
    def images(self) -> np.ndarray:
        """The slices, and further looks at them."""
        return views(self._give())

    @cached_property
    def said(self) -> Measured:
        """Labels and class logits."""
        return measure(self._backend, self.images)


class Choice:
    """The backend for a model on this computer.

    At first the reference runs, or what an earlier run found to be as good and faster; `settle` compares the rest,
    once for each model, version of the library and processor.

    Args:
        spec: the model.
        device: one of `backends.DEVICES`; on "cuda" and "mps" the CPU stands in where they do not agree with it.
        cache: folder for verdicts and compiled networks; None for the reference alone.

    Attributes:
        backend: to be used.
        notes: which faster ways are not taken, and why.

    Raises:
        DeviceError: the device is not there.
        DependencyError: no library is there that can run the model.
        WeightsError, ModelSpecError: the model's files are not as they should be.
    """

    def __init__(self, spec: ModelSpec, device: str, cache: Path | None) -> None:
        self.notes: list[str] = []
        self._spec, self._kept = spec, Kept(cache, spec)
        self._ways = _ways(spec, device, self._kept) if cache else [_plain(spec, device, self._kept)]
        self.settled = self._take_known()
        if not self.settled:
            self.backend = self._ways[-1].make()

    def _take_known(self) -> bool:
        """Take the first way that has been found good; False if one before it has not been judged."""
        for way in self._ways[:-1]:
            content = self._kept.read(*way.key)
            if content is None:
                return False
            if self._accepts(way, content):
                try:
                    self.backend = way.make()
                except _FAILURES:  # `settle` tries again, and the next ones
                    return False
                return True
        self.backend = self._ways[-1].make()
        return True

    def settle(self, images: Callable[[], np.ndarray]) -> None:
        """Judge the faster ways, the fastest first, until one is as good as the reference.

        Args:
            images: gives slices (n, channels, H, W) of a volume that is to be looked at.
        """
        self.settled, self.notes = True, []
        reference = Reference(self.backend, images)
        for way in self._ways[:-1]:
            content, backend = self._kept.read(*way.key), None
            try:
                if content is None:
                    backend, content = self._judged(way, reference)
                    self._kept.write(content, *way.key)
                if self._accepts(way, content):
                    self.backend = backend or way.make()
                    return
            except _FAILURES as error:  # another run may have more luck
                self.notes.append(f"{way.name} was not used: {' '.join(str(error).split())[:300] or 'out of memory'}.")

    def _judged(self, way: Way, reference: Reference) -> tuple[Backend | None, bytes]:
        """The backend, and what is kept of how far it agrees."""
        try:
            backend = way.make()
        except NotHere:
            return None, _NOT_HERE
        return backend, agreement(measure(backend, reference.images), reference.said, self._spec).to_bytes()

    def _accepts(self, way: Way, content: bytes) -> bool:
        if content == _NOT_HERE:
            return False
        found = Agreement.from_bytes(content)
        if not found.suffices(way.labels):
            self.notes.append(f"{way.name} was not used: {found}.")
            return False
        return True


def _ways(spec: ModelSpec, device: str, kept: Kept) -> list[Way]:
    """All ways to run the model on a device, the fastest first; the last is the reference."""
    ways = []
    accelerator = _accelerator(device)
    if accelerator != "cpu":
        precisions = ("float16", "bfloat16", "float32") if accelerator == "cuda" else ("float32",)
        ways += [_torch(spec, accelerator, precision) for precision in precisions]
    if _runs_graph(spec):
        verify_graph(spec)  # now, and not in the middle of the first volume
        ways += [_openvino(spec, precision, kept) for precision in ("bfloat16", "float32")]
    if torch_is_there():
        ways += [_torch(spec, "cpu", precision) for precision in ("bfloat16", "float32, medium", "float32")]
    return ways or [_plain(spec, device, kept)]


def _plain(spec: ModelSpec, device: str, kept: Kept) -> Way:
    """The way that is taken without comparing: torch in float32, else OpenVINO in float32."""
    accelerator = _accelerator(device)
    if not torch_is_there() and _runs_graph(spec):
        return _openvino(spec, "float32", kept)
    if not _there("torch"):
        graph = "" if spec.graph else ", and has no graph that OpenVINO could run without it"
        raise DependencyError(f"{spec.name} needs PyTorch, which is not installed{graph}. Install torch and timm"
                              f"{', or OpenVINO' if spec.graph else ''}.")
    return _torch(spec, accelerator, "float32")


def _accelerator(device: str) -> str:
    """"cuda", "mps" or "cpu"; torch is imported only where it may find more than the CPU."""
    if device == "cpu" or (device == "auto" and not (gpu_may_be_there() and torch_is_there())):
        return "cpu"
    if not _there("torch"):
        raise refused_device(device, ["cpu"])
    return choose_device(device)


def _torch(spec: ModelSpec, device: str, precision: str) -> Way:
    floor = EXACT if precision.startswith("float32") else ROUNDED
    return Way(f"torch, {precision} on {device_name(device)}", "torch", lambda: TorchBackend(spec, device, precision),
               floor)


def _openvino(spec: ModelSpec, precision: str, kept: Kept) -> Way:
    floor = EXACT if precision == "float32" else ROUNDED
    return Way(f"OpenVINO, {precision}", "openvino", lambda: OpenVINOBackend(spec, precision, kept), floor)


def _runs_graph(spec: ModelSpec) -> bool:
    return spec.graph is not None and _there("openvino")


def torch_is_there() -> bool:
    """Whether all that the torch backend needs is installed."""
    return _there(*TORCH)


def _there(*packages: str) -> bool:
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
