"""Images as SimpleITK reads them, and what all readers share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ...errors import UnsupportedImageError
from ...native import native_path
from ...streams import libraries_heard
from ..colours import grey
from ..geometry import ALL_GIVEN, LPS_RAS, GeometrySource
from ..volume import Volume
from .limits import damaged

#: What libjpeg and the decoders of libtiff print where pixels are missing or wrong, and go on.
_DAMAGE = re.compile(rb"premature end|bad huffman code|instead of rst|decode\w*: warning", re.IGNORECASE)


def read_with_itk(path: Path, reader_name: str, counts: Sequence[int]) -> sitk.Image:
    """The image of a file whose header was read and found sound before; axes after the third have length one.

    Args:
        path: the file.
        reader_name: ITK's name of the reader, which else is chosen by the file's ending.
        counts: voxels along its axes, by that header; ITK must see the same.
    """
    with itk_errors(path):
        reader = sitk.ImageFileReader()
        reader.SetImageIO(reader_name)
        reader.SetFileName(native_path(path))
        reader.ReadImageInformation()
        if tuple(n for n in reader.GetSize() if n > 1) != tuple(n for n in counts if n > 1):
            raise damaged(path.name, f"it is {reader.GetSize()} or {tuple(counts)} voxels, as one reads its header")
        return read_three_dimensions(path, reader)


@contextmanager
def itk_errors(path: Path) -> Iterator[None]:
    """What SimpleITK raises in the block, in words."""
    try:
        yield
    except RuntimeError as error:
        reason = _reason(error)
        if "Unknown PixelType" in reason:
            raise UnsupportedImageError(
                f"{path.name} holds a kind of pixel that cannot be read, for example grey with transparency. "
                "Convert it to plain grey and run again."
            ) from error
        raise UnsupportedImageError(
            f"{path.name} cannot be read: it is damaged, incomplete or not an image "
            f"(NRRD, NIfTI, MHA, DICOM, PNG, JPEG, TIFF and BMP can be read). Export or download it again. [{reason}]"
        ) from error


@contextmanager
def whole_pixels(name: str) -> Iterator[None]:
    """Raise an UnsupportedImageError where packed pixels read in the block are missing or wrong: libjpeg and libtiff
    put others in their place, print it, and tell nobody else."""
    with libraries_heard() as printed:
        yield
    if any(_DAMAGE.search(heard) for heard in printed):
        raise UnsupportedImageError(f"{name} is cut off before its end, or damaged: pixels are missing. Export or "
                                    "download it again.")


def first_three(name: str, counts: Sequence[int]) -> None:
    """Raise an UnsupportedImageError where an image has voxels along a fourth axis, or a further one."""
    if any(count > 1 for count in counts[3:]):
        words = {4: "four", 5: "five"}.get(len(counts), str(len(counts)))
        raise UnsupportedImageError(
            f"{name} has {words} dimensions {tuple(counts)}: a time series or a set of volumes. "
            "Extract one 3-D volume from it and run on that."
        )


def read_three_dimensions(path: Path, reader: sitk.ImageFileReader) -> sitk.Image:
    """The image of a file whose header `reader` has read; axes after the third must have length one."""
    size = reader.GetSize()
    first_three(path.name, size)
    if len(size) > 3:
        reader.SetExtractSize([*size[:3], *[0] * (len(size) - 3)])
    return reader.Execute()


def _reason(error: RuntimeError) -> str:
    """The last line of ITK's message; MetaImage's "Reason: No such file" is what the system last said of another."""
    lines = [line for line in str(error).strip().splitlines() if line.strip() and not line.startswith("Reason:")]
    return re.sub(r"^\w+\(0x[0-9a-f]+\): ", "", lines[-1].split("ITK ERROR: ")[-1]) if lines else "no reason given"


def to_volume(image: sitk.Image, name: str, notes: tuple[str, ...] = (), metadata: dict[str, str] | None = None,
              geometry: GeometrySource = ALL_GIVEN) -> Volume:
    """An image of SimpleITK as a volume; colour channels that agree become grey, with a note before `notes`.

    Args:
        image: of two or three dimensions.
        name: of the volume.
        notes: for its reader.
        metadata: of the volume.
        geometry: which parts of the image's geometry its file gave.
    """
    array = sitk.GetArrayFromImage(image)
    dimension = image.GetDimension()
    if image.GetNumberOfComponentsPerPixel() > 1:
        array, note = grey(array, name, alpha=dimension == 2)
        notes = (note, *notes)
    planar = dimension == 2
    if planar:
        array = array[None]
    matrix = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(dimension, dimension)
    matrix[:dimension, :dimension] = direction * np.array(image.GetSpacing())
    matrix[:dimension, 3] = image.GetOrigin()
    return Volume(array, LPS_RAS @ matrix, name, planar, tuple(notes), metadata or {}, geometry)
