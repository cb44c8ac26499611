"""What learning together brings: a federation against each site alone and against all images in one place.

    python -m benchmarks.federated phantoms FOLDER
    python -m benchmarks.federated measure PROJECT.yaml --site A=WORK_A --site B=WORK_B --work-dir WORK [--seed 0]

`phantoms` draws three sites, whose scanners and numbers of patients differ, with a project for them. `measure` trains
under the same recipe, with the batches, augmentation and schedule of the project: FedAvg, FedProx, and FedAvg with the
norms kept at their sites; every site alone, with as many steps as it takes in the federation; and all images in one
place, with as many steps as all sites of the federation take together. The rounds are those of `unifiedvit-train
federate`, in one process without NVFlare.

All are measured on each site's test side, or its validation side where there is none. What is finished is not done
again; `--only` names the trainings that are to be done, by all of which the table is made.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch
import yaml
from scipy.ndimage import gaussian_filter
from unifiedvit_training.config import Project, load_project
from unifiedvit_training.data.dataset import CARD_FILE, Dataset, SliceSet, load_dataset
from unifiedvit_training.data.prepare import prepare_dataset
from unifiedvit_training.evaluation.inference import predict_slices
from unifiedvit_training.evaluation.metrics import score, slice_metrics
from unifiedvit_training.federation.exchange import JOIN, REPORT, ROUND, TRAIN, VALIDATE, WEIGHTS, Reply
from unifiedvit_training.federation.federate import begin, sites_of
from unifiedvit_training.federation.plan import FederationPlan, meaning_of, project_of_rounds
from unifiedvit_training.federation.rounds import Federation
from unifiedvit_training.federation.site import Site, shared_tensors
from unifiedvit_training.learning.fit import Trainer
from unifiedvit_training.learning.initialise import load_initial_weights, normalisation_names
from unifiedvit_training.learning.launch import start_fabric
from unifiedvit_training.learning.training_module import TrainingModule
from unifiedvit_training.phantom import make_phantom
from unifiedvit_training.runs.model_folder import stored_network
from unifiedvit_training.runs.project_file import begin_or_resume
from unifiedvit_training.storage import write_whole

#: Images, and the scanner: exponent of the intensities, blur in pixels, standard deviation of noise (of 255), and how
#: much brighter one side of the picture is than the other.
SCANNERS = {"A": (320, 1.0, 0.0, 0.0, 0.0), "B": (216, 0.5, 0.7, 4.0, 0.5), "C": (104, 2.0, 0.0, 12.0, -0.5)}
#: Of each site's patients: to learn from, to validate, to judge by. Few to learn from, as that is why sites join.
SPLIT = [0.3, 0.1, 0.6]
METHODS: dict[str, dict[str, Any]] = {
    "FedAvg": {}, "FedProx": {"method": "fedprox"}, "FedAvg, norms kept": {"keep_local": "normalisation"},
}
SHOWN = ("score", "dice", "macro_auc", "accuracy")
RESULTS_FILE = "results.json"
#: By site and name.
Metrics = dict[str, dict[str, float | None]]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.federated", description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("phantoms").add_argument("folder", type=Path)
    measuring = commands.add_parser("measure")
    measuring.add_argument("project", type=Path)
    measuring.add_argument("--site", action="append", required=True, metavar="NAME=WORK")
    measuring.add_argument("--work-dir", type=Path, required=True)
    measuring.add_argument("--seed", type=int, action="append", default=[])
    measuring.add_argument("--only", action="append", metavar="TRAINING")
    measuring.add_argument("--rounds", type=int, default=60)
    measuring.add_argument("--steps", type=int, default=10)
    measuring.add_argument("--set", action="append", default=[], metavar="SECTION.NAME=VALUE")
    arguments = parser.parse_args()
    if arguments.command == "phantoms":
        draw_sites(arguments.folder)
        return
    datasets = {name: load_dataset(Path(work) / "dataset") for name, work in sites_of(arguments.site).items()}
    plan = FederationPlan(rounds=arguments.rounds, steps=arguments.steps, validate_every=4)
    for seed in arguments.seed or [0]:
        project = load_project(arguments.project, [*arguments.set, f"seed={seed}"])
        measure_seed(project, plan, datasets, arguments.work_dir / f"seed-{seed}", arguments.only)
    found = [measured(folder, datasets) for folder in sorted(arguments.work_dir.glob("seed-*"))]
    print(table([seed for seed in found if seed]))


def draw_sites(folder: Path) -> None:
    """Draw and prepare the phantoms of `SCANNERS`, and write `project.yaml`."""
    template = Path(__file__).parents[1] / "training" / "configs" / "phantom.yaml"
    settings = yaml.safe_load(template.read_text(encoding="utf-8"))
    settings["data"]["sources"] = [{"name": "images", "table": "labels.csv", "split": {"fractions": SPLIT}}]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "project.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    for seed, (name, (images, exponent, blur, noise, slope)) in enumerate(SCANNERS.items()):
        data, chance = folder / name / "data", np.random.default_rng(seed)
        make_phantom(data, images, 0, seed)
        for file in sorted((data / "images").iterdir()):
            image = sitk.GetArrayFromImage(sitk.ReadImage(str(file))).astype(np.float64) / 255
            image = gaussian_filter(image**exponent, blur) if blur else image**exponent
            image = image * np.exp(slope * np.linspace(-1, 1, image.shape[1])) * 255
            image = np.hypot(image + chance.normal(0, noise, image.shape), chance.normal(0, noise, image.shape))
            sitk.WriteImage(sitk.GetImageFromArray(image.clip(0, 255).astype(np.uint8)), str(file))
        prepare_dataset(load_project(folder / "project.yaml", None, data), folder / name / "dataset")


def trainings(sites: Iterable[str]) -> dict[str, str]:
    """All trainings by name, and the folder of each."""
    names = [*(f"{site} alone" for site in sites), "all together", *METHODS]
    return {name: name.replace(" ", "-").replace(",", "") for name in names}


def measured(folder: Path, sites: Iterable[str]) -> dict[str, Metrics]:
    """What is finished of a seed: metrics by training and site."""
    files = {name: folder / path / RESULTS_FILE for name, path in trainings(sites).items()}
    return {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}


def measure_seed(project: Project, plan: FederationPlan, datasets: Mapping[str, Dataset], folder: Path,
                 only: list[str] | None) -> None:
    """Train and measure all that is not there yet."""
    many = plan.model_copy(update={"steps": plan.steps * len(datasets)})
    finished = measured(folder, datasets)
    for name in trainings(datasets):
        if name in finished or (only and name not in only):
            continue
        run = folder / trainings(datasets)[name]
        if name in METHODS:
            runs = _federated(project, plan.model_copy(update=METHODS[name]), datasets, run)
        else:
            apart = name != "all together"
            images = datasets[name.removesuffix(" alone")] if apart else merged(datasets, run / "dataset")
            runs = dict.fromkeys(datasets, _alone(project, plan if apart else many, images, run))
        results = {site: _measured(project, runs[site], dataset) for site, dataset in datasets.items()}
        write_whole(run / RESULTS_FILE, json.dumps(results, indent=1))
        print(folder.name, name, {site: values["score"] for site, values in results.items()}, flush=True)


def merged(datasets: Mapping[str, Dataset], folder: Path) -> Dataset:
    """All images in one dataset; sources are called as their site is."""
    if not (folder / CARD_FILE).exists():
        folder.mkdir(parents=True, exist_ok=True)
        starts = np.cumsum([0, *(len(dataset.items) for dataset in datasets.values())])
        parts = {
            name: replace(dataset.slices, items=dataset.slices.items + start,
                          sources=np.full(len(dataset.slices), name),
                          groups=np.array([f"{name} {group}" for group in dataset.slices.groups]))
            for (name, dataset), start in zip(datasets.items(), starts, strict=False)
        }
        for field in fields(SliceSet):
            every = np.concatenate([getattr(part, field.name) for part in parts.values()])
            np.save(folder / f"{field.name}.npy", every)
        first = next(iter(datasets.values()))
        items = [asdict(item) for dataset in datasets.values() for item in dataset.items]
        write_whole(folder / CARD_FILE, json.dumps({"recipe": first.recipe, "items": items}, default=str))
    return load_dataset(folder)


def _alone(project: Project, plan: FederationPlan, dataset: Dataset, run: Path) -> Path:
    whole = project_of_rounds(project, plan)
    begin_or_resume(whole, run)
    Trainer(whole, dataset, run, start_fabric(project.machine), None, None, plan.steps).run_all()
    return run


def _federated(project: Project, plan: FederationPlan, datasets: Mapping[str, Dataset], run: Path) -> dict[str, Path]:
    """The rounds of a federation in this process; the run of each site."""
    torch.manual_seed(project.seed)
    network = TrainingModule(project.model, project.fit).network
    load_initial_weights(network, project.fit.initial)
    local = normalisation_names(network, buffers=True) if plan.keep_local else set()
    sites = {name: Site(name, project, plan, dataset, local, run / name) for name, dataset in datasets.items()}

    def ask(task: str, content: dict[str, Any]) -> dict[str, Reply]:
        number, weights, replies = content[ROUND], content.get(WEIGHTS), {}
        for name, site in sites.items():
            if task == JOIN:
                replies[name] = Reply({REPORT: json.dumps(site.join())})
            elif task == TRAIN:
                sent, report = site.train(number, weights, json.loads(content[REPORT])["best_round"])
                replies[name] = Reply({WEIGHTS: sent, REPORT: json.dumps(report)})
            else:
                answer = site.validate if task == VALIDATE else site.finish
                replies[name] = Reply({REPORT: json.dumps(answer(number, weights))})
        return replies

    begin(project, plan, run)
    meaning = meaning_of(project.model.model_dump(mode="json"))
    Federation(run, plan, shared_tensors(network, local), meaning, ask).run_all()
    return {name: run / name for name in datasets}


def _measured(project: Project, run: Path, dataset: Dataset) -> dict[str, float | None]:
    slices = dataset.slices
    indices = slices.on("test") if len(slices.on("test")) else slices.on("validation")
    answers = predict_slices(stored_network(project.model, run)[1], slices, indices)
    metrics = slice_metrics(answers, slices, indices, project.model)
    return {"score": score(metrics), **{name: metrics[name] for name in SHOWN[1:]}}


def table(seeds: list[dict[str, Metrics]]) -> str:
    """Markdown: for each training its score at each site (mean and range over seeds), and all metrics' means; and
    where each site was also trained alone, what it gains."""
    sites = list(next(iter(seeds[0].values())))
    lines = [f"| trained | {' | '.join(f'{site}, score' for site in sites)} | mean | worst site | "
             f"{' | '.join(f'{name}, mean' for name in SHOWN[1:])} |", "|---|" + "---:|" * (len(sites) + 5)]
    for name in _in_all(seeds):
        scores = {site: [_value(seed[name][site]["score"]) for seed in seeds] for site in sites}
        means = [statistics.mean(row) for row in zip(*scores.values(), strict=True)]
        worst = [min(row) for row in zip(*scores.values(), strict=True)]
        others = [statistics.mean(_value(seed[name][site][metric]) for seed in seeds for site in sites)
                  for metric in SHOWN[1:]]
        cells = [*(_spread(scores[site]) for site in sites), _spread(means), _spread(worst),
                 *(f"{value:.3f}" for value in others)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    if not all(f"{site} alone" in _in_all(seeds) for site in sites):
        return "\n".join(lines)
    alone = {site: [_value(seed[f"{site} alone"][site]["score"]) for seed in seeds] for site in sites}
    lines += ["", "Gain of each site over itself alone, seed by seed:", ""]
    for name in (name for name in _in_all(seeds) if not name.endswith(" alone")):
        gains = {site: [_value(seed[name][site]["score"]) - own for seed, own in zip(seeds, alone[site], strict=True)]
                 for site in sites}
        lines.append(f"* {name}: " + "; ".join(
            f"{site} {statistics.mean(values):+.3f} ({', '.join(f'{value:+.3f}' for value in values)})"
            for site, values in gains.items()))
    return "\n".join(lines)


def _in_all(seeds: list[dict[str, Metrics]]) -> list[str]:
    """Trainings that were done with every seed."""
    return [name for name in seeds[0] if all(name in seed for seed in seeds)]


def _value(metric: float | None) -> float:
    return float("nan") if metric is None else metric


def _spread(values: list[float]) -> str:
    low, high = min(values), max(values)
    return f"{statistics.mean(values):.3f}" + (f" ({low:.3f}-{high:.3f})" if high > low else "")


if __name__ == "__main__":
    main()
