"""Which segment of one segmentation is which of another: by name, then by terminology, never by label value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .segmentations import DrawnSegment, Segmentation

#: Names that programs give by themselves: a number, which two programs count differently.
_NUMBERED = re.compile(r"(segment|label)?[ _]*\d+")
#: Slicer's terminology of a segment about which nobody has said anything.
_TISSUE = "SCT^85756007"


@dataclass(frozen=True)
class SegmentPair:
    """What is held against each other; a side without segments draws no such thing.

    Attributes:
        name: for tables.
        a, b: segments of either side, whose union counts.
    """

    name: str
    a: tuple[DrawnSegment, ...]
    b: tuple[DrawnSegment, ...]


def match_segments(a: Segmentation, b: Segmentation) -> tuple[list[SegmentPair], list[str]]:
    """Pairs in the order of `a`, those of `b` alone last; and sentences on how they were matched, where not by name.

    Where no segment has a counterpart, two single segments are compared with each other, else all that is drawn with
    all that is drawn.
    """
    pairs, rest_a, rest_b = _matched(a.segments, b.segments, _name_key)
    by_code, rest_a, rest_b = _matched(rest_a, rest_b, _terminology_key, unique=True)
    notes = [f"{name_of(pair.a)} of {a.name} and {name_of(pair.b)} of {b.name} are compared: their terminology is the "
             "same." for pair in by_code]
    pairs += by_code
    if not pairs and rest_a and rest_b:
        if len(rest_a) == len(rest_b) == 1:
            return [SegmentPair(_pair_name(rest_a, rest_b), rest_a, rest_b)], _single_note(a, b)
        return [SegmentPair("everything drawn", rest_a, rest_b)], [
            f"No segment of {a.name} has a counterpart of the same name or terminology in {b.name}: all that is drawn "
            "is compared with all that is drawn."]
    pairs.sort(key=lambda pair: a.segments.index(pair.a[0]))
    pairs += [SegmentPair(name_of([segment]), (segment,), ()) for segment in rest_a]
    pairs += [SegmentPair(name_of([segment]), (), (segment,)) for segment in rest_b]
    return pairs, notes


def name_of(segments: Sequence[DrawnSegment]) -> str:
    """What to call segments of one name."""
    return segments[0].name or f"label {segments[0].label}"


def _matched(a: Sequence[DrawnSegment], b: Sequence[DrawnSegment], key: Callable[[DrawnSegment], str],
             unique: bool = False) -> tuple[list[SegmentPair], tuple[DrawnSegment, ...], tuple[DrawnSegment, ...]]:
    """Pairs of the same key, and what is left of both sides. `unique`: only where one segment a side has the key."""
    pairs: list[SegmentPair] = []
    for shared in dict.fromkeys(map(key, a)):
        side_a = tuple(segment for segment in a if key(segment) == shared)
        side_b = tuple(segment for segment in b if key(segment) == shared)
        if shared and side_b and not (unique and len(side_a) + len(side_b) > 2):
            pairs.append(SegmentPair(_pair_name(side_a, side_b), side_a, side_b))
    used = [segment for pair in pairs for segment in (*pair.a, *pair.b)]
    return (pairs, tuple(segment for segment in a if not _contains(used, segment)),
            tuple(segment for segment in b if not _contains(used, segment)))


def _contains(segments: Sequence[DrawnSegment], segment: DrawnSegment) -> bool:
    """By identity: segments of the two sides may be equal."""
    return any(other is segment for other in segments)


def _pair_name(a: Sequence[DrawnSegment], b: Sequence[DrawnSegment]) -> str:
    names = [name_of(side) for side in (a, b) if side[0].name] or [name_of(a), name_of(b)]
    return names[0] if len({_folded(name) for name in names}) == 1 else " / ".join(names)


def _single_note(a: Segmentation, b: Segmentation) -> list[str]:
    names = name_of(a.segments), name_of(b.segments)
    return [f"Each side draws one segment, {names[0]} in {a.name} and {names[1]} in {b.name}: they are compared with "
            "each other, as nothing says that they are different things."]


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").split())


def _name_key(segment: DrawnSegment) -> str:
    """Equal for equal names; "" for none, and for those that only count."""
    name = _folded(segment.name)
    return "" if _NUMBERED.fullmatch(name) else name


def _terminology_key(segment: DrawnSegment) -> str:
    """Codes of type, its modifier and the anatomic region; "" where they say nothing."""
    parts = [part.partition("^")[0] + "^" + part.split("^")[1] if part.count("^") else ""
             for part in segment.terminology.rstrip("|").split("~")]
    codes = [parts[n] if n < len(parts) else "" for n in (2, 3, 5)]
    return "" if codes[0] in ("", "^", _TISSUE) else "~".join(codes)
