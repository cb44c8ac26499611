"""The command `suggest`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL

app = typer.Typer()


@app.command()
def suggest(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="of images that nobody has labelled; folders in it "
                                                                  "too")],
    budget: Annotated[int, typer.Option(min=1, metavar="N", help="so many images can be labelled")],
    model: Annotated[str, typer.Option(metavar="MODEL", help="id or folder of the model that is to learn from them")
                     ] = DEFAULT_MODEL,
    dataset: Annotated[Path | None, typer.Option(metavar="DATASET", help="folder that `add` fills: its images are "
                                                 "left out, and what is like them comes later")] = None,
    work: Annotated[Path, typer.Option("--work-dir", help="folder of suggestions.csv, and of what a stopped run "
                                                          "goes on from")] = Path("work"),
) -> None:
    """Rank the images of a folder by what is worth labelling next, with the reasons of each.

    Those come first of which the model is least sure (diagnosis, outline), which look least like its training images,
    and which lie apart from what is labelled or suggested already. Images of one patient follow each other. An image
    that cannot be read, or that ends the process which reads it, is left out with a sentence.
    """
    from UnifiedViTLib.service.store.catalogue import find_model
    from UnifiedViTLib.texts import printable

    from .suggest import LEFT_OUT, SUGGESTED
    from .suggest import suggest as choose

    suggestions = choose(find_model(model), folder, budget, work, dataset)
    chosen, left_out = suggestions.on(SUGGESTED), suggestions.on(LEFT_OUT)
    lines = [f"{row['rank']:>3}  {os.path.relpath(row['image'], folder)}  (patient {row['patient']}): {row['reasons']}"
             for row in chosen]
    ranked = len(suggestions.rows) - len(left_out)
    lines += [f"{len(chosen)} of {ranked} images; {len(left_out)} left out. Table: {suggestions.file}"]
    print(printable("\n".join(lines)))
