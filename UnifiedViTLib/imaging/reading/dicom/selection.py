"""Which frames make the stack: copies and scouts are left out, images of several kinds refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from ....errors import UnsupportedImageError
from .frames import B_VALUES, COMPONENTS, ECHO_TIMES, IMAGE_TYPES, Frame
from .header import uid_name

#: Planes less than this many degrees apart are parallel: headers round.
_PARALLEL_DEGREES = 0.5
#: Images of other planes are left out as scouts where a stack has so many times as many slices.
_SCOUT_SHARE = 4
#: An image tilted by no more than this may be meant for a slice of the stack, where it lies among its slices; or next
#: to them, within so many times their distance. However it is turned in its plane.
_TURNED_DEGREES, _NEXT = 5.0, 2.5
_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
#: Images of one stack have one of these: its name, its unit, and by how much scanners round it, beside a share.
_CONTRASTS = ((ECHO_TIMES, "ms", 0.05), (B_VALUES, "s/mm²", 5.0))
_ROUNDED_SHARE = 0.05
#: What the first word of one value of an MR image type, from the third on, says that its pixels are ("PHASE MAP",
#: "M_FFE").
_MAGNITUDE = "magnitude"
_COMPONENTS = {"M": _MAGNITUDE, "MAGNITUDE": _MAGNITUDE, "P": "phase", "PHASE": "phase", "R": "real parts",
               "REAL": "real parts", "I": "imaginary parts", "IMAGINARY": "imaginary parts"}
#: Values of an image type that a slice has, or has not; the others may differ among slices of one kind.
_TELLING_TYPES = ("ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "PROJECTION IMAGE", "SCREEN SAVE", "MIP", "MPR")
#: Whether two images show the same.
Same = Callable[[Frame, Frame], bool]
#: Kinds that a sentence names.
_NAMED = 4


def without_copies(frames: Sequence[Frame], same: Same) -> tuple[list[Frame], list[tuple[Frame, Frame]]]:
    """Each image once, and which were left out for which: a file that was copied has the same UID in the same place,
    whatever its number; an image that was stored again with another UID shows the same in the same place.

    Args:
        frames: of a series.
        same: whether two images show the same; asked of those that lie in one place alone, until two do not.
    """
    first: dict[tuple, Frame] = {}
    copies = []
    for frame in frames:
        where = (frame.instance,) if frame.position is None else tuple(frame.position)
        key = (frame.sop_instance, frame.number, where) if frame.sop_instance else (id(frame),)
        if first.setdefault(key, frame) is not frame:
            copies.append((first[key], frame))
    stored_again = _stored_again(list(first.values()), same)
    left_out = {id(copy) for _, copy in stored_again}
    return [frame for frame in first.values() if id(frame) not in left_out], [*copies, *stored_again]


def _stored_again(frames: Sequence[Frame], same: Same) -> list[tuple[Frame, Frame]]:
    """Pairs of images of one place that show the same; none if other images of one place do not: these are several
    volumes, at whose ends all may be empty."""
    files = Counter(frame.path for frame in frames)
    places: dict[tuple, Frame] = {}
    pairs = []
    for frame in frames:
        if frame.position is None or frame.orientation is None or files[frame.path] > 1:
            continue
        key = (*frame.position, *frame.orientation.flat, frame.rows, frame.columns, frame.sop_class,
               *frame.differences.items())
        one = places.setdefault(key, frame)
        if one is frame:
            continue
        if not same(one, frame):
            return []
        pairs.append((one, frame))
    return pairs


def without_scouts(frames: Sequence[Frame], name: str) -> tuple[list[Frame], int]:
    """The frames of one plane, and how many scouts of other planes were left out, among them pictures of no plane.

    Raises:
        UnsupportedImageError: there are several stacks, or slices of which it is not known, or hardly, how they lie.
    """
    slices = list(frames)
    for is_scout in (_is_localizer, _is_picture):
        others = [frame for frame in slices if not is_scout(frame)]
        slices = others or slices
    undirected = sum(frame.orientation is None for frame in slices)
    if 0 < undirected < len(slices):
        raise UnsupportedImageError(
            f"{name}: {undirected} of {len(slices)} slices have no orientation, so that how they lie is not known. "
            "Export the series again."
        )
    planes: list[list[Frame]] = []
    for frame in slices:
        for plane in planes:
            if _degrees(plane[0], frame) < _PARALLEL_DEGREES:
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
    turned = [frame for plane in planes[1:] for frame in plane if _lies_among(frame, main)]
    if turned:
        raise UnsupportedImageError(
            f"{name}: {len(turned)} of {len(slices)} slices are turned against the others, by up to "
            f"{max(_degrees(main[0], frame) for frame in turned):.3g}°, and lie where slices of the same stack would: "
            "no volume is made of them. Put the slices of one plane into a folder of their own."
        )
    return main, len(frames) - len(main)


def _is_localizer(frame: Frame) -> bool:
    return frame.localizer


def _is_picture(frame: Frame) -> bool:
    """Whether it is a secondary capture of no place, as of a screen or a report."""
    captured = frame.sop_class == _CAPTURE or frame.sop_class.startswith(f"{_CAPTURE}.")
    return captured and frame.orientation is None and frame.position is None


def _degrees(one: Frame, other: Frame) -> float:
    """Between two planes, or the directions of their rows or columns where these are further apart."""
    if one.orientation is None or other.orientation is None:
        return 0.0
    cosines = np.clip((one.orientation * other.orientation).sum(axis=1), -1, 1)
    return float(np.degrees(np.arccos(cosines)).max())


def _lies_among(frame: Frame, stack: Sequence[Frame]) -> bool:
    """Whether an image of nearly the same plane lies between the slices of a stack, or next to them."""
    assert frame.normal is not None and stack[0].normal is not None, "they were told apart by their orientations"
    if abs(frame.normal @ stack[0].normal) < np.cos(np.radians(_TURNED_DEGREES)):
        return False
    centres = [one.centre for one in (frame, *stack)]
    heights = [float(centre @ stack[0].normal) for centre in centres if centre is not None]
    if len(heights) < len(centres):
        return True
    low, high = min(heights[1:]), max(heights[1:])
    margin = _NEXT * (high - low) / max(len(stack) - 1, 1)
    return low - margin <= heights[0] <= high + margin


def _plane_name(frame: Frame) -> str:
    if frame.normal is None:
        return "without orientation"
    strongest = int(np.abs(frame.normal).argmax())
    name = ("sagittal", "coronal", "axial")[strongest]
    return name if abs(frame.normal[strongest]) > 0.999 else f"oblique {name}"


def check_one_kind(frames: Sequence[Frame], name: str) -> None:
    """One kind of object, one size, one pixel size and one photometric interpretation for all.

    Raises:
        UnsupportedImageError: there are several, with how many of each.
    """
    modalities = Counter(frame.modality for frame in frames if frame.modality)
    if len(modalities) > 1:
        _reject(name, "modality", modalities)
    classes = Counter(frame.sop_class for frame in frames if frame.sop_class)
    if len(classes) > 1:
        _reject(name, "kind", Counter({uid_name(uid): count for uid, count in classes.items()}))
    sizes = Counter(f"{frame.columns} x {frame.rows}" for frame in frames)
    if len(sizes) > 1:
        _reject(name, "size", sizes)
    if any(not _same_pixels(frames[0], frame) for frame in frames):
        _reject(name, "pixel size", Counter(
            f"unknown pixel size ({frame.pixel_aspect:.4g} times as high as wide)" if frame.pixel_size is None else
            f"{frame.pixel_size.row_mm:.4g} x {frame.pixel_size.column_mm:.4g} mm" for frame in frames
        ))
    kinds = Counter(frame.photometric for frame in frames)
    if len(kinds) > 1:
        _reject(name, "photometric interpretation", kinds)
    units = Counter("stated values" if frame.rescaled else "stored values alone" for frame in frames)
    if len(units) > 1 and any(frame.rescale != (1, 0) for frame in frames):
        _reject(name, "rescaling", units)
    bits = Counter(f"{frame.bits} bits" for frame in frames)
    if len(bits) > 1 and "MONOCHROME1" in kinds:  # each is turned around within its own range
        _reject(name, "depth, stored with black and white exchanged", bits)


def check_one_contrast(frames: Sequence[Frame], name: str) -> None:
    """One echo time, one b-value and one of magnitude, phase and the like for all; echo times as scanners round them.

    Args:
        frames: each of a place of its own.
        name: what to call them in messages.

    Raises:
        UnsupportedImageError: there are several, with how many of each.
    """
    for difference, unit, rounding in _CONTRASTS:
        numbers = [_number(frame.differences.get(difference, "")) for frame in frames]
        stated = [number for number in numbers if number is not None]
        if stated and (len(stated) < len(numbers)
                       or max(stated) - min(stated) > _ROUNDED_SHARE * max(stated) + rounding):
            _reject(name, difference, Counter("none" if one is None else f"{one:.4g} {unit}" for one in numbers))
    components = Counter(_component(frame) or _MAGNITUDE for frame in frames)
    if len(components) > 1:
        _reject(name, IMAGE_TYPES, components)


def notes_on_types(frames: Sequence[Frame]) -> list[str]:
    """A note where some of the images say that they were derived, are projections, or the like, and others do not."""
    types = Counter(", ".join(one for one in _TELLING_TYPES if one in _image_type(frame)) for frame in frames)
    del types[""]
    if len(types) < 2:
        return []
    return [f"The images are of several kinds ({_counts(types)}), of which some may be no slices of this volume. "
            "Compare the result with the original."]


def notes_on_components(frames: Sequence[Frame]) -> list[str]:
    """A note where what is seen of the complex MR signal is not its magnitude."""
    other = sorted({component for frame in frames if (component := _component(frame))} - {_MAGNITUDE})
    return [f"By their image type, the images hold the {' and '.join(other)} of the MR signal, not its magnitude. "
            "Unless the model was made for that, do not rely on the answer."] if other else []


def _reject(name: str, what: str, kinds: Counter[str]) -> None:
    raise UnsupportedImageError(
        f"{name} holds slices of different {what} ({_counts(kinds)}), which make no volume. "
        "Put the slices of one kind into a folder of their own."
    )


def _counts(kinds: Counter[str]) -> str:
    return ", ".join([*(f"{count} of {kind}" for kind, count in kinds.most_common(_NAMED)),
                      *(["..."] if len(kinds) > _NAMED else [])])


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _image_type(frame: Frame) -> list[str]:
    return frame.differences.get(IMAGE_TYPES, "").upper().split("\\")


def _component(frame: Frame) -> str:
    """What the pixels of an MR image are of the complex signal; "" if that is not stated."""
    if frame.modality != "MR":
        return ""
    stated = [frame.differences.get(COMPONENTS, "").upper(), *_image_type(frame)[2:]]
    words = (re.split(r"[ _]", one)[0] for one in stated)
    return next((_COMPONENTS[word] for word in words if word in _COMPONENTS), "")


def _same_pixels(one: Frame, other: Frame) -> bool:
    known = one.pixel_size is not None
    return known == (other.pixel_size is not None) and np.allclose(one.pixel_mm, other.pixel_mm, rtol=1e-3)
