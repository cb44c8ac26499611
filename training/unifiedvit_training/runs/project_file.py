"""The project that a run was begun with, kept in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..config import Project
from ..errors import RunError
from ..storage import write_whole
from .recipe import check_same_recipe

PROJECT_FILE = "project.json"
#: The averaged weights of the best measurement.
BEST_FILE = "best.safetensors"


def load_run_project(run: Path) -> Project:
    """The recipe that a run was made with.

    Raises:
        RunError: there is no run in that folder.
    """
    try:
        return Project.model_validate_json((run / PROJECT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{run} holds no run ({error}). Run `unifiedvit-train fit` first.") from error


def check_run_recipe(project: Project, run: Path) -> None:
    """Raise a RunError if the run in that folder was begun with another recipe."""
    check_same_recipe(run, _recipe(load_run_project(run)), _recipe(project))


def begin_or_resume(project: Project, run: Path) -> None:
    """Refuse to go on with a run that was begun with another recipe; else write the recipe down."""
    if (run / PROJECT_FILE).exists():
        check_run_recipe(project, run)
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{run} cannot be written: {error}") from error
    write_whole(run / PROJECT_FILE, project.model_dump_json(indent=1))


def _recipe(project: Project) -> dict[str, Any]:
    """What may not change when a run goes on, by name."""
    network = project.model.model_dump(mode="json", include={"architecture", "arguments", "task", "diagnosis", "input"})
    learning = project.fit.model_dump(mode="json", exclude={"save_minutes", "micro_batch"})
    if project.fit.initial.weights:  # which file counts, and not in which folder of which machine it lies
        learning["initial"]["weights"] = project.fit.initial.weights.name
    # What each output means: in another order, the same weights would say something else.
    network["classes"] = [[card.name, card.lesion] for card in project.model.classes]
    network["segments"] = [card.name for card in project.model.segments]
    return {"seed": project.seed, **{f"model.{k}": v for k, v in network.items()},
            **{f"fit.{k}": v for k, v in learning.items()}}
