"""What the fast ways to compute cost in accuracy: `python -m benchmarks.accuracy WORK`, WORK with the `dataset` of
`unifiedvit-train prepare` (training/configs/brain-t1ce.yaml). The model that comes with it, all validation slices."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from unifiedvit_training.data.dataset import load_dataset
from unifiedvit_training.evaluation.candidates import ModelFolder
from unifiedvit_training.evaluation.inference import SliceAnswers
from unifiedvit_training.evaluation.metrics import slice_metrics

from UnifiedViTLib.inference.backends.agreement import DRAWN, PROBABILITY, agreement, measure
from UnifiedViTLib.inference.pooling import calibrated
from UnifiedViTLib.service.catalogue import DEFAULT_MODEL, find_model

from .measuring import machine, table
from .volume import make_backends

FIGURES, PIECE = ("dice", "macro_auc", "lesion_type_accuracy"), 64
REFERENCE = "torch, float32"


def main(work: Path) -> None:
    """Measure and print."""
    spec, dataset = find_model(DEFAULT_MODEL), load_dataset(work / "dataset")
    model = ModelFolder(spec, work).model
    slices = dataset.slices
    indices = slices.on("validation")
    said, figures = {}, {}
    for name, backend in make_backends(spec).items():
        pieces = [measure(backend, slices.inputs(indices[start:start + PIECE]))
                  for start in range(0, len(indices), PIECE)]
        said[name] = tuple(np.concatenate(parts) for parts in zip(*pieces, strict=True))
        answers = SliceAnswers(said[name][1], said[name][0], None)
        figures[name] = slice_metrics(answers, slices, indices, model)
    print(f"## Accuracy of the ways to compute\n\n{machine()}\n\n`{spec.id} {spec.version}`, {len(indices)} validation "
          f"slices. Limits for one slice: probability {PROBABILITY}; for what is drawn, overlap {DRAWN}.\n")
    rows = []
    for name, (labels, logits) in said.items():
        found = agreement((labels, logits), said[REFERENCE], spec)
        apart = np.abs(calibrated(logits, spec) - calibrated(said[REFERENCE][1], spec)).max(axis=1)
        rows.append([name, *(f"{figures[name][one]:.4f} ({figures[name][one] - figures[REFERENCE][one]:+.4f})"
                             for one in FIGURES),
                     f"{found.labels:.3%}", f"{found.drawn:.4f}", f"{apart.mean():.4f}", f"{found.probability:.4f}",
                     f"{(apart > PROBABILITY).mean():.1%}"])
    table(["", *FIGURES, "labels equal", "overlap of what is drawn", "probability differs: mean", "most",
           f"slices above {PROBABILITY}"], rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
