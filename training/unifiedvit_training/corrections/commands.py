"""The commands `add`, `added` and `remove`: corrected results into a dataset that `prepare` reads as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from UnifiedViTLib.outputs.dataset.cases import Case
from UnifiedViTLib.outputs.dataset.drift import drift, drift_table
from UnifiedViTLib.outputs.dataset.folder import CorrectionDataset
from UnifiedViTLib.outputs.dataset.reading import read_correction
from UnifiedViTLib.texts import printable

app = typer.Typer()

Dataset = Annotated[Path, typer.Argument(metavar="DATASET", help="folder of the dataset")]


@app.command()
def add(
    dataset: Dataset,
    result: Annotated[Path, typer.Option(metavar="NAME.json", help="result of `unifiedvit predict`, its image and "
                                                                   "segmentation where they were")],
    reviewer: Annotated[str, typer.Option(help="who corrected it: a name, initials or a number of your choice")],
    mask: Annotated[Path | None, typer.Option(help="corrected segmentation: .seg.nrrd with the model's names, or a "
                                                   "label map with their numbers (default: that of the result)")
                    ] = None,
    label: Annotated[str | None, typer.Option(help="changed diagnosis: a class, or several separated by semicolons; "
                                                   "'' if it is not known (default: the model's is confirmed)")] = None,
    patient: Annotated[str, typer.Option(help="any text that tells patients apart; only a pseudonym is kept (default: "
                                              "the DICOM PatientID, else the folder of the image)")] = "",
) -> None:
    """Add a corrected result to DATASET, which `prepare` reads as it is.

    Image and mask are written under a pseudonym, without anything else of their files. A case of the same image is
    replaced. The folder is made if it is not there.
    """
    correction = read_correction(result, mask, label, reviewer, patient)
    print(printable(CorrectionDataset(dataset).add(correction).sentence))


@app.command()
def added(
    dataset: Dataset,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png", help="draw Dice and overturned diagnoses over time")
                    ] = None,
) -> None:
    """List the cases of DATASET, how far each version of a model was off, and the source for a project's YAML."""
    folder = CorrectionDataset(dataset)
    cases = folder.cases()
    lines = [*map(_line, cases), "", drift_table(drift(cases)), "", "For data.sources of a project:",
             f"  - {json.dumps(folder.source())}"]
    print(printable("\n".join(lines)))
    if plot:
        from .plot import write_drift_plot

        write_drift_plot(cases, plot)
        print(f"Plot: {plot}")


@app.command()
def remove(dataset: Dataset, case: Annotated[str, typer.Argument(metavar="CASE", help="as `added` lists it")]) -> None:
    """Take a case out of DATASET, and its files off the disk."""
    print(f"Removed {CorrectionDataset(dataset).remove(case).name}.")


def _line(case: Case) -> str:
    dice = "-" if case.dice is None else f"{case.dice:.2f}"
    changed = f" (was {case.proposed_label})" if case.overturned else ""
    return (f"{case.name}  {case.added[:10]}  {case.model} {case.model_version}  Dice {dice}  "
            f"{case.label or 'diagnosis not known'}{changed}  {case.group}  by {case.reviewer}")
