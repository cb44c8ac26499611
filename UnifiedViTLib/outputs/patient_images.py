"""The images of a patient: what results of `predict` say of them, and whether all are of one patient, each given once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnsupportedImageError
from ..imaging.identical import first_of_same
from ..imaging.reading.dicom.identity import Identity, two_patients
from ..inference.patient.diagnosis import View, region_alone
from ..spec import ModelSpec
from .comparison.reading import identity_of_inputs
from .manifest import InputFile, model_sha256, read_result


@dataclass(frozen=True)
class PatientImage:
    """An image of a patient.

    Attributes:
        path: as it was given, which names it.
        files: it was read from; empty where that is not known.
        view: what a model says of it; None where it is still to be looked at.
        voxels: as of `imaging.identical.sample_voxels`; empty where it was not read yet.
    """

    path: Path
    files: tuple[InputFile, ...]
    view: View | None = None
    voxels: tuple[float, ...] = ()

    @property
    def content(self) -> tuple[str, ...]:
        """SHA-256 of each file."""
        return tuple(file.sha256 for file in self.files)

    @property
    def identity(self) -> Identity:
        """Whom its files state that it is of, while they lie where they were."""
        return identity_of_inputs(self.files)


def stored_image(path: Path, spec: ModelSpec, given: Path | None = None) -> PatientImage:
    """The image that a result of `predict` is of.

    Args:
        path: NAME.json.
        spec: the model, whose result it is to be.
        given: what the image was called; None: as its result.

    Raises:
        UnsupportedImageError: it is no result, of another model, or of a region alone.
    """
    found = read_result(path)
    if found is None:
        raise UnsupportedImageError(f"{path} is no result of unifiedvit predict, or was changed since it was written. "
                                    "Give the image, or run predict again.")
    document, manifest = found
    if manifest.request.model_sha256 != model_sha256(spec):
        raise UnsupportedImageError(f"{path} is a result of {manifest.request.model_id} "
                                    f"{manifest.request.model_version}, not of {spec.name} {spec.version} as it is "
                                    "now. Look at all images with one model.")
    if "region" in document:
        raise region_alone(str(path))
    given = given or path
    view = View(str(given), document["diagnosis"]["probabilities"], tuple(document["warnings"]))
    return PatientImage(given, manifest.inputs, view, manifest.voxels)


def check_images(images: Sequence[PatientImage]) -> None:
    """Return if images can be of one patient.

    Raises:
        UnsupportedImageError: one is given twice, or DICOM files state that they are of several patients.
    """
    if differ := two_patients([image.identity for image in images]):
        before, other = (images[n].path for n in differ)
        raise UnsupportedImageError(f"{other} is of another patient than {before}, as their Patient IDs, names or "
                                    "dates of birth say. Give the images of one patient.")
    check_distinct(images)


def check_distinct(images: Sequence[PatientImage]) -> None:
    """Return if no image is given twice.

    Raises:
        UnsupportedImageError: one is, maybe in another format.
    """
    for image, first in zip(images, first_of_same_images(images), strict=True):
        if image is not images[first]:
            raise UnsupportedImageError(f"{image.path} is the same image as {images[first].path}, and would count "
                                        "twice. Give each image once.")


def first_of_same_images(images: Sequence[PatientImage]) -> list[int]:
    """For each image the number of the first one that is the same: by its files, or, in another format, by its voxels.
    """
    contents: dict[tuple[str, ...], int] = {}
    first = first_of_same([image.voxels for image in images])
    for n, image in enumerate(images):
        if image.content:
            first[n] = first[contents.setdefault(image.content, n)]
    return first
