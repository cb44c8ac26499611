"""The frames of a DICOM image: a classic one has one frame; one of several says where each of them lies, or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....errors import UnsupportedImageError
from . import values
from .order import SLICE_ORDERS, place_in_stack, places_by_vector
from .pixel_size import PixelSize, pixel_aspect, pixel_size

if TYPE_CHECKING:
    from pydicom import Dataset

#: SOP classes (after 1.2.840.10008.5.1.4.1.1.) whose pixels are no image of the patient, and what they are.
_OTHER_OBJECTS = {
    "66.4": "a segmentation", "66.7": "a segmentation", "66.8": "a segmentation", "30": "a parametric map",
    "481.2": "a radiotherapy dose", "77.1.6": "a whole-slide microscopy image",
    "77.1.1.1": "a video", "77.1.2.1": "a video", "77.1.4.1": "a video",
}
_IMAGE_CLASSES = "1.2.840.10008.5.1.4.1.1."
#: Elements that only films have, and the SOP classes of moving pictures.
_FILM = ("FrameTime", "FrameTimeVector", "CineRate")
_FILM_CLASSES = ("3", "3.1", "12.1", "12.2")
#: Modalities whose images show all that lies behind one another, or the surface: none is a slice.
_NO_SLICES = ("CR", "DX", "MG", "IO", "PX", "RG", "RF", "XA", "US", "IVUS", "XC", "GM", "ES", "OP", "DG", "TG")
#: Names of differences that others ask for.
ECHO_TIMES, B_VALUES, IMAGE_TYPES, COMPONENTS = "echo times", "b-values", "image types", "complex components"
#: What tells images of the same place apart: keyword, and what it is called.
_CLASSIC_DIFFERENCES = {
    "EchoTime": ECHO_TIMES, "TemporalPositionIdentifier": "time points", "DiffusionBValue": B_VALUES,
    "TriggerTime": "trigger times", "InversionTime": "inversion times", "AcquisitionNumber": "acquisitions",
    "ImageType": IMAGE_TYPES, "ComplexImageComponent": COMPONENTS,
}
#: The same of multi-frame images: the sequence in the frame's functional groups that holds it.
_ENHANCED_DIFFERENCES = {
    ("FrameContentSequence", "TemporalPositionIndex"): "time points",
    ("MREchoSequence", "EffectiveEchoTime"): ECHO_TIMES,
    ("MRDiffusionSequence", "DiffusionBValue"): B_VALUES,
    ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"): "trigger times",
    ("MRImageFrameTypeSequence", "FrameType"): IMAGE_TYPES,
    ("MRImageFrameTypeSequence", "ComplexImageComponent"): COMPONENTS,
    ("FrameContentSequence", "StackID"): "stacks",
    ("FrameContentSequence", "FrameAcquisitionNumber"): "acquisitions",
}
#: SOP classes of which GDCM takes orientation, without which it reads nothing, and rescaling from the functional
#: groups; of all others it passes over these.
_GROUPED_BY_GDCM = ("2.1", "2.2", "4.1", "4.4", "13.1.1", "13.1.2", "13.1.3", "13.1.4", "13.1.5", "128.1", "130")
_TOLERATED = 0.01  # how far direction cosines may be from unit length and a right angle


@dataclass(frozen=True)
class Frame:
    """One image of a DICOM file.

    Attributes:
        path: the file.
        number: of the frame in the file, from 0.
        sop_instance: UID of the file's image.
        rows, columns: its size.
        orientation: (2, 3), directions (LPS, unit length) of growing column and row number; None if not stated.
        position: of the first pixel's centre, LPS in mm; None if not stated.
        pixel_size: None if not stated.
        pixel_aspect: how many times as high as wide a pixel is, where its size is not stated.
        slice_step: stated distance between slices in mm, else None.
        thickness: stated thickness of the slice in mm, else None.
        instance: the image's number in its series, else None.
        place: in the order of the slices, as the file numbers them beside their positions; None if it does not.
        location: of a classic image, its relative height in the stack in mm; None if not stated.
        rescale: slope and intercept.
        rescaled: whether one of them is stated.
        overlooked: whether GDCM rescales it by others, or does not read it.
        localizer: whether it is a scout, made to plan others on.
        view: whether it is no slice: a radiograph, an ultrasound image, a photograph.
        modality, sop_class: what made the image, and the UID of what kind of object it is; "" if not stated.
        photometric: the photometric interpretation.
        bits: stored bits of a pixel.
        signed: whether stored values may be negative.
        padding: least and largest of the rescaled values that stand for no measurement; None if not stated.
        differences: by name what tells it apart from other images of the same place.
    """

    path: Path
    number: int
    sop_instance: str
    rows: int
    columns: int
    orientation: np.ndarray | None = None
    position: np.ndarray | None = None
    pixel_size: PixelSize | None = None
    pixel_aspect: float = 1.0
    slice_step: float | None = None
    thickness: float | None = None
    instance: float | None = None
    place: float | None = None
    location: float | None = None
    rescale: tuple[float, float] = (1.0, 0.0)
    rescaled: bool = False
    overlooked: bool = False
    localizer: bool = False
    view: bool = False
    modality: str = ""
    sop_class: str = ""
    photometric: str = "MONOCHROME2"
    bits: int = 16
    signed: bool = False
    padding: tuple[float, float] | None = None
    differences: dict[str, str] = field(default_factory=dict)

    @property
    def normal(self) -> np.ndarray | None:
        """Direction (LPS) across the image, right-handed; None without an orientation."""
        return None if self.orientation is None else np.cross(*self.orientation)

    @property
    def centre(self) -> np.ndarray | None:
        """Of the image, LPS in mm; None without position or orientation."""
        if self.position is None or self.orientation is None:
            return None
        extent = np.multiply(self.pixel_mm, (self.columns - 1, self.rows - 1))
        return self.position + extent / 2 @ self.orientation

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Of a pixel along i and j; nominal, a pixel 1 mm wide, where it is not known."""
        size = self.pixel_size
        return (1.0, self.pixel_aspect) if size is None else (size.column_mm, size.row_mm)


