"""Networks whose weights are read from a file need none that are drawn at random first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.overrides import TorchFunctionMode

#: What changes a tensor's numbers in its place: without numbers, on the device "meta", there is nothing to be done.
_IN_PLACE = {"add_", "clamp_", "div_", "erfinv_", "fill_", "mul_", "normal_", "sub_", "uniform_", "zero_"}


class NoDrawing(TorchFunctionMode):
    """Within it the functions of `torch.nn.init` leave tensors as they are, and so does arithmetic on the device
    "meta", which would load torch's compiler for it. Every weight has to be loaded afterwards."""

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        if getattr(func, "__name__", "") in _IN_PLACE and args[0].is_meta:
            return args[0]
        return func(*args, **kwargs)
