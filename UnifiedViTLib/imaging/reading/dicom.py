"""DICOM: a file, or a folder with the slices of one series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ...errors import UnsupportedImageError
from ...native import native_path
from ..volume import Volume
from .images import itk_errors, read_three_dimensions, to_volume
from .names import stem

#: DICOM tags kept: what the image is, and in which coordinates. Nothing that identifies a person; none goes to results.
_TAGS = {"0008|0060": "Modality", "0018|0015": "BodyPartExamined", "0018|0010": "ContrastBolusAgent",
         "0028|0004": "PhotometricInterpretation", "0020|0052": "FrameOfReference"}
_POSITION = "0020|0032"


def read_dicom(path: Path) -> Volume:
    """Read a DICOM file or a folder that holds one series; not checked yet."""
    with itk_errors(path):
        image, metadata = _read_series(path) if path.is_dir() else _read_slice(path)
    notes = _notes(metadata)
    return to_volume(image, stem(path), notes, metadata)


def _read_slice(path: Path) -> tuple[sitk.Image, dict[str, str]]:
    reader = sitk.ImageFileReader()
    reader.SetFileName(native_path(path))
    reader.ReadImageInformation()
    metadata = {
        name: reader.GetMetaData(tag).strip() for tag, name in _TAGS.items() if reader.HasMetaDataKey(tag)
    }
    return read_three_dimensions(path, reader), metadata


def _read_series(folder: Path) -> tuple[sitk.Image, dict[str, str]]:
    series = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    if not series:
        raise UnsupportedImageError(
            f"The folder {folder.name} holds no DICOM series. Give the folder that holds the slices themselves."
        )
    if len(series) > 1:
        raise UnsupportedImageError(
            f"The folder {folder.name} holds {len(series)} DICOM series. "
            "Put the one to look at into a folder of its own."
        )
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series[0])
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


def _notes(metadata: dict[str, str]) -> tuple[str, ...]:
    """What the reader is to know; takes what is only meant for it out of `metadata`."""
    notes = []
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
    return tuple(notes)
