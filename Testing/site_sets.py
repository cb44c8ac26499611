"""A model of discs in heads, and the cases of a site whose scanner shows heads another way, for tests of `adapt`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from evaluation_sets import quicken
from head_sets import CLASSES, write, write_table
from training_sets import SURE, project_data
from unifiedvit_training.config import Project
from unifiedvit_training.data.prepare import prepare_dataset
from unifiedvit_training.evaluation.evaluate import evaluate
from unifiedvit_training.exporting.export import export
from unifiedvit_training.learning.fit import fit

LICENCE = "CC BY-NC 4.0 (non-commercial)"


def inverted(image: np.ndarray) -> np.ndarray:
    """As another scanner shows a head: what was bright is dark."""
    return np.where(image > 0, 255 - image, 0)


def head(chance: np.random.Generator, kind: int) -> tuple[np.ndarray, np.ndarray]:
    """A head of 48 pixels with a bright (1) or dark (2) disc or none (0), (48, 48) int; and the disc, 0 and 255."""
    y, x = np.mgrid[:48, :48]
    image = (120 + chance.normal(0, 8, (48, 48))) * ((x - 24) ** 2 + (y - 24) ** 2 < 484)
    row, column = chance.integers(16, 32, 2)
    disc = (x - column) ** 2 + (y - row) ** 2 < 30
    if kind:
        image[disc] = 190 if kind == 1 else 50
    return image.clip(0, 255).astype(int), disc * np.uint8(255 if kind else 0)


def write_site(folder: Path, patients: int, seed: int, change: Callable[[np.ndarray], np.ndarray] = inverted,
               kinds: int = 3, side_of: Callable[[int], str] | None = None,
               label_of: Callable[[int, str], int] = lambda kind, side: kind) -> Path:
    """Two heads of each patient in `images/`, `masks/` and `labels.csv`; patients have the kinds in turn.

    Args:
        folder: made if need be.
        patients: how many.
        seed: of the heads.
        change: how the site shows them.
        kinds: of heads there are.
        side_of: number of an image to its side; None: the table has no such column.
        label_of: kind and side to what the table calls it.
    """
    chance, rows = np.random.default_rng(seed), []
    for number in range(2 * patients):
        kind, side = number // 2 % kinds, side_of(number) if side_of else ""
        image, disc = head(chance, kind)
        name = write(folder / "images" / f"{number}.png", change(image).astype(np.uint8))
        rows.append({"image": name, "mask": write(folder / "masks" / name, disc) if kind else "",
                     "label": CLASSES[label_of(kind, side)], "group": f"patient {number // 2}",
                     **({"side": side} if side_of else {})})
    return write_table(folder, rows, "labels.csv").parent


def write_parent(folder: Path) -> None:
    """`folder/parent`: a model that has learnt discs in heads as they are."""
    source = {"name": "origin", "folder": str(write_site(folder / "origin", 48, 1, lambda image: image)),
              "split": {"fractions": [0.7, 0.3, 0]}}
    data = project_data(**SURE, stages=[{"size": 32, "epochs": 16}], validate_every=16, model={"licence": LICENCE})
    project = Project.model_validate(data | {"data": {"sources": [source]}})
    run = folder / "work" / "fit"
    dataset = prepare_dataset(project, folder / "work" / "dataset")
    fit(project, dataset, run)
    with pytest.MonkeyPatch.context() as patch:
        quicken(patch)
        evaluate(project, dataset, run)
    export(project, run, folder / "parent", onnx=False)
