"""One input, from its file to its results: what the worker process does for a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..imaging.reading import read
from ..imaging.volume import Volume
from ..inference.channels import Images, together
from ..inference.options import Options
from ..inference.prediction import Prediction
from ..inference.predictor import ProgressCallback
from ..outputs.files import (
    as_json,
    csv_row,
    summary,
    write_enhanced,
    write_heatmap,
    write_json,
    write_segmentation,
    write_uncertainty,
)
from ..outputs.report import write_report
from ..spec import ModelSpec
from .protocol import READING

#: Endings of the finer volume, and of the segmentation of its synthetic voxels.
ENHANCED = (".enhanced.nrrd", ".synthetic.seg.nrrd")
#: Endings of maps.
HEATMAP, UNCERTAINTY = ".heatmap.nrrd", ".uncertainty.nrrd"


def process_input(path: Path, output: Path, name: str, spec: ModelSpec, channel: str, channels: Mapping[str, Path],
                  predict: Callable[[Images], Prediction], progress: ProgressCallback) -> dict[str, Any]:
    """Read an input, look at it and write its results.

    Args:
        path: a file, or a folder with a DICOM series.
        output: folder of the results.
        name: what their names begin with.
        spec: the model.
        channel: which sequence the input is; "" for the first.
        channels: files of further sequences by the names of their channels.
        predict: gives the prediction.
        progress: told that files are read and written.

    Returns:
        {"row": the line of results.csv, "text": the answer in words}.

    Raises:
        UnifiedViTError: what is wrong with the input, or keeps it from being looked at.
    """
    progress(READING, 0.0)
    volume = read(path)
    images = together(volume, {other: read(file) for other, file in channels.items()}, spec, channel)
    prediction = predict(images)
    progress("Writing", 1.0)
    write_results(volume, prediction, output, name)
    return {"row": csv_row(str(path), prediction, name), "text": summary(name, prediction)}


def requested_outputs(options: Options) -> tuple[str, ...]:
    """Endings of the files with the maps and volumes that are asked for."""
    asked = {HEATMAP: options.explain, UNCERTAINTY: options.uncertainty, **dict.fromkeys(ENHANCED, options.superres)}
    return tuple(ending for ending, wanted in asked.items() if wanted)


def write_results(volume: Volume, prediction: Prediction, folder: Path, name: str) -> None:
    """Write all files of a result, NAME.json last."""
    write_segmentation(prediction, folder / f"{name}.seg.nrrd")
    heatmap, uncertainty, made = prediction.heatmap, prediction.uncertainty, prediction.enhancement
    if heatmap:
        write_heatmap(prediction, folder / f"{name}{HEATMAP}")
    if uncertainty:
        write_uncertainty(prediction, folder / f"{name}{UNCERTAINTY}")
    if made:
        write_enhanced(prediction, *(folder / f"{name}{ending}" for ending in ENHANCED))
    if find_spec("matplotlib") is not None:  # Slicer does not bring it
        from ..outputs.montage import write_montage

        write_montage(volume, prediction, folder / f"{name}.png")
        if made:
            from ..outputs.enhanced_picture import write_enhanced_picture

            write_enhanced_picture(volume, prediction, folder / f"{name}.enhanced.png")
    write_report(as_json(prediction), folder / f"{name}.html", volume, prediction.labelmap,
                 heatmap and heatmap.percent, uncertainty and uncertainty.percent,
                 made and (Volume(made.array, made.ijk_to_ras), made.synthetic))
    write_json(prediction, folder / f"{name}.json")
