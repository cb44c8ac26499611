"""What is compared: masks with names on a grid, and what is known of where they come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...imaging.geometry import ALL_GIVEN, UNKNOWN, GeometrySource
from ...records import Record


@dataclass(frozen=True)
class DrawnSegment(Record):
    """A segment: the voxels of one layer that have one label.

    Attributes:
        name: as its author calls it; "" where its file gives no names (label maps).
        terminology: Slicer's entry, codes between "~" and "^"; "" for none.
        layer: number of the layer; segments that overlap are in different ones.
        label: its value there.
    """

    name: str
    terminology: str
    layer: int
    label: int


@dataclass(frozen=True)
class Origin(Record):
    """Where a segmentation comes from, as far as a manifest or a scene tells; empty fields are not known.

    Attributes:
        image: what was looked at, for people.
        image_ids: identifies its files: SHA-256 sums, UIDs or node IDs. Two images that share one are the same.
        patient_id: equal for images of one patient; never written and never shown.
        model: id and version.
        diagnosis: as from `files.diagnosis_as_json`.
        region: in words, the region of interest that alone was looked at; "" for all of the image.
    """

    image: str = ""
    image_ids: tuple[str, ...] = ()
    patient_id: str = ""
    model: str = ""
    diagnosis: dict[str, Any] | None = None
    region: str = ""


@dataclass(frozen=True)
class Segmentation(Record):
    """Segments on one grid.

    Attributes:
        name: for messages and tables.
        layers: one array of labels (K, J, I) or more, all of one shape; 0 where nothing is drawn.
        segments: what of them means something.
        ijk_to_ras: 4x4, voxel index (i, j, k, 1) to patient coordinates in mm (RAS).
        planar: True for a 2-D image.
        geometry: which parts of `ijk_to_ras` are known.
        origin: where it comes from.
        notes: remarks made while reading, for the user.
    """

    name: str
    layers: tuple[np.ndarray, ...]
    segments: tuple[DrawnSegment, ...]
    ijk_to_ras: np.ndarray
    planar: bool = False
    geometry: GeometrySource = ALL_GIVEN
    origin: Origin = field(default_factory=Origin)
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels (K, J, I)."""
        k, j, i = self.layers[0].shape
        return k, j, i

    @property
    def has_sizes(self) -> bool:
        """Whether distances in mm are known."""
        return self.geometry.spacing != UNKNOWN

    @property
    def voxel_ml(self) -> float | None:
        """Volume of one voxel in millilitres; None where it is not known."""
        if self.planar or not self.has_sizes:
            return None
        return float(abs(np.linalg.det(self.ijk_to_ras[:3, :3])) / 1000.0)

    def mask(self, segments: Iterable[DrawnSegment]) -> np.ndarray:
        """Where any of these segments is drawn, (K, J, I) bool."""
        mask = np.zeros(self.shape, bool)
        for segment in segments:
            mask |= self.layers[segment.layer] == segment.label
        return mask
