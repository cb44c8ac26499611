"""Whose a model is: an id names one model everywhere, so that of one repository never takes the place of another's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...outputs.writing import sha256_of
from ...spec import FORMAT, SPEC_FILE
from ...versions import is_newer
from .cache import disk_errors, newest_stored
from .offers import RemoteModel, read_catalogue
from .repositories import repositories

#: In a model's folder, where it was downloaded from. No file of a catalogue can have this name.
SOURCE_FILE = ".source.json"


@dataclass(frozen=True)
class Offers:
    """All versions of all models that can be downloaded.

    Attributes:
        models: of the catalogue and of the repositories that were added.
        addresses: of these repositories, whether their models are known or not.
        bundled: versions of the models that come with UnifiedViT, by their ids.
    """

    models: tuple[RemoteModel, ...]
    addresses: frozenset[str]
    bundled: Mapping[str, str]

    @classmethod
    def read(cls, bundled: Mapping[str, str], catalogue: Path | None = None) -> Offers:
        """What is known without a network.

        Args:
            bundled: as the attribute.
            catalogue: another one than `Resources/models.json`.

        Raises:
            WeightsError: the catalogue is malformed. A repository that is leaves the others.
        """
        known = repositories()
        models = [*read_catalogue(catalogue), *(model for repository in known for model in repository.models)]
        return cls(tuple(models), frozenset(repository.address for repository in known), bundled)

    def of(self, model_id: str) -> list[RemoteModel]:
        """Versions of a model, of all repositories."""
        return [model for model in self.models if model.id == model_id]

    def refusal(self, model: RemoteModel) -> str:
        """Why a version may not be taken, in a sentence; "" if it may."""
        if model.format != FORMAT:
            return f"{model.label} is made for another version of UnifiedViT. Update UnifiedViT."
        if model.repository and model.id in self.bundled:
            return (f"{model.id} comes with UnifiedViT and is never replaced by that of {model.repository}, which has "
                    "to give its model another id.")
        if model.id in self.bundled and not is_newer(model.version, self.bundled[model.id]):
            return f"{model.id} {self.bundled[model.id]} comes with UnifiedViT; there is nothing to download."
        folder = newest_stored(model.id)
        if folder is not None and model.repository not in self._owners(folder):
            source = source_of(folder)
            return (f"{model.id} {folder.name} is installed and {f'came from {source}' if source else 'is another'}"
                    f": that of {model.repository or 'the catalogue'} never takes its place by itself. To use that "
                    f"one, remove the installed one first (unifiedvit models remove {model.id}).")
        return ""

    def _owners(self, folder: Path) -> set[str]:
        """The repositories ("" is the catalogue) that may replace the model in a folder of the cache: the one it came
        from; of one that was imported or whose repository is gone, those that have published the very same."""
        source = source_of(folder)
        if source is not None and source in self.addresses | {""}:
            return {source}
        owners = {""} if source is None else set()
        with suppress(OSError):
            digest = sha256_of(folder / SPEC_FILE)
            owners |= {model.repository for model in self.of(folder.parent.name)
                       if model.version == folder.name and model.sums[SPEC_FILE] == digest}
        return owners


def note_source(folder: Path, repository: str) -> None:
    """Keep in a model's folder where it was downloaded from ("": the catalogue)."""
    with disk_errors(folder):
        (folder / SOURCE_FILE).write_text(json.dumps({"repository": repository}), encoding="utf-8")


def source_of(folder: Path) -> str | None:
    """Address of the repository that a model was downloaded from, "" for the catalogue; None if it was imported."""
    try:
        source = json.loads((folder / SOURCE_FILE).read_text(encoding="utf-8"))["repository"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return None
    return source if isinstance(source, str) else None
