"""Masks, labels and answers whose metrics can be counted by hand, for the tests of evaluation."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from training_sets import discs, project, stored
from unifiedvit_training.config import Project
from unifiedvit_training.data.dataset import Dataset, Item, SliceSet, dataset_digest
from unifiedvit_training.evaluation import bootstrap, evaluate
from unifiedvit_training.evaluation.evaluate import MEASURED
from unifiedvit_training.evaluation.inference import SliceOutputs
from unifiedvit_training.evaluation.slice_table import SliceTable, build_slice_table
from unifiedvit_training.runs.checkpoints import BEST_FILE, save_weights

from UnifiedViTLib.models import build_model

SIDE = 112  # the tolerance of outlines is one pixel here
TWO_SEGMENTS = {"segments": [{"name": "core", "colour": [1, 2, 3]}, {"name": "rim", "colour": [4, 5, 6]}]}


def quicken(patch: pytest.MonkeyPatch) -> None:
    """Few draws for intervals, and no pictures, which take longer than all the rest."""
    torch.set_num_threads(1)
    patch.setattr(bootstrap.resample, "__defaults__", (40, bootstrap.SEED))
    patch.setattr(evaluate, "evaluation_page", lambda *a: "")


def square(row: int, column: int, side: int = 10, label: int = 1, grid: int = SIDE) -> np.ndarray:
    mask = np.zeros((grid, grid), np.uint8)
    mask[row:row + side, column:column + side] = label
    return mask


def nothing(grid: int = SIDE) -> np.ndarray:
    return np.zeros((grid, grid), np.uint8)


def plain(metrics: dict[str, np.ndarray]) -> dict[str, float]:
    return {name: float(value[0]) for name, value in metrics.items()}


def certain(classes: list[int], count: int = 3) -> np.ndarray:
    """Logits of a network that is sure."""
    return np.eye(count, dtype=np.float32)[classes] * 10


def dataset_of(folder: Path, masks: list[np.ndarray], labels: np.ndarray, groups: list[str] | None = None,
               sides: list[str] | None = None, **more) -> Dataset:
    count = len(masks)
    arrays = SliceSet(**{
        "images": np.random.default_rng(0).normal(size=(count, *masks[0].shape)).astype(np.float16),
        "masks": np.stack(masks), "has_mask": np.ones(count, bool), "labels": np.asarray(labels),
        "items": np.arange(count), "positions": np.zeros(count, np.int64),
        "groups": np.array(groups or [f"patient {n}" for n in range(count)]), "sources": np.full(count, "one"),
        "sides": np.array(sides or ["validation"] * count), "planes": np.full(count, "axial"), **more,
    })
    items = [Item(f"image {n}", folder / f"{n}.png", None, (), group, "one", side, False)
             for n, (group, side) in enumerate(zip(arrays.groups.tolist(), arrays.sides.tolist(), strict=True))]
    return stored(folder, arrays, items)


def table_of(dataset: Dataset, logits: np.ndarray | None, drawn: list[np.ndarray] | None, plan: Project,
             temperature: float = 1.0) -> SliceTable:
    outputs = SliceOutputs(logits, None if drawn is None else np.stack(drawn), None)
    return build_slice_table(dataset, np.arange(len(dataset.slices)), outputs, plan.model, temperature)


def network_of(plan: Project, seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return build_model(plan.model.architecture, plan.model.build_arguments()).eval()


def run_of(folder: Path, plan: Project, seed: int = 0) -> Path:
    """A run that has ended, with random weights."""
    save_weights(folder / BEST_FILE, network_of(plan, seed))
    (folder / "project.json").write_text(plan.model_dump_json())
    return folder


def bright_volumes(folder: Path) -> Dataset:
    """Four volumes with a bright box in noise, three for validation and one for the test, and a slice of each."""
    chance, masks, items = np.random.default_rng(0), [], []
    for n in range(4):
        truth = np.zeros((6, 40, 40), np.uint8)
        truth[2:4, 10:22, 12:24] = 1
        head = chance.normal(100, 5, truth.shape) + 60.0 * truth
        for name, array in (("image", head.astype(np.float32)), ("mask", truth)):
            image = sitk.GetImageFromArray(array)
            image.SetSpacing((2.0, 2.0, 6.0))
            sitk.WriteImage(image, str(folder / f"{name}{n}.nrrd"))
        items.append(Item(f"volume {n}", folder / f"image{n}.nrrd", folder / f"mask{n}.nrrd", ("bright",),
                          f"patient {n}", "one", "test" if n == 3 else "validation", True))
        masks.append(truth[2, 4:36, 4:36])
    data = dataset_of(folder / "dataset", masks, np.array([1] * 4), sides=[item.side for item in items])
    return replace(data, items=tuple(items))


_METRICS = {"accuracy": [0.913, 0.89, 0.934], "dice": [0.8, None, None]}


def evaluated_run(work: Path, **model) -> tuple[Project, Path]:
    """A run over discs as `prepare`, `fit` and `evaluate` leave it, with random weights."""
    made = project(model={"limits": ["It was never trained."]} | model)
    made = made.model_copy(update={"data": made.data.model_copy(update={"sources": [
        made.data.sources[0].model_copy(update={"table": work / "private" / "discs" / "labels.csv"})]})})
    dataset = discs(work / "dataset")
    run = work / "second"
    save_weights(run / "best.safetensors", network_of(made))
    (run / "evaluation").mkdir()
    (run / "evaluation" / "results.json").write_text(
        json.dumps(
            {
                "weights_sha256": hashlib.sha256((run / "best.safetensors").read_bytes()).hexdigest(),
                "dataset_sha256": dataset_digest(dataset.slices, MEASURED),
                "model": made.model.model_dump(mode="json"),
                "temperature": 1.25,
                "rule": {"pooling": "mean", "top_k": 2, "max_normal_probability": 0.7, "min_component_ml": 0.1},
                "results": [
                    {
                        "dataset": "slices, validation (weights and calibration were chosen on them)",
                        "metrics": {"slices": 1210, "accuracy": 0.913, "dice": 0.8},
                    },
                    {
                        "dataset": "whole volumes, test (not used for any choice)",
                        "metrics": {"volumes": 15, "detected": 0.8667},
                    },
                ],
                "sides": {"validation": {"metrics": _METRICS, "confusion": [[10, 1, 0], [2, 9, 0], [0, 0, 8]]}},
            }
        )
    )
    return made, run
