"""Reading an image file or a folder of DICOM slices into a `Volume`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import UnsupportedImageError
from .volume import LPS_RAS, Volume, check

#: File name endings that a folder of inputs is searched for (DICOM files have any name).
SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd", ".dcm", ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")

#: DICOM tags kept: what the image is. Nothing that identifies a person.
_TAGS = {"0008|0060": "Modality", "0018|0015": "BodyPartExamined", "0018|0010": "ContrastBolusAgent",
         "0028|0004": "PhotometricInterpretation"}

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
        image, metadata = _read_series(path) if path.is_dir() else _read_file(path)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].split("ITK ERROR: ")[-1]
        raise UnsupportedImageError(
            f"{path.name} cannot be read: it is damaged, incomplete or not an image "
            f"(NRRD, NIfTI, MHA, DICOM, PNG and JPEG can be read). Export or download it again. [{reason}]"
        ) from error
    return check(_to_volume(image, _stem(path), metadata))


def _stem(path: Path) -> str:
    """The file's name without its ending, ".nii.gz" being one ending."""
    name = path.name
    return name[: -len(".nii.gz")] if name.lower().endswith(".nii.gz") else (path.stem if path.is_file() else name)


def _read_file(path: Path) -> tuple[sitk.Image, dict[str, str]]:
    _refuse_cut_jpeg(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    size = reader.GetSize()
    if len([n for n in size if n > 1]) > 3:
        raise UnsupportedImageError(
            f"{path.name} has four dimensions {size}: a time series or a set of volumes. "
            "Extract one 3-D volume from it and run on that."
        )
    metadata = {
        name: reader.GetMetaData(tag).strip() for tag, name in _TAGS.items() if reader.HasMetaDataKey(tag)
    }
    image = reader.Execute()
    if image.GetDimension() == 4:  # the fourth has length one
        image = image[:, :, :, 0]
    return image, metadata


def _refuse_cut_jpeg(path: Path) -> None:
    """A cut JPEG is read without complaint, its missing part grey: look for the end mark."""
    if path.suffix.lower() in (".jpg", ".jpeg"):
        data = path.read_bytes()
        if data[:2] == b"\xff\xd8" and b"\xff\xd9" not in data[-4096:]:
            raise UnsupportedImageError(f"{path.name} is cut off before its end. Export or download it again.")


def _read_series(folder: Path) -> tuple[sitk.Image, dict[str, str]]:
    series = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    if not series:
        raise UnsupportedImageError(
            f"The folder {folder.name} holds no DICOM series. Give the folder that holds the slices themselves."
        )
    if len(series) > 1:
        raise UnsupportedImageError(
            f"The folder {folder.name} holds {len(series)} DICOM series. Put the one to look at into a folder of its own."
        )
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series[0])
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(files)
    reader.MetaDataDictionaryArrayUpdateOn()
    image = reader.Execute()
    metadata = {
        name: reader.GetMetaData(0, tag).strip() for tag, name in _TAGS.items() if reader.HasMetaDataKey(0, tag)
    }
    if image.HasMetaDataKey("ITK_non_uniform_sampling_deviation"):
        metadata["NonUniformSpacing"] = image.GetMetaData("ITK_non_uniform_sampling_deviation")
    return image, metadata


def _to_volume(image: sitk.Image, name: str, metadata: dict[str, str]) -> Volume:
    array = sitk.GetArrayFromImage(image)
    dimension = image.GetDimension()
    notes = []
    if image.GetNumberOfComponentsPerPixel() > 1:
        array = _grey(array, name)
        notes.append("A colour image whose channels are all the same was read as grey.")
    planar = dimension == 2
    if planar:
        array = array[None]
    if metadata.get("PhotometricInterpretation") == "MONOCHROME1":
        array = array.max() - array + array.min()
        notes.append("The image is stored with black and white exchanged (MONOCHROME1) and was turned around.")
    if "NonUniformSpacing" in metadata:
        notes.append(
            "The slices are not evenly spaced (missing slices or a tilted gantry): positions may be off by up to "
            f"{float(metadata['NonUniformSpacing']):.1f} mm."
        )
    matrix = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(dimension, dimension)
    matrix[:dimension, :dimension] = direction * np.array(image.GetSpacing())
    matrix[:dimension, 3] = image.GetOrigin()
    return Volume(array, LPS_RAS @ matrix, name, planar, tuple(notes), metadata)


def _grey(array: np.ndarray, name: str) -> np.ndarray:
    """The one channel of an image whose colour channels agree; an alpha channel is dropped."""
    if array.dtype == np.uint8 and array.shape[-1] in (2, 4):
        array = array[..., :-1]
    if not all(np.array_equal(array[..., 0], array[..., c]) for c in range(1, array.shape[-1])):
        raise UnsupportedImageError(
            f"{name} is a colour or vector image ({array.shape[-1]} components). "
            "Convert it to grey, or extract one component, and run on that."
        )
    return np.ascontiguousarray(array[..., 0])
