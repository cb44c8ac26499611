"""What the processor at hand can compute."""

from __future__ import annotations

from functools import cache

import numpy as np
import openvino
from openvino import opset13


@cache
def openvino_normalises() -> bool:
    """Whether OpenVINO computes the normalisation of every Transformer block, which it does from AVX on."""
    tokens = opset13.parameter([2, 17, 64], np.float32)
    network = openvino.Model([opset13.mvn(tokens, [2], True, 1e-5, "inside_sqrt")], [tokens])
    try:
        openvino.Core().compile_model(network, "CPU")(np.zeros((2, 17, 64), np.float32))
    except RuntimeError:
        return False
    return True
