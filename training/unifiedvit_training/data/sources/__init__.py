"""Which images there are, and what is said of each: from tables (CSV) and from folders laid out in a known way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ...config import BACKGROUND, Model, Project, Source
from ..dataset import Item
from .complaints import Complaints
from .files import image_files
from .folder import folder_items
from .labels import class_named
from .listed import Listed
from .table import TableReader


def list_items(project: Project) -> dict[str, list[Listed]]:
    """For each source, in order, its images and volumes; no image is opened.

    Raises:
        DataError: tables, columns, files or classes are wrong; all mistakes are said at once.
    """
    complaints = Complaints()
    items: dict[str, list[Listed]] = {}
    for source in project.data.sources:
        if source.name in items:
            complaints.add(source.name, "two sources have this name; give each its own")
        _check_names(source, project.model, complaints)
        rows = list(_listed(source, project.model, complaints))
        _check_repeats(source, rows, project.model, complaints)
        if not rows and not any(text.startswith(source.name) for text in complaints.sentences):
            complaints.add(source.name, f"no images in {source.table or source.folder}")
        named = (value for value, name in source.mask_values.items() if name == BACKGROUND)
        background = tuple(sorted({0, *named} - {source.ignore}))
        items[source.name] = [
            replace(row, item=replace(row.item, ignore=source.ignore, background=background)) for row in rows]
    complaints.raise_if_any()
    return items


def unasked_masks(project: Project, listings: dict[str, list[Listed]]) -> dict[str, list[str]]:
    """For each source that is a folder, the files in its folder of masks, by name, that are the mask of no image.

    Args:
        project: whose sources they are.
        listings: as `list_items` gives them.
    """
    unasked: dict[str, list[str]] = {}
    for source in project.data.sources:
        if source.folder is None or not (folder := source.masks or source.folder / "masks").is_dir():
            continue
        images = source.images or source.folder / "images"
        asked = {path for row in listings[source.name]
                 for path in (row.item.mask, row.item.image, *row.item.channels) if path}
        files = (path for inner in (folder, *(path for path in folder.rglob("*") if path.is_dir()))
                 if asked.isdisjoint((inner, *inner.parents)) and not inner.is_relative_to(images)
                 for path in image_files(inner))
        if names := [path.relative_to(folder).as_posix() for path in files if path not in asked]:
            unasked[source.name] = names
    return unasked


def _check_names(source: Source, model: Model, complaints: Complaints) -> None:
    segments = [segment.name for segment in model.segments]
    for value, name in source.mask_values.items():
        if name not in (*segments, BACKGROUND):
            complaints.add(source.name, f"mask_values: {value} is {name!r}, but the segments are {', '.join(segments)}")
    if not source.mask_values and len(segments) > 1:
        complaints.add(source.name, f"say in mask_values which value is which of {', '.join(segments)}")
    if source.label is not None and not class_named(source.label, model):
        complaints.add(source.name, f"the label {source.label!r} is none of {', '.join(model.class_names)}")


def _check_repeats(source: Source, rows: list[Listed], model: Model, complaints: Complaints) -> None:
    seen: set[str] = set()
    for row in rows:
        images = [_spelt(image) for image in row.item.channels or (row.item.image,) if image]
        for n, image in enumerate(images):
            if image in images[:n]:
                complaints.add(source.name, f"{Path(image).name} is given as two sequences of one row; leave the one "
                               "that is missing empty")
            elif image in seen:
                complaints.add(source.name, f"{Path(image).name} is listed twice; keep one row")
        seen.update(images)
    _check_masks(source, rows, model, complaints)


def _check_masks(source: Source, rows: list[Listed], model: Model, complaints: Complaints) -> None:
    """A mask is of one patient, and no image; an empty one may be of all that are healthy."""
    owners: dict[str, Item] = {}
    for item in (row.item for row in rows):
        if item.mask is None:
            continue
        mask = _spelt(item.mask)
        owner = owners.setdefault(mask, item)
        if mask in [_spelt(image) for image in (item.image, *item.channels) if image]:
            complaints.add(source.name, f"the mask of {item.name} is the image itself")
        elif owner.group != item.group and not (owner.is_free(model.outlined) and item.is_free(model.outlined)):
            complaints.add(source.name, f"the mask {item.mask.name} is given to {owner.name} and to {item.name}, which "
                           "are not of one patient; correct one of them, or name the patient of both")


def _spelt(path: Path) -> str:
    """One spelling of a path that tables write in several: with "./", "..", and, on Windows, in capitals."""
    return os.path.normcase(os.path.normpath(path))


def _listed(source: Source, model: Model, complaints: Complaints) -> Iterator[Listed]:
    """What the reader for a source gives: of its table, of the table in its folder, or of the folder itself."""
    if source.table is not None:
        home = source.table.parent
        return TableReader(source, source.table, source.images or home, source.masks or home, model, complaints).items()
    folder = source.folder
    assert folder is not None, "a source has a table or a folder"
    if source.metadata and not (folder / "labels.csv").is_file():
        complaints.add(source.name, "a folder without labels.csv has no columns of `metadata`; give a `table`")
    if model.channel_names and not (folder / "labels.csv").is_file():
        complaints.add(source.name, "a folder without a table does not say which channel an image is; give a `table`")
        return iter(())
    if not folder.is_dir():
        complaints.add(source.name, f"there is no folder {folder}; check `folder`, and --data")
        return iter(())
    if (folder / "labels.csv").is_file():
        masks = source.masks or folder / "masks"
        images = source.images or folder / "images"
        return TableReader(source, folder / "labels.csv", images, masks, model, complaints).items()
    return folder_items(source, folder, model, complaints)
