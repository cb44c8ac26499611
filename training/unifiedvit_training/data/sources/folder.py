"""Images from folders that are laid out in a known way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ...config import Model, Source
from ..dataset import Item
from ..names import SEGMENTATION
from .complaints import Complaints
from .files import by_stem, image_files, masks_by_stem, stem
from .labels import class_named
from .listed import Listed

#: What the name of a mask beside its image ends with, before the file's ending.
_BESIDE = ("_label", "_seg", "_mask", SEGMENTATION)
#: The name of one of several masks of an image, and the image's in it.
_ONE_OF_SEVERAL = re.compile(rf"(.+?)(?:{'|'.join(map(re.escape, _BESIDE))})[ _-]?\d+")


def folder_items(source: Source, folder: Path, model: Model, complaints: Complaints) -> Iterator[Listed]:
    """Images in `images/` (masks of the same name in `masks/`), or one folder a class, or all in one folder.

    Args:
        source: that the folder is of.
        folder: which is there.
        model: whose classes the folders in it are.
        complaints: get what is wrong.
    """
    if source.split.column:
        complaints.add(source.name, "a folder without labels.csv has no column to split by; use fractions or folds")
    if (folder / "images").is_dir() or source.images:
        images = source.images or folder / "images"
        if not images.is_dir():
            complaints.add(source.name, f"there is no folder {images}; check `images`, and --data")
            return
        beside = masks_by_stem(source.masks or folder / "masks", source.name, complaints)
        label = source.label and class_named(source.label, model)
        for image in (path for path in image_files(images) if not stem(path).endswith(SEGMENTATION)):
            yield _alone(source, image, images, label, beside.get(stem(image)))
        return
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    for path in inner:
        label = class_named(path.name, model)
        if label is None:
            complaints.add(
                source.name, f"the folder {path.name} is no class; the classes are {', '.join(model.class_names)}"
            )
            continue
        yield from _with_masks_beside(source, path, folder, label, complaints)
    if not inner:
        label = source.label and class_named(source.label, model)
        yield from _with_masks_beside(source, folder, folder, label, complaints)


def _with_masks_beside(source: Source, folder: Path, home: Path, label: str | None, complaints: Complaints
                       ) -> Iterator[Listed]:
    files = by_stem(image_files(folder), source.name, complaints)
    masks = {name + ending for name in files for ending in _BESIDE} & set(files)
    several: dict[str, list[str]] = {}
    for name, path in files.items():
        if (match := _ONE_OF_SEVERAL.fullmatch(name)) and match[1] in files:
            several.setdefault(match[1], []).append(path.name)
            masks.add(name)
    for name, others in several.items():
        own = [files[name + ending].name for ending in _BESIDE if name + ending in files]
        complaints.add(source.name, f"{files[name].name} has several masks ({', '.join([*own, *others])}): merge them "
                       f"into one file called {name}_mask, or give a table" if len([*own, *others]) > 1 else
                       f"the mask of {files[name].name} is called {others[0]}: rename it {name}_mask, or give a table")
    for name, path in files.items():
        if name not in masks:
            mask = next((files[name + ending] for ending in _BESIDE if name + ending in files), None)
            yield _alone(source, path, home, label, mask)


def _alone(source: Source, image: Path, home: Path, label: str | None, mask: Path | None) -> Listed:
    """An image that no table groups: a group of its own."""
    name = f"{source.name}/{image.relative_to(home).as_posix()}"
    return Listed(Item(name, image, mask, (label,) if label else (), name, source.name, side="", volume=False), "")
