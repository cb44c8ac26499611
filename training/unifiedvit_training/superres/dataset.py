"""A data set in which the regions that a trained run attends to are drawn anew, to train on ([AGSR], steps 3 and 4)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.choices import DEFAULT_METHOD, QUANTILE
from UnifiedViTLib.inference.prediction import Heatmap
from UnifiedViTLib.inference.superres.base import FACTOR, Upscaler
from UnifiedViTLib.inference.superres.super_resolution import super_resolve
from UnifiedViTLib.models import UnifiedNetwork
from UnifiedViTLib.models.explanation import explain

from ..config import Project
from ..data.dataset import CARD_FILE, Dataset, SliceSet, check_dataset_fits
from ..data.writing import writable
from ..errors import DataError
from ..runs.model_folder import stored_network
from .measure import Quality, compare_images

#: Says what was done, beside the enhanced data set.
SUPERRES_FILE = "superres.json"
_BATCH = 16


def super_resolve_dataset(project: Project, dataset: Dataset, run: Path, upscaler: Upscaler, output: Path,
                          quantile: float = QUANTILE) -> Path:
    """Write a data set like `dataset`, of all sides, with attended regions by an upscaler.

    Regions are chosen by the attention of the run for the class that it diagnoses itself: labels and masks are not
    looked at. As in the paper, regions are put back on the grid that they came from: sixteen fine pixels are averaged
    to one again. All pixels outside regions stay as they are; how much the slices changed is in `superres.json`.

    Args:
        project: of the run.
        dataset: slices of one channel that the run was trained on.
        run: folder of the trained run.
        upscaler: draws the regions.
        output: folder for the new data set.
        quantile: of the heat in the body of a slice, above which regions lie.

    Returns:
        the folder.

    Raises:
        DataError: the data set is of several channels, or cannot be written.
        RunError: the run has no weights.
    """
    check_dataset_fits(dataset, project.model)
    slices = dataset.slices
    if slices.images.ndim != 3:
        raise DataError("Images of several channels cannot be super-resolved: the upscaler knows one.")
    _, network = stored_network(project.model, run)
    with writable(output):
        output.mkdir(parents=True, exist_ok=True)
        for field in fields(SliceSet):
            if field.name != "images":
                shutil.copy(dataset.folder / f"{field.name}.npy", output)
        images = np.lib.format.open_memmap(output / "images.npy", "w+", slices.images.dtype, slices.images.shape)
        changes = []
        for index, image, heat in tqdm(_with_heat(network, slices), "enhancing", total=len(slices), mininterval=5):
            images[index], fraction, quality = _super_resolved(image, heat, upscaler, quantile)
            changes.append((fraction, quality.psnr, quality.ssim))
        images.flush()
        _write_summary(output / SUPERRES_FILE, run, upscaler, quantile, changes)
        shutil.copy(dataset.folder / CARD_FILE, output)  # last: it makes the folder a finished data set
    return output


def _write_summary(path: Path, run: Path, upscaler: Upscaler, quantile: float,
                   changes: list[tuple[float, float, float]]) -> None:
    """What was done; `changes`: of each slice the fraction that was drawn anew, PSNR and SSIM."""
    fraction, psnr, ssim = np.mean(changes, axis=0).tolist()
    summary = {"run": run.name, "upscaler": upscaler.name, "quantile": quantile,
               "super_resolved_fraction": fraction, "psnr": psnr, "ssim": ssim}
    path.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def _with_heat(network: UnifiedNetwork, slices: SliceSet) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Number, image (size, size) float32 and heat in percent of every slice, for the class that is diagnosed."""
    for start in range(0, len(slices), _BATCH):
        numbers = np.arange(start, min(start + _BATCH, len(slices)))
        images = torch.from_numpy(slices.inputs(numbers))
        with torch.inference_mode():
            classes = network(images).class_logits.argmax(dim=1)
        heat = np.rint(100 * explain(network, images, classes, DEFAULT_METHOD).numpy()).astype(np.uint8)
        yield from zip(numbers.tolist(), images[:, 0].numpy(), heat, strict=True)


def _super_resolved(image: np.ndarray, heat: np.ndarray, upscaler: Upscaler, quantile: float
                    ) -> tuple[np.ndarray, float, Quality]:
    """A slice (size, size) with its regions drawn anew, the fraction that they are, and how like the original it is."""
    if not heat.any():
        return image, 0.0, compare_images(image, image, [np.ones(image.shape, bool)])[0]
    side = len(image)
    prepared = prepare(Volume(image[None], np.eye(4), planar=True), side)
    superres = super_resolve(prepared, Heatmap(DEFAULT_METHOD, "", "", heat[None]), upscaler, quantile)
    reduced = superres.array[0].reshape(side, FACTOR, side, FACTOR).mean(axis=(1, 3))
    regions = superres.synthetic[0, ::FACTOR, ::FACTOR] > 0
    changed, foreground = np.where(regions, reduced, image), prepared.foreground
    pixels, truth = ((picture - foreground.air) / (foreground.ceiling - foreground.air) for picture in (changed, image))
    return changed, float(regions.mean()), compare_images(pixels, truth, [np.ones(image.shape, bool)])[0]
