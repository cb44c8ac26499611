"""A run's patient head on disk, and its way into a model folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from ..data.dataset import Dataset
from ..errors import RunError
from ..evaluation.evaluate import MEASURED
from ..runs.model_folder import PATIENT_FILE
from ..storage import write_whole

FOLDER, CARD_FILE = "patient", "patient.json"
#: What of `evaluate` the images' probabilities depend on.
_DEPENDS = ("weights_sha256", "dataset_sha256", "temperature", "rule")


def block_of(arrays: dict[str, np.ndarray], described: list[dict[str, Any]], temperature: float, most_images: int
             ) -> tuple[dict[str, Any], bytes]:
    """The section "patient" of `model.json`, and the file that it names.

    Args:
        arrays: of the head, as the library stores them.
        described: its fields, as `model.json` has them.
        temperature: of its logits.
        most_images: of a patient that it has learnt from.
    """
    content = save(arrays)
    return {"file": PATIENT_FILE, "sha256": hashlib.sha256(content).hexdigest(), "temperature": temperature,
            "most_images": most_images, "fields": described}, content


def write_head(run: Path, content: bytes, block: dict[str, Any], evaluation: dict[str, Any], dataset: Dataset,
               results: list[dict[str, Any]], report: dict[str, Any]) -> Path:
    """Write `patient/` of a run; the JSON last, as the sign that the rest is there.

    Args:
        run: its folder.
        content, block: of `block_of`.
        evaluation: what `evaluate` wrote of the run.
        dataset: that it was learnt from.
        results: as in `model.json`.
        report: all else that was measured.
    """
    write_whole(run / FOLDER / PATIENT_FILE, content)
    card = {"of": _what_it_is_of(evaluation, dataset), "patient": block, "results": results, **report}
    text = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(run / FOLDER / CARD_FILE, text)
    return run / FOLDER / CARD_FILE


def read_head(run: Path, evaluation: dict[str, Any], dataset: Dataset) -> tuple[bytes, dict[str, Any]] | None:
    """The head's file, and what `write_head` wrote beside it; None for a run without one.

    Args:
        run: its folder.
        evaluation: what `evaluate` wrote of the run.
        dataset: as it is now.

    Raises:
        RunError: it is damaged, or was learnt before the run was trained or evaluated again, or from other metadata.
    """
    path = run / FOLDER / CARD_FILE
    if not path.exists():
        return None
    again = f"Run `unifiedvit-train patient PROJECT.yaml --run {run.name}` again, or remove {path.parent}."
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        content = (run / FOLDER / PATIENT_FILE).read_bytes()
        whole = hashlib.sha256(content).hexdigest() == card["patient"]["sha256"]
        same = card["of"] == _what_it_is_of(evaluation, dataset)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} is damaged ({error}). {again}") from error
    if not whole or not same:
        reason = ("was learnt from another evaluation of this run, or from other metadata" if whole else
                  "does not belong to its description")
        raise RunError(f"The patient head in {path.parent} {reason}. {again}")
    return content, card


def _what_it_is_of(evaluation: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """What the images' probabilities depend on, and a digest of what else is known of the patients."""
    known = json.dumps(sorted((item.name, sorted(item.metadata.items())) for item in dataset.items
                              if item.side in MEASURED))
    return {name: evaluation[name] for name in _DEPENDS} | {
        "metadata_sha256": hashlib.sha256(known.encode()).hexdigest()}
