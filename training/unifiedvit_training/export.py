"""From a checkpoint to a model folder that the library lists: `model.json` and float16 safetensors."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from UnifiedViTLib.models import build_model
from UnifiedViTLib.spec import FORMAT, SPEC_FILE, ModelSpec, VolumeRule, load_spec, parse_spec

WEIGHTS_FILE = "model.safetensors"
#: Nothing suppressed, nothing dropped: what a rule is chosen against.
OPEN_RULE = VolumeRule("lesion_weighted", 3, 1.0, 0.0)


def load_average(checkpoint: Path, architecture: str, arguments: dict[str, Any]) -> torch.nn.Module:
    """The averaged network of a run, in float32 and evaluation mode."""
    network = build_model(architecture, arguments)
    network.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    return network.eval()


def export(network: torch.nn.Module, architecture: str, arguments: dict[str, Any], card: dict[str, Any],
           temperature: float, rule: VolumeRule, results: list[dict[str, Any]], folder: Path) -> ModelSpec:
    """Write a model folder and read it back.

    Args:
        network: what to export.
        architecture, arguments: how to build it again.
        card: the spec's fields that training does not measure (id, name, classes, licence, ...).
        temperature: from `calibrate.fit_temperature`.
        rule: from `volumes.choose_rule`.
        results: list of {"data", "figures"}.
        folder: where it goes.

    Raises:
        ModelSpecError: what was written would be refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for name, value in network.state_dict().items()
    }
    save_file(tensors, folder / WEIGHTS_FILE)
    digest = hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()
    derived = ("mask_classes", "diagnosis_classes", "image_size", "drop_path", "dropout")
    spec = {
        "format": FORMAT,
        **{key: card[key] for key in ("id", "version", "name", "description")},
        "architecture": architecture,
        "arguments": {name: value for name, value in arguments.items() if name not in derived},
        "input": card["input"],
        "segments": card["segments"],
        "diagnosis": {"task": "multi-class", "classes": card["classes"], "temperature": temperature},
        "volume": asdict(rule),
        "weights": {"file": WEIGHTS_FILE, "sha256": digest, "licence": card["licence"]},
        "training": card["training"],
        "results": results,
    }
    parse_spec(spec, folder)
    part = folder / (SPEC_FILE + ".part")
    part.write_text(json.dumps(spec, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, folder / SPEC_FILE)
    return load_spec(folder)
