"""A site of a federation: it loads weights, takes steps on its own images by the training loop of `fit`, and gives
weights back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from ..config import Project
from ..data.dataset import Dataset, check_dataset_fits
from ..evaluation.candidates import TrainedRun
from ..evaluation.evaluate import measure_slices
from ..evaluation.inference import predict_slices
from ..evaluation.metrics import classification_metrics, score, segmentation_metrics, slice_metrics
from ..evaluation.slice_table import SliceTable
from ..evaluation.subgroups import SHOWN, subgroups
from ..learning.distillation import find_teacher
from ..learning.fit import Trainer
from ..learning.launch import start_fabric
from ..runs.checkpoints import save_weights
from ..runs.learnt_from import keep_learnt_from
from ..runs.patients import keep_patients
from ..runs.project_file import BEST_FILE, begin_or_resume
from ..storage import write_whole
from .moments import keep_moments, restore_moments
from .plan import FederationPlan, check_meaning, meaning_of, project_of_rounds
from .proximal import ProximalTerm
from .weights import check_weights, pack_weights

#: Subgroups of fewer patients are not told: their metrics could be those of one.
FEWEST_PATIENTS = 10
#: What the names of the weights of the losses begin with among the tensors that a site keeps.
_BALANCE = "balance."


class Site:
    """What a site does for a federation.

    Args:
        name: of the site.
        project: that all sites share.
        plan: of the rounds.
        dataset: the site's own, prepared.
        local: names of the network's tensors that stay here.
        folder: of the site's run: curves, tensors and moments that stay, and at the end the result.
        done: rounds that are finished; what the curves tell of later ones is forgotten.

    Raises:
        DataError: the dataset has other classes, segments or channels, or no slices on a side.
        RunError: the teacher has other questions, or the folder holds a run with another recipe, or of other slices.
        ConfigError: the project wants several devices.
    """

    def __init__(self, name: str, project: Project, plan: FederationPlan, dataset: Dataset, local: set[str],
                 folder: Path, done: int = 0) -> None:
        self.meaning = meaning_of(dataset.recipe.get("model", {}))
        check_meaning(name, self.meaning, meaning_of(project.model.model_dump(mode="json")))
        check_dataset_fits(dataset, project.model)
        self.name, self.project, self.plan, self.dataset, self.folder = name, project, plan, dataset, folder
        self._local = local
        whole = project_of_rounds(project, plan)
        # A round is what is done again after a kill; nothing within one is kept.
        fit = whole.fit.model_copy(update={"save_minutes": float("inf")})
        begin_or_resume(whole, folder)
        keep_patients(dataset.slices, folder)
        keep_learnt_from(dataset.slices, folder)
        self._trainer = Trainer(whole.model_copy(update={"fit": fit}), dataset, folder, start_fabric(project.machine),
                                None, find_teacher(project.fit.teacher, project.model), plan.steps, done)
        self._network = self._trainer.training_module.module.network

    def join(self) -> dict[str, Any]:
        """What the site tells before the first round: `samples`, the slices that it learns from."""
        return {"samples": len(self._trainer.train)}

    def train(self, number: int, content: object, best_round: int) -> tuple[bytes, dict[str, Any]]:
        """A round: load weights, take the plan's steps, give weights back.

        The learning rate and the site's moments of AdamW go on over all rounds.

        Args:
            number: of the round, from 1.
            content: weights that all share, as they came.
            best_round: whose local tensors are to be kept.

        Returns:
            The weights after it, and what is told besides: `samples`, `losses`.

        Raises:
            UpdateError: what came are not weights of this network.
            RunError: the loss is not a number any more.
        """
        trainer = self._trainer
        self._load(content, number - 1)
        trainer.epoch, trainer.step, trainer.sums, trainer.summed = number - 1, 0, {}, 0
        restore_moments(trainer.optimiser, self.folder, number - 1)
        trainer.average.module.load_state_dict(self._network.state_dict())
        if self.plan.proximal:
            trainer.penalty = ProximalTerm(self._network, self.plan.proximal, self._local)
        trainer.train_epoch()
        self._keep_local(number, best_round)
        keep_moments(trainer.optimiser, self.folder, number)
        losses = {name: value / trainer.summed for name, value in trainer.sums.items()}
        return pack_weights(self._shared()), {**self.join(), "losses": losses}

    def validate(self, number: int, content: object) -> dict[str, Any]:
        """Measure weights on the site's validation side.

        Args:
            number: of the round that they are the result of.
            content: weights that all share, as they came.

        Returns:
            `score`, `slices`, `metrics`.

        Raises:
            UpdateError: what came are not weights of this network.
            RunError: the validation side can judge nothing.
        """
        self._load(content, number)
        trainer = self._trainer
        with trainer.fabric.autocast():
            answers = predict_slices(self._network, self.dataset.slices, trainer.validation,
                                     device=trainer.fabric.device)
        metrics = slice_metrics(answers, self.dataset.slices, trainer.validation, self.project.model)
        return {"score": score(metrics), "slices": len(trainer.validation), "metrics": metrics}

    def finish(self, number: int, content: object) -> dict[str, Any]:
        """Write the result as a run of this site, ready for `evaluate` and `export`, and measure it.

        Args:
            number: of the round whose weights are the result.
            content: these weights, as they came.

        Returns:
            `sides`: metrics of the validation and the test side; `subgroups`: those of parts of the last side that
            there is, parts of fewer than `FEWEST_PATIENTS` left out.

        Raises:
            UpdateError: what came are not weights of this network.
            RunError: the disk is full.
        """
        self._load(content, number)
        save_weights(self.folder / BEST_FILE, self._network)
        project = project_of_rounds(self.project, self.plan)
        table, model = measure_slices(TrainedRun(project, self.folder), self.dataset).table, self.project.model
        sides = [side for side in ("validation", "test") if (table.sides == side).any()]
        parts = [part for part in subgroups(table.on(sides[-1]), model) if part.groups >= FEWEST_PATIENTS]
        return {
            "sides": {side: self._metrics(table.on(side)) for side in sides},
            "subgroups": [{"kind": part.kind, "name": part.name, "slices": part.slices, "groups": part.groups,
                           "metrics": {name: _rounded(estimate.value) for name, estimate in part.metrics.items()}}
                          for part in parts],
        }

    def _metrics(self, table: SliceTable) -> dict[str, float | int | None]:
        weights, model = np.ones((1, len(table))), self.project.model
        every = classification_metrics(table.probabilities, table.labels, model, weights, table.found
                                       ) | segmentation_metrics(table.values, table.labels, model, weights)
        return {"slices": len(table), **{name: _rounded(every[name][0]) for name in SHOWN if name in every}}

    def _load(self, content: object, number: int) -> None:
        """Weights that came, and what is kept here from the newest round up to `number`."""
        tensors = {name: torch.from_numpy(value.copy()) for name, value in
                   check_weights(content, self._shared()).items()}
        kept = self._local_file(number)
        stored = load_file(kept) if kept else {}
        balance = {name.removeprefix(_BALANCE): stored.pop(name) for name in list(stored) if name.startswith(_BALANCE)}
        self._network.load_state_dict(tensors | stored, strict=False)
        if balance:
            self._trainer.training_module.module.balance.load_state_dict(balance)

    def _shared(self) -> dict[str, np.ndarray]:
        return shared_tensors(self._network, self._local)

    def _keep_local(self, number: int, best_round: int) -> None:
        """Keep what stays here: of this round, of the one before, which may be done again, and of the best."""
        own = self._network.state_dict()
        tensors = {name: own[name] for name in self._local} | {
            _BALANCE + name: value for name, value in self._trainer.training_module.module.balance.state_dict().items()}
        if not tensors:
            return
        arrays = {name: value.detach().cpu().contiguous().numpy() for name, value in tensors.items()}
        write_whole(self.folder / _local_name(number), pack_weights(arrays))
        best = self._local_file(best_round)
        for path in self._local_files():
            if path != best and _number(path) not in (number, number - 1):
                path.unlink()

    def _local_files(self) -> list[Path]:
        return sorted(self.folder.glob("local-*.safetensors"))

    def _local_file(self, number: int) -> Path | None:
        """That of round `number`, or of the last one before it in which the site took part."""
        return max((path for path in self._local_files() if _number(path) <= number), default=None)


def shared_tensors(network: torch.nn.Module, local: set[str]) -> dict[str, np.ndarray]:
    """What of a network's weights and buffers all sites share, by name.

    Args:
        network: as it is.
        local: names of what stays at each site.
    """
    return {name: value.detach().cpu().contiguous().numpy() for name, value in network.state_dict().items()
            if name not in local}


def _local_name(number: int) -> str:
    return f"local-{number:04d}.safetensors"


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def _rounded(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(float(value), 5)
