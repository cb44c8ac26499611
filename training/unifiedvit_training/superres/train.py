"""Training the learned upscaler: fine patches of the training side's slices, made coarse, are to be drawn again."""

from __future__ import annotations

import hashlib
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

from UnifiedViTLib.inference.superres.base import DESCRIPTION_FILE
from UnifiedViTLib.models.upscaler import ResidualUpscaler

from ..config import Project
from ..data.dataset import Dataset
from ..errors import DataError, RunError
from ..learning.launch import start_fabric
from ..learning.metric_logger import MetricLogger
from ..learning.sampling import seed_of
from ..learning.schedule import lr_factor
from ..runs.checkpoints import load_state, save_state, save_weights
from ..runs.recipe import check_same_recipe
from ..storage import write_whole
from .slices import PATCHES, patches

WEIGHTS_FILE = "upscaler.safetensors"
_FORMAT = 1


def train(project: Project, dataset: Dataset, run: Path) -> Path:
    """Train the upscaler, or go on where a killed run stopped, on one device.

    The loss is the mean absolute difference (EDSR, Lim et al. 2017). Only the train side teaches; labels and masks
    are not used. All chance comes from the seed and the number of the step.

    Args:
        project: `superres` and `machine` count.
        dataset: prepared slices, which say what is on which side; their files are read again at full resolution.
        run: folder for weights, curves and the state to go on from.

    Returns:
        The weights.

    Raises:
        DataError: there are no slices to learn from.
        RunError: the run was begun with another recipe, the loss is not a number, or the disk is full.
        UnsupportedImageError: an image cannot be read any more.
    """
    plan, sliced = project.superres, dataset.slices.on("train")
    if not len(sliced):
        raise DataError(f"The dataset in {dataset.folder} has no slices on the train side.")
    fabric = start_fabric(project.machine)
    torch.manual_seed(project.seed)
    network = ResidualUpscaler(plan.channels, plan.blocks).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=plan.optimiser.weight_decay)
    recipe = _recipe(project, len(sliced))
    begin = _restore(run, network, optimiser, recipe)
    model, optimiser = fabric.setup(network, optimiser)
    progress = _Progress(run, begin, plan.steps)
    for step in progress.bar:
        lr = plan.optimiser.learning_rate * lr_factor((step + 1) / plan.steps, plan.optimiser.warm_up)
        for group in optimiser.param_groups:
            group["lr"] = lr
        coarse, fine = _batch(dataset, sliced, plan.size, plan.batch_size, project.seed, step)
        loss = F.l1_loss(model(coarse.to(fabric.device)).float(), fine.to(fabric.device))
        value = float(loss.detach())
        if not math.isfinite(value):
            raise RunError(f"The loss is not a number any more (step {step + 1}). Run again with a lower "
                           "superres.optimiser.learning_rate, or machine.precision 32-true.")
        fabric.backward(loss)
        fabric.clip_gradients(model, optimiser, max_norm=plan.optimiser.grad_clip)
        optimiser.step()
        optimiser.zero_grad()
        progress.add(value)
        steps = step + 1
        if steps % plan.save_steps == 0 or steps == plan.steps:
            progress.write(steps, lr)
            save_weights(run / WEIGHTS_FILE, network)
            save_state(run, {"model": network.state_dict(), "optimiser": optimiser.state_dict(), "step": steps,
                             "recipe": recipe})
    progress.close()
    return run / WEIGHTS_FILE


def _recipe(project: Project, slices: int) -> dict[str, Any]:
    """What a run that goes on must have in common with the one that was stopped."""
    plan = project.superres.model_dump(mode="json", exclude={"save_steps"})
    return {"seed": project.seed, "slices": slices, **{f"superres.{name}": value for name, value in plan.items()}}


class _Progress:
    """The curves of a run and its bar on the screen.

    Args:
        run: its folder.
        begin: steps that were done before.
        steps: of the whole run.
    """

    def __init__(self, run: Path, begin: int, steps: int) -> None:
        self.bar = tqdm(range(begin, steps), "upscaler", initial=begin, total=steps, mininterval=5)
        self._logger = MetricLogger(run, begin)
        self._begin, self._start = begin, time.monotonic()
        self._losses: list[float] = []

    def add(self, loss: float) -> None:
        """Take in the loss of a step."""
        self._losses.append(loss)

    def write(self, steps: int, lr: float) -> None:
        """Write the mean of the losses since the last call; `steps`: done by now."""
        loss = sum(self._losses) / len(self._losses)
        self._losses.clear()
        speed = (steps - self._begin) / (time.monotonic() - self._start)
        self._logger.write("train", steps, {"loss": round(loss, 6), "learning_rate": lr,
                                            "steps_per_second": round(speed, 2)})
        self.bar.set_postfix(loss=f"{loss:.4f}", refresh=False)

    def close(self) -> None:
        """Nothing more is to come."""
        self._logger.close()


def describe(project: Project, run: Path, results: list[dict[str, Any]]) -> Path:
    """Write the description of the run's weights, with which its folder is an upscaler for `unifiedvit predict`.

    Args:
        project: says what was learnt from, and under which licence the weights are.
        run: its folder.
        results: of the measurement, as in `model.json`.
    """
    plan, model = project.superres, project.model
    card = {
        "format": _FORMAT,
        "name": f"learned ({plan.blocks} residual blocks of {plan.channels} channels)",
        "channels": plan.channels, "blocks": plan.blocks,
        "weights": {"file": WEIGHTS_FILE, "licence": model.licence,
                    "sha256": hashlib.sha256((run / WEIGHTS_FILE).read_bytes()).hexdigest()},
        "training": [one.model_dump() for one in model.training],
        "results": results,
    }
    write_whole(run / DESCRIPTION_FILE, json.dumps(card, indent=1) + "\n")
    return run / DESCRIPTION_FILE


def _batch(dataset: Dataset, sliced: np.ndarray, side: int, count: int, seed: int, step: int
           ) -> tuple[torch.Tensor, torch.Tensor]:
    """Coarse and fine patches of a step, (count, 1, side / 4, side / 4) and (count, 1, side, side)."""
    chance = np.random.default_rng(seed_of(seed, step))
    drawn = [patches(dataset, int(index), side, chance) for index in chance.choice(sliced, count // PATCHES)]
    coarse, fine = (torch.from_numpy(np.concatenate(part))[:, None] for part in zip(*drawn, strict=True))
    return coarse, fine


def _restore(run: Path, network: torch.nn.Module, optimiser: torch.optim.Optimizer, recipe: dict[str, Any]) -> int:
    """Load what a run that was stopped left; returns the steps that it took."""
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{run} cannot be written: {error}") from error
    state = load_state(run)
    if state is None:
        return 0
    check_same_recipe(run, state.get("recipe", {}), recipe)
    network.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])
