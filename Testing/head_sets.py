"""Heads in image files with tables that list them, and projects that read these, for the tests of `prepare`."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from training_sets import project_data
from unifiedvit_training.config import Project
from unifiedvit_training.data.sources import list_items
from unifiedvit_training.data.splits import assign_sides
from unifiedvit_training.errors import DataError

CLASSES = ("healthy", "bright", "dark")
#: Of a model that looks for both discs at once.
FINDINGS = [{"name": "bright", "display": "Bright disc"}, {"name": "dark", "display": "Dark disc"}]


def project(*sources: dict, plane: str = "auto", slice_stride: int = 1, seed: int = 0, **model) -> Project:
    data = project_data(model=model)
    data["data"] = {"sources": list(sources), "plane": plane, "slice_stride": slice_stride}
    return Project.model_validate(data | {"seed": seed})


def mistakes(given: Project) -> str:
    """What is said of a project's data, which must be refused."""
    with pytest.raises(DataError) as error:
        assign_sides(list_items(given), given)
    return str(error.value)


def write(file: Path, array: np.ndarray) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(file))
    return file.name


def head(chance: np.random.Generator, kind: int) -> tuple[np.ndarray, np.ndarray]:
    """A blotchy head of 48 pixels, (48, 48) uint8, with a bright (1) or dark (2) disc or none (0), and the disc."""
    y, x = np.mgrid[:48, :48]
    blotches = np.kron(chance.normal(0, 30, (8, 8)), np.ones((6, 6)))
    image = (110 + blotches + chance.normal(0, 6, (48, 48))) * ((x - 24) ** 2 + (y - 24) ** 2 < 484)
    cy, cx = chance.integers(16, 32, 2)
    disc = (x - cx) ** 2 + (y - cy) ** 2 < 25
    if kind:
        image[disc] = 240 if kind == 1 else 30
    return image.clip(0, 255).astype(np.uint8), disc * np.uint8(255 if kind else 0)


def write_table(folder: Path, rows: list[dict], name: str = "table.csv") -> Path:
    with open(folder / name, "w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return folder / name


def make_heads(folder: Path) -> tuple[Path, list[dict]]:
    """36 heads of 12 patients in four folds, with masks where there is a disc; and the rows that say so."""
    chance, rows = np.random.default_rng(1), []
    for n in range(36):
        image, disc = head(chance, n % 3)
        rows.append({
            "image": write(folder / f"{n}.png", image), "label": CLASSES[n % 3], "patient": f"p{n // 3}",
            "mask": write(folder / f"{n}m.png", disc) if n % 3 else "", "fold": n // 3 % 4 + 1,
        })
    write_table(folder, rows)
    return folder, rows


BY_FOLD = {"column": "fold", "train": [1, 2, 3], "validation": [4]}


def source(table: Path, **more) -> dict:
    return {"name": "heads", "table": str(table), "columns": {"group": "patient"}, "split": BY_FOLD} | more
