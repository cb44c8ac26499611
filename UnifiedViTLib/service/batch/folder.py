"""All images of a folder: what the worker process does for Slicer, whose own process only looks on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...inference.options import Options
from ...inference.progress import ProgressCallback
from ...outputs.inventory import Inventory
from ...spec import ModelSpec
from ..worker.client import WorkerClient
from .inputs import find_inputs
from .runner import BatchSettings, TaskResult, process_files, serial


def process_folder(request: Mapping[str, Any], client: WorkerClient, progress: ProgressCallback,
                   tell: Callable[[dict[str, Any]], None]) -> tuple[list[dict[str, str]], str]:
    """Look at all images of a folder.

    Args:
        request: a `protocol.BatchRequest` as its message.
        client: of the worker that looks at them.
        progress: as of `process_files`.
        tell: takes the messages "found" and "ended".

    Returns:
        a row for each image, in their order; and the name of the table.

    Raises:
        UnifiedViTError: as of `find_inputs` and `process_files`.
    """
    progress("Looking for images", 0.0)
    inputs = find_inputs(Path(request["folder"]), request["pattern"], request["recursive"])
    tell({"type": "found", "count": len(inputs)})

    def ended(result: TaskResult) -> None:
        tell({"type": "ended", "row": result.row, "text": result.text})

    output = Path(request["output"])
    settings = BatchSettings(ModelSpec.from_dict(request["spec"]), Options.from_dict(request["options"]),
                             request["device"], request["batch_size"])
    rows = process_files(inputs, output, settings, serial(client), skip_existing=request["skip_existing"],
                         progress=progress, ended=ended)
    return rows, Inventory(output).state().table
