"""What can be downloaded: the catalogue that comes with UnifiedViT, and the index of a model repository, which is one
too, with the models' files beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ModelSpecError, WeightsError
from ...fields import Fields
from ...resources import resources
from ...spec import FORMAT, SPEC_FILE, Result
from ...texts import is_plain, is_portable_name
from ...versions import version_numbers
from .transfer import RemoteFile, may_be_asked

CATALOGUE_FORMAT = 1
#: Of a file of a model; larger ones are no weights of ours.
MOST_BYTES = 1 << 60
#: A publisher counts one up each time.
MOST_SERIAL = 1 << 53


@dataclass(frozen=True)
class RemoteModel:
    """A version of a model that can be downloaded, as the catalogue or a repository's index tells of it.

    Attributes:
        results: what it reached, as in its `model.json`.
        format: of its `model.json`, which decides whether this version of UnifiedViT can read it.
        backends: what can run it: "torch", and "openvino" where it has a graph; empty if that is not told.
        repository: address of the repository that has it; "" for the catalogue.
    """

    id: str
    version: str
    name: str
    description: str
    licence: str
    files: tuple[RemoteFile, ...]
    results: tuple[Result, ...] = ()
    format: int = FORMAT
    backends: tuple[str, ...] = ()
    repository: str = ""

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def sums(self) -> dict[str, str]:
        """SHA-256 by the files' names: what a version is, wherever it lies."""
        return {file.name: file.sha256 for file in self.files}

    @property
    def label(self) -> str:
        """Id, version and where it lies, for a sentence."""
        return f"{self.id} {self.version}" + (f" of {self.repository}" if self.repository else "")


def newest_first(models: Sequence[RemoteModel]) -> list[RemoteModel]:
    """Versions of a model, the newest first."""
    return sorted(models, key=lambda model: version_numbers(model.version), reverse=True)


def read_catalogue(path: Path | None = None) -> list[RemoteModel]:
    """The models that can be downloaded; `Resources/models.schema.json` describes the file.

    Args:
        path: of another catalogue than `Resources/models.json`.

    Raises:
        WeightsError: it cannot be read, or names the field that is wrong.
    """
    path = path or resources() / "models.json"
    try:
        data = parse_json(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"The catalogue of models {path} cannot be read ({error}).") from error
    return read_models(data, f"The catalogue of models {path}")


def parse_json(content: bytes) -> Any:
    """What JSON holds.

    Raises:
        ValueError, RecursionError: it is none.
    """
    return json.loads(content.decode("utf-8"))


def read_models(data: Any, what: str, place: str | Path | None = None) -> list[RemoteModel]:
    """Check a catalogue or an index.

    Args:
        data: what its JSON holds.
        what: what messages call it.
        place: of a repository, whose files lie at `<place>/<id>/<version>/<name>`: a folder, or an address that ends
            with a slash. None: the files' addresses are named.

    Raises:
        WeightsError: names the field that is wrong.
    """
    try:
        if data["format"] != CATALOGUE_FORMAT:
            raise _Malformed(f"format: {str(data['format'])[:60]} is of another version of UnifiedViT; update it")
        models = [_remote_model(item, place) for item in data["models"]]
        if len({(model.id, model.version) for model in models}) != len(models):
            raise _Malformed("two models have the same id and version")
    except (_Malformed, KeyError, TypeError, ModelSpecError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise WeightsError(f"{what} is malformed: {reason}.") from error
    return models


class _Malformed(Exception):
    """Names the field of the catalogue that is wrong."""


_TEXT = re.compile(r".{1,4000}")
_VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}")
_MODEL_FIELDS = {
    "id": re.compile(r"[a-z0-9][a-z0-9._-]{0,63}"), "version": _VERSION,
    "name": _TEXT, "description": _TEXT, "licence": _TEXT,
}
_FILE_FIELDS = {"name": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"), "sha256": re.compile(r"[0-9a-f]{64}")}


def _remote_model(item: Any, place: str | Path | None) -> RemoteModel:
    texts = _texts(item, _MODEL_FIELDS)
    inside = f"{texts['id']}/{texts['version']}"
    files = tuple(_remote_file(file, place, inside) for file in item["files"])
    names = [file.name for file in files]
    if SPEC_FILE not in names or len({name.lower() for name in names}) != len(names):
        raise _Malformed(f"files: {SPEC_FILE} and the weights are needed, each once")
    fields = Fields(item, inside)
    results = fields.tables("results", 0, 100) if "results" in item else []
    needs = fields.table("requirements") if "requirements" in item else None
    return RemoteModel(
        **texts, files=files,
        results=tuple(Result(result.text("dataset"), result.metrics("metrics")) for result in results),
        format=needs.integer("format", 1, 1000) if needs else FORMAT,
        backends=tuple(name for name in ("torch", "openvino") if needs and needs.flag(name)),
        repository=str(place or ""),
    )


def _remote_file(item: Any, place: str | Path | None, inside: str) -> RemoteFile:
    size = item["bytes"]
    if type(size) is not int or not 1 <= size <= MOST_BYTES:
        raise _Malformed(f"bytes: a whole number above 0 and not above {MOST_BYTES} is needed")
    texts = _texts(item, _FILE_FIELDS)
    if isinstance(place, Path):
        return RemoteFile(texts["name"], size, texts["sha256"], mirrors=(), path=place / inside / texts["name"])
    mirrors = item["mirrors"] if place is None or "mirrors" in item else [f"{place}{inside}/{texts['name']}"]
    if not (isinstance(mirrors, list) and mirrors and all(isinstance(m, str) and may_be_asked(m) for m in mirrors)):
        raise _Malformed("mirrors: a list of https addresses is needed")
    if place and (foreign := next((url for url in mirrors if not _lies_below(url, place)), None)):
        raise _Malformed(f"mirrors: {foreign[:200]!r} lies outside of the repository, whose files are to lie below its "
                         "index")
    return RemoteFile(texts["name"], size, texts["sha256"], mirrors=tuple(mirrors))


def _lies_below(url: str, place: str) -> bool:
    """Whether an address lies below another one, also for servers that read dots and escapes."""
    rest = url.removeprefix(place)
    return rest != url and re.fullmatch(r"[A-Za-z0-9._/-]+", rest) is not None and ".." not in rest.split("/")


def _texts(item: Any, fields: dict[str, re.Pattern]) -> dict[str, str]:
    for name, pattern in fields.items():
        value = item[name]
        usable = isinstance(value, str) and is_plain(value) and (pattern is _TEXT or is_portable_name(value))
        if not usable or not pattern.fullmatch(value):
            raise _Malformed(f"{name}: {str(item[name])[:60]!r} is not of the form {pattern.pattern}")
    return {name: item[name] for name in fields}
