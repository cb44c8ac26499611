"""The model card: what a model is, what it learnt from, what it reached, where it fails, how to make it again."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from UnifiedViTLib.spec import ModelSpec
from UnifiedViTLib.versions import software_versions

from ..config import Project
from ..data.dataset import SIDES, Dataset
from ..evaluation.bootstrap import Estimate
from ..evaluation.metric_labels import format_estimate, metric_labels

_PACKAGES = ("unifiedvit-training", "lightning", "monai", "scikit-learn")
_LABELS = {"slices": "Slices", "groups": "Groups (patients)", "volumes": "Volumes", "diagnosis": "Right diagnosis",
           "findings": "Right answers, each finding", "false_components": "False components a volume",
           "false_alarms": "False alarms on lesion-free volumes", "patients": "Patients",
           "log_loss": "Log loss of the diagnosis"}


@dataclass(frozen=True)
class Origin:
    """The model that another one was adapted from.

    Attributes:
        model: its id.
        version: of it.
        sha256: of its weights.
        learnt: what learnt, in words.
        checks: sentences on how the adapted model was compared with it.
    """

    model: str
    version: str
    sha256: str
    learnt: str
    checks: tuple[str, ...]


def model_card(project: Project, spec: ModelSpec, network: torch.nn.Module, dataset: Dataset, results: dict[str, Any],
               run: Path, onnx: str, origin: Origin | None = None) -> str:
    """The card in Markdown.

    Args:
        project: the recipe.
        spec: of the model folder, whose files are there.
        network: for the number of parameters.
        dataset: for the number of images on each side.
        results: what `evaluate` wrote.
        run: folder of the run.
        onnx: a sentence on the ONNX file; "" without one.
        origin: of an adapted model.
    """
    initial = project.fit.initial.weights
    return _template().render(
        model=project.model,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        sources=_counts(dataset),
        results=[_part(entry, results.get("sides", {}), metric_labels(project.model) | _LABELS)
                 for entry in results["results"]],
        temperature=spec.temperature,
        findings=list(zip(spec.classes, spec.label_rules, strict=True)) if spec.multi_label else [],
        rule=spec.volume_rule,
        threshold=spec.ood and spec.ood.threshold,
        review=spec.review,
        patient=spec.patient,
        pretrained=initial is not None and initial.parent == run.absolute().parent / "pretrain",
        yaml_name=f"{project.model.id}.yaml",
        run=run.name,
        yaml=_portable_yaml(project, run.absolute().parent),
        versions=_versions(),
        files=_files(spec.folder),
        onnx=onnx,
        origin=origin,
    )


def _template():
    environment = Environment(loader=PackageLoader(__package__ or ""), autoescape=False, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    environment.filters["cell"] = _cell
    return environment.get_template("card.md")


def _cell(text: str) -> str:
    """Text that cannot break out of its cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _part(entry: dict[str, Any], sides: dict[str, dict[str, Any]], labels: dict[str, str]) -> dict[str, Any]:
    """What was measured on one set; with intervals and confusion matrix where it is the slices of a side."""
    side = next((record for name, record in sides.items() if entry["dataset"].startswith(f"slices, {name}")), {})
    intervals = side.get("metrics", {})
    rows = [
        (
            labels.get(name, name),
            f"{value:,}"
            if isinstance(value, int)
            else format_estimate(Estimate(*intervals.get(name, (value, None, None)))),
        )
        for name, value in entry["metrics"].items()
    ]
    title = entry["dataset"][:1].upper() + entry["dataset"][1:]
    return {"title": title, "rows": rows, "intervals": intervals, "confusion": side.get("confusion")}


def _counts(dataset: Dataset) -> dict[str, list[str]]:
    """For each source, "slices (images)" on each side."""
    slices = dataset.slices
    counts = {}
    for source in dict.fromkeys(slices.sources.tolist()):
        on = [(slices.sources == source) & (slices.sides == side) for side in SIDES]
        counts[source] = [f"{here.sum():,} ({len(np.unique(slices.items[here])):,})" for here in on]
    return counts


def _portable_yaml(project: Project, work: Path) -> str:
    """The configuration with paths that mean the same elsewhere: from the folder that all data lie in (`--data`)."""
    data = project.model_dump(mode="json", exclude_defaults=True)
    names = ("table", "folder", "images", "masks")
    places = [source[name] for source in data["data"]["sources"] for name in names if source.get(name)]
    common = os.path.commonpath([os.path.dirname(place) for place in places])
    for source in data["data"]["sources"]:
        source |= {name: Path(os.path.relpath(source[name], common)).as_posix() for name in names if source.get(name)}
    weights = project.fit.initial.weights
    if weights:
        inside = weights.is_relative_to(work)
        data["fit"]["initial"]["weights"] = (f"WORK/{weights.relative_to(work).as_posix()}" if inside
                                             else weights.name)
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110).rstrip()


def _versions() -> dict[str, str]:
    found = software_versions()
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a source tree
            continue
    return found


def _files(folder: Path) -> list[dict[str, Any]]:
    return [
        {"name": file.name, "mb": file.stat().st_size / 1e6, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        for file in sorted(folder.iterdir())
    ]
