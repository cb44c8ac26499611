"""A model repository: models' folders and an `index.json` that names them, to be put on any web server or share."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from UnifiedViTLib.leftovers import abandoned, own_name
from UnifiedViTLib.locking import file_lock
from UnifiedViTLib.outputs.writing import sha256_of, to_disk, write_atomically
from UnifiedViTLib.service.store.catalogue import check_contents, files_of, verify_files
from UnifiedViTLib.service.store.offers import CATALOGUE_FORMAT, RemoteModel
from UnifiedViTLib.service.store.repository_index import (
    INDEX_FILE,
    LARGEST_INDEX,
    SIGNATURE,
    as_place,
    fetch_index,
    read_index,
    signed_bytes,
)
from UnifiedViTLib.spec import FORMAT, SPEC_FILE, ModelSpec

from ..errors import TrainingError
from .signing import signing_key

CARD = "README.md"
LOCK = ".publish.lock"
#: Models that are being copied are called so (`own_name`).
_PART = ".publishing-"


def publish(specs: Sequence[ModelSpec], folder: Path, key: Path | None = None, address: str = "",
            waiting: Callable[[], None] = lambda: None) -> list[str]:
    """Add models to a repository, which is made if need be. What is published once never changes.

    The files are in place before the index names them, and the index is replaced by one rename: a reader finds the old
    one or the new one. Others who publish at the same time wait.

    Args:
        specs: the models.
        folder: of the repository.
        key: PEM file with the private key (Ed25519) that signs the index; made if it is not there and the repository is
            not signed yet.
        address: where the web server will have the repository; with it, the index names the files' addresses, and can
            be used as a catalogue too.
        waiting: called ten times a second while somebody else publishes there; may raise to give up.

    Returns:
        What was done, a sentence for each model.

    Raises:
        TrainingError: a version was published before with other files, or the key is not the repository's.
        UnifiedViTError: a model is damaged, or the repository cannot be read or written to.
    """
    place = str(as_place(address)) if address else ""
    for spec in specs:
        verify_files(spec)
        check_contents(spec)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file_lock(folder / LOCK, waiting):
            return _publish(specs, folder.absolute(), key, place)
    except OSError as error:
        raise TrainingError(f"The repository {folder} cannot be changed ({error.strerror or error}). Make it writable, "
                            "or free some space.") from error


def _publish(specs: Sequence[ModelSpec], folder: Path, key: Path | None, place: str) -> list[str]:
    index, published = _read(folder)
    private = signing_key(key, index, folder)
    for left in abandoned(folder, _PART):
        shutil.rmtree(left, ignore_errors=True)
    sums = {(model.id, model.version): model.sums for model in published}
    done, entries = [], []
    for spec in specs:
        entry = _entry(spec, place)
        own = {file["name"]: file["sha256"] for file in entry["files"]}
        before = sums.setdefault((spec.id, spec.version), own)
        if before != own:
            raise TrainingError(f"{spec.id} {spec.version} is published in {folder} already, with other files. A "
                                "version never changes: export the model with a higher version, and publish that one.")
        if any((model.id, model.version) == (spec.id, spec.version) for model in published):
            done.append(f"{spec.id} {spec.version} was published before and is as it was.")
        elif entry not in entries:
            entries.append(entry)
            done.append(f"{spec.id} {spec.version} is published.")
    for entry in entries:
        spec = next(spec for spec in specs if (spec.id, spec.version) == (entry["id"], entry["version"]))
        _copy(spec, entry, folder)
    if entries or (private and SIGNATURE not in index):
        _write(folder, index, entries, private)
    return done


def _read(folder: Path) -> tuple[dict[str, Any], list[RemoteModel]]:
    """The index of a repository and its models, whose files have to be there; of an empty folder an empty one."""
    if not (folder / INDEX_FILE).exists():
        return {"format": CATALOGUE_FORMAT, "serial": 0, "models": []}, []
    index, models = read_index(fetch_index(folder, lambda: None), folder)
    for model in models:
        for file in model.files:
            if file.path is None or not file.path.is_file() or file.path.stat().st_size != file.bytes:
                raise TrainingError(f"{file.path} is missing or has another size, though the index names it. Put the "
                                    "repository's files back, from a backup or from its web server.")
    return index, models


def _entry(spec: ModelSpec, place: str) -> dict[str, Any]:
    """A version of a model as the index tells of it."""
    names = [SPEC_FILE, *(name for name, _ in files_of(spec)), *([CARD] if (spec.folder / CARD).is_file() else [])]
    files = [{"name": name, "bytes": (spec.folder / name).stat().st_size, "sha256": sha256_of(spec.folder / name)}
             for name in names]
    if place:
        files = [file | {"mirrors": [f"{place}{spec.id}/{spec.version}/{file['name']}"]} for file in files]
    return {
        "id": spec.id, "version": spec.version, "name": spec.name, "description": spec.description,
        "licence": spec.licence,
        "requirements": {"format": FORMAT, "torch": True, "openvino": spec.graph is not None},
        "results": [{"dataset": result.dataset, "metrics": result.metrics} for result in spec.results],
        "files": files,
    }


def _copy(spec: ModelSpec, entry: dict[str, Any], folder: Path) -> None:
    """Put a model's files where the index will name them, by one rename."""
    target = folder / spec.id / spec.version
    part = folder / own_name(_PART)
    part.mkdir()
    try:
        for file in entry["files"]:
            shutil.copyfile(spec.folder / file["name"], part / file["name"])
            to_disk(part / file["name"])
            if sha256_of(part / file["name"]) != file["sha256"]:
                raise TrainingError(f"{file['name']} of {spec.id} changed while it was copied. Publish it again.")
        target.parent.mkdir(exist_ok=True)
        if target.exists():  # of somebody whose process died before the index named it
            shutil.rmtree(target)
        os.rename(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(folder: Path, index: dict[str, Any], entries: list[dict[str, Any]], private) -> None:
    data = {name: value for name, value in index.items() if name != SIGNATURE} | {
        "serial": index.get("serial", 0) + 1,
        "updated": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "models": [*index["models"], *entries],
    }
    if private:
        data[SIGNATURE] = base64.b64encode(private.sign(signed_bytes(data))).decode("ascii")
    text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    if len(text.encode("utf-8")) > LARGEST_INDEX:
        raise TrainingError(f"The index of {folder} would be too large for its readers. Begin another repository.")
    write_atomically(folder / INDEX_FILE, lambda part: part.write_text(text, encoding="utf-8"))
