"""Devices, processes and precision: Lightning Fabric, set up from the configuration."""

from __future__ import annotations

from typing import Any

import timm.layers
import torch
from lightning.fabric import Fabric

from UnifiedViTLib.inference.backends.torch_backend import computes_bfloat16

from ..config import Machine
from ..errors import RunError


def start_fabric(machine: Machine) -> Fabric:
    """Fabric for `machine`, its processes started.

    Raises:
        RunError: the accelerator or the strategy is not there.
    """
    if machine.threads:
        torch.set_num_threads(machine.threads)
    precision: Any = _precision(machine)  # one of Lightning's words
    try:
        fabric = Fabric(accelerator=machine.accelerator, devices=machine.devices, num_nodes=machine.num_nodes,
                        strategy=machine.strategy, precision=precision)
        fabric.launch()
    except Exception as error:  # Lightning says in many ways that something is not there
        raise RunError(f"machine: {error}") from error
    if fabric.device.type == "cpu":
        timm.layers.set_fused_attn(False)  # on the CPU the plain form's backward pass is 1.5 times faster
    return fabric


def _precision(machine: Machine) -> str:
    """bfloat16 where there are instructions for it, float16 on older CUDA cards, else float32."""
    if machine.precision != "auto":
        return machine.precision
    cuda = machine.accelerator in ("auto", "cuda", "gpu") and torch.cuda.is_available()
    if cuda:
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"
    mps = machine.accelerator in ("auto", "mps") and torch.backends.mps.is_available()
    return "bf16-mixed" if not mps and computes_bfloat16() else "32-true"
