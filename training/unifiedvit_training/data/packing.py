"""A prepared dataset as a few archives that travel: to a machine that is lent for half an hour, and has no network.

Images become bytes between the least and the greatest value of each picture, which is far finer than the noise of
augmentation; all else is kept as it is. The archives hold what `fit` needs, and no original file.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, fields
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ..errors import DataError
from ..storage import packed, replacing, write_whole
from .dataset import CARD_FILE, SIDES, Dataset, SliceSet, dataset_digest, load_dataset
from .writing import writable

#: Bytes of an archive at most, and slices that are compressed together.
PART_BYTES = 50_000_000
_TOGETHER = 64
_LARGE = ("images", "masks")
_SMALL = tuple(field.name for field in fields(SliceSet) if field.name not in _LARGE)
_CARD, _SMALL_FILE = "pack.json", "small.npz"
_FORMAT = 1


def pack_dataset(dataset: Dataset, extras: dict[str, bytes], output: Path, part_bytes: int = PART_BYTES) -> list[Path]:
    """Write `output`/part-00.zip and so on.

    Args:
        dataset: prepared.
        extras: files that are to lie in WORK after `unpack_dataset`, by name.
        output: folder; archives of an earlier pack in it are replaced.
        part_bytes: size of an archive at most.

    Returns:
        the archives, in order.

    Raises:
        DataError: a file is larger than an archive may be, or the folder cannot be written.
    """
    card = {"format": _FORMAT, "slices": len(dataset.slices), "shape": list(dataset.slices.images.shape[1:]),
            "extras": sorted(extras), "dataset_sha256": dataset_digest(dataset.slices, SIDES)}
    small = packed({name: getattr(dataset.slices, name) for name in _SMALL})
    items = [asdict(item) | {"metadata": {}} for item in dataset.items]  # `fit` needs none of it
    recipe = json.dumps({"recipe": dataset.recipe, "items": items}, default=str)
    files = [(_CARD, json.dumps(card).encode()), (_SMALL_FILE, small), (CARD_FILE, zlib.compress(recipe.encode())),
             *extras.items()]
    with writable(output):
        output.mkdir(parents=True, exist_ok=True)
        for old in _parts(output):
            old.unlink()
        parts: list[Path] = []
        for number, members in enumerate(_split_into_parts(
                files, _chunks(dataset.slices, card["dataset_sha256"]), part_bytes)):
            parts.append(output / f"part-{number:02d}.zip")
            with replacing(parts[-1]) as new, zipfile.ZipFile(new, "w") as archive:
                for name, content in members:
                    archive.writestr(name, content)
    return parts


def unpack_dataset(pack: Path, work: Path) -> Dataset:
    """Make WORK/dataset, and the extras in WORK, of the archives in `pack`.

    Raises:
        DataError: an archive is missing, damaged or of a newer version, or WORK has a dataset or cannot be written.
    """
    parts = _parts(pack)
    if (work / "dataset" / CARD_FILE).exists():
        raise DataError(
            f"{work} holds a prepared dataset already. Name another --work-dir folder, or delete that dataset."
        )
    if not parts:
        raise DataError(f"{pack} holds no archives (part-00.zip ...). Name one that `unifiedvit-train pack` wrote.")
    try:
        return _unpack(parts, work)
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError) as error:
        raise DataError(
            f"The archives in {pack} are not whole ({error}). Copy all of them again: part-00.zip to the last."
        ) from error


def _unpack(parts: list[Path], work: Path) -> Dataset:
    folder = work / "dataset"
    with zipfile.ZipFile(parts[0]) as first:
        card = json.loads(first.read(_CARD))
        if card["format"] != _FORMAT:
            raise DataError(f"{parts[0]} was packed by a newer version of this program; update this one.")
        small = _arrays(first.read(_SMALL_FILE))
        recipe = zlib.decompress(first.read(CARD_FILE))
        extras = {name: first.read(name) for name in card["extras"]}
    count, shape = card["slices"], tuple(card["shape"])
    with writable(work):
        folder.mkdir(parents=True, exist_ok=True)
        large = {
            "images": np.lib.format.open_memmap(folder / "images.npy", "w+", np.float16, (count, *shape)),
            "masks": np.lib.format.open_memmap(folder / "masks.npy", "w+", np.uint8, (count, *shape[-2:])),
        }
        written = np.zeros(count, bool)
        for part in parts:
            with zipfile.ZipFile(part) as archive:
                for name in archive.namelist():
                    if not name.startswith("slices-"):
                        continue
                    chunk = _arrays(archive.read(name))
                    if str(chunk.get("dataset_sha256")) != str(card.get("dataset_sha256")):
                        raise ValueError(f"{part.name} is of another pack")
                    start = int(chunk["start"])
                    place = slice(start, start + len(chunk["masks"]))
                    large["images"][place], large["masks"][place] = _restored(chunk), chunk["masks"]
                    written[place] = True
        if not written.all():
            raise ValueError(f"{np.count_nonzero(~written)} of {count} slices are missing")
        for array in large.values():
            array.flush()
        for name in _SMALL:
            np.save(folder / f"{name}.npy", small[name])
        for name, content in extras.items():
            target = work / _inside(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, content)
    write_whole(folder / CARD_FILE, recipe)  # last: without it the folder is not a finished dataset
    return load_dataset(folder)


def _inside(name: str) -> PurePosixPath:
    """A name of an archive as a path that leads nowhere else.

    Raises:
        ValueError: it would.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or any(mark in name for mark in ("\\", ":")):
        raise ValueError(f"{name!r} lies outside of the folder")
    return path


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-[0-9]*.zip"))


def _split_into_parts(files: list[tuple[str, bytes]], chunks: Iterator[tuple[str, bytes]], most: int
                ) -> Iterator[list[tuple[str, bytes]]]:
    """Members of each archive: the files in the first one, then the chunks in their order."""
    members, size = [], 0
    for name, content in chain(files, chunks):
        needed = len(content) + 2 * len(name) + 200  # what a zip file adds to a member
        if needed + 200 > most:
            raise DataError(f"{name} alone ({len(content) / 1e6:.1f} MB) is larger than an archive may be "
                            f"({most / 1e6:.1f} MB).")
        if size + needed + 200 > most:
            yield members
            members, size = [], 0
        members.append((name, content))
        size += needed
    yield members


def _chunks(slices: SliceSet, digest: str) -> Iterator[tuple[str, bytes]]:
    for start in range(0, len(slices), _TOGETHER):
        stop = min(start + _TOGETHER, len(slices))
        yield f"slices-{start:07d}.npz", packed({
            "start": np.array(start, np.int64), "masks": np.asarray(slices.masks[start:stop]),
            "dataset_sha256": np.array(digest),
            **_quantised(np.asarray(slices.images[start:stop], np.float32)),
        })


def _quantised(images: np.ndarray) -> dict[str, Any]:
    """(n, ..., H, W) as uint8 between each picture's least and greatest value, which a missing channel has for both."""
    low, high = (edge(images, axis=(-2, -1), keepdims=True) for edge in (np.min, np.max))
    span = np.where(high > low, high - low, 1)
    return {"images": np.rint((images - low) / span * 255).astype(np.uint8), "low": low, "high": high}


def _restored(chunk: dict[str, np.ndarray]) -> np.ndarray:
    """The images that `_quantised` was given, nearly."""
    return (chunk["low"] + chunk["images"] * ((chunk["high"] - chunk["low"]) / np.float32(255))).astype(np.float16)


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)
