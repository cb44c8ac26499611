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
from ..geometry import ALL_GIVEN, GeometrySource
from ..volume import LPS_RAS, Volume
from .limits import damaged

#: How far, of 255, a tint may lead away from grey; what is noise in it; and how many pixels may be of another colour.
TINT, TINT_NOISE, COLOURED_SHARE = 40, 8, 0.001
#: An image has at least so many grey values; what has fewer may be labels, whose colours mean something.
FEWEST_GREYS = 64


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
            f"(NRRD, NIfTI, MHA, DICOM, PNG and JPEG can be read). Export or download it again. [{reason}]"
        ) from error


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
    """An image of SimpleITK as a volume; colour channels that agree become grey, with a note before `notes`."""
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


def grey(array: np.ndarray, name: str, alpha: bool) -> tuple[np.ndarray, str]:
    """The grey values of an image whose colours say no more than those, and a note on how they were read.

    Args:
        array: (..., components).
        name: of the image, for the sentence that refuses it.
        alpha: whether a fourth component is transparency, which is dropped.

    Raises:
        UnsupportedImageError: the colours mean something of their own (Doppler, a stained slice), or are no colours.
    """
    colours = array[..., :-1] if alpha and array.shape[-1] == 4 else array
    if all(np.array_equal(colours[..., 0], colours[..., c]) for c in range(1, colours.shape[-1])):
        return np.ascontiguousarray(colours[..., 0]), "A colour image whose channels are all the same was read as grey."
    luminance = _tinted(colours) if colours.shape[-1] == 3 and colours.dtype == np.uint8 else None
    if luminance is None:
        raise UnsupportedImageError(
            f"{name} is a colour or vector image ({array.shape[-1]} components). "
            "Convert it to grey, or extract one component, and run on that."
        )
    return luminance, "A grey image with a tint, or with the noise of a compression in its colours, was read as grey."


def _tinted(colours: np.ndarray) -> np.ndarray | None:
    """The luminance (ITU-R BT.601) of colours (..., 3) uint8 that are one weak tint; None where they are more.

    Ultrasound devices show grey through a tint (sepia, blue), and JPEG's colours are a few values off: in both every
    luminance has one colour, near grey. A Doppler box has many.
    """
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    luminance = np.rint(colours @ weights).astype(np.uint8)
    if len(np.unique(luminance)) < FEWEST_GREYS:
        return None
    count = np.maximum(np.bincount(luminance.ravel(), minlength=256), 1)
    for channel in (0, 2):
        chroma = colours[..., channel].astype(np.int16) - luminance
        curve = np.bincount(luminance.ravel(), chroma.ravel(), 256) / count
        coloured = (np.abs(chroma) > TINT) | (np.abs(chroma - curve[luminance]) > TINT_NOISE)
        if coloured.mean() > COLOURED_SHARE:
            return None
    return luminance
