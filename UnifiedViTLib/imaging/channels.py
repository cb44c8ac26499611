"""Several volumes of one patient, one a channel, looked at together: on one grid, each normalised on its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk

from ..errors import UnsupportedImageError
from ..spec import MISSING
from .geometry import UNKNOWN, size_in_words
from .identical import first_of_same, sample_voxels
from .intensity import Foreground, measure_foreground
from .preparation import PreparedVolume, prepare
from .reading.dicom.header import dicom_identity
from .reading.dicom.identity import two_patients
from .region import RegionOfInterest
from .volume import Volume, grid_distance_mm

#: A volume that covers less of the first one's body than this is not of the same place; under the second, it is said.
_LEAST_COVERED, _WELL_COVERED = 0.5, 0.95
#: Grids whose corners are closer than this share of a voxel are the same.
_SAME = 0.01


@dataclass(frozen=True)
class PreparedChannels(PreparedVolume):
    """Several channels ready to be looked at, slice by slice.

    `volume`, `slices` and `foreground` are those of the channel whose grid all are on, `view` and `frame` are the same
    for all.

    Attributes:
        channels: each by itself; None for a missing one.
    """

    channels: tuple[PreparedVolume | None, ...]

    def inputs(self, start: int, stop: int) -> np.ndarray:
        """The network's input for slices start..stop-1: (n, C, size, size) float32, missing channels `MISSING`."""
        size = self.frame.size
        gap = np.full((stop - start, size, size), MISSING, np.float32)
        return np.stack([gap if one is None else one.batch(start, stop) for one in self.channels], axis=1)


def prepare_channels(volumes: Sequence[Volume | None], size: int, plane: str = "auto",
                     first: Volume | None = None, region: RegionOfInterest | None = None) -> PreparedVolume:
    """`prepare` for one volume or several. The first decides grid, plane and square; the others are brought onto its
    grid, and each is normalised by its own statistics.

    Args:
        volumes: checked volumes in the order of the model's channels; None for a missing one. Volumes on other grids
            are resampled (linear), which supposes that all coordinates are in one frame of reference: they are not
            registered here.
        size, plane: as for `prepare`.
        first: which of them decides; None: the first that is there.
        region: as for `prepare`, in the frame of the first.

    Raises:
        UnsupportedImageError: there is no volume, or one of them does not belong to the first: another patient, 2-D
            beside 3-D, pictures of different size, another DICOM frame of reference, or a place that covers less than
            half of the body.
    """
    check_one_patient(volumes)
    first = first or next((volume for volume in volumes if volume is not None), None)
    if first is None:
        raise UnsupportedImageError("There is nothing to look at: every sequence is missing. Give at least one.")
    leading = prepare(first, size, plane, region)
    if len(volumes) == 1:
        return leading
    channels = tuple(
        volume and (leading if volume is first else _beside(leading, volume)) for volume in volumes
    )
    notes = [
        note if one is leading else f"{one.volume.name}: {note}"
        for one in channels if one is not None for note in one.volume.notes
    ]
    notes += _same_images([one.volume for one in channels if one is not None])
    # The notes of all go with the first, which stands for the image.
    own = {name: getattr(leading, name)
           for name in ("view", "slices", "frame", "foreground", "region", "region_mask")}
    return PreparedChannels(volume=replace(first, notes=tuple(notes)), **own, channels=channels)


def check_one_patient(volumes: Iterable[Volume | None]) -> None:
    """Raise an UnsupportedImageError where DICOM images state that they are of several patients."""
    known = [volume for volume in volumes if volume is not None and volume.files]
    if differ := two_patients([dicom_identity(volume.files[0]) for volume in known]):
        before, other = (known[n].name for n in differ)
        raise UnsupportedImageError(f"{other} is of another patient than {before}, as their Patient IDs, names or "
                                    "dates of birth say. Choose sequences of one patient.")


def _same_images(volumes: Sequence[Volume]) -> list[str]:
    """A note for each of the volumes, which lie on one grid, that is the same image as one before it, rescaled or
    not."""
    rescaled = first_of_same([sample_voxels(volume) for volume in volumes])
    notes = []
    for n, volume in enumerate(volumes):
        # Samples tell nothing of an image that is air but for a small part.
        before = next((one for one in volumes[:n] if np.array_equal(one.array, volume.array)), volumes[rescaled[n]])
        if before is not volume:
            notes.append(f"{volume.name} is the same image as {before.name}, given as two sequences. Do not rely on "
                         "the answer; give each sequence its own image, and leave out those that are missing.")
    return notes


