"""Where a volume's geometry comes from, and whether its sizes can be those of a patient."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..records import Record

GIVEN, DERIVED, UNKNOWN = "given", "derived", "unknown"
#: RAS <-> LPS: SimpleITK and DICOM speak LPS, Slicer's nodes RAS.
LPS_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

#: Voxels of less or more mm along a side come from no scanner: the finest specimen scanners reach 0.01 mm, the
#: thickest slices (scouts, nuclear medicine) 50 mm.
SPACING_MM = (0.01, 50.0)
#: What is looked at is at least as wide as a small specimen, and no longer than a patient on a table.
EXTENT_MM = (5.0, 3000.0)
#: Voxels more elongated than this, of implausible size, have a damaged header: the image would be squashed to a line.
MOST_ELONGATED = 100.0


@dataclass(frozen=True)
class GeometrySource(Record):
    """Whether each part of a volume's geometry was "given" by the file, "derived" from something else that it says
    (a note tells from what), or is "unknown" and nominal.

    Attributes:
        spacing: the voxel size in mm; unknown if it is along any axis, as then no volume in mL is known.
        orientation: how the axes lie in the patient.
        position: where the volume lies in the patient.
    """

    spacing: str = GIVEN
    orientation: str = GIVEN
    position: str = GIVEN

    @property
    def placed(self) -> bool:
        """Whether the volume's place in the patient is known, so that it can be compared with others'."""
        return UNKNOWN not in (self.orientation, self.position)

    def without_sizes(self) -> GeometrySource:
        """The same, its spacing unknown."""
        return replace(self, spacing=UNKNOWN)


#: All parts given: files that state their geometry, and volumes made by programs.
ALL_GIVEN = GeometrySource()
#: Nothing is known: pictures.
NOTHING_KNOWN = GeometrySource(UNKNOWN, UNKNOWN, UNKNOWN)


def implausible_size(spacing: tuple[float, ...], counts: tuple[int, ...], least_mm: float = EXTENT_MM[0]) -> str:
    """Why voxels of this size, in such numbers, cannot be those of a patient; "" if they can.

    Args:
        spacing: along each axis in mm, all > 0.
        counts: voxels along the same axes.
        least_mm: how wide it is at least.
    """
    least, most = SPACING_MM
    if min(spacing) < least or max(spacing) > most:
        return f"voxels of {size_in_words(spacing)} mm"
    extents = np.multiply(spacing, counts)
    if extents.max() > EXTENT_MM[1]:
        return f"an image {extents.max():.5g} mm long"
    if np.sort(extents)[-2] < least_mm:
        return f"an image of {size_in_words(extents)} mm"
    return ""


def size_in_words(lengths: tuple[float, ...] | np.ndarray) -> str:
    """ "0.5 x 0.5 x 3"."""
    return " x ".join(f"{length:.3g}" for length in lengths)
