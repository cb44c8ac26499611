"""The command `adapt`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def adapt(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="id or folder of the model to begin from; it stays as "
                                                               "it is")],
    data: Annotated[Path, typer.Option(metavar="DATASET", help="folder of the site's cases, as `add` makes it, or with "
                                                               "images/, masks/ and labels.csv")],
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="of the new model")],
    work: Annotated[Path, typer.Option("--work-dir", help="folder of the run, its reports, and what a stopped one goes "
                                                          "on from")] = Path("work"),
    reference: Annotated[Path | None, typer.Option(metavar="DATASET", help="cases on which the new model may not be "
                                                   "worse than the old one")] = None,
    site: Annotated[str, typer.Option(metavar="NAME", help="what the id of the new model ends with")] = "site",
    change: Annotated[list[str] | None, typer.Option("--set", metavar="SECTION.NAME=VALUE", help="replace a value of "
                                                     "the recipe, for example fit.patience=5; may be repeated")] = None,
) -> None:
    """Let an installed model go on learning from a site's own cases; the result is written only if it is better.

    Decoder, classifier and norms learn. A fifth of the patients says when to stop, another fifth judges: a model that
    is not better on them, or of which something fell by more than 0.01, is not written. A column `side` in the table
    (train, validation, test) fixes who is who. Calibration, out-of-distribution statistics and volume rule are fitted
    again.
    """
    from UnifiedViTLib.service.store.catalogue import find_model

    from .adapt import adapt as learn

    learn(find_model(model), data, output, work, reference, change, site)