def frames_of(dataset: Dataset, path: Path, file_size: int) -> tuple[Frame, ...]:
    """The frames of an image in the file's order; none if the object holds no image.

    Args:
        dataset: without its pixels.
        path: of the file.
        file_size: of the file in bytes; it cannot have more frames.

    Raises:
        UnsupportedImageError: the frames are no slices: a mosaic, a film, a segmentation and the like, or the
            descriptions of the frames contradict their number.
    """
    rows, columns = (int(values.number(dataset, keyword) or 0) for keyword in ("Rows", "Columns"))
    if rows <= 0 or columns <= 0:
        return ()
    per_frame = values.items(dataset, "PerFrameFunctionalGroupsSequence")
    stated = values.number(dataset, "NumberOfFrames")
    count = 1 if stated is None or (stated == 0 and not per_frame) else int(stated)  # some writers give one image 0
    _refuse_others(dataset, path)
    if not 1 <= count <= file_size:
        raise UnsupportedImageError(f"{path.name} says that it has {count} frames: it is damaged. Export it again.")
    _refuse_unusual_pixels(dataset, path)
    kind = values.text(dataset, "SOPClassUID")
    image = Frame(
        path, 0, values.text(dataset, "SOPInstanceUID"), rows, columns,
        instance=values.number(dataset, "InstanceNumber"),
        localizer="LOCALIZER" in values.text(dataset, "ImageType").upper().split("\\"),
        view=values.text(dataset, "Modality") in _NO_SLICES,
        modality=values.text(dataset, "Modality"),
        sop_class=kind,
        overlooked=kind.removeprefix(_IMAGE_CLASSES) in _GROUPED_BY_GDCM,
        photometric=values.text(dataset, "PhotometricInterpretation").upper(),
        bits=int(values.number(dataset, "BitsStored") or 0),
        signed=values.number(dataset, "PixelRepresentation") == 1,
        rescaled=any(values.text(dataset, keyword) for keyword in ("RescaleSlope", "RescaleIntercept")),
        rescale=(values.number(dataset, "RescaleSlope") or 1.0, values.number(dataset, "RescaleIntercept") or 0.0),
    )
    if per_frame:
        if len(per_frame) != count:
            raise UnsupportedImageError(
                f"{path.name} says that it has {count} frames, but describes {len(per_frame)}: it is damaged. "
                "Export it again."
            )
        shared = values.items(dataset, "SharedFunctionalGroupsSequence")[:1]
        return tuple(_enhanced(image, [group, *shared], dataset, n) for n, group in enumerate(per_frame))
    if count > 1:
        _refuse_film(dataset, path, count)
        # One position for many frames: where the others lie is not said.
        image = replace(image, orientation=_orientation(dataset), **_sizes([dataset]))
        return tuple(replace(image, number=n, place=place)
                     for n, place in enumerate(places_by_vector(dataset, count, path)))
    differences = {name: value for keyword, name in _CLASSIC_DIFFERENCES.items()
                   if (value := values.text(dataset, keyword))}
    return (replace(image, orientation=_orientation(dataset), position=_position(dataset), differences=differences,
                    location=values.number(dataset, "SliceLocation"), padding=_padding(dataset, *image.rescale),
                    **_sizes([dataset])),)


