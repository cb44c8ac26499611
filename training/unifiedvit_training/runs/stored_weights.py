"""How an exported model's weights are stored: float16, or int8 with a scale for each row."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from UnifiedViTLib.tensors import SCALE

#: Numbers in a row from which on its scale (of four bytes) costs less than int8 saves.
_SHORTEST_ROW = 8


def stored_tensors(state: Mapping[str, torch.Tensor], dtype: str) -> dict[str, torch.Tensor]:
    """A network's state as a model folder stores it; `UnifiedViTLib.tensors.dequantised` is the way back.

    "int8": of matrices and kernels each row (of the first axis: an output channel, of transposed convolutions an input
    channel) in steps of a 127th of its largest number, symmetric about 0 (Jacob et al. 2018, eq. 1 with zero-point 0);
    everything else in float16. What was stored and made floats is stored again as the same numbers.

    Args:
        state: tensors by name, on any device.
        dtype: "float16" or "int8".

    Returns:
        Tensors on the CPU; beside an int8 tensor its scales, float32, named with `SCALE`.

    Raises:
        ValueError: numbers are not finite, in float16 where they are stored so; names the tensor.
    """
    stored: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        value = value.detach().cpu()
        if not value.is_floating_point():
            stored[name] = value.contiguous()
            continue
        rows = value.ndim in (2, 4) and len(value) > 1 and value[0].numel() >= _SHORTEST_ROW
        kept = value.float() if dtype == "int8" and rows else value.half()
        if not kept.isfinite().all():
            raise ValueError(name)
        if kept.dtype == torch.float16:
            stored[name] = kept.contiguous()
            continue
        largest = kept.abs().amax(dim=tuple(range(1, kept.ndim)), keepdim=True)
        # With eight bits of mantissa 127 steps are exact, and so is finding the step again.
        scale = (largest / 127).bfloat16().float().clamp_min(1e-30)
        stored[name] = (kept / scale).round().clamp(-127, 127).to(torch.int8).contiguous()
        stored[name + SCALE] = scale.contiguous()
    return stored
