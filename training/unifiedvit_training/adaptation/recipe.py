"""What an adaptation is as a project: the parent's network, the site's images, few parameters that learn."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.native import native_path
from UnifiedViTLib.outputs.dataset.cases import TABLE
from UnifiedViTLib.outputs.dataset.folder import NOTE, CorrectionDataset
from UnifiedViTLib.service.store.catalogue import installed_models
from UnifiedViTLib.spec import SPEC_FILE, ModelSpec, load_spec
from UnifiedViTLib.versions import is_newer

from ..config import Project, checked
from ..data.dataset import SIDES
from ..errors import DataError, RunError
from ..evaluation.candidates import model_of

#: What the id of an adapted model ends with where nobody says; the parent stays as it is, and both can be asked.
SITE = "site"
#: A column of this name in the table says on which side an image is; without it patients are dealt out.
SIDE_COLUMN = "side"
FRACTIONS = (0.6, 0.2, 0.2)
#: Steps of the optimiser, measurements on the validation side among them, and those without gain that end it.
STEPS, MEASUREMENTS, PATIENCE = 200, 10, 3
#: Volumes are thinned out until there are about so many slices: neighbours tell the same.
SLICES = 1500
#: What the entry of an adapted model in `training` is known by.
_ADAPTED = re.compile(r"adapted from (\S+) \S+ with \d+ cases")


def adaptation_project(parent: ModelSpec, dataset: Path, output: Path, epochs: int = 1, stride: int = 1,
                       changes: list[str] | None = None, site: str = SITE) -> Project:
    """The project that adapts `parent`.

    Args:
        parent: a single network.
        dataset: folder of the site's cases.
        output: folder of the new model; an older one in it has an older version.
        epochs: over the training side.
        stride: each n-th slice of volumes is looked at.
        changes: as of `config.load_project`.
        site: what the id of the new model ends with.

    Raises:
        RunError: the parent is an ensemble, or adapted itself.
        DataError: the folder is not there.
        ConfigError: a change cannot be made.
    """
    if parent.members:
        raise RunError(f"{parent.id} is an ensemble, which has no weights of its own to adapt. Adapt one of its "
                       f"members: {', '.join(member.id for member in parent.members)}.")
    if origin := original_of(parent):
        raise RunError(f"{parent.id} was itself adapted, perhaps with patients that it would now be judged by. Adapt "
                       f"{origin} instead, with all cases at once.")
    model = model_of(parent).model_dump(mode="json")
    model |= {"id": adapted_id(parent, site),
              "name": f"{parent.name}, adapted to {'a site' if site == SITE else site}"}
    model["version"] = next_version(parent, model["id"], output)
    return checked({
        "data": {"sources": [source_of(dataset, parent)], "slice_stride": stride, "plane": parent.plane},
        "model": model,
        "fit": {
            "stages": [{"size": parent.size, "epochs": epochs}], "batch_size": 8,
            "optimiser": {"learning_rate": 1e-3, "weight_decay": 0.01, "warm_up": 0.1},
            "class_balance": "sqrt", "drop_path": 0.0, "dropout": 0.0, "ema": 0.98,
            # Half of what a network needs that begins at random: the parent has seen the rest.
            "augmentation": {"rotation": 12, "scale": 0.12, "anisotropic_scale": 0.04, "shift": 0.06, "elastic": 0.0,
                             "crop": 0.05, "gain": 0.1, "offset": 0.12, "gamma": 0.15, "tone_curve": 0.2,
                             "bias_field": 0.15, "noise": 0.06, "blur": 0.05},
            "initial": {"weights": str(parent.weights.absolute()), "freeze": 1.0, "freeze_norms": False},
            "validate_every": max(1, round(epochs / MEASUREMENTS)), "patience": PATIENCE, "save_minutes": 0.5,
        },
    }, Project, f"the adaptation of {parent.id}", changes)


def original_of(spec: ModelSpec) -> str:
    """The id of the model that this one was adapted from; "" for one that was not adapted."""
    found = next(filter(None, map(_ADAPTED.match, (data.name for data in spec.training))), None)
    return found.group(1) if found else ""


def adapted_id(parent: ModelSpec, site: str) -> str:
    """The id of the model that is adapted from `parent` to a site."""
    return f"{parent.id.removesuffix(f'-{site}')}-{site}"


def source_of(dataset: Path, parent: ModelSpec) -> dict[str, Any]:
    """The entry of `data.sources` for a site's folder: corrected results, or one laid out in another way that
    `prepare` reads. Labels of its masks are the model's segments in their order, where it does not say otherwise.

    Raises:
        DataError: the folder is not there.
    """
    if not dataset.is_dir():
        raise DataError(f"There is no folder {dataset}. Name one with images/, masks/ and {TABLE}, as "
                        "`unifiedvit-train add` makes it.")
    if (dataset / NOTE).is_file():
        source = CorrectionDataset(dataset).source() | {"name": "site"}
    else:
        names = [segment.name for segment in parent.segments]
        source = {"name": "site", "folder": str(dataset.resolve()),
                  "mask_values": dict(enumerate(names, start=1)) if len(names) > 1 else {}}
    if SIDE_COLUMN in _columns(dataset / TABLE):
        return source | {"split": {"column": SIDE_COLUMN, **{side: [side] for side in SIDES}}}
    return source | {"split": {"fractions": list(FRACTIONS)}}


def _columns(table: Path) -> list[str]:
    try:
        with open(table, newline="", encoding="utf-8-sig") as file:
            return [name.strip() for name in next(csv.reader(file), [])]
    except (OSError, UnicodeDecodeError, csv.Error):  # what is wrong with it `prepare` says
        return []


def next_version(parent: ModelSpec, model_id: str, output: Path) -> str:
    """The parent's version with one more at its end, or of an adapted model that is already at hand, if that is newer.

    Args:
        parent: of the new model.
        model_id: of the new model.
        output: its folder.
    """
    known = [spec for spec in installed_models() if spec.id == model_id]
    if (output / SPEC_FILE).is_file():
        with suppress(UnifiedViTError):  # broken, and about to be replaced
            known.append(load_spec(output))
    newest = parent.version
    for version in (spec.version for spec in known if spec.id == model_id):
        newest = version if is_newer(version, newest) else newest
    major, minor, patch = newest.split(".")
    return f"{major}.{minor}.{int(patch) + 1}"


def stride_for(images: Iterable[Path]) -> int:
    """Each how many-th slice of volumes is looked at so that `SLICES` are enough."""
    return max(1, round(sum(map(_slices, images)) / SLICES))


def _slices(path: Path) -> int:
    """About how many slices an image has, by its header, or the number of its files."""
    if path.is_dir():
        return sum(1 for _ in path.iterdir())
    reader = sitk.ImageFileReader()
    reader.SetFileName(native_path(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError:  # a picture in a format that SimpleITK does not read, or damaged, which `prepare` says
        return 1
    if reader.GetDimension() < 3:
        return 1
    thickest = max(range(3), key=lambda axis: reader.GetSpacing()[axis])
    return reader.GetSize()[thickest]


def adapted_from(parent: ModelSpec, cases: int, patients: int) -> str:
    """The entry of a new model in `training`, by which it is known as adapted.

    Args:
        parent: of it.
        cases, patients: how many were used, on all sides.
    """
    text = f"adapted from {parent.id} {parent.version} with {cases} cases of {patients} patients of a site"
    assert _ADAPTED.match(text)
    return text
