"""The model repositories that the user has added, each with the last index that was seen of it, so that its models are
listed without a network. They are asked only when the user wants it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import Cancelled, UnifiedViTError, WeightsError
from ...outputs.writing import write_atomically
from .cache import REPOSITORIES, cache_folder, disk_errors, known_repositories, locked
from .offers import RemoteModel, newest_first, read_models
from .repository_index import as_place, check_follows, fetch_index, public_key_bytes, read_index
from .transfer import PATIENT, Timeouts

ProgressCallback = Callable[[str, float], None]


@dataclass(frozen=True)
class Repository:
    """A model repository that was added.

    Attributes:
        address: where it is: an address that ends with a slash, or a folder.
        key: public key with which its index is to be signed; "" for none.
        serial, updated: the number and the time that the last index gave itself.
        models: all versions of all models in it.
        problem: why nothing is known of it, in a sentence; else empty.
    """

    address: str
    key: str = ""
    serial: int = 0
    updated: str = ""
    models: tuple[RemoteModel, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Refreshed:
    """What asking a repository brought.

    Attributes:
        address: its.
        new: versions that were not there when it was asked last, newest first.
        problem: why its last index stays in use, in a sentence; else empty.
    """

    address: str
    new: tuple[RemoteModel, ...] = ()
    problem: str = ""

    @property
    def sentence(self) -> str:
        """For people."""
        if self.problem:
            return self.problem
        if not self.new:
            return f"{self.address}: nothing new."
        return f"{self.address}: new are {', '.join(f'{model.id} {model.version}' for model in self.new)}."


def repositories() -> list[Repository]:
    """Those that were added, by address. Does not touch the network."""
    return sorted(map(_stored, known_repositories()), key=lambda repository: repository.address)


def add_repository(address: str, key: str = "", progress: ProgressCallback = lambda stage, fraction: None,
                   timeouts: Timeouts = PATIENT) -> Repository:
    """Ask a repository for its index, and list its models from now on.

    Args:
        address: of the folder on a web server that holds `index.json`, or a folder.
        key: public key of its publisher (base64): from now on its index is taken only with a signature of it.
        progress: told the stage; may raise `Cancelled`.
        timeouts: seconds to wait for an answer.

    Raises:
        WeightsError: it is there already, cannot be reached, or is not to be trusted. Nothing is added.
        DependencyError: there is a key, and signatures cannot be checked here.
    """
    place, key = as_place(address), key.strip()
    if key:
        public_key_bytes(key)
    with _changing(progress):
        if _file(place).exists():
            raise WeightsError(f"{place} is added already. To give it another key, remove it first.")
        content = fetch_index(place, lambda: progress(f"Asking {place}", 0.0), timeouts)
        data, _ = read_index(content, place, key)
        _store(place, key, data)
    return _stored(_file(place))


def remove_repository(address: str) -> str:
    """Forget a repository; models that came from it stay.

    Args:
        address: as it was added.

    Returns:
        The address under which it was known.

    Raises:
        WeightsError: there is no such repository.
    """
    known = {_stored(file).address: file for file in known_repositories()}
    wanted = next((text for text in (address, _tidied(address)) if text in known), None)
    if wanted is None:
        raise WeightsError(f"There is no repository {address!r}. Added are: {', '.join(sorted(known)) or 'none'}.")
    with _changing(lambda stage, fraction: None), disk_errors(cache_folder()):
        known[wanted].unlink(missing_ok=True)
    return wanted


def refresh_repositories(progress: ProgressCallback = lambda stage, fraction: None,
                         timeouts: Timeouts = PATIENT) -> list[Refreshed]:
    """Ask all repositories for their indexes. Of one that cannot be reached, or whose index is not to be trusted, the
    last index stays in use.

    Args:
        progress: told the stage; may raise `Cancelled`.
        timeouts: seconds to wait for an answer.
    """
    known = repositories()
    return [_refresh(repository, lambda stage, fraction, n=n: progress(stage, (n + fraction) / len(known)), timeouts)
            for n, repository in enumerate(known)]


def _refresh(repository: Repository, progress: ProgressCallback, timeouts: Timeouts) -> Refreshed:
    try:
        if repository.problem:
            raise WeightsError(repository.problem)
        place = _place(repository.address)
        content = fetch_index(place, lambda: progress(f"Asking {place}", 0.0), timeouts)
        data, models = read_index(content, place, repository.key)
        with _changing(progress):
            if not _file(place).exists():  # removed meanwhile
                return Refreshed(repository.address)
            last = _read(_file(place))["index"]  # as another process may have asked meanwhile
            check_follows(data, models, last, read_models(last, str(place), place), place)
            _store(place, repository.key, data)
    except Cancelled:
        raise
    except UnifiedViTError as error:
        return Refreshed(repository.address, problem=str(error))
    seen = {(model.id, model.version) for model in repository.models}
    return Refreshed(repository.address,
                     tuple(newest_first([model for model in models if (model.id, model.version) not in seen])))


def add_repository_job(arguments: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Add in the worker: {"address": text} and optionally "key"; gives {"address": as it is known, "models": count}."""
    repository = add_repository(arguments["address"], arguments.get("key", ""), progress)
    return {"address": repository.address, "models": len({model.id for model in repository.models})}


def refresh_repositories_job(arguments: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Refresh in the worker; gives {"new": ["<id> <version>"], "problems": [sentences]}."""
    refreshed = refresh_repositories(progress)
    return {"new": [f"{model.id} {model.version}" for answer in refreshed for model in answer.new],
            "problems": [answer.problem for answer in refreshed if answer.problem]}


def _changing(progress: ProgressCallback):
    """The lock of the list of repositories; no model can have its name."""
    return locked(REPOSITORIES, lambda: progress("Waiting for another program that asks for models", 0.0))


def _file(place: str | Path) -> Path:
    return cache_folder() / REPOSITORIES / f"{hashlib.sha256(str(place).encode('utf-8')).hexdigest()[:32]}.json"


def _store(place: str | Path, key: str, index: dict[str, Any]) -> None:
    file = _file(place)
    with disk_errors(cache_folder()):
        file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"address": str(place), "key": key, "index": index})
    write_atomically(file, lambda part: part.write_text(text, encoding="utf-8"))


def _stored(file: Path) -> Repository:
    try:
        data = _read(file)
        address, index = data["address"], data["index"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return Repository(file.stem, problem=f"{file} is damaged, so that it is not known which repository it was. "
                                             "Remove the file, and add the repository again.")
    try:
        models = read_models(index, f"The list of models of {address}", _place(address))
    except UnifiedViTError as error:
        return Repository(address, data["key"], problem=f"{error} Remove the repository and add it again.")
    return Repository(address, data["key"], index.get("serial", 0), index.get("updated", ""), tuple(models))


def _read(file: Path) -> dict[str, Any]:
    """What is stored of a repository.

    Raises:
        OSError, ValueError, RecursionError: it cannot be read.
    """
    data = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(data["address"], str) or not isinstance(data["key"], str) or _file(data["address"]) != file:
        raise ValueError(file)
    return data


def _place(address: str) -> str | Path:
    """As `as_place`, of an address that is known; its folder may be on a disk that is not connected."""
    return address if "://" in address else Path(address)


def _tidied(address: str) -> str:
    try:
        return str(as_place(address))
    except WeightsError:
        return address
