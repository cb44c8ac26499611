"""The adaptation as a worker's job, from Slicer's panel or a script: resumed from the dataset's own folder, the new
model installed, what keeps one from being written said as an outcome."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.inference.progress import ProgressCallback, WeightedProgress
from UnifiedViTLib.locking import file_lock
from UnifiedViTLib.service.store.catalogue import all_offers, find_model, installed_models
from UnifiedViTLib.service.store.importing import import_model
from UnifiedViTLib.service.worker.adaptation import Adaptation
from UnifiedViTLib.spec import ModelSpec

from ..errors import RunError, TrainingError
from ..storage import write_whole
from .adapt import adapt
from .recipe import SITE, adapted_id, original_of, source_of

#: In the dataset's folder, with a folder for each model that was adapted in it. What reads datasets passes over names
#: that begin so.
WORK = ".unifiedvit-adaptation"
#: In the folder of a model: the new model; what its id ends with, once one was installed; the lock.
MODEL, SITE_FILE, LOCK = "model", "site.txt", ".lock"
REFUSED = "No model was written: "
#: Of a model's id.
_LONGEST_ID = 64


def adapt_job(arguments: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """As `UnifiedViTLib.service.worker.adaptation.adapt_job`, in a Python that has all that this needs."""
    try:
        reference = arguments["reference"]
        return _adapted(find_model(arguments["model"]), Path(arguments["data"]),
                        Path(reference) if reference else None, arguments["changes"], progress).to_dict()
    except TrainingError as error:
        return Adaptation("", "", "", (REFUSED + str(error).removeprefix(REFUSED),)).to_dict()


def _adapted(chosen: ModelSpec, data: Path, reference: Path | None, changes: list[str], progress: ProgressCallback
             ) -> Adaptation:
    parent = _original(chosen)
    source_of(data, parent)  # a folder that is not there must not be made
    work = data / WORK / parent.id
    parts = WeightedProgress(progress, {"adapt": 30, "install": 1})
    with _alone(work):
        site = _site(data, parent, work)
        made = adapt(parent, data, work / MODEL, work, reference, changes, site, parts.part("adapt"))
        before = next((spec for spec in installed_models() if spec.id == made.spec.id), None)
        if before and before.sha256 == made.spec.sha256:
            raise RunError(f"{before.id} {before.version}, which is installed, was adapted to these very cases. Add "
                           "others, then adapt again.")
        installed = import_model(made.spec.folder, parts.part("install"))
        write_whole(work / SITE_FILE, site)
    return Adaptation(installed.id, installed.version, installed.name, made.checks)


def _original(chosen: ModelSpec) -> ModelSpec:
    """The model that is adapted: of one that was itself adapted, its original.

    Raises:
        RunError: that is not there.
    """
    origin = original_of(chosen)
    if not origin:
        return chosen
    try:
        return find_model(origin)
    except ModelSpecError as error:
        raise RunError(f"{chosen.id} was adapted from {origin}, which would be adapted again, with all cases at once, "
                       f"but cannot be used: {error}") from error


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """The only adaptation in this folder.

    Raises:
        RunError: there is another one, or the folder cannot be written to.
    """
    def occupied() -> None:
        raise RunError("another window or program adapts the model to this dataset at this moment. Wait until that has "
                       "ended.")

    with ExitStack() as held:
        try:
            work.mkdir(parents=True, exist_ok=True)
            held.enter_context(file_lock(work / LOCK, occupied))
        except OSError as error:
            raise RunError(f"{work}, where the work is kept, cannot be written to ({error.strerror or error}). Copy "
                           "the dataset to a folder that can.") from error
        yield


def _site(data: Path, parent: ModelSpec, work: Path) -> str:
    """What the id of the new model ends with: the dataset's name, with a number where another model has that id."""
    try:
        known = (work / SITE_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        known = ""
    if known == _slug(known, parent) != "":
        return known
    name = _slug(data.resolve().name, parent) or SITE
    taken = {spec.id for spec in installed_models()} | {offer.id for offer in all_offers().models}
    number = 1
    while adapted_id(parent, site := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return site


def _slug(name: str, parent: ModelSpec) -> str:
    """A name as ids are written, and so short that that of the new model may be one."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    room = _LONGEST_ID - len(parent.id) - len("--999")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:max(room, 0)].strip("-")
