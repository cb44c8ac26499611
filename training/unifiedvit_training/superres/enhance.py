"""A data set in which the regions that a trained run attends to are drawn anew, to train on ([AGSR], steps 3 and 4)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from tqdm import tqdm

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.explain import DEFAULT_METHOD
from UnifiedViTLib.inference.prediction import Heatmap
from UnifiedViTLib.inference.superresolution import QUANTILE, enhance
from UnifiedViTLib.inference.upscalers import FACTOR, Upscaler
from UnifiedViTLib.models.explanation import explain

from ..config import Project
from ..data.dataset import CARD_FILE, Dataset, SliceSet, refuse_unfit
from ..data.writing import writable
from ..errors import DataError
from ..exporting.model_folder import stored_network
from .measure import compare_images

#: Says what was done, beside the enhanced data set.
ENHANCED_FILE = "enhanced.json"
_BATCH = 16


def enhance_dataset(project: Project, dataset: Dataset, run: Path, upscaler: Upscaler, output: Path,
                    finer: Literal[1, 2, 4] = 1, quantile: float = QUANTILE) -> Path:
    """Write a data set like `dataset`, of all sides, with attended regions by an upscaler.

    Regions are chosen by the attention of the run for the class that it diagnoses itself: labels and masks are not
    looked at. The upscaler's fine pixels are averaged to the pixels of the new data set. With `finer` 1, as in the
    paper, all pixels outside regions stay as they are; the measurement of how much the others changed is in
    `enhanced.json`.

    Args:
        project: of the run.
        dataset: slices of one channel that the run was trained on.
        run: folder of the trained run.
        upscaler: draws the regions.
        output: folder for the new data set.
        finer: times as many pixels along a side.
        quantile: of the heat in the body of a slice, above which regions lie.

    Returns:
        the folder.

    Raises:
        DataError: the data set is of several channels, or cannot be written.
        RunError: the run has no weights.
    """
    refuse_unfit(dataset, project.model)
    slices = dataset.slices
    if slices.images.ndim != 3:
        raise DataError("Images of several channels cannot be enhanced: the upscaler knows one.")
    _, network = stored_network(project.model, run)
    size = finer * slices.images.shape[-1]
    with writable(output):
        output.mkdir(parents=True, exist_ok=True)
        for field in fields(SliceSet):
            if field.name not in ("images", "masks"):
                shutil.copy(dataset.folder / f"{field.name}.npy", output)
        files = {name: np.lib.format.open_memmap(output / f"{name}.npy", "w+", kind, (len(slices), size, size))
                 for name, kind in (("images", np.float16), ("masks", np.uint8))}
        changes = []
        for index, image, heat in tqdm(_with_heat(network, slices), "enhancing", total=len(slices), mininterval=5):
            drawn, change = _drawn(image, heat, upscaler, quantile, finer)
            files["images"][index] = drawn
            files["masks"][index] = np.repeat(np.repeat(slices.masks[index], finer, 0), finer, 1)
            changes.append(change)
        for file in files.values():
            file.flush()
        found = np.array(changes)
        card = json.loads((dataset.folder / CARD_FILE).read_text(encoding="utf-8"))
        card["recipe"].setdefault("model", {}).setdefault("input", {})["size"] = size
        (output / CARD_FILE).write_text(json.dumps(card), encoding="utf-8")
        (output / ENHANCED_FILE).write_text(json.dumps({
            "run": run.name, "upscaler": upscaler.name, "quantile": quantile, "finer": finer,
            "share_enhanced": float(found[:, 0].mean()),
            **({"psnr": float(np.nanmean(found[:, 1])), "ssim": float(np.nanmean(found[:, 2]))} if finer == 1 else {}),
        }, indent=1) + "\n", encoding="utf-8")
    return output


def _with_heat(network: torch.nn.Module, slices: SliceSet) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Number, image (size, size) float32 and heat in percent of every slice, for the class that is diagnosed."""
    for start in range(0, len(slices), _BATCH):
        numbers = np.arange(start, min(start + _BATCH, len(slices)))
        images = torch.from_numpy(slices.inputs(numbers))
        with torch.inference_mode():
            classes = network(images).class_logits.argmax(dim=1)
        heat = np.rint(100 * explain(network, images, classes, DEFAULT_METHOD).numpy()).astype(np.uint8)
        yield from zip(numbers.tolist(), images[:, 0].numpy(), heat, strict=True)


def _drawn(image: np.ndarray, heat: np.ndarray, upscaler: Upscaler, quantile: float, finer: int
           ) -> tuple[np.ndarray, tuple[float, float, float]]:
    """A slice with its regions drawn anew, (finer size, finer size) float32; the share that is, and the slice's PSNR
    and SSIM against the original (scaled so that bright tissue is 1; NaN on a finer grid)."""
    prepared = prepare(Volume(image[None], np.eye(4), planar=True), len(image), "auto")
    if not heat.any():
        made, synthetic = np.repeat(np.repeat(image, FACTOR, 0), FACTOR, 1), np.zeros((1, 1))
    else:
        enhanced = enhance(prepared, Heatmap(DEFAULT_METHOD, "", "", heat[None]), upscaler, quantile)
        made, synthetic = enhanced.array[0], enhanced.synthetic[0]
    block = FACTOR // finer
    side = finer * len(image)
    reduced = made.reshape(side, block, side, block).mean(axis=(1, 3))
    if finer > 1:
        return reduced, (float(synthetic.mean()), np.nan, np.nan)
    if synthetic.any():
        reduced = np.where(synthetic[::FACTOR, ::FACTOR] > 0, reduced, image)
    light = prepared.foreground
    scaled = [(one - light.air) / (light.ceiling - light.air) for one in (reduced, image)]
    quality, = compare_images(*scaled, [np.ones(image.shape, bool)])
    return reduced, (float(synthetic.mean()), quality.psnr, quality.ssim)
