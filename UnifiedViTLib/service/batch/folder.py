"""All images of a folder: what the worker process does for Slicer, whose own process only looks on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...inference.options import Options
from ...inference.progress import ProgressCallback
from ...outputs.inventory import Inventory
from ...spec import ModelSpec
from ..remote.address import ServerAddress
from ..remote.predictor import ask_server
from ..worker.client import WorkerClient
from .further import FurtherSequences
from .inputs import find_inputs
from .models import process_with_each
from .runner import BatchSettings, TaskResult, serial


def process_folder(request: Mapping[str, Any], client: WorkerClient, progress: ProgressCallback,
                   tell: Callable[[dict[str, Any]], None]) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """Look at all images of a folder, with one model after the other.

    Args:
        request: a `protocol.BatchRequest` as its message.
        client: of the worker that looks at them.
        progress: as of `process_files`.
        tell: takes the messages "found" and "ended".

    Returns:
        a row for each image and model; and {"table": its name, "failures": a sentence for each model that could not
        run}.

    Raises:
        UnifiedViTError: as of `find_inputs`, `FurtherSequences` and `process_with_each`.
    """
    progress("Looking for images", 0.0)
    further = FurtherSequences(request["pattern"], request["further"])
    inputs = find_inputs(Path(request["folder"]), request["pattern"], request["recursive"])
    further.check(inputs)
    inputs = further.without_further(inputs)
    specs, options = [ModelSpec.from_dict(one) for one in request["specs"]], Options.from_dict(request["options"])
    tell({"type": "found", "count": len(inputs) * len(specs)})

    def ended(result: TaskResult) -> None:
        tell({"type": "ended", "row": result.row, "text": result.text})

    output, server, software = Path(request["output"]), None, None
    if request["server"]:
        server = ServerAddress.from_dict(request["server"])
        progress(f"Asking {server.host}", 0.0)
        software = ask_server(server).software
    settings = [BatchSettings(spec, options, request["device"], request["batch_size"], further=further, server=server,
                              software=software) for spec in specs]
    rows, failures = process_with_each(inputs, output, settings, serial(client), request["skip_existing"], progress,
                                       ended)
    return rows, {"table": Inventory(output).state().table, "failures": failures}
