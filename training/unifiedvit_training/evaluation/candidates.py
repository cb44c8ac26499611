"""What can be measured: a run as it would be exported, or a model folder as it is."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from UnifiedViTLib.inference.backends.torch_backend import load_network
from UnifiedViTLib.models import UnifiedNetwork
from UnifiedViTLib.spec import DERIVED_ARGUMENTS, ModelSpec, VolumeRule

from ..config import Machine, Model, Project
from ..errors import RunError
from ..peers import PEERS
from ..runs.calibration import Calibration
from ..runs.model_folder import stored_network, write_model_folder
from .volumes import first_rule

FOLDER, TTA_FOLDER = "evaluation", "evaluation-tta"


class Candidate(Protocol):
    """A network that `evaluate` measures.

    Attributes:
        model: what it tells apart and draws.
        machine: what it looks on.
        folder: measurements go into `FOLDER` or `TTA_FOLDER` in it.
        rule: the volume rule where too few volumes are there to choose one.
        calibration: that is to be used; None: one is fitted on the validation side.
        used: what the slices of each side were used for, in words.
    """

    model: Model
    machine: Machine
    folder: Path
    rule: VolumeRule
    calibration: Calibration | None
    used: ClassVar[dict[str, str]]

    def load(self) -> tuple[str, str, UnifiedNetwork]:
        """SHA-256 of the weights, all else that answers depend on (a text), and the network: float32, evaluation mode,
        on the CPU."""
        ...

    def in_use(self, network: UnifiedNetwork, calibration: Calibration | None, draft: Path) -> ModelSpec | None:
        """The model as the library's predictor takes it, with that calibration and nothing taken away from what it
        draws; None for what the library cannot use.

        Args:
            network: with its weights.
            calibration: None where it gives no diagnosis.
            draft: folder to write the model into.
        """
        ...


class TrainedRun:
    """The best weights of a run, rounded as they will be stored.

    Args:
        project: its recipe.
        run: its folder.
        rule: as of `Candidate`; None: `first_rule`.
        calibration: as of `Candidate`.
    """

    used: ClassVar[dict[str, str]] = {
        "validation": "weights and calibration were chosen on them", "test": "not used for any choice",
    }

    def __init__(self, project: Project, run: Path, rule: VolumeRule | None = None,
                 calibration: Calibration | None = None) -> None:
        self.project, self.folder, self.calibration = project, run, calibration
        self.model, self.machine = project.model, project.machine
        self.rule = rule or first_rule(project.model.multi_label)

    def load(self) -> tuple[str, str, UnifiedNetwork]:
        """See `Candidate.load`.

        Raises:
            RunError: there are no weights, or they are of another network.
        """
        digest, network = stored_network(self.model, self.folder)
        return digest, self.model.weights_dtype, network

    def in_use(self, network: UnifiedNetwork, calibration: Calibration | None, draft: Path) -> ModelSpec | None:
        """See `Candidate.in_use`.

        Args:
            network, calibration, draft: as for `Candidate.in_use`.
        """
        model = self.model
        if calibration is None or model.task != "both" or model.architecture in PEERS:
            return None
        return write_model_folder(self.project, network, calibration, first_rule(model.multi_label), [], draft)


class ModelFolder:
    """An exported model, or an ensemble of such.

    Args:
        spec: the model.
        work: its measurements go into a folder of its id there.

    Raises:
        RunError: something else has that name.
    """

    used: ClassVar[dict[str, str]] = {
        "validation": "the calibration was chosen on them", "test": "not used for any choice here",
    }

    def __init__(self, spec: ModelSpec, work: Path) -> None:
        self.spec, self.folder, self.machine = spec, work / spec.id, Machine()
        others = sorted({file.name for file in self.folder.iterdir()} - {FOLDER, TTA_FOLDER}
                        ) if self.folder.is_dir() else []
        if others:
            raise RunError(
                f"{self.folder}, where metrics of {spec.id} would go, holds something else ({others[0]}). Name another "
                "--work-dir folder, with the same dataset, or give the model another id."
            )
        self.model, self.rule = model_of(spec), first_rule(spec.multi_label)
        self.calibration: Calibration | None = None

    def load(self) -> tuple[str, str, UnifiedNetwork]:
        """See `Candidate.load`.

        Raises:
            WeightsError, ModelSpecError: as `load_network`.
        """
        spec = self.spec
        settings = [spec.architecture, spec.arguments, spec.size, [asdict(member) for member in spec.members]]
        return spec.sha256, json.dumps(settings, sort_keys=True), load_network(spec)

    def in_use(self, network: UnifiedNetwork, calibration: Calibration | None, draft: Path) -> ModelSpec | None:
        """See `Candidate.in_use`.

        Args:
            network, calibration, draft: as for `Candidate.in_use`.
        """
        calibrated = {"label_rules" if self.spec.multi_label else "temperature": calibration}
        return replace(self.spec, volume_rule=first_rule(self.spec.multi_label), **calibrated)


def model_of(spec: ModelSpec) -> Model:
    """The section `model` of a project that would give such a model."""
    return Model.model_validate({
        "id": spec.id, "version": spec.version, "name": spec.name, "description": spec.description,
        "licence": spec.licence,
        "input": {"size": spec.size, "modality": spec.modality, "expects": spec.expects, "plane": spec.plane,
                  "channels": [channel.to_dict() for channel in spec.channels]},
        "segments": [segment.to_dict() for segment in spec.segments],
        "training": [data.to_dict() for data in spec.training], "architecture": spec.architecture,
        "arguments": {name: value for name, value in spec.arguments.items() if name not in DERIVED_ARGUMENTS},
        **_diagnosis(spec),
    })


def _diagnosis(spec: ModelSpec) -> dict[str, Any]:
    """What the section `model` says of it."""
    classes = [asdict(c) for c in spec.classes]
    if not spec.multi_label:
        return {"classes": classes}
    classes = [c | {"segment": rule.segment} for c, rule in zip(classes, spec.label_rules, strict=True)]
    return {"classes": classes, "diagnosis": "multi-label", "nothing_found": spec.nothing_found}
