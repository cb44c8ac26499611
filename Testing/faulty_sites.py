"""Sites of a federation that do what they should not, as NVFlare loads them in a simulation. They need no torch."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from nvflare.apis.executor import Executor
from nvflare.apis.fl_context import FLContext
from nvflare.apis.shareable import Shareable
from nvflare.apis.signal import Signal
from unifiedvit_training.federation.exchange import REPORT, ROUND, TRAIN, WEIGHTS
from unifiedvit_training.federation.weights import pack_weights, unpack_weights


class SpoilingSite(Executor):
    """Sends NaN in odd rounds, and the weights of another network in even ones; measures nothing.

    Args:
        settings: of the sites that it stands in for; not used.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__()

    def execute(self, task_name: str, shareable: Shareable, fl_ctx: FLContext, abort_signal: Signal) -> Shareable:
        if task_name != TRAIN:
            return Shareable({REPORT: json.dumps({"samples": 24})})
        tensors = unpack_weights(shareable[WEIGHTS])
        name = next(name for name, value in tensors.items() if value.ndim == 2)
        tensors[name] = np.full_like(tensors[name], np.nan) if shareable[ROUND] % 2 else tensors[name][:-1]
        return Shareable({WEIGHTS: pack_weights(tensors), REPORT: json.dumps({"samples": 24})})


class DyingSite(SpoilingSite):
    """Besides, its process ends in the second round, as when a machine is switched off."""

    def execute(self, task_name: str, shareable: Shareable, fl_ctx: FLContext, abort_signal: Signal) -> Shareable:
        if task_name == TRAIN and shareable[ROUND] == 2:
            os._exit(1)
        return super().execute(task_name, shareable, fl_ctx, abort_signal)
