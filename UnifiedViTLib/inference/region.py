"""What a region of interest makes of a result, and what its reader must know."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UnsupportedImageError
from ..imaging.preparation import PreparedVolume
from ..imaging.region import RegionOfInterest
from ..records import Record

#: So many pixels of the network across a slice a region has at least: the network draws nothing finer.
LEAST_PIXELS = 4


@dataclass(frozen=True)
class RegionResult(Record):
    """Where was looked at, if not everywhere.

    Attributes:
        box: the region of interest.
        first_slice: number, from 0, of the first slice that it touches, in the order of `Prediction.slice_axis`; as
            many follow as there are `Prediction.slice_probabilities`.
        voxels_inside, voxels_beyond: drawn on these slices, inside the region and outside, where it was taken away.
    """

    box: RegionOfInterest
    first_slice: int
    voxels_inside: int
    voxels_beyond: int

    @property
    def is_elsewhere(self) -> bool:
        """Whether most of what is drawn on the slices lies outside: the diagnosis, of whole slices, is of that."""
        return self.voxels_beyond > self.voxels_inside


def check_region(prepared: PreparedVolume) -> None:
    """Return if the network can draw something in the region of interest.

    Raises:
        UnsupportedImageError: it is too narrow.
    """
    if prepared.region_mask is None:
        return
    touched, frame = prepared.view.of(prepared.region_mask), prepared.frame
    rows, columns = (int(touched.any(axis=axes).sum()) for axes in ((0, 2), (0, 1)))
    narrowest = min(rows * frame.row_mm, columns * frame.column_mm)
    least = LEAST_PIXELS * frame.pixel_mm
    if narrowest < least:
        raise UnsupportedImageError(
            f"The region of interest is {narrowest:.2g} mm wide on {prepared.view.plane} slices of "
            f"{prepared.volume.name}, too narrow for this model, whose pixels are {frame.pixel_mm:.2g} mm there. Make "
            f"it at least {least:.2g} mm wide, or choose another plane."
        )


def region_warnings(prepared: PreparedVolume, region: RegionResult | None) -> list[str]:
    """Sentences on a region that may not be where it is thought to be, and on what was drawn outside."""
    if region is None:
        return []
    sentences = []
    if not prepared.volume.geometry.placed:
        sentences.append("The image does not tell where it lies in the patient: whether the region is where it was "
                         "meant to be is not known. Compare it with the image.")
    if region.voxels_beyond:
        voxel_ml = prepared.volume.voxel_ml
        amount = f"{region.voxels_beyond} voxels" if voxel_ml is None else f"{region.voxels_beyond * voxel_ml:.1f} mL"
        inside = "" if region.voxels_inside else "nothing is drawn inside of it, and "
        sentences.append(
            f"On the slices of the region, {inside}{amount} are drawn outside, which are left out. The class "
            "probabilities are those of whole slices: they may be of what lies outside."
        )
    return sentences
