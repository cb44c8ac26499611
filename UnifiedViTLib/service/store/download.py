"""Models that come and go: download, import, verify, remove; where they are kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...errors import WeightsError
from ...spec import SPEC_FILE, ModelSpec, load_spec
from .cache import (
    cache_bytes,
    cache_folder,
    check_space,
    clear_cache,
    commit,
    disk_errors,
    in_megabytes,
    locked,
    remove_stored,
    scratch_folder,
    set_cache_folder,
    stored,
)
from .catalogue import (
    RemoteModel,
    bundled_models,
    check_contents,
    files_of,
    find_model,
    installed_models,
    is_newer,
    read_catalogue,
    verify_files,
)
from .importing import import_model
from .transfer import PATIENT, Timeouts, fetch

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
) -> ModelSpec:
    """Have the catalogue's version of a model in the cache, or the newer one that is at hand.

    A download that was cut or cancelled goes on where it ended. If another process downloads the same model, this one
    waits, and then finds it done.

    Args:
        model_id: as the catalogue has it.
        progress: told the stage in words and the fraction done; may raise `Cancelled`, also while waiting.
        catalogue: another list of downloadable models than `Resources/models.json`.
        timeouts: seconds until a mirror is given up.

    Raises:
        WeightsError: no such model, no mirror gives it whole, or the cache has no room or cannot be written to.
    """
    model = _offered(model_id, catalogue)
    if spec := _at_hand(model):
        return spec

    def waiting() -> None:
        progress(f"Waiting for another download or import of {model.name}", 0.0)

    with locked(model.id, waiting):
        if spec := _at_hand(model):
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
        return load_spec(commit(scratch, model.id, model.version))


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

        fetch(file, scratch, report, timeouts)
        finished += file.bytes


def _offered(model_id: str, catalogue: Path | None) -> RemoteModel:
    models = {model.id: model for model in read_catalogue(catalogue)}
    if model_id in models:
        return models[model_id]
    if model_id in {spec.id for spec in bundled_models()}:
        raise WeightsError(f"{model_id} comes with UnifiedViT; there is nothing to download.")
    raise WeightsError(
        f"There is no model {model_id!r} to download. The catalogue has: {', '.join(models) or 'none at present'}."
    )


def _at_hand(model: RemoteModel) -> ModelSpec | None:
    """The installed or bundled model of this id if it is sound and not older than the catalogue's."""
    for spec in installed_models():
        if spec.id == model.id and not is_newer(model.version, spec.version):
            try:
                verify_files(spec)
            except WeightsError:
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


def remove_model(model_id: str) -> None:
    """Remove a downloaded or imported model; if one of its id comes with UnifiedViT, that one is used again.

    Raises:
        WeightsError: it comes with UnifiedViT, is not installed, or cannot be removed.
    """
    if model_id in {folder.parent.name for folder in stored()}:
        remove_stored(model_id)
    elif model_id in {spec.id for spec in bundled_models()}:
        raise WeightsError(f"{model_id} comes with UnifiedViT and cannot be removed.")
    else:
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
    """Download in the worker: {"model": id} and optionally "catalogue", a path; gives {"model": id, "folder": its}."""
    catalogue = arguments.get("catalogue")
    spec = download_model(arguments["model"], progress, Path(catalogue) if catalogue else None)
    return {"model": spec.id, "folder": str(spec.folder)}


def import_job(arguments: dict[str, Any], progress: Callable[[str, float], None]) -> dict[str, str]:
    """Import in the worker: {"path": folder, model.json or .zip}; gives {"model": id, "folder": its}."""
    spec = import_model(arguments["path"], progress)
    return {"model": spec.id, "folder": str(spec.folder)}
