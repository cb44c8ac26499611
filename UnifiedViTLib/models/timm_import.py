"""timm without torch's compiler, which nothing here uses: it is a third of what a worker with torch has to load before
it looks."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

_COMPILER = "torch._dynamo"


def import_timm() -> None:
    """Import timm, and torchvision for it. While they load they ask the compiler for two things, a decorator that
    keeps functions from being compiled and whether a device can be compiled for; they are answered here, so that it is
    not loaded. Whoever asks it for anything afterwards, as an optimiser does, gets torch's own."""
    if "timm" in sys.modules or _COMPILER in sys.modules:
        return
    import torch  # noqa: F401  before its compiler is stood in for

    before = set(sys.modules)
    stand_ins = _stand_ins()
    sys.modules.update(stand_ins)
    try:
        import timm  # noqa: F401
    except Exception:  # other versions may ask for more
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in ("timm", "torchvision"):
                del sys.modules[name]
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _stand_ins() -> dict[str, ModuleType]:
    def disable(function: Any = None, recursive: bool = True, **reasons: Any) -> Any:
        return function if function is not None else lambda later: later

    compiler, utilities = ModuleType(_COMPILER), ModuleType(f"{_COMPILER}.utils")
    compiler.__dict__.update(disable=disable, utils=utilities)
    utilities.__dict__["is_compile_supported"] = lambda device: False
    return {module.__name__: module for module in (compiler, utilities)}
