"""What a worker loads before it can look at anything: torch and timm, not torch's compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LOOK_AND_EXPLAIN = """
import sys
from UnifiedViTLib.service.packages.dependencies import inspect_job
assert {"torch", "torchvision", "timm"} < inspect_job({}, lambda stage, fraction: None)["versions"].keys()
assert "torch._dynamo" not in sys.modules
import numpy as np
from UnifiedViTLib.inference.backends.torch_backend import TorchBackend
from UnifiedViTLib.inference.choices import METHODS
from UnifiedViTLib.service.store.catalogue import find_model
spec = find_model("brain-t1ce")
backend = TorchBackend(spec, "cpu")
images = np.random.default_rng(0).random((1, 1, spec.size, spec.size), np.float32)
backend.run(images)
for method in METHODS:
    backend.heatmaps(images, 0, method)
assert "torch._dynamo" not in sys.modules
"""
COMPILE = """
import torch
torch.optim.AdamW([torch.nn.Parameter(torch.ones(1))]).zero_grad()
import torch._dynamo
assert torch._dynamo.__file__ and torch._dynamo.utils.is_compile_supported("cpu")
"""
ASK_FOR_MORE = """
import importlib.util, sys
place = importlib.util.spec_from_file_location("timm_import", "UnifiedViTLib/models/timm_import.py")
module = importlib.util.module_from_spec(place)
place.loader.exec_module(module)
whole = module._stand_ins
def less():
    made = whole()
    del made["torch._dynamo"].disable
    return made
module._stand_ins = less
module.import_timm()
assert "timm" not in sys.modules
import timm
import torch, torchvision
assert torch._dynamo.__file__ and torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5).tolist() == [0]
timm.create_model("test_vit")
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_packages_are_checked_and_a_network_looks_and_explains_without_torchs_compiler_which_is_there_for_who_asks():
    run(LOOK_AND_EXPLAIN + COMPILE)


def test_a_timm_that_asks_the_compiler_for_more_gets_torchs_own():
    run(ASK_FOR_MORE)
