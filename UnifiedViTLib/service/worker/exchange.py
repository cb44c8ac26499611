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
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import OutputError
from ...imaging.geometry import GeometrySource
from ...imaging.volume import Volume, check
from ...inference.prediction import Prediction
from ...leftovers import abandoned, own_name
from ...records import Record, RecordType
from ...spec import ModelSpec

_TEXT = "rest.json"
#: In the folder of an exchange that a volume goes through too: the prediction.
PREDICTION = "prediction"
#: In that of a comparison: the two sides, and what came of it.
SIDE_A, SIDE_B, COMPARISON = "a", "b", "comparison"
#: Folders are called so, in the system's folder for temporary files.
_PREFIX = "unifiedvit-"
#: Names the system's folder for temporary files.
_TEMPORARY = "TEMP" if os.name == "nt" else "TMPDIR"
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
        raise no_room(folder, error) from error


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
        volume: whose array is written.
        folder: of the request.
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
         "geometry": volume.geometry.to_dict(), "files": [str(file) for file in volume.files]}, folder
    )


def read_volume(folder: Path) -> Volume:
    """Read what `write_volume` wrote, and remove the voxels, which may be many."""
    rest = _read_text(folder)
    volume = Volume(
        _load(folder / "volume.npy"), _load(folder / "ijk_to_ras.npy"), rest["name"], rest["planar"],
        tuple(rest["notes"]), rest["metadata"], GeometrySource.from_dict(rest["geometry"]),
        tuple(map(Path, rest["files"])),
    )
    (folder / "volume.npy").unlink()
    return volume


def write_channels(extra_channels: Mapping[str, Volume], folder: Path, going_on: Callable[[], None]) -> None:
    """Write the volumes of further channels, as `write_volume` does; `read_channels` needs their names.

    Args:
        extra_channels: by the channels' names.
        folder: of the exchange.
        going_on: as for `write_volume`.
    """
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
    write_record(prediction, folder)


def read_prediction(folder: Path, volume: Volume, spec: ModelSpec) -> Prediction:
    """Read what `write_prediction` wrote of this volume and model.

    Args:
        folder: of the exchange.
        volume: what was looked at.
        spec: the model.
    """
    return Prediction.from_dict(_read_text(folder), lambda name: _load(folder / f"{name}.npy"),
                                name=volume.name, spec=spec, ijk_to_ras=volume.ijk_to_ras)


def write_record(record: Record, folder: Path, going_on: Callable[[], None] = lambda: None) -> None:
    """Write a record with its arrays.

    Args:
        record: what is written.
        folder: of the exchange.
        going_on: as for `write_volume`.

    Raises:
        OutputError: the disk is full.
    """
    _write_text(record.to_dict(lambda name, array: _save(array, folder / f"{name}.npy", going_on)), folder)


def read_record(kind: type[RecordType], folder: Path) -> RecordType:
    """Read what `write_record` wrote of a record of this class."""
    return kind.from_dict(_read_text(folder), lambda name: _load(folder / f"{name}.npy"))


def write_rows(rows: Sequence[Mapping[str, str]], folder: Path) -> None:
    """Write the lines of a table, which are too many for a message.

    Raises:
        OutputError: the disk is full.
    """
    _write_text({"rows": list(rows)}, folder)


def read_rows(folder: Path) -> list[dict[str, str]]:
    """Read what `write_rows` wrote."""
    return _read_text(folder)["rows"]


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
        raise no_room(file, error) from error


def _load(file: Path) -> np.ndarray:
    return np.load(file, allow_pickle=False)


def _write_text(data: dict[str, Any], folder: Path) -> None:
    try:
        (folder / _TEXT).write_text(json.dumps(data), encoding="ascii")
    except OSError as error:
        raise no_room(folder, error) from error


def _read_text(folder: Path) -> dict[str, Any]:
    return json.loads((folder / _TEXT).read_text(encoding="ascii"))


def no_room(path: Path, error: OSError) -> OutputError:
    """For a temporary file that cannot be written."""
    return OutputError(
        f"The volume cannot be passed on through the folder of temporary files, {path.parent}: "
        f"{error.strerror or error}. Free some space there, or choose another with the environment variable "
        f"{_TEMPORARY}."
    )
