"""What the fast backends cost in accuracy: `python -m benchmarks.accuracy WORK`, WORK with the `dataset` of
`unifiedvit-train prepare` (training/configs/brain-t1ce.yaml). The model that comes with it: all validation slices, and
the diagnosis of each whole validation volume."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from unifiedvit_training.data.dataset import Item, load_dataset
from unifiedvit_training.data.slicing import read_channels
from unifiedvit_training.evaluation.candidates import ModelFolder
from unifiedvit_training.evaluation.inference import SliceOutputs
from unifiedvit_training.evaluation.metrics import slice_metrics

from UnifiedViTLib.inference.backends.agreement import (
    CLEAR,
    MAX_MEAN,
    MAX_P99,
    MIN_LABELS,
    MIN_OVERLAP,
    agreement,
    measure,
)
from UnifiedViTLib.inference.backends.base import Backend
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model
from UnifiedViTLib.spec import ModelSpec

from .measuring import machine, table
from .volume import make_backends, with_backend

METRICS, PIECE = ("dice", "macro_auc", "lesion_type_accuracy"), 64
REFERENCE = "torch, float32"
#: By so much a volume's probabilities may differ.
VOLUME = 0.01


def main(work: Path) -> None:
    """Measure and print."""
    spec, dataset = find_model(DEFAULT_MODEL), load_dataset(work / "dataset")
    model = ModelFolder(spec, work).model
    slices = dataset.slices
    indices = slices.on("validation")
    backends = make_backends(spec)
    outputs, metrics = {}, {}
    for name, backend in backends.items():
        pieces = [measure(backend, slices.inputs(indices[start:start + PIECE]))
                  for start in range(0, len(indices), PIECE)]
        outputs[name] = tuple(np.concatenate(parts) for parts in zip(*pieces, strict=True))
        answers = SliceOutputs(outputs[name][1], outputs[name][0], None)
        metrics[name] = slice_metrics(answers, slices, indices, model)
    volumes = [item for item in dataset.items if item.volume and item.side == "validation"]
    probabilities = {name: _diagnoses(spec, backend, volumes) for name, backend in backends.items()}
    print(f"""## Accuracy of the backends

{machine()}

`{spec.id} {spec.version}`, {len(indices)} validation slices and {len(volumes)} validation volumes. To pass: labels
equal {MIN_LABELS}, overlap {MIN_OVERLAP}, no other diagnosis where the two best differ by more than {CLEAR}, a slice's
probability differs by {MAX_MEAN} on the mean and by {MAX_P99} in 99 of 100, a volume's by {VOLUME}.
""")
    rows = []
    for name, output in outputs.items():
        found = agreement(output, outputs[REFERENCE], spec)
        apart = np.abs(probabilities[name] - probabilities[REFERENCE]).max() if volumes else np.nan
        values = (f"{metrics[name][one]:.4f} ({metrics[name][one] - metrics[REFERENCE][one]:+.4f})" for one in METRICS)
        rows.append([name, *values, f"{found.labels:.3%}", f"{found.overlap:.4f}", found.other_diagnoses,
                     f"{found.mean_difference:.4f}", f"{found.p99_difference:.4f}", f"{found.max_difference:.4f}",
                     f"{apart:.4f}", "yes" if found.passes and not apart > VOLUME else "**no**"])
    table(["", *METRICS, "labels equal", "overlap", "other diagnoses", "probability of a slice differs: mean",
           "99 of 100", "most", "of a volume: most", "passes"], rows)


def _diagnoses(spec: ModelSpec, backend: Backend, volumes: list[Item]) -> np.ndarray:
    """Probabilities (volumes, classes)."""
    predictor = with_backend(spec, backend)
    return np.array([list(predictor.predict(read_channels(item)).diagnosis.probabilities.values()) for item in volumes])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
