"""`prepare`: from the project's sources to a checked dataset on disk, and a report of what is in it."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from UnifiedViTLib.inference.progress import ProgressCallback, ignore

from ..config import Project, Source
from ..errors import DataError
from ..storage import digest_of_files, write_whole
from .checks import find_problems
from .dataset import CARD_FILE, Dataset, Item, SliceSet, load_dataset
from .report import write_report
from .shortcut import probe_shortcuts
from .slicing import ItemSlices, slice_item
from .sources import list_items, unasked_masks
from .splits import assign_sides, check_classes_present, item_classes, lesion_classes
from .summary import summarise
from .writing import SliceWriter, writable

#: Changed when this code would make other slices from the same files.
_VERSION = 5
#: So many items are in memory at a time, and lost when a run is killed.
_AT_A_TIME = 16
SUMMARY_FILE, REPORT_FILE = "summary.txt", "report.html"


def prepare_dataset(project: Project, folder: Path, progress: ProgressCallback = ignore) -> Dataset:
    """Read, check and prepare all images of a project into `folder`, and write `report.html` there.

    A finished dataset of the same recipe is returned at once; a run that was interrupted goes on. If only the split
    has changed, the slices are used again.

    Args:
        project: the recipe.
        folder: of the dataset.
        progress: told the fraction of the images that are prepared; what it raises ends it, to be gone on with.

    Raises:
        DataError: sources, images, masks or the split are wrong; or the folder cannot be written.
        RunError: the disk is full at the very end.
    """
    listings = list_items(project)
    items, left_out = assign_sides(listings, project)
    if project.model.task != "segmentation" and project.data.every_class:
        check_classes_present(item_classes(items), lesion_classes(project.model))
    digests = _digests(project, items)
    recipe = _recipe(project, items, digests)
    if _made_before(folder, recipe):
        print((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
        return load_dataset(folder)
    small = _write_slices(project, items, digests, folder, progress)
    place = np.repeat(np.arange(len(items)), small["counts"])
    volumes = np.bincount(place, small["volume"], len(items)) > 0
    items = [replace(item, volume=bool(volume)) for item, volume in zip(items, volumes, strict=True)]
    dataset = _put_together(folder, items, place, small, recipe)
    _refuse_unusable(project, dataset.slices)
    print("Looking for what may be wrong ...")
    problems = find_problems(project, dataset, small["facts"], left_out, unasked_masks(project, listings))
    probes = [] if project.model.task == "segmentation" else probe_shortcuts(
        dataset.slices.images, small["statistics"], dataset.slices.labels, dataset.slices.sides,
        dataset.slices.sources, project.model.class_names, project.seed,
    )
    text = summarise(project, dataset, problems, probes)
    with writable(folder):
        write_report(project, dataset, small["facts"], problems, probes, folder / REPORT_FILE)
        (folder / SUMMARY_FILE).write_text(text, encoding="utf-8")
    card = {"recipe": recipe, "items": [asdict(item) for item in items]}
    write_whole(folder / CARD_FILE, json.dumps(card, default=str))
    print(f"{text}\nReport: {folder / REPORT_FILE}")
    return load_dataset(folder)


def _recipe(project: Project, items: list[Item], digests: dict[Path, str]) -> dict[str, Any]:
    """All that decides what the dataset is."""
    stamps = hashlib.sha256(json.dumps(
        [[*_stamp(item, digests), item.group, item.side, *([item.metadata] if item.metadata else [])] for item in items]
    ).encode()).hexdigest()
    model = project.model.model_dump(mode="json", include={"input", "segments", "classes", "diagnosis"})
    return {"version": _VERSION, "data": project.data.model_dump(mode="json"), "model": model, "seed": project.seed,
            "files": stamps}


def _digests(project: Project, items: list[Item]) -> dict[Path, str]:
    """What is in each file: another image may have its size, and from an archive its time."""
    def digest(path: Path) -> str:
        try:
            return digest_of_files(path)
        except OSError:  # told where it is sliced
            return ""

    paths = sorted({path for item in items for path in (item.image, item.mask, *item.channels) if path})
    with ThreadPoolExecutor(project.machine.threads or os.cpu_count()) as pool:
        return dict(zip(paths, pool.map(digest, paths), strict=True))


def _stamp(item: Item, digests: dict[Path, str]) -> list[Any]:
    """Changes when the files of an item do, or what is said of them."""
    files = (item.image, item.mask, *item.channels)
    return [item.name, str(item.image), str(item.mask), item.labels, item.plane, *map(str, item.channels),
            *([item.unknown] if item.unknown else []),
            *(digests[file] if file else None for file in files)]


def _made_before(folder: Path, recipe: dict[str, Any]) -> bool:
    try:
        old = load_dataset(folder).recipe
    except DataError:
        return False
    if old == recipe and (folder / REPORT_FILE).exists() and (folder / SUMMARY_FILE).exists():
        return True
    changed = [name for name in recipe if old.get(name) != recipe[name]]
    print(f"The dataset in {folder} was made from something else ({', '.join(changed)} changed); it is made again.")
    return False


def _write_slices(project: Project, items: list[Item], digests: dict[Path, str], folder: Path,
                  progress: ProgressCallback) -> dict[str, np.ndarray]:
    """Prepare all slices into `folder`; the small arrays of `SliceWriter.finish`."""
    sources = {source.name: source for source in project.data.sources}
    parts = [
        own[start : start + _AT_A_TIME] for own in ([item for item in items if item.source == name] for name in sources)
        for start in range(0, len(own), _AT_A_TIME)
    ]
    writer = SliceWriter(folder, project.model.input.size, len(project.model.channel_names),
                         [_key(project, part, digests) for part in parts])
    done = sum(map(len, parts[: writer.done]))
    if writer.done and not writer.complete:
        print(f"Going on after {done} of {len(items)} images.")
    mistakes: list[str] = []
    with tqdm(total=len(items), initial=done, desc="images", unit="image",
              mininterval=2, disable=writer.complete) as bar, \
            ThreadPoolExecutor(project.machine.threads or os.cpu_count()) as pool, threadpool_limits(1):
        for part in parts[writer.done :]:
            made = list(pool.map(lambda item: _slices_or_mistake(project, sources[item.source], item), part))
            mistakes += [one for one in made if isinstance(one, str)]
            if not mistakes:
                writer.append([one for one in made if not isinstance(one, str)])
            bar.update(len(part))
            progress("Preparing the cases", bar.n / len(items))
    if mistakes:
        more = f"\n  ... and {len(mistakes) - 10} more" if len(mistakes) > 10 else ""
        raise DataError(
            f"{len(mistakes)} of {len(items)} images cannot be used. Mend them or take them out, and run again:\n  "
            + "\n  ".join(mistakes[:10]) + more
        )
    with writable(folder):
        (folder / CARD_FILE).unlink(missing_ok=True)
    return writer.finish()


def _slices_or_mistake(project: Project, source: Source, item: Item) -> ItemSlices | str:
    try:
        return slice_item(item, source, project.data, project.model)
    except DataError as error:
        return str(error)


def _key(project: Project, part: list[Item], digests: dict[Path, str]) -> str:
    """Changes when anything about the slices of these items does; on which side they stand is no part of it."""
    model = project.model.model_dump(mode="json", include={
        "input": {"size": True, "channels": {"__all__": {"name"}}}, "segments": {"__all__": {"name"}}, "classes": True,
        "diagnosis": True,
    })
    data = project.data.model_dump(mode="json", include={"plane", "slice_stride"})
    source = next(source for source in project.data.sources if source.name == part[0].source)
    settings = source.model_dump(mode="json", include={"mask_values", "ignore", "empty_masks", "slice_labels"})
    text = json.dumps([_VERSION, model, data, settings, [_stamp(item, digests) for item in part]])
    return hashlib.sha256(text.encode()).hexdigest()


def _put_together(folder: Path, items: list[Item], place: np.ndarray, small: dict[str, np.ndarray],
                  recipe: dict[str, Any]) -> Dataset:
    """Write the arrays that are not there yet. `place`: (N,), the item of each slice."""
    of_items = {
        name: np.array([getattr(item, key) for item in items])[place]
        for name, key in (("groups", "group"), ("sources", "source"), ("sides", "side"))
    }
    arrays = {name: small[name] for name in ("has_mask", "labels", "positions", "planes")}
    arrays |= of_items | {"items": place}
    with writable(folder):
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
    large = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("images", "masks")}
    return Dataset(folder, SliceSet(**large, **arrays), tuple(items), recipe)


def _refuse_unusable(project: Project, slices: SliceSet) -> None:
    """Raise a `DataError` if slices lack a class or all masks on the train or validation side."""
    model = project.model
    if model.task != "segmentation" and project.data.every_class:
        present = {}
        for side in ("train", "validation"):
            labels = slices.labels[slices.on(side)]
            there = (labels == 1).any(axis=0) if labels.ndim == 2 else np.isin(range(len(model.classes)), labels)
            present[side] = {model.class_names[c] for c in np.flatnonzero(there)}
        check_classes_present(present, model.class_names)
    if model.task != "classification":
        for side in ("train", "validation"):
            on = slices.on(side)
            if not any(slices.has_mask[n] and slices.drawn(n) for n in on):
                raise DataError(
                    f"No mask on the {side} side of the split has anything drawn. Give masks (column `mask`), or set "
                    "model.task to classification."
                )
