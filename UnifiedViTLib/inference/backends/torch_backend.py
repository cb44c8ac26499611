"""PyTorch: CUDA, Apple's MPS, or the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...errors import DeviceError, WeightsError
from ...integrity import verify_weights
from ...spec import ModelSpec
from ...tensors import dequantised
from ...texts import error_reason
from .base import OutOfMemory, UnsupportedPrecision, bfloat16_forbidden, is_out_of_memory

#: What the network computes in. "float32, medium": the CPU may round inside matrix products where that is faster.
PRECISIONS = ("float32", "float32, medium", "bfloat16", "float16")


class TorchBackend:
    """The network as it was trained, in eager mode."""

    def __init__(self, spec: ModelSpec, device: str = "auto", precision: str = "float32") -> None:
        """Load the weights onto a device.

        Args:
            spec: the model; its weights are verified first and never unpickled.
            device: "auto" (CUDA, else MPS, else CPU), "cpu", "cuda" or "mps".
            precision: one of `PRECISIONS`.

        Raises:
            DeviceError: the device is not there, or the network does not fit into its memory.
            WeightsError: the weights are missing, damaged, or of another network.
            UnsupportedPrecision: the CPU does not compute in bfloat16.
        """
        import torch

        self._torch = torch
        self._device = torch.device(choose_device(device))
        self._precision = precision
        if self._device.type == "cpu" and precision == "bfloat16" and not computes_bfloat16():
            raise UnsupportedPrecision
        self.name = f"torch, {precision}"
        self.device = device_name(self._device.type)
        try:
            self._network = load_network(spec).to(self._device)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise DeviceError(
                f"{spec.name} does not fit into the memory of {self.device}. Close other programs, or choose the cpu."
            ) from error
        if precision in ("bfloat16", "float16"):
            _keep_ends_in_float32(self._network, len(spec.classes))

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        torch = self._torch
        with self._short_of_memory(), torch.inference_mode(), self._arithmetic():
            output = self._network(torch.from_numpy(images).to(self._device))
            masks, logits, embeddings = (part.float().cpu().numpy() for part in output)
            return masks, logits, embeddings

    def run_members(self, images: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Mask and class logits of each member of an ensemble by itself; images and errors as for `run`."""
        torch = self._torch
        with self._short_of_memory(), torch.inference_mode(), self._arithmetic():
            network: Any = self._network  # an `Ensemble`
            outputs = network.each(torch.from_numpy(images).to(self._device))
            return [(masks.float().cpu().numpy(), logits.float().cpu().numpy()) for masks, logits, _ in outputs]

    def heatmaps(self, images: np.ndarray, label: int, method: str) -> np.ndarray:
        """Where the network looks for class `label`, in float32: images (n, channels, H, W) -> (n, H, W), 0..1.

        Args:
            images: as for `run`.
            label: number of the class in the spec.
            method: a name of `heatmap.METHODS`.

        Raises:
            OutOfMemory: try a smaller batch.
        """
        from ...models.explanation import explain

        torch = self._torch
        with self._short_of_memory():
            labels = torch.full((len(images),), label, device=self._device)
            return explain(self._network, torch.from_numpy(images).to(self._device), labels, method).cpu().numpy()

    @contextmanager
    def _short_of_memory(self) -> Iterator[None]:
        """Tell what torch says of too little memory as `OutOfMemory`."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if self._device.type == "cuda":
                self._torch.cuda.empty_cache()
            raise OutOfMemory from error

    @contextmanager
    def _arithmetic(self) -> Iterator[None]:
        """The precision, for as long as the network runs: torch keeps it for the whole process."""
        torch = self._torch
        if self._precision in ("bfloat16", "float16"):
            with torch.autocast(self._device.type, getattr(torch, self._precision)):
                yield
            return
        matmul, convolution = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
        torch.set_float32_matmul_precision("medium" if self._precision == "float32, medium" else "highest")
        torch.backends.cudnn.allow_tf32 = False
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(matmul)
            torch.backends.cudnn.allow_tf32 = convolution


def _keep_ends_in_float32(network, classes: int) -> None:
    """Keep autocast from the convolutions that read the image and from the layers that give the classes: of all that
    rounding does to a diagnosis these do most, and they are a small part of the work."""
    import torch

    def in_float32(forward):
        def run(values):
            with torch.autocast(values.device.type, enabled=False):
                return forward(values.float())
        return run

    for module in network.modules():
        reads = isinstance(module, torch.nn.Conv2d) and module.in_channels == network.encoder.in_channels
        names = isinstance(module, torch.nn.Linear) and module.out_features == classes
        if reads or names:
            layer: Any = module  # the method of this one layer, in place of its class's
            layer.forward = in_float32(layer.forward)


def computes_bfloat16() -> bool:
    """Whether the CPU has instructions for it; without them torch would only be slower."""
    import torch

    capabilities = getattr(torch.cpu, "get_capabilities", dict)()  # not in every version
    there = any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return there and not bfloat16_forbidden()


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
        raise unavailable_device(asked, [name for name in there if there[name]])
    return asked


def device_name(device: str) -> str:
    """The torch device type for people: of a graphics card, which one."""
    if device != "cuda":
        return device
    import torch

    return f"cuda ({torch.cuda.get_device_name()})"


def unavailable_device(asked: str, there: list[str]) -> DeviceError:
    """The error for a device that is not there."""
    return DeviceError(f"Device {asked!r} is not available (available: {', '.join(there)}). Choose one of these, or "
                       "auto.")


def load_network(spec: ModelSpec):
    """The spec's network (an `nn.Module`) in float32, in evaluation mode, on the CPU.

    Raises:
        WeightsError: the weights are missing, damaged, or of another network.
        ModelSpecError: no network can be built as the description says.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from ...models import network_of
    from ...models.no_drawing import NoDrawing

    verify_weights(spec)
    try:
        tensors = dequantised(load_file(spec.weights))
        # First without memory: a description may ask for a network far larger than the weights beside it.
        with torch.device("meta"), NoDrawing():
            network_of(spec).load_state_dict(tensors, assign=True)
        with NoDrawing():
            network = network_of(spec)
        network.load_state_dict({name: tensor.float() if tensor.is_floating_point() else tensor
                                 for name, tensor in tensors.items()})
    except (SafetensorError, RuntimeError, ValueError) as error:
        raise WeightsError(
            f"The weights of {spec.name} do not fit its description: they are of another network or damaged "
            f"({error_reason(error)})."
        ) from error
    return network.eval()
