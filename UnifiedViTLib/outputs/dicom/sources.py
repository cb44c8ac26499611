"""The original DICOM files of a volume: what objects made from it copy and refer to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import UnsupportedImageError
from ...imaging.geometry import LPS_RAS
from ...imaging.reading.dicom.header import read_dataset
from ...imaging.volume import Volume
from ...inference.prediction import Prediction

if TYPE_CHECKING:
    from pydicom import Dataset

#: Attributes that every object must have, be it without a value.
_REQUIRED = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime",
             "AccessionNumber", "ReferringPhysicianName")
#: What objects refer to the images by.
_IDENTIFIERS = {"SOPClassUID": "class", "SOPInstanceUID": "image", "SeriesInstanceUID": "series",
                "StudyInstanceUID": "study", "FrameOfReferenceUID": "frame of reference"}
#: DICOM's name for it.
UTF_8 = "ISO_IR 192"
#: Values of the patient's sex; others, which some systems write, are left out.
_SEXES = ("M", "F", "O")
#: A slice may lie so far from its place on the volume's even grid, as when it was read: a share of the step, and mm.
_UNEVEN, _ROUNDING_MM = 0.1, 0.06


@dataclass(frozen=True)
class Sources:
    """The files of a volume.

    Attributes:
        datasets: without pixels, in the order of the slices; of a multi-frame image one.
        order: by frame of the objects to write, the slice of the volume: 0, 1, ... but for a multi-frame image, whose
            frames may lie in another order.
    """

    datasets: tuple[Dataset, ...]
    order: tuple[int, ...]

    def frames(self, array: np.ndarray) -> np.ndarray:
        """Voxels (K, J, I) of the volume in the order of the frames."""
        return array[list(self.order)]


def read_sources(volume: Volume, prediction: Prediction) -> Sources:
    """Read the headers again, and hold the volume's grid against them.

    Raises:
        UnsupportedImageError: it is not DICOM, or of a kind whose results cannot lie on the original images; the
            sentence says which.
        OSError: a file cannot be read.
    """
    if not volume.files:
        raise refused(volume, "it did not come as DICOM, so that there are no patient, study and images to refer to")
    if not volume.geometry.placed or volume.planar:
        raise refused(volume, "the images do not state where they lie in the patient")
    datasets = [read_dataset(file) for file in volume.files]
    for dataset in datasets:
        for keyword, name in _IDENTIFIERS.items():
            if not dataset.get(keyword):
                raise refused(volume, f"the images state no identifier of their {name}")
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
            if dataset.get(keyword) != datasets[0].get(keyword):
                raise refused(volume, f"the images are not all of one {_IDENTIFIERS[keyword]}")
        if dataset.get("PatientID") != datasets[0].get("PatientID"):
            raise refused(volume, "the images are not all of one patient (Patient ID)")
    read_then = dict.fromkeys(volume.metadata["SOPInstanceUIDs"].split("\\"))
    if [str(dataset.SOPInstanceUID) for dataset in datasets] != list(read_then):
        raise refused(volume, "its files are no longer those that were looked at")
    count = len(prediction.labelmap)
    if len(datasets) == 1 and "PerFrameFunctionalGroupsSequence" in datasets[0]:
        numbers = [int(number) - 1 for number in volume.metadata["FrameNumbers"].split("\\")]
        if sorted(numbers) != list(range(int(datasets[0].NumberOfFrames))):
            raise refused(volume, "frames of the file were left out")
        order = np.argsort(numbers)
        positions = _frame_positions(datasets[0], numbers)
    elif len(datasets) == count and all("ImagePositionPatient" in dataset for dataset in datasets):
        order = np.arange(count)
        positions = [dataset.ImagePositionPatient for dataset in datasets]
    else:
        raise refused(volume, "it is not one file a slice, nor one multi-frame file")
    _check_grid(volume, datasets[0], np.array(positions, float))
    for dataset in datasets:
        _complete(dataset)
    return Sources(tuple(datasets), tuple(map(int, order)))


def refused(volume: Volume, reason: str) -> UnsupportedImageError:
    """The sentence for an image whose results cannot be DICOM."""
    return UnsupportedImageError(f"No DICOM results are written for {volume.name}: {reason}. The other results are "
                                 "there.")


def _frame_positions(dataset: Dataset, numbers: list[int]) -> list[list[float]]:
    """Of the frames with these numbers, from 0."""
    shared = dataset.get("SharedFunctionalGroupsSequence")
    positions = []
    for number in numbers:
        group = dataset.PerFrameFunctionalGroupsSequence[number]
        place = shared[0] if shared and "PlanePositionSequence" not in group else group
        positions.append(list(place.PlanePositionSequence[0].ImagePositionPatient))
    return positions


def _check_grid(volume: Volume, dataset: Dataset, positions: np.ndarray) -> None:
    """Raise an UnsupportedImageError unless voxel (k, j, i) of the volume is pixel (j, i) of its k-th image."""
    if volume.array.shape[1:] != (dataset.Rows, dataset.Columns):
        raise refused(volume, "the gantry was tilted, and the corrected grid is not that of the images")
    lps = LPS_RAS @ volume.ijk_to_ras
    expected = lps[:3, 3] + np.outer(np.arange(len(positions)), lps[:3, 2])
    step = float(np.linalg.norm(lps[:3, 2]))
    pixel = float(np.linalg.norm(lps[:3, :2], axis=0).max())
    off = float(np.linalg.norm(positions - expected, axis=1).max())
    if off > _UNEVEN * step + _ROUNDING_MM + pixel:
        raise refused(volume, f"its slices lie up to {off:.1f} mm from an even grid with right angles")


def _complete(dataset: Dataset) -> None:
    """Add the attributes that objects must have, empty, where old or anonymised images lack them; texts become UTF-8,
    in which what this program says can be written beside names of any script."""
    from pydicom.valuerep import PersonName

    dataset.decode()
    dataset.SpecificCharacterSet = UTF_8
    for keyword in ("PatientName", "ReferringPhysicianName"):
        if dataset.get(keyword):
            setattr(dataset, keyword, PersonName(str(dataset.get(keyword))))
    for keyword in _REQUIRED:
        if keyword not in dataset or dataset.get(keyword) is None:
            setattr(dataset, keyword, "")
    if dataset.PatientSex not in _SEXES:
        dataset.PatientSex = ""
    for shared in dataset.get("SharedFunctionalGroupsSequence") or []:
        for keyword in ("PlaneOrientationSequence", "PixelMeasuresSequence"):
            group = dataset.PerFrameFunctionalGroupsSequence[0]
            if keyword not in shared and keyword in group:  # highdicom looks for what all frames share
                setattr(shared, keyword, group.get(keyword))
        for measures in shared.get("PixelMeasuresSequence") or []:
            if "SliceThickness" not in measures:
                measures.SliceThickness = None
