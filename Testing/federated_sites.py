"""Sites with discs of their own, and a federation of them in one process: what travels is what NVFlare would carry."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from training_sets import SURE, discs, project_data
from unifiedvit_training.config import Project
from unifiedvit_training.data.dataset import CARD_FILE, Dataset, load_dataset
from unifiedvit_training.federation.exchange import JOIN, REPORT, ROUND, TRAIN, VALIDATE, WEIGHTS, Reply
from unifiedvit_training.federation.federate import begin
from unifiedvit_training.federation.plan import FederationPlan, meaning_of
from unifiedvit_training.federation.rounds import Federation
from unifiedvit_training.federation.site import Site, shared_tensors
from unifiedvit_training.learning.initialise import normalisation_names
from unifiedvit_training.learning.training_module import TrainingModule

#: A network of two blocks.
SMALL = {"arguments": {"encoder": "test_vit", "stem_width": 4, "decoder_widths": [8, 8, 8]}}


def project_yaml(folder: Path, **fit: Any) -> Path:
    """The file of a small project that all sites share."""
    path = folder / "project.yaml"
    path.write_text(yaml.safe_dump(_data(**fit)), encoding="utf-8")
    return path


def shared_project(**fit: Any) -> Project:
    """That project."""
    return Project.model_validate(_data(**fit))


def _data(**fit: Any) -> dict[str, Any]:
    return project_data(**SURE | {"stages": [{"size": 32, "epochs": 4}], "validate_every": 1} | fit,
                        model=SMALL)


def site_dataset(work: Path, project: Project, count: int = 48, change: Callable[[dict], None] = lambda card: None
                 ) -> Dataset:
    """Discs in WORK/dataset that say what they were prepared for.

    Args:
        work: folder WORK of a site.
        project: for which it was prepared.
        count: of the images.
        change: of the section `model` that it was prepared for, in place.
    """
    folder = work / "dataset"
    discs(folder, count)
    card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    card["recipe"] = {"model": project.model.model_dump(
        mode="json", include={"input", "segments", "classes", "diagnosis"})}
    change(card["recipe"]["model"])
    (folder / CARD_FILE).write_text(json.dumps(card), encoding="utf-8")
    return load_dataset(folder)


def ask_of(sites: Mapping[str, Site], spoil: Callable[[str, str, int, Reply], Reply] = lambda *given: given[-1]
           ) -> Callable[[str, dict[str, Any]], dict[str, Reply]]:
    """Reaches sites in this process.

    Args:
        sites: by name.
        spoil: site, task, round and what it answers, to what arrives.
    """

    def ask(task: str, content: dict[str, Any]) -> dict[str, Reply]:
        number, weights, replies = content[ROUND], content.get(WEIGHTS), {}
        for name, site in sites.items():
            if task == JOIN:
                reply = Reply({REPORT: json.dumps(site.join())})
            elif task == TRAIN:
                sent, report = site.train(number, weights, json.loads(content[REPORT])["best_round"])
                reply = Reply({WEIGHTS: sent, REPORT: json.dumps(report)})
            else:
                measure = site.validate if task == VALIDATE else site.finish
                reply = Reply({REPORT: json.dumps(measure(number, weights))})
            replies[name] = spoil(name, task, number, reply)
        return replies

    return ask


def federation_of(folder: Path, project: Project, plan: FederationPlan, counts: Mapping[str, int],
                  spoil: Callable[[str, str, int, Reply], Reply] = lambda *given: given[-1]) -> Federation:
    """A federation in `folder`/federated of sites whose folders WORK are in `folder`, gone on with where there is one.

    Args:
        folder: of all.
        project: that all share.
        plan: of the rounds.
        counts: images of each site by name.
        spoil: as for `ask_of`.
    """
    torch.manual_seed(project.seed)
    network = TrainingModule(project.model, project.fit).network
    local = normalisation_names(network, buffers=True) if plan.keep_local else set()
    sites = {name: Site(name, project, plan, site_dataset(folder / name, project, count), local,
                        folder / name / "federated") for name, count in counts.items()}
    run = folder / "federated"
    begin(project, plan, run)
    return Federation(run, plan, shared_tensors(network, local), meaning_of(project.model.model_dump(mode="json")),
                      ask_of(sites, spoil))
