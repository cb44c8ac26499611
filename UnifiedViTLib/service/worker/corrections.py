"""Taking back what was added to a dataset of corrected results, in the worker, as another process may hold its lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...inference.progress import ProgressCallback
from ...outputs.dataset.folder import Addition, CorrectionDataset


def undo_addition_job(arguments: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Take an addition back.

    Args:
        arguments: "folder" of the dataset, "addition" as its `to_dict` gives it.
        progress: told that it begins.

    Raises:
        UnifiedViTError: it cannot be taken back.
    """
    progress("Taking the case out of the dataset", 0.0)
    CorrectionDataset(Path(arguments["folder"])).undo(Addition.from_dict(arguments["addition"]))
    return {}
