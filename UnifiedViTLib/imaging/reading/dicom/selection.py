"""Which frames make the stack: copies and scouts are left out, images of several kinds refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ....errors import UnsupportedImageError
from .frames import Frame

#: Planes less than this many degrees apart are parallel: headers round.
_PARALLEL_DEGREES = 0.5
#: Images of other planes are left out as scouts where a stack has so many times as many slices.
_SCOUT_SHARE = 4


def without_copies(frames: Sequence[Frame]) -> tuple[list[Frame], list[tuple[Frame, Frame]]]:
    """Each image once: a file that was copied has the same UID in the same place; and which were left out for which."""
    first: dict[tuple, Frame] = {}
    copies = []
    for frame in frames:
        place = None if frame.position is None else tuple(frame.position)
        key = (frame.sop_instance, frame.number, place, frame.instance) if frame.sop_instance else (id(frame),)
        if first.setdefault(key, frame) is not frame:
            copies.append((first[key], frame))
    return list(first.values()), copies


def without_scouts(frames: list[Frame], name: str) -> tuple[list[Frame], int]:
    """The frames of one plane, and how many scouts of other planes were left out."""
    if any(frame.localizer for frame in frames) and not all(frame.localizer for frame in frames):
        slices = [frame for frame in frames if not frame.localizer]
    else:
        slices = frames
    planes: list[list[Frame]] = []
    for frame in slices:
        for plane in planes:
            if _parallel(plane[0], frame):
                plane.append(frame)
                break
        else:
            planes.append([frame])
    planes.sort(key=len, reverse=True)
    main = planes[0]
    if len(main) < _SCOUT_SHARE * (len(slices) - len(main)):
        counts = ", ".join(f"{len(plane)} {_plane_name(plane[0])}" for plane in planes)
        raise UnsupportedImageError(
            f"{name} holds images of {len(planes)} planes ({counts}): a localizer, or several stacks. "
            "Put the slices of one plane into a folder of their own."
        )
    return main, len(frames) - len(main)


def _parallel(one: Frame, other: Frame) -> bool:
    if one.orientation is None or other.orientation is None:
        return one.orientation is None and other.orientation is None
    cosines = np.clip((one.orientation * other.orientation).sum(axis=1), -1, 1)
    return bool(np.degrees(np.arccos(cosines)).max() < _PARALLEL_DEGREES)


def _plane_name(frame: Frame) -> str:
    if frame.normal is None:
        return "without orientation"
    strongest = int(np.abs(frame.normal).argmax())
    name = ("sagittal", "coronal", "axial")[strongest]
    return name if abs(frame.normal[strongest]) > 0.999 else f"oblique {name}"


def refuse_mixed(frames: list[Frame], name: str) -> None:
    """One size, one pixel size and one photometric interpretation for all."""
    def reject(what: str, kinds: Counter) -> None:
        counts = ", ".join(f"{count} of {kind}" for kind, count in kinds.most_common())
        raise UnsupportedImageError(
            f"{name} holds slices of different {what} ({counts}), which make no volume. "
            "Put the slices of one kind into a folder of their own."
        )

    sizes = Counter(f"{frame.columns} x {frame.rows}" for frame in frames)
    if len(sizes) > 1:
        reject("size", sizes)
    if any(not _same_pixels(frames[0], frame) for frame in frames):
        reject("pixel size", Counter(
            f"unknown pixel size ({frame.pixel_aspect:.4g} times as high as wide)" if frame.pixel_size is None else
            f"{frame.pixel_size.row_mm:.4g} x {frame.pixel_size.column_mm:.4g} mm" for frame in frames
        ))
    kinds = Counter(frame.photometric for frame in frames)
    if len(kinds) > 1:
        reject("photometric interpretation", kinds)
    bits = Counter(f"{frame.bits} bits" for frame in frames)
    if len(bits) > 1 and "MONOCHROME1" in kinds:  # each is turned around within its own range
        reject("depth, stored with black and white exchanged", bits)


def _same_pixels(one: Frame, other: Frame) -> bool:
    known = one.pixel_size is not None
    return known == (other.pixel_size is not None) and np.allclose(one.pixel_mm, other.pixel_mm, rtol=1e-3)
