"""One image with its mask becomes slices: read and prepared by the library's own code, exactly as in use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import binary_fill_holes

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.channels import prepare_channels
from UnifiedViTLib.imaging.mask_values import soft_share, whole_numbers
from UnifiedViTLib.imaging.preparation import PreparedVolume
from UnifiedViTLib.imaging.reading import read, read_labels, segment_names
from UnifiedViTLib.imaging.resampling import Frame
from UnifiedViTLib.imaging.volume import Volume, grid_distance_mm
from UnifiedViTLib.names import folded

from ..config import BACKGROUND, IGNORE, Data, Model, Source
from ..errors import DataError
from .dataset import Item, lesion_of
from .shortcut import STATISTICS, global_statistics

#: A lesion smaller than this share of the network's input says too little to name a volume's slice by.
SMALLEST_LESION = 20 / 224**2
#: What is noted of each slice for the checks. Shares are of the network's input unless said otherwise.
FACTS = np.dtype([
    ("lesion", "f4"),     # share that the mask covers
    ("drawn", "i8"),      # voxels drawn in the mask file
    ("soft", "f4"),       # share of what a mask with soft edges marks that lies between nothing and its largest value
    ("outside", "f4"),    # share of the lesion that lies outside the body with its holes filled
    ("body", "f4"),       # share that is body
    ("low", "f4"),        # smallest and largest raw value
    ("high", "f4"),
    ("clipped", "f4"),    # share of the body's voxels that have the largest value
    ("frame", "f4"),      # raw median of the outermost line less that of the middle, in units of the range
    ("inversion", "f4"),  # the same of a band along the border
    ("rows", "i4"),       # of the image as it came
    ("columns", "i4"),
    ("digest", "u8"),     # of the raw slice: equal for equal slices
])


@dataclass(frozen=True)
class ItemSlices:
    """The slices of one item; arrays as in `dataset.SliceSet`, and what checks need.

    Attributes:
        facts: (N,) of dtype `FACTS`.
        statistics: (N, len(STATISTICS)) float32 of the raw slices, see `shortcut.global_statistics`.
    """

    images: np.ndarray
    masks: np.ndarray
    has_mask: np.ndarray
    labels: np.ndarray
    positions: np.ndarray
    planes: np.ndarray
    volume: np.ndarray
    facts: np.ndarray
    statistics: np.ndarray


def slice_item(item: Item, source: Source, data: Data, model: Model) -> ItemSlices:
    """Read an image and its mask and prepare their slices.

    Args:
        item: the image, and what is known of it.
        source: that it is of.
        data: how to prepare it.
        model: what the network will read.

    Raises:
        DataError: the image or the mask cannot be used; the sentence names the file.
    """
    try:
        prepared = prepare_channels(read_channels(item), model.input.size, data.plane)
    except UnsupportedImageError as error:
        raise DataError(f"{item.name}: {error}") from error
    positions = np.arange(0, len(prepared), data.slice_stride)
    images = np.empty((len(positions), max(1, len(item.channels)), model.input.size, model.input.size), np.float16)
    for start, batch in prepared.batches(32):
        chosen = (positions >= start) & (positions < start + len(batch))
        images[chosen] = batch[positions[chosen] - start]
    classes, known, soft = _mask_classes(item, source, model, prepared.volume)
    masks, drawn = _masks(classes, prepared, positions, len(model.segments))
    facts = _facts(prepared, positions, masks, drawn)
    facts["soft"] = soft
    if len(prepared) == 1 or source.slice_labels == "volume":
        labels = _vector(item.labels, model, item.unknown)
    elif model.multi_label:
        labels = _findings(item, model, masks, known)
    else:
        labels = _labels(item, model, facts["lesion"], known & (masks != IGNORE).all(axis=(1, 2)))
    return ItemSlices(
        images=images if item.channels else images[:, 0],
        masks=masks,
        has_mask=known & (masks != IGNORE).any(axis=(1, 2)),
        labels=np.broadcast_to(labels, (len(positions), *np.shape(_vector((), model)))).astype(np.int64),
        positions=positions,
        planes=np.full(len(positions), item.plane or prepared.view.plane),
        volume=np.full(len(positions), len(prepared) > 1),
        facts=facts,
        statistics=np.concatenate([global_statistics(prepared.slices[n][None]) for n in positions])
        if len(positions) else np.empty((0, len(STATISTICS)), np.float32),
    )


def read_channels(item: Item) -> list[Volume | None]:
    """An item's image, or its channels in the order of the model's, None for a missing one.

    Raises:
        UnsupportedImageError: with a sentence.
    """
    # A picture that viewers turn: a mask may have been drawn on it as shown or as stored, so that one with a mask is
    # refused.
    return [path and read(path, turn=item.mask is None) for path in item.channels or (item.image,)]


def _vector(labels: tuple[str, ...], model: Model, unknown: tuple[str, ...] = ()) -> np.ndarray:
    """A slice's label as the network learns it: () an index, or for several labels at once (C,) of 0, 1; -1 unknown."""
    if not model.multi_label:
        return np.array(model.class_names.index(labels[0]) if labels else -1, np.int64)
    return np.array([int(name in labels) if labels and name not in unknown else -1 for name in model.class_names])


