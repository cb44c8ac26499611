"""What client and worker say to each other: requests, events, and the JSON lines that carry them.

A message is one JSON object on one line of ASCII. To the worker: "load", "predict", "file", "batch", "results",
"stored", "dicom", "compare", "rank", "add_case" and "job" (a request with its `id`), "cancel". From it: "alive" (each
second), and with the request's `id` "heard", "progress", "backend" (which one is loaded or run next, so that a crash is
laid to the right one), "found" and "ended" (of a batch: how many inputs there are, and how one ended), "result" and
"error". An "error" says whether the worker may be "broken" by it, as CUDA is for good after some, and has "details" for
the log where nobody foresaw it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ... import errors
from ...errors import UnifiedViTError, WorkerError
from ...imaging.region import RegionOfInterest
from ...imaging.volume import Volume
from ...inference.model_ranking import ModelRanking
from ...inference.options import Options
from ...inference.prediction import Prediction
from ...outputs.comparison.compare import Comparison
from ...outputs.comparison.segmentations import Segmentation
from ...outputs.dataset.correction import Correction
from ...spec import ModelSpec
from ..remote.address import ServerAddress

#: The stage of a file that is being read.
READING = "Reading"


@dataclass(frozen=True)
class LoadRequest:
    """Make a model ready; fields as for `PredictRequest`."""

    spec: ModelSpec
    device: str = "auto"
    batch_size: int = 8
    server: ServerAddress | None = None


@dataclass(frozen=True)
class PredictRequest:
    """Look at a volume.

    Attributes:
        volume: array (K, J, I), any unit; not to be changed until the request has ended.
        spec: the model.
        options: how to look, and what to give besides.
        device: "auto", "cpu", "cuda" or "mps".
        batch_size: slices at a time.
        input_channel, extra_channels: as for `channels.combine_channels`.
        server: which computes it, in place of this computer; the model is one of its own (`remote.ask_server`).
    """

    volume: Volume
    spec: ModelSpec
    options: Options = field(default_factory=Options)
    device: str = "auto"
    batch_size: int = 8
    input_channel: str = ""
    extra_channels: dict[str, Volume] = field(default_factory=dict)
    server: ServerAddress | None = None


@dataclass(frozen=True)
class FileRequest:
    """Read a file, look at it and write its results; all of that happens in the worker.

    Attributes:
        path: a file, or a folder with a DICOM series.
        output: folder of the results, which exists.
        name: what their names begin with; with a number where the folder has other files of this name.
        spec, options, device, batch_size, input_channel, server: as for `PredictRequest`.
        channels: files of further sequences by the names of their channels.
        earlier: names of results of the same file, in whose place the new ones come.
        source: of a series that was retrieved into the folder `path`: its address on the DICOMweb server, which its
            result names instead; else "".
        shown: of a file that was sent for the time of a run: where the image is written as it was read (`.nrrd`), for a
            viewer; the result names the file without its folder. None for none.
    """

    path: Path
    output: Path
    name: str
    spec: ModelSpec
    options: Options = field(default_factory=Options)
    device: str = "auto"
    batch_size: int = 8
    input_channel: str = ""
    channels: dict[str, Path] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()
    source: str = ""
    server: ServerAddress | None = None
    shown: Path | None = None


@dataclass(frozen=True)
class BatchRequest:
    """Look at all images of a folder (`batch.models.process_with_each`). The worker looks for them, keeps the table
    and the order; a worker of its own looks at them, so that one that crashes costs a repeat of one image.

    Attributes:
        folder: of the images.
        output: folder of the results; made if it is not there.
        specs: the models; of several, each looks at each image.
        options, device, batch_size: as for `PredictRequest`.
        pattern: which names count, as of `batch.inputs.find_inputs`.
        recursive: folders in the folder too.
        skip_existing: go on where an earlier run stopped.
        further: names of the files of further sequences, as of `batch.further.FurtherSequences`.
        server: as for `PredictRequest`.
    """

    folder: Path
    output: Path
    specs: tuple[ModelSpec, ...]
    options: Options = field(default_factory=Options)
    device: str = "auto"
    batch_size: int = 8
    pattern: str = "*"
    recursive: bool = False
    skip_existing: bool = True
    further: dict[str, str] = field(default_factory=dict)
    server: ServerAddress | None = None


@dataclass(frozen=True)
class ListResultsRequest:
    """Which results lie in a folder.

    Attributes:
        folder: of the results.
    """

    folder: Path


@dataclass(frozen=True)
class StoredRequest:
    """Read a result that lies in a folder, and the image that it is of.

    Attributes:
        folder: of the results.
        name: of the result.
        source: what it must be of, as its manifest names it.
        spec: the model that it must be of.
    """

    folder: Path
    name: str
    source: str
    spec: ModelSpec


@dataclass(frozen=True)
class DicomRequest:
    """Write a result that is there already as DICOM objects that refer to the original images.

    Attributes:
        volume: what was looked at, as the application that shows the result has it: array (K, J, I), any unit.
        prediction: the result for it; its probability maps and super-resolved volume are not needed.
        files: the original images, all of one series.
        output: folder of the objects, which exists.
    """

    volume: Volume
    prediction: Prediction
    files: tuple[Path, ...]
    output: Path


@dataclass(frozen=True)
class CompareRequest:
    """Compare two segmentations, which are not to be changed until the request has ended.

    Attributes:
        a, b: as for `comparison.compare.compare`.
    """

    a: Segmentation
    b: Segmentation


@dataclass(frozen=True)
class RankModelsRequest:
    """Which of several models knows a volume.

    Attributes:
        volume: as of `PredictRequest`.
        specs: the models.
        device: "auto", "cpu", "cuda" or "mps".
        region: as for `model_ranking.which_model`.
        server: which looks with those of the models that it has, in place of this computer.
    """

    volume: Volume
    specs: tuple[ModelSpec, ...]
    device: str = "auto"
    region: RegionOfInterest | None = None
    server: ServerAddress | None = None


@dataclass(frozen=True)
class AddCaseRequest:
    """Add a corrected result to a dataset.

    Attributes:
        correction: not to be changed until the request has ended.
        folder: of the dataset, as for `CorrectionDataset`.
    """

    correction: Correction
    folder: Path


@dataclass(frozen=True)
class JobRequest:
    """Anything else that must not run in Slicer's process: a job's name (`worker.JOBS`) and JSON for it."""

    job: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """A stage in words and the fraction done, 0 to 1."""

    stage: str
    fraction: float


@dataclass(frozen=True)
class Log:
    """A line that the worker, or a library in it, printed."""

    text: str


@dataclass(frozen=True)
class InputsFound:
    """How many inputs a batch has."""

    count: int


@dataclass(frozen=True)
class InputEnded:
    """How an input of a batch ended.

    Attributes:
        row: its line of results.csv.
        text: the answer in words, or what went wrong; "" where it was done before.
    """

    row: dict[str, str]
    text: str

    @property
    def done_before(self) -> bool:
        """Whether its result lay in the folder already."""
        return not self.text


@dataclass(frozen=True)
class StoredResult:
    """A result that was read from its files, and the volume that it is of."""

    volume: Volume
    prediction: Prediction


#: What a request came to.
Result = Prediction | StoredResult | Comparison | ModelRanking | dict[str, Any] | None


@dataclass(frozen=True)
class Finished:
    """The end of a request that worked; a dict for a file ({"row", "text"}), for a batch ({"rows", "table",
    "failures"}: the name of the table, and a sentence for each model that could not run), for a list of results
    ({"rows"}), for DICOM objects ({"paths"}), for a case of a dataset (an `Addition`'s) and for a job,
    None for a model."""

    result: Result


@dataclass(frozen=True)
class Failed:
    """The end of a request that did not; the error's text is a sentence for the user."""

    error: UnifiedViTError


Request = (LoadRequest | PredictRequest | FileRequest | BatchRequest | ListResultsRequest | StoredRequest | DicomRequest
           | CompareRequest | RankModelsRequest | AddCaseRequest | JobRequest)
Event = Progress | Log | InputsFound | InputEnded | Finished | Failed


def encode(message: dict[str, Any]) -> bytes:
    """A message as a line. It begins with a line break, so that garbage before it cannot swallow it."""
    return b"\n" + json.dumps(message).encode("ascii") + b"\n"


def decode(line: bytes) -> dict[str, Any] | None:
    """The message in a line; None if there is none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None


def error_as_json(error: UnifiedViTError) -> dict[str, str]:
    """Class and sentence."""
    return {"class": type(error).__name__, "text": str(error)}


def error_from_json(data: dict[str, Any]) -> UnifiedViTError:
    """The same error; a `WorkerError` where `errors` has no such class."""
    found = getattr(errors, str(data.get("class")), None)
    kind = found if isinstance(found, type) and issubclass(found, UnifiedViTError) else WorkerError
    return kind(str(data.get("text")))
