"""The models at hand: those that come with UnifiedViT, those in the user's cache, those that can be downloaded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from ...errors import ModelSpecError
from ...integrity import verify_file, verify_graph
from ...resources import resources
from ...spec import SPEC_FILE, ModelSpec, load_spec
from ...tensors import check_tensors
from ...versions import is_newer, version_numbers
from .cache import folder_bytes, stored
from .foreign import check_own
from .offers import RemoteModel, newest_first
from .ownership import Offers

DEFAULT_MODEL = "brain-t1ce"


@dataclass(frozen=True)
class ModelEntry:
    """A line of the list of models.

    Attributes:
        version: of the model at hand; of the catalogue's while it is only available.
        state: "bundled" came with UnifiedViT, "installed" lies in the cache, "update" is at hand and there is a newer
            version, "available" can be downloaded, "refused" can not.
        bytes: on disk; to download for "update", "available" and "refused".
        spec: None while it is not at hand, and for a broken model.
        removable: something of it lies in the cache.
        newer: the version that can be had for "update", else empty.
        problem: what is wrong with a broken model in the cache, or why one is refused, in a sentence; else empty.
        versions: that can be downloaded, the newest first; older ones too.
        repository: address of the repository that has them; "" for the catalogue that comes with UnifiedViT.
        previous: the version that is used again once this one is removed; "" for none.
    """

    id: str
    version: str
    name: str
    description: str
    licence: str
    state: Literal["bundled", "installed", "update", "available", "refused"]
    bytes: int
    spec: ModelSpec | None
    removable: bool = False
    newer: str = ""
    problem: str = ""
    versions: tuple[RemoteModel, ...] = ()
    repository: str = ""
    previous: str = ""


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


def previous_version(model_id: str, version: str) -> str:
    """The newest version at hand, bundled or in the cache, that is older than this one, so that it is used again once
    this one is removed; "" for none."""
    specs = [*bundled_models(), *(spec for _, spec in _stored_specs() if isinstance(spec, ModelSpec))]
    older = [spec.version for spec in specs if spec.id == model_id and is_newer(version, spec.version)]
    return max(older, key=version_numbers, default="")


def list_models(catalogue: Path | None = None) -> list[ModelEntry]:
    """All models, those at hand first. Does not touch the network.

    Args:
        catalogue: another list of downloadable models than `Resources/models.json`.

    Raises:
        WeightsError: the catalogue is malformed.
    """
    offers = all_offers(catalogue)
    bundled = {spec.folder for spec in bundled_models()}
    cached = _stored_specs()
    in_cache = {folder.parent.name for folder, _ in cached}
    entries = []
    for spec in installed_models():
        versions = _of_one_repository([model for model in offers.of(spec.id) if not offers.refusal(model)])
        update = versions[0] if versions and is_newer(versions[0].version, spec.version) else None
        entries.append(ModelEntry(
            spec.id, spec.version, spec.name, spec.description, spec.licence,
            state="update" if update else "bundled" if spec.folder in bundled else "installed",
            bytes=update.bytes if update else folder_bytes(spec.folder),
            spec=spec, removable=spec.id in in_cache, newer=update.version if update else "",
            versions=versions, repository=versions[0].repository if versions else "",
            previous=previous_version(spec.id, spec.version) if spec.id in in_cache else "",
        ))
    for folder, error in cached:
        if not isinstance(error, ModelSpec):
            name = folder.parent.name
            entries.append(ModelEntry(
                name, folder.name, name, "", "", "installed", folder_bytes(folder), None, removable=True,
                problem=f"{error} Remove the model, or download or import it again.",
            ))
    return entries + _not_at_hand(offers, {entry.id for entry in entries if entry.spec})


def all_offers(catalogue: Path | None = None) -> Offers:
    """What can be downloaded; does not touch the network.

    Args:
        catalogue: another list of downloadable models than `Resources/models.json`.

    Raises:
        WeightsError: the catalogue is malformed.
    """
    return Offers.read({spec.id: spec.version for spec in bundled_models()}, catalogue)


def _of_one_repository(models: Sequence[RemoteModel]) -> tuple[RemoteModel, ...]:
    """Of versions of a model those of the repository that has the newest, the newest first."""
    versions = newest_first(models)
    return tuple(model for model in versions if model.repository == versions[0].repository)


def _not_at_hand(offers: Offers, installed: set[str]) -> list[ModelEntry]:
    """A line for each model of each repository that can be downloaded, or is refused."""

    def place(model: RemoteModel) -> tuple[str, str]:
        return model.repository, model.id

    entries = []
    for _, versions in groupby(sorted(offers.models, key=place), place):
        versions = newest_first(list(versions))
        allowed = tuple(model for model in versions if not offers.refusal(model))
        if versions[0].id in installed and (allowed or not versions[0].repository):
            continue
        model = (allowed or versions)[0]
        entries.append(ModelEntry(
            model.id, model.version, model.name, model.description, model.licence,
            "available" if allowed else "refused", model.bytes, None,
            problem="" if allowed else offers.refusal(model), versions=allowed, repository=model.repository,
        ))
    return entries


def find_model(asked: str) -> ModelSpec:
    """The model with this id, or in this folder. A folder that is only called as an installed model is, as results or
    data may be, is not meant.

    Raises:
        ModelSpecError: there is none; says which there are. Or it is another program's; says which. Or a folder here
            holds another model than the installed one of that name.
    """
    path = Path(asked)
    models = {spec.id: spec for spec in installed_models()}
    installed = models.get(asked)
    if path.exists() and (installed is None or (path / SPEC_FILE).exists()):
        check_own(path)
        found = load_spec(path)
        if installed and (found.id, found.version, found.sha256) != (asked, installed.version, installed.sha256):
            raise ModelSpecError(f"{asked!r} is an installed model, {installed.version}, and a folder here that holds "
                                 f"another one ({found.id} {found.version}). Write {os.path.join('.', asked)} for the "
                                 f"folder, or {installed.folder} for the installed one.")
        return found
    if installed:
        return installed
    for folder, error in _stored_specs():
        if folder.parent.name == asked:
            raise ModelSpecError(f"The model {asked!r} is broken. {error}")
    if all_offers().of(asked):
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
    others = [(part.file, part.sha256) for part in (spec.ood, spec.graph, spec.patient) if part]
    return [(spec.weights_file, spec.sha256), *others]


def verify_files(spec: ModelSpec) -> None:
    """Compare the SHA-256 of the weights, the out-of-distribution statistics, the graph and the patient head with those
    in the description.

    Raises:
        WeightsError: a file is missing or another one.
    """
    for name, sha256 in files_of(spec):
        verify_file(spec.folder, spec.name, name, sha256)


def check_contents(spec: ModelSpec) -> None:
    """See that the files of a model, whose sums have been compared, hold what they should, before any library reads
    them.

    Raises:
        WeightsError: the weights, the statistics or the patient head are no safetensors files, or the graph is of
            another network or does more than to compute.
    """
    check_tensors(spec.weights)
    for part in (spec.ood, spec.patient):
        if part:
            check_tensors(spec.folder / part.file)
    if spec.graph:
        verify_graph(spec)
