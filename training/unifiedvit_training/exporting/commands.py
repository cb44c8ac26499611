"""The command `publish`: models into a repository that others add to their UnifiedViT."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from UnifiedViTLib.service.store.catalogue import find_model
from UnifiedViTLib.texts import printable

from .publish import publish as add_to_repository
from .signing import public_key, read_key

app = typer.Typer()


@app.command()
def publish(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="folder or id of a model, an ensemble too")],
    repository: Annotated[Path, typer.Option(metavar="FOLDER", help="folder of the repository; made if it is not "
                                                                    "there")],
    key: Annotated[Path | None, typer.Option(metavar="FILE.pem", help="private key that signs the repository "
                                                                      "(Ed25519); made if it is not there")] = None,
    address: Annotated[str, typer.Option(metavar="URL", help="where the web server will have the repository: its index "
                                                             "then serves as a catalogue, too")] = "",
) -> None:
    """Add models to a repository: a folder for any web server, share or object store.

    Readers add it with `unifiedvit models repositories add`, or in Slicer's panel, and are told of new versions when
    they ask. A version once published never changes, and stays; the index is replaced when the files are there. Copy
    `index.json` last where the folder is copied to a server.
    """
    specs = [find_model(asked) for asked in models]
    for sentence in add_to_repository(specs, repository, key, address):
        print(printable(sentence))
    added = f"unifiedvit models repositories add {address or repository.absolute()}"
    print(printable(f"Add it with: {added}" + (f" --key {public_key(read_key(key))}" if key else "")))
