"""What can be measured: a run as it would be exported, or a model folder as it is."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import ClassVar, Protocol

import torch

from UnifiedViTLib.inference.torch_backend import load_network
from UnifiedViTLib.spec import ModelSpec

from ..config import Machine, Model, Project
from ..errors import RunError
from ..exporting.model_folder import stored_network, write_model_folder
from ..peers import PEERS
from .volumes import DEFAULT_RULE

FOLDER, FLIPS_FOLDER = "evaluation", "evaluation-flips"


class Candidate(Protocol):
    """A network that `evaluate` measures.

    Attributes:
        model: what it tells apart and draws.
        machine: what it looks on.
        folder: measurements go into `FOLDER` or `FLIPS_FOLDER` in it.
        used: what the slices of each side were used for, in words.
    """

    model: Model
    machine: Machine
    folder: Path
    used: dict[str, str]

    def load(self) -> tuple[str, str, torch.nn.Module]:
        """SHA-256 of the weights, all else that answers depend on (a text), and the network: float32, evaluation mode,
        on the CPU."""

    def in_use(self, network: torch.nn.Module, temperature: float | None, draft: Path) -> ModelSpec | None:
        """The model as the library's predictor takes it, with that temperature and nothing taken away from what it
        draws; None for what the library cannot use. `draft` is a folder to write it into."""


class TrainedRun:
    """The best weights of a run, rounded to float16 as they will be stored."""

    used: ClassVar = {"validation": "weights and temperature were chosen on them", "test": "not used for any choice"}

    def __init__(self, project: Project, run: Path) -> None:
        self.project, self.folder = project, run
        self.model, self.machine = project.model, project.machine

    def load(self) -> tuple[str, str, torch.nn.Module]:
        """See `Candidate.load`.

        Raises:
            RunError: there are no weights, or they are of another network.
        """
        digest, network = stored_network(self.model, self.folder)
        return digest, "", network

    def in_use(self, network: torch.nn.Module, temperature: float | None, draft: Path) -> ModelSpec | None:
        """See `Candidate.in_use`."""
        model = self.model
        if model.task != "both" or model.diagnosis != "multi-class" or model.architecture in PEERS:
            return None
        return write_model_folder(self.project, network, temperature, DEFAULT_RULE, [], draft)


class ModelFolder:
    """An exported model, or an ensemble of such.

    Args:
        spec: the model.
        work: its measurements go into a folder of its id there.

    Raises:
        RunError: something else has that name.
    """

    used: ClassVar = {"validation": "the temperature was chosen on them", "test": "not used for any choice here"}

    def __init__(self, spec: ModelSpec, work: Path) -> None:
        self.spec, self.folder, self.machine = spec, work / spec.id, Machine()
        others = sorted({file.name for file in self.folder.iterdir()} - {FOLDER, FLIPS_FOLDER}
                        ) if self.folder.is_dir() else []
        if others:
            raise RunError(
                f"{self.folder}, where figures of {spec.id} would go, holds something else ({others[0]}). Name another "
                "--work folder, with the same dataset, or give the model another id."
            )
        self.model = Model(
            id=spec.id, version=spec.version, name=spec.name, description=spec.description, licence=spec.licence,
            input={"size": spec.size, "modality": spec.modality, "expects": spec.expects,
                   "channels": [asdict(channel) for channel in spec.channels]},
            segments=[asdict(segment) for segment in spec.segments], classes=[asdict(c) for c in spec.classes],
            training=[asdict(data) for data in spec.training], architecture=spec.architecture,
            arguments=spec.arguments,
        )

    def load(self) -> tuple[str, str, torch.nn.Module]:
        """See `Candidate.load`.

        Raises:
            WeightsError, ModelSpecError: as `load_network`.
        """
        spec = self.spec
        settings = [spec.architecture, spec.arguments, spec.size, [asdict(member) for member in spec.members]]
        return spec.sha256, json.dumps(settings, sort_keys=True), load_network(spec)

    def in_use(self, network: torch.nn.Module, temperature: float | None, draft: Path) -> ModelSpec | None:
        """See `Candidate.in_use`."""
        return replace(self.spec, temperature=temperature, volume_rule=DEFAULT_RULE)