def _enhanced(image: Frame, groups: Sequence[Dataset], dataset: Dataset, number: int) -> Frame:
    """The frame whose functional groups are the first of `groups`, those of all frames the second."""
    plane = values.item(groups, "PlaneOrientationSequence")
    place = values.item(groups, "PlanePositionSequence")
    measures = values.item(groups, "PixelMeasuresSequence")
    rescale, overlooked = _rescale(dataset, groups, image.path)
    differences = {}
    for (sequence, keyword), name in _ENHANCED_DIFFERENCES.items():
        group = values.item(groups, sequence)
        if group is not None and (value := values.text(group, keyword)):
            differences[name] = value
    orientation = None if plane is None else _orientation(plane)
    return replace(
        image, number=number, differences=differences, padding=_padding(dataset, *rescale), orientation=orientation,
        position=None if place is None else _position(place), place=place_in_stack(groups, dataset),
        rescale=rescale, rescaled=image.rescaled or values.item(groups, "PixelValueTransformationSequence") is not None,
        overlooked=overlooked or (image.overlooked and orientation is None),
        **_sizes([dataset] if measures is None else [measures, dataset]),
    )


def _rescale(dataset: Dataset, groups: Sequence[Dataset], path: Path) -> tuple[tuple[float, float], bool]:
    """`Frame.rescale` and `Frame.overlooked`; of a frame's own functional groups before those of all, then the file's.

    GDCM takes those of all frames first.
    """
    found = [one for group in groups if (one := values.item([group], "PixelValueTransformationSequence")) is not None]
    for one in found:
        _refuse_unusual_rescaling(one, path)
    numbers = [tuple(values.number(one, keyword) for keyword in ("RescaleSlope", "RescaleIntercept"))
               for one in (*found, dataset)]
    slope, intercept = numbers[0]
    rescale = (1.0 if slope is None else slope, intercept or 0.0)
    kind = values.text(dataset, "SOPClassUID").removeprefix(_IMAGE_CLASSES)
    if found and kind in _GROUPED_BY_GDCM:
        return rescale, rescale != numbers[-2]
    slope, intercept = numbers[-1]
    return rescale, rescale != (1.0 if slope is None else slope, intercept or 0.0)


def exchanged_from(bits: float, is_signed: bool) -> int:
    """What stored values are taken from where black and white are exchanged (MONOCHROME1), as GDCM does."""
    return -1 if is_signed else (1 << min(int(bits), 32)) - 1


def _padding(dataset: Dataset, slope: float, intercept: float) -> tuple[float, float] | None:
    """`Frame.padding`, wide enough for rounding; where black and white are exchanged, as the pixels are turned."""
    value = values.number(dataset, "PixelPaddingValue")
    photometric = values.text(dataset, "PhotometricInterpretation").upper()
    if value is None or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        return None
    limit = values.number(dataset, "PixelPaddingRangeLimit")
    stored = [value, value if limit is None else limit]
    if photometric == "MONOCHROME1":
        start = exchanged_from(values.number(dataset, "BitsStored") or 0,
                               values.number(dataset, "PixelRepresentation") == 1)
        stored = [start - one for one in stored]
    low, high = sorted(slope * one + intercept for one in stored)
    return low - abs(slope) / 2, high + abs(slope) / 2


def _sizes(datasets: Sequence[Dataset]) -> dict:
    return {
        "pixel_size": pixel_size(datasets),
        "pixel_aspect": pixel_aspect(datasets),
        "slice_step": _length(datasets[0], "SpacingBetweenSlices"),
        "thickness": _length(datasets[0], "SliceThickness"),
    }


def _length(dataset: Dataset, keyword: str) -> float | None:
    """A length in mm; some scanners give it a sign."""
    return abs(values.number(dataset, keyword) or 0.0) or None


