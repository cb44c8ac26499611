"""What goes into a dataset: an image, what a model proposed for it, and what a reader made of that."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...diagnosis import NONE
from ...errors import UnsupportedImageError
from ...imaging.geometry import ALL_GIVEN, GeometrySource
from ...imaging.volume import grid_distance_mm
from ...records import Record
from ..comparison.grids import SAME_VOXELS, side_on
from ..comparison.metrics import dice, drawn_box
from ..comparison.segmentations import DrawnSegment, Segmentation


@dataclass(frozen=True)
class Proposal(Record):
    """What a model said of an image.

    Attributes:
        model, version: of the model.
        classes: names of its diagnoses.
        segments: names of its segments; label n of a labelmap is the n-th of them, counted from 1.
        multi_label: whether several diagnoses may be there at once.
        label: what it diagnosed, as a table has it: names separated by semicolons, "none" for no finding.
        labelmap: what it drew, (K, J, I) uint8 on the image's grid; None where that is not known any more.
    """

    model: str
    version: str
    classes: tuple[str, ...]
    segments: tuple[str, ...]
    multi_label: bool
    label: str
    labelmap: np.ndarray | None = None

    @classmethod
    def from_result(cls, result: Mapping[str, Any], labelmap: np.ndarray | None) -> Proposal:
        """Of a result as from `files.as_json`.

        Raises:
            UnsupportedImageError: nothing can be taught with it, for a reason that the sentence tells.
        """
        if "region" in result:
            raise UnsupportedImageError(
                "Only a region of the image was looked at: nobody has said what lies outside of it, and a dataset "
                "would say that nothing does. Run on the whole image, correct that, and add it."
            )
        diagnosis, model = result["diagnosis"], result["model"]
        classes = tuple(diagnosis["probabilities"])
        label = diagnosis["label"]
        if "findings" in diagnosis:
            label = ";".join(name for name in classes if name in diagnosis["findings"]) or NONE
        segments = sorted(result["segments"], key=lambda segment: segment["label"])
        return cls(model["id"], model["version"], classes, tuple(segment["name"] for segment in segments),
                   "findings" in diagnosis, label, labelmap)


@dataclass(frozen=True)
class Correction(Record):
    """A case for a dataset.

    Attributes:
        array: the image, (K, J, I), any unit.
        ijk_to_ras: 4x4, its grid in mm.
        drawn: the corrected segmentation; its segments are called as the model's are.
        proposal: what the model had said.
        label: the diagnosis, as `Proposal.label`; None: the model's is confirmed; "": not known.
        reviewer: who corrected it: a text that the user chose.
        patient: tells patients apart (`names.patient_key`); never written, a pseudonym made of it is. "": the image is
            of nobody else's.
        seconds: time spent, None where it is not known.
        geometry: which parts of the grid are known.
    """

    array: np.ndarray
    ijk_to_ras: np.ndarray
    drawn: Segmentation
    proposal: Proposal
    label: str | None
    reviewer: str
    patient: str = ""
    seconds: float | None = None
    geometry: GeometrySource = ALL_GIVEN

    @property
    def diagnosis(self) -> str:
        """The confirmed or changed label in the order of the model's classes; "" where it is not known.

        Raises:
            UnsupportedImageError: the model knows no such class.
        """
        proposal = self.proposal
        if self.label is None:
            return proposal.label
        names = [name for name in map(str.strip, self.label.split(";")) if name]
        if names == [NONE] and proposal.multi_label:
            return NONE
        unknown = [name for name in names if name not in proposal.classes]
        if unknown or (len(names) > 1 and not proposal.multi_label):
            raise UnsupportedImageError(
                f"The diagnosis {self.label!r} is none of the model's ({', '.join(proposal.classes)}). Give one of "
                "these, or nothing if it is not known."
            )
        return ";".join(name for name in proposal.classes if name in names)

    def on_grid(self, ijk_to_ras: np.ndarray) -> Correction:
        """The same in another frame: the image's grid becomes `ijk_to_ras` (4x4), and what is drawn moves with it."""
        moved = ijk_to_ras @ np.linalg.inv(self.ijk_to_ras)
        return replace(self, ijk_to_ras=ijk_to_ras, drawn=replace(self.drawn, ijk_to_ras=moved @ self.drawn.ijk_to_ras))

    def labelmap(self) -> np.ndarray:
        """The corrected segments as labels 1..n of the model, (K, J, I) uint8 on the image's grid.

        Raises:
            UnsupportedImageError: they are other segments than the model's, overlap, or lie elsewhere.
        """
        shape = self.array.shape
        placed = _on_image(self.drawn, shape, self.ijk_to_ras, self.geometry.placed)
        labels, count = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        for segment in self.drawn.segments:
            if not self.drawn.mask([segment]).any():
                continue
            mask = placed.mask([segment])
            labels[mask] = 1 + _place(segment, self.proposal.segments)
            count += mask
        if count.max(initial=0) > 1:
            raise UnsupportedImageError(
                f"Segments of {self.drawn.name} overlap in {np.count_nonzero(count > 1)} voxels, of which each can "
                "have one label alone. Take the overlap out of one of them (Segment Editor, Logical operators, "
                "Subtract), then add again."
            )
        if not count.any() and self.drawn.mask(self.drawn.segments).any():
            raise UnsupportedImageError(f"What is drawn in {self.drawn.name} lies outside of the image. Choose the "
                                        "image that it was drawn on.")
        return labels


