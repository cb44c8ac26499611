"""`unifiedvit-train explain`: which explanation of a run's network can be believed, by measurement."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from scipy.stats import rankdata
from tqdm import tqdm

from UnifiedViTLib.inference.choices import METHODS
from UnifiedViTLib.models import UnifiedNetwork
from UnifiedViTLib.models.explanation import explain as explain_images

from ...config import Project
from ...data.dataset import Dataset, check_dataset_fits
from ...errors import DataError, RunError
from ...peers import PEERS
from ...runs.model_folder import stored_network
from ...runs.networks import build_network
from ...runs.patients import check_patients
from ...storage import write_whole
from ..bootstrap import with_intervals
from ..choosing import spread_over_classes
from ..metrics import mean
from .metrics import MeasuredMaps, agreement, deletion_and_insertion, rank_correlation, stability
from .report import explanation_page, explanation_text

FOLDER, RESULTS_FILE, REPORT_FILE = "explanation", "results.json", "report.html"
#: The mask that the network draws, as a map: what an explanation has to add something to.
DRAWN = "drawn mask"
#: Metrics by which methods are ranked, and whether more is better.
RANKED = {"pointing": True, "precision": True, "mass": True, "noise": True, "shift": True, "contrast": True,
          "deletion": False, "insertion": True}
#: A map that resembles the one of random weights more than this tells of the image alone.
MOST_ALIKE = 0.5
_BATCH = 8


def explain(project: Project, dataset: Dataset, run: Path, output: Path, count: int = 100) -> Path:
    """Measure every method of explanation, and the mask drawn for comparison, on slices with a lesion.

    The class explained is the true one. Slices are of the test side, of the validation side where there is none; as
    many of each diagnosis, and of as many groups, as there are.

    Args:
        project: of the run.
        dataset: that it was trained on.
        run: its folder.
        output: folder for `results.json` and `report.html`.
        count: of slices.

    Returns:
        `results.json`.

    Raises:
        DataError: there are no slices with a lesion and a diagnosis, or the dataset is not that of the project.
        RunError: the network cannot be explained, or `output` cannot be written.
    """
    model = project.model
    if model.architecture in PEERS or model.task == "segmentation" or model.multi_label:
        raise RunError(f"{model.name} cannot be explained: only the library's architectures can, with one diagnosis an "
                       "image.")
    check_dataset_fits(dataset, model)
    check_patients(dataset.slices, run)
    if project.machine.threads:
        torch.set_num_threads(project.machine.threads)
    digest, network = stored_network(model, run)
    torch.manual_seed(project.seed)
    random = build_network(model).eval()
    side, indices = choose_slices(dataset, [card.lesion for card in model.classes], count)
    slices = dataset.slices
    lesions, groups = np.asarray(slices.masks[indices]) > 0, slices.groups[indices]
    images = torch.from_numpy(slices.inputs(indices))
    classes = torch.from_numpy(slices.labels[indices])
    names = list(METHODS) if model.task == "classification" else [*METHODS, DRAWN]
    found = {name: _measure(name, network, random, images, classes, lesions, groups) for name in names}
    best, ranks = choose_method({name: one for name, one in found.items() if name != DRAWN})
    results = {
        "weights_sha256": digest, "side": side, "slices": len(indices), "groups": len(np.unique(groups)),
        "lesion_share": float(lesions.mean()), "best": best, "mean_ranks": ranks,
        "methods": {name: {key: metric._asdict() for key, metric in one.metrics.items()}
                    | {"deletion_curve": one.deletion.tolist(), "insertion_curve": one.insertion.tolist()}
                    for name, one in found.items()},
    }
    page = explanation_page(project, side, slices, indices, found, best, ranks)
    write_whole(output / REPORT_FILE, page)
    write_whole(output / RESULTS_FILE, json.dumps(results, indent=1, allow_nan=False) + "\n")
    print(explanation_text(found, best, ranks))
    print(f"Report: {output / REPORT_FILE}")
    return output / RESULTS_FILE


def choose_slices(dataset: Dataset, lesion: list[bool], count: int, seed: int = 0) -> tuple[str, np.ndarray]:
    """The side, and places of about `count` of its slices that show a lesion and are labelled from edge to edge: as
    many of each class, one of each group before a second of any.

    Args:
        dataset: whose slices they are.
        lesion: by class, whether it is one.
        count: of slices.
        seed: of the choice among slices of one class.

    Raises:
        DataError: there are none.
    """
    slices = dataset.slices
    for side in ("test", "validation"):
        places = slices.on(side)
        labels = slices.labels[places]
        fits = slices.has_mask[places] & (labels >= 0) & np.isin(labels, np.flatnonzero(lesion))
        places = places[fits]
        places = np.array([place for place in places[~slices.partial(places)] if slices.drawn(place)], int)
        if not len(places):
            continue
        return side, spread_over_classes(slices, places, count, seed)
    raise DataError(
        f"The dataset in {dataset.folder} has no slices with a lesion and a diagnosis on its test or validation side."
    )


def choose_method(found: dict[str, MeasuredMaps]) -> tuple[str, dict[str, float]]:
    """The method with the best mean rank over the metrics of `RANKED`, of those whose maps depend on the weights (of
    all, if none does); and the mean ranks, 1 the best."""
    names = list(found)
    ranks = np.zeros(len(names))
    for metric, more_is_better in RANKED.items():
        values = np.array([found[name].metrics[metric].value for name in names])
        ranks += rankdata(-values if more_is_better else values)
    ranks /= len(RANKED)
    alike = [found[name].metrics["randomised"].value for name in names]
    sound = [value is not None and value <= MOST_ALIKE for value in alike]
    best = min(range(len(names)), key=lambda n: (any(sound) and not sound[n], ranks[n]))
    return names[best], {name: float(rank) for name, rank in zip(names, ranks, strict=True)}


def _measure(name: str, network: UnifiedNetwork, random: UnifiedNetwork, images: torch.Tensor, classes: torch.Tensor,
             lesions: np.ndarray, groups: np.ndarray) -> MeasuredMaps:
    def maps_of(one: UnifiedNetwork, batch: torch.Tensor) -> np.ndarray:
        parts = [_maps(name, one, part, labels) for part, labels in
                 zip(batch.split(_BATCH), classes.split(_BATCH), strict=True)]
        return np.concatenate(parts)

    maps = maps_of(network, images)
    values = agreement(maps, lesions) | stability(lambda batch: maps_of(network, batch), images, maps)
    values["randomised"] = rank_correlation(maps, maps_of(random, images))
    curves = np.array([
        deletion_and_insertion(lambda batch, label=label: _probabilities(network, batch, label), image, heat)
        for image, label, heat in tqdm(zip(images, classes, maps, strict=True), desc=f"Deletion and insertion, {name}",
                                       total=len(maps), leave=False, disable=None)
    ])
    values |= {"deletion": curves[:, 0].mean(axis=1), "insertion": curves[:, 1].mean(axis=1)}

    def metrics(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {key: mean(value, weights) for key, value in values.items()}

    deletion, insertion = curves.mean(axis=0)
    return MeasuredMaps(maps.astype(np.float16), values, deletion, insertion, with_intervals(metrics, groups))


def _maps(name: str, network: UnifiedNetwork, images: torch.Tensor, classes: torch.Tensor) -> np.ndarray:
    if name != DRAWN:
        return explain_images(network, images, classes, name).numpy()
    with torch.inference_mode():
        return (1 - network(images).mask_logits.softmax(dim=1)[:, 0]).numpy()


@torch.inference_mode()
def _probabilities(network: UnifiedNetwork, images: torch.Tensor, label: torch.Tensor) -> np.ndarray:
    return network(images).class_logits.softmax(dim=1)[:, label].numpy()
