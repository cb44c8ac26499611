"""What each network costs: weights, multiplications, time to look, time to learn; all measured in one go."""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ..config import Project
from ..learning.launch import start_fabric
from ..learning.training_module import TrainingModule
from ..storage import write_whole
from .plan import Comparison, Run, project_of

COSTS_FILE = "costs.json"
#: Slices looked at together, and learnt from together; rounds over all networks, the first for warming up.
LOOK, LEARN, ROUNDS = 8, 16, 4


def costs_of(plan: Comparison, work: Path, data: Path | None) -> dict[str, Any]:
    """Measure every entry, or read what was measured before of the same entries (`costs.json` in `work`).

    The rounds go over all networks in turn, so that a busy moment of the machine does not fall on one of them.

    Args:
        plan: the comparison.
        work: the folder of the work.
        data: folder that data paths start from; None: the one of each recipe.

    Returns:
        {"machine": words, "sizes": {side: {entry: {"parameters", "multiplications", "milliseconds" a slice; and for
        the first size "images_per_second" in training}}}}; multiplications are multiply-add pairs of one slice; times
        are medians.
    """
    asked = json.loads(json.dumps([plan.cost_sizes, [entry.model_dump(exclude={"seeds"}) for entry in plan.entries]]))
    path = work / COSTS_FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["asked"] == asked:
            return kept
    except (OSError, ValueError, KeyError):  # none yet, or of an older version
        pass
    first = next(iter(plan.sets))
    projects = {entry.name: project_of(plan, Run(first, entry.name, 0), data) for entry in plan.entries}
    found = {
        "asked": asked,
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}",
        "sizes": {str(size): _measure(projects, size, size == plan.cost_sizes[0]) for size in plan.cost_sizes},
    }
    write_whole(path, json.dumps(found, indent=1) + "\n")
    return found


def _measure(projects: dict[str, Project], size: int, learning: bool) -> dict[str, dict[str, float]]:
    fabric = start_fabric(next(iter(projects.values())).machine)  # first: it decides which attention is built
    costs: dict[str, dict[str, float]] = {}
    steps: dict[tuple[str, str], Callable[[], None]] = {}
    for name, project in projects.items():
        given = project.model.input.model_copy(update={"size": size})
        project = project.model_copy(update={"model": project.model.model_copy(update={"input": given})})
        module = TrainingModule(project.model, project.fit)
        costs[name] = {"parameters": sum(p.numel() for p in module.network.parameters()),
                       "multiplications": multiplications(module.network, size)}
        steps[name, "look"] = _looking(module.network, size)
        if learning:
            steps[name, "learn"] = _learning(module, project, size, fabric)
    times: dict[tuple[str, str], list[float]] = {key: [] for key in steps}
    for _ in range(ROUNDS):
        for key, step in steps.items():
            started = time.perf_counter()
            step()
            times[key].append(time.perf_counter() - started)
    for (name, what), found in times.items():
        median = statistics.median(found[1:])
        costs[name] |= ({"milliseconds": round(1000 * median / LOOK, 3)} if what == "look"
                        else {"images_per_second": round(LEARN / median, 2)})
    return costs


def multiplications(network: nn.Module, size: int) -> int:
    """Multiply-add pairs of one forward pass over a slice of size x size pixels."""
    asked = [p.requires_grad for p in network.parameters()]
    fast = torch.backends.mha.get_fastpath_enabled()
    # The counter knows fused attention neither of torch nor of timm.
    torch.backends.mha.set_fastpath_enabled(False)
    modules: list[Any] = [module for module in network.modules() if hasattr(module, "fused_attn")]
    fused = {module: module.fused_attn for module in modules}
    for module in fused:
        module.fused_attn = False
    network.eval().requires_grad_(False)
    try:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(torch.zeros(1, 1, size, size))
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for module, setting in fused.items():
            module.fused_attn = setting
        for parameter, learns in zip(network.parameters(), asked, strict=True):
            parameter.requires_grad_(learns)
    return counter.get_total_flops() // 2


def _looking(network: nn.Module, size: int) -> Callable[[], None]:
    images = torch.randn(LOOK, 1, size, size)

    def step() -> None:
        network.eval()
        with torch.inference_mode():
            network(images)

    return step


def _learning(module: TrainingModule, project: Project, size: int, fabric: Fabric) -> Callable[[], None]:
    """A step of `fit` without reading and augmenting, which are the same for all."""
    optimiser = torch.optim.AdamW(module.parameters(), lr=1e-6)
    set_up, optimiser = fabric.setup(module.to(memory_format=torch.channels_last), optimiser)
    images = torch.randn(LEARN, 1, size, size).contiguous(memory_format=torch.channels_last)
    masks = (images[:, 0] > 1).long()
    truth = masks, torch.ones(LEARN, dtype=torch.bool), torch.arange(LEARN) % len(project.model.classes)

    def step() -> None:
        set_up.train()
        fabric.backward(set_up(images, *truth)[0])
        optimiser.step()
        optimiser.zero_grad()

    return step
