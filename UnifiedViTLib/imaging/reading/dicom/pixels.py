"""The pixels of a stack of frames, rescaled, each file by its own slope and intercept."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ....errors import UnsupportedImageError
from ....native import native_path, printable_path
from ..images import whole_pixels
from ..limits import check_counts
from .bounded import BoundedReader
from .frames import Frame, exchanged_from
from .header import Header, uid_name

_VALUE_BYTES = 4
#: What is brighter than this percentage of the measured pixels would be taken for bright tissue.
_BRIGHT = 99
#: So far from 128 may the chrominance of grey be, by rounding.
_NEUTRAL = 3
#: Transfer syntaxes of JPEG as libjpeg knows it; and those without compression, or that pydicom unpacks by itself.
_JPEG = tuple(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70))
_NATIVE = ("", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5")
_ENCAPSULATED = "1.2.840.10008.1.2.1.98"

#: Photometric interpretations whose values are rescaled; none is taken for one of these.
_GREY = ("", "MONOCHROME1", "MONOCHROME2")


def read_pixels(frames: Sequence[Frame], headers: Sequence[Header], name: str) -> np.ndarray:
    """The rescaled pixels of `frames`, (K, rows, columns), or (K, rows, columns, components) in colour.

    Args:
        frames: of one size, in the volume's order.
        headers: of their files.
        name: what to call them in messages.

    Returns:
        an integer type that holds all values, or float32.

    Raises:
        UnsupportedImageError: a file's pixels cannot be unpacked.
    """
    check_counts(name, (frames[0].columns, frames[0].rows, len(frames)), _VALUE_BYTES)
    frames_by_file: dict[Path, list[Frame]] = {}
    for frame in frames:
        frames_by_file.setdefault(frame.path, []).append(frame)
    planes: dict[tuple[Path, int], np.ndarray] = {}
    for header in headers:
        of_file = frames_by_file.get(header.path, [])
        if not of_file:
            continue
        own = of_file[0].photometric in _GREY and (
            len({frame.rescale for frame in header.frames}) > 1 or any(frame.overlooked for frame in of_file)
            or (_is_exchanged_signed(of_file[0]) and header.transfer_syntax in _NATIVE))
        images = (_rescaled_by_their_own if own else _rescaled)(header.path, of_file, header.transfer_syntax)
        planes.update({(header.path, frame.number): image for frame, image in zip(of_file, images, strict=True)})
    ordered = [planes[frame.path, frame.number] for frame in frames]
    if len({plane.shape for plane in ordered}) > 1:
        raise UnsupportedImageError(f"{name} holds grey and colour images. "
                                    "Put the grey ones into a folder of their own.")
    return np.stack(ordered).astype(np.result_type(*{plane.dtype for plane in ordered}), copy=False)


def _is_exchanged_signed(frame: Frame) -> bool:
    """Whether its pixels are what GDCM fails at: signed numbers of 12 bits, black and white exchanged."""
    return frame.photometric == "MONOCHROME1" and frame.signed and frame.bits == 12


def _rescaled(path: Path, frames: Sequence[Frame], syntax: str) -> list[np.ndarray]:
    """Frames as GDCM reads them: it rescales by the slope and intercept of the file, or of its first frame."""
    try:
        name = native_path(path)  # ITK would end the process
    except UnicodeError as error:
        raise UnsupportedImageError(f"{printable_path(path)} cannot be read: its name is not UTF-8. Rename it and run "
                                    "again.") from error
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")  # whatever the file is called
    reader.SetFileName(name)
    try:
        with whole_pixels(path.name) if syntax in _JPEG else nullcontext():
            image = reader.Execute()
    except RuntimeError as error:
        raise _unreadable(path, syntax) from error
    array = sitk.GetArrayFromImage(image)
    if image.GetDimension() == 2:
        array = array[None]
    if array.shape[1:3] != (frames[0].rows, frames[0].columns) or len(array) <= max(f.number for f in frames):
        raise _unreadable(path, syntax)
    if array.dtype.kind == "f":
        array = array.astype(np.float32, copy=False)
    if frames[0].photometric == "RGB" and syntax in _JPEG and _is_neutral(array):
        array = np.repeat(array[..., :1], 3, axis=-1)
    return [array[frame.number] for frame in frames]


def _is_neutral(array: np.ndarray) -> bool:
    """Whether an array (K, rows, columns, 3) holds luminance and the chrominance of grey, as where a JPEG is called RGB
    that is not."""
    if array.ndim < 4:
        return False
    chrominance = array[..., 1:]
    return bool(chrominance.min() >= 128 - _NEUTRAL and chrominance.max() <= 128 + _NEUTRAL)


def _rescaled_by_their_own(path: Path, frames: Sequence[Frame], syntax: str) -> list[np.ndarray]:
    """Frames with slopes and intercepts that GDCM passes over, or pixels that it does not read."""
    from pydicom import dcmread

    if syntax not in _NATIVE:
        raise UnsupportedImageError(
            f"{path.name} is compressed ({uid_name(syntax)}), and its frames are rescaled one by one or do not say how "
            "they lie; both together cannot be read. Decompress it (for example with gdcmconv --raw) and run again."
        )
    try:
        with BoundedReader(path) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored = dcmread(file, force=True).pixel_array
    except Exception as error:  # pydicom raises of many kinds for a damaged file
        raise _unreadable(path, syntax) from error
    stored = stored.reshape(-1, frames[0].rows, frames[0].columns)
    if frames[0].photometric == "MONOCHROME1":
        stored = exchanged_from(frames[0].bits, stored.dtype.kind == "i") - stored.astype(np.int64)
    return [(stored[f.number] * np.float64(slope) + intercept).astype(np.float32)
            for f in frames for slope, intercept in [f.rescale]]


def _unreadable(path: Path, syntax: str) -> UnsupportedImageError:
    if syntax == _ENCAPSULATED:
        return UnsupportedImageError(f"{path.name} holds its pixels in fragments, though without compression "
                                     f"({uid_name(syntax)}), which is not read here. Export it again in another "
                                     "transfer syntax (Explicit VR Little Endian).")
    if syntax in _NATIVE:
        return UnsupportedImageError(f"The pixels of {path.name} cannot be read: they are damaged, or stored in an "
                                     "unusual way. Export or download it again.")
    return UnsupportedImageError(
        f"The pixels of {path.name} cannot be unpacked: they are damaged, or compressed in a way that is not supported "
        f"({uid_name(syntax)}). Export it again without compression."
    )


def without_bright_padding(array: np.ndarray, frames: Sequence[Frame]) -> np.ndarray:
    """Pixels that stand for no measurement as NaN, where they are brighter than what was measured: they would be taken
    for the brightest tissue. Those as dark as air are left as they are, since tissue may have their value too.

    Args:
        array: (K, rows, columns), rescaled.
        frames: of the slices, which state the values.
    """
    padded = np.zeros(array.shape, bool)
    for plane, flags, frame in zip(array, padded, frames, strict=True):
        if frame.padding:
            flags[:] = (plane >= frame.padding[0]) & (plane <= frame.padding[1])
    if not padded.any() or padded.all() or array[padded].max() <= np.percentile(array[~padded], _BRIGHT):
        return array
    return np.where(padded, np.float32(np.nan), array.astype(np.float32))


def straightened(slices: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Slices of a tilted stack on one grid with right angles, by linear interpolation within each slice.

    Args:
        slices: (K, rows, columns).
        offsets: (K, 2), where each slice's first pixel lies, in pixels along columns (i) and rows (j).

    Returns:
        (K, more rows, more columns) of the same type, filled up with the lowest value; and where its first pixel lies
        (i, j), whole pixels.
    """
    from scipy import ndimage

    low, high = np.floor(offsets.min(axis=0)), np.ceil(offsets.max(axis=0))
    count, rows, columns = slices.shape
    wider = (count, rows + int(high[1] - low[1]), columns + int(high[0] - low[0]))
    background = slices.min()
    straight = np.full(wider, background, slices.dtype)
    for k, (i, j) in enumerate(offsets - low):
        padded = np.full(wider[1:], background, np.float64)
        padded[:rows, :columns] = slices[k]
        moved = ndimage.shift(padded, (j, i), order=1, mode="constant", cval=float(background))
        straight[k] = moved if slices.dtype.kind == "f" else np.rint(moved)
    return straight, (int(low[0]), int(low[1]))
