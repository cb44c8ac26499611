"""Many inputs, each looked at by several models: a result of each model for each input, in one folder and table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ...errors import Cancelled, DeviceError, OutputError, ServerGoneError, UnifiedViTError
from ...inference.progress import ProgressCallback
from ...outputs.files import model_name
from ..dicomweb.series import RemoteSeries
from .runner import BatchExecutor, BatchSettings, TaskResult, process_files


def process_with_each(
    inputs: Sequence[Path | RemoteSeries],
    output: Path,
    settings: Sequence[BatchSettings],
    executor: BatchExecutor,
    skip_existing: bool = False,
    progress: ProgressCallback = lambda stage, fraction: None,
    ended: Callable[[TaskResult], None] = lambda result: None,
) -> tuple[list[dict[str, str]], list[str]]:
    """`process_files` with one model after the other, so that each is loaded once. Of several models, the names of
    results end in the model's id, and one that cannot run leaves the others.

    Args:
        inputs, output, executor, skip_existing, progress, ended: as of `process_files`.
        settings: one of each model.

    Returns:
        the rows of each input and model; a sentence for each model that could not run.

    Raises:
        UnifiedViTError: as of `process_files`, where it concerns the only model, or all of them.
    """
    if len(settings) == 1:
        return process_files(inputs, output, settings[0], executor, skip_existing=skip_existing, progress=progress,
                             ended=ended), []
    rows, failures = [], []
    for number, one in enumerate(settings):
        part = partial(_tell, progress, one.spec.id, number, len(settings))
        try:
            rows += process_files(inputs, output, one, executor, skip_existing=skip_existing, name_model=True,
                                  progress=part, ended=ended)
        except (Cancelled, DeviceError, OutputError, ServerGoneError):
            raise
        except UnifiedViTError as error:
            failures.append(f"{model_name(one.spec)} was not run: {error}")
            if len(failures) == len(settings):
                raise
    return rows, failures


def _tell(progress: ProgressCallback, model: str, number: int, count: int, stage: str, fraction: float) -> None:
    progress(f"{model}: {stage}", (number + fraction) / count)
