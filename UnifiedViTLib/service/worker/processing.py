"""One input, from its file to its results: what the worker process does for a batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UnsupportedImageError
from ...imaging.identical import sample_voxels
from ...imaging.reading import read
from ...imaging.volume import Volume
from ...inference.channels import Images, combine_channels
from ...inference.options import Options
from ...inference.prediction import Prediction
from ...inference.progress import ProgressCallback
from ...outputs.files import (
    as_json,
    summary,
    write_heatmap,
    write_segmentation,
    write_superres,
    write_uncertainty,
    write_volume,
)
from ...outputs.folder import STAGED, ResultsFolder
from ...outputs.manifest import (
    InputFile,
    Manifest,
    Request,
    describe_dicom,
    fingerprint,
    make_request,
    now_ns,
    retrieved_from,
    same_stat,
    uploaded,
)
from ...outputs.report import write_report
from ...outputs.reuse import changed_inputs, list_inputs
from ...outputs.writing import sha256_of
from ...spec import ModelSpec
from .protocol import READING

#: Endings of the finer volume, and of the segmentation of its synthetic voxels.
SUPERRES = (".superres.nrrd", ".synthetic.seg.nrrd")
#: Endings of maps.
HEATMAP, UNCERTAINTY = ".heatmap.nrrd", ".uncertainty.nrrd"
_VIEWERS_TYPES = (np.uint8, np.int16, np.uint16, np.float32)


def make_file_request(path: Path, spec: ModelSpec, options: Options, input_channel: str, channels: Mapping[str, Path]
                      ) -> Request:
    """What is asked for of an input, as its manifest has it.

    Args:
        path: a file, or a folder with a DICOM series.
        spec: the model.
        options: how to look.
        input_channel: which sequence the input is; "" for the first.
        channels: files of further sequences by the names of their channels.
    """
    asked = options.to_dict() | {"input_channel": input_channel}
    if options.superres and Path(options.superres).is_dir():
        files = sorted(file for file in Path(options.superres).rglob("*") if file.is_file())
        asked["superres_sha256"] = [sha256_of(file) for file in files]
    return make_request(path, spec, asked, channels)


def process_input(
    request: Request,
    spec: ModelSpec,
    input_channel: str,
    output: Path,
    name: str,
    earlier: Sequence[str],
    predict: Callable[[Images], Prediction],
    progress: ProgressCallback,
    address: str = "",
    shown: Path | None = None,
) -> dict[str, Any]:
    """Read an input, look at it and write its results.

    Args:
        request: of `make_file_request`.
        spec: the model.
        input_channel: which sequence the input is; "" for the first.
        output: folder of the results.
        name: what their names begin with; with a number where the folder has other files of this name.
        earlier: names of results of the same input.
        predict: gives the prediction.
        progress: told that files are read and written.
        address: as of `FileRequest.source`.
        shown: as of `FileRequest.shown`.

    Returns:
        {"row": the line of results.csv, "text": the answer in words}.

    Raises:
        UnifiedViTError: what is wrong with the input, or keeps it from being looked at.
    """
    progress(READING, 0.0)
    volume, extra_channels, inputs, hashed_ns = _read(request)
    if shown:
        write_volume(_for_viewer(volume.array), volume.ijk_to_ras, shown)
    prediction = predict(combine_channels(volume, extra_channels, spec, input_channel))
    progress("Writing", 1.0)
    images = [(request.source, volume), *((request.channels[key], image) for key, image in extra_channels.items())]
    dicom = tuple(identity for path, image in images for identity in describe_dicom(path, image))
    manifest = Manifest(request, inputs, hashed_ns, prediction.provenance.software, (), dicom,
                        sample_voxels(volume))
    changed = changed_inputs(manifest)
    if changed and os.path.exists(changed):  # what was moved away since is still what was looked at
        raise _changed_meanwhile(changed, "looked at")
    if address:
        manifest = retrieved_from(manifest, address)
    if shown:
        manifest = uploaded(manifest)
    results = ResultsFolder(output)
    with results.staging() as stage:
        staged = write_results(volume, prediction, stage)
        refused = _write_dicom(volume, prediction, stage, staged) if request.options.get("dicom") else ""
        entry, note = results.commit(staged, as_json(prediction), manifest, name, earlier)
    text = summary(entry.name, prediction)
    return {"row": entry.row, "text": "\n".join([text, *(f"  ({words})" for words in (note, refused) if words)])}


def _read(request: Request) -> tuple[Volume, dict[str, Volume], tuple[InputFile, ...], int]:
    """The input, its other channels by name, the fingerprints of all files that they were read from, and the time of
    these in nanoseconds.

    Raises:
        UnsupportedImageError: a file cannot be read, or was changed meanwhile.
    """
    source = Path(request.source)
    try:
        before = _stats(request)
        volume = read(source)
        extra_channels = {name: read(Path(file)) for name, file in request.channels.items()}
        hashed_ns, inputs = now_ns(), fingerprint(list_inputs(request))
    except OSError as error:
        file = os.path.basename(error.filename) if isinstance(error.filename, str) else source.name
        raise UnsupportedImageError(f"{file} cannot be read ({error.strerror or error}). Check its permissions and the "
                                    "disk.") from error
    changed = _changed(before, inputs)
    if changed:
        raise _changed_meanwhile(changed, "read")
    return volume, extra_channels, inputs, hashed_ns


def _for_viewer(array: np.ndarray) -> np.ndarray:
    """The same numbers in a type that viewers know."""
    dtype = array.dtype.newbyteorder("=")
    return array.astype(dtype if dtype in _VIEWERS_TYPES else np.float32, copy=False)


def _stats(request: Request) -> dict[str, os.stat_result]:
    """What the file system says of all files by their absolute paths; nothing where there are none to read."""
    try:
        return {os.path.abspath(file): os.stat(file) for file in list_inputs(request)}
    except (FileNotFoundError, NotADirectoryError):
        return {}


def _changed_meanwhile(path: str, done: str) -> UnsupportedImageError:
    return UnsupportedImageError(f"{Path(path).name} was changed while it was {done}. Run this input again when the "
                                 "program that writes it has ended.")


def write_results(volume: Volume, prediction: Prediction, folder: Path) -> dict[str, Path]:
    """Write all files of a result but its JSON, and give them by their endings.

    Args:
        volume: what was looked at.
        prediction: its result.
        folder: where files are staged.
    """
    heatmap, uncertainty, made = prediction.heatmap, prediction.uncertainty, prediction.superres
    staged = {}

    def place(ending: str) -> Path:
        return staged.setdefault(ending, folder / f"{STAGED}{ending}")

    write_segmentation(prediction, place(".seg.nrrd"))
    if heatmap:
        write_heatmap(heatmap, prediction, place(HEATMAP))
    if uncertainty:
        write_uncertainty(uncertainty, prediction, place(UNCERTAINTY))
    if made:
        write_superres(made, prediction, *map(place, SUPERRES))
    if find_spec("matplotlib") is not None:  # Slicer does not bring it
        from ...outputs.montage import write_montage

        write_montage(volume, prediction, place(".png"))
        if made:
            from ...outputs.superres_picture import write_superres_picture

            write_superres_picture(volume, made, prediction, place(".superres.png"))
    write_report(as_json(prediction), place(".html"), volume, prediction.labelmap,
                 heatmap and heatmap.percent, uncertainty and uncertainty.percent,
                 made and (Volume(made.array, made.ijk_to_ras), made.synthetic))
    return staged


def _write_dicom(volume: Volume, prediction: Prediction, folder: Path, staged: dict[str, Path]) -> str:
    """Write the DICOM objects, and add them to `staged`; gives the reason where there can be none."""
    from ...outputs.dicom.writing import write_dicom

    return write_dicom(volume, prediction, lambda ending: staged.setdefault(ending, folder / f"{STAGED}{ending}"),
                       staged.get(".png"))


def _changed(before: Mapping[str, os.stat_result], inputs: Sequence[InputFile]) -> str:
    """Which file is not what it was before it was read; "" for none."""
    if set(before) != {file.path for file in inputs}:
        return min(set(before) ^ {file.path for file in inputs})
    for file in inputs:
        was = before[file.path]
        if (was.st_size, was.st_mtime_ns, was.st_ctime_ns) != (file.size, file.mtime_ns, file.ctime_ns):
            return file.path
    return next((file.path for file in inputs if not same_stat(file)), "")