def _beside(leading: PreparedVolume, volume: Volume) -> PreparedVolume:
    """Another channel, seen through the view and the square of the first."""
    volume = _on_grid_of(leading.volume, leading.foreground, volume)
    return PreparedVolume(volume, leading.view, leading.view.of(volume.array), leading.frame,
                          measure_foreground(volume.array), region=leading.region, region_mask=leading.region_mask)


def _on_grid_of(first: Volume, foreground: Foreground, volume: Volume) -> Volume:
    """`volume` with a voxel where `first` has one; its air where it does not reach."""
    if volume.planar or first.planar:
        known = UNKNOWN not in (volume.geometry.spacing, first.geometry.spacing)
        other_pixels = known and not np.allclose(volume.spacing[:2], first.spacing[:2], rtol=_SAME)
        if volume.planar != first.planar or volume.array.shape != first.array.shape or other_pixels:
            raise UnsupportedImageError(
                f"{volume.name} ({_size(volume)}) does not lie where {first.name} ({_size(first)}) does: pictures "
                "without a place in the patient must have the same size, in pixels and in mm. Export them on one grid."
            )
        return volume
    frames = [one.metadata.get("FrameOfReferenceUID", "") for one in (first, volume)]
    elsewhere = all(frames) and frames[0] != frames[1]
    shape, near = first.array.shape, _SAME * min(first.spacing)
    if volume.array.shape == shape and grid_distance_mm(volume.ijk_to_ras, first.ijk_to_ras, shape) < near:
        # Programs that remove names may give each series a frame of its own; two patients have two as well.
        note = f"lies where {first.name} does, but in another frame of reference: check that both are of one patient " \
               "and one examination."
        return replace(volume, notes=(*volume.notes, note)) if elsewhere else volume
    if not (volume.geometry.placed and first.geometry.placed):
        raise UnsupportedImageError(
            f"{volume.name} ({_size(volume)}) and {first.name} ({_size(first)}) are on different grids, and the files "
            "do not tell where both lie in the patient. Export them on one grid."
        )
    if elsewhere:
        raise UnsupportedImageError(
            f"{volume.name} and {first.name} are in different frames of reference, so that their places cannot be "
            f"compared. Register {volume.name} to {first.name} first."
        )
    # Between voxel indices, so that a sheared grid, which an image of SimpleITK cannot have, is possible too.
    to_own = np.linalg.inv(volume.ijk_to_ras) @ first.ijk_to_ras
    transform = sitk.AffineTransform(to_own[:3, :3].ravel().tolist(), to_own[:3, 3].tolist())
    image = sitk.GetImageFromArray(volume.array.astype(np.float32))
    drawn = sitk.Resample(image, shape[::-1], transform, sitk.sitkLinear, (0.0,) * 3, (1.0,) * 3,
                          np.eye(3).ravel().tolist(), float("nan"), sitk.sitkFloat32)
    array = sitk.GetArrayFromImage(drawn)
    beyond = np.isnan(array)
    body = first.array > foreground.threshold
    covered = 1 - np.count_nonzero(beyond & body) / max(1, np.count_nonzero(body))
    if covered < _LEAST_COVERED:
        raise UnsupportedImageError(
            f"{volume.name} covers only {covered:.0%} of what {first.name} shows. Choose images of the same patient "
            f"and place, and register {volume.name} to {first.name} if they are not in one frame of reference."
        )
    array[beyond] = measure_foreground(volume.array).air
    notes = volume.notes
    if covered < _WELL_COVERED:
        notes = (*notes, f"only {covered:.0%} of what {first.name} shows is covered; beyond, it is taken for air.")
    return replace(volume, array=array, ijk_to_ras=first.ijk_to_ras, notes=notes)


def _size(volume: Volume) -> str:
    """In words."""
    k, j, i = volume.array.shape
    mm = "" if volume.geometry.spacing == UNKNOWN else f" of {size_in_words(volume.spacing[:2])} mm"
    return f"{i} x {j} pixels{mm}, 2-D" if volume.planar else f"{i} x {j} x {k} voxels"
