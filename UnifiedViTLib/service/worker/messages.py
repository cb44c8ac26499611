"""A request as its message to the worker, and what the worker's answer comes to: volumes go through a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...inference.model_ranking import ModelRanking
from ...outputs.comparison.compare import Comparison
from ..remote.address import ServerAddress
from .exchange import (
    COMPARISON,
    PREDICTION,
    SIDE_A,
    SIDE_B,
    make_folder,
    read_prediction,
    read_record,
    read_rows,
    read_volume,
    write_channels,
    write_prediction,
    write_record,
    write_volume,
)
from .protocol import (
    AddCaseRequest,
    BatchRequest,
    CompareRequest,
    DicomRequest,
    FileRequest,
    JobRequest,
    ListResultsRequest,
    LoadRequest,
    PredictRequest,
    RankModelsRequest,
    Request,
    Result,
    StoredRequest,
    StoredResult,
)


def make_message(request: Request, folder: Path, going_on: Callable[[], None]) -> dict[str, Any]:
    """A request as JSON; its volumes are written.

    Args:
        request: to the worker.
        folder: of the exchange.
        going_on: called now and then; may raise to stop.

    Raises:
        OutputError: the disk is full.
        UnsupportedImageError: a volume holds something else than numbers.
    """
    if isinstance(request, JobRequest):
        return {"type": "job", "job": request.job, "arguments": request.arguments}
    if isinstance(request, CompareRequest):
        for name, side in ((SIDE_A, request.a), (SIDE_B, request.b)):
            make_folder(folder / name)
            write_record(side, folder / name, going_on)
        return {"type": "compare"}
    if isinstance(request, AddCaseRequest):
        write_record(request.correction, folder, going_on)
        return {"type": "add_case", "folder": os.path.abspath(request.folder)}
    if isinstance(request, DicomRequest):
        write_volume(request.volume, folder, going_on)
        make_folder(folder / PREDICTION)
        write_prediction(request.prediction, folder / PREDICTION)
        return {"type": "dicom", "spec": request.prediction.spec.to_dict(),
                "files": [os.path.abspath(file) for file in request.files],
                "output": os.path.abspath(request.output)}
    if isinstance(request, StoredRequest):
        return {"type": "stored", "folder": os.path.abspath(request.folder), "name": request.name,
                "source": request.source, "spec": request.spec.to_dict()}
    if isinstance(request, RankModelsRequest):
        write_volume(request.volume, folder, going_on)
        return {"type": "rank", "specs": [spec.to_dict() for spec in request.specs], "device": request.device,
                "region": request.region.to_dict() if request.region else None, "server": _as_json(request.server)}
    if isinstance(request, ListResultsRequest):
        return {"type": "results", "folder": os.path.abspath(request.folder)}
    message = {"device": request.device, "batch_size": request.batch_size}
    if isinstance(request, BatchRequest):
        return message | {
            "type": "batch", "specs": [spec.to_dict() for spec in request.specs], "options": request.options.to_dict(),
            "folder": os.path.abspath(request.folder), "output": os.path.abspath(request.output),
            "pattern": request.pattern, "recursive": request.recursive, "skip_existing": request.skip_existing,
            "further": dict(request.further), "server": _as_json(request.server),
        }
    message |= {"spec": request.spec.to_dict(), "server": _as_json(request.server)}
    if isinstance(request, LoadRequest):
        return message | {"type": "load"}
    message |= {"options": request.options.to_dict(), "input_channel": request.input_channel}
    if isinstance(request, FileRequest):
        return message | {
            "type": "file", "path": os.path.abspath(request.path), "output": os.path.abspath(request.output),
            "name": request.name, "earlier": request.earlier, "source": request.source,
            "shown": os.path.abspath(request.shown) if request.shown else None,
            "channels": {name: os.path.abspath(path) for name, path in request.channels.items()},
        }
    write_volume(request.volume, folder, going_on)
    write_channels(request.extra_channels, folder, going_on)
    return message | {"type": "predict", "extra_channels": list(request.extra_channels)}


def _as_json(server: ServerAddress | None) -> dict[str, Any] | None:
    return server.to_dict() if server else None


def read_answer(request: Request, answer: Any, folder: Path) -> Result:
    """What a request came to.

    Args:
        request: to the worker.
        answer: "result" of the worker's message.
        folder: of the exchange, where the rest lies.
    """
    if isinstance(request, PredictRequest):
        return read_prediction(folder, request.volume, request.spec)
    if isinstance(request, CompareRequest):
        return read_record(Comparison, folder / COMPARISON)
    if isinstance(request, BatchRequest | ListResultsRequest):
        return answer | {"rows": read_rows(folder)}
    if isinstance(request, RankModelsRequest):
        return ModelRanking.from_dict(answer)
    if isinstance(request, StoredRequest):
        volume = read_volume(folder)
        return StoredResult(volume, read_prediction(folder / PREDICTION, volume, request.spec))
    return answer
