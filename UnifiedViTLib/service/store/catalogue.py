"""The models at hand: those that come with UnifiedViT, those in the user's cache, those that can be downloaded."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...errors import ModelSpecError, WeightsError
from ...integrity import verify_file, verify_graph
from ...resources import resources
from ...spec import SPEC_FILE, ModelSpec, load_spec
from ...tensors import check_tensors
from ...texts import is_plain, is_portable_name
from .cache import folder_bytes, stored
from .foreign import check_own
from .transfer import RemoteFile, may_be_asked

DEFAULT_MODEL = "brain-t1ce"
CATALOGUE_FORMAT = 1


@dataclass(frozen=True)
class RemoteModel:
    """A model that can be downloaded, as the catalogue (`Resources/models.json`) tells of it."""

    id: str
    version: str
    name: str
    description: str
    licence: str
    files: tuple[RemoteFile, ...]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


@dataclass(frozen=True)
class ModelEntry:
    """A line of the list of models.

    Attributes:
        version: of the model at hand; of the catalogue's while it is only available.
        state: "bundled" came with UnifiedViT, "installed" lies in the cache, "update" is at hand and the catalogue has
            a newer version, "available" can be downloaded.
        bytes: on disk; to download for "update" and "available".
        spec: None while only available, and for a broken model.
        removable: something of it lies in the cache.
        newer: the catalogue's version for "update", else empty.
        problem: what is wrong with a broken model in the cache, in a sentence; else empty.
    """

    id: str
    version: str
    name: str
    description: str
    licence: str
    state: Literal["bundled", "installed", "update", "available"]
    bytes: int
    spec: ModelSpec | None
    removable: bool = False
    newer: str = ""
    problem: str = ""


def bundled_models() -> list[ModelSpec]:
    """Descriptions of the models that come with UnifiedViT, by id."""
    return [load_spec(file.parent) for file in sorted((resources() / "Models").glob(f"*/{SPEC_FILE}"))]


def installed_models() -> list[ModelSpec]:
    """Descriptions of the models at hand, bundled ones first, then by id; of each the newest version.

    A model in the cache wins over a bundled one of the same id only if it is newer. Broken ones are left out.
    """
    found = {spec.id: spec for spec in bundled_models()}
    for _, spec in _stored_specs():
        if isinstance(spec, ModelSpec) and (spec.id not in found or is_newer(spec.version, found[spec.id].version)):
            found[spec.id] = spec
    return list(found.values())


def list_models(catalogue: Path | None = None) -> list[ModelEntry]:
    """All models, those at hand first. Does not touch the network.

    Args:
        catalogue: another list of downloadable models than `Resources/models.json`.

    Raises:
        WeightsError: the catalogue is malformed.
    """
    remote = {model.id: model for model in read_catalogue(catalogue)}
    bundled = {spec.folder for spec in bundled_models()}
    cached = _stored_specs()
    in_cache = {folder.parent.name for folder, _ in cached}
    entries = []
    for spec in installed_models():
        offered = remote.pop(spec.id, None)
        update = offered if offered and is_newer(offered.version, spec.version) else None
        entries.append(ModelEntry(
            spec.id, spec.version, spec.name, spec.description, spec.licence,
            state="update" if update else "bundled" if spec.folder in bundled else "installed",
            bytes=update.bytes if update else folder_bytes(spec.folder),
            spec=spec, removable=spec.id in in_cache, newer=update.version if update else "",
        ))
    for folder, error in cached:
        if not isinstance(error, ModelSpec):
            name = folder.parent.name
            entries.append(ModelEntry(
                name, folder.name, name, "", "", "installed", folder_bytes(folder), None, removable=True,
                problem=f"{error} Remove the model, or download or import it again.",
            ))
    entries += [
        ModelEntry(m.id, m.version, m.name, m.description, m.licence, "available", m.bytes, None)
        for m in remote.values()
    ]
    return entries


def find_model(asked: str) -> ModelSpec:
    """The model with this id, or in this folder.

    Raises:
        ModelSpecError: there is none; says which there are. Or it is another program's; says which.
    """
    path = Path(asked)
    if path.exists():
        check_own(path)
        return load_spec(path)
    models = {spec.id: spec for spec in installed_models()}
    if asked in models:
        return models[asked]
    for folder, error in _stored_specs():
        if folder.parent.name == asked:
            raise ModelSpecError(f"The model {asked!r} is broken. {error}")
    if asked in {model.id for model in read_catalogue()}:
        raise ModelSpecError(f"The model {asked!r} is not here yet: unifiedvit models download {asked}.")
    raise ModelSpecError(
        f"There is no model {asked!r}. Installed: {', '.join(models) or 'none'}; or give a model's folder."
    )


def find_models(asked: Sequence[str]) -> list[ModelSpec]:
    """The models with these ids, or in these folders, each once; the default one where none is asked for.

    Raises:
        ModelSpecError: there is none, or two of them have the same id, so that their results could not be told apart.
    """
    specs = {spec.folder.resolve(): spec for spec in map(find_model, asked or [DEFAULT_MODEL])}
    ids = [spec.id for spec in specs.values()]
    if twice := next((model_id for model_id in ids if ids.count(model_id) > 1), None):
        raise ModelSpecError(f"Two of the models are called {twice}, so that their results could not be told apart. "
                             "Run them one after the other, into folders of their own.")
    return list(specs.values())


def is_newer(version: str, than: str) -> bool:
    """Whether a version "1.10.0" is above another."""
    first, second = ([int(part) for part in text.split(".")] for text in (version, than))
    return first > second


def _stored_specs() -> list[tuple[Path, ModelSpec | ModelSpecError]]:
    """The cache's folders, each with its model, or with what is wrong with it; the newest version of an id last."""
    found = []
    for folder in stored():
        try:
            spec = load_spec(folder)
            if (spec.id, spec.version) != (folder.parent.name, folder.name):
                raise ModelSpecError(f"{folder} holds {spec.id} {spec.version}, which does not belong there.")
            if missing := next((name for name, _ in files_of(spec) if not (folder / name).is_file()), None):
                raise ModelSpecError(f"{folder / missing} is missing.")
            found.append((folder, spec))
        except ModelSpecError as error:
            found.append((folder, error))
    return found


