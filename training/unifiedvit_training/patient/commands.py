"""The command `patient`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def patient(
    project: Annotated[Path, typer.Argument(metavar="PROJECT.yaml", help="with model.metadata, and their columns in "
                                                                         "data.sources")],
    work: Annotated[Path, typer.Option("--work-dir", help="folder of the project's results")] = Path("work"),
    run: Annotated[str, typer.Option("--run", help="of the run: its folder in WORK, evaluated")] = "fit",
    change: Annotated[list[str] | None, typer.Option("--set", metavar="SECTION.NAME=VALUE", help="replace a value of "
                                                     "the YAML; may be repeated")] = None,
) -> None:
    """Learn to put the images and the metadata of a patient together into one diagnosis.

    The network stays as it is. A small head learns, in seconds, from what it says of the patients on the validation
    side, and what else is known of them. It is kept only if it is surely better than the mean of the images on patients
    that it had not seen. Writes WORK/<run>/patient; `export` takes it into the model, for `unifiedvit patient`.
    """
    from ..config import load_project
    from ..data.dataset import load_dataset
    from ..runs.project_file import load_run_project
    from .train import train_patient_head

    given = load_run_project(work / run)
    wanted = given.model.model_copy(update={"metadata": load_project(project, change).model.metadata})
    train_patient_head(given.model_copy(update={"model": wanted}), load_dataset(work / "dataset"), work / run)
