"""Models that come and go: download, import, verify, remove; where they are kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...errors import WeightsError
from ...outputs.writing import sha256_of
from ...spec import SPEC_FILE, ModelSpec, load_spec
from ...versions import is_newer
from .cache import (
    cache_bytes,
    cache_folder,
    check_space,
    clear_cache,
    commit,
    disk_errors,
    in_megabytes,
    locked,
    newest_stored,
    remove_stored,
    scratch_folder,
    set_cache_folder,
    stored,
)
from .catalogue import (
    all_offers,
    bundled_models,
    check_contents,
    files_of,
    find_model,
    installed_models,
    previous_version,
    verify_files,
)
from .importing import copy_exactly, import_model
from .offers import RemoteModel, newest_first
from .ownership import note_source
from .transfer import PATIENT, RemoteFile, Timeouts, fetch

__all__ = [
    "Timeouts", "cache_bytes", "cache_folder", "clear_cache", "download_job", "download_model", "import_job",
    "import_model", "remove_model", "set_cache_folder", "verify_model",
]

#: Seconds between two words of progress.
_TELL_EVERY = 0.1


def download_model(
    model_id: str,
    progress: Callable[[str, float], None] = lambda stage, fraction: None,
    catalogue: Path | None = None,
    timeouts: Timeouts = PATIENT,
    version: str | None = None,
    repository: str | None = None,
) -> ModelSpec:
    """Have the newest version of a model that can be downloaded in the cache, or the newer one that is at hand; or
    exactly the version that is asked for, also an older one.

    A download that was cut or cancelled goes on where it ended. If another process downloads the same model, this one
    waits, and then finds it done.

    Args:
        model_id: as the catalogue has it.
        progress: told the stage in words and the fraction done; may raise `Cancelled`, also while waiting.
        catalogue: another list of downloadable models than `Resources/models.json`.
        timeouts: seconds until a mirror is given up.
        version: None for the newest.
        repository: address of the one to take it from, "" for the catalogue; needed where several have it.

    Raises:
        WeightsError: no such model or version, it would take the place of another repository's, no mirror gives it
            whole, or the cache has no room or cannot be written to.
    """
    model = _offered(model_id, catalogue, version, repository)
    if spec := _at_hand(model, version is not None):
        return spec

    def waiting() -> None:
        progress(f"Waiting for another download or import of {model.name}", 0.0)

    with locked(model.id, waiting):
        if spec := _at_hand(model, version is not None):
            return spec
        scratch = scratch_folder(model.id) / model.version
        with disk_errors(cache_folder()):
            scratch.mkdir(exist_ok=True)
            check_space(model.bytes - _begun(scratch))
        _fetch_files(model, scratch, progress, timeouts)
        _check_agrees(model, scratch)
        with disk_errors(cache_folder()):
            for surplus in set(scratch.iterdir()) - {scratch / file.name for file in model.files}:
                surplus.unlink()
        note_source(scratch, model.repository)
        previous = previous_version(model.id, model.version)
        return load_spec(commit(scratch, model.id, model.version, previous))


def _fetch_files(model: RemoteModel, scratch: Path, progress: Callable[[str, float], None], timeouts: Timeouts) -> None:
    """Fetch the files of a model one after the other; progress is told now and then, and at the end."""
    last_told, finished = 0.0, 0
    for file in model.files:

        def report(count: int, before: int = finished) -> None:
            nonlocal last_told
            have = before + count
            if have == model.bytes or time.monotonic() - last_told >= _TELL_EVERY:
                last_told = time.monotonic()
                stage = f"Downloading {model.name}: {have / 1e6:.1f} of {in_megabytes(model.bytes)}"
                progress(stage, have / model.bytes)

        if file.path:
            _copy(file, file.path, scratch, report)
        else:
            fetch(file, scratch, report, timeouts)
        finished += file.bytes


def _copy(file: RemoteFile, path: Path, folder: Path, report: Callable[[int], None]) -> None:
    """Have a file of a repository that is a folder in `folder`, with the right SHA-256."""
    target = folder / file.name
    with disk_errors(folder):
        target.unlink(missing_ok=True)
    try:
        size, stream = path.stat().st_size, open(path, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror or error}). Is the disk of the repository "
                           "connected? Or import the model from a file.") from error
    with stream:
        digest = copy_exactly(stream, target, file.bytes, report)
    if size != file.bytes or digest != file.sha256:
        raise WeightsError(f"{path} is not the file that the repository's index names (its size or SHA-256 differs). "
                           "Ask its publisher.")


def _offered(model_id: str, catalogue: Path | None, version: str | None, repository: str | None) -> RemoteModel:
    """The version to download."""
    offers = all_offers(catalogue)
    models = [model for model in offers.of(model_id) if repository in (None, model.repository)]
    if not models:
        if model_id in offers.bundled:
            raise WeightsError(f"{model_id} comes with UnifiedViT; there is nothing to download.")
        there = sorted({model.id for model in offers.models if repository in (None, model.repository)})
        raise WeightsError(f"There is no model {model_id!r} to download. There are: "
                           f"{', '.join(there) or 'none at present'}.")
    versions = newest_first([model for model in models if version in (None, model.version)])
    if not versions:
        raise WeightsError(f"There is no version {version} of {model_id}. There are: "
                           f"{', '.join(model.version for model in newest_first(models))}.")
    allowed = [model for model in versions if not offers.refusal(model)]
    if not allowed:
        raise WeightsError(offers.refusal(versions[0]))
    places = sorted({model.repository or "the catalogue" for model in allowed})
    if len(places) > 1 and not any(spec.id == model_id for spec in installed_models()):
        raise WeightsError(f"{model_id} is in several places: {', '.join(places)}. Say from which it is to come: "
                           f"unifiedvit models download {model_id} --repository ADDRESS.")
    return allowed[0]


def _at_hand(model: RemoteModel, exactly: bool) -> ModelSpec | None:
    """The installed or bundled model of this id if it is sound and not older than the one to download; `exactly`: if it
    is that one."""
    for spec in installed_models():
        if spec.id == model.id and not is_newer(model.version, spec.version):
            try:
                verify_files(spec)
            except WeightsError:
                return None
            if exactly and sha256_of(spec.folder / SPEC_FILE) != model.sums[SPEC_FILE]:
                return None
            return spec
    return None


def _begun(scratch: Path) -> int:
    return sum(file.stat().st_size for file in scratch.iterdir())


def _check_agrees(model: RemoteModel, folder: Path) -> None:
    """See that the files are the model that the catalogue says; no retry can help if they are not."""
    spec = load_spec(folder)
    sums = {file.name: file.sha256 for file in model.files}
    if (spec.id, spec.version) != (model.id, model.version) or not set(files_of(spec)) <= set(sums.items()):
        raise WeightsError(
            f"The catalogue says {model.id} {model.version}, but its {SPEC_FILE} tells of {spec.id} {spec.version} or "
            "names other weights. Please report it; until then import the model from a file."
        )
    check_contents(spec)


def remove_model(model_id: str) -> str:
    """Remove a downloaded or imported model, its newest version; the one that it had taken the place of, or the one
    that comes with UnifiedViT, is used again.

    Returns:
        The version that is used from now on; "" for none.

    Raises:
        WeightsError: it comes with UnifiedViT, is not installed, or cannot be removed.
    """
    if newest := newest_stored(model_id) if model_id in {folder.parent.name for folder in stored()} else None:
        remove_stored(model_id, newest.name)
        return next((spec.version for spec in installed_models() if spec.id == model_id), "")
    if model_id in {spec.id for spec in bundled_models()}:
        raise WeightsError(f"{model_id} comes with UnifiedViT and cannot be removed.")
    raise WeightsError(f"{model_id!r} is not installed. See unifiedvit models.")


def verify_model(model_id: str) -> ModelSpec:
    """Compare all files of a model (id or folder) with the SHA-256 sums of its description.

    Raises:
        WeightsError: a file is missing or damaged.
        ModelSpecError: there is no such model, or its description is broken.
    """
    spec = find_model(model_id)
    verify_files(spec)
    check_contents(spec)
    return spec


def download_job(arguments: dict[str, Any], progress: Callable[[str, float], None]) -> dict[str, str]:
    """Download in the worker: {"model": id} and optionally "catalogue", a path, "version" and "repository"; gives
    {"model": id, "folder": its}."""
    catalogue = arguments.get("catalogue")
    spec = download_model(arguments["model"], progress, Path(catalogue) if catalogue else None,
                          version=arguments.get("version"), repository=arguments.get("repository"))
    return {"model": spec.id, "folder": str(spec.folder)}


def import_job(arguments: dict[str, Any], progress: Callable[[str, float], None]) -> dict[str, str]:
    """Import in the worker: {"path": folder, model.json or .zip}; gives {"model": id, "folder": its}."""
    spec = import_model(arguments["path"], progress)
    return {"model": spec.id, "folder": str(spec.folder)}