def agreement(proposal: Proposal, corrected: np.ndarray) -> float | None:
    """Mean Dice of the segments that are drawn in either, 0 to 1; None where none is, or where the proposal is lost.

    Args:
        proposal: with what the model drew.
        corrected: (K, J, I) labels on the same grid.
    """
    if proposal.labelmap is None:
        return None
    values = [dice(proposal.labelmap == label, corrected == label) for label in range(1, 1 + len(proposal.segments))]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def pack_labelmap(labelmap: np.ndarray) -> str:
    """A labelmap (K, J, I) uint8 as a short text, for an attribute of a node."""
    box = drawn_box(labelmap > 0)
    start = [side.start for side in box] if box else [0, 0, 0]
    part = labelmap[box] if box else labelmap[:0]
    voxels = base64.b64encode(zlib.compress(np.ascontiguousarray(part).tobytes())).decode("ascii")
    return json.dumps({"shape": labelmap.shape, "start": start, "part": part.shape, "voxels": voxels})


def unpack_labelmap(text: str | None, shape: tuple[int, ...]) -> np.ndarray | None:
    """The labelmap of `pack_labelmap`; None where there is none of this shape: a scene may come from anywhere."""
    packed = unpack_drawn(text)
    if packed is None or packed[0] != tuple(shape):
        return None
    _, start, part = packed
    labelmap = np.zeros(shape, np.uint8)
    try:
        labelmap[tuple(slice(first, first + count) for first, count in zip(start, part.shape, strict=True))] = part
    except ValueError:
        return None
    return labelmap


def unpack_drawn(text: str | None) -> tuple[tuple[int, ...], tuple[int, ...], np.ndarray] | None:
    """Of a labelmap of `pack_labelmap` its shape, and where the box of what is drawn starts and its voxels, which take
    a hundredth of the memory; None where there is none."""
    try:
        packed = json.loads(text or "")
        shape, start, size = (tuple(map(int, packed[name])) for name in ("shape", "start", "part"))
        voxels = zlib.decompressobj().decompress(base64.b64decode(packed["voxels"]), math.prod(size) + 1)
        return shape, start, np.frombuffer(voxels, np.uint8).reshape(size)
    except (ValueError, KeyError, TypeError, OverflowError, MemoryError, RecursionError, zlib.error):
        return None


def _on_image(drawn: Segmentation, shape: tuple[int, ...], ijk_to_ras: np.ndarray, is_placed: bool) -> Segmentation:
    """A segmentation on the grid of an image, by nearest neighbour where it has another."""
    if drawn.shape == shape:
        smallest = np.linalg.norm(ijk_to_ras[:3, :3], axis=0).min()
        apart = grid_distance_mm(drawn.ijk_to_ras, ijk_to_ras, drawn.shape) / smallest
        if apart < SAME_VOXELS or not (is_placed and drawn.geometry.placed):
            return drawn
    elif not (is_placed and drawn.geometry.placed):
        raise UnsupportedImageError(
            f"{drawn.name} has other sizes than the image ({' x '.join(map(str, drawn.shape[::-1]))} and "
            f"{' x '.join(map(str, shape[::-1]))} voxels), and nothing says how the two lie. Save the mask on the "
            "image's own grid."
        )
    return side_on(drawn, ijk_to_ras, shape)


def _place(segment: DrawnSegment, names: Sequence[str]) -> int:
    """Which of the model's segments it is: by its name, or, in label maps without names, by its value."""
    if not segment.name:
        if segment.label <= len(names):
            return segment.label - 1
        raise UnsupportedImageError(f"The mask holds the value {segment.label}, but the model has {len(names)} "
                                    f"segments: {_numbered(names)}. Give a mask with these values.")
    folded = [name.casefold().strip() for name in names]
    wanted = segment.name.casefold().strip()
    if wanted not in folded:
        raise UnsupportedImageError(
            f"The segment {segment.name!r} is none of the model's ({', '.join(names)}). Give it one of these names, or "
            "remove it, then add again."
        )
    return folded.index(wanted)


def _numbered(names: Sequence[str]) -> str:
    return ", ".join(f"{number} {name}" for number, name in enumerate(names, start=1))
