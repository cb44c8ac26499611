"""Reading an image file or a folder of DICOM slices into a `Volume`."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import UnsupportedImageError
from ..native import c_numeric_locale, native_path, printable_path
from .volume import LPS_RAS, Volume, check

#: File name endings that a folder of inputs is searched for (DICOM files have any name).
SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd", ".dcm",
            ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")

#: DICOM tags kept: what the image is, and in which coordinates. Nothing that identifies a person; none goes to results.
_TAGS = {"0008|0060": "Modality", "0018|0015": "BodyPartExamined", "0018|0010": "ContrastBolusAgent",
         "0028|0004": "PhotometricInterpretation", "0020|0052": "FrameOfReference"}
_POSITION = "0020|0032"

sitk.ProcessObject.SetGlobalWarningDisplay(False)


def read(path: str | Path) -> Volume:
    """Read NRRD, NIfTI, MetaImage, DICOM (a file or a series' folder), PNG, JPEG, TIFF or BMP.

    Args:
        path: a file, or a folder that holds one DICOM series.

    Returns:
        A checked volume; array (K, J, I) in the file's own intensity unit (HU for CT), geometry in mm, RAS.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    path = Path(path)
    if not path.exists():
        raise UnsupportedImageError(f"{path} does not exist. Check the path.")
    if path.is_file() and path.stat().st_size == 0:
        raise UnsupportedImageError(f"{path.name} is an empty file. Export or download it again.")
    try:
        with c_numeric_locale():
            image, metadata = _read_series(path) if path.is_dir() else _read_file(path)
    except UnicodeError as error:
        raise UnsupportedImageError(
            f"{printable_path(path)} cannot be read: the name of the file, or of a folder above it, is not UTF-8. "
            "Rename it and run again."
        ) from error
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
    return check(_to_volume(image, printable_path(stem(path)), metadata))


def stem(path: Path) -> str:
    """The file's name without its ending, ".nii.gz" being one ending."""
    name = path.name
    return name[: -len(".nii.gz")] if name.lower().endswith(".nii.gz") else (path.stem if path.is_file() else name)


def _reason(error: RuntimeError) -> str:
    """The last line of ITK's message; MetaImage's "Reason: No such file" is what the system last said of another."""
    lines = [line for line in str(error).strip().splitlines() if line.strip() and not line.startswith("Reason:")]
    return lines[-1].split("ITK ERROR: ")[-1] if lines else "no reason given"


def _read_file(path: Path) -> tuple[sitk.Image, dict[str, str]]:
    reader = sitk.ImageFileReader()
    reader.SetFileName(native_path(path))
    reader.ReadImageInformation()
    _refuse_cut(path, reader)
    size = reader.GetSize()
    if any(n > 1 for n in size[3:]):
        raise UnsupportedImageError(
            f"{path.name} has four dimensions {size}: a time series or a set of volumes. "
            "Extract one 3-D volume from it and run on that."
        )
    metadata = {
        name: reader.GetMetaData(tag).strip() for tag, name in _TAGS.items() if reader.HasMetaDataKey(tag)
    }
    if len(size) > 3:  # the axes after the third have length one
        reader.SetExtractSize([*size[:3], *[0] * (len(size) - 3)])
    return reader.Execute(), metadata


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


def _read_series(folder: Path) -> tuple[sitk.Image, dict[str, str]]:
    name = native_path(folder)
    series = sitk.ImageSeriesReader.GetGDCMSeriesIDs(name)
    if not series:
        raise UnsupportedImageError(
            f"The folder {folder.name} holds no DICOM series. Give the folder that holds the slices themselves."
        )
    if len(series) > 1:
        raise UnsupportedImageError(
            f"The folder {folder.name} holds {len(series)} DICOM series. "
            "Put the one to look at into a folder of its own."
        )
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(name, series[0])
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(files)
    reader.MetaDataDictionaryArrayUpdateOn()
    image = reader.Execute()
    metadata = {
        name: reader.GetMetaData(0, tag).strip() for tag, name in _TAGS.items() if reader.HasMetaDataKey(0, tag)
    }
    positions = [reader.GetMetaData(n, _POSITION) for n in range(len(files)) if reader.HasMetaDataKey(n, _POSITION)]
    if len(positions) == len(files) > 1:
        there = np.array([[float(v) for v in text.split("\\")] for text in positions])
        if len(np.unique(there.round(3), axis=0)) < len(there):
            raise UnsupportedImageError(
                f"The folder {folder.name} holds several images of the same place (a time series, or several echoes). "
                "Put the slices of one volume into a folder of its own."
            )
        placed = [image.TransformIndexToPhysicalPoint((0, 0, n)) for n in range(len(there))]
        metadata["Misplacement"] = str(np.linalg.norm(there - np.array(placed), axis=1).max())
    metadata["LeftOut"] = str(_left_out(folder, files))
    return image, metadata


def _left_out(folder: Path, files: tuple[str, ...]) -> int:
    """How many DICOM files of `folder` are not among `files`, the images of its series.

    GDCM passes over what it cannot read as an image without a word: reports, and damaged slices.
    """
    others = [file for file in folder.iterdir() if file.is_file() and file.name not in {Path(f).name for f in files}]
    count = 0
    for file in others:
        with open(file, "rb") as opened:
            count += opened.read(132)[128:] == b"DICM" and file.name.upper() != "DICOMDIR"
    return count


def _to_volume(image: sitk.Image, name: str, metadata: dict[str, str]) -> Volume:
    array = sitk.GetArrayFromImage(image)
    dimension = image.GetDimension()
    notes = []
    if image.GetNumberOfComponentsPerPixel() > 1:
        array = _grey(array, name, alpha=dimension == 2)
        notes.append("A colour image whose channels are all the same was read as grey.")
    planar = dimension == 2
    if planar:
        array = array[None]
    if metadata.get("PhotometricInterpretation") == "MONOCHROME1":
        # ITK has turned it around already, within the range of the stored bits.
        notes.append("The image is stored with black and white exchanged (MONOCHROME1) and was turned around.")
    if left_out := int(metadata.pop("LeftOut", 0)):
        notes.append(f"DICOM files of the folder left out because they are damaged or no images: {left_out}.")
    misplacement = float(metadata.pop("Misplacement", 0))
    if misplacement > 0.1:
        notes.append(
            "The slices are not evenly spaced (missing slices or a tilted gantry): positions may be off by up to "
            f"{misplacement:.1f} mm."
        )
    matrix = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(dimension, dimension)
    matrix[:dimension, :dimension] = direction * np.array(image.GetSpacing())
    matrix[:dimension, 3] = image.GetOrigin()
    return Volume(array, LPS_RAS @ matrix, name, planar, tuple(notes), metadata)


def _grey(array: np.ndarray, name: str, alpha: bool) -> np.ndarray:
    """The one channel of an image whose colour channels agree; in pictures a fourth, `alpha`, is dropped."""
    colours = array[..., :-1] if alpha and array.shape[-1] == 4 else array
    if not all(np.array_equal(colours[..., 0], colours[..., c]) for c in range(1, colours.shape[-1])):
        raise UnsupportedImageError(
            f"{name} is a colour or vector image ({array.shape[-1]} components). "
            "Convert it to grey, or extract one component, and run on that."
        )
    return np.ascontiguousarray(colours[..., 0])