def files_of(spec: ModelSpec) -> list[tuple[str, str]]:
    """Name and SHA-256 of the files that a model needs beside its description."""
    others = [(part.file, part.sha256) for part in (spec.ood, spec.graph) if part]
    return [(spec.weights_file, spec.sha256), *others]


def verify_files(spec: ModelSpec) -> None:
    """Compare the SHA-256 of the weights, the out-of-distribution statistics and the graph with those in the
    description.

    Raises:
        WeightsError: a file is missing or another one.
    """
    for name, sha256 in files_of(spec):
        verify_file(spec.folder, spec.name, name, sha256)


def check_contents(spec: ModelSpec) -> None:
    """See that the files of a model, whose sums have been compared, hold what they should, before any library reads
    them.

    Raises:
        WeightsError: the weights or the statistics are no safetensors files, or the graph is of another network or
            does more than to compute.
    """
    check_tensors(spec.weights)
    if spec.ood:
        check_tensors(spec.folder / spec.ood.file)
    if spec.graph:
        verify_graph(spec)


_TEXT = re.compile(r".{1,4000}")
_MODEL_FIELDS = {
    "id": re.compile(r"[a-z0-9][a-z0-9._-]{0,63}"), "version": re.compile(r"\d+\.\d+\.\d+"),
    "name": _TEXT, "description": _TEXT, "licence": _TEXT,
}
_FILE_FIELDS = {"name": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"), "sha256": re.compile(r"[0-9a-f]{64}")}


def read_catalogue(path: Path | None = None) -> list[RemoteModel]:
    """The models that can be downloaded; `Resources/models.schema.json` describes the file.

    Args:
        path: of another catalogue than `Resources/models.json`.

    Raises:
        WeightsError: it cannot be read, or names the field that is wrong.
    """
    path = path or resources() / "models.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"The catalogue of models {path} cannot be read ({error}).") from error
    try:
        if data["format"] != CATALOGUE_FORMAT:
            raise _Malformed(f"format: {data['format']} is of another version of UnifiedViT; update it")
        models = [_remote_model(item) for item in data["models"]]
        if len({model.id for model in models}) != len(models):
            raise _Malformed("two models have the same id")
    except (_Malformed, KeyError, TypeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise WeightsError(f"The catalogue of models {path} is malformed: {reason}.") from error
    return models


class _Malformed(Exception):
    """Names the field of the catalogue that is wrong."""


def _remote_model(item: Any) -> RemoteModel:
    files = tuple(_remote_file(file) for file in item["files"])
    names = [file.name for file in files]
    if SPEC_FILE not in names or len({name.lower() for name in names}) != len(names):
        raise _Malformed(f"files: {SPEC_FILE} and the weights are needed, each once")
    return RemoteModel(**_texts(item, _MODEL_FIELDS), files=files)


def _remote_file(item: Any) -> RemoteFile:
    size, mirrors = item["bytes"], item["mirrors"]
    if type(size) is not int or size < 1:
        raise _Malformed("bytes: a whole number above 0 is needed")
    if not (isinstance(mirrors, list) and mirrors and all(isinstance(m, str) and may_be_asked(m) for m in mirrors)):
        raise _Malformed("mirrors: a list of https addresses is needed")
    return RemoteFile(**_texts(item, _FILE_FIELDS), bytes=size, mirrors=tuple(mirrors))


def _texts(item: Any, fields: dict[str, re.Pattern]) -> dict[str, str]:
    for name, pattern in fields.items():
        value = item[name]
        usable = isinstance(value, str) and is_plain(value) and (pattern is _TEXT or is_portable_name(value))
        if not usable or not pattern.fullmatch(value):
            raise _Malformed(f"{name}: {str(item[name])[:60]!r} is not of the form {pattern.pattern}")
    return {name: item[name] for name in fields}
