"""Volumes and predictions over files in a private folder, exact to the last bit.

Arrays go as `.npy`, not as NRRD: SimpleITK writes neither bool nor float16, and splits the matrix from voxels to
patient into spacing and directions, which does not give the same numbers back.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...diagnosis import Code, DiagnosisClass, LabelRule
from ...errors import OutputError
from ...imaging.geometry import GeometrySource
from ...imaging.volume import Volume, check
from ...inference.prediction import (
    Diagnosis,
    Heatmap,
    Prediction,
    Provenance,
    SegmentResult,
    SuperResolution,
    Uncertainty,
)
from ...leftovers import abandoned, own_name
from ...spec import (
    Channel,
    Graph,
    Member,
    ModelSpec,
    OODSpec,
    Result,
    Review,
    ReviewRule,
    Segment,
    TrainingData,
    VolumeRule,
)

_TEXT = "rest.json"
#: Folders are called so, in the system's folder for temporary files.
_PREFIX = "unifiedvit-"
#: Names the system's folder for temporary files.
_TEMPORARY = "TEMP" if os.name == "nt" else "TMPDIR"
#: Arrays of a `SuperResolution`.
_SUPERRES = ("array", "synthetic", "ijk_to_ras")
#: Of an `Uncertainty`, what is not an array.
_OF_UNCERTAINTY = ("passes", "confidence", "components", "mask_dice", "probability_std")
#: Bytes written at a time; between two pieces a run can be cancelled.
_PIECE = 64 << 20


def name_folder() -> Path:
    """A new name, that nobody can guess, for a folder of temporary files. Folders of processes that were killed, which
    may hold volumes of patients, are removed.

    Raises:
        OutputError: there is no place for temporary files, or it is full.
    """
    try:
        place = Path(tempfile.gettempdir())
    except OSError as error:
        raise OutputError(
            f"There is no room for temporary files: {error.strerror}. Free some space, or name a folder that can be "
            f"written to in the environment variable {_TEMPORARY}."
        ) from error
    for folder in abandoned(place, _PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
    return place / own_name(_PREFIX)


def make_folder(folder: Path) -> None:
    """Make a folder that only this user can read.

    Raises:
        OutputError: it cannot be made, or is there already.
    """
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise _no_room(folder, error) from error


def remove_folder(folder: Path) -> None:
    """Remove a folder and what is in it, however often: files may still be open in a process that is ending."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def write_volume(volume: Volume, folder: Path, going_on: Callable[[], None]) -> None:
    """Write a volume.

    Args:
        going_on: called now and then; may raise to stop.

    Raises:
        OutputError: the disk is full.
        UnsupportedImageError: the array holds something else than numbers.
    """
    if volume.array.dtype.kind not in "iufb":
        check(volume)
    _save(volume.array, folder / "volume.npy", going_on)
    _save(volume.ijk_to_ras, folder / "ijk_to_ras.npy", going_on)
    _write_text(
        {"name": volume.name, "planar": volume.planar, "notes": volume.notes, "metadata": volume.metadata,
         "geometry": asdict(volume.geometry), "files": [str(file) for file in volume.files]}, folder
    )


def read_volume(folder: Path) -> Volume:
    """Read what `write_volume` wrote, and remove the voxels, which may be many."""
    rest = _read_text(folder)
    volume = Volume(
        _load(folder / "volume.npy"), _load(folder / "ijk_to_ras.npy"), rest["name"], rest["planar"],
        tuple(rest["notes"]), rest["metadata"], GeometrySource(**rest["geometry"]), tuple(map(Path, rest["files"])),
    )
    (folder / "volume.npy").unlink()
    return volume


def write_channels(extra_channels: Mapping[str, Volume], folder: Path, going_on: Callable[[], None]) -> None:
    """Write the volumes of further channels, as `write_volume` does; `read_channels` needs their names."""
    for number, volume in enumerate(extra_channels.values()):
        make_folder(folder / str(number))
        write_volume(volume, folder / str(number), going_on)


def read_channels(names: Sequence[str], folder: Path) -> dict[str, Volume]:
    """Read what `write_channels` wrote, and remove the voxels."""
    return {name: read_volume(folder / str(number)) for number, name in enumerate(names)}


def write_prediction(prediction: Prediction, folder: Path) -> None:
    """Write a prediction, without its model and grid, which the reader has.

    Raises:
        OutputError: the disk is full.
    """
    _save(prediction.labelmap, folder / "labelmap.npy")
    _save(prediction.slice_probabilities, folder / "slice_probabilities.npy")
    if prediction.probability_maps is not None:
        _save(prediction.probability_maps, folder / "probability_maps.npy")
    heatmap = prediction.heatmap
    if heatmap:
        _save(heatmap.percent, folder / "heatmap.npy")
    made = prediction.superres
    if made:
        for name in _SUPERRES:
            _save(getattr(made, name), folder / f"superres_{name}.npy")
    uncertainty = prediction.uncertainty
    if uncertainty:
        _save(uncertainty.percent, folder / "uncertainty.npy")
        _save(uncertainty.mutual_information, folder / "mutual_information.npy")
    _write_text({
        "diagnosis": asdict(prediction.diagnosis),
        "slice_axis": prediction.slice_axis,
        "segments": [asdict(segment) for segment in prediction.segments],
        "warnings": prediction.warnings,
        "provenance": asdict(prediction.provenance),
        "geometry": asdict(prediction.geometry),
        "heatmap": [heatmap.method, heatmap.label, heatmap.display] if heatmap else None,
        "superres": [made.upscaler, made.method, made.label, made.quantile, made.regions] if made else None,
        "uncertainty": {name: getattr(uncertainty, name) for name in _OF_UNCERTAINTY} if uncertainty else None,
    }, folder)


