"""How well upscalers draw slices again that were made coarse: whole slices, and what the network attends to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torchmetrics.functional.image import structural_similarity_index_measure
from tqdm import tqdm

from UnifiedViTLib.imaging.intensity import measure_foreground
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.choices import DEFAULT_METHOD
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.superres.base import FACTOR, Upscaler
from UnifiedViTLib.inference.superres.super_resolution import attended_regions
from UnifiedViTLib.inference.superres.upscalers import Lanczos
from UnifiedViTLib.service.store.catalogue import find_model

from ..data.dataset import Dataset
from ..errors import DataError
from ..evaluation.bootstrap import with_intervals
from ..evaluation.metrics import mean
from ..storage import write_whole
from .degradation import DEGRADATIONS
from .slices import cut_to_multiple, stored_slice

RESULTS_FILE = "results.json"
PLACES = ("slice", "attended")


class Bicubic:
    """Bicubic interpolation, from which the learned upscaler begins."""

    name = "bicubic"

    def upscale(self, image: np.ndarray) -> np.ndarray:
        pixels = torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None]
        return torch.nn.functional.interpolate(pixels, scale_factor=FACTOR, mode="bicubic")[0, 0].numpy()


@dataclass(frozen=True)
class Quality:
    """Of an image drawn again: PSNR in dB and SSIM (window of 11 pixels), bright tissue 1; NaN where nothing is there
    to compare."""

    psnr: float
    ssim: float


def compare_images(output: np.ndarray, truth: np.ndarray, places: Sequence[np.ndarray]) -> list[Quality]:
    """How alike two images (h, w) are, over the pixels of each of `places` ((h, w), bool).

    Args:
        output: the image that was drawn, (h, w), air 0 and bright tissue 1.
        truth: what it should be, likewise.
        places: of pixels to compare, each (h, w) bool.
    """
    error = (output - truth).astype(np.float64) ** 2
    first, second = (torch.from_numpy(image.astype(np.float32))[None, None] for image in (output, truth))
    # The map has the image's size: torchmetrics mirrors the image at its borders.
    _, similarity = structural_similarity_index_measure(first, second, data_range=1.0, return_full_image=True)
    similarity = similarity[0, 0].numpy()
    return [
        Quality(10 * np.log10(1 / max(float(error[where].mean()), 1e-12)), float(similarity[where].mean()))
        if where.any() else Quality(float("nan"), float("nan")) for where in places
    ]


def attended(predictor: Predictor, image: np.ndarray) -> np.ndarray:
    """Which pixels of a slice (h, w) lie in regions that the model attends to, bool, as in use."""
    volume = Volume(image[None], np.eye(4), planar=True)
    heatmap = predictor.predict(volume, Options(heatmap=DEFAULT_METHOD)).heatmap
    assert heatmap is not None, "it was asked for"
    mask = np.zeros(image.shape, bool)
    for region in attended_regions(heatmap.percent, volume.array > measure_foreground(volume.array).threshold):
        mask[region.rows, region.columns] = True
    return mask


def measure(dataset: Dataset, upscalers: Mapping[str, Upscaler], model: str, most: int, output: Path
            ) -> dict[str, Any]:
    """Measure upscalers on the validation side, against Lanczos, and write `results.json`.

    Args:
        dataset: whose slices are taken as they were stored.
        upscalers: by the name that results call them; Lanczos and bicubic are added.
        model: id or folder of the model whose attention chooses the attended regions, on the fine slices.
        most: slices to measure on, spread over the side; blank ones among them are left out.
        output: folder for the results.

    Returns:
        what is in the file: for each degradation, place ("slice", "attended") and upscaler PSNR and SSIM, and their
        difference to Lanczos, with 95 % intervals over groups; means over slices.

    Raises:
        DataError: there are no slices on the validation side.
    """
    chosen = dataset.slices.on("validation")
    if not len(chosen):
        raise DataError(f"The dataset in {dataset.folder} has no slices on the validation side.")
    chosen = chosen[np.unique(np.linspace(0, len(chosen) - 1, min(most, len(chosen))).round().astype(int))]
    upscalers = {"lanczos": Lanczos(), "bicubic": Bicubic(), **upscalers}
    values = {(degradation, place, name): np.full((len(chosen), 2), np.nan)
              for degradation in DEGRADATIONS for place in PLACES for name in upscalers}
    predictor = Predictor(find_model(model), "cpu")
    blank = 0
    for row, index in enumerate(tqdm(chosen, "measuring", mininterval=5)):
        truth = cut_to_multiple(stored_slice(dataset, int(index))[0])
        if truth.min() == truth.max():
            blank += 1
            continue
        places = np.ones(truth.shape, bool), attended(predictor, truth)
        for degradation, degrade in DEGRADATIONS.items():
            coarse = degrade(truth)
            for name, upscaler in upscalers.items():
                upscaled = upscaler.upscale(coarse)
                for place, quality in zip(PLACES, compare_images(upscaled, truth, places), strict=True):
                    values[degradation, place, name][row] = quality.psnr, quality.ssim
    results = {
        "model": model, "slices": len(chosen) - blank,
        "metrics": _metrics(values, list(upscalers), dataset.slices.groups[chosen]),
    }
    write_whole(output / RESULTS_FILE, json.dumps(results, indent=1) + "\n")
    return results


def summary(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Of each degradation and place what the learned upscaler and Lanczos reach, as a description's `results`."""
    return [
        {"dataset": f"{results['slices']} slices of the validation side, {degradation}, {place}",
         "metrics": {f"{name}_{metric}": round(table[f"{name}.{metric}"]["value"], 4)
                     for name in ("learned", "lanczos") for metric in ("psnr", "ssim")}}
        for degradation, places in results["metrics"].items() for place, table in places.items()
    ]


def _metrics(values: dict[tuple[str, str, str], np.ndarray], names: list[str], groups: np.ndarray
             ) -> dict[str, dict[str, dict[str, Any]]]:
    """Means over slices and differences to Lanczos, with intervals over groups."""
    metrics: dict[str, dict[str, dict[str, Any]]] = {}
    for degradation in DEGRADATIONS:
        for place in PLACES:
            table = {f"{name}.{metric}{suffix}": values[degradation, place, name][:, n] - base[:, n]
                     for name in names for n, metric in enumerate(("psnr", "ssim"))
                     for suffix, base in (("", np.zeros_like(values[degradation, place, name])),
                                          (".over_lanczos", values[degradation, place, "lanczos"]))}

            def means(weights: np.ndarray, table: dict[str, np.ndarray] = table) -> dict[str, np.ndarray]:
                return {key: mean(column, weights) for key, column in table.items()}

            if not np.isnan(table["lanczos.psnr"]).all():
                metrics.setdefault(degradation, {})[place] = {
                    key: metric._asdict() for key, metric in with_intervals(means, groups).items()}
    return metrics
