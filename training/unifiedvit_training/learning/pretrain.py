"""Self-supervised pre-training: the encoder learns from images alone, by painting back what was hidden of them."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from lightning.fabric import Fabric
from matplotlib.figure import Figure
from torch import nn
from tqdm import tqdm

from UnifiedViTLib.models import build_model
from UnifiedViTLib.models.channels import missing_channels

from ..config import Initial, Project
from ..data.dataset import Dataset, check_dataset_fits
from ..errors import DataError, RunError
from ..runs.checkpoints import load_state, save_state, save_weights
from ..runs.patients import keep_patients
from ..runs.recipe import check_same_recipe
from ..storage import replacing
from .augment import augment
from .initialise import parameter_groups
from .launch import start_fabric
from .masked_modelling import hide, masked_model, random_mask
from .metric_logger import MetricLogger
from .sampling import generators_of, order_of_epoch, seed_of
from .schedule import lr_factor

#: What `fit.initial.weights` takes.
ENCODER_FILE = "encoder.safetensors"
PICTURE_FILE = "reconstruction.png"
#: Slices in the picture.
_SHOWN = 8


def pretrain(project: Project, dataset: Dataset, run: Path) -> Path:
    """Pre-train the project's encoder, or go on where a killed run stopped.

    Only images of the train side teach; labels and masks are not used. The validation side is not looked at until
    the end, when a picture shows what the encoder paints on it; the test side never.

    Args:
        project: `model`, `pretrain`, `fit.augmentation` and `machine` count.
        dataset: prepared slices.
        run: folder for the weights, the picture, the curves and the state to go on from.

    Returns:
        The encoder's weights, named as in the whole network, for `fit.initial.weights`.

    Raises:
        DataError: there are no slices to learn from, or the dataset is not that of the project.
        RunError: the run was begun with another recipe, or has learnt from patients who now stand on another side;
            the loss is not a number, or the disk is full.
    """
    check_dataset_fits(dataset, project.model)
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{run} cannot be written: {error}") from error
    fabric = start_fabric(project.machine)
    pretraining = _Pretraining(project, dataset, run, fabric)
    if fabric.is_global_zero:
        keep_patients(dataset.slices, run, chosen=False)
    pretraining.run_all()
    if fabric.is_global_zero:
        pretraining.plot_reconstructions()
    fabric.print(f"The encoder's weights are in {run / ENCODER_FILE}; pictures in {run / PICTURE_FILE}.")
    return run / ENCODER_FILE


class _Pretraining:
    """A run in progress."""

    def __init__(self, project: Project, dataset: Dataset, run: Path, fabric: Fabric) -> None:
        self.project, self.plan, self.slices, self.run, self.fabric = (
            project, project.pretrain, dataset.slices, run, fabric)
        self.train = self.slices.on("train")
        if not len(self.train):
            raise DataError(f"The dataset in {dataset.folder} has no slices on the train side.")
        if self.plan.batch_size % fabric.world_size:
            raise RunError(
                f"pretrain.batch_size {self.plan.batch_size} cannot be shared by {fabric.world_size} processes."
            )
        share = self.plan.batch_size // fabric.world_size
        self.places = range(fabric.global_rank * share, (fabric.global_rank + 1) * share)
        self.steps = max(1, len(self.train) // self.plan.batch_size)

        torch.manual_seed(project.seed)
        encoder = build_model(project.model.architecture, project.model.build_arguments()).encoder
        model = masked_model(encoder, self.plan.size, self.plan.decoder_width, self.plan.decoder_depth)
        model = model.to(memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(parameter_groups(model, self.plan.optimiser, Initial()),
                                      betas=(0.9, 0.95))  # as both papers have it: the loss is noisy
        self.block = model.block
        self.model, self.optimiser = fabric.setup(model, optimiser)
        self.epoch = self.step = 0
        self.total = 0.0  # of the losses of this epoch
        self._restore()
        self.logger = MetricLogger(run, self.done) if fabric.is_global_zero else None

    @property
    def done(self) -> int:
        """Steps taken since the run began."""
        return self.epoch * self.steps + self.step

    def run_all(self) -> None:
        """All epochs that are left."""
        while self.epoch < self.plan.epochs:
            self._train_epoch()
            self.epoch, self.step, self.total = self.epoch + 1, 0, 0.0
            self._save()
        if self.logger:
            self.logger.close()

    def _train_epoch(self) -> None:
        order = self.train[
            order_of_epoch(np.ones(len(self.train)), self.steps * self.plan.batch_size, self.project.seed, self.epoch)
        ]
        self.model.train()
        first, started, saved = self.step, time.monotonic(), time.monotonic()
        bar = tqdm(range(first, self.steps), f"epoch {self.epoch + 1}/{self.plan.epochs}", mininterval=5,
                   initial=first, total=self.steps, disable=not self.fabric.is_global_zero)
        for step in bar:
            loss = self._train_step(order[step * self.plan.batch_size :][self.places.start : self.places.stop])
            self.step, self.total = step + 1, self.total + loss
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            if time.monotonic() - saved > 60 * self.plan.save_minutes and self.step < self.steps:
                self._save()
                saved = time.monotonic()
        if self.logger:
            self.logger.write("train", self.done, {
                "epoch": self.epoch + 1, "loss": round(self.total / self.steps, 5),
                "learning_rate": self.optimiser.param_groups[0]["lr"],
                "images_per_second": round(
                    (self.steps - first) * self.plan.batch_size / (time.monotonic() - started), 2),
            })

    def _train_step(self, chosen: np.ndarray) -> float:
        """Learn from the slices at `chosen`; returns the mean loss over all processes."""
        plan = self.plan.optimiser
        share = lr_factor((self.done + 1) / (self.plan.epochs * self.steps), plan.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = plan.learning_rate * share
        generators = generators_of(self.project.seed, self.done, self.places)
        images = torch.from_numpy(self.slices.inputs(chosen)).to(self.fabric.device)
        nothing = torch.zeros(len(images), *images.shape[2:], dtype=torch.uint8, device=self.fabric.device)
        images, _ = augment(images, nothing, self.plan.size, self.project.fit.augmentation, generators)
        side = self.plan.size // self.block
        hidden = random_mask(side, side, self.plan.mask_ratio, generators).to(self.fabric.device)

        torch.manual_seed(seed_of(self.project.seed, self.done, self.plan.batch_size + self.fabric.global_rank))
        loss, _ = self.model(images.contiguous(memory_format=torch.channels_last), hidden)
        self.fabric.backward(loss)
        reduced: Any = self.fabric.all_reduce(loss.detach(), reduce_op="mean")
        mean = float(reduced)
        if not math.isfinite(mean):
            raise RunError(
                f"The loss is not a number any more (epoch {self.epoch + 1}, step {self.step + 1}). Weights saved "
                "before are whole. Run again with a lower pretrain.optimiser.learning_rate, or machine.precision "
                "32-true."
            )
        self.fabric.clip_gradients(self.model, self.optimiser, max_norm=plan.grad_clip)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return mean

    def _save(self) -> None:
        if self.fabric.is_global_zero:
            model = self.model.module
            save_weights(self.run / ENCODER_FILE, nn.ModuleDict({"encoder": model.encoder}))
            save_state(self.run, {
                "model": model.state_dict(), "optimiser": self.optimiser.state_dict(), "epoch": self.epoch,
                "step": self.step, "total": self.total, "recipe": self._recipe(),
            })
        self.fabric.barrier()

    def _restore(self) -> None:
        state = load_state(self.run)
        if state is None:
            return
        check_same_recipe(self.run, state.get("recipe", {}), self._recipe())
        self.model.module.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.step, self.total = state["epoch"], state["step"], state["total"]
        self.fabric.print(f"Going on after epoch {self.epoch}, step {self.step}.")

    def _recipe(self) -> dict[str, Any]:
        """What may not change when a run goes on, by name."""
        project = self.project
        # Where nothing can be dropped, runs begun before it could be go on.
        unused = None if project.model.channel_names else {"drop_channel"}
        return {
            "seed": project.seed, "model.architecture": project.model.architecture,
            "model.arguments": project.model.build_arguments(),
            "fit.augmentation": project.fit.augmentation.model_dump(mode="json", exclude=unused),
            "slices": len(self.train),
            **{f"pretrain.{name}": value
               for name, value in self.plan.model_dump(mode="json", exclude={"save_minutes"}).items()},
        }

    @torch.no_grad()
    def plot_reconstructions(self) -> None:
        """Write the picture: image, what was visible, what was painted back, for slices of the validation side
        spread over it (of the train side if there is none)."""
        shown = self.slices.on("validation")
        shown = shown if len(shown) else self.train
        shown = shown[np.linspace(0, len(shown) - 1, min(_SHOWN, len(shown))).round().astype(int)]
        size, block = self.plan.size, self.block
        images = torch.from_numpy(self.slices.inputs(shown))
        images = F.interpolate(images, size=(size, size), mode="bilinear", antialias=True).to(self.fabric.device)
        hidden = random_mask(size // block, size // block, self.plan.mask_ratio,
                             generators_of(self.project.seed, 0, range(len(shown)))).to(self.fabric.device)
        with self.fabric.autocast():  # not through the wrapper, which would wait for the other processes
            _, reconstructed = self.model.module.eval()(images, hidden)
        visible = hide(images, hidden, block)
        reconstructed = torch.where(hide(torch.ones_like(images), hidden, block) > 0, images, reconstructed)
        figure = Figure(figsize=(4.5, 1.5 * len(shown)), layout="constrained")
        axes = figure.subplots(len(shown), 3, squeeze=False)
        there = (~missing_channels(images)).flatten(1).int().argmax(dim=1)  # the first channel of each
        for row, channel, pictures in zip(axes, there, zip(images, visible, reconstructed, strict=True), strict=True):
            low, high = float(pictures[0][channel].min()), float(pictures[0][channel].max())
            for axis, picture in zip(row, pictures, strict=True):
                axis.imshow(picture[channel].float().cpu().numpy(), cmap="gray", vmin=low, vmax=high)
                axis.set_axis_off()
        for axis, title in zip(axes[0], ("image", "visible", "painted back"), strict=True):
            axis.set_title(title)
        figure.supxlabel("hidden blocks are painted with their true mean and contrast", fontsize=7)
        with replacing(self.run / PICTURE_FILE) as part:
            figure.savefig(part, format="png", dpi=150)
