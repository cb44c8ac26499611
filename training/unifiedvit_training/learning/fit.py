"""The training loop: one network, two losses ([Kassar], eq. 8), on Lightning Fabric."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from timm.utils import ModelEmaV3
from tqdm import tqdm

from UnifiedViTLib.inference.progress import ProgressCallback, ignore
from UnifiedViTLib.models import UnifiedOutput
from UnifiedViTLib.spec import ModelSpec

from ..config import Project
from ..data.dataset import Dataset, check_dataset_fits
from ..errors import DataError, RunError
from ..evaluation.inference import predict_slices
from ..evaluation.metrics import score, slice_metrics
from ..runs.checkpoints import BEST_FILE, NOW_FILE, STATE_FILE, load_state, save_state, save_weights
from ..runs.learnt_from import check_learnt_from, keep_learnt_from
from ..runs.patients import check_initial, check_patients, keep_patients
from ..runs.project_file import begin_or_resume
from .augment import augment
from .depthwise import depthwise_in_float32
from .distillation import TeacherNetwork, averages_answers, find_teacher, growing_weight
from .few_labels import labelled_slices, with_few_labels
from .initialise import load_initial_weights, parameter_groups
from .launch import start_fabric
from .metric_logger import MetricLogger
from .sampling import favour_labelled, generators_of, order_of_epoch, seed_of, weights_of
from .schedule import lr_factor
from .training_module import TrainingModule


def fit(project: Project, dataset: Dataset, run: Path, max_minutes: float | None = None,
        progress: ProgressCallback = ignore) -> Path:
    """Train, or go on where a run stopped.

    Args:
        project: the recipe.
        dataset: prepared slices; sides "train" and "validation" are used.
        run: folder of the run: `project.json`, the state to go on from, averaged weights (best and last), curves.
        max_minutes: after so many the run stops behind a step, with all that is needed to go on; None: when it is
            done.
        progress: told the epoch and the fraction of all steps that are taken, behind each of them; what it raises
            ends the run there, with all that is needed to go on.

    Returns:
        The averaged weights of the best measurement on the validation side; of a run that was stopped before the first
        one, those of now.

    Raises:
        DataError: a side of the split has no slices, or the dataset is not that of the project.
        RunError: the run was begun with another recipe, or has learnt from other slices; it, or the run that its
            initial weights come from, learnt from patients who now stand on another side; the loss is not a number, or
            the disk is full; or the teacher has other questions.
        ModelSpecError, WeightsError: the teacher is not there, or damaged.
    """
    check_dataset_fits(dataset, project.model)
    teacher = find_teacher(project.fit.teacher, project.model)
    # A run that goes on takes nothing of them any more.
    initial = None if (run / STATE_FILE).exists() else project.fit.initial.weights
    check_initial(dataset.slices, initial)
    check_patients(dataset.slices, run)
    check_learnt_from(dataset.slices, run)
    begin_or_resume(project, run)
    fabric = start_fabric(project.machine)
    if fabric.is_global_zero:
        keep_patients(dataset.slices, run, initial)
        keep_learnt_from(dataset.slices, run)
    return Trainer(project, dataset, run, fabric, max_minutes, teacher, progress=progress).run_all()


class Trainer:
    """A run in progress.

    Args:
        project: the recipe.
        dataset: prepared by it.
        run: folder of the run.
        fabric: on whose devices it trains.
        max_minutes: after which it stops, to be gone on with; None for no end.
        teacher: the model that `fit.teacher` names, where it names one.
        steps: of an epoch; None: as many as meet every slice once.
        epoch: to begin with, where the folder has no state of a run.
        progress: as for `fit`.

    Attributes:
        penalty: a term of the loss of every step besides the tasks', as FedProx has one; None: there is none.
    """

    def __init__(self, project: Project, dataset: Dataset, run: Path, fabric: Fabric,
                 max_minutes: float | None, teacher: ModelSpec | None = None, steps: int | None = None,
                 epoch: int = 0, progress: ProgressCallback = ignore) -> None:
        self.progress = progress
        self.penalty: Callable[[], torch.Tensor] | None = None
        self.stop_at = None if max_minutes is None else time.monotonic() + 60 * max_minutes
        self.project, self.plan, self.run, self.fabric = project, project.fit, run, fabric
        self.slices = with_few_labels(dataset.slices, self.plan.labelled, project.seed)
        self.train, self.validation = self.slices.on("train"), self.slices.on("validation")
        for side, indices in (("train", self.train), ("validation", self.validation)):
            if not len(indices):
                raise DataError(f"The dataset in {dataset.folder} has no slices on the {side} side.")
        self.micro_batch, self.micros = self._shares()
        self.sizes = [stage.size for stage in self.plan.stages for _ in range(stage.epochs)]
        self.steps = steps or max(1, len(self.train) // self.plan.batch_size)
        # Cost, not count, is what the schedule runs over: a step at 224 is worth two at 160.
        # Python's own numbers: the learning rates come of them, and of a state nothing else is read again.
        self.cost = (np.cumsum([0, *(size**2 for size in self.sizes)]) / sum(size**2 for size in self.sizes)).tolist()
        self.weights = self._weights(dataset)

        torch.manual_seed(project.seed)
        training_module = TrainingModule(project.model, self.plan).to(memory_format=torch.channels_last)
        if fabric.device.type == "cpu":
            depthwise_in_float32(training_module.network)
        self.teacher = TeacherNetwork(teacher, fabric.device) if teacher else None
        state = load_state(run)
        if state is None:
            fabric.print(load_initial_weights(training_module.network, self.plan.initial))
        groups = parameter_groups(training_module.network, self.plan.optimiser, self.plan.initial)
        groups.append({"params": list(training_module.balance.parameters()), "weight_decay": 0.0, "scale": 1.0})
        optimiser = torch.optim.AdamW([g for g in groups if g["params"]], lr=self.plan.optimiser.learning_rate)
        self.training_module, self.optimiser = fabric.setup(training_module, optimiser)
        self.average = ModelEmaV3(self.training_module.module.network, self.plan.ema, use_warmup=True)
        self.epoch, self.step, self.epochs_without_improvement = epoch, 0, 0
        self.best: float | None = None
        self.sums: dict[str, float] = {}  # of each task's losses over the `summed` last steps of this epoch
        self.summed = 0
        if state:
            self._restore(state)
        self.logger = MetricLogger(run, self.done) if fabric.is_global_zero else None

    @property
    def done(self) -> int:
        """Steps taken since the run began."""
        return self.epoch * self.steps + self.step

    def _weights(self, dataset: Dataset) -> np.ndarray:
        """How often each slice of the training side is drawn on its own."""
        labelled = labelled_slices(self.slices, self.train, self.project.model.task)
        taught = self.plan.teacher is not None
        if not labelled.any() and not taught:
            raise DataError(f"The dataset in {dataset.folder} has no mask or label on the train side that this task "
                            "learns from. Give some, or a teacher (fit.teacher).")
        if self.plan.labelled < 1:
            groups = self.slices.groups[self.train]
            self.fabric.print(f"Masks and labels of {len(np.unique(groups[labelled]))} of {len(np.unique(groups))} "
                              f"groups are learnt from, {labelled.sum():,} of {len(labelled):,} slices.")
        weights = weights_of(self.slices.labels[self.train], self.plan.class_balance)
        return favour_labelled(weights, labelled, taught) if labelled.any() else weights

    def _shares(self) -> tuple[int, range]:
        """How many slices go through the network at a time, and which of these portions are this process's."""
        batch, world = self.plan.batch_size, self.fabric.world_size
        micro = self.plan.micro_batch or max(1, batch // world)
        if batch % micro or (batch // micro) % world:
            raise RunError(
                f"fit.batch_size {batch} cannot be shared: it must be a multiple of fit.micro_batch ({micro}) times "
                f"the number of processes ({world})."
            )
        return micro, range(self.fabric.global_rank, batch // micro, world)

    def run_all(self) -> Path:
        """All epochs that are left."""
        while self.epoch < len(self.sizes):
            if self.plan.patience and self.epochs_without_improvement >= self.plan.patience:
                self.fabric.print(
                    f"No better score in {self.epochs_without_improvement} measurements: stopped after epoch "
                    f"{self.epoch}."
                )
                break
            self.train_epoch()
            if self.step < self.steps:
                return self._stopped()
            self.epoch, self.step, self.sums, self.summed = self.epoch + 1, 0, {}, 0
            if self.epoch % self.plan.validate_every == 0 or self.epoch == len(self.sizes):
                self._measure()
            self._save()
            if self._out_of_time() and self.epoch < len(self.sizes):
                return self._stopped()
        if self.logger:
            self.logger.close()
        self.fabric.print(f"Best score {self.best:.4f}; averaged weights in {self.run / BEST_FILE}")
        return self.run / BEST_FILE

    def _out_of_time(self) -> bool:
        """Whether the time that was given is over: the first process's clock counts for all."""
        return self.stop_at is not None and self.fabric.broadcast(time.monotonic() >= self.stop_at)

    def _stopped(self) -> Path:
        """End before the last epoch, so that the same command goes on from here."""
        self._save()
        if self.logger:
            self.logger.close()
        self.fabric.print(f"Time is up: stopped in epoch {self.epoch + 1} of {len(self.sizes)}, after {self.step} of "
                          f"{self.steps} steps. Run the same command again to go on.")
        return self.run / (BEST_FILE if self.best is not None else NOW_FILE)

    def train_epoch(self) -> None:
        """Every slice of the training side once, from where the run is within the epoch; less where time is up."""
        batch, size = self.plan.batch_size, self.sizes[self.epoch]
        order = self.train[order_of_epoch(self.weights, self.steps * batch, self.project.seed, self.epoch)]
        self.training_module.train()
        if self.plan.initial.keeps_encoder:
            self.training_module.module.network.encoder.eval()
        first, started, saved = self.step, time.monotonic(), time.monotonic()
        bar = tqdm(range(first, self.steps), f"epoch {self.epoch + 1}/{len(self.sizes)} ({size} px)", mininterval=5,
                   initial=first, total=self.steps, disable=not self.fabric.is_global_zero)
        for step in bar:
            losses = self._train_step(order[step * batch:(step + 1) * batch], size)
            self.step, self.summed = step + 1, self.summed + 1
            for name, value in losses.items():
                self.sums[name] = self.sums.get(name, 0.0) + value
            bar.set_postfix({name: f"{value:.3f}" for name, value in losses.items()}, refresh=False)
            self._tell()
            if time.monotonic() - saved > 60 * self.plan.save_minutes and self.step < self.steps:
                self._save()
                saved = time.monotonic()
            if self._out_of_time() and self.step < self.steps:
                return
        if self.logger:
            self.logger.write("train", self.done, {
                "epoch": self.epoch + 1, "size": size,
                **{f"{name}_loss": round(value / self.summed, 5) for name, value in self.sums.items()},
                **{f"{task}_weight": round(w, 5) for task, w in self.training_module.module.balance.weights().items()},
                "learning_rate": self.optimiser.param_groups[0]["lr"],
                "images_per_second": round((self.steps - first) * batch / (time.monotonic() - started), 2),
            })

    def _tell(self) -> None:
        """Say how far the run is."""
        try:
            self.progress(f"Learning: epoch {self.epoch + 1} of {len(self.sizes)}",
                          self.done / (self.steps * len(self.sizes)))
        except BaseException:
            # Behind the last step of an epoch comes its measurement, which a state of now would leave out.
            if self.step < self.steps:
                self._save()
            raise

    def _train_step(self, chosen: np.ndarray, size: int) -> dict[str, float]:
        """Learn from the slices at `chosen`; returns the mean loss of each task, over all processes."""
        share = self.cost[self.epoch] + (self.step + 1) / self.steps * (self.cost[self.epoch + 1]
                                                                       - self.cost[self.epoch])
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.optimiser.learning_rate * group["scale"] * lr_factor(
                share, self.plan.optimiser.warm_up)
        total: dict[str, torch.Tensor] = {}
        for micro in self.micros:
            places = range(micro * self.micro_batch, (micro + 1) * self.micro_batch)
            inputs = self._inputs(chosen[places.start:places.stop], places, size)
            taught, weight = self._taught(inputs[0], share)
            torch.manual_seed(
                seed_of(self.project.seed, self.done, self.plan.batch_size + micro)
            )  # drop-out, drop-path
            with self.fabric.no_backward_sync(self.training_module, enabled=micro != self.micros[-1]):
                loss, losses = self.training_module(*inputs, taught, weight)
                if self.penalty:
                    loss = loss + self.penalty()
                self.fabric.backward(loss / len(self.micros))
            for name, value in losses.items():
                total[name] = total.get(name, 0) + value / len(self.micros)
        reduced: dict[str, Any] = {
            name: self.fabric.all_reduce(value, reduce_op="mean") for name, value in total.items()}
        means = {name: float(value) for name, value in reduced.items()}
        if not all(math.isfinite(value) for value in means.values()):
            raise RunError(
                f"The loss is not a number any more (epoch {self.epoch + 1}, step {self.step + 1}: {means}). Weights "
                f"saved before are whole. Run again with a lower fit.optimiser.learning_rate, or machine.precision "
                "32-true."
            )
        self.fabric.clip_gradients(self.training_module, self.optimiser, max_norm=self.plan.optimiser.grad_clip)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.average.update(self.training_module.module.network, self.done + 1)
        return means

    def _taught(self, images: torch.Tensor, share: float) -> tuple[UnifiedOutput | None, float]:
        """What the teacher says of the images after this share of the run, and how much that counts."""
        plan = self.plan.teacher
        if plan is None:
            return None, 0.0
        with self.fabric.autocast():
            if self.teacher:
                return self.teacher(images), plan.weight
            return averages_answers(self.average.module, images), plan.weight * growing_weight(share)

    def _inputs(self, chosen: np.ndarray, places: range, size: int) -> tuple[torch.Tensor, ...]:
        slices, device = self.slices, self.fabric.device
        images = torch.from_numpy(slices.inputs(chosen)).to(device)
        masks = torch.from_numpy(np.asarray(slices.masks[chosen])).to(device)
        generators = generators_of(self.project.seed, self.done, places)
        images, masks = augment(images, masks, size, self.plan.augmentation, generators)
        return (images.contiguous(memory_format=torch.channels_last), masks,
                torch.from_numpy(slices.has_mask[chosen]).to(device),
                torch.from_numpy(slices.labels[chosen]).to(device))

    def _measure(self) -> None:
        """Metrics of the averaged network on the validation side; the best weights are kept."""
        if self.fabric.is_global_zero:
            model = self.project.model
            with self.fabric.autocast():
                answers = predict_slices(self.average.module, self.slices, self.validation, device=self.fabric.device)
            metrics = slice_metrics(answers, self.slices, self.validation, model)
            now = score(metrics)
            assert self.logger is not None, "the first process has one"
            self.logger.write("validation", self.done, {"epoch": self.epoch, "score": now, **metrics})
            self.fabric.print(f"epoch {self.epoch}: score {now:.4f}  " + json.dumps(metrics))
            self.epochs_without_improvement += 1
            if self.best is None or now > self.best:
                self.best, self.epochs_without_improvement = now, 0
                save_weights(self.run / BEST_FILE, self.average.module)
        self.best, self.epochs_without_improvement = self.fabric.broadcast((self.best, self.epochs_without_improvement))

    def _save(self) -> None:
        if self.fabric.is_global_zero:
            save_weights(self.run / NOW_FILE, self.average.module)
            save_state(
                self.run,
                {
                    "training_module": self.training_module.module.state_dict(),
                    "optimiser": self.optimiser.state_dict(),
                    "average": self.average.module.state_dict(),
                    "epoch": self.epoch,
                    "step": self.step,
                    "best": self.best,
                    "epochs_without_improvement": self.epochs_without_improvement,
                    "sums": self.sums,
                    "summed": self.summed,
                },
            )
        self.fabric.barrier()

    def _restore(self, state: dict[str, Any]) -> None:
        self.training_module.module.load_state_dict(state["training_module"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average.module.load_state_dict(state["average"])
        self.epoch, self.step, self.best, self.epochs_without_improvement = (
            state[n] for n in ("epoch", "step", "best", "epochs_without_improvement")
        )
        # States of older versions do not know the losses before them: the epoch's means are of the steps after.
        self.sums, self.summed = state.get("sums", {}), state.get("summed", 0)
        self.fabric.print(f"Going on after epoch {self.epoch}, step {self.step}.")
