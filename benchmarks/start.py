"""From pressing Run to the answer: a cold worker, a warm one, and what the libraries take to load."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import PredictRequest

from .measuring import machine, table
from .volume import head

SHAPE, ROUNDS = (24, 256, 256), 5
LIBRARIES = {"nothing": "pass", "OpenVINO": "import sys; sys.modules['openvino_telemetry'] = None; import openvino",
             "torch": "import torch", "torch and timm": "import torch, timm",
             "torch and timm, as a worker does": "import UnifiedViTLib.models"}


def main() -> None:
    """Measure and print. The first run of all, which compares and compiles, is told by itself."""
    request = PredictRequest(head(SHAPE), find_model(DEFAULT_MODEL), device="cpu")
    seconds: dict[str, list[tuple[float, float]]] = {"cold": [], "warm": []}
    with tempfile.TemporaryDirectory() as folder:
        first = WorkerClient(environment={"UNIFIEDVIT_MODELS": folder})
        ever = _asked(first, request)
        first.close()
        for _ in range(ROUNDS):
            client = WorkerClient(environment={"UNIFIEDVIT_MODELS": folder})
            seconds["cold"].append(_asked(client, request))
            seconds["warm"].append(_asked(client, request))
            client.close()
    loading: dict[str, list[float]] = {name: [] for name in LIBRARIES}
    for turn in range(ROUNDS + 1):
        for name, code in LIBRARIES.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            if turn:
                loading[name].append(time.perf_counter() - started)
    print(f"## Start\n\n{machine()}\n\nA volume of {' x '.join(map(str, SHAPE))} through a worker, {ROUNDS} rounds; "
          "medians of seconds. Outside: all but the prediction itself.\n")
    table(["", "total", "outside the prediction"],
          [["first run on this computer (compares, compiles)", f"{ever[0]:.2f}", f"{ever[1]:.2f}"],
           *([name, *(f"{statistics.median(part):.2f}" for part in zip(*values, strict=True))]
             for name, values in seconds.items())])
    table(["a Python that loads", "s"], ([name, f"{statistics.median(taken):.2f}"] for name, taken in loading.items()))


def _asked(client: WorkerClient, request: PredictRequest) -> tuple[float, float]:
    started = time.perf_counter()
    made = client.run(request)
    total = time.perf_counter() - started
    return total, total - made.provenance.timings_s["total"]