def _position(dataset: Dataset) -> np.ndarray | None:
    position = values.numbers(dataset, "ImagePositionPatient", 3)
    return None if position is None else np.array(position)


def _orientation(dataset: Dataset) -> np.ndarray | None:
    """Two directions of unit length at a right angle, or None."""
    cosines = values.numbers(dataset, "ImageOrientationPatient", 6)
    if cosines is None:
        return None
    row, column = np.reshape(cosines, (2, 3))
    lengths = np.linalg.norm([row, column], axis=1)
    if np.abs(lengths - 1).max() > _TOLERATED or abs(row @ column) > _TOLERATED:
        return None
    row = row / lengths[0]
    column = column - (column @ row) * row
    return np.array([row, column / np.linalg.norm(column)])


def _refuse_others(dataset: Dataset, path: Path) -> None:
    kind = values.text(dataset, "SOPClassUID")
    other = _OTHER_OBJECTS.get(kind.removeprefix(_IMAGE_CLASSES))
    if other:
        raise UnsupportedImageError(f"{path.name} is {other}, not an image to look at. Give the image it belongs to.")
    if "MOSAIC" in values.text(dataset, "ImageType").upper().split("\\"):
        tiles = _siemens_tiles(dataset)
        raise UnsupportedImageError(
            f"{path.name} is a mosaic: {tiles or 'the'} slices of a volume side by side in one picture. "
            "Convert it to NIfTI (for example with dcm2niix), extract one volume and run on that."
        )


def _refuse_unusual_pixels(dataset: Dataset, path: Path) -> None:
    """Values that GDCM would take for others: in more bits than there are, not in the lowest, or rescaled by a table,
    what is no number, or 0."""
    bits, highest, room = (values.number(dataset, keyword) for keyword in ("BitsStored", "HighBit", "BitsAllocated"))
    if bits is not None and room is not None and bits > room:
        raise UnsupportedImageError(
            f"{path.name} says that {bits:.0f} bits of each pixel count, which has {room:.0f}: it is damaged. Export "
            "it again."
        )
    if bits is not None and highest is not None and highest != bits - 1:
        raise UnsupportedImageError(
            f"{path.name} does not hold its pixels in the lowest bits ({bits:.0f} bits, the highest of them number "
            f"{highest:.0f}), as DICOM asks. Export it again with another program."
        )
    if values.items(dataset, "ModalityLUTSequence"):
        raise UnsupportedImageError(
            f"{path.name} says by a table what its pixels mean (Modality LUT Sequence), which is not read here: as "
            "stored, they may be anything. Have the table applied where it comes from, and export it again."
        )
    _refuse_unusual_rescaling(dataset, path)


def _refuse_unusual_rescaling(dataset: Dataset, path: Path) -> None:
    for keyword in ("RescaleSlope", "RescaleIntercept"):
        if values.text(dataset, keyword).strip() and values.number(dataset, keyword) is None:
            raise UnsupportedImageError(
                f"{path.name} says that its pixels are to be rescaled by what is no number ({keyword}): it is damaged. "
                "Export it again."
            )
    if values.number(dataset, "RescaleSlope") == 0:
        raise UnsupportedImageError(
            f"{path.name} says that its pixels are to be multiplied by 0 (RescaleSlope), which leaves nothing of them: "
            "it is damaged. Export it again."
        )


def _siemens_tiles(dataset: Dataset) -> int | None:
    """How many slices Siemens' private element says a mosaic has."""
    try:
        return int(dataset.private_block(0x0019, "SIEMENS MR HEADER")[0x0A].value)
    except Exception:  # not there, or malformed
        return None


def _refuse_film(dataset: Dataset, path: Path, count: int) -> None:
    """Frames whose places are not stated may be slices, unless something says that they are not."""
    kind = values.text(dataset, "SOPClassUID").removeprefix(_IMAGE_CLASSES)
    if kind in _FILM_CLASSES or any(values.text(dataset, keyword) for keyword in _FILM):
        raise UnsupportedImageError(
            f"{path.name} is a film: {count} frames, one after the other in time. "
            "Export the frame to look at as an image of its own."
        )
    order = values.text(dataset, "FrameIncrementPointer")
    if order and order not in SLICE_ORDERS:
        raise UnsupportedImageError(
            f"{path.name} holds {count} frames that are not the slices of one volume (they follow each other by "
            f"{order}: views, energies, phases or times). Export one volume of it."
        )