def _findings(item: Item, model: Model, masks: np.ndarray, known: bool) -> np.ndarray:
    """(n, C) labels of a volume's slices, by their mask classes (n, size, size)."""
    volume = _vector(item.labels, model, item.unknown)
    # What a volume does not have, none of its slices has; where it is in one that has it, only a mask can tell.
    rows = np.tile(np.where(volume == 0, 0, -1), (len(masks), 1))
    segments = [segment.name for segment in model.segments]
    whole = (masks != IGNORE).all(axis=(1, 2))
    for c, card in enumerate(model.classes):
        if not known or card.name not in model.outlined:
            continue
        drawn = lesion_of(masks) if card.segment is None else masks == segments.index(card.segment) + 1
        share = drawn.mean(axis=(1, 2))
        # A finding that is drawn is there, whether the table knows it or not; one that it denies contradicts it.
        label = volume[c] if card.segment is None else -1 if volume[c] == 0 else 1
        # Where nothing is drawn on the labelled part of a slice, the rest of it may show the finding.
        rows[:, c] = np.select([(share == 0) & whole, share == 0, share < SMALLEST_LESION], [0, rows[:, c], -1], label)
    return rows


def _labels(item: Item, model: Model, lesion: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Labels of a volume's slices, by the share `lesion` of each that the mask covers, and whether it is known of all
    of the slice."""
    healthy = () if model.healthy is None else (model.class_names[model.healthy],)
    unknown, nothing = _vector((), model), _vector(healthy, model)
    # A volume said to be healthy in which something is drawn contradicts itself: such slices stay unnamed.
    something = unknown if item.labels == healthy else _vector(item.labels, model)
    # On a part of a slice that is not labelled there may be a lesion.
    undrawn = nothing if item.labels == healthy and healthy else unknown
    return np.array([
        (nothing if all_known else undrawn) if share == 0 else unknown if share < SMALLEST_LESION else something
        for share, all_known in zip(lesion, whole, strict=True)
    ])


def _mask_classes(item: Item, source: Source, model: Model, volume: Volume) -> tuple[np.ndarray | None, bool, float]:
    """The mask's classes on the image's own grid, (K, J, I) uint8, `IGNORE` where nobody labelled, None for an empty
    one; whether it is known; and how soft its edges are (`mask_values.soft_share`)."""
    if item.mask is None:
        return None, item.is_free(model.outlined) if source.empty_masks is None else source.empty_masks, 0.0
    values = whole_numbers(read_mask(item, volume))
    _check_segment_names(item.name, item.mask, values, source, model)
    unlabelled = None if source.ignore is None else values == source.ignore
    if not source.mask_values:
        soft = soft_share(values)
        halved = soft or item.mask.suffix.lower() in (".jpg", ".jpeg")
        if unlabelled is None:
            return (values > values.max() / 2 if halved else values > 0).astype(np.uint8), True, soft
        if halved:
            raise DataError(f"{item.name}: the mask {item.mask.name} has soft edges, so that its values do not tell "
                            f"what nobody labelled ({source.ignore}). Save it without smoothing, as PNG, not JPEG.")
        return np.where(unlabelled, IGNORE, values > 0).astype(np.uint8), True, 0.0
    segments = [segment.name for segment in model.segments]
    unknown = sorted({value.item() for value in np.unique(values)} - {0, source.ignore, *source.mask_values})
    if unknown:
        named = ", ".join(map(str, source.mask_values))
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise DataError(
            f"{item.name}: the mask {item.mask.name} holds {', '.join(f'{v:.9g}' for v in unknown[:5])}{more}, which "
            f"mask_values does not name (it names {named}). Name them, or save the mask with these values alone: PNG "
            "without smoothing, not JPEG."
        )
    classes = np.zeros(values.shape, np.uint8)
    for value, name in source.mask_values.items():
        classes[values == value] = segments.index(name) + 1 if name in segments else 0
    if unlabelled is not None:
        classes[unlabelled] = IGNORE
    return classes, True, 0.0


def _check_segment_names(name: str, mask: Path, values: np.ndarray, source: Source, model: Model) -> None:
    """Raise a DataError where a mask of Slicer names its labels otherwise than `mask_values`: Slicer numbers segments
    in the order in which they were made."""
    known = {folded(segment.name): segment.name for segment in model.segments}
    drawn = {label: text for label, text in segment_names(mask).items() if (values == label).any()}
    of_model = {label: known[folded(text)] for label, text in drawn.items() if folded(text) in known}
    for label, segment in of_model.items():
        meant = source.mask_values.get(label, segment)
        if meant != segment:
            raise DataError(f"{name}: in the mask {mask.name}, {label} is {drawn[label]}, but mask_values says that it "
                            f"is {meant}. Save the segments in the order of mask_values, with the same numbers in all "
                            "files.")
    others = [f"{label} ({text})" for label, text in drawn.items() if label not in of_model]
    if not source.mask_values and of_model and others:
        raise DataError(f"{name}: the mask {mask.name} holds {', '.join(others)} besides "
                        f"{', '.join(of_model.values())}, which would be learnt as the same. Name them in mask_values "
                        f"(as {BACKGROUND}, if they are not to be learnt), or save the one segment alone.")


def read_mask(item: Item, volume: Volume) -> np.ndarray:
    """Values of an item's mask file, which it has, (K, J, I), which must lie on the grid of its image, `volume`.

    Raises:
        DataError: it cannot be read, or lies elsewhere.
    """
    assert item.mask is not None, "what has none is not asked"
    try:
        mask = read_labels(item.mask)
    except UnsupportedImageError as error:
        raise DataError(f"{item.name}, its mask: {error}") from error
    values = mask.array
    if values.shape != volume.array.shape:
        sizes = (" x ".join(map(str, array.shape[::-1])) for array in (values, volume.array))
        raise DataError(
            f"{item.name}: the mask {item.mask.name} has {next(sizes)} voxels, the image {next(sizes)}. "
            "Export the mask on the image's own grid."
        )
    if values.any() and not (mask.planar or volume.planar):  # nothing drawn may lie anywhere
        distance = grid_distance_mm(mask.ijk_to_ras, volume.ijk_to_ras, values.shape)
        if distance > 0.5 * min(volume.spacing):
            raise DataError(
                f"{item.name}: the mask {item.mask.name} lies up to {distance:.1f} mm from where the image is (other "
                "origin, spacing or directions). Export the mask on the image's own grid."
            )
    return values


def _masks(classes: np.ndarray | None, prepared: PreparedVolume, positions: np.ndarray,
           segments: int) -> tuple[np.ndarray, np.ndarray]:
    """Mask classes as the network sees them, (n, size, size) uint8, and voxels drawn on each slice, (n,)."""
    size = prepared.frame.size
    if classes is None or not classes.any():
        return np.zeros((len(positions), size, size), np.uint8), np.zeros(len(positions), np.int64)
    drawn = prepared.view.of(classes)[positions]
    masks = np.zeros((len(positions), size, size), np.uint8)
    partial = (drawn == IGNORE).any(axis=(1, 2))
    for n in np.flatnonzero(partial):
        masks[n] = _nearest(drawn[n], prepared.frame)
    for n in np.flatnonzero(drawn.any(axis=(1, 2)) & ~partial):
        # Each class is resampled as a map between 0 and 1: labels themselves cannot be averaged.
        share = np.stack([prepared.frame.to_network((drawn[n] == c)[None])[0] for c in range(1, segments + 1)])
        masks[n] = np.concatenate([1 - share.sum(axis=0, keepdims=True), share]).argmax(axis=0)
    return masks, np.count_nonzero(lesion_of(drawn), axis=(1, 2))


def _nearest(drawn: np.ndarray, frame: Frame) -> np.ndarray:
    """A partial mask (rows, columns) as the network sees it: each pixel has the label at its middle, or where nobody
    labelled that, the most frequent label of the voxels within it, so that no thin stroke is lost; what lies outside
    the image nobody labelled."""
    middles = (np.arange(frame.size) + 0.5) * frame.pixel_mm
    rows = np.floor((frame.top + middles) / frame.row_mm).astype(int)
    columns = np.floor((frame.left + middles) / frame.column_mm).astype(int)
    inside = np.ix_((rows >= 0) & (rows < frame.rows), (columns >= 0) & (columns < frame.columns))
    mask = np.full((frame.size, frame.size), IGNORE, np.uint8)
    mask[inside] = drawn[np.ix_(rows.clip(0, frame.rows - 1), columns.clip(0, frame.columns - 1))][inside]

    voxels = np.argwhere(drawn != IGNORE)
    corner, voxel_mm = (frame.top, frame.left), (frame.row_mm, frame.column_mm)
    pixels = np.floor(((voxels + 0.5) * voxel_mm - corner) / frame.pixel_mm).astype(int)
    seen = ((pixels >= 0) & (pixels < frame.size)).all(axis=1)
    voxels, pixels = voxels[seen], pixels[seen]
    counts = np.zeros((int(drawn[drawn != IGNORE].max(initial=0)) + 1, frame.size, frame.size), int)
    np.add.at(counts, (drawn[tuple(voxels.T)], *pixels.T), 1)
    return np.where((mask == IGNORE) & counts.any(axis=0), counts.argmax(axis=0), mask).astype(np.uint8)


def _facts(prepared: PreparedVolume, positions: np.ndarray, masks: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    facts = np.zeros(len(positions), FACTS)
    facts["drawn"], facts["lesion"] = drawn, lesion_of(masks).mean(axis=(1, 2))
    _, facts["rows"], facts["columns"] = prepared.slices.shape
    foreground = prepared.foreground
    for n, position in enumerate(positions):
        raw = prepared.slices[position]
        fact = facts[n]
        fact["low"], fact["high"] = raw.min(), raw.max()
        body = raw > foreground.threshold
        fact["clipped"] = np.count_nonzero(raw == raw.max()) / max(1, np.count_nonzero(body))
        fact["frame"], fact["inversion"] = (_brighter(raw, n) for n in (1, 1 + min(raw.shape) // 20))
        fact["digest"] = _digest(raw)
        seen = prepared.frame.to_network(body[None])[0] > 0.5
        fact["body"] = seen.mean()
        if drawn[n]:
            lesion = lesion_of(masks[n])
            filled: Any = binary_fill_holes(seen)
            fact["outside"] = 1 - filled[lesion].mean() if lesion.any() else 0
    return facts


def _brighter(raw: np.ndarray, width: int) -> float:
    """How much brighter the outermost `width` lines are than the middle third, as a share of the slice's range."""
    rows, columns = (n // 3 for n in raw.shape)
    inner = raw[width:-width]
    border = [raw[:width], raw[-width:], inner[:, :width], inner[:, -width:]]
    middle = np.median(raw[rows : 2 * rows, columns : 2 * columns])
    spread = float(raw.max()) - float(raw.min())
    return (float(np.median(np.concatenate([part.ravel() for part in border]))) - float(middle)) / max(spread, 1e-9)


def _digest(raw: np.ndarray) -> int:
    return int.from_bytes(hashlib.blake2b(np.ascontiguousarray(raw).tobytes(), digest_size=8).digest(), "little")