def read_prediction(folder: Path, volume: Volume, spec: ModelSpec) -> Prediction:
    """Read what `write_prediction` wrote of this volume and model."""
    rest = _read_text(folder)
    maps = folder / "probability_maps.npy"
    return Prediction(
        name=volume.name,
        spec=spec,
        labelmap=_load(folder / "labelmap.npy"),
        ijk_to_ras=volume.ijk_to_ras,
        diagnosis=Diagnosis(**rest["diagnosis"]),
        slice_probabilities=_load(folder / "slice_probabilities.npy"),
        slice_axis=tuple(rest["slice_axis"]),
        segments=tuple(SegmentResult(**segment) for segment in rest["segments"]),
        warnings=tuple(rest["warnings"]),
        provenance=Provenance(**rest["provenance"] | {"notes": tuple(rest["provenance"]["notes"])}),
        probability_maps=_load(maps) if maps.exists() else None,
        heatmap=Heatmap(*rest["heatmap"], _load(folder / "heatmap.npy")) if rest["heatmap"] else None,
        superres=SuperResolution(*rest["superres"], *(_load(folder / f"superres_{name}.npy") for name in _SUPERRES))
        if rest["superres"] else None,
        uncertainty=_read_uncertainty(rest["uncertainty"], folder) if rest["uncertainty"] else None,
        geometry=GeometrySource(**rest["geometry"]),
    )


def _read_uncertainty(rest: dict[str, Any], folder: Path) -> Uncertainty:
    return Uncertainty(**rest | {"passes": tuple(rest["passes"])}, percent=_load(folder / "uncertainty.npy"),
                       mutual_information=_load(folder / "mutual_information.npy"))


def spec_as_json(spec: ModelSpec) -> dict[str, Any]:
    """A model's description; its folder absolute, as the worker may run elsewhere."""
    return asdict(spec) | {"folder": os.path.abspath(spec.folder)}


def spec_from_json(data: dict[str, Any]) -> ModelSpec:
    """The same description."""
    ood, graph, review = data["ood"], data["graph"], data["review"]
    return ModelSpec(**data | {
        "folder": Path(data["folder"]),
        "segments": tuple(Segment(s["name"], tuple(s["colour"]), s["terminology"]) for s in data["segments"]),
        "classes": tuple(_class_from_json(c) for c in data["classes"]),
        "volume_rule": VolumeRule(**data["volume_rule"]),
        "training": tuple(TrainingData(**t) for t in data["training"]),
        "results": tuple(Result(**r) for r in data["results"]),
        "ood": OODSpec(**ood) if ood else None,
        "members": tuple(Member(**m) for m in data["members"]),
        "channels": tuple(Channel(**c) for c in data["channels"]),
        "graph": Graph(**graph) if graph else None,
        "review": Review(*(rule and ReviewRule(**rule) for rule in review.values())) if review else None,
        "label_rules": tuple(LabelRule(**rule) for rule in data["label_rules"]),
    })


def _class_from_json(data: dict[str, Any]) -> DiagnosisClass:
    return DiagnosisClass(**data | {"code": data["code"] and Code(**data["code"])})


def _save(array: np.ndarray, file: Path, going_on: Callable[[], None] = lambda: None) -> None:
    """`numpy.save` in pieces. Writing a piece lets other threads run."""
    array = np.asarray(array)
    rows = np.atleast_1d(array)
    step = max(1, _PIECE * len(rows) // max(1, array.nbytes))
    header = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False, "shape": array.shape}
    try:
        with open(file, "wb") as out:
            np.lib.format.write_array_header_2_0(out, header)
            for start in range(0, len(rows), step):
                going_on()
                out.write(np.ascontiguousarray(rows[start:start + step]).data)
    except OSError as error:
        raise _no_room(file, error) from error


def _load(file: Path) -> np.ndarray:
    return np.load(file, allow_pickle=False)


def _write_text(data: dict[str, Any], folder: Path) -> None:
    try:
        (folder / _TEXT).write_text(json.dumps(data), encoding="ascii")
    except OSError as error:
        raise _no_room(folder, error) from error


def _read_text(folder: Path) -> dict[str, Any]:
    return json.loads((folder / _TEXT).read_text(encoding="ascii"))


def _no_room(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The volume cannot be passed on through the folder of temporary files, {path.parent}: "
        f"{error.strerror or error}. Free some space there, or choose another with the environment variable "
        f"{_TEMPORARY}."
    )
