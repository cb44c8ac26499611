"""Images as SimpleITK reads them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ...errors import UnsupportedImageError
from ..geometry import ALL_GIVEN, NOTHING_KNOWN, GeometrySource
from ..volume import LPS_RAS, Volume
from .kinds import PICTURES
from .names import stem


def read_image(path: Path) -> Volume:
    """Read a file that is not DICOM; not checked yet."""
    with itk_errors(path):
        reader = sitk.ImageFileReader()
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        _refuse_cut(path, reader)
        image = read_three_dimensions(path, reader)
    picture = path.name.lower().endswith(PICTURES)
    return to_volume(image, stem(path), geometry=NOTHING_KNOWN if picture else ALL_GIVEN)


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


def read_three_dimensions(path: Path, reader: sitk.ImageFileReader) -> sitk.Image:
    """The image of a file whose header `reader` has read; axes after the third must have length one."""
    size = reader.GetSize()
    if any(n > 1 for n in size[3:]):
        raise UnsupportedImageError(
            f"{path.name} has four dimensions {size}: a time series or a set of volumes. "
            "Extract one 3-D volume from it and run on that."
        )
    if len(size) > 3:
        reader.SetExtractSize([*size[:3], *[0] * (len(size) - 3)])
    return reader.Execute()


def _reason(error: RuntimeError) -> str:
    """The last line of ITK's message; MetaImage's "Reason: No such file" is what the system last said of another."""
    lines = [line for line in str(error).strip().splitlines() if line.strip() and not line.startswith("Reason:")]
    return lines[-1].split("ITK ERROR: ")[-1] if lines else "no reason given"


def _refuse_cut(path: Path, reader: sitk.ImageFileReader) -> None:
    """ITK reads a cut NIfTI, JPEG or BMP without complaint and makes up the missing part: count its bytes.

    Args:
        reader: has read the file's header.
    """
    name, complete = path.name.lower(), True
    if name.endswith((".nii", ".nii.gz")):
        bits = int(reader.GetMetaData("bitpix")) * int(np.prod(reader.GetSize(), dtype=np.int64))
        complete = _holds(path, int(float(reader.GetMetaData("vox_offset"))) + bits // 8)
    elif name.endswith((".jpg", ".jpeg")):
        data = path.read_bytes()
        complete = data[:2] != b"\xff\xd8" or b"\xff\xd9" in data[-4096:]  # begin and end marks
    elif name.endswith(".bmp"):
        with open(path, "rb") as file:
            complete = int.from_bytes(file.read(6)[2:], "little") <= path.stat().st_size  # the header tells the size
    if not complete:
        raise UnsupportedImageError(f"{path.name} is cut off before its end. Export or download it again.")


def _holds(path: Path, count: int) -> bool:
    """Whether a NIfTI file, gzipped or not, has `count` bytes; a gzipped one is unpacked to its checksum."""
    with open(path, "rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return path.stat().st_size >= count
    unpacked = 0
    try:
        with gzip.open(path) as file:
            while block := file.read(1 << 22):
                unpacked += len(block)
    except (EOFError, OSError, zlib.error):
        return False
    return unpacked >= count


def to_volume(image: sitk.Image, name: str, notes: tuple[str, ...] = (), metadata: dict[str, str] | None = None,
              geometry: GeometrySource = ALL_GIVEN) -> Volume:
    """An image of SimpleITK as a volume; colour channels that agree become grey, with a note before `notes`."""
    array = sitk.GetArrayFromImage(image)
    dimension = image.GetDimension()
    if image.GetNumberOfComponentsPerPixel() > 1:
        array = _grey(array, name, alpha=dimension == 2)
        notes = ("A colour image whose channels are all the same was read as grey.", *notes)
    planar = dimension == 2
    if planar:
        array = array[None]
    matrix = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(dimension, dimension)
    matrix[:dimension, :dimension] = direction * np.array(image.GetSpacing())
    matrix[:dimension, 3] = image.GetOrigin()
    return Volume(array, LPS_RAS @ matrix, name, planar, tuple(notes), metadata or {}, geometry)


def _grey(array: np.ndarray, name: str, alpha: bool) -> np.ndarray:
    """The one channel of an image whose colour channels agree; in pictures a fourth, `alpha`, is dropped."""
    colours = array[..., :-1] if alpha and array.shape[-1] == 4 else array
    if not all(np.array_equal(colours[..., 0], colours[..., c]) for c in range(1, colours.shape[-1])):
        raise UnsupportedImageError(
            f"{name} is a colour or vector image ({array.shape[-1]} components). "
            "Convert it to grey, or extract one component, and run on that."
        )
    return np.ascontiguousarray(colours[..., 0])
