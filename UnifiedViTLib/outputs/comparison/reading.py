"""Segmentations from files: results by their manifest, masks and label maps of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UnsupportedImageError
from ...imaging.mask_values import soft_share, whole_numbers
from ...imaging.reading import is_dicom, read_layers
from ...imaging.reading.dicom.header import dicom_identity
from ...imaging.reading.dicom.identity import Identity
from ...imaging.volume import Volume
from ..inventory import Inventory
from ..manifest import InputFile, Manifest, is_written, read_result, same_stat
from .segmentations import DrawnSegment, Origin, Segmentation

_ENDING = ".seg.nrrd"
#: An image has more different values; the most detailed atlases of the brain have fewer labels.
_MOST_LABELS = 200
_TERMINOLOGY = "TerminologyEntry:"


def read_segmentation(path: Path) -> Segmentation:
    """Read what is to be compared.

    Args:
        path: a result's JSON; or a segmentation: `.seg.nrrd` with names, or a mask or label map in NRRD, NIfTI, MHA,
            PNG and so on, whose labels have no names. Where a manifest beside it describes the file, its image, model
            and diagnosis are known.

    Raises:
        UnsupportedImageError: with a sentence that says what is wrong and what to do.
    """
    if path.suffix.lower() == ".json":
        return _read_result(path)
    if path.is_dir():
        raise UnsupportedImageError(f"{path} is a folder. Give the file of one segmentation.")
    if path.is_file() and is_dicom(path):
        raise UnsupportedImageError(
            f"{path.name} is a DICOM file, which this does not compare. Load it in Slicer and compare there, or give "
            f"the segmentation as NAME{_ENDING} or NIfTI."
        )
    segmentation = _read_file(path)
    found = _result_with(path)
    return replace(segmentation, name=found[0], origin=_origin(*found[1])) if found else segmentation


def _read_result(path: Path) -> Segmentation:
    """What the manifest of a result names as its segmentation."""
    if not path.is_file():
        raise UnsupportedImageError(f"{path} does not exist. Check the path.")
    found = read_result(path)
    if found is None:
        raise UnsupportedImageError(
            f"{path.name} is no result of UnifiedViT with its manifest, or it was changed since. Give the segmentation "
            f"itself (NAME{_ENDING})."
        )
    document, manifest = found
    outputs = [file for file in manifest.outputs
               if file.name.endswith(_ENDING) and not file.name.endswith(f".synthetic{_ENDING}")]
    if not outputs:
        raise UnsupportedImageError(f"{path.name} is a result without a segmentation: there is nothing to compare.")
    file = path.parent / outputs[0].name
    if not file.is_file():
        raise UnsupportedImageError(
            f"{file.name}, the segmentation of {path.name}, is not beside it. Put both into one folder, or run again."
        )
    segmentation = replace(_read_file(file), name=path.stem, origin=_origin(document, manifest))
    if not is_written(path.parent, outputs[0]):
        note = f"{file.name} was changed since the run: its segments are compared as they are now, the diagnosis is " \
               "that of the run."
        segmentation = replace(segmentation, notes=(*segmentation.notes, note))
    return segmentation


def _result_with(path: Path) -> tuple[str, tuple[dict[str, Any], Manifest]] | None:
    """Name, JSON and manifest of the result in whose folder a file is just as it was written."""
    for entry in Inventory(path.parent).entries():
        for file in entry.manifest.outputs:
            if file.name == path.name and is_written(path.parent, file):
                found = read_result(path.parent / f"{entry.name}.json")
                return (entry.name, found) if found else None
    return None


def _origin(document: Mapping[str, Any], manifest: Manifest) -> Origin:
    uids = [uid for image in manifest.dicom for uid in image.sop_instance_uids]
    model = document["model"]
    ids = tuple(dict.fromkeys([*(file.sha256 for file in manifest.inputs), *uids]))
    return Origin(Path(manifest.request.source).name, ids, identity_of_inputs(manifest.inputs).patient_id,
                  f"{model['id']} {model['version']}", document["diagnosis"],
                  document.get("region", {}).get("description", ""))


def identity_of_inputs(inputs: Sequence[InputFile]) -> Identity:
    """As `dicom_identity`, of the files of an image; empty also where they are not what was looked at any more."""
    return dicom_identity(Path(inputs[0].path)) if inputs and same_stat(inputs[0]) else Identity()


def _read_file(path: Path) -> Segmentation:
    layers, keys = read_layers(path)
    arrays = tuple(_labels(layer) for layer in layers)
    segments = _named_segments(keys, len(layers))
    if not segments:
        _check_edges(path.name, arrays)
        segments = _unnamed_segments(arrays)
    first = layers[0]
    name = first.name.removesuffix(".seg")
    return Segmentation(name, arrays, segments, first.ijk_to_ras, first.planar, first.geometry, notes=first.notes)


def _labels(volume: Volume) -> np.ndarray:
    """A layer's labels, whole numbers from 0.

    Raises:
        UnsupportedImageError: its values are those of an image.
    """
    array = whole_numbers(volume.array)
    if array.dtype.kind == "f":
        if not np.array_equal(array, np.rint(array)):
            raise UnsupportedImageError(
                f"{volume.name} holds fractions, not labels: an image, or probabilities. Give a mask (0 where nothing "
                "is drawn), or apply a threshold first."
            )
        array = array.astype(np.int32) if np.abs(array).max() < 2**31 else array
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    if array.min() < 0 or len(_values(array)) > _MOST_LABELS:
        raise UnsupportedImageError(
            f"{volume.name} holds the values of an image ({array.min():g} to {array.max():g}), not a few labels. Give "
            "a segmentation: a mask or label map (0 where nothing is drawn)."
        )
    return array


def _check_edges(name: str, arrays: tuple[np.ndarray, ...]) -> None:
    """Raise an UnsupportedImageError where values between nothing and what is drawn would count as drawn."""
    soft = max(map(soft_share, arrays))
    if soft:
        raise UnsupportedImageError(
            f"{name} has soft edges: {soft:.0%} of what it marks is between nothing and its largest value (JPEG, or "
            "drawn smoothly). Set values from half of the largest on to 1, the others to 0, and save it as PNG or "
            "NIfTI."
        )


def _values(array: np.ndarray) -> np.ndarray:
    """The values but 0 that are there."""
    if array.dtype.kind in "iu" and array.min() >= 0 and (largest := int(array.max())) < 2**16:
        # Much faster than sorting; by slices, as NumPy takes eight bytes for each voxel that it counts.
        there = np.zeros(largest + 1, bool)
        for plane in array:
            there |= np.bincount(plane.ravel(), minlength=largest + 1) > 0
        return np.flatnonzero(there[1:]) + 1
    values = np.unique(array)
    return values[values != 0]


def _unnamed_segments(arrays: tuple[np.ndarray, ...]) -> tuple[DrawnSegment, ...]:
    return tuple(DrawnSegment("", "", layer, int(value)) for layer, array in enumerate(arrays)
                 for value in _values(array))


def _named_segments(keys: Mapping[str, str], layers: int) -> tuple[DrawnSegment, ...]:
    """Segments by the keys that Slicer writes; none where there are none that make sense."""
    segments = []
    number = 0
    while f"Segment{number}_ID" in keys:
        prefix = f"Segment{number}_"
        name, label, layer = (keys.get(f"{prefix}{key}", default)
                              for key, default in (("Name", ""), ("LabelValue", "1"), ("Layer", "0")))
        number += 1
        if not (label.isdigit() and layer.isdigit() and int(layer) < layers):
            return ()
        tags = keys.get(f"{prefix}Tags", "").split("|")
        terminology = next((tag.removeprefix(_TERMINOLOGY) for tag in tags if tag.startswith(_TERMINOLOGY)), "")
        segments.append(DrawnSegment(name, terminology, int(layer), int(label)))
    return tuple(segments)
