"""Real DICOM files of every kind, as small as they may be, for the tests of reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

SHAPE = (10, 40, 36)
#: Of the series and images made here, LPS: columns 1.5 mm, rows 2 mm, slices 6 mm apart.
AXIAL, CORONAL, SAGITTAL = (1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1)
STEP = 6.0
#: The same as the volume's `ijk_to_ras`.
IJK_TO_RAS = np.array([[-1.5, 0, 0, 30], [0, -2, 0, 40], [0, 0, STEP, -20], [0, 0, 0, 1.0]])

#: Changes a data set before it is written; the slice's number is the second argument. None leaves the slice out.
Change = Callable[[Dataset, int], object]


def stored(shape: tuple[int, ...] = SHAPE, low: int = 0, high: int = 900) -> np.ndarray:
    """Pixels as a scanner may store them."""
    return np.random.default_rng(0).integers(low, high, shape).astype(np.uint16)


def place(k: float) -> tuple[float, float, float]:
    """Position (LPS) of the slice number `k`."""
    return (-30.0, -40.0, -20.0 + STEP * k)


def image(pixels: np.ndarray, position: Sequence[float] | None = place(0),
          orientation: Sequence[float] | None = AXIAL, number: int = 1) -> Dataset:
    """An MR image of one slice, not yet written."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = MRImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = "1.2.1", "1.2.2", "1.2.3"
    data.PatientName, data.PatientID, data.Modality = "Phantom^Paul", "P4711", "MR"
    data.ImageType = ["ORIGINAL", "PRIMARY"]
    data.InstanceNumber, data.SliceThickness = number, 5.0
    if position is not None:
        data.ImagePositionPatient = [float(value) for value in position]
    if orientation is not None:
        data.ImageOrientationPatient = [float(value) for value in orientation]
    data.PixelSpacing = [2.0, 1.5]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = pixels.shape[-2:]
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, int(pixels.dtype.kind == "i")
    data.PixelData = np.ascontiguousarray(pixels).tobytes()
    return data


def save(data: Dataset, file: Path) -> Path:
    """Write a data set; the folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(file, data, enforce_file_format=True)
    return file


def series(folder: Path, change: Change = lambda data, k: data, pixels: np.ndarray | None = None,
           name: str = "IM{:04d}") -> Path:
    """A folder with an axial series, the names of the files in another order than the slices.

    Args:
        change: given each slice's data set and its number from the bottom up; returns None to leave the slice out.
        pixels: (K, rows, columns).
        name: of the files, with a place for a number.
    """
    pixels = stored() if pixels is None else pixels
    names = np.random.default_rng(3).permutation(len(pixels))
    for k, plane in enumerate(pixels):
        data = image(plane, place(k), number=k + 1)
        if change(data, k) is not None:
            save(data, folder / name.format(names[k]))
    return folder


def enhanced(pixels: np.ndarray, positions: Sequence[Sequence[float]], *,
             slopes: Sequence[float] | None = None, orientations: Sequence[Sequence[float]] | None = None,
             echoes: Sequence[float] | None = None) -> Dataset:
    """An enhanced MR image of many frames, not yet written.

    Args:
        pixels: (frames, rows, columns), as stored.
        positions: of each frame, LPS.
        slopes, orientations, echoes: of each frame; axial for all where no orientations are given.
    """
    data = image(pixels, None, None)
    del data.PixelSpacing, data.SliceThickness
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = EnhancedMRImageStorage
    data.NumberOfFrames = len(pixels)
    measures = Dataset()
    measures.PixelSpacing, measures.SliceThickness = [2.0, 1.5], 5.0
    shared = Dataset()
    shared.PixelMeasuresSequence = Items([measures])
    groups = []
    for n, position in enumerate(positions):
        plane, direction, group = Dataset(), Dataset(), Dataset()
        plane.ImagePositionPatient = [float(value) for value in position]
        direction.ImageOrientationPatient = [float(v) for v in (AXIAL if orientations is None else orientations[n])]
        group.PlanePositionSequence, group.PlaneOrientationSequence = Items([plane]), Items([direction])
        if slopes is not None:
            scale = Dataset()
            scale.RescaleSlope, scale.RescaleIntercept, scale.RescaleType = str(slopes[n]), "-3", "US"
            group.PixelValueTransformationSequence = Items([scale])
        if echoes is not None:
            echo = Dataset()
            echo.EffectiveEchoTime = float(echoes[n])
            group.MREchoSequence = Items([echo])
        groups.append(group)
    data.SharedFunctionalGroupsSequence, data.PerFrameFunctionalGroupsSequence = Items([shared]), Items(groups)
    return data
