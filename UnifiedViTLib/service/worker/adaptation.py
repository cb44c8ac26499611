"""A model goes on learning from a site's dataset, in the worker: started here by its name, done by the training
package, which the library does not import."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ...inference.progress import ProgressCallback
from ...processes import importing
from ...records import Record
from ..packages.training import JOB_MODULE, check_training, use_training_package
from .protocol import JobRequest

#: Its name among the worker's jobs.
ADAPT = "adapt"


@dataclass(frozen=True)
class Adaptation(Record):
    """What an adaptation came to.

    Attributes:
        model: id of the new model, which is installed; "" where none was written.
        version, name: of it.
        sentences: how it was compared with the one that it was adapted from; or why no model was written.
    """

    model: str
    version: str
    name: str
    sentences: tuple[str, ...]


def adapt_request(folder: str | Path, model: str, reference: str | Path | None = None,
                  changes: list[str] | None = None) -> JobRequest:
    """What the worker is asked.

    Args:
        folder: of the site's dataset.
        model: id or folder of the model to begin from.
        reference: folder of cases that the model was made for; None: none.
        changes: values of the recipe to replace, such as "fit.patience=5".
    """
    return JobRequest(ADAPT, {
        "data": os.path.abspath(folder), "model": model, "changes": list(changes or []),
        "reference": os.path.abspath(reference) if reference else None,
    })


def adapt_job(arguments: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Adapt a model, and install the new one if it is better.

    Args:
        arguments: as of `adapt_request`.
        progress: told the stage and the fraction done; what it raises ends it, and the same request goes on.

    Returns:
        An `Adaptation` as its `to_dict` gives it.

    Raises:
        DependencyError: the training package, or something that it needs, is not installed.
        UnifiedViTError: the model is not there, damaged, or cannot be installed.
    """
    progress("Loading the training package", 0.0)
    check_training()
    use_training_package()
    with importing():
        job = import_module(JOB_MODULE)
    return job.adapt_job(arguments, progress)
