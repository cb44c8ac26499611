"""What a DICOM file says of itself: the series it belongs to, and its frames."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from ....errors import DependencyError, UnsupportedImageError
from ...mr_sequence import SEQUENCES, named_sequences
from ..limits import check_counts, damaged
from . import values
from .bounded import BoundedReader, DeflatedAhead, Inflated, size_of
from .frames import Frame, frames_of
from .identity import Identity, identity_of

if TYPE_CHECKING:
    from pydicom import Dataset

ByteOrder = Literal["little", "big"]

_PREAMBLE = 128
#: Without the preamble a file begins with an element of one of these groups.
_FIRST_GROUPS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")
_UNDEFINED_LENGTH = 0xFFFFFFFF
_SHORTEST_ELEMENT = 8
#: Value representations whose length has four bytes.
_LONG_VALUES = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
_ITEM, _END_OF_SEQUENCE = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
#: Elements that hold pixels as other numbers than integers.
_PIXELS_GROUP, _FLOATING_POINT = 0x7fe0, {0x0008: "Float Pixel Data", 0x0009: "Double Float Pixel Data"}
_DEFLATED, _BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"

#: Kept of each series: what the image is, and in which coordinates. Nothing that identifies a person.
KEPT = ("Modality", "BodyPartExamined", "ContrastBolusAgent", "PhotometricInterpretation", "SOPClassUID",
        "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
_DESCRIPTIONS = ("SeriesDescription", "ProtocolName", "ImageType")

#: Of the objects that this program writes (`outputs.dicom`).
MANUFACTURER = "UnifiedViT"


class OwnResult(UnsupportedImageError):
    """A DICOM file is a result of this program, as may lie beside the images."""


@dataclass(frozen=True)
class Header:
    """A DICOM file without its pixels.

    Attributes:
        path: the file.
        frames: its images in the file's order; none where it holds no image.
        metadata: the values of `KEPT` that are there, and the MR sequences that its descriptions name.
        transfer_syntax: UID of how the pixels are stored.
        complete: whether all bytes that the file promises for its pixels are there.
        kind: what kind of object it is, in DICOM's words.
        patient: whom it says that it is of.
        number: of the series, as its scanner counts them; None for none.
    """

    path: Path
    frames: tuple[Frame, ...]
    metadata: dict[str, str]
    transfer_syntax: str
    complete: bool
    kind: str
    patient: Identity
    number: int | None

    @property
    def series(self) -> str:
        """The UID of the series; "" if there is none."""
        return self.metadata.get("SeriesInstanceUID", "")


def is_dicom(path: Path) -> bool:
    """Whether a file is DICOM, by its content: "DICM" after the preamble, or DICOM elements from the first byte on.

    Args:
        path: of a regular file; one that cannot be opened is no DICOM file.
    """
    try:
        with BoundedReader(path) as file:
            begin = file.read(_PREAMBLE + 4)
            if begin[_PREAMBLE:] == b"DICM":
                return True
            if not begin.startswith(_FIRST_GROUPS):
                return False
            with _quiet():
                return bool(values.text(_parse(file, path.name)[0], "SOPClassUID"))
    except (OSError, ValueError, UnsupportedImageError):
        return False


def read_header(path: Path) -> Header:
    """Read all of a DICOM file but its pixels.

    Raises:
        UnsupportedImageError: the file is no DICOM file, or damaged, or an image that is no slice or volume.
        OSError: it cannot be read.
        DependencyError: pydicom is missing.
    """
    with BoundedReader(path) as file, _quiet():
        dataset, elements = _parse(file, path.name)
        if values.text(dataset, "Manufacturer") == MANUFACTURER:
            raise OwnResult(f"{path.name} is a result of UnifiedViT, not an image to look at. Give the images "
                            "themselves.")
        syntax = values.text(dataset.file_meta, "TransferSyntaxUID")
        pixels_at = elements.tell()
        frames = frames_of(dataset, path, size_of(file))
        promised = _promised(dataset, frames) if frames else 0
        if frames:
            _refuse_floating_point(elements, path.name, "big" if syntax == _BIG_ENDIAN else "little")
        if frames and isinstance(elements, Inflated):
            elements.unpack_rest(promised)
        complete = not frames or _pixels_complete(path.name, elements, pixels_at, promised,
                                                  big_endian=syntax == _BIG_ENDIAN)
        kind = values.text(dataset, "SOPClassUID") or values.text(dataset.file_meta, "MediaStorageSOPClassUID")
        metadata = {keyword: value for keyword in KEPT if (value := values.text(dataset, keyword))}
        # The description itself is free text, in which anything may stand.
        sequences = named_sequences(values.text(dataset, keyword) for keyword in _DESCRIPTIONS)
        if sequences:
            metadata[SEQUENCES] = "\\".join(sequences)
        identity = identity_of(dataset)
        number = values.number(dataset, "SeriesNumber")
    return Header(path, frames, metadata, syntax, complete, uid_name(kind), identity,
                  int(number) if number is not None else None)


def dicom_identity(file: Path) -> Identity:
    """Whom a DICOM file says that it is of; of other files, an empty one.

    Args:
        file: of a series.
    """
    with suppress(Exception):  # whoever asks goes on without
        if is_dicom(file):
            return read_header(file).patient
    return Identity()


def read_dataset(path: Path) -> Dataset:
    """All elements of a DICOM file before its pixels.

    Raises:
        UnsupportedImageError: it cannot be parsed.
        OSError: it cannot be read.
    """
    with BoundedReader(path) as file, _quiet():
        dataset, _ = _parse(file, path.name)
        dataset.walk(lambda _, element: element.value)  # pydicom parses values when they are asked for
    return dataset


@contextmanager
def _quiet() -> Iterator[None]:
    """Without pydicom's warnings of values that break the standard's rules: every scanner does, and they are quoted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _promised(dataset: Dataset, frames: Sequence[Frame]) -> int:
    """How many bytes the pixels take without compression.

    Raises:
        UnsupportedImageError: there are more pixels than any scan has.
    """
    bits = int(values.number(dataset, "BitsAllocated") or 0)
    samples = int(values.number(dataset, "SamplesPerPixel") or 1)
    counts = (frames[0].columns, frames[0].rows, len(frames))
    check_counts(frames[0].path.name, counts, (bits * samples + 7) // 8)
    if values.text(dataset, "PhotometricInterpretation") == "YBR_FULL_422":
        samples = 2  # two pixels share their colour
    return (bits * samples * math.prod(counts) + 7) // 8


def uid_name(uid: str) -> str:
    """What DICOM calls a SOP class or transfer syntax."""
    from pydicom.uid import UID_dictionary

    return UID_dictionary[uid][0] if uid in UID_dictionary else "of an unknown kind"


def _parse(file: BinaryIO, name: str) -> tuple[Dataset, BinaryIO]:
    """The data set up to the pixels, and the file that stands at their element: `file`, or what it unpacks to.

    Raises:
        UnsupportedImageError: it cannot be parsed.
    """
    try:
        from pydicom import dcmread
        from pydicom.uid import UID
    except ImportError as error:
        raise DependencyError("Reading DICOM needs the package pydicom. Install it (pip install pydicom).") from error
    file.seek(0)
    try:
        return dcmread(file, stop_before_pixels=True, force=True), file
    except DeflatedAhead:
        elements = Inflated(file, name)
    except OSError:
        raise
    except Exception as error:  # pydicom raises of many kinds, and may quote what identifies a person
        raise damaged(name, "its DICOM header") from error
    try:
        dataset = dcmread(elements, stop_before_pixels=True, force=True)
    except Exception as error:
        raise damaged(name, "its DICOM header") from error
    dataset.file_meta.TransferSyntaxUID = UID(_DEFLATED)
    return dataset, elements


def _refuse_floating_point(file: BinaryIO, name: str, order: ByteOrder) -> None:
    """Raise an UnsupportedImageError where the pixels' element, at which `file` stands and stays, is none of integers.
    """
    start = file.tell()
    group, element = (int.from_bytes(file.read(2), order) for _ in range(2))
    file.seek(start)
    if group == _PIXELS_GROUP and element in _FLOATING_POINT:
        raise UnsupportedImageError(
            f"{name} holds its pixels as floating-point numbers ({_FLOATING_POINT[element]}), which are not read here. "
            "Export it again with integers, or as NIfTI or NRRD."
        )


def _pixels_complete(name: str, file: BinaryIO, element_at: int, promised: int, big_endian: bool) -> bool:
    """Whether the pixels' element, which begins at `element_at`, holds the bytes `promised` for them and lies in the
    file; of compressed pixels, whether all fragments do. And whether what follows does: GDCM makes room for all of it
    before it looks for it.

    Raises:
        UnsupportedImageError: there are those of several such images, of which all but the first would be left out.
    """
    size = size_of(file)
    file.seek(element_at + 4)
    explicit = file.read(2) in _LONG_VALUES  # begins with an odd number, which no implicit length does
    order: ByteOrder = "big" if big_endian else "little"
    file.seek(element_at)
    count = _element_length(file, explicit, order)
    if count is None:
        return False
    if count != _UNDEFINED_LENGTH:
        there = size - file.tell()
        if 0 < 2 * promised <= count <= there:
            raise damaged(name, f"it holds {count / promised:.4g} times the pixels that its size and number of frames "
                                "promise")
        whole = promised <= there and promised <= count <= there + 1  # some writers count a padding that they leave out
        return whole and _elements_lie_within(file, file.tell() + count, explicit, order)
    while (head := file.read(8))[:4] == _ITEM and len(head) == 8:
        file.seek(int.from_bytes(head[4:], "little"), os.SEEK_CUR)
        if file.tell() > size:
            return False
    if not head:  # some writers leave the end mark out
        return True
    return head[:4] == _END_OF_SEQUENCE and _elements_lie_within(file, file.tell(), explicit, order)


def _elements_lie_within(file: BinaryIO, start: int, explicit: bool, order: ByteOrder) -> bool:
    """Whether the elements from byte `start` on end within the file, or with a sequence that says not where."""
    size = size_of(file)
    file.seek(start)
    while size - file.tell() >= _SHORTEST_ELEMENT:
        count = _element_length(file, explicit, order)
        if count == _UNDEFINED_LENGTH:
            return True
        if count is None or file.tell() + count > size:
            return False
        file.seek(count, os.SEEK_CUR)
    return True


def _element_length(file: BinaryIO, explicit: bool, order: ByteOrder) -> int | None:
    """The length of the value of the element at which `file` stands, which then stands at the value; None if the
    file ends before. `explicit`: whether two letters stand between tag and length."""
    head = file.read(_SHORTEST_ELEMENT)
    length = head[4:]
    if explicit:
        length = file.read(4) if head[4:6] in _LONG_VALUES else head[6:]
    return int.from_bytes(length, order) if len(length) >= 2 else None
