"""`unifiedvit models ensemble`: models that know the same become one, which is the mean of them."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np

from ...diagnosis import DiagnosisClass
from ...errors import ModelSpecError, OutputError
from ...inference.warnings import DEFAULT_REVIEW_THRESHOLD, review_threshold
from ...licences import SHARE_ALIKE, licence_conditions
from ...outputs.files import model_name
from ...review import ReviewRule
from ...spec import DERIVED_ARGUMENTS, ENSEMBLE, FORMAT, MOST_MEMBERS, SPEC_FILE, ModelSpec, load_spec
from .catalogue import verify_files

WEIGHTS_FILE, OOD_FILE = "model.safetensors", "ood.safetensors"


def write_ensemble(models: Sequence[ModelSpec], folder: Path, model_id: str, name: str | None = None,
                   version: str = "1.0.0") -> ModelSpec:
    """Write the folder of a model that is the mean of others: their weights in one file, their descriptions joined.

    Its input is as large as the largest of theirs, so that none sees less than alone. What the description takes from
    one of them (the volume rule, the out-of-distribution statistics, colours and words) is of the first; results are to
    be reviewed as those of the strictest.

    Args:
        models: 2 to `MOST_MEMBERS`, of the same classes, segments, modality, channels and plane.
        folder: of the new model; must be new or empty.
        model_id: of the new model.
        name: in lists; by default the members' ids.
        version: of the new model.

    Raises:
        ModelSpecError: they do not belong together, or the new id, name or version is refused by its field.
        WeightsError: files of a model are missing or damaged.
        OutputError: the folder is not empty or cannot be written.
    """
    _refuse_unlike(models)
    licence = _joined_licence(models)
    for model in models:
        verify_files(model)
    folder = folder.absolute()
    try:
        if folder.exists() and any(folder.iterdir()):
            raise OutputError(f"{folder} is not empty. Choose a new folder for the ensemble.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _fill(part, models, model_id, name, version, licence)
            spec = _checked(part)
            part.chmod(0o755)  # mkdtemp's folders are for their owner alone
            if folder.exists():
                folder.rmdir()
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}). Choose another folder or free some space.") from error
    return replace(spec, folder=folder)


def _refuse_unlike(models: Sequence[ModelSpec]) -> None:
    if not 2 <= len(models) <= MOST_MEMBERS:
        raise ModelSpecError(f"An ensemble has 2 to {MOST_MEMBERS} members, not {len(models)}. Name other models.")
    for model in models:
        if model.architecture == ENSEMBLE:
            raise ModelSpecError(
                f"{model_name(model)} is an ensemble itself. Name single networks, for example its members."
            )
        if model.multi_label:
            raise ModelSpecError(f"{model_name(model)} is a multi-label model, of which no ensemble can be made.")
    for first, second in combinations(models, 2):
        if first.sha256 == second.sha256:
            raise ModelSpecError(
                f"{model_name(first)} and {model_name(second)} have the same weights. Name each model once."
            )
    first = models[0]
    for model in models[1:]:
        for (trait, expected), actual in zip(_traits(first).items(), _traits(model).values(), strict=True):
            if actual != expected:
                raise ModelSpecError(
                    f"{model_name(first)} and {model_name(model)} differ in {trait}: {expected}; {actual}. The mean of "
                    "their answers would have no meaning. Choose models that agree."
                )


def _traits(model: ModelSpec) -> dict[str, str]:
    """What members have to agree in, in words."""
    return {
        "classes or their order": ", ".join(c.name if c.lesion else f"{c.name} (nothing found)" for c in model.classes),
        "segments or their order": ", ".join(segment.name for segment in model.segments),
        "modality": model.modality,
        "the plane of their slices": model.plane,
        "channels or their order": ", ".join(channel.name for channel in model.channels) or "one image",
    }


def _joined_licence(models: Sequence[ModelSpec]) -> str:
    """The licence of all, or all licences in words.

    What is said in brackets behind a licence does not make it another one.

    Raises:
        ModelSpecError: one asks for the whole to be under itself, which another one forbids.
    """
    for one, other in permutations(models, 2):
        conditions = licence_conditions(one.licence)
        added = licence_conditions(other.licence) - conditions
        if SHARE_ALIKE in conditions and _bare(one.licence) != _bare(other.licence) and (
                added or SHARE_ALIKE in licence_conditions(other.licence)):
            raise ModelSpecError(
                f"The licences of the weights conflict: {one.licence} of {model_name(one)} asks for the whole to be "
                f"under it too, which {other.licence} of {model_name(other)} does not allow. Choose other models."
            )
    by_licence: dict[str, list[ModelSpec]] = {}
    for model in models:
        by_licence.setdefault(_bare(model.licence), []).append(model)
    if len(by_licence) == 1:
        return models[0].licence
    each = "; ".join(f"{of[0].licence} for {', '.join(map(model_name, of))}" for of in by_licence.values())
    return f"All of these apply: {each}"


def _bare(licence: str) -> str:
    return re.sub(r"[\s_-]+", "-", licence.partition("(")[0].strip().lower())


def _fill(folder: Path, models: Sequence[ModelSpec], model_id: str, name: str | None, version: str, licence: str
          ) -> None:
    """Write weights, statistics and description."""
    from safetensors.torch import load_file, save

    content = save({f"members.{n}.{key}": tensor for n, model in enumerate(models)
                    for key, tensor in load_file(model.weights).items()})
    (folder / WEIGHTS_FILE).write_bytes(content)
    weights = {"file": WEIGHTS_FILE, "sha256": hashlib.sha256(content).hexdigest(), "licence": licence}
    description = _description(models) | {"id": model_id, "version": version, "weights": weights}
    if name:
        description["name"] = name
    ood, size = models[0].ood, description["input"]["size"]
    # Texture is that of pictures of one size.
    if ood and (ood.format == 1 or models[0].size == size):
        shutil.copyfile(models[0].folder / ood.file, folder / OOD_FILE)
        description["ood"] = asdict(ood) | {"file": OOD_FILE}
    text = json.dumps(description, indent=1, ensure_ascii=False)
    (folder / SPEC_FILE).write_text(text + "\n", encoding="utf-8")


def _description(models: Sequence[ModelSpec]) -> dict[str, Any]:
    """What `model.json` says of the ensemble, but for what is said of it alone. Nothing has been measured yet."""
    first = models[0]
    return {
        "format": FORMAT,
        "name": f"Ensemble of {', '.join(model.id for model in models)}",
        "description": f"The mean of {', '.join(map(model_name, models))}. {first.description}",
        "architecture": ENSEMBLE,
        "members": [
            {"id": model.id, "version": model.version, "sha256": model.sha256, "architecture": model.architecture,
             "arguments": {key: value for key, value in model.arguments.items() if key not in DERIVED_ARGUMENTS},
             "size": model.size, "temperature": model.temperature}
            for model in models
        ],
        "input": {"size": max(model.size for model in models), "modality": first.modality,
                  "expects": "; ".join(dict.fromkeys(model.expects for model in models)),
                  **({"channels": [asdict(channel) for channel in first.channels]} if first.channels else {}),
                  **({"plane": first.plane} if first.plane != "auto" else {})},
        "segments": [asdict(segment) for segment in first.segments],
        # The members' probabilities are calibrated already.
        "diagnosis": {"task": "multi-class", "classes": [_class_data(c) for c in first.classes], "temperature": 1.0},
        "aggregation": asdict(first.volume_rule),
        "training": [asdict(data) for data in dict.fromkeys(data for model in models for data in model.training)],
        "results": [],
        **_review(models),
    }


def _review(models: Sequence[ModelSpec]) -> dict[str, Any]:
    """The thresholds of the strictest member: how sure the mean has to be nobody has measured."""
    rules = {}
    for kind in ("probability", "confidence"):
        thresholds = [review_threshold(model, kind == "confidence") for model in models]
        review = models[int(np.argmax([2.0 if one is None else one for one in thresholds]))].review
        rules |= {kind: asdict(rule)} if (rule := review and getattr(review, kind)) else {}
    if rules and "probability" not in rules:  # of the strictest, which says nothing
        rules["probability"] = asdict(ReviewRule(DEFAULT_REVIEW_THRESHOLD, 0.0, 0.0))
    return {"review": rules} if rules else {}


def _class_data(diagnosis: DiagnosisClass) -> dict[str, Any]:
    """A class as `model.json` has it: without a code where it has none."""
    return {name: value for name, value in asdict(diagnosis).items() if value is not None}


def _checked(folder: Path) -> ModelSpec:
    """Read the folder as any model is read, and load its networks: what is written must run."""
    from ...inference.backends.torch_backend import load_network

    spec = load_spec(folder)
    load_network(spec)
    return spec
