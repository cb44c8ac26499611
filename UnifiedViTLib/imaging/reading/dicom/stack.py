"""Frames put in order: one stack of parallel slices, evenly spaced; anything else is refused with what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ....errors import UnsupportedImageError
from ...geometry import DERIVED, GIVEN, UNKNOWN, GeometrySource
from .frames import Frame
from .pixel_size import PixelSize
from .selection import (
    Same,
    check_one_contrast,
    check_one_kind,
    notes_on_components,
    notes_on_types,
    without_copies,
    without_scouts,
)

#: Images nearer to each other than this lie in the same place, mm.
_SAME_PLACE_MM = 0.01
#: How far a slice may lie from its place on an even grid: a share of the distance between slices, and what rounding
#: of positions to tenths of a mm adds.
_UNEVEN, _ROUNDING_MM = 0.1, 0.05
#: Between slices that are all there lies at most this share of their thickness, as scanners are set.
_WIDEST_GAP = 0.35
#: Positions that are off by less are not worth a note, mm.
_NOTEWORTHY_MM = 0.1


@dataclass(frozen=True)
class Stack:
    """Slices in the order of the volume's third axis.

    Attributes:
        frames: sorted along the normal.
        ijk_to_lps: 4x4, of a grid with right angles.
        offsets: (slices, 2), in pixels along i and j: where each slice's first pixel lies on that grid; all zero
            unless the gantry was tilted.
        geometry: what of this the files state.
        planar: whether it is one image whose orientation is not known.
        notes: for the user.
        copies: pairs of a frame, of which the first is kept and the second left out for a copy of it.
    """

    frames: tuple[Frame, ...]
    ijk_to_lps: np.ndarray
    offsets: np.ndarray
    geometry: GeometrySource
    planar: bool
    notes: tuple[str, ...]
    copies: tuple[tuple[Frame, Frame], ...] = ()


def stack_of(frames: Sequence[Frame], name: str, same: Same) -> Stack:
    """Put the frames of a series or of a multi-frame image in order.

    Args:
        frames: at least one.
        name: what to call them in messages.
        same: whether two images show the same.

    Raises:
        UnsupportedImageError: they are not one stack of evenly spaced slices; the sentence says what they are, and
            how many of each.
    """
    frames, copies = without_copies(frames, same)
    frames, scouts = without_scouts(frames, name)
    notes = []
    if copies:
        notes.append(f"Copies of images that are there already left out: {len(copies)}.")
    if scouts:
        notes.append(f"Images of other planes (scouts or localizers) left out: {scouts}.")
    check_one_kind(frames, name)
    notes += [*notes_on_types(frames), *notes_on_components(frames)]
    size = frames[0].pixel_size
    if size is not None and size.derived_from:
        notes.append(f"The pixel size is taken from {size.derived_from}: sizes in mm are not exact.")
    placed = [frame for frame in frames if frame.position is not None]
    if placed and len(placed) < len(frames):
        raise UnsupportedImageError(
            f"{name}: {len(frames) - len(placed)} of {len(frames)} slices have no position, so that their order is "
            "not known. Export the series again."
        )
    if len(frames) == 1:
        stack = _single(frames[0])
    elif not placed:
        stack = _numbered_stack(frames, name)
    elif frames[0].orientation is None:
        stack = _undirected_stack(frames, name)
    else:
        stack = _sorted_stack(frames, name)
    return replace(stack, notes=(*notes, *stack.notes), copies=tuple(copies))


def _single(frame: Frame) -> Stack:
    """One image: how thick what it shows is, the distance to the next would have told."""
    position = UNKNOWN if frame.position is None else GIVEN
    if frame.orientation is None:
        matrix = np.diag([*frame.pixel_mm, 1.0, 1.0])
        geometry = GeometrySource(_source(frame.pixel_size), UNKNOWN, UNKNOWN)
        return Stack((frame,), matrix, np.zeros((1, 2)), geometry, True, ())
    note = "This is one slice; the distance between slices is not known, so no volume in mL is."
    matrix = _matrix(frame, frame.thickness or frame.slice_step or 1.0)
    return Stack((frame,), matrix, np.zeros((1, 2)), GeometrySource(UNKNOWN, GIVEN, position), False, (note,))


def _numbered_stack(frames: list[Frame], name: str) -> Stack:
    """Slices without positions, in the order that they state otherwise."""
    if frames[0].view:
        raise UnsupportedImageError(
            f"{name} holds {len(frames)} radiographs, ultrasound images or the like, which are not the slices of one "
            "volume. Run on each of the files."
        )
    frames, order = _in_stated_order(frames, name)
    check_one_contrast(frames, name)
    first = frames[0]
    note = f"The slices state no position: they are in {order}, and which end is which is not known."
    matrix = np.diag([*first.pixel_mm, _step(first), 1.0])
    orientation = UNKNOWN
    if first.orientation is not None:
        matrix, orientation = _matrix(first, _step(first)), DERIVED
    spacing = DERIVED if first.pixel_size is not None and _is_step(first.slice_step, frames) else UNKNOWN
    geometry = GeometrySource(spacing, orientation, UNKNOWN)
    return Stack(tuple(frames), matrix, np.zeros((len(frames), 2)), geometry, False, (note,))


def _is_step(stated: float | None, frames: Sequence[Frame]) -> bool:
    """Whether a distance between slices is stated, and not contradicted by the locations of these, which are sorted."""
    first, last = frames[0].location, frames[-1].location
    if not stated or first is None or last is None:
        return bool(stated)
    return abs((last - first) / (len(frames) - 1) - stated) <= _UNEVEN * stated


def _in_stated_order(frames: Sequence[Frame], name: str) -> tuple[list[Frame], str]:
    """Slices without positions by their places or locations, else by their numbers, which may be those of the scan and
    not of the stack; and what their order is, in words."""
    places = [frame.place for frame in frames]
    stated = [place for place in places if place is not None]
    if len(stated) == len(frames):
        order = np.argsort(stated, kind="stable")
        ordered = [frames[n] for n in order]
        _refuse_repeated(ordered, np.diff(np.array(stated)[order]), name)
        return ordered, "the order that the file numbers them in"
    locations = [frame.location for frame in frames if frame.location is not None]
    if len(locations) == len(frames):
        order = np.argsort(locations, kind="stable")
        ordered, heights = [frames[n] for n in order], np.array(locations)[order]
        _refuse_repeated(ordered, np.diff(heights), name)
        _refuse_uneven(heights, name)
        return ordered, "the order of their slice locations"
    ordered = sorted(frames, key=_number)
    if stated or locations or len({_number(frame) for frame in frames}) < len(frames):
        raise UnsupportedImageError(
            f"{name}: the {len(frames)} slices state no positions, and not all of them have a number or a slice "
            "location of their own, so that their order is not known. Export the series again."
        )
    if len({frame.path for frame in frames}) < len(frames):
        return ordered, "the order in which they are stored"
    gaps = len(set(np.diff([_number(frame)[0] for frame in ordered]))) > 1
    return ordered, f"the order of their numbers{' (of which some are missing)' if gaps else ''}"


def _number(frame: Frame) -> tuple[float, int]:
    return (-1.0 if frame.instance is None else frame.instance, frame.number)


def _step(frame: Frame) -> float:
    """Between slices, as stated; the thickness or 1 mm, nominal, where it is not."""
    return frame.slice_step or frame.thickness or 1.0


def _undirected_stack(frames: list[Frame], name: str) -> Stack:
    """Slices with positions but without orientation, sorted along the line on which they lie."""
    positions = np.array([frame.position for frame in frames])
    line = np.linalg.svd(positions - positions.mean(axis=0))[2][0]
    line = line * np.sign(line[np.abs(line).argmax()])
    heights = positions @ line
    order = np.argsort(heights, kind="stable")
    frames, heights = [frames[n] for n in order], heights[order]
    steps = np.diff(heights)
    _refuse_repeated(frames, steps, name)
    check_one_contrast(frames, name)
    _refuse_uneven(heights, name)
    first = frames[0]
    matrix = np.diag([*first.pixel_mm, float(steps.mean()), 1.0])
    geometry = GeometrySource(UNKNOWN if first.pixel_size is None else DERIVED, UNKNOWN, UNKNOWN)
    note = "The slices state positions, but no orientation: how they lie in the patient is not known."
    return Stack(tuple(frames), matrix, np.zeros((len(frames), 2)), geometry, False, (note,))


def _sorted_stack(frames: list[Frame], name: str) -> Stack:
    """Slices with positions and orientation, sorted along their normal."""
    positions = np.array([frame.position for frame in frames])
    heights = np.array([position @ frames[0].normal for position in positions])
    order = np.argsort(heights, kind="stable")
    frames, heights = [frames[n] for n in order], heights[order]
    first = frames[0]
    assert first.orientation is not None, "what has none goes to `_undirected_stack`"
    steps = np.diff(heights)
    _refuse_repeated(frames, steps, name)
    check_one_contrast(frames, name)
    _refuse_uneven(heights, name)
    step = float((heights[-1] - heights[0]) / (len(frames) - 1))
    off = float(np.abs(heights - np.linspace(heights[0], heights[-1], len(frames))).max())
    notes = _left_out(frames, step)
    pixel_mm = np.array(first.pixel_mm)
    positions = positions[order]
    drift = (positions - positions[0]) @ first.orientation.T  # mm along row and column
    shift = float(np.ptp(drift, axis=0).max())
    offsets = drift / pixel_mm
    extent = pixel_mm * (first.columns, first.rows)
    if (np.ptp(drift, axis=0) > extent).any():
        raise UnsupportedImageError(
            f"{name}: the slices lie up to {shift:.4g} mm beside each other, so that they are no stack. "
            "Put the slices of one volume into a folder of their own."
        )
    if first.pixel_size is None or np.ptp(offsets, axis=0).max() < 0.5:  # less than the grid resolves
        off = float(np.hypot(off, shift))
        offsets = np.zeros_like(offsets)
    else:
        degrees = np.degrees(np.arctan2(shift, heights[-1] - heights[0]))
        notes.append(
            f"The slices are shifted against each other by up to {shift:.1f} mm (a gantry tilted by {degrees:.0f}°): "
            "the volume was corrected to right angles."
        )
    if off > _NOTEWORTHY_MM:
        notes.append(f"The slices are not quite evenly spaced: positions may be off by up to {off:.1f} mm.")
    geometry = GeometrySource(_source(first.pixel_size), GIVEN, GIVEN)
    return Stack(tuple(frames), _matrix(first, step), offsets, geometry, False, tuple(notes))


def _left_out(frames: list[Frame], step: float) -> list[str]:
    """A note where every second (third, ...) slice alone is there: by their numbers, and by the distance that they
    state, or where they state none, by their thickness."""
    numbers = [frame.instance for frame in frames if frame.instance is not None]
    jumps = set(np.abs(np.diff(numbers)).tolist())
    times = jumps.pop() if len(jumps) == 1 and len(numbers) == len(frames) else 1.0
    if times < 2:
        return []
    stated, thickness = frames[0].slice_step, frames[0].thickness
    if stated:
        contradicted = abs(step - times * stated) <= _UNEVEN * step
        what = f"they state {stated:.4g} mm"
    else:
        thickness = thickness or 0.0
        whole = times * thickness
        contradicted = (1 - _UNEVEN) * whole <= step <= (1 + _WIDEST_GAP) * whole
        what = f"each is {thickness:.4g} mm thick"
    if not contradicted:
        return []
    return [f"The slices lie {step:.4g} mm apart, though {what}, and their numbers differ by {times:.0f}: those "
            "between seem to be missing, and what they show was not looked at. Export the whole series again."]


def _refuse_repeated(frames: list[Frame], steps: np.ndarray, name: str) -> None:
    places = np.concatenate([[0], np.cumsum(steps > _SAME_PLACE_MM)])
    counts = np.bincount(places)
    if counts.max() == 1:
        return
    at_one_place = [frame for frame, place in zip(frames, places, strict=True) if place == counts.argmax()]
    kinds = dict.fromkeys(kind for frame in at_one_place for kind in frame.differences)
    different = " and ".join(kind for kind in kinds
                             if len({frame.differences.get(kind, "") for frame in at_one_place}) > 1)
    each = f"{counts.max()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    raise UnsupportedImageError(
        f"{name} holds several images of the same place: {len(frames)} images at {len(counts)} places, {each} at each "
        f"({f'different {different}' if different else 'a time series, or several echoes'}). "
        "Put the slices of one volume into a folder of its own."
    )


def _refuse_uneven(heights: np.ndarray, name: str) -> None:
    """Slices at these sorted heights (mm along the normal) must lie near an even grid from the first to the last."""
    steps = np.diff(heights)
    usual = float(np.median(steps))
    tolerance = _UNEVEN * usual + _ROUNDING_MM
    if np.abs(heights - np.linspace(heights[0], heights[-1], len(heights))).max() <= tolerance:
        return
    multiples = np.rint(steps / usual)
    gaps = multiples > 1
    apart = f"{usual:.4g} mm"
    missing = int((multiples - 1).sum())
    on_grid = (np.abs(steps - multiples * usual) <= tolerance).all() and (multiples >= 1).all()
    if on_grid and 0 < missing <= len(steps):  # a wider gap parts stacks
        after = ", ".join(str(n + 1) for n in np.flatnonzero(gaps)[:5])
        raise UnsupportedImageError(
            f"{name}: {missing} {'slice is' if missing == 1 else 'slices are'} missing: the slices lie {apart} apart, "
            f"but after slice {after} is a gap of {steps.max():.4g} mm. Export the whole series again."
        )
    if gaps.any() and (np.abs(steps - usual) <= tolerance)[~gaps].all():
        groups = np.diff(np.concatenate([[0], np.flatnonzero(gaps) + 1, [len(heights)]]))
        raise UnsupportedImageError(
            f"{name} holds {len(groups)} stacks ({', '.join(map(str, groups))} slices) with a gap of "
            f"{steps.max():.4g} mm between, where slices lie {apart} apart: slices are missing, or several "
            "stacks are mixed. Put the slices of one stack into a folder of their own."
        )
    raise UnsupportedImageError(
        f"{name}: the {len(heights)} slices are unevenly spaced, {steps.min():.4g} to {steps.max():.4g} mm apart: "
        "slices are missing, or stacks are mixed. Export the whole series again, or resample it to even spacing "
        "(for example in 3D Slicer, DICOM import with regularised geometry)."
    )


def _matrix(frame: Frame, step: float) -> np.ndarray:
    """Index to LPS, the third axis along the normal, of a frame with an orientation."""
    assert frame.orientation is not None and frame.normal is not None, "others have no place in the patient"
    column_mm, row_mm = frame.pixel_mm
    matrix = np.eye(4)
    row, column = frame.orientation
    matrix[:3, :3] = np.column_stack([row * column_mm, column * row_mm, frame.normal * step])
    if frame.position is not None:
        matrix[:3, 3] = frame.position
    return matrix


def _source(size: PixelSize | None) -> str:
    if size is None:
        return UNKNOWN
    return DERIVED if size.derived_from else GIVEN
