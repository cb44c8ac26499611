"""What a run of the tests makes once, for all processes of pytest-xdist: models that take seconds to export, and what
backends have shown on them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from UnifiedViTLib.locking import file_lock
from UnifiedViTLib.service.store.cache import COMPILED
from UnifiedViTLib.spec import ModelSpec

#: What `proven_models` says whatever it sees, but for a trace.
GLIOMA = {"classifier": [0.0, 4.0, 1.0], "segmentation": [0.0, 3.0, 1.0]}


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder of this run of the tests; the first process that asks for it makes it. To be read only.

    Args:
        factory: of the session.
        name: of the folder.
        make: fills an empty folder.
    """
    base = factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    shared.mkdir(exist_ok=True)
    folder, part = shared / name, shared / f"{name}.part"
    with file_lock(shared / f"{name}.lock"):
        if not folder.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            make(part)
            part.rename(folder)
    return folder


def write_graph_model(folder: Path) -> None:
    """A tiny random model with a graph in `folder/tiny`."""
    from builders import tiny_graph_model

    tiny_graph_model(folder / "tiny")


def write_proven(folder: Path, tiny: Path) -> None:
    """`folder/proven`, a model with the graph of `tiny`, and `folder/compiled`: what the backends showed on it and
    on the one that is shipped. As after the first runs of a user, a worker starts with the backend that was found to be
    right, and need not import torch."""
    from builders import head_volume, tiny_graph_model

    from UnifiedViTLib.inference.backends import selection
    from UnifiedViTLib.inference.predictor import Predictor
    from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model
    from UnifiedViTLib.spec import load_spec

    tiny_graph_model(folder / "proven", tiny / "model.onnx", id="proven", biases=GLIOMA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "FAST_S", 0.0)
        for spec in (load_spec(folder / "proven"), find_model(DEFAULT_MODEL)):
            Predictor(spec, "cpu", cache=folder / "compiled").predict(head_volume(shape=(2, 45, 41)))


def give_verdicts(factory: pytest.TempPathFactory, models: Path) -> Path:
    """What backends have shown, into a folder of models; returns that of `write_proven`."""
    tiny = made_once(factory, "graph", write_graph_model) / "tiny"
    made = made_once(factory, "proven", partial(write_proven, tiny=tiny))
    shutil.copytree(made / "compiled", models / COMPILED, dirs_exist_ok=True)
    return made


def copy_of(model: Path, folder: Path) -> ModelSpec:
    """A model's folder that a test may change."""
    from UnifiedViTLib.spec import load_spec

    return load_spec(shutil.copytree(model, folder))
