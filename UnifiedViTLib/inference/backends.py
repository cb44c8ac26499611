"""Where the network runs. A backend turns a batch of slices into logits; nothing else of the way knows about torch."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..errors import DeviceError, WeightsError
from ..spec import ModelSpec, verify_weights

DEVICES = ("auto", "cpu", "cuda", "mps")


class OutOfMemory(Exception):
    """The batch does not fit on the device."""


class Backend(Protocol):
    """What the predictor needs.

    Attributes:
        name: of the library, for the result.
        device: in words, for the result.
    """

    name: str
    device: str

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n, channels, H, W) float32 -> mask logits (n, S, H, W), class logits (n, C) and embedding (n, E), float32.

        Raises:
            OutOfMemory: try a smaller batch.
        """


class TorchBackend:
    """PyTorch on CUDA, Apple's MPS or the CPU, in float32."""

    name = "torch"

    def __init__(self, spec: ModelSpec, device: str = "auto") -> None:
        """Load the weights onto a device.

        Args:
            spec: the model; its weights are verified first and never unpickled.
            device: "auto" (CUDA, else MPS, else CPU), "cpu", "cuda" or "mps".

        Raises:
            DeviceError: the device is not there, or the network does not fit into its memory.
            WeightsError: the weights are missing, damaged, or of another network.
        """
        import torch

        self._torch = torch
        self._device = torch.device(choose_device(device))
        self.device = str(self._device) if self._device.type != "cuda" else f"cuda ({torch.cuda.get_device_name()})"
        try:
            self._network = load_network(spec).to(self._device)
        except RuntimeError as error:
            if not _out_of_memory(error):
                raise
            raise DeviceError(
                f"{spec.name} does not fit into the memory of {self.device}. Close other programs, or choose the cpu."
            ) from error

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        torch = self._torch
        try:
            with torch.inference_mode():
                output = self._network(torch.from_numpy(images).to(self._device))
                return tuple(part.float().cpu().numpy() for part in output)
        except (RuntimeError, MemoryError) as error:
            if isinstance(error, RuntimeError) and not _out_of_memory(error):
                raise
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            raise OutOfMemory from error


def _out_of_memory(error: RuntimeError) -> bool:
    """CUDA has a class of its own for it; the CPU and MPS say it in words."""
    return any(words in str(error).lower() for words in ("out of memory", "can't allocate memory", "not enough memory"))


def choose_device(asked: str) -> str:
    """The torch device type for "auto", or `asked` if it is there.

    Raises:
        DeviceError: it is not.
    """
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if asked == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there.get(asked, False):
        raise DeviceError(
            f"The device {asked!r} is not there; here are {', '.join(n for n in there if there[n])}. "
            "Choose one, or auto."
        )
    return asked


def load_network(spec: ModelSpec):
    """The spec's network (an `nn.Module`) in float32, in evaluation mode, on the CPU.

    Raises:
        WeightsError: the weights are missing, damaged, or of another network.
        ModelSpecError: no network can be built as the description says.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from ..models import network_of

    verify_weights(spec)
    try:
        tensors = load_file(spec.weights)
        # First without memory: a description may ask for a network far larger than the weights beside it.
        with torch.device("meta"):
            network_of(spec).load_state_dict(tensors, assign=True)
        network = network_of(spec)
        network.load_state_dict({name: tensor.float() if tensor.is_floating_point() else tensor
                                 for name, tensor in tensors.items()})
    except (SafetensorError, RuntimeError) as error:
        reason = " ".join(line.strip() for line in str(error).strip().splitlines()[:2])  # torch's first is a heading
        reason = reason if len(reason) <= 300 else reason[:297] + "..."
        raise WeightsError(
            f"The weights of {spec.name} do not fit its description: they are of another network or damaged ({reason})."
        ) from error
    return network.eval()
