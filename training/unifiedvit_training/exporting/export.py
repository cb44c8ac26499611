"""`unifiedvit-train export`: an evaluated run becomes a model folder with its card."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from UnifiedViTLib.inference.backends.torch_backend import choose_device
from UnifiedViTLib.spec import ModelSpec, VolumeRule

from ..config import Project
from ..data.dataset import SliceSet, check_dataset_fits, load_dataset
from ..errors import RunError
from ..evaluation.candidates import FOLDER
from ..evaluation.evaluate import RESULTS_FILE, calibration_of, check_measured
from ..evaluation.ood.fit import known_channels, measure_ood_statistics
from ..patient.store import read_head
from ..runs.model_folder import (
    CARD_FILE,
    ONNX_FILE,
    add_graph,
    add_patient_head,
    check_exportable,
    staged,
    stored_network,
    write_model_folder,
)
from ..runs.patients import check_patients
from .card import Origin, model_card
from .imitation import imitation_of
from .onnx import write_onnx
from .onnx_check import NotCompared, compare_onnx
from .sequence_probes import fit_sequence_probes


def export(project: Project, run: Path, folder: Path, onnx: bool = True, origin: Origin | None = None,
           sequences: Path | None = None, alone: str = "") -> ModelSpec:
    """Write a model folder that Slicer lists: description, weights, statistics, patient head if the run has one, ONNX,
    card. All of it or nothing.

    Args:
        project: the recipe of the run.
        run: folder of the run, evaluated; the prepared images lie beside it in `dataset`.
        folder: of the model; an older export in it is replaced.
        onnx: write `model.onnx` too, which OpenVINO runs without torch.
        origin: what the card says of the model that this one was adapted from.
        sequences: for a model of one image, the folder of another project's results, with images of several channels:
            from these it learns to notice the others.
        alone: which of the channels of `sequences` is the model's.

    Raises:
        RunError: the run has not been evaluated as it is now, has learnt from patients who stand on another side now,
            is not something that Slicer can use, or `folder` cannot be written.
        DataError: the prepared images are gone, or are another project's.
    """
    check_exportable(project)
    results = _results(run)
    digest, network = stored_network(project.model, run)
    if results["weights_sha256"] != digest:
        raise RunError(
            f"{run} was trained on after it was evaluated: the metrics are of other weights. "
            f"Run `unifiedvit-train evaluate --run {run.name}` again."
        )
    if _outputs(results["model"]) != _outputs(project.model.model_dump(mode="json")):
        raise RunError(f"{run} was evaluated with other classes, segments or weights_dtype than it has now. Run "
                       f"`unifiedvit-train evaluate --run {run.name}` again.")
    dataset = load_dataset(run.parent / "dataset")
    patient = read_head(run, results, dataset)
    check_dataset_fits(dataset, project.model)
    check_patients(dataset.slices, run)
    check_measured(results, dataset, run)
    device = choose_device("cpu" if project.machine.accelerator == "cpu" else "auto")
    ood = measure_ood_statistics(network.to(device), dataset.slices, device, imitation_of(project.fit.augmentation))
    if ood:
        slices, names = dataset.slices, project.model.channel_names
        if sequences is not None:
            slices, names = _other_sequences(project, sequences, alone)
        stripped = project.fit.augmentation.skull_strip > 0
        ood = replace(ood, probes=fit_sequence_probes(network, ood, slices, names, stripped, device, alone))
    network.to("cpu")
    with staged(folder) as part:
        spec = write_model_folder(project, network, calibration_of(results), VolumeRule(**results["rule"]),
                                  results["results"], part, ood, results.get("review"),
                                  known_channels(dataset.slices, project.model.channel_names))
        if patient:
            content, head = patient
            spec = add_patient_head(part, content, head["patient"], head["results"])
            results = results | {"results": [*results["results"], *head["results"]]}
        said = ""
        if onnx:
            said = _write_onnx(network, spec, part / ONNX_FILE)
            spec = add_graph(part)
        card = model_card(project, spec, network, dataset, results, run, said, origin)
        (part / CARD_FILE).write_text(card, encoding="utf-8")
    print(_summary(spec, folder, said))
    return replace(spec, folder=folder)


def _other_sequences(project: Project, work: Path, alone: str) -> tuple[SliceSet, list[str]]:
    """Prepared images of several channels, and the channels' names.

    Raises:
        RunError: the model knows them all, they are not of its size, or none of them is `alone`.
        DataError: they are gone.
    """
    if project.model.channel_names:
        raise RunError("--sequences is for a model of one image; this one learns from its own channels.")
    dataset = load_dataset(work / "dataset")
    names = [channel["name"] for channel in dataset.recipe.get("model", {}).get("input", {}).get("channels", [])]
    if alone not in names or len(names) < 2:
        raise RunError(f"{work} has the channels {', '.join(names) or '(none)'}, not {alone or '(none named)'}. Say by "
                       "--as which of them this model looks at; the others are what it learns to notice.")
    if (size := dataset.slices.images.shape[-1]) != project.model.input.size:
        raise RunError(f"{work} has images of {size} pixels, this model looks at {project.model.input.size}. Prepare "
                       "it with the same input.size.")
    return dataset.slices, names


def _results(run: Path) -> dict[str, Any]:
    """What `evaluate` found out about the run.

    Raises:
        RunError: it has not been run, or its file is damaged.
    """
    path = run / FOLDER / RESULTS_FILE
    again = f"Run `unifiedvit-train evaluate --run {run.name}` first."
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"{run} has not been evaluated: what a model reached belongs to it. {again}") from error
    except ValueError as error:
        raise RunError(f"{path} is damaged ({error}). {again}") from error
    missing = {"weights_sha256", "dataset_sha256", "model", "temperature", "rule", "results"} - set(results)
    if missing:
        raise RunError(f"{path} lacks {', '.join(sorted(missing))}. {again}")
    return results


def _outputs(model: dict[str, Any]) -> list[Any]:
    """What the outputs of a network mean, and how its weights are stored, of a section `model` as JSON."""
    names = [[card["name"] for card in model[part]] for part in ("classes", "segments")]
    return [model["diagnosis"], *names, model["weights_dtype"]]


def _write_onnx(network, spec: ModelSpec, path: Path) -> str:
    """Write the file; returns a sentence on how far it can be trusted."""
    write_onnx(network, spec.size, path, spec.folder / spec.weights_file)
    size = f"{path.name} ({path.stat().st_size / 1e6:.1f} MB, its numbers are those in the weights' file)"
    try:
        difference = compare_onnx(network, spec.size, path)
    except NotCompared as error:
        return f"{size} was not checked against torch, as {error}."
    return f"{size} gives what torch gives, within {difference:.1g} of the largest value (compared in OpenVINO)."


def _summary(spec: ModelSpec, folder: Path, onnx: str) -> str:
    lines = [f"{spec.name} {spec.version} -> {folder}", *(
        f"  {one.name}: {rule}" for one, rule in zip(spec.classes, spec.label_rules, strict=False)
    ), f"  {spec.volume_rule}" if spec.multi_label else f"  temperature {spec.temperature}, {spec.volume_rule}"]
    if spec.ood:
        lines.append(f"  unlike the training images: distances above {spec.ood.threshold}")
        if spec.channels:
            probed = "; ".join(" with ".join(names) for names in spec.ood.probed_channels)
            lines.append(f"  sequences that look as if they were given as others: noticed for {probed or 'none'}")
        elif spec.ood.probed_channels:
            lines.append("  other sequences given in place of its own: noticed")
    else:
        lines.append("  no statistics to tell unlike images: too few labelled slices, or none for validation")
    lines += [f"  of a patient: at most {spec.patient.most_images} images, "
              f"{', '.join(map(str, spec.patient.fields)) or 'no metadata'}"] if spec.patient else []
    lines += [f"  {onnx}"] if onnx else []
    for result in spec.results:
        metrics = ", ".join(f"{name} {value}" for name, value in result.metrics.items())
        lines.append(f"  {result.dataset}: {metrics}")
    return "\n".join([*lines, f"Try it: unifiedvit predict IMAGE --model {folder} --output DIR"])
