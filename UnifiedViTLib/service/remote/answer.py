"""Whether an answer is one to the question: of this run, these voxels, this model and these options, and in itself what
a result is. Nothing of a server is believed because it came from there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import __version__
from ...errors import ServerError
from ...imaging.volume import Volume
from ...inference.options import Options
from ...inference.prediction import Prediction
from ...inference.superres.base import FACTOR
from ..server.wire import DTYPES, ArrayHeader, Job, check_array, malformed

#: Axes of arrays by their names in a `Prediction`.
_AXES = {"labelmap": 3, "slice_probabilities": 2, "probability_maps": 4, "heatmap.percent": 3, "superres.array": 3,
         "superres.synthetic": 3, "superres.ijk_to_ras": 2, "uncertainty.mutual_information": 1,
         "uncertainty.percent": 3}
#: Those with a voxel of bytes for each of the volume.
_ON_GRID = ("labelmap", "heatmap.percent", "uncertainty.percent")


def check_envelope(answer: Any, job_id: str, job: Job) -> dict[str, ArrayHeader]:
    """The arrays of an answer by their names, in their order.

    Args:
        answer: JSON of the server.
        job_id: of the run.
        job: what was asked for.

    Raises:
        ServerError: it is none, or another one's.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("prediction"), dict):
        raise malformed("the answer is none")
    if answer.get("version") != __version__ or answer.get("job") != job_id or (
            answer.get("request_sha256") != job.sha256):
        raise ServerError("The server's answer is not of this image, model and options, and was thrown away. Run "
                          "again; if that happens again, report it.")
    shape = job.volumes[0].voxels.shape
    arrays: dict[str, ArrayHeader] = {}
    try:
        for entry in answer["arrays"]:
            header, name = ArrayHeader.from_dict(entry["header"]), entry["name"]
            check_array(header, _AXES[name])
            if name in arrays or (name in _ON_GRID and (header.shape, header.dtype) != (shape, "|u1")):
                raise malformed(f"{name} is on another grid")
            if header.nbytes > _most_bytes(name, job):
                raise malformed(f"{name} is too large")
            arrays[name] = header
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(f"the arrays of the answer: {error}") from error
    return arrays


def _most_bytes(name: str, job: Job) -> int:
    """So large an array of an answer is at most."""
    voxels = int(np.prod(job.volumes[0].voxels.shape))
    if name in ("superres.array", "superres.synthetic"):
        return voxels * FACTOR**2 * 8
    return voxels * 256 + (1 << 20)


def check_prediction(prediction: Prediction, volume: Volume, job: Job, options: Options) -> None:
    """Return if a prediction is a result for a volume.

    Args:
        prediction: with this volume's name and grid.
        volume: that it is to be of.
        job: what was asked for.
        options: with the names that `job` hides.

    Raises:
        ServerError: it is not.
    """
    provenance, model, spec = prediction.provenance, job.model, prediction.spec
    if (provenance.model_id, provenance.model_version, provenance.model_sha256) != (
            model.id, model.version, model.weights_sha256):
        raise ServerError(f"The server's answer is of the model {provenance.model_id} {provenance.model_version}, not "
                          f"of {model.id} {model.version} as asked for, and was thrown away. Ask its administrator.")
    classes, labels = [one.name for one in spec.classes], len(spec.segments)
    diagnosis, axis = prediction.diagnosis, prediction.slice_axis[0]
    _need(prediction.labelmap.shape == volume.array.shape and prediction.labelmap.max() <= labels, "labels")
    _need(list(diagnosis.probabilities) == classes and diagnosis.label in classes, "classes")
    _need(_are_fractions(list(diagnosis.probabilities.values())), "probabilities")
    _need(list(diagnosis.thresholds or classes) == classes, "thresholds")
    slices = prediction.slice_probabilities
    _need(axis in (0, 1, 2) and slices.shape[1] == len(classes) and slices.dtype == np.float32
          and _are_fractions(slices), "slices")
    region = prediction.region
    first = region.first_slice if region else 0
    count = volume.array.shape[axis]
    _need(0 <= first <= count - len(slices) and (region is not None or len(slices) == count), "their number")
    _need([(one.name, one.label) for one in prediction.segments]
          == [(one.name, label) for label, one in enumerate(spec.segments, start=1)], "segments")
    drawn = np.bincount(prediction.labelmap.ravel(), minlength=labels + 1)[1:]
    _need([one.voxels for one in prediction.segments] == drawn.tolist(), "voxels of segments")
    _check_options(prediction, volume, options)


def _check_options(prediction: Prediction, volume: Volume, options: Options) -> None:
    """What was asked for is there, and nothing else."""
    heatmap, superres, maps = prediction.heatmap, prediction.superres, prediction.probability_maps
    _need((heatmap and heatmap.method) == options.heatmap, "the heat map")
    if heatmap:
        _need(heatmap.label == (options.heatmap_class or prediction.diagnosis.label), "the class of the heat map")
        _need(heatmap.percent.max() <= 100, "the percent of the heat map")
    _need((prediction.uncertainty is not None) == options.uncertainty, "uncertainty")
    if prediction.uncertainty:
        _need(prediction.uncertainty.percent.max() <= 100 and _are_fractions([prediction.uncertainty.confidence]),
              "the percent of uncertainty")
    _need((maps is not None) == options.keep_probabilities, "probability maps")
    if maps is not None:
        _need(maps.shape == (len(prediction.spec.segments), *volume.array.shape) and maps.dtype == np.uint8
              and maps.max() <= 100, "the grid of probability maps")
    _need((prediction.region.box if prediction.region else None) == options.region, "the region")
    _need(options.plane in ("auto", prediction.provenance.plane), "the plane")
    _need(options.tta == prediction.provenance.backend.endswith("mirror images"), "test-time augmentation")
    _need(superres is None or options.superres is not None, "super-resolution")
    if superres:
        _need(superres.array.shape == superres.synthetic.shape and superres.synthetic.dtype == np.uint8
              and superres.synthetic.max() <= 1, "the grid of super-resolution")
        _need(superres.ijk_to_ras.shape == (4, 4) and bool(np.isfinite(superres.ijk_to_ras).all()),
              "the geometry of super-resolution")


def array_of(header: ArrayHeader, data: bytes | bytearray) -> np.ndarray:
    """An array of its bytes."""
    return np.frombuffer(data, DTYPES[header.dtype]).reshape(header.shape)


def _are_fractions(values: Any) -> bool:
    array = np.asarray(values, float)
    return bool(np.isfinite(array).all() and ((array >= 0) & (array <= 1)).all())


def _need(truth: Any, what: str) -> None:
    if not truth:
        raise malformed(f"the answer is no result of the image ({what})")
