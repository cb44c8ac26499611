"""What a federation does in its rounds, and what its sites must have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

import UnifiedViTLib

from ..config import Project
from ..config.section import Section
from ..errors import ConfigError, DataError

#: What `keep_local` may name.
NORMALISATION = "normalisation"


class FederationPlan(Section):
    """How the sites of a federation learn together.

    Attributes:
        method: "fedavg": weights averaged by sample counts (McMahan et al. 2017); "fedprox": besides, a step is held
            near the weights that its round began with (Li et al. 2020).
        mu: how strongly; of "fedprox" alone.
        keep_local: "normalisation": norms, running statistics included, stay at their site (FedBN, Li et al. 2021).
        rounds: how many.
        steps: of the optimiser at each site in a round.
        validate_every: rounds between two measurements on the sites' validation sides.
        patience: measurements without a better score before the rounds end; None: never.
        wait_minutes: for sites that send nothing, before the round goes on without them.
    """

    method: Literal["fedavg", "fedprox"] = "fedavg"
    mu: float = Field(default=0.01, gt=0)
    keep_local: Literal["normalisation"] | None = None
    rounds: int = Field(ge=1)
    steps: int = Field(ge=1)
    validate_every: int = Field(default=1, ge=1)
    patience: int | None = Field(default=None, ge=1)
    wait_minutes: float = Field(default=60.0, gt=0)

    @property
    def proximal(self) -> float:
        """The weight of the proximal term; 0: there is none."""
        return self.mu if self.method == "fedprox" else 0.0

    def recipe(self) -> dict[str, Any]:
        """What may not change when a federation goes on, by name."""
        return {f"federation.{name}": value for name, value in self.model_dump(
            exclude={"wait_minutes", *([] if self.method == "fedprox" else ["mu"])}).items()}


def project_of_rounds(project: Project, plan: FederationPlan) -> Project:
    """`project` with a round in place of an epoch: its stages share the rounds as they shared the epochs.

    Raises:
        ConfigError: the project wants several devices, which a round at a site does not have.
    """
    if project.machine.devices > 1 or project.machine.num_nodes > 1:
        raise ConfigError("machine: a site of a federation trains on one device. Set devices and num_nodes to 1.")
    stages, epochs = project.fit.stages, sum(stage.epochs for stage in project.fit.stages)
    ends = [round(plan.rounds * sum(stage.epochs for stage in stages[:n + 1]) / epochs) for n in range(len(stages))]
    shares = [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
    shared = [stage.model_copy(update={"epochs": rounds})
              for stage, rounds in zip(stages, shares, strict=True) if rounds]
    return project.model_copy(update={"fit": project.fit.model_copy(update={"stages": shared})})


def meaning_of(model: Mapping[str, Any]) -> dict[str, Any]:
    """What images and answers mean: the fingerprint that all sites must share, whatever their images.

    Args:
        model: the section `model` of a project, or what a prepared dataset says of the one that it was made for, as
            JSON.
    """
    card = model.get("input", {})
    return {
        "version of UnifiedViT": UnifiedViTLib.__version__,
        "size of the input": card.get("size"),
        "modality": card.get("modality"),
        "channels": [channel["name"] for channel in card.get("channels", [])],
        "segments": [segment["name"] for segment in model.get("segments", [])],
        "classes": [[one["name"], one.get("lesion", True), one.get("segment")] for one in model.get("classes", [])],
        "one diagnosis or several": model.get("diagnosis", "multi-class"),
    }


def check_meaning(site: str, own: Mapping[str, Any], common: Mapping[str, Any]) -> None:
    """Raise a `DataError` that names what a site's dataset means otherwise than the federation's project does.

    Args:
        site: its name.
        own: of its dataset, from `meaning_of`.
        common: of the federation's project.
    """
    differing = sorted(name for name in own.keys() | common.keys() if own.get(name) != common.get(name))
    if differing:
        said = "; ".join(f"{name}: {own.get(name)} instead of {common.get(name)}" for name in differing)
        raise DataError(
            f"The dataset of {site} means something else than the federation's project ({said}). Prepare it with the "
            "project that all sites share, and the same version of this program."
        )
