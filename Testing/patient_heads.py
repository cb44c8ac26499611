"""Patient heads with random weights for the tests, and models that have one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from UnifiedViTLib.inference.patient.head import shapes
from UnifiedViTLib.patient_spec import MetadataField
from UnifiedViTLib.spec import ModelSpec, load_spec

AGE = MetadataField("age", "Age", "years", 0, 120, (30, 80))
SEX = MetadataField("sex", "Sex", choices=("F", "M"))


def random_arrays(fields=(AGE, SEX), classes: int = 3, seed: int = 0) -> dict[str, np.ndarray]:
    """Of a head; large enough that all it is given changes its answer."""
    chance = np.random.default_rng(seed)
    sizes = shapes(fields, classes, 8, 6)
    arrays = {name: chance.normal(size=shape).astype(np.float32) for name, shape in sizes.items()}
    arrays["fusion"] = np.array([0.5], np.float32)
    for name in arrays:
        if name.endswith(".standard"):
            arrays[name] = np.array([55, 10], np.float32)
    return arrays


def described(field: MetadataField) -> dict[str, Any]:
    """A field as `model.json` has it."""
    if field.choices:
        return {"name": field.name, "display": field.display, "choices": list(field.choices)}
    return {"name": field.name, "display": field.display, "unit": field.unit, "minimum": field.minimum,
            "maximum": field.maximum, "seen": {"minimum": field.seen[0], "maximum": field.seen[1]}}


def give_patient_head(folder: Path, fields=(AGE, SEX), most_images: int = 3, temperature: float = 1.5,
                      arrays: Mapping[str, np.ndarray] | None = None, content: bytes | None = None) -> ModelSpec:
    """Put a head into a model's folder.

    Args:
        folder: of a model.
        fields, most_images, temperature: of the head.
        arrays: its weights; None: random ones.
        content: of its file, in place of the arrays.
    """
    path = folder / "model.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    if content is None:
        content = save(dict(arrays or random_arrays(fields, len(data["diagnosis"]["classes"]))))
    (folder / "patient.safetensors").write_bytes(content)
    data["patient"] = {"file": "patient.safetensors", "sha256": hashlib.sha256(content).hexdigest(),
                       "temperature": temperature, "most_images": most_images, "fields": list(map(described, fields))}
    path.write_text(json.dumps(data), encoding="utf-8")
    return load_spec(folder)
