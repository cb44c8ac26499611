"""Trained networks that are measured on the same pictures, whatever size each looks at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import interpolate

from UnifiedViTLib.inference.backends.torch_backend import choose_device
from UnifiedViTLib.inference.ood.statistics import OODStatistics, load_ood_statistics
from UnifiedViTLib.models import UnifiedOutput
from UnifiedViTLib.service.store.catalogue import find_model
from UnifiedViTLib.spec import MISSING

from ...config import Model
from ...errors import RunError
from ...runs.checkpoints import BEST_FILE
from ...runs.project_file import load_run_project
from ..calibrate import fit_temperature
from ..candidates import FOLDER, Candidate, ModelFolder, TrainedRun
from ..evaluate import TABLE_FILE
from ..slice_table import load_table


@dataclass(frozen=True)
class EvaluatedModel:
    """A network with all that its answers need.

    Attributes:
        name: of the run's folder or the model.
        model: what it tells apart and draws.
        made_of: a text that changes with the answers: SHA-256 of the weights, and settings.
        network: float32, evaluation mode.
        temperature: of its calibration.
        ood: statistics of its training images; None for runs, and models without them.
        run: its folder; None for models.
    """

    name: str
    model: Model
    made_of: str
    network: torch.nn.Module
    temperature: float
    ood: OODStatistics | None
    run: Path | None = None

    @torch.inference_mode()
    def predict(self, images: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
        """Look at prepared slices of any size: they are resampled to the network's, its mask logits back.

        Args:
            images: (N, C, H, W) float32.

        Returns:
            class logits (N, C), drawn (N, H, W) uint8 mask class, and whether a slice lies beyond the
            out-of-distribution threshold, (N,) bool; None for what it does not give. Where a channel is missing nothing
            is known of the last.
        """
        device = next(self.network.parameters()).device
        seen = _resized(torch.from_numpy(images).to(device), self.model.input.size)
        output: UnifiedOutput = self.network(seen.contiguous(memory_format=torch.channels_last))
        drawn = None
        if output.mask_logits is not None:
            drawn = _resized(output.mask_logits.float(), images.shape[-1]).argmax(dim=1).to(torch.uint8).cpu().numpy()
        logits = None if output.class_logits is None else output.class_logits.float().cpu().numpy()
        flagged = None
        if self.ood and (images > MISSING / 2).all():
            features = self.ood.features(output.embedding.float().cpu().numpy(), seen.cpu().numpy())
            flagged = self.ood.score(features)[0] > self.ood.threshold
        return logits, drawn, flagged


def find_evaluated_model(asked: str, work: Path) -> EvaluatedModel:
    """The run of that name in `work`, the run in that folder, or else the model of that id or in that folder.

    Raises:
        RunError: the run has not been evaluated, or gives no diagnosis that can be one of several.
        WeightsError, ModelSpecError: there is no such model, or its files are damaged.
    """
    run = next((place for place in (work / asked, Path(asked)) if (place / BEST_FILE).exists()), None)
    ood = None
    if run:
        candidate: Candidate = TrainedRun(load_run_project(run), run)
        name = run.resolve().name
    else:
        spec = find_model(asked)
        candidate, ood = ModelFolder(spec, work), load_ood_statistics(spec)
        name = spec.id
    if candidate.model.multi_label:
        raise RunError(f"{name} gives several diagnoses an image, which cannot be measured here yet.")
    temperature = _temperature(run) if run else spec.temperature
    if candidate.machine.threads:
        torch.set_num_threads(candidate.machine.threads)
    digest, settings, network = candidate.load()
    device = choose_device("cpu" if candidate.machine.accelerator == "cpu" else "auto")
    return EvaluatedModel(name, candidate.model, digest + settings, network.to(device), temperature, ood, run)


def _temperature(run: Path) -> float:
    """The one under which the validation slices that it was measured on are likeliest; 1 without a diagnosis."""
    table = load_table(run / FOLDER / TABLE_FILE).on("validation")
    return 1.0 if table.raw is None else fit_temperature(np.log(np.maximum(table.raw, 1e-12)), table.labels)


def _resized(maps: torch.Tensor, size: int) -> torch.Tensor:
    """Maps (B, c, H, W) to this size; shrinking averages."""
    if maps.shape[-1] == size:
        return maps
    return interpolate(maps, (size, size), mode="bilinear", antialias=maps.shape[-1] > size)
